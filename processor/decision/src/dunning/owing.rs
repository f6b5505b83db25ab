//! What a debtor owes by its plans: the same figure for whoever looks at it, and for the lists.
//!
//! Which invoices count is [`scope`]'s business.

use super::moving::Ruling;
use super::scope::{Ground, Scope, Whose};
use super::{debt_classes, plan_name, scope};
use crate::cycle::DebtClass;
use crate::debt::{Debt, Invoice};
use crate::debtor::{Debtor, Owed};
use crate::holding;
use crate::money::MinorUnits;
use crate::places::Places;
use crate::plan::Plan;
use crate::scribe::Scribe;
use crate::time::{Date, Period, Timestamp};
use std::collections::BTreeSet;

/// What all its debt classes owe together.
pub(crate) fn of_all(debtor: &Debtor, places: &Places, scribe: &mut Scribe<'_>) -> Owed {
    if debtor.debt.invoices.is_empty() {
        return Owed::default();
    }
    let frozen = holding::frozen_at(&debtor.debt, &debtor.holds, places);
    let classes = debt_classes(debtor, scribe.policy);
    let classes = if classes.is_empty() { vec![DebtClass::All] } else { classes };
    let owed = classes.iter().map(|class| of_class(debtor, class, &frozen, scribe));
    owed.fold(Owed::default(), |sum, owed| Owed {
        real: sum.real.plus(owed.real),
        conditional: sum.conditional.plus(owed.conditional),
    })
}

/// What one debt class owes: what its oldest cycle's plan counts, else what the plan counts that applies.
pub(crate) fn of_class(
    debtor: &Debtor,
    class: &DebtClass,
    frozen: &[MinorUnits],
    scribe: &mut Scribe<'_>,
) -> Owed {
    by_its_plan(debtor, class, scribe, |plan, scribe| match plan.zip(debtor.own_snapshot()) {
        Some((plan, snapshot)) => {
            let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: class, plan };
            let scope = Scope::of(ground, Whose::Anyones, scribe.now(), &scribe.zone);
            Owed { real: scope.real, conditional: scope.conditional }
        }
        None => what_is_due(&debtor.debt, frozen, class, scribe),
    })
}

/// When the invoices of one debt class come to count, each by its date alone, as [`of_class`] counts them.
pub(crate) fn entries_of_class(
    debtor: &Debtor,
    class: &DebtClass,
    scribe: &mut Scribe<'_>,
) -> BTreeSet<Timestamp> {
    by_its_plan(debtor, class, scribe, |plan, scribe| {
        let invoices = debtor.debt.invoices.iter().filter(|invoice| scope::is_in_class(invoice, class));
        let plan = plan.filter(|_| debtor.own_snapshot().is_some());
        // They may be thousands of some dozens of dates: the zone is asked once a date.
        let dates: BTreeSet<Date> = match plan {
            Some(plan) => invoices.map(|invoice| scope::count_date(plan, invoice)).collect(),
            None => invoices.map(|invoice| invoice.due).collect(),
        };
        let after = plan.map_or(Period::NONE, |plan| plan.days_before_entry);
        dates.into_iter().map(|date| scribe.zone.after_start_of(date, after)).collect()
    })
}

/// Asks of a debt class with the plan that says what of it counts, under the version of the policy that rules it.
fn by_its_plan<'p, T>(
    debtor: &Debtor,
    class: &DebtClass,
    scribe: &mut Scribe<'p>,
    ask: impl FnOnce(Option<&'p Plan>, &Scribe<'p>) -> T,
) -> T {
    let known = debtor.profiles.iter().find(|profile| profile.debt_class == *class);
    // Under a rolling plan there may be several: the oldest is the furthest.
    let cycle = known.and_then(|profile| profile.cycles.first());
    let ruling = cycle.map(|cycle| Ruling::take(cycle, scribe));
    let policy = scribe.policy;
    let name = cycle.map(|cycle| &cycle.plan).or_else(|| plan_name(debtor, policy));
    let told = ask(name.and_then(|name| policy.plans.get(name)), scribe);
    if let Some(ruling) = ruling {
        ruling.give_back(scribe);
    }
    told
}

/// The debt where no plan says what counts, as before the account's snapshot comes: all that is due.
fn what_is_due(debt: &Debt, frozen: &[MinorUnits], class: &DebtClass, scribe: &Scribe<'_>) -> Owed {
    let today = scribe.zone.date_of(scribe.now());
    let counts = |invoice: &Invoice| invoice.due <= today && scope::is_in_class(invoice, class);
    let due = || debt.invoices.iter().zip(frozen).filter(|(invoice, _)| counts(invoice));
    let real: MinorUnits = due().map(|(invoice, _)| invoice.outstanding()).sum();
    Owed { real, conditional: real.minus(due().map(|(_, frozen)| *frozen).sum()) }
}
