//! Form, and twins.

use super::*;

/// Where the fields of a transaction begin.
const VERSION: usize = 0;
const SYSTEM_FEE_AT: usize = 5;
const SIGNERS_AT: usize = 25;
const SCOPE_AT: usize = 46;
const ATTRIBUTES_AT: usize = 47;

pub const CASES: &[Case] = &[
    Case { name: "a valid transfer", answers: &[0], send: |s| vec![s.valid().bytes()] },
    Case { name: "no bytes", answers: &[-32602], send: |_| vec![vec![]] },
    Case { name: "garbage", answers: &[-32602], send: |_| vec![vec![0xab; 200]] },
    Case { name: "zeros", answers: &[-32602], send: |_| vec![vec![0; 200]] },
    Case { name: "cut short by one byte", answers: &[-32602], send: |s| s.changed(|b| b.truncate(b.len() - 1)) },
    Case { name: "cut to its half", answers: &[-32602], send: |s| s.changed(|b| b.truncate(b.len() / 2)) },
    Case { name: "one byte too many", answers: &[-32602], send: |s| s.changed(|b| b.push(0)) },
    Case {
        name: "only the unsigned part",
        answers: &[-32602],
        send: |s| vec![s.valid().sign().transaction.unsigned_bytes()],
    },
    Case { name: "version 1", answers: &[-32602], send: |s| s.changed(|b| b[VERSION] = 1) },
    Case { name: "a negative system fee", answers: &[-32602], send: |s| s.changed(|b| b[SYSTEM_FEE_AT + 7] = 0xff) },
    Case { name: "a negative network fee", answers: &[-32602], send: |s| s.changed(|b| b[SYSTEM_FEE_AT + 15] = 0xff) },
    Case {
        name: "fees whose sum is no amount",
        answers: &[-32602],
        send: |s| {
            s.changed(|b| b[SYSTEM_FEE_AT..SYSTEM_FEE_AT + 16].copy_from_slice(&[i64::MAX.to_le_bytes(); 2].concat()))
        },
    },
    Case {
        name: "no signer",
        answers: &[-32602],
        send: |s| s.changed(|b| drop(b.splice(SIGNERS_AT..ATTRIBUTES_AT, [0]))),
    },
    Case { name: "seventeen signers", answers: &[-32602], send: |s| s.changed(|b| b[SIGNERS_AT] = 17) },
    Case { name: "an unknown scope", answers: &[-32602], send: |s| s.changed(|b| b[SCOPE_AT] = 0x02) },
    Case { name: "a scope that is global and more", answers: &[-32602], send: |s| s.changed(|b| b[SCOPE_AT] = 0x81) },
    Case {
        name: "an unknown attribute",
        answers: &[-32602],
        send: |s| s.changed(|b| drop(b.splice(ATTRIBUTES_AT..=ATTRIBUTES_AT, [1, 0x99]))),
    },
    Case {
        name: "sixteen attributes beside a signer",
        answers: &[-32602],
        send: |s| s.changed(|b| b[ATTRIBUTES_AT] = 16),
    },
    Case {
        name: "NotValidBefore twice",
        answers: &[-32602],
        send: |s| {
            vec![s.valid().attribute(Attribute::NotValidBefore(0)).attribute(Attribute::NotValidBefore(0)).bytes()]
        },
    },
    Case { name: "one signer named twice", answers: &[-32602], send: |s| vec![s.valid().signed_also_by(&s.a).bytes()] },
    Case { name: "an empty script", answers: &[-32602], send: |s| s.scripted(vec![]) },
    Case { name: "no witness", answers: &[-32602], send: |s| s.witnessed(|_, t| t.witnesses.clear()) },
    Case {
        name: "two witnesses for one signer",
        answers: &[-32602],
        send: |s| s.witnessed(|_, t| t.witnesses.push(t.witnesses[0].clone())),
    },
    Case {
        name: "an invocation script that is too long",
        answers: &[-32602],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation = vec![0x21; 1025]),
    },
    Case {
        name: "a verification script that is too long",
        answers: &[-32602],
        send: |s| s.witnessed(|_, t| t.witnesses[0].verification = vec![0x21; 1025]),
    },
    Case {
        name: "the same again, while it waits",
        answers: &[0, -503],
        send: |s| vec![s.valid().bytes(), s.valid().bytes()],
    },
    Case { name: "what landed, while still valid", answers: &[-501], send: |s| vec![s.landed.bytes()] },
    Case { name: "what landed, past its last block", answers: &[-510], send: |s| vec![s.landed_long_ago.bytes()] },
    Case {
        name: "two with different nonces",
        answers: &[0, 0],
        send: |s| vec![s.valid().bytes(), s.valid().nonce(9).bytes()],
    },
];
