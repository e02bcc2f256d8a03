use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use domain::request::DATASET;
use guard::machine::catalogue::Catalogue;

fn task() -> TaskType {
    Catalogue::builtin().unwrap().get("read_trimming").unwrap().clone()
}

/// Of names, those with `no` in them are not there, and those with `*` are several.
fn look(path: &Path) -> Result<(), NoFile> {
    match path.to_string_lossy() {
        name if name.contains("no") => {
            Err(NoFile::Expand(ExpandError::NoSuch { named: path.to_owned(), near: vec!["data/a_R1.fq".into()] }))
        }
        name if name.contains('*') => Err(NoFile::Several),
        _ => Ok(()),
    }
}

fn read_with(text: impl AsRef<[u8]>, set: &[(&str, i64)]) -> Result<Vec<Work>, SheetError> {
    let set: Parameters = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let task = task();
    read(text.as_ref(), &Reading { name: "s.csv", folder: Path::new("data"), task: &task, set: &set, look: &look })
}

/// Each piece in one line.
fn told(text: impl AsRef<[u8]>) -> Vec<String> {
    let one = |work: &Work| {
        let files: Vec<String> = work.inputs.iter().map(|i| format!("{}={}", i.name, i.named.display())).collect();
        let sample = work.sample.as_deref().unwrap_or("-");
        assert!(work.single, "a sheet says what is a pair");
        format!("{sample}: {} {}", files.join(" "), serde_json::to_string(&work.parameters).unwrap())
    };
    read_with(text, &[]).unwrap().iter().map(one).collect()
}

