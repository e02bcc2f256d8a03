//! Consent to a plan: what the rules say of it, who may say yes by themselves, and who is asked.

use super::{
    Guard, Refusal, Rule,
    approval::{Answer, Approver, PlanAnswer, PlanSpending},
    mandate, tripwire,
};
use crate::ledger::Spending;
use domain::{
    consent::{Consent, ConsentBy},
    event::{Event, Sink},
    money::Datoshi,
    plan::{Plan, PlannedWork, Price, Unverified},
    request::{Locality, Request, Until},
    shown::Totals,
};

/// What came of asking for consent.
#[derive(Debug)]
pub enum Consented {
    /// Yes, to exactly this plan.
    Yes(Consent),
    /// The person changed what they want: it is to be planned anew.
    Edited(Box<Request>),
}

impl Guard {
    /// Whether the prices of a plan keep within the request's limit and the owner's caps: what is known to fail is refused
    /// before anything is sent.
    ///
    /// # Errors
    /// Q-SPEND, P-CAP-PAYMENT, P-CAP-DAY, P-CAP-LIFETIME.
    pub fn check_total(&self, request: &Request, prices: &[&Price], spending: Option<Spending>) -> Result<(), Refusal> {
        let sum = |amounts: &mut dyn Iterator<Item = Datoshi>| {
            amounts.fold(Datoshi::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Datoshi::MAX))
        };
        let all = sum(&mut prices.iter().map(|price| price.most()));
        if let Some(limit) = request.bounds.spend.limit() {
            // What was paid under the same request before counts: the limit is one over all of it.
            let spent = self.ledger.spent_under(&request.id).map_err(|e| {
                Refusal::new(Rule::Spend, format!("what was spent under {} cannot be read: {e}", request.id))
            })?;
            let charged =
                || prices.iter().filter_map(|price| price.beside.as_ref()).find(|charge| charge.is_something());
            if let Some(charge) = charged().filter(|_| limit == Datoshi::ZERO) {
                return Err(mandate::charges_something(charge));
            }
            if spent.checked_add(all).is_none_or(|sum| sum > limit) {
                let what = if prices.len() == 1 { "it".to_owned() } else { format!("{} pieces of work", prices.len()) };
                return Err(mandate::above_limit(&what, all, limit, spent));
            }
        }
        let caps = &self.policy.caps;
        if let Some(price) = prices.iter().find(|price| price.most() > caps.per_payment) {
            let why = format!("{} with fees is above the cap of {} for one payment", price.most(), caps.per_payment);
            return Err(Refusal::new(Rule::CapPayment, why)
                .hint("raise `per_payment` in policy.toml, if that is what you want"));
        }
        let spent = spending.unwrap_or(Spending { day: Datoshi::ZERO, lifetime: Datoshi::ZERO });
        for (rule, name, cap, spent) in [
            (Rule::CapDay, "per_day", caps.per_day, spent.day),
            (Rule::CapLifetime, "lifetime", caps.lifetime, spent.lifetime),
        ] {
            if spent.checked_add(all).is_none_or(|sum| sum > cap) {
                let why = format!("{all} with fees would pass the {name} cap of {cap}: {spent} is spent or reserved");
                return Err(Refusal::new(rule, why).hint(format!("wait, or raise `{name}` in policy.toml")));
            }
        }
        Ok(())
    }

    /// Asks for consent to a plan: the sandbox and the owner's policy give it by themselves where nothing in the person's
    /// words speaks against it; else a person is asked.
    ///
    /// # Errors
    /// Q-UNTIL for a request that stops at the plan, or at a quote that cannot be had without buying; Q-PLACE, Q-SPEND and the caps; P-APPROVAL when nobody could be asked or
    /// the person said no.
    pub async fn consent(
        &self,
        plan: &Plan,
        spending: Option<Spending>,
        approver: &dyn Approver,
        sink: &dyn Sink,
    ) -> Result<Consented, Refusal> {
        let request = &plan.request;
        if request.bounds.until == Until::Plan {
            return Err(mandate::stops_at_plan());
        }
        let offloaded = || plan.work.iter().filter(|work| work.is_offloaded());
        if request.bounds.place == Locality::Here
            && let Some(work) = offloaded().next()
        {
            return Err(mandate::stays_here(&format!("{} of {}", work.work.task, work.work.dataset().display())));
        }
        if request.bounds.place == Locality::Here
            && let Some(work) = plan.work.iter().find(|work| work.reaches_out())
        {
            return Err(mandate::uses_network(&work.work.task));
        }
        let charged = plan.work.iter().find_map(|work| Some((&work.work.task, work.still_charged()?)));
        if let Some((task, charge)) = charged.filter(|_| request.bounds.until == Until::Quote) {
            return Err(mandate::buys_when_submitted(task, charge));
        }
        let prices: Vec<&Price> = plan.work.iter().filter_map(|work| work.still_to_pay()).collect();
        self.check_total(request, &prices, spending)?;
        sink.emit(Event::ConsentRequested {
            request: request.id.clone(),
            digest: plan.digest,
            totals: Totals::from(plan),
        });
        let asked = plan.work.iter().find(|work| work.is_offloaded() && work.unverified == Some(Unverified::Asked));
        let answer = match self.consents_by_itself(plan).filter(|_| asked.is_none()) {
            Some(by) => Ok(by),
            None => {
                let shown = spending.map(|s| PlanSpending { today: s.day, cap: self.policy.caps.per_day });
                match approver.consent(plan, shown).await {
                    PlanAnswer::Edited(request) => return Ok(Consented::Edited(request)),
                    PlanAnswer::Said(Answer::Yes) => Ok(ConsentBy::Terminal),
                    PlanAnswer::Said(Answer::YesFlag) => Ok(ConsentBy::Yes),
                    PlanAnswer::Said(answer) => Err(answer),
                }
            }
        };
        // Said before anybody could read that it cannot be verified, a yes is no answer to it.
        let unread = asked.filter(|_| answer.is_ok_and(|by| by != ConsentBy::Terminal));
        sink.emit(Event::ConsentResolved {
            request: request.id.clone(),
            digest: plan.digest,
            approved: answer.is_ok() && unread.is_none(),
            by: match answer {
                Ok(by) => by.as_str(),
                Err(Answer::No) => "terminal",
                Err(_) => "nobody",
            }
            .to_owned(),
        });
        if let Some(work) = unread {
            return Err(mandate::unverified(&work.work.task));
        }
        match answer {
            Ok(by) => Ok(Consented::Yes(Consent::to(plan, by, self.ledger.tape().now("a consent")))),
            Err(answer) => Err(not_given(plan, answer)),
        }
    }

    /// Who consents without a person, where anybody does: never where a cue in the person's words has no bound beside it, and
    /// never to work here of which nobody knows what it takes.
    fn consents_by_itself(&self, plan: &Plan) -> Option<ConsentBy> {
        if tripwire::withholds(&plan.request) || plan.work.iter().any(PlannedWork::is_unknown_here) {
            return None;
        }
        // The sandbox keeps what is sent to its provider; what a program sends away it does not.
        if self.policy.network.is_sandbox() && !plan.work.iter().any(|work| work.reaches_out()) {
            return Some(ConsentBy::Sandbox);
        }
        let may_leave =
            |file: &std::path::Path| self.policy.data_may_leave.iter().any(|folder| file.starts_with(folder));
        let within = plan.worst_case <= self.policy.auto_approve_up_to && !self.policy.data_may_leave.is_empty();
        // The owner's limit is one of GAS: of what is charged in another unit it says nothing.
        let charged = plan.work.iter().any(|work| work.still_charged().is_some());
        (within && !charged && plan.leaves.iter().all(|leaving| may_leave(&leaving.file))).then_some(ConsentBy::Policy)
    }
}

