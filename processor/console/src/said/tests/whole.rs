//! Nothing is left in English: whatever the sources can say, and whatever is decided when lives are played, is there.

use super::sources::{SAMPLE, filled, literals, of_file, of_folder, root, sentences};
use super::*;
use crate::answers::{Told, When};
use crate::history;
use crate::tests::{russian as russian_visitor, visitor};
use crate::visitor::Visitor;
use crate::why::parted;
use decision::record::Record;
use serde_json::json;

/// What stands in the holes of the decision core's sentences, where only some words may.
fn samples(sentence: &str) -> Vec<(&'static str, &'static str)> {
    let what = match sentence {
        _ if sentence.contains("would be over") => "the pause",
        _ if sentence.contains("is not supported") => "adopting a policy for one account",
        _ => "invoices",
    };
    vec![
        ("what", what),
        ("field", "valid_until"),
        ("expected", "date"),
        ("kind", "dispute"),
        ("allowed", "«a», «b» or «c»"),
        ("within", "1h"),
    ]
}

#[test]
fn every_rejection_is_said() {
    let all = sentences(&of_file(&root().join("decision/src/rejection.rs")));
    assert!(all.len() > 50, "they are looked for where they are");
    let bound = "too many holds: at_most allows 3 of the kind dispute in 7d";
    for sentence in all {
        let is_bound = sentence.starts_with("too many holds") || sentence.starts_with("the hold is too");
        let text = match sentence.as_str() {
            // How a list of roles ends, which is a sample here.
            "{} or {last}" => continue,
            more if more.starts_with("{allowed}; ") => filled(more, &[("allowed", bound)]),
            more if is_bound => filled(more, &samples(more)) + "; no role may grant more",
            whole => filled(whole, &samples(whole)),
        };
        check_said("history", &text);
        check_said("reject", &text);
    }
}

/// Sentences of the decision core that stand in no history.
const IN_NO_HISTORY: [&str; 11] = [
    "a command id is 32 hexadecimal digits",
    "a string",
    "adopting a policy for one account",
    "releasing or dropping for one account",
    "the pause",
    "the places are of another time",
    "the plan `{plan}`",
    "the policy",
    "the policy has no plan `{asked}`",
    "the policy has no threshold `{asked}`",
    "there is no policy",
];

#[test]
fn every_sentence_that_the_decision_core_writes_is_said() {
    let code = of_folder(&root().join("decision/src"));
    let is_rejection = |code: &&String| code.contains("pub enum Rejection");
    let mut all: Vec<_> =
        code.iter().filter(|code| !is_rejection(code)).flat_map(|code| sentences(code)).collect();
    // With a hole at its beginning it is put together with others.
    all.retain(|text| text.starts_with(char::is_lowercase) && !IN_NO_HISTORY.contains(&text.as_str()));
    assert!(all.len() > 40, "they are looked for where they are: {}", all.len());
    for sentence in all {
        check_said("history", &filled(&sentence, &samples(&sentence)));
    }
}

fn without_names_of_figures(code: &str) -> String {
    let mut parts = code.split("Figure::new(\"");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |code, part| code + part.split_once('"').unwrap().1)
}

/// Every reason of one word that the decision core gives: in the line, or in a function that chooses the word.
fn words_of_reasons() -> BTreeSet<String> {
    let mut words = Vec::new();
    for code in of_folder(&root().join("decision/src")) {
        // What figures are called is no reason.
        let code = without_names_of_figures(&code);
        for (begin, end) in [(".record(", ";"), ("Checked::Known(", ")"), ("tell(", ";"), ("go_back(", ";")] {
            let calls = code.split(begin).skip(1).map(|call| call.split(end).next().unwrap());
            words.extend(calls.flat_map(literals));
        }
        for begin in ["fn word_of(", "fn reason_word(", "fn origin_word(", "fn word(", "fn told("] {
            let bodies = code.split(begin).skip(1).map(|body| body.split("\n}").next().unwrap());
            let arms = bodies.flat_map(str::lines).filter(|line| line.contains("=> "));
            words.extend(arms.flat_map(literals));
        }
    }
    let is_word = |word: &String| word.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'_');
    // A figure of nothing is told as «none».
    words.into_iter().filter(|word| !word.is_empty() && word != "none" && is_word(word)).collect()
}

