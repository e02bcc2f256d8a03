use super::*;

fn rule(path: &str, root: &Path) -> Rule {
    open_dataset(Path::new(path), &[root.to_owned()], &[]).expect_err(path).rule
}

#[test]
fn only_regular_files_beneath_the_roots() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("root");
    std::fs::create_dir_all(root.join("sub")).unwrap();
    std::fs::write(root.join("sub/a.fasta"), ">a\nACDE\n").unwrap();
    std::fs::write(dir.path().join("out.fasta"), ">a\nACDE\n").unwrap();
    std::fs::write(root.join(".env"), "KEY=1").unwrap();
    std::os::unix::fs::symlink("../out.fasta", root.join("leads-out")).unwrap();
    std::os::unix::fs::symlink("sub/a.fasta", root.join("stays")).unwrap();
    let open = open_dataset(Path::new("sub/a.fasta"), std::slice::from_ref(&root), &[]).unwrap();
    assert_eq!(open.bytes, 8);
    assert!(open_dataset(&root.join("sub/../sub/a.fasta"), std::slice::from_ref(&root), &[]).is_ok());
    assert!(open_dataset(Path::new("stays"), std::slice::from_ref(&root), &[]).is_ok());
    assert_eq!(rule("../out.fasta", &root), Rule::DataPath);
    assert_eq!(rule("leads-out", &root), Rule::DataPath);
    assert_eq!(rule("/etc/hostname", &root), Rule::DataPath);
    assert_eq!(rule("sub", &root), Rule::DataPath);
    assert_eq!(rule(".env", &root), Rule::DataSecret);
    assert_eq!(rule("missing", &root), Rule::ProbeFailed);
}

#[test]
fn a_secret_is_one_under_every_name() {
    let dir = tempfile::tempdir().unwrap();
    let (root, home) = (dir.path().join("root"), dir.path().join("root/home"));
    std::fs::create_dir_all(&home).unwrap();
    let file = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    file(".env", "NOTE=1\n");
    file("notes.txt", "AIOZ_SECRET_KEY=abc\n");
    file("keystore.fasta", ">a\nACDE\n");
    file("keystore.txt", "words\n");
    file("purse", "{}");
    file("home/data.fasta", ">a\nACDE\n");
    file("far.txt", &format!("{}\nA_SECRET=abc\n", "x".repeat(secrets::HEAD)));
    link(".env", "linked.txt");
    link("keystore.txt", "list.txt");
    std::fs::hard_link(root.join("purse"), root.join("same.txt")).unwrap();
    let private = [home, root.join("purse"), root.join("none")];
    let open = |name: &str| open_dataset(Path::new(name), std::slice::from_ref(&root), &private);
    for name in ["linked.txt", "notes.txt", "keystore.txt", "list.txt", "purse", "same.txt", "home/data.fasta"] {
        let refusal = open(name).expect_err(name);
        assert_eq!(refusal.rule, Rule::DataSecret, "{name}");
        assert!(refusal.hint.is_some() && !refusal.why.contains("abc"), "{refusal}");
    }
    for name in ["keystore.fasta", "far.txt"] {
        open(name).unwrap();
    }
}

#[test]
fn up_from_a_link_has_two_meanings_and_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    std::fs::create_dir_all(root.join("other/deep")).unwrap();
    for name in ["x.fasta", "other/x.fasta"] {
        std::fs::write(root.join(name), ">a\nAC\n").unwrap();
    }
    std::os::unix::fs::symlink("other/deep", root.join("l")).unwrap();
    assert_eq!(rule("l/../x.fasta", &root), Rule::DataPath);
    assert_eq!(rule("x.fasta/../x.fasta", &root), Rule::DataPath);
    assert_eq!(rule("none/../x.fasta", &root), Rule::ProbeFailed);
    let open = open_dataset(Path::new("other/deep/../x.fasta"), std::slice::from_ref(&root), &[]).unwrap();
    assert_eq!(open.source.path, root.join("other/x.fasta"));
}

