//! What is found, as tables: a life up to a moment, and the findings then.

mod due;
mod moved;
mod stage;
mod threshold;

use super::{Answer, Question, Unknown, answer};
use crate::Moment;
use crate::event::Body;
use crate::policy::Policy;
use crate::testing::*;

/// What is answered of a life at a moment up to which all that was due was done.
pub(super) fn asked(life: &mut Life, question: &Question, at: &str) -> Result<Answer, Unknown> {
    life.until(at);
    let moment = Moment { now: moment(at), horizon: moment(at) };
    answer(&life.debtor, &"a-1".into(), question, moment, &life.policies)
}

/// The life of an account that is known, after these events.
pub(super) fn life(policy: Policy, events: Vec<(&str, Body)>) -> Life {
    let mut life = Life::new(policy);
    for (at, body) in events {
        life.at(at, body);
    }
    life
}

fn stage_of(stage: &str, plan: Option<&str>) -> Question {
    Question::Stage { stage: stage.into(), plan: plan.map(Into::into), debt_class: None }
}

#[test]
fn a_name_that_is_not_there_is_told_with_those_that_are() {
    let policy = Policy {
        thresholds: vec![rule("low", "main", falling(&["1"])), rule("used", "data", rising(&["1"]))],
        ..policy_of(plan(vec![stage("remind", "1d", vec![]), stage("bar", "2d", vec![])]))
    };
    let mut life = Life::new(policy);
    for (question, said, known) in [
        (Question::Rule("lo".into()), "the policy has no threshold `lo`", ["low", "used"].as_slice()),
        (stage_of("cut", None), "the policy has no stage `cut`", &["remind", "bar"]),
        (stage_of("cut", Some("plan")), "the plan `plan` has no stage `cut`", &["remind", "bar"]),
        (stage_of("bar", Some("other")), "the policy has no plan `other`", &["plan"]),
    ] {
        let unknown = asked(&mut life, &question, "2026-01-01").unwrap_err();
        assert_eq!((unknown.to_string().as_str(), unknown.known().as_slice()), (said, known));
    }
}
