//! Stages that were not entered.

use super::super::command::{CommandView, Stands, What};
use super::super::stage::{CountsFrom, CycleView, Finding, NotGiven, Part, WaitsFor};
use super::super::{Answer, Question};
use super::{asked, life};
use crate::Moment;
use crate::cycle::DebtClass;
use crate::event::{Body, NamedTask, Order, Outcome};
use crate::money::MinorUnits;
use crate::plan::{Anchor, CatchUp, DebtClassBy, IfTask, Notice, OnPartCure, Plan, Stage};
use crate::policy::{MessageClass, Policy};
use crate::testing::*;

pub(super) fn of(stage: &str) -> Question {
    Question::Stage { stage: stage.into(), plan: None, debt_class: None }
}

#[track_caller]
pub(super) fn parts(life: &mut Life, question: &Question, at: &str) -> Vec<Part> {
    match asked(life, question, at).unwrap() {
        Answer::Stage(parts) => parts,
        Answer::Threshold(findings) => panic!("of a rule: {findings:?}"),
    }
}

/// What is found of the stage in the one part that there is.
#[track_caller]
pub(super) fn findings(life: &mut Life, stage: &str, at: &str) -> Vec<Finding> {
    let mut parts = parts(life, &of(stage), at);
    assert_eq!(parts.len(), 1, "{parts:?}");
    parts.remove(0).findings
}

/// After these events, that is found of the stage at the moment.
#[track_caller]
fn check(policy: Policy, events: Vec<(&str, Body)>, (stage, at): (&str, &str), expected: &[Finding]) {
    assert_eq!(findings(&mut life(policy, events), stage, at), expected);
}

/// remind at 2 days, bar at 10.
pub(super) fn two_stages() -> Plan {
    plan(vec![says("remind", "2d"), stage("bar", "10d", vec![order("bar")])])
}

fn says(name: &str, after: &str) -> Stage {
    stage(name, after, vec![sms(name)])
}

/// The two stages, the second changed.
pub(super) fn with_bar(change: impl FnOnce(&mut Stage)) -> Policy {
    let mut plan = two_stages();
    change(&mut plan.stages[1]);
    policy_of(plan)
}

/// An invoice of 100 that is due on the 10th of March.
pub(super) fn owing() -> Vec<(&'static str, Body)> {
    vec![("2026-03-01", invoice("B1", 100_00, "2026-03-10"))]
}

pub(super) fn owing_and(at: &'static str, body: Body) -> Vec<(&'static str, Body)> {
    let mut events = owing();
    events.push((at, body));
    events
}

fn waits(stage: &str, waits_for: WaitsFor) -> Finding {
    Finding::Waits { stage: stage.into(), waits_for }
}

fn due(stage: &str, at: &str) -> Finding {
    Finding::Due { stage: stage.into(), at: moment(at) }
}

/// That the stage waits for the days since the 10th of March.
fn age(stage: &str, after: &str, until: &str) -> Finding {
    let from = CountsFrom::Oldest(date("2026-03-10"));
    waits(stage, WaitsFor::Age { after: period(after), from, shift_micros: 0, until: moment(until) })
}

fn measure(what: What, stands: Stands) -> Finding {
    Finding::Measure(CommandView { what, tries: 1, stands })
}

fn sms_of(template: &str) -> What {
    What::Message { template: template.into(), channel: "sms".into() }
}

fn bar() -> What {
    What::Order { operation: "bar".into() }
}

#[test]
fn before_the_snapshot_and_without_a_segment_there_is_no_plan() {
    let mut unknown = Life::unknown(policy_of(two_stages()));
    assert_eq!(findings(&mut unknown, "bar", "2026-03-01"), [Finding::NoSnapshot]);
    let prepaid = Is(|account, _| account.payment_mode == crate::account::PaymentMode::Prepaid);
    let policy = policy_of_plans(vec![("some", Some(prepaid), two_stages())]);
    check(policy, owing(), ("bar", "2026-03-11"), &[Finding::NoSegment]);
}

#[test]
fn an_exempt_account_has_no_cycle() {
    let exempt = owing_and("2026-03-02", control(Order::Exempt(true)));
    check(policy_of(two_stages()), exempt, ("bar", "2026-03-30"), &[Finding::Exempt]);
}

