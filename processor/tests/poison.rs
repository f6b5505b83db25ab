//! What the core fails over is set aside, the partition goes on, and it can be sent again.
#![cfg(feature = "faults")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use decision::Event;
use engine::Clock;
use engine::faults::Poison;
use engine::rejects::{Filter, Rejected, Rejects, RejectsError, Resent};
use schemas::reject::POISON;
use state::MemoryStores;
use std::time::Duration;
use support::World;

const PATIENCE: Duration = Duration::from_secs(5);

const MARKS: Poison = Poison {
    event: "-poison",
    once: "-once",
    due: "",
    bytes: "-unreadable",
    sealed: "-sealed",
    until: decision::time::Timestamp::LATEST,
};

/// A day on which every so-many-eth event carries one of these marks, in turn.
fn live_a_marked_day(world: &mut World, marks: &[&str], nth: usize) -> Vec<Event> {
    let mut marked = Vec::new();
    for (number, mut event) in world.operator.next_day().into_iter().enumerate() {
        if number % nth == 0 {
            let mark = marks[(number / nth) % marks.len()];
            event.event_id = format!("{}{mark}", event.event_id.as_str()).into();
            marked.push(event.clone());
        }
        world.tell(&event);
    }
    marked
}

fn poison() -> Filter {
    Filter { reason: Some(POISON.to_owned()), ..Filter::default() }
}

/// All rejects of a kind.
fn list(world: &World, filter: &Filter) -> Vec<Rejected> {
    let mut rejects = Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    let listed = rejects.list(filter, 10_000).unwrap();
    assert_eq!(listed.older, 0);
    listed.rejects
}

fn ids(rejects: &[Rejected]) -> Vec<String> {
    let mut ids: Vec<String> = rejects.iter().filter_map(|rejected| rejected.event_id.clone()).collect();
    ids.sort();
    ids
}

fn ids_with(events: &[Event], marks: &[&str]) -> Vec<String> {
    let ids = events.iter().map(|event| event.event_id.to_string());
    let mut ids: Vec<String> = ids.filter(|id| marks.iter().any(|mark| id.ends_with(mark))).collect();
    ids.sort();
    ids
}

#[test]
fn an_event_over_which_the_core_fails_is_set_aside_and_decided_once_it_is_sent_to_a_mended_one() {
    let mut world = World::new(21, 200);
    world.settings.faults.poison = Some(MARKS);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(20, PATIENCE);
    let marks = ["-poison", "-once", "-unreadable", "-sealed"];
    let marked = live_a_marked_day(&mut world, &marks, 20);
    world.live(10, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    let verdict = world.check_well();
    let set_aside = list(&world, &poison());
    assert_eq!(verdict.poisoned, u64::try_from(set_aside.len()).unwrap());
    // What cannot be read has no id there.
    assert_eq!(ids(&set_aside), ids_with(&marked, &["-poison", "-sealed"]));
    let unread = set_aside.iter().filter(|rejected| rejected.event_id.is_none()).count();
    assert_eq!(unread, ids_with(&marked, &["-unreadable"]).len());
    assert!(ids(&set_aside).len() > 3 && unread > 1, "too little was marked: {set_aside:?}");
    for rejected in &set_aside {
        assert!(
            rejected.detail.contains("a panic at ") && rejected.detail.contains("on purpose"),
            "{rejected:?}"
        );
    }

    let mut rejects = Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    let read =
        set_aside.iter().map(|rejected| rejects.event(rejected).unwrap().unwrap().event_id.to_string());
    let mut read: Vec<String> = read.collect();
    read.sort();
    assert_eq!(read, ids_with(&marked, &["-poison", "-sealed", "-unreadable"]), "the bytes are as they came");
    let outcomes = rejects.resend(&set_aside, false, world.clock.now()).unwrap();
    for (rejected, outcome) in set_aside.iter().zip(outcomes) {
        let Resent::To(target) = outcome else { panic!("{outcome:?}") };
        assert_eq!((&*target.topic, target.partition), (&*rejected.topic, rejected.came_from.partition));
    }
    world.settings.faults.poison = None;
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(5, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    world.check_well();
    assert_eq!(list(&world, &poison()), set_aside, "nothing more is set aside");
}

#[test]
fn what_falls_due_for_a_debtor_over_whom_the_core_fails_is_put_off_and_done_once_it_is_mended() {
    let mut world = World::new(22, 200);
    // Of every tenth debtor.
    world.settings.faults.poison = Some(Poison { due: "7", ..Poison::default() });
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(20, PATIENCE);
    world.let_time_pass(5);
    world.wait_until_done();
    running.stop().unwrap();
    let verdict = world.check_well();
    let put_off = list(&world, &poison());
    assert!(put_off.len() > 3 && verdict.poisoned > 3, "too little was put off: {verdict:?}");
    for rejected in &put_off {
        assert!(rejected.debtor_id.as_ref().is_some_and(|id| id.ends_with('7')), "{rejected:?}");
        assert!(rejected.topic.is_empty() && rejected.value.is_none(), "{rejected:?}");
    }
    let mut rejects = Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    let outcomes = rejects.resend(&put_off, true, world.clock.now()).unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == Resent::NoRecord), "{outcomes:?}");
    world.settings.faults.poison = None;
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.let_time_pass(2);
    world.wait_until_done();
    running.stop().unwrap();
    let mended = world.check_well();
    assert!(mended.timers > verdict.timers, "{} of {} timers", mended.timers, verdict.timers);
    assert_eq!(mended.poisoned, verdict.poisoned);
}

