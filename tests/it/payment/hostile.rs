//! Amounts and recipients as an attacker or a slip writes them, through every door by which one comes in: the provider's
//! terms, a node's fees, the owner's policy file, settings, the command line, and the model's claim.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use agent::tools::call::{self, Call};
use axum::Router;
use compute::aioz::{Aioz, PaymentTerms};
use guard::config::{ConfigError, PolicyFile};
use neo::{
    script::Transfer,
    transaction::{Scope, Signed, Signer, Transaction},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::*;

const OWNER: &str = "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv";

/// A provider and a node in one: every amount that it states is this piece of JSON.
struct Liar {
    said: Arc<Mutex<String>>,
    client: Aioz,
    chain: Chain,
    runtime: Runtime,
}

impl Liar {
    fn new() -> Liar {
        let runtime = Runtime::new().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let words = said.clone();
        let answer = move |body: String| async move {
            let said = words.lock().unwrap().clone();
            let Ok(request) = serde_json::from_str::<Value>(&body) else {
                // The provider is asked with GET and without a body.
                let terms = json!({
                    "network": "424242", "asset": compute::aioz::GAS_CONTRACT, "recipient": OWNER,
                    "amount": "AMOUNT", "reference": "ref", "expires_at": "2200-01-01T00:00:00Z", "state": "unpaid",
                });
                let answer = json!({"status": "success", "data": {"status": "in_queue", "payment": terms}});
                return answer.to_string().replace("\"AMOUNT\"", &said);
            };
            let result = match request["method"].as_str().unwrap() {
                "invokescript" => json!({"state": "HALT", "gasconsumed": "AMOUNT", "exception": null, "stack": []}),
                "calculatenetworkfee" => json!({"networkfee": "AMOUNT"}),
                "invokefunction" => json!({
                    "state": "HALT", "gasconsumed": "1", "exception": null,
                    "stack": [{"type": "Integer", "value": "AMOUNT"}],
                }),
                other => panic!("{other}"),
            };
            json!({"jsonrpc": "2.0", "id": request["id"], "result": result}).to_string().replace("\"AMOUNT\"", &said)
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        runtime.spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
        let client = Aioz::new(url.clone(), "key".into()).unwrap();
        Liar { said, client, chain: Chain::new(vec![url], Network(424_242)).unwrap(), runtime }
    }

    /// What the quote asks when the terms state this.
    fn quoted(&self, raw: &str) -> Option<Datoshi> {
        *self.said.lock().unwrap() = raw.to_owned();
        let detail = self.runtime.block_on(self.client.detail("task-1")).ok()?;
        Some(detail.payment?.quote().ok()?.amount)
    }

    /// What the fees and a balance are when a node states this.
    fn told(&self, raw: &str) -> [Option<Datoshi>; 3] {
        *self.said.lock().unwrap() = raw.to_owned();
        let signer = Signer { account: RECIPIENT, scope: Scope::CalledByEntry };
        let transaction = Transaction {
            nonce: 1,
            system_fee: Datoshi::ZERO,
            network_fee: Datoshi::ZERO,
            valid_until_block: 9,
            signers: vec![signer.clone()],
            attributes: vec![],
            script: vec![0x21],
        };
        let signed = Signed { transaction, witnesses: vec![] };
        self.runtime.block_on(async {
            let system = self.chain.invoke_script(&[0x21], &signer).await;
            let network = self.chain.network_fee(&signed).await;
            [system.ok(), network.ok(), self.chain.balance(RECIPIENT).await.ok()]
        })
    }
}

/// An independent reading: digits, to the last of them, within what 63 bits hold.
fn datoshi(text: &str) -> Option<u64> {
    let digits = text.trim_start_matches('0');
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) && digits.len() < 20;
    let value = if digits.is_empty() { 0 } else { digits.parse::<u128>().ok()? };
    (plain && value < 1 << 63).then_some(value as u64)
}

/// The same for GAS, by moving the point: no arithmetic, so nothing to round.
fn in_gas(text: &str) -> Option<u64> {
    let text = text.trim();
    let number = text.strip_suffix("GAS").or(text.strip_suffix("gas")).map_or(text, str::trim_end);
    let (whole, part) = match number.split_once('.') {
        Some((whole, part)) if !part.is_empty() => (whole, part.trim_end_matches('0')),
        Some(_) => return None,
        None => (number, ""),
    };
    if whole.is_empty() || part.len() > 8 || !whole.chars().chain(part.chars()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    datoshi(&format!("{whole}{part:0<8}"))
}

/// Amounts as they should not be written, and some as they should.
fn amount() -> impl Strategy<Value = String> {
    let tricky = [
        "",
        " ",
        "0",
        "-0",
        "-1",
        "+1",
        "00012",
        "1.",
        ".5",
        "1..2",
        "1e8",
        "1E+8",
        "1e-8",
        "2e400",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "0x10",
        "0b1",
        "1_000",
        "1,5",
        "1 000",
        "２",
        "١",
        "1\u{0}",
        "\u{2212}1",
        "1GAS",
        "1 GAS",
        "1 gas",
        "1 NEO",
        "0.00000001",
        "0.000000001",
        "0.0000000010",
        "0.10000000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "92233720368.54775807",
        "92233720368.54775808",
        "null",
        "true",
        "9007199254740993",
        "200000000.0",
        "1e0",
    ];
    prop_oneof![
        4 => prop::sample::select(tricky.to_vec()).prop_map(str::to_owned),
        3 => "[0-9]{1,24}",
        3 => "[0-9]{1,14}\\.[0-9]{1,12}",
        2 => "-?[0-9]{0,6}\\.?[0-9]{0,10}([eE][+-]?[0-9]{1,3})?",
        1 => "\\PC{0,12}",
    ]
}

/// The text as JSON: in quotes, or bare where it is a number of JSON.
fn as_json(text: &str, bare: bool) -> String {
    let is_number = serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_number());
    if bare && is_number { text.to_owned() } else { Value::from(text).to_string() }
}

#[test]
fn an_amount_is_exact_or_refused_at_every_door() {
    let liar = Liar::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 512, ..ProptestConfig::default() });
    let taken = [const { std::cell::Cell::new(0) }; 3];
    let checked = runner.run(&(amount(), any::<bool>()), |(text, bare)| {
        let raw = as_json(&text, bare);
        let is_bare = !raw.starts_with('"');
        // A number of JSON goes through a parser that knows floating point, so only whole ones are taken as they stand.
        let quoted = liar.quoted(&raw).map(Datoshi::datoshi);
        let exact = datoshi(&text);
        prop_assert!(quoted == exact || (is_bare && quoted.is_none()), "the quote of {raw} is {quoted:?}");
        for told in liar.told(&raw) {
            let told = told.map(Datoshi::datoshi);
            prop_assert!(told == exact || (is_bare && told.is_none()), "a node says {raw}, and that is {told:?}");
        }
        taken[0].set(taken[0].get() + i32::from(quoted.is_some()));
        let exact = in_gas(&text);
        taken[1].set(taken[1].get() + i32::from(exact.is_some()));
        let said: Result<Datoshi, _> = text.parse();
        prop_assert_eq!(said.ok().map(Datoshi::datoshi), exact, "the command line says {:?}", text);
        let arguments =
            json!({"job": "job-00000000", "amount": serde_json::from_str::<Value>(&raw).unwrap(), "recipient": OWNER});
        let claim = match call::parse("pay_gas_fee", &arguments) {
            Ok(Call::PayGasFee(args)) => Some(args.amount.0.datoshi()),
            _ => None,
        };
        taken[2].set(taken[2].get() + i32::from(claim.is_some()));
        // Its schema has a pattern, which takes no more zeros than anybody writes: exact, or refused.
        let written = exact.filter(|_| !is_bare);
        prop_assert!(claim == written || claim.is_none(), "the model claims {raw}: {claim:?}");
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        // A person's blanks around it are passed over; a model writes none.
        let is_odd = whole.len() > 10 || part.len() > 8 || text.trim() != text;
        prop_assert!(claim == written || is_odd, "the model cannot claim {raw}");
        for rule in ["per_payment", "per_day", "lifetime", "max_system_fee", "max_network_fee"] {
            let value = toml::Value::from(text.as_str()).to_string();
            let read =
                |value: &str| PolicyFile::parse(Path::new("policy.toml"), &format!("[caps]\n{rule} = {value}\n"));
            let of = |file: PolicyFile| match rule {
                "per_payment" => file.caps.per_payment,
                "per_day" => file.caps.per_day,
                "lifetime" => file.caps.lifetime,
                "max_system_fee" => file.max_system_fee,
                _ => file.max_network_fee,
            };
            prop_assert_eq!(read(&value).ok().map(of).map(Datoshi::datoshi), exact, "{} = {}", rule, value);
            // Without quotes it is a number, or nothing: never an amount.
            prop_assert!(is_comment(&text) || read(&text).is_err(), "{} = {}", rule, text);
        }
        Ok(())
    });
    checked.unwrap();
    assert!(taken.iter().all(|count| count.get() >= 30), "hardly any amount was one: {taken:?}");
}

