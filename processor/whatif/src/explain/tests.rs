use super::*;
use schemas::files::read_line;

const POLICY: &str = r#"
policy: soft
version: "1"
time_zone: Asia/Tashkent
currency: USD
language: en
balances: { main: { unit: money } }
thresholds:
  - { id: low, balance: main, falls_to: [50.00], do: [ { message: { template: low, channel: sms, class: service } } ] }
segments: [ { name: everyone, group: all } ]
groups: { all: { standard: soft, plans: [soft] } }
holds: { promise: { at_most: 2, per: 90d, no_longer_than: 14d, no_more_than: 500.00, beyond: senior } }
plans:
  soft:
    stages:
      - { stage: remind, after: 5d, do: [ { message: { template: reminder, channel: sms, class: statutory } } ] }
      - stage: bar
        after: 15d
        do: [ { provision: { operation: bar_outgoing, undo: unbar_outgoing, cuts_off: true } }, { task: { queue: calls } } ]
templates: { low: { en: low }, reminder: { en: pay } }
"#;

fn policies() -> Policies {
    policy::parse("soft.policy.yaml", POLICY).unwrap().policy.into()
}

fn events(lines: &[&str]) -> Vec<Arrival> {
    (1..).zip(lines).map(|(number, line)| read_line(line, format!("events:{number}")).unwrap()).collect()
}

/// The life that most tests tell: an invoice, its ladder, and the payment that ends it.
fn ladder() -> Vec<Arrival> {
    events(&[
        r#"{"event":"account","account_id":"A-1","occurred_at":"2026-03-01T05:00:00Z","payment_mode":"postpaid"}"#,
        r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T06:00:00Z","name":"main","value":9000,"currency":"USD"}"#,
        r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T07:00:00Z","name":"main","value":4000,"currency":"USD"}"#,
        r#"{"event":"invoice","account_id":"A-1","occurred_at":"2026-03-02T05:00:00Z","invoice_id":"B1","amount":12000,"currency":"USD","issued":"2026-03-02","due":"2026-03-10"}"#,
        r#"{"event":"payment","account_id":"A-1","occurred_at":"2026-03-25T05:30:00Z","payment_id":"P1","amount":12000,"currency":"USD"}"#,
    ])
}

fn wanted() -> Wanted {
    Wanted { policies: policies(), reports: Reports::Auto, until: None, everything: false }
}

