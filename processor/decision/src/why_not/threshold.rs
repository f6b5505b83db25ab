//! Why a threshold rule has not acted on an account: is it for it, where does the value stand to each line, and
//! what becomes of an alert.
//!
//! How values are compared, and messages sent, is [`crate::alerting`]'s and [`crate::sending`]'s business: they
//! are asked here.

use super::command::{self, CommandView, Obstacle};
use crate::alerting;
use crate::debtor::{Debtor, Member};
use crate::ids::{AccountId, BalanceName};
use crate::money::MinorUnits;
use crate::policy::Measure;
use crate::scribe::Scribe;
use crate::sending;
use crate::threshold::{Threshold, Watch};
use crate::time::{Period, Timestamp};

/// One thing found. Values are in the smallest unit of the rule's balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The account's snapshot has not come: nothing is decided before.
    NoSnapshot {
        /// How many changes of the balance wait for it.
        waiting: usize,
    },
    /// The rule is not for the account: its condition does not hold.
    NotForAccount {
        /// The condition, as it is written.
        condition: String,
    },
    /// The balance was never reported.
    NeverReported {
        /// The balance.
        balance: BalanceName,
    },
    /// A percent line has nothing to be a part of: neither the balance nor the account has a limit.
    NoLimit {
        /// The line, as the policy writes it.
        line: String,
    },
    /// The value has not come to the line.
    NotReached {
        /// The line.
        line: String,
        /// The value.
        value: MinorUnits,
        /// The value at which it fires.
        acts_at: MinorUnits,
    },
    /// The value lies beyond the line, and did not cross it while the line was armed: it was the first one seen,
    /// or the line was armed again by a person, or is new.
    BeyondUncrossed {
        /// The line.
        line: String,
        /// The value.
        value: MinorUnits,
        /// Where the value must have come back to first.
        back_at: MinorUnits,
        /// The value at which it fires then.
        acts_at: MinorUnits,
    },
    /// The line has fired and is not armed again.
    Fired {
        /// The line.
        line: String,
        /// The value.
        value: MinorUnits,
        /// The value at which it is armed again.
        armed_at: MinorUnits,
        /// Whether an alert was really made of it: it was not too old, not in the cooldown, and something went out.
        announced: bool,
    },
    /// The balance does not say until when it may be used.
    NoValidity {
        /// The balance.
        balance: BalanceName,
    },
    /// The balance expires, and it is not time yet to say so.
    ExpiresLater {
        /// When it expires.
        valid_until: Timestamp,
        /// When that is announced.
        due: Timestamp,
    },
    /// The end of this very validity was announced: once for each.
    ExpiryAnnounced {
        /// When it expires.
        valid_until: Timestamp,
    },
    /// The balance had expired before that could be announced.
    Expired {
        /// When.
        valid_until: Timestamp,
    },
    /// It has acted: so lately was an alert of the rule made.
    Alerted {
        /// When the last one was.
        at: Timestamp,
    },
    /// A line that fires before then makes no alert: the last one was too lately.
    CoolsDown {
        /// Until when.
        until: Timestamp,
        /// How long after an alert.
        cooldown: Period,
    },
    /// An alert is recorded, and not sent, where its event is older than this.
    MaxAge {
        /// How old at most.
        max_age: Period,
    },
    /// The rule, or the whole policy, decides and records, and sends nothing.
    Observed,
    /// What would stand in the way of a message of the rule now.
    Obstacle(Obstacle),
    /// A command of the rule that waits or is on its way.
    UnderWay(CommandView),
}

/// What is found of a rule on an account, in the order in which it is asked.
pub(super) fn findings(
    debtor: &Debtor,
    account_id: &AccountId,
    rule: &Threshold,
    scribe: &Scribe<'_>,
) -> Vec<Finding> {
    let mut findings = of_rule(debtor, account_id, rule, scribe);
    let of_rule = debtor.under_way.iter().filter(|command| {
        command.account_id == *account_id && command.origin.rule.as_ref() == Some(&rule.id)
    });
    findings.extend(of_rule.map(|command| Finding::UnderWay(command::under_way(command))));
    findings
}

fn of_rule(debtor: &Debtor, account_id: &AccountId, rule: &Threshold, scribe: &Scribe<'_>) -> Vec<Finding> {
    let member = debtor.member(account_id.as_str());
    let Some((member, snapshot)) =
        member.and_then(|member| member.snapshot.as_ref().map(|own| (member, own)))
    else {
        let waits = debtor.waiting_changes.iter();
        let of_balance =
            waits.filter(|waits| waits.account_id == *account_id && waits.change.name == rule.balance);
        return vec![Finding::NoSnapshot { waiting: of_balance.count() }];
    };
    if !alerting::is_for(rule, snapshot) {
        let condition = rule.when.as_ref().map(|when| format!("{when:?}")).unwrap_or_default();
        return vec![Finding::NotForAccount { condition }];
    }
    let mut findings = of_value(member, rule, scribe);
    if alerting::is_observed(rule, scribe) {
        findings.push(Finding::Observed);
        return findings;
    }
    for measure in &rule.measures {
        let Measure::Message(message) = measure else { continue };
        let obstacles = sending::obstacles(message, account_id, snapshot, scribe);
        findings.extend(obstacles.into_iter().map(Finding::Obstacle));
    }
    findings
}

/// Where the balance's value, or its validity, stands, and whether the rule has acted.
fn of_value(member: &Member, rule: &Threshold, scribe: &Scribe<'_>) -> Vec<Finding> {
    let Some(balance) = member.balances.iter().find(|balance| balance.name == rule.balance) else {
        return vec![Finding::NeverReported { balance: rule.balance.clone() }];
    };
    let state = balance.rules.iter().find(|state| state.rule == rule.id);
    let mut findings = match &rule.watch {
        Watch::Lines(lines) => alerting::lines_of(member, balance, lines, state, scribe),
        Watch::Expiry { before } => vec![alerting::expiry_of(balance, rule, *before, scribe)],
    };
    findings.extend(state.and_then(|state| state.last_sent).map(|at| Finding::Alerted { at }));
    if let Watch::Lines(lines) = &rule.watch {
        let cools = state.and_then(|state| alerting::cools_until(lines, state, scribe));
        findings.extend(
            cools.zip(lines.cooldown).map(|(until, cooldown)| Finding::CoolsDown { until, cooldown }),
        );
        // Only of a line that fired without an alert does it say anything.
        let is_silent = |finding: &Finding| matches!(finding, Finding::Fired { announced: false, .. });
        if findings.iter().any(is_silent) {
            findings.extend(rule.max_age.map(|max_age| Finding::MaxAge { max_age }));
        }
    }
    findings
}
