//! The accounts, as far as whoever asks may see them: handlers have no other way to them.

use super::{Accounts, Looked, Unanswered, Unread};
use crate::problem::Problem;
use crate::who::Person;
use decision::ids::DebtorId;
use decision::{Debtor, view};
use schemas::HistoryLine;

/// The accounts, and who asks.
pub(crate) struct Allowed<'a> {
    accounts: &'a dyn Accounts,
    /// Who asks.
    pub(crate) person: &'a Person,
}

impl<'a> Allowed<'a> {
    /// What this person may see of them.
    pub(crate) fn to(person: &'a Person, accounts: &'a dyn Accounts) -> Self {
        Self { accounts, person }
    }

    /// A debtor, where there is one of which `is_meant` is so, and where they may see it.
    pub(crate) fn debtor(
        &self,
        id: &DebtorId,
        is_meant: impl FnOnce(&Debtor) -> bool,
    ) -> Result<(Option<Debtor>, Looked), Unanswered> {
        let mut looked = self.accounts.debtor(id)?;
        let debtor = looked.debtor.take().filter(is_meant);
        if let Some(debtor) = &debtor
            && !self.person.sees(view::segment(debtor).map(|segment| segment.as_str()))
        {
            return Err(Problem::not_in_segments().into());
        }
        Ok((debtor, looked))
    }

    /// Its history. It takes the debtor, whom nobody has that may not see it.
    pub(crate) fn history(
        &self,
        debtor: &Debtor,
        before: Option<i64>,
        at_most: usize,
    ) -> Result<Vec<HistoryLine>, Unread> {
        self.accounts.history(&debtor.id, before, at_most)
    }
}
