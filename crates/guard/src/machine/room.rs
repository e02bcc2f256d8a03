//! Inputs that are unpacked for a program: the room and the time that this takes. A run that is known to end for lack of room is
//! not begun.

use super::Impossible;
use domain::{
    dataset::{Compression, DatasetProfile, Format, FurtherFile, input_of},
    task::{ParameterKind, TaskType},
    units,
};

/// Where there is how much, bytes.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Free where runs are.
    pub free: u64,
    /// What a run may write at most.
    pub limit: u64,
}

/// Why the files of a run here have no room once they are unpacked; nothing where they may have.
pub fn no_room(task: &TaskType, dataset: &DatasetProfile, further: &[FurtherFile], room: Room) -> Option<Impossible> {
    let unpacked: Vec<_> = unpacked(task, dataset, further).collect();
    let all: u64 = unpacked.iter().map(|(file, _)| least(file)).fold(0, u64::saturating_add);
    let (largest, reads) = unpacked.into_iter().max_by_key(|(file, _)| least(file))?;
    let takes = format!(
        "{} takes at least {} once it is unpacked for {}",
        largest.path.display(),
        units::bytes(all),
        task.name
    );
    let packed = match reads {
        [] => String::new(),
        reads => format!(", or give it as {}, which {} reads itself", names(reads), task.name),
    };
    if all > room.limit {
        let why = format!("{takes}, and a run may write {}", units::bytes(room.limit));
        let hint = format!("raise `max_result_bytes` in policy.toml{packed}");
        return Some(Impossible { word: "room", why, hint: Some(hint) });
    }
    if all > room.free {
        let why = format!("{takes}, and {} are free here", units::bytes(room.free));
        let hint = format!("make room, or set AGENT_HOME to a folder on another disk{packed}");
        return Some(Impossible { word: "room", why, hint: Some(hint) });
    }
    None
}

fn is_unpacked(file: &DatasetProfile, reads: &[Compression]) -> bool {
    file.compression.is_some_and(|compression| !reads.contains(&compression))
}

/// The least that a compressed file takes unpacked, bytes.
fn least(file: &DatasetProfile) -> u64 {
    content(&file.at_least())
}

/// What a compressed file takes unpacked, by what is known of its content, bytes.
pub(super) fn content(file: &DatasetProfile) -> u64 {
    match file.format {
        // A header of two characters and an end of line.
        Format::Fasta => file.residues.saturating_add(file.records.saturating_mul(3)),
        // Letters and qualities, `@`, `+` and four ends of lines.
        Format::Fastq => file.residues.saturating_mul(2).saturating_add(file.records.saturating_mul(6)),
        Format::Text => file.residues,
        Format::Hmm | Format::Binary => file.bytes,
    }
}

/// The files of a run here that are unpacked for its programs, with what those read themselves. What is built in reads every
/// compression as it comes.
fn unpacked<'a>(
    task: &'a TaskType,
    dataset: &'a DatasetProfile,
    further: &'a [FurtherFile],
) -> impl Iterator<Item = (&'a DatasetProfile, &'a [Compression])> {
    let own = std::iter::once((dataset, task.compressed.as_slice()));
    let beside = further.iter().filter_map(|file| {
        let spec = task.parameters.get(input_of(&file.name))?;
        let ParameterKind::File { compressed, .. } = &spec.kind else { return None };
        Some((&file.profile, compressed.as_slice()))
    });
    let by_programs = task.command().is_some();
    own.chain(beside).filter(move |(file, reads)| by_programs && is_unpacked(file, reads))
}

/// What the inputs of a run here take unpacked in scratch, bytes; nothing where none is unpacked.
pub fn unpacked_bytes(task: &TaskType, dataset: &DatasetProfile, further: &[FurtherFile]) -> Option<u64> {
    let bytes = unpacked(task, dataset, further).map(|(file, _)| content(file)).fold(0, u64::saturating_add);
    (bytes > 0).then_some(bytes)
}

/// Bytes of content that are unpacked to a file in a second on one core, by the readers of this program: CPU time, the least of
/// three runs over a FASTQ file of 58 MB (150 bases a read; 0.23 to 0.29 times as large by `gzip -6`, `bzip2 -9`, `xz -3` and `zstd -3`).
fn rate(compression: Compression) -> f64 {
    match compression {
        Compression::Gzip => 3.5e8,
        Compression::Bzip2 => 2.9e7,
        Compression::Xz => 6.8e7,
        Compression::Zstd => 2.0e8,
    }
}

/// How long unpacking them takes on one core, seconds.
pub(super) fn unpacking_seconds(task: &TaskType, dataset: &DatasetProfile, further: &[FurtherFile]) -> f64 {
    let seconds = |file: &DatasetProfile| file.compression.map_or(0.0, |packed| content(file) as f64 / rate(packed));
    unpacked(task, dataset, further).map(|(file, _)| seconds(file)).sum()
}

fn names(reads: &[Compression]) -> String {
    reads.iter().map(|compression| compression.name()).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::catalogue::Catalogue;

    fn profile(compression: Option<Compression>, residues: u64) -> DatasetProfile {
        let text = r#"{"path":"r.fastq.xz","bytes":1000,"format":"fastq","compression":null,"records":1,"residues":2,"longest":2,
            "alphabet":"nucleotide","sampled":false,"modified_ns":0}"#;
        DatasetProfile { compression, residues, ..serde_json::from_str(text).unwrap() }
    }

    #[test]
    fn what_is_unpacked_has_room_or_is_refused() {
        let catalogue = Catalogue::builtin().unwrap();
        let trimming = catalogue.get("read_trimming").unwrap();
        let room = Room { free: 1_000_000, limit: 500_000 };
        let told = |compression, residues, room| no_room(trimming, &profile(compression, residues), &[], room);
        let xz = Some(Compression::Xz);
        assert_eq!(told(xz, 249_997, room), None, "as much as there may be");
        let impossible = told(xz, 249_998, room).unwrap();
        let (why, hint) = (impossible.why, impossible.hint.unwrap());
        assert_eq!(
            why,
            "r.fastq.xz takes at least 500.0 kB once it is unpacked for read_trimming, and a run may write 500.0 kB"
        );
        assert_eq!(
            hint,
            "raise `max_result_bytes` in policy.toml, or give it as gzip, which read_trimming reads itself"
        );
        let full = told(xz, 249_998, Room { free: 100, limit: u64::MAX }).unwrap();
        assert!(full.why.ends_with("and 100 B are free here"), "{}", full.why);
        // fastp reads gzip itself, and what is not compressed is not copied.
        assert_eq!(told(Some(Compression::Gzip), u64::MAX, room), None);
        assert_eq!(told(None, u64::MAX, room), None);
        let statistics = catalogue.get("sequence_stats").unwrap();
        assert_eq!(no_room(statistics, &profile(xz, u64::MAX), &[], room), None, "built in");
    }
}
