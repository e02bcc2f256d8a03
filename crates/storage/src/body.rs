//! A request body that counts what it sends, and sends nothing but what was measured.

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use aws_sdk_s3::primitives::{ByteStream, Length, SdkBody};
use bytes::Bytes;
use crc_fast::{CrcAlgorithm::Crc64Nvme, Digest as Crc};
use http_body::{Body, Frame, SizeHint};

use super::{digest::Crc64, plan::Part};

/// What an upload's bodies tell while they are sent.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    sent: Arc<AtomicU64>,
    changed: Arc<AtomicBool>,
}

impl Tally {
    /// Bytes handed to the network, or found to be there already; sent again, they count once.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Counts bytes that need not be sent.
    pub fn skip(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Relaxed);
    }

    /// All is to be sent again. No body may be on its way.
    pub fn restart(&self) {
        self.sent.store(0, Relaxed);
    }

    /// Whether a body met content other than what was measured.
    pub fn changed(&self) -> bool {
        self.changed.load(Relaxed)
    }
}

/// The part as a body, read from the open file behind `path` (`/proc/self/fd/N`) as it is sent, and again for a retry.
///
/// # Errors
/// When the file cannot be opened, or is shorter than the part's end.
pub async fn part_body(path: &str, part: Part, expect: Crc64, tally: &Tally) -> io::Result<ByteStream> {
    let stream = ByteStream::read_from().path(path).offset(part.offset).length(Length::Exact(part.bytes)).build().await;
    let file = stream.map_err(io::Error::other)?.into_inner();
    let tally = tally.clone();
    let mine = Arc::new(AtomicU64::new(0));
    let body = file.map_preserve_contents(move |inner| {
        SdkBody::from_body_1_x(Checked {
            inner,
            fresh: true,
            left: part.bytes,
            crc: Crc::new(Crc64Nvme),
            expect,
            tally: tally.clone(),
            mine: Arc::clone(&mine),
        })
    });
    Ok(ByteStream::new(body))
}

/// The body of one attempt.
struct Checked {
    inner: SdkBody,
    /// Not yet asked for anything.
    fresh: bool,
    /// Bytes not yet given out.
    left: u64,
    crc: Crc,
    expect: Crc64,
    tally: Tally,
    /// What the last attempt at this part added to the tally, bytes.
    mine: Arc<AtomicU64>,
}

/// The content is not what was measured.
#[derive(Debug)]
struct ContentChanged;

impl fmt::Display for ContentChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file changed while it was being sent")
    }
}

impl std::error::Error for ContentChanged {}

impl Body for Checked {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        if std::mem::take(&mut this.fresh) {
            // A new attempt: what an earlier one sent no longer counts.
            this.tally.sent.fetch_sub(this.mine.swap(0, Relaxed), Relaxed);
        }
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            this.crc.update(data);
            this.left = this.left.saturating_sub(data.len() as u64);
            // The check comes before the last bytes go out: without them the server has no whole part to keep.
            if this.left == 0 && this.crc.finalize() != this.expect.0 {
                this.tally.changed.store(true, Relaxed);
                return Poll::Ready(Some(Err(Box::new(ContentChanged))));
            }
            this.mine.fetch_add(data.len() as u64, Relaxed);
            this.tally.sent.fetch_add(data.len() as u64, Relaxed);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}
