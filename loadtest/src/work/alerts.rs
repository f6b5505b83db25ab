//! The alerts that must be told, and which of them were: of each account and rule in the order of their events.

use super::finding::Fault;
use super::lag::Lags;
use super::lines::Rule;
use super::{money, number, place};

/// No alert.
const NONE: u32 = u32::MAX;

/// An alert that must be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alert {
    pub(super) rule: Rule,
    /// The number of its line; of an expiry none.
    line: u8,
    has_come: bool,
    pub(super) account: u32,
    /// The next of its account and rule.
    next: u32,
    value: i64,
    /// From when on it must be told.
    at: i64,
    /// From when on it need not be, since something else holds.
    until: i64,
    /// The offset of the event that asks for it.
    pub(super) offset: i64,
}

impl Alert {
    pub(super) fn of_line(rule: Rule, line: u8, value: i64, at: i64, offset: i64) -> Self {
        let (account, next, until) = (0, NONE, i64::MAX);
        Self { rule, line, has_come: false, account, next, value, at, until, offset }
    }

    /// That a balance expires: told at this moment.
    pub(super) fn of_expiry(at: i64, offset: i64) -> Self {
        Self::of_line(Rule::DataExpires, 0, 0, at, offset)
    }

    /// The line it tells of, if it tells of one.
    pub(super) fn word(&self) -> Option<&'static str> {
        self.rule.words().get(usize::from(self.line)).copied()
    }

    pub(super) fn text(&self) -> String {
        match self.rule {
            Rule::LowBalance => format!("Your balance is {} EUR.", money(self.value)),
            Rule::DataLow => format!("Of your data {} bytes are left.", self.value),
            Rule::DataExpires => "What is left of your data expires tomorrow.".to_owned(),
        }
    }
}

/// Those of one account and rule: the first, the first that may not have come, the last, the furthest that came.
#[derive(Clone, Copy, Debug)]
struct Queue {
    first: u32,
    head: u32,
    last: u32,
    furthest: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self { first: NONE, head: NONE, last: NONE, furthest: NONE }
    }
}

/// What became of an alert that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// It answers this one.
    Right(u32),
    /// It answers this one, and something is wrong: what it says, and what it must say.
    Wrong(u32, Fault, String, String),
    /// It answers none.
    None(Fault),
}

/// All alerts of a partition.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    all: Vec<Alert>,
    queues: Vec<[Queue; 3]>,
}

impl Alerts {
    /// An alert must be told to an account.
    pub(super) fn expect(&mut self, account: u32, alert: Alert) {
        let new = number(self.all.len());
        if self.queues.len() <= place(account) {
            self.queues.resize_with(place(account) + 1, Default::default);
        }
        let Some(queue) =
            self.queues.get_mut(place(account)).and_then(|queues| queues.get_mut(alert.rule as usize))
        else {
            return;
        };
        let last = std::mem::replace(&mut queue.last, new);
        if last == NONE {
            (queue.first, queue.head) = (new, new);
        } else if let Some(last) = self.all.get_mut(place(last)) {
            last.next = new;
        }
        self.all.push(Alert { account, ..alert });
    }

    /// Another end of a balance holds from this moment on: that of before need not be told after it.
    pub(super) fn replace_expiry(&mut self, account: u32, at: i64) {
        let last = self.queues.get(place(account)).and_then(|queues| queues.get(Rule::DataExpires as usize));
        if let Some(alert) = last.and_then(|queue| self.all.get_mut(place(queue.last))) {
            alert.until = alert.until.min(at);
        }
    }

    /// An alert was told: which one is it?
    pub(super) fn told(&mut self, account: u32, rule: Rule, line: Option<&str>, text: &str) -> Match {
        let found = self
            .queue(account, rule)
            .map_or(Match::None(Fault::NotAskedFor), |queue| self.find(queue, line, text));
        if let Match::Right(number) | Match::Wrong(number, ..) = found {
            self.come(account, rule, number);
        }
        found
    }

    fn find(&self, queue: Queue, line: Option<&str>, text: &str) -> Match {
        let is_it = |alert: &Alert| alert.word() == line && alert.text() == text;
        let waits = |(_, alert): &(u32, &Alert)| !alert.has_come;
        let is_late = |found: u32| queue.furthest != NONE && found < queue.furthest;
        if let Some((found, alert)) = self.from(queue.head).filter(waits).find(|(_, alert)| is_it(alert)) {
            if is_late(found) {
                let (told, later) = (alert.text(), self.all.get(place(queue.furthest)).map(Alert::text));
                return Match::Wrong(found, Fault::OutOfOrder, told, later.unwrap_or_default());
            }
            return Match::Right(found);
        }
        if self.from(queue.first).any(|(_, alert)| alert.has_come && is_it(alert)) {
            return Match::None(Fault::Twice);
        }
        let wrong = |(found, alert): (u32, &Alert)| {
            let said = |line: Option<&str>, text: &str| format!("{} «{text}»", line.unwrap_or("no line,"));
            let wanted = said(alert.word(), &alert.text());
            Match::Wrong(found, Fault::WrongField, said(line, text), wanted)
        };
        let of_line = self.from(queue.head).filter(waits).find(|(_, alert)| alert.word() == line);
        let of_text = || self.from(queue.head).filter(waits).find(|(_, alert)| alert.text() == text);
        of_line.or_else(of_text).map_or(Match::None(Fault::NotAskedFor), wrong)
    }

