//! Flags that bind a request whatever is said: where it runs, what it may cost, how far it goes; and those by which a person
//! raises an estimate.

use clap::{Args, ValueEnum};

use domain::{
    money::Datoshi,
    request::{Assumed, Bounds, Locality, Spend, Until},
    units::{bytes as bytes_shown, bytes_of, quoted},
};

/// What binds a request. Flatten it into a command.
#[derive(Debug, Clone, Default, Args)]
pub struct BoundsArgs {
    /// Spend at most so much GAS for all of it, fees included; 0 pays nothing [default: your own caps]
    #[arg(long, value_name = "GAS", allow_negative_numbers = true)]
    max_gas: Option<Datoshi>,
    /// Run everything on this machine: nothing is sent away
    #[arg(long)]
    here: bool,
    /// How far to go [default: done]
    #[arg(long, value_name = "STEP", value_enum)]
    until: Option<Step>,
    /// Stop at the plan: the same as --until plan
    #[arg(long, conflicts_with = "until")]
    dry_run: bool,
}

/// What a person agrees to beforehand.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ConsentArgs {
    /// Consent beforehand to plans within the caps
    #[arg(long)]
    pub yes: bool,
    /// Let payments move real money: they are refused on mainnet without
    #[arg(long)]
    pub allow_mainnet: bool,
}

/// How far to go.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Step {
    /// To the plan: nothing is run, sent or paid
    Plan,
    /// To the provider's quote: files are sent, nothing is paid
    Quote,
    /// To the result
    Done,
}

impl BoundsArgs {
    /// The bounds that these flags set. Whatever a model or a sentence says narrows them and never widens them.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            place: if self.here { Locality::Here } else { Locality::Anywhere },
            spend: self.max_gas.map_or(Spend::OwnersCaps, Spend::at_most),
            until: self.until().unwrap_or_default(),
        }
    }

    /// What these flags make of the bounds of a request that is taken up: a person's flags stand in for what was said before,
    /// and what they leave out stays.
    pub fn over(&self, before: Bounds) -> Bounds {
        Bounds {
            place: if self.here { Locality::Here } else { before.place },
            spend: self.max_gas.map_or(before.spend, Spend::at_most),
            until: self.until().unwrap_or(before.until),
        }
    }

    fn until(&self) -> Option<Until> {
        match (self.dry_run, self.until) {
            (true, _) | (_, Some(Step::Plan)) => Some(Until::Plan),
            (_, Some(Step::Quote)) => Some(Until::Quote),
            (_, Some(Step::Done)) => Some(Until::Done),
            (false, None) => None,
        }
    }
}

/// What a person knows of the work beyond what is measured. Flatten it into a command.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct AssumedArgs {
    /// Plan as if each file had at least this size, such as 5GB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    assume_bytes: Option<u64>,
    /// Plan as if each run took at least so many seconds on this machine
    #[arg(long, value_name = "N", value_parser = seconds, allow_negative_numbers = true)]
    assume_seconds: Option<f64>,
}

impl AssumedArgs {
    /// What is assumed. It only ever raises an estimate.
    pub fn assumed(&self) -> Assumed {
        Assumed { bytes: self.assume_bytes, seconds: self.assume_seconds }
    }
}

fn size(text: &str) -> Result<u64, String> {
    // Whole numbers are read as such: sizes with a unit are kept in fewer digits.
    let bytes = text.trim().parse().ok().or_else(|| bytes_of(text.trim()));
    bytes.ok_or_else(|| {
        let most = bytes_shown(u64::MAX);
        format!("{} is not a size up to {most}: write bytes, or a number with a unit, such as 5GB", quoted(text))
    })
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.trim().parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0);
    seconds.ok_or_else(|| format!("{} is not a number of seconds: write digits, such as 3600", quoted(text)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        bounds: BoundsArgs,
        #[command(flatten)]
        assumed: AssumedArgs,
    }

    fn parsed(words: &str) -> Result<Command, String> {
        let words = std::iter::once("agent").chain(words.split_whitespace());
        Command::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_are_bounds() {
        let bounds = |words| parsed(words).unwrap().bounds.bounds();
        assert_eq!(bounds(""), Bounds::default());
        assert_eq!(bounds("--max-gas 1.5").spend, Spend::AtMost(Datoshi::new(150_000_000).unwrap()));
        assert_eq!(bounds("--max-gas 0").spend, Spend::Nothing);
        assert_eq!(bounds("--max-gas 0.0").spend, Spend::Nothing);
        assert_eq!(bounds("--here").place, Locality::Here);
        assert_eq!(bounds("--until plan").until, Until::Plan);
        assert_eq!(bounds("--until=quote --here --max-gas=2").until, Until::Quote);
    }

    #[test]
    fn assumptions_take_units() {
        let assumed = |words| parsed(words).unwrap().assumed.assumed();
        assert_eq!(assumed(""), Assumed::default());
        assert_eq!(assumed("--assume-bytes 5GB").bytes, Some(5_000_000_000));
        assert_eq!(assumed("--assume-bytes 5GiB").bytes, Some(5 << 30));
        assert_eq!(assumed("--assume-bytes 9007199254740993").bytes, Some(9_007_199_254_740_993));
        assert_eq!(assumed("--assume-seconds 3600").seconds, Some(3600.0));
    }

    #[test]
    fn what_makes_no_sense_is_said_in_a_sentence() {
        for (words, part) in [
            ("--max-gas lots", "`lots` is not an amount of GAS"),
            ("--max-gas -1", "`-1` is not an amount of GAS"),
            ("--max-gas 1e3", "is not an amount of GAS"),
            ("--max-gas 0.000000001", "more than 8 decimals"),
            ("--max-gas --here", "a value is required"),
            ("--until never", "[possible values: plan, quote, done]"),
            ("--assume-bytes big", "`big` is not a size up to 18.4 EB: write bytes"),
            ("--assume-bytes 99999999999999999999GB", "is not a size"),
            ("--assume-bytes 99999999999999999999", "is not a size"),
            ("--assume-bytes -5", "-5"),
            ("--assume-seconds nan", "`nan` is not a number of seconds"),
            ("--assume-seconds -1", "`-1` is not a number of seconds"),
        ] {
            let error = parsed(words).unwrap_err();
            assert!(error.contains(part), "{words}: {error}");
        }
    }
}
