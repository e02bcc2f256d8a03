//! A plan: a request with what it comes to, before anything has an effect.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    cost::Charge,
    hash::Sha256,
    ids::JobId,
    job::JobState,
    money::Datoshi,
    network::Network,
    path_text,
    request::{Bounds, Request, Until, Work},
    verdict::{Place, Verdict},
};

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The provider's quote for this very job.
    Quoted,
    /// The provider's price list: what one task of the model costs.
    Listed,
    /// The owner's own price, as the provider states none.
    Owners,
}

/// What one piece of work that is offloaded costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Paid to the provider.
    pub amount: Datoshi,
    /// Burnt by the network on top, at most, as long as nobody is asked again.
    pub fees: Datoshi,
    /// Who is paid: an address.
    pub recipient: String,
    /// On this network.
    pub network: Network,
    /// Where the amount comes from.
    pub source: PriceSource,
    /// What the provider charges the key's own balance there, in a unit of its own, once the work is submitted: `0.02 USD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Charge>,
}

impl Price {
    /// Amount and fees.
    pub fn most(&self) -> Datoshi {
        self.amount.checked_add(self.fees).unwrap_or(Datoshi::MAX)
    }
}

/// An input as it was when it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The whole path.
    #[serde(serialize_with = "path_text::serialize")]
    pub path: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Of the content, once it was read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

/// Why a piece of work cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cannot {
    /// The guard's rule, or a short stable word.
    pub rule: String,
    /// In a sentence.
    pub why: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What a process that wanted only this exits with.
    pub exit_code: u8,
}

impl Cannot {
    /// Whether one of the guard's rules stands in the way, rather than the data or the machine.
    pub fn is_rule(&self) -> bool {
        self.rule.starts_with(|c: char| c.is_ascii_uppercase())
    }

    /// A short stable word for programs: `refused`, `over_budget`, or what is in the way.
    pub fn kind(&self) -> &str {
        match self.exit_code {
            4 if self.is_rule() => "approval_needed",
            5 if self.is_rule() => "over_budget",
            _ if self.is_rule() => "refused",
            _ => &self.rule,
        }
    }

    /// Why, with the rule's id where one stands in the way.
    pub fn sentence(&self) -> String {
        if self.is_rule() { format!("{} [{}]", self.why, self.rule) } else { self.why.clone() }
    }
}

/// One piece of work, planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedWork {
    /// The work, its files resolved and its parameters whole.
    pub work: Work,
    /// The version of the task, where it is the owner's: of its file's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_version: Option<Sha256>,
    /// The job that it becomes, or that did the same work before.
    pub job: Option<JobId>,
    /// Where it runs, why, and what it needs; nothing where it could not be measured.
    pub verdict: Option<Verdict>,
    /// What it costs; nothing where it runs here.
    pub price: Option<Price>,
    /// Its inputs as they were measured.
    pub content: Vec<Content>,
    /// Whether its programs may use the network: what they are given may leave this machine, also where they run here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
    /// Whether nothing is known of what it needs, where it is still to be run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmeasured: bool,
    /// How it stands with a result that nobody can verify; nothing where results are verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified: Option<Unverified>,
    /// Why it cannot be done, where that is known.
    pub cannot: Option<Cannot>,
    /// Whether the job has begun or ended before: the same work, which is taken up and not paid again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub same_as_before: bool,
    /// Where that job stands, of work that has begun or ended before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands: Option<JobState>,
    /// Other names of the same work in the same request: the same task, parameters and content, which is done once.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "path_text::serialize_all")]
    pub also: Vec<PathBuf>,
    /// Another task that answers a like question and that the dataset suits, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see_also: Option<String>,
}

impl PlannedWork {
    /// Whether it is to be sent to the provider, or paid there: not where it can not be done, and not where the same work was
    /// done and paid before.
    pub fn is_offloaded(&self) -> bool {
        let over = self.same_as_before && self.price.is_none();
        self.cannot.is_none() && !over && self.verdict.as_ref().is_some_and(|v| v.place == Place::Offload)
    }

    /// Whether it is still to run on this machine, from its beginning or again, also where its job was begun before.
    pub fn is_left_here(&self) -> bool {
        self.is_here() && (!self.same_as_before || self.stands.is_some_and(|state| !state.is_end()))
    }

    /// Whether it runs here, with programs that may use the network.
    pub fn reaches_out(&self) -> bool {
        self.network && self.is_here()
    }

    /// Whether it runs here, and nothing is known of what it needs.
    pub fn is_unknown_here(&self) -> bool {
        self.unmeasured && self.is_here()
    }

    fn is_here(&self) -> bool {
        self.cannot.is_none() && self.verdict.as_ref().is_some_and(|v| v.place == Place::Local)
    }

    /// Whether a person has to agree before anything of it is done: it leaves this machine, is paid, may reach out, or runs though
    /// nothing is known of what it needs.
    pub fn needs_consent(&self) -> bool {
        self.is_offloaded() || self.reaches_out() || self.is_unknown_here()
    }

    /// Amount and fees that are still to be spent on it; what was begun before is not bought again.
    fn most(&self) -> Datoshi {
        self.still_to_pay().map_or(Datoshi::ZERO, Price::most)
    }

    /// What the provider charges in a unit of its own, where it is still to be charged and is anything at all.
    pub fn still_charged(&self) -> Option<&Charge> {
        self.still_to_pay()?.beside.as_ref().filter(|charge| charge.is_something())
    }

