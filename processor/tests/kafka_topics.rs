//! Topics that are deleted and made anew on a real broker, while the process is away and under its hands:
//! it ends and says so (docs/decisions/0011-whose-state-it-is.md).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use engine::partition::partition_of;
use loadtest::generate::{Operator, Profile};
use schemas::{InputTopic, OutputTopic};
use std::num::NonZeroU32;
use std::time::Duration;
use support::kafka::{PARTITIONS, Process, Site, topic_records};

const LONG: Duration = Duration::from_secs(60);

fn tell_days(site: &mut Site, operator: &mut Operator, days: usize) {
    for _ in 0..days {
        for event in operator.next_day() {
            site.tell(&event);
        }
    }
    site.flush();
}

/// A process at work that has read some of every topic, and an operator whose days go on.
fn at_work(name: &str, seed: u64) -> (Site, Operator, Process) {
    let mut site = Site::new(name);
    let mut operator = Operator::new(Profile::test(seed));
    let mut process = site.start(&[]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 20);
    site.wait_until_done(LONG);
    site.check_well();
    (site, operator, process)
}

/// It ends by itself, badly, and says this.
#[track_caller]
fn check_refused(mut process: Process, words: &[&str]) {
    let status = process.wait_until_ended(LONG);
    assert_eq!(status.code(), Some(2), "{}", process.log());
    // The report is broken into lines for people.
    let log = process.log();
    let told: Vec<&str> = log.split_whitespace().filter(|word| *word != "│").collect();
    let told = told.join(" ");
    for words in words {
        assert!(told.contains(words), "{words:?} is not in {told}");
    }
}

const REMADE: [&str; 2] = ["was deleted and made anew", "accept_remade_inputs = true"];

/// A day comes in, but for the payments of all partitions beyond the first, which are kept back.
fn tell_day_unpaid(site: &mut Site, operator: &mut Operator, kept: &mut Vec<(Vec<u8>, Vec<u8>)>) {
    for event in operator.next_day() {
        let (topic, key, value) = site.encode(&event);
        if topic == InputTopic::Payments && partition_of(&key, NonZeroU32::new(PARTITIONS).unwrap()) > 0 {
            kept.push((key, value));
        } else {
            site.tell_bytes(topic, &key, &value);
        }
    }
}

