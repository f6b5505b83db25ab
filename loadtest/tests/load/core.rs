//! The decision core under the policy of the comparison, in virtual time.

use decision::command::Command;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Debtor, Input, Moment, Policies, decide};
use loadtest::load::YARDSTICK_POLICY;
use std::collections::{BTreeMap, BTreeSet};

/// The policy at work in virtual time, without any lag.
pub(super) struct Core {
    policies: Policies,
    debtors: BTreeMap<DebtorId, Debtor>,
    due: BTreeSet<(Timestamp, DebtorId)>,
    pub(super) commands: Vec<Command>,
    pub(super) rejections: BTreeMap<&'static str, usize>,
}

impl Core {
    pub(super) fn new() -> Self {
        let loaded = policy::parse("yardstick.policy.yaml", YARDSTICK_POLICY)
            .unwrap_or_else(|report| panic!("{report:?}"));
        let (debtors, due, commands, rejections) = Default::default();
        Self { policies: loaded.policy.into(), debtors, due, commands, rejections }
    }

    pub(super) fn advance(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.due.first().cloned().filter(|(at, _)| *at <= now) {
            self.decide(&id, &Input::Due, at);
        }
    }

    pub(super) fn decide(&mut self, id: &DebtorId, input: &Input<'_>, now: Timestamp) {
        let mut debtor = self.debtors.remove(id).unwrap_or_else(|| Debtor::new(id.clone()));
        if let Some(due) = debtor.next_due {
            self.due.remove(&(due, id.clone()));
        }
        let decisions = decide(&mut debtor, *input, Moment { now, horizon: now }, &self.policies);
        if let Some(rejection) = decisions.rejection {
            *self.rejections.entry(rejection.code()).or_default() += 1;
        }
        self.commands.extend(decisions.commands);
        if let Some(due) = debtor.next_due {
            self.due.insert((due, id.clone()));
        }
        self.debtors.insert(id.clone(), debtor);
    }
}
