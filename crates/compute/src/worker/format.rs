//! Whether a result file is what its task says it is.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use serde::de::IgnoredAny;

use super::left::own_file;
use domain::{dataset::Format, task::ResultFormat};

/// The longest line of a table or tree that is read, bytes.
const LINE: u64 = 64 << 20;
/// The last block of every BAM file (SAM specification, section 4.1.2).
const BAM_END: [u8; 28] = [
    0x1f, 0x8b, 0x08, 0x04, 0, 0, 0, 0, 0, 0xff, 0x06, 0, 0x42, 0x43, 0x02, 0, 0x1b, 0, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
/// Fields of an alignment that are always there (SAM specification, section 1.4), and of a feature (GFF version 3).
const SAM_FIELDS: usize = 11;
const GFF_FIELDS: usize = 9;

/// Reads the file as what it is to be; why it is something else. An empty file is an empty result of sequences or of a table.
pub(super) fn check(format: ResultFormat, path: &Path) -> Result<(), String> {
    let file = || own_file(path).map_err(|e| e.to_string());
    match format {
        ResultFormat::Any => Ok(()),
        ResultFormat::Fasta => sequences(file()?, &[Format::Fasta]),
        ResultFormat::Fastq => sequences(file()?, &[Format::Fastq]),
        ResultFormat::Sequences => sequences(file()?, &[Format::Fasta, Format::Fastq]),
        ResultFormat::Json => {
            let read: Result<IgnoredAny, _> = serde_json::from_reader(BufReader::new(file()?));
            read.map(|_| ()).map_err(|e| e.to_string())
        }
        ResultFormat::Tsv => table(file()?, b'\t'),
        ResultFormat::Csv => table(file()?, b','),
        ResultFormat::Text => lines(file()?, |_, _| Ok(())),
        ResultFormat::Sam => lines(file()?, |n, line| match line.starts_with('@') || fields(line) >= SAM_FIELDS {
            true => Ok(()),
            false => Err(format!("line {n} is no alignment")),
        }),
        ResultFormat::Gff => {
            lines(file()?, |n, line| match line.is_empty() || line.starts_with('#') || fields(line) == GFF_FIELDS {
                true => Ok(()),
                false => Err(format!("line {n} is no feature of {GFF_FIELDS} fields")),
            })
        }
        ResultFormat::Pdb => {
            let mut atoms = 0_u64;
            lines(file()?, |_, line| {
                atoms += u64::from(line.starts_with("ATOM  ") || line.starts_with("HETATM"));
                Ok(())
            })?;
            if atoms == 0 { Err("there is no atom in it".to_owned()) } else { Ok(()) }
        }
        ResultFormat::Newick => newick(file()?),
        ResultFormat::Bam => bam(file()?).map_err(|e| e.to_string()),
    }
}

fn sequences(file: File, formats: &[Format]) -> Result<(), String> {
    if file.metadata().map_err(|e| e.to_string())?.len() == 0 {
        return Ok(());
    }
    let read = science::sequences_in(file).map_err(|e| e.to_string())?;
    match read {
        None => Ok(()),
        Some((is, _)) if formats.contains(&is) => Ok(()),
        Some(_) => Err("it is sequences of the other format".to_owned()),
    }
}

fn table(file: File, delimiter: u8) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(delimiter).has_headers(false);
    if delimiter == b'\t' {
        reader.quoting(false).comment(Some(b'#'));
    }
    let mut record = csv::ByteRecord::new();
    let mut reader = reader.from_reader(file);
    while reader.read_byte_record(&mut record).map_err(|e| e.to_string())? {}
    Ok(())
}

fn fields(line: &str) -> usize {
    line.split('\t').count()
}

