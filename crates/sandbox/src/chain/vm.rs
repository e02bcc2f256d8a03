//! A small part of Neo's virtual machine: the scripts of transfers, of balance queries, and of single-key witnesses.
//!
//! It runs pushes, NOP, DROP, DUP, SWAP, NOT, ISNULL, PACK, NEWARRAY0, ASSERT, ABORT, THROW, RET and SYSCALL, and charges
//! as Neo does. Anything else ends in FAULT with an exception that says so.

use super::{
    item::{Item, integer_of},
    opcode::{self, Instruction},
};
use neo::fees::EXEC_FEE_FACTOR;

/// More values on the stack are a FAULT.
const MAX_STACK: usize = 2048;

/// What a script may ask of the world outside.
pub trait Host {
    /// Runs a system call: the first four bytes of its name's SHA-256.
    ///
    /// # Errors
    /// The exception's words.
    fn call(&mut self, id: [u8; 4], machine: &mut Machine) -> Result<(), String>;
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The exception of a FAULT; `None` for HALT.
    pub exception: Option<String>,
    /// Datoshi charged.
    pub gas_consumed: u64,
    /// What is left on the stack, bottom first.
    pub stack: Vec<Item>,
}

/// A machine: a stack and a meter.
#[derive(Debug)]
pub struct Machine {
    stack: Vec<Item>,
    gas_consumed: u64,
    gas_limit: u64,
}

impl Machine {
    /// A machine that may charge `gas_limit` datoshi.
    pub fn new(gas_limit: u64) -> Machine {
        Machine { stack: Vec::new(), gas_consumed: 0, gas_limit }
    }

    /// Charges units of the execution fee factor.
    ///
    /// # Errors
    /// Beyond the limit; what was charged stays charged, as on Neo.
    pub fn charge_units(&mut self, units: u64) -> Result<(), String> {
        self.charge(units * EXEC_FEE_FACTOR)
    }

    /// Charges datoshi.
    ///
    /// # Errors
    /// As [`Machine::charge_units`].
    pub fn charge(&mut self, datoshi: u64) -> Result<(), String> {
        self.gas_consumed = self.gas_consumed.saturating_add(datoshi);
        if self.gas_consumed > self.gas_limit { Err("gas limit is exceeded".to_owned()) } else { Ok(()) }
    }

    /// Takes the top value.
    ///
    /// # Errors
    /// An empty stack.
    pub fn pop(&mut self) -> Result<Item, String> {
        self.stack.pop().ok_or_else(|| "stack is too small".to_owned())
    }

    /// Puts a value on top.
    pub fn push(&mut self, item: Item) {
        self.stack.push(item);
    }

    /// Runs a script to its end; the stack stays for the next script.
    ///
    /// # Errors
    /// The exception's words.
    pub fn run(&mut self, script: &[u8], host: &mut dyn Host) -> Result<(), String> {
        let mut at = 0;
        loop {
            let Some(instruction) = opcode::decode(script, at).map_err(|e| e.to_string())? else { return Ok(()) };
            let done = self.step(&instruction, host).map_err(|why| {
                format!("at instruction {} ({}): {why}", instruction.at, opcode::name(instruction.opcode))
            })?;
            if done {
                return Ok(());
            }
            at = instruction.next;
        }
    }

    /// How it ended, after a run.
    pub fn end(self, result: Result<(), String>) -> Ending {
        Ending { exception: result.err(), gas_consumed: self.gas_consumed, stack: self.stack }
    }

