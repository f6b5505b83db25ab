//! What the breaker holds, over several partitions.

use super::{NotRead, Reading, not_read};
use decision::command::Command;
use schemas::Decoder;
use std::sync::atomic::Ordering;

/// An order that the breaker holds.
#[derive(Debug)]
pub struct Held {
    /// Its partition.
    pub partition: u32,
    /// It, as it will be sent if a person releases it.
    pub command: Command,
}

/// What the breaker holds.
#[derive(Debug, Default)]
pub struct Holding {
    /// The orders, those of each partition in the order in which they came to wait.
    pub orders: Vec<Held>,
    /// Whether there are more.
    pub has_more: bool,
}

/// How many waiting commands are read at once.
const AT_ONCE: usize = 500;

/// How many are looked at in each partition: what waits for its rate lies among what is held.
const PATIENCE: usize = 20_000;

impl Reading {
    /// What the breaker holds in these partitions, at most so many of each.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    pub fn held(&self, partitions: &[u32], at_most: usize) -> Result<Holding, NotRead> {
        let mut holding = Holding::default();
        for partition in partitions {
            self.held_in(*partition, at_most, &mut holding)?;
        }
        Ok(holding)
    }

    fn held_in(&self, partition: u32, at_most: usize, holding: &mut Holding) -> Result<(), NotRead> {
        let shown = self.shown(partition)?;
        let mut decoder = self.decoder();
        // What was released, and waits for its rate or its window, is held no more.
        let mut after = shown.released.load(Ordering::Relaxed);
        let (mut looked, mut found) = (0_usize, 0_usize);
        loop {
            let waiting = shown.reader.waiting_after(after, AT_ONCE);
            let waiting = waiting.map_err(|error| not_read(partition, error))?;
            looked = looked.saturating_add(waiting.len());
            let is_last = waiting.len() < AT_ONCE;
            for (sequence, form) in waiting {
                after = sequence;
                let Some(command) = held(&mut decoder, partition, &form)? else { continue };
                if found >= at_most {
                    holding.has_more = true;
                    return Ok(());
                }
                found = found.saturating_add(1);
                holding.orders.push(Held { partition, command });
            }
            if is_last {
                return Ok(());
            }
            if looked >= PATIENCE {
                holding.has_more = true;
                return Ok(());
            }
        }
    }
}

/// The command of a stored form, where the breaker holds it.
fn held(decoder: &mut Decoder, partition: u32, form: &[u8]) -> Result<Option<Command>, NotRead> {
    let unread = |source| NotRead::Form { partition, source };
    let waiting = decoder.waiting(form).map_err(unread)?;
    if !waiting.is_held {
        return Ok(None);
    }
    // What goes to no topic of commands is none.
    let Some(topic) = waiting.output() else { return Ok(None) };
    decoder.command(topic, &waiting.value).map_err(unread)
}
