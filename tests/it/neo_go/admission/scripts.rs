//! Scripts that are whole, and scripts that are not.

use super::*;

/// NOPs, then a push: a script of exactly this length that ends well.
fn script_of(length: usize) -> Vec<u8> {
    let mut script = vec![0x21; length];
    script[0] = 0x11;
    script
}

pub const CASES: &[Case] = &[
    Case { name: "a script with an unknown opcode", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xff]) },
    Case { name: "a script that is cut off", answers: &[-506], send: |s| s.scripted(vec![0x0c, 9, 1]) },
    Case { name: "a jump into the middle", answers: &[-506], send: |s| s.scripted(vec![0x22, 3, 0x00, 0x05]) },
    Case { name: "a jump before the beginning", answers: &[-506], send: |s| s.scripted(vec![0x22, 0x80]) },
    Case { name: "a jump to the end", answers: &[0], send: |s| s.scripted(vec![0x22, 2]) },
    Case { name: "a TRY to the middle", answers: &[-506], send: |s| s.scripted(vec![0x3b, 4, 0, 0x00, 0x05]) },
    Case { name: "a conversion to no type", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xdb, 0x77]) },
    Case { name: "a conversion to anything", answers: &[-506], send: |s| s.scripted(vec![0x11, 0xdb, 0x00]) },
    Case { name: "an array of anything", answers: &[0], send: |s| s.scripted(vec![0x11, 0xc4, 0x00]) },
    Case { name: "a script that fails", answers: &[0], send: |s| s.scripted(vec![0x38]) },
    Case { name: "the longest script", answers: &[0], send: |s| s.scripted(script_of(0xffff)) },
    Case { name: "a script that is too long", answers: &[-32602], send: |s| s.scripted(script_of(0x1_0000)) },
    Case {
        name: "a bad script past its last block",
        answers: &[-506],
        send: |s| vec![s.a.runs(vec![0xff], 0).bytes()],
    },
];
