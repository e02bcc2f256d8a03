//! What work costs at the provider, before anything is sent to it.

use std::{sync::PoisonError, time::Duration};

use async_trait::async_trait;
use url::Url;

use super::{JobError, OwnerPrice, Workflow, waiting::tell};
use compute::aioz::{Aioz, ComputeError, Cost, Waits};
use domain::{
    cost::Charge,
    hash::Hash160,
    money::Datoshi,
    network::Network,
    plan::{PlannedWork, Price, PriceSource},
    quote::Quote,
};
use guard::{
    ledger::{Reading, Spending},
    policy::{Refusal, Rule},
};

/// What paying burns at most without asking again, 0.15 GAS: a transfer with data burned 0.1124351 GAS on the sandbox's chain,
/// whose fee policy is that of a fresh Neo N3 net (docs/payments.md). What is above is asked for again.
const FEES: u64 = 15_000_000;

/// What is needed to tell prices: no key is unlocked for it.
#[derive(Debug, Clone)]
pub struct Pricing {
    /// Who runs remote jobs; nobody where there is no price list to ask for.
    pub provider: Option<Aioz>,
    /// What is paid where the provider states nothing.
    pub price: OwnerPrice,
    /// Where datasets are staged, for people: its host.
    pub storage: String,
    /// The same as results may be fetched from there; `None` in the sandbox, whose results are its provider's.
    pub storage_origin: Option<Url>,
    /// Whether that is storage of the owner's; else small files go to the provider's own.
    pub own_storage: bool,
    /// Whose coins are spent, where that is known without unlocking a wallet.
    pub account: Option<Hash160>,
}

/// Money as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What the wallet holds, where the chain said so.
    pub balance: Option<Datoshi>,
    /// Spent or reserved in the last 24 hours.
    pub today: Datoshi,
    /// Spent or reserved as long as the ledger remembers.
    pub ever: Datoshi,
    /// The owner's flat price of a job, where the provider states none.
    pub price: Option<Datoshi>,
}

/// What the provider's price list says of one model.
#[derive(Debug, Clone)]
pub(super) enum Listed {
    /// In GAS, to this account.
    Gas { amount: Datoshi, recipient: Hash160, network: Network },
    /// It states no payment terms, and at most a cost in a unit of its own.
    NoTerms { beside: Option<Charge> },
}

/// Tells prices without bringing up what pays.
#[async_trait]
pub trait AskPrices: Send + Sync {
    /// What is needed to ask.
    async fn pricing(&self) -> Result<Pricing, JobError>;
}

impl Workflow {
    /// The parts that tell prices, brought up at the first need.
    pub(super) async fn pricing(&self) -> Result<&Pricing, JobError> {
        self.pricing.get_or_try_init(|| self.parts.connect.pricing()).await
    }

    /// Where files go that leave this machine, in a few words.
    pub(super) fn destination(&self) -> String {
        if self.parts.guard.policy().network.is_sandbox() {
            return "the sandbox on this machine".to_owned();
        }
        match self.pricing.get() {
            Some(pricing) => match pricing.provider.as_ref().and_then(|provider| provider.base().host_str()) {
                Some(provider) if !pricing.own_storage => {
                    format!("{provider} and its own storage, where whoever has the link can read it")
                }
                Some(provider) => format!("{}, read by {provider}", pricing.storage),
                None => pricing.storage.clone(),
            },
            None => "the provider".to_owned(),
        }
    }

    /// What the wallet has spent, where it is known which one it is.
    pub(super) fn spent(&self) -> Result<Option<Spending>, JobError> {
        let Some(account) = self.pricing.get().and_then(|pricing| pricing.account) else { return Ok(None) };
        let network = self.parts.guard.policy().network;
        Ok(Some(self.parts.ledger.spending(&account, network, &Reading::now())?))
    }

