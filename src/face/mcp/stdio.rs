//! Serving one client on standard input and output: it started this process, and ends it by closing its input.

use std::{future::Future, sync::Arc};

use rmcp::{serve_server, service::ServerInitializeError, transport::stdio_pipes};

use super::{LAST_WAIT, screen::Screened, server::Server, session::Desk};

/// The client did not begin as the protocol says.
#[derive(Debug, thiserror::Error)]
#[error("the client did not begin as MCP does: {0}")]
pub struct StdioError(#[from] Box<ServerInitializeError>);

/// Serves until the client closes its end, or `shutdown` is done; then asks what is under way to stop, and waits for it.
///
/// # Errors
/// A client that speaks something else.
pub async fn serve(desk: Arc<Desk>, shutdown: impl Future<Output = ()>) -> Result<(), StdioError> {
    let mut shutdown = std::pin::pin!(shutdown);
    let (input, output) = stdio_pipes();
    let at_desk = Arc::clone(&desk);
    let transport =
        Screened::new(input, output, move |why| at_desk.warn(format!("a client's line was refused: {why}")));
    let begun = tokio::select! {
        begun = serve_server(Server::new(Arc::clone(&desk)), transport) => begun,
        () = &mut shutdown => return Ok(()),
    };
    let service = match begun {
        Ok(service) => service,
        // A client that leaves before it has said anything is none to complain of.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(StdioError(Box::new(error))),
    };
    let stop = service.cancellation_token();
    let mut ended = std::pin::pin!(service.waiting());
    tokio::select! {
        // How it ended says nothing that the log does not.
        _ = &mut ended => {}
        () = &mut shutdown => {
            stop.cancel();
            let _ = ended.await;
        }
    }
    let _ = tokio::time::timeout(LAST_WAIT, desk.underway.none()).await;
    Ok(())
}
