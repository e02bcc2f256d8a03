//! `policy.toml` in the home folder: the owner's rules. No flag, tool argument or model can change them.
//!
//! A rule that cannot be read is an error, and an error in the guard is a refusal: nothing here falls back to a
//! default because a line was wrong. `policy.example.toml` in the repository explains every rule.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{MAX_BYTES, error::ConfigError, layer::toml_error, plain_file};
use domain::{
    budget::{Caps, USUAL_MOST_NETWORK_FEE, USUAL_MOST_SYSTEM_FEE},
    hash::Hash160,
    job::Patience,
    money::Datoshi,
    verdict::Thresholds,
};

/// The owner's rules, with defaults where the file says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyFile {
    /// When a job is too large for this machine.
    pub thresholds: Thresholds,
    /// Folders of datasets besides the working directory; absolute.
    pub roots: Vec<PathBuf>,
    /// Who may be paid, besides `GAS_RECIPIENT`.
    pub recipients: Vec<Hash160>,
    /// How much may be paid.
    pub caps: Caps,
    /// Burnt for execution, one payment.
    pub max_system_fee: Datoshi,
    /// Burnt for inclusion, one payment.
    pub max_network_fee: Datoshi,
    /// Plans that come to at most this much, fees included, need no person.
    pub auto_approve_up_to: Datoshi,
    /// Folders whose files may leave this machine under such a plan; absolute.
    pub data_may_leave: Vec<PathBuf>,
    /// Whether payments on mainnet are allowed at all.
    pub allow_mainnet: bool,
    /// A result's files together may have this many bytes.
    pub max_result_bytes: u64,
    /// How long a paid job is waited for.
    pub patience: Patience,
    /// What a job is offered for where the provider states no price.
    pub price: Price,
}

/// What a job is offered for where the provider states no price (AIOZ states none in GAS): both parts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// For each job.
    pub flat: Datoshi,
    /// For each 1,000,000,000 bytes of dataset.
    pub per_gb: Datoshi,
}

