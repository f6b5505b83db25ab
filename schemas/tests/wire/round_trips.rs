//! What is written is read back, by this library and by the other one.

use crate::{Codec, generators};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use decision::command::{Action, Command};
use decision::debtor::Managers;
use proptest::prelude::*;
use schemas::framing::HEADER_LENGTH;
use schemas::{HistoryLine, OutputTopic, RecordSchema, encode_event, sample};

/// The same value as the other library writes it, once it has read ours.
#[track_caller]
fn through_the_other_library(schema: RecordSchema, value: &[u8]) -> Vec<u8> {
    let parsed = Schema::parse_str(schema.json()).unwrap();
    let mut datum = &value[HEADER_LENGTH..];
    let reader = GenericDatumReader::builder(&parsed).reader_schema(&parsed).build().unwrap();
    let read = reader.read_value(&mut datum).unwrap();
    assert!(datum.is_empty(), "{} bytes are left over", datum.len());
    let writer = GenericDatumWriter::builder(&parsed).build().unwrap();
    [&value[..HEADER_LENGTH], &writer.write_value_to_vec(read).unwrap()].concat()
}

#[test]
fn every_example_is_read_back_through_both_libraries() {
    let mut codec = Codec::new();
    for schema in RecordSchema::ALL {
        let value = sample::encoded(*schema, &mut codec.encoder).unwrap();
        let read = codec.read(*schema, &value).unwrap();
        let other = through_the_other_library(*schema, &value);
        assert_eq!(codec.read(*schema, &other).unwrap(), read, "{}", schema.name());
    }
}

#[test]
fn a_task_is_read_back_with_its_managers_or_without() {
    let mut codec = Codec::new();
    let task = sample::commands().swap_remove(2);
    let group = |manager| Some(Managers { group: "desk".into(), manager });
    for managers in [None, group(None), group(Some("boris".into()))] {
        let action = Action::Task { queue: "calls".into(), due: None, managers };
        let command = Command { action, ..task.clone() };
        let mut value = Vec::new();
        let (topic, _) = codec.encoder.command(&command, &mut value).unwrap();
        assert_eq!(codec.decoder.command(topic, &value).unwrap(), Some(command));
    }
}

#[test]
fn commands_and_records_are_read_back_with_their_policy() {
    let mut codec = Codec::new();
    for command in sample::commands() {
        let mut value = b"kept".to_vec();
        let (topic, key) = codec.encoder.command(&command, &mut value).unwrap();
        assert_eq!(key, b"A-1");
        let read = codec.decoder.command(topic, value.strip_prefix(b"kept").unwrap()).unwrap();
        assert_eq!(read, Some(command));
    }
    assert_eq!(codec.decoder.command(OutputTopic::Journal, b"").unwrap(), None);
    let mut value = Vec::new();
    codec.encoder.record(&sample::record(), &mut value).unwrap();
    let line = HistoryLine::new(&sample::record());
    assert_eq!(codec.decoder.record(&value).unwrap(), line);
    let place = codec.decoder.record_place(&value).unwrap();
    assert_eq!((place.debtor_id, place.sequence), (&*line.debtor_id, line.sequence));
}

#[test]
fn the_rest_is_read_back_as_it_was() {
    let mut codec = Codec::new();
    let mut value = Vec::new();
    codec.encoder.journal(&sample::journal(), &mut value).unwrap();
    assert_eq!(codec.decoder.journal(&value).unwrap(), sample::journal());
    value.clear();
    codec.encoder.task_state(&sample::task_state(), &mut value).unwrap();
    assert_eq!(codec.decoder.task_state(&value).unwrap(), sample::task_state());
    value.clear();
    codec.encoder.waiting(&sample::waiting(), &mut value).unwrap();
    assert_eq!(codec.decoder.waiting(&value).unwrap(), sample::waiting());
    value.clear();
    codec.encoder.reject(&sample::reject(), &mut value).unwrap();
    assert_eq!(codec.decoder.reject(&value).unwrap(), sample::reject());
}

#[test]
fn an_event_is_written_without_an_encoder_too() {
    let registry = schemas::StaticRegistry::new();
    let outputs = schemas::Schemas::new(&registry).unwrap();
    let event = &sample::events()[1];
    assert!(encode_event(event, &outputs).is_err(), "the ids of inputs were not asked for");
    let both = outputs.and_inputs(&registry, &schemas::TopicNames::default()).unwrap();
    let (topic, key, value) = encode_event(event, &both).unwrap();
    assert_eq!((topic, key), (schemas::InputTopic::Balances, b"A-1".to_vec()));
    assert!(value.len() > HEADER_LENGTH);
}

#[test]
fn the_debtor_met_most_is_small() {
    let mut codec = Codec::new();
    let mut value = Vec::new();
    codec.encoder.debtor(&sample::hot_debtor(), &mut value).unwrap();
    assert!(value.len() < 400, "{} bytes", value.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_event_is_read_back_through_both_libraries(event in generators::any_event()) {
        let mut codec = Codec::new();
        let mut value = Vec::new();
        let (topic, key) = codec.encoder.event(&event, &mut value).unwrap();
        let other = through_the_other_library(topic.schema(), &value);
        for value in [value, other] {
            prop_assert_eq!(&codec.decoder.event(topic, Some(key), Some(&value)).unwrap(), &event);
        }
    }

    #[test]
    fn any_debtor_is_read_back_through_both_libraries(debtor in generators::any_debtor()) {
        let mut codec = Codec::new();
        let mut value = Vec::new();
        codec.encoder.debtor(&debtor, &mut value).unwrap();
        let other = through_the_other_library(RecordSchema::Debtor, &value);
        for value in [value, other] {
            prop_assert_eq!(&codec.decoder.debtor(&value).unwrap(), &debtor);
        }
    }
}
