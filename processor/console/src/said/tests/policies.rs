//! What a policy says is put together of parts: each part that the sources have is said in its place.

use super::sources::{SAMPLE, filled, literals, of_file, of_folder, root, sentences};
use super::*;

/// What stands in a hole without a name: of most of them a length of time.
fn samples(sentence: &str) -> [(&'static str, &'static str); 5] {
    let unnamed = match sentence {
        _ if sentence.starts_with("after the last try") => "sends low by sms",
        _ if sentence.contains("more than {}") || sentence.contains("is {} {currency}") => "0.00",
        _ => "10 days",
    };
    let date = "due date";
    [("", unnamed), ("date", date), ("direction", "falls to"), ("over", "1 hour"), ("against", "7 days")]
}

#[test]
fn every_sentence_of_a_plan_a_rule_and_a_limit_is_said() {
    let of = |file: &str| sentences(&of_file(&root().join(file)));
    let words = of_file(&root().join("policy/src/words.rs"));
    let (_, bounds) = words.split_once("pub fn bounds(").unwrap();
    let files = ["plan", "rule", "view"].map(|file| of(&format!("api/src/policies/{file}.rs")));
    let all: Vec<String> = files.into_iter().flatten().chain(sentences(bounds)).collect();
    assert!(all.len() > 50, "they are looked for where they are: {}", all.len());
    // What dates are called stands within other sentences, what hours are is told below.
    let all =
        all.iter().filter(|text| !["due date", "issue date", "{days} {hours}"].contains(&text.as_str()));
    for sentence in all {
        let text = filled(sentence, &samples(sentence));
        check_said("policy", &text);
        check_said("policy", &text.replace("due date", "issue date"));
    }
}

#[test]
fn every_measure_is_said_with_its_particulars() {
    let code = of_file(&root().join("policy/src/words/measure.rs"));
    let (before, summary) = code.split_once("pub fn summary(").unwrap();
    let (_, particulars) = before.split_once("fn particulars(").unwrap();
    let summaries: Vec<_> = sentences(summary).into_iter().filter(|text| !text.starts_with("{}")).collect();
    let parts: Vec<_> = sentences(particulars);
    assert!(summaries.len() == 5 && parts.len() > 4, "they are looked for where they are");
    for measure in &summaries {
        check_said("policy", &filled(measure, &[]));
        for part in parts.iter().map(String::as_str).chain(["service", "reminder", "statutory"]) {
            let part = filled(part, &[("within", "3d"), ("", SAMPLE)]);
            let whole = format!("{} (cuts off, {part})", filled(measure, &[]));
            check_said("policy", &whole);
            // Not as a part of the name before it.
            assert!(!said(Language::Russian, "policy", &whole).text.contains("cuts off"), "{whole}");
        }
    }
    let all = said(
        Language::Russian,
        "policy",
        "sends low by sms (reminder, window waking, fallback email, voice)",
    );
    assert_eq!(
        all.text,
        "отправляется «low» по каналу sms (напоминание, разрешённые часы «waking», если не доставлено: email, voice)"
    );
}

#[test]
fn hours_and_days_are_said() {
    let words = of_file(&root().join("policy/src/words.rs"));
    let (_, weekday) = words.split_once("pub fn weekday(").unwrap();
    let days = literals(weekday.split("\n}").next().unwrap());
    assert_eq!(days.len(), 7);
    for day in &days {
        check_said("hours", &format!("{day} 08:00-16:00"));
        check_said("hours", &format!("Mon-{day} 08:00-12:00 and 13:00-17:00"));
    }
    let week = said(Language::Russian, "hours", "Mon-Fri 08:00-12:00 and 13:00-24:00");
    assert_eq!(week.text, "пн–пт 08:00-12:00 и 13:00-24:00");
    let hours = of_file(&root().join("policy/src/words/hours.rs"));
    let skipped = sentences(hours.split_once("pub fn skips(").unwrap().1);
    assert_eq!(skipped.len(), 2);
    for days in skipped.iter().map(String::as_str).chain(["holidays"]) {
        check_said("skips", days);
    }
}

#[test]
fn what_an_instance_waits_for_is_said() {
    let (_, ready) = of_file(&root().join("src/run.rs"))
        .split_once("fn ready(")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let all = sentences(ready.split("\n    }").next().unwrap());
    assert_eq!(all.len(), 2);
    for sentence in all {
        check_said("waits", &filled(&sentence, &[]));
    }
}

/// What the tests of changes expect: the lines, as they are told with their groups.
fn changes() -> Vec<(String, String)> {
    let tests = std::fs::read_to_string(root().join("policy/tests/difference/main.rs")).unwrap();
    let told = sentences(&tests).into_iter().filter_map(|line| {
        let line = filled(&line, &[("mass", "(groups: mass)")]);
        let (subject, what) = line.split_once(": ")?;
        let what = what.split_once(" (groups: ").map_or(what, |(what, _)| what);
        Some((subject.to_owned(), what.to_owned()))
    });
    let subjects = "policy,attribute ,balance ,threshold ,segment ,group ,managers ,hold ,plan ,window ,commands,template ,retention";
    let changes = [" → ", "is new", "is gone", "moved", " are ", "changed", "written"];
    let is_of = |subject: &str| subjects.split(',').any(|of| subject.starts_with(of));
    let is_change = |what: &str| changes.iter().any(|part| what.contains(part));
    told.filter(|(subject, what)| is_of(subject) && is_change(what)).collect()
}

#[test]
fn whatever_changes_in_a_policy_is_said() {
    let all = changes();
    assert!(all.len() > 90, "they are looked for where they are: {}", all.len());
    for (subject, what) in &all {
        check_said("subject", subject);
        check_said("change", what);
    }
}

#[test]
fn each_field_that_is_compared_has_its_line() {
    for code in of_folder(&root().join("policy/src/difference")) {
        let given = [".field(", ".optional(", ".yes_no(", ".number(", ".optional_number("]
            .into_iter()
            .flat_map(|call| code.split(call).skip(1));
        let given = given.filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next());
        for field in given {
            let known =
                |words: &str| said(Language::Russian, "change", &format!("{field} {words}")).lang == "ru";
            // Of some only words for programs may stand there.
            let all = ["X1 → X2", "all → service", "reminder → service", "all → severest", "Sat, Sun → none"];
            assert!(all.into_iter().any(known), "[change] has no line for: {field}");
        }
    }
}
