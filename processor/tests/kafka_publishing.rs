//! Publishing on a real broker, as a manager does it: publish, list, show, compare, roll back, while two processes are
//! at work.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;
#[path = "support/terminal.rs"]
#[allow(unreachable_pub, dead_code, reason = "a module shared by several test binaries")]
mod terminal;

use loadtest::generate::{DEMO_POLICY, Operator, Profile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Output;
use std::time::Duration;
use support::kafka::{PARTITIONS, Process, Site};

const LONG: Duration = Duration::from_secs(60);

fn tell_days(site: &mut Site, operator: &mut Operator, days: usize) {
    for _ in 0..days {
        for event in operator.next_day() {
            site.tell(&event);
        }
    }
    site.wait_until_done(LONG);
}

/// A version of the demo's policy in a file of its own; answers its path.
fn write(site: &Site, label: &str) -> String {
    let text = DEMO_POLICY.replacen("version: \"1\"", &format!("version: \"{label}\""), 1);
    let text = text.replace("after: 5d", "after: 7d");
    let path = site.folder.path().join(format!("{label}.policy.yaml"));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const BY: [&str; 6] = ["--by", "anna", "--role", "manager", "--why", "a try"];

fn policy(site: &Site, arguments: &[&str]) -> Output {
    site.command(&[&["policy"], arguments].concat(), &[])
}

#[track_caller]
fn json(output: &Output, status: i32) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{error}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{error}"))
}

/// What was told to people, without the way in which it is broken into lines.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// The publications that each partition's journal went by, one after the other.
fn revisions(site: &Site) -> BTreeMap<u32, Vec<Option<i64>>> {
    let mut decoder = schemas::Decoder::new(site.registry.clone(), &site.schemas);
    let mut seen: BTreeMap<u32, Vec<Option<i64>>> = BTreeMap::new();
    for partition in site.read_all() {
        for record in partition.output(schemas::OutputTopic::Journal) {
            let batch = decoder.journal(record.value.as_deref().unwrap()).unwrap();
            let of_partition = seen.entry(batch.partition).or_default();
            if of_partition.last() != Some(&batch.policy_revision) {
                of_partition.push(batch.policy_revision);
            }
        }
    }
    seen
}

/// What the lint refuses is not published, what is only tried neither; the demo's policy is.
#[track_caller]
fn publish_the_first(site: &Site) {
    let first = site.folder.path().join("demo.policy.yaml").to_str().unwrap().to_owned();
    let bad = site.folder.path().join("bad.policy.yaml").to_str().unwrap().to_owned();
    std::fs::write(&bad, DEMO_POLICY.replace("\ncurrency:", "\ncurrancy:")).unwrap();
    let refused = policy(site, &[&["publish", &bad], &BY[..]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("currancy"), "{}", told(&refused));
    let tried =
        json(&policy(site, &[&["publish", &first, "--dry-run", "--output", "json"], &BY[..]].concat()), 0);
    assert_eq!((&tried["outcome"], &tried["revision"]), (&"tried".into(), &Value::Null));
    let published = json(&policy(site, &[&["publish", &first, "--output", "json"], &BY[..]].concat()), 0);
    assert_eq!((&published["outcome"], &published["revision"]), (&"published".into(), &1.into()));
}

/// What a process shows of the partitions that it works on.
#[track_caller]
fn check_knows_the_second(process: &Process) {
    let metrics = process.get("/metrics");
    let known = metrics.lines().filter(|line| line.starts_with("weir_policy_revision{"));
    let known: Vec<_> = known.filter_map(|line| line.rsplit_once(' ')).map(|(_, known)| known).collect();
    // A partition that was let go shows none.
    assert!(known.contains(&"2") && known.iter().all(|known| ["0", "2"].contains(known)), "{known:?}");
}

/// The versions that a process tells of over HTTP, newest first: number, label and whether it holds.
#[track_caller]
fn check_told(process: &Process, expected: &[(i64, &str, &str)]) {
    let list = asked(process, "");
    let of = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (one["number"].as_i64().unwrap(), text("version"), text("state"))
    };
    let found: Vec<_> = list["items"].as_array().unwrap().iter().map(of).collect();
    let expected =
        expected.iter().map(|(number, version, state)| (*number, (*version).to_owned(), (*state).to_owned()));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

/// What a process answers about the policy.
#[track_caller]
fn asked(process: &Process, path: &str) -> Value {
    let log = process.log();
    let address = log.split("\"api\":\"").nth(1).unwrap().split('"').next().unwrap();
    let mut answer = ureq::get(format!("http://{address}/v1/policies{path}")).call().unwrap();
    serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn versions_are_published_listed_shown_compared_and_rolled_back_under_two_processes() {
    let mut site = Site::new("published");
    site.policy = "published = true".to_owned();
    let mut operator = Operator::new(Profile::test(81));
    let nothing = policy(&site, &["list"]);
    assert!(String::from_utf8_lossy(&nothing.stdout).starts_with("Nothing was published yet"), "{nothing:?}");
    // It waits for the first, and says so.
    let mut one = site.start(&[("WEIR__API__LISTEN", "127.0.0.1:0")]);
    one.wait_for("no version of the policy is published yet", LONG);
    assert!(one.get("/readyz").contains("no version of the policy is published yet"));
    check_told(&one, &[]);

    publish_the_first(&site);
    one.wait_until_ready();
    let other = [("WEIR__KAFKA__GROUP_INSTANCE_ID", "other"), ("WEIR__STATE__FOLDER", "state-2")];
    let mut two = site.start(&other);
    two.wait_until_ready();
    tell_days(&mut site, &mut operator, 10);

    let second = write(&site, "2");
    let wait = ["--wait", "60s", "--output", "json"];
    let published = json(&policy(&site, &[&["publish", &second], &BY[..], &wait].concat()), 0);
    assert_eq!((&published["revision"], &published["not_taken"]), (&2.into(), &Value::Array(Vec::new())));
    assert!(published["changes"].as_array().is_some_and(|changes| !changes.is_empty()), "{published}");
    [&one, &two].into_iter().for_each(check_knows_the_second);
    check_told(&one, &[(2, "2", "holds"), (1, "1", "past")]);
    let changes = asked(&one, "/2/changes")["changes"].to_string();
    assert!(changes.contains("after 5d → 7d"), "{changes}");
    let again = json(&policy(&site, &[&["publish", &second], &BY[..], &wait].concat()), 0);
    assert_eq!((&again["outcome"], &again["revision"]), (&"holds_already".into(), &2.into()));
    tell_days(&mut site, &mut operator, 8);

    let once = ["--event-id", "back-1"];
    let back = json(&policy(&site, &[&["roll-back"], &BY[..], &wait, &once].concat()), 0);
    assert_eq!((&back["revision"], &back["version"]), (&3.into(), &"1".into()), "{back}");
    check_told(&one, &[(3, "1", "holds"), (2, "2", "past"), (1, "1", "past")]);
    assert_eq!(asked(&one, "")["items"][0]["published"]["why"], "a try");
    // The same again is the same; to go back once more is not clear.
    let again = json(&policy(&site, &[&["roll-back"], &BY[..], &wait, &once].concat()), 0);
    assert_eq!((&again["revision"], &again["version"]), (&3.into(), &"1".into()), "{again}");
    let unclear = policy(&site, &[&["roll-back"], &BY[..]].concat());
    assert_eq!(unclear.status.code(), Some(2));
    assert!(told(&unclear).contains("publication 3 has gone back already"), "{}", told(&unclear));
    tell_days(&mut site, &mut operator, 8);
    one.terminate();
    two.terminate();
    site.check_well();
    let expected = vec![Some(1), Some(2), Some(3)];
    assert_eq!(revisions(&site), (0..PARTITIONS).map(|number| (number, expected.clone())).collect());

    let doctor = site.command(&["doctor"], &[]);
    let found = String::from_utf8_lossy(&doctor.stdout);
    assert!(found.contains("✓ policy: demo 1 holds now, of 2"), "{found}");
    let list = json(&policy(&site, &["list", "--output", "json"]), 0);
    let publications = list["publications"].as_array().unwrap();
    let versions: Vec<_> = publications.iter().map(|one| one["version"].as_str().unwrap()).collect();
    assert_eq!((&list["holds"], versions), (&3.into(), vec!["1", "2", "1"]));
    assert_eq!(publications[0]["held"][0]["until"], publications[1]["published_at"]);
    assert_eq!(publications[2]["held"][0]["until"], Value::Null);
    let shown = policy(&site, &["show", "2"]);
    assert_eq!(shown.stdout, std::fs::read(&second).unwrap());
    let differ = policy(&site, &["diff", "1", &second]);
    assert!(String::from_utf8_lossy(&differ.stdout).contains("5d → 7d"), "{differ:?}");
    let same = policy(&site, &["diff", "1", "3"]);
    assert!(String::from_utf8_lossy(&same.stdout).contains("say the same"), "{same:?}");
    let absent = policy(&site, &["show", "9"]);
    assert_eq!(absent.status.code(), Some(2));
    assert!(told(&absent).contains("there is no publication 9"), "{}", told(&absent));
}

#[test]
fn a_manager_publishes_as_the_page_says() {
    // The topics are called as the page calls them.
    let mut site = Site::new("weir");
    site.policy = "published = true".to_owned();
    let mut process = site.start(&[]);
    process.wait_for("no version of the policy is published yet", LONG);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policy-work.md");
    let steps = terminal::steps(&std::fs::read_to_string(page).unwrap());
    // What writes the files that are published.
    let prepares =
        |step: &&terminal::Step| ["weir init", "sed -e "].iter().any(|begin| step.command.starts_with(begin));
    steps.iter().filter(prepares).for_each(|step| terminal::run(step, site.folder.path()));
    let published: Vec<_> = steps.iter().filter(|step| step.needs_cluster).collect();
    assert!(published.len() > 4, "the page publishes nothing");
    published.iter().for_each(|step| terminal::run(step, site.folder.path()));
    process.wait_until_ready();
}

#[test]
fn what_is_to_come_is_told_and_withdrawn_by_going_back_and_a_calendar_goes_with_its_policy() {
    let site = Site::new("to-come");
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                    DTSTART;VALUE=DATE:20270101\r\nSUMMARY:New Year\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    std::fs::write(site.folder.path().join("holidays.ics"), calendar).unwrap();
    let with_calendar = format!("{DEMO_POLICY}\ncalendars:\n  local: {{ ics: holidays.ics }}\n");
    std::fs::write(site.folder.path().join("demo.policy.yaml"), with_calendar).unwrap();
    let first = site.folder.path().join("demo.policy.yaml").to_str().unwrap().to_owned();
    let published = policy(&site, &[&["publish", &first], &BY[..]].concat());
    assert_eq!(published.status.code(), Some(0), "{}", told(&published));
    assert!(told(&published).contains("this configuration names files"), "{}", told(&published));

    // Its instance goes by files: it takes the control, and goes on as before.
    let mut process = site.start(&[]);
    process.wait_until_ready();
    let others = policy(&site, &[&["publish", &first, "--wait", "60s"], &BY[..]].concat());
    let said = String::from_utf8_lossy(&others.stdout).into_owned();
    assert_eq!(others.status.code(), Some(1), "{said}");
    assert!(said.contains("do not go by it, since their instances go by files: 0, 1, 2, 3, 4, 5"), "{said}");
    process.terminate();

    let later = write(&site, "later");
    let text = std::fs::read_to_string(&later).unwrap();
    std::fs::write(
        &later,
        text.replacen("version: \"later\"", "version: \"later\"\neffective_from: 2100-01-01", 1),
    )
    .unwrap();
    let published = json(&policy(&site, &[&["publish", &later, "--output", "json"], &BY[..]].concat()), 0);
    assert!(
        published["holds_from"]
            .as_str()
            .is_some_and(|from| from.starts_with("2099-12-31") || from.starts_with("2100-01-01")),
        "{published}"
    );
    let list = String::from_utf8(policy(&site, &["list"]).stdout).unwrap();
    assert!(list.contains("from 2100-01-01 00:00 on"), "{list}");
    // It is not clear what is meant: the one before, or to keep what holds.
    let unclear = policy(&site, &[&["roll-back"], &BY[..]].concat());
    assert_eq!(unclear.status.code(), Some(2));
    assert!(
        told(&unclear).contains("publication 2 is to hold") && told(&unclear).contains("--to 1"),
        "{}",
        told(&unclear)
    );
    let back = json(&policy(&site, &[&["roll-back", "--to", "1", "--output", "json"], &BY[..]].concat()), 0);
    assert_eq!(back["revision"], 3);
    let list = String::from_utf8(policy(&site, &["list"]).stdout).unwrap();
    assert!(list.contains("  never  "), "{list}");

    let folder = site.folder.path().join("shown");
    let shown = policy(&site, &["show", "--into", folder.to_str().unwrap()]);
    assert_eq!(shown.status.code(), Some(0), "{}", told(&shown));
    assert_eq!(std::fs::read_to_string(folder.join("holidays.ics")).unwrap(), calendar);
    assert_eq!(std::fs::read(folder.join("demo.policy.yaml")).unwrap(), std::fs::read(&first).unwrap());
    let twice = policy(&site, &["show", "--into", folder.to_str().unwrap()]);
    assert!(twice.status.code() == Some(2) && told(&twice).contains("cannot write"), "{}", told(&twice));
}
