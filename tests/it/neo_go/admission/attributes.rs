//! Attributes: Conflicts most of all, in the pool and on the chain.

use super::*;

/// The attribute.
pub fn conflicts(hash: TxHash) -> Attribute {
    Attribute::Conflicts(hash)
}

fn hash_of(draft: Draft<'_>) -> TxHash {
    draft.sign().transaction.hash()
}

pub const CASES: &[Case] = &[
    Case {
        name: "high priority",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(Attribute::HighPriority).bytes()],
    },
    Case {
        name: "not valid before now",
        answers: &[0],
        send: |s| vec![s.valid().attribute(Attribute::NotValidBefore(s.height)).bytes()],
    },
    Case {
        name: "not valid before the next block",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(Attribute::NotValidBefore(s.height + 1)).bytes()],
    },
    Case {
        name: "a conflict with nothing known",
        answers: &[0],
        send: |s| vec![s.valid().attribute(conflicts(TxHash([7; 32]))).bytes()],
    },
    Case {
        name: "fifteen conflicts with nothing known",
        answers: &[0],
        send: |s| vec![(0..15).fold(s.valid(), |draft, n| draft.attribute(conflicts(TxHash([n; 32])))).bytes()],
    },
    Case {
        name: "the same conflict twice",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(conflicts(TxHash([7; 32]))).attribute(conflicts(TxHash([7; 32]))).bytes()],
    },
    Case {
        name: "a conflict with what landed",
        answers: &[-507],
        send: |s| vec![s.valid().attribute(conflicts(s.landed.transaction.hash())).bytes()],
    },
    Case {
        name: "what a landed transaction of the same sender ruled out",
        answers: &[-500],
        send: |s| vec![s.ruled_out.bytes()],
    },
    Case {
        name: "what a landed transaction of somebody else named",
        answers: &[0],
        send: |s| vec![s.slandered.bytes()],
    },
    Case {
        name: "a conflict with a waiting one, for a higher fee",
        answers: &[0, 0, -500],
        send: |s| {
            let waiting = s.valid().bytes();
            let named = s.valid().nonce(1).attribute(conflicts(hash_of(s.valid())));
            vec![waiting.clone(), named.bytes(), waiting]
        },
    },
    Case {
        name: "a conflict with a waiting one, for the same fee",
        answers: &[0, -500],
        send: |s| {
            let waiting = s.valid().fee_above_exact(33_000);
            let hash = hash_of(s.valid().fee_above_exact(33_000));
            vec![waiting.bytes(), s.valid().nonce(1).attribute(conflicts(hash)).bytes()]
        },
    },
    Case {
        name: "a conflict with somebody else's waiting one",
        answers: &[0, -500],
        send: |s| {
            vec![
                s.valid_of_b().bytes(),
                s.valid().fee_above_exact(9_000_000).attribute(conflicts(hash_of(s.valid_of_b()))).bytes(),
            ]
        },
    },
    Case {
        name: "a conflict with two waiting ones, for more than both",
        answers: &[0, 0, 0, -500, -500],
        send: |s| {
            let (one, two) = (s.valid().bytes(), s.valid().nonce(1).bytes());
            let both = s.valid().nonce(2).fee_above_exact(2_000_000);
            let both = both.attribute(conflicts(hash_of(s.valid()))).attribute(conflicts(hash_of(s.valid().nonce(1))));
            vec![one.clone(), two.clone(), both.bytes(), one, two]
        },
    },
    Case {
        name: "a conflict with two waiting ones, for more than one",
        answers: &[0, 0, -500],
        send: |s| {
            let both = s.valid().nonce(2).fee_above_exact(500_000);
            let both = both.attribute(conflicts(hash_of(s.valid()))).attribute(conflicts(hash_of(s.valid().nonce(1))));
            vec![s.valid().bytes(), s.valid().nonce(1).bytes(), both.bytes()]
        },
    },
    Case {
        name: "what a waiting one of the same sender names, for a lower fee",
        answers: &[0, -500],
        send: |s| vec![s.valid().nonce(1).attribute(conflicts(hash_of(s.valid()))).bytes(), s.valid().bytes()],
    },
    Case {
        name: "what a waiting one of the same sender names, for a higher fee",
        answers: &[0, 0],
        send: |s| {
            let paid = |s: &Scene| s.valid().fee_above_exact(5_000_000).sign();
            let named = s.valid().nonce(1).attribute(conflicts(paid(s).transaction.hash()));
            vec![named.bytes(), paid(s).bytes()]
        },
    },
    Case {
        name: "what a waiting one of somebody else names",
        answers: &[0, 0, -500],
        send: |s| {
            let slander = s.valid_of_b().fee_above_exact(9_000_000).attribute(conflicts(hash_of(s.valid()))).bytes();
            vec![slander.clone(), s.valid().bytes(), slander]
        },
    },
    Case {
        name: "a conflict with a waiting one that frees its fees",
        answers: &[0, 0],
        send: |s| {
            let burning = |nonce: u32| {
                let draft = s.valid().nonce(nonce).with(|t| t.system_fee = datoshi(FUNDS - 3_000_000));
                if nonce == 0 {
                    draft
                } else {
                    draft.attribute(conflicts(hash_of(
                        s.valid().nonce(0).with(|t| t.system_fee = datoshi(FUNDS - 3_000_000)),
                    )))
                }
            };
            vec![burning(0).bytes(), burning(1).bytes()]
        },
    },
];
