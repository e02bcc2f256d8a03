//! When a model that is driven by the tools is driven by one request object a turn instead.

use super::ModelError;
use guard::config::{Driving, Style};

/// What a model's reply held where tools were offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Calls, or words where words will do.
    Usable,
    /// Calls in its text, which could be read.
    Written,
    /// A call that cannot be read.
    Unreadable,
    /// No call, where one was required.
    Missing,
    /// Its server takes no tools at all.
    Refused,
}

/// How the model is driven after such a reply. Only a style that the program chose changes, only from the tools to the request,
/// and never back in a session.
#[must_use]
pub fn after(driving: Driving, calls: Calls) -> Driving {
    let unusable = matches!(calls, Calls::Unreadable | Calls::Missing | Calls::Refused);
    let style = if driving.chosen_here && unusable { Style::Request } else { driving.style };
    Driving { style, ..driving }
}

/// Whether a server refused a request for its tools: Ollama's words, vLLM's, and OpenRouter's.
pub fn refuses_tools(error: &ModelError) -> bool {
    const WORDS: [&str; 3] = ["does not support tools", "tool choice requires", "that support tool use"];
    match error {
        ModelError::Refused { message, .. } | ModelError::Server { message, .. } => {
            WORDS.iter().any(|words| message.contains(words))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Calls; 5] = [Calls::Usable, Calls::Written, Calls::Unreadable, Calls::Missing, Calls::Refused];

    #[test]
    fn unusable_calls_change_the_style_that_the_program_chose() {
        let auto = Driving { style: Style::Tools, chosen_here: true };
        let changes: Vec<bool> = ALL.map(|calls| after(auto, calls).style == Style::Request).to_vec();
        assert_eq!(changes, [false, false, true, true, true]);
    }

    #[test]
    fn what_a_person_set_stands_and_a_request_stays_one() {
        for calls in ALL {
            for style in [Style::Tools, Style::Request] {
                let set = Driving { style, chosen_here: false };
                assert_eq!(after(set, calls), set);
            }
            let changed = Driving { style: Style::Request, chosen_here: true };
            assert_eq!(after(changed, calls), changed);
        }
    }

    #[test]
    fn servers_without_tools_say_so_in_their_words() {
        let refused = |message: &str| refuses_tools(&ModelError::Refused { status: 400, message: message.to_owned() });
        assert!(refused("registry.ollama.ai/library/phi3:mini does not support tools"));
        assert!(refused("\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set"));
        assert!(refused("No endpoints found that support tool use. Try disabling \"list_jobs\"."));
        assert!(!refused("stream_options: extra fields not permitted"));
        assert!(!refuses_tools(&ModelError::Cut { why: "that support tool use".to_owned() }));
    }
}
