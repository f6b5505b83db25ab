//! The schemas' own form: what each names says what it is, and in which order.

use schemas::{RecordSchema, sample};
use serde_json::Value;

/// Calls `each` for every object of a schema that names something.
fn named(schema: &Value, path: &str, each: &mut impl FnMut(&str, &Value)) {
    match schema {
        Value::Array(parts) => parts.iter().for_each(|part| named(part, path, each)),
        Value::Object(parts) => {
            let name = parts.get("name").and_then(Value::as_str);
            let path = name.map_or(path.to_owned(), |name| format!("{path}.{name}"));
            if name.is_some() {
                each(&path, schema);
            }
            for part in ["type", "items", "values", "fields"] {
                named(parts.get(part).unwrap_or(&Value::Null), &path, each);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_record_enum_and_field_says_what_it_is_and_every_optional_one_defaults_to_null() {
    for schema in RecordSchema::ALL {
        let json: Value = serde_json::from_str(schema.json()).unwrap();
        assert!(json["namespace"].as_str().unwrap().starts_with("weir"), "{}", schema.name());
        named(&json, schema.name(), &mut |path, part| {
            let doc = part["doc"].as_str().unwrap_or_default();
            assert!(doc.len() > 3 && doc.ends_with('.'), "{path} has no doc, or one without an end");
            if part["type"][0] == "null" {
                assert!(part.get("default").is_some_and(Value::is_null), "{path} has no default");
            }
        });
    }
}

#[test]
fn moments_and_dates_say_so_in_their_type() {
    for schema in RecordSchema::ALL {
        let json: Value = serde_json::from_str(schema.json()).unwrap();
        named(&json, schema.name(), &mut |path, part| {
            let doc = part["doc"].as_str().unwrap_or_default();
            let is_moment = |kind: &Value| kind["logicalType"] == "timestamp-micros";
            let kind = &part["type"];
            let of_moments = is_moment(kind) || is_moment(&kind[1]);
            assert_eq!(doc.contains("UTC, microseconds"), of_moments, "{path}");
        });
    }
}

/// A field out of the struct's order costs a buffer and a hash at every write.
#[test]
fn the_debtor_is_declared_in_the_order_in_which_it_is_written() {
    let json: Value = serde_json::from_str(RecordSchema::Debtor.json()).unwrap();
    let mut records = Vec::new();
    named(&json, "", &mut |_, part| {
        if let Some(fields) = part["fields"].as_array() {
            let names = fields.iter().map(|field| format!("\"{}\":", field["name"].as_str().unwrap()));
            records.push(names.collect::<Vec<_>>());
        }
    });
    let written = serde_json::to_string(&sample::debtor()).unwrap();
    for names in records {
        // The names of each record are found one after the other, from the first one's place.
        let found = written.match_indices(&names[0]).any(|(start, _)| {
            let mut rest = &written[start..];
            names.iter().all(|name| match rest.find(name.as_str()) {
                Some(place) => {
                    rest = &rest[place + name.len()..];
                    true
                }
                None => false,
            })
        });
        assert!(found, "{names:?}");
    }
}
