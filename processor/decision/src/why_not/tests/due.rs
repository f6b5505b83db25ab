//! What is told of a stage's due time is what comes about.

use super::super::stage::Finding;
use super::life;
use super::stage::{findings, owing, owing_and, two_stages, with_bar};
use crate::Moment;
use crate::event::Body;
use crate::plan::{Anchor, Plan};
use crate::policy::Policy;
use crate::testing::*;
use crate::time::Timestamp;

/// The stage is entered at exactly the due time that is told of it, whenever it is asked.
#[track_caller]
fn check_due(policy: &dyn Fn() -> Policy, events: &dyn Fn() -> Vec<(&'static str, Body)>, from: &str) {
    let mut told = life(policy(), events());
    let findings = findings(&mut told, "bar", from);
    let Some(Finding::Due { at, .. }) = findings.last() else { panic!("{findings:?}") };
    let mut lived = life(policy(), events());
    let mut entered: Option<Timestamp> = None;
    lived.until(from);
    while let Some(due) = lived.debtor.next_due.filter(|_| entered.is_none()) {
        lived.decide(crate::Input::Due, Moment { now: due, horizon: due });
        let entries = lived.debtor.profiles.iter().flat_map(|profile| &profile.cycles);
        let bar = entries.flat_map(|cycle| &cycle.entries).find(|entry| entry.stage.as_str() == "bar");
        entered = bar.map(|entry| entry.at);
    }
    assert_eq!(entered, Some(*at), "told at {from}");
}

#[test]
fn the_due_time_that_is_told_is_the_one_at_which_it_acts() {
    let gaps = || with_bar(|bar| bar.min_gap = period("9d"));
    let windows = || with_bar(|bar| bar.window = Some(waking()));
    let from_opening = || policy_of(Plan { anchor: Anchor::Entry, ..two_stages() });
    let promised = || owing_and("2026-03-13", promise("P1", None, &[], "2026-03-14"));
    for policy in [&gaps as &dyn Fn() -> Policy, &windows, &from_opening] {
        for from in ["2026-03-12", "2026-03-13", "2026-03-19T12:00"] {
            check_due(policy, &owing, from);
        }
        check_due(policy, &promised, "2026-03-16");
    }
}
