//! The JSON Schemas, held against real files.

use crate::yaml::{Node, Scalar, Value, load};
use boon::{Compiler, Schemas};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What an editor sees of a file: plain scalars by YAML's core schema.
fn seen(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Scalar(scalar) => seen_scalar(scalar),
        Value::List(items) => items.iter().map(seen).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), seen(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn seen_scalar(scalar: &Scalar) -> serde_json::Value {
    let text = scalar.text.as_str();
    if !scalar.plain {
        return json!(text);
    }
    match (scalar.is_null(), text.parse::<bool>(), text.parse::<serde_json::Number>()) {
        (true, _, _) => json!(null),
        (_, Ok(truth), _) => json!(truth),
        (_, _, Ok(number)) => json!(number),
        _ => json!(text),
    }
}

fn accepts(schema: serde_json::Value, text: &str) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("schema.json", schema).unwrap();
    let compiled = compiler.compile("schema.json", &mut schemas).unwrap();
    let file = seen(&load(text).0.unwrap());
    schemas.validate(&file, compiled).map_err(|error| format!("{error:#}"))
}

fn acceptance(ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

#[track_caller]
fn check(ending: &str, schema: &serde_json::Value) {
    let files = acceptance(ending);
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        accepts(schema.clone(), &text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn the_schema_accepts_the_acceptance_policies() {
    check(".policy.yaml", &crate::json_schema());
}

#[test]
fn the_schemas_accept_the_starter_policy_and_its_tests() {
    for file in crate::starter::FILES.iter().filter(|file| file.name.ends_with(".yaml")) {
        let is_policy = file.name.ends_with(".policy.yaml");
        let schema = if is_policy { crate::json_schema() } else { crate::tests::json_schema() };
        accepts(schema, file.text).unwrap_or_else(|error| panic!("{}: {error}", file.name));
    }
}

#[test]
fn the_schema_accepts_every_field() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole/whole.policy.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    accepts(crate::json_schema(), &text).unwrap();
    let sections = crate::json_schema();
    let sections = sections["properties"].as_object().unwrap().keys();
    let file = load(&text).0.unwrap();
    let unwritten: Vec<_> = sections.filter(|section| file.get(section).is_none()).collect();
    assert!(unwritten.is_empty(), "{unwritten:?}");
}

#[test]
fn the_schema_of_tests_accepts_the_acceptance_suites() {
    check(".tests.yaml", &crate::tests::json_schema());
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let head = "policy: p\nversion: 1\ntime_zone: UTC\ncurrency: EUR\nlanguage: en\n";
    for wrong in [
        "colour: red\n",
        "retention: { dedup: 8d }\n",
        "commands: { rates: { sms: 5 } }\n",
        "plans: []\n",
        "balances: { main: { unit: euros } }\n",
        "attributes: { vip: {} }\n",
    ] {
        let text = format!("{head}{wrong}");
        assert!(accepts(crate::json_schema(), &text).is_err(), "{wrong}");
        assert!(crate::parse("p", &text).is_err(), "{wrong}");
    }
}

#[test]
fn the_schema_explains_every_field() {
    let schema = crate::json_schema().to_string();
    assert!(schema.contains("Which accounts it is for, as a CEL condition"), "{schema}");
}