#[test]
fn a_file_that_changed_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.fasta");
    std::fs::write(&path, ">a\nAC\n").unwrap();
    let open = open_dataset(&path, &[dir.path().to_owned()], &[]).unwrap();
    open.unchanged_since(open.bytes, open.modified_ns).unwrap();
    std::fs::write(&path, ">a\nACDE\n").unwrap();
    assert_eq!(open.unchanged_since(open.bytes, open.modified_ns).unwrap_err().rule, Rule::DataChanged);
}

/// A root and, beside it, a folder that is none.
fn two_folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let (root, far) = (base.join("root"), base.join("far"));
    std::fs::create_dir_all(&root).unwrap();
    std::fs::create_dir_all(far.join("sub")).unwrap();
    std::fs::write(far.join("a.fasta"), ">a\nACDE\n").unwrap();
    (dir, root, far)
}

fn by_person(path: &Path, root: &Path) -> Result<OpenDataset, Refusal> {
    open_dataset_named(path, &[root.to_owned()], &[], NamedBy::Person)
}

#[test]
fn a_person_names_files_wherever_they_lie_and_nobody_else_does() {
    let (_dir, root, far) = two_folders();
    for path in [far.join("a.fasta"), PathBuf::from("../far/a.fasta"), far.join("sub/../a.fasta")] {
        let open = by_person(&path, &root).unwrap();
        assert_eq!(open.source, DatasetSource::file(far.join("a.fasta"), far.clone()));
        assert_eq!((open.path, open.bytes), (path.clone(), 8));
        assert_eq!(open_dataset(&path, std::slice::from_ref(&root), &[]).unwrap_err().rule, Rule::DataPath);
    }
    // What lies beneath a root is opened beneath it, as for anybody.
    std::fs::write(root.join("b.fasta"), ">b\nAC\n").unwrap();
    assert_eq!(by_person(Path::new("b.fasta"), &root).unwrap().source.root, root);
    // The job is opened again from its source, as nobody in particular.
    let source = by_person(&far.join("a.fasta"), &root).unwrap().source;
    assert_eq!(open_dataset(&source.path, std::slice::from_ref(&source.root), &[]).unwrap().bytes, 8);
    assert_eq!(by_person(&far.join("none.fasta"), &root).unwrap_err().rule, Rule::ProbeFailed);
    for folder in [far.as_path(), Path::new("/"), root.as_path()] {
        let refusal = by_person(folder, &root).unwrap_err();
        assert_eq!(refusal.rule, Rule::DataPath, "{refusal}");
        assert!(refusal.why.ends_with("is a directory"), "{refusal}");
    }
}

#[test]
fn a_link_leads_out_of_no_folder_that_a_person_names() {
    let (_dir, root, far) = two_folders();
    let link = |to: &Path, at: PathBuf| std::os::unix::fs::symlink(to, at).unwrap();
    std::fs::write(root.join("b.fasta"), ">b\nAC\n").unwrap();
    link(&root.join("b.fasta"), far.join("out.fasta"));
    link(Path::new("../root/b.fasta"), far.join("up.fasta"));
    link(Path::new("a.fasta"), far.join("stays.fasta"));
    link(&far.join("a.fasta"), root.join("away.fasta"));
    for path in [far.join("out.fasta"), far.join("up.fasta"), root.join("away.fasta")] {
        let refusal = by_person(&path, &root).expect_err(&path.to_string_lossy());
        assert_eq!(refusal.rule, Rule::DataPath);
        assert_eq!(refusal.hint.as_deref(), Some("name the file that the link leads to, by its own path"));
    }
    by_person(&far.join("stays.fasta"), &root).unwrap();
    // A folder that is a link is the person's to name, and the job keeps where it led.
    link(&far, root.join("data"));
    let open = by_person(Path::new("data/a.fasta"), &root).unwrap();
    assert_eq!(open.source, DatasetSource::file(far.join("a.fasta"), far.clone()));
    assert_eq!(by_person(Path::new("data/out.fasta"), &root).unwrap_err().rule, Rule::DataPath);
    assert_eq!(by_person(Path::new("data/../b.fasta"), &root).unwrap_err().rule, Rule::DataPath, "two meanings");
    assert_eq!(open_dataset(Path::new("data/a.fasta"), &[root], &[]).unwrap_err().rule, Rule::DataPath);
}

