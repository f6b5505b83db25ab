//! What the person at the terminal chose to see, by keys: in which order, of which partitions, from where on.

use super::columns::Column;
use super::overview::{Overview, PartitionRow};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// How far a page goes, in rows.
const PAGE: usize = 10;

/// What is chosen.
#[derive(Debug)]
pub(super) struct View {
    pub(super) sort: Column,
    pub(super) is_reversed: bool,
    /// Only partitions that are not well are shown.
    pub(super) only_unwell: bool,
    /// What is shown stays as it is.
    pub(super) is_paused: bool,
    /// How many rows above are passed over.
    pub(super) offset: usize,
}

impl Default for View {
    fn default() -> Self {
        Self { sort: Column::Partition, is_reversed: false, only_unwell: false, is_paused: false, offset: 0 }
    }
}

impl View {
    /// Takes a key; false where it ends.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a keyboard has more keys than are used here")]
    pub(super) fn takes(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return true;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => return false,
            KeyCode::Char('q') | KeyCode::Esc => return false,
            KeyCode::Left | KeyCode::Char('<') => self.sort_by(-1),
            KeyCode::Right | KeyCode::Char('>') => self.sort_by(1),
            KeyCode::Char('r') => self.is_reversed = !self.is_reversed,
            KeyCode::Char('f') => {
                self.only_unwell = !self.only_unwell;
                self.offset = 0;
            }
            KeyCode::Char('p' | ' ') => self.is_paused = !self.is_paused,
            KeyCode::Up | KeyCode::Char('k') => self.offset = self.offset.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.offset = self.offset.saturating_add(1),
            KeyCode::PageUp => self.offset = self.offset.saturating_sub(PAGE),
            KeyCode::PageDown => self.offset = self.offset.saturating_add(PAGE),
            KeyCode::Home => self.offset = 0,
            KeyCode::End => self.offset = usize::MAX,
            // Other keys are nobody's.
            _ => {}
        }
        true
    }

    /// The next column to the left or to the right, around the ends.
    fn sort_by(&mut self, step: isize) {
        let here = Column::ALL.iter().position(|column| *column == self.sort).unwrap_or(0);
        let next = here.checked_add_signed(step).unwrap_or(Column::ALL.len().saturating_sub(1));
        self.sort = Column::ALL.get(next).copied().unwrap_or(Column::Partition);
        self.is_reversed = false;
        self.offset = 0;
    }

    /// The partitions that are shown, in their order.
    pub(super) fn rows<'o>(&self, overview: &'o Overview) -> Vec<&'o PartitionRow> {
        let shown = overview.partitions.iter().filter(|row| !self.only_unwell || !row.is_well());
        let mut rows: Vec<_> = shown.collect();
        rows.sort_by(|one, other| {
            let order = self.sort.compare(one, other);
            if self.is_reversed { order.reverse() } else { order }
        });
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::samples;

    fn after(keys: &[KeyCode]) -> View {
        let mut view = View::default();
        assert!(keys.iter().all(|key| view.takes(KeyEvent::from(*key))), "{keys:?} end it");
        view
    }

    #[track_caller]
    fn check(keys: &[KeyCode], expected: &[u32]) {
        let overview = Overview::of(&samples::watched());
        let numbers: Vec<u32> = after(keys).rows(&overview).iter().map(|row| row.number).collect();
        assert_eq!(numbers, expected, "{keys:?}");
    }

    #[test]
    fn keys_choose_the_order_and_what_is_not_well() {
        use KeyCode::{Char, Left, Right};
        check(&[], &[0, 1, 2, 3]);
        check(&[Char('r')], &[3, 2, 1, 0]);
        check(&[Right, Right], &[3, 2, 0, 1]);
        check(&[Right, Right, Char('r')], &[1, 0, 2, 3]);
        // Another column begins in its own order.
        check(&[Char('r'), Right, Left], &[0, 1, 2, 3]);
        check(&[Left], &[0, 1, 2, 3]);
        check(&[Char('f')], &[0, 1, 2, 3]);
    }

    #[test]
    fn columns_are_gone_through_around_the_ends() {
        assert_eq!(after(&[KeyCode::Left]).sort, Column::Debtors);
        assert_eq!(after(&[KeyCode::Left, KeyCode::Right]).sort, Column::Partition);
        assert_eq!(after(&[KeyCode::Char('>'); 12]).sort, Column::Partition);
    }

    #[test]
    fn what_is_well_is_left_out_where_only_the_rest_is_wanted() {
        let mut watched = samples::watched();
        let mut figures = crate::figures::reading::Figures::default();
        let fine = crate::figures::reading::Figures::read(&samples::metrics("task_state@9 2")).unwrap();
        figures.partitions.extend(fine.partitions);
        let reading =
            crate::figures::reading::Reading { at: std::time::Duration::ZERO, waits_for: None, figures };
        watched.push(super::super::overview::Watched::new("weir-9:8080"));
        watched.last_mut().unwrap().heard(Ok(reading));
        let overview = Overview::of(&watched);
        assert_eq!(after(&[]).rows(&overview).len(), 5);
        assert_eq!(after(&[KeyCode::Char('f')]).rows(&overview).len(), 4);
        assert_eq!(after(&[KeyCode::Char('f'), KeyCode::Char('f')]).rows(&overview).len(), 5);
    }

    #[test]
    fn it_ends_by_q_escape_and_control_c_alone() {
        let ends = |key: KeyEvent| !View::default().takes(key);
        assert!(ends(KeyCode::Char('q').into()) && ends(KeyCode::Esc.into()));
        assert!(ends(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        assert!(!ends(KeyCode::Char('c').into()) && !ends(KeyCode::Enter.into()));
    }

    #[test]
    fn it_is_paused_and_goes_on_by_the_same_key() {
        assert!(after(&[KeyCode::Char('p')]).is_paused);
        assert!(!after(&[KeyCode::Char(' '), KeyCode::Char('p')]).is_paused);
    }
}