    fn come(&mut self, account: u32, rule: Rule, number: u32) {
        let Some(alert) = self.all.get_mut(place(number)) else { return };
        alert.has_come = true;
        let Some(mut queue) = self.queue(account, rule) else { return };
        if queue.furthest == NONE || number > queue.furthest {
            queue.furthest = number;
        }
        queue.head = self.from(queue.head).find(|(_, alert)| !alert.has_come).map_or(NONE, |(at, _)| at);
        if let Some(queues) =
            self.queues.get_mut(place(account)).and_then(|queues| queues.get_mut(rule as usize))
        {
            *queues = queue;
        }
    }

    fn queue(&self, account: u32, rule: Rule) -> Option<Queue> {
        self.queues.get(place(account))?.get(rule as usize).copied()
    }

    fn from(&self, first: u32) -> impl Iterator<Item = (u32, &Alert)> {
        let get = |at: u32| Some((at, self.all.get(place(at))?));
        std::iter::successors(get(first), move |(_, alert)| get(alert.next))
    }

    /// One of them.
    pub(super) fn get(&self, number: u32) -> Option<&Alert> {
        self.all.get(place(number))
    }

    /// The moment from which on it had to be told.
    pub(super) fn due(&self, number: u32) -> i64 {
        self.get(number).map_or(0, |alert| alert.at)
    }

    /// Those that had to come and did not; and how many may have come or not, since the inputs ended.
    pub(super) fn missing(&self, lags: &Lags, end: i64) -> (Vec<Alert>, u64) {
        let (mut missing, mut open) = (Vec::new(), 0);
        for alert in self.all.iter().filter(|alert| !alert.has_come) {
            let is_timed = alert.rule == Rule::DataExpires;
            let last = end.min(alert.until);
            let near = lags.near(alert.at).max(lags.near(last));
            if is_timed && alert.at.saturating_add(near) > last {
                // Long after the end it is not due at all.
                open += u64::from(alert.at.saturating_sub(near) <= last);
            } else {
                missing.push(*alert);
            }
        }
        (missing, open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::SECOND;

    fn alerts(lines: &[(u8, i64)]) -> Alerts {
        let mut alerts = Alerts::default();
        for (at, (line, value)) in lines.iter().enumerate() {
            let at = i64::try_from(at).unwrap();
            alerts.expect(1, Alert::of_line(Rule::LowBalance, *line, *value, at, at));
            // Others of the account are none of theirs.
            alerts.expect(1, Alert::of_line(Rule::DataLow, *line, *value, at, at));
        }
        alerts
    }

    /// Commands one after the other, and what is said of each; then the offsets of those that are missing.
    #[track_caller]
    fn check(lines: &[(u8, i64)], told: &[(&str, i64, Option<Fault>)], missing: &[i64]) {
        let mut alerts = alerts(lines);
        for (at, (line, value, fault)) in told.iter().enumerate() {
            let text = format!("Your balance is {} EUR.", money(*value));
            let found = match alerts.told(1, Rule::LowBalance, Some(line), &text) {
                Match::Right(_) => None,
                Match::Wrong(_, fault, ..) | Match::None(fault) => Some(fault),
            };
            assert_eq!(found, *fault, "command {at}");
        }
        let (left, _) = alerts.missing(&Lags::default(), 100 * SECOND);
        let left: Vec<i64> =
            left.iter().filter(|alert| alert.rule == Rule::LowBalance).map(|alert| alert.offset).collect();
        assert_eq!(left, missing);
    }

    #[test]
    fn alerts_that_come_in_the_order_of_their_events_are_right() {
        check(&[(0, 499), (1, 150)], &[("5.00", 499, None), ("2.00", 150, None)], &[]);
    }

    #[test]
    fn one_that_is_left_out_is_missing_and_the_others_are_right() {
        check(&[(0, 499), (1, 150), (0, 480)], &[("2.00", 150, None), ("5.00", 480, None)], &[0]);
    }

    #[test]
    fn one_that_comes_late_is_out_of_order() {
        check(
            &[(0, 499), (1, 150), (2, 50)],
            &[("2.00", 150, None), ("5.00", 499, Some(Fault::OutOfOrder)), ("0.50", 50, None)],
            &[],
        );
    }

    #[test]
    fn one_that_comes_again_came_twice_and_one_out_of_nowhere_was_not_asked_for() {
        check(
            &[(0, 499)],
            &[("5.00", 499, None), ("5.00", 499, Some(Fault::Twice)), ("2.00", 10, Some(Fault::NotAskedFor))],
            &[],
        );
    }

    #[test]
    fn a_wrong_text_or_line_is_told_of_the_alert_it_stands_for() {
        check(
            &[(0, 499), (1, 150)],
            &[("5.00", 498, Some(Fault::WrongField)), ("0.50", 150, Some(Fault::WrongField))],
            &[],
        );
    }

    #[test]
    fn an_expiry_that_is_due_as_the_inputs_end_or_is_replaced_then_may_come_or_not() {
        let count = |at: i64, until: Option<i64>| {
            let mut alerts = Alerts::default();
            alerts.expect(0, Alert::of_expiry(at * SECOND, 7));
            if let Some(until) = until {
                alerts.replace_expiry(0, until * SECOND);
            }
            let (missing, open) = alerts.missing(&Lags::default(), 100 * SECOND);
            (missing.len(), open)
        };
        assert_eq!(
            [count(97, None), count(98, None), count(102, None), count(103, None)],
            [(1, 0), (0, 1), (0, 1), (0, 0)]
        );
        assert_eq!([count(50, Some(53)), count(50, Some(51)), count(50, Some(40))], [(1, 0), (0, 1), (0, 0)]);
    }
}
