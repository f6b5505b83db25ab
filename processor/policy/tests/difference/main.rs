//! What is said of a change of policy: each row an edit of the policy that has everything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod every_field;

use decision::Policy;
use policy::difference::{Change, between};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole")
}

fn whole() -> String {
    std::fs::read_to_string(folder().join("whole.policy.yaml")).unwrap()
}

/// The policy of a text; none where it may not be used.
fn read(text: &str) -> Option<Arc<Policy>> {
    let beside = |name: &str| std::fs::read_to_string(folder().join(name));
    policy::parse_with("p", text, &beside).ok().map(|loaded| loaded.policy)
}

fn lines(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

/// The whole policy with one part of it written anew.
#[track_caller]
fn edited(from: &str, to: &str) -> Arc<Policy> {
    let text = whole();
    assert_eq!(text.matches(from).count(), 1, "{from}");
    let edited = text.replace(from, to);
    let beside = |name: &str| std::fs::read_to_string(folder().join(name));
    policy::parse_with("p", &edited, &beside).unwrap_or_else(|report| panic!("{to}: {report:?}")).policy
}

/// The whole policy is edited so, and this is said of it.
#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    let changes = between(&read(&whole()).unwrap(), &edited(from, to));
    assert_eq!(lines(&changes), expected, "{from} / {to}");
}

#[test]
fn comments_and_layout_are_no_change() {
    check("policy: whole", "# Another comment.\npolicy:   'whole'\n", &[]);
    check(
        "  mass: { standard: soft, plans: [soft] }",
        "  mass:\n    plans: [ soft ]\n    standard: soft",
        &[],
    );
}

#[test]
fn what_is_only_written_differently_is_told_apart_from_what_changes() {
    let said = ["policy: written differently, with nothing changed in what it does"];
    check("    count_date: due\n", "", &said);
    check("exit: 0.00", "exit: 0", &said);
    check("[100.00, 50.00, 10.00]", "[100.00, 50.0, 10.00]", &said);
    check("lines: { type: int, default: 1 }", "lines: { type: int, default: 01 }", &said);
}

#[test]
fn a_policy_has_a_name_a_beginning_and_defaults() {
    check("policy: whole", "policy: half", &["policy: name whole → half"]);
    check("version: \"2026.12\"", "version: \"2027.01\"", &["policy: version 2026.12 → 2027.01"]);
    let from = "effective_from: 2026-12-01";
    check(from, "effective_from: 2027-01-01", &["policy: holds from 2026-12-01 → 2027-01-01"]);
    check(
        from,
        "effective_from: 2026-12-01T08:30:00",
        &["policy: holds from 2026-12-01 → 2026-12-01T08:30:00"],
    );
    check(from, "", &["policy: holds from 2026-12-01 → the beginning"]);
    check("Asia/Tashkent", "Asia/Samarkand", &["policy: time zone Asia/Tashkent → Asia/Samarkand"]);
    check("currency: UZS", "currency: EUR", &["policy: currency UZS → EUR"]);
    check("uz\nobserve: false", "uz\nobserve: true", &["policy: observe no → yes"]);
    let head = "policy: p\nversion: '1'\ntime_zone: UTC\ncurrency: EUR\nlanguage: ";
    let [old, new] = ["en", "fr"].map(|language| read(&format!("{head}{language}\n")).unwrap());
    assert_eq!(lines(&between(&old, &new)), ["policy: language en → fr"]);
}

#[test]
fn attributes_and_balances_are_told_by_name() {
    let region = "region: { type: string, default: unknown }";
    check(
        region,
        "region: { type: string, default: none }",
        &["attribute region: default «unknown» → «none»"],
    );
    check(
        region,
        "region: { type: int, default: 7 }",
        &["attribute region: type string → int", "attribute region: default «unknown» → 7"],
    );
    check(region, "region: { type: string }", &["attribute region: default «unknown» is gone"]);
    check(
        region,
        "zone: { type: string, required: true }",
        &["attribute zone: is new (string, required)", "attribute region: is gone"],
    );
    check(
        "since: { type: date }",
        "since: { type: date, required: true }",
        &["attribute since: required no → yes"],
    );
    check("data: { unit: bytes }", "data: { unit: pieces }", &["balance data: unit bytes → pieces"]);
    check(
        "  main: { unit: money }",
        "  main: { unit: money }\n  more: { unit: seconds }",
        &["balance more: is new (seconds)"],
    );
}

