//! Which invoices a plan works on, and what debt they make (domain.md, sections 4 and 5).
//!
//! What adds (a cycle that opens, a stage that is entered) looks up to the horizon: an invoice whose
//! day has come counts once the log is read up to that day. What takes away (a cycle that ends, a
//! step down) goes by the clock, which never goes back: a horizon that stands still, or was lost,
//! ends no cycle by mistake.

use crate::account::Snapshot;
use crate::cycle::{Cycle, DebtClass};
use crate::debt::{Debt, Invoice};
use crate::ids::InvoiceId;
use crate::money::{Decimal, MinorUnits};
use crate::plan::{CountDate, DebtClassBy, Plan};
use crate::time::{Date, Timestamp, Zone};

/// The invoices of a profile that are in its plan's scope, and worked on by one cycle.
pub(crate) struct Scope {
    /// They, by count date, oldest first.
    pub(crate) invoices: Vec<InScope>,
    /// What is left of them.
    pub(crate) real: MinorUnits,
    /// What is left of them and not frozen by a hold.
    pub(crate) conditional: MinorUnits,
    /// When the next invoice comes into scope.
    pub(crate) next_entry: Option<Timestamp>,
}

/// What a scope is taken of: the debt, what holds freeze of it, and the plan that works on it.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    /// All that the debtor owes.
    pub(crate) debt: &'a Debt,
    /// What holds freeze of each of its invoices, in their order.
    pub(crate) frozen: &'a [MinorUnits],
    /// The debtor's own snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// The debt class.
    pub(crate) debt_class: &'a DebtClass,
    /// The plan.
    pub(crate) plan: &'a Plan,
}

/// Which of a profile's invoices a scope is about.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// All of them, those of closed cycles too: what the profile owes.
    Anyones,
    /// All that a cycle may work on.
    Workable,
    /// Those that a cycle of a rolling plan owns.
    Owned(&'a [InvoiceId]),
    /// Those that none of these cycles owns.
    Unowned(&'a [Cycle]),
}

impl Whose<'_> {
    fn is_about(self, invoice: &Invoice) -> bool {
        match self {
            Self::Anyones => true,
            Self::Workable => !invoice.kept_out,
            Self::Owned(owned) => !invoice.kept_out && owned.contains(&invoice.id),
            Self::Unowned(cycles) => {
                !invoice.kept_out && !cycles.iter().any(|cycle| cycle.owned.contains(&invoice.id))
            }
        }
    }

    /// The invoices that a cycle works on.
    pub(crate) fn of(cycle: &Cycle) -> Whose<'_> {
        if cycle.owned.is_empty() { Whose::Workable } else { Whose::Owned(&cycle.owned) }
    }
}

/// An invoice that counts.
pub(crate) struct InScope {
    /// Which one.
    pub(crate) id: InvoiceId,
    /// The date its age is counted from.
    pub(crate) count_date: Date,
    /// Until when it was to be paid.
    pub(crate) due: Date,
    /// When it came into scope.
    pub(crate) enters: Timestamp,
    /// When it was booked.
    pub(crate) booked_at: Timestamp,
    /// What is left of it.
    pub(crate) outstanding: MinorUnits,
    /// What of that a hold freezes.
    pub(crate) frozen: MinorUnits,
}

