//! Which command answers which event, and how long that took.
//!
//! A command does not name its event. It names account, rule and line, or account and stage, and of one account
//! and rule commands come in the order of their events: the first that waits is the one. What a timer brings
//! about is counted from the moment it was due.

use decision::command::{Action, Command, Origin};
use hdrhistogram::Histogram;
use loadtest::load::{BAR_AFTER_US, Expectation, Expected, SUSPEND_AFTER_US, account_number};
use std::collections::{HashMap, VecDeque};

/// Latencies beyond this are counted as this: ten minutes.
const MOST_US: u64 = 600 * 1_000_000;

/// What a command says, as far as it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// An alert of a rule, with its line.
    Alert(String, String),
    /// A stage of the plan was entered.
    Stage(String),
    /// What an operation had done was taken back, by this operation.
    Undone(String),
    /// The thanks of a debt that is paid.
    Thanks,
    /// Anything else.
    Other(String),
}

impl Said {
    /// What this command says.
    #[must_use]
    pub(crate) fn of(command: &Command) -> Self {
        match (&command.origin, &command.action) {
            (Origin::Threshold { rule }, Action::Message(message)) => {
                Self::Alert(rule.to_string(), message.lines.join(" "))
            }
            (Origin::Cycle { .. }, Action::Provision(order)) if order.is_undo => {
                Self::Undone(order.operation.to_string())
            }
            (Origin::Cycle { stage: Some(stage), .. }, Action::Message(_) | Action::Provision(_)) => {
                Self::Stage(stage.to_string())
            }
            (Origin::Cycle { stage: None, .. }, Action::Message(message))
                if message.template.as_str() == "thanks" =>
            {
                Self::Thanks
            }
            (origin, action) => Self::Other(format!("{origin:?} {action:?}")),
        }
    }
}

/// What waits in one line: commands of one account and of one of these come in the order of their events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Queue {
    LowBalance,
    DataLow,
    DataExpires,
    Remind,
    Unbar,
    Resume,
    Thanks,
}

impl Queue {
    fn of(expected: Expected) -> Self {
        match expected {
            Expected::LowBalance(_) => Self::LowBalance,
            Expected::DataLow(_) => Self::DataLow,
            Expected::DataExpires => Self::DataExpires,
            Expected::Remind => Self::Remind,
            Expected::Unbar => Self::Unbar,
            Expected::Resume => Self::Resume,
            Expected::Thanks => Self::Thanks,
        }
    }
}

/// From which moment on a command was due, and what made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Event(u64),
    Timer(u64),
}

/// When the stages of an account's debt were entered, by the processor's own word.
#[derive(Clone, Copy, Debug, Default)]
struct Entered {
    remind_us: Option<u64>,
    bar_us: Option<u64>,
}

/// How long commands took, for all that was due in one second of the run.
#[derive(Clone, Debug)]
pub(crate) struct Latencies {
    /// From an event's intended moment to its command, in microseconds.
    pub(crate) events: Histogram<u32>,
    /// From the moment a timer was due to its command, in microseconds.
    pub(crate) timers: Histogram<u32>,
}

impl Latencies {
    /// Of nothing yet.
    ///
    /// # Panics
    /// Never: three digits are allowed.
    #[must_use]
    pub(crate) fn new() -> Self {
        #[expect(clippy::expect_used, reason = "three significant digits are within what is allowed")]
        let histogram = || Histogram::new(3).expect("three digits");
        Self { events: histogram(), timers: histogram() }
    }

    /// Adds those of another second.
    pub(crate) fn add(&mut self, other: &Self) {
        // These grow by themselves, so nothing is too large for them.
        let _never = self.events.add(&other.events);
        let _never = self.timers.add(&other.timers);
    }
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

/// How what came out compares to what was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// How many commands events were to bring about.
    pub expected: u64,
    /// How many of them came.
    pub matched: u64,
    /// Stages that timers entered.
    pub timed: u64,
    /// How many commands nothing had asked for.
    pub unexpected: u64,
    /// How many were passed over: a later one of their kind came first.
    pub passed_over: u64,
}

impl Tally {
    /// How many still have not come.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.expected - self.matched
    }
}

/// Matches commands to events.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    waiting: HashMap<(u32, Queue), VecDeque<(u64, Expected)>>,
    entered: HashMap<u32, Entered>,
    seconds: Vec<Latencies>,
    tally: Tally,
    /// A few of the commands that nothing had asked for, in words.
    examples: Vec<String>,
}

