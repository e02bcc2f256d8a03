//! The checksums of a file: SHA-256 of all, and CRC-64/NVME of each part.
//!
//! They are known before the first byte is sent: the SHA-256 goes with the object as metadata, and every part is sent
//! under its CRC. So a file that changes between this reading and the sending cannot be staged under a wrong name.

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crc_fast::{CrcAlgorithm::Crc64Nvme, Digest as Crc};
use md5::Md5;
use sha2::{Digest as _, Sha256 as Hasher};

use super::plan::{Part, parts};
use domain::hash::Sha256;

/// How much is read at a time, bytes.
const BLOCK: usize = 1 << 20;

/// A CRC-64/NVME (Rocksoft parameters), as S3 uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crc64(pub u64);

impl Crc64 {
    /// Big-endian bytes in base 64, as in S3's headers.
    pub fn to_header(self) -> String {
        STANDARD.encode(self.0.to_be_bytes())
    }
}

/// What a file's content is.
#[derive(Debug, Clone)]
pub struct Digest {
    /// Of all.
    pub sha256: Sha256,
    /// Of all.
    pub crc64: Crc64,
    /// Of each part, in order.
    pub parts: Vec<Crc64>,
}

/// Reads `bytes` bytes of the file from its position, once, with constant memory.
///
/// # Errors
/// When it cannot be read, or ends early.
pub fn digest(mut file: File, bytes: u64, part_size: u64) -> io::Result<Digest> {
    let mut sha = Hasher::new();
    let mut crcs = Vec::new();
    let mut whole = 0;
    let mut block = vec![0; BLOCK];
    for part in parts(bytes, part_size) {
        let mut crc = Crc::new(Crc64Nvme);
        let mut left = part.bytes;
        while left > 0 {
            let want = left.min(BLOCK as u64) as usize;
            let piece = &mut block[..want];
            file.read_exact(piece)?;
            sha.update(&*piece);
            crc.update(piece);
            left -= want as u64;
        }
        let crc = crc.finalize();
        whole = crc_fast::checksum_combine(Crc64Nvme, whole, crc, part.bytes);
        crcs.push(Crc64(crc));
    }
    Ok(Digest { sha256: Sha256(sha.finalize().into()), crc64: Crc64(whole), parts: crcs })
}

/// The MD5 of a stretch of the file: what most stores call a part. It guards against no adversary.
///
/// # Errors
/// When it cannot be read, or ends early.
pub fn md5(file: &File, part: Part) -> io::Result<[u8; 16]> {
    let mut md5 = Md5::new();
    let mut block = vec![0; BLOCK];
    let mut at = part.offset;
    let end = part.offset + part.bytes;
    while at < end {
        let want = (end - at).min(BLOCK as u64) as usize;
        let piece = &mut block[..want];
        file.read_exact_at(piece, at)?;
        md5.update(&*piece);
        at += want as u64;
    }
    Ok(md5.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_whole_agree_with_one_pass() {
        let content: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.to_le_bytes()).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, &content).unwrap();
        let found = digest(File::open(&path).unwrap(), content.len() as u64, 5 << 20).unwrap();
        assert_eq!(found.sha256, Sha256::of(&content));
        assert_eq!(found.crc64, Crc64(crc_fast::checksum(Crc64Nvme, &content)));
        assert_eq!(found.parts.len(), 3);
        assert!(digest(File::open(&path).unwrap(), content.len() as u64 + 1, 5 << 20).is_err());

        std::fs::write(&path, "..123456789..").unwrap();
        let part = Part { number: 1, offset: 2, bytes: 9 };
        assert_eq!(hex::encode(md5(&File::open(&path).unwrap(), part).unwrap()), "25f9e794323b453885f5181f1b624d0b");
    }

    #[test]
    fn the_header_is_as_in_amazons_example() {
        // The check value of CRC-64/NVME over "123456789" is ae8b14860a799888.
        let crc = Crc64(crc_fast::checksum(Crc64Nvme, b"123456789"));
        assert_eq!(crc.0, 0xae8b_1486_0a79_9888);
        assert_eq!(crc.to_header(), "rosUhgp5mIg=");
    }
}
