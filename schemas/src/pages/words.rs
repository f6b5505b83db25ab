//! Types and defaults in words, for a cell of a table.

use super::avro::{Enum, Field, Fixed, Logical, Named, Record, Told, Type, Within};
use serde_json::Value;

/// The words for what is told within one schema.
pub(super) struct Words<'a> {
    /// The schema's file, without the ending: what headings of its records begin with.
    schema: &'a str,
    within: &'a Within<'a>,
}

impl<'a> Words<'a> {
    pub(super) fn of(schema: &'a str, within: &'a Within<'a>) -> Self {
        Self { schema, within }
    }

    /// A type.
    pub(super) fn kind(&self, kind: &Type) -> String {
        match kind {
            Type::Name(name) => match self.within.find(name) {
                Some(Named::Record(record)) => self.record(record),
                Some(Named::Enum(words)) => one_of(words),
                Some(Named::Fixed(bytes)) => fixed(bytes),
                None => code(name),
            },
            Type::AnyOf(kinds) => self.any_of(kinds),
            Type::Told(told) => match &**told {
                Told::Record(record) => self.record(record),
                Told::Enum(words) => one_of(words),
                Told::Fixed(bytes) => fixed(bytes),
                Told::Array { items } => format!("list of {}", self.kind(items)),
                Told::Map { values } => format!("map of {}", self.kind(values)),
                Told::Int(logical) | Told::Long(logical) => match logical {
                    Logical::Day => code("day"),
                    Logical::Moment => code("moment"),
                },
            },
        }
    }

    /// What a field means: its own words, and those for the words that it may be, unless these begin
    /// with the same.
    pub(super) fn meaning(&self, field: &Field) -> String {
        let meaning = match self.enum_of(&field.kind) {
            Some(words) if words.doc.starts_with(&field.doc) => words.doc.clone(),
            Some(words) => format!("{} {}", field.doc, words.doc),
            None => field.doc.clone(),
        };
        cell(&meaning)
    }

    /// The heading of a record within the schema.
    pub(super) fn heading(&self, record: &Record) -> String {
        format!("{}: {}", code(self.schema), code(&record.name))
    }

    /// Where the table of a record is, by the anchor that its heading gets.
    fn record(&self, record: &Record) -> String {
        format!("[{}](#{}-{})", code(&record.name), self.schema, record.name.to_lowercase())
    }

    fn any_of(&self, kinds: &[Type]) -> String {
        let is_null = |kind: &&Type| matches!(kind, Type::Name(name) if name == "null");
        let words: Vec<_> = kinds.iter().filter(|kind| !is_null(kind)).map(|kind| self.kind(kind)).collect();
        let optional = if words.len() < kinds.len() { "optional " } else { "" };
        format!("{optional}{}", alternatives(&words))
    }

