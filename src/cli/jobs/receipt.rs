//! `agent jobs receipt`: what the ledger knows of a finished job, and with `--verify` whether chain and files agree.

use std::process::ExitCode;

use clap::Args;

use super::{
    super::{CommandError, Context, Kind, runtime::block_on, wiring},
    Which,
};
use crate::{
    face::{look::Tone, render},
    job::{
        receipt,
        verify::{self, Finding},
    },
};
use domain::{event::Event, job::Job, units::clean};
use guard::ledger::Ledger;

/// Print a finished job's receipt.
#[derive(Debug, Args)]
pub struct ReceiptOf {
    #[command(flatten)]
    which: Which,
    /// Check it afresh: the payment on the chain, the result's files on disk
    #[arg(long)]
    verify: bool,
}

impl ReceiptOf {
    /// Prints the receipt, and what a fresh look shows; exits with 1 when something is not as the receipt says, or could
    /// not be looked at.
    ///
    /// # Errors
    /// When there is no such job, or it has not ended; a chain that cannot be asked.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let (ledger, job) = ended(context, &self.which)?;
        say(context, &ledger, &job)?;
        if !self.verify {
            return Ok(ExitCode::SUCCESS);
        }
        let findings = block_on(look(context, &ledger, &job))?;
        for finding in &findings {
            tell(context, &job, finding);
        }
        if findings.iter().all(|finding| finding.ok == Some(true)) {
            return Ok(ExitCode::SUCCESS);
        }
        if findings.iter().any(|finding| finding.ok == Some(false)) {
            let message = format!("the receipt of {} does not hold in every point", job.id);
            return Err(CommandError::new(Kind::Failed, "not_verified", message)
                .hint("a point that does not hold is named above; do not rely on it"));
        }
        let message = format!("whether the receipt of {} holds is unknown: the chain could not be asked", job.id);
        Err(CommandError::new(Kind::Failed, "unknown", message)
            .hint("check NEO_RPC_URL and the network, then ask again; nothing speaks against the receipt"))
    }
}

/// Prints the receipt as it is in the ledger.
///
/// # Errors
/// When there is no such job, or it has not ended.
pub fn print(context: &Context, which: &Which) -> Result<ExitCode, CommandError> {
    let (ledger, job) = ended(context, which)?;
    say(context, &ledger, &job)?;
    Ok(ExitCode::SUCCESS)
}

fn ended(context: &Context, which: &Which) -> Result<(Ledger, Job), CommandError> {
    let (ledger, job) = which.find(context)?;
    if job.state.is_end() {
        return Ok((ledger, job));
    }
    let message = format!("{} has not ended: it is {}", job.id, job.state);
    let hint = format!("agent jobs resume {} takes it to its end", job.id);
    Err(CommandError::new(Kind::Failed, "not_ended", message).hint(hint))
}

fn say(context: &Context, ledger: &Ledger, job: &Job) -> Result<(), CommandError> {
    let receipt = receipt::of(job, &ledger.attempts(&job.id)?);
    if context.json() {
        context.output.json(&receipt);
    } else {
        let lines = render::lines(&Event::Receipt(Box::new(receipt)), &context.look);
        context.output.lines(lines.iter().skip_while(|line| line.is_empty()));
    }
    Ok(())
}

/// Looks at the chain and at the files. A receipt is of the profile that its job was of.
async fn look(context: &Context, ledger: &Ledger, job: &Job) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    let attempts = ledger.attempts(&job.id)?;
    if !attempts.is_empty() {
        let profile = context.settings()?.profile()?;
        if profile.name() != job.profile {
            let message = format!("{} is of the profile {}, and this is {}", job.id, job.profile, profile.name());
            return Err(CommandError::new(Kind::Failed, "other_profile", message)
                .hint(format!("run with --profile {}", job.profile)));
        }
        let chain = wiring::chain(context, &profile, ledger).await?;
        findings.extend(verify::payment(&attempts, &chain).await);
    }
    let of = job.clone();
    let files = tokio::task::spawn_blocking(move || verify::files(&of)).await;
    findings.extend(files.map_err(|e| CommandError::failed("files", e))?);
    Ok(findings)
}

fn tell(context: &Context, job: &Job, finding: &Finding) {
    if context.json() {
        let Finding { what, ok, text } = finding;
        context.output.json(&serde_json::json!({"job": job.id, "verified": what, "ok": ok, "text": text}));
        return;
    }
    let (tone, word) = match finding.ok {
        Some(true) => (Tone::Good, "holds"),
        Some(false) => (Tone::Bad, "does not hold"),
        None => (Tone::Care, "unknown"),
    };
    let text = format!("{word}: {}", clean(&finding.text, 400));
    context.output.lines(context.look.field(&format!("  {}", clean(&finding.what, 60)), tone, &text));
}
