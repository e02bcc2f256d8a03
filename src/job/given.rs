//! What a stranger's model gave: fetched from servers that the owner allows, hashed as it arrives, and kept as what it is, a
//! result that nobody can verify.

use super::{
    Cancel, JobError, Workflow, answer,
    fetch::{Servers, Wanted},
};
use compute::{aioz::GivenFile, worker};
use domain::{
    job::{Job, JobResult},
    result::{NOT_VERIFIABLE, RESULT_FILE, ResultDataset, ResultDocument, ResultInput, ResultProgram},
    task::{Parameters, remote::RemoteModel},
    units,
};
use guard::policy::{Refusal, Rule};

impl Workflow {
    /// Fetches what the model gave, and writes the document of it. The inner error is what can never be a result.
    ///
    /// # Errors
    /// D-HOST for a file on a server that nobody allowed, and D-SIZE: the job stays, and the result where it is.
    pub(super) async fn fetch_given(
        &self,
        job: &Job,
        model: &RemoteModel,
        cancel: &Cancel,
    ) -> Result<Result<JobResult, String>, JobError> {
        let remote = self.remote().await?;
        let read = |detail: &_| answer::given(detail, model);
        let (mut given, cost) = match self.answered(remote, job, read, cancel).await? {
            Ok(given) => given,
            Err(why) => return Ok(Err(why)),
        };
        let Some(staged) = &job.staged else { return Ok(Err("nothing was sent for it".to_owned())) };
        self.note_charge(job, cost)?;
        let named = model.hosts.iter().filter_map(|host| host.parse().ok()).collect();
        let from = Servers { allowed: self.result_servers(remote), public: named };
        check_servers(job, &given.files, &from)?;
        let folder = self.make_out_dir(job)?;
        let wanted = std::mem::take(&mut given.files).into_iter();
        let wanted = wanted.map(|GivenFile { url, name }| Wanted { url, name, stated: None }).collect();
        let files = self.fetch_all(job, wanted, from, &folder, cancel).await?;
        let commit = self.provider(remote, cancel).versioning(&model.model).await.ok().and_then(|now| now.commit);
        let summary = given.summary(self.task_of(job)?.caveat.as_deref());
        let document = ResultDocument {
            job: job.id.to_string(),
            task_type: job.task_type.clone(),
            dataset: ResultDataset { path: job.verdict.dataset.path.display().to_string(), sha256: staged.sha256 },
            inputs: inputs(job),
            parameters: self.chosen(job)?,
            records: given.records,
            summary: summary.clone(),
            files: files.clone(),
            program: ResultProgram {
                name: format!("aioz:{}", model.model),
                version: commit.unwrap_or_else(|| "version not stated".to_owned()),
                seed: None,
                isolation: None,
                image: None,
            },
            verified: false,
            warnings: Vec::new(),
        };
        let own = worker::document(&folder, &document)
            .map_err(|source| JobError::Write { path: folder.join(RESULT_FILE), source })?;
        let files = std::iter::once(own).chain(files).collect();
        let unchecked = Some(NOT_VERIFIABLE.to_owned());
        Ok(Ok(JobResult { folder, files, summary: summary.into(), unchecked, warnings: Vec::new() }))
    }

    /// What the provider took of the key's balance, in the unit that its price list has.
    fn note_charge(&self, job: &Job, cost: Option<String>) -> Result<(), JobError> {
        let Some(cost) = cost else { return Ok(()) };
        let unit = job.charged.as_deref().and_then(|charged| charged.split_once(' ')).map(|(_, unit)| unit.to_owned());
        let charged = unit.map_or_else(|| cost.clone(), |unit| format!("{cost} {unit}"));
        self.parts.ledger.learn(&job.id, |job| job.charged = Some(charged))?;
        Ok(())
    }

    /// What was chosen, without the paths of files, which stand beside it.
    fn chosen(&self, job: &Job) -> Result<Parameters, JobError> {
        let task = self.task_of(job)?;
        let is_file = |name: &String| task.files().any(|(file, _)| file == name);
        let chosen = job.parameters.iter().filter(|(name, _)| !is_file(name));
        Ok(chosen.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// Refuses a result of which a file lies on a server that nobody allowed. It stays there, and can be fetched once it is.
fn check_servers(job: &Job, files: &[GivenFile], from: &Servers) -> Result<(), JobError> {
    let Some(other) = files.iter().find(|file| !from.has(&file.url)) else { return Ok(()) };
    let server = units::clean(&other.url.origin().ascii_serialization(), 200);
    let why = format!("the result of {} lies at {server}, which is neither the provider's nor named by you", job.id);
    let hint = format!(
        "it is paid for and stays there: if you know that server as the model's, AIOZ_RESULT_HOSTS={server} and `agent jobs \
         resume {}` fetch it; [remote] hosts in the task's file is for jobs to come",
        job.id
    );
    Err(Refusal::new(Rule::ResultHost, why).hint(hint).into())
}

/// The further files that were worked on.
fn inputs(job: &Job) -> Vec<ResultInput> {
    let sha256 = |name: &String| job.further_staged.get(name).map(|staged| staged.sha256);
    let of = |file: &domain::dataset::FurtherFile| {
        Some(ResultInput {
            name: file.name.clone(),
            path: file.profile.path.display().to_string(),
            bytes: file.profile.bytes,
            sha256: sha256(&file.name)?,
        })
    };
    job.verdict.further.iter().filter_map(of).collect()
}
