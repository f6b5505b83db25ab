//! What becomes of lines that fired or armed again: an alert is sent, or recorded with the reason
//! why it is not.
//!
//! Which lines those are is [`super::crossing`]'s business.

use super::crossing::{self, Crossed, Standing};
use super::{Turn, value_text};
use crate::balance::RuleState;
use crate::command::Origin;
use crate::debtor::Member;
use crate::event::BalanceReason;
use crate::money::MinorUnits;
use crate::policy::{BalanceValues, Measure};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::sending::{self, Request, Requested};
use crate::threshold::{Deliver, Lines, Threshold};
use crate::time::{Period, Timestamp};

pub(super) fn tell_recovery(
    member: &Member,
    rule: &Threshold,
    lines: &Lines,
    state: &mut RuleState,
    standing: &Standing,
    scribe: &mut Scribe<'_>,
) {
    state.alerts = state.alerts.saturating_add(1);
    let figures = vec![
        Figure::new("rule", &rule.id),
        Figure::new("balance", &rule.balance),
        Figure::new("value", standing.text(standing.value)),
    ];
    scribe.record(&member.account_id, RecordKind::Recovered, "all announced lines are armed again", figures);
    let alert = Alert {
        rule,
        value: standing.value,
        lines: Vec::new(),
        crossed: 0,
        occurrence: state.alerts,
        part: "recovered",
    };
    send(member, &alert, &lines.recovered, scribe);
}

pub(super) fn tell_alert(
    member: &Member,
    rule: &Threshold,
    lines: &Lines,
    state: &mut RuleState,
    (standing, turn, crossed): (&Standing, Turn, Crossed),
    scribe: &mut Scribe<'_>,
) {
    let named = match lines.deliver {
        Deliver::All => crossed.named.clone(),
        Deliver::Severest => crossed.named.last().cloned().into_iter().collect(),
    };
    let mut figures = vec![
        Figure::new("rule", &rule.id),
        Figure::new("balance", &rule.balance),
        Figure::new("value", standing.text(standing.value)),
        Figure::new("lines", named.join(", ")),
    ];
    if let Some(former) = standing.former {
        figures.push(Figure::new("previous", standing.text(former)));
    }
    if let Some(base) = standing.base {
        figures.push(Figure::new("limit", standing.text(base)));
    }
    let now = scribe.now();
    let too_old = |age: Period| scribe.zone.after(turn.occurred_at, age) < now;
    if rule.max_age.is_some_and(too_old) {
        figures.push(Figure::new("occurred_at", turn.occurred_at));
        scribe.record(&member.account_id, RecordKind::AlertStale, "max_age", figures);
        return;
    }
    if let (Some(last), Some(_)) = (state.last_sent, cools_until(lines, state, scribe)) {
        figures.push(Figure::new("last_sent", last));
        scribe.record(&member.account_id, RecordKind::AlertSuppressed, "cooldown", figures);
        return;
    }
    state.alerts = state.alerts.saturating_add(1);
    scribe.record(&member.account_id, RecordKind::Alert, reason_word(turn.reason), figures);
    let alert = Alert {
        rule,
        value: standing.value,
        lines: named,
        crossed: crossed.count,
        occurrence: state.alerts,
        part: "alert",
    };
    // An alert of which nothing went out was none: no cooldown, and nothing to recover from.
    if send(member, &alert, &rule.measures, scribe) {
        state.last_sent = Some(now);
        crossing::announce(state, &crossed);
    }
}

/// Until when alerts of the rule are suppressed, while they are: its cooldown after the last one sent.
pub(crate) fn cools_until(lines: &Lines, state: &RuleState, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let until = scribe.zone.after(state.last_sent?, lines.cooldown?);
    (until > scribe.now()).then_some(until)
}

/// Whether the alerts of a rule are decided and recorded only.
pub(crate) fn is_observed(rule: &Threshold, scribe: &Scribe<'_>) -> bool {
    rule.observe || scribe.policy.observe
}

/// One thing to tell a customer of a balance.
pub(super) struct Alert<'a> {
    pub(super) rule: &'a Threshold,
    pub(super) value: MinorUnits,
    pub(super) lines: Vec<String>,
    pub(super) crossed: u32,
    pub(super) occurrence: i64,
    /// Which of a rule's messages it is: keeps command ids apart.
    pub(super) part: &'static str,
}

/// Takes an alert's measures. Answers whether any of them went out.
pub(super) fn send(
    member: &Member,
    alert: &Alert<'_>,
    measures: &[Measure],
    scribe: &mut Scribe<'_>,
) -> bool {
    let Some(snapshot) = &member.snapshot else { return false };
    let rule = alert.rule;
    let policy = scribe.policy;
    let balance = member.balances.iter().find(|balance| balance.name == rule.balance);
    let valid_until = balance.and_then(|balance| balance.valid_until);
    let values = BalanceValues {
        name: rule.balance.to_string(),
        value: value_text(alert.value, policy.balances.get(&rule.balance), scribe.exponent),
        lines: alert.lines.clone(),
        valid_until: valid_until.map_or_else(String::new, |until| scribe.zone.local(until).to_string()),
    };
    let mut has_sent = false;
    for (index, measure) in measures.iter().enumerate() {
        let request = Request {
            account_id: &member.account_id,
            snapshot,
            origin: Origin::Threshold { rule: rule.id.clone() },
            id_parts: &["threshold", rule.id.as_str(), rule.balance.as_str(), alert.part],
            index,
            occurrence: alert.occurrence,
            window: None,
            observe: is_observed(rule, scribe),
            debt: None,
            balance: Some(values.clone()),
            lines_crossed: alert.crossed,
        };
        has_sent |= sending::request(measure, &request, scribe) != Requested::Nothing;
    }
    has_sent
}

fn reason_word(reason: BalanceReason) -> &'static str {
    match reason {
        BalanceReason::Usage => "usage",
        BalanceReason::TopUp => "top_up",
        BalanceReason::Adjustment => "adjustment",
        BalanceReason::Expiry => "expiry",
        BalanceReason::PeriodRoll => "period_roll",
        BalanceReason::LimitChanged => "limit_changed",
    }
}