#[test]
fn windows_are_told_by_their_days() {
    let friday = "fri: \"08:00-12:00\", ";
    let mass = "(groups: mass)";
    check(friday, "", &[&format!("window cutting_off: Fri 08:00-12:00 is gone {mass}")]);
    check(
        friday,
        "fri: \"08:00-13:00\", ",
        &[&format!("window cutting_off: Fri 08:00-12:00 → 08:00-13:00 {mass}")],
    );
    check(
        friday,
        "fri-sun: \"08:00-12:00\", ",
        &[&format!("window cutting_off: Sat-Sun 08:00-12:00 is new {mass}")],
    );
    check(
        ", day_before_holiday]",
        "]",
        &[&format!("window cutting_off: skips the day before holidays yes → no {mass}")],
    );
    check(
        "weekend: [sat, sun]",
        "weekend: [sun]",
        &[&format!("window cutting_off: weekend Sat, Sun → Sun {mass}")],
    );
    check(
        "holidays: [2026-12-08]",
        "holidays: [2026-12-09]",
        &[
            &format!("window cutting_off: holiday 2026-12-09 is new {mass}"),
            &format!("window cutting_off: holiday 2026-12-08 is gone {mass}"),
        ],
    );
    // The file's New Year comes every year.
    check(
        ", ics: holidays.ics",
        "",
        &[&format!(
            "window cutting_off: holidays 2026-01-01, 2027-01-01, 2027-03-09 and 75 more are gone {mass}"
        )],
    );
    // A threshold waits for it too, and that is for all groups.
    check(
        "mon-sun: \"09:00-21:00\"",
        "mon-sun: \"09:00-24:00\"",
        &["window waking: Mon-Sun 09:00-21:00 → 09:00-24:00"],
    );
    check(
        "  waking:",
        "  night: { mon-fri: \"00:00-06:00\", sun: \"00:00-06:00\" }\n  waking:",
        &["window night: is new (Mon-Fri 00:00-06:00, Sun 00:00-06:00)"],
    );
}

#[test]
fn thresholds_are_told_by_their_lines_and_measures() {
    let lines = "falls_to: [100.00, 50.00, 10.00]";
    check(
        lines,
        "falls_to: [100.00, 25.00]",
        &["threshold low-balance: lines 100.00, 50.00, 10.00 → 100.00, 25.00"],
    );
    check(
        lines,
        "rises_to: [10.00, 50.00]",
        &["threshold low-balance: alerts when it falls to 100.00, 50.00, 10.00 → rises to 10.00, 50.00"],
    );
    check("    every: 100.00\n", "", &["threshold low-balance: every 100.00 is gone"]);
    check("every: 100.00", "every: 200.00", &["threshold low-balance: every 100.00 → 200.00"]);
    check("hysteresis: 5.00", "hysteresis: 6.00", &["threshold low-balance: hysteresis 5.00 → 6.00"]);
    check("on_first: silent", "on_first: fire", &["threshold low-balance: on first silent → fire"]);
    check("deliver: all", "deliver: severest", &["threshold low-balance: deliver all → severest"]);
    check("cooldown: 24h", "cooldown: 1d", &["threshold low-balance: cooldown 24h → 1d"]);
    check("max_age: 1h", "max_age: 2h", &["threshold low-balance: max age 1h → 2h"]);
    check("1h\n    observe: false", "1h\n    observe: true", &["threshold low-balance: observe no → yes"]);
    check(
        "when: account.payment_mode == \"prepaid\"",
        "when: account.payment_mode == \"hybrid\"",
        &[
            "threshold low-balance: when `account.payment_mode == \"prepaid\"` → `account.payment_mode == \"hybrid\"`",
        ],
    );
    check("expires_in: 3d", "expires_in: 5d", &["threshold data-expiry: expires in 3d → 5d"]);
    check(
        "expires_in: 3d",
        "falls_to: [7]",
        &["threshold data-expiry: alerts when it expires in 3d → falls to 7"],
    );
    check(
        "{ id: used,",
        "{ id: much-used,",
        &["threshold much-used: is new (data rises to 80%)", "threshold used: is gone"],
    );
    check(
        "template: balance-ok, channel: push, class: service",
        "template: balance-ok, channel: sms, class: statutory",
        &[
            "threshold used, message balance-ok: channel push → sms",
            "threshold used, message balance-ok: class service → statutory",
        ],
    );
    check(
        "recovered: [ { message: { template: balance-ok, channel: sms, class: service } } ]",
        "",
        &["threshold low-balance, recovered: message balance-ok is gone"],
    );
}

