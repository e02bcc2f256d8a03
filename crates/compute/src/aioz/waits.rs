//! Who attends the waits between two tries: hears of them, and may end them.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::error::ComputeError;
use domain::units;

/// A wait that is shorter is over before anybody reads of it.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Who hears of a wait, in a sentence.
type Told = Arc<dyn Fn(String) + Send + Sync>;

/// Who attends the waits between two tries of one request. By default nobody does.
#[derive(Clone, Default)]
pub struct Waits {
    told: Option<Told>,
    ended: Option<watch::Receiver<bool>>,
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").field("ended", &self.are_ended()).finish_non_exhaustive()
    }
}

impl Waits {
    /// `told` hears of each; a `true` on `ended` ends them, and what was waited for is not asked again.
    pub fn new(told: impl Fn(String) + Send + Sync + 'static, ended: Option<watch::Receiver<bool>>) -> Waits {
        Waits { told: Some(Arc::new(told)), ended }
    }

    pub(super) fn are_ended(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| *ended.borrow())
    }

    pub(super) fn tell(&self, why: &ComputeError, wait: Duration) {
        if let Some(told) = self.told.as_ref().filter(|_| wait >= WORTH_TELLING) {
            told(format!("{why}: asked again in {}", units::seconds(wait.as_secs_f64())));
        }
    }

    /// What is slept, until they are ended.
    pub(super) async fn sleep(&self, slept: impl Future<Output = ()>) {
        let ended = async {
            let heard = match self.ended.clone() {
                Some(mut ended) => ended.wait_for(|ended| *ended).await.is_ok(),
                None => false,
            };
            // Nobody is left who could.
            if !heard {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = slept => {}
            () = ended => {}
        }
    }
}
