//! Neo's instructions: how long each is, what it costs, and whether a script is made of whole ones.
//!
//! Sources: Neo N3's opcode table (operand sizes) and its price coefficients, as neo-go 0.120 charges them.

/// One instruction of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// Where it begins.
    pub at: usize,
    /// Its opcode.
    pub opcode: u8,
    /// Its operand, without a length in front.
    pub operand: &'a [u8],
    /// Where the next one begins.
    pub next: usize,
}

/// Why bytes are no instruction.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum ScriptError {
    /// No instruction has this opcode.
    #[error("at instruction {at}: incorrect opcode {opcode:#04x}")]
    Opcode {
        /// Where.
        at: usize,
        /// The byte.
        opcode: u8,
    },
    /// The script ends within an instruction.
    #[error("at instruction {at}: failed to read instruction parameter")]
    Operand {
        /// Where.
        at: usize,
    },
    /// A jump to what is no instruction.
    #[error("some jumps are done to wrong offsets (not to instruction boundary)")]
    Jump,
    /// A type that does not exist.
    #[error("at instruction {at}: invalid type specification")]
    Type {
        /// Where.
        at: usize,
    },
}

/// How an operand is laid out.
enum Operand {
    /// This many bytes.
    Fixed(usize),
    /// A length of this many bytes, then so many bytes.
    Prefixed(usize),
}

fn operand(opcode: u8) -> Option<Operand> {
    use Operand::{Fixed, Prefixed};
    Some(match opcode {
        0x00 => Fixed(1),
        0x01 => Fixed(2),
        0x02 => Fixed(4),
        0x03 => Fixed(8),
        0x04 => Fixed(16),
        0x05 => Fixed(32),
        0x0a => Fixed(4),
        0x0c => Prefixed(1),
        0x0d => Prefixed(2),
        0x0e => Prefixed(4),
        0x08 | 0x09 | 0x0b | 0x0f..=0x21 => Fixed(0),
        // Jumps and calls: an even opcode is the short form, the odd one after it the long.
        0x22..=0x35 => Fixed(if opcode.is_multiple_of(2) { 1 } else { 4 }),
        0x36 | 0x38..=0x3a | 0x3f | 0x40 => Fixed(0),
        0x37 => Fixed(2),
        0x3b => Fixed(2),
        0x3c => Fixed(8),
        0x3d => Fixed(1),
        0x3e => Fixed(4),
        0x41 => Fixed(4),
        0x43 | 0x45 | 0x46 | 0x48..=0x4b | 0x4d | 0x4e | 0x50..=0x55 => Fixed(0),
        0x56 => Fixed(1),
        0x57 => Fixed(2),
        // Static fields, locals, arguments: seven short loads or stores, then one with an index.
        0x58..=0x87 => Fixed(usize::from((opcode - 0x58) % 8 == 7)),
        0x88 | 0x89 | 0x8b..=0x8e | 0x90..=0x93 | 0x97 | 0x98 | 0x99..=0xa6 | 0xa8..=0xac => Fixed(0),
        0xb1 | 0xb3..=0xbb | 0xbe..=0xc3 | 0xc5 | 0xc6 | 0xc8 | 0xca..=0xd4 | 0xd8 => Fixed(0),
        0xc4 | 0xd9 | 0xdb => Fixed(1),
        0xe0 | 0xe1 => Fixed(0),
        _ => return None,
    })
}

/// The instruction at `at`; `None` at the script's end.
///
/// # Errors
/// A byte that is no opcode, or an operand that is cut off.
pub fn decode(script: &[u8], at: usize) -> Result<Option<Instruction<'_>>, ScriptError> {
    let Some(&opcode) = script.get(at) else { return Ok(None) };
    let short = ScriptError::Operand { at };
    let (start, length) = match operand(opcode).ok_or(ScriptError::Opcode { at, opcode })? {
        Operand::Fixed(length) => (at + 1, length),
        Operand::Prefixed(width) => {
            let prefix = script.get(at + 1..at + 1 + width).ok_or(short)?;
            let length = prefix.iter().rev().fold(0_usize, |n, byte| n << 8 | usize::from(*byte));
            (at + 1 + width, length)
        }
    };
    let next = start.checked_add(length).ok_or(short)?;
    let operand = script.get(start..next).ok_or(short)?;
    Ok(Some(Instruction { at, opcode, operand, next }))
}

