use std::{
    ffi::OsStr,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::{found::found_on, *};

/// An executable file of that text; the folders above it are made.
fn executable(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_belongs_to_a_program_is_seen_and_no_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap().join("person");
    let seen = |program: &str| {
        let program = home.join(program);
        let path = program.parent().unwrap().as_os_str();
        let places = view::places(&program, path, Some(&home));
        places.into_iter().filter(|place| place.exists()).collect::<Vec<_>>()
    };
    let at = |names: &[&str]| names.iter().map(|name| home.join(name)).collect::<Vec<_>>();
    fs::create_dir_all(home.join("lib")).unwrap();
    executable(&home.join("tool"), "\x7fELF");
    assert_eq!(seen("tool"), at(&["tool"]), "the file alone");
    executable(&home.join("bin/tool"), "\x7fELF");
    assert_eq!(seen("bin/tool"), at(&["bin"]), "no `lib` of the home's");
    executable(&home.join("blast/blastp"), "\x7fELF");
    assert_eq!(seen("blast/blastp"), at(&["blast/blastp"]), "what lies beside it may be anything");

    for name in ["share/keyrings", "lib"] {
        fs::create_dir_all(home.join(".local").join(name)).unwrap();
    }
    executable(&home.join(".local/bin/tool"), "\x7fELF");
    assert_eq!(seen(".local/bin/tool"), at(&[".local/bin", ".local/lib"]), "no keyrings");

    fs::create_dir_all(home.join("conda/envs/bio/conda-meta")).unwrap();
    executable(&home.join("conda/envs/bio/bin/tool"), "\x7fELF");
    assert_eq!(seen("conda/envs/bio/bin/tool"), at(&["conda/envs/bio"]), "an environment is whole");

    // A script whose interpreter is a link in an environment, to one in a folder of its own.
    executable(&home.join("python/bin/python3.11"), "\x7fELF");
    fs::create_dir_all(home.join("python/lib")).unwrap();
    fs::create_dir_all(home.join("venv/bin")).unwrap();
    fs::write(home.join("venv/pyvenv.cfg"), "").unwrap();
    symlink("../../python/bin/python3.11", home.join("venv/bin/python")).unwrap();
    executable(&home.join("venv/bin/tool"), &format!("#!{}\n", home.join("venv/bin/python").display()));
    symlink("../venv/bin/tool", home.join("bin/linked")).unwrap();
    assert_eq!(seen("bin/linked"), at(&["bin", "python/bin", "python/lib", "venv"]));

    executable(&home.join("bin/script"), "#!/usr/bin/env tool\n");
    assert_eq!(seen("bin/script"), at(&["bin"]));
    symlink("loop", home.join("bin/loop")).unwrap();
    assert_eq!(seen("bin/loop"), at(&["bin"]), "it comes to an end");
    assert_eq!(view::places(Path::new("/usr/bin/sh"), OsStr::new(""), None).len(), 0, "the system is seen anyway");
    for program in ["/home/else/bin/x", "/root/bin/x", "/home/else/x", "/root/x", "/tmp/x"] {
        let only = Path::new(program);
        let only = if only.parent().unwrap().ends_with("bin") { only.parent().unwrap() } else { only };
        assert_eq!(view::places(Path::new(program), OsStr::new(""), None), [only.to_owned()].into(), "{program}");
    }
}

#[test]
fn it_is_said_why_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let found = || found_on(folder.path().as_os_str());
    assert_eq!(found().unwrap_err(), NotIsolated::NotInstalled);
    executable(&folder.path().join("bwrap"), "#!/bin/sh\necho 'bwrap: No permission \x1b[1m' >&2\nexit 1\n");
    let why = found().unwrap_err();
    assert_eq!(why.to_string(), "bubblewrap does not work here (bwrap: No permission [1m)");
    let launch = Launch { scratch: folder.path().into(), walls: Walls::None(Box::leak(Box::new(why))) };
    assert!(launch.warning().unwrap().starts_with(NOT_ISOLATED) && launch.isolation().is_none());
    let killed = ExitStatus::from_raw(137 << 8);
    assert_eq!(launch.status(killed), killed, "without bubblewrap it is an exit code like others");
}

#[test]
fn a_file_is_found_by_its_name_while_it_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("a");
    fs::write(&path, "x").unwrap();
    let open = File::open(&path).unwrap();
    let lies = || named(Path::new(&format!("/proc/self/fd/{}", open.as_raw_fd()))).unwrap();
    assert_eq!(lies(), Some(path.clone()));
    fs::rename(&path, folder.path().join("b")).unwrap();
    assert_eq!(lies().unwrap().file_name(), Some(OsStr::new("b")));
    fs::remove_file(folder.path().join("b")).unwrap();
    assert_eq!(lies(), None);
    fs::write(folder.path().join("b"), "another").unwrap();
    assert_eq!(lies(), None);
}
