//! The synthetic operator: it repeats itself exactly, keeps its proportions, and says nothing wrong
//! but what it means to.

use decision::Event;
use decision::event::{BalanceReason, Body, Order, Outcome};
use decision::ids::{AccountId, CommandId};
use decision::money::LARGEST_AMOUNT;
use decision::time::{Date, Timestamp};
use loadtest::generate::{Operator, PerMille, Profile};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400_000_000;

fn moment(profile: &Profile, days: i64) -> Timestamp {
    Timestamp(i64::from(profile.start.days()) * DAY).plus_micros(days * DAY)
}

fn lived(profile: Profile, days: i64) -> Vec<Event> {
    let until = moment(&profile, days);
    Operator::new(profile).events(until).collect()
}

/// Whether each event is new, and not an earlier one that comes again.
fn first_times(events: &[Event]) -> Vec<&Event> {
    let mut seen = BTreeSet::new();
    events.iter().filter(|event| seen.insert(event.event_id.as_str())).collect()
}

fn word(event: &Event) -> &'static str {
    match &event.body {
        Body::Account(_) => "account",
        Body::Balance(_) => "balance",
        Body::Invoice(_) => "invoice",
        Body::Adjustment(_) => "adjustment",
        Body::Payment(_) => "payment",
        Body::Reversal(_) => "reversal",
        Body::Control(_) => "control",
        Body::Report(_) => "report",
    }
}

fn counts<'a, K: Ord>(events: &[&'a Event], key: impl Fn(&'a Event) -> Option<K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for found in events.iter().filter_map(|event| key(event)) {
        *counts.entry(found).or_default() += 1;
    }
    counts
}

/// FNV-1a over what the events look like: it differs when any field of any event does.
fn fingerprint<'a>(events: impl IntoIterator<Item = &'a Event>) -> u64 {
    let texts = events.into_iter().map(|event| format!("{event:?}"));
    texts.fold(0xCBF2_9CE4_8422_2325, |hash, text| {
        text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    })
}

#[track_caller]
fn check_share(what: &str, part: usize, whole: usize, asked: PerMille) {
    let asked = usize::from(asked.get());
    let found = part * 1_000 / whole.max(1);
    let tolerance = 15 + asked / 8;
    assert!(found.abs_diff(asked) <= tolerance, "{what}: {found} of a thousand, {asked} asked");
}

#[test]
fn one_seed_gives_the_same_events_everywhere_and_for_good() {
    let events = lived(Profile::test(7), 10);
    // It changes with the shape of events too; if it does so alone, nobody else's events changed.
    assert_eq!(fingerprint(events.iter().take(20_000)), 11_339_971_428_717_226_076);
    let others = lived(Profile::test(8), 1);
    assert_ne!(fingerprint(&others), fingerprint(events.iter().take(others.len())));
}

#[test]
fn it_makes_no_difference_in_what_pieces_events_are_taken() {
    let whole = lived(Profile::test(3), 6);
    let mut operator = Operator::new(Profile::test(3));
    let mut pieces: Vec<Event> = operator.events(moment(&Profile::test(3), 2).plus_micros(DAY / 3)).collect();
    pieces.extend(operator.events(moment(&Profile::test(3), 2).plus_micros(DAY / 3)));
    pieces.extend(operator.events(moment(&Profile::test(3), 2).plus_micros(DAY / 2)).take(10));
    for _ in 2..6 {
        pieces.extend(operator.next_day());
    }
    assert_eq!(whole.len(), pieces.len());
    assert!(whole == pieces, "the events differ");
}