impl Scope {
    /// The scope of these invoices, of the days up to `until`.
    pub(crate) fn of(ground: Ground<'_>, whose: Whose<'_>, until: Timestamp, zone: &Zone) -> Self {
        let Ground { debt, frozen, snapshot, debt_class, plan } = ground;
        let mut invoices = Vec::new();
        let mut next_entry: Option<Timestamp> = None;
        let candidates = debt.invoices.iter().zip(frozen).filter(|(invoice, _)| {
            invoice.outstanding().is_positive()
                && whose.is_about(invoice)
                && is_of(invoice, debt_class, plan, snapshot)
        });
        for (invoice, frozen) in candidates {
            let enters = entry(zone, plan, invoice);
            if enters > until {
                next_entry = Some(next_entry.map_or(enters, |known| known.min(enters)));
                continue;
            }
            invoices.push(InScope {
                id: invoice.id.clone(),
                count_date: count_date(plan, invoice),
                due: invoice.due,
                enters,
                booked_at: invoice.booked_at,
                outstanding: invoice.outstanding(),
                frozen: *frozen,
            });
        }
        invoices.sort_by_key(|invoice| (invoice.count_date, invoice.enters));
        let real: MinorUnits = invoices.iter().map(|invoice| invoice.outstanding).sum();
        let held: MinorUnits = invoices.iter().map(|invoice| invoice.frozen).sum();
        Self { invoices, real, conditional: real.minus(held), next_entry }
    }

    /// How many invoices count that are not frozen as a whole.
    pub(crate) fn workable_invoices(&self) -> usize {
        self.invoices.iter().filter(|invoice| invoice.frozen < invoice.outstanding).count()
    }

    /// The invoice with the oldest count date.
    pub(crate) fn oldest(&self) -> Option<&InScope> {
        self.invoices.first()
    }

    /// Whether the conditional debt opens a cycle.
    pub(crate) fn meets_entry(&self, plan: &Plan, exponent: u8) -> bool {
        self.meets(self.conditional, None, plan, exponent)
    }

    /// Whether `debt` reaches `asked`, or the plan's entry amount where nothing is asked.
    pub(crate) fn meets(&self, debt: MinorUnits, asked: Option<Decimal>, plan: &Plan, exponent: u8) -> bool {
        match asked.or(plan.entry) {
            Some(asked) => debt.is_positive() && debt >= asked.cut_to(exponent),
            None => debt > plan.exit.cut_to(exponent),
        }
    }

    /// Whether the real debt ends a cycle.
    pub(crate) fn meets_exit(&self, plan: &Plan, exponent: u8) -> bool {
        self.real <= plan.exit.cut_to(exponent)
    }
}

/// When an invoice comes into a plan's scope.
pub(crate) fn entry(zone: &Zone, plan: &Plan, invoice: &Invoice) -> Timestamp {
    zone.after(zone.start_of(count_date(plan, invoice)), plan.days_before_entry)
}

/// The date a plan counts an invoice's age from.
pub(crate) fn count_date(plan: &Plan, invoice: &Invoice) -> Date {
    match plan.count_date {
        CountDate::Due => invoice.due,
        CountDate::Issued => invoice.issued,
    }
}

/// The debt class that an invoice belongs to.
pub(crate) fn class_of(invoice: &Invoice, by: DebtClassBy) -> DebtClass {
    match by {
        DebtClassBy::All => DebtClass::All,
        DebtClassBy::Provider => DebtClass::Provider(invoice.provider.clone()),
        DebtClassBy::Service => DebtClass::Service(invoice.service.clone()),
    }
}

/// Whether a debt class is one of those that `by` makes.
pub(crate) fn is_of_kind(class: &DebtClass, by: DebtClassBy) -> bool {
    match class {
        DebtClass::All => by == DebtClassBy::All,
        DebtClass::Provider(_) => by == DebtClassBy::Provider,
        DebtClass::Service(_) => by == DebtClassBy::Service,
    }
}

/// Whether an invoice is of a debt class, and the plan for it.
pub(crate) fn is_of(invoice: &Invoice, class: &DebtClass, plan: &Plan, snapshot: &Snapshot) -> bool {
    is_in_class(invoice, class)
        && plan.include.as_ref().is_none_or(|include| include.holds(snapshot, Some(invoice)))
}

/// Whether an invoice is of a debt class.
pub(crate) fn is_in_class(invoice: &Invoice, class: &DebtClass) -> bool {
    match class {
        DebtClass::All => true,
        DebtClass::Provider(provider) => invoice.provider == *provider,
        DebtClass::Service(service) => invoice.service == *service,
    }
}
