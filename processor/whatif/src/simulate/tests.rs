use super::*;
use crate::source::EventFiles;
use std::fmt::Write as _;

/// A reminder after five days and a bar after fifteen; the bar can be had on another day.
fn policies(bar: u32) -> Policies {
    let text = format!(
        r#"
policy: soft
version: "1"
time_zone: UTC
currency: USD
language: en
balances: {{ main: {{ unit: money }} }}
thresholds:
  - {{ id: low, balance: main, falls_to: [50.00], do: [ {{ message: {{ template: low, channel: sms, class: service }} }} ] }}
segments: [ {{ name: everyone, group: all }} ]
groups: {{ all: {{ standard: soft, plans: [soft] }} }}
plans:
  soft:
    stages:
      - {{ stage: remind, after: 5d, do: [ {{ message: {{ template: reminder, channel: sms, class: statutory }} }} ] }}
      - stage: bar
        after: {bar}d
        do:
          - provision: {{ operation: bar_outgoing, undo: unbar_outgoing, cuts_off: true }}
          - task: {{ queue: calls }}
          - fee: {{ code: late, amount: 2.50 }}
      - {{ stage: agency, after: 60d, do: [ {{ handover: {{ to: agency }} }} ] }}
templates: {{ low: {{ en: low }}, reminder: {{ en: pay }} }}
"#
    );
    policy::parse("soft.policy.yaml", &text).unwrap().policy.into()
}

/// Accounts of which each owes 120.00 since 10 March; every third pays after the reminder, every third after the bar,
/// and every third never does.
fn events(accounts: usize) -> String {
    let mut lines = String::new();
    for account in 0..accounts {
        // The invoice lies before the account: of one moment the account comes first.
        writeln!(
            lines,
            r#"{{"event":"invoice","account_id":"A-{account}","occurred_at":"2026-03-01T00:00:00Z","invoice_id":"B1","amount":12000,"currency":"USD","issued":"2026-03-01","due":"2026-03-10"}}
{{"event":"account","account_id":"A-{account}","occurred_at":"2026-03-01T00:00:00Z","payment_mode":"postpaid"}}"#
        )
        .unwrap();
        let paid = match account % 3 {
            0 => "2026-03-17T12:00:00Z",
            1 => "2026-03-28T12:00:00Z",
            _ => continue,
        };
        writeln!(
            lines,
            r#"{{"event":"payment","account_id":"A-{account}","occurred_at":"{paid}","payment_id":"P1","amount":12000,"currency":"USD"}}"#
        )
        .unwrap();
    }
    lines
}

struct Made {
    job: Job,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Made {
    fn source(&self) -> EventFiles {
        EventFiles::new(vec![self.file.clone()])
    }
}

fn job(content: &str, against: Option<u32>, threads: usize) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    std::fs::write(&file, content).unwrap();
    let job = Job {
        policy: policies(15),
        against: against.map(policies),
        until: Timestamp::parse("2026-07-01T00:00:00Z").unwrap(),
        reports: Reports::Auto,
        skip_faulty: false,
        threads,
        folder: folder.path().to_owned(),
    };
    Made { job, file, _folder: folder }
}

fn simulated(made: &Made) -> (Simulated, String) {
    let mut csv = Vec::new();
    let out: Option<&mut dyn Write> = Some(&mut csv);
    let simulated = simulate(&made.job, &mut made.source(), out, &mut |_| {}).unwrap();
    (simulated, String::from_utf8(csv).unwrap())
}

#[test]
fn what_happens_to_many_accounts_is_counted() {
    let (simulated, _) = simulated(&job(&events(300), None, 2));
    assert_eq!((simulated.accounts, simulated.events, simulated.left_out), (300, 800, 0));
    let tally = &simulated.tried;
    let reminders = tally.messages.get(&("reminder".into(), "sms".into()));
    assert_eq!(reminders, Some(&300));
    assert_eq!(tally.operations.get("bar_outgoing"), Some(&200));
    assert_eq!(tally.operations.get("unbar_outgoing"), Some(&100));
    assert_eq!(tally.tasks.get("calls"), Some(&200));
    assert_eq!((tally.cut_off, tally.restored, tally.cut_off_at_end), (200, 100, 100));
    let fees = tally.fees.values().next().unwrap();
    assert_eq!((fees.count, fees.sum), (200, 50_000));
    let handed = tally.handovers.values().next().unwrap();
    assert_eq!((handed.count, handed.sum), (100, 1_200_000));
    let entered = |stage: &str| tally.entered.get(&("soft".into(), stage.into())).copied();
    assert_eq!([entered("remind"), entered("bar"), entered("agency")], [Some(300), Some(200), Some(100)]);
    assert!(tally.rejected.is_empty(), "{:?}", tally.rejected);
}

#[test]
fn what_is_recovered_is_told_by_segment_stage_and_day() {
    let (simulated, _) = simulated(&job(&events(300), None, 2));
    let recovered = &simulated.tried.recovered;
    let of = |stage: &str| {
        let mut found =
            recovered.iter().filter(|(key, _)| key.stage.as_ref().is_some_and(|at| at.as_str() == stage));
        let (key, amounts) = found.next().unwrap();
        assert_eq!(key.segment.as_ref().map(|name| name.as_str()), Some("everyone"));
        (amounts.count, amounts.sum)
    };
    assert_eq!(of("remind"), (100, 1_200_000));
    assert_eq!(of("bar"), (100, 1_200_000));
    let day = |day: &str| simulated.tried.days.get(&Date::parse(day).unwrap()).unwrap();
    assert_eq!(day("2026-03-15").messages, 300);
    assert_eq!(day("2026-03-25").cut_off, 200);
    assert_eq!(day("2026-03-28").restored, 100);
    assert_eq!(day("2026-03-17").recovered.values().sum::<Sum>(), 1_200_000);
}

