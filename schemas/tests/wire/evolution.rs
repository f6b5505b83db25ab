//! Every version of every schema that ever was is still read today.

use crate::Codec;
use apache_avro::Schema;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use schemas::framing::{HEADER_LENGTH, write_header};
use schemas::{RecordSchema, Registry, sample};
use std::path::{Path, PathBuf};

const HOW_TO: &str = "see «A new version» in schemas/README.md";

fn folder(schema: RecordSchema) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("history").join(schema.name())
}

/// The versions of a schema, oldest first: its text, and a value written with it.
fn history(schema: RecordSchema) -> Vec<(String, Vec<u8>)> {
    let folder = folder(schema);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}: {HOW_TO}", folder.display()));
    let versions = files.count() / 2;
    let read = |version| {
        let file = |ending| folder.join(format!("v{version}.{ending}"));
        let gone = |error: std::io::Error| -> ! {
            panic!("{} v{version} is gone ({error}): {HOW_TO}", schema.name())
        };
        let text = std::fs::read_to_string(file("avsc")).unwrap_or_else(|error| gone(error));
        let value = std::fs::read(file("bin")).unwrap_or_else(|error| gone(error));
        (text, value)
    };
    (1..=versions).map(read).collect()
}

#[test]
fn the_newest_version_is_todays_schema_and_its_bytes_are_todays() {
    let mut codec = Codec::new();
    for schema in RecordSchema::ALL {
        let (text, value) = history(*schema).pop().unwrap_or_else(|| panic!("{HOW_TO}"));
        assert!(text == schema.json(), "{} differs from its newest version: {HOW_TO}", schema.name());
        let today = sample::encoded(*schema, &mut codec.encoder).unwrap();
        assert_eq!(today[HEADER_LENGTH..], value, "{}: {HOW_TO}", schema.name());
    }
}

#[test]
fn every_version_reads_its_predecessor() {
    for schema in RecordSchema::ALL {
        let texts: Vec<_> = history(*schema).into_iter().map(|(text, _)| text).collect();
        for pair in texts.windows(2) {
            let [writer, reader] = [0, 1].map(|version| Schema::parse_str(&pair[version]).unwrap());
            let answer = SchemaCompatibility::can_read(&writer, &reader);
            assert_eq!(answer, Ok(Compatibility::Full), "{}", schema.name());
        }
    }
}

#[test]
fn the_values_of_every_version_are_read() {
    for schema in RecordSchema::ALL {
        for (place, (text, datum)) in history(*schema).into_iter().enumerate() {
            let mut codec = Codec::new();
            let mut value = Vec::new();
            write_header(codec.registry.id_of("then", &text).unwrap(), &mut value);
            value.extend_from_slice(&datum);
            let read = codec.read(*schema, &value);
            assert!(read.is_ok(), "{} v{}: {read:?}", schema.name(), place + 1);
        }
    }
}

/// What a later version does to an earlier one's values, on a schema made up for the purpose.
#[test]
fn unknown_fields_are_skipped_and_absent_ones_have_their_default() {
    let mut codec = Codec::new();
    let later = r#"{"type":"record","name":"Balance","namespace":"com.example","fields":[
        {"name":"extra","type":{"type":"array","items":{"type":"map","values":"double"}}},
        {"name":"event_id","type":["null","string"]},{"name":"account_id","type":"string"},
        {"name":"occurred_at","type":"int"},{"name":"source","type":"string"},
        {"name":"value","type":"int"},{"name":"name","type":"string"}]}"#;
    let value = serde_json::json!({"extra": [{"a": 1.5}], "event_id": "e", "account_id": "A-1",
        "occurred_at": 7, "source": "ocs", "value": -3, "name": "main"});
    let bytes = crate::refusals::written(&codec, later, &value);
    let read = codec.read(RecordSchema::Balance, &bytes).unwrap();
    assert!(read.contains("MinorUnits(-3)") && read.contains("reason: Usage"), "{read}");
}
