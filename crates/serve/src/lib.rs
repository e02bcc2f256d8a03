//! Serves an HTTP service to strangers, within limits of time and of connections.
//!
//! | limit | against |
//! | --- | --- |
//! | [`Limits::head`] | connections that are opened and left so, also between two requests |
//! | [`Limits::body`] | bodies that come a byte at a time |
//! | [`Limits::stall`] | answers that nobody takes, or takes a byte at a time |
//! | [`Limits::connections`] | more of them than there is memory or file descriptors for |
//! | [`Limits::per_address`] | one stranger who takes them all |

mod deadline;

use std::{
    collections::HashMap,
    error::Error,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;

pub use deadline::{Deadline, Late};

/// The pause after a connection could not be taken, as when there are no file descriptors left.
const BREATH: Duration = Duration::from_millis(100);

/// How long and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For the head of a request, from the opening of the connection or the end of the request before.
    pub head: Duration,
    /// For its whole body, from the end of the head.
    pub body: Duration,
    /// While nothing of an answer is taken: then the connection ends.
    pub stall: Duration,
    /// Open at the same time; further ones wait.
    pub connections: usize,
    /// Open at the same time from one address; further ones are closed at once.
    pub per_address: usize,
    /// Addresses that stand for many: those of proxies.
    pub proxies: Vec<IpAddr>,
}

impl Default for Limits {
    /// 15 seconds for a head, 30 for a body and for an answer that stands still, 512 connections, 32 an address but for this machine's own, where a proxy may be.
    fn default() -> Limits {
        Limits {
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            connections: 512,
            per_address: 32,
            proxies: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        }
    }
}

/// Connections by address.
#[derive(Debug, Default)]
struct Open(Mutex<HashMap<IpAddr, usize>>);

/// A connection's place; given back when dropped.
struct Place {
    open: Arc<Open>,
    address: IpAddr,
    _of_all: OwnedSemaphorePermit,
}

impl Open {
    /// Nothing panics while it holds this.
    fn held(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection from this address; `None` where it has as many as it may.
    fn place(self: &Arc<Self>, address: IpAddr, limits: &Limits, of_all: OwnedSemaphorePermit) -> Option<Place> {
        let mut open = self.held();
        let count = open.entry(address).or_default();
        if *count >= limits.per_address && !limits.proxies.contains(&address) {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Place { open: Arc::clone(self), address, _of_all: of_all })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.held();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Serves in plain HTTP/1.1 until `shutdown` is done; then takes no more connections, and returns when those that are open have
/// had their answers, or after as long as a body has.
///
/// # Errors
/// None of a connection's: whoever breaks one harms nobody else.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Deadline<Incoming>>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let (open, places) = (Arc::<Open>::default(), Arc::new(Semaphore::new(limits.connections)));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, place) = tokio::select! {
            next = next(&listener, &open, &places, &limits) => match next {
                Some(next) => next,
                None => continue,
            },
            () = &mut shutdown => break,
        };
        let (service, body) = (service.clone(), limits.body);
        let within = hyper::service::service_fn(move |request: Request<Incoming>| {
            service.call(request.map(|incoming| Deadline::of(incoming, body)))
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.stall));
        let connection = graceful.watch(server.serve_connection(TokioIo::new(Box::pin(stream)), within));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    // Whoever keeps a connection busy does not keep the server.
    let _ = tokio::time::timeout(limits.body, graceful.shutdown()).await;
    Ok(())
}

/// Whose address counts as one: of IPv6, a whole network of 64 bits is one subscriber's (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(ip) if !ip.is_loopback() => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        other => other,
    }
}

/// The next connection that has a place.
async fn next(
    listener: &TcpListener,
    open: &Arc<Open>,
    places: &Arc<Semaphore>,
    limits: &Limits,
) -> Option<(TcpStream, Place)> {
    // Never closed.
    let of_all = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, from)) => {
            let place = open.place(network(from.ip().to_canonical()), limits, of_all);
            place.map(|place| (stream, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection cannot be taken");
            tokio::time::sleep(BREATH).await;
            None
        }
    }
}

#[cfg(test)]
mod tests;
