//! `weir tap` beside a process at work on a real broker: what it shows, in which order, and that nobody notices.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use decision::Event;
use engine::log::{Log, Membership, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer};
use schemas::InputTopic;
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::kafka::{PARTITIONS, Process, Site, producer_config, servers};

const LONG: Duration = Duration::from_secs(60);

/// An event of an account, a moment ago.
fn event(id: &str, account: &str, fields: &str) -> Event {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let at = decision::time::Timestamp(i64::try_from(now.as_micros()).unwrap());
    let line = format!(
        r#"{{"event_id":"{id}","account_id":"{account}","occurred_at":"{at}","source":"test",{fields}}}"#
    );
    schemas::files::read_line(&line, String::new()).unwrap().event
}

/// An account that is told of a low balance, and the balance that it is told of; those of other accounts beside it.
fn tell_accounts(site: &mut Site, accounts: &[&str]) {
    let account = r#""event":"account","payment_mode":"prepaid","currency":"EUR","language":"en","contacts":{"sms":"+21620000001"},"attributes":{"contract_no":"C-1"}"#;
    let balance = |value: u32| format!(r#""event":"balance","name":"main","value":{value},"currency":"EUR""#);
    // Each decided in a batch of its own, so that it is certain what led to what.
    for (step, fields) in [account.to_owned(), balance(900), balance(100)].iter().enumerate() {
        for account in accounts {
            site.tell(&event(&format!("{account}-{step}"), account, fields));
        }
        site.wait_until_done(LONG);
    }
}

/// A tap that runs.
struct Tap {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Tap {
    /// Begins a tap, and waits until it follows: what comes now is told.
    fn begin(site: &Site, arguments: &[&str]) -> Self {
        let all = [&["tap", "--output", "json"], arguments].concat();
        let mut child = site.begin(&all);
        let mut told = String::new();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        errors.read_line(&mut told).unwrap();
        assert!(told.starts_with("following "), "{told}");
        // Read on, or the tap would find nobody there at its end.
        std::thread::spawn(move || errors.lines().for_each(drop));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> Option<Value> {
        self.lines.next().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
    }

    /// Ctrl-C; answers all that it still told.
    fn interrupt(mut self) -> Vec<Value> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let rest = std::iter::from_fn(|| self.next()).collect();
        assert!(self.child.wait().unwrap().success());
        rest
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `weir tap` tells before it ends by itself.
fn told(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let output = site.command(&[&["tap", "--output", "json"], arguments].concat(), &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("-")
}

/// Each item as its kind and what it is: `decision alert`.
fn kinds(items: &[Value]) -> Vec<String> {
    let kind = |item: &Value| {
        let what = text(item, "item");
        let more = if what == "event" { text(&item["event"], "event") } else { text(item, what) };
        format!("{what} {more}")
    };
    items.iter().map(kind).collect()
}

/// How many members the site's group has.
fn members(group: &str) -> usize {
    let client: BaseConsumer = producer_config().create().unwrap();
    let groups = client.fetch_group_list(None, Duration::from_secs(30)).unwrap();
    groups.groups().iter().filter(|found| found.name() == group).map(|found| found.members().len()).sum()
}

fn at_work(site: &Site) -> Process {
    let mut process = site.start(&[]);
    process.wait_until_ready();
    process
}

#[test]
fn an_accounts_events_are_told_with_what_they_led_to_and_nothing_of_others() {
    let mut site = Site::new("tap");
    let _process = at_work(&site);
    let mut tap = Tap::begin(&site, &["--account", "T-1"]);
    tell_accounts(&mut site, &["T-1", "T-2", "T-3"]);
    assert_eq!(members("tap.group"), 1, "the process, and nobody else");
    let mut items = Vec::new();
    while items.last().is_none_or(|last| text(last, "item") != "command") {
        items.push(tap.next().unwrap());
    }
    // A debt of long ago: stages fall due, one after the other, and no event leads to them.
    let invoice = r#""event":"invoice","invoice_id":"B1","amount":5000,"currency":"EUR","issued":"2026-01-01","due":"2026-01-10""#;
    site.tell(&event("T-1-3", "T-1", invoice));
    let mut owed = Vec::new();
    while owed.last().is_none_or(|last| text(last, "stage") != "remind") {
        owed.push(tap.next().unwrap());
    }
    owed.extend(tap.interrupt());
    assert!(items.iter().chain(&owed).all(|item| item["account_id"] == "T-1"), "{items:#?}");
    let kinds = kinds(&items);
    assert_eq!(&kinds[..3], ["event account", "event balance", "event balance"], "{items:#?}");
    assert_eq!(kinds[3], "decision alert");
    assert_eq!(kinds.last().unwrap(), "command message");
    for item in &items[3..] {
        assert_eq!(item["led_by"]["events"], serde_json::json!(["T-1-2"]), "{item:#}");
        assert_eq!(item["led_by"]["certain"], true);
    }
    let entered: Vec<_> = owed.iter().filter(|item| text(item, "decision") == "stage_entered").collect();
    let timer = serde_json::json!({
        "events": [], "due": ["2026-01-10T23:00:00Z"], "new_policy": false, "certain": true,
    });
    assert_eq!(entered[0]["led_by"], timer, "{owed:#?}");
    site.check_well();
}

#[test]
fn what_lies_in_the_topics_is_told_by_rule_command_and_kind() {
    let mut site = Site::new("tap-log");
    // Nobody is at work yet: the tap leaves no trace of its own.
    site.tell(&event("T-0-0", "T-0", r#""event":"balance","name":"main","value":900,"currency":"EUR""#));
    site.flush();
    let alone = told(&site, &["--from", "begin", "--count", "1", "--for", "60s"]);
    assert_eq!(kinds(&alone), ["event balance"]);
    assert_eq!(members("tap-log.group"), 0);
    let all: Vec<TopicPartition> = (0..PARTITIONS)
        .map(|partition| TopicPartition { topic: site.names.input(InputTopic::Balances).clone(), partition })
        .collect();
    let settings = connectors::kafka::KafkaSettings::new(&servers().bootstrap, "tap-log.group");
    let log = connectors::kafka::KafkaLog::new(settings).unwrap();
    assert!(log.onlooker().unwrap().committed(&all).unwrap().iter().all(Option::is_none));

    let _process = at_work(&site);
    tell_accounts(&mut site, &["T-1", "T-2"]);
    site.tell_bytes(InputTopic::Payments, b"T-1", b"no record");
    site.wait_until_done(LONG);
    let from_begin = |filters: &[&str]| told(&site, &[filters, &["--from", "begin", "--for", "4s"]].concat());

    let by_rule = from_begin(&["--rule", "low-balance", "--account", "T-2"]);
    assert_eq!(kinds(&by_rule), ["decision alert", "command message"], "{by_rule:#?}");
    // The event is not shown, and is named all the same.
    assert!(by_rule.iter().all(|item| item["led_by"]["events"][0] == "T-2-2"), "{by_rule:#?}");

    let by_command = from_begin(&["--command", "message"]);
    assert_eq!(kinds(&by_command), ["command message", "command message"], "{by_command:#?}");
    assert!(by_command.iter().all(|item| item["names"] == "low-balance" && item["asks"]["channel"] == "sms"));
    assert!(from_begin(&["--command", "provisioning"]).is_empty());

    let unreadable = from_begin(&["--event", "payment", "--rejects"]);
    assert_eq!(kinds(&unreadable), ["unreadable -", "reject -"], "{unreadable:#?}");
    assert_eq!((text(&unreadable[0], "topic"), text(&unreadable[0], "key")), ("tap-log.payments", "T-1"));
    assert_eq!(unreadable[1]["from"]["topic"], "tap-log.payments");

    let output = site.command(&["tap", "--from", "10m", "--count", "4"], &[]);
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 4, "{lines}");
    let first = lines.lines().next().unwrap();
    assert!(first.ends_with("  event       T-0         balance main: 9.00  [T-0-0]"), "{first}");
    check_ends_with_its_reader(&mut site);
    site.check_well();
}

/// Nobody reads on, as in `weir tap | head -n 1`: it ends well, once there is something to tell.
fn check_ends_with_its_reader(site: &mut Site) {
    let mut child = site.begin(&["tap", "--from", "begin"]);
    let first = BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.contains("[T-0-0]"), "{first}");
    site.tell(&event("T-3-0", "T-3", r#""event":"balance","name":"main","value":900,"currency":"EUR""#));
    site.wait_until_done(LONG);
    assert!(child.wait_with_output().unwrap().status.success());
}
