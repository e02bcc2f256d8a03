//! Tasks whose programs lie in a container image, run by podman: an image of busybox alone, made here. Where podman cannot run
//! one, what is asserted is that the failure says so.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use domain::task::TaskOrigin;
use guard::machine::catalogue::read_task;
use serde_json::{Value, json};

use crate::{
    node::bench::{sleepers, until},
    world::{Run, World, flat, works},
};

const IMAGE: &str = "localhost/tools:1";
/// The programs of busybox that are in the image.
const PROGRAMS: [&str; 12] = ["sh", "sort", "cat", "sleep", "touch", "rm", "ls", "id", "wget", "yes", "head", "dd"];

/// A world with podman's storage and settings of its own.
struct Podman {
    world: World,
    /// Whether containers run here at all.
    works: bool,
}

impl Podman {
    fn new() -> Podman {
        let mut world = World::new();
        world.file("lines.txt", "b\na\nc\n");
        let own = world.root().join("podman");
        fs::create_dir(&own).unwrap();
        let storage = own.join("storage.conf");
        let (graph, run) = (own.join("graph"), own.join("run"));
        let text = format!("[storage]\ndriver = \"vfs\"\ngraphroot = {graph:?}\nrunroot = {run:?}\n");
        fs::write(&storage, text).unwrap();
        world.set("CONTAINERS_STORAGE_CONF", storage.to_str().unwrap());
        world.set("XDG_RUNTIME_DIR", own.to_str().unwrap());
        let mut podman = Podman { world, works: false };
        podman.import(IMAGE);
        // The default of Debian 12 refuses a machine that has both versions of cgroups.
        let works_with = ["", "runc"].into_iter().any(|runtime| {
            let conf = own.join("containers.conf");
            let line = if runtime.is_empty() { String::new() } else { format!("runtime = \"{runtime}\"\n") };
            let cgroups = "cgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n";
            fs::write(&conf, format!("[engine]\n{cgroups}{line}")).unwrap();
            podman.world.set("CONTAINERS_CONF", conf.to_str().unwrap());
            let run = ["run", "--rm", "--network=none", "--ulimit=nofile=64:64", "--ulimit=nproc=64:64", IMAGE, "id"];
            podman.podman(&run).output().unwrap().status.success()
        });
        podman.works = works("containers", works_with);
        podman
    }

    fn podman(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.args(arguments).envs(self.settings());
        command
    }

    /// Where podman finds its images and settings.
    fn settings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let names = ["CONTAINERS_STORAGE_CONF", "XDG_RUNTIME_DIR", "CONTAINERS_CONF"];
        names.into_iter().filter(|name| self.world.has(name)).map(|name| (name, self.world.setting(name)))
    }

    /// An image of busybox under that name.
    fn import(&self, name: &str) {
        let root = self.world.root().join("image");
        let bin = root.join("bin");
        if !bin.exists() {
            fs::create_dir_all(&bin).unwrap();
            fs::create_dir(root.join("tmp")).unwrap();
            fs::copy("/bin/busybox", bin.join("busybox")).unwrap();
            PROGRAMS.iter().for_each(|program| symlink("busybox", bin.join(program)).unwrap());
        }
        let mut tar = Command::new("tar").args(["-c", "."]).current_dir(&root).stdout(Stdio::piped()).spawn().unwrap();
        let imported =
            self.podman(&["import", "--quiet", "-", name]).stdin(tar.stdout.take().unwrap()).output().unwrap();
        assert!(
            tar.wait().unwrap().success() && imported.status.success(),
            "{}",
            String::from_utf8_lossy(&imported.stderr)
        );
    }

    fn task(&self, name: &str) -> PathBuf {
        self.world.home().join("tasks").join(format!("{name}.toml"))
    }

    /// A task that runs a script of a shell: `$0` is its output, `$1` its input.
    fn script(&self, name: &str, script: &str) {
        let text = format!(
            r#"name = "{name}"
title = "A script"
description = "Runs a script."
[inputs.lines]
formats = ["text"]
[program]
kind = "container"
image = "{IMAGE}"
executable = "sh"
arguments = ["-c", {}, "{{out:out.txt}}", "{{lines}}"]
[resources]
ram = {{ constant = 5e7 }}
seconds = {{ constant = 0.1 }}
spread = 3.0
source = "a guess for a program that does little"
"#,
            toml::Value::from(script)
        );
        fs::create_dir_all(self.world.home().join("tasks")).unwrap();
        fs::write(self.task(name), text).unwrap();
    }

    /// Runs a script as a task; what it wrote to its output.
    fn written(&self, script: &str) -> Option<String> {
        self.script("scripted", script);
        let run = self.world.run(&["run", "scripted", "lines.txt", "--json", "--anew"]);
        if !self.works {
            assert_eq!(run.code, 6, "{}", run.all());
            assert!(run.all().contains("podman could not run sh"), "{}", run.all());
            return None;
        }
        Some(fs::read_to_string(folder(&run).join("out.txt")).unwrap())
    }
}

