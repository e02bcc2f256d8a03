//! The face for other agents: the same guarded tools, over the Model Context Protocol (MCP).
//!
//! A calling model proposes, as ours does; the guard decides. What it can never do is approve: questions go to the
//! owner's own terminal or to their policy, and there is no message of the protocol that answers one. Elicitation is not
//! used, and roots that a client names are not listened to: datasets lie where the owner's settings say.
//!
//! All six tools are offered at all times, with the schemas of `tool_schemas/`. Narrowing them to the state of the ledger,
//! as a conversation of ours does, would need clients that heed `list_changed`; many ask once, at their start, when no job
//! is open yet, and would never see a tool again. A list that changes also costs a calling model its prompt cache. So the
//! guard refuses what does not fit, and each result names the next tool.
//!
//! | file | what it holds |
//! | --- | --- |
//! | [`server`] | the protocol's requests, answered |
//! | [`session`] | a connection as a session with its events |
//! | [`screen`] | a client's lines, looked at before the library reads them |
//! | [`call`] | one call under way: its events, its progress, its end |
//! | [`tools`] | the tools as the protocol lists them |
//! | [`owner`] | asking the owner, where they sit at this process's terminal |
//! | [`stdio`] | serving one client on standard input and output |
//! | [`http`] | serving many over streamable HTTP |
//! | `connections` | how many clients may be connected at the same time |
//! | [`token`] | the bearer token of HTTP clients |

pub mod call;
mod connections;
pub mod http;
pub mod owner;
pub mod screen;
pub mod server;
pub mod session;
pub mod stdio;
pub mod token;
pub mod tools;

pub use call::CallSink;
pub use owner::Owner;
pub use session::{Desk, Owners};

use std::time::Duration;

/// A message of a client may have this many bytes: arguments are short.
const MAX_MESSAGE: usize = 1 << 20;
/// How long calls that were asked to stop are waited for at the end; the ledger takes up whatever is cut short then.
const LAST_WAIT: Duration = Duration::from_secs(10);