fn moment_of(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_life_is_told_row_by_row_in_the_customers_own_time() {
    let story = tell("A-1".into(), &ladder(), &wanted()).unwrap();
    assert_eq!(story.time_zone, "Asia/Tashkent");
    let row = |row: &Row| {
        let debt = &row.debts[0];
        let stage = debt.stage.as_deref().or(debt.status.as_deref()).unwrap();
        format!(
            "{} | {} | {} | {stage} | {}",
            row.local,
            row.event.as_deref().unwrap_or("due"),
            debt.real_debt.as_deref().unwrap(),
            row.commands.join(", ")
        )
    };
    let rows: Vec<_> = story.rows.iter().map(row).collect();
    assert_eq!(
        rows,
        [
            "2026-03-01 10:00 | account: postpaid | 0.00 | clear | ",
            "2026-03-01 12:00 | balance main: 40.00 | 0.00 | clear | low by sms (50.00)",
            "2026-03-02 10:00 | invoice B1: 120.00, due 2026-03-10 | 0.00 | clear | ",
            "2026-03-10 00:00 | due | 120.00 | active | ",
            "2026-03-15 00:00 | due | 120.00 | remind | reminder by sms",
            "2026-03-25 00:00 | due | 120.00 | bar | bar_outgoing, task calls",
            "2026-03-25 10:30 | payment P1: 120.00 | 0.00 | clear | unbar_outgoing, cancel task calls",
        ]
    );
    // The first balance, far from any line.
    assert_eq!(story.left_out, 1);
}

#[test]
fn each_row_says_why_and_the_end_says_what_comes_next() {
    let until_the_reminder = Wanted { until: Some(moment_of("2026-03-20T00:00:00Z")), ..wanted() };
    let story = tell("A-1".into(), &ladder(), &until_the_reminder).unwrap();
    let reminded = story.rows.last().unwrap();
    assert!(
        reminded.why.iter().any(|why| why.starts_with("stage entered: its time has come (plan soft")),
        "{reminded:?}"
    );
    assert_eq!(story.end.local, "2026-03-20 05:00");
    let debt = &story.end.debts[0];
    assert_eq!((debt.status.as_deref(), debt.real_debt.as_deref()), (Some("active"), Some("120.00")));
    let next = debt.next.as_ref().unwrap();
    assert_eq!((next.stage.as_str(), next.local.as_str()), ("bar", "2026-03-25 00:00"));
    assert_eq!(story.end.fired, ["low: 50.00"]);
}

#[test]
fn the_table_does_not_say_twice_what_stands_in_the_row_and_says_times_as_the_customer_knows_them() {
    let mut life = ladder();
    life.insert(4, events(&[
        r#"{"event":"control","account_id":"A-1","occurred_at":"2026-03-17T05:00:00Z","by":"anna","role":"agent","order":"pause","resume_at":"2026-03-18T04:00:00Z"}"#,
    ]).remove(0));
    let story = tell("A-1".into(), &life, &wanted()).unwrap();
    let told: Vec<_> = story.rows.iter().flat_map(|row| row.told.clone()).collect();
    let expected = [
        "cycle opened: the conditional debt reached the plan's entry amount",
        "stage entered: its time has come (from none, after 5d, oldest 2026-03-10)",
        "control applied: pause (by anna, role agent, until 2026-03-18 09:00)",
    ];
    expected
        .iter()
        .for_each(|line| assert!(told.iter().any(|told| told == line), "«{line}» is not in {told:#?}"));
}

#[test]
fn what_was_rejected_says_why() {
    let mut life = ladder();
    life.extend(events(&[
        r#"{"event":"payment","account_id":"A-1","occurred_at":"2026-03-26T05:00:00Z","payment_id":"P2","amount":0,"currency":"USD"}"#,
    ]));
    let story = tell("A-1".into(), &life, &wanted()).unwrap();
    let last = story.rows.last().unwrap();
    assert!(last.rejected.as_ref().unwrap().contains("above zero"), "{last:?}");
}

#[test]
fn reports_are_the_lifes_own_or_those_that_are_given() {
    let given = Wanted { reports: Reports::AsGiven, everything: true, ..wanted() };
    let own = Wanted { everything: true, ..wanted() };
    let reports = |wanted: &Wanted| {
        let story = tell("A-1".into(), &ladder(), wanted).unwrap();
        story
            .rows
            .iter()
            .filter(|row| row.event.as_ref().is_some_and(|event| event.starts_with("report")))
            .count()
    };
    assert_eq!(reports(&given), 0);
    // The alert, the reminder, the bar, its task and the unbar.
    assert_eq!(reports(&own), 5);
    let mut life = ladder();
    life.extend(events(&[
        r#"{"event":"report","account_id":"A-1","occurred_at":"2026-03-26T05:00:00Z","command_id":"00112233445566778899aabbccddeeff","outcome":"done"}"#,
    ]));
    // One of a command that another policy asked for would only confuse.
    let story = tell("A-1".into(), &life, &wanted()).unwrap();
    assert_eq!((story.rows.len(), story.left_out), (7, 2));
}

#[test]
fn the_table_shows_the_whole_life() {
    let story =
        tell("A-1".into(), &ladder(), &Wanted { until: Some(moment_of("2026-03-20T00:00:00Z")), ..wanted() });
    let text = text::table(&story.unwrap(), 140);
    for part in [
        "A-1, times in Asia/Tashkent",
        "2026-03-15 00:00",
        "reminder by sms",
        "next, if nothing changes: bar at 2026-03-25 00:00",
    ] {
        assert!(text.contains(part), "«{part}» is missing:\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
    let narrow = text::table(&tell("A-1".into(), &ladder(), &wanted()).unwrap(), 80);
    assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
}

#[test]
fn a_story_that_went_over_a_wire_is_the_same_and_shows_the_same() {
    let mut life = ladder();
    life.extend(events(&[
        r#"{"event":"payment","account_id":"A-1","occurred_at":"2026-03-26T05:00:00.000001Z","payment_id":"P2","amount":0,"currency":"USD"}"#,
    ]));
    for until in [None, Some(moment_of("2026-03-20T00:00:00Z"))] {
        let story = tell("A-1".into(), &life, &Wanted { until, ..wanted() }).unwrap();
        let json = serde_json::to_string(&story).unwrap();
        let came: Story = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&came).unwrap(), json);
        assert_eq!(text::table(&came, 140), text::table(&story, 140));
    }
}

#[test]
fn the_fields_of_a_story_stay_as_they_are_and_a_newer_one_is_read() {
    let until = Some(moment_of("2026-03-15T00:00:00Z"));
    let story = tell("A-1".into(), &ladder(), &Wanted { until, ..wanted() }).unwrap();
    let mut json = serde_json::to_value(&story).unwrap();
    let row = json["rows"].as_array().unwrap().last().unwrap();
    let debt = serde_json::json!({
        "debt_class": "all", "plan": "soft", "status": "active", "stage": "remind", "real_debt": "120.00",
        "conditional_debt": "120.00",
        "next": { "stage": "bar", "at": "2026-03-24T19:00:00Z", "local": "2026-03-25 00:00" },
    });
    let expected = serde_json::json!({
        "at": "2026-03-14T19:00:00Z",
        "local": "2026-03-15 00:00",
        "event": null,
        "debts": [debt],
        "commands": ["reminder by sms"],
        "why": ["stage entered: its time has come (plan soft, debt class all, cycle 1, stage remind, from none, after 5d, \
                 oldest 2026-03-10, due 2026-03-14T19:00:00Z, real debt 120.00, conditional debt 120.00)"],
        "told": ["stage entered: its time has come (from none, after 5d, oldest 2026-03-10)"],
        "rejected": null,
    });
    assert_eq!(*row, expected);
    // What was played has no records before it, and what a newer Weir says as well is passed over.
    assert!(json.get("earlier_records").is_none());
    json["moon"] = "full".into();
    assert!(serde_json::from_value::<Story>(json).is_ok());
}
