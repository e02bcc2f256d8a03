//! Whether the program of a task has what the task needs of it: asked of the program itself when work is planned, so that nothing
//! is begun that is known to fail.

use super::{JobError, Workflow};
use compute::worker::Probed;
use domain::{event::Event, task::TaskType};

impl Workflow {
    /// Refuses work whose program, or image, is not on this machine.
    ///
    /// # Errors
    /// [`JobError::MissingProgram`].
    pub(super) async fn check_there(&self, task: &TaskType) -> Result<(), JobError> {
        match self.answers.missing(task).await {
            None => Ok(()),
            Some(missing) => Err(JobError::MissingProgram { task: task.name.clone(), missing }),
        }
    }

    /// Refuses work whose program says that it lacks something. One that gives no answer is told of, and not refused.
    ///
    /// # Errors
    /// [`JobError::Unable`].
    pub(super) async fn check_able(&self, task: &TaskType) -> Result<(), JobError> {
        match (self.answers.ask(&self.parts.runner, task).await, task.command()) {
            (Some((Probed::Unable(said), _)), Some(command)) => Err(JobError::Unable {
                task: task.name.clone(),
                executable: command.executable.clone(),
                said,
                install: command.install.clone(),
            }),
            (Some((Probed::Unknown(why), true)), _) => {
                let message = format!("{}: it is not known whether its program has what it needs: {why}", task.name);
                self.emit(Event::Warning { message });
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
