//! Reads the parameters of dry runs: accounts, signers, and calls that are to become scripts.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::refusal::Refusal;
use domain::hash::Hash160;
use neo::transaction::{Scope, Signer};

/// SYSCALL System.Contract.Call.
const CONTRACT_CALL: [u8; 5] = [0x41, 0x62, 0x7d, 0x5b, 0x52];

/// An address, or a script hash with or without `0x`.
pub fn account(text: &str) -> Option<Hash160> {
    text.parse().ok().or_else(|| Hash160::from_address(text).ok())
}

/// The signers of a dry run.
///
/// # Errors
/// What is no list of signers with scopes that the sandbox knows.
pub fn signers(param: Option<&Value>) -> Result<Vec<Signer>, Refusal> {
    let wrong = || Refusal::params("not a list of signers");
    let list = match param {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.as_array().ok_or_else(wrong)?,
    };
    list.iter()
        .map(|signer| {
            let named = signer.get("account").and_then(Value::as_str).and_then(account).ok_or_else(wrong)?;
            let scope = match signer.get("scopes").and_then(Value::as_str) {
                Some("None") => Scope::None,
                None | Some("CalledByEntry") => Scope::CalledByEntry,
                Some("Global") => Scope::Global,
                Some(_) => return Err(Refusal::params("the sandbox does not know this witness scope")),
            };
            Ok(Signer { account: named, scope })
        })
        .collect()
}

/// The script that calls a contract: contract, method, and arguments as JSON-RPC gives them.
///
/// # Errors
/// Parameters that are no call.
pub fn call(params: &[Value]) -> Result<Vec<u8>, Refusal> {
    let contract = params.first().and_then(Value::as_str).and_then(|text| text.parse::<Hash160>().ok());
    let contract = contract.ok_or_else(|| Refusal::params("not a contract's hash"))?;
    let method = params.get(1).and_then(Value::as_str).ok_or_else(|| Refusal::params("not a method's name"))?;
    let none = Vec::new();
    let arguments = match params.get(2) {
        None | Some(Value::Null) => &none,
        Some(list) => list.as_array().ok_or_else(|| Refusal::params("the arguments are no list"))?,
    };
    let mut script = Vec::new();
    for argument in arguments.iter().rev() {
        push_argument(&mut script, argument)?;
    }
    if arguments.is_empty() {
        script.push(0xc2); // NEWARRAY0
    } else {
        push_integer(&mut script, arguments.len() as i64);
        script.push(0xc0); // PACK
    }
    push_integer(&mut script, 0x0f); // CallFlags::All
    push_data(&mut script, method.as_bytes())?;
    push_data(&mut script, &contract.0)?;
    script.extend(CONTRACT_CALL);
    Ok(script)
}

fn push_argument(script: &mut Vec<u8>, argument: &Value) -> Result<(), Refusal> {
    let wrong = || Refusal::params(format!("can't create invocation script: {argument}"));
    let kind = argument.get("type").and_then(Value::as_str).ok_or_else(wrong)?;
    let value = argument.get("value").unwrap_or(&Value::Null);
    match (kind, value) {
        ("Any", Value::Null) => script.push(0x0b),
        ("Boolean", Value::Bool(value)) => script.push(if *value { 0x08 } else { 0x09 }),
        ("Integer", Value::String(text)) => push_integer(script, text.parse().map_err(|_| wrong())?),
        ("Integer", Value::Number(number)) => push_integer(script, number.as_i64().ok_or_else(wrong)?),
        ("Hash160", Value::String(text)) => push_data(script, &text.parse::<Hash160>().map_err(|_| wrong())?.0)?,
        ("ByteArray" | "ByteString", Value::String(text)) => {
            push_data(script, &STANDARD.decode(text).map_err(|_| wrong())?)?;
        }
        ("String", Value::String(text)) => push_data(script, text.as_bytes())?,
        _ => return Err(wrong()),
    }
    Ok(())
}

fn push_integer(script: &mut Vec<u8>, value: i64) {
    let bytes = value.to_le_bytes();
    match value {
        -1..=16 => script.push((0x10 + value) as u8),
        -0x80..0x80 => script.extend([&[0x00], &bytes[..1]].concat()),
        -0x8000..0x8000 => script.extend([&[0x01], &bytes[..2]].concat()),
        -0x8000_0000..0x8000_0000 => script.extend([&[0x02], &bytes[..4]].concat()),
        _ => script.extend([&[0x03], &bytes[..]].concat()),
    }
}

fn push_data(script: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Refusal> {
    let length = u8::try_from(bytes.len()).map_err(|_| Refusal::params("an argument is too long for the sandbox"))?;
    script.extend([0x0c, length]);
    script.extend(bytes);
    Ok(())
}
