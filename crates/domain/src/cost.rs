//! What a model's provider charges, in whole nano-dollars: never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Nano-dollars in one US dollar.
pub const NANO_PER_DOLLAR: u64 = 1_000_000_000;
/// Decimals of a dollar that are kept.
const DECIMALS: i64 = 9;
/// No number that a provider writes is longer, characters.
const LONGEST: usize = 64;

/// An amount of US dollars in whole nano-dollars (1 USD = 1,000,000,000). One token of a cheap model costs tens of them.
///
/// In files and events it is a decimal text, such as `"0.00014725"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NanoDollars(u64);

/// Why a text is no amount of dollars.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// Not a number as JSON writes them, or below zero.
    #[error("`{0}` is not an amount of US dollars: write digits with at most one decimal point, such as 2 or 0.05")]
    Form(String),
    /// More than fits.
    #[error("`{0}` is more US dollars than can be counted")]
    TooLarge(String),
}

impl NanoDollars {
    /// Nothing.
    pub const ZERO: NanoDollars = NanoDollars(0);

    /// An amount of whole nano-dollars.
    pub const fn new(nano: u64) -> NanoDollars {
        NanoDollars(nano)
    }

    /// The amount in nano-dollars.
    pub const fn nano(self) -> u64 {
        self.0
    }

    /// Sum; the largest amount where it would pass that, so that a ceiling still holds.
    pub const fn saturating_add(self, other: NanoDollars) -> NanoDollars {
        NanoDollars(self.0.saturating_add(other.0))
    }

    /// Difference, or nothing when it would be below zero.
    pub const fn saturating_sub(self, other: NanoDollars) -> NanoDollars {
        NanoDollars(self.0.saturating_sub(other.0))
    }
}

impl FromStr for NanoDollars {
    type Err = CostError;

    /// Reads a number as JSON writes it, `1.4725e-4` too. What is finer than a nano-dollar counts as a whole one, so
    /// that many small costs never add up to less than was charged.
    fn from_str(text: &str) -> Result<NanoDollars, CostError> {
        let shown = || crate::units::clean(text, 40);
        let form = || CostError::Form(shown());
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(form());
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i64>().map_err(|_| form())?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: String = [whole, fraction].concat();
        if whole.is_empty() || number.ends_with('.') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(form());
        }
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Ok(NanoDollars::ZERO);
        }
        // The value is `digits` with the point moved by `shift` places.
        let shift = exponent.saturating_sub(fraction.len() as i64).saturating_add(DECIMALS);
        let kept = (digits.len() as i64).saturating_add(shift.min(0));
        let (kept, finer) = digits.split_at(usize::try_from(kept).unwrap_or(0).min(digits.len()));
        let zeros = usize::try_from(shift).unwrap_or(0);
        if kept.len() + zeros > 20 {
            return Err(CostError::TooLarge(shown()));
        }
        let nano: u128 = format!("0{kept}{}", "0".repeat(zeros)).parse().map_err(|_| form())?;
        let up = u128::from(finer.bytes().any(|b| b != b'0'));
        u64::try_from(nano + up).map(NanoDollars).map_err(|_| CostError::TooLarge(shown()))
    }
}

impl fmt::Display for NanoDollars {
    /// In dollars, without zeros at the end: `0.00014725`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, nano) = (self.0 / NANO_PER_DOLLAR, self.0 % NANO_PER_DOLLAR);
        if nano == 0 {
            return write!(f, "{dollars}");
        }
        write!(f, "{dollars}.{}", format!("{nano:09}").trim_end_matches('0'))
    }
}

impl Serialize for NanoDollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NanoDollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NanoDollars, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What a provider charges the key's own balance there for one task, in a unit of its own, which is nobody's GAS.
///
/// In files and events it is one text, such as `"0.02 USD"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Charge {
    /// How much, in whole billionths of the unit.
    pub cost: NanoDollars,
    /// The unit as the provider writes it, cleaned; empty where it writes none.
    pub unit: String,
}

/// The longest name of a unit, characters.
const LONGEST_UNIT: usize = 20;

impl Charge {
    /// So much in a unit.
    pub fn new(cost: NanoDollars, unit: &str) -> Charge {
        Charge { cost, unit: crate::units::clean(unit, LONGEST_UNIT) }
    }

    /// Whether anything is charged at all.
    pub fn is_something(&self) -> bool {
        self.cost > NanoDollars::ZERO
    }

    /// Whether this is no more than `agreed`, in the same unit.
    pub fn is_within(&self, agreed: &Charge) -> bool {
        self.unit == agreed.unit && self.cost <= agreed.cost
    }

