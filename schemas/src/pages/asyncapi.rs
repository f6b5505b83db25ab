//! `docs/asyncapi.json`: the topics and schemas as an AsyncAPI 3.0 document, for programs.
//!
//! It says what Weir does: it receives what it reads, and sends what it writes. Servers are not in
//! it, since those are each operator's own.

use super::avro::Record;
use super::{Carried, Way, cleanup_policy, kept};
use crate::topic::{TOPICS, TopicSpec};
use serde_json::{Map, Value, json};

/// The version of the Kafka bindings that the document is written in.
const BINDING: &str = "0.5.0";

const ABOUT: &str = "A streaming threshold and dunning processor: events of balances, invoices and payments come in, \
commands to messaging and provisioning go out. Addresses are the topics' names without a configuration. \
What all topics have in common is told in docs/topics.md.";

/// The document.
#[must_use]
pub fn asyncapi() -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Weir",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "avro/binary",
        "channels": each(TOPICS.iter().map(|topic| (id(topic).to_owned(), channel(topic)))),
        "operations": each(TOPICS.iter().map(operation)),
        "components": {
            "messages": each(Carried::all().map(|carried| (carried.schema.name().to_owned(), message(&carried)))),
        },
    })
}

fn each(named: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(named.collect::<Map<_, _>>())
}

/// What a topic is called within the document: its name without what the configuration may change.
fn id(topic: &TopicSpec) -> &'static str {
    topic.name.strip_prefix("weir.").unwrap_or(topic.name)
}

fn channel(topic: &'static TopicSpec) -> Value {
    let messages = Carried::by(topic).map(|carried| {
        let record = carried.schema.name();
        (record.to_owned(), json!({ "$ref": format!("#/components/messages/{record}") }))
    });
    json!({
        "address": topic.name,
        "title": id(topic),
        "summary": topic.about,
        "description": format!("Kept: {}.", kept(topic)),
        "messages": each(messages),
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": configuration(topic),
                "bindingVersion": BINDING,
            },
        },
    })
}

/// How a topic must be set up.
fn configuration(topic: &TopicSpec) -> Value {
    let policy = [cleanup_policy(topic)];
    match topic.kept_for.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)) {
        Some(millis) => json!({ "cleanup.policy": policy, "retention.ms": millis }),
        None => json!({ "cleanup.policy": policy }),
    }
}

/// What Weir does with a topic. That it reads its own state back is told in words only: to receive
/// it would read as if others were to write it.
fn operation(topic: &'static TopicSpec) -> (String, Value) {
    let (action, summary) = match Way::of(topic) {
        Way::In => ("receive", format!("Weir reads {}.", topic.about)),
        Way::Out => ("send", format!("Weir writes {}.", topic.about)),
        Way::State => ("send", format!("Weir writes {}, and reads it back itself.", topic.about)),
    };
    let channel = format!("#/channels/{}", id(topic));
    let message =
        |carried: Carried| json!({ "$ref": format!("{channel}/messages/{}", carried.schema.name()) });
    let operation = json!({
        "action": action,
        "channel": { "$ref": channel },
        "summary": summary,
        "messages": Carried::by(topic).map(message).collect::<Vec<_>>(),
    });
    (format!("{action}_{}", id(topic)), operation)
}

#[expect(clippy::expect_used, reason = "compiled in, and the tests read every one")]
fn message(carried: &Carried) -> Value {
    let schema: Value =
        serde_json::from_str(carried.schema.json()).expect("the package's own schema is JSON");
    let record = Record::of(carried.schema);
    let strategy = if carried.is_beside() { "TopicRecordNameStrategy" } else { "TopicNameStrategy" };
    json!({
        "name": record.full_name(),
        "title": record.name,
        "summary": record.doc,
        "description": format!("Subject: {}.", carried.subject(&record.full_name())),
        "payload": { "schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": schema },
        "bindings": {
            "kafka": {
                "key": { "type": "string", "description": format!("Keyed by: {}.", carried.key) },
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": strategy,
                "bindingVersion": BINDING,
            },
        },
    })
}
