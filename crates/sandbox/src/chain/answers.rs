//! What each JSON-RPC method answers, printed as neo-go prints it.

use std::cell::RefCell;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Chain,
    admit::{self, POOL_SIZE, Rules},
    block,
    item::Item,
    native::Notification,
    refusal::Refusal,
    script,
    store::{Book, Landed},
};
use domain::hash::{Hash160, TxHash};
use neo::{
    GAS_CONTRACT,
    fees::FEE_PER_BYTE,
    transaction::{Attribute, MAX_SIZE, Scope, Signed, Signer, Transaction},
    witness::sign_data,
};

/// A dry run may charge at most this much, datoshi: 15 GAS.
const MAX_INVOCATION_GAS: u64 = 1_500_000_000;
/// PUSHDATA1 of 64 zero bytes: an invocation script of the right size and price.
const EMPTY_SIGNATURE: [u8; 2] = [0x0c, 64];

type Answer = Result<Value, Refusal>;

/// Answers one request.
pub fn answer(chain: &Chain, method: &str, params: &[Value]) -> Answer {
    chain.within(|book, now| {
        let height = block::advance(book, now)?;
        let settings = &chain.shared.settings;
        let max_increment = settings.max_valid_until_block_increment;
        let rules = Rules { network: settings.network, height, max_increment };
        let first = || params.first().unwrap_or(&Value::Null);
        match method {
            "getversion" => Ok(version(chain)),
            "getblockcount" => Ok(json!(height + 1)),
            "getnativecontracts" => natives().map(Value::Array),
            "getcontractstate" => contract(first()),
            // No validators sign states here.
            "getstateheight" => Ok(json!({"localrootindex": height, "validatedrootindex": 0})),
            "getrawmempool" => mempool(book, height, first()),
            "getnep17balances" => balances(book, first()),
            "invokescript" => invoke(book, &bytes(first())?, params.get(1)),
            "invokefunction" => invoke(book, &script::call(params)?, params.get(3)),
            "calculatenetworkfee" => network_fee(rules, &transaction(first())?.0),
            "sendrawtransaction" => {
                let (signed, raw) = transaction(first())?;
                admit::admit(book, rules, &signed, &raw).map(|hash| json!({"hash": hash.to_string()}))
            }
            "getrawtransaction" => raw_transaction(book, rules, &hash(first())?, params.get(1)),
            "gettransactionheight" => match book.landed(&hash(first())?)? {
                Some(landed) => Ok(json!(landed.block)),
                None => Err(Refusal::unknown_transaction("")),
            },
            "getapplicationlog" => application_log(book, &hash(first())?),
            other => Err(Refusal::method(format!("method {other:?} not supported"))),
        }
    })
}

/// Says that a transaction was taken, and forgets it.
pub fn pretend_to_take(params: &[Value]) -> Answer {
    let (signed, _) = transaction(params.first().unwrap_or(&Value::Null))?;
    Ok(json!({"hash": signed.transaction.hash().to_string()}))
}

fn bytes(param: &Value) -> Result<Vec<u8>, Refusal> {
    let text = param.as_str().ok_or_else(|| Refusal::params("not a string"))?;
    STANDARD.decode(text).map_err(|e| Refusal::params(format!("not a base64: {e}")))
}

fn hash(param: &Value) -> Result<TxHash, Refusal> {
    let text = param.as_str().ok_or_else(|| Refusal::params("not a hash"))?;
    text.parse().map_err(|e| Refusal::params(format!("not a hash: {e}")))
}

fn transaction(param: &Value) -> Result<(Signed, Vec<u8>), Refusal> {
    if param.as_str().is_some_and(|text| text.len() > MAX_SIZE.div_ceil(3) * 4) {
        return Err(Refusal::size("base64-encoded transaction size exceeds maximum allowed"));
    }
    let raw = bytes(param)?;
    let signed = Signed::decode(&raw).map_err(|e| Refusal::params(format!("can't decode transaction: {e}")))?;
    Ok((signed, raw))
}