#[test]
fn secrets_and_special_files_stay_closed_to_persons_too() {
    let (_dir, root, far) = two_folders();
    let home = far.join("home");
    for (name, text) in [
        (".ssh/id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\n"),
        (".ssh/known_hosts", "host ssh-ed25519 AAAA\n"),
        (".aws/credentials", "[default]\n"),
        ("notes.txt", "-----BEGIN PRIVATE KEY-----\n"),
        (".env", "A=1\n"),
    ] {
        std::fs::create_dir_all(home.join(name).parent().unwrap()).unwrap();
        std::fs::write(home.join(name), text).unwrap();
        assert_eq!(by_person(&home.join(name), &root).expect_err(name).rule, Rule::DataSecret, "{name}");
    }
    // Beneath another name of its folder, and by a link.
    std::os::unix::fs::symlink(home.join(".ssh"), root.join("hosts")).unwrap();
    std::os::unix::fs::symlink(".ssh/known_hosts", home.join("hosts.txt")).unwrap();
    for path in [root.join("hosts/known_hosts"), PathBuf::from("hosts/known_hosts"), home.join("hosts.txt")] {
        let refusal = by_person(&path, &root).expect_err(&path.to_string_lossy());
        assert_eq!(refusal.rule, Rule::DataSecret, "{refusal}");
    }
    let own = [far.join("a.fasta")];
    let refusal = open_dataset_named(&own[0], std::slice::from_ref(&root), &own, NamedBy::Person).unwrap_err();
    assert_eq!(refusal.rule, Rule::DataSecret, "a file of the program's own");
    // The system's accounts and the environment of processes: by their own paths, from anywhere and from `/`.
    for path in ["/etc/passwd", "/proc/self/environ", "/proc/version"] {
        for from in [root.as_path(), Path::new("/")] {
            let refusal = by_person(Path::new(path), from).expect_err(path);
            assert_eq!(refusal.rule, Rule::DataSecret, "{refusal}");
        }
    }
    for path in ["/dev/null", "/proc/self/fd"] {
        assert_eq!(by_person(Path::new(path), &root).expect_err(path).rule, Rule::DataPath, "{path}");
    }
    rustix::fs::mkfifoat(rustix::fs::CWD, far.join("pipe"), rustix::fs::Mode::RWXU).unwrap();
    assert_eq!(by_person(&far.join("pipe"), &root).unwrap_err().rule, Rule::DataPath);
}

#[test]
fn a_hard_link_of_a_file_outside_is_refused_unless_a_person_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let (root, other) = (dir.path().join("root"), dir.path().join("other"));
    for folder in [&root.join("sub"), &other.join("deep")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let file = |path: &Path| std::fs::write(path, ">a\nACDE\n").unwrap();
    file(&dir.path().join("diary.fasta"));
    std::fs::hard_link(dir.path().join("diary.fasta"), root.join("a.fasta")).unwrap();
    // The benign twin: every name is beneath the roots, and one is a folder above the other.
    file(&root.join("b.fasta"));
    std::fs::hard_link(root.join("b.fasta"), root.join("sub/b.fasta")).unwrap();
    std::fs::hard_link(root.join("b.fasta"), other.join("deep/b.fasta")).unwrap();

    let both = [root.clone(), root.join("sub"), other.clone()];
    let open = |name: &str, roots: &[PathBuf], by| open_dataset_named(Path::new(name), roots, &[], by);
    let refusal = open("a.fasta", &both, NamedBy::Other).unwrap_err();
    assert_eq!(refusal.rule, Rule::DataPath);
    assert!(refusal.why.contains("hard link") && refusal.hint.unwrap().contains("cp a.fasta"));
    assert_eq!(open("b.fasta", std::slice::from_ref(&root), NamedBy::Other).unwrap_err().rule, Rule::DataPath);
    for name in ["b.fasta", "sub/b.fasta"] {
        open(name, &both, NamedBy::Other).unwrap();
    }
    open("a.fasta", &both, NamedBy::Person).unwrap();
    // Once the other name is gone it is a file like any other.
    std::fs::remove_file(dir.path().join("diary.fasta")).unwrap();
    open("a.fasta", &both, NamedBy::Other).unwrap();
}
