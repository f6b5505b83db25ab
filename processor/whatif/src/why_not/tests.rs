//! Answers in words: of a life in files, and of each thing that can be found.

use super::*;
use decision::event::Outcome;
use decision::money::{Currency, MinorUnits};
use decision::policy::Unit;
use decision::time::{Date, Period, Zone};
use decision::why_not::command::{CommandView, Hindrance, Obstacle, Stands, What};
use decision::why_not::{stage as of_stage, threshold as of_rule};
use schemas::files::read_line;

const POLICY: &str = r#"
policy: soft
version: "1"
time_zone: Asia/Tashkent
currency: USD
language: en
balances: { main: { unit: money } }
thresholds:
  - { id: low, balance: main, falls_to: [50.00, 20.00], do: [ { message: { template: low, channel: sms, class: service } } ] }
segments: [ { name: everyone, group: all } ]
groups: { all: { standard: soft, plans: [soft] } }
plans:
  soft:
    stages:
      - { stage: remind, after: 5d, do: [ { message: { template: reminder, channel: sms, class: statutory } } ] }
      - { stage: bar, after: 15d, do: [ { provision: { operation: bar_outgoing, undo: unbar_outgoing, cuts_off: true } } ] }
templates: { low: { en: low }, reminder: { en: pay } }
"#;

/// A balance that falls below a line, and an invoice that is not paid.
const EVENTS: [&str; 4] = [
    r#"{"event":"account","account_id":"A-1","occurred_at":"2026-03-01T05:00:00Z","payment_mode":"postpaid"}"#,
    r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T06:00:00Z","name":"main","value":9000,"currency":"USD"}"#,
    r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T07:00:00Z","name":"main","value":4000,"currency":"USD"}"#,
    r#"{"event":"invoice","account_id":"A-1","occurred_at":"2026-03-02T05:00:00Z","invoice_id":"B1","amount":12000,"currency":"USD","issued":"2026-03-02","due":"2026-03-10"}"#,
];

fn told(question: Question, until: &str) -> Result<Told, NoAnswer> {
    let events: Vec<_> = EVENTS
        .iter()
        .enumerate()
        .map(|(at, line)| read_line(line, format!("events:{at}")).unwrap())
        .collect();
    let policies = policy::parse("soft.policy.yaml", POLICY).unwrap().policy.into();
    ask(
        "A-1".into(),
        &events,
        &Wanted { policies, reports: Reports::Auto, until: Some(moment_of(until)), question },
    )
}

fn stage_of(stage: &str) -> Question {
    Question::Stage { stage: stage.into(), plan: None, debt_class: None }
}

fn moment_of(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_rule_is_told_in_major_units_and_in_the_customers_own_time() {
    let told = told(Question::Rule("low".into()), "2026-03-02T00:00:00Z").unwrap();
    assert_eq!(
        text::lines(&told),
        "A-1, rule low, at 2026-03-02 05:00, times in Asia/Tashkent
  line 50.00 has fired, and is not armed again: the balance is 40.00
      what changes it: armed again at 50.01 or above, by a new period or by a person
  line 20.00 is not reached: the balance is 40.00
      what changes it: the balance at 20.00 or below
  it has acted: its last alert was at 2026-03-01 12:00
  its message low would go out without an address: the account has none for sms
      what changes it: a snapshot of the account with a contact for sms
"
    );
}

#[test]
fn a_stage_is_told_with_its_cycle_and_what_comes_before_it() {
    let told = told(stage_of("bar"), "2026-03-12T00:00:00Z").unwrap();
    assert_eq!(
        text::lines(&told),
        "A-1, stage bar, at 2026-03-12 05:00, times in Asia/Tashkent
Debt all, cycle 1 of plan soft, open since 2026-03-10 00:00, before its first stage, owes 120.00:
  before it comes remind
  remind comes 5d after 2026-03-10, the date of the oldest invoice, at 2026-03-15 00:00
  remind is due, if nothing changes, at 2026-03-15 00:00
  bar comes 15d after 2026-03-10, the date of the oldest invoice, at 2026-03-25 00:00
"
    );
}

#[test]
fn an_answer_for_programs_has_words_figures_and_moments() {
    let told = told(stage_of("remind"), "2026-03-12T00:00:00Z").unwrap();
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!((json["stage"].as_str(), json["at"].as_str()), (Some("remind"), Some("2026-03-12T00:00:00Z")));
    let part = &json["parts"][0];
    assert_eq!(
        (part["debt_class"].as_str(), part["cycle"]["real_debt"].as_str()),
        (Some("all"), Some("120.00"))
    );
    let due = &part["findings"][1];
    assert_eq!(due["finding"], "due");
    let when = serde_json::json!({ "at": "2026-03-14T19:00:00Z", "local": "2026-03-15 00:00" });
    assert_eq!((&due["when"], due["facts"]["stage"].as_str()), (&when, Some("remind")));
}

#[test]
fn an_answer_that_went_over_a_wire_is_the_same_and_says_the_same() {
    for question in [stage_of("bar"), Question::Rule("low".into())] {
        let told = told(question, "2026-03-12T00:00:00Z").unwrap();
        let json = serde_json::to_string(&told).unwrap();
        let came: Told = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&came).unwrap(), json);
        assert_eq!(text::lines(&came), text::lines(&told));
    }
}

