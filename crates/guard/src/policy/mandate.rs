//! Mandates: what a request, and the consents to its plans, allow.
//!
//! Only the guard makes one, out of what the ledger keeps. A mandate is not Clone, Copy, Default, Serialize or Deserialize;
//! every permit is granted under one and names it.

use super::refusal::{Refusal, Rule};
use crate::ledger::Kept;
use domain::{
    consent::{ConsentBy, Granted},
    cost::Charge,
    job::Job,
    money::Datoshi,
    quote::Quote,
    request::{Locality, Request, Until, Work},
    verdict::Place,
};

/// What may be done for one request.
pub struct Mandate {
    kept: Kept,
}

impl Mandate {
    pub(in crate::policy) fn of(kept: Kept) -> Mandate {
        Mandate { kept }
    }

    /// The request.
    pub fn request(&self) -> &Request {
        &self.kept.request
    }

    /// The job is work of the request, as it was planned, and the request goes beyond its plan.
    ///
    /// # Errors
    /// Q-WORK, Q-UNTIL.
    pub(in crate::policy) fn allows_work(&self, job: &Job) -> Result<(), Refusal> {
        let request = self.request();
        let of_it = job.request.as_ref() == Some(&request.id) && request.work.iter().any(|work| is_work(work, job));
        if !of_it {
            let why = format!("{} is not work of {}, or not as it was planned there", job.id, request.id);
            return Err(Refusal::new(Rule::Work, why).hint("ask for it in a request of its own"));
        }
        if request.bounds.until == Until::Plan {
            return Err(stops_at_plan());
        }
        Ok(())
    }

    /// The job may run on this machine: what costs nothing and stays here needs no consent. What its programs may send away does,
    /// and so does work of which nobody knows what it takes.
    ///
    /// # Errors
    /// Q-WORK, Q-UNTIL; Q-PLACE and P-APPROVAL where its programs may use the network; Q-UNMEASURED where nothing is known of what
    /// it needs.
    pub(in crate::policy) fn allows_local(&self, job: &Job) -> Result<(), Refusal> {
        self.allows_work(job)?;
        if job.uses_network() {
            if self.request().bounds.place == Locality::Here {
                return Err(uses_network(&job.task_type));
            }
            if !self.granted(job).is_some_and(|(granted, _)| granted.may_leave) {
                let why = format!("{} may use the network, and nobody consented to that", job.task_type);
                return Err(Refusal::new(Rule::Approval, why)
                    .hint(format!("`agent jobs resume {}` shows the plan and asks", job.id)));
            }
        }
        if job.verdict.unmeasured.is_some() && !self.granted(job).is_some_and(|(granted, _)| granted.unmeasured) {
            return Err(unmeasured(&job.task_type, &job.id.to_string()));
        }
        if self.goes_to_the_end() {
            return Ok(());
        }
        Err(Refusal::new(Rule::Until, format!("the request stops at the quote, so {} is not run", job.id))
            .hint(format!("`agent jobs resume {}` runs it", job.id)))
    }

    /// Whether the request goes to the result.
    pub(in crate::policy) fn goes_to_the_end(&self) -> bool {
        self.request().bounds.until == Until::Done
    }

    /// The job's dataset may be sent away: somebody said yes to that.
    ///
    /// # Errors
    /// Q-WORK, Q-UNTIL, Q-PLACE; P-APPROVAL where nobody consented.
    pub(in crate::policy) fn allows_leaving(&self, job: &Job) -> Result<(), Refusal> {
        self.allows_work(job)?;
        let request = self.request();
        if request.bounds.place == Locality::Here && job.place() == Place::Offload {
            return Err(stays_here(&job.id.to_string()));
        }
        match self.granted(job) {
            Some((granted, _)) if granted.may_leave => Ok(()),
            _ => Err(Refusal::new(Rule::Approval, format!("nobody consented to sending away the data of {}", job.id))
                .hint(format!("`agent jobs resume {}` shows the plan and asks", job.id))),
        }
    }

