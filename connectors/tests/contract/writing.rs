//! Transactions: who sees what, and whom fencing stops.

use super::*;
use engine::log::{LogError, Membership};
use std::collections::BTreeMap;

pub(crate) fn readers_see_what_is_committed_and_their_position_passes_the_rest(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 1), 0);
    let member = log.join(std::slice::from_ref(&out.topic)).unwrap().membership();
    let mut producer = fenced(&log, &format!("{}-p", out.topic));
    send(&mut producer, &out, &["a", "b"]);
    let committed = commit(&mut producer, vec![], &member).unwrap();
    assert_eq!(committed.last_offsets, BTreeMap::from([(out.clone(), 1)]));
    ends_at(&log, &out, 3); // The commit's marker takes an offset.
    let (records, position) = read(&log, &out, 0, 3, PATIENCE);
    assert_eq!((texts(&records), position), (vec!["a".into(), "b".into()], 3));
    assert_eq!(records[1].timestamp, Some(1_700_000_000_000_000));

    send(&mut producer, &out, &["c"]);
    producer.abort().unwrap();
    send(&mut producer, &out, &["d"]);
    commit(&mut producer, vec![], &member).unwrap();
    send(&mut producer, &out, &["e"]);
    producer.abort().unwrap();
    // What was sent need not have left before it is aborted; the next fence says that all has ended.
    fenced(&log, &format!("{}-p", out.topic));
    let end = end(&log, &out);
    let (records, position) = read(&log, &out, 2, end, PATIENCE);
    assert_eq!(texts(&records), ["d"]);
    assert_eq!(position, end, "past the aborted record at the end, and its marker");
    let last = &records[0];
    let (records, _) = read(&log, &out, last.offset, end, PATIENCE);
    assert_eq!(texts(&records), ["d"], "from within");
}

pub(crate) fn an_open_transaction_pins_what_is_read_and_counts_in_the_end(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 1), 0);
    let member = log.join(std::slice::from_ref(&out.topic)).unwrap().membership();
    let mut open = fenced(&log, &format!("{}-open", out.topic));
    let mut other = fenced(&log, &format!("{}-other", out.topic));
    send(&mut other, &out, &["a"]);
    commit(&mut other, vec![], &member).unwrap();
    send(&mut open, &out, &["b"]);
    ends_at(&log, &out, 3);
    send(&mut other, &out, &["c"]);
    commit(&mut other, vec![], &member).unwrap();
    ends_at(&log, &out, 5);
    let (records, position) = read(&log, &out, 0, 5, setting.silence());
    assert_eq!((texts(&records), position), (vec!["a".into()], 2), "up to the open transaction");
    // Whoever fences it ends it.
    fenced(&log, &format!("{}-open", out.topic));
    let (records, position) = read(&log, &out, 0, 6, PATIENCE);
    assert_eq!((texts(&records), position), (vec!["a".into(), "c".into()], 6));
}

pub(crate) fn the_offsets_of_a_transaction_are_the_groups_once_it_commits(setting: &impl Setting) {
    let log = setting.process(None);
    let (input, out) = (setting.topic("in", 2), at(&setting.topic("out", 1), 0));
    let mut consumer = log.join(std::slice::from_ref(&input)).unwrap();
    let both = [at(&input, 0), at(&input, 1)];
    takes(&mut consumer, &both);
    let member = consumer.membership();
    assert_eq!(member.committed(&both).unwrap(), [None, None]);
    let mut producer = fenced(&log, &format!("{input}-p"));
    send(&mut producer, &out, &["a"]);
    producer.abort().unwrap();
    assert_eq!(member.committed(&both).unwrap(), [None, None]);
    send(&mut producer, &out, &["b"]);
    commit(&mut producer, vec![(at(&input, 1), 7)], &member).unwrap();
    assert_eq!(member.committed(&both).unwrap(), [None, Some(7)]);
    // Offsets alone make a transaction too.
    producer.begin().unwrap();
    let committed = commit(&mut producer, vec![(at(&input, 0), 3), (at(&input, 1), 8)], &member).unwrap();
    assert_eq!(committed.last_offsets, BTreeMap::new());
    assert_eq!(member.committed(&both).unwrap(), [Some(3), Some(8)]);
}

