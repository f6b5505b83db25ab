//! The process on a real Kafka: few tests, and each of them whole.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use decision::Event;
use decision::event::{Body, InvoiceIssued};
use decision::ids::AccountId;
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Timestamp};
use engine::store::{Store, Stores};
use loadtest::generate::{DEMO_POLICY, Operator, Profile};
use schemas::{Decoder, InputTopic, OutputTopic};
use state::{RocksStores, Sizes};
use std::time::{Duration, Instant};
use support::kafka::{PARTITIONS, Process, Site, is_there, read_topic};

const LONG: Duration = Duration::from_secs(180);

/// Days of a synthetic operator's life, told as fast as the broker takes them.
fn tell_days(site: &mut Site, operator: &mut Operator, days: usize) -> usize {
    let mut told = 0;
    for _ in 0..days {
        for event in operator.next_day() {
            site.tell(&event);
            told += 1;
        }
    }
    told
}

#[test]
fn commands_are_what_decision_says_and_sigterm_ends_within_seconds() {
    let mut site = Site::new("whole");
    let mut operator = Operator::new(Profile::test(11));
    let mut process = site.start(&[]);
    process.wait_until_ready();
    let told = tell_days(&mut site, &mut operator, 30);
    site.wait_until_done(LONG);
    let metrics = process.get("/metrics");
    for metric in asked_by_alerts() {
        let is_it = |line: &str| line.strip_prefix(&metric).is_some_and(|rest| rest.starts_with(['{', ' ']));
        assert!(metrics.lines().any(is_it), "an alert asks for {metric}, which is not in\n{metrics}");
    }
    let took = process.terminate();
    assert!(took < Duration::from_secs(10), "SIGTERM took {took:?}");
    let verdict = site.check_well();
    assert_eq!(verdict.inputs, u64::try_from(told).unwrap());
    assert!(verdict.commands > 200 && verdict.timers > 50 && verdict.rejects > 0, "{verdict:?}");
    println!("{verdict:?}; SIGTERM took {took:?}");
}

/// The metrics of the process that an alert asks for.
fn asked_by_alerts() -> std::collections::BTreeSet<String> {
    let rules = include_str!("../../k8s/alerts/rules.yaml");
    let is_asked = |line: &&str| {
        !["summary:", "description:", "action:"].iter().any(|field| line.trim_start().starts_with(field))
    };
    let is_outside = |letter: char| !letter.is_ascii_alphanumeric() && letter != '_';
    let words = rules.lines().filter(is_asked).flat_map(|line| line.split(is_outside));
    words.filter(|word| word.starts_with("weir_")).map(str::to_owned).collect()
}

#[test]
fn ten_kills_in_mid_stream_leave_nothing_twice_and_nothing_missing() {
    let mut site = Site::new("kills");
    let mut operator = Operator::new(Profile::test(12));
    let pause = [("WEIR_FAULT_PAUSE_BEFORE_APPLY_MS", "40")];
    let mut landings = Vec::new();
    let mut process = site.start(&pause);
    process.wait_until_ready();
    for round in 0..10_u64 {
        tell_days(&mut site, &mut operator, 2);
        process.wait_for("committed, not applied", LONG);
        // Some kills wait for a commit to have just ended, the others come at any time.
        if round % 2 == 0 {
            wait_for_new_commit(&process);
        } else {
            std::thread::sleep(Duration::from_millis(37 * round));
        }
        process.kill();
        let killed = Instant::now();
        let landing = landing_of(&process.log());
        process = site.start(&pause);
        process.wait_for("committed, not applied", LONG);
        println!("kill {round} landed {landing:?}; {:?} until the next commit", killed.elapsed());
        landings.push(landing);
    }
    site.wait_until_done(LONG);
    assert!(!process.log().contains("rebuilt"), "the state was wiped");
    process.terminate();
    let between = landings.iter().filter(|landing| **landing == Landing::BetweenCommitAndApply).count();
    assert!(between >= 3, "only {between} kills landed between commit and apply: {landings:?}");
    site.check_well();
}

