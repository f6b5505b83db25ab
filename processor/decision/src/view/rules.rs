//! The threshold rules that watch an account, and where each of their lines stands. Nothing is decided here:
//! values come from the functions that decide.

use crate::Moment;
use crate::alerting;
use crate::debtor::{Debtor, Member};
use crate::ids::{AccountId, BalanceName, RuleId};
use crate::money::MinorUnits;
use crate::policies::Policies;
use crate::scribe::Scribe;
use crate::threshold::{Threshold, Watch};
use crate::time::Timestamp;
use crate::why_not::threshold::Finding;

/// A rule that watches a balance of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleView {
    /// The rule.
    pub rule: RuleId,
    /// The balance it watches.
    pub balance: BalanceName,
    /// Where each of its lines stands, in the rule's order; empty for a rule that watches an expiry.
    pub lines: Vec<LineView>,
    /// When the balance's expiry is announced, where the rule watches that and it was not yet.
    pub announces_expiry_at: Option<Timestamp>,
    /// How many alerts it has made.
    pub alerts: i64,
    /// When it made the last one.
    pub last_alert: Option<Timestamp>,
}

/// A line, as it stands. Values are in the smallest unit of the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// The line, as the policy writes it.
    pub line: String,
    /// Whether it is armed, and at which value it acts.
    pub state: LineState,
}

/// Whether a line is armed. Values are in the smallest unit of the balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    /// It fires once the value comes there.
    Armed {
        /// Where.
        acts_at: MinorUnits,
    },
    /// The value lies beyond it and has not crossed it: it must come back first.
    Beyond {
        /// To where.
        back_at: MinorUnits,
    },
    /// It has fired, and is armed again once the value comes back.
    Fired {
        /// To where.
        armed_at: MinorUnits,
        /// Whether an alert was made of it.
        announced: bool,
    },
    /// A percent line that has no limit to be a part of.
    NoLimit,
}

/// The rules that are for an account and whose balance was reported, in the policy's order.
#[must_use]
pub fn rules(debtor: &Debtor, account_id: &AccountId, moment: Moment, policies: &Policies) -> Vec<RuleView> {
    let Some(member) = debtor.member(account_id.as_str()) else { return Vec::new() };
    let Some(snapshot) = &member.snapshot else { return Vec::new() };
    let scribe = Scribe::new(debtor, moment, policies);
    let rules = scribe.policy.thresholds.iter().filter(|rule| alerting::is_for(rule, snapshot));
    rules.filter_map(|rule| view(member, rule, &scribe)).collect()
}

fn view(member: &Member, rule: &Threshold, scribe: &Scribe<'_>) -> Option<RuleView> {
    let balance = member.balances.iter().find(|balance| balance.name == rule.balance)?;
    let state = balance.rules.iter().find(|state| state.rule == rule.id);
    let (lines, announces_expiry_at) = match &rule.watch {
        Watch::Lines(lines) => {
            let findings = alerting::lines_of(member, balance, lines, state, scribe);
            (findings.into_iter().filter_map(line).collect(), None)
        }
        Watch::Expiry { before } => {
            (Vec::new(), announces_at(&alerting::expiry_of(balance, rule, *before, scribe)))
        }
    };
    Some(RuleView {
        rule: rule.id.clone(),
        balance: rule.balance.clone(),
        lines,
        announces_expiry_at,
        alerts: state.map_or(0, |state| state.alerts),
        last_alert: state.and_then(|state| state.last_sent),
    })
}

fn line(finding: Finding) -> Option<LineView> {
    let (line, state) = match finding {
        Finding::NotReached { line, acts_at, .. } => (line, LineState::Armed { acts_at }),
        Finding::BeyondUncrossed { line, back_at, .. } => (line, LineState::Beyond { back_at }),
        Finding::Fired { line, armed_at, announced, .. } => (line, LineState::Fired { armed_at, announced }),
        Finding::NoLimit { line } => (line, LineState::NoLimit),
        // They are not of a line.
        Finding::NoSnapshot { .. }
        | Finding::NotForAccount { .. }
        | Finding::NeverReported { .. }
        | Finding::NoValidity { .. }
        | Finding::ExpiresLater { .. }
        | Finding::ExpiryAnnounced { .. }
        | Finding::Expired { .. }
        | Finding::Alerted { .. }
        | Finding::CoolsDown { .. }
        | Finding::MaxAge { .. }
        | Finding::Observed
        | Finding::Obstacle(_)
        | Finding::UnderWay(_) => return None,
    };
    Some(LineView { line, state })
}

fn announces_at(finding: &Finding) -> Option<Timestamp> {
    if let Finding::ExpiresLater { due, .. } = finding { Some(*due) } else { None }
}