impl Matcher {
    /// An event is about to be sent.
    pub(crate) fn expect(&mut self, expectation: Expectation) {
        let key = (expectation.account, Queue::of(expectation.expected));
        self.waiting.entry(key).or_default().push_back((expectation.since_us, expectation.expected));
        self.tally.expected += 1;
    }

    /// A command was read. `requested_us` is when the processor decided it, by its own word.
    pub(crate) fn on_command(&mut self, account_id: &str, said: &Said, requested_us: u64, seen_us: u64) {
        let cause = account_number(account_id).and_then(|account| self.cause(account, said, requested_us));
        let (since, is_timer) = match cause {
            Some(Cause::Event(since)) => (since, false),
            Some(Cause::Timer(since)) => (since, true),
            None => {
                self.tally.unexpected += 1;
                if self.examples.len() < 10 {
                    self.examples.push(format!("{account_id}: {said:?}"));
                }
                return;
            }
        };
        self.took(since, is_timer, seen_us);
    }

    /// A record was read that answers the event of this moment, by its own word.
    pub(crate) fn on_echo(&mut self, since_us: u64, seen_us: u64) {
        self.took(since_us, false, seen_us);
    }

    fn took(&mut self, since: u64, is_timer: bool, seen_us: u64) {
        let latency = seen_us.saturating_sub(since).min(MOST_US);
        let second = usize::try_from(since / 1_000_000).unwrap_or(usize::MAX);
        while self.seconds.len() <= second {
            self.seconds.push(Latencies::new());
        }
        if let Some(latencies) = self.seconds.get_mut(second) {
            let histogram = if is_timer { &mut latencies.timers } else { &mut latencies.events };
            // It grows by itself up to what a latency is cut to.
            let _never = histogram.record(latency);
        }
    }

    /// What was measured, second by second of when it was due.
    #[must_use]
    pub(crate) fn seconds(&self) -> &[Latencies] {
        &self.seconds
    }

    /// What came, against what was expected.
    #[must_use]
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// A few of the commands that nothing had asked for.
    #[must_use]
    pub(crate) fn examples(&self) -> &[String] {
        &self.examples
    }

    fn cause(&mut self, account: u32, said: &Said, requested_us: u64) -> Option<Cause> {
        match said {
            Said::Alert(rule, line) => match rule.as_str() {
                "low-balance" => self.event(account, Queue::LowBalance, Some(line)),
                "data-low" => self.event(account, Queue::DataLow, Some(line)),
                "data-expires" => match self.event(account, Queue::DataExpires, None)? {
                    Cause::Event(due) | Cause::Timer(due) => Some(Cause::Timer(due)),
                },
                _ => None,
            },
            Said::Stage(stage) => self.stage(account, stage, requested_us),
            Said::Undone(operation) => match operation.as_str() {
                "unbar_outgoing" => self.event(account, Queue::Unbar, None),
                "resume" => self.event(account, Queue::Resume, None),
                _ => None,
            },
            Said::Thanks => {
                self.entered.remove(&account);
                self.event(account, Queue::Thanks, None)
            }
            Said::Other(_) => None,
        }
    }

    fn stage(&mut self, account: u32, stage: &str, requested_us: u64) -> Option<Cause> {
        match stage {
            "remind" => {
                self.entered.insert(account, Entered { remind_us: Some(requested_us), bar_us: None });
                self.event(account, Queue::Remind, None)
            }
            "bar" => {
                let entered = self.entered.get_mut(&account)?;
                let remind_us = entered.remind_us.take()?;
                entered.bar_us = Some(requested_us);
                self.tally.timed += 1;
                Some(Cause::Timer(remind_us + BAR_AFTER_US))
            }
            "suspend" => {
                let bar_us = self.entered.get_mut(&account)?.bar_us.take()?;
                self.tally.timed += 1;
                Some(Cause::Timer(bar_us + SUSPEND_AFTER_US))
            }
            _ => None,
        }
    }