#[test]
fn each_line_is_a_piece_of_work() {
    let plain = ["S1: dataset=data/a_R1.fq reads_2=data/a_R2.fq {\"min_length\":30,\"cut_tail\":true}"];
    for text in [
        "sample,reads,reads_2,min_length,cut_tail\nS1,a_R1.fq,a_R2.fq,30,true\n",
        "\u{feff}sample,reads,reads_2,min_length,cut_tail\r\nS1,a_R1.fq,a_R2.fq,30,true\r\n\r\n",
        "sample\treads\treads_2\tmin_length\tcut_tail\nS1\ta_R1.fq\ta_R2.fq\t30\ttrue",
        "sample,reads,reads_2,min_length,cut_tail\n S1 , a_R1.fq ,\ta_R2.fq, 30 ,true \n",
        "\"sample\", reads ,reads_2,min_length,cut_tail\n\"S1\",\"a_R1.fq\",a_R2.fq,\"30\",true\n",
    ] {
        assert_eq!(told(text), plain, "{text:?}");
    }
    let odd = told("reads,sample\n\"a, \"\"b\"\".fq\",=1+1\n-x.fq,-S\n~/h.fq,@SUM(A1)\n/abs/c.fq,ä b\n");
    assert_eq!(
        odd,
        [
            "=1+1: dataset=data/a, \"b\".fq {}",
            "-S: dataset=data/-x.fq {}",
            "@SUM(A1): dataset=~/h.fq {}",
            "ä b: dataset=/abs/c.fq {}"
        ],
        "a formula is a text like any other"
    );
    let set = read_with("reads\na.fq\n", &[("min_length", 40)]).unwrap();
    assert_eq!(set[0].parameters["min_length"], 40);
    assert_eq!(set[0].inputs[0].name, DATASET);
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_to_do() {
    let many = format!("reads\n{}", "a.fq\n".repeat(1001));
    let long = format!("reads,sample\na.fq,{}\n", "x".repeat(101));
    let cases: &[&[u8]] = &[
        b"",
        b"reads\n",
        b"a_R1.fq,a_R2.fq\nb_R1.fq,b_R2.fq\n",
        b"sample,raeds\nS1,a.fq\n",
        b"reads;sample\na.fq;S1\n",
        b"sample,min_length\nS1,30\n",
        b"reads,reads\na.fq,a.fq\n",
        b"reads,sample\na.fq,S1\nb.fq,\n",
        b"reads,sample\n,S1\n",
        b"reads,sample\na.fq,S1\nb.fq,S2,more\n",
        b"reads,sample\na.fq\n",
        b"reads,sample\na.fq,S1\nb.fq,S1\n",
        b"reads,min_length\na.fq,many\n",
        b"reads,min_length\na.fq,0\n",
        b"reads,min_length\na.fq,=1+1\n",
        b"reads,cut_tail\na.fq,yes\n",
        b"reads,sample\n\"a.fq,S1\nb.fq,S2\n",
        b"reads,sample\n\"a.fq\nb.fq\",S2\n",
        b"reads\na\x00.fq\n",
        b"reads\na\x1b[31m.fq\n",
        "reads\na\u{202e}.fq\n".as_bytes(),
        b"reads\nno.fq\n",
        b"reads\n*.fq\n",
        b"reads\na\xff.fq\n",
        b"\xff\xfer\x00e\x00",
        b"PK\x03\x04...",
        many.as_bytes(),
        long.as_bytes(),
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|text| {
            let error = read_with(text, &[]).unwrap_err();
            assert!(!format!("{error}{}", error.hint).chars().any(is_hidden), "{error:?}");
            let start: String = String::from_utf8_lossy(text).chars().take(60).collect();
            format!("{start:?}\n  error: {error}\n  hint: {}", error.hint)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
    let gone = |path: &Path| Err(NoFile::Expand(ExpandError::NoSuch { named: path.to_owned(), near: Vec::new() }));
    let (task, set) = (task(), Parameters::new());
    let reading = Reading { name: "s.csv", folder: Path::new("data"), task: &task, set: &set, look: &gone };
    let hint = read(b"reads\nx.fq\n", &reading).unwrap_err().hint;
    assert_eq!(hint, "check the name; paths are taken from the folder of the sheet", "and from nowhere else");
    let both = read_with("reads,min_length\na.fq,30\n", &[("min_length", 40)]).unwrap_err();
    insta::assert_snapshot!(format!("{both}; {}", both.hint));
    let large = vec![b'a'; MAX_BYTES as usize + 1];
    assert_eq!(read_with(&large, &[]).unwrap_err().to_string(), "s.csv: it has more than 16.8 MB");
}

#[test]
fn a_file_that_a_task_needs_is_a_column_or_set_for_all() {
    let task = Catalogue::builtin().unwrap().get("blast_search").unwrap().clone();
    let read = |text: &str, set: &Parameters| {
        read(text.as_bytes(), &Reading { name: "s.csv", folder: Path::new(""), task: &task, set, look: &look })
    };
    let text = format!("{}\na.fasta\n", task.input);
    let error = read(&text, &Parameters::new()).unwrap_err();
    assert!(error.to_string().starts_with("s.csv line 1: it has no column `database`"), "{error}");
    let set = Parameters::from_iter([("database".to_owned(), "db.fasta".into())]);
    assert_eq!(read(&text, &set).unwrap()[0].dataset(), PathBuf::from("a.fasta"));
}

fn cell() -> impl Strategy<Value = String> {
    "[-a-z=@+ ]{1,8}|[,\";'\t]{1,4}|[\\PC]{1,6}"
}

proptest! {
    /// Whatever a spreadsheet writes, quoted by its rules, comes back line by line and value by value, or is refused.
    #[test]
    fn what_is_written_by_the_rules_is_read_back(
        lines in prop::collection::vec((cell(), "[A-Za-z0-9]{1,6}"), 1..8), tabs in any::<bool>(), crlf in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(if tabs { b'\t' } else { b',' })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["reads", "sample"]).unwrap();
        for (n, (file, sample)) in lines.iter().enumerate() {
            writer.write_record([file, &format!("{n}{sample}")]).unwrap();
        }
        let text = writer.into_inner().unwrap();
        match read_with(&text, &[]) {
            Ok(work) => {
                prop_assert_eq!(work.len(), lines.len());
                for (n, (piece, (file, sample))) in work.iter().zip(&lines).enumerate() {
                    let file = file.trim();
                    let expected = if file.starts_with("~/") { file.into() } else { Path::new("data").join(file) };
                    prop_assert_eq!(piece.dataset(), expected);
                    prop_assert_eq!(piece.sample.clone(), Some(format!("{n}{sample}")));
                }
            }
            Err(error) => prop_assert!(error.line.is_some_and(|line| line >= 2), "{error}"),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "[reads,\t\"\n\r;\\PC]{0,60}") {
        let _ = read_with(bytes, &[]);
        let _ = read_with(format!("reads,sample\n{text}"), &[]);
    }
}
