//! How a balance stands to a rule: at which value each line acts, or is armed again, and when an expiry is
//! announced. For those who ask why nothing was sent; nothing is decided here.

use super::crossing::{self, Standing};
use super::{credit_limit_of, expiry, exponent_of};
use crate::balance::{Balance, RuleState};
use crate::debtor::Member;
use crate::scribe::Scribe;
use crate::threshold::{Lines, Threshold};
use crate::time::Period;
use crate::why_not::threshold::Finding;

/// Where the balance stands to each listed line, in the rule's order, and to the steps beyond them.
pub(crate) fn lines_of(
    member: &Member,
    balance: &Balance,
    lines: &Lines,
    state: Option<&RuleState>,
    scribe: &Scribe<'_>,
) -> Vec<Finding> {
    let base = balance.limit.or(credit_limit_of(member, balance.name.as_str(), scribe.policy));
    let standing = Standing {
        exponent: exponent_of(scribe.policy.balances.get(&balance.name), scribe.exponent),
        value: balance.value,
        base,
        former: None,
        former_base: None,
    };
    crossing::findings(state, lines, &standing)
}

/// Where an expiry rule stands to the balance.
pub(crate) fn expiry_of(balance: &Balance, rule: &Threshold, before: Period, scribe: &Scribe<'_>) -> Finding {
    let Some(valid_until) = balance.valid_until else {
        return Finding::NoValidity { balance: balance.name.clone() };
    };
    if expiry::is_announced(balance, &rule.id, valid_until) {
        return Finding::ExpiryAnnounced { valid_until };
    }
    if expiry::is_over(valid_until, scribe) {
        return Finding::Expired { valid_until };
    }
    Finding::ExpiresLater { valid_until, due: expiry::due(valid_until, before, &scribe.zone) }
}
