use std::{fs::File, os::unix::fs::symlink};

use proptest::prelude::*;

use super::*;
use crate::machine::catalogue::Catalogue;
use crate::machine::packed::gzip;

const FASTA: &[u8] = b">a\nMKTAYI\n";

/// A folder with these files; what ends in `/` is a folder.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        match name.ends_with('/') {
            true => std::fs::create_dir_all(path).unwrap(),
            false => std::fs::write(path, FASTA).unwrap(),
        }
    }
    folder
}

fn at(folder: &tempfile::TempDir) -> Surroundings<'_> {
    Surroundings { folder: folder.path(), home: None, task: None }
}

/// The files that the names stand for, as they would be named.
fn files(names: &[&str], at: Surroundings<'_>) -> Vec<String> {
    let expanded = expand(names, at).unwrap();
    let files = expanded.iter().flat_map(|e| &e.files);
    files.map(|file| file.named.to_string_lossy().into_owned()).collect()
}

fn wrong(name: &str, at: Surroundings<'_>) -> (String, String) {
    let error = expand(&[name], at).unwrap_err();
    (error.to_string(), error.hint().unwrap())
}

#[test]
fn patterns_stand_for_files_in_natural_order() {
    let dir = folder(&["samples/s10.fastq", "samples/s2.fastq", "samples/s1.fastq", "samples/sub.fastq/", "x.fa"]);
    let expanded = expand(&["samples/*.fastq"], at(&dir)).unwrap();
    assert_eq!(files(&["samples/*.fastq"], at(&dir)), ["samples/s1.fastq", "samples/s2.fastq", "samples/s10.fastq"]);
    assert_eq!(expanded[0].said(), "3 files of samples/*.fastq");
    assert_eq!(expanded[0].files[0].path, dir.path().join("samples/s1.fastq"));
    assert_eq!(files(&["samples/s?.fastq"], at(&dir)), ["samples/s1.fastq", "samples/s2.fastq"]);
    assert_eq!(files(&["./samples/s[!1].fastq"], at(&dir)), ["samples/s2.fastq"]);
    assert_eq!(files(&["samples/../*.fa"], at(&dir)), ["samples/../x.fa"]);
    assert_eq!(expand(&["x.fa"], at(&dir)).unwrap()[0].said(), "x.fa");
    let whole = dir.path().join("samples/s*.fastq");
    assert_eq!(files(&[whole.to_str().unwrap()], at(&dir)).len(), 3);
}

#[test]
fn folders_at_any_depth_but_no_hidden_ones() {
    let dir = folder(&["a.fa", "x/b.fa", "x/y/c.fa", "x/.hidden.fa", ".git/d.fa", ".h.fa"]);
    assert_eq!(files(&["**/*.fa"], at(&dir)), ["a.fa", "x/b.fa", "x/y/c.fa"]);
    assert_eq!(files(&["**/**/*.fa"], at(&dir)), ["a.fa", "x/b.fa", "x/y/c.fa"]);
    assert_eq!(files(&["x/**"], at(&dir)), ["x/b.fa", "x/y/c.fa"]);
    assert_eq!(files(&["**/y/*"], at(&dir)), ["x/y/c.fa"]);
    assert_eq!(files(&[".*.fa"], at(&dir)), [".h.fa"]);
    assert_eq!(files(&["*/*.fa"], at(&dir)), ["x/b.fa"]);
}

#[test]
fn what_exists_is_no_pattern() {
    let dir = folder(&["a[1].fasta", "a1.fasta", "run[1]/r.fa", "run1/no.fa", "b*.fa", "bc.fa"]);
    assert_eq!(files(&["a[1].fasta"], at(&dir)), ["a[1].fasta"]);
    assert_eq!(files(&["run[1]/*.fa"], at(&dir)), ["run[1]/r.fa"]);
    assert_eq!(files(&["b*.fa"], at(&dir)), ["b*.fa"]);
    symlink("nowhere", dir.path().join("l*")).unwrap();
    assert_eq!(files(&["l*"], at(&dir)), ["l*"], "a link that leads nowhere exists too: opening it says what is wrong");
}

