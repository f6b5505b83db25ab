//! Thresholds at work: when a line fires, re-arms and recovers (domain.md, section 3).
//!
//! How lines are compared is [`crossing`]'s business, what becomes of an alert [`telling`]'s, what it
//! sends [`crate::sending`]'; how a rule stands to an account, for people, [`standing`]'s.

mod crossing;
mod expiry;
mod standing;
mod telling;
#[cfg(test)]
mod tests;

use crate::account::Snapshot;
use crate::balance::{Balance, RuleState, WaitingChange};
use crate::debtor::{Debtor, Member};
use crate::event::{BalanceChange, BalanceReason};
use crate::ids::{AccountId, PolicyHash, RuleId};
use crate::money::MinorUnits;
use crate::policy::{Policy, Unit};
use crate::scribe::Scribe;
use crate::threshold::{Lines, Threshold, Watch};
use crate::time::Timestamp;
use crossing::Standing;
pub(crate) use expiry::{announce_expiries, next_expiry};
pub(crate) use standing::{expiry_of, lines_of};
use std::collections::BTreeMap;
pub(crate) use telling::{cools_until, is_observed};

/// The most balance changes that wait for an account's snapshot; of each balance the first and the
/// newest are kept.
pub(crate) const MOST_WAITING_CHANGES: usize = 64;

/// The most lines that an alert names: the furthest.
pub(crate) const MOST_LINES_NAMED: usize = 100;

/// Which threshold rules are for an account: their conditions' answers, asked anew only when the
/// snapshot or the policy changes, never per event.
#[derive(Clone, Debug, Default)]
pub(crate) struct RulesFor {
    asked: Option<(PolicyHash, Vec<bool>)>,
}

impl PartialEq for RulesFor {
    /// Derived from the rest of the state: two equal states never differ by it.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl RulesFor {
    /// Forgets the answers: the snapshot changed.
    pub(crate) fn forget(&mut self) {
        self.asked = None;
    }

    fn ask(&mut self, snapshot: &Snapshot, policy: &Policy) -> &[bool] {
        let current = matches!(&self.asked, Some((hash, _)) if *hash == policy.identity.hash);
        if !current {
            let answers = policy.thresholds.iter().map(|rule| is_for(rule, snapshot)).collect();
            self.asked = Some((policy.identity.hash.clone(), answers));
        }
        self.asked.as_ref().map_or(&[], |(_, answers)| answers.as_slice())
    }
}

/// Whether a rule is for an account: its condition holds.
pub(crate) fn is_for(rule: &Threshold, snapshot: &Snapshot) -> bool {
    rule.when.as_ref().is_none_or(|when| when.holds(snapshot, None))
}

/// Whether a change is not newer than what is known of the balance.
pub(crate) fn is_old(debtor: &Debtor, account_id: &AccountId, change: &BalanceChange) -> bool {
    let Some(version) = change.version else { return false };
    let of_balance = debtor
        .member(account_id.as_str())
        .and_then(|member| member.balances.iter().find(|balance| balance.name == change.name))
        .and_then(|balance| balance.version);
    let waiting = debtor
        .waiting_changes
        .iter()
        .filter(|waiting| waiting.account_id == *account_id && waiting.change.name == change.name);
    let newest = waiting.filter_map(|waiting| waiting.change.version).chain(of_balance).max();
    newest.is_some_and(|newest| version <= newest)
}

/// A balance has a new value: it is booked, and its rules are asked. Before the account's
/// snapshot it waits. Answers whether it may have moved an expiry.
pub(crate) fn on_change(
    debtor: &mut Debtor,
    account_id: &AccountId,
    occurred_at: Timestamp,
    change: &BalanceChange,
    scribe: &mut Scribe<'_>,
) -> bool {
    scribe.changed();
    let member = debtor.member_mut(account_id);
    if member.snapshot.is_none() {
        let waiting = WaitingChange { account_id: account_id.clone(), occurred_at, change: change.clone() };
        debtor.waiting_changes.push(waiting);
        make_room(&mut debtor.waiting_changes);
        return false;
    }
    let valid_until = |member: &Member| {
        let balance = member.balances.iter().find(|balance| balance.name == change.name);
        balance.and_then(|balance| balance.valid_until)
    };
    let former = valid_until(member);
    apply_change(member, occurred_at, change, scribe);
    valid_until(member) != former
}

