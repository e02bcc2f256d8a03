//! What model calls take, in tokens and in money, and the ceilings that end a session's calls.

use serde::{Deserialize, Serialize};

use super::window::{self, Gauge};
use crate::model::{ChatRequest, ChatTurn, Usage};
use domain::{cost::NanoDollars, units::count};

/// What a call took whose provider does not say: by its request and by what came of it.
pub fn estimate(gauge: &Gauge, request: &ChatRequest, reply: &ChatTurn) -> Usage {
    let calls = reply.calls.iter().map(|call| call.name.len() + call.arguments.len());
    Usage {
        prompt_tokens: gauge.tokens(window::size(request)),
        completion_tokens: gauge.tokens(reply.text.len() + calls.sum::<usize>()),
        estimated: true,
        ..Usage::default()
    }
}

/// What model calls took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// Calls.
    pub calls: u64,
    /// Calls whose tokens are estimated, as the provider counted none.
    #[serde(default)]
    pub estimated: u64,
    /// Tokens in, those from a cache included.
    pub prompt_tokens: u64,
    /// Tokens in that came from a cache.
    pub cached_tokens: u64,
    /// Tokens out.
    pub completion_tokens: u64,
    /// US dollars, of the calls whose cost the provider said.
    pub cost: NanoDollars,
    /// Calls whose cost it said.
    pub priced: u64,
}

impl Spent {
    /// One call more.
    pub fn add(&mut self, usage: &Usage) {
        self.calls += 1;
        self.estimated += u64::from(usage.estimated);
        self.prompt_tokens = self.prompt_tokens.saturating_add(usage.prompt_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(usage.cached_tokens.unwrap_or_default());
        self.completion_tokens = self.completion_tokens.saturating_add(usage.completion_tokens);
        if let Some(cost) = usage.cost {
            self.cost = self.cost.saturating_add(cost);
            self.priced += 1;
        }
    }

    /// What was taken since then.
    pub fn since(&self, before: &Spent) -> Spent {
        Spent {
            calls: self.calls.saturating_sub(before.calls),
            estimated: self.estimated.saturating_sub(before.estimated),
            prompt_tokens: self.prompt_tokens.saturating_sub(before.prompt_tokens),
            cached_tokens: self.cached_tokens.saturating_sub(before.cached_tokens),
            completion_tokens: self.completion_tokens.saturating_sub(before.completion_tokens),
            cost: self.cost.saturating_sub(before.cost),
            priced: self.priced.saturating_sub(before.priced),
        }
    }

    /// Tokens in and out.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// In a few words: `3,512 tokens in (1,024 from cache), 87 out, 0.0021 USD`; with what of it is estimated.
    pub fn to_text(&self) -> String {
        let cached = match self.cached_tokens {
            0 => String::new(),
            n => format!(" ({} from cache)", count(n)),
        };
        let cost = match self.priced {
            0 => String::new(),
            _ if self.priced < self.calls => format!(", {} USD for {} of {} calls", self.cost, self.priced, self.calls),
            _ => format!(", {} USD", self.cost),
        };
        let estimated = match self.estimated {
            0 => String::new(),
            n if n < self.calls => format!(" (estimated for {n} of {} calls)", self.calls),
            _ => " (estimated: the provider does not count)".to_owned(),
        };
        let (prompt, completion) = (count(self.prompt_tokens), count(self.completion_tokens));
        format!("{}{prompt} tokens in{cached}, {completion} out{estimated}{cost}", self.about())
    }

    /// The word before a number that is partly estimated.
    fn about(&self) -> &'static str {
        if self.estimated > 0 { "about " } else { "" }
    }
}

/// What a session may take; the model is not called beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ceilings {
    /// Tokens in and out: AGENT_MAX_TOKENS.
    pub tokens: Option<u64>,
    /// US dollars, by what the provider says that calls cost: AGENT_MAX_COST.
    pub cost: Option<NanoDollars>,
}

impl Ceilings {
    /// Why the next call, which takes about `next` tokens in, would pass a ceiling.
    pub fn passed(&self, spent: &Spent, next: u64) -> Option<String> {
        if let Some(ceiling) = self.tokens
            && spent.tokens().saturating_add(next) > ceiling
        {
            return Some(format!(
                "the session's ceiling of {} tokens does not allow another call of the model: {}{} are used, and the \
                 next call takes about {}",
                count(ceiling),
                spent.about(),
                count(spent.tokens()),
                count(next)
            ));
        }
        let ceiling = self.cost.filter(|ceiling| spent.cost >= *ceiling)?;
        Some(format!("the session's ceiling of {ceiling} USD for the model is reached: {} USD are spent", spent.cost))
    }

    /// Whether the money ceiling cannot be kept, as the provider does not say what calls cost.
    pub fn blind(&self, spent: &Spent) -> bool {
        self.cost.is_some() && spent.priced < spent.calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(tokens: u64, cost: Option<&str>) -> Usage {
        let cost = cost.map(|c| c.parse().unwrap());
        Usage { prompt_tokens: tokens, completion_tokens: 10, cost, ..Usage::default() }
    }

    #[test]
    fn sums_are_exact_and_ceilings_hold() {
        let mut spent = Spent::default();
        spent.add(&usage(1200, Some("0.1")));
        spent.add(&usage(1300, Some("0.2")));
        assert_eq!(spent.to_text(), "2,500 tokens in, 20 out, 0.3 USD");
        let ceilings = |tokens, cost: Option<&str>| Ceilings { tokens, cost: cost.map(|c| c.parse().unwrap()) };
        assert_eq!(ceilings(Some(4000), Some("0.31")).passed(&spent, 1480), None);
        let why = ceilings(Some(4000), None).passed(&spent, 1481).unwrap();
        assert!(why.contains("4,000 tokens") && why.contains("2,520 are used") && why.contains("1,481"), "{why}");
        let why = ceilings(None, Some("0.30")).passed(&spent, 1).unwrap();
        assert!(why.contains("0.3 USD"), "{why}");
        assert!(!ceilings(None, Some("1")).blind(&spent));
        spent.add(&Usage { cached_tokens: Some(900), ..usage(1000, None) });
        assert_eq!(spent.to_text(), "3,500 tokens in (900 from cache), 30 out, 0.3 USD for 2 of 3 calls");
        assert!(ceilings(None, Some("1")).blind(&spent));
        spent.add(&Usage { estimated: true, ..usage(1000, None) });
        let text =
            "about 4,500 tokens in (900 from cache), 40 out (estimated for 1 of 4 calls), 0.3 USD for 2 of 4 calls";
        assert_eq!(spent.to_text(), text);
    }
}
