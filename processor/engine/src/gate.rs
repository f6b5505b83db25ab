//! The gate: where commands leave a partition. It looks across debtors: rates bound how many leave,
//! the breaker holds what cuts off, and what waits is dropped together with what takes it back.
//!
//! It only says what is to be done with each command; carrying that out, and remembering it, is
//! the task's business (`task::gating`). How it is recovered and replayed:
//! `docs/decisions/0006-commands-leave-through-a-gate.md`.

mod breaker;
mod draining;
mod rates;
mod waits;

pub(crate) use breaker::Breaker;
pub(crate) use rates::{Rates, Share};
pub(crate) use waits::{Hours, Waits};

use decision::command::{Action, Command, Origin, Provision};
use decision::event::Control;
use decision::ids::{CommandId, DebtorId, Operation, ServiceId};
use decision::policy::{Breaker as Rule, CommandRules};
use decision::time::Timestamp;
use schemas::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use waits::Order;

/// The gate of a partition.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    rates: Rates,
    breaker: Breaker,
    /// How many commands have ever waited.
    waited: i64,
    /// Those that wait, by sequence.
    waiting: BTreeMap<i64, Waits>,
    of_debtor: BTreeMap<DebtorId, BTreeSet<i64>>,
    /// Those that wait for their rate, by kind.
    queues: BTreeMap<String, Queue>,
    /// Those that the breaker holds.
    held: BTreeSet<i64>,
    /// Those whose turn has come while their window was shut, by the moment at which it opens.
    shut: BTreeSet<(Timestamp, i64)>,
}

/// What of one kind waits for its rate.
#[derive(Debug, Default)]
struct Queue {
    /// What takes something back: it goes before all others.
    first: BTreeSet<i64>,
    rest: BTreeSet<i64>,
}

/// What is to be done with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// One that was just decided goes out.
    Sends(Command),
    /// One that was just decided waits.
    Keeps {
        /// Its place among those that wait.
        sequence: i64,
        /// It.
        command: Command,
        /// Whether the breaker holds it.
        is_held: bool,
        /// What takes it back.
        undo: Option<Operation>,
    },
    /// One that has waited goes out.
    Lets {
        /// Which.
        sequence: i64,
        /// Whether a person released it.
        is_released: bool,
    },
    /// One that has waited is dropped.
    Drops {
        /// Which.
        sequence: i64,
        /// Whether a person dropped it; else what takes it back came first.
        by_person: bool,
    },
    /// A message that has waited goes back to its account, where it waits for its window.
    Returns {
        /// Which.
        sequence: i64,
        /// When that opens.
        opens: Timestamp,
    },
    /// One that was just decided has nothing to take back, since that was never sent.
    Forgets(Command),
    /// One that waits is for these services only.
    Reduces {
        /// Which.
        sequence: i64,
        /// The services that are left.
        services: Vec<ServiceId>,
    },
    /// One that was just decided is for these services only; it goes out, or waits, as such.
    Narrows {
        /// Which.
        command_id: CommandId,
        /// The services that are left.
        services: Vec<ServiceId>,
    },
}

/// The most commands that leave their waiting with one batch.
const MOST_LET: usize = 1_000;

/// What the gate asks the policy.
#[derive(Clone, Copy)]
pub(crate) struct Asks<'a> {
    /// What takes an order back.
    pub(crate) undo_of: &'a dyn Fn(&Command) -> Option<Operation>,
    /// From when on a command may leave by its window: now, while that is open.
    pub(crate) opens: &'a dyn Fn(&Hours) -> Timestamp,
}

/// By what rules, and whose share.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) rules: &'a CommandRules,
    pub(crate) share: Share,
}

impl Terms<'_> {
    fn rate(&self, kind: &str) -> Option<u32> {
        self.rules.rates.get(kind).copied()
    }
}

impl Gate {
    pub(crate) fn new(rates: Rates, breaker: Breaker, waited: i64) -> Self {
        Self { rates, breaker, waited, ..Self::default() }
    }

    /// A command that waits is known again, after a restart.
    pub(crate) fn restore(&mut self, sequence: i64, waits: Waits) {
        let is_released = self.breaker.released().is_some_and(|verdict| sequence <= verdict.up_to);
        self.put(sequence, waits, is_released);
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.rates
    }

    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    pub(crate) fn waited(&self) -> i64 {
        self.waited
    }