#[test]
fn stages_over_time_and_debt_by_age_add_up() {
    let (simulated, _) = simulated(&job(&events(300), None, 2));
    let tally = &simulated.tried;
    let in_stage = |stage: &str, day: &str| -> i64 {
        let days = tally.stages.get(&("soft".into(), Some(stage.into()))).unwrap();
        days.range(..=Date::parse(day).unwrap()).map(|(_, more)| more).sum()
    };
    assert_eq!([in_stage("remind", "2026-03-16"), in_stage("remind", "2026-03-18")], [300, 200]);
    assert_eq!(
        [in_stage("bar", "2026-03-25"), in_stage("bar", "2026-04-01"), in_stage("agency", "2026-06-30")],
        [200, 100, 100]
    );
    let ages: Vec<_> = tally.ages.iter().map(|((at, _), ages)| (at.to_string(), *ages)).collect();
    assert_eq!(
        ages,
        [
            ("2026-04-01T00:00:00Z".to_owned(), [0, 1_200_000, 0, 0, 0]),
            ("2026-05-01T00:00:00Z".to_owned(), [0, 0, 1_200_000, 0, 0]),
            ("2026-06-01T00:00:00Z".to_owned(), [0, 0, 0, 1_200_000, 0]),
            ("2026-07-01T00:00:00Z".to_owned(), [0, 0, 0, 0, 1_200_000]),
        ]
    );
}

#[test]
fn two_policies_are_held_against_each_other_and_the_debtors_that_differ_are_listed() {
    let (simulated, csv) = simulated(&job(&events(30), Some(20), 2));
    // Under a bar on day 20 those who pay on 28 March are never barred.
    assert_eq!(simulated.against.as_ref().unwrap().operations.get("bar_outgoing"), Some(&10));
    assert_eq!(simulated.differing, 10);
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    assert!(
        header.starts_with("account,currency,against_segment,") && header.ends_with(",tried_owed"),
        "{header}"
    );
    let differing: Vec<_> = lines.collect();
    assert_eq!(differing.len(), 10);
    let columns: Vec<_> = header.split(',').collect();
    for line in differing {
        let fields: Vec<_> = line.split(',').collect();
        let field = |name: &str| fields[columns.iter().position(|column| *column == name).unwrap()];
        let account: usize = field("account").trim_start_matches("A-").parse().unwrap();
        assert_eq!(account % 3, 1, "{line}");
        assert_eq!(
            [field("against_cut_off"), field("tried_cut_off"), field("tried_fees")],
            ["0", "1", "2.50"],
            "{line}"
        );
    }
}

#[test]
fn nothing_depends_on_the_number_of_threads() {
    let one = simulated(&job(&events(500), Some(20), 1));
    let four = simulated(&job(&events(500), Some(20), 4));
    assert_eq!(one.0.tried, four.0.tried);
    assert_eq!(one.0.against, four.0.against);
    assert_eq!(one.1, four.1);
}

#[test]
fn the_same_policy_on_both_sides_makes_no_difference() {
    let (simulated, csv) = simulated(&job(&events(30), Some(15), 2));
    assert_eq!((simulated.differing, csv.lines().count()), (0, 1));
    assert_eq!(Some(&simulated.tried), simulated.against.as_ref());
}

#[test]
fn what_cannot_be_read_ends_it_before_anything_is_played_unless_it_is_to_be_passed_over() {
    let mut content = events(3);
    content.push_str("{\"event\":\"payment\"}\nnothing\n");
    let mut made = job(&content, None, 2);
    let error = simulate(&made.job, &mut made.source(), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("2 events cannot be read:"), "{error}");
    assert!(
        error.contains("events.jsonl:9: missing field") && error.contains("events.jsonl:10: expected"),
        "{error}"
    );
    made.job.skip_faulty = true;
    let (simulated, _) = simulated(&made);
    assert_eq!((simulated.faulty.count, simulated.accounts), (2, 3));
}

#[test]
fn what_comes_after_the_end_is_left_out_and_shards_are_removed() {
    let mut made = job(&events(30), None, 2);
    made.job.until = Timestamp::parse("2026-03-20T00:00:00Z").unwrap();
    let (simulated, _) = simulated(&made);
    assert_eq!((simulated.events, simulated.left_out), (70, 10));
    assert!(simulated.tried.operations.is_empty());
    let left: Vec<_> =
        std::fs::read_dir(&made.job.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["events.jsonl"]);
}

#[test]
fn months_end_at_midnight_and_the_end_itself_is_looked_at() {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let ends = month_ends(Some(at("2026-11-15T10:00:00Z")), at("2027-02-01T00:00:00Z"));
    let ends: Vec<_> = ends.iter().map(Timestamp::to_string).collect();
    assert_eq!(ends, ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"]);
    assert!(month_ends(None, at("2027-02-01T00:00:00Z")).is_empty());
}

#[test]
fn of_one_moment_the_account_comes_first_wherever_it_lies_in_the_files() {
    let content = r#"{"event":"control","account_id":"A-1","occurred_at":"2026-03-01T00:00:00Z","by":"anna","role":"agent","order":"assign_plan","plan":"soft"}
{"event":"account","account_id":"A-1","occurred_at":"2026-03-01T00:00:00Z","payment_mode":"postpaid"}"#;
    let (simulated, _) = simulated(&job(content, None, 1));
    assert!(simulated.tried.rejected.is_empty(), "{:?}", simulated.tried.rejected);
}
