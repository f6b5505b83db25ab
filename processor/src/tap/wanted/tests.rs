use super::super::samples;
use super::*;
use schemas::InputTopic as In;
use schemas::OutputTopic as Out;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// What is wanted, in the words of the command line.
fn wanted(text: &str) -> Wanted {
    let mut wanted = Wanted::default();
    let mut words = text.split_whitespace();
    while let Some(flag) = words.next() {
        let mut value = || words.next().unwrap().to_owned();
        match flag {
            "--account" => drop(wanted.accounts.insert(value())),
            "--rule" => wanted.rules.push(value()),
            "--command" => wanted.commands.push(value()),
            "--event" if value() == "payment" => wanted.events.push(In::Payments),
            "--event" => wanted.events.push(In::Invoices),
            "--rejects" => wanted.rejects = true,
            other => panic!("{other}"),
        }
    }
    wanted
}

/// Which of a payment, a decision on the stage «bar», the sample commands and a reject are shown; all of A-1.
#[track_caller]
fn check(filters: &str, expected: &[&str]) {
    let items = [
        ("payment", samples::event("E-1", "A-1", 0)),
        ("decision", samples::decision("A-1", 0, 1)),
        ("message", samples::command(0, "A-1", 0)),
        ("provisioning", samples::command(1, "A-1", 0)),
        ("task", samples::command(2, "A-1", 0)),
        ("fee", samples::command(3, "A-1", 0)),
        ("handover", samples::command(4, "A-1", 0)),
        ("cancelled message", samples::command(5, "A-1", 0)),
        ("cancelled task", samples::command(6, "A-1", 0)),
        ("reject", samples::reject("A-1", 0, 0)),
    ];
    let wanted = wanted(filters);
    let shown: Vec<_> = items.iter().filter(|(_, item)| wanted.shows(item)).map(|(name, _)| *name).collect();
    assert_eq!(shown, expected, "{filters}");
}

const ALL: &[&str] = &[
    "payment",
    "decision",
    "message",
    "provisioning",
    "task",
    "fee",
    "handover",
    "cancelled message",
    "cancelled task",
    "reject",
];

#[test]
fn what_is_shown_is_what_any_of_the_filters_chooses_of_the_account() {
    check("", ALL);
    check("--account A-1", ALL);
    check("--account A-2", &[]);
    check("--account A-2 --account A-1", ALL);
    check("--event payment", &["payment"]);
    check("--event invoice", &[]);
    check("--rejects", &["reject"]);
    check("--event payment --rejects", &["payment", "reject"]);
    // Of a stage, a rule, a plan: the decision is on the stage «bar» and names no plan.
    check("--rule bar", &["decision", "provisioning", "cancelled message"]);
    check("--rule low-balance", &["message", "handover"]);
    check("--rule soft", &["provisioning", "task", "cancelled message", "cancelled task"]);
    check("--rule nobody", &[]);
    // By kind, and by what they name; a cancellation is of what it cancels.
    check("--command message", &["message", "cancelled message"]);
    check("--command task --command fee", &["task", "fee", "cancelled task"]);
    check("--command bar_outgoing", &["provisioning"]);
    check("--command reminder", &["message", "cancelled message"]);
    check("--command calls", &["task", "cancelled task"]);
    check("--command late", &["fee"]);
    check("--command agency", &["handover"]);
    // A command has to be of both.
    check("--rule low-balance --command message", &["message"]);
    check("--rule bar --command message --event payment", &["payment", "decision", "cancelled message"]);
}

#[test]
fn an_account_is_found_as_debtor_as_well() {
    let is_of = |account| wanted("--account A-1").is_of(Some(account), Some("A-1"));
    assert!(is_of("A-7") && is_of("A-1"));
    assert!(!wanted("--account A-7").is_of(Some("A-1"), None));
}

#[test]
fn what_cannot_be_read_is_shown_where_it_may_have_been_wanted() {
    let check = |filters: &str, topic: Topic, expected: bool| {
        let unreadable =
            Unreadable { topic, problem: "it is no record".to_owned(), key: Some("A-1".to_owned()) };
        let item = Item { what: What::Unreadable(unreadable), ..samples::event("E-1", "A-1", 0) };
        assert_eq!(wanted(filters).shows(&item), expected, "{filters} {topic:?}");
    };
    check("", Topic::In(In::Payments), true);
    check("--account A-1", Topic::In(In::Payments), true);
    check("--account A-2", Topic::In(In::Payments), false);
    check("--event payment", Topic::In(In::Payments), true);
    check("--event payment", Topic::In(In::Invoices), false);
    check("--rule bar", Topic::In(In::Payments), false);
    check("--rule bar", Topic::Out(Out::Records), true);
    check("--command task", Topic::Out(Out::Records), false);
    check("--command task", Topic::Out(Out::Tasks), true);
    check("--rejects", Topic::Out(Out::Rejects), true);
    check("--command task", Topic::Out(Out::Journal), true);
}

#[test]
fn only_the_topics_that_are_needed_are_read() {
    let check = |filters: &str, inputs: usize, expected: &[Out]| {
        let (events, outputs) = wanted(filters).topics();
        assert_eq!((events.len(), outputs.as_slice()), (inputs, expected), "{filters}");
    };
    let all = [Out::Messages, Out::Provisioning, Out::Tasks, Out::Fees, Out::Handovers, Out::Journal];
    check("", 8, &[all.as_slice(), &[Out::Records, Out::Rejects]].concat());
    check("--rule bar", 8, &[all.as_slice(), &[Out::Records]].concat());
    check("--event payment", 1, &[]);
    check("--rejects", 0, &[Out::Rejects]);
    check("--command fee --rejects", 8, &[Out::Fees, Out::Journal, Out::Rejects]);
    check("--command reminder", 8, &all);
}

#[test]
fn a_tap_wants_what_the_command_line_says() {
    use clap::Parser;
    let line = "weir tap --config c --account A --rule R --command C --event report --rejects";
    let crate::cli::Command::Tap(arguments) = crate::cli::Cli::parse_from(line.split_whitespace()).command
    else {
        panic!("it is a tap");
    };
    let wanted = Wanted::of(&arguments);
    assert_eq!(wanted.accounts.into_iter().collect::<Vec<_>>(), ["A"]);
    assert_eq!((wanted.rules, wanted.commands), (words(&["R"]), words(&["C"])));
    assert_eq!((wanted.events, wanted.rejects), (vec![In::Reports], true));
}
