//! Which invoices a plan works on, and what debt they make (domain.md, sections 4 and 5).
//!
//! What adds (a cycle that opens, a stage that is entered) looks up to the horizon: an invoice whose
//! day has come counts once the log is read up to that day. What takes away (a cycle that ends, a
//! step down) goes by the clock, which never goes back: a horizon that stands still, or was lost,
//! ends no cycle by mistake.

use super::days::Days;
use crate::account::Snapshot;
use crate::cycle::{Cycle, DebtClass};
use crate::debt::{Debt, Invoice};
use crate::ids::InvoiceId;
use crate::money::{Decimal, MinorUnits};
use crate::places::Places;
use crate::plan::{CountDate, DebtClassBy, Plan};
use crate::scribe::Scribe;
use crate::time::{Date, Timestamp, Zone};

/// What the invoices of a profile make that are in its plan's scope, and worked on by one cycle.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope {
    /// How many they are.
    pub(crate) invoices: usize,
    /// How many of them are not frozen as a whole.
    pub(crate) workable_invoices: usize,
    /// What is left of them.
    pub(crate) real: MinorUnits,
    /// What is left of them and not frozen by a hold.
    pub(crate) conditional: MinorUnits,
    /// The oldest count date.
    pub(crate) oldest: Option<Date>,
    /// The earliest due date.
    pub(crate) oldest_due: Option<Date>,
    /// The earliest count date whose day has not come.
    next: Option<Date>,
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
    /// The places of the invoices that cycles own, as far as it is about those.
    fn owned(self, debt: &Debt) -> Places {
        match self {
            Self::Anyones | Self::Workable => Places::of(&debt.invoices, std::iter::empty()),
            Self::Owned(owned) => Places::of(&debt.invoices, owned.iter()),
            Self::Unowned(cycles) => Places::of(&debt.invoices, cycles.iter().flat_map(|cycle| &cycle.owned)),
        }
    }

    fn is_about(self, invoice: &Invoice, owned: &Places) -> bool {
        let is_owned = || owned.get(&invoice.id).is_some();
        match self {
            Self::Anyones => true,
            Self::Workable => !invoice.kept_out,
            Self::Owned(_) => !invoice.kept_out && is_owned(),
            Self::Unowned(_) => !invoice.kept_out && !is_owned(),
        }
    }

    /// The invoices that a cycle works on.
    pub(crate) fn of(cycle: &Cycle) -> Whose<'_> {
        if cycle.owned.is_empty() { Whose::Workable } else { Whose::Owned(&cycle.owned) }
    }
}

/// An invoice that counts.
pub(crate) struct InScope<'a> {
    /// Which one.
    pub(crate) invoice: &'a Invoice,
    /// When it came into scope.
    pub(crate) enters: Timestamp,
    /// What of it a hold freezes.
    pub(crate) frozen: MinorUnits,
}

impl<'a> Ground<'a> {
    /// The invoices in scope of the days up to `until`, by count date, oldest first.
    pub(crate) fn in_scope(self, whose: Whose<'_>, until: Timestamp, zone: &Zone) -> Vec<InScope<'a>> {
        let days = Days::new(self.plan.days_before_entry, until, zone);
        let has_entered =
            |(invoice, _): &(&Invoice, MinorUnits)| days.have_come(count_date(self.plan, invoice));
        let mut entered: Vec<_> = self.candidates(whose).filter(has_entered).collect();
        entered.sort_by_key(|(invoice, _)| count_date(self.plan, invoice));
        // They come by date: the zone is asked once a date.
        let mut asked: Option<(Date, Timestamp)> = None;
        let in_scope = |(invoice, frozen)| {
            let date = count_date(self.plan, invoice);
            let known = asked.filter(|(of, _)| *of == date);
            let (_, enters) = *asked.insert(known.unwrap_or_else(|| (date, entry(zone, self.plan, date))));
            InScope { invoice, frozen, enters }
        };
        entered.into_iter().map(in_scope).collect()
    }

    /// The open invoices that are in scope once their day has come, and what holds freeze of each.
    fn candidates(self, whose: Whose<'_>) -> impl Iterator<Item = (&'a Invoice, MinorUnits)> {
        let Ground { debt, frozen, snapshot, debt_class, plan } = self;
        let owned = whose.owned(debt);
        let is_candidate = move |(invoice, _): &(&Invoice, MinorUnits)| {
            invoice.outstanding().is_positive()
                && whose.is_about(invoice, &owned)
                && is_in_class(invoice, debt_class)
                && is_for(invoice, plan, snapshot)
        };
        debt.invoices.iter().zip(frozen.iter().copied()).filter(is_candidate)
    }
}

impl Scope {
    /// The scope of these invoices, of the days up to `until`.
    pub(crate) fn of(ground: Ground<'_>, whose: Whose<'_>, until: Timestamp, zone: &Zone) -> Self {
        let days = Days::new(ground.plan.days_before_entry, until, zone);
        let mut scope = Self::default();
        for (invoice, frozen) in ground.candidates(whose) {
            let date = count_date(ground.plan, invoice);
            if days.have_come(date) { scope.count(invoice, frozen, date) } else { scope.expect(date) }
        }
        scope
    }

