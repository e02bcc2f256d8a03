//! The ledger's own clock, by which the rolling day is counted.
//!
//! The wall clock can be set: forward, and a day's budget would be free at once; back, and what was spent would lie in the
//! future. So the ledger counts the time that passes. Within one run of the system that is what the uptime says, which
//! nobody sets and which goes on while the machine sleeps. Between two runs of the system only the wall clock knows, and it
//! may lengthen the ledger's time but never shorten it. The clock is noted with every payment, and when the ledger is first
//! opened in a run of the system.

use std::{fs, time::SystemTime};

use rusqlite::{Connection, OptionalExtension as _, params};
use rustix::time::{ClockId, clock_gettime};

use super::{Ledger, LedgerError};

/// Where the kernel names the present run of the system.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// What the system's clocks say at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock: milliseconds since 1970.
    pub wall_ms: i64,
    /// Which run of the system this is; empty where the system does not say.
    pub boot: String,
    /// Milliseconds since that run began, sleep included.
    pub up_ms: i64,
}

impl Reading {
    /// What they say now.
    pub fn now() -> Reading {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let up = clock_gettime(ClockId::Boottime);
        Reading {
            wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
            boot: fs::read_to_string(BOOT_ID).map(|text| text.trim().to_owned()).unwrap_or_default(),
            up_ms: up.tv_sec.saturating_mul(1000).saturating_add(up.tv_nsec / 1_000_000),
        }
    }
}

/// The ledger's time with the reading at which it was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Noted {
    /// Milliseconds; it began as the wall clock's.
    ledger_ms: i64,
    at: Reading,
}

impl Noted {
    /// The ledger's time at a later reading.
    fn at(&self, now: &Reading) -> i64 {
        let same_run = !now.boot.is_empty() && now.boot == self.at.boot;
        let passed = if same_run {
            now.up_ms.saturating_sub(self.at.up_ms)
        } else {
            now.wall_ms.saturating_sub(self.at.wall_ms)
        };
        self.ledger_ms.saturating_add(passed.max(0))
    }
}

impl Ledger {
    /// Notes the time, where this run of the system has not noted any: the sooner, the less rests on the wall clock.
    pub(super) fn begin_time(&self, now: &Reading) -> Result<(), LedgerError> {
        let noted = self.noted_time(&self.connection())?;
        if noted.is_some_and(|noted| noted.at.boot == now.boot) {
            return Ok(());
        }
        self.change("clock", |tx| self.note_time(tx, now).map(drop))
    }

    /// The ledger's time at this reading, milliseconds.
    pub(super) fn time(&self, connection: &Connection, now: &Reading) -> Result<i64, LedgerError> {
        let noted = self.noted_time(connection)?;
        let query = "SELECT coalesce(max(ledger_ms), 0) FROM attempts";
        let newest: i64 = connection.query_row(query, [], |row| row.get(0)).map_err(|e| self.database(e))?;
        // Where nothing is noted yet, time begins now, and not before what is there already.
        Ok(noted.map_or(now.wall_ms, |noted| noted.at(now)).max(newest))
    }

    fn noted_time(&self, connection: &Connection) -> Result<Option<Noted>, LedgerError> {
        let query = "SELECT ledger_ms, wall_ms, boot, up_ms FROM clock";
        let noted = connection.query_row(query, [], |row| {
            let at = Reading { wall_ms: row.get(1)?, boot: row.get(2)?, up_ms: row.get(3)? };
            Ok(Noted { ledger_ms: row.get(0)?, at })
        });
        noted.optional().map_err(|e| self.database(e))
    }

    /// Notes what time it is, and gives it.
    pub(super) fn note_time(&self, tx: &Connection, now: &Reading) -> Result<i64, LedgerError> {
        let ledger_ms = self.time(tx, now)?;
        tx.execute(
            "INSERT OR REPLACE INTO clock (id, ledger_ms, wall_ms, boot, up_ms) VALUES (1, ?1, ?2, ?3, ?4)",
            params![ledger_ms, now.wall_ms, now.boot, now.up_ms],
        )
        .map_err(|e| self.database(e))?;
        Ok(ledger_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn reading(boot: &str, wall: i64, up: i64) -> Reading {
        Reading { wall_ms: wall * HOUR, boot: boot.into(), up_ms: up * HOUR }
    }

    #[test]
    fn within_one_run_only_what_passed_counts() {
        let noted = Noted { ledger_ms: 1000 * HOUR, at: reading("one", 1000, 10) };
        for wall in [0, 999, 1002, 1025, 9000] {
            assert_eq!(noted.at(&reading("one", wall, 12)), 1002 * HOUR, "the wall clock says {wall}");
        }
        assert_eq!(noted.at(&reading("one", 1000, 9)), 1000 * HOUR, "it never goes back");
    }

    #[test]
    fn between_two_runs_the_wall_clock_counts_and_never_back() {
        let noted = Noted { ledger_ms: 1000 * HOUR, at: reading("one", 1500, 10) };
        assert_eq!(noted.at(&reading("two", 1503, 1)), 1003 * HOUR);
        assert_eq!(noted.at(&reading("two", 1400, 1)), 1000 * HOUR);
        let nameless = Noted { ledger_ms: 0, at: reading("", 5, 1) };
        assert_eq!(nameless.at(&reading("", 7, 1)), 2 * HOUR, "a system that does not name its runs");
    }

    #[test]
    fn the_system_s_clocks_are_read() {
        let (one, two) = (Reading::now(), Reading::now());
        assert!(one.wall_ms > 0 && one.up_ms > 0 && !one.boot.is_empty(), "{one:?}");
        assert!(two.up_ms >= one.up_ms && two.boot == one.boot);
    }
}
