//! Payment terms that a provider states with a task, and the quote they make.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::text_of;
use domain::{
    hash::{Hash160, TxHash},
    money::{AmountError, Datoshi},
    network::Network,
    quote::{Quote, QuoteSource},
    units,
};

/// Neo N3's GAS contract, as Neo shows it; the same on every network.
pub const GAS_CONTRACT: &str = "0xd2a4cff31913016155e38e474a2c06d08be276cf";

/// The longest reference that travels with a transfer, bytes.
pub const MAX_REFERENCE: usize = 64;

/// Payment terms as a provider wrote them: nothing here is checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PaymentTerms {
    /// `mainnet`, `testnet`, or a magic.
    pub network: Option<String>,
    /// The asset's contract.
    pub asset: Option<String>,
    /// The account to pay: an address or a script hash.
    pub recipient: Option<String>,
    /// Datoshi, in decimal digits.
    pub amount: Option<String>,
    /// What binds a payment to the task.
    pub reference: Option<String>,
    /// RFC 3339.
    pub expires_at: Option<String>,
    /// `unpaid`, `verifying`, `paid`, `expired`.
    pub state: Option<String>,
    /// The payment that counts, or the one last announced.
    pub tx_hash: Option<String>,
}

/// Why terms make no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// A part is not there.
    #[error("the provider's payment terms name no {0}")]
    Missing(&'static str),
    /// Another currency.
    #[error("the provider asks for the asset {0}, and only GAS is paid")]
    NotGas(String),
    /// A part that cannot be read.
    #[error("the provider's payment terms have an unreadable {part}: {why}")]
    Unreadable {
        /// Which part.
        part: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A reference that cannot travel with a transfer.
    #[error("the provider's payment reference must be 1 to {MAX_REFERENCE} printable ASCII characters")]
    Reference,
}

impl TermsError {
    /// What a person can do next.
    pub fn hint(&self) -> &'static str {
        "nothing was paid; ask the provider to mend its terms, or use another with AIOZ_W3AI_ENDPOINT"
    }
}

impl From<AmountError> for TermsError {
    fn from(error: AmountError) -> TermsError {
        TermsError::Unreadable { part: "amount", why: error.to_string() }
    }
}

impl PaymentTerms {
    /// Reads the `payment` object of a task; `None` where there is none.
    pub(super) fn read(value: Option<&Value>) -> Option<PaymentTerms> {
        let object = value?.as_object()?;
        let part = |name: &str| object.get(name).and_then(text_of);
        Some(PaymentTerms {
            network: part("network"),
            asset: part("asset"),
            recipient: part("recipient"),
            amount: part("amount"),
            reference: part("reference"),
            expires_at: part("expires_at"),
            state: part("state"),
            tx_hash: part("tx_hash"),
        })
    }

    /// What the terms ask of any task, as a price list states it: amount, recipient and network, each checked.
    ///
    /// # Errors
    /// A part is missing or unreadable, or the asset is not GAS.
    pub fn price(&self) -> Result<(Datoshi, Hash160, Network), TermsError> {
        let asset = need(&self.asset, "asset")?;
        if asset.parse::<Hash160>().ok() != GAS_CONTRACT.parse().ok() {
            return Err(TermsError::NotGas(units::clean(asset, 60)));
        }
        Ok((
            Datoshi::parse_datoshi(need(&self.amount, "amount")?)?,
            Hash160::parse_account(need(&self.recipient, "recipient")?).map_err(unreadable("recipient"))?,
            need(&self.network, "network")?.parse::<Network>().map_err(unreadable("network"))?,
        ))
    }

    /// The quote that the terms state, each part checked.
    ///
    /// # Errors
    /// A part is missing or unreadable, the asset is not GAS, or the reference cannot travel with a transfer.
    pub fn quote(&self) -> Result<Quote, TermsError> {
        let (amount, recipient, network) = self.price()?;
        let reference = need(&self.reference, "reference")?;
        if reference.is_empty() || reference.len() > MAX_REFERENCE || !reference.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TermsError::Reference);
        }
        Ok(Quote {
            amount,
            recipient,
            network,
            reference: reference.to_owned(),
            expires_at: need(&self.expires_at, "expires_at")?
                .parse::<Timestamp>()
                .map_err(|_| unreadable("expires_at")("it is no RFC 3339 time"))?,
            source: QuoteSource::Provider,
        })
    }

    /// Whether the provider says that the task is paid.
    pub fn is_paid(&self) -> bool {
        self.state.as_deref() == Some("paid")
    }

    /// The payment that the provider knows of.
    pub fn tx(&self) -> Option<TxHash> {
        self.tx_hash.as_deref()?.parse().ok()
    }
}

fn need<'a>(part: &'a Option<String>, name: &'static str) -> Result<&'a str, TermsError> {
    part.as_deref().ok_or(TermsError::Missing(name))
}

fn unreadable<E: ToString>(part: &'static str) -> impl Fn(E) -> TermsError {
    move |why| TermsError::Unreadable { part, why: units::clean(&why.to_string(), 120) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn terms(change: Value) -> Option<PaymentTerms> {
        let mut whole = json!({
            "network": "testnet", "asset": GAS_CONTRACT, "recipient": "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAv",
            "amount": "200000000", "reference": "7k3q9dm2", "expires_at": "2030-01-01T00:00:00Z", "state": "unpaid",
            "tx_hash": null,
        });
        for (name, value) in change.as_object().unwrap() {
            whole[name] = value.clone();
        }
        PaymentTerms::read(Some(&whole))
    }

    #[test]
    fn whole_terms_make_a_quote() {
        let quote = terms(json!({})).unwrap().quote().unwrap();
        assert_eq!(quote.amount, Datoshi::from_gas(2));
        assert_eq!(quote.network.to_string(), "testnet");
        assert_eq!(quote.source, QuoteSource::Provider);
        assert_eq!(terms(json!({"network": 424242})).unwrap().quote().unwrap().network, Network(424_242));
        assert_eq!(PaymentTerms::read(Some(&Value::Null)), None);
    }

    #[test]
    fn terms_that_lie_make_none() {
        for (change, expected) in [
            (json!({"asset": "0xef4073a0f2b305a38ec4050e4d3d28bc40ea63f5"}), "only GAS"),
            (json!({"asset": null}), "no asset"),
            (json!({"amount": "2.5"}), "amount"),
            (json!({"amount": "-1"}), "amount"),
            (json!({"amount": 1e30}), "amount"),
            (json!({"recipient": "NTYEFJq9zRLP2MZXSYeCFMUMrvTf5T3RAw"}), "recipient"),
            (json!({"network": "moonnet"}), "network"),
            (json!({"reference": ""}), "reference"),
            (json!({"reference": "a\u{1b}[31mb"}), "reference"),
            (json!({"reference": "x".repeat(65)}), "reference"),
            (json!({"expires_at": "soon"}), "expires_at"),
        ] {
            let error = terms(change.clone()).unwrap().quote().unwrap_err().to_string();
            assert!(error.contains(expected), "{change}: {error}");
        }
    }
}