#[test]
fn the_plan_that_works_on_the_debt_is_told_where_it_lacks_the_stage() {
    let prepaid = || Is(|account, _| account.payment_mode == crate::account::PaymentMode::Prepaid);
    let other = Plan { name: "other".into(), ..plan(vec![says("call", "1d")]) };
    let policy = || {
        policy_of_plans(vec![("some", Some(prepaid()), other_of(&other)), ("everyone", None, two_stages())])
    };
    let another = Finding::AnotherPlan { applies: "plan".into(), having: vec!["other".into()] };
    // Before a cycle is open, and in one.
    check(policy(), owing(), ("call", "2026-03-05"), std::slice::from_ref(&another));
    check(policy(), owing(), ("call", "2026-03-15"), &[another]);
    let named = Question::Stage { stage: "call".into(), plan: Some("other".into()), debt_class: None };
    let told = parts(&mut life(policy(), owing()), &named, "2026-03-15");
    assert!(matches!(told[0].findings.as_slice(), [Finding::AnotherPlan { .. }]), "{told:?}");
}

/// The same plan: it cannot be cloned for its conditions, of which it has none.
fn other_of(other: &Plan) -> Plan {
    Plan { name: other.name.clone(), ..plan(other.stages.clone()) }
}

#[test]
fn without_a_cycle_the_debt_says_what_it_lacks() {
    let policy = || policy_of(Plan { entry: Some(decimal("150.00")), ..two_stages() });
    let next = Some(moment("2026-03-10"));
    check(policy(), owing(), ("bar", "2026-03-05"), &[Finding::NothingDue { next }]);
    let below = |conditional: i64| Finding::BelowEntry {
        real_debt: MinorUnits(100_00),
        conditional_debt: MinorUnits(conditional),
        least: MinorUnits(150_00),
        next: None,
    };
    check(policy(), owing(), ("bar", "2026-03-30"), &[below(100_00)]);
    let paid = owing_and("2026-03-12", payment("P1", 100_00, &[]));
    check(policy(), paid, ("bar", "2026-03-30"), &[Finding::NothingDue { next: None }]);
    let until = Some(moment("2026-04-10"));
    let paused = owing_and("2026-03-12", control(Order::Pause { until }));
    let since = moment("2026-03-12");
    check(policy(), paused, ("bar", "2026-03-30"), &[below(100_00), Finding::Paused { since, until }]);
}

#[test]
fn what_holds_freeze_before_a_cycle_opens_is_told_with_the_hold() {
    let policy = policy_of(Plan { entry: Some(decimal("100.00")), ..two_stages() });
    let mut life = life(policy, owing_and("2026-03-02", dispute("D1", Some(30_00), &[])));
    let told = findings(&mut life, "bar", "2026-03-30");
    let [Finding::BelowEntry { conditional_debt, .. }, Finding::Frozen(hold)] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!((conditional_debt.0, hold.id.as_str(), hold.freezes.0), (70_00, "D1", 30_00));
}

#[test]
fn what_ends_a_cycle_opens_none_and_what_a_person_closed_is_kept_out() {
    let within = Plan { exit: decimal("100.00"), ..two_stages() };
    let (real_debt, exit) = (MinorUnits(100_00), MinorUnits(100_00));
    let told = [Finding::WithinExit { real_debt, exit, next: None }];
    check(policy_of(within), owing(), ("bar", "2026-03-30"), &told);
    let closed = owing_and("2026-03-12", control(Order::Close));
    let kept_out = Finding::KeptOut { amount: MinorUnits(100_00) };
    let told = [kept_out, Finding::NothingDue { next: None }];
    check(policy_of(two_stages()), closed, ("bar", "2026-03-30"), &told);
}

#[test]
fn a_stage_that_is_not_the_next_names_those_before_it_and_when_the_next_is_due() {
    let told = [
        Finding::NotNext { before: vec!["remind".into()] },
        age("remind", "2d", "2026-03-12"),
        due("remind", "2026-03-12"),
        age("bar", "10d", "2026-03-20"),
    ];
    check(policy_of(two_stages()), owing(), ("bar", "2026-03-11"), &told);
}