#[test]
fn what_the_policy_does_not_have_is_no_answer() {
    let unknown = told(Question::Rule("lo".into()), "2026-03-12T00:00:00Z").unwrap_err();
    assert!(matches!(&unknown, NoAnswer::Unknown(Unknown::Rule { known, .. }) if known == &["low".into()]));
}

fn customer() -> Customer {
    let exponent = Currency::parse("USD").unwrap().exponent();
    Customer { zone: Zone::utc(), exponent }
}

/// Each is told with these words for programs and for people.
#[track_caller]
fn check(findings: &[Finding], expected: &[(&str, &str)]) {
    let told: Vec<_> = findings.iter().map(|finding| (&*finding.finding, finding.says.as_str())).collect();
    assert_eq!(told, expected);
}

fn minor(amount: i64) -> MinorUnits {
    MinorUnits(amount)
}

fn at() -> Timestamp {
    moment_of("2026-03-20T09:00:00Z")
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

#[test]
fn each_thing_found_of_a_rule_has_its_words() {
    use of_rule::Finding as Found;
    let line = || "5.00".to_owned();
    let found = [
        Found::NoSnapshot { waiting: 2 },
        Found::NotForAccount { condition: "account.closed".to_owned() },
        Found::NeverReported { balance: "main".into() },
        Found::NoLimit { line: line() },
        Found::NotReached { line: line(), value: minor(300), acts_at: minor(500) },
        Found::BeyondUncrossed { line: line(), value: minor(300), back_at: minor(501), acts_at: minor(500) },
        Found::Fired { line: line(), value: minor(300), armed_at: minor(600), announced: false },
        Found::NoValidity { balance: "main".into() },
        Found::ExpiresLater { valid_until: at(), due: at() },
        Found::ExpiryAnnounced { valid_until: at() },
        Found::Expired { valid_until: at() },
        Found::Alerted { at: at() },
        Found::CoolsDown { until: at(), cooldown: period("12h") },
        Found::MaxAge { max_age: period("1h") },
        Found::Observed,
    ];
    check(
        &threshold::tell(&found, &customer(), Some(Unit::Money)),
        &[
            ("no_snapshot", "the account's snapshot has not come; 2 changes of the balance wait for it"),
            ("not_for_account", "the rule is not for this account: account.closed does not hold"),
            ("never_reported", "the balance main was never reported"),
            ("no_limit", "line 5.00: there is no limit that it could be a part of"),
            ("not_reached", "line 5.00 is not reached: the balance is 3.00"),
            (
                "not_crossed",
                "line 5.00: the balance is 3.00, beyond it, and never crossed it while it was armed",
            ),
            (
                "fired",
                "line 5.00 has fired, with no alert that was sent, and is not armed again: the balance is 3.00",
            ),
            ("no_validity", "the balance main does not say until when it is valid"),
            (
                "expires_later",
                "that the balance expires at 2026-03-20 09:00 is said before, at 2026-03-20 09:00",
            ),
            ("expiry_announced", "that the balance expires at 2026-03-20 09:00 was said, once"),
            ("expired", "the balance expired at 2026-03-20 09:00"),
            ("alerted", "it has acted: its last alert, which was only recorded, was at 2026-03-20 09:00"),
            (
                "cooldown",
                "a line that fires in the cooldown of 12h after an alert makes none, until 2026-03-20 09:00",
            ),
            ("max_age", "an alert whose event is older than 1h is recorded, and not sent"),
            ("observe", "the rule or the policy has `observe`: it decides and records, and sends nothing"),
        ],
    );
    let pieces = threshold::tell(&found[4..5], &customer(), Some(Unit::Pieces));
    assert_eq!(pieces[0].acts.as_deref(), Some("the balance at 500 or above"));
}

#[test]
fn each_command_has_its_words() {
    let sms = || What::Message { template: "low".into(), channel: "sms".into() };
    let order = || What::Order { operation: "bar".into() };
    let views = [
        (sms(), 1, Stands::Waits { until: Some(at()) }),
        (order(), 1, Stands::KeptBack),
        (sms(), 2, Stands::Sent { at: at(), report_until: Some(at()) }),
        (order(), 1, Stands::Sent { at: at(), report_until: None }),
        (sms(), 1, Stands::Reported { outcome: Outcome::Failed, at: at() }),
        (sms(), 1, Stands::Observed { at: at() }),
        (order(), 1, Stands::Observed { at: at() }),
        (order(), 1, Stands::Lifted { since: at() }),
        (What::Task { queue: "calls".into() }, 1, Stands::Result { result: "reached".to_owned() }),
        (order(), 1, Stands::NotInForce),
        (What::Fee { code: "late".to_owned() }, 1, Stands::NotKept),
        (What::Handover { to: "agency".to_owned() }, 1, Stands::NotKept),
    ];
    let view = |(what, tries, stands)| command::view(&CommandView { what, tries, stands }, &customer());
    let told: Vec<_> = views.into_iter().map(view).collect();
    check(
        &told,
        &[
            ("waits", "low by sms: it waits for its window, until 2026-03-20 09:00"),
            ("kept_back", "bar: it waits to leave, for its rate or for a person to release it"),
            (
                "sent",
                "low by sms, try 2: sent at 2026-03-20 09:00, and the report of its end is waited for, until 2026-03-20 09:00",
            ),
            ("sent", "bar: sent at 2026-03-20 09:00, and the report of its end is not there"),
            ("reported", "low by sms: reported as failed at 2026-03-20 09:00"),
            ("observed", "low by sms: only recorded, at 2026-03-20 09:00: it counts as delivered"),
            ("observed", "bar: only recorded, at 2026-03-20 09:00: it was not sent"),
            ("lifted", "bar: lifted since 2026-03-20 09:00, while the cycle is held"),
            ("result", "task calls: its result is reached"),
            ("not_in_force", "bar: dropped, failed in every try, or taken back; the history says which"),
            ("not_kept", "fee late: asked for; what became of it is not remembered"),
            ("not_kept", "hand-over to agency: asked for; what became of it is not remembered"),
        ],
    );
}

#[test]
fn each_obstacle_has_its_words() {
    let hindrances = [
        Hindrance::WindowShut { window: "waking".into(), opens: at() },
        Hindrance::WindowNeverOpens { window: "never".into() },
        Hindrance::OptedOut,
        Hindrance::Capped { channel: "sms".into(), at_most: 4, per: period("24h"), frees_at: Some(at()) },
        Hindrance::NoAddress { channel: "sms".into() },
    ];
    let told = hindrances
        .map(|hindrance| command::obstacle(&Obstacle { template: "low".into(), hindrance }, &customer()));
    check(
        &told,
        &[
            ("window_shut", "its message low would wait: the window waking is shut, until 2026-03-20 09:00"),
            ("window_never_opens", "its message low would be dropped: the window never never opens"),
            ("opted_out", "its message low would be dropped: opted out of every channel"),
            ("capped", "its message low would be dropped: sms is capped at 4 in 24h, until 2026-03-20 09:00"),
            ("no_address", "its message low would go out without an address: the account has none for sms"),
        ],
    );
}

/// What is found of a stage, in words.
#[track_caller]
fn check_stage(findings: Vec<of_stage::Finding>, expected: &[(&str, &str)]) {
    let part = of_stage::Part { debt_class: None, cycle: None, findings };
    check(&stage::tell(&part, &customer()).findings, expected);
}

#[test]
fn each_thing_found_of_a_debt_has_its_words() {
    use of_stage::Finding as Found;
    let next = Some(at());
    let below = |conditional: i64| Found::BelowEntry {
        real_debt: minor(1_000),
        conditional_debt: minor(conditional),
        least: minor(2_000),
        next: None,
    };
    check_stage(
        vec![
            Found::NoSnapshot,
            Found::NoSegment,
            Found::Exempt,
            Found::NoSuchClass { known: vec![decision::cycle::DebtClass::All] },
            Found::AnotherPlan { applies: "gentle".into(), having: vec!["standard".into()] },
            Found::PlanGone { plan: "gentle".into() },
            Found::KeptOut { amount: minor(1_000) },
            Found::NothingDue { next },
            Found::NothingDue { next: None },
            Found::WithinExit { real_debt: minor(100), exit: minor(200), next: None },
            below(1_000),
            below(300),
            Found::Opens { real_debt: minor(1_000) },
            Found::Observed,
        ],
        &[
            ("no_snapshot", "the account's snapshot has not come"),
            ("no_segment", "no segment of the policy is for this account, and so no plan"),
            ("exempt", "the account is exempt"),
            ("no_such_class", "there is no debt of this class; there is of all"),
            ("another_plan", "the plan gentle works on this debt; the stage is of standard"),
            ("plan_gone", "the plan gentle is gone with its version of the policy: nothing more is done"),
            ("kept_out", "10.00 is of invoices whose cycle a person closed: none works on them again"),
            (
                "nothing_due",
                "no cycle is open: nothing is owed that the plan counts by now; the next invoice comes into its scope, at 2026-03-20 09:00",
            ),
            ("nothing_due", "no cycle is open: nothing is owed that the plan counts by now"),
            ("within_exit", "no cycle is open: 1.00 is owed, and 2.00 or less ends one"),
            ("below_entry", "no cycle is open: 10.00 is owed, and the plan begins with 20.00"),
            (
                "below_entry",
                "no cycle is open: 10.00 is owed, of which holds leave 3.00, and the plan begins with 20.00",
            ),
            ("opens", "no cycle is open yet: the debt is enough, and it opens with the next look at it"),
            ("observe", "the plan or the policy has `observe`: it decides and records, and sends nothing"),
        ],
    );
}

#[test]
fn each_thing_found_of_a_cycle_has_its_words() {
    use of_stage::Finding as Found;
    let hold = decision::view::HoldView {
        id: "P1".into(),
        kind: decision::hold::HoldReason::UnconfirmedPayment,
        amount: minor(500),
        paid: minor(0),
        freezes: minor(300),
        invoices: Vec::new(),
        until: None,
        ends_at: Some(at()),
        is_upheld: false,
        parts: Vec::new(),
        by: "anna".to_owned(),
        made_at: at(),
    };
    let what = What::Order { operation: "bar".into() };
    check_stage(
        vec![
            Found::Entered { at: at() },
            Found::Measure(CommandView { what, tries: 1, stands: Stands::NotInForce }),
            Found::WasEntered { times: 2, current: "bar".into() },
            Found::Left { times: 2 },
            Found::PassedOver { current: "bar".into() },
            Found::Held { since: at() },
            Found::Paused { since: at(), until: Some(at()) },
            Found::Paused { since: at(), until: None },
            Found::Frozen(Box::new(hold)),
            Found::NotNext { before: vec!["remind".into(), "letter".into()] },
            Found::Due { stage: "bar".into(), at: at() },
        ],
        &[
            ("entered", "it has acted: the stage was entered at 2026-03-20 09:00"),
            ("not_in_force", "bar: dropped, failed in every try, or taken back; the history says which"),
            ("was_entered", "it has acted: the stage was entered before, and the cycle is in bar now"),
            ("left", "the stage was entered before, and left again by a payment, a person or another plan"),
            ("passed_over", "the stage was passed over: the cycle is in bar"),
            ("held", "the cycle is held since 2026-03-20 09:00: nothing new is done"),
            ("paused", "a person paused it at 2026-03-20 09:00, until 2026-03-20 09:00"),
            ("paused", "a person paused it at 2026-03-20 09:00"),
            ("frozen", "unconfirmed payment P1 freezes 3.00, until 2026-03-20 09:00"),
            ("not_next", "before it comes remind, letter"),
            ("due", "bar is due, if nothing changes, at 2026-03-20 09:00"),
        ],
    );
}

#[test]
fn each_thing_that_a_stage_waits_for_has_its_words() {
    use of_stage::{CountsFrom, NotGiven, WaitsFor};
    let age = |from, shift_micros| WaitsFor::Age { after: period("10d"), from, shift_micros, until: at() };
    let oldest = CountsFrom::Oldest(Date::parse("2026-03-10").unwrap());
    let gap = |until| WaitsFor::Gap { before: "remind".into(), min_gap: period("7d"), until };
    let notice = |why| WaitsFor::Notice { of: "letter".into(), why };
    let task = |result: Option<&str>| WaitsFor::Task {
        queue: "calls".into(),
        results: vec!["go".to_owned(), "yes".to_owned()],
        result: result.map(str::to_owned),
    };
    let all = [
        WaitsFor::Anchor,
        age(oldest, 0),
        age(CountsFrom::Opening(at()), 86_400_000_000),
        gap(Some(at())),
        gap(None),
        notice(NotGiven::NotSent),
        notice(NotGiven::Dropped),
        notice(NotGiven::NotDelivered),
        WaitsFor::NoticeRuns { of: "letter".into(), at_least: period("5d"), until: at() },
        WaitsFor::Window { window: "office".into(), opens: Some(at()) },
        WaitsFor::Log { due: at(), horizon: at() },
        WaitsFor::Debt { real_debt: minor(1_000), conditional_debt: minor(0), least: minor(500) },
        WaitsFor::Invoices { open: 1, least: 2 },
        task(None),
        task(Some("no")),
    ];
    let waits = |waits_for| of_stage::Finding::Waits { stage: "bar".into(), waits_for };
    check_stage(
        all.into_iter().map(waits).collect(),
        &[
            ("no_anchor", "bar has nothing to count its days from: no invoice is in the plan's scope"),
            ("age", "bar comes 10d after 2026-03-10, the date of the oldest invoice, at 2026-03-20 09:00"),
            (
                "age",
                "bar comes 10d after 2026-03-20 09:00, when the cycle was opened, without the days that do not count, at 2026-03-20 09:00",
            ),
            ("gap", "bar comes no sooner than 7d after remind, at 2026-03-20 09:00"),
            ("gap", "bar comes no sooner than 7d after remind"),
            ("notice_not_sent", "bar asks for the notice of letter, which was not sent"),
            ("notice_dropped", "bar asks for the notice of letter, which was dropped"),
            ("notice_not_delivered", "bar asks for the notice of letter, which was not delivered"),
            ("notice_runs", "bar comes 5d after the notice of letter was delivered, at 2026-03-20 09:00"),
            ("window_shut", "bar waits for its window office, until 2026-03-20 09:00"),
            (
                "log",
                "bar was due at 2026-03-20 09:00, and the log is read up to 2026-03-20 09:00: a payment in it would win",
            ),
            ("debt", "10.00 is owed, of which holds leave 0.00, and bar asks 5.00"),
            ("invoices", "1 invoice counts that holds do not freeze whole, and bar asks 2"),
            ("task", "bar asks of a task in calls that it is go or yes; it has no result"),
            ("task", "bar asks of a task in calls that it is go or yes; it is no"),
        ],
    );
}
