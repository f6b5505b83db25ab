//! Events in Avro's container files, written by the Avro project's own library.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop short")]

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::{Codec, DeflateSettings, Schema, Writer};
use decision::Event;
use decision::account::AttributeValue;
use decision::event::Body;
use schemas::files::{Container, is_container};
use schemas::framing::HEADER_LENGTH;
use schemas::{Schemas, StaticRegistry, TopicNames, encode_event, sample};

/// A container file with these values.
fn file(schema: &Schema, codec: Codec, values: Vec<Value>) -> Vec<u8> {
    let mut writer = Writer::with_codec(schema, Vec::new(), codec).unwrap();
    for value in values {
        writer.append_value(value).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A container file with this event, three times.
fn file_of(event: &Event, codec: Codec) -> Vec<u8> {
    let registry = StaticRegistry::new();
    let ids = Schemas::new(&registry).unwrap().and_inputs(&registry, &TopicNames::default()).unwrap();
    let (topic, _, value) = encode_event(event, &ids).unwrap();
    let schema = Schema::parse_str(topic.schema().json()).unwrap();
    let reader = GenericDatumReader::builder(&schema).build().unwrap();
    let datum = reader.read_value(&mut &value[HEADER_LENGTH..]).unwrap();
    file(&schema, codec, vec![datum.clone(), datum.clone(), datum])
}

fn read(file: &[u8]) -> Vec<Event> {
    assert!(is_container(file));
    Container::open(file).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_event_is_read_from_a_container_file_compressed_or_not() {
    for event in sample::events() {
        for codec in [Codec::Null, Codec::Deflate(DeflateSettings::default())] {
            assert_eq!(read(&file_of(&event, codec)), vec![event.clone(); 3]);
        }
    }
}

/// A schema of an account as another system may have it.
fn account_schema(name: &str, attributes: &str) -> Schema {
    let schema = format!(
        r#"{{"type":"record","name":"{name}","namespace":"com.example","fields":[
            {{"name":"event_id","type":"string"}},{{"name":"account_id","type":"string"}},
            {{"name":"occurred_at","type":{{"type":"long","logicalType":"timestamp-micros"}}}},
            {{"name":"source","type":"string"}},{{"name":"payment_mode","type":"string"}},
            {{"name":"attributes","type":{{"type":"map","values":{attributes}}}}}]}}"#
    );
    Schema::parse_str(&schema).unwrap()
}

fn account(attribute: Value) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    Value::Record(vec![
        ("event_id".to_owned(), text("e-1")),
        ("account_id".to_owned(), text("A-1")),
        ("occurred_at".to_owned(), Value::TimestampMicros(7)),
        ("source".to_owned(), text("crm")),
        ("payment_mode".to_owned(), text("prepaid")),
        ("attributes".to_owned(), Value::Map([("tier".to_owned(), attribute)].into())),
    ])
}

#[test]
fn attributes_of_one_type_are_read_whatever_their_value_looks_like() {
    let check = |kind: &str, value: Value, wanted: AttributeValue| {
        let schema = account_schema("Account", kind);
        let read = read(&file(&schema, Codec::Null, vec![account(value)]));
        let Body::Account(snapshot) = &read[0].body else { panic!("an account") };
        assert_eq!(snapshot.attributes.get("tier"), Some(&wanted));
    };
    // The library names the types of a union by such words.
    for text in ["gold", "String", "Double", "a.b"] {
        check("\"string\"", Value::String(text.to_owned()), AttributeValue::String(text.to_owned()));
    }
    check("\"long\"", Value::Long(7), AttributeValue::Long(7));
    check("\"boolean\"", Value::Boolean(true), AttributeValue::Boolean(true));
}

#[track_caller]
fn check_refused(file: &[u8], wanted: &str) {
    assert_eq!(Container::open(file).unwrap_err().to_string(), wanted);
}

#[test]
fn a_file_that_is_no_file_of_events_is_refused_with_what_it_is() {
    let days = account_schema("Account", r#"{"type":"int","logicalType":"date"}"#);
    check_refused(
        &file(&days, Codec::Null, Vec::new()),
        "its schema is no «account»: attributes that are all days could be taken for numbers; a union tells them apart",
    );
    let other = account_schema("Subscriber", "\"string\"");
    check_refused(
        &file(&other, Codec::Null, Vec::new()),
        "its records are «Subscriber», and none of account, balance, invoice, adjustment, payment, reversal, control, \
         report",
    );
    let millis = r#"{"type":"record","name":"Payment","fields":[
        {"name":"occurred_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;
    check_refused(
        &file(&Schema::parse_str(millis).unwrap(), Codec::Null, Vec::new()),
        "its schema is no «payment»: field «occurred_at» is of type timestamp-millis, timestamp-micros is wanted",
    );
}

#[test]
fn a_file_that_is_cut_short_says_so_after_what_can_be_read() {
    let whole = file_of(&sample::events()[0], Codec::Null);
    let cut = &whole[..whole.len() - 20];
    let read: Vec<_> = Container::open(cut).unwrap().collect();
    assert!(read.last().unwrap().is_err(), "{read:?}");
    assert_eq!(read.iter().filter(|event| event.is_err()).count(), 1);
    assert!(Container::open(&b"Obj\x01"[..]).is_err());
}

#[test]
fn a_record_that_cannot_be_is_refused_and_the_next_is_read() {
    let schema = account_schema("Account", "\"string\"");
    let good = account(Value::String("gold".to_owned()));
    let Value::Record(mut fields) = good.clone() else { panic!("a record") };
    fields[1].1 = Value::String(String::new());
    let file = file(&schema, Codec::Null, vec![Value::Record(fields), good]);
    let read: Vec<_> = Container::open(&file[..]).unwrap().collect();
    assert_eq!(read[0].as_ref().unwrap_err().to_string(), "field «account_id» is «»: it may not be empty");
    assert!(read[1].is_ok(), "{read:?}");
}
