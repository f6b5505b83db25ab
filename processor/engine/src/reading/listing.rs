//! Who stands on lists, over several partitions.

use super::{Looked, NotRead, Reading, not_read};
use crate::lists::finding::{self, Found, Wanted};
use crate::lists::{self, List, ListKind, Position};
use decision::Debtor;
use decision::debtor::Owed;
use decision::money::{Currency, MinorUnits};
use std::collections::BTreeSet;

/// Who is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// On at least one list of each of these; those of plans, stages and states, by one cycle.
    pub on: Vec<Vec<List>>,
    /// Owing in this currency. No list is kept of it: nearly all owe in one and the same.
    pub currency: Option<Currency>,
    /// Owing so much at the least, in minor units.
    pub min_debt: i64,
    /// At this position or after it.
    pub from: Position,
    /// So many at most.
    pub at_most: usize,
    /// How many lines of lists are looked at, about.
    pub patience: usize,
}

impl Asked {
    /// What is looked for on the lists that are kept. Numbers and accounts name so few that the rest is seen by looking
    /// at them, all of them: their lists do not go by debt.
    fn wanted(&self) -> Wanted {
        let is_named = |side: &&Vec<List>| side.iter().any(|list| !list.kind.goes_by_debt());
        let is_kept = |side: &&Vec<List>| side.iter().all(List::is_kept);
        let mut on: Vec<_> = self.on.iter().filter(is_named).cloned().collect();
        let (mut last_rank, mut patience) = (i64::MAX, usize::MAX);
        if on.is_empty() {
            patience = self.patience;
            on = self.on.iter().filter(is_kept).cloned().collect();
            last_rank = self.last_rank();
        }
        if on.is_empty() {
            on = vec![vec![List::new(ListKind::Work, "")]];
        }
        Wanted { on, from: self.from.clone(), last_rank, at_most: self.at_most, patience }
    }

    fn last_rank(&self) -> i64 {
        let real = MinorUnits(self.min_debt);
        Position::rank(Owed { real, conditional: real })
    }

    /// Whether a debtor is as it is asked for, now that it is looked at.
    fn is_met_by(&self, debtor: &Debtor) -> bool {
        let is_of_currency = self.currency.is_none_or(|currency| debtor.currency == Some(currency));
        is_of_currency && Position::rank(debtor.owed) <= self.last_rank() && lists::is_on(debtor, &self.on)
    }
}

/// Who was found, in order, and from where on nothing was looked at; none where everything was.
#[derive(Debug)]
pub struct Listing {
    /// They, each as it was applied last, and where it stands.
    pub lines: Vec<(Position, Looked)>,
    /// Where to look on.
    pub next: Option<Position>,
}

/// The least that is looked at in each partition for one question.
const LEAST_PATIENCE: usize = 200;

/// To look at a debtor costs as much as so many lines.
const LOOKING: usize = 10;

impl Reading {
    /// Those who are asked for in these partitions: they are looked at as they are, which may be a moment later than
    /// their lists. A page may have fewer than were wanted, even none, where there are more: what is looked at for one
    /// question is bounded.
    ///
    /// # Errors
    /// When one of the partitions is not at work here, or cannot be read.
    pub fn listed(&self, partitions: &[u32], asked: &Asked) -> Result<Listing, NotRead> {
        let mut wanted = asked.wanted();
        let (mut lines, mut left, mut seen) =
            (Vec::<(Position, Looked)>::new(), wanted.patience, BTreeSet::new());
        loop {
            let (positions, found) = self.found(partitions, &wanted)?;
            left = left.saturating_sub(found.looked);
            for (position, partition) in positions {
                if lines.len() >= asked.at_most {
                    // After the last that is told: who comes next may be nobody's whom whoever asks may see.
                    let next = lines.last().map(|(last, _)| last.after());
                    return Ok(Listing { lines, next });
                }
                // At least one is looked at: it goes on.
                if left == 0 && !seen.is_empty() {
                    return Ok(Listing { lines, next: Some(position) });
                }
                left = left.saturating_sub(LOOKING);
                // One that moves meanwhile may stand at two places.
                if !seen.insert(position.debtor.clone()) {
                    continue;
                }
                let looked = self.debtor_in(partition, &position.debtor)?;
                if looked.debtor.as_ref().is_some_and(|debtor| asked.is_met_by(debtor)) {
                    lines.push((position, looked));
                }
            }
            match found.next {
                Some(next) if lines.len() < asked.at_most && left > 0 => wanted.from = next,
                next => return Ok(Listing { lines, next }),
            }
        }
    }

    /// Who stands on the lists of these partitions, in order, each with the partition; up to where the nearest of them
    /// stopped.
    fn found(&self, partitions: &[u32], wanted: &Wanted) -> Result<(Vec<(Position, u32)>, Found), NotRead> {
        let patience = wanted.patience.checked_div(partitions.len()).unwrap_or(0).max(LEAST_PATIENCE);
        let wanted = Wanted { patience, ..wanted.clone() };
        let (mut positions, mut all) = (Vec::new(), Found::default());
        for partition in partitions {
            let found = self.found_in(*partition, &wanted)?;
            positions.extend(found.positions.into_iter().map(|position| (position, *partition)));
            all.next = [all.next, found.next].into_iter().flatten().min();
            all.looked = all.looked.saturating_add(found.looked);
        }
        positions.sort();
        // Beyond it one of the partitions may have others.
        positions.retain(|(position, _)| all.next.as_ref().is_none_or(|next| position < next));
        Ok((positions, all))
    }

    fn found_in(&self, partition: u32, wanted: &Wanted) -> Result<Found, NotRead> {
        let shown = self.shown(partition)?;
        let lists: Vec<_> = wanted.on.iter().flatten().cloned().collect();
        let mut found = Found::default();
        let looked = shown.reader.look_into(&lists, &mut |cursors| {
            found = finding::find(wanted, cursors)?;
            Ok(())
        });
        looked.map_err(|error| not_read(partition, error))?;
        Ok(found)
    }
}
