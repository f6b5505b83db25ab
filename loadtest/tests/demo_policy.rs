//! The demo policy and its operator, one held against the other.

use decision::ids::DebtorId;
use decision::{Debtor, Decisions, Input, Moment, Policies, decide};
use loadtest::generate::{DEMO_POLICY, Operator, PerMille, Profile};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[test]
fn the_policy_passes_its_own_tests_without_a_warning() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let loaded = policy::load(&folder.join("demo.policy.yaml")).unwrap_or_else(|report| panic!("{report:?}"));
    assert!(loaded.warnings.is_none(), "{:?}", loaded.warnings);
    let run =
        policy::tests::run(&folder.join("demo.tests.yaml")).unwrap_or_else(|reports| panic!("{reports:?}"));
    let failures: Vec<_> = run.tests.iter().filter(|test| test.failure.is_some()).collect();
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(run.passed() >= 10);
}

/// The demo policy at work on all of an operator's events, each decided when it happens.
struct Work {
    policies: Policies,
    debtors: BTreeMap<DebtorId, Debtor>,
    rejections: BTreeMap<&'static str, usize>,
    commands: BTreeMap<String, usize>,
}

impl Work {
    fn of(profile: Profile, days: usize) -> Self {
        let loaded =
            policy::parse("demo.policy.yaml", DEMO_POLICY).unwrap_or_else(|report| panic!("{report:?}"));
        let (debtors, rejections, commands) = Default::default();
        let mut work = Self { policies: loaded.policy.into(), debtors, rejections, commands };
        let mut operator = Operator::new(profile);
        let mut now = decision::time::Timestamp::EARLIEST;
        for event in (0..days).flat_map(|_| operator.next_day()) {
            now = now.max(event.occurred_at);
            let id = DebtorId::from(event.debtor());
            let mut debtor = work.debtors.remove(&id).unwrap_or_else(|| Debtor::new(id.clone()));
            while let Some(due) = debtor.next_due.filter(|due| *due <= now) {
                let moment = Moment { now: due, horizon: due };
                work.note(decide(&mut debtor, Input::Due, moment, &work.policies.clone()));
            }
            let moment = Moment { now, horizon: now };
            work.note(decide(&mut debtor, Input::Event(&event), moment, &work.policies.clone()));
            work.debtors.insert(id, debtor);
        }
        work
    }

    fn note(&mut self, decisions: Decisions) {
        for command in decisions.commands {
            let made = match command.action {
                decision::command::Action::Message(message) => message.template.to_string(),
                decision::command::Action::Provision(order) => order.operation.to_string(),
                decision::command::Action::Task { queue, .. } => queue.to_string(),
                decision::command::Action::Fee { code, .. } => code,
                decision::command::Action::Handover { to, .. } => to,
                decision::command::Action::Cancel { .. } => "cancel".to_owned(),
            };
            *self.commands.entry(made).or_default() += 1;
        }
        if let Some(rejection) = decisions.rejection {
            *self.rejections.entry(rejection.code()).or_default() += 1;
        }
    }
}

#[test]
fn every_measure_of_the_policy_but_the_last_is_taken_within_a_month_of_the_demo() {
    let work = Work::of(Profile::demo(), 30);
    let taken: BTreeSet<&str> = work.commands.keys().map(String::as_str).collect();
    let wanted = [
        "low-balance",
        "balance-ok",
        "data-low",
        "data-expires",
        "spending-cap",
        "business-spending",
        "reminder",
        "barred",
        "suspended",
        "agency",
        "thanks",
        "bar_outgoing",
        "unbar_outgoing",
        "suspend",
        "resume",
        "business-calls",
        "personal-managers",
        "late-payment",
        "north-collections",
        "cancel",
    ];
    let missing: Vec<_> = wanted.into_iter().filter(|measure| !taken.contains(measure)).collect();
    assert!(missing.is_empty(), "{missing:?} of {:?}", work.commands);
}

#[test]
fn only_what_is_meant_to_be_wrong_is_rejected() {
    let mut profile = Profile::test(61);
    profile.trouble.wrong = PerMille::NEVER;
    let work = Work::of(profile, 60);
    assert_eq!(work.rejections, BTreeMap::new());
    assert!(work.debtors.values().all(|debtor| debtor.own_snapshot().is_some()));

    let work = Work::of(Profile::test(61), 30);
    let wrong = ["amount_not_positive", "attribute_missing", "currency_differs", "unknown_balance"];
    for code in wrong {
        assert!(work.rejections.contains_key(code), "{code} of {:?}", work.rejections);
    }
    // A reversal of a payment that nobody made waits, and is rejected later, when it is known to be one.
    assert_eq!(work.rejections.len(), wrong.len(), "{:?}", work.rejections);
}