#[test]
fn a_core_that_fails_over_far_too_many_ends_the_process_and_sets_no_more_aside() {
    let mut world = World::new(23, 2_000);
    world.settings.faults.poison = Some(MARKS);
    let running = world.start(world.log.clone(), MemoryStores::new());
    live_a_marked_day(&mut world, &["-poison"], 1);
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while !running.has_ended() {
        assert!(std::time::Instant::now() < deadline, "it goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = running.stop().unwrap_err();
    assert!(error.to_string().contains("The program or the policy is at fault, not an event"), "{error}");
    let mut debtors: Vec<_> =
        list(&world, &poison()).into_iter().map(|rejected| rejected.debtor_id).collect();
    debtors.sort();
    debtors.dedup();
    assert!(debtors.len() <= 300, "a hundred in each of three partitions, and not {}", debtors.len());
}

#[test]
fn what_the_core_declined_is_not_sent_again_since_its_id_was_seen() {
    let mut world = World::new(24, 200);
    let running = world.start(world.log.clone(), MemoryStores::new());
    // Within the days for which ids are remembered.
    world.live(6, PATIENCE);
    world.wait_until_done();
    let all = list(&world, &Filter::default());
    let declined =
        all.iter().find(|rejected| rejected.is_id_remembered).expect("the operator makes mistakes");
    let mut rejects = Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    assert_eq!(&rejects.one(declined.place).unwrap(), declined);
    let beyond = engine::rejects::Place { offset: 1_000_000, ..declined.place };
    assert!(matches!(rejects.one(beyond), Err(RejectsError::NotThere(place)) if place == beyond));
    // Several are found wherever they lie, in the order in which they are sought.
    let mut places: Vec<_> = all.iter().map(|rejected| rejected.place).collect();
    places.reverse();
    places.insert(1, beyond);
    let found = rejects.several(&places).unwrap();
    for (place, found) in places.iter().zip(&found) {
        match found {
            Ok(found) => assert_eq!(found.place, *place),
            Err(error) => assert!(matches!(error, RejectsError::NotThere(at) if at == &beyond), "{error}"),
        }
    }
    assert_eq!(found.iter().flatten().count(), all.len());
    let by_account = Filter { account: declined.account_id.clone(), ..Filter::default() };
    assert!(list(&world, &by_account).contains(declined));
    let later = Filter { since: Some(world.clock.now().plus_micros(1)), ..Filter::default() };
    assert_eq!(list(&world, &later), []);
    let newest = rejects.list(&Filter::default(), 1).unwrap();
    assert_eq!(newest.rejects.len(), 1);
    assert_eq!(newest.older, u64::try_from(all.len()).unwrap() - 1);

    let now = world.clock.now();
    let one = std::slice::from_ref(declined);
    assert_eq!(rejects.resend(one, false, now).unwrap(), [Resent::Known]);
    let inputs = world.verdict().inputs;
    assert!(matches!(rejects.resend(one, true, now).unwrap()[..], [Resent::To(_)]));
    world.wait_until_done();
    running.stop().unwrap();
    let verdict = world.verdict();
    assert!(verdict.deviations.is_empty(), "{verdict:?}");
    assert_eq!(verdict.inputs, inputs + 1, "it was sent once");
    let after = list(&world, &Filter::default());
    assert_eq!(after.len(), all.len(), "of {declined:?} came {:?}", after.last());
}

#[test]
fn a_list_that_may_not_take_long_is_of_the_newest_or_is_given_up() {
    let mut world = World::new(25, 200);
    let running = world.start(world.log.clone(), MemoryStores::new());
    world.live(6, PATIENCE);
    world.wait_until_done();
    running.stop().unwrap();
    let all = list(&world, &Filter::default());
    let rejects = || Rejects::new(&world.log, "test", &world.names, world.registry.clone());
    assert!(rejects().list(&Filter::default(), 1).unwrap().is_whole);
    let listed = rejects().bounded(1_000_000, &|| false).list(&Filter::default(), 10_000).unwrap();
    assert_eq!((&listed.rejects, listed.older, listed.is_whole), (&all, 0, true));
    let last = all.iter().map(|rejected| rejected.place).max().unwrap();
    // Offsets are those of transactions' ends as well.
    let listed = rejects().bounded(2, &|| false).list(&Filter::default(), 10_000).unwrap();
    let places: Vec<_> = listed.rejects.iter().map(|rejected| rejected.place).collect();
    assert!(
        !listed.is_whole && places.contains(&last) && places.len() < all.len(),
        "{places:?} of {}",
        all.len()
    );
    // Where one lies is said: that is found however far back it is.
    let first = all.iter().min_by_key(|rejected| rejected.place.offset).unwrap();
    assert_eq!(&rejects().bounded(2, &|| false).one(first.place).unwrap(), first);
    let given_up = rejects().bounded(1_000_000, &|| true).list(&Filter::default(), 10);
    assert!(matches!(given_up, Err(RejectsError::TooSlow)), "{given_up:?}");
}