    /// The first event that waits for such a command, and of an alert for such a line.
    fn event(&mut self, account: u32, queue: Queue, line: Option<&str>) -> Option<Cause> {
        let waiting = self.waiting.get_mut(&(account, queue))?;
        let place = waiting.iter().position(|(_, expected)| line.is_none() || expected.line() == line)?;
        let passed_over = waiting.drain(..place).count();
        let (since, _) = waiting.pop_front()?;
        if waiting.is_empty() {
            self.waiting.remove(&(account, queue));
        }
        self.tally.passed_over += passed_over as u64;
        self.tally.matched += 1;
        Some(Cause::Event(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(line: &str) -> Said {
        Said::Alert("low-balance".to_owned(), line.to_owned())
    }

    fn expect(matcher: &mut Matcher, expected: Expected, since_us: u64) {
        matcher.expect(Expectation { account: 7, expected, since_us });
    }

    /// The latencies of one second, in microseconds: of events, of timers.
    #[track_caller]
    fn check(matcher: &Matcher, second: usize, events: &[u64], timers: &[u64]) {
        let found = &matcher.seconds()[second];
        for (histogram, wanted) in [(&found.events, events), (&found.timers, timers)] {
            assert_eq!(histogram.len(), wanted.len() as u64);
            for latency in wanted {
                assert!(histogram.count_at(*latency) > 0, "{latency} is not among them");
            }
        }
    }

    #[test]
    fn commands_answer_the_events_of_their_account_and_rule_in_order() {
        let mut matcher = Matcher::default();
        expect(&mut matcher, Expected::LowBalance(0), 1_000_000);
        expect(&mut matcher, Expected::LowBalance(1), 1_500_000);
        matcher.on_command("A-00000007", &alert("5.00"), 0, 1_000_900);
        matcher.on_command("A-00000007", &alert("2.00"), 0, 1_500_400);
        check(&matcher, 1, &[900, 400], &[]);
        let tally = matcher.tally();
        assert_eq!((tally.expected, tally.matched, tally.missing(), tally.unexpected), (2, 2, 0, 0));
    }

    #[test]
    fn what_says_itself_what_it_answers_is_counted_and_matched_to_nothing() {
        let mut matcher = Matcher::default();
        expect(&mut matcher, Expected::LowBalance(0), 1_000_000);
        matcher.on_echo(1_000_000, 1_002_000);
        // Its clock shows milliseconds alone: it may be ahead by a part of one.
        matcher.on_echo(1_003_000, 1_002_700);
        check(&matcher, 1, &[2_000, 0], &[]);
        assert_eq!((matcher.tally().matched, matcher.tally().unexpected), (0, 0));
    }

    #[test]
    fn a_stage_is_counted_from_the_moment_that_its_timer_was_due() {
        let mut matcher = Matcher::default();
        expect(&mut matcher, Expected::Remind, 1_000_000);
        matcher.on_command("A-00000007", &Said::Stage("remind".to_owned()), 1_004_000, 1_009_000);
        matcher.on_command("A-00000007", &Said::Stage("bar".to_owned()), 21_004_500, 21_005_000);
        matcher.on_command("A-00000007", &Said::Stage("suspend".to_owned()), 61_005_000, 61_006_500);
        check(&matcher, 1, &[9_000], &[]);
        check(&matcher, 21, &[], &[1_000]);
        check(&matcher, 61, &[], &[2_000]);
        assert_eq!((matcher.tally().timed, matcher.tally().unexpected), (2, 0));
    }

    #[test]
    fn an_expiry_is_counted_from_its_own_moment() {
        let mut matcher = Matcher::default();
        expect(&mut matcher, Expected::DataExpires, 3_000_000);
        let told = Said::Alert("data-expires".to_owned(), String::new());
        matcher.on_command("A-00000007", &told, 3_000_500, 3_002_000);
        check(&matcher, 3, &[], &[2_000]);
    }

    #[test]
    fn what_nothing_asked_for_and_what_does_not_come_is_counted() {
        let mut matcher = Matcher::default();
        expect(&mut matcher, Expected::LowBalance(0), 0);
        expect(&mut matcher, Expected::LowBalance(1), 1);
        expect(&mut matcher, Expected::Thanks, 2);
        // The first is passed over; another account, another line, and a stage out of nowhere.
        matcher.on_command("A-00000007", &alert("2.00"), 0, 9);
        matcher.on_command("A-00000008", &alert("5.00"), 0, 9);
        matcher.on_command("A-00000007", &alert("0.50"), 0, 9);
        matcher.on_command("A-00000007", &Said::Stage("bar".to_owned()), 0, 9);
        let tally = matcher.tally();
        assert_eq!((tally.matched, tally.passed_over, tally.unexpected, tally.missing()), (1, 1, 3, 2));
        assert_eq!(matcher.examples().len(), 3);
    }
}
