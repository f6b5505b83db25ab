//! A newcomer whose place in the group is still another's.
//!
//! Under the newer group protocol (KIP-848) the broker keeps the place of a static member that died
//! until its session has run out, and refuses whoever comes back in the meantime; librdkafka takes
//! that for the end of the client. So a process that was killed and started again waits, and asks
//! with a new client, again and again. When it is refused for longer than any session lasts, the
//! older process lives: then this one ends and says so.

use engine::log::LogError;
use rdkafka::error::RDKafkaErrorCode;
use std::time::{Duration, Instant};

/// How long a refused newcomer waits before it asks again.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// How long it asks. The broker's default session lasts 45 s, its longest 60 s.
const ASK_FOR: Duration = Duration::from_secs(90);

/// What has become of a newcomer so far.
#[derive(Debug, Default)]
pub(super) struct Newcomer {
    /// Since when it has been refused.
    refused: Option<Instant>,
    /// When it asks again.
    asks_at: Option<Instant>,
}

impl Newcomer {
    /// Whether this error is the refusal of a newcomer.
    pub(super) fn is_refusal(code: RDKafkaErrorCode) -> bool {
        code == RDKafkaErrorCode::UnreleasedInstanceId
    }

    /// It was refused: it is to ask again later, or to give up.
    pub(super) fn is_refused(&mut self, now: Instant, instance: &str, reason: &str) -> Result<(), LogError> {
        let since = *self.refused.get_or_insert_with(|| {
            tracing::warn!(
                instance,
                reason,
                "the group still keeps this place for the process before this one; waiting until its session has run out"
            );
            now
        });
        if now.duration_since(since) >= ASK_FOR {
            return Err(LogError::Fatal {
                operation: format!("join the group as {instance}"),
                reason: format!(
                    "another process has had this group_instance_id for {} s and lives; give each process its own ({reason})",
                    ASK_FOR.as_secs()
                ),
            });
        }
        self.asks_at = Some(now + ASK_EVERY);
        Ok(())
    }

    /// How long it is to wait before it asks again; none where it is not refused.
    pub(super) fn waits(&self, now: Instant) -> Option<Duration> {
        self.asks_at.map(|at| at.saturating_duration_since(now))
    }

    /// It asks again.
    pub(super) fn asks(&mut self) {
        self.asks_at = None;
    }

    /// It has a place now.
    pub(super) fn is_taken(&mut self, now: Instant) {
        if let Some(since) = self.refused.take() {
            let waited_ms = now.duration_since(since).as_millis();
            tracing::info!(waited_ms, "the group has given this place free");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_newcomer_asks_again_until_it_has_its_place_or_no_session_lasts_so_long() {
        let begun = Instant::now();
        let mut newcomer = Newcomer::default();
        assert_eq!(newcomer.waits(begun), None);
        for second in 0..89 {
            let now = begun + Duration::from_secs(second);
            assert!(newcomer.is_refused(now, "weir-0", "unreleased").is_ok(), "after {second} s");
            assert_eq!(newcomer.waits(now), Some(ASK_EVERY));
            assert_eq!(newcomer.waits(now + ASK_EVERY), Some(Duration::ZERO));
            newcomer.asks();
            assert_eq!(newcomer.waits(now), None);
        }
        let ended = newcomer.is_refused(begun + ASK_FOR, "weir-0", "unreleased");
        let told = ended.expect_err("it gives up").to_string();
        assert!(told.contains("weir-0") && told.contains("give each process its own"), "{told}");
        newcomer.is_taken(begun + ASK_FOR);
        assert!(newcomer.is_refused(begun + ASK_FOR, "weir-0", "unreleased").is_ok(), "it counts anew");
    }
}
