//! The examples of the README and of docs/examples are true.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
fn the_demo_runs_ends_in_time_and_says_what_it_did() {
    let (code, told) = weir(&["demo", "--for", "8s", "--subscribers", "300", "--day", "500ms"]);
    assert_eq!(code, 0, "{told}");
    for part in ["events/s", "alerts", "remind", "commits, each with its state"] {
        assert!(told.contains(part), "«{part}» is not said:\n{told}");
    }
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
