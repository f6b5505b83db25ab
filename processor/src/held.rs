//! `weir held`: what becomes of the orders that the breaker holds, said to every partition at once.
//!
//! How a verdict is written, and what a partition makes of it, is the engine's business.

use crate::cli::{HeldCommand, Output, SaidArguments};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::taken;
use connectors::kafka::KafkaLog;
use connectors::registry::SchemaRegistry;
use engine::Clock;
use engine::controls::{ControlError, Written};
use engine::verdicts::{Verdict, Verdicts};
use miette::{Context, IntoDiagnostic};
use schemas::{InputTopic, Registry};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Writes the verdict, and says what became of it.
pub(crate) fn run(command: &HeldCommand) -> miette::Result<ExitCode> {
    let (arguments, drops) = match command {
        HeldCommand::Release(arguments) => (arguments, false),
        HeldCommand::Drop(arguments) => (arguments, true),
    };
    let config = Config::load(&arguments.config).map_err(|problem| *problem)?;
    let clock = SystemClock::new();
    let verdict = verdict_of(arguments, drops, &clock);
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
    let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
    let mut verdicts = Verdicts::new(&log, &config.kafka.group_id, &config.topics, registry)
        .map_err(|error| told(error, &config))?;
    let written = verdicts.write(&verdict, clock.now()).map_err(|error| told(error, &config))?;
    let missing = match arguments.wait {
        Some(wait) => {
            Some(verdicts.wait_until_taken(&written, wait, &clock).into_diagnostic().wrap_err_with(|| {
                format!("it is written to every partition, under the id «{}»", verdict.said.event_id)
            })?)
        }
        None => None,
    };
    let text = match arguments.output {
        Output::Text => in_words(&verdict, &written, missing.as_deref(), arguments.wait),
        Output::Json => in_json(&verdict, &written, missing.as_deref()),
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    let is_done = missing.is_none_or(|missing| missing.is_empty());
    Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::from(taken::NOT_TAKEN) })
}

fn verdict_of(arguments: &SaidArguments, drops: bool, clock: &SystemClock) -> Verdict {
    Verdict { said: taken::said(arguments, order(drops), "weir held", clock), drops }
}

/// The order's name on the wire.
fn order(drops: bool) -> &'static str {
    if drops { "drop_held" } else { "release_held" }
}

/// The error, with what can be done about it.
fn told(error: ControlError, config: &Config) -> miette::Report {
    let topic = config.topics.input(InputTopic::Controls);
    let context = match &error {
        ControlError::Registry(_) => format!(
            "the schema under «{topic}-value» is needed; register schemas/avsc/control.avsc there, or set \
             `auto_register` in [registry]"
        ),
        ControlError::NoTopic(_) => {
            format!(
                "create the topics first, or mend `prefix` in [topics]; brokers: {}",
                config.kafka.brokers
            )
        }
        ControlError::Log(_) | ControlError::Aborted(_) | ControlError::Unknown { .. } => {
            format!("writing to {topic} at {} went wrong", config.kafka.brokers)
        }
        ControlError::Unsaid(_) | ControlError::Encode(_) | ControlError::Unreadable(_) => {
            "nothing is written".to_owned()
        }
    };
    miette::Report::from_err(error).wrap_err(context)
}

fn in_words(verdict: &Verdict, written: &Written, missing: Option<&[u32]>, wait: Option<Duration>) -> String {
    let what = if verdict.drops { "dropped" } else { "released" };
    let count = written.offsets.len();
    let mut text = format!(
        "What the breaker holds is to be {what}: written to all {count} partitions of {}, under the id {}.",
        written.topic, verdict.said.event_id
    );
    text.push_str(&taken::in_words(missing, wait));
    text
}

fn in_json(verdict: &Verdict, written: &Written, missing: Option<&[u32]>) -> String {
    let offsets = written.offsets.iter();
    let partitions: Vec<serde_json::Value> = offsets
        .map(|(partition, offset)| serde_json::json!({ "partition": partition, "offset": offset }))
        .collect();
    serde_json::json!({
        "event_id": verdict.said.event_id,
        "order": order(verdict.drops),
        "topic": *written.topic,
        "partitions": partitions,
        "not_taken": missing,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::controls::Said;
    use std::collections::BTreeMap;

    fn outcome() -> (Verdict, Written) {
        let text = str::to_owned;
        let said = Said {
            event_id: text("e-1"),
            by: text("anna"),
            role: text("admin"),
            why: text("checked"),
            source: text("test"),
        };
        let verdict = Verdict { said, drops: false };
        let written = Written { topic: "weir.controls".into(), offsets: BTreeMap::from([(0, 7), (1, 4)]) };
        (verdict, written)
    }

    #[track_caller]
    fn check(missing: Option<&[u32]>, expected_end: &str) {
        let (verdict, written) = outcome();
        let text = in_words(&verdict, &written, missing, Some(Duration::from_secs(30)));
        assert!(text.starts_with("What the breaker holds is to be released: written to all 2 partitions"));
        assert!(text.ends_with(expected_end), "{text}");
    }

    #[test]
    fn what_was_not_waited_for_is_not_claimed() {
        check(None, "of weir.controls, under the id e-1.");
        check(Some(&[]), "\nEvery partition has taken it.");
        check(
            Some(&[1]),
            "\nAfter 30s these have not taken it: 1. They take it as soon as an instance runs them.",
        );
    }

    #[test]
    fn programs_read_where_it_lies_and_who_has_not_taken_it() {
        let (verdict, written) = outcome();
        let told: serde_json::Value = serde_json::from_str(&in_json(&verdict, &written, Some(&[1]))).unwrap();
        let partitions =
            serde_json::json!([{ "partition": 0, "offset": 7 }, { "partition": 1, "offset": 4 }]);
        let expected = serde_json::json!({
            "event_id": "e-1", "order": "release_held", "topic": "weir.controls",
            "partitions": partitions, "not_taken": [1],
        });
        assert_eq!(told, expected);
        let told: serde_json::Value = serde_json::from_str(&in_json(&verdict, &written, None)).unwrap();
        assert!(told["not_taken"].is_null(), "nobody waited");
    }
}
