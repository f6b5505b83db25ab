//! Balances that are about to expire: one alert for each validity, a set time before its end.

use super::telling::{self, Alert};
use super::{is_for, state_of, value_text};
use crate::balance::Balance;
use crate::debtor::{Debtor, Member};
use crate::ids::RuleId;
use crate::policy::Policy;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::threshold::Watch;
use crate::time::{Period, Timestamp, Zone};

/// Alerts of balances that are about to expire, whose time has come.
pub(crate) fn announce_expiries(debtor: &mut Debtor, scribe: &mut Scribe<'_>) {
    for member in &mut debtor.members {
        for at in expiries(member, scribe.policy, &scribe.zone) {
            if at.due <= scribe.moment.horizon && !is_over(at.valid_until, scribe) {
                announce_expiry(member, &at, scribe);
            }
        }
    }
}

/// The next moment at which a balance's coming expiry is to be announced.
pub(crate) fn next_expiry(debtor: &Debtor, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let horizon = scribe.moment.horizon;
    debtor
        .members
        .iter()
        .flat_map(|member| expiries(member, scribe.policy, &scribe.zone))
        .map(|expiry| expiry.due)
        .filter(|due| *due > horizon)
        .min()
}

/// Whether a balance has expired: that it soon will is no news then.
pub(super) fn is_over(valid_until: Timestamp, scribe: &Scribe<'_>) -> bool {
    valid_until <= scribe.now()
}

/// Whether this very validity's end was announced.
pub(super) fn is_announced(balance: &Balance, rule: &RuleId, valid_until: Timestamp) -> bool {
    let mut states = balance.rules.iter();
    states.any(|state| state.rule == *rule && state.expiry_announced == Some(valid_until))
}

/// When the end of a validity is announced.
pub(super) fn due(valid_until: Timestamp, before: Period, zone: &Zone) -> Timestamp {
    zone.before(valid_until, before)
}

/// A coming expiry that has not been announced.
struct Expiry {
    rule: usize,
    balance: usize,
    valid_until: Timestamp,
    due: Timestamp,
}

fn expiries(member: &Member, policy: &Policy, zone: &Zone) -> Vec<Expiry> {
    let Some(snapshot) = &member.snapshot else { return Vec::new() };
    let mut found = Vec::new();
    for (rule_at, rule) in policy.thresholds.iter().enumerate() {
        let Watch::Expiry { before } = rule.watch else { continue };
        if !is_for(rule, snapshot) {
            continue;
        }
        for (balance_at, balance) in member.balances.iter().enumerate() {
            let Some(valid_until) = balance.valid_until else { continue };
            if balance.name == rule.balance && !is_announced(balance, &rule.id, valid_until) {
                let due = due(valid_until, before, zone);
                found.push(Expiry { rule: rule_at, balance: balance_at, valid_until, due });
            }
        }
    }
    found
}

fn announce_expiry(member: &mut Member, expiry: &Expiry, scribe: &mut Scribe<'_>) {
    let policy = scribe.policy;
    let Some(rule) = policy.thresholds.get(expiry.rule) else { return };
    let Some(balance) = member.balances.get_mut(expiry.balance) else { return };
    let (value, name) = (balance.value, balance.name.clone());
    let state = state_of(balance, &rule.id);
    state.expiry_announced = Some(expiry.valid_until);
    state.last_sent = Some(scribe.now());
    state.alerts = state.alerts.saturating_add(1);
    let occurrence = state.alerts;
    scribe.changed();
    let figures = vec![
        Figure::new("rule", &rule.id),
        Figure::new("balance", &name),
        Figure::new("value", value_text(value, policy.balances.get(&name), scribe.exponent)),
        Figure::new("valid_until", expiry.valid_until),
    ];
    scribe.record(&member.account_id, RecordKind::Alert, "expires_soon", figures);
    let alert = Alert { rule, value, lines: Vec::new(), crossed: 0, occurrence, part: "expiry" };
    telling::send(member, &alert, &rule.measures, scribe);
}
