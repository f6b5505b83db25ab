//! What is said of plans: their stages, their notices, their moves.

use super::{CALL, CUT, DO, NOTIFY, field_of_a_plan, plan, plan_is_fine, policy_of, stage, stages, warned};

#[test]
fn plans() {
    plan("stages: §[]", "the list is empty");
    let stages = |one: &str, other: &str| {
        stages("", &[&format!("stage: {one}, {DO}"), &format!("stage: {other}, {DO}")])
    };
    plan(&stages("a, after: 5d", "§a, after: 6d"), "the stage `a` is there already, in line 11");
    plan(&stages("a, after: 5d", "b, after: §4d"), "is due before it / write 5d or more");
    plan(
        &format!("catch_up: severest, {}", stages("§a, after: 5d", "b, after: 5d")),
        "`a` cannot be reached",
    );
    field_of_a_plan("entry: §5, exit: 5", "would end at once");
    field_of_a_plan("exit: §-5", "below zero");
    field_of_a_plan("debt_class: §providers", "did you mean `provider`?");
    stage("a, after: 1d, §provision: x", "`provision` is no field here");
}

#[test]
fn measures_of_plans() {
    let stage = |measure: &str| format!("stages: [ {{ stage: §a, after: 1d, do: [ {measure} ] }} ]");
    let provision = "{ provision: { operation: x, undo: y, cuts_off: true } }";
    plan(&stage(provision), "no stage before it sends a message");
    let stage = |measure: &str| format!("stages: [ {{ stage: a, after: 1d, do: [ {measure} ] }} ]");
    plan(&stage("{ provision: { operation: x, undo: §x } }"), "the undo is the operation itself");
    plan(&stage("{ fee: { code: f, amount: §0 } }"), "a fee of nothing");
    plan(&stage("{ task: { queue: §'' } }"), "the text is empty");
    plan(&stage("§{ task: { queue: q }, handover: { to: x } }"), "one key is wanted here");
}

#[test]
fn stages_that_cannot_be_reached() {
    let severest = |before: &str, after: &str| {
        let before = format!("stage: {before}, {DO}");
        stages("catch_up: severest, ", &[&before, &format!("stage: {after}, {DO}")])
    };
    plan(&severest("§a, after: 5d", "b, after: 5d"), "`a` cannot be reached");
    plan(
        &format!("days_before_entry: 7d, {}", severest("§a, after: 5d", "b, after: 7d")),
        "`a` cannot be reached: `b` is always due with it",
    );
    plan_is_fine(&severest("a, after: 5d", "b, after: 6d"));
    plan_is_fine(&severest("a, after: 5d", "b, after: 5d, min_gap: 1d"));
    let noticed = format!("stage: c, after: 7d, notice: {{ of: a, at_least: 2d }}, {DO}");
    plan_is_fine(&stages(
        "catch_up: severest, ",
        &[&format!("stage: a, after: 5d, {NOTIFY}"), &format!("stage: b, after: 5d, {DO}"), &noticed],
    ));
    plan_is_fine(&format!(
        "anchor: entry, days_before_entry: 7d, {}",
        severest("a, after: 5d", "b, after: 6d")
    ));
    let asked = |queue: &str| {
        let given = format!("stage: a, after: 1d, {CALL}");
        let asks = format!("stage: b, after: 2d, if_task: {{ queue: {queue}, result: [x] }}, {DO}");
        stages("", &[&given, &asks])
    };
    plan_is_fine(&asked("calls"));
    plan(&asked("§call"), "no stage before `b` puts a task into `call` / did you mean `calls`?");
    let itself = format!("stage: a, after: 1d, if_task: {{ queue: §calls, result: [x] }}, {CALL}");
    plan(&stages("", &[&itself]), "no stage before `a` puts a task into `calls`");
    let twice = format!(
        "stage: a, after: 1d, {CALL} }}, {{ stage: b, after: 2d, if_task: {{ queue: calls, result: [x, §x] }}, {DO}"
    );
    plan(&stages("", &[&twice]), "the result `x` is there already");
}

#[test]
fn cutting_off() {
    let cut = |fields: &str| format!("stage: {fields}, {CUT}");
    let announced = format!("stage: a, after: 1d, {NOTIFY}");
    plan(&stages("", &[&cut("§b, after: 2d")]), "`b` cuts off, and no stage before it sends a message");
    plan(
        &stages("", &[&format!("stage: a, after: 1d, {CALL}"), &cut("§b, after: 2d")]),
        "no stage before it sends a message",
    );
    plan_is_fine(&stages("", &[&announced, &cut("b, after: 2d")]));
    let severest = "catch_up: severest, ";
    warned(
        &policy_of(&stages(severest, &[&announced, &cut("§b, after: 2d")])),
        "after an outage `b` may cut off without the messages before it",
    );
    plan_is_fine(&stages(severest, &[&announced, &cut("b, after: 2d, notice: { of: a, at_least: 1d }")]));
    let cure = "on_cure: [ { provision: { operation: §x, undo: y, cuts_off: true } } ], ";
    plan(&stages(cure, &[&announced]), "a cure cuts off");
}

