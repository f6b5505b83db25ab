//! The figures by which a record tells of a hold.

use super::ending::{End, Over};
use super::{freezing, is_paid_off, open_debt};
use crate::debtor::Debtor;
use crate::event::Control;
use crate::hold::Hold;
use crate::ids::InvoiceId;
use crate::money::MinorUnits;
use crate::record::Figure;
use crate::scribe::Scribe;

/// What the hold is.
pub(super) fn figures_of(hold: &Hold, paid: MinorUnits, scribe: &Scribe<'_>) -> Vec<Figure> {
    let mut figures = vec![
        Figure::new("hold", &hold.id),
        Figure::new("kind", hold.kind.as_str()),
        Figure::new("amount", scribe.money(hold.amount)),
    ];
    if is_paid_off(hold.kind) {
        figures.push(Figure::new("paid", scribe.money(paid)));
    }
    if !hold.invoices.is_empty() {
        let invoices: Vec<&str> = hold.invoices.iter().map(InvoiceId::as_str).collect();
        figures.push(Figure::new("invoices", invoices.join(", ")));
    }
    figures.extend(hold.until.map(|until| Figure::new("until", until)));
    figures.extend(hold.expires_at.map(|at| Figure::new("expires_at", at)));
    if !hold.parts.is_empty() {
        let parts = hold.parts.iter().map(|part| format!("{} {}", part.due, scribe.money(part.amount)));
        figures.push(Figure::new("parts", parts.collect::<Vec<_>>().join(", ")));
        figures.push(Figure::new("grace", format!("{}d", hold.grace_days)));
    }
    figures
}

/// How it ended.
pub(super) fn end_figures(over: &Over, scribe: &Scribe<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    if let End::PartMissed(part, asked) = over.end {
        figures.push(Figure::new("part", format!("{} {}", part.due, scribe.money(part.amount))));
        figures.push(Figure::new("asked_by_then", scribe.money(asked)));
    }
    figures.extend(over.at.map(|at| Figure::new("ended_at", at)));
    figures
}

/// The debt as it is now: all that is open, and what holds freeze of it.
pub(super) fn debt_figures(debtor: &Debtor, scribe: &Scribe<'_>) -> Vec<Figure> {
    let frozen: MinorUnits = freezing::frozen(&debtor.debt, &debtor.holds).into_iter().sum();
    vec![
        Figure::new("real_debt", scribe.money(open_debt(debtor))),
        Figure::new("frozen", scribe.money(frozen)),
    ]
}

/// Who ordered it.
pub(super) fn who(control: Option<&Control>) -> Vec<Figure> {
    let Some(control) = control else { return Vec::new() };
    let mut figures = vec![Figure::new("by", &control.by), Figure::new("role", &control.role)];
    figures.extend(control.why.as_ref().map(|why| Figure::new("why", why)));
    figures
}
