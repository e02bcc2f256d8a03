//! The guard itself: it holds the policy, and it alone makes permits.

use super::{
    approval::{Answer, ApprovalRequest, Approver},
    data::{self, OpenDataset, OpenFurther},
    limits::Policy,
    mandate::Mandate,
    payment::{self, Claim, FeeQuote},
    permit::{LocalRun, Payment, Permit, Submit, Upload},
    refusal::{Refusal, Rule},
    tripwire,
};
use crate::ledger::{Ledger, Spending};
use domain::{
    consent::ConsentBy,
    cost::Charge,
    event::{Decision, Event, Sink},
    hash::Sha256,
    job::{Job, JobState},
    money::{Amount, Datoshi, Fees},
    task::{
        ParameterKind, ParameterSpec, TaskType,
        remote::{Accept, RemoteModel},
    },
    verdict::{Limits, OffloadRule, Place},
};

/// The guard of one process.
pub struct Guard {
    pub(super) policy: Policy,
    pub(super) ledger: Ledger,
}

impl Guard {
    /// A guard over this policy; approvals are kept in this ledger.
    pub fn new(policy: Policy, ledger: Ledger) -> Guard {
        Guard { policy, ledger }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the request of a job, and the consents to its plans, allow.
    ///
    /// # Errors
    /// P-APPROVAL for a job of no request, or of one that the ledger cannot read.
    pub fn mandate(&self, job: &Job) -> Result<Mandate, Refusal> {
        let none = |why: String| {
            Refusal::new(Rule::Approval, why).hint(format!("`agent jobs resume {}` shows the plan and asks", job.id))
        };
        let Some(id) = &job.request else { return Err(none(format!("{} belongs to no request", job.id))) };
        let kept =
            self.ledger.request(id).map_err(|e| none(format!("the request of {} cannot be read: {e}", job.id)))?;
        Ok(Mandate::of(kept))
    }

    /// Whether a mandate lets a job go to its end, as far as is known now.
    pub fn still_allows(&self, mandate: &Mandate, job: &Job) -> bool {
        match (job.place(), &job.quote) {
            (Place::Local, _) => mandate.allows_local(job).is_ok(),
            (Place::Offload, Some(quote)) => mandate.allows_paying(job, quote, Datoshi::ZERO).is_ok(),
            (Place::Offload, None) => mandate.allows_leaving(job).is_ok() && mandate.goes_to_the_end(),
        }
    }

    /// Leave to run a job here: its verdict is local, it is planned, and its files are as they were measured.
    ///
    /// # Errors
    /// Q-WORK, Q-UNTIL, Q-UNMEASURED; the offload rule that holds; P-STATE; D-CHANGED.
    pub fn permit_local_run(
        &self,
        mandate: &Mandate,
        job: &Job,
        (dataset, further): (OpenDataset, Vec<OpenFurther>),
        limits: Limits,
        sink: &dyn Sink,
    ) -> Result<Permit<LocalRun>, Refusal> {
        let decide = || {
            mandate.allows_local(job)?;
            if let Some(reason) = job.verdict.reasons.first() {
                let why = format!("{} may not run here: {}", job.id, reason.why);
                return Err(Refusal::new(Rule::Offload(reason.rule), why).hint("run it remotely"));
            }
            if !matches!(job.state, JobState::Planned | JobState::Running) {
                return Err(Refusal::new(Rule::JobState, format!("{} cannot run: it is {}", job.id, job.state)));
            }
            unchanged(job, &dataset)?;
            further_unchanged(job, &further)
        };
        let why = match job.verdict.unmeasured {
            None => "it fits this machine",
            Some(_) => "nothing is known of what it needs, and somebody said that it is run all the same",
        };
        decided(decide(), "R-LOCAL", job, why, sink)?;
        Ok(Permit::grant(
            mandate,
            LocalRun {
                job: job.id.clone(),
                task_type: job.task_type.clone(),
                parameters: job.parameters.clone(),
                dataset,
                further,
                memory_limit: limits.memory,
                output_limit: self.policy().max_result_bytes,
                time_limit: limits.seconds,
            },
        ))
    }

    /// Leave to upload a job's dataset: its verdict is offload, somebody consented, and its file is as it was measured.
    ///
    /// # Errors
    /// R-LOCAL, Q-WORK, Q-PLACE, Q-UNTIL, P-APPROVAL, P-STATE, D-CHANGED.
    pub fn permit_upload(
        &self,
        mandate: &Mandate,
        job: &Job,
        dataset: OpenDataset,
        key: String,
        sink: &dyn Sink,
    ) -> Result<Permit<Upload>, Refusal> {
        let decide = || {
            may_be_uploaded(mandate, job)?;
            unchanged(job, &dataset)
        };
        let (rule, why) = why_offloaded(job);
        decided(decide(), rule, job, why, sink)?;
        Ok(Permit::grant(mandate, Upload { job: job.id.clone(), dataset, key }))
    }

    /// Leave to upload a further file of a job whose dataset may be uploaded.
    ///
    /// # Errors
    /// As [`Guard::permit_upload`].
    pub fn permit_upload_further(
        &self,
        mandate: &Mandate,
        job: &Job,
        further: OpenFurther,
        key: String,
        sink: &dyn Sink,
    ) -> Result<Permit<Upload>, Refusal> {
        let OpenFurther { name, file } = further;
        let decide = || {
            may_be_uploaded(mandate, job)?;
            match job.verdict.further.iter().find(|measured| measured.name == name) {
                Some(measured) => file.unchanged_since(measured.profile.bytes, measured.profile.modified_ns),
                None => Err(Refusal::new(Rule::DataChanged, format!("{} has no file `{name}`", job.id))),
            }
        };
        let (rule, _) = why_offloaded(job);
        decided(decide(), rule, job, &format!("its `{name}` goes where its dataset goes"), sink)?;
        Ok(Permit::grant(mandate, Upload { job: job.id.clone(), dataset: file, key }))
    }

    /// Whether a provider could work on the job's dataset at all. To be asked before anything of it is sent: what no task
    /// reads to its end would be paid for all the same.
    ///
    /// # Errors
    /// R-PROBE for a dataset in which the probe saw zeros.
    pub fn check_readable(&self, job: &Job, sink: &dyn Sink) -> Result<(), Refusal> {
        if !job.verdict.dataset.zeros {
            return Ok(());
        }
        let why =
            format!("{} is not sent away: {}", job.verdict.dataset.path.display(), job.verdict.dataset.zeros_mean());
        let hint =
            "download or copy the file again; if only its beginning was ever written, cut it there: truncate -s BYTES";
        Err(told(Refusal::new(Rule::ProbeFailed, why).hint(hint), job, sink))
    }

    /// Leave to submit a staged job.
    ///
    /// # Errors
    /// R-LOCAL, Q-WORK, Q-PLACE, Q-UNTIL, P-APPROVAL, P-STATE; D-SECRET for a secret among the parameters; Q-UNVERIFIED where
    /// nobody took a result that cannot be verified. `charge` is what the provider takes from the key's own balance by submitting.
    pub fn permit_submit(
        &self,
        mandate: &Mandate,
        job: &Job,
        task: &TaskType,
        remote: &RemoteModel,
        charge: Option<&Charge>,
    ) -> Result<Permit<Submit>, Refusal> {
        offloaded(job)?;
        mandate.allows_leaving(job)?;
        mandate.allows_charge(job, charge)?;
        if remote.is_unverifiable() && remote.accept == Accept::Checksum {
            mandate.allows_unverified(job)?;
        }
        data::check_parameters(&job.parameters)?;
        match (job.state, &job.staged) {
            (JobState::Staged, Some(dataset)) => {
                let mut staged = job.further_staged.clone();
                staged.insert(task.input.clone(), dataset.clone());
                let is_file = |name: &String| task.files().any(|(file, _)| file == name);
                let is_flag = |spec: &ParameterSpec| matches!(spec.kind, ParameterKind::Flag);
                let (parameters, flags) = (job.parameters.iter(), task.parameters.iter());
                Ok(Permit::grant(
                    mandate,
                    Submit {
                        job: job.id.clone(),
                        remote: remote.clone(),
                        input: task.input.clone(),
                        parameters: parameters
                            .filter(|(name, _)| !is_file(name))
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                        flags: flags.filter(|(_, spec)| is_flag(spec)).map(|(name, _)| name.clone()).collect(),
                        staged,
                        idempotency_key: job.idempotency_key.clone(),
                        since: job.updated_at,
                    },
                ))
            }
            (state, _) => {
                Err(Refusal::new(Rule::JobState, format!("{} is not to be submitted: it is {state}", job.id)))
            }
        }
    }

    /// What the rules say of paying for a job before fees are known and anybody is asked.
    ///
    /// # Errors
    /// Any payment rule that the claim or the quote breaks.
    pub fn check_payment(&self, job: &Job, claim: Option<&Claim>) -> Result<(), Refusal> {
        let quote = match claim {
            Some(claim) => payment::check_claim(job, claim)?,
            None => payment::awaited(job)?,
        };
        payment::check_quote(&self.policy, quote, None, self.ledger.tape().now("a look at a quote"))
    }

    /// Leave to pay for a job: every payment rule holds, the request allows it, and the consent to its plan covers it; what
    /// is above the plan's price is asked for again.
    ///
    /// # Errors
    /// Any payment rule; Q-WORK, Q-PLACE, Q-UNTIL, Q-SPEND; P-APPROVAL when nobody said yes.
    #[allow(clippy::too_many_arguments)] // each is a fact of its own that a payment rests on
    pub async fn permit_payment(
        &self,
        mandate: &Mandate,
        job: &Job,
        claim: Option<&Claim>,
        fees: FeeQuote,
        spending: Spending,
        approver: &dyn Approver,
        sink: &dyn Sink,
    ) -> Result<Permit<Payment>, Refusal> {
        let checked = self.check_payment(job, claim).and_then(|()| {
            let quote = payment::awaited(job)?;
            payment::check_quote(&self.policy, quote, Some(fees), self.ledger.tape().now("a look at a quote"))?;
            mandate.allows_paying(job, quote, fees.total())?;
            self.check_budget(quote.amount, fees, spending)?;
            Ok(quote)
        });
        let quote = match checked {
            Ok(quote) => quote,
            Err(refusal) => return Err(told(refusal, job, sink)),
        };
        let request = ApprovalRequest {
            job: job.id.clone(),
            task_type: job.task_type.clone(),
            dataset: job.verdict.dataset.path.display().to_string(),
            amount: quote.amount,
            recipient: quote.recipient,
            system_fee: fees.system,
            network_fee: fees.network,
            network: quote.network,
            expires_at: quote.expires_at,
            spent_today: spending.day,
            cap_today: self.policy.caps.per_day,
        };
        let covered = mandate.covers(job, quote, fees.total());
        let withheld = tripwire::withholds(mandate.request());
        let approval = self
            .approve(&request, covered, withheld, approver, sink)
            .await
            .map_err(|refusal| told(refusal, job, sink))?;
        let why =
            format!("{} to {} is the quote, within the caps, and approved", quote.amount, quote.recipient.address());
        decided(Ok(()), "P-PAY", job, &why, sink)?;
        Ok(Permit::grant(
            mandate,
            Payment {
                job: job.id.clone(),
                amount: quote.amount,
                recipient: quote.recipient,
                network: quote.network,
                reference: quote.reference.clone(),
                max_system_fee: fees.system,
                max_network_fee: fees.network,
                expires_at: quote.expires_at,
                caps: self.policy.caps,
                approval,
            },
        ))
    }

    /// The caps of day and lifetime, before a person is bothered; the reservation checks them again, atomically.
    fn check_budget(&self, amount: Datoshi, fees: FeeQuote, spending: Spending) -> Result<(), Refusal> {
        let asked = amount.checked_add(fees.total()).unwrap_or(Datoshi::MAX);
        for (rule, name, cap, spent) in [
            (Rule::CapDay, "per_day", self.policy.caps.per_day, spending.day),
            (Rule::CapLifetime, "lifetime", self.policy.caps.lifetime, spending.lifetime),
        ] {
            if spent.checked_add(asked).is_none_or(|sum| sum > cap) {
                let why = format!("{asked} with fees would pass the {name} cap of {cap}: {spent} is spent or reserved");
                return Err(Refusal::new(rule, why).hint(format!("wait, or raise `{name}` in policy.toml")));
            }
        }
        Ok(())
    }

    async fn approve(
        &self,
        request: &ApprovalRequest,
        covered: Option<ConsentBy>,
        withheld: bool,
        approver: &dyn Approver,
        sink: &dyn Sink,
    ) -> Result<Sha256, Refusal> {
        let resolved = |approved, by: &str| {
            sink.emit(Event::ApprovalResolved { job: request.job.clone(), approved, by: by.to_owned() });
        };
        sink.emit(Event::ApprovalRequested {
            job: request.job.clone(),
            amount: Amount::from(request.amount),
            recipient: request.recipient.address(),
            fees: Fees::from(request.fees()),
            network: request.network,
        });
        let all = request.amount.checked_add(request.fees()).unwrap_or(Datoshi::MAX);
        let keep = |e| Refusal::new(Rule::Approval, format!("the approval of {} could not be kept: {e}", request.job));
        let digest = request.digest();
        if let Some(by) = self.ledger.unused_approval(&digest).map_err(keep)? {
            resolved(true, &by);
            return Ok(digest);
        }
        let by = if let Some(by) = covered {
            by.as_str()
        } else if request.network.is_sandbox() && !withheld {
            // The sandbox's coins are not money: its policy approves within the caps by itself, and says so.
            "sandbox"
        } else if all <= self.policy.auto_approve_up_to && !withheld {
            "policy"
        } else {
            match approver.ask(request).await {
                Answer::Yes => "terminal",
                Answer::YesFlag => "yes",
                answer @ (Answer::No | Answer::Nobody | Answer::Elsewhere) => {
                    resolved(false, if answer == Answer::No { "terminal" } else { "nobody" });
                    return Err(not_approved(request, answer));
                }
            }
        };
        self.ledger.record_approval(&digest, &request.job, by).map_err(keep)?;
        resolved(true, by);
        Ok(digest)
    }
}

fn not_approved(request: &ApprovalRequest, answer: Answer) -> Refusal {
    let what = format!("{} for {} to {}", request.amount, request.job, request.recipient.address());
    let job = &request.job;
    let (rule, why, hint) = match answer {
        Answer::No => (
            Rule::Declined,
            format!("the payment of {what} was not approved: the person who was asked did not say yes"),
            format!("`agent jobs resume {job}` asks again; `agent jobs cancel {job}` gives it up"),
        ),
        // Read by a program that may have a shell of its own: it is not told how to say yes without a person.
        Answer::Elsewhere => (
            Rule::Approval,
            format!(
                "the payment of {what} needs the owner's approval, and the owner is not at this program's terminal"
            ),
            format!("the owner approves it with `agent jobs resume {job}` on a terminal of their own; nobody else can"),
        ),
        _ => (
            Rule::Approval,
            format!("the payment of {what} needs a person's approval, and nobody is there to ask"),
            format!("run `agent jobs resume {job} --yes`, or on a terminal without --yes"),
        ),
    };
    Refusal::new(rule, why).hint(hint)
}

fn offloaded(job: &Job) -> Result<(), Refusal> {
    if job.place() == Place::Offload {
        return Ok(());
    }
    Err(Refusal::new(Rule::FitsHere, format!("{} fits this machine, so it is not sent away", job.id))
        .hint("run it locally"))
}

/// A file of the job may be sent to storage now.
fn may_be_uploaded(mandate: &Mandate, job: &Job) -> Result<(), Refusal> {
    offloaded(job)?;
    mandate.allows_leaving(job)?;
    if matches!(job.state, JobState::Planned | JobState::Staging) {
        return Ok(());
    }
    Err(Refusal::new(Rule::JobState, format!("{} is not to be uploaded: it is {}", job.id, job.state)))
}

/// The rule by which a job leaves this machine, and why in a few words.
fn why_offloaded(job: &Job) -> (&'static str, &'static str) {
    match job.verdict.rules().first() {
        None => ("R-LOCAL", "it is too heavy for this machine"),
        Some(OffloadRule::Model) => (OffloadRule::Model.id(), "it runs at the provider whatever its size"),
        Some(rule) => (rule.id(), "it is too heavy for this machine"),
    }
}

pub(super) fn unchanged(job: &Job, dataset: &OpenDataset) -> Result<(), Refusal> {
    let measured = &job.verdict.dataset;
    dataset.unchanged_since(measured.bytes, measured.modified_ns).map_err(|refusal| waits(job, refusal))
}

/// The refusal of a file that is not as it was, with the job that was planned on it.
pub(super) fn waits(job: &Job, refusal: Refusal) -> Refusal {
    if refusal.rule != Rule::DataChanged {
        return refusal;
    }
    let why = format!("{}, and {} was planned on it as it was", refusal.why, job.id);
    Refusal::new(Rule::DataChanged, why).hint(format!(
        "ask again, so that it is planned on the file as it is now; `agent jobs cancel {}` gives this one up",
        job.id
    ))
}

/// The further files are those that were measured, and as they were then.
fn further_unchanged(job: &Job, further: &[OpenFurther]) -> Result<(), Refusal> {
    let measured = &job.verdict.further;
    if measured.len() != further.len() {
        let why = format!("{} was planned with {} further files, not with {}", job.id, measured.len(), further.len());
        return Err(Refusal::new(Rule::DataChanged, why).hint("ask again, so that the job is planned anew"));
    }
    measured.iter().zip(further).try_for_each(|(measured, open)| {
        if measured.name != open.name {
            return Err(Refusal::new(Rule::DataChanged, format!("{} has no file `{}`", job.id, open.name)));
        }
        open.file.unchanged_since(measured.profile.bytes, measured.profile.modified_ns)
    })
}

/// Says a refusal as an event, and gives it back.
fn told(refusal: Refusal, job: &Job, sink: &dyn Sink) -> Refusal {
    sink.emit(Event::PolicyDecided {
        rule: refusal.rule.id().to_owned(),
        decision: if refusal.rule == Rule::Approval { Decision::Ask } else { Decision::Refuse },
        subject: job.id.to_string(),
        why: refusal.why.clone(),
    });
    refusal
}

/// Says a decision as an event, and gives it back.
fn decided(decision: Result<(), Refusal>, rule: &str, job: &Job, why: &str, sink: &dyn Sink) -> Result<(), Refusal> {
    match decision {
        Ok(()) => {
            sink.emit(Event::PolicyDecided {
                rule: rule.to_owned(),
                decision: Decision::Allow,
                subject: job.id.to_string(),
                why: why.to_owned(),
            });
            Ok(())
        }
        Err(refusal) => Err(told(refusal, job, sink)),
    }
}
