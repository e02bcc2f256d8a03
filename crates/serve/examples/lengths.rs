//! Says how long each body is: `cargo run -p serve --example lengths`, then `curl -d abc ADDRESS`.

use std::{convert::Infallible, io};

use http_body_util::BodyExt as _;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use serve::{Deadline, Limits};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let service = service_fn(|request: Request<Deadline<Incoming>>| async {
        let said = match request.into_body().collect().await {
            Ok(body) => format!("{} bytes\n", body.to_bytes().len()),
            Err(error) => format!("{error}\n"),
        };
        Ok::<_, Infallible>(Response::new(said))
    });
    serve::serve(listener, service, Limits::default(), std::future::pending()).await
}
