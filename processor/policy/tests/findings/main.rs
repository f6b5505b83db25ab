//! What is said of wrong policy files: each row a file with one thing wrong, its place, its words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod commands;
mod plans;
mod windows;

use policy::{Finding, PolicyReport, Severity};

const HEAD: &str = "\
policy: p
version: '1'
time_zone: UTC
currency: EUR
language: en
";

/// What the head ends with: a row that has it brings its own.
const HEAD_ENDS: &str = "language: ";

fn report(text: &str) -> PolicyReport {
    match policy::parse("p.yaml", text) {
        Err(report) => report,
        Ok(loaded) => panic!("nothing is wrong with it: {:?}", loaded.warnings),
    }
}

fn errors(report: &PolicyReport) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.severity == Severity::Error).collect()
}

/// The text after the head has one thing wrong, at the place that `§` marks.
#[track_caller]
fn check(marked: &str, said: &str) {
    let marked = if marked.contains(HEAD_ENDS) { marked.to_owned() } else { format!("{HEAD}{marked}") };
    let (before, after) = marked.split_once('§').unwrap();
    let line = before.matches('\n').count() + 1;
    let column =
        before.lines().last().filter(|_| !before.ends_with('\n')).unwrap_or_default().chars().count() + 1;
    let report = report(&format!("{before}{after}"));
    let errors = errors(&report);
    let [finding] = errors.as_slice() else { panic!("{marked}\n{errors:#?}") };
    let words = format!("{} / {}", finding.message, finding.help.as_deref().unwrap_or_default());
    assert!(words.contains(said), "{marked}\n{words}");
    assert_eq!((finding.span.line, finding.span.column), (line, column), "{marked}\n{words}");
}

/// The text after the head is a policy, of which one thing is said at the place that `§` marks.
#[track_caller]
fn warned(marked: &str, said: &str) {
    let marked = format!("{HEAD}{marked}");
    let (before, after) = marked.split_once('§').unwrap();
    let loaded =
        policy::parse("p.yaml", &format!("{before}{after}")).unwrap_or_else(|report| panic!("{report:#?}"));
    let report = loaded.warnings.unwrap_or_else(|| panic!("{marked}\nnothing is said"));
    let [finding] = report.findings.as_slice() else { panic!("{marked}\n{:#?}", report.findings) };
    let help = finding.help.as_deref().unwrap_or_else(|| panic!("it does not say what to do: {finding:?}"));
    let words = format!("{} / {help}", finding.message);
    assert!(words.contains(said), "{marked}\n{words}");
    assert_eq!(finding.span.start, before.len(), "{marked}\n{words}");
}

/// The same for a rule on `main`, whose fields these are.
#[track_caller]
fn rule(fields: &str, said: &str) {
    let text = format!(
        "balances: {{ main: {{ unit: money }}, data: {{ unit: bytes }} }}\n\
         templates: {{ t: {{ en: Text }} }}\n\
         attributes: {{ vip: {{ type: bool }} }}\n\
         thresholds:\n- {{ {fields} }}\n"
    );
    check(&text, said);
}

/// The same for a plan of these fields.
#[track_caller]
fn plan(fields: &str, said: &str) {
    check(&policy_of(fields), said);
}

/// Nothing is wrong with a plan of these fields.
#[track_caller]
fn plan_is_fine(fields: &str) {
    let text = format!("{HEAD}{}", policy_of(fields));
    let loaded = policy::parse("p.yaml", &text).unwrap_or_else(|report| panic!("{report:#?}"));
    assert!(loaded.warnings.is_none(), "{:#?}", loaded.warnings);
}

/// A policy with the plan `p` of these fields, and a plan `q` of the stage `letter`.
fn policy_of(fields: &str) -> String {
    format!(
        "templates: {{ t: {{ en: Text }} }}\n\
         segments: [ {{ name: all, group: g }} ]\n\
         groups: {{ g: {{ standard: p, plans: [p, q] }} }}\n\
         plans:\n  q: {{ stages: [ {{ stage: letter, after: 1d, {DO} }} ] }}\n  p: {{ {fields} }}\n"
    )
}

