use super::super::samples;
use super::*;
use decision::time::Timestamp;
use std::collections::BTreeSet;

/// The object of an item, without what all items have.
fn own(item: Item, led: Option<Led>) -> Value {
    let line = line(&Told { item, led }, "in words");
    assert!(!line.contains('\n'));
    let Ok(Value::Object(mut fields)) = serde_json::from_str(&line) else { panic!("{line}") };
    for name in ["logged_at", "topic", "partition", "offset", "account_id", "debtor_id", "words"] {
        assert!(fields.remove(name).is_some(), "{name} is not in {line}");
    }
    Value::Object(fields)
}

#[track_caller]
fn check(item: Item, led: Option<Led>, expected: &Value) {
    assert_eq!(own(item, led), *expected);
}

fn by(event: &str) -> Led {
    Led { events: vec![event.to_owned()], ..Led::default() }
}

#[test]
fn an_event_is_whole_and_reads_back_as_events_in_files_do() {
    let own = own(samples::event("E-1", "A-1", 0), None);
    assert_eq!((&own["item"], &own["event_id"]), (&json!("event"), &json!("E-1")));
    let event = schemas::files::read_line(&own["event"].to_string(), "tap:1".to_owned()).unwrap().event;
    let item = samples::event("E-1", "A-1", 0);
    let What::Event(_, expected) = item.what else { panic!("it is an event") };
    assert_eq!(event, *expected);
}

#[test]
fn a_decision_says_why_and_what_led_to_it() {
    let led_by = json!({ "events": ["E-1"], "due": [], "new_policy": false, "certain": true });
    check(
        samples::decision("A-1", 1_000_000, 7),
        Some(by("E-1")),
        &json!({
            "item": "decision", "decision": "stage_entered", "at": "1970-01-01T00:00:01Z", "sequence": 7,
            "reason": "15 days past due", "policy_version": "2026.12", "led_by": led_by, "event_id": "E-1",
            "figures": [{ "name": "real_debt", "value": "120000.00" }, { "name": "stage", "value": "bar" }],
        }),
    );
    let causes = Led { due: vec![Timestamp(0)], ..by("E-1") };
    let own = own(samples::decision("A-1", 0, 7), Some(causes));
    assert_eq!(own["led_by"]["due"], json!(["1970-01-01T00:00:00Z"]));
    assert_eq!(own["led_by"]["certain"], json!(false));
}

#[test]
fn a_command_names_what_made_it_and_what_it_asks() {
    let id = "00112233445566778899aabbccddeeff";
    let names = |number: usize| {
        let own = own(samples::command(number, "A-1", 0), Some(by("E-1")));
        assert_eq!((&own["item"], &own["command_id"]), (&json!("command"), &json!(id)));
        assert_eq!(own["led_by"]["events"], json!(["E-1"]));
        [&own["command"], &own["names"], &own["rule"], &own["plan"], &own["stage"], &own["cancels"]]
            .map(|field| field.as_str().unwrap_or("-").to_owned())
            .join(" ")
    };
    assert_eq!(names(0), "message reminder low-balance - - -");
    assert_eq!(names(1), "provisioning bar_outgoing - soft bar -");
    assert_eq!(names(2), "task calls - soft - -");
    assert_eq!(names(3), "fee late - - - -");
    assert_eq!(names(4), "handover agency low-balance - - -");
    assert_eq!(names(5), format!("message reminder - soft bar {id}"));
    assert_eq!(names(6), format!("task calls - soft - {id}"));
    let asks = |number: usize| own(samples::command(number, "A-1", 0), None)["asks"].clone();
    assert_eq!(asks(0)["text"], json!("Qarzingiz 120 000,00 so'm"));
    assert_eq!(
        asks(1),
        json!({
            "operation": "bar_outgoing", "is_undo": false, "cuts_off": true, "services": ["998901234567"],
        })
    );
    assert_eq!((&asks(2)["managers"], &asks(2)["manager"]), (&json!("desk"), &json!("anna")));
    assert_eq!(asks(3), json!({ "code": "late", "amount": 500_000, "currency": "UZS" }));
    assert_eq!(asks(4)["debt"], json!(12_000_000));
}

#[test]
fn a_reject_says_where_its_event_lies() {
    let from = json!({ "topic": "weir.payments", "partition": 0, "offset": 12 });
    check(
        samples::reject("A-1", 1_000_000, 12),
        Some(by("E-bad")),
        &json!({
            "item": "reject", "reason": "amount_not_positive", "detail": "the amount must be above zero",
            "rejected_at": "1970-01-01T00:00:01Z", "event_id": "E-bad", "from": from,
        }),
    );
}

/// The names of all fields of an object, and of the objects in it, but for what is the event's own.
fn fields(value: &Value, names: &mut BTreeSet<String>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        names.insert(name.clone());
        if name != "event" {
            self::fields(value, names);
        }
    }
}

#[test]
fn the_help_tells_of_every_field() {
    let commands = (0..7).map(|number| samples::command(number, "A-1", 0));
    let others =
        [samples::event("E-1", "A-1", 0), samples::decision("A-1", 0, 1), samples::reject("A-1", 0, 0)];
    let mut names = BTreeSet::new();
    for item in commands.chain(others) {
        let told = line(&Told { item, led: Some(by("E-1")) }, "in words");
        fields(&serde_json::from_str(&told).unwrap(), &mut names);
    }
    let words = crate::cli::TAP_HELP.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let told: BTreeSet<_> = words.collect();
    let untold: Vec<_> = names.iter().filter(|name| !told.contains(name.as_str())).collect();
    assert!(names.len() > 40 && untold.is_empty(), "{} fields, and not told of: {untold:?}", names.len());
}
