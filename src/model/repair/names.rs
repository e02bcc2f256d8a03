//! Names of tools that are nearly right.

/// The one known name that `name` must mean: the same but for case, dashes, spaces and a namespace, or one slip away
/// from exactly one name. `None` when it is none or could be several.
pub fn close_name<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |text: &str| -> String {
        let tail = text.trim().trim_end_matches("()").rsplit(['.', '/', ':']).next().unwrap_or_default().to_owned();
        tail.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    if let Some(same) = known.iter().find(|k| plain(k) == wanted) {
        return Some(same);
    }
    let mut near: Vec<(usize, &'k str)> =
        known.iter().map(|k| (strsim::damerau_levenshtein(&plain(k), &wanted), *k)).collect();
    near.sort_unstable();
    match near.as_slice() {
        [(best, name), (second, _), ..] if *best <= 2 && *second >= best + 3 => Some(name),
        [(best, name)] if *best <= 2 => Some(name),
        _ => None,
    }
}
