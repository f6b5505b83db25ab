//! The catalogue fits what is said, and is never in the way.

mod policies;
mod sources;
mod whole;

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[track_caller]
fn check(section: &str, english: &str, expected: Option<&str>) {
    let said = said(Language::Russian, section, english);
    let found = (said.lang == "ru").then_some(said.text.as_str());
    assert_eq!(found, expected, "{english}");
}

/// A sentence of the sources, with samples in its holes, is in the catalogue, and the samples are kept.
#[track_caller]
fn check_said(section: &str, english: &str) {
    let said = said(Language::Russian, section, english);
    assert_eq!(said.lang, "ru", "[{section}] has no line for: {english}");
    let is_kept = !english.contains(sources::SAMPLE) || said.text.contains(sources::SAMPLE);
    assert!(is_kept, "what it names is lost: {english} = {}", said.text);
}

#[test]
fn a_sentence_is_said_with_what_stands_in_its_holes() {
    check(
        "history",
        "the currency of the event is EUR, that of the account USD",
        Some("валюта события — EUR, абонента — USD"),
    );
    // A hole may hold what stands around it.
    check("history", "the policy has no plan «a «b» c»", Some("в политике нет плана «a «b» c»"));
    check("history", "the policy has no plan «soft» any more", None);
    check("history", "there is no pause to end, is there", None);
    check("history", "", None);
    check("no such section", "there is no pause to end", None);
}

#[test]
fn the_line_with_the_most_letters_of_its_own_is_taken() {
    let (short, long) = (
        "invoice «B1» did not come within 30d",
        "; closed ones are remembered for the reversal window (reversal_window: 90d)",
    );
    check("history", short, Some("счёт «B1» не пришёл за 30\u{a0}дней"));
    check(
        "history",
        &format!("{short}{long}"),
        Some(
            "счёт «B1» не пришёл за 30\u{a0}дней; закрытые счета помнятся, пока возможно сторно (90\u{a0}дней)",
        ),
    );
}

#[test]
fn it_is_of_no_matter_which_line_stands_first() {
    for lines in
        ["[s]\n{a} b = short {a}\n{a} is b = long {a}\n", "[s]\n{a} is b = long {a}\n{a} b = short {a}\n"]
    {
        assert_eq!(Catalogue::read(lines).say("s", "x is b", 2).as_deref(), Some("long x"), "{lines}");
    }
}

#[test]
fn a_hole_with_a_section_is_said_in_its_words_or_the_line_does_not_fit() {
    let hold = |kind: &str| format!("hold «H1» is no dispute: it is of the kind {kind}");
    check("history", &hold("deferral"), Some("удержание «H1» — не спор, его вид: отсрочка"));
    check("history", &hold("loan"), None);
    let role =
        "the role «agent» may not change a personal manager: of «desk» «senior», «manager» or «admin» may";
    let said = "роль «agent» не может менять персонального менеджера; в группе «desk» это разрешено: «senior», «manager» или «admin»";
    check("history", role, Some(said));
}

#[test]
fn what_was_found_is_said_part_by_part() {
    check("finding", "task calls: its result is reached", Some("задача «calls»: результат — reached"));
    check(
        "finding",
        "low by sms, try 2: reported as failed at 2026-03-20 09:00",
        Some("сообщение «low» (sms), попытка 2: отчёт от 2026-03-20 09:00: не удалось"),
    );
    check(
        "finding",
        "10.00 is owed, of which holds leave 0.00, and bar asks 5.00",
        Some("долг 10.00, из него не заморожено 0.00, а для этапа «bar» нужно 5.00"),
    );
    check(
        "finding",
        "bar asks of a task in calls that it is go or yes or no; it has no result",
        Some(
            "для этапа «bar» задача в очереди «calls» должна закончиться так: go или yes или no; результата у неё ещё нет",
        ),
    );
}