fn version(chain: &Chain) -> Value {
    let settings = &chain.shared.settings;
    json!({
        "tcpport": 0,
        "nonce": 0,
        "useragent": concat!("/sandbox:", env!("CARGO_PKG_VERSION"), "/"),
        "protocol": {
            "addressversion": 53,
            "network": settings.network.0,
            "msperblock": u32::try_from(settings.block_time.as_millis()).unwrap_or(u32::MAX).max(1),
            "maxtraceableblocks": 2_102_400,
            "maxvaliduntilblockincrement": settings.max_valid_until_block_increment,
            "maxtransactionsperblock": 512,
            "memorypoolmaxtransactions": POOL_SIZE,
            "validatorscount": 1,
            "initialgasdistribution": 5_200_000_000_000_000_u64,
            "hardforks": [],
            "standbycommittee": [],
            "seedlist": [],
        },
        "rpc": {"maxiteratorresultitems": 100, "sessionenabled": false},
    })
}

/// The contracts that there are, as neo-go prints them.
const NATIVES: &str = include_str!("natives.json");

fn natives() -> Result<Vec<Value>, Refusal> {
    serde_json::from_str(NATIVES).map_err(|e| Refusal::internal(e.to_string()))
}

/// A contract by its hash, its name or its number.
fn contract(named: &Value) -> Answer {
    let hash = named.as_str().map(|text| text.strip_prefix("0x").unwrap_or(text)).filter(|text| text.len() == 40);
    let is = |contract: &Value| match (hash, named.as_str()) {
        (Some(hash), _) => contract["hash"].as_str().is_some_and(|own| own.ends_with(hash)),
        (None, Some(name)) => contract["manifest"]["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)),
        (None, None) => contract["id"] == *named,
    };
    match natives()?.into_iter().find(is) {
        Some(contract) => Ok(contract),
        None if hash.is_some() || named.is_number() => Err(Refusal::unknown_contract("")),
        None => Err(Refusal::params("a contract is named by its hash, its name or its number")),
    }
}

fn mempool(book: &Book<'_>, height: u32, verbose: &Value) -> Answer {
    let hashes: Vec<String> = book.pool()?.iter().map(|pooled| pooled.hash.to_string()).collect();
    match is_true(verbose) {
        true => Ok(json!({"height": height, "verified": hashes, "unverified": []})),
        false => Ok(json!(hashes)),
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_i64().is_some_and(|number| number != 0))
}

fn balances(book: &Book<'_>, account: &Value) -> Answer {
    let account = account.as_str().and_then(script::account).ok_or_else(|| Refusal::params("not an account"))?;
    let (balance, updated) = book.account(account)?;
    let gas = json!({
        "assethash": GAS_CONTRACT.to_string(), "amount": balance.to_string(), "decimals": "8",
        "lastupdatedblock": updated, "name": "GasToken", "symbol": "GAS",
    });
    let held = if balance == 0 { Vec::new() } else { vec![gas] };
    Ok(json!({"balance": held, "address": account.address()}))
}

fn invoke(book: &Book<'_>, code: &[u8], signers: Option<&Value>) -> Answer {
    let signers = script::signers(signers)?;
    let failed = RefCell::new(None);
    let balance_of = |account| match book.account(account) {
        Ok((balance, _)) => balance,
        Err(error) => {
            failed.replace(Some(error));
            0
        }
    };
    let (ending, notifications, _) = admit::rehearse(code, &signers, &balance_of, MAX_INVOCATION_GAS);
    if let Some(error) = failed.into_inner() {
        return Err(error.into());
    }
    Ok(json!({
        "state": block::state_of(&ending),
        "gasconsumed": ending.gas_consumed.to_string(),
        "script": STANDARD.encode(code),
        "stack": ending.stack.iter().map(Item::json).collect::<Vec<_>>(),
        "exception": ending.exception,
        "notifications": notifications.iter().map(Notification::json).collect::<Vec<_>>(),
    }))
}

fn network_fee(rules: Rules, signed: &Signed) -> Answer {
    let message = sign_data(rules.network, &signed.transaction.hash());
    let mut sized = signed.clone();
    let mut fee = 0;
    for (index, (signer, witness)) in signed.transaction.signers.iter().zip(&mut sized.witnesses).enumerate() {
        if witness.invocation.is_empty() && witness.public_key().is_some() {
            witness.invocation = [&EMPTY_SIGNATURE[..], &[0; 64]].concat();
        }
        let (charged, _) = admit::run_witness(signer.account, witness, &message, MAX_INVOCATION_GAS)
            .map_err(|why| Refusal::signature(format!("witness {index}: {why}")))?;
        fee += charged;
    }
    fee += sized.bytes().len() as u64 * FEE_PER_BYTE;
    Ok(json!({"networkfee": fee.to_string()}))
}

fn application_log(book: &Book<'_>, hash: &TxHash) -> Answer {
    let Some(landed) = book.landed(hash)? else {
        return Err(Refusal::unknown_container("failed to locate application log: key not found"));
    };
    let execution: Value = serde_json::from_str(&landed.log).map_err(|e| Refusal::internal(e.to_string()))?;
    Ok(json!({"txid": hash.to_string(), "executions": [execution]}))
}

fn raw_transaction(book: &Book<'_>, rules: Rules, hash: &TxHash, verbose: Option<&Value>) -> Answer {
    let landed = book.landed(hash)?;
    let pooled = || Ok::<_, Refusal>(book.pool()?.into_iter().find(|p| p.hash == *hash).map(|p| p.signed.bytes()));
    let raw = match &landed {
        Some(landed) => landed.bytes.clone(),
        None => pooled()?.ok_or_else(|| Refusal::unknown_transaction(""))?,
    };
    if !verbose.is_some_and(is_true) {
        return Ok(json!(STANDARD.encode(raw)));
    }
    let signed = Signed::decode(&raw).map_err(|e| Refusal::internal(e.to_string()))?;
    let mut shown = match landed {
        Some(Landed { block, time, state, .. }) => json!({
            "blockhash": block::block_hash(rules.network, block).to_string(),
            "confirmations": rules.height - block + 1,
            "blocktime": time,
            "vmstate": state,
        }),
        None => json!({}),
    };
    if let (Some(shown), Value::Object(rest)) = (shown.as_object_mut(), transaction_json(&signed, raw.len())) {
        shown.extend(rest);
    }
    Ok(shown)
}

fn transaction_json(signed: &Signed, size: usize) -> Value {
    let Transaction { nonce, system_fee, network_fee, valid_until_block, signers, attributes, script } =
        &signed.transaction;
    let witnesses = signed.witnesses.iter().map(
        |w| json!({"invocation": STANDARD.encode(&w.invocation), "verification": STANDARD.encode(&w.verification)}),
    );
    json!({
        "hash": signed.transaction.hash().to_string(),
        "size": size,
        "version": 0,
        "nonce": nonce,
        "sender": signed.transaction.sender().as_ref().map(Hash160::address),
        "sysfee": system_fee,
        "netfee": network_fee,
        "validuntilblock": valid_until_block,
        "attributes": attributes.iter().map(attribute_json).collect::<Vec<_>>(),
        "signers": signers.iter().map(signer_json).collect::<Vec<_>>(),
        "script": STANDARD.encode(script),
        "witnesses": witnesses.collect::<Vec<_>>(),
    })
}

fn attribute_json(attribute: &Attribute) -> Value {
    match attribute {
        Attribute::HighPriority => json!({"type": "HighPriority"}),
        Attribute::NotValidBefore(height) => json!({"type": "NotValidBefore", "height": height}),
        Attribute::Conflicts(hash) => json!({"type": "Conflicts", "hash": hash.to_string()}),
    }
}

fn signer_json(signer: &Signer) -> Value {
    let account = signer.account.to_string();
    let scopes = |text: &str| json!({"account": account, "scopes": text});
    match &signer.scope {
        Scope::None => scopes("None"),
        Scope::CalledByEntry => scopes("CalledByEntry"),
        Scope::Global => scopes("Global"),
        Scope::Contracts { entry, allowed } => {
            let text = if *entry { "CalledByEntry, CustomContracts" } else { "CustomContracts" };
            let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            json!({"account": account, "scopes": text, "allowedcontracts": allowed})
        }
    }
}