#[test]
fn segments_are_told_with_their_group() {
    check(
        "when: account.attributes.vip,",
        "when: account.attributes.lines > 5,",
        &["segment vip: when `account.attributes.vip` → `account.attributes.lines > 5` (groups: vip)"],
    );
    check(
        "group: vip, managers: vip-desk",
        "group: mass, managers: vip-desk",
        &["segment vip: group vip → mass (groups: mass, vip)"],
    );
    check(", managers: vip-desk", "", &["segment vip: managers vip-desk is gone (groups: vip)"]);
    check(
        "  - { name: everyone",
        "  - { name: old, when: account.attributes.lines > 9, group: vip }\n  - { name: everyone",
        &["segment old: is new (when `account.attributes.lines > 9`, group vip) (groups: vip)"],
    );
}

#[test]
fn a_segment_that_is_asked_earlier_has_moved() {
    let some = "  - { name: some, when: account.attributes.lines > 9, group: vip }\n";
    let old = edited("  - { name: everyone", &format!("{some}  - {{ name: everyone"));
    let new = edited("  - { name: vip", &format!("{some}  - {{ name: vip"));
    assert_eq!(lines(&between(&old, &new)), ["segment some: moved to the front (groups: vip)"]);
}

#[test]
fn groups_are_told_with_their_segments() {
    check(
        "{ standard: soft, plans: [soft] }",
        "{ standard: gentle, plans: [soft, gentle] }",
        &[
            "group mass: standard plan soft → gentle (segments everyone)",
            "group mass: plans soft → soft, gentle (segments everyone)",
        ],
    );
    check(
        "  mass: {",
        "  few: { standard: soft, plans: [soft] }\n  mass: {",
        &["group few: is new, standard plan soft, plans soft"],
    );
    check(
        "personal: [anna, boris]",
        "personal: [anna]",
        &["managers vip-desk: personal anna, boris → anna (groups: vip)"],
    );
    check(
        "change: [head_of_desk]",
        "change: [anyone]",
        &["managers vip-desk: changed by head_of_desk → anyone (groups: vip)"],
    );
}

#[test]
fn holds_are_told_by_their_bounds() {
    check("at_most: 2, per: 90d,", "at_most: 3, per: 90d,", &["hold promise: at most 2 per 90d → 3 per 90d"]);
    check("per: 90d, ", "", &["hold promise: at most 2 per 90d → 2 at one time"]);
    check("no_longer_than: 14d", "no_longer_than: 20d", &["hold promise: no longer than 14d → 20d"]);
    check("no_more_than: 500.00, ", "", &["hold promise: no more than 500.00 is gone"]);
    check("beyond: senior", "beyond: head", &["hold promise: beyond that by senior → head"]);
    check("valid_for: 5d", "valid_for: 6d", &["hold unconfirmed_payment: valid for 5d → 6d"]);
    check("  dispute: { no_more_than: 1000.00 }\n", "", &["hold dispute: no more than 1000.00 is gone"]);
}

