//! How far the log is known to have been read: the horizon (architecture.md, Timers).
//!
//! What falls due at T may be acted on once the task has passed, in every input topic, the end
//! offset that was seen at or after T: a payment already in the log always wins. With the log out
//! of reach the horizon stands still, and nothing is cut off.

use decision::time::Timestamp;

/// The horizon of one task, and the probe that is to move it.
#[derive(Debug)]
pub(crate) struct Horizon {
    reached: Timestamp,
    probe: Probe,
}

#[derive(Debug)]
enum Probe {
    /// None is under way.
    None,
    /// The ends are being asked for, since this moment.
    Asked(Timestamp),
    /// These ends were seen at or after this moment; they are to be passed.
    Seen(Timestamp, Vec<i64>),
}

impl Horizon {
    pub(crate) fn new(reached: Timestamp) -> Self {
        Self { reached, probe: Probe::None }
    }

    /// Up to when the log is known to have been read.
    pub(crate) fn reached(&self) -> Timestamp {
        self.reached
    }

    /// Whether something due at `due` needs a probe now: it is due, the horizon is not there, and
    /// no probe is under way.
    pub(crate) fn wants_probe(&self, due: Timestamp, now: Timestamp) -> bool {
        due <= now && due > self.reached && matches!(self.probe, Probe::None)
    }

    /// The ends are being asked for; what comes back was seen at or after `now`.
    pub(crate) fn asked(&mut self, now: Timestamp) {
        self.probe = Probe::Asked(now);
    }

    /// The ends came that were asked for as of `asked`; none when the log did not answer. What is an
    /// answer to another question, of an earlier life of the task, says nothing about this one.
    pub(crate) fn answered(&mut self, asked: Timestamp, ends: Option<Vec<i64>>) {
        match &self.probe {
            Probe::Asked(at) if *at == asked => {
                self.probe = ends.map_or(Probe::None, |ends| Probe::Seen(asked, ends));
            }
            Probe::Asked(_) | Probe::None | Probe::Seen(..) => {}
        }
    }

    /// Moves the horizon where these positions have passed the ends seen.
    pub(crate) fn advance(&mut self, positions: &[i64]) {
        let Probe::Seen(at, ends) = &self.probe else { return };
        let has_passed = ends.iter().zip(positions).all(|(end, position)| position >= end);
        if has_passed && ends.len() == positions.len() {
            self.reached = self.reached.max(*at);
            self.probe = Probe::None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_horizon_moves_only_when_every_topic_is_read_past_the_end_seen() {
        let mut horizon = Horizon::new(Timestamp(0));
        assert!(horizon.wants_probe(Timestamp(5), Timestamp(10)));
        horizon.asked(Timestamp(10));
        assert!(!horizon.wants_probe(Timestamp(5), Timestamp(10)), "one probe at a time");
        horizon.answered(Timestamp(10), Some(vec![3, 7]));
        horizon.advance(&[3, 6]);
        assert_eq!(horizon.reached(), Timestamp(0), "one record is still to be read");
        horizon.advance(&[3, 7]);
        assert_eq!(horizon.reached(), Timestamp(10));
    }

    #[test]
    fn without_an_answer_the_horizon_stands_and_another_probe_may_be_made() {
        let mut horizon = Horizon::new(Timestamp(0));
        horizon.asked(Timestamp(10));
        horizon.answered(Timestamp(10), None);
        horizon.advance(&[100, 100]);
        assert_eq!(horizon.reached(), Timestamp(0));
        assert!(horizon.wants_probe(Timestamp(5), Timestamp(11)));
    }

    #[test]
    fn an_answer_to_an_earlier_question_moves_nothing() {
        let mut horizon = Horizon::new(Timestamp(0));
        horizon.asked(Timestamp(10));
        horizon.answered(Timestamp(9), Some(vec![3, 7]));
        horizon.advance(&[3, 7]);
        assert_eq!(horizon.reached(), Timestamp(0));
        horizon.answered(Timestamp(10), Some(vec![4, 7]));
        horizon.answered(Timestamp(9), None);
        horizon.advance(&[4, 7]);
        assert_eq!(horizon.reached(), Timestamp(10), "the right answer still counts");
    }

    #[test]
    fn what_is_not_due_yet_or_long_reached_wants_no_probe() {
        let horizon = Horizon::new(Timestamp(8));
        assert!(!horizon.wants_probe(Timestamp(20), Timestamp(10)));
        assert!(!horizon.wants_probe(Timestamp(8), Timestamp(10)));
    }
}
