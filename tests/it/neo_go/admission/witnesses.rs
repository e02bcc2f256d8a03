//! Witnesses, signers and scopes.

use super::*;

pub const CASES: &[Case] = &[
    Case {
        name: "another network's magic",
        answers: &[-508],
        send: |s| vec![s.valid().on(Network(860_833_102)).bytes()],
    },
    Case {
        name: "a flipped bit in the signature",
        answers: &[-508],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[40] ^= 1),
    },
    Case {
        name: "a signature of zeros",
        answers: &[-508],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[2..].fill(0)),
    },
    Case {
        name: "a signature of ones",
        answers: &[-508],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation[2..].fill(0xff)),
    },
    Case {
        name: "somebody else's signature",
        answers: &[-508],
        send: |s| s.witnessed(|s, t| t.witnesses[0].invocation = s.b.witness(&t.transaction, NET).invocation),
    },
    Case {
        name: "somebody else's witness",
        answers: &[-500],
        send: |s| s.witnessed(|s, t| t.witnesses[0] = s.b.witness(&t.transaction, NET)),
    },
    Case {
        name: "a changed amount after signing",
        answers: &[-508],
        send: |s| s.witnessed(|_, t| t.transaction.nonce ^= 1),
    },
    Case {
        name: "an empty invocation script",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.clear()),
    },
    Case {
        name: "an empty verification script",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| t.witnesses[0].verification.clear()),
    },
    Case {
        name: "a signature that is one byte short",
        answers: &[-508],
        send: |s| {
            s.witnessed(|_, t| {
                t.witnesses[0].invocation.pop();
                t.witnesses[0].invocation[1] = 63;
            })
        },
    },
    Case {
        name: "a signature pushed in a longer way",
        answers: &[0],
        send: |s| s.witnessed(|_, t| drop(t.witnesses[0].invocation.splice(0..2, [0x0d, 64, 0]))),
    },
    Case {
        name: "a signature pushed in a way that is not paid for",
        answers: &[-500],
        send: |s| {
            let mut signed = s.valid().fee_above_exact(1000).sign();
            signed.witnesses[0].invocation.splice(0..2, [0x0d, 64, 0]);
            vec![signed.bytes()]
        },
    },
    Case {
        name: "one value too many from the invocation script",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| drop(t.witnesses[0].invocation.splice(0..0, [0x11]))),
    },
    Case {
        name: "an invocation script that is cut off",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.truncate(65)),
    },
    Case {
        name: "an invocation script that ABORTs",
        answers: &[-500],
        send: |s| s.witnessed(|_, t| t.witnesses[0].invocation.push(0x38)),
    },
    Case { name: "two signers", answers: &[0], send: |s| vec![s.valid().signed_also_by(&s.b).bytes()] },
    Case {
        name: "two signers, the second's signature wrong",
        answers: &[-508],
        send: |s| {
            let mut signed = s.valid().signed_also_by(&s.b).sign();
            signed.witnesses[1].invocation[30] ^= 1;
            vec![signed.bytes()]
        },
    },
    Case {
        name: "two signers, the witnesses in the wrong order",
        answers: &[-500],
        send: |s| {
            let mut signed = s.valid().signed_also_by(&s.b).sign();
            signed.witnesses.reverse();
            vec![signed.bytes()]
        },
    },
    Case {
        name: "two signers, paid for one",
        answers: &[-500],
        send: |s| vec![s.valid().signed_also_by(&s.b).fee_above_exact(-1).bytes()],
    },
    Case {
        name: "a second signer without coins",
        answers: &[0],
        send: |s| vec![s.valid().signed_also_by(&s.beggar).bytes()],
    },
    Case {
        name: "the scope of nothing",
        answers: &[0],
        send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::None).bytes()],
    },
    Case {
        name: "the scope of everything",
        answers: &[0],
        send: |s| vec![s.valid().with(|t| t.signers[0].scope = Scope::Global).bytes()],
    },
    Case {
        name: "the scope of sixteen contracts",
        answers: &[0],
        send: |s| {
            vec![
                s.valid()
                    .with(|t| t.signers[0].scope = Scope::Contracts { entry: true, allowed: vec![TO; 16] })
                    .bytes(),
            ]
        },
    },
    Case {
        name: "the scope of seventeen contracts",
        answers: &[-32602],
        send: |s| {
            vec![
                s.valid()
                    .with(|t| t.signers[0].scope = Scope::Contracts { entry: true, allowed: vec![TO; 17] })
                    .bytes(),
            ]
        },
    },
];