#[test]
fn the_next_stage_waits_for_its_days_its_gap_and_its_window() {
    let told = [age("bar", "10d", "2026-03-20"), due("bar", "2026-03-20")];
    check(policy_of(two_stages()), owing(), ("bar", "2026-03-13"), &told);
    let gap = waits(
        "bar",
        WaitsFor::Gap { before: "remind".into(), min_gap: period("9d"), until: Some(moment("2026-03-21")) },
    );
    let policy = with_bar(|bar| bar.min_gap = period("9d"));
    let told = [age("bar", "10d", "2026-03-20"), gap, due("bar", "2026-03-21")];
    check(policy, owing(), ("bar", "2026-03-13"), &told);
    let opens = Some(moment("2026-03-20T09:00"));
    let window = waits("bar", WaitsFor::Window { window: "waking".into(), opens });
    let policy = with_bar(|bar| bar.window = Some(waking()));
    let told = [age("bar", "10d", "2026-03-20"), window, due("bar", "2026-03-20T09:00")];
    check(policy, owing(), ("bar", "2026-03-13"), &told);
    let far = with_bar(|bar| bar.min_gap = period("9d"));
    let told = findings(&mut life(far, owing()), "bar", "2026-03-11");
    let open = WaitsFor::Gap { before: "remind".into(), min_gap: period("9d"), until: None };
    assert!(told.contains(&waits("bar", open)), "{told:?}");
}

#[test]
fn days_that_count_from_the_opening_say_so() {
    let policy = policy_of(Plan { anchor: Anchor::Entry, ..two_stages() });
    let from = CountsFrom::Opening(moment("2026-03-10"));
    let until = moment("2026-03-20");
    let waits = waits("bar", WaitsFor::Age { after: period("10d"), from, shift_micros: 0, until });
    check(policy, owing(), ("bar", "2026-03-13"), &[waits, due("bar", "2026-03-20")]);
}

/// The bar asks for a notice of the reminder, which is sent by this message.
fn with_notice(message: crate::policy::Measure) -> Policy {
    let mut plan = two_stages();
    plan.stages[0].measures = vec![message];
    plan.stages[1].notice = Some(Notice { of: "remind".into(), at_least: period("5d") });
    policy_of(plan)
}

#[test]
fn a_notice_that_was_not_given_or_has_not_run_is_told() {
    let notice = |why| waits("bar", WaitsFor::Notice { of: "remind".into(), why });
    let statutory = || message("remind", MessageClass::Statutory, &["sms"]);
    let told = findings(&mut life(with_notice(statutory()), owing()), "bar", "2026-03-11");
    assert!(told.contains(&notice(NotGiven::NotSent)), "{told:?}");
    let undelivered = [notice(NotGiven::NotDelivered)];
    check(with_notice(statutory()), owing(), ("bar", "2026-03-25"), &undelivered);
    let dropped = message("remind", MessageClass::Reminder, &["sms"]);
    let mut events = owing();
    events.insert(0, ("2026-02-01", account(|account| account.opt_outs.push("sms".into()))));
    check(with_notice(dropped), events, ("bar", "2026-03-25"), &[notice(NotGiven::Dropped)]);
    let mut delivered = life(with_notice(statutory()), owing());
    delivered.until("2026-03-25");
    let id = delivered.newest("remind");
    delivered.at("2026-03-25", report(id, Outcome::Done));
    let until = moment("2026-03-30");
    let runs = waits("bar", WaitsFor::NoticeRuns { of: "remind".into(), at_least: period("5d"), until });
    assert_eq!(findings(&mut delivered, "bar", "2026-03-26"), [runs, due("bar", "2026-03-30")]);
}