/// Gives each line, without its end, to `look`.
fn lines(file: File, mut look: impl FnMut(u64, &str) -> Result<(), String>) -> Result<(), String> {
    let (mut reader, mut line, mut number) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        if (&mut reader).take(LINE).read_until(b'\n', &mut line).map_err(|e| e.to_string())? == 0 {
            return Ok(());
        }
        number += 1;
        if line.len() as u64 == LINE && !line.ends_with(b"\n") {
            return Err(format!("line {number} is longer than {LINE} bytes"));
        }
        let text = std::str::from_utf8(&line).map_err(|_| format!("line {number} is no UTF-8 text"))?;
        look(number, text.trim_end_matches(['\n', '\r']))?;
    }
}

/// Parentheses that match, and a semicolon at the end; names in quotes may hold both.
fn newick(file: File) -> Result<(), String> {
    let (mut depth, mut quoted, mut last) = (0_i64, false, b' ');
    let mut reader = BufReader::new(file);
    loop {
        let piece = reader.fill_buf().map_err(|e| e.to_string())?;
        if piece.is_empty() {
            break;
        }
        for &byte in piece {
            match byte {
                b'\'' => quoted = !quoted,
                b'(' if !quoted => depth += 1,
                b')' if !quoted => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return Err("a parenthesis is closed that was not opened".to_owned());
            }
            if !byte.is_ascii_whitespace() {
                last = byte;
            }
        }
        let taken = piece.len();
        reader.consume(taken);
    }
    match depth == 0 && last == b';' {
        true => Ok(()),
        false => Err("it is no tree that ends with `;`".to_owned()),
    }
}

fn bam(mut file: File) -> io::Result<()> {
    let mut start = [0; 4];
    file.read_exact(&mut start)?;
    let mut end = [0; BAM_END.len()];
    file.seek(SeekFrom::End(-(BAM_END.len() as i64)))?;
    file.read_exact(&mut end)?;
    match BAM_END.starts_with(&start) && end == BAM_END {
        true => Ok(()),
        false => Err(io::Error::other("it does not end as BAM files do: it was cut off, or is none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_they_are_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let is = |format: ResultFormat, bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            check(format, &path)
        };
        use ResultFormat::*;
        let bam = [&BAM_END[..], &BAM_END].concat();
        let right: [(ResultFormat, &[u8]); 16] = [
            (Fasta, b">a\nACGT\n"),
            (Fasta, b""),
            (Fastq, b"@a\nAC\n+\nII\n"),
            (Fastq, b""),
            (Tsv, b"# x\na\tb\nc\t\"d\n"),
            (Tsv, b""),
            (Csv, b"a,\"b\n,c\"\n1,2\n"),
            (Json, b"{\"a\": [1, 2]}\n"),
            (Text, "Größe\n".as_bytes()),
            (Sam, b"@HD\tVN:1.6\na\t0\t*\t0\t0\t*\t*\t0\t0\tA\tI\n"),
            (Gff, b"##gff-version 3\n\na\tb\tCDS\t1\t9\t.\t+\t0\tID=1\n"),
            (Pdb, b"REMARK\nATOM      1  N   GLY A   1       0.000   0.000   0.000\n"),
            (Newick, b"((a:1,'b)(':2):0.1,c);\n"),
            (Bam, &bam),
            (Any, b"\0\xff"),
            (Any, b""),
        ];
        for (format, bytes) in right {
            assert_eq!(is(format, bytes), Ok(()), "{format:?}");
        }
        let wrong: [(ResultFormat, &[u8]); 14] = [
            (Fasta, b"@a\nAC\n+\nII\n"),
            (Fasta, b"no sequence\n"),
            (Fastq, b"@a\nACG\n+\nII\n"),
            (Tsv, b"a\tb\nc\n"),
            (Csv, b"a,b\n1\n"),
            (Json, b"{\"a\": 1"),
            (Text, b"\xff\xfe\n"),
            (Sam, b"a\t0\n"),
            (Gff, b"a\tb\n"),
            (Pdb, b"REMARK\n"),
            (Newick, b"((a,b);"),
            (Newick, b"a)b(;"),
            (Bam, &bam[..40]),
            (Bam, b""),
        ];
        for (format, bytes) in wrong {
            assert!(is(format, bytes).is_err(), "{format:?} {bytes:?}");
        }
    }
}
