//! Waiting for a provider: how long until the next look, and when silence has lasted too long.

use std::{future::Future, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use super::{Cancel, JobError, Remote, Workflow, listener::Awaited};
use compute::aioz::{Aioz, Waits};
use domain::{
    event::{Event, Sink},
    job::Job,
};

/// Between two looks at a task that has just been paid; it grows to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// AIOZ asks for a look about every five seconds.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause of a wait that lasts: keys have a number of requests a minute, and whoever waits for hours has time.
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// The same where the provider's webhooks are seen to come through: they tell of a change at once, and one may be lost.
const CALLED_PAUSE: Duration = Duration::from_secs(120);
/// So long after a change that was seen by asking it is told that no webhook came of it.
const SILENT: SignedDuration = SignedDuration::from_secs(60);

impl Workflow {
    /// The provider, whose waits between two tries are told, and end with a wish to stop.
    pub(super) fn provider(&self, remote: &Remote, cancel: &Cancel) -> Aioz {
        remote.provider.attended(Waits::new(tell(&self.parts.sink), Some(cancel.watch())))
    }

    /// The same where nobody may stop it but by ending the program.
    pub(super) fn provider_unstopped(&self, remote: &Remote) -> Aioz {
        remote.provider.attended(Waits::new(tell(&self.parts.sink), None))
    }
}

/// Tells of a wait.
pub(super) fn tell(sink: &Arc<dyn Sink>) -> impl Fn(String) + Send + Sync + 'static {
    let sink = Arc::clone(sink);
    move |message| sink.emit(Event::Warning { message })
}

/// What only looks and changes nothing, left where it is at a wish to stop.
///
/// # Errors
/// That somebody wished it.
pub(super) async fn unless_stopped<T>(
    job: &Job,
    cancel: &Cancel,
    look: impl Future<Output = T>,
) -> Result<T, JobError> {
    tokio::select! {
        seen = look => Ok(seen),
        () = cancel.cancelled() => Err(JobError::Interrupted(job.id.clone())),
    }
}

/// One wait.
#[derive(Debug)]
pub(super) struct Waiting {
    begun: Timestamp,
    /// When something was last as it should be.
    heard: Timestamp,
    pause: Duration,
    told: Vec<String>,
    /// When the task was seen to have changed, of which a webhook tells.
    changed: Option<Timestamp>,
    /// Webhooks of the task, where they are listened for.
    webhooks: Option<Awaited>,
}

impl Waiting {
    /// One that begins now.
    pub fn begun(now: Timestamp) -> Waiting {
        Waiting { begun: now, heard: now, pause: FIRST_PAUSE, told: Vec::new(), changed: None, webhooks: None }
    }

    /// All is as it should be.
    pub fn heard(&mut self, now: Timestamp) {
        self.heard = now;
    }

    /// Whether nothing was as it should be for that many seconds.
    pub fn is_over(&self, now: Timestamp, seconds: u64) -> bool {
        let most = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        now.duration_since(self.heard) > most
    }

    /// The task was seen to have changed.
    pub fn changed(&mut self, now: Timestamp) {
        self.changed = Some(now);
    }

    /// Webhooks of the task are listened for from here on.
    pub fn hear(&mut self, webhooks: Awaited) {
        self.webhooks = Some(webhooks);
    }

    /// Whether webhooks are listened for.
    pub fn hears(&self) -> bool {
        self.webhooks.is_some()
    }

    /// Returns at the next webhook of the task.
    pub async fn word(&self) {
        match &self.webhooks {
            Some(webhooks) => webhooks.word().await,
            None => std::future::pending().await,
        }
    }

    fn is_called(&self) -> bool {
        self.webhooks.as_ref().is_some_and(Awaited::came)
    }

    /// Whether webhooks are listened for, and none came of a change long after it was seen.
    pub fn hears_nothing(&self, now: Timestamp) -> bool {
        let long_ago = |changed| now.duration_since(changed) > SILENT;
        self.hears() && !self.is_called() && self.changed.is_some_and(long_ago)
    }

    /// Until the next look: longer each time, and longer still once the wait has lasted; at least what was asked for.
    pub fn pause(&mut self, now: Timestamp, asked: Option<Duration>) -> Duration {
        let lasted = Duration::try_from(now.duration_since(self.begun)).unwrap_or_default();
        let longest = if self.is_called() { CALLED_PAUSE } else { (lasted / 60).clamp(LONGEST_PAUSE, LAST_PAUSE) };
        let pause = self.pause;
        self.pause = (pause * 3 / 2).min(longest);
        pause.max(asked.unwrap_or_default())
    }

    /// Whether this is told for the first time.
    pub fn is_news(&mut self, what: &str) -> bool {
        let news = !self.told.iter().any(|told| told == what);
        if news {
            self.told.push(what.to_owned());
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_slower_the_longer_it_lasts() {
        let begun = Timestamp::UNIX_EPOCH;
        let mut waiting = Waiting::begun(begun);
        let after = |seconds| begun + SignedDuration::from_secs(seconds);
        assert_eq!(waiting.pause(begun, None), FIRST_PAUSE);
        for _ in 0..20 {
            waiting.pause(after(60), None);
        }
        assert_eq!(waiting.pause(after(60), None), LONGEST_PAUSE);
        for _ in 0..20 {
            waiting.pause(after(36_000), None);
        }
        assert_eq!(waiting.pause(after(36_000), None), LAST_PAUSE);
        assert_eq!(waiting.pause(after(36_000), Some(Duration::from_secs(90))), Duration::from_secs(90));
    }

    #[test]
    fn silence_is_counted_from_the_last_word() {
        let after = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let mut waiting = Waiting::begun(after(0));
        assert!(waiting.is_over(after(61), 60) && !waiting.is_over(after(60), 60));
        waiting.heard(after(50));
        assert!(!waiting.is_over(after(61), 60));
        assert!(waiting.is_news("a") && !waiting.is_news("a") && waiting.is_news("b"));
    }
}
