//! A list as it is gathered here and as it is behind, as one.

use engine::lists::Position;
use engine::lists::finding::Cursor;
use engine::store::StoreError;

/// A cursor over both.
pub(super) struct Merged<'m, C> {
    /// What is known here: which lines are there, and which were removed, in order.
    here: &'m [(Position, bool)],
    /// The first that comes at the place or after it.
    next: usize,
    behind: &'m mut C,
    /// Whether nothing that is behind counts.
    is_cleared: bool,
    at: Option<Position>,
}

impl<'m, C: Cursor> Merged<'m, C> {
    pub(super) fn new(here: &'m [(Position, bool)], behind: &'m mut C, is_cleared: bool) -> Self {
        Self { here, next: 0, behind, is_cleared, at: None }
    }

    fn behind_at(&self) -> Option<&Position> {
        self.behind.at().filter(|_| !self.is_cleared)
    }

    /// Comes to the first line that is there, from where both stand.
    fn settle(&mut self) -> Result<(), StoreError> {
        loop {
            let here = self.here.get(self.next);
            let behind = self.behind_at();
            match (here, behind) {
                (None, None) => break self.at = None,
                (None, Some(behind)) => break self.at = Some(behind.clone()),
                (Some((here, true)), behind) if behind.is_none_or(|behind| here <= behind) => {
                    break self.at = Some(here.clone());
                }
                (Some((here, _)), Some(behind)) if behind < here => break self.at = Some(behind.clone()),
                // Removed here: what is behind of it is passed over.
                (Some((here, _)), behind) => {
                    let is_behind = behind == Some(here);
                    self.next = self.next.saturating_add(1);
                    if is_behind {
                        self.behind.advance()?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl<C: Cursor> Cursor for Merged<'_, C> {
    fn seek(&mut self, to: &Position) -> Result<(), StoreError> {
        self.next = self.here.partition_point(|(line, _)| line < to);
        if !self.is_cleared {
            self.behind.seek(to)?;
        }
        self.settle()
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        let Some(at) = self.at.take() else { return Ok(()) };
        if self.behind_at() == Some(&at) {
            self.behind.advance()?;
        }
        if self.here.get(self.next).is_some_and(|(line, _)| *line == at) {
            self.next = self.next.saturating_add(1);
        }
        self.settle()
    }

    fn at(&self) -> Option<&Position> {
        self.at.as_ref()
    }
}
