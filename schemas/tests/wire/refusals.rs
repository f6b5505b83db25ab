//! What is refused, with the field and the value that are at fault.

use crate::{Codec, generators};
use proptest::prelude::*;
use schemas::framing::write_header;
use schemas::{
    Decoder, Fault, InputTopic, RecordSchema, Registry, RegistryError, Schemas, StaticRegistry, WireError,
    sample,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A framed value of a schema made up for the purpose, written as an upstream system would.
pub(crate) fn written(codec: &Codec, schema: &str, value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_header(codec.registry.id_of("theirs", schema).unwrap(), &mut bytes);
    let parsed = schema.parse().unwrap();
    let mut config = serde_avro_fast::ser::SerializerConfig::new(&parsed);
    serde_avro_fast::to_datum(value, bytes, &mut config).unwrap()
}

fn balance() -> Value {
    json!({"event_id": "e-1", "account_id": "A-1", "debtor_id": null, "occurred_at": 7, "source": "ocs",
        "name": "main", "value": 5, "limit": null, "currency": null, "valid_until": null,
        "version": null, "reason": "usage"})
}

fn invoice() -> Value {
    json!({"event_id": "e-1", "account_id": "A-1", "debtor_id": null, "occurred_at": 7, "source": "b",
        "invoice_id": "B1", "amount": 5, "currency": "UZS", "issued": 20_000, "due": 20_010,
        "service_id": null, "provider": null, "kind": null, "draft": false})
}

fn control(order: &str) -> Value {
    json!({"event_id": "e-1", "account_id": "A-1", "debtor_id": null, "occurred_at": 7, "source": "crm",
        "by": "anna", "role": "manager", "why": null, "order": order, "hold_id": null, "amount": null,
        "invoices": [], "until": null, "parts": [], "grace_days": null, "outcome": null, "plan": null,
        "resume_at": null, "stage": null, "rule": null, "queue": null, "result": null,
        "operation": null, "undo": null, "cuts_off": false, "template": null, "channel": null,
        "class": null, "manager": null})
}

fn account() -> Value {
    json!({"event_id": "e-1", "account_id": "A-1", "debtor_id": null, "occurred_at": 7, "source": "crm",
        "payment_mode": "prepaid", "currency": null, "language": null, "time_zone": null,
        "credit_limit": null, "contacts": {}, "opt_outs": [], "services": [], "attributes": {},
        "closed": false})
}

#[track_caller]
fn check(schema: RecordSchema, mut value: Value, field: &'static str, bad: Value, fault: &Fault) {
    let mut codec = Codec::new();
    value[field] = bad;
    let bytes = written(&codec, schema.json(), &value);
    match codec.read(schema, &bytes) {
        Err(WireError::Invalid { field: named, fault: found, .. }) => {
            assert_eq!((named, &found), (field, fault));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_that_cannot_be_is_refused_by_its_field() {
    let (b, i, a) = (RecordSchema::Balance, RecordSchema::Invoice, RecordSchema::Account);
    check(b, balance(), "event_id", json!(""), &Fault::Empty);
    check(b, balance(), "account_id", json!("a\0b"), &Fault::ControlCharacter);
    check(b, balance(), "debtor_id", json!("x".repeat(257)), &Fault::TooLong);
    check(b, balance(), "occurred_at", json!(i64::MAX), &Fault::MomentOutOfCalendar);
    check(b, balance(), "value", json!(1_000_000_000_000_001_i64), &Fault::AmountOutOfRange);
    check(b, balance(), "limit", json!(i64::MIN), &Fault::AmountOutOfRange);
    check(b, balance(), "currency", json!("XXX"), &Fault::UnknownCurrency);
    check(i, invoice(), "currency", json!("uzs"), &Fault::UnknownCurrency);
    check(i, invoice(), "due", json!(i32::MAX), &Fault::ImpossibleDate);
    check(i, invoice(), "invoice_id", json!(""), &Fault::Empty);
    check(a, account(), "time_zone", json!("Mars/Olympus"), &Fault::UnknownTimeZone);
}

#[test]
fn an_order_without_what_it_needs_is_refused() {
    let check = |order, field| {
        let missing = Fault::Missing { order };
        check(RecordSchema::Control, control(order), field, Value::Null, &missing);
    };
    check("dispute", "hold_id");
    check("dispute_ended", "hold_id");
    check("assign_plan", "plan");
    check("jump", "stage");
    check("rearm", "rule");
    check("task_result", "queue");
    check("do", "queue");
    check("undo", "operation");
    check("assign_manager", "manager");
}

#[test]
fn an_order_by_hand_without_its_undo_and_a_message_without_its_channel_are_refused() {
    for (given, missing) in [("operation", "undo"), ("template", "channel")] {
        let mut value = control("do");
        value[given] = json!("x");
        check(RecordSchema::Control, value, missing, Value::Null, &Fault::Missing { order: "do" });
    }
}

/// A writer's schema with one field of another type, and a value written with it.
fn otherwise(schema: RecordSchema, mut value: Value, field: &str, kind: Value, bad: Value) -> WireError {
    let mut codec = Codec::new();
    let mut theirs: Value = serde_json::from_str(schema.json()).unwrap();
    let fields = theirs["fields"].as_array_mut().unwrap();
    let place = fields.iter().position(|other| other["name"] == field).unwrap();
    fields[place]["type"] = kind;
    value[field] = bad;
    let bytes = written(&codec, &theirs.to_string(), &value);
    codec.read(schema, &bytes).unwrap_err()
}

#[test]
fn an_amount_with_a_fraction_is_refused_however_it_is_written() {
    let decimal = json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2});
    for (kind, bad) in
        [(json!("double"), json!(12.5)), (decimal, json!("12.50")), (json!("string"), json!("12.50"))]
    {
        let error = otherwise(RecordSchema::Invoice, invoice(), "amount", kind, bad);
        assert_eq!(error.code(), "not_a_whole_number", "{error}");
        assert!(error.to_string().contains("amount") && error.to_string().contains("12.5"), "{error}");
    }
}

#[test]
fn a_word_of_no_list_is_refused_with_the_list() {
    let error = otherwise(RecordSchema::Balance, balance(), "reason", json!("string"), json!("magic"));
    assert_eq!(error.code(), "unknown_word");
    assert!(error.to_string().contains("magic") && error.to_string().contains("period_roll"), "{error}");
}

#[test]
fn time_in_milliseconds_is_refused_before_any_value_is_read() {
    let millis = json!({"type": "long", "logicalType": "timestamp-millis"});
    let error = otherwise(RecordSchema::Balance, balance(), "occurred_at", millis, json!(7));
    assert_eq!(error.code(), "unfit_schema");
    assert!(error.to_string().contains("occurred_at"), "{error}");
}

#[test]
fn a_value_of_another_type_or_an_absent_one_is_refused_by_its_field() {
    let error = otherwise(RecordSchema::Balance, balance(), "name", json!("boolean"), json!(true));
    assert!(matches!(&error, WireError::Undecodable { field, .. } if field == "name"), "{error}");
    let mut codec = Codec::new();
    let bytes = sample::encoded(RecordSchema::Payment, &mut codec.encoder).unwrap();
    let error = codec.read(RecordSchema::Reversal, &[&bytes[..5], &[2, 65]].concat()).unwrap_err();
    assert_eq!(error.code(), "undecodable");
    let error = codec.read(RecordSchema::Payment, &[&bytes[..], &[0]].concat()).unwrap_err();
    assert!(error.to_string().contains("left over"), "{error}");
    // A payment is no adjustment, however alike they look.
    let error = codec.read(RecordSchema::Adjustment, &bytes).unwrap_err();
    assert!(error.to_string().contains("adjustment_id"), "{error}");
}

#[test]
fn the_key_must_be_the_debtor() {
    let mut codec = Codec::new();
    let bytes = sample::encoded(RecordSchema::Balance, &mut codec.encoder).unwrap();
    let mut code = |key: Option<&[u8]>, value| {
        codec.decoder.event(InputTopic::Balances, key, value).map_err(|error| error.code()).err()
    };
    assert_eq!(code(Some(b"A-1"), Some(&bytes)), None);
    assert_eq!(code(Some(b"A-1000001"), Some(&bytes)), Some("key_differs"));
    assert_eq!(code(None, Some(&bytes)), Some("key_differs"));
    assert_eq!(code(Some(b"A-1"), None), Some("no_value"));
    assert_eq!(code(Some(b"A-1"), Some(b"{}")), Some("not_framed"));
    assert_eq!(code(Some(b"A-1"), Some(b"\0\0\0\xff\xff{}")), Some("unknown_schema_id"));
}

/// A registry that no longer answers.
struct Down;

impl Registry for Down {
    fn id_of(&self, subject: &str, _schema: &str) -> Result<u32, RegistryError> {
        Err(RegistryError::Unavailable { operation: subject.into(), reason: "refused".into() })
    }

    fn schema(&self, _id: u32) -> Result<String, RegistryError> {
        Err(RegistryError::Unavailable { operation: "get".into(), reason: "refused".into() })
    }
}

#[test]
fn a_registry_out_of_reach_is_no_fault_of_the_record_and_our_own_schemas_need_none() {
    let schemas = Schemas::new(&StaticRegistry::new()).unwrap();
    let mut decoder = Decoder::new(Arc::new(Down), &schemas);
    let error = decoder.event(InputTopic::Balances, None, Some(b"\0\0\0\0\x63\0")).unwrap_err();
    assert!(error.is_retryable() && error.code() == "registry_unavailable");
    let mut value = Vec::new();
    schemas::Encoder::new(schemas).debtor(&sample::debtor(), &mut value).unwrap();
    assert_eq!(decoder.debtor(&value).unwrap(), sample::debtor());
}

/// Attributes of one type only, where the writer's schema has no union.
#[test]
fn attributes_may_be_a_plain_map() {
    for (kind, value, expected) in [
        ("string", json!("String"), "String(\"String\")"),
        ("long", json!(23), "Long(23)"),
        ("boolean", json!(true), "Boolean(true)"),
    ] {
        let mut codec = Codec::new();
        let mut theirs: Value = serde_json::from_str(RecordSchema::Account.json()).unwrap();
        for field in theirs["fields"].as_array_mut().unwrap() {
            if field["name"] == "attributes" {
                field["type"] = json!({"type": "map", "values": kind});
            }
        }
        let mut account = account();
        account["attributes"] = json!({"x": value});
        let bytes = written(&codec, &theirs.to_string(), &account);
        let read = codec.read(RecordSchema::Account, &bytes).unwrap();
        assert!(read.contains(&format!("(\"x\", {expected})")), "{read}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(schema in generators::any_schema(), datum in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut codec = Codec::new();
        let id = codec.registry.id_of("", schema.json()).unwrap();
        let mut value = Vec::new();
        write_header(id, &mut value);
        value.extend(datum);
        let _ = codec.read(schema, &value);
        let _ = codec.read(schema, &value[5..]);
    }

    #[test]
    fn no_damage_makes_it_panic(schema in generators::any_schema(), place in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut codec = Codec::new();
        let mut value = sample::encoded(schema, &mut codec.encoder).unwrap();
        let place = place.index(value.len());
        if cut { value.truncate(place) } else { value[place] = byte }
        let _ = codec.read(schema, &value);
    }
}
