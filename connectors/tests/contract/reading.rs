//! A member alone: assigned partitions, where they are read from, and where they end.

use super::*;

/// A topic of one partition with five committed records and one marker, and a consumer that it is
/// assigned to.
fn filled<S: Setting>(setting: &S) -> (S::Log, <S::Log as Log>::Consumer, TopicPartition) {
    let log = setting.process(None);
    let input = at(&setting.topic("in", 1), 0);
    let mut consumer = log.join(std::slice::from_ref(&input.topic)).unwrap();
    takes(&mut consumer, std::slice::from_ref(&input));
    let mut producer = fenced(&log, &format!("{}-p", input.topic));
    send(&mut producer, &input, &["0", "1", "2", "3", "4"]);
    commit(&mut producer, vec![], &consumer.membership()).unwrap();
    (log, consumer, input)
}

/// Polls until `count` records have come.
#[track_caller]
fn reads<C: Consumer>(consumer: &mut C, count: usize) -> Vec<String> {
    let mut read = Vec::new();
    while read.len() < count {
        match polls(consumer, |polled| matches!(polled, Polled::End { .. })) {
            Polled::Records(records) => read.extend(texts(&records)),
            other @ (Polled::End { .. }
            | Polled::Stuck { .. }
            | Polled::Assigned(_)
            | Polled::Revoked(_)
            | Polled::Lost(_)) => {
                panic!("{other:?}")
            }
        }
    }
    read
}

fn ends(polled: &Polled) -> bool {
    matches!(polled, Polled::End { .. })
}

pub(crate) fn an_assigned_partition_is_read_from_where_it_was_started(setting: &impl Setting) {
    let (_log, mut consumer, input) = filled(setting);
    is_silent(&mut consumer, setting.silence(), nothing);
    consumer.start(&input, 2).unwrap();
    assert_eq!(reads(&mut consumer, 3), ["2", "3", "4"]);
    is_silent(&mut consumer, setting.silence(), ends);
    consumer.start(&input, 0).unwrap();
    assert_eq!(reads(&mut consumer, 5), ["0", "1", "2", "3", "4"], "and again, from earlier");
    consumer.start(&input, 4).unwrap();
    assert_eq!(reads(&mut consumer, 1), ["4"]);
}

pub(crate) fn where_nothing_is_a_partition_is_read_no_further_and_nobody_waits_in_vain(
    setting: &impl Setting,
) {
    let (_log, mut consumer, input) = filled(setting);
    consumer.start(&input, 100).unwrap();
    let stuck = polls(&mut consumer, nothing);
    assert!(matches!(&stuck, Polled::Stuck { source, .. } if *source == input), "{stuck:?}");
    is_silent(&mut consumer, setting.silence(), nothing);
    // A client that cannot go on elsewhere says so at once, and does not stand still.
    match consumer.start(&input, 3) {
        Ok(()) => assert_eq!(reads(&mut consumer, 2), ["3", "4"]),
        Err(error) => assert!(matches!(error, engine::log::LogError::Fatal { .. }), "{error}"),
    }
}

pub(crate) fn the_end_of_a_partition_is_told_past_its_markers(setting: &impl Setting) {
    let (log, mut consumer, input) = filled(setting);
    let told = |offset| Polled::End { source: input.clone(), offset };
    consumer.start(&input, 4).unwrap();
    assert_eq!(reads(&mut consumer, 1), ["4"]);
    assert_eq!(polls(&mut consumer, nothing), told(6), "past the marker");
    is_silent(&mut consumer, setting.silence(), nothing);
    let mut producer = fenced(&log, &format!("{}-q", input.topic));
    send(&mut producer, &input, &["5"]);
    ends_at(&log, &input, 7);
    is_silent(&mut consumer, setting.silence(), nothing);
    producer.abort().unwrap();
    assert_eq!(polls(&mut consumer, nothing), told(8), "past an aborted record");
    assert_eq!(end(&log, &input), 8);
    consumer.start(&input, 8).unwrap();
    assert_eq!(polls(&mut consumer, nothing), told(8), "at once, where there is nothing more");
}

