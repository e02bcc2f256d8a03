//! Why a job did not take its next step, with what to do about it and the exit code it means.

use crate::{
    job::{check::CheckError, lease::LeaseError, results, several::InputsError},
    payment::payer::PayError,
};
use compute::{aioz::ComputeError, local::LocalError};
use domain::{
    ids::JobId,
    job::JobState,
    plan::Cannot,
    request::{MOST_WORK, Origin},
    result::STDERR_FILE,
    units::{clean, count},
};
use guard::{
    ledger::{CapPassed, IntendError, LedgerError},
    machine::{
        ProbeError,
        catalogue::{self, Catalogue, Missing, ParameterError},
        expand::{ExpandError, NoPairs},
    },
    policy::{Refusal, Rule},
};
use storage::{StorageError, fetch::FetchError};

/// Why a job did not take its next step.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The guard said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The catalogue has no such task.
    #[error("there is no task `{name}`")]
    UnknownTask {
        /// What was asked for.
        name: String,
        /// Tasks that may be meant.
        near: Vec<String>,
        /// A file of the working folder that says it is one: none of these is read.
        unread: Option<std::path::PathBuf>,
    },
    /// A parameter that the task does not take.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The dataset or the machine could not be measured.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The dataset is not what the task works on.
    #[error("{0}")]
    WrongDataset(String),
    /// An outside program is not installed, or its image is not there.
    #[error("{task} {missing}")]
    MissingProgram {
        /// The task.
        task: String,
        /// What is not there.
        missing: Missing,
    },
    /// An outside program lacks what the task needs of it.
    #[error("{task} needs more than `{executable}` has here{}{said}", if said.is_empty() { "" } else { ": " })]
    Unable {
        /// The task.
        task: String,
        /// The program.
        executable: String,
        /// The last line of what it said, cleaned.
        said: String,
        /// The command that installs what is missing, where the task says so.
        install: Option<String>,
    },
    /// A file beside the dataset cannot be measured.
    #[error("`{name}` cannot be used: {}", source.told_of(&path.display().to_string()))]
    Further {
        /// The parameter that names it.
        name: String,
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: ProbeError,
    },
    /// The files of an input are not what the task takes.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// The task cannot be sent away.
    #[error("{why}")]
    NotRemote {
        /// What keeps it here.
        why: String,
        /// What to do next.
        hint: String,
    },
    /// The run on this machine was ended at a limit.
    #[error("{limit}")]
    Limit {
        /// The limit.
        limit: LocalError,
        /// What can work, as far as it is known now.
        hint: String,
    },
    /// It is known beforehand that it fails.
    #[error("{}", .0.sentence())]
    Cannot(Cannot),
    /// More work than a request holds.
    #[error("{} pieces of work are asked for, and one request holds at most {}", count(*.0 as u64), count(MOST_WORK as u64))]
    TooMuchWork(usize),
    /// A pattern or a folder that stands for no file, or for too many.
    #[error(transparent)]
    Files(#[from] ExpandError),
    /// Names that leave it open which files are pairs.
    #[error("{why}")]
    Pairs {
        /// What leaves it open.
        why: NoPairs,
        /// What to do next.
        hint: String,
    },
    /// The outside parts are not configured or cannot be set up.
    #[error("{message}")]
    Setup {
        /// What is wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// The job is another profile's.
    #[error("{job} belongs to the {profile} profile")]
    OtherProfile {
        /// The job.
        job: JobId,
        /// Its profile.
        profile: String,
    },
    /// Storage said no.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The provider said no.
    #[error(transparent)]
    Compute(#[from] ComputeError),
    /// The provider's terms are none.
    #[error(transparent)]
    Terms(#[from] compute::aioz::TermsError),
    /// The run on this machine failed.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The outside program of a run on this machine failed, and said why.
    #[error("{failed}")]
    Program {
        /// The job.
        job: JobId,
        /// How it failed.
        failed: LocalError,
        /// The file of all that it said.
        messages: std::path::PathBuf,
    },
    /// The payment could not be made.
    #[error(transparent)]
    Payment(#[from] PayError),
    /// Nobody knows yet whether the payment landed.
    #[error("it is not known yet whether the payment for {0} landed")]
    PaymentUnknown(JobId),
    /// The result could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The result is not what it claims.
    #[error("the result of {job} was refused: {why}")]
    BadResult {
        /// The job.
        job: JobId,
        /// Why.
        why: String,
    },
    /// The provider says that it is done, and does not name the whole result.
    #[error("the result of {job} is not all there yet: {missing}")]
    Incomplete {
        /// The job.
        job: JobId,
        /// What is missing.
        missing: String,
    },
    /// The result could not be looked at; nothing is said of it.
    #[error("the result of {job} could not be checked: {source}")]
    Unchecked {
        /// The job.
        job: JobId,
        /// What stood in the way.
        source: CheckError,
    },
    /// The job ended otherwise than done.
    #[error("{job} ended as {state}: {why}")]
    Ended {
        /// The job.
        job: JobId,
        /// How.
        state: JobState,
        /// Why.
        why: String,
    },
    /// A person asked to stop waiting.
    #[error("stopped waiting for {0}")]
    Interrupted(JobId),
    /// Another process works on it.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The ledger said no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The dataset could not be read again.
    #[error("{path} could not be read: {source}")]
    Read {
        /// The dataset.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder that a result goes into cannot be made or written.
    #[error("results cannot be put into {folder}: {source}")]
    Results {
        /// The job, where there is one yet.
        job: Option<JobId>,
        /// The folder.
        folder: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("{path} could not be written: {source}")]
    Write {
        /// Where.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl JobError {
    /// That a catalogue has no task of that name; `folder` is the working folder, where a file may be called so.
    pub fn unknown_task(name: &str, tasks: &Catalogue, folder: &std::path::Path) -> JobError {
        JobError::UnknownTask {
            name: clean(name, 60),
            near: tasks.near(name, |_| true).into_iter().map(|task| task.name.clone()).collect(),
            unread: catalogue::unread(folder, name),
        }
    }

    /// The guard's refusal, where it was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            JobError::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// A short stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            JobError::Refused(r) if r.rule.is_unconsented() => "approval_needed",
            JobError::Refused(r) if r.rule.is_budget() => "over_budget",
            JobError::Refused(_) => "refused",
            JobError::UnknownTask { .. } => "unknown_task",
            JobError::Parameter(_) => "bad_parameter",
            JobError::Probe(_) => "probe_failed",
            JobError::WrongDataset(_) => "wrong_dataset",
            JobError::MissingProgram { .. } | JobError::Unable { .. } => "missing_program",
            JobError::Further { .. } => "wrong_file",
            JobError::Inputs(_) => "wrong_files",
            JobError::NotRemote { .. } => "not_remote",
            JobError::Cannot(_) => "cannot",
            JobError::TooMuchWork(_) | JobError::Files(ExpandError::TooMany { .. }) => "too_much_work",
            JobError::Files(_) => "no_files",
            JobError::Pairs { .. } => "no_pairs",
            JobError::Setup { .. } => "setup",
            JobError::OtherProfile { .. } => "other_profile",
            JobError::Storage(_) => "storage",
            JobError::Compute(_) | JobError::Terms(_) => "provider",
            JobError::Local(_) | JobError::Program { .. } | JobError::Limit { .. } => "local_run",
            JobError::Payment(_) => "payment",
            JobError::PaymentUnknown(_) => "payment_unknown",
            JobError::Fetch(_) => "fetch",
            JobError::BadResult { .. } => "bad_result",
            JobError::Incomplete { .. } => "incomplete_result",
            JobError::Unchecked { .. } => "unchecked",
            JobError::Read { .. } => "dataset",
            JobError::Results { .. } => "results_folder",
            JobError::Ended { .. } => "job_ended",
            JobError::Interrupted(_) => "interrupted",
            JobError::Lease(LeaseError::Taken(_)) => "busy",
            JobError::Lease(LeaseError::File { .. }) | JobError::Ledger(_) | JobError::Write { .. } => "ledger",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            JobError::Refused(r) => r.hint.clone(),
            JobError::UnknownTask { unread: Some(file), .. } => Some(catalogue::unread_hint(file)),
            JobError::UnknownTask { near, .. } => Some(meant(near)),
            JobError::Parameter(e) => e.hint(),
            JobError::Probe(e) => e.hint(),
            JobError::MissingProgram { missing, .. } => Some(missing.hint()),
            JobError::Unable { task, install, .. } => Some(match install {
                Some(install) => format!("install it: {install}"),
                None => format!("`agent tasks show {task}` says what it needs"),
            }),
            JobError::Setup { hint, .. } => hint.clone(),
            JobError::OtherProfile { profile, .. } => Some(format!("run with --profile {profile}")),
            JobError::Storage(e) => e.hint(),
            JobError::Compute(e) => Some(e.hint()),
            JobError::Terms(e) => Some(e.hint().to_owned()),
            JobError::Local(e) => e.hint(),
            JobError::Program { job, messages, .. } => Some(format!(
                "`agent results {job} --cat {STDERR_FILE}` prints all of its messages; they lie in {}",
                messages.display()
            )),
            JobError::Payment(e) => Some(pay_hint(e).to_owned()),
            JobError::PaymentUnknown(job) | JobError::Interrupted(job) => {
                Some(format!("`agent jobs resume {job}` looks again; nothing is paid twice"))
            }
            JobError::Fetch(e) => e.hint(),
            JobError::BadResult { .. } => {
                Some("the receipt is your claim on the provider: `agent jobs receipt`".to_owned())
            }
            JobError::Incomplete { job, .. } => {
                Some(format!("`agent jobs resume {job}` looks again; it is paid for, and nothing is paid twice"))
            }
            JobError::Unchecked { job, source } if source.is_full_disk() => Some(format!(
                "free some disk space, then `agent jobs resume {job}`; the result is paid for and not lost"
            )),
            JobError::Unchecked { job, .. } => {
                Some(format!("mend that, then `agent jobs resume {job}`; the result is paid for and not lost"))
            }
            JobError::Read { .. } => Some("make it readable, then resume the job".to_owned()),
            JobError::Lease(LeaseError::Taken(job)) => Some(format!("`agent jobs watch {job}` follows it")),
            JobError::Ledger(e) => e.hint(),
            JobError::Results { job, .. } => Some(results::hint(job.as_ref())),
            JobError::Write { .. } => Some("check that the folder is yours and the disk is not full".to_owned()),
            JobError::Further { source, .. } => source.hint(),
            JobError::Inputs(error) => error.hint(),
            JobError::NotRemote { hint, .. } | JobError::Limit { hint, .. } | JobError::Pairs { hint, .. } => {
                Some(hint.clone())
            }
            JobError::WrongDataset(_) => Some("`agent tasks` shows what each task works on".to_owned()),
            JobError::Cannot(cannot) => cannot.hint.clone(),
            JobError::TooMuchWork(_) => Some("make several requests of it".to_owned()),
            JobError::Files(error) => error.hint(),
            JobError::Ended { .. } | JobError::Lease(_) => None,
        }
    }

    /// The same for work that a person wrote into a command or a plan file: what makes no sense there is usage.
    pub fn exit_code_for(&self, origin: &Origin) -> u8 {
        match (self, origin) {
            (JobError::UnknownTask { .. } | JobError::Parameter(_), Origin::Flags | Origin::File) => 2,
            _ => self.exit_code(),
        }
    }

    /// The exit code it means (DESIGN: 0 done, 1 failed, 2 usage, 3 refused, 4 approval, 5 budget, 6 job failed, 7 payment, 130).
    pub fn exit_code(&self) -> u8 {
        match self {
            JobError::Refused(r) if r.rule == Rule::ProbeFailed => 1,
            JobError::Refused(r) if r.rule.is_unconsented() => 4,
            JobError::Refused(r) if r.rule.is_budget() => 5,
            JobError::Refused(_) => 3,
            JobError::Payment(PayError::Intend(IntendError::Cap { .. })) => 5,
            JobError::Ended { .. } | JobError::BadResult { .. } => 6,
            JobError::Local(_) | JobError::Program { .. } | JobError::Limit { .. } => 6,
            JobError::PaymentUnknown(_) => 7,
            JobError::Interrupted(_) => 130,
            JobError::Cannot(cannot) => cannot.exit_code,
            JobError::TooMuchWork(_) | JobError::Files(ExpandError::TooMany { .. }) | JobError::Pairs { .. } => 2,
            _ => 1,
        }
    }
}

/// What may be meant by a name that is no task, and where all names are found.
pub fn meant(near: &[String]) -> String {
    match near {
        [] => "`agent tasks` lists all".to_owned(),
        near => format!("did you mean {}? `agent tasks` lists all", near.join(" or ")),
    }
}

fn pay_hint(error: &PayError) -> &'static str {
    match error {
        PayError::Chain(_) | PayError::Network { .. } => {
            "nothing was paid; check NEO_RPC_URL and NEO_NETWORK, then run `agent doctor`"
        }
        PayError::QuoteExpired(_) => "nothing was paid; ask again for a new quote",
        PayError::Live { .. } | PayError::AlreadyPaid(_) => "`agent jobs resume` looks what became of it",
        PayError::TooManyAttempts(_) => "ask for a new job, and let the provider know",
        PayError::Fee { .. } => "nothing was paid; resume the job, and approve the fees as they are now",
        PayError::Balance { .. } => "nothing was paid; send GAS to the account, then resume the job",
        PayError::Intend(IntendError::Cap { which: CapPassed::Request, .. }) => {
            "nothing was paid; resume the job with a higher --max-gas, or cancel it"
        }
        PayError::Intend(IntendError::Cap { .. }) => "nothing was paid; wait, or raise the cap in policy.toml",
        PayError::Intend(IntendError::Reference { .. }) => {
            "nothing was paid; cancel the job with `agent jobs cancel`, and ask the provider why two tasks have one reference"
        }
        PayError::Reference(_) => "nothing was paid; the provider's terms cannot be used",
        PayError::Intend(_) | PayError::Ledger(_) | PayError::Lock { .. } => {
            "check that AGENT_HOME is yours and writable, then resume the job"
        }
        PayError::Key(_) => "check NEO_PRIVATE_KEY or NEO_WALLET",
    }
}
