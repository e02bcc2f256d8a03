//! The scripts.

use super::*;

fn hex_script(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

/// A call of a contract's method with arguments that are already instructions.
fn call(contract: Hash160, method: &str, flags: u8, arguments: &[Vec<u8>]) -> Vec<u8> {
    let mut script: Vec<u8> = arguments.iter().rev().flatten().copied().collect();
    match arguments.len() {
        0 => script.push(0xc2),
        count => script.extend([0x10 + count as u8, 0xc0]),
    }
    script.push(0x10 + flags);
    script.extend(push(method.as_bytes()));
    script.extend(push(&contract.0));
    script.extend([0x41, 0x62, 0x7d, 0x5b, 0x52]);
    script
}

fn push(bytes: &[u8]) -> Vec<u8> {
    [&[0x0c, bytes.len() as u8], bytes].concat()
}

fn transfer_with(actor: &Actor, amount: &[u8]) -> Vec<u8> {
    let arguments = [push(&actor.account.0), push(&TO.0), amount.to_vec(), vec![0x0b]];
    [call(GAS_CONTRACT, "transfer", 15, &arguments), vec![0x39]].concat()
}

pub const CASES: &[Case] = &[
    Case { name: "a transfer with a reference", state: "HALT", script: |a| a.transfer(TO, 5) },
    Case { name: "a transfer of a large amount", state: "HALT", script: |a| a.transfer(TO, 8_00000000) },
    Case { name: "a transfer of nothing", state: "HALT", script: |a| a.transfer(TO, 0) },
    Case { name: "a transfer to oneself", state: "HALT", script: |a| a.transfer(a.account, 7) },
    Case { name: "a transfer of more than there is", state: "FAULT", script: |a| a.transfer(TO, 11_00000000) },
    Case { name: "a transfer from somebody else", state: "FAULT", script: |_| Actor::named("other").transfer(TO, 1) },
    Case { name: "a transfer without data", state: "HALT", script: |a| transfer_with(a, &[0x15]) },
    Case {
        name: "a transfer without ASSERT of more than there is",
        state: "HALT",
        script: |a| a.transfer(TO, 11_00000000).split_last().unwrap().1.to_vec(),
    },
    Case { name: "two transfers", state: "HALT", script: |a| [a.transfer(TO, 5), a.transfer(TO, 6)].concat() },
    Case {
        name: "a transfer that holds and one that does not",
        state: "FAULT",
        script: |a| [a.transfer(TO, 5), a.transfer(TO, 11_00000000)].concat(),
    },
    Case { name: "a transfer, then ABORT", state: "FAULT", script: |a| [a.transfer(TO, 5), vec![0x38]].concat() },
    Case { name: "a negative amount", state: "FAULT", script: |a| transfer_with(a, &[0x0f]) },
    Case { name: "an amount as bytes", state: "HALT", script: |a| transfer_with(a, &[0x0c, 2, 0, 1]) },
    Case { name: "an amount as empty bytes", state: "HALT", script: |a| transfer_with(a, &[0x0c, 0]) },
    Case { name: "an amount as a truth", state: "HALT", script: |a| transfer_with(a, &[0x08]) },
    Case { name: "an amount of null", state: "FAULT", script: |a| transfer_with(a, &[0x0b]) },
    Case { name: "an amount as an array", state: "FAULT", script: |a| transfer_with(a, &[0xc2]) },
    Case { name: "an amount in one byte", state: "HALT", script: |a| transfer_with(a, &[0x00, 100]) },
    Case { name: "an amount in two bytes", state: "HALT", script: |a| transfer_with(a, &[0x01, 0, 1]) },
    Case { name: "an amount in four bytes", state: "HALT", script: |a| transfer_with(a, &[2, 0, 0, 1, 0]) },
    Case {
        name: "an amount in sixteen bytes",
        state: "HALT",
        script: |a| transfer_with(a, &[&[4, 9][..], &[0; 15]].concat()),
    },
    Case {
        name: "an amount in thirty-two bytes",
        state: "HALT",
        script: |a| transfer_with(a, &[&[5, 9][..], &[0; 31]].concat()),
    },
    Case {
        name: "an amount beyond sixty-four bits",
        state: "FAULT",
        script: |a| transfer_with(a, &[&[4][..], &[9; 15], &[0]].concat()),
    },
    Case {
        name: "an account of nineteen bytes",
        state: "FAULT",
        script: |a| {
            let arguments = [push(&a.account.0), push(&[2; 19]), vec![0x15], vec![0x0b]];
            call(GAS_CONTRACT, "transfer", 15, &arguments)
        },
    },
    Case {
        name: "an account of null",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 15, &[push(&a.account.0), vec![0x0b], vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "a transfer with three arguments",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 15, &[push(&a.account.0), push(&TO.0), vec![0x15]]),
    },
    Case {
        name: "a transfer that may only read",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 1, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "a transfer that may not notify",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 7, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case {
        name: "call flags that do not exist",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "transfer", 16, &[push(&a.account.0), push(&TO.0), vec![0x15], vec![0x0b]]),
    },
    Case { name: "a method that does not exist", state: "FAULT", script: |_| call(GAS_CONTRACT, "transfes", 15, &[]) },
    Case {
        name: "a contract that does not exist",
        state: "FAULT",
        script: |_| call(Hash160([7; 20]), "transfer", 15, &[]),
    },
    Case { name: "a balance", state: "HALT", script: |a| call(GAS_CONTRACT, "balanceOf", 15, &[push(&a.account.0)]) },
    Case {
        name: "a balance that may only be read",
        state: "HALT",
        script: |a| call(GAS_CONTRACT, "balanceOf", 1, &[push(&a.account.0)]),
    },
    Case {
        name: "a balance that may not be read",
        state: "FAULT",
        script: |a| call(GAS_CONTRACT, "balanceOf", 0, &[push(&a.account.0)]),
    },
    Case {
        name: "the balance of nobody",
        state: "HALT",
        script: |_| call(GAS_CONTRACT, "balanceOf", 15, &[push(&[9; 20])]),
    },
    Case { name: "the symbol", state: "HALT", script: |_| call(GAS_CONTRACT, "symbol", 0, &[]) },
    Case { name: "the decimals", state: "HALT", script: |_| call(GAS_CONTRACT, "decimals", 0, &[]) },
    Case {
        name: "the fee of Conflicts",
        state: "HALT",
        script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x21]]),
    },
    Case {
        name: "the fee of NotaryAssisted",
        state: "HALT",
        script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x22]]),
    },
    Case {
        name: "the fee of no attribute",
        state: "FAULT",
        script: |_| call(POLICY_CONTRACT, "getAttributeFee", 15, &[vec![0, 0x33]]),
    },
    Case { name: "the fee of a byte", state: "HALT", script: |_| call(POLICY_CONTRACT, "getFeePerByte", 15, &[]) },
    Case { name: "the fee factor", state: "HALT", script: |_| call(POLICY_CONTRACT, "getExecFeeFactor", 15, &[]) },
    Case { name: "the storage price", state: "HALT", script: |_| call(POLICY_CONTRACT, "getStoragePrice", 15, &[]) },
    Case { name: "numbers", state: "HALT", script: |_| hex_script("11 12 0f 10 20 00ff 01ff7f 02ffffff7f") },
    Case {
        name: "values of every kind",
        state: "HALT",
        script: |_| hex_script("08 09 0b 0c0161 0d010062 0e0100000063 c2 11 12 12 c0"),
    },
    Case { name: "truths", state: "HALT", script: |_| hex_script("08 aa 10 aa 0b aa 0c0100 aa c2 aa 0b d8 11 d8") },
    Case { name: "a stack turned", state: "HALT", script: |_| hex_script("11 12 50 4a 45 21") },
    Case { name: "RET before the end", state: "HALT", script: |_| hex_script("11 40 12") },
    Case { name: "ASSERT of false", state: "FAULT", script: |_| hex_script("11 09 39") },
    Case { name: "ASSERT of nothing", state: "FAULT", script: |_| hex_script("39") },
    Case { name: "ASSERT of an empty array", state: "HALT", script: |_| hex_script("c2 39") },
    Case { name: "THROW", state: "FAULT", script: |_| hex_script("0c0568656c6c6f 3a") },
    Case { name: "ABORT", state: "FAULT", script: |_| hex_script("11 38") },
    Case { name: "DROP of nothing", state: "FAULT", script: |_| hex_script("45") },
    Case { name: "DUP of nothing", state: "FAULT", script: |_| hex_script("4a") },
    Case { name: "PACK of too many", state: "FAULT", script: |_| hex_script("11 12 c0") },
    Case { name: "PACK of less than none", state: "FAULT", script: |_| hex_script("11 0f c0") },
    Case { name: "PACK of none", state: "HALT", script: |_| hex_script("11 10 c0") },
    Case { name: "a system call that does not exist", state: "FAULT", script: |_| hex_script("41ffffffff") },
    Case { name: "a stack that is full", state: "HALT", script: |_| vec![0x11; 2048] },
    Case { name: "a stack that is too full", state: "FAULT", script: |_| vec![0x11; 2049] },
];
