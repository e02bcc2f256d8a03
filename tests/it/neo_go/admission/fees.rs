//! Last blocks and fees.

use super::*;

fn until_block(scene: &Scene, block: u32) -> Vec<Vec<u8>> {
    vec![scene.a.pays(TO, 5, block).bytes()]
}

pub const CASES: &[Case] = &[
    Case { name: "a last block of 0", answers: &[-510], send: |s| until_block(s, 0) },
    Case { name: "a last block that is the newest", answers: &[-510], send: |s| until_block(s, s.height) },
    Case { name: "a last block that is the next", answers: &[0], send: |s| until_block(s, s.height + 1) },
    Case { name: "a last block as far as allowed", answers: &[0], send: |s| until_block(s, s.height + MAX_INCREMENT) },
    Case { name: "a last block one too far", answers: &[-510], send: |s| until_block(s, s.height + MAX_INCREMENT + 1) },
    Case { name: "a last block at the end of time", answers: &[-510], send: |s| until_block(s, u32::MAX) },
    Case { name: "a network fee one too low", answers: &[-500], send: |s| vec![s.valid().fee_above_exact(-1).bytes()] },
    Case { name: "a network fee one too high", answers: &[0], send: |s| vec![s.valid().fee_above_exact(1).bytes()] },
    Case {
        name: "a network fee for the size only",
        answers: &[-500],
        send: |s| vec![s.valid().fee_above_exact(-(single_key_witness() as i64)).bytes()],
    },
    Case {
        name: "a network fee below the size's",
        answers: &[-504],
        send: |s| vec![s.valid().fee_above_exact(-(single_key_witness() as i64) - 1).bytes()],
    },
    Case { name: "no network fee", answers: &[-504], send: |s| vec![s.valid().signed_as_it_is().bytes()] },
    Case {
        name: "no system fee",
        answers: &[0],
        send: |s| vec![s.valid().with(|t| t.system_fee = Datoshi::ZERO).bytes()],
    },
    Case { name: "fees that are the whole balance", answers: &[0], send: |s| s.burning(FUNDS) },
    Case { name: "fees one above the balance", answers: &[-511], send: |s| s.burning(FUNDS + 1) },
    Case { name: "a system fee beyond a block's", answers: &[-505], send: |s| s.burning(1501_00000000) },
    Case {
        name: "a sender without coins",
        answers: &[-511],
        send: |s| vec![s.beggar.pays(TO, 0, s.height + 9).bytes()],
    },
    Case {
        name: "fees that the sender's other transactions have used up",
        answers: &[0, -511],
        send: |s| [s.burning(FUNDS - 1000), vec![s.valid().nonce(1).bytes()]].concat(),
    },
    Case {
        name: "an amount above the balance",
        answers: &[0],
        send: |s| vec![s.a.pays(TO, FUNDS * 2, s.height + 9).bytes()],
    },
];