    /// Somebody takes what the provider gives for the job, though nobody can verify it.
    ///
    /// # Errors
    /// Q-UNVERIFIED where nobody does.
    pub(in crate::policy) fn allows_unverified(&self, job: &Job) -> Result<(), Refusal> {
        if self.takes_unverified(job) { Ok(()) } else { Err(unverified(&job.task_type)) }
    }

    /// Whether somebody said of this very work, in any consent of its request, that a result is taken which nobody can verify.
    /// What a later consent does not say again is not taken back by it.
    pub fn takes_unverified(&self, job: &Job) -> bool {
        self.grants(job).any(|(granted, _)| granted.unverified)
    }

    /// What somebody agreed that the provider charges the key's own balance for the job; nothing where nobody did.
    pub fn charge<'m>(&'m self, job: &'m Job) -> Option<&'m Charge> {
        self.granted(job)?.0.charge.as_ref()
    }

    /// The provider may charge the key's own balance so much for the job, which it does as soon as it is submitted.
    ///
    /// # Errors
    /// Q-UNTIL under a request that stops at the quote; P-APPROVAL where nobody agreed to so much.
    pub fn allows_charge(&self, job: &Job, charge: Option<&Charge>) -> Result<(), Refusal> {
        let Some(charge) = charge.filter(|charge| charge.is_something()) else { return Ok(()) };
        if self.request().bounds.until == Until::Quote {
            return Err(buys_when_submitted(&job.task_type, charge));
        }
        let why = match self.charge(job) {
            Some(agreed) if charge.is_within(agreed) => return Ok(()),
            Some(agreed) => format!("the provider takes {charge} for {} now, and {agreed} was agreed to", job.id),
            None => format!("the provider takes {charge} for {}, and nobody agreed to that", job.id),
        };
        Err(Refusal::new(Rule::Approval, why)
            .hint(format!("`agent jobs resume {}` shows the plan with that price and asks", job.id)))
    }

    /// The job may be paid for at all under this request, with `fees` on top.
    ///
    /// # Errors
    /// As [`Mandate::allows_leaving`], Q-UNTIL, Q-SPEND.
    pub(in crate::policy) fn allows_paying(&self, job: &Job, quote: &Quote, fees: Datoshi) -> Result<(), Refusal> {
        self.allows_leaving(job)?;
        let bounds = self.request().bounds;
        if bounds.until == Until::Quote {
            let why = format!("the request stops at the quote, so {} is not paid", job.id);
            return Err(Refusal::new(Rule::Until, why)
                .hint(format!("`agent jobs resume {}` goes on, and asks before it pays", job.id)));
        }
        let asked = quote.amount.checked_add(fees).unwrap_or(Datoshi::MAX);
        match bounds.spend.limit() {
            Some(limit) if asked > limit => Err(above_limit(&job.id.to_string(), asked, limit, Datoshi::ZERO)),
            _ => Ok(()),
        }
    }

    /// Who said yes to paying exactly this recipient at least this much; nobody where it was for less.
    pub(in crate::policy) fn covers(&self, job: &Job, quote: &Quote, fees: Datoshi) -> Option<ConsentBy> {
        let (granted, by) = self.granted(job)?;
        let within = quote.amount <= granted.amount && fees <= granted.fees;
        (within && granted.recipient.as_deref() == Some(quote.recipient.address().as_str())).then_some(by)
    }

    /// The newest grant for a job.
    fn granted<'m>(&'m self, job: &'m Job) -> Option<(&'m Granted, ConsentBy)> {
        self.grants(job).next()
    }

    /// All grants for a job, newest first.
    fn grants<'m>(&'m self, job: &'m Job) -> impl Iterator<Item = (&'m Granted, ConsentBy)> {
        let newest_first = self.kept.consents.iter().rev();
        newest_first.flat_map(|c| c.granted.iter().map(|g| (g, c.by))).filter(|(granted, _)| granted.is(job))
    }
}

