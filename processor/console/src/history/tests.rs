//! Lines in words, in both languages.

use super::*;
use crate::tests::{russian, visitor};
use serde_json::json;

/// The line of this kind, reason and figures, as a page shows it: its reason with the language, and its figures.
fn shown(v: &Visitor, kind: &str, reason: &str, figures: &[(&str, &str)]) -> (String, String) {
    let figures: Vec<_> =
        figures.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let when = json!({ "at": "2026-03-05T08:00:00Z", "local": "2026-03-05 09:00" });
    let told = json!({ "when": when, "kind": kind, "reason": reason, "figures": figures });
    let line = lines(&[serde_json::from_value(told).unwrap()], "Europe/Berlin", v).pop().unwrap();
    let reason = line.reason.map_or_else(String::new, |said| format!("{} ({})", said.text, said.lang));
    let figures = line.figures.iter().map(|figure| format!("{}: {}", figure.label, figure.value.text));
    (reason, figures.collect::<Vec<_>>().join(" · "))
}

#[track_caller]
fn check(kind: &str, reason: &str, english: &str, other: &str) {
    assert_eq!(shown(&visitor(), kind, reason, &[]).0, english);
    assert_eq!(shown(&russian(), kind, reason, &[]).0, other);
}

#[test]
fn a_reason_is_told_in_the_language_of_whoever_reads() {
    check("alert", "top_up", "top-up (en)", "пополнение (ru)");
    let come = "its time has come";
    check("stage_entered", come, "its time has come (en)", "наступил срок (ru)");
    // A word means another thing in another line.
    check("cycle_ended", "exempt", "exempt (en)", "исключён из взыскания (ru)");
    check("control_applied", "exempt", "exemption (en)", "исключение из взыскания (ru)");
    check("hold_ended", "", "", "");
    // What nobody has foreseen stays what it is, and says so.
    check(
        "stage_entered",
        "a newer version says so",
        "a newer version says so (en)",
        "a newer version says so (en)",
    );
    // What the billing system said is nobody's English.
    check("invoice_adjusted", "goodwill", "goodwill (en)", "goodwill (ru)");
    check("invoice_adjusted", "expired", "expired (en)", "expired (ru)");
    check("payment_reversed", "undone", "undone (en)", "отменено (ru)");
}

#[test]
fn a_moment_in_a_sentence_stands_on_the_wall_clock_of_the_account() {
    check(
        "event_rejected",
        "the pause would be over already: it ends at 2026-03-01T08:00:00Z",
        "the pause would be over already: it ends at 2026-03-01 09:00 (en)",
        "пауза: окончание уже прошло (2026-03-01 09:00) (ru)",
    );
}

#[track_caller]
fn check_figures(kind: &str, figures: &[(&str, &str)], english: &str, other: &str) {
    assert_eq!(shown(&visitor(), kind, "", figures).1, english);
    assert_eq!(shown(&russian(), kind, "", figures).1, other);
}

#[test]
fn figures_are_called_by_people_s_words_and_those_for_programs_are_left_out() {
    let holds = |id| [("hold", id), ("amount", "1.00")];
    check_figures("hold_made", &holds("D-7"), "hold: D-7 · amount: 1.00", "удержание: D-7 · сумма: 1.00");
    check_figures("hold_made", &holds("console-f2d74c3c"), "amount: 1.00", "сумма: 1.00");
    let entered = [
        ("plan", "soft"),
        ("debt_class", "all"),
        ("cycle", "1"),
        ("stage", "bar"),
        ("from", "none"),
        ("after", "15d"),
        ("due", "2026-03-24T23:00:00Z"),
        ("real_debt", "120.00"),
        ("conditional_debt", "120.00"),
        ("command_id", "5f3a"),
    ];
    check_figures(
        "stage_entered",
        &entered,
        "plan: soft · stage: bar · from: none · due after: 15\u{a0}days · due: 2026-03-25 00:00 · debt: 120.00",
        "план: soft · этап: bar · было: нет · наступает через: 15\u{a0}дней · срок: 2026-03-25 00:00 · долг: 120.00",
    );
    let rolling = [("debt_class", "provider:water"), ("cycle", "2"), ("conditional_debt", "0.00")];
    check_figures(
        "cycle_held",
        &rolling,
        "of: provider water · run of the plan: 2 · not frozen: 0.00",
        "долг за: поставщик water · проход плана: 2 · не заморожено: 0.00",
    );
}

#[test]
fn words_among_the_figures_have_their_texts_and_what_people_wrote_stays() {
    let failed = [("class", "statutory"), ("try", "2"), ("because", "no report within 1h")];
    check_figures(
        "measure_requested",
        &failed,
        "class: required by law · try: 2 · because: no report within 1h",
        "вид: по закону · попытка: 2 · почему: отчёт не пришёл за 1\u{a0}час",
    );
    let made = [("kind", "unconfirmed_payment"), ("role", "senior"), ("why", "none"), ("services", "")];
    check_figures(
        "hold_made",
        &made,
        "kind: unconfirmed payment · role: senior agent · why: none",
        "вид: неподтверждённый платёж · роль: старший оператор · причина: none",
    );
    assert_eq!(shown(&visitor(), "hold_made", "promise", &[("kind", "promise")]).1, "");
    check_figures(
        "control_applied",
        &[("why", "in the work queue")],
        "why: in the work queue",
        "причина: в очереди задач",
    );
    check_figures("alert", &[("a_new_one", "7")], "a new one: 7", "a new one: 7");
}
