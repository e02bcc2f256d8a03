//! The order in which people count: `s2` before `s10`.

use std::{cmp::Ordering, path::Path};

/// Compares paths name by name, numbers in names by their value. A total order: only equal paths are equal.
pub fn natural(a: &Path, b: &Path) -> Ordering {
    let (mut left, mut right) = (a.components(), b.components());
    loop {
        let order = match (left.next(), right.next()) {
            // Names that are the same in text may differ in bytes that are none.
            (None, None) => return a.as_os_str().cmp(b.as_os_str()),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => {
                let text = |part: std::path::Component<'_>| part.as_os_str().to_string_lossy().into_owned();
                alphanumeric_sort::compare_str(text(a), text(b))
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_counted() {
        let mut names = ["s10.fa", "s2.fa", "s1.fa", "b/1.fa", "b-1/1.fa", "s02.fa", "s2_R2.fq", "s2_R1.fq", "S3.fa"];
        names.sort_by(|a, b| natural(Path::new(a), Path::new(b)));
        assert_eq!(
            names,
            ["S3.fa", "b/1.fa", "b-1/1.fa", "s1.fa", "s2.fa", "s02.fa", "s2_R1.fq", "s2_R2.fq", "s10.fa"]
        );
    }

    fn name() -> impl Strategy<Value = PathBuf> {
        let part = prop_oneof!["[0-2]{1,4}", "[a-b.é中-]{0,2}", "\\PC{0,2}", Just("/".to_owned())];
        prop::collection::vec(part, 0..6).prop_map(|parts| PathBuf::from(parts.concat()))
    }

    proptest! {
        /// Of any three paths: equal only what is the same, the reverse the other way round, and in one line.
        #[test]
        fn it_is_a_total_order(a in name(), b in name(), c in name()) {
            prop_assert_eq!(natural(&a, &b) == Ordering::Equal, a.as_os_str() == b.as_os_str());
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            let mut three = [&a, &b, &c];
            three.sort_by(|a, b| natural(a, b));
            prop_assert!(natural(three[0], three[2]) != Ordering::Greater);
        }
    }
}
