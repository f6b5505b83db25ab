//! Takes down what is decided: commands and records, each with who and when.
//!
//! It chooses nothing; the rules tell it what to write.

use crate::command::{Action, Command, InWindow, Origin};
use crate::debtor::Managers;
use crate::ids::{AccountId, CommandId, DebtorId, PolicyHash};
use crate::money::{MinorUnits, Money};
use crate::policies::Policies;
use crate::policy::Policy;
use crate::record::{Figure, Record, RecordKind};
use crate::time::{Timestamp, Zone};
use crate::underway::{Addressed, CommandUnderWay, TaskOut};
use crate::{Decisions, Moment, Rejection};

/// What every rule needs beside the state it works on: the time, the policy, and where to write.
pub(crate) struct Scribe<'a> {
    /// When it is decided.
    pub(crate) moment: Moment,
    /// The policy that holds for what is at hand: of a running cycle the version it is under.
    pub(crate) policy: &'a Policy,
    /// When the last wait, hold or pause was over that ended in this decision by itself.
    pub(crate) last_over: Option<Timestamp>,
    /// All versions at hand.
    pub(crate) policies: &'a Policies,
    /// The debtor's zone.
    pub(crate) zone: Zone,
    /// How many decimals the debtor's currency has.
    pub(crate) exponent: u8,
    /// The debtor's commands under way: here, and not with the debtor, while it is decided.
    pub(crate) under_way: Vec<CommandUnderWay>,
    /// How often its accounts were addressed: the same.
    pub(crate) addressed: Vec<Addressed>,
    /// Tasks of no open cycle whose result is waited for: the same.
    pub(crate) tasks_out: Vec<TaskOut>,
    /// In whose care it is: the same.
    pub(crate) managers: Option<Managers>,
    debtor_id: DebtorId,
    decisions: Decisions,
}

impl<'a> Scribe<'a> {
    pub(crate) fn new(debtor: &crate::Debtor, moment: Moment, policies: &'a Policies) -> Self {
        let policy: &Policy = policies.at(moment.now);
        let own = debtor.own_snapshot();
        let zone = own.and_then(|snapshot| snapshot.time_zone.clone());
        let currency = debtor.currency.unwrap_or(policy.defaults.currency);
        Self {
            moment,
            policy,
            policies,
            last_over: None,
            zone: zone.unwrap_or_else(|| policy.defaults.zone.clone()),
            exponent: currency.exponent(),
            under_way: Vec::new(),
            addressed: Vec::new(),
            tasks_out: Vec::new(),
            managers: None,
            debtor_id: debtor.id.clone(),
            decisions: Decisions::default(),
        }
    }

    /// Does something under the version of this hash, where it is at hand; else under the one that
    /// rules now.
    pub(crate) fn under<T>(&mut self, policy_hash: &PolicyHash, act: impl FnOnce(&mut Self) -> T) -> T {
        let ruling = self.policy;
        self.policy = self.policies.by_hash(policy_hash).map_or(ruling, |version| version);
        let done = act(self);
        self.policy = ruling;
        done
    }

    /// Takes what is written to from everywhere out of the debtor, until [`Scribe::finish`] puts it
    /// back: a rule that only looks at the debtor may still send.
    pub(crate) fn take_over(&mut self, debtor: &mut crate::Debtor) {
        self.under_way = std::mem::take(&mut debtor.under_way);
        self.addressed = std::mem::take(&mut debtor.addressed);
        self.tasks_out = std::mem::take(&mut debtor.tasks_out);
        self.managers = debtor.managers.take();
    }

    /// The clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.moment.now
    }

    /// What is older than this is forgotten, once nothing is open of it.
    pub(crate) fn oldest_kept(&self) -> Timestamp {
        self.zone.before(self.moment.now, self.policy.retention.reversal)
    }

    /// Writes a record.
    pub(crate) fn record(
        &mut self,
        account_id: &AccountId,
        kind: RecordKind,
        reason: impl Into<String>,
        figures: Vec<Figure>,
    ) {
        self.decisions.records.push(Record {
            kind,
            account_id: account_id.clone(),
            debtor_id: self.debtor_id.clone(),
            sequence: 0,
            at: self.moment.now,
            policy: self.policy.identity.clone(),
            reason: reason.into(),
            figures,
            event_id: None,
        });
    }

    /// Writes a command.
    pub(crate) fn command(&mut self, id: CommandId, account_id: &AccountId, origin: Origin, action: Action) {
        let command = self.made(id, account_id, origin, action);
        self.decisions.commands.push(command);
    }

    /// Writes the newest try of a command: a further one names the first.
    pub(crate) fn command_of(&mut self, tried: &CommandUnderWay, action: Action) {
        let first_id = (tried.tries > 1).then_some(tried.first_id);
        let (id, account_id, origin) = (tried.command_id, &tried.account_id, Origin::from(&tried.origin));
        let zone = tried.what.window().map(|_| self.zone.clone());
        let window = zone.map(|zone| Box::new(InWindow { zone, tried: tried.clone() }));
        let command = self.made(id, account_id, origin, action);
        self.decisions.commands.push(Command { first_id, window, ..command });
    }

    fn made(&self, id: CommandId, account_id: &AccountId, origin: Origin, action: Action) -> Command {
        Command {
            id,
            account_id: account_id.clone(),
            debtor_id: self.debtor_id.clone(),
            at: self.moment.now,
            policy: self.policy.identity.clone(),
            first_id: None,
            origin,
            action,
            window: None,
        }
    }

    /// Notes that the state changed.
    pub(crate) fn changed(&mut self) {
        self.decisions.changed = true;
    }

    /// Writes that the event was rejected.
    pub(crate) fn reject(&mut self, account_id: &AccountId, rejection: Rejection) {
        self.reject_late(account_id, &rejection);
        self.decisions.rejection = Some(rejection);
    }

    /// Writes that something which waited cannot be applied: the event itself was taken long ago.
    pub(crate) fn reject_late(&mut self, account_id: &AccountId, rejection: &Rejection) {
        let code = Figure::new("code", rejection.code());
        self.record(account_id, RecordKind::EventRejected, rejection.to_string(), vec![code]);
    }

    /// An amount of the debtor's money, written for a person.
    pub(crate) fn money(&self, amount: MinorUnits) -> String {
        amount.in_major(self.exponent)
    }

    /// An amount of the debtor's money with its currency, for what a person reads by itself.
    pub(crate) fn money_of(&self, debtor: &crate::Debtor, minor_units: MinorUnits) -> Money {
        Money { minor_units, currency: debtor.currency.unwrap_or(self.policy.defaults.currency) }
    }

    /// What was written, the records numbered on from the debtor's last. The debtor is whole again.
    pub(crate) fn finish(mut self, debtor: &mut crate::Debtor) -> Decisions {
        debtor.under_way = self.under_way;
        debtor.addressed = self.addressed;
        debtor.tasks_out = self.tasks_out;
        debtor.managers = self.managers;
        for record in &mut self.decisions.records {
            debtor.records_made = debtor.records_made.saturating_add(1);
            record.sequence = debtor.records_made;
            self.decisions.changed = true;
        }
        self.decisions
    }
}
