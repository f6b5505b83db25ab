use super::*;
use crate::sample;
use std::collections::BTreeSet;

#[track_caller]
fn read(line: &str) -> Event {
    read_line(line, "events.jsonl:1").unwrap().event
}

#[track_caller]
fn check_refused(line: &str, wanted: &str) {
    let error = read_line(line, "events.jsonl:1").unwrap_err();
    assert_eq!(error.to_string(), wanted, "{line}");
}

#[test]
fn every_event_is_read_back_as_it_was_written() {
    for event in sample::events() {
        let line = write_line(&event);
        assert_eq!(read(&line), event, "{line}");
    }
}

#[test]
fn a_line_is_written_as_people_write_it() {
    let lines: Vec<_> = sample::events().iter().map(write_line).collect();
    let invoice = lines.iter().find(|line| line.contains(r#""event":"invoice""#)).unwrap();
    assert!(invoice.contains(r#""issued":"2026-11-21""#), "{invoice}");
    assert!(invoice.contains(r#""occurred_at":"2026-11-21T09:00:00Z""#), "{invoice}");
    assert!(!invoice.contains("null") && !invoice.contains("draft"), "{invoice}");
    let account = lines.iter().find(|line| line.contains(r#""event":"account""#)).unwrap();
    assert!(account.contains(r#"{"date":"#) && !account.contains("String"), "{account}");
}

#[test]
fn what_need_not_be_said_is_filled_in() {
    let event = read(
        r#"{"event": "payment", "account_id": "A-1", "occurred_at": "2026-03-10T14:00:00+05:00",
            "payment_id": "P1", "amount": 12000, "currency": "USD"}"#,
    );
    assert_eq!(event.event_id.as_str(), "events.jsonl:1");
    assert_eq!(event.source, "file");
    assert_eq!(event.occurred_at.to_string(), "2026-03-10T09:00:00Z");
}

#[test]
fn an_event_arrives_when_it_happened_unless_it_says_otherwise() {
    let line = |late: &str| {
        format!(
            r#"{{"event":"payment","account_id":"A-1","occurred_at":"2026-03-10T09:00:00Z","payment_id":"P1",
                "amount":1,"currency":"USD"{late}}}"#
        )
    };
    let at = |line: &str| read_line(line, "a:1").unwrap().at.to_string();
    assert_eq!(at(&line("")), "2026-03-10T09:00:00Z");
    assert_eq!(at(&line(r#","arrived_at":"2026-03-12T00:00:00Z""#)), "2026-03-12T00:00:00Z");
}

#[test]
fn attributes_are_texts_numbers_truths_and_days() {
    use decision::account::AttributeValue::{Boolean, Date as Day, Long, String as Text};
    let event = read(
        r#"{"event":"account","account_id":"A-1","occurred_at":"2026-03-10T09:00:00Z","payment_mode":"postpaid",
            "attributes":{"region":"no\u0072th","vip":true,"tenure":7,"since":{"date":"2020-01-31"},"day":"2020-01-31"}}"#,
    );
    let Body::Account(snapshot) = event.body else { panic!("an account") };
    let wanted = [
        ("region", Text("north".to_owned())),
        ("vip", Boolean(true)),
        ("tenure", Long(7)),
        ("since", Day(Date::parse("2020-01-31").unwrap())),
        ("day", Text("2020-01-31".to_owned())),
    ];
    for (name, value) in wanted {
        assert_eq!(snapshot.attributes.get(name), Some(&value), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_place() {
    let payment = |rest: &str| {
        format!(
            r#"{{"event":"payment","account_id":"A-1","occurred_at":"2026-03-10T09:00:00Z","payment_id":"P1",{rest}}}"#
        )
    };
    check_refused(
        r#"{"account_id":"A-1"}"#,
        "it does not say what it is: «event» is one of account, balance, invoice, adjustment, payment, reversal, \
         control, report",
    );
    check_refused(
        r#"{"event":"paymint"}"#,
        "there is no event «paymint»: it is one of account, balance, invoice, adjustment, payment, reversal, \
         control, report",
    );
    check_refused(&payment(r#""currency":"USD""#), "missing field `amount` (column 110)");
    check_refused(
        &payment(r#""amount":1.5,"currency":"USD""#),
        "field «amount» is «1.5»: a whole number of the smallest unit is wanted",
    );
    check_refused(
        &payment(r#""amount":true,"currency":"USD""#),
        "invalid type: boolean `true`, expected a whole number (column 106), at «amount»",
    );
    check_refused(
        &payment(r#""amount":1,"currency":"USD","invoces":["B1"]"#),
        "«invoces» is no field of «payment», which has event_id, account_id, debtor_id, occurred_at, source, \
         payment_id, amount, currency, invoices, receipt, channel, status",
    );
    check_refused("{", "EOF while parsing an object (column 1)");
    check_refused(
        r#"{"event":"payment","account_id":"A-1","occurred_at":"2026-03-10","payment_id":"P1","amount":1,"currency":"USD"}"#,
        "field «occurred_at» is «2026-03-10»: a moment with its offset, such as 2026-03-10T09:00:00Z, or UTC \
         microseconds, is wanted",
    );
    check_refused(
        r#"{"event":"invoice","account_id":"A-1","occurred_at":"2026-03-10T09:00:00Z","invoice_id":"B1","amount":1,
            "currency":"USD","issued":"March","due":"2026-03-10"}"#,
        "field «issued» is «March»: a day such as 2026-03-10, or days since 1970-01-01, is wanted",
    );
}

/// The names of the fields that a schema gives this logical type, nested ones too.
fn of_type(schema: &Value, logical: &str, found: &mut BTreeSet<String>) {
    for field in schema.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let kind = &field["type"];
        let branches = kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]);
        if branches.iter().any(|branch| branch["logicalType"] == logical) {
            found.insert(field["name"].as_str().unwrap().to_owned());
        }
        branches.iter().for_each(|branch| of_type(&branch["items"], logical, found));
    }
}

#[test]
fn the_fields_that_are_written_as_time_are_those_of_the_schemas() {
    let (mut moments, mut days) = (BTreeSet::new(), BTreeSet::new());
    for topic in InputTopic::ALL {
        let schema: Value = serde_json::from_str(topic.schema().json()).unwrap();
        of_type(&schema, "timestamp-micros", &mut moments);
        of_type(&schema, "date", &mut days);
    }
    assert_eq!(moments, MOMENTS.map(str::to_owned).into());
    assert_eq!(days, DAYS.map(str::to_owned).into());
}