#[test]
fn what_the_stage_asks_of_debt_invoices_and_tasks_is_told() {
    let debt = WaitsFor::Debt {
        real_debt: MinorUnits(100_00),
        conditional_debt: MinorUnits(100_00),
        least: MinorUnits(120_00),
    };
    let policy = with_bar(|bar| bar.if_debt = Some(decimal("120.00")));
    check(policy, owing(), ("bar", "2026-03-25"), &[waits("bar", debt)]);
    let invoices = WaitsFor::Invoices { open: 1, least: 2 };
    let policy = with_bar(|bar| bar.if_invoices = Some(2));
    check(policy, owing(), ("bar", "2026-03-25"), &[waits("bar", invoices)]);
    let asked = |result: Option<&str>| WaitsFor::Task {
        queue: "calls".into(),
        results: vec!["go".to_owned()],
        result: result.map(str::to_owned),
    };
    let policy = || {
        let mut plan = two_stages();
        plan.stages[0].measures = vec![task("calls")];
        plan.stages[1].if_task = Some(IfTask { queue: "calls".into(), results: vec!["go".to_owned()] });
        policy_of(plan)
    };
    check(policy(), owing(), ("bar", "2026-03-25"), &[waits("bar", asked(None))]);
    let result = control(Order::TaskResult { task: NamedTask::newest("calls"), result: "stop".to_owned() });
    let events = owing_and("2026-03-15", result);
    check(policy(), events, ("bar", "2026-03-25"), &[waits("bar", asked(Some("stop")))]);
}

#[test]
fn a_held_cycle_says_by_which_hold_and_what_is_lacking() {
    let events = owing_and("2026-03-13", promise("P1", None, &[], "2026-03-20"));
    let told = findings(&mut life(policy_of(two_stages()), events), "bar", "2026-03-15");
    let [Finding::Held { since }, Finding::Frozen(hold), Finding::Waits { waits_for, .. }] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(*since, moment("2026-03-13"));
    assert_eq!((hold.id.as_str(), hold.ends_at), ("P1", Some(moment("2026-03-21"))));
    assert!(matches!(waits_for, WaitsFor::Debt { conditional_debt: MinorUnits(0), .. }), "{waits_for:?}");
}

#[test]
fn the_days_of_a_hold_that_is_over_are_told_with_the_age() {
    let events = owing_and("2026-03-13", promise("P1", None, &[], "2026-03-14"));
    let told = findings(&mut life(policy_of(two_stages()), events), "bar", "2026-03-16");
    let from = CountsFrom::Oldest(date("2026-03-10"));
    let (shift_micros, until) = (2 * 86_400_000_000, moment("2026-03-22"));
    let age = waits("bar", WaitsFor::Age { after: period("10d"), from, shift_micros, until });
    assert_eq!(told, [age, due("bar", "2026-03-22")]);
}

#[test]
fn a_person_s_pause_holds_a_cycle_with_its_end() {
    let until = Some(moment("2026-04-10"));
    let paused = owing_and("2026-03-13", control(Order::Pause { until }));
    let since = moment("2026-03-13");
    let told = [Finding::Held { since }, Finding::Paused { since, until }];
    check(policy_of(two_stages()), paused, ("bar", "2026-03-15"), &told);
}

#[test]
fn a_stage_that_was_entered_has_acted_and_says_where_its_measures_stand() {
    let sent = |at| Stands::Sent { at: moment(at), report_until: None };
    let told = [Finding::Entered { at: moment("2026-03-20") }, measure(bar(), sent("2026-03-20"))];
    check(policy_of(two_stages()), owing(), ("bar", "2026-03-21"), &told);
    let mut reported = life(policy_of(two_stages()), owing());
    reported.until("2026-03-20");
    let id = reported.newest("+bar");
    reported.at("2026-03-20T01:00", report(id, Outcome::Failed));
    let at = moment("2026-03-20");
    let told = [Finding::Entered { at }, measure(bar(), Stands::NotInForce)];
    assert_eq!(findings(&mut reported, "bar", "2026-03-21"), told);
}