    /// The price, where it is still to be paid.
    pub fn still_to_pay(&self) -> Option<&Price> {
        self.price.as_ref().filter(|_| self.cannot.is_none())
    }
}

/// Who takes a result that nobody can verify, as the provider names no checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unverified {
    /// The owner, in the task's file.
    Task,
    /// A person, beforehand.
    Flag,
    /// Nobody yet: a yes to the plan by a person who reads it takes it.
    Asked,
}

/// A file that leaves this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// The file, by its whole path.
    #[serde(serialize_with = "path_text::serialize")]
    pub file: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// Where it goes: the hosts of storage and provider.
    pub to: String,
}

/// A request with what it comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What is wanted.
    pub request: Request,
    /// What becomes of each piece of it, in the same order.
    pub work: Vec<PlannedWork>,
    /// All prices, without fees.
    pub total: Datoshi,
    /// Prices and fees together: the most that is spent before anybody is asked again.
    pub worst_case: Datoshi,
    /// Files that leave this machine.
    pub leaves: Vec<Leaving>,
    /// What consent is bound to.
    pub digest: Sha256,
}

/// How far a request goes whose plan answers a question: to its plan, or further where all that can be done is free work here.
pub type IfFree = Option<Until>;

impl Plan {
    /// The same, going on to `until` where all that can be done of it is free work on this machine.
    pub fn going_on_if_free(self, until: IfFree) -> Plan {
        let free = self.possible().next().is_some() && !self.needs_consent();
        match until.filter(|_| free) {
            Some(until) => {
                let bounds = Bounds { until, ..self.request.bounds };
                Plan::new(Request { bounds, ..self.request }, self.work, "")
            }
            None => self,
        }
    }

    /// The plan of a request whose pieces of work were planned; `to` says where files go that leave.
    pub fn new(request: Request, work: Vec<PlannedWork>, to: &str) -> Plan {
        let sum = |amounts: &mut dyn Iterator<Item = Datoshi>| {
            amounts.fold(Datoshi::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Datoshi::MAX))
        };
        let total = sum(&mut work.iter().filter_map(|w| w.still_to_pay().map(|p| p.amount)));
        let worst_case = sum(&mut work.iter().map(PlannedWork::most));
        let leaving = work.iter().filter(|w| w.is_offloaded()).flat_map(|w| &w.content);
        let sent = leaving.map(|content| (content, to.to_owned()));
        let shown = work.iter().filter(|w| w.reaches_out()).flat_map(|piece| {
            let to = format!("any server, as {} may use the network", piece.work.task);
            piece.content.iter().map(move |content| (content, to.clone()))
        });
        let leaves: Vec<Leaving> = sent
            .chain(shown)
            .map(|(content, to)| Leaving { file: content.path.clone(), bytes: content.bytes, to })
            .collect();
        let digest = digest(request.bounds, &work, &leaves);
        Plan { request, work, total, worst_case, leaves, digest }
    }

    /// Whether anything leaves this machine, is paid, or runs though nothing is known of what it needs.
    pub fn needs_consent(&self) -> bool {
        self.work.iter().any(PlannedWork::needs_consent)
    }

    /// The pieces of work that can be done.
    pub fn possible(&self) -> impl Iterator<Item = &PlannedWork> {
        self.work.iter().filter(|work| work.cannot.is_none())
    }

    /// Why nothing of it can be done, where that is so: of its reasons, the one with the largest exit code.
    pub fn cannot(&self) -> Option<&Cannot> {
        let reasons = self.work.iter().map(|work| work.cannot.as_ref()).collect::<Option<Vec<_>>>()?;
        reasons.into_iter().max_by_key(|cannot| cannot.exit_code)
    }
}

/// The digest of everything that matters: bounds, and of each piece of work its task, files and their content, parameters,
/// place, price and recipient. It leaves out what differs from one look to the next: ids, words, and how busy the machine is.
fn digest(bounds: Bounds, work: &[PlannedWork], leaves: &[Leaving]) -> Sha256 {
    let pieces: Vec<_> = work
        .iter()
        .map(|piece| {
            let content: Vec<_> = piece
                .content
                .iter()
                .map(|c| json!({"path": c.path.to_string_lossy(), "bytes": c.bytes, "modified_ns": c.modified_ns.to_string()}))
                .collect();
            let mut digested = json!({
                "task": piece.work.task, "parameters": sorted(&piece.work.parameters), "assumed": piece.work.assumed,
                "anew": piece.work.anew, "content": content, "place": piece.verdict.as_ref().map(|v| v.place),
                "price": piece.price, "cannot": piece.cannot.as_ref().map(|c| &c.rule),
            });
            if let (Some(version), Some(fields)) = (piece.task_version, digested.as_object_mut()) {
                fields.insert("task_version".to_owned(), json!(version));
            }
            if let (Some(verdict), true, Some(fields)) = (&piece.verdict, piece.unmeasured, digested.as_object_mut()) {
                fields.insert("unmeasured".to_owned(), json!({"seconds": verdict.limits().seconds}));
            }
            if let (Some(unverified), Some(fields)) = (piece.unverified, digested.as_object_mut()) {
                fields.insert("unverified".to_owned(), json!(unverified));
            }
            digested
        })
        .collect();
    let text = json!({"v": 1, "bounds": bounds, "work": pieces, "leaves": leaves}).to_string();
    Sha256::of(text.as_bytes())
}

/// Parameters in the order of their names, so that the order in which they were said does not matter.
fn sorted(parameters: &super::task::Parameters) -> std::collections::BTreeMap<&String, &serde_json::Value> {
    parameters.iter().collect()
}