#[test]
fn the_home_folder() {
    let dir = folder(&["[h]ome/a.fa", "[h]ome/b.fa", "work/"]);
    let home = dir.path().join("[h]ome");
    let work = dir.path().join("work");
    let at = Surroundings { folder: &work, home: Some(&home), task: None };
    let expanded = expand(&["~/a.fa", "~/*.fa"], at).unwrap();
    assert_eq!(expanded[0].files, [NamedFile { named: "~/a.fa".into(), path: home.join("a.fa") }]);
    assert_eq!(expanded[1].files, [NamedFile { named: "~/b.fa".into(), path: home.join("b.fa") }]);
    assert_eq!(files(&["~"], at), ["~/a.fa", "~/b.fa"]);
    assert_eq!(wrong("~other/a.fa", at).0, "there is no file or folder `~other/a.fa`");
    let none = Surroundings { home: None, ..at };
    let (said, hint) = wrong("~/a.fa", none);
    assert_eq!(said, "`~/a.fa` is beneath the home folder, and there is none");
    assert_eq!(hint, "set HOME, or name the whole path");
}

#[test]
fn a_folder_stands_for_what_the_task_takes_by_content() {
    let dir = folder(&["d/s10.txt", "d/s2", "d/.hidden.fa", "d/sub/x.fa", "d/wallet.json"]);
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join("d").join(name), bytes).unwrap();
    write("s3.gz", &gzip(FASTA));
    write("notes.fasta", b"Some words.\n");
    write("reads", b"@r\nACGT\n+\nIIII\n");
    write("image.fasta", b"\x89PNG\0\0");
    write("packed.bam", &gzip(b"BAM\x01\0\0"));
    rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("d/pipe.fasta"), rustix::fs::Mode::RWXU).unwrap();
    let catalogue = Catalogue::builtin().unwrap();
    let of = |task: &str| Surroundings { task: Some(catalogue.get(task).unwrap()), ..at(&dir) };
    assert_eq!(files(&["d"], of("sequence_stats")), ["d/reads", "d/s2", "d/s3.gz", "d/s10.txt"]);
    assert_eq!(files(&["d/"], of("protein_folding")), ["d/s2", "d/s3.gz", "d/s10.txt"]);
    assert_eq!(files(&["d"], at(&dir)), ["d/notes.fasta", "d/reads", "d/s2", "d/s3.gz", "d/s10.txt"]);
    let expanded = expand(&["d"], of("text_summary")).unwrap();
    assert_eq!(
        expanded[0].said(),
        "1 file of d (left out as something else: image.fasta, packed.bam, reads and 5 more)"
    );
    let empty = folder(&["none/sub/x.fa", "other/notes.fa"]);
    std::fs::write(empty.path().join("other/notes.fa"), "words\n").unwrap();
    let at = Surroundings { folder: empty.path(), ..of("protein_folding") };
    let (said, hint) = wrong("none", at);
    assert_eq!(said, "the folder `none` holds no file that protein_folding takes (FASTA)");
    assert_eq!(hint, "sub-folders are not looked into: name them, or `FOLDER/**/*`");
    assert_eq!(wrong("other", at).1, "its files are something else: notes.fa; sub-folders are not looked into");
}

#[test]
fn links_are_listed_and_folders_that_are_links_are_not_gone_through() {
    let dir = folder(&["in/a.fa", "in/deep/b.fa", "out/secret.fa"]);
    symlink("../out", dir.path().join("in/link")).unwrap();
    symlink("..", dir.path().join("in/deep/loop")).unwrap();
    symlink("../out/secret.fa", dir.path().join("in/s.fa")).unwrap();
    let expanded = expand(&["in/**/*.fa"], at(&dir)).unwrap();
    assert_eq!(files(&["in/**/*.fa"], at(&dir)), ["in/a.fa", "in/deep/b.fa", "in/s.fa"]);
    assert_eq!(expanded[0].said(), "3 files of in/**/*.fa (2 links to folders were not followed)");
    let (said, hint) = wrong("in/l*/*.fa", at(&dir));
    assert_eq!(said, "no file matches `in/l*/*.fa`");
    assert_eq!(hint, "patterns do not go through links to folders: name the folder itself");
    assert_eq!(files(&["in/link/*.fa"], at(&dir)), ["in/link/secret.fa"], "named in full");
}

