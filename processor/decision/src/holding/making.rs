//! How a hold is made: what is declined, how much it is of, until when it lasts.

use super::freezing::Open;
use super::{MOST_HOLDS, bounds, is_paid_off, telling};
use crate::booking::{Checked, check_amount};
use crate::debt::Debt;
use crate::debtor::Debtor;
use crate::event::{Control, HoldKind, HoldOrder, Instalment};
use crate::hold::{Covered, Hold, HoldReason};
use crate::ids::{AccountId, HoldId, InvoiceId};
use crate::money::MinorUnits;
use crate::places::Places;
use crate::record::RecordKind;
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::time::{Date, Timestamp};

/// The longest grace of a part, in days: ten years.
const LONGEST_GRACE_DAYS: i32 = 3_660;

/// Whether the hold may be made; `ordered_at` is when it was ordered.
pub(crate) fn check_hold(
    debtor: &Debtor,
    control: &Control,
    order: &HoldOrder,
    ordered_at: Timestamp,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    check_amounts(debtor, order, scribe)?;
    if let Some(known) = check_id(debtor, &order.id, |hold| is_same(hold, order))? {
        return Ok(known);
    }
    check_days(order, scribe.zone.date_of(ordered_at.min(scribe.now())))?;
    let places = Places::of(&debtor.debt.invoices, order.invoices.iter());
    if let Some(unknown) = order.invoices.iter().find(|id| places.get(id).is_none()) {
        return Err(Rejection::HoldOnUnknownInvoice(unknown.clone()));
    }
    if !open_of(debtor, &order.invoices).is_positive() {
        return Err(Rejection::NothingOpen);
    }
    check_number(debtor)?;
    let hold = hold_of(debtor, control, order, scribe);
    if let Some(bounds) = bounds::bounds_for(&scribe.policy.holds, hold.kind, &control.role) {
        let asked = asked(order).unwrap_or(hold.amount);
        bounds::check(debtor, &hold, asked, bounds, scribe)?;
    }
    Ok(Checked::New)
}

fn check_amounts(debtor: &Debtor, order: &HoldOrder, scribe: &Scribe<'_>) -> Result<(), Rejection> {
    let money = |amount| scribe.money_of(debtor, amount);
    if let Some(amount) = order.amount {
        check_amount(amount)?;
    }
    let HoldKind::Instalments { parts, grace_days } = &order.kind else { return Ok(()) };
    if parts.is_empty() {
        return Err(Rejection::NoParts);
    }
    for part in parts {
        check_amount(part.amount)?;
    }
    let sum = sum_of(parts);
    check_amount(sum)?;
    if !(0..=LONGEST_GRACE_DAYS).contains(grace_days) {
        return Err(Rejection::GraceOutOfRange);
    }
    match order.amount {
        Some(amount) if amount != sum => {
            Err(Rejection::PartsDiffer { parts: money(sum), amount: money(amount) })
        }
        Some(_) | None => Ok(()),
    }
}

/// Declines a hold that would be over before the day on which it was ordered.
fn check_days(order: &HoldOrder, today: Date) -> Result<(), Rejection> {
    let last = match &order.kind {
        HoldKind::Instalments { parts, .. } => parts.iter().map(|part| part.due).max(),
        HoldKind::Dispute | HoldKind::Promise | HoldKind::Deferral => order.until,
    };
    match last {
        Some(last) if last < today => Err(Rejection::UntilPast(last)),
        Some(_) | None => Ok(()),
    }
}

/// Declines an id that was used: of a hold in force that `is_same`, it is known already.
pub(super) fn check_id(
    debtor: &Debtor,
    id: &HoldId,
    is_same: impl Fn(&Hold) -> bool,
) -> Result<Option<Checked>, Rejection> {
    if let Some(hold) = debtor.holds.iter().find(|hold| hold.id == *id) {
        let differs = || Rejection::HoldDiffers(id.clone());
        return is_same(hold).then_some(Some(Checked::Known("hold"))).ok_or_else(differs);
    }
    let is_over = debtor.former_holds.iter().any(|former| former.id == *id);
    if is_over { Err(Rejection::HoldOver(id.clone())) } else { Ok(None) }
}

/// Declines a hold beyond the most that a debtor may have.
pub(super) fn check_number(debtor: &Debtor) -> Result<(), Rejection> {
    if debtor.holds.len() >= MOST_HOLDS {
        return Err(Rejection::TooManyHolds { most: MOST_HOLDS });
    }
    Ok(())
}

/// Whether the order would make this very hold, were it given again.
fn is_same(hold: &Hold, order: &HoldOrder) -> bool {
    let (parts, grace_days) = parts_of(order);
    let covers = hold.covers.iter().chain(&hold.covers_up_to).map(|covered| covered.outstanding);
    let is_amount = match asked(order) {
        Some(asked) if is_paid_off(hold.kind) => hold.amount == asked.min(covers.sum()),
        Some(asked) => hold.amount == asked,
        None => !is_paid_off(hold.kind) || hold.amount == covers.sum(),
    };
    // One without a day may have been given one by the policy's bound.
    let is_until = order.until.is_none() || hold.until == order.until || !parts.is_empty();
    hold.kind == reason_of(&order.kind)
        && is_amount
        && is_until
        && hold.invoices == once_each(&order.invoices)
        && hold.parts == parts
        && hold.grace_days == grace_days
}