#[test]
fn every_word_that_is_a_reason_has_its_texts() {
    let words = words_of_reasons();
    let known = [
        "cooldown",
        "exempt",
        "expires_soon",
        "observe",
        "receipt",
        "refused",
        "retry",
        "step_down",
        "top_up",
    ];
    for word in known {
        assert!(words.contains(word), "«{word}» is looked for where it is");
    }
    for word in words {
        let kinds = ["", "control_applied-", "duplicate-"].map(|kind| format!("because-{kind}{word}"));
        for language in [Language::English, Language::Russian] {
            assert!(kinds.iter().any(|key| texts::find(language, key).is_some()), "«{word}» has no text");
        }
    }
}

#[test]
fn every_figure_is_called_something() {
    let code = of_folder(&root().join("decision/src")).join("\n");
    let names = code.split("Figure::new(\"").skip(1).map(|name| name.split('"').next().unwrap());
    let names: BTreeSet<&str> = names.filter(|name| !history::HIDDEN.contains(name)).collect();
    assert!(names.len() > 60, "they are looked for where they are: {}", names.len());
    for name in names {
        for language in [Language::English, Language::Russian] {
            assert!(texts::find(language, &format!("figure.{name}")).is_some(), "figure.{name} is not there");
        }
    }
}

/// What is decided in every test that the project plays: its scenarios, its examples, those by which it is accepted.
fn played() -> Vec<Record> {
    let folders = ["policy/tests/scenarios", "policy/tests/acceptance", "policy/starter", "../docs/examples"];
    let files = folders.into_iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|file| file.to_string_lossy().ends_with(".tests.yaml"));
    files.flat_map(|file| policy::tests::records(&file).unwrap()).collect()
}

fn told(record: &Record) -> Told {
    let figure = |figure: &decision::record::Figure| json!({ "name": figure.name, "value": figure.value });
    let figures: Vec<_> = record.figures.iter().map(figure).collect();
    let when = json!({ "at": "2026-03-05T08:00:00Z", "local": "2026-03-05 09:00" });
    let kind = record.kind.as_str();
    serde_json::from_value(json!({ "when": when, "kind": kind, "reason": record.reason, "figures": figures }))
        .unwrap()
}

/// A line of history is wholly in the reader's language, and has no names for programs.
#[track_caller]
fn check_line(record: &Record, v: &Visitor) {
    let line = history::lines(&[told(record)], "UTC", v).pop().unwrap();
    let (lang, reason) = (v.language.code(), line.reason.unwrap());
    assert_eq!(reason.lang, lang, "{}: {}", record.kind.as_str(), record.reason);
    // Names of the policy's, and words of the billing system's.
    let quotes = ["event_rejected", "invoice_adjusted", "payment_reversed"];
    let quotes_names = reason.text.contains('«') || quotes.contains(&record.kind.as_str());
    assert!(quotes_names || !reason.text.contains('_'), "{}: {}", record.kind.as_str(), reason.text);
    for figure in &line.figures {
        assert!(!figure.label.contains('_'), "{}", figure.label);
        let is_quoted = figure.label == v.t("figure.fault");
        assert!(is_quoted || figure.value.lang == lang, "{figure:?}");
    }
}

#[test]
fn whatever_is_decided_in_the_project_s_tests_is_read_in_both_languages() {
    let records = played();
    assert!(records.len() > 1_000, "they are played: {}", records.len());
    for record in &records {
        check_line(record, &visitor());
        check_line(record, &russian_visitor());
    }
}

/// The tables of the tests of findings: the code, and what is said.
fn findings() -> Vec<(String, String)> {
    let tests = std::fs::read_to_string(root().join("whatif/src/why_not/tests.rs")).unwrap();
    let (_, tables) = tests.split_once("fn check(").unwrap();
    let all = literals(tables);
    let is_code =
        |text: &str| !text.is_empty() && text.bytes().all(|at| at.is_ascii_lowercase() || at == b'_');
    let pairs = all.iter().zip(all.iter().skip(1));
    let rows = pairs.filter(|(code, says)| is_code(code) && says.contains(' '));
    rows.map(|(code, says)| (code.clone(), says.clone())).collect()
}