pub(crate) fn whoever_looks_on_sees_the_groups_offsets_and_commits_records_without_any(
    setting: &impl Setting,
) {
    let log = setting.process(None);
    let (input, out) = (setting.topic("in", 2), at(&setting.topic("out", 1), 0));
    let mut consumer = log.join(std::slice::from_ref(&input)).unwrap();
    let both = [at(&input, 0), at(&input, 1)];
    takes(&mut consumer, &both);
    let mut producer = fenced(&log, &format!("{input}-p"));
    producer.begin().unwrap();
    commit(&mut producer, vec![(at(&input, 1), 7)], &consumer.membership()).unwrap();
    let outside = setting.process(None);
    let onlooker = outside.onlooker().unwrap();
    assert_eq!(onlooker.committed(&both).unwrap(), [None, Some(7)]);
    let mut other = fenced(&outside, &format!("{input}-other"));
    send(&mut other, &out, &["a"]);
    let committed = commit(&mut other, vec![], &onlooker).unwrap();
    assert_eq!(committed.last_offsets, BTreeMap::from([(out, 0)]));
    // It did not join: nobody has to let anything go.
    is_silent(&mut consumer, setting.silence(), |polled| matches!(polled, Polled::End { .. }));
}

pub(crate) fn a_fenced_producer_commits_nothing(setting: &impl Setting) {
    let log = setting.process(None);
    let (input, out) = (setting.topic("in", 1), at(&setting.topic("out", 1), 0));
    let mut consumer = log.join(std::slice::from_ref(&input)).unwrap();
    takes(&mut consumer, &[at(&input, 0)]);
    let member = consumer.membership();
    let id = format!("{input}-p");
    let mut zombie = fenced(&log, &id);
    send(&mut zombie, &out, &["zombie"]);
    let mut heir = fenced(&log, &id);
    let ended = commit(&mut zombie, vec![(at(&input, 0), 9)], &member);
    assert!(matches!(ended, Err(CommitError::Fenced(_))), "{ended:?}");
    let begun = zombie.begin();
    assert!(begun.is_err(), "it is beyond use");
    assert_eq!(member.committed(&[at(&input, 0)]).unwrap(), [None]);
    send(&mut heir, &out, &["heir"]);
    commit(&mut heir, vec![], &member).unwrap();
    let (records, _) = read(&log, &out, 0, end(&log, &out), PATIENCE);
    assert_eq!(texts(&records), ["heir"]);
}

pub(crate) fn a_fenced_producer_that_sends_again_is_told_at_its_commit_at_the_latest(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 1), 0);
    let member = log.join(std::slice::from_ref(&out.topic)).unwrap().membership();
    let id = format!("{}-p", out.topic);
    let mut zombie = fenced(&log, &id);
    fenced(&log, &id);
    // Between commits nothing is open, and nothing tells a zombie so but the log.
    let outcome: Result<Committed, String> = (|| {
        zombie.begin().map_err(|error| error.to_string())?;
        zombie.send(&record(out.clone(), "zombie")).map_err(|error| error.to_string())?;
        commit(&mut zombie, vec![], &member).map_err(|error| error.to_string())
    })();
    assert!(outcome.is_err(), "{outcome:?}");
    assert!(zombie.begin().is_err(), "it is beyond use");
    let (records, _) = read(&log, &out, 0, end(&log, &out), PATIENCE);
    assert_eq!(texts(&records), [""; 0]);
}

pub(crate) fn the_last_offset_of_each_partition_is_told(setting: &impl Setting) {
    let log = setting.process(None);
    let out = setting.topic("out", 3);
    let member = log.join(std::slice::from_ref(&out)).unwrap().membership();
    let mut producer = fenced(&log, &format!("{out}-p"));
    let mut next = [0_i64; 3];
    for round in 0..3 {
        producer.begin().unwrap();
        let mut last = BTreeMap::new();
        for number in 0..500 {
            let partition = if round == 1 { 0 } else { number % 2 };
            producer.send(&record(at(&out, partition), &number.to_string())).unwrap();
            last.insert(at(&out, partition), next[partition as usize]);
            next[partition as usize] += 1;
        }
        let committed = commit(&mut producer, vec![], &member).unwrap();
        assert_eq!(committed.last_offsets, last, "round {round}");
        for marked in last.keys() {
            next[marked.partition as usize] += 1;
        }
    }
    for (partition, next) in (0..).zip(next) {
        ends_at(&log, &at(&out, partition), next);
    }
}

