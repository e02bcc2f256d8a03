//! The transfer script that is bound to its job: built, and recognised.
//!
//! Order of the instructions: push data, amount, to, from; push 4, PACK; push CallFlags::All, "transfer", the GAS
//! contract; SYSCALL System.Contract.Call; ASSERT. Without the ASSERT a transfer that moves nothing ends in HALT.

use neo3::{
    neo_builder::{InteropService, ScriptBuilder},
    neo_types::OpCode,
};

use super::{GAS_CONTRACT, wire::Reader};
use domain::{hash::Hash160, money::Datoshi};

/// The longest reference that travels with a payment, bytes.
pub const MAX_REFERENCE: usize = 64;
/// CallFlags::All of System.Contract.Call.
const CALL_FLAGS_ALL: i64 = 0x0f;
/// How many arguments `transfer` takes.
const TRANSFER_ARGUMENTS: i64 = 4;

/// One transfer of GAS with what binds it to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Pays.
    pub from: Hash160,
    /// Is paid.
    pub to: Hash160,
    /// This much.
    pub amount: Datoshi,
    /// The quote's reference, as the transfer's `data`; null when there is none.
    pub reference: Option<Vec<u8>>,
}

/// Why no script is built.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
#[error("a payment's reference has 1 to {MAX_REFERENCE} bytes, this one has {0}")]
pub struct ReferenceError(pub usize);

impl Transfer {
    /// The script's bytes.
    ///
    /// # Errors
    /// A reference that is empty or longer than [`MAX_REFERENCE`].
    pub fn script(&self) -> Result<Vec<u8>, ReferenceError> {
        match &self.reference {
            Some(bytes) if bytes.is_empty() || bytes.len() > MAX_REFERENCE => Err(ReferenceError(bytes.len())),
            _ => Ok(self.build()),
        }
    }

    fn build(&self) -> Vec<u8> {
        let mut script = ScriptBuilder::new();
        match &self.reference {
            Some(bytes) => script.push_data(bytes.clone()),
            None => script.op_code(&[OpCode::PushNull]),
        };
        // All of these fit Neo's 32-byte integers, so the pushes cannot fail.
        script
            .push_integer(self.amount.datoshi().into())
            .push_data(self.to.0.to_vec())
            .push_data(self.from.0.to_vec())
            .push_integer(TRANSFER_ARGUMENTS.into())
            .op_code(&[OpCode::Pack])
            .push_integer(CALL_FLAGS_ALL.into())
            .push_data(b"transfer".to_vec())
            .push_data(GAS_CONTRACT.0.to_vec())
            .sys_call(InteropService::SystemContractCall)
            .op_code(&[OpCode::Assert]);
        script.to_bytes()
    }

    /// Recognises exactly the script that [`Transfer::script`] builds, byte for byte; `None` for any other.
    pub fn parse(script: &[u8]) -> Option<Transfer> {
        let mut reader = Reader::new(script);
        let reference = match reader.byte().ok()? {
            op if op == OpCode::PushNull.opcode() => None,
            op if op == OpCode::PushData1.opcode() => Some(reader.bytes("data", MAX_REFERENCE).ok()?.to_vec()),
            _ => return None,
        };
        let amount = read_amount(&mut reader)?;
        let (to, from) = (read_account(&mut reader)?, read_account(&mut reader)?);
        let transfer = Transfer { from, to, amount, reference };
        // Building it again and comparing all bytes leaves no second spelling of the same transfer.
        (transfer.script().ok()? == script).then_some(transfer)
    }
}

fn read_amount(reader: &mut Reader<'_>) -> Option<Datoshi> {
    let op = reader.byte().ok()?;
    let value = match op {
        0x10..=0x20 => i64::from(op - 0x10),
        0x00 => i64::from(i8::from_le_bytes(reader.array().ok()?)),
        0x01 => i64::from(i16::from_le_bytes(reader.array().ok()?)),
        0x02 => i64::from(i32::from_le_bytes(reader.array().ok()?)),
        0x03 => reader.i64().ok()?,
        _ => return None,
    };
    u64::try_from(value).ok().and_then(Datoshi::new)
}

fn read_account(reader: &mut Reader<'_>) -> Option<Hash160> {
    if reader.byte().ok()? != OpCode::PushData1.opcode() || reader.byte().ok()? != 20 {
        return None;
    }
    reader.array().ok().map(Hash160)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn transfer(amount: u64, reference: Option<&[u8]>) -> Transfer {
        Transfer {
            from: Hash160([1; 20]),
            to: Hash160([2; 20]),
            amount: Datoshi::new(amount).unwrap(),
            reference: reference.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn the_script_is_the_one_that_was_tried_on_a_node() {
        let script = hex::encode(transfer(200_000_000, Some(b"ref")).script().unwrap());
        let expected = [
            "0c03726566",
            "0200c2eb0b",
            &format!("0c14{}", "02".repeat(20)),
            &format!("0c14{}", "01".repeat(20)),
            "14c01f0c087472616e73666572",
            "0c14cf76e28bd0062c4a478ee35561011319f3cfa4d2",
            "41627d5b5239",
        ];
        assert_eq!(script, expected.concat());
    }

    #[test]
    fn references_are_one_to_sixty_four_bytes() {
        assert_eq!(transfer(1, Some(b"")).script(), Err(ReferenceError(0)));
        assert_eq!(transfer(1, Some(&[7; 65])).script(), Err(ReferenceError(65)));
        assert!(transfer(1, Some(&[7; 64])).script().is_ok());
    }

    #[test]
    fn a_second_spelling_of_the_same_transfer_is_not_recognised() {
        let script = transfer(5, Some(b"ref")).script().unwrap();
        let long_amount = [&script[..5], &[0x00, 5], &script[6..]].concat();
        assert_eq!(Transfer::parse(&long_amount), None);
        let mut no_assert = script.clone();
        no_assert.pop();
        assert_eq!(Transfer::parse(&no_assert), None);
        assert_eq!(Transfer::parse(&[&script[..], &[0x40]].concat()), None);
        assert_eq!(Transfer::parse(&[&script[..], &script[..]].concat()), None);
    }

    proptest! {
        #[test]
        fn what_is_built_is_recognised(
            amount in 0..=i64::MAX as u64,
            from: [u8; 20],
            to: [u8; 20],
            reference in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..=MAX_REFERENCE)),
        ) {
            let amount = Datoshi::new(amount).unwrap();
            let transfer = Transfer { from: Hash160(from), to: Hash160(to), amount, reference };
            prop_assert_eq!(Transfer::parse(&transfer.script().unwrap()), Some(transfer));
        }

        #[test]
        fn one_changed_byte_never_reads_as_the_same_transfer(at in 0usize..95, bit in 0u8..8) {
            let original = transfer(200_000_000, Some(b"reference"));
            let mut script = original.script().unwrap();
            let at = at % script.len();
            script[at] ^= 1 << bit;
            prop_assert_ne!(Transfer::parse(&script), Some(original));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Transfer::parse(&bytes);
        }
    }
}