/// Where the measures of a stage stand that has all kinds of them, each reported as done but for the task.
#[test]
fn each_kind_of_measure_says_where_it_stands() {
    let fee = crate::policy::Measure::Fee { code: "late".to_owned(), amount: decimal("5.00") };
    let to_agency = crate::policy::Measure::Handover { to: "agency".to_owned() };
    let measures = vec![while_awake(sms("waits")), sms("said"), order("bar"), task("calls"), fee, to_agency];
    let policy = policy_of(plan(vec![stage("bar", "2d", measures)]));
    let mut life = life(policy, owing());
    life.until("2026-03-12");
    let said = life.newest("said");
    life.at("2026-03-12T01:00", report(said, Outcome::Done));
    let result =
        control(Order::TaskResult { task: NamedTask::newest("calls"), result: "reached".to_owned() });
    life.at("2026-03-12T02:00", result);
    let at = moment("2026-03-12");
    let opens = moment("2026-03-12T09:00");
    let told = [
        Finding::Entered { at },
        measure(sms_of("waits"), Stands::Waits { until: Some(opens) }),
        measure(sms_of("said"), Stands::Reported { outcome: Outcome::Done, at: moment("2026-03-12T01:00") }),
        measure(bar(), Stands::Sent { at, report_until: None }),
        measure(What::Task { queue: "calls".into() }, Stands::Result { result: "reached".to_owned() }),
        measure(What::Fee { code: "late".to_owned() }, Stands::NotKept),
        measure(What::Handover { to: "agency".to_owned() }, Stands::NotKept),
    ];
    assert_eq!(findings(&mut life, "bar", "2026-03-12T03:00"), told);
}

#[test]
fn what_is_lifted_while_held_and_what_is_observed_is_told() {
    let lifting = Plan { lift_measures: true, ..two_stages() };
    let events = owing_and("2026-03-25", promise("P1", None, &[], "2026-03-28"));
    let told = findings(&mut life(policy_of(lifting), events), "bar", "2026-03-26");
    let since = moment("2026-03-25");
    let entered = Finding::Entered { at: moment("2026-03-20") };
    let lifted = measure(bar(), Stands::Lifted { since });
    assert_eq!(told[..3], [entered, lifted, Finding::Held { since }]);
}

#[test]
fn a_measure_of_any_kind_that_is_observed_only_was_not_sent() {
    let at = moment("2026-03-12");
    for (asked, what) in [
        (sms("say"), sms_of("say")),
        (order("bar"), bar()),
        (task("calls"), What::Task { queue: "calls".into() }),
    ] {
        let policy = || policy_of(plan(vec![stage("act", "2d", vec![asked.clone()])]));
        let told = [Finding::Entered { at }, measure(what, Stands::Observed { at }), Finding::Observed];
        let of_policy = Policy { observe: true, ..policy() };
        let mut of_plan = policy();
        of_plan.plans.values_mut().for_each(|plan| plan.observe = true);
        for policy in [of_plan, of_policy] {
            check(policy, owing(), ("act", "2026-03-13"), &told);
        }
    }
}

#[test]
fn a_stage_that_was_passed_over_or_left_again_is_told() {
    let plan = Plan { catch_up: CatchUp::Severest, ..two_stages() };
    let mut late = Life::new(policy_of(plan));
    late.at("2026-03-30", invoice("B1", 100_00, "2026-03-10"));
    let current = "bar".into();
    assert_eq!(findings(&mut late, "remind", "2026-03-31"), [Finding::PassedOver { current }]);
    let mut stepping = Plan { on_part_cure: OnPartCure::StepDown, ..two_stages() };
    stepping.stages[1].if_debt = Some(decimal("50.00"));
    let events = owing_and("2026-03-22", payment("P1", 80_00, &[]));
    let told = findings(&mut life(policy_of(stepping), events), "bar", "2026-03-23");
    assert!(matches!(told[0], Finding::Left { times: 1 }), "{told:?}");
    assert!(matches!(told[1], Finding::Waits { waits_for: WaitsFor::Debt { .. }, .. }), "{told:?}");
}