    /// What the wallet has, may spend and has spent, as far as that is known; `balance`: whether the chain is asked, for no
    /// longer than `patience`.
    pub async fn budget(&self, balance: bool, patience: Duration) -> Budget {
        let asked = async {
            let remote = self.remote().await.ok()?;
            remote.payer.chain().balance(remote.payer.account()).await.ok()
        };
        let pricing = self.pricing().await.ok();
        let held = if balance { tokio::time::timeout(patience, asked).await.ok().flatten() } else { None };
        let spent = self.spent().ok().flatten();
        Budget {
            balance: held,
            today: spent.map_or(Datoshi::ZERO, |spent| spent.day),
            ever: spent.map_or(Datoshi::ZERO, |spent| spent.lifetime),
            price: pricing.map(|pricing| pricing.price.flat),
        }
    }

    /// What one task of `model` on a dataset of `bytes` costs: the provider's list price in GAS, or the owner's price.
    ///
    /// # Errors
    /// A provider that cannot be asked; P-NETWORK and P-RECIPIENT for terms that could never be paid.
    pub(super) async fn price_of(&self, model: &str, bytes: u64) -> Result<Price, JobError> {
        let pricing = self.pricing().await?;
        let known = self.listed.lock().await.get(model).cloned();
        let listed = match known {
            Some(listed) => listed,
            None => {
                let cost = match &pricing.provider {
                    Some(provider) => {
                        provider.attended(Waits::new(tell(&self.parts.sink), None)).cost(model).await.map(Some)
                    }
                    None => Ok(None),
                };
                let listed = match cost {
                    Ok(Some(cost)) => {
                        self.check_result_hosts(pricing, &cost)?;
                        let listed = listed(&cost)?;
                        if let (Listed::NoTerms { .. }, Some(provider)) = (&listed, &pricing.provider) {
                            // Where it does not say, submitting shows whether it reaches.
                            let balance = provider.balance().await.ok().and_then(|told| told.balance?.parse().ok());
                            *self.balance.lock().unwrap_or_else(PoisonError::into_inner) = balance;
                        }
                        listed
                    }
                    // A provider may tell no costs; that the model is there shows at submit.
                    Ok(None) | Err(ComputeError::Refused { .. } | ComputeError::Garbage(_)) => {
                        Listed::NoTerms { beside: None }
                    }
                    Err(error) => return Err(error.into()),
                };
                self.listed.lock().await.insert(model.to_owned(), listed.clone());
                listed
            }
        };
        let (amount, recipient, network, source, beside) = match listed {
            Listed::Gas { amount, recipient, network } => (amount, recipient, network, PriceSource::Listed, None),
            Listed::NoTerms { beside } => {
                let (amount, recipient) = pricing.price.of(bytes)?;
                (amount, recipient, pricing.price.network, PriceSource::Owners, beside)
            }
        };
        let policy = self.parts.guard.policy();
        if network != policy.network {
            let why = format!("the provider is paid on {network}, and this program pays on {} only", policy.network);
            return Err(Refusal::new(Rule::Network, why)
                .hint("set NEO_NETWORK to the provider's network if it is really the one you mean")
                .into());
        }
        if network.is_mainnet() && !policy.allow_mainnet {
            let why = "payments on mainnet are switched off: they move real money";
            return Err(Refusal::new(Rule::Mainnet, why)
                .hint("give --allow-mainnet, or set `allow_mainnet = true` in policy.toml")
                .into());
        }
        if amount > Datoshi::ZERO && !policy.recipients.contains(&recipient) {
            let why = format!("{} is not on the owner's list of recipients", recipient.address());
            return Err(Refusal::new(Rule::Recipient, why)
                .hint("put it in GAS_RECIPIENT or in `recipients` of policy.toml, if you know whose it is")
                .into());
        }
        Ok(Price { amount, fees: self.fees(), recipient: recipient.address(), network, source, beside })
    }

