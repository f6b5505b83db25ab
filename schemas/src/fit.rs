//! Whether a writer's schema may be read as one of ours: looked at once for each schema id.
//!
//! Fields go by name, so most of what does not fit shows in the values. What would not show is
//! looked for here: a moment in milliseconds reads as a number like any other.

use crate::avsc::RecordSchema;
use serde_json::Value;
use std::collections::BTreeMap;

/// Logical types that say how a number counts time.
const OF_TIME: &[&str] = &[
    "date",
    "time-millis",
    "time-micros",
    "timestamp-millis",
    "timestamp-micros",
    "timestamp-nanos",
    "local-timestamp-millis",
    "local-timestamp-micros",
    "local-timestamp-nanos",
];

/// Says why a value written with this schema must not be read as `wanted`, where that is so.
pub(crate) fn fault_of(writer_json: &str, wanted: RecordSchema) -> Option<String> {
    let writer: Value = match serde_json::from_str(writer_json) {
        Ok(writer) => writer,
        Err(error) => return Some(format!("it is no JSON: {error}")),
    };
    if writer.get("type").and_then(Value::as_str) != Some("record") {
        return Some("it is no Avro record".to_owned());
    }
    let ours: Value = serde_json::from_str(wanted.json()).unwrap_or(Value::Null);
    let (mut theirs_by_field, mut ours_by_field) = (BTreeMap::new(), BTreeMap::new());
    collect(&writer, "", &mut theirs_by_field);
    collect(&ours, "", &mut ours_by_field);
    ours_by_field.iter().find_map(|(field, ours)| {
        let theirs = theirs_by_field.get(field).copied().flatten()?;
        let differs = OF_TIME.contains(&theirs) && *ours != Some(theirs);
        let wanted = ours.unwrap_or("a plain number");
        differs.then(|| format!("field «{field}» is of type {theirs}, {wanted} is wanted"))
    })
}

/// Notes the logical type, if any, of each field of a schema by its path.
fn collect<'s>(schema: &'s Value, path: &str, fields: &mut BTreeMap<String, Option<&'s str>>) {
    match schema {
        Value::Array(branches) => {
            for branch in branches {
                collect(branch, path, fields);
            }
        }
        Value::Object(parts) => {
            if let Some(logical) = parts.get("logicalType").and_then(Value::as_str) {
                fields.insert(path.to_owned(), Some(logical));
            }
            if let Some(Value::Array(inner)) = parts.get("fields") {
                for field in inner {
                    let name = field.get("name").and_then(Value::as_str).unwrap_or_default();
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{name}");
                    fields.entry(path.clone()).or_default();
                    collect(field.get("type").unwrap_or(&Value::Null), &path, fields);
                }
            }
            for part in ["type", "items", "values"].iter().filter_map(|name| parts.get(*name)) {
                collect(part, path, fields);
            }
        }
        // A name: of a plain type, or of a record that is written out elsewhere.
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(field: &str, fault: Option<&str>) {
        let json = format!(r#"{{"type":"record","name":"B","fields":[{field}]}}"#);
        assert_eq!(fault_of(&json, RecordSchema::Balance).as_deref(), fault);
    }

    #[test]
    fn time_in_another_unit_does_not_fit() {
        let wanted = "field «occurred_at» is of type timestamp-millis, timestamp-micros is wanted";
        let millis = r#"{"type":"long","logicalType":"timestamp-millis"}"#;
        check(&format!(r#"{{"name":"occurred_at","type":{millis}}}"#), Some(wanted));
        check(&format!(r#"{{"name":"occurred_at","type":["null",{millis}]}}"#), Some(wanted));
        check(&format!(r#"{{"name":"of_another","type":{millis}}}"#), None);
        check(r#"{"name":"occurred_at","type":"long"}"#, None);
        check(r#"{"name":"event_id","type":{"type":"string","logicalType":"uuid"}}"#, None);
    }

    #[test]
    fn what_is_no_record_does_not_fit() {
        assert!(fault_of("\"string\"", RecordSchema::Balance).is_some());
        assert!(fault_of("syntax = \"proto3\";", RecordSchema::Balance).is_some());
        for schema in RecordSchema::ALL {
            assert_eq!(fault_of(schema.json(), *schema), None);
        }
    }
}