#[test]
fn an_input_topic_made_anew_while_nobody_looked_is_refused_until_a_person_accepts_it() {
    let mut site = Site::new("remade-away");
    let (mut operator, mut kept) = (Operator::new(Profile::test(61)), Vec::new());
    let mut process = site.start(&[]);
    process.wait_until_ready();
    (0..20).for_each(|_| tell_day_unpaid(&mut site, &mut operator, &mut kept));
    site.wait_until_done(LONG);
    process.terminate();
    let payments = site.names.input(InputTopic::Payments).clone();
    assert!(topic_records(&payments) > 5 && kept.len() > 20);
    site.make_anew(&payments);
    check_refused(site.start(&[]), &REMADE);

    let mut process = site.start(&[("WEIR__ENGINE__ACCEPT_REMADE_INPUTS", "true")]);
    process.wait_until_ready();
    kept.iter().for_each(|(key, value)| site.tell_bytes(InputTopic::Payments, key, value));
    tell_days(&mut site, &mut operator, 10);
    site.wait_until_done(LONG);
    process.terminate();
    // What the first partition read of the old topic, nobody can be asked about any more.
    let deviations = site.verdict().deviations.into_iter().filter(|deviation| deviation.partition > 0);
    let told: Vec<String> = deviations.map(|deviation| deviation.to_string()).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn an_input_topic_made_anew_under_a_process_ends_it_also_where_the_new_one_is_longer() {
    let (mut site, mut operator, process) = at_work("remade-under", 62);
    let payments = site.names.input(InputTopic::Payments).clone();
    let before = topic_records(&payments);
    site.make_anew(&payments);
    while topic_records(&payments) < 3 * before {
        tell_days(&mut site, &mut operator, 20);
    }
    check_refused(process, &REMADE);
    check_refused(site.start(&[]), &REMADE);
}

#[test]
fn a_changelog_made_anew_under_a_process_ends_it_and_is_written_to_no_more() {
    let (mut site, mut operator, process) = at_work("changelog-under", 63);
    let changelog = site.names.output(OutputTopic::Debtors).clone();
    site.make_anew(&changelog);
    tell_days(&mut site, &mut operator, 5);
    check_refused(process, &["changelog-under.debtors is not the one"]);
    let written = topic_records(&changelog);
    check_refused(site.start(&[]), &["changelog-under.debtors is not the one"]);
    assert_eq!(topic_records(&changelog), written);
}

/// What `weir topics create` says of each topic, and its exit status.
fn create(site: &Site, prefix: &str, partitions: u32, more: &[&str]) -> (Option<i32>, Vec<(String, String)>) {
    let partitions = partitions.to_string();
    let arguments = [&["topics", "create", "--partitions", &partitions, "--output", "json"], more].concat();
    let output = site.command(&arguments, &[("WEIR__TOPICS__PREFIX", prefix)]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let topics = told["topics"].as_array().cloned().unwrap_or_default();
    let state = |topic: &serde_json::Value| {
        (topic["name"].as_str().unwrap().to_owned(), topic["state"].as_str().unwrap().to_owned())
    };
    (output.status.code(), topics.iter().map(state).collect())
}

#[test]
fn the_topics_that_are_missing_are_made_as_weir_needs_them_and_the_others_are_left() {
    let site = Site::new("create");
    let all = |state: &str, (code, topics): (Option<i32>, Vec<(String, String)>)| {
        assert_eq!((code, topics.len()), (Some(0), schemas::TOPICS.len()), "{topics:?}");
        assert!(topics.iter().all(|(_, is)| is == state), "{topics:?}");
    };
    all("would be made", create(&site, "made.", 3, &["--dry-run"]));
    all("would be made", create(&site, "made.", 3, &["--dry-run", "--replication", "1"]));
    all("made", create(&site, "made.", 3, &["--replication", "1"]));
    all("is there", create(&site, "made.", 3, &["--replication", "1"]));
    // Those of the tests were made by other hands, and are as they should be.
    all("is there", create(&site, "create.", PARTITIONS, &[]));
    let (code, topics) = create(&site, "create.", PARTITIONS + 1, &[]);
    assert_eq!(code, Some(1));
    let are_single = ["create.policies", "create.instances"];
    let (single, others): (Vec<_>, Vec<_>) =
        topics.iter().partition(|(name, _)| are_single.contains(&name.as_str()));
    assert!(single.iter().all(|(_, is)| is == "is there") && single.len() == 2, "{topics:?}");
    assert!(others.iter().all(|(_, is)| is == "is there, and not right"), "{topics:?}");
}

#[test]
fn a_policy_is_tried_on_what_lies_in_the_topics_which_are_only_read() {
    let mut site = Site::new("tried");
    let mut operator = Operator::new(Profile::test(64));
    let mut told = 0;
    let mut debtors = std::collections::BTreeSet::new();
    for _ in 0..20 {
        for event in operator.next_day() {
            told += 1;
            debtors.insert(event.debtor().to_owned());
            site.tell(&event);
        }
    }
    site.flush();
    let policy = site.state_folder().with_file_name("demo.policy.yaml");
    let policy = policy.to_str().unwrap();
    let simulate = ["simulate", "--policy", policy, "--until", "2100-01-01", "--output", "json"];
    let output = site.command(&simulate, &[]);
    let error = String::from_utf8_lossy(&output.stderr);
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"));
    assert_eq!((&all["events"], &all["accounts"]), (&told.into(), &debtors.len().into()), "{error}");
    assert!(
        all["totals"].as_array().unwrap().iter().any(|row| row["what"] == "messages" && row["tried"] != 0)
    );
    let account = debtors.first().unwrap();
    let output = site.command(&["explain", policy, "--account", account, "--output", "json"], &[]);
    let story: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(story["debtor_id"], account.as_str());
    assert!(!story["rows"].as_array().unwrap().is_empty());
    // Nobody is a member of the group, and nothing was taken from it.
    let mut process = site.start(&[]);
    process.wait_until_ready();
    site.wait_until_done(LONG);
    site.check_well();
}

/// What `weir doctor` finds, as `about: standing`, what it says where that is not good, and its exit status.
fn doctor(site: &Site, environment: &[(&str, &str)]) -> (Option<i32>, Vec<String>, String) {
    // The port that it is else served on may be that of another test's process.
    let environment = [&[("WEIR__API__LISTEN", "127.0.0.1:0")], environment].concat();
    let output = site.command(&["doctor", "--output", "json"], &environment);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let findings = told["findings"].as_array().cloned().unwrap_or_default();
    let text =
        |finding: &serde_json::Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let standing =
        |finding: &serde_json::Value| format!("{}: {}", text(finding, "about"), text(finding, "standing"));
    // How many files may be open is the machine's affair.
    let bad =
        findings.iter().filter(|finding| finding["standing"] != "good" && finding["about"] != "open files");
    let bad = bad.map(|finding| format!("{} → {}\n", text(finding, "told"), text(finding, "mend"))).collect();
    (output.status.code(), findings.iter().map(standing).collect(), bad)
}

#[test]
fn the_doctor_finds_nothing_where_all_is_well_and_says_what_to_do_where_it_is_not() {
    let site = Site::new("doctor");
    let (code, findings, bad) = doctor(&site, &[]);
    assert_eq!((code, bad.as_str()), (Some(0), ""), "{findings:?}");
    for about in [
        "policy",
        "state folder",
        "disk",
        "http",
        "api",
        "tokens",
        "registry",
        "brokers",
        "topics",
        "group",
        "transactions",
        "clock",
    ] {
        assert!(findings.contains(&format!("{about}: good")), "{about}: {findings:?}");
    }
    // It left no trace: a process begins as if nobody had looked.
    site.start(&[]).wait_until_ready();
    let check = |environment: &[(&str, &str)], standing: &str, words: &[&str]| {
        let (code, findings, bad) = doctor(&site, environment);
        assert_eq!(code, Some(1), "{findings:?}");
        assert!(findings.iter().any(|finding| finding == standing), "{findings:?}");
        words.iter().for_each(|words| assert!(bad.contains(words), "«{words}» is not in {bad}"));
    };
    check(
        &[("WEIR__TOPICS__PREFIX", "nobody.")],
        "topics: wrong",
        &["there is no topic nobody.", "weir topics create"],
    );
    check(&[("WEIR__TOPICS__PREFIX", "nobody.")], "schemas: wrong", &["register schemas/avsc/message.avsc"]);
    check(&[("WEIR__KAFKA__BROKERS", "127.0.0.1:1")], "brokers: wrong", &["127.0.0.1:1 right, and reached"]);
    check(
        &[("WEIR__REGISTRY__URL", "http://127.0.0.1:1")],
        "registry: wrong",
        &["http://127.0.0.1:1", "[registry]"],
    );
    check(&[("WEIR__STATE__FOLDER", "/proc/weir")], "state folder: wrong", &["/proc/weir cannot be written"]);
    std::fs::write(site.state_folder().with_file_name("demo.policy.yaml"), "policy: [").unwrap();
    check(&[], "policy: wrong", &["weir check"]);
}