#[test]
fn plans_are_told_with_the_groups_that_have_them() {
    check("    entry: 10.00\n", "", &["plan soft: entry 10.00 is gone (groups: mass)"]);
    check("exit: 0.00", "exit: 1.00", &["plan soft: exit 0.00 → 1.00 (groups: mass)"]);
    check(
        "debt_class: all",
        "debt_class: provider",
        &["plan soft: debt class all → provider (groups: mass)"],
    );
    check(
        "    include: invoice.kind != \"deposit\"\n",
        "",
        &["plan soft: include `invoice.kind != \"deposit\"` is gone (groups: mass)"],
    );
    check(
        "pause_clock: false",
        "pause_clock: true",
        &["plan soft: a hold pauses the clock no → yes (groups: mass)"],
    );
    check(
        "on_cure: [ { message: { template: thanks, channel: sms, class: service } } ]",
        "",
        &["plan soft, on cure: message thanks is gone (groups: mass)"],
    );
    check(
        "before: 3d",
        "before: 2d",
        &[
            "plan soft: 2d before due is new (sends due-soon by sms) (groups: mass)",
            "plan soft: 3d before due is gone (groups: mass)",
        ],
    );
    check(
        "template: due-soon, channel: sms, class: reminder",
        "template: due-soon, channel: email, class: reminder",
        &["plan soft, 3d before due, message due-soon: channel sms → email (groups: mass)"],
    );
    check(
        "{ letter: remind }",
        "{ letter: bar }",
        &["plan soft: from plan gentle, stage letter to remind → bar (groups: mass)"],
    );
    let mass = "{ standard: soft, plans: [soft] }\n  vip: { standard: gentle, plans: [gentle] }";
    let both = "{ standard: soft, plans: [soft] }\n  vip: { standard: gentle, plans: [gentle, soft] }";
    let text = whole().replace(mass, both);
    let (old, new) = (read(&text).unwrap(), read(&text.replace("after: 15d", "after: 20d")).unwrap());
    assert_eq!(lines(&between(&old, &new)), ["plan soft, stage bar: after 15d → 20d (groups: mass, vip)"]);
}

#[test]
fn stages_are_new_gone_moved_and_changed() {
    check("after: 15d", "after: 14d", &["plan soft, stage bar: after 15d → 14d (groups: mass)"]);
    check("        if_debt: 20.00\n", "", &["plan soft, stage bar: if debt 20.00 is gone (groups: mass)"]);
    check("if_invoices: 2", "if_invoices: 3", &["plan soft, stage bar: if invoices 2 → 3 (groups: mass)"]);
    check(
        "at_least: 2d",
        "at_least: 3d",
        &["plan soft, stage bar: notice of remind at least 2d → of remind at least 3d (groups: mass)"],
    );
    check(
        "result: [refused, no_answer]",
        "result: [refused]",
        &[
            "plan soft, stage agency: if task calls with refused, no_answer → calls with refused (groups: mass)",
        ],
    );
    check(
        "stage: agency",
        "stage: court",
        &[
            "plan soft: stage court is new (after 60d, if task calls with refused, no_answer, \
         charges late 5.00, hands over to agency) (groups: mass)",
            "plan soft: stage agency is gone (groups: mass)",
        ],
    );
    check(
        "task: { queue: calls, within: 2d }",
        "task: { queue: calls, within: 4d }",
        &["plan soft, stage remind, task calls: within 2d → 4d (groups: mass)"],
    );
    check(
        "amount: 5.00 } }, { handover: { to: agency } }",
        "amount: 6.00 } }",
        &[
            "plan soft, stage agency: handover to agency is gone (groups: mass)",
            "plan soft, stage agency, fee late: amount 5.00 → 6.00 (groups: mass)",
        ],
    );
    let (fee, handover) = ("{ fee: { code: late, amount: 5.00 } }", "{ handover: { to: agency } }");
    check(
        &format!("{fee}, {handover}"),
        &format!("{handover}, {fee}"),
        &["plan soft, stage agency: handover to agency moved to the front (groups: mass)"],
    );
}

