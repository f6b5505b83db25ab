//! The checks of policy tests, as people write them.
//!
//! How they are held against what came is `compare`'s business.

use super::words::{WordOf, Words};
use crate::file::{Amount, Moment};
use crate::yaml::{Spanned, Table};
use decision::record::RecordKind;
use decision::view::Status;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

/// A command that is expected: what it is, and further fields that must match.
#[derive(Clone, Debug)]
pub(super) struct CommandCheck {
    /// What it is.
    pub(super) kind: CommandKind,
    /// The fields that must match.
    pub(super) fields: Vec<(String, FieldText)>,
    /// What is cancelled, where it is a cancellation that says so.
    pub(super) cancelled: Option<Box<CommandCheck>>,
    /// Its time.
    pub(super) at: Option<Moment>,
}

/// What a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommandKind {
    /// `message`
    Message,
    /// `provision`
    Provision,
    /// `task`
    Task,
    /// `fee`
    Fee,
    /// `handover`
    Handover,
    /// `cancel`
    Cancel,
}

impl CommandKind {
    const WORDS: &'static [&'static str] = &["message", "provision", "task", "fee", "handover", "cancel"];

    /// The fields of every command, by what made it, and under which version of the policy.
    const OF_ALL: [&'static str; 7] = ["rule", "plan", "stage", "cycle", "debt_class", "invoice", "version"];

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "message" => Self::Message,
            "provision" => Self::Provision,
            "task" => Self::Task,
            "fee" => Self::Fee,
            "handover" => Self::Handover,
            "cancel" => Self::Cancel,
            _ => return None,
        })
    }

    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Provision => "provision",
            Self::Task => "task",
            Self::Fee => "fee",
            Self::Handover => "handover",
            Self::Cancel => "cancel",
        }
    }

    /// The fields that it may be checked by; the short form gives the first.
    pub(super) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Message => {
                &["template", "channel", "class", "language", "address", "text", "lines", "lines_crossed"]
            }
            Self::Provision => &["operation", "undo", "cuts_off", "services"],
            Self::Task => &["queue", "due", "managers", "manager"],
            Self::Fee => &["code", "amount"],
            Self::Handover => &["to", "debt"],
            Self::Cancel => &[],
        }
    }

    fn has(self, field: &str) -> bool {
        self.fields().contains(&field) || Self::OF_ALL.contains(&field)
    }
}

/// The text of a field: one value, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldText {
    /// One value.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl<'de> Deserialize<'de> for FieldText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = FieldText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or a list")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FieldText, E> {
                Ok(FieldText::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<FieldText, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(FieldText::Many(texts))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

impl JsonSchema for FieldText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "FieldText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = ["string", "number", "boolean"];
        json_schema!({ "anyOf": [{ "type": one }, { "type": "array", "items": { "type": one } }] })
    }
}

impl<'de> Deserialize<'de> for CommandCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = CommandCheck;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command, as `message: TEMPLATE`")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<CommandCheck, E> {
        let kind = CommandKind::parse(word).ok_or_else(|| E::unknown_variant(word, CommandKind::WORDS))?;
        Ok(CommandCheck { kind, fields: Vec::new(), cancelled: None, at: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CommandCheck, A::Error> {
        let (mut found, mut at) = (None, None);
        while let Some(key) = map.next_key()? {
            match key {
                Key::At => at = map.next_value()?,
                Key::Command(_) if found.is_some() => {
                    return Err(A::Error::custom("two commands stand in one\nwrite one item for each"));
                }
                Key::Command(kind @ CommandKind::Cancel) => {
                    let cancelled: CommandCheck = map.next_value()?;
                    let cancelled = Some(Box::new(cancelled));
                    found = Some(CommandCheck { kind, fields: Vec::new(), cancelled, at: None });
                }
                Key::Command(kind) => {
                    let fields = map.next_value_seed(FieldsOf(kind))?;
                    found = Some(CommandCheck { kind, fields, cancelled: None, at: None });
                }
            }
        }
        let found =
            found.ok_or_else(|| A::Error::custom("there is no command\nwrite it as `message: TEMPLATE`"))?;
        Ok(CommandCheck { at, ..found })
    }
}

/// A key beside a command.
enum Key {
    Command(CommandKind),
    At,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: &[&str] = &["message", "provision", "task", "fee", "handover", "cancel", "at"];
        let word = String::deserialize(deserializer)?;
        match CommandKind::parse(&word) {
            Some(kind) => Ok(Self::Command(kind)),
            None if word == "at" => Ok(Self::At),
            None => Err(D::Error::unknown_field(&word, KNOWN)),
        }
    }
}

/// Reads what is said of a command of this kind: the short form, or fields.
struct FieldsOf(CommandKind);

impl<'de> serde::de::DeserializeSeed<'de> for FieldsOf {
    type Value = Vec<(String, FieldText)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FieldsOf {
    type Value = Vec<(String, FieldText)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or fields")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let first = self.0.fields().first().copied().unwrap_or_default();
        Ok(vec![(first.to_owned(), FieldText::One(text.to_owned()))])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key_seed(FieldNameOf(self.0))? {
            fields.push((name, map.next_value()?));
        }
        Ok(fields)
    }
}