#[test]
fn english_stays_as_it_is() {
    let text = "there is no pause to end";
    assert_eq!(said(Language::English, "history", text), Said { text: text.to_owned(), lang: "en" });
}

#[test]
fn a_length_of_time_is_said_as_people_say_it() {
    for (written, english, other) in [
        ("1d", "1 day", "1 день"),
        ("15d", "15 days", "15 дней"),
        ("22 days", "22 days", "22 дня"),
        ("24h", "24 hours", "24 часа"),
        ("1m", "1 minute", "1 минуту"),
        ("30 seconds", "30 seconds", "30 секунд"),
    ] {
        assert_eq!(period(Language::English, written), english.replacen(' ', "\u{a0}", 1));
        assert_eq!(period(Language::Russian, written), other.replacen(' ', "\u{a0}", 1));
    }
    for other in ["", "d", "15", "15w", "soon", "1.5h", "99999999999999999999999d"] {
        assert_eq!(period(Language::Russian, other), other);
    }
}

/// The holes of a sentence, each once.
fn holes(pieces: &[Piece]) -> BTreeSet<&'static str> {
    let of = |piece: &Piece| match piece {
        Piece::Hole(name) => Some(*name),
        Piece::Letters(_) => None,
    };
    pieces.iter().filter_map(of).collect()
}

#[test]
fn both_sides_of_a_line_have_the_same_holes_and_no_two_of_them_touch() {
    // `path` is only for whoever asks by hand: the page says how to look for it.
    let left_out = BTreeSet::from(["path"]);
    for (section, lines) in &russian().0 {
        for line in lines {
            let (english, other) = (holes(&line.english), holes(&line.other));
            let missing: BTreeSet<_> = english.difference(&other).copied().collect();
            assert!(missing.is_subset(&left_out) && other.is_subset(&english), "[{section}] {line:?}");
            let count = line.english.iter().filter(|piece| matches!(piece, Piece::Hole(_))).count();
            assert_eq!(count, english.len(), "[{section}] a hole is there twice: {line:?}");
            let touch = |pair: &[Piece]| matches!(pair, [Piece::Hole(_), Piece::Hole(_)]);
            assert!(!line.english.windows(2).any(touch), "[{section}] {line:?}");
        }
    }
}

#[test]
fn every_line_of_the_file_is_a_sentence_of_a_section_and_none_is_there_twice() {
    let (mut section, mut seen) = ("", BTreeSet::new());
    for line in include_str!("../../assets/texts/said_ru.txt").lines() {
        if line.starts_with('[') {
            section = line;
        } else if !line.is_empty() && !line.starts_with('#') {
            let (english, other) = line.split_once(" = ").expect(line);
            assert!(!english.trim().is_empty() && !other.trim().is_empty() && !section.is_empty(), "{line}");
            assert!(seen.insert((section, english)), "{section} has it twice: {line}");
            let braces = |brace: char| line.matches(brace).count();
            assert_eq!(braces('{'), braces('}'), "{line}");
        }
    }
    assert!(seen.len() > 200, "the file is read");
}

proptest! {
    #[test]
    fn no_text_is_in_the_way(text in any::<String>(), section in "[a-z]{0,8}") {
        said(Language::Russian, &section, &text);
        period(Language::Russian, &text);
        for section in russian().0.keys() {
            said(Language::Russian, section, &text);
        }
    }

    #[test]
    fn a_line_whose_holes_hold_anything_is_never_a_panic(at in 0..1_000_usize, value in any::<String>()) {
        let lines: Vec<_> = russian().0.iter().flat_map(|(section, lines)| lines.iter().map(move |line| (section, line))).collect();
        let (section, line) = lines[at % lines.len()];
        let text: String = line.english.iter().map(|piece| match piece {
            Piece::Letters(letters) => *letters,
            Piece::Hole(_) => value.as_str(),
        }).collect();
        let told = said(Language::Russian, section, &text);
        prop_assert!(told.lang == "ru" || told.text == text);
    }
}