    /// How many wait for their rate, and how many the breaker holds.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        (self.waiting.len().saturating_sub(self.held.len()), self.held.len())
    }

    /// A person releases or drops what the breaker holds.
    pub(crate) fn judge(&mut self, control: &Control, event_id: &str, drops: bool, terms: Terms<'_>) {
        let verdict = Verdict {
            event_id: event_id.into(),
            up_to: self.waited,
            drops,
            by: control.by.clone(),
            role: control.role.clone(),
            why: control.why.clone(),
        };
        let rule: Option<&Rule> = terms.rules.breaker.as_ref();
        if self.breaker.judge(verdict, rule, terms.share.now) && !drops {
            for sequence in std::mem::take(&mut self.held) {
                if let Some(waits) = self.waiting.get(&sequence) {
                    self.queues.entry(waits.kind.clone()).or_default().rest.insert(sequence);
                }
            }
        }
    }

    /// Whether something that waits may go or be dropped now.
    pub(crate) fn has_work(&self, terms: Terms<'_>) -> bool {
        let is_free =
            |kind: &String| terms.rate(kind).is_none_or(|rate| self.rates.left(kind, rate, terms.share) > 0);
        let is_open = |(opens, _): &(Timestamp, i64)| *opens <= terms.share.now;
        self.to_drop().is_some()
            || self.shut.first().is_some_and(is_open)
            || self.queues.iter().any(|(kind, queue)| !queue.is_empty() && is_free(kind))
    }

    /// What is to be done with what waits, and then with what was decided just now, in order.
    pub(crate) fn pass(&mut self, fresh: Vec<Command>, terms: Terms<'_>, asks: Asks<'_>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        self.drop_judged(&mut outcomes);
        self.queue_what_opens(terms.share.now);
        self.drain(&fresh, terms, asks, &mut outcomes);
        self.take(fresh, terms, asks, &mut outcomes);
        outcomes
    }

    /// What is to be done with further commands of the same batch, which carrying out the first made.
    pub(crate) fn take(
        &mut self,
        fresh: Vec<Command>,
        terms: Terms<'_>,
        asks: Asks<'_>,
        outcomes: &mut Vec<Outcome>,
    ) {
        // What takes something back goes before all others of its kind, those of this batch included.
        let mut reserved = reserved_for_first(&fresh);
        for mut command in fresh {
            let kind = command.action.rate_kind().map(str::to_owned);
            let kind = kind.as_deref();
            let goes_first = waits::goes_first(&command);
            if let Some(left) = kind.and_then(|kind| reserved.get_mut(kind)).filter(|_| goes_first) {
                *left = left.saturating_sub(1);
            }
            if self.takes_back(&mut command, outcomes) {
                outcomes.push(Outcome::Forgets(command));
                continue;
            }
            let is_held = self.is_held(&command, terms);
            if is_held || !self.is_let(&command, kind, goes_first, &reserved, terms) {
                self.keep(command, is_held, asks, outcomes);
            } else {
                outcomes.push(Outcome::Sends(command));
            }
        }
    }

    fn keep(&mut self, command: Command, is_held: bool, asks: Asks<'_>, outcomes: &mut Vec<Outcome>) {
        self.waited = self.waited.saturating_add(1);
        let (sequence, undo) = (self.waited, (asks.undo_of)(&command));
        self.put(sequence, Waits::of(&command, is_held, undo.clone()), false);
        outcomes.push(Outcome::Keeps { sequence, command, is_held, undo });
    }

    /// Whether a rate lets a command go now; then it is counted.
    fn is_let(
        &mut self,
        command: &Command,
        kind: Option<&str>,
        goes_first: bool,
        reserved: &BTreeMap<String, i64>,
        terms: Terms<'_>,
    ) -> bool {
        let Some(kind) = kind else { return true };
        let Some(rate) = terms.rate(kind) else { return true };
        let left = self.rates.left(kind, rate, terms.share);
        let queue = self.queues.get(kind);
        let is_free = if goes_first {
            left > 0 && queue.is_none_or(|queue| queue.first.is_empty())
        } else {
            let reserved = reserved.get(kind).copied().unwrap_or(0);
            left > reserved && queue.is_none_or(Queue::is_empty)
        };
        // What one person does by hand never waits behind what falls due by the thousand.
        let is_let = is_free || command.origin == Origin::ByHand;
        if is_let {
            self.rates.spend(kind, terms.share);
        }
        is_let
    }

    /// Whether the breaker holds an order. Only new ones of the rules are asked about: a person's
    /// own are meant, and a further try is of one that was let through.
    fn is_held(&mut self, command: &Command, terms: Terms<'_>) -> bool {
        let Some(rule) = &terms.rules.breaker else { return false };
        let Action::Provision(order) = &command.action else { return false };
        let is_asked = order.cuts_off
            && !order.is_undo
            && command.first_id.is_none()
            && command.origin != Origin::ByHand;
        is_asked && self.breaker.holds(rule, terms.share)
    }

    /// The orders that a person dropped.
    fn drop_judged(&mut self, outcomes: &mut Vec<Outcome>) {
        for _ in 0..MOST_LET {
            let Some(sequence) = self.to_drop() else { return };
            self.remove(sequence);
            outcomes.push(Outcome::Drops { sequence, by_person: true });
        }
    }

    fn to_drop(&self) -> Option<i64> {
        let verdict = self.breaker.verdict().filter(|verdict| verdict.drops)?;
        self.held.first().copied().filter(|sequence| *sequence <= verdict.up_to)
    }

    /// Takes back what waits, where a command is to take something back that was never sent. Answers
    /// whether nothing is left of that command to send.
    fn takes_back(&mut self, command: &mut Command, outcomes: &mut Vec<Outcome>) -> bool {
        let Some(waiting) = self.of_debtor.get(&command.debtor_id) else { return false };
        let waiting: Vec<i64> = waiting.iter().copied().collect();
        match &mut command.action {
            Action::Cancel { cancelled, .. } => {
                let of_it = |sequence: &i64| {
                    self.waiting.get(sequence).is_some_and(|waits| waits.command_id == *cancelled)
                };
                let Some(sequence) = waiting.into_iter().find(of_it) else { return false };
                self.remove(sequence);
                outcomes.push(Outcome::Drops { sequence, by_person: false });
                true
            }
            Action::Provision(order) if order.is_undo => {
                let (id, profile) = (command.id, waits::profile_of(&command.origin));
                self.undo(waiting, (&command.account_id, id, profile), order, outcomes)
            }
            Action::Message(_)
            | Action::Provision(_)
            | Action::Task { .. }
            | Action::Fee { .. }
            | Action::Handover { .. } => false,
        }
    }

    /// Takes back orders that wait, and with them the part of the undo that is about them.
    fn undo(
        &mut self,
        waiting: Vec<i64>,
        (account_id, id, profile): (&decision::ids::AccountId, CommandId, Option<&str>),
        undo: &mut Provision,
        outcomes: &mut Vec<Outcome>,
    ) -> bool {
        let mut undone = undo.services.clone();
        let mut is_whole = false;
        for sequence in waiting {
            let Some(waits) = self.waiting.get_mut(&sequence) else { continue };
            let Some(order) = waits.order.as_mut().filter(|_| waits.account_id == *account_id) else {
                continue;
            };
            if !order.is_undone_by(&undo.operation) {
                continue;
            }
            let left = match (order.services.is_empty(), undone.is_empty()) {
                (true, true) if order.profile.as_deref() != profile => continue,
                (true, true) => {
                    is_whole = true;
                    Vec::new()
                }
                // The account's services changed meanwhile: the undo goes out too, and does no harm.
                (true, false) | (false, true) => Vec::new(),
                (false, false) if !take_common(order, &mut undone) => continue,
                (false, false) => {
                    is_whole = undone.is_empty();
                    order.services.clone()
                }
            };
            if left.is_empty() {
                self.remove(sequence);
                outcomes.push(Outcome::Drops { sequence, by_person: false });
            } else {
                outcomes.push(Outcome::Reduces { sequence, services: left });
            }
            if is_whole {
                break;
            }
        }
        if !is_whole && undone.len() < undo.services.len() {
            undo.services.clone_from(&undone);
            outcomes.push(Outcome::Narrows { command_id: id, services: undone });
        }
        is_whole
    }

    fn put(&mut self, sequence: i64, waits: Waits, is_released: bool) {
        self.of_debtor.entry(waits.debtor_id.clone()).or_default().insert(sequence);
        if waits.is_held && !is_released {
            self.held.insert(sequence);
        } else {
            let queue = self.queues.entry(waits.kind.clone()).or_default();
            if waits.goes_first {
                queue.first.insert(sequence)
            } else {
                queue.rest.insert(sequence)
            };
        }
        self.waiting.insert(sequence, waits);
    }

    fn remove(&mut self, sequence: i64) {
        let Some(waits) = self.waiting.remove(&sequence) else { return };
        self.held.remove(&sequence);
        if let Some(opens) = waits.shut_until {
            self.shut.remove(&(opens, sequence));
        }
        if let Some(queue) = self.queues.get_mut(&waits.kind) {
            queue.first.remove(&sequence);
            queue.rest.remove(&sequence);
            if queue.is_empty() {
                self.queues.remove(&waits.kind);
            }
        }
        if let Some(of_debtor) = self.of_debtor.get_mut(&waits.debtor_id) {
            of_debtor.remove(&sequence);
            if of_debtor.is_empty() {
                self.of_debtor.remove(&waits.debtor_id);
            }
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.first.is_empty() && self.rest.is_empty()
    }
}

/// Takes the services that both have out of both. Answers whether there was such.
fn take_common(order: &mut Order, undone: &mut Vec<ServiceId>) -> bool {
    let common: BTreeSet<ServiceId> =
        order.services.iter().filter(|service| undone.contains(service)).cloned().collect();
    order.services.retain(|service| !common.contains(service));
    undone.retain(|service| !common.contains(service));
    !common.is_empty()
}

/// How many commands of each kind take something back.
fn reserved_for_first(fresh: &[Command]) -> BTreeMap<String, i64> {
    let mut reserved: BTreeMap<String, i64> = BTreeMap::new();
    let first = fresh.iter().filter(|command| waits::goes_first(command));
    for kind in first.filter_map(|command| command.action.rate_kind()) {
        let count = reserved.entry(kind.to_owned()).or_default();
        *count = count.saturating_add(1);
    }
    reserved
}

#[cfg(test)]
mod tests;