/// Whether a line of TOML with this value is no line but a quoted text.
fn is_comment(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with('"') || text.starts_with('\'')
}

/// Texts that look like the owner's recipient and are not its address.
fn look_alikes() -> Vec<String> {
    let mut all: Vec<String> = vec![
        // Greek and Cyrillic letters, letters of full width, and signs that are not seen.
        OWNER.replacen('N', "\u{39d}", 1),
        OWNER.replacen('T', "\u{422}", 1),
        OWNER.replacen('E', "\u{415}", 1),
        OWNER.replacen('M', "\u{41c}", 1),
        OWNER.replacen('X', "\u{425}", 1),
        OWNER.replacen('S', "\u{405}", 1),
        OWNER.replacen('C', "\u{421}", 1),
        OWNER.replacen('Y', "\u{4ae}", 1),
        OWNER.replacen('P', "\u{420}", 1),
        OWNER.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
        format!("{}\u{200b}{}", &OWNER[..9], &OWNER[9..]),
        format!("{OWNER}\u{200d}"),
        format!("\u{202e}{}", OWNER.chars().rev().collect::<String>()),
        format!("{OWNER}\u{301}"),
        // Slips.
        OWNER[..33].to_owned(),
        OWNER[1..].to_owned(),
        format!("{OWNER}v"),
        OWNER.to_lowercase(),
        OWNER.to_uppercase(),
        OWNER.replace('9', "0"),
        format!("{} {}", &OWNER[..10], &OWNER[10..]),
        format!("neo:{OWNER}"),
        // Addresses and hashes of other kinds.
        "AK2nJJpJr6o664CWJKi1QRXjqeic2zRp8y".to_owned(),
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa".to_owned(),
        "0x742d35Cc6634C0532925a3b844Bc454e4438f44".to_owned(),
        "0x".to_owned(),
        "".to_owned(),
    ];
    // Any one character another: the checksum tells.
    for (at, character) in OWNER.char_indices() {
        let other = if character == '2' { '3' } else { '2' };
        all.push(format!("{}{other}{}", &OWNER[..at], &OWNER[at + 1..]));
    }
    // Any two neighbours exchanged.
    let letters: Vec<char> = OWNER.chars().collect();
    for at in 0..letters.len() - 1 {
        let mut swapped = letters.clone();
        swapped.swap(at, at + 1);
        all.extend((swapped != letters).then(|| swapped.iter().collect()));
    }
    all
}