    /// The scopes of these invoices up to the horizon, and by the clock. They mostly are the same,
    /// and the invoices may be thousands: these are gone through once.
    pub(crate) fn both(ground: Ground<'_>, whose: Whose<'_>, scribe: &Scribe<'_>) -> (Self, Self) {
        let days = |until| Days::new(ground.plan.days_before_entry, until, &scribe.zone);
        let (up_to_horizon, by_clock) = (days(scribe.moment.horizon), days(scribe.now()));
        let (mut scope, mut between) = (Self::default(), Self::default());
        for (invoice, frozen) in ground.candidates(whose) {
            let date = count_date(ground.plan, invoice);
            if up_to_horizon.have_come(date) {
                scope.count(invoice, frozen, date);
                continue;
            }
            scope.expect(date);
            if by_clock.have_come(date) {
                between.count(invoice, frozen, date);
            } else {
                between.expect(date);
            }
        }
        (scope, scope.and(&between))
    }

    fn count(&mut self, invoice: &Invoice, frozen: MinorUnits, date: Date) {
        let outstanding = invoice.outstanding();
        self.invoices = self.invoices.saturating_add(1);
        if frozen < outstanding {
            self.workable_invoices = self.workable_invoices.saturating_add(1);
        }
        self.real = self.real.plus(outstanding);
        self.conditional = self.conditional.plus(outstanding.minus(frozen));
        self.oldest = earlier(self.oldest, Some(date));
        self.oldest_due = earlier(self.oldest_due, Some(invoice.due));
    }

    fn expect(&mut self, date: Date) {
        self.next = earlier(self.next, Some(date));
    }

    /// The scope with what comes into it later.
    fn and(&self, later: &Self) -> Self {
        Self {
            invoices: self.invoices.saturating_add(later.invoices),
            workable_invoices: self.workable_invoices.saturating_add(later.workable_invoices),
            real: self.real.plus(later.real),
            conditional: self.conditional.plus(later.conditional),
            oldest: earlier(self.oldest, later.oldest),
            oldest_due: earlier(self.oldest_due, later.oldest_due),
            next: later.next,
        }
    }

    /// When the next invoice comes into scope.
    pub(crate) fn next_entry(&self, plan: &Plan, zone: &Zone) -> Option<Timestamp> {
        self.next.map(|date| entry(zone, plan, date))
    }

    /// Whether the conditional debt opens a cycle.
    pub(crate) fn meets_entry(&self, plan: &Plan, exponent: u8) -> bool {
        self.meets(self.conditional, None, plan, exponent)
    }

    /// Whether `debt` reaches `asked`, or the plan's entry amount where nothing is asked.
    pub(crate) fn meets(&self, debt: MinorUnits, asked: Option<Decimal>, plan: &Plan, exponent: u8) -> bool {
        debt >= least(asked, plan, exponent)
    }

    /// Whether the real debt ends a cycle.
    pub(crate) fn meets_exit(&self, plan: &Plan, exponent: u8) -> bool {
        self.real <= plan.exit.cut_to(exponent)
    }
}

/// The least debt that reaches `asked`, or the plan's entry amount where nothing is asked; where the plan
/// says none either, anything above its exit amount. Nothing at all never does.
pub(crate) fn least(asked: Option<Decimal>, plan: &Plan, exponent: u8) -> MinorUnits {
    const SMALLEST: MinorUnits = MinorUnits(1);
    match asked.or(plan.entry) {
        Some(asked) => asked.cut_to(exponent).max(SMALLEST),
        None => plan.exit.cut_to(exponent).plus(SMALLEST),
    }
}

fn earlier(a: Option<Date>, b: Option<Date>) -> Option<Date> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// When an invoice of this count date comes into a plan's scope.
fn entry(zone: &Zone, plan: &Plan, date: Date) -> Timestamp {
    zone.after_start_of(date, plan.days_before_entry)
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

/// Whether an invoice is of a debt class.
pub(crate) fn is_in_class(invoice: &Invoice, class: &DebtClass) -> bool {
    match class {
        DebtClass::All => true,
        DebtClass::Provider(provider) => invoice.provider == *provider,
        DebtClass::Service(service) => invoice.service == *service,
    }
}

/// Whether the plan is for an invoice.
pub(crate) fn is_for(invoice: &Invoice, plan: &Plan, snapshot: &Snapshot) -> bool {
    plan.include.as_ref().is_none_or(|include| include.holds(snapshot, Some(invoice)))
}