/// Of too many changes that wait, drops the oldest that has one of its balance before and after it:
/// every balance keeps its first value and its newest.
fn make_room(waiting: &mut Vec<WaitingChange>) {
    if waiting.len() <= MOST_WAITING_CHANGES {
        return;
    }
    let is_same =
        |a: &WaitingChange, b: &WaitingChange| a.account_id == b.account_id && a.change.name == b.change.name;
    let is_between = |at: &usize| {
        let (before, rest) = waiting.split_at(*at);
        let Some((change, after)) = rest.split_first() else { return false };
        before.iter().any(|other| is_same(other, change)) && after.iter().any(|other| is_same(other, change))
    };
    let dropped = (0..waiting.len()).find(is_between).unwrap_or(0);
    waiting.remove(dropped);
}

/// The account's snapshot came: what waited for it is looked at, and a changed credit limit moves
/// the percent lines of money balances.
pub(crate) fn on_snapshot(
    debtor: &mut Debtor,
    account_id: &AccountId,
    occurred_at: Timestamp,
    former_credit_limit: Option<MinorUnits>,
    scribe: &mut Scribe<'_>,
) {
    let (due, rest) = std::mem::take(&mut debtor.waiting_changes)
        .into_iter()
        .partition(|waiting| waiting.account_id == *account_id);
    debtor.waiting_changes = rest;
    let member = debtor.member_mut(account_id);
    member.rules_for.forget();
    let due: Vec<WaitingChange> = due;
    for waiting in &due {
        apply_change(member, waiting.occurred_at, &waiting.change, scribe);
    }
    let credit_limit = member.snapshot.as_ref().and_then(|snapshot| snapshot.credit_limit);
    if credit_limit == former_credit_limit {
        return;
    }
    let unlimited_money: Vec<_> = member
        .balances
        .iter()
        .filter(|balance| balance.limit.is_none())
        .filter(|balance| scribe.policy.balances.get(&balance.name) == Some(&Unit::Money))
        .map(|balance| balance.name.clone())
        .collect();
    for name in unlimited_money {
        let turn =
            Turn { occurred_at, reason: BalanceReason::LimitChanged, former_base: former_credit_limit };
        ask_rules(member, name.as_str(), turn, None, scribe);
    }
}

/// Arms all lines of a rule again, silently.
pub(crate) fn rearm(debtor: &mut Debtor, account_id: &AccountId, rule: &RuleId) {
    let member = debtor.members.iter_mut().find(|member| member.account_id == *account_id);
    for balance in member.into_iter().flat_map(|member| &mut member.balances) {
        for state in balance.rules.iter_mut().filter(|state| state.rule == *rule) {
            state.fired.clear();
            state.fired_steps = None;
        }
    }
}

/// What one evaluation of a balance's rules goes by.
#[derive(Clone, Copy)]
struct Turn {
    occurred_at: Timestamp,
    reason: BalanceReason,
    /// The base of percent lines before.
    former_base: Option<MinorUnits>,
}

fn apply_change(
    member: &mut Member,
    occurred_at: Timestamp,
    change: &BalanceChange,
    scribe: &mut Scribe<'_>,
) {
    let credit_limit = credit_limit_of(member, change.name.as_str(), scribe.policy);
    let known = member.balances.iter_mut().find(|balance| balance.name == change.name);
    let mut former = None;
    let mut former_base = None;
    match known {
        Some(balance) => {
            if change.version.is_some_and(|version| balance.version >= Some(version)) {
                return;
            }
            former = Some(balance.value);
            former_base = balance.limit.or(credit_limit);
            balance.value = change.value;
            balance.limit = change.limit.or(balance.limit);
            balance.valid_until = change.valid_until.or(balance.valid_until);
            balance.version = change.version.or(balance.version);
        }
        None => {
            member.balances.reserve_exact(1);
            member.balances.push(Balance {
                name: change.name.clone(),
                value: change.value,
                limit: change.limit,
                valid_until: change.valid_until,
                version: change.version,
                rules: Vec::new(),
            });
        }
    }
    let turn = Turn { occurred_at, reason: change.reason, former_base };
    ask_rules(member, change.name.as_str(), turn, Some(former), scribe);
}

/// The account's credit limit, where it is the base of this balance's percent lines.
fn credit_limit_of(member: &Member, balance: &str, policy: &Policy) -> Option<MinorUnits> {
    let is_money = policy.balances.get(balance) == Some(&Unit::Money);
    member.snapshot.as_ref().and_then(|snapshot| snapshot.credit_limit).filter(|_| is_money)
}

