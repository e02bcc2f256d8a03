//! `agent config`: every setting with where it came from.

use std::process::ExitCode;

use clap::Args;

use super::{CommandError, Context};
use crate::face::look::{Look, Tone};
use guard::config::{ModelSettings, Settings, Source, shown::Shown};

/// Show every setting with where it came from; secrets are hidden.
#[derive(Debug, Default, Args)]
pub struct Config {
    /// Trust what `.env` in this folder says of the model, as it is now; look at it first
    #[arg(long)]
    trust: bool,
}

impl Config {
    /// Prints them.
    ///
    /// # Errors
    /// When the settings cannot be loaded. Settings that make no sense together are said and are no error here.
    pub fn run(&self, context: &Context) -> Result<ExitCode, CommandError> {
        let settings = context.settings()?;
        if self.trust {
            return trust(settings, context);
        }
        if context.json() {
            settings.shown().iter().for_each(|shown| context.output.json(shown));
            return Ok(ExitCode::SUCCESS);
        }
        context.output.lines(lines(settings, &context.look));
        Ok(ExitCode::SUCCESS)
    }
}

/// A person has looked at the folder's file.
fn trust(settings: &Settings, context: &Context) -> Result<ExitCode, CommandError> {
    let Some(path) = settings.trust_folder()? else {
        return Err(CommandError::usage("there is no .env in this folder").hint("run it where the file lies"));
    };
    if context.json() {
        context.output.json(&serde_json::json!({"trusted": path}));
    } else {
        let said = format!("{} as it is now: once it changes, look at it again", path.display());
        context.output.lines(context.look.field("Trusted", Tone::Good, &said));
        // What was trusted stands before the person's eyes, whatever they looked at before.
        let of_folder = |shown: &&Shown| matches!(shown.source, Some(Source::DotEnv(_)));
        let rows = settings.shown().iter().filter(of_folder).map(row).collect();
        context.output.lines(context.look.table(&["setting", "value", "from"], rows, &[], 1));
    }
    Ok(ExitCode::SUCCESS)
}

/// A table a group, then what the settings come to.
fn lines(settings: &Settings, look: &Look) -> Vec<String> {
    let shown = settings.shown();
    let rows = shown.iter().map(row).collect();
    let mut out = look.table(&["setting", "value", "from"], rows, &[], 1);
    out.push(String::new());
    out.extend(match settings.profile() {
        Ok(profile) => look.field("Profile", Tone::Good, profile.name()),
        Err(error) => wrong(look, "Profile", &error),
    });
    if let Err(error) = settings.callback() {
        out.extend(wrong(look, "Webhooks", &error));
    }
    out.extend(match settings.model() {
        Ok(model) => {
            let mut lines = look.field("Model", Tone::Good, model.name());
            lines.extend(match settings.driving(&model) {
                // The planner is driven by nobody.
                Ok(_) if matches!(model, ModelSettings::Planner) => Vec::new(),
                Ok(driving) => look.field("Style", Tone::Plain, &driving.shown()),
                Err(error) => wrong(look, "Style", &error),
            });
            lines
        }
        Err(error) => wrong(look, "Model", &error),
    });
    out.extend(match settings.policy() {
        Ok(_) if settings.home().policy().exists() => {
            look.field("Policy", Tone::Plain, &settings.home().policy().display().to_string())
        }
        Ok(_) => look.field("Policy", Tone::Plain, "built-in limits; policy.toml in AGENT_HOME changes them"),
        Err(error) => wrong(look, "Policy", &error),
    });
    if let Some(file) = settings.folder_file() {
        let trust = if file.trusted {
            "trusted"
        } else {
            "not trusted: it chooses no model and no account for a wallet from elsewhere"
        };
        out.extend(look.field("Folder", Tone::Plain, &format!("{}: {trust}", file.path.display())));
    }
    out.extend(settings.warnings.iter().flat_map(|warning| look.field("Warning", Tone::Care, warning)));
    out
}

fn row(shown: &Shown) -> Vec<String> {
    vec![
        shown.name.to_owned(),
        shown.value.clone().unwrap_or_default(),
        shown.source.as_ref().map(ToString::to_string).unwrap_or_default(),
    ]
}

fn wrong(look: &Look, label: &str, error: &guard::config::ConfigError) -> Vec<String> {
    let mut out = look.field(label, Tone::Bad, &error.to_string());
    out.extend(error.hint().iter().flat_map(|hint| look.field("  hint", Tone::Plain, hint)));
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use guard::config::{Environment, Overrides};

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let mut env = Environment::default();
        for (name, value) in [("HOME", "/home/me")].iter().chain(pairs) {
            env.0.insert((*name).to_owned(), (*value).to_owned());
        }
        Settings::load(&Overrides::default(), &env, Path::new("/nowhere")).unwrap()
    }

    #[test]
    fn with_nothing_set() {
        let at = |width| lines(&settings(&[]), &Look::plain(width)).join("\n");
        insta::assert_snapshot!(format!("{}\n\n{}", at(100), at(40)));
    }

    #[test]
    fn the_style_is_shown_with_the_model() {
        let last = |pairs: &[(&str, &str)]| {
            let text = lines(&settings(pairs), &Look::plain(80)).join("\n");
            text.split_once("\n\n").unwrap().1.to_owned()
        };
        insta::assert_snapshot!(last(&[("AGENT_MODEL", "llamacpp:m")]));
        let wrong = last(&[("AGENT_STYLE", "both")]);
        assert!(wrong.contains("AGENT_STYLE names no way to drive a model (from environment)"), "{wrong}");
    }

    #[test]
    fn half_configured_with_secrets() {
        let given = settings(&[
            ("AIOZ_BUCKET", "mine"),
            ("AIOZ_SECRET_KEY", "s3cr3t-value"),
            ("NEO_PRIVATE_KEY", "KxDgvEKzgSBPPfuVfw67oPQBSjidEiqTHURKSDL1R7yGaGYAeYnr"),
            ("AGENT_MODEL", "some-model"),
        ]);
        let text = lines(&given, &Look::plain(80)).join("\n");
        assert!(!text.contains("s3cr3t") && !text.contains("KxDg"));
        insta::assert_snapshot!(text);
    }
}
