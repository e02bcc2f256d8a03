//! Prices, added up and said.

use domain::{
    cost::Charge,
    money::Datoshi,
    network::Network,
    plan::{PlannedWork, Price, PriceSource},
    units::{clean, count},
};

/// What some pieces of work cost together.
#[derive(Debug, Default)]
pub struct Prices {
    /// How many have a price.
    priced: usize,
    amount: Datoshi,
    fees: Datoshi,
    /// The amounts by where they come from, in the order they are met.
    sources: Vec<(PriceSource, Datoshi)>,
    /// Who is paid, and on which network.
    payees: Vec<(String, Network)>,
    /// What the provider charges in a unit of its own.
    beside: Vec<Charge>,
}

impl Prices {
    /// Of everything that is still to be paid.
    pub fn of<'a>(pieces: impl IntoIterator<Item = &'a PlannedWork>) -> Prices {
        let mut all = Prices::default();
        pieces.into_iter().filter_map(PlannedWork::still_to_pay).for_each(|price| all.add(price));
        all
    }

    fn add(&mut self, price: &Price) {
        self.priced += 1;
        self.amount = plus(self.amount, price.amount);
        self.fees = plus(self.fees, price.fees);
        match self.sources.iter_mut().find(|(source, _)| *source == price.source) {
            Some((_, sum)) => *sum = plus(*sum, price.amount),
            None => self.sources.push((price.source, price.amount)),
        }
        let payee = (clean(&price.recipient, 60), price.network);
        if !self.payees.contains(&payee) {
            self.payees.push(payee);
        }
        self.beside.extend(price.beside.clone());
    }

    /// Amounts and fees.
    pub fn most(&self) -> Datoshi {
        plus(self.amount, self.fees)
    }

    /// Amounts alone.
    pub fn amount(&self) -> Datoshi {
        self.amount
    }

    /// Whether real money moves.
    pub fn is_real(&self) -> bool {
        self.payees.iter().any(|(_, network)| network.is_mainnet())
    }

    /// `2.11 GAS at most: 2 GAS (the provider's quote) and fees of 0.11 GAS at most`; nothing where nothing has a price.
    pub fn said(&self) -> Option<String> {
        if self.priced == 0 {
            return None;
        }
        let amounts: Vec<String> =
            self.sources.iter().map(|(source, sum)| format!("{sum} ({})", source_words(*source))).collect();
        let amounts = amounts.join(", ");
        Some(match self.fees {
            Datoshi::ZERO => format!("{amounts}, and no fees"),
            fees => format!("at most {}: {amounts}, and up to {fees} in fees", self.most()),
        })
    }

    /// What the provider takes from the owner's account there; nothing where it takes nothing.
    pub fn beside(&self) -> Option<String> {
        let parts: Vec<String> = Charge::sums(&self.beside)
            .into_iter()
            .map(|(sum, times)| match times {
                1 => sum.to_string(),
                times => format!("{sum} for {} tasks", count(times as u64)),
            })
            .collect();
        (!parts.is_empty()).then(|| format!("the provider also takes {} from your account there", parts.join(" and ")))
    }

    /// Each of those who are paid, with the network and what its coins are.
    pub fn payees(&self) -> Vec<String> {
        let kind = |network: Network| match network {
            network if network.is_mainnet() => "on mainnet: real money".to_owned(),
            network if network.is_sandbox() => "on the sandbox: play money".to_owned(),
            network => format!("on {network}"),
        };
        self.payees.iter().map(|(recipient, network)| format!("{recipient} {}", kind(*network))).collect()
    }
}

/// Both together; the largest amount where there is no larger one.
fn plus(one: Datoshi, two: Datoshi) -> Datoshi {
    one.checked_add(two).unwrap_or(Datoshi::MAX)
}

fn source_words(source: PriceSource) -> &'static str {
    match source {
        PriceSource::Quoted => "the provider's quote",
        PriceSource::Listed => "the provider's price list",
        PriceSource::Owners => "your own price, as the provider states none",
    }
}