#[test]
fn what_looks_like_a_recipient_is_none_at_every_door() {
    let terms = |recipient: &str| {
        let part = |text: &str| Some(text.to_owned());
        PaymentTerms {
            network: part("424242"),
            asset: part(compute::aioz::GAS_CONTRACT),
            recipient: part(recipient),
            amount: part("200000000"),
            reference: part("ref"),
            expires_at: part("2200-01-01T00:00:00Z"),
            ..PaymentTerms::default()
        }
    };
    let policy = |recipient: &str| {
        let text = format!("recipients = [{}]\n", toml::Value::from(recipient));
        PolicyFile::parse(Path::new("policy.toml"), &text)
    };
    let claim = |recipient: &str| {
        call::parse("pay_gas_fee", &json!({"job": "job-00000000", "amount": "2", "recipient": recipient}))
    };
    assert_eq!(terms(OWNER).quote().unwrap().recipient.address(), OWNER);
    assert_eq!(policy(OWNER).unwrap().recipients[0].address(), OWNER);
    assert!(claim(OWNER).is_ok());
    let all = look_alikes();
    assert!(all.len() > 80, "{}", all.len());
    for text in all {
        assert!(terms(&text).quote().is_err(), "the provider's {text}");
        assert!(matches!(policy(&text), Err(ConfigError::Policy { .. })), "the policy's {text}");
        assert!(claim(&text).is_err(), "the model's {text}");
        assert!(Hash160::parse_account(&text).is_err(), "the setting {text}");
    }
}

proptest! {
    /// An address that is read is written again as it was: no two texts are one account.
    #[test]
    fn an_address_has_one_text(bytes in any::<[u8; 20]>(), at in 0usize..34, other in "[1-9A-HJ-NP-Za-km-z]") {
        let account = Hash160(bytes);
        let address = account.address();
        prop_assert_eq!(Hash160::parse_account(&address), Ok(account));
        let changed = format!("{}{other}{}", &address[..at], &address[at + 1..]);
        prop_assert_eq!(Hash160::parse_account(&changed).is_ok(), changed == address);
    }

    /// A transfer's script carries the amount and the recipient that it was made of, and no other.
    #[test]
    fn a_script_says_what_it_was_told(amount in 0..=i64::MAX as u64, to in any::<[u8; 20]>(), reference in "[!-~]{1,64}") {
        let amount = Datoshi::new(amount).unwrap();
        let transfer = Transfer { from: RECIPIENT, to: Hash160(to), amount, reference: Some(reference.into_bytes()) };
        prop_assert_eq!(Transfer::parse(&transfer.script().unwrap()), Some(transfer));
    }
}
