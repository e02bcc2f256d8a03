//! DeepSeek's markup of calls (DSML), which its servers leave in the text now and then: the tags of `xml`, each with a mark of
//! its own before the name, as `<｜DSML｜invoke name="…">`. The bars come full width, half width, doubled, and with blanks.

use std::borrow::Cow;

/// How the mark begins, for the gate that streamed text passes.
pub(super) const BEGINS: [&str; 9] =
    ["<｜DSML", "<｜｜DSML", "<|DSML", "<||DSML", "<‖DSML", "< ｜ DSML", "< | DSML", "< || DSML", "<DSML "];

/// The text with plain tags in the place of those.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains("DSML") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let inside = tag.get(1..).unwrap_or_default();
        let (slash, marked) = inside.strip_prefix('/').map_or(("", inside), |marked| ("/", marked));
        match name_after(marked) {
            Some(name) => {
                out.push('<');
                out.push_str(slash);
                // Its newest name for what stands around several.
                if name.starts_with("calls>") {
                    out.push_str("tool_");
                }
                rest = name;
            }
            None => {
                out.push('<');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands behind the mark.
fn name_after(text: &str) -> Option<&str> {
    let around = |c: char| matches!(c, '｜' | '|' | '‖') || c.is_whitespace();
    let name = text.trim_start_matches(around).strip_prefix("DSML")?;
    let after = name.trim_start_matches(around);
    (after.len() < name.len()).then_some(after)
}