#[test]
fn a_file_counts_once() {
    let dir = folder(&["a.fa", "b.fa", "sub/c.fa"]);
    symlink("sub", dir.path().join("link")).unwrap();
    symlink("a.fa", dir.path().join("same.fa")).unwrap();
    let whole = dir.path().join("a.fa");
    let names =
        ["b.fa", "./a.fa", "a.fa", whole.to_str().unwrap(), "*.fa", "sub/../a.fa", "link/c.fa", "sub/c.fa", "sub"];
    assert_eq!(files(&names, at(&dir)), ["b.fa", "./a.fa", "same.fa", "link/c.fa"]);
    assert_eq!(expand(&names, at(&dir)).unwrap().len(), 4, "names that add nothing are left out");
    assert!(expand::<&str>(&[], at(&dir)).unwrap().is_empty());
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let dir =
        folder(&["samples/s1.fasta", "samples/s2.fasta", "samples/s3.fasta", "samples/s4.fasta", "notes.txt", "d/"]);
    let said = |name: &str| wrong(name, at(&dir));
    assert_eq!(
        said("samples/s1.fsta"),
        (
            "there is no file or folder `samples/s1.fsta`".to_owned(),
            "there is `samples/s1.fasta`, `samples/s2.fasta`, `samples/s3.fasta`".to_owned()
        )
    );
    assert_eq!(said("sampels/s1.fasta").1, "there is `samples`");
    assert_eq!(said("sampels/*.fasta").1, "there is `samples`");
    assert_eq!(said("quite_other").1, "check the name; paths are taken from the working directory");
    assert_eq!(said("samples/*.fq").0, "no file matches `samples/*.fq`");
    assert_eq!(said("samples/*.fq").1, "the folder holds `s1.fasta`, `s2.fasta`, `s3.fasta` and 1 more");
    assert_eq!(
        said("[d]"),
        (
            "no file, only a folder, matches `[d]`".to_owned(),
            "name the folder to take its files, or end the pattern in `/*`".to_owned()
        )
    );
    assert_eq!(said("").0, "there is no file or folder ``");
    assert_eq!(said("bad[").0, "there is no file or folder `bad[`", "no pattern");
    assert_eq!(said("notes.txt/x").0, "there is no file or folder `notes.txt/x`");
    assert_eq!(
        said("\u{1b}[31mred").0,
        "there is no file or folder `[31mred`",
        "no pattern, and no control characters"
    );
    assert_eq!(said(&"x".repeat(5_000)).0.chars().count(), "there is no file or folder ``".len() + SHOWN + 1);
    assert_eq!(said("nul\0").0, "there is no file or folder `nul`");
}

#[test]
fn a_request_holds_a_thousand_files() {
    let dir = folder(&["d/", "more.fa"]);
    for i in 0..MOST_WORK {
        std::fs::write(dir.path().join(format!("d/{i}.fa")), FASTA).unwrap();
    }
    assert_eq!(files(&["d/*"], at(&dir)).len(), MOST_WORK);
    assert_eq!(files(&["d"], at(&dir))[999], "d/999.fa");
    assert_eq!(files(&["d", "d/*.fa"], at(&dir)).len(), MOST_WORK);
    let error = expand(&["d/*", "more.fa"], at(&dir)).unwrap_err();
    assert_eq!(error.to_string(), "`more.fa` brings the files to 1,001, and one request holds at most 1,000");
    File::create(dir.path().join("d/x")).unwrap();
    let (said, hint) = wrong("d/*", at(&dir));
    assert_eq!(said, "`d/*` brings the files to 1,001, and one request holds at most 1,000");
    assert_eq!(hint, "name fewer, and the others in a request of their own");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is typed ends in files that exist, each once, or in one sentence.
    #[test]
    fn any_name_is_files_or_one_sentence(names in prop::collection::vec("([a-c.]|\\*|\\?|\\[|\\]|!|/|~|\\PC){0,8}", 1..4)) {
        let dir = folder(&["a", "b/c", "b/a.c", ".c/a", "a.b"]);
        symlink("b", dir.path().join("cc")).unwrap();
        let home = dir.path().join("b");
        // From the root of the disk everything would be listed.
        let names: Vec<String> = names.iter().map(|n| n.trim_start_matches('/').replace("..", ".")).collect();
        match expand(&names, Surroundings { folder: dir.path(), home: Some(&home), task: None }) {
            Ok(expanded) => {
                let files: Vec<_> = expanded.iter().flat_map(|e| &e.files).collect();
                prop_assert!(files.iter().all(|f| f.path.starts_with(dir.path()) && f.path.exists()));
                let each: HashSet<_> = files.iter().map(|f| identity(&f.path)).collect();
                prop_assert_eq!(each.len(), files.len());
            }
            Err(error) => prop_assert!(error.hint().is_some() && !error.to_string().contains('\n')),
        }
    }
}