#[test]
fn what_one_account_does_does_not_depend_on_the_others() {
    let fewer = Profile { subscribers: 1_000, ..Profile::demo() };
    let of_first = |events: Vec<Event>| -> Vec<(String, Timestamp)> {
        let own = events.into_iter().filter(|event| event.account_id.as_str() == "A-000000");
        own.filter(|event| !matches!(event.body, Body::Balance(_)))
            .map(|event| (word(&event).to_owned(), event.occurred_at))
            .collect()
    };
    // How busy it is depends on how many there are, so its balances move at other times.
    assert!(!of_first(lived(fewer.clone(), 2)).is_empty());
    assert_eq!(of_first(lived(fewer, 1)).first(), of_first(lived(Profile::demo(), 1)).first());
}

#[test]
fn times_ascend_and_ids_differ_but_for_events_that_come_again() {
    let profile = Profile::test(11);
    let events = lived(profile.clone(), 20);
    let mut known: BTreeMap<&str, &Event> = BTreeMap::new();
    let (mut latest, mut repeats) = (Timestamp::EARLIEST, 0);
    for event in &events {
        if let Some(first) = known.insert(event.event_id.as_str(), event) {
            assert_eq!(first, event, "it comes again as it was");
            repeats += 1;
            continue;
        }
        assert!(event.occurred_at >= latest, "{event:?} comes after {latest}");
        latest = event.occurred_at;
    }
    assert!(latest < moment(&profile, 20) && latest > moment(&profile, 19));
    check_share("repeated", repeats, known.len(), profile.trouble.repeated);
}

#[test]
fn each_balance_counts_its_versions_up() {
    let events = lived(Profile::test(5), 20);
    let mut versions = BTreeMap::new();
    for event in first_times(&events) {
        let Body::Balance(change) = &event.body else { continue };
        let Some(version) = change.version else { continue };
        let before = versions.insert((&event.account_id, &change.name), version).unwrap_or(0);
        assert_eq!(version, before + 1, "{event:?}");
    }
    assert!(versions.len() > 1_000);
}

#[test]
fn every_kind_of_event_and_every_reason_occurs() {
    let events = lived(Profile::demo(), 30);
    let events = first_times(&events);
    let kinds = counts(&events, |event| Some(word(event)));
    for kind in ["account", "balance", "invoice", "adjustment", "payment", "reversal", "control"] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 10), "{kind}: {kinds:?}");
    }
    let reasons = counts(&events, |event| {
        let Body::Balance(change) = &event.body else { return None };
        Some(format!("{:?}", change.reason))
    });
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    let has = |what: &str, found: &dyn Fn(&Body) -> bool| {
        assert!(events.iter().any(|event| found(&event.body)), "{what} does not occur");
    };
    has("a draft", &|body| matches!(body, Body::Invoice(invoice) if invoice.draft));
    has("a credit note that is undone", &|body| matches!(body, Body::Adjustment(note) if note.undo));
    has("a reversal of a part", &|body| matches!(body, Body::Reversal(back) if back.amount.is_some()));
    has("a reversal that is undone", &|body| matches!(body, Body::Reversal(back) if back.undo));
    has("a payment for no invoice", &|body| matches!(body, Body::Payment(paid) if paid.invoices.is_empty()));
    has("a payment for one", &|body| matches!(body, Body::Payment(paid) if paid.invoices.len() == 1));
    has(
        "an account without services",
        &|body| matches!(body, Body::Account(snapshot) if snapshot.services.is_empty()),
    );
    has(
        "a line that is always on",
        &|body| matches!(body, Body::Account(snapshot) if snapshot.services.iter().any(|line| line.always_on)),
    );
    has("an account that is closed", &|body| matches!(body, Body::Account(snapshot) if snapshot.closed));
    for exempt in [true, false] {
        has(
            "an exemption",
            &|body| matches!(body, Body::Control(order) if order.order == Order::Exempt(exempt)),
        );
    }
}

