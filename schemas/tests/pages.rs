//! The pages made from the table of topics and the schemas are current, and leave nothing out.
//!
//! Whether what stands between the tables is true, only a reader can say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop short")]

use schemas::topic::Direction;
use schemas::{RecordSchema, TOPICS, pages};
use std::collections::BTreeSet;
use std::path::Path;

#[track_caller]
fn check(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let differs = there.lines().zip(made.lines()).position(|(there, made)| there != made);
    let line = differs.unwrap_or_else(|| there.lines().count().min(made.lines().count())) + 1;
    assert!(
        there == made,
        "docs/{name} is not current from line {line} on: run `cargo run -p schemas --example pages`"
    );
}

#[test]
fn the_committed_pages_are_what_is_made_today() {
    check("topics.md", &pages::topics_page());
    check("asyncapi.json", &format!("{:#}\n", pages::asyncapi()));
}

#[test]
fn every_topic_and_record_is_on_the_page_and_every_link_leads_to_a_heading() {
    let page = pages::topics_page();
    for topic in TOPICS {
        assert!(page.contains(&format!("\n| `{}` | ", topic.name)), "{}", topic.name);
    }
    for schema in RecordSchema::ALL {
        assert!(page.contains(&format!("\n## `{}`\n", schema.name())), "{}", schema.name());
    }
    let headings: Vec<_> = page.lines().filter(|line| line.starts_with("##")).map(anchor).collect();
    let anchors: BTreeSet<_> = headings.iter().cloned().collect();
    assert_eq!(anchors.len(), headings.len(), "two headings have the same anchor");
    for rest in page.split("](#").skip(1) {
        let link = rest.split(')').next().unwrap();
        assert!(anchors.contains(link), "nothing is at #{link}");
    }
}

/// What leads to a heading: letters, digits, `_` and `-`, with a `-` for each space.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    text.chars().filter(|letter| letter.is_alphanumeric() || "_-".contains(*letter)).collect()
}

#[test]
fn every_row_of_the_page_has_as_many_cells_as_its_head() {
    let page = pages::topics_page();
    let mut cells = 0;
    for line in page.lines() {
        let found = line.replace("\\|", "").matches('|').count();
        assert!(cells == 0 || found == 0 || found == cells, "{line}");
        cells = found;
    }
}

#[test]
fn every_reference_leads_somewhere_and_what_is_read_is_received() {
    let document = pages::asyncapi();
    let mut references = Vec::new();
    gather(&document, &mut references);
    assert!(references.len() > TOPICS.len());
    for reference in references {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "nothing is at {reference}");
    }
    let operations = document["operations"].as_object().unwrap();
    assert_eq!(operations.len(), TOPICS.len());
    for topic in TOPICS {
        let channel = topic.name.trim_start_matches("weir.");
        assert_eq!(document["channels"][channel]["address"], topic.name);
        let action = if topic.direction == Direction::In { "receive" } else { "send" };
        assert_eq!(operations[&format!("{action}_{channel}")]["action"], action);
    }
    let messages = document["components"]["messages"].as_object().unwrap();
    assert_eq!(messages.len(), RecordSchema::ALL.len());
}

fn gather(value: &serde_json::Value, references: &mut Vec<String>) {
    if let Some(reference) = value.get("$ref") {
        references.push(reference.as_str().unwrap().to_owned());
    }
    let (list, map) = (value.as_array(), value.as_object());
    list.into_iter().flatten().for_each(|part| gather(part, references));
    map.into_iter().flatten().for_each(|(_, part)| gather(part, references));
}
