//! Stages of a debt whose account has moved to another plan.

use super::super::stage::Finding;
use super::life;
use super::stage::{findings, of, owing, parts, two_stages};
use crate::event::{Body, Order};
use crate::plan::{DebtClassBy, OnResegment, Plan};
use crate::policy::{PlanGroup, Policy};
use crate::testing::*;

/// The account is under the plan `first`, and may be assigned to `second`.
fn two_plans(first: Plan, second: Plan) -> Policy {
    let mut policy = policy_of_plans(vec![("everyone", None, Plan { name: "first".into(), ..first })]);
    policy.plans.insert("second".into(), Plan { name: "second".into(), ..second });
    let both = PlanGroup { standard: "first".into(), plans: vec!["first".into(), "second".into()] };
    policy.groups.insert("everyone".into(), both);
    policy
}

/// The account comes under `second`.
fn moves(at: &str) -> (&str, Body) {
    (at, control(Order::AssignPlan("second".into())))
}

#[test]
fn a_rolling_cycle_that_is_kept_from_a_plan_of_another_class_has_no_further_one_beside_it() {
    let rolling = |debt_class| Plan { rolling: true, debt_class, ..two_stages() };
    let second = Plan { on_resegment: OnResegment::Keep, ..rolling(DebtClassBy::Provider) };
    let of_x = invoice_with("B2", 70_00, "2026-03-15", |invoice| invoice.provider = Some("x".into()));
    let events = owing().into_iter().chain([moves("2026-03-13"), ("2026-03-14", of_x)]).collect();
    let mut life = life(two_plans(rolling(DebtClassBy::All), second), events);
    let told = parts(&mut life, &of("bar"), "2026-03-18");
    let texts: Vec<_> = told
        .iter()
        .map(|part| (part.debt_class.as_ref().unwrap().to_string(), part.cycle.is_some()))
        .collect();
    let expected = ["all", "provider", "provider:x"].map(|class| (class.to_owned(), true));
    assert_eq!(texts, expected, "{told:?}");
}

/// The first thing found of a stage, of a cycle that was in `bar` of the first plan and is in this stage of the
/// second, which has a letter between its two.
#[track_caller]
fn first_found(now_in: &str, asked: &str) -> Finding {
    let mut stages = two_stages().stages;
    stages.insert(1, stage("letter", "5d", vec![sms("letter")]));
    let mapped = [("bar".into(), now_in.into())].into();
    let second =
        Plan { on_resegment: OnResegment::Map, maps_from: [("first".into(), mapped)].into(), ..plan(stages) };
    // Held where it is, so that the stages ahead are not entered.
    let pause = ("2026-03-21", control(Order::Pause { until: None }));
    let events = owing().into_iter().chain([pause, moves("2026-03-21")]).collect();
    findings(&mut life(two_plans(two_stages(), second), events), asked, "2026-03-22").remove(0)
}

#[test]
fn what_a_stage_did_before_the_cycle_came_under_another_plan_is_not_forgotten() {
    let current = || "bar".into();
    for (now_in, asked, expected) in [
        ("bar", "remind", Finding::WasEntered { times: 1, current: current() }),
        ("bar", "letter", Finding::PassedOver { current: current() }),
        ("bar", "bar", Finding::Entered { at: moment("2026-03-21") }),
        ("remind", "bar", Finding::Left { times: 1 }),
    ] {
        assert_eq!(first_found(now_in, asked), expected, "in {now_in}, asked of {asked}");
    }
}