pub(crate) fn tombstones_and_empty_values_are_told_apart(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 1), 0);
    let member = log.join(std::slice::from_ref(&out.topic)).unwrap().membership();
    let mut producer = fenced(&log, &format!("{}-p", out.topic));
    producer.begin().unwrap();
    producer.send(&NewRecord { value: None, ..record(out.clone(), "k") }).unwrap();
    producer.send(&NewRecord { value: Some(Bytes::new()), ..record(out.clone(), "") }).unwrap();
    commit(&mut producer, vec![], &member).unwrap();
    let (records, _) = read(&log, &out, 0, 3, PATIENCE);
    assert_eq!(records[0].value, None);
    assert_eq!(records[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(records[1].value.as_deref(), Some(&b""[..]));
    assert_eq!(records[1].key.as_deref(), Some(&b""[..]));
}

pub(crate) fn what_is_not_there_is_refused(setting: &impl Setting) {
    let log = setting.process(None);
    let out = setting.topic("out", 1);
    let unknown: Arc<str> = format!("{out}-unknown").into();
    assert_eq!(log.partitions(&[out.clone(), unknown.clone()]).unwrap(), [Some(1), None]);
    let refused = |result: Result<(), LogError>| {
        assert!(matches!(result, Err(LogError::Refused { .. })), "{result:?}");
    };
    refused(log.end_offsets(&[at(&unknown, 0)]).map(drop));
    refused(log.end_offsets(&[at(&out, 1)]).map(drop));
    refused(log.start_offsets(&[at(&out, 1)]).map(drop));
    assert_eq!(log.start_offsets(&[at(&out, 0)]).unwrap(), [0]);
    refused(log.reader().unwrap().seek(&at(&out, 1), 0));
    refused(log.reader().unwrap().read(Duration::ZERO).map(drop));
    let mut reader = log.reader().unwrap();
    assert_eq!(reader.start_offset(&at(&out, 0)).unwrap(), 0);
    reader.seek(&at(&out, 0), 5).unwrap();
    refused(reader.read(PATIENCE).map(drop));
}

pub(crate) fn each_topic_has_an_id_of_its_own_that_stays(setting: &impl Setting) {
    let (log, one, other) = (setting.process(None), setting.topic("one", 1), setting.topic("other", 3));
    let unknown: Arc<str> = format!("{one}-unknown").into();
    let ids = log.topic_ids(&[one.clone(), unknown, other.clone()]).unwrap();
    assert!(ids[0].is_some() && ids[1].is_none() && ids[2].is_some() && ids[0] != ids[2], "{ids:?}");
    let again = setting.process(None).topic_ids(&[other, one]).unwrap();
    assert_eq!(again, [ids[2].clone(), ids[0].clone()]);
}

pub(crate) fn a_record_of_no_transaction_is_there_once_it_is_acknowledged(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 2), 1);
    for (place, text) in ["a", "b"].into_iter().enumerate() {
        log.append(&record(out.clone(), text), PATIENCE).unwrap();
        // Nobody else writes there, and there is no marker: the end is known at once.
        assert_eq!(end(&log, &out), i64::try_from(place).unwrap() + 1);
    }
    let (records, position) = read(&log, &out, 0, 2, PATIENCE);
    assert_eq!((texts(&records), position), (vec!["a".into(), "b".into()], 2));
    assert_eq!(records[1].key.as_deref(), Some(&b"b"[..]));
    assert_eq!(records[1].timestamp, Some(1_700_000_000_000_000));
    assert_eq!(end(&log, &at(&out.topic, 0)), 0);

    // Whoever stays at the end hears of the next one.
    let mut follower = log.follower().unwrap();
    follower.seek(&out, 2).unwrap();
    log.append(&NewRecord { value: None, ..record(out.clone(), "c") }, PATIENCE).unwrap();
    let begun = Instant::now();
    let heard = loop {
        let chunk = follower.read(Duration::from_millis(100)).unwrap();
        if !chunk.records.is_empty() {
            break chunk.records;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing came");
    };
    assert_eq!(heard[0].value, None);
    assert_eq!(heard[0].key.as_deref(), Some(&b"c"[..]));
}

pub(crate) fn an_open_transaction_hides_what_is_appended_beside_it_until_it_ends(setting: &impl Setting) {
    let log = setting.process(None);
    let out = at(&setting.topic("out", 1), 0);
    log.append(&record(out.clone(), "a"), PATIENCE).unwrap();
    let mut open = fenced(&log, &format!("{}-open", out.topic));
    send(&mut open, &out, &["b"]);
    ends_at(&log, &out, 2);
    log.append(&record(out.clone(), "c"), PATIENCE).unwrap();
    let (records, _) = read(&log, &out, 0, 3, setting.silence());
    assert_eq!(texts(&records), ["a"], "which is why nobody writes so where others append");
    fenced(&log, &format!("{}-open", out.topic));
    let (records, _) = read(&log, &out, 0, 4, PATIENCE);
    assert_eq!(texts(&records), ["a", "c"]);
}

pub(crate) fn a_record_for_what_is_not_there_is_refused_and_makes_no_topic(setting: &impl Setting) {
    let log = setting.process(None);
    let out = setting.topic("out", 1);
    let missing: Arc<str> = format!("{out}-missing").into();
    for target in [at(&missing, 0), at(&out, 1)] {
        let refused = log.append(&record(target, "a"), PATIENCE);
        assert!(matches!(refused, Err(LogError::Refused { .. })), "{refused:?}");
    }
    assert_eq!(log.partitions(&[missing, Arc::clone(&out)]).unwrap(), [None, Some(1)]);
    log.append(&record(at(&out, 0), "a"), PATIENCE).unwrap();
}
