//! What a schedule is like as a whole: it repeats, keeps its rate, and has the proportions of its profile.

use loadtest::load::{Expected, Kind, LoadError, Planned, Profile, Schedule, Size, What};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn profile(name: &str) -> Profile {
    Profile::parse(name, Profile::shipped(name).unwrap()).unwrap()
}

fn schedule(profile: Profile, accounts: u32, seed: u64) -> Schedule {
    Schedule::new(profile, Size { accounts: count(accounts), seed }).unwrap()
}

fn step(schedule: &mut Schedule, rate: u32, seconds: u64) -> Vec<Planned> {
    schedule.begin_step(0, count(rate), Duration::from_secs(seconds)).unwrap();
    schedule.collect()
}

#[test]
fn one_seed_makes_one_schedule_and_another_makes_another() {
    let make = |seed| step(&mut schedule(profile("mixed"), 20_000, seed), 2_000, 30);
    let first = make(1);
    assert_eq!(first, make(1));
    assert_ne!(first, make(2));
}

#[test]
fn moments_are_even_and_as_many_as_the_rate_says() {
    let planned = step(&mut schedule(profile("mixed"), 20_000, 3), 2_000, 30);
    assert!(planned.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    // No slot stays empty; of several payments due at once more than one may come in a slot.
    let mut slots: Vec<u64> = planned.iter().map(|planned| planned.at_us).collect();
    slots.dedup();
    assert_eq!(slots, (0..60_000).map(|slot| slot * 500).collect::<Vec<_>>());
    assert!(planned.len() < 60_600, "{}", planned.len());
}

/// In how many of so many events the busiest account has a part.
fn of_the_busiest(planned: &[Planned]) -> usize {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for planned in planned {
        *counts.entry(planned.account).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

#[test]
fn who_is_busy_can_change_from_step_to_step_and_changes_nothing_else() {
    let mut schedule = schedule(profile("mixed"), 20_000, 1);
    let mut next = |skew: f64, from_us: u64| -> Vec<Planned> {
        schedule.set_skew(skew);
        schedule.begin_step(from_us, count(2_000), Duration::from_secs(10)).unwrap();
        schedule.by_ref().collect()
    };
    let (even, skewed) = (next(0.0, 0), next(0.8, 10_000_000));
    assert!(of_the_busiest(&even) < 20, "{}", of_the_busiest(&even));
    assert!(of_the_busiest(&skewed) > 200, "{}", of_the_busiest(&skewed));
    // Versions go on: no balance moves to one that it had.
    let mut versions: BTreeMap<u32, u32> = BTreeMap::new();
    for planned in even.iter().chain(&skewed) {
        let What::Money { version, .. } = planned.what else { continue };
        let last = versions.insert(planned.account, version).unwrap_or(0);
        assert!(version == last + 1 || version == last, "{planned:?} after {last}");
    }
    // The profile's own skew, set once more, changes nothing.
    let mut set = self::schedule(profile("mixed"), 20_000, 1);
    set.set_skew(0.8);
    assert_eq!(step(&mut set, 2_000, 10), step(&mut self::schedule(profile("mixed"), 20_000, 1), 2_000, 10));
}

/// How many of each kind, of a thousand of all that is not done about debts.
fn mix_of(planned: &[Planned]) -> BTreeMap<&'static str, f64> {
    let mut counts: BTreeMap<&'static str, f64> = BTreeMap::new();
    for planned in planned {
        let part = match planned.kind() {
            Kind::MoneyUse | Kind::TopUp => "money",
            Kind::DataUse | Kind::Bundle => "data",
            Kind::Invoice => "invoices",
            Kind::Snapshot => "snapshots",
            Kind::Payment | Kind::Reversal => continue,
        };
        *counts.entry(part).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    counts.values_mut().for_each(|count| *count *= 1_000.0 / all);
    counts
}

#[test]
fn every_profile_has_the_mix_that_its_file_says() {
    for name in Profile::names() {
        let profile = profile(name);
        let (mix, whole) = (profile.mix, f64::from(profile.mix.whole()));
        let waves = profile.waves.is_some();
        let planned = step(&mut schedule(profile, 200_000, 5), 5_000, 20);
        let found = mix_of(&planned);
        let parts = [
            ("money", mix.money),
            ("data", mix.data),
            ("invoices", mix.invoices),
            ("snapshots", mix.snapshots),
        ];
        for (part, share) in parts {
            let wanted = f64::from(share) * 1_000.0 / whole;
            let found = found.get(part).copied().unwrap_or(0.0);
            // Of 100,000 draws five standard deviations are at most 8 of a thousand. Where invoices come in
            // waves, their payments take slots mostly from what is drawn between the waves.
            let bound = if waves { 16.0 } else { 8.0 };
            assert!((found - wanted).abs() < bound, "{name}: {part} {found}, not {wanted}");
        }
    }
}

#[test]
fn a_few_events_come_twice_and_nothing_is_expected_of_the_second() {
    let planned = step(&mut schedule(profile("mixed"), 20_000, 7), 5_000, 20);
    let same = |pair: &&[Planned]| pair[0].what == pair[1].what && pair[0].account == pair[1].account;
    let twice: Vec<&[Planned]> = planned.windows(2).filter(same).collect();
    assert!((100..300).contains(&twice.len()), "{} of 100,000", twice.len());
    assert!(twice.iter().all(|pair| pair[1].expectations().count() == 0));
}

#[test]
fn invoices_of_a_wave_come_in_it_and_nowhere_else() {
    let planned = step(&mut schedule(profile("month-end-invoicing"), 200_000, 5), 4_000, 20);
    let invoices: Vec<u64> = planned
        .iter()
        .filter(|planned| planned.kind() == Kind::Invoice)
        .map(|planned| planned.at_us)
        .collect();
    assert!(invoices.len() > 10_000);
    // But for those that come twice, in the slot after.
    assert!(invoices.iter().all(|at| at % 10_000_000 <= 3_001_000));
}

#[test]
fn an_account_has_one_open_debt_at_a_time_and_pays_what_it_owes() {
    let mut schedule = schedule(profile("payday"), 90_000, 11);
    let planned = step(&mut schedule, 3_000, 100);
    let mut owed: BTreeMap<u32, i64> = BTreeMap::new();
    let mut last_payment: BTreeMap<u32, i64> = BTreeMap::new();
    let mut seen: Vec<&Planned> = Vec::new();
    for planned in &planned {
        let again = |earlier: &&&Planned| earlier.what == planned.what && earlier.account == planned.account;
        if seen.last().filter(again).is_some() {
            continue;
        }
        seen.push(planned);
        let owes = owed.entry(planned.account).or_default();
        match planned.what {
            What::Invoice { cents, .. } => {
                assert_eq!(*owes, 0, "{planned:?}");
                *owes = i64::from(cents);
            }
            What::Payment { cents, .. } => {
                *owes -= i64::from(cents);
                assert!(*owes == 0 || *owes >= 500, "{planned:?} leaves {owes}");
                last_payment.insert(planned.account, i64::from(cents));
            }
            What::Reversal { .. } => *owes += last_payment[&planned.account],
            What::Snapshot { .. } | What::Money { .. } | What::Data { .. } => {}
        }
    }
    let payments = planned.iter().filter(|planned| planned.kind() == Kind::Payment).count();
    assert!(payments > 10_000, "{payments}");
}

#[test]
fn timers_are_set_for_the_share_of_accounts_and_all_for_one_moment() {
    let mut schedule = schedule(profile("midnight-timers"), 10_000, 1);
    let end = schedule.begin_preload(0, count(5_000));
    assert_eq!(end, 2_000_000);
    assert_eq!(schedule.by_ref().filter(|planned| planned.kind() == Kind::Snapshot).count(), 10_000);
    let end = schedule.begin_arming(end, count(5_000), 9_000_000);
    assert_eq!((end, schedule.timers()), (3_600_000, 8_000));
    let expected: Vec<_> = schedule.flat_map(|planned| planned.expectations().collect::<Vec<_>>()).collect();
    assert_eq!(expected.len(), 8_000);
    assert!(
        expected
            .iter()
            .all(|expected| (expected.expected, expected.since_us) == (Expected::DataExpires, 9_000_000))
    );
}

#[test]
fn the_highest_rate_is_taken_and_a_little_more_is_refused() {
    let mut schedule = schedule(profile("mixed"), 200_000, 1);
    let highest = schedule.highest_rate().get();
    assert!(schedule.begin_step(0, count(highest), Duration::from_secs(1)).is_ok());
    assert!(schedule.begin_step(2_000_000, count(highest + highest / 500), Duration::from_secs(1)).is_err());
}

#[test]
fn too_few_accounts_are_refused_with_how_many_it_takes() {
    let mut few = schedule(profile("mixed"), 1_000, 1);
    let refused = few.begin_step(0, count(1_000), Duration::from_secs(1)).unwrap_err();
    assert_eq!(refused, LoadError::TooFewAccounts { a_second: 30, needed: 1_081, postpaid: 300, mean_s: 24 });
    let one = Schedule::new(profile("mixed"), Size { accounts: count(1), seed: 1 }).unwrap_err();
    assert_eq!(one, LoadError::NoneOfAKind { accounts: 1, kind: "prepaid" });
}