    /// The closed list of words that a field holds one of, if it does.
    fn enum_of(&self, kind: &'a Type) -> Option<&'a Enum> {
        match kind {
            Type::Name(name) => match self.within.find(name)? {
                Named::Enum(words) => Some(words),
                Named::Record(_) | Named::Fixed(_) => None,
            },
            Type::AnyOf(kinds) => kinds.iter().find_map(|kind| self.enum_of(kind)),
            Type::Told(told) => match &**told {
                Told::Enum(words) => Some(words),
                Told::Array { .. }
                | Told::Map { .. }
                | Told::Record(_)
                | Told::Fixed(_)
                | Told::Int(_)
                | Told::Long(_) => None,
            },
        }
    }
}

/// A field's default; a dash where it has none.
pub(super) fn default_of(field: &Field) -> String {
    match &field.default {
        None => "–".to_owned(),
        Some(Value::String(word)) => code(word),
        Some(value) => code(&value.to_string()),
    }
}

/// Text as a cell of a table has it: a bar would end the cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text as it is, in a cell.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

fn one_of(words: &Enum) -> String {
    let words: Vec<_> = words.symbols.iter().map(|word| code(word)).collect();
    format!("one of {}", words.join(", "))
}

fn fixed(bytes: &Fixed) -> String {
    format!("{} bytes", bytes.size)
}

/// `a`, `a or b`, `a, b or c`.
fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [firsts @ .., last] => format!("{} or {last}", firsts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record with one field of each type, after fields that tell a record and a list of words.
    fn record_of(kinds: &[(&str, &str)]) -> Record {
        let told = r#"{"type": "array", "items": {"type": "record", "name": "Part", "doc": "A part.", "fields": []}},
            {"type": "enum", "name": "Mode", "doc": "A mode: fast | slow.", "symbols": ["fast", "slow"]},
            {"type": "fixed", "name": "Hash", "doc": "A hash.", "size": 16}"#;
        let told = serde_json::from_str::<Vec<Value>>(&format!("[{told}]")).unwrap();
        let kinds = kinds.iter().map(|(kind, _)| serde_json::from_str::<Value>(kind).unwrap());
        let fields = told
            .into_iter()
            .chain(kinds)
            .map(|kind| serde_json::json!({"name": "it", "type": kind, "doc": "A mode.", "default": null}));
        let fields: Vec<_> = fields.collect();
        let record = serde_json::json!({"name": "Whole", "namespace": "n", "doc": "All.", "fields": fields});
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn each_type_has_its_words() {
        let table = [
            (r#""string""#, "`string`"),
            (r#"["null", "long"]"#, "optional `long`"),
            (r#"{"type": "long", "logicalType": "timestamp-micros"}"#, "`moment`"),
            (r#"["null", {"type": "int", "logicalType": "date"}]"#, "optional `day`"),
            (r#"{"type": "array", "items": "string"}"#, "list of `string`"),
            (
                r#"{"type": "map", "values": ["string", "long", "boolean"]}"#,
                "map of `string`, `long` or `boolean`",
            ),
            (r#"["null", "Mode"]"#, "optional one of `fast`, `slow`"),
            (r#"{"type": "array", "items": "Part"}"#, "list of [`Part`](#whole-part)"),
            (r#"["null", "Part", "Hash"]"#, "optional [`Part`](#whole-part) or 16 bytes"),
        ];
        let record = record_of(&table);
        let within = Within::of(&record);
        let words = Words::of("whole", &within);
        for (field, (_, expected)) in record.fields.iter().skip(3).zip(table) {
            assert_eq!(words.kind(&field.kind), expected);
        }
        assert_eq!(words.kind(&record.fields[0].kind), "list of [`Part`](#whole-part)");
        assert_eq!(words.kind(&record.fields[1].kind), "one of `fast`, `slow`");
        assert_eq!(words.heading(within.records[0]), "`whole`: `Part`");
    }

    #[test]
    fn a_field_means_what_its_words_mean_too_and_no_bar_ends_its_cell() {
        let record = record_of(&[(r#""string""#, ""), (r#"["null", "Mode"]"#, "")]);
        let within = Within::of(&record);
        let words = Words::of("whole", &within);
        assert_eq!(words.meaning(&record.fields[3]), "A mode.");
        assert_eq!(words.meaning(&record.fields[4]), "A mode. A mode: fast \\| slow.");
    }

    #[test]
    fn null_is_a_default_and_none_is_a_dash() {
        let table = [
            (r#"{}"#, "–"),
            (r#"{"default": null}"#, "`null`"),
            (r#"{"default": []}"#, "`[]`"),
            (r#"{"default": "usage"}"#, "`usage`"),
            (r#"{"default": 0}"#, "`0`"),
        ];
        for (part, expected) in table {
            let mut field: Value = serde_json::from_str(part).unwrap();
            field["name"] = "it".into();
            field["type"] = "string".into();
            field["doc"] = "It.".into();
            assert_eq!(default_of(&serde_json::from_value(field).unwrap()), expected);
        }
    }
}
