//! Kinds of files: how they are packed, what is odd about them, and what they are that nothing here reads.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a file is compressed. All of these are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// gzip (RFC 1952), BGZF among it.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Compression {
    /// All of them.
    pub const ALL: [Compression; 4] = [Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd];

    /// Bytes that tell any of them.
    pub const MAGIC: usize = 6;

    /// How its makers write it; also the name of the program that tests and unpacks it.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Zstd => "zstd",
        }
    }

    /// The first bytes of such a file.
    pub fn magic(self) -> &'static [u8] {
        match self {
            Compression::Gzip => b"\x1f\x8b",
            Compression::Bzip2 => b"BZh",
            Compression::Xz => b"\xfd7zXZ\0",
            Compression::Zstd => b"\x28\xb5\x2f\xfd",
        }
    }

    /// The compression that begins with these bytes, at least [`Compression::MAGIC`] of them where there are so many.
    pub fn of(head: &[u8]) -> Option<Compression> {
        // Frames of zstd that hold no data may stand before and between the others (RFC 8878, section 3.1.2).
        match head {
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
            _ => Compression::ALL.into_iter().find(|kind| head.starts_with(kind.magic())),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is unusual about a file and read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// It begins with the byte order mark of UTF-8.
    ByteOrderMark,
    /// Lines end in a carriage return alone.
    CarriageReturns,
    /// Lines that begin with `;` are passed over.
    Comments,
    /// Blanks stand before the first header.
    LeadingBlanks,
    /// Zeros stand behind the compressed data.
    TrailingZeros,
    /// BGZF without the empty block that ends it.
    NoEndMarker,
}

impl Oddity {
    /// In a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Oddity::ByteOrderMark => "it begins with a byte order mark (BOM), which was passed over",
            Oddity::CarriageReturns => "its lines end in carriage returns alone (CR), which were read as line ends",
            Oddity::Comments => "its lines that begin with `;` were passed over as comments",
            Oddity::LeadingBlanks => "blanks stand before its first header, which were passed over",
            Oddity::TrailingZeros => "zeros stand behind its compressed data, which were passed over",
            Oddity::NoEndMarker => {
                "it is BGZF (bgzip) without the empty block that ends such files: it may have been cut off, and the \
                 figures are of what is there"
            }
        }
    }

    /// What turns it into a file that any program reads; `None` where programs do not mind.
    pub fn mended_by(self) -> Option<&'static str> {
        match self {
            Oddity::ByteOrderMark => Some("tail -c +4 FILE > NEW"),
            Oddity::CarriageReturns => Some("tr '\\r' '\\n' < FILE > NEW"),
            Oddity::Comments => Some("grep -v '^;' FILE > NEW"),
            Oddity::LeadingBlanks => Some("sed '1,/>/s/^[[:blank:]]*//' FILE | grep . > NEW"),
            Oddity::TrailingZeros | Oddity::NoEndMarker => None,
        }
    }
}

/// A kind of file that is told apart, and not read as sequences or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Foreign {
    /// Compressed within compressed.
    Twice(Compression, Compression),
    /// A zip archive, what builds on it among it.
    Zip,
    /// A tar archive.
    Tar,
    /// A 7z archive.
    SevenZip,
    /// A rar archive.
    Rar,
    /// lzip.
    Lzip,
    /// LZMA's format before xz.
    Lzma,
    /// LZ4.
    Lz4,
    /// `compress` of old, `.Z`.
    Compress,
    /// Binary alignments.
    Bam,
    /// Compressed alignments.
    Cram,
    /// Alignments as text.
    Sam,
    /// Binary variants.
    Bcf,
    /// Variants as text.
    Vcf,
    /// GenBank's flat file.
    GenBank,
    /// EMBL's or UniProt's flat file.
    Embl,
    /// A web page.
    Html,
    /// PDF.
    Pdf,
    /// HDF5, as of Nanopore's fast5.
    Hdf5,
    /// UTF-32, as its byte order mark says.
    Utf32,
    /// UTF-16, and whether a byte order mark says so.
    Utf16,
    /// UTF-16 without a byte order mark, the low byte first.
    Utf16Le,
    /// UTF-16 without a byte order mark, the high byte first.
    Utf16Be,
    /// Text in an encoding of one byte a character.
    Latin1,
    /// FASTA behind lines that begin with `#`.
    HashFasta,
    /// Sequences behind lines that begin with `;`, and no `>`.
    OldFasta,
}