#[test]
fn notices() {
    let noticed = |announcing: &str, more: &str, notice: &str| {
        let last = format!("stage: b, after: 5d, {more}notice: {{ {notice} }}, {CUT}");
        stages("", &[&format!("stage: a, after: 2d, {announcing}"), &last])
    };
    plan_is_fine(&noticed(NOTIFY, "", "of: a, at_least: 3d"));
    plan(
        &noticed(NOTIFY, "", "of: a, at_least: §4d"),
        "`b` is due 3d after `a`, and its notice takes 4d / let `b` come later, or write 3d or less",
    );
    plan(&noticed(NOTIFY, "", "of: a, at_least: §73h"), "its notice takes 73h");
    plan_is_fine(&noticed(NOTIFY, "min_gap: 4d, ", "of: a, at_least: 4d"));
    plan(
        &format!("days_before_entry: 4d, {}", noticed(NOTIFY, "", "of: a, at_least: §2d")),
        "`b` is due 1d after `a`",
    );
    plan(
        &noticed(DO, "", "of: §a, at_least: 1d"),
        "`t` may be dropped / make every message of `a` `class: statutory`",
    );
    plan(&noticed(NOTIFY, "", "of: §c, at_least: 1d"), "the plan `p` has no stage `c`");
    plan(&noticed(NOTIFY, "", "of: §b, at_least: 0d"), "`b` does not come before `b`");
    let silent = format!("stage: c, after: 1d, {NOTIFY} }}, {{ stage: a, after: 2d, {CALL}");
    let last = format!("stage: b, after: 5d, notice: {{ of: §a, at_least: 1d }}, {CUT}");
    plan(&stages("", &[&silent, &last]), "`a` sends no message");
}

#[test]
fn moves_from_plan_to_plan() {
    let moved = |fields: &str| stages(fields, &[&format!("stage: a, after: 1d, {DO}")]);
    plan_is_fine(&moved("on_resegment: map, maps_from: { q: { letter: a } }, "));
    plan_is_fine(&moved("on_resegment: restart, "));
    plan(&moved("on_resegment: §map, "), "from which stage a cycle goes to which / add `maps_from:");
    plan(&moved("on_resegment: map, maps_from: { §r: { letter: a } }, "), "no plan `r` is defined");
    plan(&moved("on_resegment: map, maps_from: { §p: { a: a } }, "), "the plan that it is in");
    plan(
        &moved("on_resegment: map, maps_from: { q: { §lettre: a } }, "),
        "the plan `q` has no stage `lettre` / did you mean `letter`?",
    );
    plan(&moved("on_resegment: map, maps_from: { q: { letter: §b } }, "), "the plan `p` has no stage `b`");
    warned(
        &policy_of(&moved("maps_from: §{ q: { letter: a } }, ")),
        "does nothing without `on_resegment: map`",
    );
}

#[test]
fn stepping_down() {
    let one = format!("stage: a, after: 1d, {DO}");
    let asks = format!("stage: a, after: 1d, if_debt: 5, {DO}");
    let why = "no payment of a part steps down";
    warned(&policy_of(&stages("rolling: true, on_part_cure: §step_down, ", &[&one])), why);
    warned(&policy_of(&stages("anchor: entry, on_part_cure: §step_down, ", &[&one])), why);
    plan_is_fine(&stages("on_part_cure: step_down, ", &[&one]));
    plan_is_fine(&stages("rolling: true, on_part_cure: step_down, ", &[&asks]));
    plan_is_fine(&stages("rolling: true, entry: 5, on_part_cure: step_down, ", &[&one]));
}

#[test]
fn messages_before_an_invoice_is_due() {
    let one = format!("stage: a, after: 1d, {DO}");
    let before = |list: &str| stages(&format!("before_due: [ {list} ], "), &[&one]);
    plan_is_fine(&before(&format!("{{ before: 3d, {DO} }}, {{ before: 1d, {DO} }}")));
    plan(&before(&format!("{{ before: §0d, {DO} }}")), "nothing is sent before it / write more than 0");
    plan(
        &before(&format!("{{ before: 3d, {DO} }}, {{ before: §3d, {DO} }}")),
        "3d before is there already, in line 11",
    );
    plan(&before("{ before: 3d, do: [ { task: { queue: §calls } } ] }"), "only messages go out");
}