#[test]
fn the_stage_that_overtook_others_is_the_one_that_moved() {
    let plan = |stages: [&str; 3]| {
        let stage =
            |name: &str| format!("{{ stage: {name}, after: 1d, do: [ {{ task: {{ queue: {name} }} }} ] }}");
        let head = "policy: p\nversion: '1'\ntime_zone: UTC\ncurrency: EUR\nlanguage: en\n";
        read(&format!("{head}plans: {{ p: {{ stages: [ {} ] }} }}\n", stages.map(stage).join(", "))).unwrap()
    };
    let check = |stages, expected: &[&str]| {
        assert_eq!(lines(&between(&plan(["a", "b", "c"]), &plan(stages))), expected);
    };
    check(["c", "a", "b"], &["plan p: stage c moved to the front"]);
    check(["b", "c", "a"], &["plan p: stage a moved after stage c"]);
    check(["a", "b", "c"], &[]);
}

#[test]
fn commands_are_told_by_channel_and_kind() {
    check("sms: 500/s", "sms: 200/s", &["commands: sms rate 500/s → 200/s"]);
    check(", provision: 50/s", "", &["commands: provision rate 50/s is gone"]);
    check("at_most: 7, per: 7d", "at_most: 5, per: 7d", &["commands: voice at most 7 per 7d → 5 per 7d"]);
    check(", { channel: voice, at_most: 2, per: 1d }", "", &["commands: voice at most 2 per 1d is gone"]);
    check("report_within: 24h", "report_within: 12h", &["commands, message: report within 24h → 12h"]);
    check("retries: 3", "retries: 4", &["commands, provision: retries 3 → 4"]);
    check("within: 1d } }", "within: 2d } }", &["commands, message, then, task undelivered: within 1d → 2d"]);
    check("more_than: 2.5x", "more_than: 3x", &["commands, breaker: more than 2.5x → 3x"]);
    check(
        "  breaker: { more_than: 2.5x, over: 1h, against: 7d, at_least: 100 }\n",
        "",
        &["commands: breaker is gone"],
    );
    check("dedup_window: 10d", "dedup_window: 9d", &["retention: dedup window 10d → 9d"]);
}

#[test]
fn templates_are_told_by_language_with_the_groups_whose_plans_send_them() {
    check(
        "reminder: { uz: \"{{ debt.conditional }}\" }",
        "reminder: { uz: \"{{ debt.real }}\" }",
        &["template reminder, uz: text changed (groups: mass, vip)"],
    );
    check(
        "thanks: { uz: Rahmat }",
        "thanks: { uz: Rahmat, ru: Spasibo }",
        &["template thanks, ru: is new (groups: mass)"],
    );
    check(", ru: \"{{ balance.value }}\"", "", &["template low-balance, ru: is gone"]);
}

#[test]
fn changes_come_in_the_order_of_the_policy_file() {
    let text = whole();
    let edits = [
        ("version: \"2026.12\"", "version: \"2\""),
        ("default: unknown", "default: none"),
        ("fri: \"08:00-12:00\"", "fri: \"08:00-13:00\""),
        ("cooldown: 24h", "cooldown: 12h"),
        ("valid_for: 5d", "valid_for: 6d"),
        ("after: 15d", "after: 14d"),
        ("sms: 500/s", "sms: 200/s"),
        ("uz: Rahmat", "uz: Ура"),
        ("dedup_window: 10d", "dedup_window: 9d"),
        ("uz\nobserve: false", "uz\nobserve: true"),
    ];
    let edited = edits.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
    let changes = between(&read(&text).unwrap(), &read(&edited).unwrap());
    let subjects: Vec<_> = changes.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "policy",
            "attribute region",
            "window cutting_off",
            "threshold low-balance",
            "hold unconfirmed_payment",
            "plan soft, stage bar",
            "commands",
            "template thanks, uz",
            "retention",
            "policy",
        ]
    );
}
