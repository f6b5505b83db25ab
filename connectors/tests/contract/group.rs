//! Several members: who gets what, and when it is handed over.

use super::*;
use engine::log::{LogError, Membership};

/// Two input topics of four partitions.
fn inputs(setting: &impl Setting) -> [Arc<str>; 2] {
    [setting.topic("a", 4), setting.topic("b", 4)]
}

/// These partitions of both topics.
fn both(topics: &[Arc<str>; 2], partitions: &[u32]) -> Vec<TopicPartition> {
    let of = |topic: &Arc<str>| partitions.iter().map(|number| at(topic, *number)).collect::<Vec<_>>();
    topics.iter().flat_map(of).collect()
}

fn is_end(polled: &Polled) -> bool {
    matches!(polled, Polled::End { .. })
}

pub(crate) fn a_newcomer_gets_the_same_partitions_of_all_topics_once_they_were_let_go(
    setting: &impl Setting,
) {
    let topics = inputs(setting);
    let (first, second) = (setting.process(Some("0")), setting.process(Some("1")));
    let mut old = first.join(&topics).unwrap();
    let all = both(&topics, &[0, 1, 2, 3]);
    takes(&mut old, &all);
    for partition in &all {
        old.start(partition, 0).unwrap();
    }
    let mut new = second.join(&topics).unwrap();
    assert_eq!(polls(&mut old, is_end), Polled::Revoked(all.clone()));

    // What is open on them may still be committed.
    let out = at(&setting.topic("out", 1), 0);
    let mut producer = fenced(&first, &format!("{}-p", out.topic));
    send(&mut producer, &out, &["last"]);
    is_silent(&mut new, setting.silence(), nothing);
    commit(&mut producer, vec![(at(&topics[0], 3), 1)], &old.membership()).unwrap();

    old.unassign(&both(&topics, &[0, 1])).unwrap();
    is_silent(&mut new, setting.silence(), nothing);
    is_silent(&mut old, setting.silence(), nothing);
    old.unassign(&both(&topics, &[2, 3])).unwrap();
    let (mut given, mut kept) = (both(&topics, &[2, 3]), both(&topics, &[0, 1]));
    std::thread::scope(|scope| {
        scope.spawn(|| takes(&mut new, &given));
        takes(&mut old, &kept);
    });
    assert_eq!(new.membership().committed(&[at(&topics[0], 3)]).unwrap(), [Some(1)]);
    for (consumer, partitions) in [(&mut old, &mut kept), (&mut new, &mut given)] {
        for partition in partitions.iter() {
            consumer.start(partition, 0).unwrap();
        }
        let mut ended = Vec::new();
        while ended.len() < partitions.len() {
            let Polled::End { source, offset: 0 } = polls(consumer, nothing) else { panic!() };
            ended.push(source);
        }
        ended.sort();
        assert_eq!(ended, *partitions, "each works after the rebalance");
    }
}

pub(crate) fn the_partitions_of_a_member_that_leaves_go_to_the_others(setting: &impl Setting) {
    let topics = inputs(setting);
    let log = setting.process(None);
    let mut one = log.join(&topics).unwrap();
    let all = both(&topics, &[0, 1, 2, 3]);
    takes(&mut one, &all);
    let mut two = log.join(&topics).unwrap();
    assert_eq!(polls(&mut one, nothing), Polled::Revoked(all.clone()));
    one.unassign(&all).unwrap();
    // Without instance ids it is chance who gets which.
    let mut parts = Vec::new();
    for consumer in [&mut one, &mut two] {
        let Polled::Assigned(part) = polls(consumer, nothing) else { panic!() };
        consumer.assign(&part).unwrap();
        assert_eq!(part.len(), 4);
        parts.push(part);
    }
    one.close();
    assert!(matches!(one.poll(1, Duration::ZERO), Err(LogError::Refused { .. } | LogError::Fenced { .. })));
    assert_eq!(polls(&mut two, nothing), Polled::Revoked(parts[1].clone()));
    two.unassign(&parts[1]).unwrap();
    takes(&mut two, &all);
}

pub(crate) fn a_static_member_comes_back_to_its_place_and_nobody_notices(setting: &impl Setting) {
    let topics = inputs(setting);
    let (first, second) = (setting.process(Some("0")), setting.process(Some("1")));
    let mut zero = first.join(&topics).unwrap();
    let all = both(&topics, &[0, 1, 2, 3]);
    takes(&mut zero, &all);
    let mut one = second.join(&topics).unwrap();
    assert_eq!(polls(&mut zero, nothing), Polled::Revoked(all.clone()));
    zero.unassign(&all).unwrap();
    takes(&mut zero, &both(&topics, &[0, 1]));
    takes(&mut one, &both(&topics, &[2, 3]));

    zero.close();
    let mut back = setting.process(Some("0")).join(&topics).unwrap();
    takes(&mut back, &both(&topics, &[0, 1]));
    is_silent(&mut one, setting.silence(), nothing);

    // One that is replaced while it lives is fenced.
    let mut twin = setting.process(Some("0")).join(&topics).unwrap();
    takes(&mut twin, &both(&topics, &[0, 1]));
    let begun = Instant::now();
    let fenced = loop {
        match back.poll(1, Duration::from_millis(100)) {
            Err(error) => break error,
            Ok(polled) => assert!(begun.elapsed() < PATIENCE, "{polled:?}"),
        }
    };
    assert!(matches!(fenced, LogError::Fenced { .. }), "{fenced}");
    is_silent(&mut one, setting.silence(), nothing);
}