#[test]
fn the_same_kills_are_found_out_when_a_batch_is_applied_before_its_commit() {
    let mut site = Site::new("swapped");
    let mut operator = Operator::new(Profile::test(13));
    let broken = [("WEIR_FAULT_MUTATION", "apply-before-commit"), ("WEIR_FAULT_PAUSE_BEFORE_APPLY_MS", "40")];
    let mut process = site.start(&broken);
    process.wait_until_ready();
    for _ in 0..4 {
        tell_days(&mut site, &mut operator, 2);
        process.wait_for("applied, not committed", LONG);
        let before = process.log().matches("applied, not committed").count();
        let deadline = Instant::now() + Duration::from_secs(5);
        while process.log().matches("applied, not committed").count() == before && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
        process.kill();
        process = site.start(&broken);
        process.wait_until_ready();
    }
    site.wait_until_done(LONG);
    drop(process);
    assert!(!site.verdict().deviations.is_empty(), "the oracle saw nothing wrong");
}

/// Where a kill landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Landing {
    /// After the end of a transaction, before the store had learnt of it.
    BetweenCommitAndApply,
    /// Anywhere else.
    Elsewhere,
}

/// By the log: some partition's last word is that a batch is committed and not applied.
fn landing_of(log: &str) -> Landing {
    let mut last = std::collections::BTreeMap::new();
    for line in log.lines() {
        let Some(partition) =
            line.split("\"partition\":").nth(1).and_then(|rest| rest.split([',', '}']).next())
        else {
            continue;
        };
        if line.contains("\"committed, not applied\"") {
            last.insert(partition.to_owned(), Landing::BetweenCommitAndApply);
        } else if line.contains("\"applied\"") {
            last.insert(partition.to_owned(), Landing::Elsewhere);
        }
    }
    let is_between = last.values().any(|landing| *landing == Landing::BetweenCommitAndApply);
    if is_between { Landing::BetweenCommitAndApply } else { Landing::Elsewhere }
}

