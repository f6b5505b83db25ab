//! Words in the order of the log, and who owns partition 7 by them.

use super::{GONE_AFTER, Known, Owners, RECALLED_FOR};
use decision::time::Timestamp;
use schemas::Instance;
use std::time::Duration;

/// The partition that is asked about.
const SEVEN: u32 = 7;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn word(url: &str, partitions: &[u32]) -> Instance {
    Instance { url: url.to_owned(), partitions: partitions.to_vec(), at: Timestamp(0), leaves: false }
}

/// A row: when something is said, what, and who owns the partition from then on.
///
/// What is said: the url, and the partitions after it; `leaves`; `~` before the url where it was said before the
/// reading began; nothing at all where only time goes on.
type Row<'r> = (u64, &'r str, Option<&'r str>);

fn said(text: &str) -> Option<(bool, Instance)> {
    let is_recalled = text.starts_with('~');
    let mut words = text.trim_start_matches('~').split_whitespace();
    let url = words.next()?;
    let leaves = text.ends_with("leaves");
    let partitions: Vec<u32> = words.filter_map(|word| word.parse().ok()).collect();
    Some((is_recalled, Instance { leaves, ..word(url, &partitions) }))
}

#[track_caller]
fn check(rows: &[Row<'_>]) {
    let mut owners = Owners::default();
    for (place, (at, text, owner)) in rows.iter().enumerate() {
        match said(text) {
            Some((true, instance)) => owners.recall(instance, seconds(*at)),
            Some((false, instance)) => owners.hear(instance, seconds(*at)),
            None => {}
        }
        let found = owners.owner_of(SEVEN, seconds(*at)).map(|url| &**url);
        assert_eq!(found, *owner, "after row {place}: {at} s, «{text}»");
    }
}

const A: Option<&str> = Some("a");
const B: Option<&str> = Some("b");

#[test]
fn a_partition_is_owned_by_who_says_that_it_works_on_it() {
    check(&[
        (0, "", None),
        (0, "a", None),
        (1, "a 7", A),
        (2, "b 1 2", A),
        (3, "a 1", None),
        (4, "b 7 1 2", B),
        (5, "b 7 7 7", B),
    ]);
}

#[test]
fn a_former_owner_that_repeats_itself_wins_nothing_back() {
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (2, "b 7", B),
        (10, "a 7", B),
        (12, "b 7", B),
        (20, "a 7 8", B),
        (22, "b 7", B),
        (23, "a 8", B),
    ]);
}

#[test]
fn a_partition_that_moved_there_and_back_is_the_first_ones_again() {
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (2, "a", None),
        (3, "b 7", B),
        // B is slow to say that it has lost it.
        (4, "a 7", A),
        (13, "b 7", A),
        (14, "a 7", A),
        (15, "b", A),
        (16, "b 7", B),
    ]);
    // It was A's meanwhile, even if A was slower to say so than B.
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (2, "b 7", B),
        (3, "a", B),
        (4, "a 7", A),
        (5, "b 7", A),
    ]);
}

#[test]
fn who_leaves_owns_nothing_from_then_on_and_may_come_back() {
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (2, "a 7 leaves", None),
        (3, "b 7", B),
        (4, "a", B),
        (5, "a 7", A),
    ]);
}

#[test]
fn who_falls_silent_is_gone_after_a_minute_and_its_claim_is_remembered() {
    check(&[
        (0, "a", None),
        (1, "a 7", A),
        (60, "", A),
        (61, "", None),
        // Nobody else works on it.
        (70, "a 7", A),
        (129, "", A),
        (130, "", None),
    ]);
    // A process that was frozen wins nothing back from the one that was given its partition.
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (45, "b 7", B),
        (90, "a 7", B),
        (100, "b 7", B),
        (101, "a", B),
    ]);
    // One that comes back where the other is gone is the owner, whoever was first.
    check(&[(0, "a", None), (0, "b", None), (1, "a 7", A), (2, "b 7", B), (50, "a 7", B), (62, "", A)]);
}

#[test]
fn a_process_that_was_killed_and_starts_anew_begins_its_claims_anew() {
    check(&[
        (0, "a", None),
        (0, "b", None),
        (1, "a 7", A),
        (2, "b 7", B),
        // It is started under the same url, and gets back what B has not yet said to have lost.
        (3, "a", B),
        (4, "a 7", A),
        (5, "b 7", A),
    ]);
}

#[test]
fn a_claim_whose_beginning_was_not_heard_is_older_than_one_that_was() {
    // The reading began in the middle: which of the two is newer cannot be told, until one of them ends.
    check(&[(0, "~b 7", B), (0, "~a 7", A), (8, "b 7", A), (9, "a 7", A), (18, "b 7", A), (19, "a", B)]);
    check(&[(0, "~b 7", B), (0, "~a 7", A), (8, "a 7", A), (9, "b", A), (10, "b 7", B), (18, "a 7", B)]);
    // A heartbeat is no beginning, also where it comes first after the reading began.
    check(&[(0, "~b", None), (1, "b 7", B), (2, "a 7", B), (12, "a 7", B)]);
    check(&[(0, "a 7", A), (1, "b", A), (2, "b 7", B), (10, "a 7", B)]);
}

#[test]
fn what_was_said_before_the_reading_began_counts_until_whoever_lives_has_spoken() {
    // A was killed long ago; B lives.
    check(&[
        (100, "~a", None),
        (100, "~a 7", A),
        (100, "~b 8", A),
        (109, "b 8", A),
        (124, "b 8", A),
        (125, "", None),
    ]);
    // To hear of the past again, after the log was out of reach, shortens nothing.
    check(&[(100, "a 7", A), (101, "~a 7", A), (159, "", A), (161, "", None)]);
    assert!(RECALLED_FOR < GONE_AFTER);
}

#[test]
fn all_that_are_there_are_told_in_order_with_what_they_claim() {
    let mut owners = Owners::default();
    owners.recall(word("c", &[5]), seconds(0));
    owners.hear(word("b", &[9, 2, 9]), seconds(1));
    owners.hear(word("a", &[]), seconds(4));
    owners.hear(word("d", &[1]), seconds(4));
    owners.hear(Instance { leaves: true, ..word("d", &[1]) }, seconds(5));
    let known = |url: &str, partitions: &[u32], heard_ago: Option<u64>| Known {
        url: url.into(),
        partitions: partitions.to_vec(),
        heard_ago: heard_ago.map(seconds),
    };
    let all = [known("a", &[], Some(2)), known("b", &[2, 9], Some(5)), known("c", &[5], None)];
    assert_eq!(owners.all(seconds(6)), all);
    assert_eq!(owners.all(seconds(61)), [known("a", &[], Some(57))]);
}

#[test]
fn who_was_not_heard_for_an_hour_is_forgotten() {
    let mut owners = Owners::default();
    owners.hear(word("a", &[7]), seconds(0));
    owners.hear(word("b", &[]), seconds(3_600));
    assert_eq!(owners.by_url.len(), 2);
    owners.hear(word("b", &[]), seconds(3_660));
    assert_eq!(owners.by_url.len(), 1);
}
