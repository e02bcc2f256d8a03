//! The caps under random histories: payments that land, fail and expire, clocks that are set, machines that boot, and a
//! ledger that is opened anew.

use proptest::prelude::*;

use super::{attempt, caps, intend_at, open, submitted};
use crate::ledger::{Ledger, Reading};
use domain::{
    attempt::AttemptState,
    hash::Hash160,
    ids::JobId,
    money::Datoshi,
    network::{Network, SANDBOX},
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const PER_DAY: u32 = 10;
const LIFETIME: u32 = 40;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// A payment of so many GAS is tried.
    Pay(u32),
    /// The payment of this place in the history, if it is live, comes to this end.
    End(prop::sample::Index, AttemptState),
    /// So much time really passes, milliseconds.
    Pass(i64),
    /// The wall clock is set by this much, milliseconds.
    Set(i64),
    /// The machine boots, and the program is used; its wall clock is as far behind as it ever was, and by this much more.
    Boot(i64),
    /// Another process opens the ledger.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![
        2 => Just(AttemptState::Confirmed),
        1 => Just(AttemptState::Faulted),
        1 => Just(AttemptState::Expired),
        1 => Just(AttemptState::Sent),
    ];
    prop_oneof![
        6 => (1u32..=4).prop_map(Step::Pay),
        4 => (any::<prop::sample::Index>(), end).prop_map(|(which, end)| Step::End(which, end)),
        3 => (0..DAY).prop_map(Step::Pass),
        3 => (-400 * DAY..400 * DAY).prop_map(Step::Set),
        1 => (0..400 * DAY).prop_map(Step::Boot),
        1 => Just(Step::Reopen),
    ]
}

/// A payment as the test remembers it: when it was really made, and how it stands.
struct Made {
    job: JobId,
    gas: u32,
    real_ms: i64,
    state: AttemptState,
}

impl Made {
    fn is_live(&self) -> bool {
        self.state.is_live()
    }

    fn counts(&self) -> bool {
        self.is_live() || self.state == AttemptState::Confirmed
    }
}

/// The machine's clocks, and what time it really is.
struct World {
    real_ms: i64,
    wall_off: i64,
    least_off: i64,
    boot: u32,
    booted_ms: i64,
}

impl World {
    fn set(&mut self, wall_off: i64) {
        self.wall_off = wall_off;
        self.least_off = self.least_off.min(wall_off);
    }

    fn reading(&self) -> Reading {
        Reading {
            wall_ms: self.real_ms + self.wall_off,
            boot: format!("boot-{}", self.boot),
            up_ms: self.real_ms - self.booted_ms,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the clocks are set to: no 24 hours that really pass hold more than the day's cap, and nothing ever more
    /// than the lifetime's.
    #[test]
    fn no_history_passes_a_cap(steps in prop::collection::vec(step(), 1..40)) {
        let home = tempfile::tempdir().unwrap();
        let mut world = World { real_ms: 20_000 * DAY, wall_off: 0, least_off: 0, boot: 1, booted_ms: 19_990 * DAY };
        let mut ledger = Ledger::open_at(home.path(), &world.reading()).unwrap();
        let mut made: Vec<Made> = Vec::new();
        for step in steps {
            match step {
                Step::Pay(gas) => {
                    let job = submitted(&ledger).id;
                    let caps = caps(4, PER_DAY, LIFETIME);
                    if intend_at(&ledger, &attempt(&job, 1, gas), &caps, &world.reading()).is_ok() {
                        made.push(Made { job, gas, real_ms: world.real_ms, state: AttemptState::Intended });
                    }
                }
                Step::End(which, end) => {
                    let live: Vec<usize> = (0..made.len()).filter(|i| made[*i].is_live()).collect();
                    if !live.is_empty() {
                        let payment = &mut made[live[which.index(live.len())]];
                        ledger.set_attempt(&payment.job, 1, end, Some(1)).unwrap();
                        payment.state = end;
                    }
                }
                Step::Pass(ms) => world.real_ms += ms,
                Step::Set(ms) => world.set(world.wall_off + ms),
                Step::Boot(behind) => {
                    // Between two boots only the wall clock knows what passed: that it was not set forward meanwhile is
                    // what the guarantee rests on.
                    world.set(world.least_off - behind);
                    world.boot += 1;
                    world.booted_ms = world.real_ms;
                    ledger = Ledger::open_at(home.path(), &world.reading()).unwrap();
                }
                Step::Reopen => ledger = Ledger::open_at(home.path(), &world.reading()).unwrap(),
            }
            let sum = |of: &dyn Fn(&Made) -> bool| -> u32 {
                made.iter().filter(|m| m.counts() && of(m)).map(|m| m.gas).sum()
            };
            let day = sum(&|m| m.is_live() || m.real_ms > world.real_ms - DAY);
            prop_assert!(day <= PER_DAY, "{day} GAS in a day");
            prop_assert!(sum(&|_| true) <= LIFETIME);
            let spent = ledger.spending(&Hash160([1; 20]), Network(SANDBOX), &world.reading()).unwrap();
            prop_assert!(spent.day >= Datoshi::from_gas(day), "the ledger says {:?} of {day} GAS", spent.day);
            prop_assert_eq!(spent.lifetime, Datoshi::from_gas(sum(&|_| true)));
        }
    }
}

#[test]
fn a_clock_that_is_set_forward_and_back_frees_nothing() {
    let (_home, ledger) = open();
    let now = Reading::now();
    let pays = |ledger: &Ledger, at: &Reading| {
        let job = submitted(ledger).id;
        let paid = intend_at(ledger, &attempt(&job, 1, 2), &caps(2, 2, 100), at).is_ok();
        if paid {
            ledger.set_attempt(&job, 1, AttemptState::Confirmed, Some(1)).unwrap();
        }
        paid
    };
    assert!(pays(&ledger, &now));
    for hours in [25, 1000, -25, -1000, 0] {
        let set = Reading { wall_ms: now.wall_ms + hours * HOUR, ..now.clone() };
        assert!(!pays(&ledger, &set), "set by {hours} hours");
    }
    let later = Reading { up_ms: now.up_ms + 23 * HOUR, wall_ms: now.wall_ms + 900 * HOUR, ..now.clone() };
    assert!(!pays(&ledger, &later), "23 hours have passed");
    let next_day = Reading { up_ms: now.up_ms + 25 * HOUR, wall_ms: 0, ..now.clone() };
    assert!(pays(&ledger, &next_day), "25 hours have passed, whatever the wall clock says");
    let after_boot = Reading { boot: "another".into(), up_ms: 0, wall_ms: 25 * HOUR };
    assert!(pays(&ledger, &after_boot), "the machine was off for a day");
}
