//! The steps of the demo that only show what would happen. Each says that it is simulated.

use std::time::Duration;

use super::files::LARGE;
use domain::{
    event::{Event, Sink},
    hash::{Sha256, TxHash},
    ids::JobId,
    network::{Network, TESTNET},
};

/// Between two steps of the upload's bar.
const TICK: Duration = Duration::from_millis(60);
/// Steps of the upload's bar.
const TICKS: u64 = 25;

/// Shows an upload of 5 GB as it would look.
pub async fn upload(job: &JobId, sink: &dyn Sink, fast: bool) {
    for tick in 1..=TICKS {
        sink.emit(Event::UploadProgress { job: job.clone(), bytes: LARGE / TICKS * tick, total: LARGE });
        if !fast {
            tokio::time::sleep(TICK).await;
        }
    }
    let url = format!("https://s3.aiozstorage.network/your-bucket/datasets/{job}");
    say(sink, &format!("Uploaded (simulated): 5.0 GB at {url}"));
}

/// Shows a payment as it would look. The transaction's hash is made up, and said to be.
pub fn payment(job: &JobId, sink: &dyn Sink) {
    let made_up = TxHash(Sha256::of(format!("no transaction: {job}").as_bytes()).0);
    let link = Network(TESTNET).explorer_url(&made_up).unwrap_or_default();
    say(sink, &format!("Payment sent: 2 GAS (simulated; a real one would be found at the explorer)\n{link}"));
}

/// Shows the provider's answer as it would look.
pub fn submitted(job: &JobId, sink: &dyn Sink) {
    say(sink, &format!("Job id (simulated): task-of-{job}\nStatus (simulated): in_queue, computing, success"));
}

/// A line for people and programs.
pub fn say(sink: &dyn Sink, text: &str) {
    sink.emit(Event::MessageCompleted { text: text.to_owned() });
}
