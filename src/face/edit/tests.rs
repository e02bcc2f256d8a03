use super::*;
use crate::face::sample_plans;

fn words(visual: Option<&str>, editor: Option<&str>, path: &OsStr) -> Option<Vec<String>> {
    let found = chosen(visual.map(Into::into), editor.map(Into::into), path)?;
    Some(found.iter().map(|word| word.to_string_lossy().into_owned()).collect())
}

#[test]
fn the_editor_that_a_person_set() {
    let none = OsStr::new("");
    assert_eq!(words(Some("code --wait"), Some("nano"), none).unwrap(), ["code", "--wait"]);
    assert_eq!(words(Some(" "), Some("nano"), none).unwrap(), ["nano"]);
    assert_eq!(words(None, Some("'/opt/my editor/e' -n"), none).unwrap(), ["/opt/my editor/e", "-n"]);
    assert_eq!(words(None, None, none), None);
    let folder = tempfile::tempdir().unwrap();
    let nano = folder.path().join("nano");
    fs::write(&nano, "").unwrap();
    assert_eq!(words(None, None, folder.path().as_os_str()), None, "not executable");
    fs::set_permissions(&nano, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(words(None, None, folder.path().as_os_str()).unwrap(), [nano.display().to_string()]);
}

/// A plan names files and what is paid: nobody else on the machine reads it, and it is gone afterwards.
#[test]
fn a_draft_is_private_and_goes_away() {
    let draft = Draft::new(&sample_plans::one_in_the_sandbox()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = draft.path();
    assert_eq!((mode(&path), mode(draft.folder.path())), (0o600, 0o700));
    drop(draft);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_words_that_were_said_stay_with_what_was_edited() {
    let draft = Draft::new(&sample_plans::one_on_mainnet()).unwrap();
    let editor: Vec<OsString> = ["sed", "-i", "s/^max_gas.*/max_gas = \"0\"/"].map(Into::into).into();
    let Edited::Changed(request) = draft.edit_with(&editor).await.unwrap() else { panic!("it was changed") };
    assert_eq!(request.said.as_deref(), Some("Fold examples/data.fasta, and pay no more than 3 GAS"));
    assert_eq!(request.bounds.spend, domain::request::Spend::Nothing);
}
