//! A turn as one request: a front reads what the person said into work and bounds, and the program carries that through by
//! itself: plan, consent, jobs to where the request ends. A model is asked for words at the very end, or the program writes them.

use std::sync::Arc;

use super::{
    asking::Reply,
    close::End,
    conversation::Conversation,
    ending,
    error::AgentError,
    prompt,
    propose::{Front, Heard, Proposal, Propose, Proposed, Reading},
    steps::{kept, unreadable, withheld},
    told::{self, Came},
    turn::Turn,
};
use crate::{
    model::{
        Finish, Message, ToolChoice,
        context::{Context, FileSeen},
    },
    tools::{Cancel, Failure},
};
use domain::{
    event::Event,
    ids::RequestId,
    plan::Plan,
    request::{Request, Until},
    standing::NotDone,
};
use guard::policy::tripwire;

/// What errors of the ledger are called.
const LEDGER: &str = "ledger";

/// What is in the working folder, and what a model is told of it and of the jobs.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Data files, those in folders too.
    pub files: &'a [FileSeen],
    /// Those folders.
    pub folders: &'a [String],
    /// The same in words.
    pub context: &'a Context,
}

impl Conversation {
    /// A turn of a front that proposes whole requests.
    pub(super) async fn by_request(
        &mut self,
        reader: &dyn Propose,
        said: &str,
        seen: Seen<'_>,
        turn: &mut Turn,
        answer: &mut String,
        cancel: &Cancel,
    ) -> Result<End, AgentError> {
        let last = match self.last.clone() {
            Some(last) => Some(last),
            None => self.toolbox.work.last_request(&self.toolbox.session)?,
        };
        let (jobs, tasks) = (self.jobs()?, self.toolbox.work.tasks());
        let Seen { files, folders, context } = seen;
        let room = self.room();
        let heard = Heard { said, files, folders, last: last.as_ref(), jobs: &jobs, tasks: &tasks, room };
        if let Some(end) = self.too_much(reader.asks_bytes(&heard)) {
            return Ok(end);
        }
        let read = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(End::Interrupted),
            read = reader.propose(&heard) => read,
        };
        let Reading { proposed, asked } = read;
        asked.iter().for_each(|(request, turn)| self.account(request, turn));
        let proposed = match proposed {
            Ok(proposed) => proposed,
            Err(error) => return Ok(End::of(&error)),
        };
        let plain = matches!(&proposed, Proposed::Work(Proposal { plain: true, .. }));
        let carried = match proposed {
            Proposed::Words(text) => {
                self.say(&text, answer);
                return Ok(End::Told);
            }
            Proposed::Leave => {
                turn.leaves = true;
                self.say("Good-bye.", answer);
                return Ok(End::Told);
            }
            Proposed::Talk { is_order } => {
                turn.is_order = is_order;
                return self.in_words(told::understood(&[]), prompt::talk(context), answer, cancel).await;
            }
            Proposed::Work(proposal) => self.carry_out(turn, proposal, cancel).await?,
        };
        if cancel.is_cancelled() {
            return Ok(End::Interrupted);
        }
        // Of a plan that goes no further the program says what it comes to: a price is no matter of words. A plain order is answered
        // with its figures, for which nobody has to wait.
        if let (Front::Request(_), Some(plan), false) = (&self.front, carried, plain) {
            return self.words_on(&plan, turn, answer, cancel).await;
        }
        let mut mine = Vec::new();
        for id in &turn.jobs {
            mine.extend(self.toolbox.work.job(id)?);
        }
        let words = ending::closing_words(&mine, turn.until, &turn.figures);
        let first = turn.of_plan.take().map_or_else(String::new, |of_plan| format!("{of_plan}\n"));
        self.say(&format!("{first}{words}"), answer);
        Ok(End::Told)
    }

    /// Carries a proposal through: its plan, consent to it, and its work as far as it goes. What failed is noted in the turn.
    /// The plan that was carried through; none where it goes no further.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) async fn carry_out(
        &mut self,
        turn: &mut Turn,
        proposal: Proposal,
        cancel: &Cancel,
    ) -> Result<Option<Plan>, AgentError> {
        let said = self.prompts().next_back().unwrap_or_default();
        let doubt = proposal.inherits && tripwire::has_cue(said);
        let proposal = if doubt { proposal.only_if_free() } else { proposal };
        let if_free = proposal.answers.then_some(self.bounds.until);
        let first = proposal.first.clone();
        turn.figures.clone_from(&proposal.figures);
        let request = self.request_of(proposal);
        let work = Arc::clone(&self.toolbox.work);
        let session = self.toolbox.session.clone();
        let planned = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ok(None),
            plan = work.plan(&session, request.clone(), if_free) => plan,
        };
        let planned = match planned {
            Ok(plan) => plan,
            Err(error) if error.kind == LEDGER => return Err(error.into()),
            Err(error) => {
                turn.fail([Failure::of(&error, None)], None);
                return Ok(None);
            }
        };
        turn.until = planned.request.bounds.until;
        self.last = Some(planned.request.clone());
        take_in(turn, &planned);
        if turn.until == Until::Plan || planned.possible().next().is_none() {
            let words: Vec<String> = first.into_iter().chain(ending::plan_words(&planned)).collect();
            turn.of_plan = (!words.is_empty()).then(|| words.join("\n"));
            return Ok(None);
        }
        let agreed = tokio::select! {
            biased;
            agreed = work.agree(&session, planned.clone()) => agreed,
            () = cancel.cancelled() => return Ok(None),
        };
        let plan = match agreed {
            Ok(plan) => plan,
            Err(error) => {
                if !error.is_stop() {
                    turn.fail([Failure::of(&error, None)], None);
                }
                return Ok(None);
            }
        };
        let jobs = |plan: &Plan| plan.work.iter().map(|piece| piece.job.clone()).collect::<Vec<_>>();
        if plan.request != planned.request || jobs(&plan) != jobs(&planned) {
            // The person changed it, or another process began it: nothing of what was planned before is left.
            turn.jobs.retain(|id| !planned.work.iter().any(|piece| piece.job.as_ref() == Some(id)));
            turn.failures.clear();
            turn.cannot.clear();
            turn.until = plan.request.bounds.until;
            self.last = Some(plan.request.clone());
            take_in(turn, &plan);
        }
        if turn.until == Until::Plan {
            turn.of_plan = ending::plan_words(&plan);
            return Ok(None);
        }
        for outcome in work.carry(&plan, self.toolbox.at_once, cancel).await {
            if let Err(error) = outcome.end
                && !error.is_stop()
            {
                turn.fail([Failure::of(&error, Some(outcome.job))], None);
            }
        }
        Ok(Some(plan))
    }

    /// The request of a proposal, within the person's own bounds.
    fn request_of(&self, proposal: Proposal) -> Request {
        let Proposal { work, bounds, notes, .. } = proposal;
        let of = format!("name of a request in {}", self.toolbox.session);
        Request {
            id: self.tape.draw(&of, RequestId::random),
            work,
            bounds: self.bounds.narrowed(bounds),
            notes,
            origin: self.origin(),
            said: self.prompts().next_back().map(str::to_owned),
            seen: Vec::new(),
            begun: Vec::new(),
            undone: Vec::new(),
            out_dir: None,
        }
    }

    /// The jobs of a plan that was carried through.
    fn came_of(&self, plan: &Plan) -> Result<Vec<Came>, AgentError> {
        let work = self.toolbox.work.as_ref();
        let mut all = Vec::new();
        for piece in plan.possible() {
            let job = piece.job.as_ref().map(|id| work.job(id)).transpose()?.flatten();
            let Some(job) = job else { continue };
            let attempts = work.attempts(&job.id)?;
            all.push(Came { job, attempts, before: piece.same_as_before });
        }
        Ok(all)
    }

    /// Asks the model once, without tools, for words on what came of a request.
    async fn words_on(
        &mut self,
        plan: &Plan,
        turn: &Turn,
        answer: &mut String,
        cancel: &Cancel,
    ) -> Result<End, AgentError> {
        let came = self.came_of(plan)?;
        let told = prompt::words(&told::lines(&came, turn));
        self.in_words(told::understood(&came), told, answer, cancel).await
    }

    /// Asks the model for words, without tools, on what the program tells it. Between the person's words and those stands what was
    /// understood: some servers take no two messages of one side in a row.
    async fn in_words(
        &mut self,
        understood: String,
        told: String,
        answer: &mut String,
        cancel: &Cancel,
    ) -> Result<End, AgentError> {
        self.keep(Message::said(understood));
        self.keep(Message::User { text: told });
        let system = prompt::for_words(&self.toolbox.work.tasks());
        let request = match self.request(&system, Vec::new(), ToolChoice::None) {
            Ok(request) => request,
            Err(end) => return Ok(end),
        };
        if let Some(end) = self.ceiling(&request) {
            return Ok(end);
        }
        let reply = match self.ask_until(&request, &[], cancel).await {
            None => return Ok(End::Interrupted),
            Some(Err(error)) => return Ok(End::of(&error)),
            Some(Ok(Reply { turn, .. })) => turn,
        };
        self.account(&request, &reply);
        let said = reply.text.trim();
        if said.is_empty() && reply.finish == Finish::ContentFilter {
            return Ok(withheld());
        }
        if ending::is_nonsense(said) {
            return Ok(unreadable());
        }
        said.clone_into(answer);
        self.sink.emit(Event::MessageCompleted { text: answer.clone() });
        self.warn_of(&reply.finish);
        self.keep(Message::said(answer.as_str()));
        Ok(End::Answer)
    }

    /// The program's own words as the answer.
    pub(super) fn say(&mut self, text: &str, answer: &mut String) {
        text.clone_into(answer);
        self.sink.emit(Event::MessageDelta { text: text.to_owned() });
        self.sink.emit(Event::MessageCompleted { text: text.to_owned() });
        self.keep(Message::said(kept(text)));
    }
}

/// The jobs of a plan, and why pieces of it cannot be done.
fn take_in(turn: &mut Turn, plan: &Plan) {
    turn.cannot.extend(NotDone::of(plan));
    turn.join(plan.possible().filter_map(|piece| piece.job.as_ref()));
    let cannot =
        plan.work.iter().filter_map(|piece| Some(Failure::of(&piece.cannot.as_ref()?.into(), piece.job.clone())));
    turn.fail(cannot, None);
}
