//! Which helps of the conversation a model is left without.

use std::fmt;

use crate::agent::Helps;

/// One of the conversation's helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Help {
    /// Tools narrowed to what the jobs' states allow.
    Narrowing,
    /// Calls repaired in form.
    Repair,
    /// A model that stops half-way is told what is open.
    Endings,
}

impl Help {
    /// All of them.
    pub const ALL: [Help; 3] = [Help::Narrowing, Help::Repair, Help::Endings];

    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Help::Narrowing => "narrowing",
            Help::Repair => "repair",
            Help::Endings => "endings",
        }
    }

    /// The help of that name.
    pub fn from_name(name: &str) -> Option<Help> {
        Help::ALL.into_iter().find(|help| help.name() == name)
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A way in which all cases are played.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variant {
    /// The helps that are off, each once.
    pub without: Vec<Help>,
}

impl Variant {
    /// A variant without these helps.
    pub fn without(helps: &[Help]) -> Variant {
        Variant { without: Help::ALL.into_iter().filter(|help| helps.contains(help)).collect() }
    }

    /// All helps, then without each of them alone.
    pub fn each() -> Vec<Variant> {
        std::iter::once(Variant::default()).chain(Help::ALL.map(|help| Variant::without(&[help]))).collect()
    }

    /// The names of the helps that are off.
    pub fn names(&self) -> Vec<&'static str> {
        self.without.iter().map(|help| help.name()).collect()
    }

    /// The switches of the conversation.
    pub fn helps(&self) -> Helps {
        let on = |help| !self.without.contains(&help);
        Helps { narrowing: on(Help::Narrowing), repair: on(Help::Repair), endings: on(Help::Endings) }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.without.is_empty() {
            return f.pad("all helps");
        }
        f.pad(&format!("without {}", self.names().join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_say_what_is_off() {
        assert_eq!(Variant::default().helps(), Helps::default());
        let variant = Variant::without(&[Help::Endings, Help::Narrowing, Help::Endings]);
        assert_eq!(variant.to_string(), "without narrowing, endings");
        assert_eq!(variant.helps(), Helps { narrowing: false, repair: true, endings: false });
        let each: Vec<String> = Variant::each().iter().map(Variant::to_string).collect();
        assert_eq!(each, ["all helps", "without narrowing", "without repair", "without endings"]);
        assert!(Help::ALL.into_iter().all(|help| Help::from_name(help.name()) == Some(help)));
    }
}
