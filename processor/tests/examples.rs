//! The examples of the README and of docs/examples are true.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn weir(arguments: &[&str]) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_weir")).args(arguments).current_dir(root()).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

#[test]
fn the_policy_and_the_test_of_the_readme_are_the_files_and_pass() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for name in ["soft.policy.yaml", "soft.tests.yaml"] {
        let file = std::fs::read_to_string(root().join("docs/examples").join(name)).unwrap();
        assert!(readme.contains(&format!("# {name}\n{file}```")), "{name} differs from the README");
    }
    let (code, told) = weir(&["check", "docs/examples/soft.policy.yaml"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = weir(&["test", "docs/examples/soft.tests.yaml"]);
    assert!(code == 0 && told.contains("1 passed, 0 failed"), "{told}");
}

#[test]
fn each_example_names_the_schema_beside_it_which_is_the_one_that_weir_prints() {
    for (example, format, line) in [
        ("soft.policy.yaml", "policy", "# yaml-language-server: $schema=policy.schema.json\n"),
        ("soft.tests.yaml", "tests", "# yaml-language-server: $schema=tests.schema.json\n"),
        ("weir.toml", "config", "#:schema ./weir.schema.json\n"),
    ] {
        let folder = root().join("docs/examples");
        let text = std::fs::read_to_string(folder.join(example)).unwrap();
        assert!(text.starts_with(line), "{example} must begin with {line}");
        let (_, name) = line.trim_end().rsplit_once(['=', '/']).unwrap();
        let (code, printed) = weir(&["schema", format]);
        assert_eq!(code, 0, "{printed}");
        let written = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(written == printed, "run: weir schema {format} > docs/examples/{name}");
        let schema: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert!(schema["properties"].as_object().is_some_and(|fields| fields.len() > 2), "{name}");
    }
}

#[test]
fn a_failing_test_and_a_faulty_policy_end_with_status_1_and_wrong_use_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let policy = std::fs::read_to_string(root().join("docs/examples/soft.policy.yaml")).unwrap();
    let tests = std::fs::read_to_string(root().join("docs/examples/soft.tests.yaml")).unwrap();
    write("soft.policy.yaml", policy.clone());
    write("soft.tests.yaml", tests.replace("commands: [ { message: reminder } ]", "commands: []"));
    write("bad.policy.yaml", policy.replace("standard: soft", "standard: sfot"));
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let junit = path("report.xml");
    let (code, told) = weir(&["test", &path("soft.tests.yaml"), "--junit", &junit]);
    assert!(code == 1 && told.contains("0 passed, 1 failed"), "{told}");
    assert!(std::fs::read_to_string(&junit).unwrap().contains("failures=\"1\""));
    let (code, told) = weir(&["check", &path("bad.policy.yaml")]);
    assert!(code == 1 && told.contains("sfot"), "{told}");
    let (code, told) = weir(&["run", "--config", &path("absent.toml")]);
    assert!(code == 2 && told.contains("absent.toml"), "{told}");
}

#[test]
fn the_demo_runs_ends_in_time_and_says_where_its_console_is_and_what_it_did() {
    let (code, told) = weir(&["demo", "--for", "10s", "--subscribers", "300", "--day", "400ms"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.starts_with("The console, in a browser: http://127.0.0.1:"), "{told}");
    for part in ["events/s", "alerts", "remind", "commits, each with its state"] {
        assert!(told.contains(part), "«{part}» is not said:\n{told}");
    }
    for part in ["/console/accounts/A-", " explain --account A-", "--stage agency --url http://"] {
        assert!(told.matches(part).count() >= 1, "«{part}» is not said to try:\n{told}");
    }
    // A late billing run came on the twelfth day, and another partition's debts went on.
    assert!(told.contains("The breaker has held "), "{told}");
    let held = told.lines().find_map(|line| line.trim().strip_suffix(" orders held by the breaker"));
    assert!(held.unwrap().parse::<u64>().unwrap() >= 10, "{told}");
    assert!(!told.contains(" 0 restores") && told.contains(" restores"), "{told}");
}

#[test]
fn the_demo_lets_in_whoever_has_a_token_and_logs_who_looked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.toml");
    let made = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["token", "new", "--name", "anna", "--role", "manager"])
        .output()
        .unwrap();
    std::fs::write(&file, &made.stdout).unwrap();
    let shown = String::from_utf8(made.stderr).unwrap();
    let token = shown.split_whitespace().find(|word| word.starts_with("weir_")).unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_weir"))
        .args(["demo", "--for", "60s", "--subscribers", "300", "--tokens"])
        .arg(&file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map_while(Result::ok);
    let console =
        lines.find_map(|line| line.split(' ').find(|word| word.ends_with("/console/")).map(str::to_owned));
    let log =
        lines.find_map(|line| line.split(' ').find(|word| word.ends_with("/weir.log")).map(str::to_owned));
    let reader = std::thread::spawn(move || lines.for_each(drop));
    let url = console.unwrap().replace("/console/", "/v1/accounts/audited");
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let status = |token: &str| {
        let asked = agent.get(&url).header("authorization", format!("Bearer {token}"));
        asked.call().unwrap().status().as_u16()
    };
    let (denied, mut answered) = (status("weir_nobodys"), status(token));
    while answered == 503 {
        std::thread::sleep(Duration::from_millis(200));
        answered = status(token);
    }
    let logged = std::fs::read_to_string(log.unwrap()).unwrap();
    demo.kill().unwrap();
    demo.wait().unwrap();
    reader.join().unwrap();
    assert_eq!((denied, answered), (401, 404));
    let is_it = |line: &&str| line.contains("\"who\":\"anna\"") && line.contains("\"account\":\"audited\"");
    assert!(logged.lines().any(|line| is_it(&line)), "{logged}");
}

#[test]
fn a_reader_that_leaves_ends_the_output_without_a_panic() {
    for arguments in [&["schema", "policy"][..], &["completions", "bash"], &["demo", "--for", "60s"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let told = child.wait_with_output().unwrap().stderr;
        assert!(told.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&told));
    }
}
