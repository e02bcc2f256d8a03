//! `check_local_capability`: measure, and decide where a task runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BadCall, Tool, ToolResult, Toolbox, facts};
use crate::domain::{
    money::Datoshi,
    request::{Bounds, Locality, Spend, Until, Work},
    task::Parameters,
};

/// What it does, for the model.
pub const DESCRIPTION: &str = "Plan a task on a dataset: measures the file and this machine and decides whether the \
task runs here (local) or at the provider (offload). Always the first step of a task. Costs nothing and changes \
nothing. Returns the job id that the other tools need.";

/// Its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The task, by its name in the catalogue.
    pub task_type: String,
    /// The path of the dataset, exactly as the person wrote it.
    pub dataset: String,
    /// What the person asked for beside the defaults, such as {"dimension": 3}. Leave it out when they said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Parameters>,
    /// The most that the whole request may cost in GAS with fees, as text, such as "1.5", when the person sets a limit; "0"
    /// when nothing is to be paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_gas: Option<String>,
    /// true when the person wants the work on this machine and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here_only: Option<bool>,
    /// Where to stop when the person does not want the result yet: "plan" for questions about time, place or price, and
    /// whenever nothing is to be done; "quote" to ask the provider for its quote without paying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_at: Option<StopAt>,
}

/// Where a request stops before its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopAt {
    /// At the plan.
    Plan,
    /// At the provider's quote.
    Quote,
}

impl Args {
    /// The bounds that the model read out of the person's words: they can only make the request narrower.
    ///
    /// # Errors
    /// A limit that is no amount.
    fn bounds(&self) -> Result<Bounds, BadCall> {
        let limit = self.max_gas.as_deref().map(str::parse::<Datoshi>).transpose();
        let limit = limit
            .map_err(|e| BadCall::Arguments { tool: Tool::CheckLocalCapability, why: format!("`max_gas`: {e}") })?;
        Ok(Bounds {
            place: if self.here_only == Some(true) { Locality::Here } else { Locality::Anywhere },
            spend: limit.map_or(Spend::OwnersCaps, Spend::at_most),
            until: match self.stop_at {
                Some(StopAt::Plan) => Until::Plan,
                Some(StopAt::Quote) => Until::Quote,
                None => Until::Done,
            },
        })
    }
}

pub(super) async fn run(toolbox: &Toolbox, args: Args) -> ToolResult {
    let bounds = match args.bounds() {
        Ok(bounds) => bounds,
        Err(bad) => return ToolResult::bad(&bad),
    };
    let work = Work::new(&args.task_type, args.dataset, args.parameters.unwrap_or_default());
    match toolbox.work.check(&toolbox.session, work, bounds).await {
        Ok(job) => {
            let mut value = facts::verdict(&job);
            facts::add_next(&mut value, &job);
            ToolResult::done(value, Some(job))
        }
        Err(error) => ToolResult::failed(&error, None),
    }
}
