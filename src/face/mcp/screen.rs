//! A client's lines, looked at before the protocol's library reads them: what it would drop without a word, or end at, is
//! answered here, and the next line is served.

use std::{cell::RefCell, fmt, io, pin::Pin};

use rmcp::{
    RoleServer,
    model::{ErrorData, InitializeRequestParams, RequestId},
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::{Transport, async_rw::AsyncRwTransport},
};
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tokio::{
    io::{
        AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
        DuplexStream, duplex,
    },
    sync::mpsc,
    task::JoinHandle,
};

use super::MAX_MESSAGE;
use domain::units::{bytes, clean};

/// The field by which a request of protocol version 2026-07-28 or later says which it speaks; there is no handshake then.
const INLINE_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// So much of the end of a message that is too long is looked through for its id, bytes.
const TAIL: usize = 256;
/// Lines are handed on in pieces of this size, bytes.
const PIECE: usize = 64 * 1024;
/// A client that reads no answers is read no further after so many.
const MOST_ANSWERS: usize = 16;

/// A line that is not handed on: whom it is answered to, where that can be read, and what.
pub(super) type Refused = (Option<RequestId>, ErrorData);
type Sending = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The library's own transport, behind a look at each line.
pub struct Screened<W: AsyncWrite> {
    inner: AsyncRwTransport<RoleServer, DuplexStream, W>,
    refused: mpsc::Receiver<Refused>,
    /// An answer on its way: kept here, as a wait for the next message may be given up in the middle of it.
    sending: Option<Sending>,
    reading: JoinHandle<()>,
}

impl<W: AsyncWrite> Drop for Screened<W> {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Screened<W> {
    /// Reads lines from `input` and answers on `output`; `told` hears of each that is refused.
    pub fn new(
        input: impl AsyncRead + Send + Unpin + 'static,
        output: W,
        told: impl Fn(&str) + Send + 'static,
    ) -> Screened<W> {
        let (to, from) = duplex(PIECE);
        let (refuse, refused) = mpsc::channel(MOST_ANSWERS);
        let reading = tokio::spawn(read(BufReader::new(input), to, refuse, told));
        // A line that is handed on is within the limit.
        let inner = AsyncRwTransport::new_server(from, output).with_max_line_length(usize::MAX);
        Screened { inner, refused, sending: None, reading }
    }

    fn answer(&mut self, (id, error): Refused) {
        self.sending = Some(Box::pin(self.inner.send(TxJsonRpcMessage::<RoleServer>::error(error, id))));
    }
}

impl<W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer> for Screened<W> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(sending) = &mut self.sending {
                // A client that reads no answer is seen to be gone by the next message that is sent.
                let _ = sending.await;
                self.sending = None;
            }
            tokio::select! {
                biased;
                Some(refused) = self.refused.recv() => self.answer(refused),
                message = self.inner.receive() => match (message, self.refused.try_recv()) {
                    (None, Ok(refused)) => self.answer(refused),
                    (None, Err(_)) => return None,
                    (message, refused) => {
                        refused.into_iter().for_each(|refused| self.answer(refused));
                        return message;
                    }
                },
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.inner.close().await
    }
}

