//! How a dispute ends: by its outcome, or, where the customer was right, by the adjustment.

use super::ending::{End, end_one};
use super::telling;
use crate::booking::Checked;
use crate::debtor::Debtor;
use crate::event::{Control, DisputeOutcome};
use crate::hold::HoldReason;
use crate::ids::{AccountId, HoldId, InvoiceId};
use crate::money::MinorUnits;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;

/// Whether the hold of this id may have this outcome.
pub(crate) fn check_outcome(
    debtor: &Debtor,
    id: &HoldId,
    outcome: DisputeOutcome,
    scribe: &Scribe<'_>,
) -> Result<Checked, Rejection> {
    let Some(hold) = debtor.holds.iter().find(|hold| hold.id == *id) else {
        let is_over = debtor.former_holds.iter().any(|former| former.id == *id);
        let window = scribe.policy.retention.reversal.to_string();
        let unknown = || Rejection::UnknownHold(id.clone(), window);
        return Err(if is_over { Rejection::HoldOver(id.clone()) } else { unknown() });
    };
    match hold.kind {
        HoldReason::Dispute => {}
        kind @ (HoldReason::Promise
        | HoldReason::Deferral
        | HoldReason::Instalments
        | HoldReason::UnconfirmedPayment) => return Err(Rejection::NotADispute { id: id.clone(), kind }),
    }
    let is_known = hold.is_upheld && outcome == DisputeOutcome::Upheld;
    Ok(if is_known { Checked::Known("dispute upheld") } else { Checked::New })
}

/// Ends a dispute by an outcome that was not declined. One that is upheld goes on freezing until
/// its adjustment comes, unless that has come already.
pub(crate) fn end_dispute(
    debtor: &mut Debtor,
    account_id: &AccountId,
    control: &Control,
    id: &HoldId,
    outcome: DisputeOutcome,
    scribe: &mut Scribe<'_>,
) {
    let Some(place) = debtor.holds.iter().position(|hold| hold.id == *id) else { return };
    let end = match outcome {
        DisputeOutcome::Rejected => End::Rejected,
        DisputeOutcome::Withdrawn => End::Withdrawn,
        DisputeOutcome::Upheld => {
            let Some(hold) = debtor.holds.get_mut(place) else { return };
            hold.is_upheld = true;
            let is_adjusted = hold.adjusted >= hold.amount;
            let mut figures = vec![
                Figure::new("hold", id),
                Figure::new("amount", scribe.money(hold.amount)),
                Figure::new("adjusted", scribe.money(hold.adjusted)),
            ];
            figures.extend(telling::who(Some(control)));
            scribe.record(account_id, RecordKind::ControlApplied, "dispute upheld", figures);
            if !is_adjusted {
                return;
            }
            End::Adjusted
        }
    };
    end_one(debtor, account_id, place, end, Some(control), scribe);
}

/// Notes that an adjustment, or its undoing, changed what an invoice asks for by so much. An upheld
/// dispute that is about the invoice ends where that was lowered.
pub(crate) fn on_adjusted(
    debtor: &mut Debtor,
    account_id: &AccountId,
    invoice: &InvoiceId,
    change: MinorUnits,
    scribe: &mut Scribe<'_>,
) {
    let lowers = change < MinorUnits::ZERO;
    let disputes = debtor.holds.iter_mut().filter(|hold| hold.kind == HoldReason::Dispute);
    for hold in disputes.filter(|hold| hold.invoices.is_empty() || hold.invoices.contains(invoice)) {
        hold.adjusted = hold.adjusted.minus(change);
    }
    let is_over = |hold: &crate::hold::Hold| {
        lowers && hold.is_upheld && (hold.invoices.is_empty() || hold.invoices.contains(invoice))
    };
    while let Some(place) = debtor.holds.iter().position(is_over) {
        end_one(debtor, account_id, place, End::Adjusted, None, scribe);
    }
}