    /// What the provider takes from the key's own balance by a submit to this model, as it says now; nothing where it takes GAS.
    /// What it said before is forgotten, so that the next plan has what it says by then.
    ///
    /// # Errors
    /// A provider that cannot be asked, or says no price that somebody could agree to.
    pub(super) async fn charge_now(&self, provider: &Aioz, model: &str) -> Result<Option<Charge>, JobError> {
        let cost = provider.cost(model).await?;
        self.listed.lock().await.remove(model);
        match listed(&cost)? {
            Listed::Gas { .. } => Ok(None),
            Listed::NoTerms { beside: Some(charge) } => Ok(Some(charge)),
            Listed::NoTerms { beside: None } => Err(untold(model)),
        }
    }

    /// Why the key's own balance at the provider does not reach for all that is charged to it, as far as both say how much they are.
    pub(super) fn cannot_be_charged(&self, pieces: &[PlannedWork]) -> Option<JobError> {
        let has = (*self.balance.lock().unwrap_or_else(PoisonError::into_inner))?;
        let sums = Charge::sums(pieces.iter().filter_map(PlannedWork::still_charged));
        let (sum, times) = sums.into_iter().find(|(sum, _)| sum.cost > has)?;
        let what = if times == 1 { "it".to_owned() } else { format!("{times} pieces of work") };
        Some(JobError::Setup {
            message: format!(
                "the provider takes {sum} for {what} from the balance of AIOZ_API_KEY there, which is {has}"
            ),
            hint: Some("add funds to that balance at the provider; it is none of the wallet's GAS".to_owned()),
        })
    }

    /// Refuses work whose result this program would not fetch: once it is paid for, that is late to find out.
    fn check_result_hosts(&self, pricing: &Pricing, cost: &Cost) -> Result<(), JobError> {
        let own = pricing.provider.as_ref().map(Aioz::base).into_iter().chain(&pricing.storage_origin);
        let allowed: Vec<&Url> = own.chain(&self.parts.guard.policy().result_hosts).collect();
        let is_allowed = |host: &Url| allowed.iter().any(|allowed| allowed.origin() == host.origin());
        let Some(other) = cost.result_hosts.iter().find(|host| !is_allowed(host)) else { return Ok(()) };
        let other = other.origin().ascii_serialization();
        let why =
            format!("the provider's results come from {other}, which is neither its own address nor named by you");
        let hint = format!("if you know that server as the provider's: AIOZ_RESULT_HOSTS={other}");
        Err(Refusal::new(Rule::ResultHost, why).hint(hint).into())
    }

    /// The price of a job whose quote is known.
    pub(super) fn quoted(&self, quote: &Quote) -> Price {
        Price {
            amount: quote.amount,
            fees: self.fees(),
            recipient: quote.recipient.address(),
            network: quote.network,
            source: PriceSource::Quoted,
            beside: None,
        }
    }

    /// What may be burnt for one payment without asking again: never more than the owner's own limits.
    fn fees(&self) -> Datoshi {
        let policy = self.parts.guard.policy();
        let limits = policy.max_system_fee.checked_add(policy.max_network_fee).unwrap_or(Datoshi::MAX);
        Datoshi::new(FEES).unwrap_or(Datoshi::MAX).min(limits)
    }
}

/// Terms where the list states them, else what it says in its own unit.
fn listed(cost: &Cost) -> Result<Listed, JobError> {
    match &cost.payment {
        Some(terms) => {
            let (amount, recipient, network) = terms.price()?;
            Ok(Listed::Gas { amount, recipient, network })
        }
        None => Ok(Listed::NoTerms { beside: cost.charge() }),
    }
}

/// Whoever takes from a balance and does not say how much is agreed to by nobody.
pub(super) fn untold(model: &str) -> JobError {
    JobError::Setup {
        message: format!("the provider does not say what a task of {model} costs there, so nobody can agree to it"),
        hint: Some("it is asked again by the next plan; `agent tasks show` says what it says".to_owned()),
    }
}
