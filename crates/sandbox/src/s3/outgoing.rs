//! Content on its way out, all of it or a range, with constant memory.

use std::{io, ops::Range};

use bytes::{Bytes, BytesMut};
use s3s::dto::StreamingBlob;
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
};

use super::{data::DataFolder, record::Piece};

/// How much is read at a time, bytes.
const BLOCK: u64 = 256 << 10;

/// The bytes `range` of the pieces in their order. The folder is held until the last byte is out.
pub fn stream(folder: DataFolder, pieces: &[Piece], range: Range<u64>) -> StreamingBlob {
    let mut spans = cut(pieces, &range);
    spans.reverse();
    let reader = Reader { folder, spans, open: None };
    StreamingBlob::wrap(futures::stream::try_unfold(reader, |mut reader| async move {
        let block = reader.next().await?;
        Ok::<_, io::Error>(block.map(|block| (block, reader)))
    }))
}

/// A stretch of one file.
#[derive(Debug, PartialEq, Eq)]
struct Span {
    file: String,
    offset: u64,
    bytes: u64,
}

/// Where the bytes of `range` lie.
fn cut(pieces: &[Piece], range: &Range<u64>) -> Vec<Span> {
    let mut start = 0;
    let mut spans = Vec::new();
    for piece in pieces {
        let end = start + piece.bytes;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            spans.push(Span { file: piece.file.clone(), offset: from - start, bytes: to - from });
        }
        start = end;
    }
    spans
}

struct Reader {
    folder: DataFolder,
    /// What is still to be opened, last first.
    spans: Vec<Span>,
    /// The open file and the bytes still to be read of it.
    open: Option<(File, u64)>,
}

impl Reader {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let Some((file, left)) = &mut self.open else {
                let Some(span) = self.spans.pop() else { return Ok(None) };
                let mut file = File::open(self.folder.path.join(&span.file)).await?;
                file.seek(io::SeekFrom::Start(span.offset)).await?;
                self.open = Some((file, span.bytes));
                continue;
            };
            if *left == 0 {
                self.open = None;
                continue;
            }
            let want = BLOCK.min(*left);
            let mut block = BytesMut::with_capacity(want as usize);
            let got = file.take(want).read_buf(&mut block).await? as u64;
            if got == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            *left -= got;
            return Ok(Some(block.freeze()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_out_of_the_pieces() {
        let piece = |file: &str, bytes| Piece { file: file.to_owned(), bytes };
        let span = |file: &str, offset, bytes| Span { file: file.to_owned(), offset, bytes };
        let pieces = [piece("a", 10), piece("b", 5), piece("c", 10)];
        assert_eq!(cut(&pieces, &(0..25)), [span("a", 0, 10), span("b", 0, 5), span("c", 0, 10)]);
        assert_eq!(cut(&pieces, &(9..16)), [span("a", 9, 1), span("b", 0, 5), span("c", 0, 1)]);
        assert_eq!(cut(&pieces, &(10..15)), [span("b", 0, 5)]);
        assert_eq!(cut(&pieces, &(7..7)), []);
    }
}
