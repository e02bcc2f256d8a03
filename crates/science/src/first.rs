//! The first record of a file, which is read no further.

use std::{fs::File, io::Seek as _};

use crate::{
    InputError,
    input::Content,
    scan::{Scanner, Visit},
};

/// The first record of a file of sequences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstRecord {
    /// Its residues as they stand there; of a longer one than was asked for, one more than that.
    pub letters: Vec<u8>,
    /// Gaps between them.
    pub gaps: u64,
}

/// Takes the first record of a scan.
pub(crate) struct First {
    /// What came of it.
    pub record: FirstRecord,
    most: usize,
    ended: bool,
}

impl First {
    /// So many residues of it, and one more.
    pub fn up_to(most: usize) -> First {
        First { record: FirstRecord::default(), most, ended: false }
    }
}

impl Visit for First {
    fn start(&mut self, _header: &[u8]) {}

    fn residues(&mut self, letters: &[u8]) {
        if !self.ended {
            let room = self.most.saturating_add(1).saturating_sub(self.record.letters.len());
            self.record.letters.extend(letters.iter().take(room));
        }
    }

    fn gaps(&mut self, count: u64) {
        if !self.ended {
            self.record.gaps += count;
        }
    }

    fn end(&mut self) {
        self.ended = true;
    }
}

/// The first record of `file`, of which no more is read than that, or than the piece in which it has more than `most` residues.
///
/// # Errors
/// What is no FASTA or FASTQ, or damaged there.
pub fn first_record(mut file: File, most: u64) -> Result<FirstRecord, InputError> {
    file.rewind().map_err(InputError::Read)?;
    let mut content = Content::new(file)?;
    let mut scanner = Scanner::default();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut first = First::up_to(most);
    while !first.ended && first.record.letters.len() <= most {
        let piece = content.next_piece()?;
        if piece.is_empty() {
            scanner.finish(&mut first)?;
            break;
        }
        scanner.push(piece, &mut first)?;
    }
    Ok(first.record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::tests::{file, gzip};

    fn of(bytes: &[u8], most: u64) -> (String, u64) {
        let record = first_record(file(bytes), most).unwrap();
        (String::from_utf8(record.letters).unwrap(), record.gaps)
    }

    #[test]
    fn the_first_record_is_read_and_nothing_behind_it() {
        let fasta = b">a b\nYYDP\nETGTWY*\n>b\nMK\n";
        assert_eq!(of(fasta, 40), ("YYDPETGTWY".to_owned(), 0));
        assert_eq!(of(&gzip(fasta), 40), ("YYDPETGTWY".to_owned(), 0));
        assert_eq!(of(fasta, 4), ("YYDPE".to_owned(), 0), "one more than was asked for");
        assert_eq!(of(b">a\nYY--D\n", 40), ("YYD".to_owned(), 2));
        // What lies far behind it is not looked at, however wrong it is.
        let long = [b">a\nYYDPETGTWY\n>b\n".as_slice(), &vec![b'M'; 1 << 20], b"\n>c\n\x01\x02"].concat();
        assert_eq!(of(&long, 40).0, "YYDPETGTWY");
    }
}
