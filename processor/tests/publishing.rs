//! Published versions of the policy: every partition goes by each from the control on that tells of it, whatever
//! breaks; and what is said of publications that cannot be.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use connectors::memory::{CommitFate, Faults};
use decision::Policy;
use decision::event::{Body, Control, Order};
use decision::time::{Period, Timestamp, Zone};
use engine::InstanceError;
use engine::controls::{ControlError, Said};
use engine::faults::Mutation;
use engine::publishing::{Outcome, PublishError, Publisher, ToPublish};
use engine::rejects::{Filter, Rejected, Rejects, Resent};
use schemas::{InputTopic, OutputTopic, SingleTopic, Step};
use state::MemoryStores;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use support::versions::version;
use support::{Every, PARTITIONS, World, compile};

/// How long a day may take the engine, with faults and all.
const PATIENCE: Duration = Duration::from_secs(5);

/// A version by its label, under an id of its own.
fn to_publish(event_id: &str, policy: Arc<Policy>) -> ToPublish {
    let text = str::to_owned;
    let said = Said {
        event_id: text(event_id),
        by: text("anna"),
        role: text("manager"),
        why: text("bar later"),
        source: text("test"),
    };
    let from = policy.effective_from.map(|from| format!("@{}", from.0)).unwrap_or_default();
    let text = format!("{}{from}", policy.identity.version);
    ToPublish {
        said,
        policy,
        file: "demo.policy.yaml".to_owned(),
        text,
        beside: Vec::new(),
        withdraws_later: false,
        based_on: None,
    }
}

/// Publishes a version by its label.
fn publish(world: &World, event_id: &str, policy: Arc<Policy>) -> Result<Outcome, PublishError> {
    let at = engine::Clock::now(&*world.clock);
    publish_as(world, &to_publish(event_id, policy), at)
}

fn publish_as(world: &World, wanted: &ToPublish, at: Timestamp) -> Result<Outcome, PublishError> {
    let registry = world.registry.clone();
    Publisher::new(&world.log, "test", &world.names, registry, compile())?.publish(wanted, at)
}

#[track_caller]
fn check_published(outcome: Result<Outcome, PublishError>, expected: i64) {
    let Ok(Outcome::Published { revision, written }) = outcome else { panic!("{outcome:?}") };
    assert_eq!((revision, written.offsets.len()), (expected, PARTITIONS as usize));
}

/// The publications that each partition's batches went by, one after the other.
fn revisions(world: &World) -> BTreeMap<u32, Vec<Option<i64>>> {
    let mut of_partitions: BTreeMap<u32, Vec<Option<i64>>> = BTreeMap::new();
    for batch in world.journal() {
        let seen = of_partitions.entry(batch.partition).or_default();
        if seen.last() != Some(&batch.policy_revision) {
            seen.push(batch.policy_revision);
        }
    }
    of_partitions
}

/// A world whose instances go by what is published; the first version is.
fn world(seed: u64) -> World {
    let mut world = World::new(seed, 200);
    world.goes_by_published();
    check_published(publish(&world, "p-1", version("1", None)), 1);
    world
}

#[test]
fn every_partition_goes_by_a_publication_from_its_control_on_and_decides_everyone_anew_whatever_breaks() {
    let mut world = world(21);
    world.settings.swept_per_batch = 5;
    let count = Arc::new(AtomicU32::new(0));
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(12, PATIENCE);
    check_published(publish(&world, "p-2", version("2", None)), 2);
    world.log.set_faults(Every { nth: 7, fate: CommitFate::CommittedUnknown, count });
    world.live(14, PATIENCE);
    let in_three_days = Zone::utc().after(engine::Clock::now(&*world.clock), Period::Days(3));
    world.log.set_faults(Every { nth: 1_000_000, fate: CommitFate::Ends, count: Arc::default() });
    check_published(publish(&world, "p-3", version("3", Some(in_three_days))), 3);
    world.live(14, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    let expected = vec![Some(1), Some(2), Some(3)];
    assert_eq!(revisions(&world), (0..PARTITIONS).map(|number| (number, expected.clone())).collect());
    let versions: std::collections::BTreeSet<String> =
        world.journal().iter().map(|batch| batch.policy_version.to_string()).collect();
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["1", "2", "3"]);
    // Once under the second version, once under the third.
    let mut swept: BTreeMap<String, usize> = BTreeMap::new();
    for step in world.journal().into_iter().flat_map(|batch| batch.steps) {
        if let Step::Swept(who) = step {
            *swept.entry(who.debtor_id.to_string()).or_default() += 1;
        }
    }
    assert!(swept.len() > 150 && swept.values().all(|count| *count <= 2), "{swept:?}");
    assert!(swept.values().filter(|count| **count == 2).count() > 100, "{swept:?}");
}

