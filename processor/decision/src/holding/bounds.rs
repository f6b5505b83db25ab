//! What a policy bounds of holds: how many, how long, how much, and who may grant more.

use crate::debtor::Debtor;
use crate::hold::{Hold, HoldReason};
use crate::money::MinorUnits;
use crate::policy::{HoldBounds, HoldRules};
use crate::rejection::{Bound, Rejection};
use crate::role;
use crate::scribe::Scribe;
use crate::time::Date;

/// The bounds of a kind of hold.
pub(super) fn bounds_of(rules: &HoldRules, kind: HoldReason) -> Option<&HoldBounds> {
    match kind {
        HoldReason::Dispute => rules.dispute.as_ref(),
        HoldReason::Promise => rules.promise.as_ref(),
        HoldReason::Deferral => rules.deferral.as_ref(),
        HoldReason::Instalments => rules.instalments.as_ref(),
        // Nobody grants it: only its time is bounded.
        HoldReason::UnconfirmedPayment => None,
    }
}

/// The bounds of a kind of hold, where someone in this role must keep to them.
pub(super) fn bounds_for<'a>(rules: &'a HoldRules, kind: HoldReason, role: &str) -> Option<&'a HoldBounds> {
    bounds_of(rules, kind)
        .filter(|bounds| !bounds.beyond.as_deref().is_some_and(|beyond| role::reaches(role, beyond)))
}

/// The last day through which a hold made now may last.
pub(super) fn last_day(bounds: &HoldBounds, scribe: &Scribe<'_>) -> Option<Date> {
    let ends = |period| scribe.zone.date_of(scribe.zone.after(scribe.now(), period));
    bounds.no_longer_than.map(ends)
}

/// Declines a hold that is beyond its bounds; `asked` is the amount as ordered.
pub(super) fn check(
    debtor: &Debtor,
    hold: &Hold,
    asked: MinorUnits,
    bounds: &HoldBounds,
    scribe: &Scribe<'_>,
) -> Result<(), Rejection> {
    let kind = hold.kind;
    let beyond = |bound| Err(Rejection::BeyondBound { kind, bound, beyond: bounds.beyond.clone() });
    if let Some(most) = bounds.at_most
        && made(debtor, kind, bounds, scribe) >= usize::try_from(most).unwrap_or(usize::MAX)
    {
        return beyond(Bound::AtMost { most, per: bounds.per });
    }
    if let (Some(period), Some(last)) = (bounds.no_longer_than, last_day(bounds, scribe))
        && hold.until.is_none_or(|until| until > last)
    {
        return beyond(Bound::NoLongerThan { period, last });
    }
    match bounds.no_more_than.map(|most| most.cut_to(scribe.exponent)) {
        Some(most) if asked > most => beyond(Bound::NoMoreThan(scribe.money_of(debtor, most))),
        Some(_) | None => Ok(()),
    }
}

/// How many holds of the kind were made in the bounds' time; where they name none, how many there
/// are.
fn made(debtor: &Debtor, kind: HoldReason, bounds: &HoldBounds, scribe: &Scribe<'_>) -> usize {
    let of_kind = debtor.holds.iter().filter(|hold| hold.kind == kind);
    let Some(per) = bounds.per else { return of_kind.count() };
    let since = scribe.zone.before(scribe.now(), per);
    let active = debtor.holds.iter().map(|hold| (hold.kind, hold.made_at));
    let former = debtor.former_holds.iter().map(|hold| (hold.kind, hold.made_at));
    active.chain(former).filter(|(of, made_at)| *of == kind && *made_at > since).count()
}