/// Whether a job is a piece of work of a request: task, file and parameters are the same.
fn is_work(work: &Work, job: &Job) -> bool {
    work.task == job.task_type
        && work.parameters == job.parameters
        && work.inputs.first().and_then(|input| input.path.as_ref()) == Some(&job.source.path)
}

/// The refusal of an effect under a request that stops at its plan.
pub fn stops_at_plan() -> Refusal {
    Refusal::new(Rule::Until, "the request stops at the plan: nothing is run, sent or paid")
        .hint("ask for the work itself, without --until plan or --dry-run")
}

/// The refusal of a quote that cannot be had without buying.
pub fn buys_when_submitted(task: &str, charge: &Charge) -> Refusal {
    let why = format!(
        "the provider takes {charge} from the balance there as soon as {task} is submitted, so there is no quote to stop at"
    );
    Refusal::new(Rule::Until, why).hint("the plan has the price already: --until plan shows it and sends nothing")
}

/// The refusal of what is charged in another unit, under a request that is to cost nothing.
pub fn charges_something(charge: &Charge) -> Refusal {
    let why = format!("the provider takes {charge} from the balance there, and the request is to cost nothing");
    Refusal::new(Rule::Spend, why).hint("raise the limit with --max-gas (in the chat: /limit GAS), or leave it out")
}

/// The refusal of sending away what is to stay here.
pub fn stays_here(what: &str) -> Refusal {
    Refusal::new(Rule::Locality, format!("{what} does not fit this machine, and the request is for this machine only"))
        .hint(
            "leave out --here (in the chat: /here off) to let the provider run it, or take a smaller part of the data",
        )
}

/// The refusal of a program that may send away what is to stay here.
pub fn uses_network(task: &str) -> Refusal {
    let why = format!("{task} may use the network, and the request is for this machine only");
    Refusal::new(Rule::Locality, why)
        .hint("leave out --here (in the chat: /here off), if its programs may send the data away")
}

/// The refusal of keeping here what is a model of the provider's.
pub fn runs_elsewhere(task: &str) -> Refusal {
    let why =
        format!("{task} is a model of the provider's and runs there only, and the request is for this machine only");
    Refusal::new(Rule::Locality, why).hint("leave out --here (in the chat: /here off) to let the provider run it")
}

/// The refusal of work whose result nobody can verify, and nobody said that they take it.
pub fn unverified(task: &str) -> Refusal {
    let why = format!(
        "what {task} gives cannot be verified, as the provider names no checksum, and nobody said that it is taken all the same"
    );
    Refusal::new(Rule::Unverified, why).hint(
        "give --accept-unverified, answer the plan on a terminal, or write accept = \"unverified\" under [remote] of the task's file",
    )
}

/// The refusal of running a job here of which nobody knows what it takes, and nobody said that it is run all the same.
fn unmeasured(task: &str, job: &str) -> Refusal {
    let why = format!("nothing is known of what {task} needs, and nobody said that {job} is run all the same");
    Refusal::new(Rule::Unmeasured, why).hint(format!(
        "`agent jobs resume {job}` shows the plan and asks; `agent tasks try {task} FILE` measures it on samples of a file"
    ))
}

/// The refusal of a cost above the request's limit, of which so much was spent before.
pub fn above_limit(what: &str, asked: Datoshi, limit: Datoshi, spent: Datoshi) -> Refusal {
    let why = if spent > Datoshi::ZERO {
        format!("{what} would cost {asked} with fees, and of the limit of {limit} {spent} is spent or reserved")
    } else if limit == Datoshi::ZERO {
        format!("{what} would cost {asked} with fees, and the request is to cost nothing")
    } else {
        format!("{what} would cost {asked} with fees, and the request's limit is {limit}")
    };
    Refusal::new(Rule::Spend, why).hint("raise the limit with --max-gas (in the chat: /limit GAS), or take less data")
}
