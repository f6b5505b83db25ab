//! `weir rejects`: what lies in the topic of rejects, and sending it again.
//!
//! How rejects are read and sent is the engine's business.

use crate::cli::{Output, PlaceArguments, RejectsCommand, ResendArguments, ShowArguments, WhichArguments};
use crate::clock::SystemClock;
use crate::config::Config;
use connectors::kafka::KafkaLog;
use connectors::registry::SchemaRegistry;
use decision::time::Timestamp;
use engine::Clock;
use engine::rejects::{Filter, Listed, Place, Rejected, Rejects, Resent};
use miette::{Context, IntoDiagnostic, miette};
use schemas::Registry;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

/// Something was not sent that was asked for: not wrong use, and told apart from it by scripts.
const NOT_SENT: u8 = 1;

/// Lists, shows or sends.
pub(crate) fn run(command: &RejectsCommand) -> miette::Result<ExitCode> {
    let path = match command {
        RejectsCommand::List(arguments) => &arguments.config,
        RejectsCommand::Show(arguments) => &arguments.config,
        RejectsCommand::Resend(arguments) => &arguments.config,
    };
    let config = Config::load(path).map_err(|problem| *problem)?;
    let registry: Arc<dyn Registry> = Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
    let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
    let mut rejects = Rejects::new(&log, &config.kafka.group_id, &config.topics, registry);
    let now = SystemClock::new().now();
    let (text, code) = match command {
        RejectsCommand::List(arguments) => {
            let listed = rejects.list(&filter(&arguments.which, now), arguments.which.limit);
            let listed = listed.into_diagnostic().wrap_err_with(|| at(&config))?;
            (told_list(&listed, arguments.output), ExitCode::SUCCESS)
        }
        RejectsCommand::Show(arguments) => (show(&mut rejects, arguments, &config)?, ExitCode::SUCCESS),
        RejectsCommand::Resend(arguments) => resend(&mut rejects, arguments, now, &config)?,
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    Ok(code)
}

fn at(config: &Config) -> String {
    format!("the rejects at {} are not to be had", config.kafka.brokers)
}

fn filter(which: &WhichArguments, now: Timestamp) -> Filter {
    let ago = |time: std::time::Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Filter {
        topic: which.topic.clone(),
        reason: which.reason.clone(),
        since: which.since.map(|time| now.plus_micros(ago(time).saturating_neg())),
        account: which.account.clone(),
    }
}

fn place(arguments: &PlaceArguments) -> Option<Place> {
    let (partition, offset) = arguments.partition.zip(arguments.offset)?;
    Some(Place { partition, offset })
}

fn show<L: engine::log::Log>(
    rejects: &mut Rejects<'_, L>,
    arguments: &ShowArguments,
    config: &Config,
) -> miette::Result<String> {
    let place = Place { partition: arguments.partition, offset: arguments.offset };
    let rejected = rejects.one(place).into_diagnostic().wrap_err_with(|| at(config))?;
    let event = match rejects.event(&rejected) {
        Some(Ok(event)) => Some(format!("{event:#?}")),
        Some(Err(_)) | None => None,
    };
    Ok(match arguments.output {
        Output::Text => in_words(&rejected, event.as_deref()),
        Output::Json => {
            let mut value = in_json(&rejected);
            if let Value::Object(fields) = &mut value {
                fields.insert("event".to_owned(), json!(event));
                fields.insert("key_hex".to_owned(), json!(rejected.key.as_deref().map(hex)));
                fields.insert("value_hex".to_owned(), json!(rejected.value.as_deref().map(hex)));
            }
            value.to_string()
        }
    })
}

fn resend<L: engine::log::Log>(
    rejects: &mut Rejects<'_, L>,
    arguments: &ResendArguments,
    now: Timestamp,
    config: &Config,
) -> miette::Result<(String, ExitCode)> {
    let chosen = match place(&arguments.place) {
        Some(place) => vec![rejects.one(place).into_diagnostic().wrap_err_with(|| at(config))?],
        None => {
            let filter = filter(&arguments.which, now);
            if filter == Filter::default() {
                return Err(miette!(
                    "say which: --partition and --offset, or one of --reason, --topic, --since, --account"
                ));
            }
            let listed = rejects.list(&filter, arguments.which.limit);
            let listed = listed.into_diagnostic().wrap_err_with(|| at(config))?;
            if !arguments.yes {
                let count = listed.rejects.len();
                let text =
                    format!("{}\nThese {count} are sent with --yes.", told_list(&listed, Output::Text));
                return Ok((text, ExitCode::from(NOT_SENT)));
            }
            listed.rejects
        }
    };
    let outcomes = rejects.resend(&chosen, arguments.even_known, now).into_diagnostic()?;
    let is_all_sent = outcomes.iter().all(|outcome| matches!(outcome, Resent::To(_)));
    let text = told_resent(&chosen, &outcomes, arguments.output);
    Ok((text, if is_all_sent { ExitCode::SUCCESS } else { ExitCode::from(NOT_SENT) }))
}

fn told_list(listed: &Listed, output: Output) -> String {
    match output {
        Output::Text => {
            let mut rows =
                vec![["PLACE", "REJECTED AT", "REASON", "FROM", "ACCOUNT", "EVENT"].map(str::to_owned)];
            rows.extend(listed.rejects.iter().map(row));
            let mut text = table(&rows);
            match (listed.rejects.len(), listed.older) {
                (0, _) => "No rejects.".clone_into(&mut text),
                (_, 0) => {}
                (count, older) => {
                    let _ = write!(text, "\nThe newest {count}; {older} older ones are not shown (--limit).");
                }
            }
            text
        }
        Output::Json => {
            let rejects: Vec<Value> = listed.rejects.iter().map(in_json).collect();
            json!({ "rejects": rejects, "older": listed.older }).to_string()
        }
    }
}

fn row(rejected: &Rejected) -> [String; 6] {
    let or_dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
    [
        written(rejected.place),
        rejected.rejected_at.to_string(),
        rejected.reason.clone(),
        source(rejected),
        or_dash(rejected.account_id.as_deref().or(rejected.debtor_id.as_deref())),
        or_dash(rejected.event_id.as_deref()),
    ]
}

fn written(place: Place) -> String {
    format!("{}/{}", place.partition, place.offset)
}

fn source(rejected: &Rejected) -> String {
    if rejected.topic.is_empty() {
        return "no record".to_owned();
    }
    format!("{} {}", rejected.topic, written(rejected.came_from))
}

/// Columns as wide as what stands in them.
fn table(rows: &[[String; 6]]) -> String {
    let mut widths = [0; 6];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 6]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn in_words(rejected: &Rejected, event: Option<&str>) -> String {
    let mut text = format!(
        "{} {}: {}\n{}\nfrom: {}\nrejected at: {}",
        written(rejected.place),
        rejected.reason,
        rejected.event_id.as_deref().unwrap_or("an event without a readable id"),
        rejected.detail,
        source(rejected),
        rejected.rejected_at,
    );
    let ids = [("account", &rejected.account_id), ("debtor", &rejected.debtor_id)];
    for (what, id) in ids {
        if let Some(id) = id {
            let _ = write!(text, "\n{what}: {id}");
        }
    }
    if rejected.is_id_remembered {
        text.push_str("\nIts id was seen: sent again as it is, it changes nothing while ids are remembered.");
    }
    match (event, &rejected.value) {
        (Some(event), _) => {
            let _ = write!(text, "\n{event}");
        }
        (None, Some(value)) => {
            let key = rejected.key.as_deref().map(hex).unwrap_or_default();
            let _ = write!(text, "\nkey:   {key}\nvalue: {}", hex(value));
        }
        (None, None) => {}
    }
    text
}

fn in_json(rejected: &Rejected) -> Value {
    json!({
        "partition": rejected.place.partition,
        "offset": rejected.place.offset,
        "reason": rejected.reason,
        "detail": rejected.detail,
        "from": {
            "topic": rejected.topic,
            "partition": rejected.came_from.partition,
            "offset": rejected.came_from.offset,
        },
        "rejected_at": rejected.rejected_at.to_string(),
        "event_id": rejected.event_id,
        "account_id": rejected.account_id,
        "debtor_id": rejected.debtor_id,
        "is_id_remembered": rejected.is_id_remembered,
    })
}

/// What became of each, in the order of what was asked for.
fn told_resent(chosen: &[Rejected], outcomes: &[Resent], output: Output) -> String {
    let pairs = chosen.iter().zip(outcomes);
    match output {
        Output::Text if chosen.is_empty() => "No rejects: nothing is sent.".to_owned(),
        Output::Text => {
            let lines: Vec<String> = pairs.map(|(rejected, outcome)| line(rejected, outcome)).collect();
            lines.join("\n")
        }
        Output::Json => {
            let told = pairs.map(|(rejected, outcome)| {
                let (sent_to, not_sent) = match outcome {
                    Resent::To(target) => {
                        (json!({ "topic": *target.topic, "partition": target.partition }), Value::Null)
                    }
                    Resent::Known => (Value::Null, json!("its id was seen")),
                    Resent::NoRecord => (Value::Null, json!("it is no record")),
                    Resent::NoInput => (Value::Null, json!("its topic is no input")),
                };
                let Place { partition, offset } = rejected.place;
                json!({ "partition": partition, "offset": offset, "sent_to": sent_to, "not_sent": not_sent })
            });
            json!({ "resent": told.collect::<Vec<_>>() }).to_string()
        }
    }
}

fn line(rejected: &Rejected, outcome: &Resent) -> String {
    let place = written(rejected.place);
    match outcome {
        Resent::To(target) => {
            let known = if rejected.is_id_remembered {
                "; its id was seen, so it changes nothing while ids are remembered"
            } else {
                ""
            };
            format!("{place} is sent to {} {}{known}.", target.topic, target.partition)
        }
        Resent::Known => format!(
            "{place} is not sent: its id was seen, so it would change nothing. Have it sent under a new id, or \
             use --even-known once ids are no longer remembered."
        ),
        Resent::NoRecord => {
            format!("{place} is not sent: it is no record. What was put off is tried again by itself.")
        }
        Resent::NoInput => format!("{place} is not sent: {} is no input topic.", rejected.topic),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::log::TopicPartition;

    fn one() -> Rejected {
        Rejected {
            place: Place { partition: 2, offset: 7 },
            reason: "poison".to_owned(),
            detail: "a panic at a.rs:1:2: no".to_owned(),
            topic: "weir.payments".to_owned(),
            came_from: Place { partition: 2, offset: 40 },
            timestamp: None,
            rejected_at: Timestamp(0),
            event_id: Some("e-1".to_owned()),
            account_id: Some("A-1".to_owned()),
            debtor_id: Some("A-1".to_owned()),
            key: Some("A-1".into()),
            value: Some([0, 171][..].to_vec().into()),
            is_id_remembered: false,
        }
    }

    #[test]
    fn a_list_is_a_table_and_says_what_it_leaves_out() {
        let listed = Listed { rejects: vec![one()], older: 3, is_whole: true };
        let text = told_list(&listed, Output::Text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "PLACE  REJECTED AT           REASON  FROM                ACCOUNT  EVENT",
                "2/7    1970-01-01T00:00:00Z  poison  weir.payments 2/40  A-1      e-1",
                "The newest 1; 3 older ones are not shown (--limit).",
            ]
        );
        assert_eq!(
            told_list(&Listed { rejects: Vec::new(), older: 0, is_whole: true }, Output::Text),
            "No rejects."
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_shown_as_its_bytes() {
        let text = in_words(&one(), None);
        assert!(text.starts_with("2/7 poison: e-1\na panic at a.rs:1:2: no\n"), "{text}");
        assert!(text.ends_with("key:   412d31\nvalue: 00ab"), "{text}");
        assert!(in_words(&one(), Some("Event { }")).ends_with("debtor: A-1\nEvent { }"));
    }

    #[test]
    fn a_resend_says_of_each_what_became_of_it() {
        let target = TopicPartition { topic: "weir.payments".into(), partition: 5 };
        let outcomes = [Resent::To(target), Resent::Known, Resent::NoRecord, Resent::NoInput];
        let chosen = [one(), one(), one(), one()];
        let text = told_resent(&chosen, &outcomes, Output::Text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], "2/7 is sent to weir.payments 5.");
        for (line, part) in lines[1..].iter().zip(["its id was seen", "it is no record", "is no input topic"])
        {
            assert!(line.starts_with("2/7 is not sent: ") && line.contains(part), "{line}");
        }
        let told: Value = serde_json::from_str(&told_resent(&chosen, &outcomes, Output::Json)).unwrap();
        assert_eq!(told["resent"][0]["sent_to"], json!({ "topic": "weir.payments", "partition": 5 }));
        assert_eq!(told["resent"][1]["not_sent"], json!("its id was seen"));
    }
}