fn not_given(plan: &Plan, answer: Answer) -> Refusal {
    let (id, most) = (&plan.request.id, plan.worst_case);
    // A job that is open already goes on as that job, and is not planned once more.
    let again = match plan.work.as_slice() {
        [piece] if piece.same_as_before => piece.job.as_ref().map(|job| format!("agent jobs resume {job}")),
        _ => None,
    };
    let again = again.unwrap_or_else(|| format!("agent run --request {id}"));
    let task = plan.work.iter().find(|piece| piece.is_unknown_here()).map(|piece| &piece.work.task);
    let unknown = task.map_or_else(String::new, |task| format!(", as nothing is known of what {task} needs"));
    let measured = task.map_or_else(String::new, |task| format!("; `agent tasks try {task} FILE` measures it first"));
    match answer {
        Answer::No => Refusal::new(Rule::Declined, "the plan was not agreed to, so nothing was sent or paid")
            .hint(format!("`{again}` shows it again")),
        // Read by a program that may have a shell of its own: it is not told how to say yes without a person.
        Answer::Elsewhere => Refusal::new(
            Rule::Approval,
            "the plan needs the owner's consent, and the owner is not at this program's terminal",
        )
        .hint(format!("the owner consents with `{again}` on a terminal of their own; nobody else can")),
        _ => Refusal::new(
            Rule::Approval,
            match most {
                Datoshi::ZERO => format!("the plan needs a person's consent{unknown}, and nobody is there to ask"),
                most => {
                    format!("the plan (at most {most}) needs a person's consent{unknown}, and nobody is there to ask")
                }
            },
        )
        .hint(format!("`{again} --yes` runs it, or without --yes on a terminal{measured}")),
    }
}