/// The fields of a plan: some, and the stages, each in braces.
fn stages(fields: &str, stages: &[&str]) -> String {
    let stages: Vec<_> = stages.iter().map(|stage| format!("{{ {stage} }}")).collect();
    format!("{fields}stages: [ {} ]", stages.join(", "))
}

/// The same for a plan with this field and one stage.
#[track_caller]
fn field_of_a_plan(field: &str, said: &str) {
    plan(&format!("{field}, stages: [ {{ stage: a, after: 1d, {DO} }} ]"), said);
}

/// The same for a plan with one stage that has these fields.
#[track_caller]
fn stage(fields: &str, said: &str) {
    plan(&format!("stages: [ {{ stage: {fields}, {DO} }} ]"), said);
}

const DO: &str = "do: [ { message: { template: t, channel: sms, class: service } } ]";
const NOTIFY: &str = "do: [ { message: { template: t, channel: sms, class: statutory } } ]";
const CUT: &str = "do: [ { provision: { operation: x, undo: y, cuts_off: true } } ]";
const CALL: &str = "do: [ { task: { queue: calls } } ]";

#[test]
fn shapes() {
    check("§colour: red\n", "`colour` is no field here");
    check("§threshold: []\n", "did you mean `thresholds`?");
    check("plans: §[]\n", "a mapping is wanted here, not a list");
    check("thresholds: §5\n", "a list is wanted here, not «5»");
    check("observe: §yes\n", "true or false is wanted here");
    check("balances: { main: { unit: §euro } }\n", "`euro` is not known here / known here: `money`");
    check("balances: { main: { unit: §byte } }\n", "did you mean `bytes`?");
    check("balances: { main: §{} }\n", "`unit` is missing here");
    check("balances:\n  main: { unit: money }\n  §main: { unit: bytes }\n", "given twice, first in line 7");
    check("segments: [ §{ } ]\n", "`name`, `group` are missing here");
    check("balances: { main: &a §{ unit: money } }\n", "anchors are no part of this format");
    check("balances: { main: { unit: !!str §money } }\n", "tags are no part of this format");
    check("observe: true\n§---\nobserve: true\n", "a second document");
    check("effective_from: §tomorrow\n", "is no moment / write it as 2026-03-10");
    check("windows: { w: { §mon-fry: \"09:00-12:00\" } }\n", "did you mean `mon-fri`?");
    check("windows: { w: { mon: §\"12:00-09:00\" } }\n", "are no hours of one day");
}

#[test]
fn the_head() {
    check(&HEAD.replace("UTC", "§Asia/Tashkant"), "is no known time zone / write an IANA name");
    check(&HEAD.replace("EUR", "§EURO"), "is no ISO 4217 currency code / write three capitals");
    check(&HEAD.replace(" en", " §e n"), "is no language tag");
    check(&HEAD.replace(" p\n", " §''\n"), "the text is empty");
    check(&HEAD.replace("currency: EUR\n", "").replace("policy:", "§policy:"), "`currency` is missing");
}