#[test]
fn each_class_of_the_debt_and_each_cycle_is_told_for_itself() {
    let policy = || policy_of(Plan { debt_class: DebtClassBy::Provider, ..two_stages() });
    let of_provider = |id, provider: &str, due| {
        invoice_with(id, 100_00, due, |invoice| invoice.provider = Some(provider.into()))
    };
    let events = || {
        vec![
            ("2026-03-01", of_provider("B1", "x", "2026-03-10")),
            ("2026-03-01", of_provider("B2", "y", "2026-03-20")),
        ]
    };
    let told = parts(&mut life(policy(), events()), &of("bar"), "2026-03-15");
    let texts: Vec<_> = told
        .iter()
        .map(|part| {
            (part.debt_class.as_ref().unwrap().to_string(), part.cycle.is_some(), part.findings.len())
        })
        .collect();
    assert_eq!(texts, [("provider:x".to_owned(), true, 2), ("provider:y".to_owned(), false, 1)]);
    let cycle = CycleView {
        number: 1,
        plan: "plan".into(),
        opened_at: moment("2026-03-10"),
        stage: Some("remind".into()),
        real_debt: MinorUnits(100_00),
        conditional_debt: MinorUnits(100_00),
    };
    assert_eq!(told[0].cycle, Some(cycle));
    let class = |text: &str| Question::Stage {
        stage: "bar".into(),
        plan: None,
        debt_class: Some(DebtClass::parse(text).unwrap()),
    };
    let told = parts(&mut life(policy(), events()), &class("provider:y"), "2026-03-15");
    assert_eq!(told.len(), 1);
    let told = parts(&mut life(policy(), events()), &class("provider:z"), "2026-03-15");
    assert!(matches!(told[0].findings.as_slice(), [Finding::NoSuchClass { known }] if known.len() == 2));
}

#[test]
fn a_rolling_plan_tells_each_cycle_and_the_bill_that_is_too_small_for_one() {
    let policy = || policy_of(Plan { rolling: true, entry: Some(decimal("50.00")), ..two_stages() });
    let bills = |second| {
        let mut events = owing();
        events.push(("2026-03-01", invoice("B2", second, "2026-03-12")));
        events
    };
    let told = parts(&mut life(policy(), bills(70_00)), &of("bar"), "2026-03-13");
    let debts: Vec<_> = told.iter().map(|part| part.cycle.as_ref().map(|cycle| cycle.real_debt.0)).collect();
    assert_eq!(debts, [Some(100_00), Some(70_00)]);
    let told = parts(&mut life(policy(), bills(30_00)), &of("bar"), "2026-03-13");
    assert_eq!(told.len(), 2, "{told:?}");
    let below = Finding::BelowEntry {
        real_debt: MinorUnits(30_00),
        conditional_debt: MinorUnits(30_00),
        least: MinorUnits(50_00),
        next: None,
    };
    assert_eq!((told[1].cycle.as_ref(), told[1].findings.as_slice()), (None, [below].as_slice()));
}

#[test]
fn a_log_that_is_not_read_so_far_is_told() {
    let mut life = life(policy_of(two_stages()), owing());
    life.until("2026-03-19");
    let at = Moment { now: moment("2026-03-21"), horizon: moment("2026-03-19") };
    let told = super::super::answer(&life.debtor, &"a-1".into(), &of("bar"), at, &life.policies).unwrap();
    let Answer::Stage(parts) = told else { panic!("{told:?}") };
    let log = WaitsFor::Log { due: moment("2026-03-20"), horizon: moment("2026-03-19") };
    assert!(parts[0].findings.contains(&waits("bar", log)), "{parts:?}");
}

#[test]
fn a_plan_that_is_gone_with_its_version_works_on_nothing() {
    let mut life = life(policy_of(two_stages()), owing());
    life.until("2026-03-15");
    let renamed = Plan { name: "renamed".into(), ..two_stages() };
    life.policies = Policy { identity: identity("2"), ..policy_of(renamed) }.into();
    let told = findings(&mut life, "bar", "2026-03-15");
    assert_eq!(told, [Finding::PlanGone { plan: "plan".into() }]);
}

#[test]
fn a_debt_that_is_enough_opens_a_cycle_once_it_is_looked_at() {
    let life = life(policy_of(two_stages()), owing());
    let at = Moment { now: moment("2026-03-12"), horizon: moment("2026-03-12") };
    let told = super::super::answer(&life.debtor, &"a-1".into(), &of("bar"), at, &life.policies).unwrap();
    let Answer::Stage(parts) = told else { panic!("{told:?}") };
    assert_eq!(parts[0].findings, [Finding::Opens { real_debt: MinorUnits(100_00) }]);
}