/// Makes a hold that was not declined.
pub(crate) fn make_hold(
    debtor: &mut Debtor,
    account_id: &AccountId,
    control: &Control,
    order: &HoldOrder,
    scribe: &mut Scribe<'_>,
) {
    let hold = hold_of(debtor, control, order, scribe);
    add(debtor, account_id, hold, Some(control), scribe);
}

/// Puts a hold in force, and tells of it.
pub(super) fn add(
    debtor: &mut Debtor,
    account_id: &AccountId,
    hold: Hold,
    control: Option<&Control>,
    scribe: &mut Scribe<'_>,
) {
    let reason = hold.kind.as_str();
    let mut figures = telling::figures_of(&hold, MinorUnits::ZERO, scribe);
    debtor.holds.push(hold);
    figures.extend(telling::debt_figures(debtor, scribe));
    figures.extend(telling::who(control));
    scribe.record(account_id, RecordKind::HoldMade, reason, figures);
}

/// The hold that an order makes now.
fn hold_of(debtor: &Debtor, control: &Control, order: &HoldOrder, scribe: &Scribe<'_>) -> Hold {
    let kind = reason_of(&order.kind);
    let (parts, grace_days) = parts_of(order);
    let open = open_of(debtor, &order.invoices);
    let amount = match asked(order) {
        // Of more than is open it could never be said that it is paid.
        Some(asked) if is_paid_off(kind) => asked.min(open),
        Some(asked) => asked,
        None => open,
    };
    let bounds = bounds::bounds_for(&scribe.policy.holds, kind, &control.role);
    let until = match parts.last() {
        Some(last) => Some(last.due),
        None => order.until.or_else(|| bounds.and_then(|bounds| bounds::last_day(bounds, scribe))),
    };
    let invoices = once_each(&order.invoices);
    let (covers, covers_up_to) =
        if is_paid_off(kind) { covered(&debtor.debt, &invoices, open) } else { (Vec::new(), None) };
    Hold {
        id: order.id.clone(),
        kind,
        amount,
        invoices,
        covers,
        covers_up_to,
        parts,
        grace_days,
        is_upheld: false,
        adjusted: MinorUnits::ZERO,
        until,
        expires_at: None,
        made_at: scribe.now(),
        by: control.by.clone(),
        receipt: None,
    }
}

/// What is open of these invoices; of all, where there are none.
pub(super) fn open_of(debtor: &Debtor, invoices: &[InvoiceId]) -> MinorUnits {
    if invoices.is_empty() {
        return super::open_debt(debtor);
    }
    let places = Places::of(&debtor.debt.invoices, invoices.iter());
    let open = Open::of(&debtor.debt, &places);
    once_each(invoices).iter().map(|id| open.outstanding(id)).sum()
}

fn covered(debt: &Debt, invoices: &[InvoiceId], open: MinorUnits) -> (Vec<Covered>, Option<Covered>) {
    if invoices.is_empty() {
        let newest = debt.invoices.last();
        return (Vec::new(), newest.map(|newest| Covered { invoice: newest.id.clone(), outstanding: open }));
    }
    let places = Places::of(&debt.invoices, invoices.iter());
    let open = Open::of(debt, &places);
    let of = |id: &InvoiceId| Covered { invoice: id.clone(), outstanding: open.outstanding(id) };
    (invoices.iter().map(of).collect(), None)
}

/// The amount as ordered: of an instalment plan the sum of its parts.
fn asked(order: &HoldOrder) -> Option<MinorUnits> {
    match &order.kind {
        HoldKind::Instalments { parts, .. } => Some(sum_of(parts)),
        HoldKind::Dispute | HoldKind::Promise | HoldKind::Deferral => order.amount,
    }
}

fn sum_of(parts: &[Instalment]) -> MinorUnits {
    parts.iter().map(|part| part.amount).sum()
}

fn reason_of(kind: &HoldKind) -> HoldReason {
    match kind {
        HoldKind::Dispute => HoldReason::Dispute,
        HoldKind::Promise => HoldReason::Promise,
        HoldKind::Deferral => HoldReason::Deferral,
        HoldKind::Instalments { .. } => HoldReason::Instalments,
    }
}

/// The parts of an instalment plan by due date, and how many days one may be late.
fn parts_of(order: &HoldOrder) -> (Vec<Instalment>, i32) {
    match &order.kind {
        HoldKind::Instalments { parts, grace_days } => {
            let mut parts = parts.clone();
            parts.sort_by_key(|part| part.due);
            (parts, *grace_days)
        }
        HoldKind::Dispute | HoldKind::Promise | HoldKind::Deferral => (Vec::new(), 0),
    }
}

/// The ids in their order, each once.
pub(super) fn once_each(ids: &[InvoiceId]) -> Vec<InvoiceId> {
    let mut seen = std::collections::BTreeSet::new();
    ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}
