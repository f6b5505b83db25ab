//! The rooms of docs/architecture.md: which package may know what. Read from the manifests, so
//! that a dependency in the wrong place fails here before it is used.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

/// The names under `[dependencies]` of a package's manifest; those for its tests are its own affair.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = std::fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    manifest["dependencies"].as_table().unwrap().keys().cloned().collect()
}

/// Every package, by its folder.
const PACKAGES: [&str; 16] = [
    "bench",
    "processor",
    "processor/decision",
    "processor/policy",
    "processor/lives",
    "processor/whatif",
    "processor/engine",
    "processor/api",
    "processor/console",
    "state",
    "schemas",
    "connectors",
    "loadtest",
    "loadtest/runner",
    "loadtest/yardsticks",
    "simulator",
];

#[track_caller]
fn check_only(owners: &[&str], wanted: &[&str]) {
    for package in PACKAGES {
        let known = dependencies(package);
        let knows = wanted.iter().filter(|name| known.contains(**name)).count();
        if owners.contains(&package) {
            assert!(knows > 0, "{package} is said to own {wanted:?}, and does not use them");
        } else {
            assert_eq!(knows, 0, "{package} must not know {wanted:?}");
        }
    }
}

#[track_caller]
fn check_never(package: &str, unwanted: &[&str]) {
    let known = dependencies(package);
    for name in unwanted {
        assert!(!known.contains(*name), "{package} must not know {name}");
    }
}

#[test]
fn only_schemas_knows_avro() {
    check_only(&["schemas"], &["serde_avro_fast", "apache-avro"]);
}

#[test]
fn only_state_knows_rocksdb() {
    check_only(&["state"], &["rocksdb"]);
}

#[test]
fn only_connectors_knows_kafka_and_the_registry() {
    // And the load test's runner and the yardsticks, which must not measure Weir by Weir's own way to Kafka.
    check_only(&["connectors", "loadtest/runner", "loadtest/yardsticks"], &["rdkafka"]);
    check_only(&["connectors"], &["schema_registry_converter"]);
}

#[test]
fn only_the_binary_draws_on_a_terminal() {
    check_only(&["processor"], &["ratatui"]);
}

#[test]
fn only_policy_knows_yaml_conditions_and_templates() {
    check_only(&["processor/policy"], &["marked-yaml", "cel", "minijinja"]);
}

#[test]
fn the_core_knows_no_other_room() {
    let rooms = [
        "policy",
        "engine",
        "api",
        "state",
        "schemas",
        "connectors",
        "loadtest",
        "simulator",
        "lives",
        "whatif",
    ];
    check_never("processor/decision", &rooms);
}

#[test]
fn virtual_time_knows_the_core_alone_and_what_counts_lives_neither_kafka_nor_a_store() {
    let rooms =
        ["policy", "engine", "api", "state", "schemas", "connectors", "loadtest", "simulator", "whatif"];
    check_never("processor/lives", &rooms);
    check_never(
        "processor/whatif",
        &["policy", "engine", "api", "state", "connectors", "loadtest", "simulator"],
    );
}

#[test]
fn the_engine_knows_neither_its_log_nor_its_store() {
    // The console asks the API, and reads nothing beside it.
    check_never(
        "processor/console",
        &["engine", "state", "connectors", "policy", "schemas", "whatif", "lives", "loadtest"],
    );
    check_never("processor/engine", &["connectors", "state", "policy", "api", "loadtest", "simulator"]);
}

#[test]
fn the_load_test_does_not_know_how_weir_is_built() {
    check_never("loadtest", &["engine", "state", "api"]);
    // Verifying a run decides Weir's journal again, by the policy that it was under.
    check_never("loadtest/runner", &["engine", "state", "api", "weir", "yardsticks"]);
    // RocksDB alone is measured with Weir's options, which `state` has. Nothing else of Weir is a yardstick.
    check_never("loadtest/yardsticks", &["engine", "api", "policy", "weir", "decision", "schemas"]);
}

#[test]
fn nothing_that_runs_in_production_knows_the_load_tests_runner_or_a_yardstick() {
    for package in PACKAGES {
        check_never(package, &["loadtest-runner", "yardsticks"]);
    }
}

#[test]
fn nothing_that_runs_in_production_knows_the_simulator() {
    for package in PACKAGES {
        check_never(package, &["simulator"]);
    }
}