    /// Charges added up, each unit by itself, in the order in which the units are met; and of how many each is the sum.
    pub fn sums<'c>(charges: impl IntoIterator<Item = &'c Charge>) -> Vec<(Charge, usize)> {
        let mut sums: Vec<(Charge, usize)> = Vec::new();
        for charge in charges {
            match sums.iter_mut().find(|(sum, _)| sum.unit == charge.unit) {
                Some((sum, times)) => {
                    sum.cost = sum.cost.saturating_add(charge.cost);
                    *times += 1;
                }
                None => sums.push((charge.clone(), 1)),
            }
        }
        sums
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit.as_str() {
            "" => write!(f, "{}", self.cost),
            unit => write!(f, "{} {unit}", self.cost),
        }
    }
}

impl From<Charge> for String {
    fn from(charge: Charge) -> String {
        charge.to_string()
    }
}

impl TryFrom<String> for Charge {
    type Error = CostError;

    fn try_from(text: String) -> Result<Charge, CostError> {
        let (cost, unit) = text.split_once(' ').unwrap_or((&text, ""));
        Ok(Charge::new(cost.parse()?, unit))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nano(text: &str) -> u64 {
        text.parse::<NanoDollars>().unwrap().nano()
    }

    #[test]
    fn numbers_as_providers_write_them() {
        assert_eq!(nano("0"), 0);
        assert_eq!(nano("0.95"), 950_000_000);
        assert_eq!(nano("0.00014725"), 147_250);
        assert_eq!(nano("1.4725e-4"), 147_250);
        assert_eq!(nano("1.4725E-04"), 147_250);
        assert_eq!(nano("2e3"), 2_000_000_000_000);
        assert_eq!(nano("1.5e+0"), 1_500_000_000);
        assert_eq!(nano("18446744073.709551615"), u64::MAX);
    }

    #[test]
    fn what_is_finer_counts_as_a_whole_one() {
        assert_eq!(nano("0.0000000001"), 1);
        assert_eq!(nano("0.00014725000000000001"), 147_251);
        assert_eq!(nano("0.00014725000000000000"), 147_250);
        assert_eq!(nano("1e-400"), 1);
        assert_eq!(nano("0e-400"), 0);
    }

    #[test]
    fn what_is_no_amount_is_said() {
        for text in ["", "-1", "-0.5", "+1", "NaN", ".5", "5.", "1e", "e5", "1.2.3", "$1", "1,5", "1_0", "١"] {
            assert!(matches!(text.parse::<NanoDollars>(), Err(CostError::Form(_))), "{text}");
        }
        for text in ["1e30", "1e9223372036854775807", "18446744073.709551616", "99999999999"] {
            assert!(matches!(text.parse::<NanoDollars>(), Err(CostError::TooLarge(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(nano in any::<u64>()) {
            let amount = NanoDollars::new(nano);
            prop_assert_eq!(amount.to_string().parse::<NanoDollars>().unwrap(), amount);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<NanoDollars>(&json).unwrap(), amount);
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = text.parse::<NanoDollars>();
        }

        #[test]
        fn any_number_of_json_reads(text in "[0-9]{1,9}(\\.[0-9]{1,20})?(e-?[0-9]{1,2})?") {
            let read = text.parse::<NanoDollars>();
            prop_assert!(!matches!(read, Err(CostError::Form(_))), "{}", text);
        }
    }

    #[test]
    fn charges_are_added_up_each_unit_by_itself() {
        let charge = |text: &str| Charge::try_from(text.to_owned()).unwrap();
        let all = ["0.02 USD", "1", "0.000000001 USD", "2"].map(charge);
        let sums: Vec<(String, usize)> =
            Charge::sums(&all).into_iter().map(|(sum, times)| (sum.to_string(), times)).collect();
        assert_eq!(sums, [("0.020000001 USD".to_owned(), 2), ("3".to_owned(), 2)]);
        assert!(
            charge("0.02 USD").is_within(&charge("0.020 USD")) && charge("0.01 USD").is_within(&charge("0.02 USD"))
        );
        assert!(
            !charge("0.03 USD").is_within(&charge("0.02 USD")) && !charge("0.02 EUR").is_within(&charge("0.02 USD"))
        );
        assert!(Charge::try_from("free USD".to_owned()).is_err());
        let odd = Charge::new(NanoDollars::new(1), "U\u{1b}[2J SD");
        assert_eq!(charge(&odd.to_string()), odd, "it is read again as it was written");
    }
}