impl Default for PolicyFile {
    fn default() -> PolicyFile {
        PolicyFile {
            thresholds: Thresholds::default(),
            roots: Vec::new(),
            recipients: Vec::new(),
            caps: Caps {
                per_payment: Datoshi::from_gas(10),
                per_day: Datoshi::from_gas(25),
                lifetime: Datoshi::from_gas(250),
            },
            max_system_fee: USUAL_MOST_SYSTEM_FEE,
            max_network_fee: USUAL_MOST_NETWORK_FEE,
            auto_approve_up_to: Datoshi::ZERO,
            data_may_leave: Vec::new(),
            allow_mainnet: false,
            max_result_bytes: 1_000_000_000,
            patience: Patience::default(),
            price: Price { flat: Datoshi::from_gas(2), per_gb: Datoshi::ZERO },
        }
    }
}

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    thresholds: RawThresholds,
    roots: Vec<String>,
    recipients: Vec<String>,
    caps: RawCaps,
    auto_approve_up_to: Option<String>,
    data_may_leave: Vec<String>,
    allow_mainnet: bool,
    max_result_bytes: Option<u64>,
    patience: Patience,
    price: RawPrice,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawThresholds {
    max_local_seconds: Option<f64>,
    max_local_bytes: Option<u64>,
    max_ram_percent: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawCaps {
    per_payment: Option<String>,
    per_day: Option<String>,
    lifetime: Option<String>,
    max_network_fee: Option<String>,
    max_system_fee: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPrice {
    flat: Option<String>,
    per_gb: Option<String>,
}

impl PolicyFile {
    /// Reads the file; the defaults when there is none.
    ///
    /// # Errors
    /// When it cannot be read, others may write to it, or a rule in it makes no sense.
    pub fn read(path: &Path) -> Result<PolicyFile, ConfigError> {
        match plain_file::own_text(path, MAX_BYTES)? {
            Some(text) => PolicyFile::parse(path, &text),
            None => Ok(PolicyFile::default()),
        }
    }

    /// The rules in `text`; `path` is for errors.
    ///
    /// # Errors
    /// An unknown name, a wrong type, an amount or an address that is none, a threshold out of range.
    pub fn parse(path: &Path, text: &str) -> Result<PolicyFile, ConfigError> {
        let raw: Raw = toml::from_str(text).map_err(|e| toml_error(path, text, &e))?;
        let wrong = |field: &str, problem: String| ConfigError::Policy {
            path: path.to_owned(),
            field: field.to_owned(),
            problem,
        };
        let gas = |field: &str, text: &Option<String>, default: Datoshi| match text {
            Some(text) => text.parse().map_err(|e| wrong(field, format!("makes no sense: {e}"))),
            None => Ok(default),
        };
        let usual = PolicyFile::default();
        let folders = |field: &str, named: Vec<String>| -> Result<Vec<PathBuf>, ConfigError> {
            match named.iter().find(|folder| !Path::new(folder).is_absolute()) {
                Some(folder) => Err(wrong(field, format!("names `{folder}`, which is no absolute path"))),
                None => Ok(named.into_iter().map(PathBuf::from).collect()),
            }
        };
        let roots = folders("roots", raw.roots)?;
        let data_may_leave = folders("data_may_leave", raw.data_may_leave)?;
        let mut recipients = Vec::new();
        for text in &raw.recipients {
            recipients
                .push(Hash160::parse_account(text).map_err(|e| wrong("recipients", format!("holds a slip: {e}")))?);
        }
        Ok(PolicyFile {
            thresholds: thresholds(&raw.thresholds).map_err(|(field, problem)| wrong(field, problem))?,
            roots,
            recipients,
            caps: Caps {
                per_payment: gas("caps.per_payment", &raw.caps.per_payment, usual.caps.per_payment)?,
                per_day: gas("caps.per_day", &raw.caps.per_day, usual.caps.per_day)?,
                lifetime: gas("caps.lifetime", &raw.caps.lifetime, usual.caps.lifetime)?,
            },
            max_network_fee: gas("caps.max_network_fee", &raw.caps.max_network_fee, usual.max_network_fee)?,
            max_system_fee: gas("caps.max_system_fee", &raw.caps.max_system_fee, usual.max_system_fee)?,
            data_may_leave,
            auto_approve_up_to: gas("auto_approve_up_to", &raw.auto_approve_up_to, usual.auto_approve_up_to)?,
            allow_mainnet: raw.allow_mainnet,
            max_result_bytes: raw.max_result_bytes.unwrap_or(usual.max_result_bytes),
            patience: raw.patience,
            // A rate alone is the whole price; the usual flat part would be a surprise beside it.
            price: match (&raw.price.flat, &raw.price.per_gb) {
                (None, None) => usual.price,
                (flat, per_gb) => Price {
                    flat: gas("price.flat", flat, Datoshi::ZERO)?,
                    per_gb: gas("price.per_gb", per_gb, Datoshi::ZERO)?,
                },
            },
        })
    }
}

fn thresholds(raw: &RawThresholds) -> Result<Thresholds, (&'static str, String)> {
    let usual = Thresholds::default();
    let max_local_seconds = raw.max_local_seconds.unwrap_or(usual.max_local_seconds);
    if !max_local_seconds.is_finite() || max_local_seconds < 0.0 {
        return Err(("thresholds.max_local_seconds", "must be a number of seconds, 0 or more".to_owned()));
    }
    let max_ram_percent = raw.max_ram_percent.unwrap_or(usual.max_ram_percent);
    if !(1..=100).contains(&max_ram_percent) {
        return Err(("thresholds.max_ram_percent", "must be from 1 to 100".to_owned()));
    }
    Ok(Thresholds {
        max_local_seconds,
        max_local_bytes: raw.max_local_bytes.unwrap_or(usual.max_local_bytes),
        max_ram_percent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PolicyFile, ConfigError> {
        PolicyFile::parse(Path::new("policy.toml"), text)
    }

    #[test]
    fn what_is_not_said_stays_as_it_is() {
        assert_eq!(parse("").unwrap(), PolicyFile::default());
        let some =
            parse("auto_approve_up_to = \"0.5\"\n[caps]\nper_day = \"3 GAS\"\n[thresholds]\nmax_local_bytes = 5")
                .unwrap();
        assert_eq!(some.caps.per_day, Datoshi::from_gas(3));
        assert_eq!(some.auto_approve_up_to.datoshi(), 50_000_000);
        assert_eq!(some.thresholds.max_local_bytes, 5);
        assert_eq!(some.caps.per_payment, Datoshi::from_gas(10));
    }

    #[test]
    fn the_example_says_what_holds_without_it() {
        assert_eq!(parse(include_str!("../../../../policy.example.toml")).unwrap(), PolicyFile::default());
    }

    #[test]
    fn a_rule_that_cannot_be_read_denies() {
        for bad in [
            "allow_mainet = true",
            "[patience]\noutage_seconds = -1",
            "allow_mainnet = \"yes\"",
            "auto_approve_up_to = 2",
            "auto_approve_up_to = \"2 NEO\"",
            "recipients = [\"Nnonsense\"]",
            "roots = [\"data\"]",
            "data_may_leave = [\"data\"]",
            "max_result_bytes = -1",
            "[caps]\nper_day = \"-1\"",
            "[caps]\nper_week = \"1\"",
            "[thresholds]\nmax_local_seconds = nan",
            "[thresholds]\nmax_ram_percent = 200",
            "[price]\nflat = 2",
            "[price]\nper_hour = \"1\"",
            "not toml",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let error = parse("\n[caps]\nper_day = \"lots\"").unwrap_err();
        assert!(error.to_string().starts_with("policy.toml: caps.per_day makes no sense: `lots`"), "{error}");
    }

    #[test]
    fn a_rate_alone_is_the_whole_price() {
        let price = |text| parse(text).unwrap().price;
        assert_eq!(price("").flat, Datoshi::from_gas(2));
        assert_eq!(price("[price]\nper_gb = \"0.4\"").flat, Datoshi::ZERO);
        assert_eq!(price("[price]\nflat = \"1\"\nper_gb = \"0.4\"").flat, Datoshi::from_gas(1));
    }
}
