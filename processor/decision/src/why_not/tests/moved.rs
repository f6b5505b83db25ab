//! Stages of a debt whose account has moved to another plan.

use super::life;
use super::stage::{of, owing, parts, two_stages};
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