/// The results of a run that printed events.
fn folder(run: &Run) -> PathBuf {
    assert_eq!(run.code, 0, "{}", run.all());
    run.event("receipt")["result"]["path"].as_str().unwrap().into()
}

fn document(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("result.json")).unwrap()).unwrap()
}

#[test]
fn a_command_in_an_image_becomes_a_task_that_is_measured_and_runs() {
    let podman = Podman::new();
    let world = &podman.world;
    let command = ["--", "sort", "-o", "{out:sorted.txt}", "{lines}"];
    let added = world.run(&[&["tasks", "add", "sorted", "--image", IMAGE][..], &command].concat());
    assert_eq!(added.code, 0, "{}", added.all());
    let written = fs::read_to_string(podman.task("sorted")).unwrap();
    assert!(written.contains("kind = \"container\"\nimage = \"localhost/tools:1\"\nimage_id = \"sha256:"), "{written}");
    let shown = flat(&world.run(&["tasks", "show", "sorted"]).out);
    assert!(shown.contains("Program installed") && shown.contains("Image localhost/tools:1 (sha256:"), "{shown}");
    if !podman.works {
        return;
    }
    let tried = world.run(&["tasks", "try", "sorted", "lines.txt", "--yes"]);
    assert_eq!(tried.code, 0, "{}", tried.all());
    // The name means another image by now, and the task is of the one it was made with.
    podman.podman(&["tag", IMAGE, "localhost/kept:1"]).output().unwrap();
    fs::write(world.root().join("image/other"), "").unwrap();
    podman.import(IMAGE);
    let run = world.run(&["run", "sorted", "lines.txt", "--json"]);
    let folder = folder(&run);
    assert_eq!(fs::read_to_string(folder.join("sorted.txt")).unwrap(), "a\nb\nc\n");
    let program = &document(&folder)["program"];
    let id = written.split("image_id = \"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!((&program["name"], &program["isolation"]), (&"sort".into(), &"podman".into()));
    assert_eq!(program["image"], format!("{IMAGE} ({id})"));
    assert_eq!(document(&folder)["warnings"], Value::Null);
    let left = podman.podman(&["ps", "--all", "--quiet"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "no container stays");
}

#[test]
fn a_program_in_a_container_has_its_inputs_and_its_folder_and_nothing_else() {
    let podman = Podman::new();
    let diary = podman.world.file("diary.txt", "dear diary");
    let home = podman.world.root().display().to_string();
    let Some(seen) = podman.written(&format!(
        "exec > \"$0\" 2>&1; cat \"$1\"; echo own > own; cat own; touch /tmp/x && ls /tmp /inputs
        echo bad >> \"$1\"; echo bad >> /inputs/lines.txt; rm -f /inputs/lines.txt; touch /bad /bin/bad
        cat '{}' '{home}'/*; wget -T 2 http://127.0.0.1:1/; ls /sys/class/net; id; echo \"$HOME $http_proxy\"; true",
        diary.display()
    )) else {
        return;
    };
    for there in ["b\na\nc\nown\n", "/inputs:\nlines.txt\n", "/tmp:\nx\n", "\nlo\n", "\n/tmp \n"] {
        assert!(seen.contains(there), "{there} in {seen}");
    }
    assert!(!seen.contains("dear diary") && seen.matches("Read-only file system").count() >= 4, "{seen}");
    assert_eq!(fs::read_to_string(podman.world.work().join("lines.txt")).unwrap(), "b\na\nc\n");
}

#[test]
fn what_a_container_takes_too_much_of_ends_it() {
    let podman = Podman::new();
    let tries = [
        ("endless", "yes > \"$0\"", "more than"),
        ("missing", "exec nothing", "`sh` failed (exit code 127): ../out.txt: exec: line 0: nothing: not found"),
        ("absent", "", "the image localhost/tools:1 has no program nothing: "),
        ("failing", "echo what is wrong >&2; exit 3", "`sh` failed (exit code 3): what is wrong"),
        ("ended", "sh -c 'kill -9 $$'; exit $?", "`sh` failed (signal 9)"),
    ];
    tries.iter().for_each(|(name, script, _)| podman.script(name, script));
    let text = fs::read_to_string(podman.task("absent")).unwrap();
    fs::write(podman.task("absent"), text.replace("executable = \"sh\"", "executable = \"nothing\"")).unwrap();
    fs::write(podman.world.home().join("policy.toml"), "max_result_bytes = 50000000\n").unwrap();
    for (name, _, told) in tries {
        let run = podman.world.run(&["run", name, "lines.txt"]);
        let told = if podman.works { told } else { "podman could not run" };
        assert_eq!(run.code, 6, "{}", run.all());
        assert!(flat(&run.all()).contains(told), "{name}: {}", run.all());
    }
}

#[test]
fn a_container_has_no_more_memory_than_its_run() {
    let podman = Podman::new();
    let out = podman.world.root().join("out");
    fs::create_dir(&out).unwrap();
    let worker = |bytes: u64| {
        podman.script("hog", &format!("dd if=/dev/zero of=\"$0\" bs={bytes} count=1"));
        let text = fs::read_to_string(podman.task("hog")).unwrap();
        let task = read_task("hog.toml", &text, TaskOrigin::Owner).unwrap();
        let spec = json!({"run": {
            "job": "j", "task": task, "parameters": {}, "dataset_name": "lines.txt", "further": [], "out_dir": out,
            "output_limit": 1 << 30, "memory_limit": 100_000_000, "cpu_limit": 60,
        }});
        let settings = podman.settings().map(|(name, value)| (name.to_owned(), value));
        let done = Command::new("sh")
            .args(["-c", "exec \"$0\" worker 3< lines.txt", env!("CARGO_BIN_EXE_agent")])
            .current_dir(podman.world.work())
            .envs(settings)
            .env("AGENT_WORKER_SPEC", spec.to_string())
            .output()
            .unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let (fits, too_much) = (worker(50_000_000), worker(500_000_000));
    if podman.works {
        assert!(fits.contains("\"done\"") && too_much.contains("\"out_of_memory\""), "{fits}{too_much}");
    } else {
        assert!(fits.contains("podman could not run sh"), "{fits}");
    }
}

#[tokio::test]
async fn a_container_ends_with_its_run_and_with_the_program_that_runs_it() {
    let podman = Podman::new();
    if podman.written("echo > \"$0\"").is_none() {
        return;
    }
    for (signal, seconds) in [("-INT", "6171"), ("-KILL", "6172")] {
        podman.script("staying", &format!("trap '' TERM INT HUP; sleep {seconds} & sleep {seconds}"));
        let mut child = podman.world.command(&["run", "staying", "lines.txt"]).stdout(Stdio::null()).spawn().unwrap();
        until("the program", || async { (sleepers(seconds) == 2).then_some(()) }).await;
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let begun = Instant::now();
        child.wait().unwrap();
        until("its end", || async { (sleepers(seconds) == 0).then_some(()) }).await;
        assert!(begun.elapsed() < Duration::from_secs(30), "{signal} took {:?}", begun.elapsed());
    }
}

#[test]
fn an_image_that_is_not_there_makes_no_task_and_no_run() {
    let podman = Podman::new();
    let world = &podman.world;
    let command = ["--", "sort", "-o", "{out:sorted.txt}", "{lines}"];
    let absent = "error: the image localhost/absent:1 is not on this machine\nhint: podman pull localhost/absent:1\n";
    let run = world.run(&[&["tasks", "add", "sorted", "--image", "localhost/absent:1"][..], &command].concat());
    assert_eq!((run.code, run.err.as_str()), (1, absent), "{}", run.all());
    let run = world.run(&[&["tasks", "add", "sorted", "--image=--privileged"][..], &command].concat());
    assert!(run.code == 2 && run.err.contains("`--privileged` is no name of an image"), "{}", run.all());
    assert!(!podman.task("sorted").exists(), "nothing is half added");

    podman.script("gone", "cat \"$1\" > \"$0\"");
    let text = fs::read_to_string(podman.task("gone")).unwrap();
    fs::write(podman.task("gone"), text.replace(IMAGE, "localhost/absent:1")).unwrap();
    let run = world.run(&["run", "gone", "lines.txt"]);
    assert_eq!(run.code, 1, "{}", run.all());
    assert!(
        flat(&run.all()).contains("gone runs in a container: the image localhost/absent:1 is not on this machine"),
        "{}",
        run.all()
    );
    assert!(run.all().contains("podman pull localhost/absent:1"), "{}", run.all());
}

#[test]
fn what_a_file_says_of_an_image_is_checked() {
    let podman = Podman::new();
    podman.script("one", "true");
    let text = fs::read_to_string(podman.task("one")).unwrap();
    let image = format!("image = \"{IMAGE}\"\n");
    for (from, to, told) in [
        (image.as_str(), "", "it has no `image`"),
        (IMAGE, "-v /:/host", "no name of an image"),
        (image.as_str(), &format!("{image}image_id = \"sha256:12\"\n"), "is no id of an image"),
        ("\"container\"", "\"command\"", "it is for programs of the kind \"container\""),
        (image.as_str(), &format!("{image}package = \"sort\"\n"), "a container brings its programs along"),
    ] {
        podman.world.file("one.toml", text.replace(from, to));
        let run = podman.world.run(&["tasks", "check", "one.toml"]);
        assert!(run.code == 2 && flat(&run.err).contains(told), "{told}: {}", run.all());
    }
}

#[test]
fn a_container_has_the_network_where_its_task_says_so_and_a_person_says_yes() {
    let podman = Podman::new();
    podman.script("calls", "ls /sys/class/net > $0");
    let plain = podman.world.run(&["run", "calls", "lines.txt", "--json"]);
    let text = fs::read_to_string(podman.task("calls")).unwrap();
    fs::write(podman.task("calls"), text.replace("[program]", "[program]\nnetwork = true")).unwrap();
    let asked = podman.world.run(&["run", "calls", "lines.txt"]);
    assert_eq!(asked.code, 4, "{}", asked.all());
    assert!(flat(&asked.all()).contains("any server, as calls may use the network"), "{}", asked.all());
    let agreed = podman.world.run(&["run", "calls", "lines.txt", "--yes", "--json"]);
    if podman.works {
        let devices = |run: &Run| fs::read_to_string(folder(run).join("out.txt")).unwrap();
        assert_eq!(devices(&plain), "lo\n");
        assert!(devices(&agreed).lines().count() > 1, "{}", devices(&agreed));
    }
}