impl Foreign {
    /// What it is, with its article.
    pub fn name(self) -> String {
        let name = match self {
            Foreign::Twice(outer, inner) => return format!("{inner} within {outer}"),
            Foreign::Zip => "a zip archive",
            Foreign::Tar => "a tar archive",
            Foreign::SevenZip => "a 7z archive",
            Foreign::Rar => "a rar archive",
            Foreign::Lzip => "lzip-compressed",
            Foreign::Lzma => "LZMA-compressed (.lzma, the format before xz)",
            Foreign::Lz4 => "LZ4-compressed",
            Foreign::Compress => "compressed by `compress` (.Z)",
            Foreign::Bam => "BAM (binary alignments)",
            Foreign::Cram => "CRAM (compressed alignments)",
            Foreign::Sam => "SAM (alignments)",
            Foreign::Bcf => "BCF (binary variants)",
            Foreign::Vcf => "VCF (variants)",
            Foreign::GenBank => "a GenBank flat file",
            Foreign::Embl => "a flat file of EMBL or UniProt",
            Foreign::Html => "a web page (HTML)",
            Foreign::Pdf => "a PDF",
            Foreign::Hdf5 => "HDF5 (as of fast5)",
            Foreign::Utf32 => "UTF-32 text",
            Foreign::Utf16 => "UTF-16 text",
            Foreign::Utf16Le => "UTF-16 text (little endian, without a byte order mark)",
            Foreign::Utf16Be => "UTF-16 text (big endian, without a byte order mark)",
            Foreign::Latin1 => "text in Latin-1 or another encoding that is not UTF-8",
            Foreign::HashFasta => "FASTA behind lines that begin with `#`, from line 1 on",
            Foreign::OldFasta => "sequences behind `;` lines, and no header that begins with `>`",
        };
        name.to_owned()
    }

    /// What to do about it; in commands, `FILE` is the file and `NEW` what to name then.
    pub fn hint(self) -> String {
        let hint = match self {
            Foreign::Twice(outer, inner) => {
                return format!("unpack it once: `{outer} -dc < FILE > NEW`; what is then {inner} is read");
            }
            Foreign::Zip => "unpack it with `unzip FILE`, and name a file of it",
            Foreign::Tar => "unpack it with `tar -xf FILE`, and name a file of it",
            Foreign::SevenZip => "unpack it with `7z x FILE`, and name a file of it",
            Foreign::Rar => "unpack it with `unrar x FILE`, and name a file of it",
            Foreign::Lzma => "unpack it: `xz --format=lzma -dc < FILE > NEW`",
            Foreign::Lzip => "unpack it: `lzip -dc FILE > NEW`",
            Foreign::Lz4 => "unpack it: `lz4 -dc FILE > NEW`",
            Foreign::Compress => "unpack it: `gzip -dc FILE > NEW`",
            Foreign::Bam | Foreign::Cram | Foreign::Sam => {
                "take the reads out: `samtools fastq FILE > NEW`, or `samtools fasta FILE > NEW`"
            }
            Foreign::Bcf | Foreign::Vcf => {
                "variants are no sequences: `bcftools consensus` applies them to a reference"
            }
            Foreign::GenBank => {
                "have it as FASTA: `seqret genbank::FILE fasta::NEW`, or choose FASTA where it comes from"
            }
            Foreign::Embl => "have it as FASTA: `seqret embl::FILE fasta::NEW`, or choose FASTA where it comes from",
            Foreign::Html => "a page came in place of the file: open it in a browser, and download the file again",
            Foreign::Pdf => "take the text out: `pdftotext FILE NEW`",
            Foreign::Hdf5 => "call the bases first, with dorado for example",
            Foreign::Utf32 => "save it as UTF-8: `iconv -f UTF-32 -t UTF-8 FILE > NEW`",
            Foreign::Utf16 => "save it as UTF-8: `iconv -f UTF-16 -t UTF-8 FILE > NEW`",
            Foreign::Utf16Le => "save it as UTF-8: `iconv -f UTF-16LE -t UTF-8 FILE > NEW`",
            Foreign::Utf16Be => "save it as UTF-8: `iconv -f UTF-16BE -t UTF-8 FILE > NEW`",
            Foreign::Latin1 => "save it as UTF-8: `iconv -f ISO-8859-1 -t UTF-8 FILE > NEW`",
            Foreign::HashFasta => "take those lines out: `grep -v '^#' FILE > NEW`",
            Foreign::OldFasta => "write `>` in place of the `;` of each header: `sed 's/^;/>/' FILE > NEW`",
        };
        hint.to_owned()
    }
}