/// Two versions are published while nobody runs: what a partition goes by until it hears of them.
fn published_while_nobody_ran(mutation: Option<Mutation>) -> World {
    let mut world = world(22);
    world.settings.faults.mutation = mutation;
    let stores = MemoryStores::new();
    let running = world.start(world.log.clone(), stores.clone());
    world.live(8, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    // What lies before their controls is decided by the first.
    world.live_a_day();
    check_published(publish(&world, "p-2", version("2", None)), 2);
    world.live_a_day();
    check_published(publish(&world, "p-3", version("3", None)), 3);
    let running = world.start(world.log.clone(), stores);
    world.live(8, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world
}

#[test]
fn a_partition_that_comes_back_goes_by_what_it_knew_until_it_hears_of_more() {
    let world = published_while_nobody_ran(None);
    world.check_well();
    let expected = vec![Some(1), Some(2), Some(3)];
    assert_eq!(revisions(&world), (0..PARTITIONS).map(|number| (number, expected.clone())).collect());
}

#[test]
fn a_task_that_forgets_what_it_knew_or_goes_on_within_a_batch_is_found_out() {
    for (mutation, told) in [
        (Mutation::RevisionForgotten, "was decided by publication"),
        (Mutation::AdoptsWithinABatch, "was told, with that batch"),
    ] {
        let deviations = published_while_nobody_ran(Some(mutation)).verdict().deviations;
        assert!(
            deviations.iter().any(|deviation| deviation.what.contains(told)),
            "{mutation:?}: {deviations:?}"
        );
    }
}

#[test]
fn a_control_that_names_no_publication_is_rejected_and_the_next_one_is_heard() {
    let world = world(23);
    let running = world.start(world.log.clone(), MemoryStores::new());
    let adopt = |event_id: &str, revision| {
        let body = Body::Control(Control {
            by: "mallory".to_owned(),
            role: "manager".to_owned(),
            why: None,
            order: Order::AdoptPolicy { revision },
        });
        world.tell_everyone(event_id, body);
    };
    // One that is not there, one that is told by another control, one that never can be.
    adopt("forged-2", 2);
    adopt("forged-1", 1);
    adopt("forged-0", i64::MIN);
    world.wait_until_done();
    check_published(publish(&world, "p-2", version("2", None)), 2);
    // Told again it is known, and what comes after goes by the last one still.
    adopt("p-1", 1);
    world.wait_until_done();
    adopt("forged-3", 3);
    world.wait_until_done();
    running.stop().unwrap();
    let deviations = world.verdict().deviations;
    assert!(deviations.is_empty(), "{deviations:?}");
    let rejects = world.rejects();
    let expected = 4 * PARTITIONS as usize;
    assert_eq!(
        rejects.iter().filter(|reason| *reason == "unknown_publication").count(),
        expected,
        "{rejects:?}"
    );
    assert!(revisions(&world).values().all(|seen| seen.last() == Some(&Some(2))));
    // Sent again, each goes back to the partition that it came from: it is about no account.
    let mut rejects = Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    let forged = Filter { reason: Some("unknown_publication".to_owned()), ..Filter::default() };
    let listed = rejects.list(&forged, 100).unwrap().rejects;
    let outcomes = rejects.resend(&listed, false, engine::Clock::now(&*world.clock)).unwrap();
    let back = |rejected: &Rejected, outcome: &Resent| match outcome {
        Resent::To(target) => target.partition == rejected.came_from.partition,
        Resent::Known | Resent::NoInput | Resent::NoRecord => false,
    };
    assert_eq!(listed.len(), expected);
    assert!(listed.iter().zip(&outcomes).all(|(rejected, outcome)| back(rejected, outcome)), "{outcomes:?}");
}

#[test]
fn files_and_publications_do_not_mix_unless_that_is_said() {
    let mut world = world(24);
    let stores = MemoryStores::new();
    let running = world.start(world.log.clone(), stores.clone());
    world.live(3, PATIENCE);
    running.stop().unwrap();
    world.goes_by_files(false);
    let error = world.start(world.log.clone(), stores.clone()).ended().unwrap_err();
    let InstanceError::Task(error) = error else { panic!("{error}") };
    assert!(error.to_string().contains("replace_published"), "{error}");
    world.goes_by_files(true);
    let running = world.start(world.log.clone(), stores.clone());
    world.live(3, PATIENCE);
    check_published(publish(&world, "p-2", version("2", None)), 2);
    world.wait_until_done();
    running.stop().unwrap();
    assert!(world.rejects().contains(&"unknown_publication".to_owned()));
    // Back again: with the last one, since no control of it is to come.
    world.goes_by_published();
    let running = world.start(world.log.clone(), stores);
    world.live(3, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    let deviations = world.verdict().deviations;
    assert!(deviations.is_empty(), "{deviations:?}");
    assert!(revisions(&world).values().all(|seen| *seen == [Some(1), None, Some(2)]));
}

#[test]
fn a_partition_whose_publications_are_gone_is_not_taken() {
    let mut world = world(25);
    let stores = MemoryStores::new();
    let running = world.start(world.log.clone(), stores.clone());
    world.live(2, PATIENCE);
    check_published(publish(&world, "p-2", version("2", None)), 2);
    world.live(2, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    let topic = world.names.single(SingleTopic::Policies);
    world.log.delete_topic(topic);
    world.log.create_topic(topic, 1);
    check_published(publish(&world, "p-1", version("1", None)), 1);
    let error = world.start(world.log.clone(), stores.clone()).ended().unwrap_err();
    assert!(error.to_string().contains("publication 2 of the policy, and weir.policies holds 1"), "{error}");
    // As many, and others.
    check_published(publish(&world, "p-2", version("other", None)), 2);
    let error = world.start(world.log.clone(), stores).ended().unwrap_err();
    assert!(error.to_string().contains("the topic was made anew with others"), "{error}");
}

/// What becomes of a transaction, one after the other.
struct Fates(Vec<CommitFate>);

impl Faults for Fates {
    fn commit(&mut self, _: &str) -> CommitFate {
        if self.0.is_empty() { CommitFate::Ends } else { self.0.remove(0) }
    }
}

#[test]
fn a_version_is_published_once_however_its_transaction_ends() {
    use CommitFate::{Aborts, CommittedUnknown, OpenUnknown};
    let rows: [&[CommitFate]; 4] =
        [&[Aborts, Aborts], &[CommittedUnknown], &[OpenUnknown, CommittedUnknown], &[OpenUnknown, Aborts]];
    for fates in rows {
        let world = world(26);
        world.log.set_faults(Fates(fates.to_vec()));
        check_published(publish(&world, "p-2", version("2", None)), 2);
        // Again under the same id: nothing more.
        check_published(publish(&world, "p-2", version("2", None)), 2);
        assert_eq!(
            world.log.committed_records(world.names.single(SingleTopic::Policies), 0).len(),
            2,
            "{fates:?}"
        );
        let controls = world.names.input(InputTopic::Controls);
        for partition in 0..PARTITIONS {
            assert_eq!(world.log.committed_records(controls, partition).len(), 2, "{fates:?}");
        }
    }
    let world = world(26);
    world.log.set_faults(Fates(vec![Aborts; 3]));
    let error = publish(&world, "p-2", version("2", None)).unwrap_err();
    assert!(matches!(error, PublishError::Control(ControlError::Aborted(_))), "{error:?}");
    world.log.set_faults(Fates(vec![OpenUnknown; 3]));
    let error = publish(&world, "p-2", version("2", None)).unwrap_err();
    assert!(matches!(error, PublishError::Control(ControlError::Unknown { .. })), "{error:?}");
}

#[test]
fn of_two_who_publish_the_second_is_told_of_the_first_and_no_id_is_used_for_two() {
    let world = world(29);
    let now = engine::Clock::now(&*world.clock);
    let registry = world.registry.clone();
    let mut slow = Publisher::new(&world.log, "test", &world.names, registry, compile()).unwrap();
    let seen = slow.publications().last();
    check_published(publish(&world, "p-2", version("2", None)), 2);
    let based = ToPublish { based_on: Some(seen), ..to_publish("p-3", version("3", None)) };
    let error = slow.publish(&based, now).unwrap_err();
    assert!(matches!(error, PublishError::Overtaken { revision: 2 }), "{error:?}");
    // What an earlier try made is not overtaken by what came after it.
    let again = ToPublish { based_on: Some(seen), ..to_publish("p-2", version("2", None)) };
    check_published(slow.publish(&again, now), 2);
    let error = slow.publish(&to_publish("p-2", version("3", None)), now).unwrap_err();
    assert!(matches!(error, PublishError::IdInUse { revision: 2, .. }), "{error:?}");
    let withdrawing = ToPublish { withdraws_later: true, ..to_publish("p-2", version("2", None)) };
    assert!(matches!(slow.publish(&withdrawing, now), Err(PublishError::IdInUse { .. })));
    // A publisher whose clock is behind does not publish before the last one.
    let behind = now.plus_micros(-3_600_000_000);
    check_published(slow.publish(&to_publish("p-3", version("3", None)), behind), 3);
    slow.publications().read_on(&world.log).unwrap();
    let moments: Vec<_> = slow.publications().all().iter().map(|(known, _)| known.published_at).collect();
    assert_eq!(moments, [now, now, now]);
    // A try says what it would come to, and writes nothing.
    assert_eq!(slow.check(&to_publish("p-4", version("3", None)), now).unwrap(), Some(3));
    assert_eq!(slow.check(&to_publish("p-4", version("4", None)), now).unwrap(), None);
    assert_eq!(world.log.committed_records(world.names.single(SingleTopic::Policies), 0).len(), 3);
}

#[test]
fn each_partition_says_by_which_publication_it_goes() {
    let mut world = world(30);
    let known =
        |world: &World| engine::adopted::revisions(&world.log, &world.names, world.registry.clone()).unwrap();
    let all = |revision| (0..PARTITIONS).map(|number| (number, revision)).collect::<BTreeMap<_, _>>();
    assert_eq!(known(&world), all(None));
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(2, PATIENCE);
    world.wait_until_done();
    assert_eq!(known(&world), all(Some(1)));
    check_published(publish(&world, "p-2", version("2", None)), 2);
    world.wait_until_done();
    running.stop().unwrap();
    assert_eq!(known(&world), all(Some(2)));
}

#[test]
fn what_holds_already_is_told_again_and_what_leaves_a_gap_is_refused() {
    let world = world(27);
    let outcome = publish(&world, "again", version("1", None)).unwrap();
    assert!(matches!(outcome, Outcome::HoldsAlready { revision: 1, .. }), "{outcome:?}");
    let now = engine::Clock::now(&*world.clock);
    let later = now.plus_micros(86_400_000_000);
    check_published(publish(&world, "p-2", version("2", Some(later))), 2);
    // It holds, and another is to come: to publish it withdraws nothing, and to withdraw is something new.
    let withdrawing = ToPublish { withdraws_later: true, ..to_publish("p-3", version("1", None)) };
    check_published(publish_as(&world, &withdrawing, now), 3);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.wait_until_done();
    running.stop().unwrap();
    assert!(world.rejects().is_empty(), "what is told again is known: {:?}", world.rejects());

    let empty = World::new(28, 5);
    let error = publish(&empty, "p-1", version("1", Some(later))).unwrap_err();
    assert!(matches!(error, PublishError::NothingHolds { from } if from == later), "{error:?}");
    for (change, told) in [
        ((|said| said.by.clear()) as fn(&mut Said), "who gave it"),
        (|said| said.why = " ".to_owned(), "why"),
        (|said| said.event_id.clear(), "no partition would accept"),
    ] {
        let mut wanted = to_publish("p-1", version("1", None));
        change(&mut wanted.said);
        let error = publish_as(&empty, &wanted, now).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    }
    let elsewhere = empty.names.clone().with_single(SingleTopic::Policies, "blue.policies");
    let error =
        Publisher::new(&empty.log, "test", &elsewhere, empty.registry.clone(), compile()).err().unwrap();
    assert!(engine_words(&error).contains("there is no topic blue.policies"), "{error:?}");
    empty.log.create_topic("blue.policies", 2);
    let error =
        Publisher::new(&empty.log, "test", &elsewhere, empty.registry.clone(), compile()).err().unwrap();
    assert!(engine_words(&error).contains("has 2 partitions"), "{error:?}");
    assert!(empty.log.committed_records(empty.names.output(OutputTopic::Rejects), 0).is_empty());
}

/// An error with its cause.
fn engine_words(error: &dyn std::error::Error) -> String {
    format!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default())
}
