//! `docs/topics.md`: all topics in one table, and each record with its fields.

use super::avro::{Record, Within};
use super::words::{Words, cell, code, default_of};
use super::{Carried, Way, kept};

/// What stands before the table: what holds of all topics, and how the tables are read.
const BEGINNING: &str = "\
# Topics and records

Made from the table of topics (`schemas/src/topic.rs`) and the schemas (`schemas/avsc`) by \
`cargo run -p schemas --example pages`: change those, not this page; a test holds that it is current.
Programs read the same in [asyncapi.json](asyncapi.json) (AsyncAPI 3.0).

- **Names** are those without a configuration: `[topics] prefix` says what stands before each instead of `weir.`
- **Partitions**: the topics that Weir reads, the records, the journal and the changelog (`weir.debtors`) all \
have the same number; Weir refuses to start otherwise. `weir.policies` and `weir.instances` \
have one. The others may have another.
- **A key** is plain UTF-8 with no framing; a reject's is as it came. The debtor id of an event is its \
`debtor_id`, or its `account_id` where that is null. Who writes events partitions by it as Kafka does by \
default (murmur2).
- **A value** is a zero byte, the schema's id in four bytes (big-endian), and the Avro datum: Confluent's \
framing. In the changelog a record without a value says that its key is gone.
- **Kept**: for a time is `cleanup.policy=delete`, for as long as you choose; for some minutes the same with \
`retention.ms` and `segment.ms` of so many; the last of each key is `cleanup.policy=compact`.
- **What Weir writes** it writes in transactions (only `weir.instances` it does not): read it with \
`isolation.level=read_committed`.

What upstream systems may leave out or write otherwise, and how schemas change, is in \
[schemas/README.md](../schemas/README.md).

## Topics

| topic | way | record | key | kept | what |
|---|---|---|---|---|---|
";

/// What stands between the table of topics and the first record: how the other tables are read.
const TYPES: &str = "
In the tables below a `moment` is a `long`: microseconds since 1970-01-01, UTC (`timestamp-micros`); a `day` \
is an `int`: days since then (`date`). What is `optional` is a union with null, a list an `array`, one of \
several words an `enum`; a map's keys are text.
A field whose default is a dash has none: who writes the record must write it.
";

/// The page.
#[must_use]
pub fn topics_page() -> String {
    let mut page = BEGINNING.to_owned();
    page.extend(Carried::all().map(|carried| topic_row(&carried)));
    page += TYPES;
    page.extend(Carried::all().map(|carried| section(&carried)));
    page
}

fn topic_row(carried: &Carried) -> String {
    let Carried { topic, schema, key, about } = carried;
    let (name, record) = (topic.name, schema.name());
    let (key, about) = (cell(key), cell(about));
    let way = match Way::of(topic) {
        Way::In => "in",
        Way::Out => "out",
        Way::State => "state",
    };
    format!("| `{name}` | {way} | [`{record}`](#{record}) | {key} | {} | {about} |\n", kept(topic))
}

/// A record: what it is, where it lies, its fields, and those of the records within it.
fn section(carried: &Carried) -> String {
    let record = Record::of(carried.schema);
    let within = Within::of(&record);
    let file = carried.schema.name();
    let words = Words::of(file, &within);
    let subject = carried.subject(&record.full_name());
    let mut text = format!("\n## {}\n\n{}\n\n", code(file), record.doc);
    text += &format!(
        "{} Key: {}. [`{}`](../schemas/avsc/{file}.avsc), subject `{subject}`.\n",
        passage(carried),
        carried.key,
        record.full_name(),
    );
    text += &fields(&record, &words);
    for inner in &within.records {
        text += &format!("\n### {}\n\n{}\n", words.heading(inner), inner.doc);
        text += &fields(inner, &words);
    }
    text
}

/// Who reads and writes a record, in a sentence.
fn passage(carried: &Carried) -> String {
    let name = carried.topic.name;
    match Way::of(carried.topic) {
        Way::In => format!("**In**: Weir reads it from `{name}`."),
        Way::Out => format!("**Out**: Weir writes it to `{name}`."),
        Way::State if carried.topic.kept_for.is_some() => format!(
            "**State**: every instance writes it to `{name}`, which has one partition, and reads what the others wrote."
        ),
        Way::State if carried.topic.single => format!(
            "**State**: `weir policy publish` writes it to `{name}`, which has one partition, and every instance reads it."
        ),
        Way::State => format!(
            "**State**: Weir writes it to `{name}`, and reads it back where a disk lacks what was committed."
        ),
    }
}

fn fields(record: &Record, words: &Words<'_>) -> String {
    let mut table = "\n| field | type | default | meaning |\n|---|---|---|---|\n".to_owned();
    table.extend(record.fields.iter().map(|field| {
        let (name, kind) = (&field.name, words.kind(&field.kind));
        format!("| `{name}` | {kind} | {} | {} |\n", default_of(field), words.meaning(field))
    }));
    table
}
