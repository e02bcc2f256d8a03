//! What an isolated program sees of the file system, as arguments of bubblewrap.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use guard::machine::programs::on_path;

/// Namespaces of its own for everything, no capability (root would keep all of them), an end with whoever started it.
pub(super) const WALLS: [&str; 9] =
    ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"];
/// What of that stays as it is. Files beneath /proc/sys belong to root, also where root has no capability.
pub(super) const CLOSED: [&str; 6] = ["--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/"];

/// The system's programs and what belongs to them. The last two hold every file of a system of that kind.
const SYSTEM: [&str; 3] = ["/usr", "/nix/store", "/gnu/store"];
/// Folders of the root that lead into `/usr` on most systems.
const ROOT: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Of `/etc`: how libraries are found, which program a name means, the zone of times, and settings of languages and of
/// the programs of the catalogue.
const SETTINGS: [&str; 9] =
    ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "fonts", "perl", "R", "ncbi"];
/// The same, where a version is part of the name.
const VERSIONED_SETTINGS: [&str; 2] = ["java-", "python3"];

/// What lies beside a folder of programs and belongs to them.
const BESIDE_BIN: [&str; 8] = ["bin", "sbin", "lib", "lib32", "lib64", "libexec", "share", "etc"];
/// What marks a folder that holds programs with all they need, and nothing else: Conda, Python's venv, Homebrew.
const WHOLE: [&str; 3] = ["conda-meta", "pyvenv.cfg", "Cellar"];
/// The folder that most systems have homes in.
const HOMES: &str = "/home";
/// As far is followed from a script to its interpreter, and from a link to what it leads to.
const MOST_STEPS: usize = 32;

/// The arguments for the system itself.
pub(super) fn system() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = SYSTEM.iter().flat_map(|folder| read_only(Path::new(folder))).collect();
    for folder in ROOT.map(|name| Path::new("/").join(name)) {
        match fs::read_link(&folder) {
            Ok(target) => arguments.extend(["--symlink".into(), target.into(), folder.into()]),
            Err(_) => arguments.extend(read_only(&folder)),
        }
    }
    let versioned = fs::read_dir("/etc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    let is_versioned = |name: &OsString| {
        name.to_str().is_some_and(|name| VERSIONED_SETTINGS.iter().any(|first| name.starts_with(first)))
    };
    let settings = SETTINGS.map(OsString::from).into_iter().chain(versioned.filter(is_versioned));
    arguments.extend(settings.flat_map(|name| read_only(&Path::new("/etc").join(name))));
    arguments
}

/// Of `/etc`: how names of servers are found, and whom to trust of them.
const NETWORK: [&str; 7] = ["resolv.conf", "hosts", "nsswitch.conf", "gai.conf", "ssl", "pki", "ca-certificates"];

/// The arguments that give the network back.
pub(super) fn network() -> Vec<OsString> {
    let settings = NETWORK.map(|name| Path::new("/etc").join(name));
    // Systems that write one of them while they run have a link there.
    let bound = settings.iter().flat_map(|path| {
        let from = path.canonicalize().unwrap_or_else(|_| path.clone());
        ["--ro-bind-try".into(), OsString::from(from), OsString::from(path)]
    });
    std::iter::once("--share-net".into()).chain(bound).collect()
}

/// The arguments for what belongs to one program where it lies elsewhere.
pub(super) fn beside(program: &Path, path: &OsStr) -> Vec<OsString> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let places = places(program, path, home.as_deref());
    places.iter().flat_map(|place| read_only(place)).collect()
}

fn read_only(path: &Path) -> [OsString; 3] {
    ["--ro-bind-try".into(), path.into(), path.into()]
}

/// The folders and files of a program, of its interpreter where it is a script, and of all that links lead to on the way.
pub(super) fn places(program: &Path, path: &OsStr, home: Option<&Path>) -> BTreeSet<PathBuf> {
    let (mut places, mut seen, mut next) = (BTreeSet::new(), BTreeSet::new(), vec![program.to_owned()]);
    while let Some(file) = next.pop() {
        if seen.len() == MOST_STEPS || !seen.insert(file.clone()) {
            continue;
        }
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { continue };
        places.extend(places_of(&file, folder, home));
        // The folder may be reached through a link, too.
        next.extend(folder.canonicalize().map(|folder| folder.join(name)));
        match fs::read_link(&file) {
            Ok(target) => {
                let target = folder.join(target);
                let real = target.parent().and_then(|folder| folder.canonicalize().ok());
                next.extend(real.zip(target.file_name()).map(|(folder, name)| folder.join(name)));
            }
            Err(_) => next.extend(interpreter(&file, path)),
        }
    }
    places
}

/// What to show for one program: never a home, nor what holds one.
fn places_of(file: &Path, folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let of_the_system = SYSTEM.iter().map(PathBuf::from).chain(ROOT.map(|name| Path::new("/").join(name)));
    if of_the_system.into_iter().any(|system| folder.starts_with(system)) {
        return Vec::new();
    }
    // Packages there are whole, each in a folder of its own.
    if let Some(package) = folder.strip_prefix("/opt").ok().and_then(|rest| rest.components().next()) {
        return vec![Path::new("/opt").join(package)];
    }
    let is_bin = folder.file_name().is_some_and(|name| ["bin", "sbin", "shims"].iter().any(|bin| name == *bin));
    match folder.parent().filter(|_| is_bin) {
        // Shims of version managers lead to all that these hold.
        Some(prefix) if !holds_a_home(prefix, home) && (folder.ends_with("shims") || is_whole(prefix)) => {
            vec![prefix.to_owned()]
        }
        Some(prefix) if !holds_a_home(prefix, home) => {
            // What lies in ~/.local/share is anybody's: keyrings, mail.
            let private = prefix.file_name().is_some_and(|name| name == ".local");
            let beside = BESIDE_BIN.iter().filter(|name| !(private && ["share", "etc"].contains(name)));
            beside.map(|name| prefix.join(name)).collect()
        }
        Some(_) => vec![folder.to_owned()],
        // What lies beside a program elsewhere may be anything: keys, a ledger, others' results.
        None => vec![file.to_owned()],
    }
}

fn is_whole(prefix: &Path) -> bool {
    WHOLE.iter().any(|mark| prefix.join(mark).exists())
}

/// Whether a folder is a person's home, or has homes beneath it.
fn holds_a_home(folder: &Path, home: Option<&Path>) -> bool {
    let known = [home, Some(Path::new("/root"))].into_iter().flatten();
    // Of whomever, in the folder of homes.
    folder.parent() == Some(Path::new(HOMES)) || known.chain([Path::new(HOMES)]).any(|home| home.starts_with(folder))
}

/// What the first line of a script names.
fn interpreter(script: &Path, path: &OsStr) -> Option<PathBuf> {
    let mut start = [0; 256];
    let read = File::open(script).and_then(|mut file| file.read(&mut start)).ok()?;
    let line = start.get(..read)?.strip_prefix(b"#!")?.split(|&byte| byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_whitespace();
    let first = PathBuf::from(words.next()?);
    if !first.ends_with("env") {
        return Some(first);
    }
    on_path(path, words.find(|word| !word.starts_with('-') && !word.contains('='))?)
}
