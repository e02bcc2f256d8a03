//! Named places where a test may end the program as `kill -9` would: around every commit of the ledger and every effect
//! of the payment path. `docs/payments.md` says of each what is on disk and on chain then, and the torture runs read their
//! names from there. Without the feature `kill-points`, which no release has, all of this is nothing.

/// The program has come to the place of this name.
#[inline]
pub fn reached(name: &str) {
    #[cfg(feature = "kill-points")]
    armed::reached(name);
    #[cfg(not(feature = "kill-points"))]
    let _ = name;
}

/// The program has come to a moment of something that has a name, such as the `asked` of the request `rpc.getversion`.
#[inline]
pub fn reached_in(part: &str, name: &str, moment: &str) {
    #[cfg(feature = "kill-points")]
    armed::reached(&format!("{part}.{name}.{moment}"));
    #[cfg(not(feature = "kill-points"))]
    let _ = (part, name, moment);
}

#[cfg(feature = "kill-points")]
mod armed {
    use std::sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    };

    use rustix::process::{Signal, getpid, kill_process};

    /// Where to end, and how often the place is still passed before.
    struct Plan {
        name: String,
        left: AtomicU32,
    }

    /// `AGENT_KILL_AT` names the place: `ledger.intend.committed`, or `ledger.intend.committed:3` for the third time.
    static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| {
        let text = std::env::var("AGENT_KILL_AT").ok()?;
        let (name, time) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Plan { name: name.to_owned(), left: AtomicU32::new(time.parse().ok()?) })
    });

    pub fn reached(name: &str) {
        let Some(plan) = PLAN.as_ref().filter(|plan| plan.name == name) else { return };
        if plan.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // The signal ends every thread at once; this one waits for it.
            let _ = kill_process(getpid(), Signal::KILL);
            std::thread::park();
        }
    }
}