#[test]
fn people_are_as_the_profile_asks() {
    let mut profile = Profile::test(21);
    profile.subscribers = 4_000;
    let events = lived(profile.clone(), 4);
    let mut snapshots = BTreeMap::new();
    let mut first_is_snapshot = BTreeMap::new();
    for event in first_times(&events) {
        let is_snapshot = matches!(event.body, Body::Account(_));
        first_is_snapshot.entry(&event.account_id).or_insert(is_snapshot);
        if let Body::Account(snapshot) = &event.body {
            snapshots.entry(&event.account_id).or_insert(snapshot);
        }
    }
    let all = snapshots.len();
    assert_eq!(all, 4_000);
    let share = |found: &dyn Fn(&decision::account::Snapshot) -> bool| {
        snapshots.values().filter(|snapshot| found(snapshot)).count()
    };
    let people = &profile.people;
    let is = |kind: &'static str| {
        move |snapshot: &decision::account::Snapshot| {
            let text = decision::account::AttributeValue::String(kind.to_owned());
            snapshot.attributes.get("customer_type") == Some(&text)
        }
    };
    let currency = |code: &'static str| {
        move |snapshot: &decision::account::Snapshot| {
            snapshot.currency.is_some_and(|currency| currency.code() == code)
        }
    };
    check_share("business", share(&is("business")), all, people.business);
    check_share("vip", share(&is("vip")), all, people.vip);
    check_share("prepaid", share(&|one| one.payment_mode.as_str() == "prepaid"), all, people.prepaid);
    check_share("hybrid", share(&|one| one.payment_mode.as_str() == "hybrid"), all, people.hybrid);
    check_share("euro", share(&currency("EUR")), all, people.abroad);
    assert_eq!(share(&currency("EUR")) + share(&currency("TND")), all);
    check_share("opted out", share(&|one| !one.opt_outs.is_empty()), all, people.opted_out);
    let late = first_is_snapshot.values().filter(|is_first| !**is_first).count();
    check_share("late snapshots", late, all, people.late_snapshot);
}

#[test]
fn invoices_are_paid_as_the_profile_asks() {
    let mut profile = Profile::test(31);
    profile.subscribers = 3_000;
    profile.billing.opening_debt = PerMille::NEVER;
    let events = lived(profile.clone(), 75);
    let events = first_times(&events);
    // Those of the first month have had the time to be paid.
    let end = Date::from_days(profile.start.days() + 30).expect("a day");
    let invoices = counts(&events, |event| {
        let Body::Invoice(invoice) = &event.body else { return None };
        (!invoice.draft && invoice.issued <= end).then(|| invoice.id.clone())
    });
    let named = |event: &Event| {
        let Body::Payment(payment) = &event.body else { return None };
        payment.invoices.first().cloned()
    };
    let mut billed = BTreeSet::new();
    let mut paid_before = BTreeSet::new();
    let mut paid = BTreeSet::new();
    for event in &events {
        if let Body::Invoice(invoice) = &event.body
            && !invoice.draft
        {
            billed.insert(invoice.id.clone());
        }
        if let Some(invoice) = named(event).filter(|invoice| invoices.contains_key(invoice)) {
            if !billed.contains(&invoice) {
                paid_before.insert(invoice.clone());
            }
            paid.insert(invoice);
        }
    }
    let all = invoices.len();
    assert!(all > 1_200, "{all} invoices");
    check_share("paid before it came", paid_before.len(), all, profile.paying.before_invoice);
    let paying = &profile.paying;
    let ever = paying.on_time.get() + paying.late.get() + paying.in_part.get();
    let named = u32::from(ever) * u32::from(paying.names_invoice.get()) / 1_000;
    let named = u16::try_from(named).expect("a share") + paying.before_invoice.get();
    check_share("paid by name", paid.len(), all, PerMille::new(named));
    let credited = counts(&events, |event| {
        let Body::Adjustment(note) = &event.body else { return None };
        (!note.undo).then(|| note.invoice.clone())
    });
    let credited = credited.keys().filter(|invoice| invoices.contains_key(*invoice)).count();
    check_share("credited", credited, all, profile.billing.credited);
}

