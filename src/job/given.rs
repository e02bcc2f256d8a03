//! What a stranger's model gave: fetched from servers that the owner allows, hashed as it arrives, and kept as what it is, a
//! result that nobody can verify.

use std::{io::Write as _, os::unix::fs::PermissionsExt as _, path::Path};

use url::Url;

use super::{Cancel, JobError, Remote, Workflow, answer};
use compute::{aioz::GivenFile, worker::hash};
use domain::{
    job::{Job, JobResult, ResultFile},
    result::{NOT_VERIFIABLE, RESULT_FILE, ResultDataset, ResultDocument, ResultInput, ResultProgram},
    task::{Parameters, remote::RemoteModel},
    units,
};
use guard::{
    config::plain_file,
    policy::{Refusal, Rule},
};
use storage::fetch::{self, FetchError, FetchPlan};

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
        let named = model.hosts.iter().filter_map(|host| host.parse().ok());
        let allowed: Vec<Url> = self.result_servers(remote).into_iter().chain(named).collect();
        check_servers(job, &given.files, &allowed)?;
        let folder = self.make_out_dir(job)?;
        fetch::remove_abandoned(&folder);
        let files = self.fetch_all(job, std::mem::take(&mut given.files), &allowed, &folder, cancel).await?;
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
        let own =
            write(&folder, &document).map_err(|source| JobError::Write { path: folder.join(RESULT_FILE), source })?;
        let files = std::iter::once(own).chain(files).collect();
        let unchecked = Some(NOT_VERIFIABLE.to_owned());
        Ok(Ok(JobResult { folder, files, summary: summary.into(), unchecked, warnings: Vec::new() }))
    }

    /// The files, one after another; all of them together hold no more than the owner's cap.
    async fn fetch_all(
        &self,
        job: &Job,
        files: Vec<GivenFile>,
        allowed: &[Url],
        folder: &Path,
        cancel: &Cancel,
    ) -> Result<Vec<ResultFile>, JobError> {
        let cap = self.parts.guard.policy().max_result_bytes;
        let (mut fetched, mut left) = (Vec::new(), cap);
        let limit = fetch::time_limit(cap);
        let server = files.first().map(|file| file.url.origin().ascii_serialization()).unwrap_or_default();
        let fetching = async {
            for file in files {
                let plan = FetchPlan {
                    url: file.url,
                    allowed: allowed.to_vec(),
                    headers: Default::default(),
                    max_bytes: left,
                    time_limit: limit,
                    expect_sha256: None,
                    to: folder.join(&file.name),
                };
                let one = match self.fetch_one(job, plan, cancel).await? {
                    Err(FetchError::TooLarge { .. }) => {
                        let why = format!("the files of the result have more than the {} allowed", units::bytes(cap));
                        let hint =
                            format!("raise `max_result_bytes` in policy.toml; then `agent jobs resume {}`", job.id);
                        return Err(Refusal::new(Rule::ResultSize, why).hint(hint).into());
                    }
                    one => one?,
                };
                left = left.saturating_sub(one.bytes);
                fetched.push(one);
            }
            Ok::<_, JobError>(())
        };
        tokio::time::timeout(limit, fetching).await.map_err(|_| FetchError::TooSlow { server, limit })??;
        Ok(fetched)
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

    /// What the provider charges the key's own balance for one task of a model, where it says.
    pub(super) async fn charge_of(&self, remote: &Remote, model: &str, cancel: &Cancel) -> Option<String> {
        let cost = self.provider(remote, cancel).cost(model).await.ok()?;
        cost.payment.is_none().then(|| cost.shown())
    }
}

/// Refuses a result of which a file lies on a server that nobody allowed. It stays there, and can be fetched once it is.
fn check_servers(job: &Job, files: &[GivenFile], allowed: &[Url]) -> Result<(), JobError> {
    let is_allowed = |url: &Url| allowed.iter().any(|server| server.origin() == url.origin());
    let Some(other) = files.iter().find(|file| !is_allowed(&file.url)) else { return Ok(()) };
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

/// Writes the document, whole or not at all.
fn write(folder: &Path, document: &ResultDocument) -> std::io::Result<ResultFile> {
    let text = serde_json::to_vec_pretty(document).map_err(std::io::Error::other)?;
    let like_any_file = std::fs::Permissions::from_mode(0o666);
    let mut part = tempfile::Builder::new().prefix(".result-").permissions(like_any_file).tempfile_in(folder)?;
    part.write_all(&text)?;
    part.as_file().sync_all()?;
    let path = folder.join(RESULT_FILE);
    part.persist(&path).map_err(|e| e.error)?;
    std::fs::File::open(folder)?.sync_all()?;
    let (bytes, sha256) = hash(plain_file::open(&path)?, |_| {})?;
    Ok(ResultFile { name: RESULT_FILE.to_owned(), bytes, sha256 })
}