/// The name of a field that a command of this kind has.
struct FieldNameOf(CommandKind);

impl<'de> serde::de::DeserializeSeed<'de> for FieldNameOf {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if self.0.has(&name) { Ok(name) } else { Err(D::Error::unknown_field(&name, self.0.fields())) }
    }
}

impl JsonSchema for CommandCheck {
    fn schema_name() -> Cow<'static, str> {
        "CommandCheck".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<FieldText>();
        let named = json_schema!({ "anyOf": [
            { "type": "string" },
            { "type": "object", "additionalProperties": value },
        ] });
        json_schema!({
            "description": "A command: `message: TEMPLATE`, or with the fields that must match.",
            "anyOf": [
                { "enum": CommandKind::WORDS },
                {
                    "type": "object",
                    "properties": {
                        "message": named, "provision": named, "task": named, "fee": named, "handover": named,
                        "cancel": { "$ref": "#/$defs/CommandCheck" },
                        "at": generator.subschema_for::<Moment>(),
                    },
                    "additionalProperties": false,
                },
            ],
        })
    }
}

/// What must be in a record.
#[derive(Clone, Debug)]
pub(super) struct RecordCheck {
    /// Its kind.
    pub(super) kind: Option<RecordKind>,
    /// The other fields: `reason`, `at`, or a figure's name.
    pub(super) fields: Vec<(String, FieldText)>,
}

impl<'de> Deserialize<'de> for RecordCheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = RecordCheck;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RecordCheck, A::Error> {
                let mut check = RecordCheck { kind: None, fields: Vec::new() };
                while let Some(name) = map.next_key::<String>()? {
                    if name == "kind" {
                        check.kind = Some(map.next_value::<WordOf<RecordKind>>()?.0);
                    } else {
                        check.fields.push((name, map.next_value()?));
                    }
                }
                Ok(check)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

impl Words for RecordKind {
    const NAME: &'static str = "RecordKind";

    fn words() -> &'static [&'static str] {
        static WORDS: LazyLock<Vec<&'static str>> =
            LazyLock::new(|| RecordKind::ALL.iter().map(|kind| kind.as_str()).collect());
        &WORDS
    }

    fn values() -> &'static [Self] {
        Self::ALL
    }
}

impl JsonSchema for RecordCheck {
    fn schema_name() -> Cow<'static, str> {
        "RecordCheck".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What must be in a record: its kind, its reason, its figures.",
            "type": "object",
            "properties": { "kind": generator.subschema_for::<WordOf<RecordKind>>() },
            "additionalProperties": generator.subschema_for::<FieldText>(),
        })
    }
}

/// What must hold of an account now: once, or for each of several profiles.
#[derive(Clone, Debug)]
pub(super) struct StateChecks(pub(super) Vec<StateCheck>);

impl<'de> Deserialize<'de> for StateChecks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = StateChecks;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a state, or a list of them")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<StateChecks, A::Error> {
                StateCheck::deserialize(MapAccessDeserializer::new(map)).map(|one| StateChecks(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<StateChecks, A::Error> {
                let mut checks = Vec::new();
                while let Some(check) = items.next_element()? {
                    checks.push(check);
                }
                Ok(StateChecks(checks))
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for StateChecks {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StateChecks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<StateCheck>();
        json_schema!({ "anyOf": [one.clone(), { "type": "array", "items": one }] })
    }
}

/// What must hold now.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StateCheck {
    /// The profile, where the account has several.
    pub(super) debt_class: Option<String>,
    /// Whether the debt is being worked on.
    pub(super) status: Option<WordOf<Status>>,
    /// The stage; `none` before the first.
    pub(super) stage: Option<String>,
    /// The plan that applies; `none` where none does.
    pub(super) plan: Option<String>,
    /// What is owed.
    pub(super) real_debt: Option<Amount>,
    /// What of it no hold freezes.
    pub(super) conditional_debt: Option<Amount>,
    /// What was paid, and pays the next invoice.
    pub(super) credit: Option<Amount>,
    /// The segment that the account is in; `none` where it is in none.
    pub(super) segment: Option<String>,
    /// The manager group that serves its segment; `none` where none does.
    pub(super) managers: Option<String>,
    /// Its personal manager; `none` where it has none.
    pub(super) manager: Option<String>,
    /// The next stage, and when it is due.
    pub(super) next: Option<Spanned<NextCheck>>,
    /// The fired lines of every rule that has such.
    pub(super) fired: Option<Table<Vec<LineWritten>>>,
}

/// The next stage, and when it is due.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NextCheck {
    /// The stage.
    pub(super) stage: Option<String>,
    /// When.
    pub(super) at: Option<Moment>,
}

/// A line of a threshold, as it was written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(extend("type" = ["string", "number"]))]
pub(super) struct LineWritten(pub(super) String);

impl Words for Status {
    const NAME: &'static str = "Status";

    fn words() -> &'static [&'static str] {
        &["clear", "active", "held"]
    }

    fn values() -> &'static [Self] {
        &[Self::Clear, Self::Active, Self::Held]
    }
}