#[test]
fn some_accounts_are_far_busier_than_others() {
    let profile = Profile::test(41);
    let events = lived(profile.clone(), 20);
    let mut uses: Vec<usize> = counts(&first_times(&events), |event| {
        let Body::Balance(change) = &event.body else { return None };
        (change.reason == BalanceReason::Usage).then(|| event.account_id.clone())
    })
    .into_values()
    .collect();
    uses.sort_unstable_by(|one, other| other.cmp(one));
    let all: usize = uses.iter().sum();
    let busiest: usize = uses.iter().take(100).sum();
    assert!(busiest * 2 > all, "the busiest tenth makes {busiest} of {all}");
    // Balances that have run dry do not move, so it is less than asked, and not by much.
    let asked = profile.usage.per_day_milli * u64::from(profile.subscribers) * 20 / 1_000;
    let made = u64::try_from(all).expect("a count");
    assert!(made <= asked * 11 / 10 && made > asked * 6 / 10, "{made} of {asked}");
}

#[test]
fn amounts_and_dates_are_such_as_a_real_feed_has() {
    let events = lived(Profile::demo(), 20);
    for event in &events {
        assert_eq!(event.debtor_id, None);
        assert!(event.account_id.as_str() < "A-002000", "{event:?}");
        let in_range = |amount: i64| assert!(amount.abs() <= LARGEST_AMOUNT / 1_000_000, "{event:?}");
        match &event.body {
            Body::Balance(change) => {
                assert!(change.value.0 >= 0, "{event:?}");
                in_range(change.value.0 / 1_000);
                let is_money = change.name.as_str() == "main" || change.name.as_str() == "spend";
                assert_eq!(change.currency.is_some(), is_money);
            }
            Body::Invoice(invoice) => {
                assert!(invoice.amount.is_positive() && invoice.issued < invoice.due, "{event:?}");
                in_range(invoice.amount.0);
            }
            Body::Payment(payment) => {
                assert!(payment.amount.0 >= 0, "{event:?}");
                in_range(payment.amount.0);
            }
            Body::Adjustment(note) => assert!(note.amount.0 < 0, "{event:?}"),
            Body::Reversal(back) => {
                assert!(back.amount.is_none_or(|amount| amount.is_positive()), "{event:?}")
            }
            Body::Account(snapshot) => assert!(snapshot.contacts.contains_key("sms"), "{event:?}"),
            Body::Control(control) => {
                assert!(!control.by.is_empty() && !control.role.is_empty(), "{event:?}")
            }
            Body::Report(_) => panic!("nobody has sent a command: {event:?}"),
        }
    }
}

#[test]
fn commands_are_mostly_reported_done_and_always_the_same() {
    let profile = Profile::test(51);
    let operator = Operator::new(profile.clone());
    let account = AccountId::from("A-000001");
    let mut ends = BTreeMap::new();
    for number in 0..4_000 {
        let command = CommandId::of(&["test"], &[number]);
        let at = Timestamp(1_000_000);
        let reports = operator.reports_for(&account, command, at);
        assert_eq!(reports, operator.reports_for(&account, command, at));
        assert!(reports.iter().is_sorted_by_key(|report| report.occurred_at));
        for report in &reports {
            assert!(report.occurred_at > at && report.account_id == account);
            let Body::Report(report) = &report.body else { panic!("{report:?} is no report") };
            assert_eq!(report.command_id, command);
            *ends.entry(report.outcome).or_insert(0_usize) += 1;
        }
    }
    let of = |outcome| ends.get(&outcome).copied().unwrap_or(0);
    assert_eq!(of(Outcome::Done) + of(Outcome::Failed) + of(Outcome::Expired), 4_000);
    check_share("failed", of(Outcome::Failed), 4_000, profile.trouble.commands_failed);
    check_share("expired", of(Outcome::Expired), 4_000, profile.trouble.commands_expired);
    check_share("taken over first", of(Outcome::Accepted), 4_000, PerMille::new(500));
}
