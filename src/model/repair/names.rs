//! Names of tools that are nearly right.

/// No name that is meant is longer, bytes.
const LONGEST: usize = 200;

/// The one known name that `name` must mean: the same but for case, dashes, spaces, a namespace or a number; one slip away
/// from exactly one name; or with words left out or added, where only one name has those words in that order. `None`
/// when it is none or could be several.
pub fn close_name<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let name = tail(name);
    if name.len() > LONGEST {
        return None;
    }
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
        [(best, name), (second, _), ..] if *best <= 2 && *second >= best + 3 => return Some(name),
        [(best, name)] if *best <= 2 => return Some(name),
        _ => {}
    }
    by_words(name, known)
}

/// The name without a call's number (`name:0`), brackets, and what stands before it (`functions.name`).
fn tail(name: &str) -> &str {
    let name = name.trim().trim_end_matches("()");
    let name =
        name.rsplit_once(':').filter(|(_, n)| n.bytes().all(|b| b.is_ascii_digit())).map_or(name, |(name, _)| name);
    name.rsplit(['.', '/', ':']).next().unwrap_or_default()
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `pay_gas` for `pay_gas_fee`, `list_all_jobs` for `list_jobs`: two words at least must be there. What is left out in the
/// middle may be what tells two tools apart (`run_task`), unless the first word is one tool's alone (`wait_job`).
fn by_words<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let wanted = words(name);
    let [first, _, ..] = wanted.as_slice() else { return None };
    let alone = known.iter().filter(|k| words(k).contains(first)).count() == 1;
    let mut meant = known.iter().filter(|k| {
        let words = words(k);
        let left_out = words.windows(wanted.len()).any(|part| part == wanted.as_slice());
        let added = words.len() >= 2 && in_order(&words, &wanted);
        left_out || added || (alone && in_order(&wanted, &words))
    });
    let first = meant.next()?;
    meant.next().is_none().then_some(first)
}

/// Whether all of `few` occur in `many`, in this order.
fn in_order(few: &[String], many: &[String]) -> bool {
    let mut rest = many.iter();
    few.iter().all(|word| rest.any(|other| other == word))
}

/// The words of a name, by its dashes and its capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && lower);
        if begins {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