/// Hands every sound line on, until the client closes its end.
async fn read(
    mut input: impl AsyncBufRead + Unpin,
    mut to: DuplexStream,
    refuse: mpsc::Sender<Refused>,
    told: impl Fn(&str),
) {
    let (mut line, mut begun) = (Vec::new(), false);
    // How an input that cannot be read ends is no different from one that has ended.
    while let Ok(whole) = next_line(&mut input, &mut line).await {
        if line.is_empty() {
            return;
        }
        let refused = if whole { look(&line, &mut begun) } else { Look::Refuse(too_long(&line)) };
        match refused {
            Look::Pass if to.write_all(&line).await.is_err() => return,
            Look::Pass | Look::Drop => {}
            Look::Refuse((id, error)) => {
                told(&error.message);
                if refuse.send((id, error)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads a line with its end into `line`; of one that is too long, its beginning and its end. Empty at the end of the
/// input; what the input breaks off in is no line. `false` for one that is too long.
async fn next_line(input: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let limit = MAX_MESSAGE as u64 + 1;
    (&mut *input).take(limit).read_until(b'\n', line).await?;
    if line.last() == Some(&b'\n') {
        return Ok(true);
    }
    if (line.len() as u64) < limit {
        line.clear();
        return Ok(true);
    }
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        (&mut *input).take(PIECE as u64).read_until(b'\n', &mut piece).await?;
        line.extend_from_slice(&piece);
        // Only the beginning and the end are kept.
        let over = line.len().saturating_sub(MAX_MESSAGE + TAIL);
        line.drain(MAX_MESSAGE..MAX_MESSAGE + over);
        if piece.last() == Some(&b'\n') {
            return Ok(false);
        }
        if piece.is_empty() {
            line.clear();
            return Ok(true);
        }
    }
}

/// What becomes of a line.
#[derive(Debug, PartialEq)]
pub(super) enum Look {
    /// It is handed on.
    Pass,
    /// It says nothing yet, and nothing that wants an answer.
    Drop,
    /// It is answered here.
    Refuse(Refused),
}

/// Looks at a line. `begun` once the client has said how it speaks.
pub(super) fn look(line: &[u8], begun: &mut bool) -> Look {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Look::Drop;
    }
    let message: Value = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(error) => {
            let why = clean(&error.to_string(), 120);
            return Look::Refuse((None, ErrorData::parse_error(format!("this is no JSON: {why}"), None)));
        }
    };
    if message.is_array() {
        let why = "batches are not spoken here: each message comes by itself";
        return Look::Refuse((None, ErrorData::invalid_request(why, None)));
    }
    let (method, id) = (message.get("method").and_then(Value::as_str), message.get("id"));
    if method == Some("initialize") && !*begun {
        let Some(id) = id.and_then(id_of) else {
            let why = "initialize is a request: it needs an id, a text or a whole number";
            return Look::Refuse((None, ErrorData::invalid_request(why, None)));
        };
        let params = message.get("params").cloned().unwrap_or_default();
        if let Err(error) = serde_json::from_value::<InitializeRequestParams>(params) {
            let why = format!(
                "initialize expects protocolVersion, capabilities and clientInfo: {}",
                clean(&error.to_string(), 200)
            );
            return Look::Refuse((Some(id), ErrorData::invalid_params(why, None)));
        }
        *begun = true;
    } else if message.pointer("/params/_meta").is_some_and(|meta| meta.get(INLINE_VERSION).is_some()) {
        *begun = true;
    }
    if let Some(id) = id.and_then(id_of).filter(|_| message.get("params").is_some_and(|params| !params.is_object())) {
        let why = "params are an object of named fields, or left out";
        return Look::Refuse((Some(id), ErrorData::invalid_params(why, None)));
    }
    // Before it, notifications and answers mean nothing, and the library would end at them.
    if *begun || id.is_some() && method.is_some() || !message.is_object() { Look::Pass } else { Look::Drop }
}

fn id_of(value: &Value) -> Option<RequestId> {
    serde_json::from_value(value.clone()).ok()
}

/// What is said of a message of which only the beginning and the end are known.
fn too_long(line: &[u8]) -> Refused {
    let why = format!("a message may have {}, and this one has more", bytes(MAX_MESSAGE as u64));
    (id_within(line), ErrorData::invalid_request(why, None))
}

/// The id of a message without its middle: from the fields before the long one, or as the last field of all.
fn id_within(line: &[u8]) -> Option<RequestId> {
    let found = RefCell::new(None);
    // It ends in an error, sooner or later; what was read before that counts.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Fields(&found));
    found.into_inner().or_else(|| {
        let tail = line.get(line.len().saturating_sub(TAIL)..)?;
        let tail = String::from_utf8_lossy(tail).trim_end().strip_suffix('}')?.to_owned();
        let (_, last) = tail.rsplit_once("\"id\":")?;
        id_of(&serde_json::from_str(last).ok()?)
    })
}

/// Reads the fields of an object as far as they go, and keeps the one called `id`.
struct Fields<'f>(&'f RefCell<Option<RequestId>>);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if name == "id" {
                let id = fields.next_value::<Value>()?;
                *self.0.borrow_mut() = id_of(&id);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;

    fn refused(line: &str, begun: bool) -> (Option<RequestId>, ErrorCode, String) {
        let mut begun = begun;
        match look(line.as_bytes(), &mut begun) {
            Look::Refuse((id, error)) => (id, error.code, error.message.into_owned()),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_is_no_message_is_told_so() {
        for line in ["garbage", "{\"a\":", "GET / HTTP/1.1", "\u{1}"] {
            assert_eq!(refused(line, true).1, ErrorCode::PARSE_ERROR, "{line}");
        }
        let lines = [
            ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", None, ErrorCode::INVALID_REQUEST),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"initialize\",\"params\":{}}", None, ErrorCode::INVALID_REQUEST),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}", Some(1), ErrorCode::INVALID_PARAMS),
            (
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":5}}",
                Some(1),
                ErrorCode::INVALID_PARAMS,
            ),
            (
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":[]}",
                Some(1),
                ErrorCode::INVALID_PARAMS,
            ),
        ];
        for (line, id, code) in lines {
            let found = refused(line, false);
            assert_eq!((found.0, found.1), (id.map(RequestId::Number), code), "{line}");
        }
    }

    #[test]
    fn what_says_nothing_yet_is_dropped_until_the_client_has_begun() {
        let note = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
        let mut begun = false;
        assert_eq!(look(note.as_bytes(), &mut begun), Look::Drop);
        assert_eq!(look(b"\n", &mut begun), Look::Drop);
        assert_eq!(look(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", &mut begun), Look::Pass);
        assert!(!begun);
        let inline =
            format!("{{\"id\":1,\"method\":\"tools/list\",\"params\":{{\"_meta\":{{\"{INLINE_VERSION}\":\"x\"}}}}}}");
        assert_eq!((look(inline.as_bytes(), &mut begun), begun), (Look::Pass, true));
        assert_eq!(look(note.as_bytes(), &mut begun), Look::Pass);
    }

    #[tokio::test]
    async fn a_message_that_is_too_long_is_read_over_and_its_id_found_at_either_end() {
        let long = "x".repeat(3 * MAX_MESSAGE);
        let lines = format!(
            "{{\"id\":7,\"x\":\"{long}\"}}\n{{\"x\":\"{long}\",\"id\":\"last\"}}\n{{\"x\":\"{long}\\\"id\\\":8\"}}\nshort\nbroken off"
        );
        let mut input = BufReader::new(lines.as_bytes());
        let mut line = Vec::new();
        for id in [Some(RequestId::Number(7)), Some(RequestId::String("last".into())), None] {
            assert!(!next_line(&mut input, &mut line).await.unwrap());
            assert!(line.len() <= MAX_MESSAGE + TAIL);
            let (found, error) = too_long(&line);
            assert_eq!((found, error.code), (id, ErrorCode::INVALID_REQUEST));
        }
        assert!(next_line(&mut input, &mut line).await.unwrap());
        assert_eq!(line, b"short\n");
        assert!(next_line(&mut input, &mut line).await.unwrap());
        assert_eq!(line, b"", "what the input broke off in is no line");
    }
}