pub(crate) fn a_paused_partition_goes_on_where_it_stopped(setting: &impl Setting) {
    let (log, mut consumer, input) = filled(setting);
    let inputs = std::slice::from_ref(&input);
    consumer.start(&input, 0).unwrap();
    let Polled::Records(first) = polls_at_most(&mut consumer, 2) else { panic!() };
    assert_eq!(texts(&first), ["0", "1"]);
    consumer.pause(inputs).unwrap();
    // What was read already may still come; it counts.
    let mut read = 2;
    is_silent(&mut consumer, setting.silence(), |polled| {
        if let Polled::Records(records) = polled {
            read += records.len();
        }
        true
    });
    let mut producer = fenced(&log, &format!("{}-q", input.topic));
    send(&mut producer, &input, &["5"]);
    commit(&mut producer, vec![], &consumer.membership()).unwrap();
    is_silent(&mut consumer, setting.silence(), nothing);
    consumer.resume(inputs).unwrap();
    let rest = reads(&mut consumer, 6 - read);
    assert_eq!(rest, ["0", "1", "2", "3", "4", "5"][read..]);
    is_silent(&mut consumer, setting.silence(), ends);
}

fn polls_at_most<C: Consumer>(consumer: &mut C, at_most: usize) -> Polled {
    let begun = Instant::now();
    let mut records = Vec::new();
    while records.len() < at_most && begun.elapsed() < PATIENCE {
        if let Polled::Records(more) =
            consumer.poll(at_most - records.len(), Duration::from_millis(100)).unwrap()
        {
            records.extend(more);
        }
    }
    Polled::Records(records)
}

/// All that is read of stretches, as `partition:text`, by partition.
fn stretches<L: Log>(log: &L, stretches: &[(&TopicPartition, i64, i64)]) -> Vec<String> {
    let of = |(source, from, to): &(&TopicPartition, i64, i64)| Stretch {
        source: (*source).clone(),
        from: *from,
        to: *to,
    };
    let stretches: Vec<_> = stretches.iter().map(of).collect();
    let mut read = Vec::new();
    log.read_stretches(&stretches, &mut |record| {
        read.extend(record);
        ControlFlow::Continue(())
    })
    .unwrap();
    // Within a partition they come in order.
    read.sort_by_key(|record| record.source.partition);
    let text = |record: &LogRecord| {
        format!("{}:{}", record.source.partition, texts(std::slice::from_ref(record))[0])
    };
    read.iter().map(text).collect()
}

pub(crate) fn stretches_of_partitions_are_read_to_their_ends_and_no_further(setting: &impl Setting) {
    let log = setting.process(None);
    let topic = setting.topic("out", 4);
    let all: Vec<_> = (0..4).map(|partition| at(&topic, partition)).collect();
    let member = log.join(std::slice::from_ref(&topic)).unwrap().membership();
    let mut producer = fenced(&log, &format!("{topic}-p"));
    for (source, texts) in all.iter().zip([&["a", "b", "c"][..], &["d"], &["e", "f"]]) {
        send(&mut producer, source, texts);
        commit(&mut producer, vec![], &member).unwrap();
    }
    // Each commit leaves a marker.
    [4, 2, 3, 0].iter().zip(&all).for_each(|(end, source)| ends_at(&log, source, *end));
    let whole = [(&all[0], 0, 4), (&all[1], 0, 2), (&all[2], 0, 3), (&all[3], 0, 0)];
    assert_eq!(stretches(&log, &whole), ["0:a", "0:b", "0:c", "1:d", "2:e", "2:f"]);
    assert_eq!(stretches(&log, &[(&all[0], 1, 2), (&all[2], 1, 3)]), ["0:b", "2:f"]);
    assert_eq!(stretches(&log, &[(&all[1], 1, 2)]), [""; 0], "a marker is no record");
    assert_eq!(stretches(&log, &[]), [""; 0]);

    // What an open transaction has is waited for no longer than some seconds, and holds up nothing else.
    let mut open = fenced(&log, &format!("{topic}-open"));
    send(&mut open, &all[1], &["g"]);
    ends_at(&log, &all[1], 3);
    assert_eq!(stretches(&log, &[(&all[1], 0, 3), (&all[2], 0, 3)]), ["1:d", "2:e", "2:f"]);

    let mut told = 0;
    let all_of_first = [Stretch { source: all[0].clone(), from: 0, to: 4 }];
    log.read_stretches(&all_of_first, &mut |record| {
        told += usize::from(record.is_some());
        if told == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(told, 2, "whoever has enough is told no more");
}
