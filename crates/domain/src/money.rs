//! Money: whole datoshi, never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::units::quoted;

/// Datoshi in one GAS (the GAS contract has 8 decimals).
pub const DATOSHI_PER_GAS: u64 = 100_000_000;

/// An amount of GAS in whole datoshi (1 GAS = 100,000,000 datoshi).
///
/// It is at most `i64::MAX`, so it fits the ledger's integers and Neo's own fee fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Datoshi(u64);

/// Why a text or a number is no amount.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("{0} is not an amount of GAS: write digits with at most one decimal point, such as 2 or 0.5")]
    Form(String),
    /// More than eight decimals would have to be rounded.
    #[error("{0} has more than 8 decimals, and amounts are never rounded")]
    TooFine(String),
    /// Larger than any balance can be.
    #[error("{0} is larger than any amount of GAS")]
    TooLarge(String),
}

impl Datoshi {
    /// No money.
    pub const ZERO: Datoshi = Datoshi(0);
    /// The largest amount that can be written: `i64::MAX` datoshi.
    pub const MAX: Datoshi = Datoshi(i64::MAX as u64);

    /// An amount of whole datoshi; `None` above [`Datoshi::MAX`].
    pub const fn new(datoshi: u64) -> Option<Datoshi> {
        if datoshi <= i64::MAX as u64 { Some(Datoshi(datoshi)) } else { None }
    }

    /// Whole GAS, for constants; saturates at [`Datoshi::MAX`].
    pub const fn from_gas(gas: u32) -> Datoshi {
        Datoshi(gas as u64 * DATOSHI_PER_GAS)
    }

    /// The amount in datoshi.
    pub const fn datoshi(self) -> u64 {
        self.0
    }

    /// The amount in datoshi as the ledger and Neo store it.
    pub const fn as_i64(self) -> i64 {
        self.0 as i64
    }

    /// Sum; `None` when it would pass [`Datoshi::MAX`].
    pub fn checked_add(self, other: Datoshi) -> Option<Datoshi> {
        self.0.checked_add(other.0).and_then(Datoshi::new)
    }

    /// Difference; `None` when it would be negative.
    pub fn checked_sub(self, other: Datoshi) -> Option<Datoshi> {
        self.0.checked_sub(other.0).map(Datoshi)
    }

    /// Difference, or zero when it would be negative.
    pub fn saturating_sub(self, other: Datoshi) -> Datoshi {
        Datoshi(self.0.saturating_sub(other.0))
    }

    /// Reads datoshi from a decimal integer string, as JSON-RPC and our wire formats carry them.
    ///
    /// # Errors
    /// Anything but plain digits within range.
    pub fn parse_datoshi(text: &str) -> Result<Datoshi, AmountError> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::Form(quoted(text)));
        }
        text.parse().ok().and_then(Datoshi::new).ok_or_else(|| AmountError::TooLarge(quoted(text)))
    }

    /// The amount in GAS without a unit: `2`, `0.10977540`, with no needless zeros.
    pub fn gas_string(self) -> String {
        let (whole, part) = (self.0 / DATOSHI_PER_GAS, self.0 % DATOSHI_PER_GAS);
        if part == 0 {
            return whole.to_string();
        }
        let digits = format!("{part:08}");
        format!("{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl FromStr for Datoshi {
    type Err = AmountError;

    /// Reads GAS: `2`, `0.5`, `2 GAS`. Signs, exponents, and a ninth decimal are refused, never rounded.
    fn from_str(text: &str) -> Result<Datoshi, AmountError> {
        let form = || AmountError::Form(quoted(text));
        let trimmed = text.trim();
        let number = trimmed.strip_suffix("GAS").or_else(|| trimmed.strip_suffix("gas")).map_or(trimmed, str::trim_end);
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(form());
        }
        let part = part.trim_end_matches('0');
        if part.len() > 8 {
            return Err(AmountError::TooFine(quoted(text)));
        }
        let large = || AmountError::TooLarge(quoted(text));
        let whole: u64 = whole.parse().map_err(|_| large())?;
        let part: u64 = format!("{part:0<8}").parse().map_err(|_| form())?;
        whole.checked_mul(DATOSHI_PER_GAS).and_then(|w| w.checked_add(part)).and_then(Datoshi::new).ok_or_else(large)
    }
}

impl fmt::Display for Datoshi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GAS", self.gas_string())
    }
}

impl fmt::Debug for Datoshi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} datoshi", self.0)
    }
}

/// On the wire and in files: a decimal integer string of datoshi.
impl Serialize for Datoshi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Datoshi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Datoshi, D::Error> {
        let text = String::deserialize(deserializer)?;
        Datoshi::parse_datoshi(&text).map_err(serde::de::Error::custom)
    }
}

/// An amount as events and quotes carry it: `"amount": "2", "datoshi": "200000000"`. Flatten it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Decimal GAS, such as `2` or `0.1097754`.
    pub amount: String,
    /// The same in whole datoshi.
    pub datoshi: Datoshi,
}

impl From<Datoshi> for Amount {
    fn from(amount: Datoshi) -> Amount {
        Amount { amount: amount.gas_string(), datoshi: amount }
    }
}

/// Fees as events carry them: `"fees": "0.11", "fees_datoshi": "11000000"`. Flatten it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// Decimal GAS: system and network fee together.
    pub fees: String,
    /// The same in whole datoshi.
    pub fees_datoshi: Datoshi,
}

impl From<Datoshi> for Fees {
    fn from(amount: Datoshi) -> Fees {
        Fees { fees: amount.gas_string(), fees_datoshi: amount }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_would_be_rounded_or_guessed() {
        for bad in ["", " ", "-1", "+1", "1e3", "NaN", "inf", "1.", ".5", "1,5", "0x10", "1.2.3", "２", "1_000", "GAS"]
        {
            assert!(matches!(bad.parse::<Datoshi>(), Err(AmountError::Form(_))), "{bad}");
        }
        assert!(matches!("0.000000001".parse::<Datoshi>(), Err(AmountError::TooFine(_))));
        assert!(matches!("99999999999999".parse::<Datoshi>(), Err(AmountError::TooLarge(_))));
        assert!(matches!("92233720368.54775808".parse::<Datoshi>(), Err(AmountError::TooLarge(_))));
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!("2".parse::<Datoshi>().unwrap(), Datoshi::from_gas(2));
        assert_eq!("2 GAS".parse::<Datoshi>().unwrap(), Datoshi::from_gas(2));
        assert_eq!("0.10".parse::<Datoshi>().unwrap().datoshi(), 10_000_000);
        assert_eq!("92233720368.54775807".parse::<Datoshi>().unwrap(), Datoshi::MAX);
    }

    proptest! {
        #[test]
        fn gas_text_round_trips(n in 0..=i64::MAX as u64) {
            let amount = Datoshi::new(n).unwrap();
            prop_assert_eq!(amount.gas_string().parse::<Datoshi>().unwrap(), amount);
            prop_assert_eq!(serde_json::from_str::<Datoshi>(&serde_json::to_string(&amount).unwrap()).unwrap(), amount);
        }

        #[test]
        fn any_text_is_exact_or_refused(text in "\\PC{0,24}") {
            if let Ok(amount) = text.parse::<Datoshi>() {
                prop_assert!(amount <= Datoshi::MAX);
            }
        }
    }
}