fn wait_for_new_commit(process: &Process) {
    let count = || process.log().matches("committed, not applied").count();
    let before = count();
    let deadline = Instant::now() + Duration::from_secs(5);
    while count() == before && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn state_and_history_come_back_when_their_folder_is_gone() {
    let mut site = Site::new("lost");
    let mut operator = Operator::new(Profile::test(14));
    let mut process = site.start(&[]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 15);
    site.wait_until_done(LONG);
    process.terminate();
    assert!(is_there(&site.state_folder()));
    std::fs::remove_dir_all(site.state_folder()).unwrap();
    let mut process = site.start(&[]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 5);
    site.wait_until_done(LONG);
    process.terminate();
    site.check_well();
    check_history(&site);
}

/// The last lines of the records topic lie in the store, each in its place.
#[track_caller]
fn check_history(site: &Site) {
    let mut decoder = Decoder::new(site.registry.clone(), &site.schemas);
    let stores = RocksStores::new(site.state_folder(), Sizes::of_bytes(16 << 20));
    let topic = read_topic(site.names.output(OutputTopic::Records));
    for (partition, records) in topic.iter().enumerate() {
        let store = stores.open(u32::try_from(partition).unwrap()).unwrap();
        assert!(!records.is_empty());
        for record in records.iter().step_by(17) {
            let id = std::str::from_utf8(record.key.as_ref().unwrap()).unwrap();
            let line = decoder.record(record.value.as_ref().unwrap()).unwrap();
            let history = store.history(id, 200).unwrap();
            let newest = history.first().map_or(0, |newest| newest.sequence);
            if line.sequence <= newest - 200 {
                continue;
            }
            let kept = history.iter().find(|kept| kept.sequence == line.sequence);
            assert_eq!(kept.map(|kept| kept.record.to_vec()), record.value, "of {id}, {}", line.sequence);
        }
    }
}

#[test]
fn what_cannot_be_read_lies_among_the_rejects_and_the_rest_goes_on() {
    let mut site = Site::new("rejects");
    let mut operator = Operator::new(Profile { subscribers: 50, ..Profile::test(15) });
    let mut process = site.start(&[]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 2);
    let wrong = wrong_records(&mut site);
    for (topic, key, value, _) in &wrong {
        site.tell_bytes(*topic, key, value);
    }
    tell_days(&mut site, &mut operator, 3);
    site.wait_until_done(LONG);
    process.terminate();
    site.check_well();
    let mut decoder = Decoder::new(site.registry.clone(), &site.schemas);
    let rejects = read_topic(site.names.output(OutputTopic::Rejects));
    let inputs = site.read_all();
    for (topic, key, value, reason) in wrong {
        let found = rejects.iter().flatten().find_map(|record| {
            let reject = decoder.reject(record.value.as_ref().unwrap()).unwrap();
            let is_it = reject.value.map(|bytes| bytes.to_vec()) == Some(value.clone());
            is_it.then(|| {
                (reject.reason.to_string(), reject.topic.to_string(), reject.partition, reject.offset)
            })
        });
        let (told, from, partition, offset) = found.unwrap_or_else(|| panic!("{reason} is not rejected"));
        assert_eq!((told.as_str(), &*from), (reason, &**site.names.input(topic)));
        let original = inputs[usize::try_from(partition).unwrap()].input(topic);
        let original = original.iter().find(|record| record.offset == offset).unwrap();
        assert_eq!((original.key.as_deref(), original.value.as_deref()), (Some(&*key), Some(&*value)));
    }
}

/// A malformed message, an unknown schema id, an unknown currency: topic, key, value and reason.
fn wrong_records(site: &mut Site) -> Vec<(InputTopic, Vec<u8>, Vec<u8>, &'static str)> {
    let (topic, key, good) = site.encode(&invoice("wrong-1", "W-1", 9_000));
    let mut unknown_id = good.clone();
    unknown_id[1..5].copy_from_slice(&[0x7f, 0xff, 0xff, 0xf0]);
    let mut cut_short = good.clone();
    cut_short.truncate(9);
    let mut currency = good;
    let at = currency.windows(3).position(|bytes| bytes == b"EUR").unwrap();
    currency[at..at + 3].copy_from_slice(b"QQQ");
    vec![
        (topic, key.clone(), b"not Avro at all".to_vec(), "not_framed"),
        (topic, key.clone(), cut_short, "undecodable"),
        (topic, key.clone(), unknown_id, "unknown_schema_id"),
        (topic, key, currency, "unknown_currency"),
    ]
}

fn invoice(event_id: &str, account: &str, days_ago_due: i32) -> Event {
    let due = Date::from_days(20_000 - days_ago_due % 1_000).unwrap();
    Event {
        event_id: event_id.into(),
        account_id: AccountId::from(account),
        debtor_id: None,
        occurred_at: Timestamp(1_700_000_000_000_000),
        source: "test".to_owned(),
        body: Body::Invoice(InvoiceIssued {
            id: format!("I-{account}").as_str().into(),
            amount: MinorUnits(12_300),
            currency: Currency::parse("EUR").unwrap(),
            issued: due,
            due,
            service: None,
            provider: None,
            kind: None,
            draft: false,
        }),
    }
}

#[test]
fn events_before_their_snapshot_are_kept_and_acted_on_when_it_comes() {
    let mut site = Site::new("early");
    let mut process = site.start(&[]);
    process.wait_until_ready();
    let snapshot = first_postpaid_snapshot();
    let account = snapshot.account_id.to_string();
    let mut early = invoice("early-1", &account, 40);
    if let (Body::Invoice(issued), Body::Account(snapshot)) = (&mut early.body, &snapshot.body) {
        issued.currency = snapshot.currency.unwrap();
    }
    site.tell(&early);
    site.wait_until_done(LONG);
    let sent = || {
        let topics = [OutputTopic::Messages, OutputTopic::Provisioning, OutputTopic::Tasks];
        topics.iter().flat_map(|topic| read_topic(site.names.output(*topic))).flatten().count()
    };
    assert_eq!(sent(), 0, "nothing is sent before the snapshot");
    let names = site.names.clone();
    site.tell(&snapshot);
    site.wait_until_done(LONG);
    let messages = read_topic(names.output(OutputTopic::Messages));
    assert!(messages.iter().flatten().count() > 0, "what was due is done once the snapshot is there");
    process.terminate();
    site.check_well();
}

/// A postpaid account's first snapshot, of the synthetic operator.
fn first_postpaid_snapshot() -> Event {
    let mut operator = Operator::new(Profile::test(16));
    let events = operator.next_day();
    let is_postpaid = |event: &Event| {
        matches!(&event.body, Body::Account(snapshot)
            if snapshot.payment_mode == decision::account::PaymentMode::Postpaid && !snapshot.closed)
    };
    events.into_iter().find(is_postpaid).unwrap()
}

/// The partitions in which the breaker holds something, and how much.
fn holding(process: &Process) -> Vec<(String, usize)> {
    let metrics = process.get("/metrics");
    let held = metrics.lines().filter_map(|line| line.strip_prefix("weir_held_commands{")?.split_once("} "));
    let held = held.map(|(label, count)| (label.to_owned(), count.parse().unwrap()));
    held.filter(|(_, count)| *count > 0).collect()
}

/// What is held is told over HTTP, each order of it, as long as it is held.
#[track_caller]
fn check_told(process: &Process) {
    let counted = || holding(process).iter().map(|(_, count)| count).sum::<usize>();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let mut answer = ureq::get(format!("{}/v1/held?limit=1000", process.api())).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        // A metric is told with the batch after.
        if told["items"].as_array().unwrap().len() == counted() {
            return;
        }
        assert!(Instant::now() < deadline, "{} are held, and told are {told:#}", counted());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The provisioning orders that have gone out, by partition.
fn orders(site: &Site) -> Vec<usize> {
    read_topic(site.names.output(OutputTopic::Provisioning)).iter().map(Vec::len).collect()
}

/// Waits until nothing is held any more: a metric is told with the batch after.
#[track_caller]
fn wait_until_nothing_is_held(process: &Process) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holding(process).is_empty() {
        assert!(Instant::now() < deadline, "{:?} still hold something", holding(process));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn one_command_releases_or_drops_in_every_partition_what_the_breaker_holds() {
    // Without gaps between stages: what is long overdue is to be cut off at once.
    let stages = DEMO_POLICY.lines().filter(|line| !line.trim_start().starts_with("min_gap:"));
    let breaker = "commands: { breaker: { more_than: 3x, over: 1h, against: 7d, at_least: 12 } }";
    let policy = stages.chain([breaker, ""]).collect::<Vec<_>>().join("\n");
    let mut site = Site::under("held", &policy);
    let mut operator = Operator::new(Profile::test(17));
    let mut process = site.start(&[("WEIR__API__LISTEN", "127.0.0.1:0")]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 20);
    site.wait_until_done(LONG);
    check_told(&process);
    assert!(holding(&process).len() >= 2, "the breaker holds in {:?} only", holding(&process));
    let (partitions, before) = (holding(&process), orders(&site));
    let said = ["--by", "anna", "--role", "admin", "--why", "the wave is real", "--output", "json"];
    let release = [&["held", "release", "--wait", "60s"][..], &said].concat();
    let outcome = site.command(&release, &[]);
    let told = String::from_utf8_lossy(&outcome.stdout);
    assert_eq!(outcome.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&outcome.stderr));
    assert!(told.contains("\"not_taken\":[]") && told.contains("\"order\":\"release_held\""), "{told}");
    site.wait_until_done(LONG);
    wait_until_nothing_is_held(&process);
    let grown = orders(&site).iter().zip(&before).filter(|(now, before)| now > before).count();
    assert!(grown >= partitions.len(), "{before:?} orders became {:?}", orders(&site));
    let controls = read_topic(site.names.input(InputTopic::Controls));
    let own = controls.iter().map(|records| records.iter().filter(|record| is_of_no_account(record)).count());
    assert_eq!(own.collect::<Vec<_>>(), [1; 6], "one in each partition");

    // What is held after that is another wave, and may be dropped.
    tell_days(&mut site, &mut operator, 12);
    site.wait_until_done(LONG);
    assert!(!holding(&process).is_empty(), "nothing more is held");
    check_told(&process);
    let drop = r#"{"verdict": "drop", "why": "a wrong price list"}"#;
    let asked = ureq::post(format!("{}/v1/held/verdict", process.api()));
    assert_eq!(asked.content_type("application/json").send(drop).unwrap().status().as_u16(), 202);
    site.wait_until_done(LONG);
    check_told(&process);
    wait_until_nothing_is_held(&process);
    let before = orders(&site);
    process.terminate();

    // With nobody there to take it, it is written all the same, and the command says so.
    let release = [&["held", "release", "--wait", "1s"][..], &said].concat();
    let outcome = site.command(&release, &[]);
    let told = String::from_utf8_lossy(&outcome.stdout);
    assert_eq!(outcome.status.code(), Some(1), "{told}");
    assert!(told.contains("\"not_taken\":[0,1,2,3,4,5]"), "{told}");
    let outcome = site.command(
        &release,
        &[("WEIR__TOPICS__PREFIX", "elsewhere."), ("WEIR__REGISTRY__AUTO_REGISTER", "true")],
    );
    let told = String::from_utf8_lossy(&outcome.stderr);
    assert_eq!(outcome.status.code(), Some(2), "{told}");
    assert!(told.contains("there is no topic elsewhere.controls"), "{told}");
    assert_eq!(orders(&site), before);
    let mut process = site.start(&[]);
    process.wait_until_ready();
    site.wait_until_done(LONG);
    process.terminate();
    site.check_well();
}

#[test]
fn what_the_core_fails_over_is_listed_shown_and_sent_again() {
    let mut site = Site::new("poison");
    let mut operator = Operator::new(Profile::test(19));
    let mut process = site.start(&[("WEIR_FAULT_POISON", "yes")]);
    process.wait_until_ready();
    tell_days(&mut site, &mut operator, 10);
    let mut marked = 0;
    for (number, mut event) in operator.next_day().into_iter().enumerate() {
        if number % 50 == 0 {
            event.event_id = format!("{}-poison", event.event_id.as_str()).into();
            marked += 1;
        }
        site.tell(&event);
    }
    tell_days(&mut site, &mut operator, 5);
    site.wait_until_done(LONG);
    let metrics = process.get("/metrics");
    let counted = format!("weir_poison_total{{of=\"event\"}} {marked}");
    assert!(metrics.lines().any(|line| line == counted), "{counted} is not in\n{metrics}");
    process.terminate();
    assert_eq!(site.check_well().poisoned, marked);

    let run = |site: &Site, arguments: &[&str]| {
        let outcome = site.command(&[&["rejects"][..], arguments, &["--output", "json"]].concat(), &[]);
        let error = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert_eq!(outcome.status.code(), Some(0), "{error}");
        serde_json::from_slice::<serde_json::Value>(&outcome.stdout).unwrap()
    };
    let listed = run(&site, &["list", "--reason", "poison"]);
    let rejects = listed["rejects"].as_array().unwrap();
    assert_eq!((rejects.len(), &listed["older"]), (usize::try_from(marked).unwrap(), &serde_json::json!(0)));
    let place = [&rejects[0]["partition"], &rejects[0]["offset"]].map(ToString::to_string);
    let shown = run(&site, &["show", "--partition", &place[0], "--offset", &place[1]]);
    assert!(shown["event"].as_str().is_some_and(|event| event.contains("-poison")), "{shown}");
    assert!(shown["detail"].as_str().is_some_and(|detail| detail.contains("on purpose")), "{shown}");

    // A choice by filters is only shown before it is confirmed.
    let outcome = site.command(&["rejects", "resend", "--reason", "poison"], &[]);
    assert_eq!(outcome.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&outcome.stdout).contains("are sent with --yes"));
    let resent = run(&site, &["resend", "--reason", "poison", "--yes"]);
    let all = resent["resent"].as_array().unwrap();
    assert!(all.len() == rejects.len() && all.iter().all(|one| one["not_sent"].is_null()), "{resent}");
    let mut process = site.start(&[]);
    process.wait_until_ready();
    site.wait_until_done(LONG);
    process.terminate();
    assert_eq!(site.check_well().poisoned, marked, "nothing more is set aside");
}

fn is_of_no_account(record: &loadtest::oracle::Seen) -> bool {
    record.key.as_deref() == Some(b"*")
}

#[test]
fn the_partitions_of_a_key_are_those_of_kafkas_own_clients() {
    // The upstream of these tests places records by our own function; here librdkafka does.
    use rdkafka::config::ClientConfig;
    use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
    let site = Site::new("murmur");
    let topic = site.names.input(InputTopic::Controls).clone();
    let mut config: ClientConfig = support::kafka::producer_config();
    config.set("partitioner", "murmur2_random");
    let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
    for number in 0..200 {
        let key = format!("account-{number}");
        producer.send(BaseRecord::to(&topic).key(&key).payload("x")).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(30)).unwrap();
    let count = std::num::NonZeroU32::new(PARTITIONS).unwrap();
    let mut seen = 0;
    for (partition, records) in read_topic(&topic).into_iter().enumerate() {
        for record in records {
            let own = engine::partition::partition_of(record.key.as_deref().unwrap(), count);
            assert_eq!(usize::try_from(own).unwrap(), partition);
            seen += 1;
        }
    }
    assert_eq!(seen, 200);
}