#[test]
fn whatever_is_found_is_said() {
    let all = findings();
    assert!(all.len() > 60, "the tables are read: {}", all.len());
    let when = When { at: String::new(), local: "2026-03-20 09:00".to_owned() };
    for (_, says) in &all {
        check_said("finding", parted(says, Some(&when)).0);
    }
    // And nothing can be found that is in no table.
    let code = of_folder(&root().join("whatif/src/why_not")).join("\n");
    let made = ["Finding::new(\"", "told(\"", "=> (\"", "of_validity(\""];
    let codes =
        made.iter().flat_map(|made| code.split(made).skip(1)).map(|code| code.split('"').next().unwrap());
    let codes: BTreeSet<&str> = codes.collect();
    assert!(codes.len() > 45, "they are looked for where they are: {}", codes.len());
    for code in codes {
        assert!(all.iter().any(|(known, _)| known == code), "«{code}» is in no table");
    }
}

#[test]
fn whatever_would_change_a_finding_is_said() {
    let code = of_folder(&root().join("whatif/src/why_not")).join("\n");
    let given = code.split("acts(").skip(1).map(|call| call.split('\n').next().unwrap());
    let named = code.split("let acts = ").skip(1).map(|acts| acts.split('\n').next().unwrap());
    let debt = code.split("fn more_debt(").skip(1).map(|body| body.split("\n    }").next().unwrap());
    let notice =
        code.split("NotGiven::").skip(1).filter_map(|arm| arm.split_once("=> (")?.1.split(')').next());
    let all = given.chain(named).chain(debt).chain(notice).flat_map(literals);
    let all: Vec<String> = all.filter(|text| text.contains(' ') && !text.starts_with("was ")).collect();
    assert!(all.len() > 25, "they are looked for where they are: {}", all.len());
    for sentence in all {
        // `or_beyond` says on which side.
        let beyond = sentence.starts_with("the balance at") || sentence.starts_with("armed again at");
        let at = if beyond { "5.00 or below" } else { SAMPLE };
        check_said("acts", &filled(&sentence, &[("", at), ("armed", at)]));
    }
    check_said("acts", "the balance at 5.00 or above");
}

#[test]
fn every_problem_of_the_api_is_said() {
    let all = sentences(&of_file(&root().join("api/src/problem.rs")));
    // Their titles end without a full stop: the console has its own.
    let all: Vec<&String> = all.iter().filter(|text| text.ends_with('.')).collect();
    assert!(all.len() > 30, "they are looked for where they are: {}", all.len());
    for sentence in all {
        check_said("problem", &filled(sentence, &[]));
    }
}

/// What is wrong with a question or an order, wherever the API says it.
#[test]
fn every_sentence_by_which_the_api_declines_is_said() {
    let code = of_folder(&root().join("api/src")).join("\n");
    let begins = ["bad_request(", "unknown_policy(", "let wrong = ", "let wrong = || "];
    let calls = begins.iter().flat_map(|begin| code.split(begin).skip(1));
    let first = |call: &str| {
        let call = call.trim_start().trim_start_matches("format!(").trim_start();
        call.starts_with('"').then(|| literals(call).swap_remove(0))
    };
    let all: BTreeSet<String> = calls.filter_map(first).collect();
    assert!(all.len() > 20, "they are looked for where they are: {}", all.len());
    let samples = [("there_are", "none was published yet"), ("why", "`why` says why, and is missing")];
    for sentence in all {
        check_said("problem", &filled(&sentence, &samples));
    }
    let forms = of_file(&root().join("api/src/controls/forms.rs"));
    let (_, checks) = forms.split_once("fn check(").unwrap();
    for sentence in sentences(checks.split("\n}").next().unwrap()).iter().filter(|text| text.starts_with('`'))
    {
        check_said("order_fault", &filled(sentence, &[]));
    }
}

#[test]
fn whatever_is_wrong_with_a_record_is_said() {
    let code = of_file(&root().join("../schemas/src/error.rs"));
    let (of_reading, _) = code.split_once("pub enum EncodeError").unwrap();
    let (errors, faults) = of_reading.split_once("pub enum Fault").unwrap();
    let samples =
        [("begin", ", the first is 0x01"), ("place", " at «X1»"), ("fault", "the number does not fit")];
    let all = sentences(errors);
    assert!(all.len() > 7, "they are looked for where they are: {}", all.len());
    for sentence in all {
        check_said("reject", &filled(&sentence, &samples));
    }
    let all = sentences(faults);
    assert!(all.len() > 12, "they are looked for where they are: {}", all.len());
    for sentence in all {
        check_said("fault", &filled(&sentence, &samples));
    }
}

#[test]
fn what_the_console_itself_gives_as_a_reason_is_said() {
    let code = of_file(&root().join("console/src/queues.rs"));
    let (_, said) = code.split_once("let why = \"").unwrap();
    check_said("why", said.split('"').next().unwrap());
}