    fn step(&mut self, instruction: &Instruction<'_>, host: &mut dyn Host) -> Result<bool, String> {
        let code = instruction.opcode;
        let price = opcode::price(code).ok_or_else(|| format!("the sandbox does not run opcode {code:#04x}"))?;
        self.charge_units(price)?;
        match code {
            0x00..=0x05 => {
                let value = integer_of(instruction.operand);
                self.push(Item::Integer(value.ok_or("the sandbox does not compute with integers beyond 128 bits")?));
            }
            0x08 | 0x09 => self.push(Item::Bool(code == 0x08)),
            0x0b => self.push(Item::Null),
            0x0c..=0x0e => self.push(Item::Bytes(instruction.operand.to_vec())),
            0x0f..=0x20 => self.push(Item::Integer(i128::from(code) - 0x10)),
            0x21 => {}
            0x38 => return Err("ABORT".to_owned()),
            0x39 => {
                if !self.pop()?.to_bool()? {
                    return Err("ASSERT failed".to_owned());
                }
            }
            0x3a => {
                let thrown = self.pop()?.to_bytes().unwrap_or_default();
                return Err(format!("unhandled exception: {:?}", String::from_utf8_lossy(&thrown)));
            }
            0x40 => return Ok(true),
            0x41 => {
                let id = instruction.operand.try_into().map_err(|_| "failed to read instruction parameter")?;
                host.call(id, self)?;
            }
            0x45 => drop(self.pop()?),
            0x4a => {
                let top = self.pop()?;
                self.push(top.clone());
                self.push(top);
            }
            0x50 => {
                let (first, second) = (self.pop()?, self.pop()?);
                self.push(first);
                self.push(second);
            }
            0xaa => {
                let value = self.pop()?.to_bool()?;
                self.push(Item::Bool(!value));
            }
            0xc0 => {
                let count = usize::try_from(self.pop()?.to_integer()?).map_err(|_| "OPACK: invalid length")?;
                let start = self.stack.len().checked_sub(count).ok_or("OPACK: invalid length")?;
                let items = self.stack.drain(start..).rev().collect();
                self.push(Item::Array(items));
            }
            0xc2 => self.push(Item::Array(Vec::new())),
            0xd8 => {
                let is_null = self.pop()? == Item::Null;
                self.push(Item::Bool(is_null));
            }
            other => return Err(format!("the sandbox does not run opcode {other:#04x}")),
        }
        match self.stack.len() {
            0..=MAX_STACK => Ok(false),
            more => Err(format!("stack is too big: {more} vs {MAX_STACK}")),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Nobody;

    impl Host for Nobody {
        fn call(&mut self, _: [u8; 4], _: &mut Machine) -> Result<(), String> {
            Err("syscall not found".to_owned())
        }
    }

    fn run(script: &str) -> Ending {
        let mut machine = Machine::new(u64::MAX);
        let result = machine.run(&hex::decode(script).unwrap(), &mut Nobody);
        machine.end(result)
    }

    /// Script, gas and stack as neo-go 0.120 gave them.
    #[test]
    fn scripts_end_and_cost_as_on_a_node() {
        let int = |n| Item::Integer(n);
        for (script, gas, stack) in [
            ("111211", 90, vec![int(1), int(2), int(1)]),
            ("1140", 30, vec![int(1)]),
            ("11c2", 510, vec![int(1), Item::Array(vec![])]),
        ] {
            assert_eq!(run(script), Ending { exception: None, gas_consumed: gas, stack }, "{script}");
        }
        for (script, gas, exception) in [
            ("38", 0, "at instruction 0 (ABORT): ABORT"),
            ("1039", 60, "at instruction 1 (ASSERT): ASSERT failed"),
            ("0bc2c01140", 61950, "at instruction 2 (PACK): invalid conversion: Array/Integer"),
            ("1112c0", 61500, "at instruction 2 (PACK): OPACK: invalid length"),
            ("45", 60, "at instruction 0 (DROP): stack is too small"),
            ("41ffffffff", 0, "at instruction 0 (SYSCALL): syscall not found"),
            ("0c05", 0, "at instruction 0: failed to read instruction parameter"),
        ] {
            let ending = run(script);
            assert_eq!((ending.gas_consumed, ending.exception.as_deref()), (gas, Some(exception)), "{script}");
        }
    }

    #[test]
    fn the_meter_stops_a_script() {
        let mut machine = Machine::new(60);
        let result = machine.run(&[0x11, 0x11, 0x11], &mut Nobody);
        let ending = machine.end(result);
        assert_eq!(ending.gas_consumed, 90);
        assert_eq!(ending.exception.unwrap(), "at instruction 2 (PUSH): gas limit is exceeded");
        assert!(run(&"11".repeat(2049)).exception.unwrap().contains("stack is too big"));
    }
}
