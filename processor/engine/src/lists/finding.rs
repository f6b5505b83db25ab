//! Going through some lists together: who stands on all of them.
//!
//! All lists that go by debt are in one order, so those who stand on several are found by seeking in each in turn, as
//! many times as the shortest has lines at most. What is looked at for one question is bounded.

use super::{List, Position};
use crate::store::StoreError;

/// A place on one list, from which it is read on.
pub trait Cursor {
    /// Goes to the first line at this position or after it.
    ///
    /// # Errors
    /// When the list cannot be read.
    fn seek(&mut self, to: &Position) -> Result<(), StoreError>;

    /// Goes to the next line.
    ///
    /// # Errors
    /// When the list cannot be read.
    fn advance(&mut self) -> Result<(), StoreError>;

    /// The line it is at; none at the end, and before the first seek.
    fn at(&self) -> Option<&Position>;
}

impl Cursor for Box<dyn Cursor + '_> {
    fn seek(&mut self, to: &Position) -> Result<(), StoreError> {
        (**self).seek(to)
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        (**self).advance()
    }

    fn at(&self) -> Option<&Position> {
        (**self).at()
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// On at least one list of each of these. Where it is left, the next line of the first of them says so: nobody who
    /// stands on others alone is told of.
    pub on: Vec<Vec<List>>,
    /// At this position or after it.
    pub from: Position,
    /// Not beyond this rank.
    pub last_rank: i64,
    /// So many at most.
    pub at_most: usize,
    /// How many lines are looked at before it is left.
    pub patience: usize,
}

/// Who was found, in order, and from where on nothing was looked at; none where everything was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Where they stand.
    pub positions: Vec<Position>,
    /// Where to look on.
    pub next: Option<Position>,
    /// How many lines were looked at.
    pub looked: usize,
}

/// Several lists as one: whoever is on any of them, once.
struct Either<'c, C> {
    cursors: &'c mut [C],
}

impl<C: Cursor> Either<'_, C> {
    fn at(&self) -> Option<&Position> {
        self.cursors.iter().filter_map(Cursor::at).min()
    }

    /// Goes to the first line there or after it. Answers how many lines were looked at.
    fn seek(&mut self, to: &Position) -> Result<usize, StoreError> {
        let mut looked: usize = 0;
        for cursor in &mut *self.cursors {
            // Mostly the next line is meant: that is read, where seeking is a search.
            if cursor.at().is_some_and(|at| at < to) {
                cursor.advance()?;
                looked = looked.saturating_add(1);
            }
            if cursor.at().is_some_and(|at| at < to) {
                cursor.seek(to)?;
                looked = looked.saturating_add(1);
            }
        }
        Ok(looked)
    }

    fn begin(&mut self, at: &Position) -> Result<(), StoreError> {
        self.cursors.iter_mut().try_for_each(|cursor| cursor.seek(at))
    }
}

/// Looks for whoever stands on all lists that are wanted; `cursors` are those of [`Wanted::on`], in their order.
///
/// # Errors
/// When a list cannot be read.
pub fn find<C: Cursor>(wanted: &Wanted, cursors: &mut [C]) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let (mut sides, mut left) = (Vec::with_capacity(wanted.on.len()), cursors);
    for lists in &wanted.on {
        let Some((here, rest)) = std::mem::take(&mut left).split_at_mut_checked(lists.len()) else { break };
        sides.push(Either { cursors: here });
        left = rest;
    }
    for side in &mut sides {
        side.begin(&wanted.from)?;
    }
    while let Some((nearest, furthest)) = heads(&sides) {
        if furthest.rank > wanted.last_rank {
            return Ok(found);
        }
        let is_on_all = nearest == furthest;
        if found.positions.len() >= wanted.at_most || found.looked >= wanted.patience {
            found.next = sides.first().and_then(Either::at).cloned();
            return Ok(found);
        }
        let to = if is_on_all { furthest.after() } else { furthest.clone() };
        if is_on_all {
            found.positions.push(furthest);
        }
        for side in &mut sides {
            found.looked = found.looked.saturating_add(side.seek(&to)?);
        }
    }
    Ok(found)
}

/// The nearest and the furthest line that the sides are at; none where one of them is at its end.
fn heads<C: Cursor>(sides: &[Either<'_, C>]) -> Option<(Position, Position)> {
    let mut heads = sides.iter().map(Either::at);
    let first = heads.next()??;
    let (mut nearest, mut furthest) = (first, first);
    for head in heads {
        let head = head?;
        (nearest, furthest) = (nearest.min(head), furthest.max(head));
    }
    Some((nearest.clone(), furthest.clone()))
}