/// Whether a script is made of whole instructions, and its jumps lead to the beginnings of some.
///
/// # Errors
/// Where it is not.
pub fn check_script(script: &[u8]) -> Result<(), ScriptError> {
    let (mut starts, mut targets) = (vec![false; script.len() + 1], Vec::new());
    let mut at = 0;
    while let Some(instruction) = decode(script, at)? {
        if let Some(start) = starts.get_mut(at) {
            *start = true;
        }
        let offsets: &[&[u8]] = match (instruction.opcode, instruction.operand) {
            (0x0a | 0x22..=0x35 | 0x3d | 0x3e, offset) => &[offset],
            (0x3b | 0x3c, both) => &<[&[u8]; 2]>::from(both.split_at(both.len() / 2)),
            (0xc4 | 0xd9 | 0xdb, [kind]) if !is_type(*kind) || (*kind == 0 && instruction.opcode != 0xc4) => {
                return Err(ScriptError::Type { at });
            }
            _ => &[],
        };
        for offset in offsets {
            targets.push(target(at, offset, script.len()).ok_or(ScriptError::Jump)?);
        }
        at = instruction.next;
    }
    if let Some(end) = starts.last_mut() {
        *end = true;
    }
    match targets.iter().all(|target| starts.get(*target) == Some(&true)) {
        true => Ok(()),
        false => Err(ScriptError::Jump),
    }
}

/// Where a jump leads: an offset from its own instruction, to the script's end at most.
fn target(at: usize, offset: &[u8], length: usize) -> Option<usize> {
    let offset = match offset {
        [short] => i64::from(i8::from_le_bytes([*short])),
        long => i64::from(i32::from_le_bytes(long.try_into().ok()?)),
    };
    let to = i64::try_from(at).ok()?.checked_add(offset)?;
    usize::try_from(to).ok().filter(|to| *to <= length)
}

/// The virtual machine's types.
fn is_type(kind: u8) -> bool {
    matches!(kind, 0x00 | 0x10 | 0x20 | 0x21 | 0x28 | 0x30 | 0x40 | 0x41 | 0x48 | 0x60)
}

/// What the machine charges before it runs an instruction, in units of the execution fee factor; `None` for those that
/// the sandbox does not run.
pub fn price(opcode: u8) -> Option<u64> {
    Some(match opcode {
        0x00..=0x03 | 0x08 | 0x09 | 0x0b | 0x0f..=0x21 | 0x39 => 1,
        0x04 | 0x05 | 0xaa => 1 << 2,
        0x0c => 1 << 3,
        0x0d => 1 << 9,
        0x0e => 1 << 12,
        0x38 | 0x40 | 0x41 => 0,
        0x3a => 1 << 9,
        0x45 | 0x4a | 0x50 | 0xd8 => 1 << 1,
        0xc0 => 1 << 11,
        0xc2 => 1 << 4,
        _ => return None,
    })
}

/// The name in Neo's documentation, of those that the sandbox runs.
pub fn name(opcode: u8) -> &'static str {
    match opcode {
        0x00..=0x05 => "PUSHINT",
        0x08 => "PUSHT",
        0x09 => "PUSHF",
        0x0b => "PUSHNULL",
        0x0c..=0x0e => "PUSHDATA",
        0x0f..=0x20 => "PUSH",
        0x21 => "NOP",
        0x38 => "ABORT",
        0x39 => "ASSERT",
        0x3a => "THROW",
        0x40 => "RET",
        0x41 => "SYSCALL",
        0x45 => "DROP",
        0x4a => "DUP",
        0x50 => "SWAP",
        0xaa => "NOT",
        0xc0 => "PACK",
        0xc2 => "NEWARRAY0",
        0xd8 => "ISNULL",
        _ => "an instruction that the sandbox does not run",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instructions_are_cut_where_they_end() {
        assert_eq!(check_script(&[0x11, 0x12, 0x0c, 2, 0xff, 0xff, 0x40]), Ok(()));
        assert_eq!(check_script(&[0x0c, 3, 1]), Err(ScriptError::Operand { at: 0 }));
        assert_eq!(check_script(&[0x0e, 0xff, 0xff, 0xff, 0xff]), Err(ScriptError::Operand { at: 0 }));
        assert_eq!(check_script(&[0x11, 0xff]), Err(ScriptError::Opcode { at: 1, opcode: 0xff }));
        assert_eq!(check_script(&[0x22, 2, 0x40]), Ok(()), "a jump to an instruction");
        assert_eq!(check_script(&[0x22, 3, 0x40]), Ok(()), "a jump to the end");
        assert_eq!(check_script(&[0x22, 3, 0x00, 0x05]), Err(ScriptError::Jump), "a jump into an operand");
        assert_eq!(check_script(&[0x22, 0xff]), Err(ScriptError::Jump), "a jump to before the script");
        assert_eq!(check_script(&[0xdb, 0x21]), Ok(()));
        assert_eq!(check_script(&[0xdb, 0x00]), Err(ScriptError::Type { at: 0 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_a_panic(script in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = check_script(&script);
        }
    }
}