#[test]
fn rules() {
    rule(
        &format!("id: a, balance: §man, falls_to: [1], {DO}"),
        "no balance `man` is defined / did you mean `main`?",
    );
    rule(&format!("id: a, balance: main, falls_to: [5, §10], {DO}"), "the line 10 does not lie beyond 5");
    rule(&format!("id: a, balance: main, rises_to: [90%, §80%], {DO}"), "from the lowest to the highest");
    rule(&format!("id: a, balance: main, rises_to: [10, §\"80%\"], {DO}"), "do not mix");
    rule(&format!("id: a, balance: main, falls_to: [§ten], {DO}"), "«ten» is no line");
    rule(&format!("id: a, balance: main, falls_to: [§1.005], {DO}"), "has more decimals than its unit");
    rule(&format!("id: a, balance: data, falls_to: [§1.5], {DO}"), "has more decimals than its unit");
    rule(&format!("id: a, balance: main, falls_to: [§99999999999999], {DO}"), "larger than any amount");
    rule(&format!("id: a, balance: main, falls_to: §[], {DO}"), "the list is empty");
    rule(&format!("id: §a, balance: main, {DO}"), "watches for nothing");
    rule(&format!("id: §a, balance: main, falls_to: [1], rises_to: [2], {DO}"), "watches for several things");
    rule(&format!("id: a, balance: main, falls_to: [1], hysteresis: §-1, {DO}"), "below zero");
    rule(&format!("id: a, balance: main, falls_to: [1], every: §0, {DO}"), "leads nowhere");
    rule(&format!("id: a, balance: main, falls_to: [1], every: §5%, {DO}"), "not of the kind of the lines");
    rule(
        &format!("id: a, balance: main, falls_to: [1], cooldown: §5 days, {DO}"),
        "write it as 30d, 24h, 15m or 30s",
    );
    rule(&format!("id: a, balance: main, expires_in: 3d, hysteresis: §1, {DO}"), "no meaning for an expiry");
    rule(&format!("id: a, balance: main, expires_in: 3d, max_age: §1h, {DO}"), "no meaning for an expiry");
    rule("id: a, balance: main, falls_to: [1], do: §[]", "the list is empty");
    rule("id: a, balance: main, falls_to: [1], do: [ { §massage: {} } ]", "did you mean `message`?");
    let message = "{ message: { template: §u, channel: sms, class: service } }";
    rule(&format!("id: a, balance: main, falls_to: [1], do: [ {message} ]"), "no template `u` is defined");
    let message = "{ message: { template: t, channel: sms, class: service, fallback: [§sms] } }";
    rule(
        &format!("id: a, balance: main, falls_to: [1], do: [ {message} ]"),
        "the channel `sms` is there already",
    );
}

#[test]
fn rules_of_one_id() {
    let rule = format!("- {{ id: a, balance: main, falls_to: [1], {DO} }}\n");
    let second = rule.replacen("id: a", "id: §a", 1);
    let head = "balances: { main: { unit: money } }\ntemplates: { t: { en: Text } }\nthresholds:\n";
    check(&format!("{head}{rule}{second}"), "the rule `a` is there already, in line 9");
}

#[test]
fn conditions() {
    let when = |condition: &str| format!("id: a, balance: main, when: {condition}, falls_to: [1], {DO}");
    rule(&when("§account.vip"), "no variable `account.vip`");
    rule(&when("§account.attributes.vop"), "no attribute `vop` is declared / did you mean `vip`?");
    rule(&when("true && §invoice.id == \"\""), "there is no invoice");
    rule(&when("'true && §colour'"), "no variable `colour`");
    rule(&when("§'account.language'"), "not true or false");
    rule(&when("account.closed §== \"no\""), "is never equal to");
    field_of_a_plan("include: §invoice.sort == \"x\"", "no variable `invoice.sort`");
}

#[test]
fn groups_segments_and_templates() {
    check(
        "groups: { g: { standard: a, plans: [§a] } }\n",
        "no plan `a` is defined / define it under `plans`",
    );
    check("segments: [ { name: s, group: §g } ]\n", "no group `g` is defined");
    check("templates: { §t: { ru: Text } }\n", "no text in the policy's language / write it in `en` too");
    check("templates: { t: { en: §'{{ debt.total }}' } }\n", "cannot be rendered");
    check("templates: { t: { en: §'{{ debt' } }\n", "cannot be rendered");
    check(
        "templates: { t: { en: §'{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}' } }\n",
        "fuel",
    );
    check("attributes: { vip: { type: bool, default: §maybe } }\n", "is no value of type bool");
    check("attributes: { vip: { type: bool, default: §true, required: true } }\n", "no use for a default");
    check("attributes: { §v-p: { type: bool } }\n", "cannot be named in a condition");
}

