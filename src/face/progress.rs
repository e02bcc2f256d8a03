//! How far along: a bar on a terminal, a line now and then elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::look::{Look, Tone};
use domain::units::bytes;

/// Smaller uploads are over before a line about them is read, bytes.
const LARGE: u64 = 10_000_000;

/// What is shown as under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Bytes on their way to storage.
    Upload,
    /// A run, here or at the provider.
    Run,
    /// A result on its way here.
    Fetch,
}

impl Task {
    fn label(&self) -> &'static str {
        match self {
            Task::Upload => "Upload",
            Task::Run => "Running",
            Task::Fetch => "Fetching",
        }
    }
}

/// One thing under way at a time.
pub struct Progress {
    bars: bool,
    look: Look,
    current: Option<(Task, ProgressBar)>,
    /// The last quarter that was printed where there are no bars.
    printed: Option<(Task, u64)>,
}

impl Progress {
    /// Bars when `bars`, which takes a terminal; sparse lines otherwise.
    pub fn new(look: Look, bars: bool) -> Progress {
        Progress { bars, look, current: None, printed: None }
    }

    /// Something is `done` of `total` along; `total` 0 means that nobody knows. Gives lines to print, if any.
    pub fn update(&mut self, task: Task, done: u64, total: u64) -> Vec<String> {
        if self.bars {
            self.draw(task, done, total);
            return Vec::new();
        }
        if total == 0 || (task == Task::Upload && total < LARGE) {
            return Vec::new();
        }
        let quarter = done.min(total).saturating_mul(4) / total;
        // The end has an event of its own.
        let said = self.printed.as_ref().is_some_and(|(t, q)| *t == task && *q >= quarter);
        if said || !(1..4).contains(&quarter) {
            return Vec::new();
        }
        let text = match task {
            Task::Upload => format!("{} of {} ({} %)", bytes(done), bytes(total), quarter * 25),
            Task::Run | Task::Fetch => format!("{} %", quarter * 25),
        };
        let lines = self.look.field(task.label(), Tone::Dim, &text);
        self.printed = Some((task, quarter));
        lines
    }

    /// Whatever was under way is over or is something else now.
    pub fn clear(&mut self) {
        if let Some((_, bar)) = self.current.take() {
            bar.finish_and_clear();
        }
        self.printed = None;
    }

    /// Prints with `print` while no bar is in the way.
    pub fn around(&self, print: impl FnOnce()) {
        match &self.current {
            Some((_, bar)) => bar.suspend(print),
            None => print(),
        }
    }

    fn draw(&mut self, task: Task, done: u64, total: u64) {
        if self.current.as_ref().is_some_and(|(shown, _)| *shown != task) {
            self.clear();
        }
        let (look, known) = (self.look, total > 0);
        let (_, bar) = self.current.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(200));
            (task.clone(), bar)
        });
        bar.set_style(style(&task, look, known));
        if known {
            bar.set_length(total);
            bar.set_position(done.min(total));
        }
    }
}

fn style(task: &Task, look: Look, known: bool) -> ProgressStyle {
    let label = task.label();
    let wide = if look.width >= 60 { 30 } else { 12 };
    let template = match (task, known) {
        (Task::Upload, true) => format!("{label:<11}{{bar:{wide}}} {{bytes}} of {{total_bytes}}, {{bytes_per_sec}}"),
        (Task::Run | Task::Fetch, true) => format!("{label:<11}{{bar:{wide}}} {{percent}} %, {{elapsed}}"),
        (_, false) => format!("{label:<11}{{spinner}} {{elapsed}}"),
    };
    // The templates above are fixed; should one ever be wrong, indicatif's own bar serves.
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_three_lines_at_most() {
        let mut progress = Progress::new(Look::plain(80), false);
        let lines: Vec<String> =
            (0..=1000).flat_map(|i| progress.update(Task::Upload, i * 5_000_000, 5_000_000_000)).collect();
        assert_eq!(
            lines,
            [
                "Upload     1.2 GB of 5.0 GB (25 %)",
                "Upload     2.5 GB of 5.0 GB (50 %)",
                "Upload     3.8 GB of 5.0 GB (75 %)"
            ]
        );
        assert!(progress.update(Task::Upload, 500, 1000).is_empty(), "what is over at once is not printed");
        assert!(progress.update(Task::Run, 3, 0).is_empty(), "what nobody knows is not printed");
    }
}
