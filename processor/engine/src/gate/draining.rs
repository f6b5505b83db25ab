//! What has waited goes, by its rate, while its window is open; else it is put off until that opens.

use super::{Asks, Gate, MOST_LET, Outcome, Terms, reserved_for_first, waits};
use decision::command::Command;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use std::collections::BTreeSet;

impl Gate {
    /// Lets go what has waited long enough, and puts off what may not leave now by its window. What
    /// concerns a debtor for whom something is taken back in this very batch stays for a moment: it may
    /// be what is taken back.
    pub(super) fn drain(
        &mut self,
        fresh: &[Command],
        terms: Terms<'_>,
        asks: Asks<'_>,
        outcomes: &mut Vec<Outcome>,
    ) {
        let back = fresh.iter().filter(|command| waits::goes_first(command));
        let busy: BTreeSet<&DebtorId> = back.map(|command| &command.debtor_id).collect();
        let reserved = reserved_for_first(fresh);
        let kinds: Vec<String> = self.queues.keys().cloned().collect();
        for kind in kinds {
            let Some(queue) = self.queues.get(&kind) else { continue };
            let left = terms.rate(&kind).map_or(i64::MAX, |rate| self.rates.left(&kind, rate, terms.share));
            let left = usize::try_from(left).unwrap_or(usize::MAX).min(MOST_LET);
            let reserved = reserved.get(&kind).copied().unwrap_or(0);
            let reserved = usize::try_from(reserved).unwrap_or(usize::MAX);
            let is_free = |sequence: &&i64| {
                self.waiting.get(*sequence).is_some_and(|waits| !busy.contains(&waits.debtor_id))
            };
            let mut going: Vec<i64> = queue.first.iter().filter(is_free).take(left).copied().collect();
            let mut shut = Vec::new();
            if going.len() >= queue.first.len() {
                let for_rest = left.saturating_sub(going.len()).saturating_sub(reserved);
                let most = going.len().saturating_add(for_rest);
                for sequence in queue.rest.iter().filter(is_free) {
                    if going.len() >= most || shut.len() >= MOST_LET {
                        break;
                    }
                    match self.shut_until(*sequence, terms.share.now, asks) {
                        Some(opens) => shut.push((*sequence, opens)),
                        None => going.push(*sequence),
                    }
                }
            }
            for sequence in going {
                let is_released = self.waiting.get(&sequence).is_some_and(|waits| waits.is_held);
                self.remove(sequence);
                self.rates.spend(&kind, terms.share);
                outcomes.push(Outcome::Lets { sequence, is_released });
            }
            for (sequence, opens) in shut {
                self.put_off(sequence, opens, outcomes);
            }
        }
    }

    /// When the window of a command that waits opens, where it is shut now.
    fn shut_until(&self, sequence: i64, now: Timestamp, asks: Asks<'_>) -> Option<Timestamp> {
        let hours = self.waiting.get(&sequence)?.hours.as_ref()?;
        Some((asks.opens)(hours)).filter(|opens| *opens > now)
    }

    /// The turn of a command has come while its window is shut. A message goes back to its account,
    /// which decides it anew when the window opens. An order waits on here, where its undo finds it.
    fn put_off(&mut self, sequence: i64, opens: Timestamp, outcomes: &mut Vec<Outcome>) {
        let Some(waits) = self.waiting.get_mut(&sequence) else { return };
        if waits.order.is_none() {
            self.remove(sequence);
            outcomes.push(Outcome::Returns { sequence, opens });
            return;
        }
        waits.shut_until = Some(opens);
        if let Some(queue) = self.queues.get_mut(&waits.kind) {
            queue.rest.remove(&sequence);
            if queue.is_empty() {
                self.queues.remove(&waits.kind);
            }
        }
        self.shut.insert((opens, sequence));
    }

    /// Orders whose window is open again wait for their turn, in their old place.
    pub(super) fn queue_what_opens(&mut self, now: Timestamp) {
        while let Some((opens, sequence)) = self.shut.first().copied().filter(|(opens, _)| *opens <= now) {
            self.shut.remove(&(opens, sequence));
            let Some(waits) = self.waiting.get_mut(&sequence) else { continue };
            waits.shut_until = None;
            self.queues.entry(waits.kind.clone()).or_default().rest.insert(sequence);
        }
    }
}
