//! What `[kafka]` means.

use super::secret::Secret;
use super::{ConfigProblem, file, positive};
use connectors::kafka::{GroupProtocol, KafkaSettings};
use std::time::Duration;

/// Long enough for a restart in place, so that static membership keeps the partitions where they
/// are; short enough that a machine which is gone does not hold them for minutes.
const SESSION_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn settings(file: file::Kafka) -> Result<KafkaSettings, Box<ConfigProblem>> {
    if file.brokers.trim().is_empty() {
        return Err(ConfigProblem::value("kafka.brokers", "names no broker"));
    }
    let properties = file.properties.into_iter().map(|(name, value)| (name, Secret::reveal(value)));
    Ok(KafkaSettings {
        group_instance_id: file.group_instance_id.filter(|id| !id.is_empty()),
        group_protocol: match file.group_protocol {
            file::GroupProtocol::Classic => GroupProtocol::Classic,
            file::GroupProtocol::Consumer => GroupProtocol::Consumer,
        },
        session_timeout: session_timeout(file.group_protocol, file.session_timeout_ms)?,
        properties: properties.collect(),
        ..KafkaSettings::new(&file.brokers, &file.group)
    })
}

fn session_timeout(
    protocol: file::GroupProtocol,
    milliseconds: Option<u64>,
) -> Result<Duration, Box<ConfigProblem>> {
    const KEY: &str = "kafka.session_timeout_ms";
    match (protocol, milliseconds) {
        (_, None) => Ok(SESSION_TIMEOUT),
        (file::GroupProtocol::Classic, Some(milliseconds)) => {
            Ok(Duration::from_millis(positive(KEY, milliseconds)?))
        }
        // Passing over it in silence would leave someone to believe that it holds.
        (file::GroupProtocol::Consumer, Some(_)) => {
            Err(ConfigProblem::value(KEY, "cannot be set with `group_protocol = \"consumer\"`").helped(
                "leave it out: under this protocol the broker sets it, as \
                 group.consumer.session.timeout.ms, or the group's own consumer.session.timeout.ms",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{WHOLE, check_refused, parse};
    use super::*;

    #[track_caller]
    fn check(lines: &str, protocol: GroupProtocol, session_timeout: Duration) {
        let text = WHOLE.replace("group = \"weir\"", lines);
        let kafka = parse(&text, &[]).unwrap().kafka;
        assert_eq!((kafka.group_protocol, kafka.session_timeout), (protocol, session_timeout));
    }

    #[test]
    fn the_groups_protocol_is_classic_unless_said() {
        check("", GroupProtocol::Classic, SESSION_TIMEOUT);
        check("session_timeout_ms = 6000", GroupProtocol::Classic, Duration::from_secs(6));
        check("group_protocol = \"classic\"", GroupProtocol::Classic, SESSION_TIMEOUT);
        check("group_protocol = \"consumer\"", GroupProtocol::Consumer, SESSION_TIMEOUT);
        let text = WHOLE.replace("group =", "group_protocol =");
        check_refused(&text, &[], &["weir.toml:4", "`weir`", "`classic` or `consumer`"]);
    }

    #[test]
    fn a_session_timeout_that_the_broker_would_not_heed_is_refused() {
        let expected = ["kafka.session_timeout_ms", "consumer", "group.consumer.session.timeout.ms"];
        let both = "session_timeout_ms = 6000\ngroup_protocol = \"consumer\"";
        check_refused(&WHOLE.replace("group = \"weir\"", both), &[], &expected);
        let text = WHOLE.replace("group = \"weir\"", "session_timeout_ms = 6000");
        check_refused(&text, &[("WEIR__KAFKA__GROUP_PROTOCOL", "consumer")], &expected);
        let text = WHOLE.replace("group = \"weir\"", "session_timeout_ms = 0");
        check_refused(&text, &[], &["kafka.session_timeout_ms", "above zero"]);
    }

    #[track_caller]
    fn check_property(variable: &str, property: &str) {
        let config = parse(WHOLE, &[(variable, "hunter2")]).unwrap();
        assert_eq!(config.kafka.properties[property], "hunter2", "{variable}");
    }

    #[test]
    fn a_variable_names_a_property_with_points_or_with_underscores() {
        check_property("WEIR__KAFKA__PROPERTIES__SASL.PASSWORD", "sasl.password");
        check_property("WEIR__KAFKA__PROPERTIES__SASL_PASSWORD", "sasl.password");
        check_property("WEIR__KAFKA__PROPERTIES__SSL_KEY_PASSWORD", "ssl.key.password");
        check_property("WEIR__KAFKA__PROPERTIES__SSL.KEY_PASSWORD", "ssl.key.password");
        check_property("WEIR__KAFKA__PROPERTIES__SECURITY_PROTOCOL", "security.protocol");
        check_property("WEIR__KAFKA__PROPERTIES__COMPRESSION_CODEC", "compression.codec");
        let config = parse(WHOLE, &[("WEIR__KAFKA__GROUP_INSTANCE_ID", "a_b")]).unwrap();
        assert_eq!(config.kafka.group_instance_id.as_deref(), Some("a_b"), "only properties have points");
    }

    #[test]
    fn two_variables_for_one_key_are_refused_without_their_values() {
        let both = [
            ("WEIR__KAFKA__PROPERTIES__SASL_PASSWORD", "hunter2"),
            ("WEIR__KAFKA__PROPERTIES__SASL.PASSWORD", "hunter3"),
        ];
        let expected = [
            "WEIR__KAFKA__PROPERTIES__SASL.PASSWORD",
            "sets `kafka.properties.sasl.password`, and so does WEIR__KAFKA__PROPERTIES__SASL_PASSWORD",
            "keep one of the two",
        ];
        check_refused(WHOLE, &both, &expected);
        check_refused(WHOLE, &[both[1], both[0]], &expected);
        check_refused(WHOLE, &[("WEIR__KAFKA__GROUP", "a"), ("WEIR__kafka__group", "b")], &["keep one"]);
    }

    #[test]
    fn properties_reach_the_client_and_are_not_shown() {
        let text = WHOLE.replace("[registry]", "\"sasl.password\" = \"hunter2\"\n[registry]");
        let config = parse(&text, &[("WEIR__KAFKA__PROPERTIES__SSL.KEY.PASSWORD", "hunter3")]).unwrap();
        assert_eq!(config.kafka.properties["security.protocol"], "PLAINTEXT");
        assert_eq!(config.kafka.properties["sasl.password"], "hunter2");
        assert_eq!(config.kafka.properties["ssl.key.password"], "hunter3");
        let shown = format!("{config:?}");
        assert!(shown.contains("sasl.password") && !shown.contains("hunter"), "{shown}");
    }
}