#[test]
fn managers() {
    let segments = |groups: &str, named: &str| {
        format!(
            "managers: {{ {groups} }}\nplans: {{ p: {{ stages: [ {{ stage: a, after: 1d, {CALL} }} ] }} }}\n\
         groups: {{ g: {{ standard: p, plans: [p] }} }}\nsegments: [ {{ name: s, group: g{named} }} ]\n"
        )
    };
    let served = |groups: &str| segments(groups, ", managers: desk");
    check(
        &segments("desk: {}", ", managers: §dest"),
        "no manager group `dest` is defined / did you mean `desk`?",
    );
    check(
        &segments("", ", managers: §vip-desk"),
        "no manager group `vip-desk` is defined / define it under `managers`",
    );
    check(
        &served("desk: { personal: [anna, boris, §anna] }"),
        "the manager `anna` is there already, in line 6",
    );
    check(&served("desk: { personal: [§''] }"), "the text is empty");
    check(&served("desk: { personal: §anna }"), "a list is wanted here");
    check(&served("desk: { §personnel: [anna] }"), "did you mean `personal`?");
    check(&served("desk: { personal: [anna], change: §[] }"), "the list is empty / write at least one item");
    check(&served("desk: { personal: [anna], change: [boss, §boss] }"), "the role `boss` is there already");
    warned(
        &served("desk: { change: [§boss] }"),
        "has no personal manager that anyone could change / name some by `personal`",
    );
    warned(&segments("§desk: {}", ""), "nothing uses the manager group `desk` / use it, or leave it out");
}

#[test]
fn all_that_is_wrong_comes_in_one_run() {
    let found = report(&format!(
        "{HEAD}colour: red\nbalances: {{ main: {{ unit: euro }} }}\nthresholds:\n\
         - {{ id: a, balance: main, falls_to: [5, 10], {DO} }}\n- {{ id: b, {DO} }}\n"
    ));
    let places: Vec<_> = errors(&found).iter().map(|finding| (finding.span.line, finding.code)).collect();
    let expected = [
        (6, "unknown-field"),
        (7, "unknown-word"),
        (9, "lines-out-of-order"),
        (9, "unknown-name"),
        (10, "missing-field"),
    ];
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{:#?}", found.findings);
}

#[test]
fn one_mistake_is_said_once_not_what_follows_from_it() {
    rule(&format!("id: a, balance: main, falls_to: §5, {DO}"), "a list is wanted here");
    let cut = "{ stage: b, after: 2d, do: [ { provision: { operation: x, undo: y, cuts_off: true } } ] }";
    plan(&format!("stages: [ {{ stage: a, after: §soon, {DO} }}, {cut} ]"), "is no length of time");
    check("templates: { t: { en: §[] } }\n", "a value is wanted here");
    let group = "groups: { g: { standard: p, plans: [p] } }\n";
    check(
        &format!("{group}plans: {{ p: §5 }}\nsegments: [ {{ name: s, group: g }} ]\n"),
        "a mapping is wanted",
    );
}

#[test]
fn a_report_is_read_by_people_and_by_programs() {
    let found = report(&format!("{HEAD}colour: red\n"));
    let json = found.to_json();
    assert_eq!(json.pointer("/file").unwrap(), "p.yaml");
    let finding = serde_json::json!({
        "line": 6, "column": 1, "start": HEAD.len(), "length": 6,
        "severity": "error", "code": "unknown-field",
        "message": "`colour` is no field here", "help": null,
    });
    let mut found_json = json.pointer("/findings/0").unwrap().clone();
    assert!(
        found_json
            .as_object_mut()
            .unwrap()
            .insert("help".to_owned(), serde_json::Value::Null)
            .unwrap()
            .is_string()
    );
    assert_eq!(found_json, finding);
    let mut told = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut told, &found).unwrap();
    assert!(told.contains("p.yaml:6:1") && told.contains("`colour` is no field here"), "{told}");
}
