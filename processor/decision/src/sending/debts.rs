//! The debt that a message speaks of, at the moment it is sent later than it was decided.
//!
//! Which invoices count is [`crate::dunning::scope`]'s business.

use crate::account::Snapshot;
use crate::cycle::{Cycle, DebtClass};
use crate::debt::Invoice;
use crate::debtor::Debtor;
use crate::dunning::scope::{Ground, Scope, Whose};
use crate::holding;
use crate::ids::InvoiceId;
use crate::money::MinorUnits;
use crate::policy::DebtValues;
use crate::scribe::Scribe;
use crate::underway::StoredOrigin;

/// A debt as it is now.
pub(super) struct DebtNow {
    /// How templates speak of it.
    pub(super) values: DebtValues,
    /// The real debt.
    pub(super) real: MinorUnits,
}

/// The debt that made a command, as it is now; none where no debt did.
pub(super) fn debt_now(
    debtor: &Debtor,
    snapshot: &Snapshot,
    origin: &StoredOrigin,
    scribe: &Scribe<'_>,
) -> Option<DebtNow> {
    if let Some(id) = &origin.invoice {
        return invoice_of(debtor, id).map(|invoice| of_invoice(invoice, scribe));
    }
    let plan = scribe.policy.plans.get(origin.plan.as_ref()?)?;
    let class = class_of(origin)?;
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let ground = Ground { debt: &debtor.debt, frozen: &frozen, snapshot, debt_class: &class, plan };
    let whose = cycle_of(debtor, origin).map_or(Whose::Workable, Whose::of);
    let scope = Scope::of(ground, whose, scribe.moment.horizon, &scribe.zone);
    let values = DebtValues {
        real: scribe.money(scope.real),
        conditional: scribe.money(scope.conditional),
        due: scope.oldest_due.map_or_else(String::new, |due| due.to_string()),
        stage: origin.stage.as_ref().map_or("none", |stage| stage.as_str()).to_owned(),
    };
    Some(DebtNow { values, real: scope.real })
}

/// An invoice that is soon due, as a debt.
fn of_invoice(invoice: &Invoice, scribe: &Scribe<'_>) -> DebtNow {
    let real = invoice.outstanding();
    let values = DebtValues {
        real: scribe.money(real),
        conditional: scribe.money(real),
        due: invoice.due.to_string(),
        stage: "none".to_owned(),
    };
    DebtNow { values, real }
}

pub(super) fn invoice_of<'a>(debtor: &'a Debtor, id: &InvoiceId) -> Option<&'a Invoice> {
    debtor.debt.invoices.iter().find(|invoice| invoice.id == *id)
}

/// Whether a message of an invoice that is soon due may still go out: the invoice is open, its due day
/// is still to come, nothing freezes it, and nobody holds dunning.
pub(super) fn is_soon_due(debtor: &Debtor, id: &InvoiceId, scribe: &Scribe<'_>) -> bool {
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let today = scribe.zone.date_of(scribe.now());
    let mut invoices = debtor.debt.invoices.iter().zip(frozen);
    let is_open = invoices.any(|(invoice, frozen)| {
        let is_worked_on = invoice.outstanding().is_positive() && !invoice.kept_out;
        invoice.id == *id && invoice.due > today && is_worked_on && !frozen.is_positive()
    });
    is_open && !debtor.exempt && debtor.pause.is_none()
}

/// The cycle that made a command, while it is open.
pub(super) fn cycle_of<'a>(debtor: &'a Debtor, origin: &StoredOrigin) -> Option<&'a Cycle> {
    let (class, number) = (class_of(origin)?, origin.cycle?);
    let profile = debtor.profiles.iter().find(|profile| profile.debt_class == class)?;
    profile.cycles.iter().find(|cycle| cycle.number == number)
}

/// The same, to be changed.
pub(super) fn cycle_of_mut<'a>(debtor: &'a mut Debtor, origin: &StoredOrigin) -> Option<&'a mut Cycle> {
    let (class, number) = (class_of(origin)?, origin.cycle?);
    let profile = debtor.profiles.iter_mut().find(|profile| profile.debt_class == class)?;
    profile.cycles.iter_mut().find(|cycle| cycle.number == number)
}

fn class_of(origin: &StoredOrigin) -> Option<DebtClass> {
    origin.debt_class.as_deref().and_then(DebtClass::parse)
}