/// Asks every rule of a balance. `former` is the value before: `None` where it stayed the same,
/// `Some(None)` where this is the first.
fn ask_rules(
    member: &mut Member,
    name: &str,
    turn: Turn,
    former: Option<Option<MinorUnits>>,
    scribe: &mut Scribe<'_>,
) {
    let policy = scribe.policy;
    let Some(snapshot) = &member.snapshot else { return };
    let applies: Vec<usize> = member
        .rules_for
        .ask(snapshot, policy)
        .iter()
        .zip(&policy.thresholds)
        .enumerate()
        .filter(|(_, (holds, rule))| **holds && rule.balance.as_str() == name)
        .map(|(at, _)| at)
        .collect();
    let credit_limit = credit_limit_of(member, name, policy);
    for rule in applies.into_iter().filter_map(|at| policy.thresholds.get(at)) {
        let Watch::Lines(lines) = &rule.watch else { continue };
        let Some(balance) = member.balances.iter_mut().find(|balance| balance.name.as_str() == name) else {
            continue;
        };
        let base = balance.limit.or(credit_limit);
        let former = former.unwrap_or(Some(balance.value));
        let standing = Standing {
            exponent: exponent_of(policy.balances.get(&balance.name), scribe.exponent),
            value: balance.value,
            base,
            former: if turn.reason == BalanceReason::PeriodRoll { None } else { former },
            former_base: turn.former_base,
        };
        let limit_moved = standing.base != turn.former_base && former == Some(balance.value);
        let reason = if limit_moved && turn.reason != BalanceReason::PeriodRoll {
            BalanceReason::LimitChanged
        } else {
            turn.reason
        };
        ask_rule(member, name, rule, lines, &standing, Turn { reason, ..turn }, scribe);
    }
}

fn ask_rule(
    member: &mut Member,
    name: &str,
    rule: &Threshold,
    lines: &Lines,
    standing: &Standing,
    turn: Turn,
    scribe: &mut Scribe<'_>,
) {
    let Some(balance) = member.balances.iter_mut().find(|balance| balance.name.as_str() == name) else {
        return;
    };
    let known = balance.rules.iter().any(|state| state.rule == rule.id);
    let mut state = RuleState::new(rule.id.clone());
    if known {
        std::mem::swap(state_of(balance, &rule.id), &mut state);
    }
    if turn.reason == BalanceReason::PeriodRoll {
        state.fired.clear();
        state.fired_steps = None;
    }
    crossing::forget_changed_lines(&mut state, lines, standing);
    let recovered = crossing::rearm(&mut state, lines, standing);
    let crossed = crossing::fire(&mut state, lines, standing);
    if recovered {
        telling::tell_recovery(member, rule, lines, &mut state, standing, scribe);
    }
    if let Some(crossed) = crossed {
        telling::tell_alert(member, rule, lines, &mut state, (standing, turn, crossed), scribe);
    }
    // A rule on which nothing ever happened takes no room in the state.
    if (known || state != RuleState::new(rule.id.clone()))
        && let Some(balance) = member.balances.iter_mut().find(|balance| balance.name.as_str() == name)
    {
        *state_of(balance, &rule.id) = state;
    }
}

/// The fired lines of each rule that has such, as the policy writes them.
pub(crate) fn fired_lines(debtor: &Debtor, scribe: &Scribe<'_>) -> BTreeMap<RuleId, Vec<String>> {
    let mut fired = BTreeMap::new();
    for rule in &scribe.policy.thresholds {
        let Watch::Lines(lines) = &rule.watch else { continue };
        let balances = debtor.members.iter().flat_map(|member| &member.balances);
        for balance in balances.filter(|balance| balance.name == rule.balance) {
            let exponent = exponent_of(scribe.policy.balances.get(&balance.name), scribe.exponent);
            let state = balance.rules.iter().find(|state| state.rule == rule.id);
            let texts = state.map(|state| crossing::fired_texts(state, lines, exponent));
            if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
                fired.insert(rule.id.clone(), texts);
            }
        }
    }
    fired
}

fn state_of<'a>(balance: &'a mut Balance, rule: &RuleId) -> &'a mut RuleState {
    let known = balance.rules.iter().position(|state| state.rule == *rule);
    let at = known.unwrap_or_else(|| {
        balance.rules.reserve_exact(1);
        balance.rules.push(RuleState::new(rule.clone()));
        balance.rules.len().saturating_sub(1)
    });
    #[expect(clippy::indexing_slicing, reason = "found above, or pushed just now")]
    &mut balance.rules[at]
}

fn exponent_of(unit: Option<&Unit>, money: u8) -> u8 {
    match unit {
        Some(Unit::Money) => money,
        Some(Unit::Bytes | Unit::Seconds | Unit::Pieces) | None => 0,
    }
}

fn value_text(value: MinorUnits, unit: Option<&Unit>, money: u8) -> String {
    value.in_major(exponent_of(unit, money))
}
