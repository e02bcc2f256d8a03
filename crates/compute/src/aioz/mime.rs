//! MIME types of files: what a model says that it takes, and what a file's name and content say that it is.

use std::path::Path;

use domain::dataset::Format;

/// The MIME type of a file: by the ending of its name where that is known, else whether it is text.
pub fn of_file(path: &Path, format: Format) -> String {
    let by_name = mime_guess::from_path(path).first_raw();
    by_name.unwrap_or(if format == Format::Binary { "application/octet-stream" } else { "text/plain" }).to_owned()
}

/// Whether a model that takes `types` takes a file of this one: `image/*` is every image, and no types are all.
pub fn fits(mime: &str, types: &[String]) -> bool {
    let is = |wanted: &String| match wanted.trim_end_matches('*') {
        _ if wanted == "*" || wanted == "*/*" => true,
        kind if kind.len() < wanted.len() => mime.to_ascii_lowercase().starts_with(&kind.to_ascii_lowercase()),
        exact => mime.eq_ignore_ascii_case(exact),
    };
    types.is_empty() || types.iter().any(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_tell_and_content_where_they_do_not() {
        assert_eq!(of_file(Path::new("a.png"), Format::Binary), "image/png");
        assert_eq!(of_file(Path::new("reads.fasta"), Format::Fasta), "text/plain");
        assert_eq!(of_file(Path::new("model.weights"), Format::Binary), "application/octet-stream");
    }

    #[test]
    fn a_star_stands_for_all_of_a_kind() {
        let types = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(fits("image/png", &types(&["image/*"])) && fits("image/png", &types(&["text/plain", "IMAGE/PNG"])));
        assert!(fits("x/y", &[]) && fits("x/y", &types(&["*/*"])));
        assert!(!fits("text/plain", &types(&["image/*"])) && !fits("imagery/x", &types(&["image/*"])));
    }
}
