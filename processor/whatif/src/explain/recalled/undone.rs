//! Bookings undone: what the invoices asked for and had been paid before a record, from what they do after it.
//!
//! A record says less than a booking does: which invoices a reversal opens again, or an adjustment's credit pays, it
//! does not tell. It is taken only where it follows from what the record and the state say: credit is free only where
//! nothing is open, so that what is open less what is free changes by exactly what is booked. Where it does not follow,
//! nothing is undone.

use super::{figure, kind_of};
use decision::debt::Invoice;
use decision::debtor::Debtor;
use decision::money::{Decimal, MinorUnits};
use decision::record::RecordKind;
use decision::view;
use schemas::HistoryLine;

/// A debtor's invoices at an earlier moment.
pub(super) struct Past {
    /// The debtor, of whom only the invoices, with what they ask for and what is paid of them, are of then.
    pub(super) debtor: Debtor,
    /// What had been paid and paid no invoice yet.
    free: MinorUnits,
    exponent: u8,
}

/// What a payment paid of an invoice, in minor units.
type Part = (String, MinorUnits);

impl Past {
    /// The invoices as they stand now.
    pub(super) fn now(debtor: &Debtor, exponent: u8) -> Self {
        Self { debtor: debtor.clone(), free: view::credit(debtor), exponent }
    }

    /// Goes back before this record; `earlier` are those before it, oldest first. None where the record does not say
    /// enough: then nothing here holds any longer.
    pub(super) fn undo(&mut self, line: &HistoryLine, earlier: &[&HistoryLine]) -> Option<()> {
        match kind_of(line)? {
            RecordKind::InvoiceBooked => self.undo_invoice(line),
            RecordKind::PaymentBooked => self.undo_payment(line, earlier),
            // An adjustment or a reversal that waits has done nothing.
            RecordKind::PaymentWaiting if figure(line, "paid").is_none() => Some(()),
            RecordKind::PaymentWaiting => self.unpay(&self.paid(line)?),
            RecordKind::InvoiceAdjusted => self.undo_adjustment(line),
            RecordKind::PaymentReversed => self.undo_reversal(line, earlier),
            // They move no money.
            RecordKind::Alert
            | RecordKind::AlertSuppressed
            | RecordKind::AlertStale
            | RecordKind::Recovered
            | RecordKind::Duplicate
            | RecordKind::HoldMade
            | RecordKind::HoldEnded
            | RecordKind::PromiseKept
            | RecordKind::PromiseBroken
            | RecordKind::InstalmentsBroken
            | RecordKind::ManagerAssigned
            | RecordKind::CycleOpened
            | RecordKind::CycleHeld
            | RecordKind::CycleResumed
            | RecordKind::CycleEnded
            | RecordKind::StageEntered
            | RecordKind::StageLeft
            | RecordKind::MeasureRequested
            | RecordKind::MeasureDelayed
            | RecordKind::MeasureCapped
            | RecordKind::MeasureDropped
            | RecordKind::MeasureObserved
            | RecordKind::MeasureHeld
            | RecordKind::MeasureCancelled
            | RecordKind::MeasureLifted
            | RecordKind::CommandReported
            | RecordKind::ControlApplied
            | RecordKind::EventRejected => Some(()),
            // Another plan may have counted other invoices, and from other days on.
            RecordKind::SegmentChanged | RecordKind::PlanAssigned | RecordKind::PolicyChanged => None,
        }
    }

    fn undo_invoice(&mut self, line: &HistoryLine) -> Option<()> {
        if figure(line, "outstanding").is_none() {
            // A draft is no debt.
            return Some(());
        }
        let (id, invoices) = (figure(line, "invoice")?, &mut self.debtor.debt.invoices);
        let at = invoices.iter().rposition(|invoice| invoice.id.as_str() == id)?;
        let invoice = invoices.remove(at);
        // What is paid of it by now, free credit had paid when it was booked.
        self.free = self.free.plus(invoice.paid);
        (invoice.asked() == self.amount(line, "amount")?).then_some(())
    }

    fn undo_payment(&mut self, line: &HistoryLine, earlier: &[&HistoryLine]) -> Option<()> {
        let (paid, credit) = (self.paid(line)?, self.amount(line, "credit")?);
        if line.reason == "confirmed" {
            self.free = self.free.minus(credit);
            return self.unpay(&paid);
        }
        // It had waited, and may wait on: what is left of it may be free or not.
        if credit.is_positive() {
            return None;
        }
        let payment = figure(line, "payment")?;
        let last = earlier.iter().rev().find(|line| figure(line, "payment") == Some(payment))?;
        let before = self.paid(last)?;
        let had = |id: &str| before.iter().find(|(known, _)| known == id).map(|(_, amount)| *amount);
        let more = paid.iter().map(|(id, amount)| (id.clone(), amount.minus(had(id).unwrap_or_default())));
        self.unpay(&more.collect::<Vec<_>>())
    }

    fn undo_adjustment(&mut self, line: &HistoryLine) -> Option<()> {
        let by = match figure(line, "undone") {
            Some(_) => self.amount(line, "undone")?.negated(),
            None => self.amount(line, "amount")?,
        };
        if by == MinorUnits::ZERO {
            // It waited when it was undone.
            return Some(());
        }
        let net = self.open().minus(self.free).minus(by);
        let id = figure(line, "invoice")?;
        let was_ever_paid = self.was_ever_paid(id);
        let invoice = self.invoice(id)?;
        let is_open = invoice.outstanding().is_positive();
        invoice.adjusted = invoice.adjusted.minus(by);
        if !net.is_positive() {
            self.settle(net);
            return Some(());
        }
        // What was paid beyond what it asked for then has paid others since, of which the record says nothing.
        (by.is_positive() || is_open || !was_ever_paid).then_some(())
    }

    fn undo_reversal(&mut self, line: &HistoryLine, earlier: &[&HistoryLine]) -> Option<()> {
        if figure(line, "amount").is_none() {
            // It waited when it was undone.
            return Some(());
        }
        // Whether it is one that was undone, its reason says, which is the operator's own of any other.
        if line.reason == "undone" {
            return None;
        }
        let by = self.amount(line, "amount")?;
        let net = self.open().minus(self.free).minus(by);
        if !net.is_positive() {
            self.settle(net);
            return Some(());
        }
        let payment = figure(line, "payment")?;
        let parts = self.parts(payment, by, earlier)?;
        for (id, amount) in parts {
            let invoice = self.invoice(&id).filter(|invoice| invoice.outstanding() >= amount)?;
            invoice.paid = invoice.paid.plus(amount);
        }
        Some(())
    }

    /// What a reversal of so much took from each invoice, where something stayed open before it: then the payment had
    /// no credit left, unless that waited.
    fn parts(&self, payment: &str, by: MinorUnits, earlier: &[&HistoryLine]) -> Option<Vec<Part>> {
        let of_it = |line: &&&HistoryLine| figure(line, "payment") == Some(payment);
        let records: Vec<_> = earlier.iter().filter(of_it).collect();
        if records.iter().any(|line| kind_of(line) == Some(RecordKind::PaymentWaiting)) {
            return None;
        }
        let booked = self.debtor.debt.payments.iter().find(|booked| booked.id.as_str() == payment)?;
        if booked.waits_until.is_some() {
            return None;
        }
        if let [only] = booked.allocations.as_slice() {
            return Some(vec![(only.invoice.to_string(), by)]);
        }
        // All of it, as it was booked.
        let [only] = records.as_slice() else { return None };
        let paid = self.paid(only)?;
        let sum: MinorUnits = paid.iter().map(|(_, amount)| *amount).sum();
        (sum == by).then_some(paid)
    }

    /// Nothing was open, and so much less than nothing was owed.
    fn settle(&mut self, net: MinorUnits) {
        self.free = net.negated();
        for invoice in &mut self.debtor.debt.invoices {
            invoice.paid = invoice.asked().or_zero();
        }
    }

    /// What payments had not paid yet.
    fn unpay(&mut self, parts: &[Part]) -> Option<()> {
        for (id, amount) in parts {
            let invoice = self.invoice(id).filter(|invoice| invoice.paid >= *amount)?;
            invoice.paid = invoice.paid.minus(*amount);
        }
        Some(())
    }

    /// What a record says that a payment has paid, which is all of it but its credit.
    fn paid(&self, line: &HistoryLine) -> Option<Vec<Part>> {
        let paid = figure(line, "paid")?;
        let part = |part: &str| {
            let (id, amount) = part.rsplit_once(' ')?;
            Some((id.to_owned(), self.parsed(amount)?))
        };
        let parts = paid.split(", ").filter(|part| !part.is_empty()).map(part).collect::<Option<Vec<_>>>()?;
        let sum: MinorUnits = parts.iter().map(|(_, amount)| *amount).sum();
        let credit = self.amount(line, "credit")?;
        (sum.plus(credit) == self.amount(line, "amount")?).then_some(parts)
    }

    /// Whether a payment ever paid something of an invoice: that stays known.
    fn was_ever_paid(&self, id: &str) -> bool {
        let mut parts = self.debtor.debt.payments.iter().flat_map(|payment| &payment.allocations);
        parts.any(|part| part.invoice.as_str() == id)
    }

    /// What is open of all invoices, whether it counts or not.
    fn open(&self) -> MinorUnits {
        self.debtor.debt.invoices.iter().map(Invoice::outstanding).sum()
    }

    fn invoice(&mut self, id: &str) -> Option<&mut Invoice> {
        self.debtor.debt.invoices.iter_mut().rev().find(|invoice| invoice.id.as_str() == id)
    }

    fn amount(&self, line: &HistoryLine, name: &str) -> Option<MinorUnits> {
        self.parsed(figure(line, name)?)
    }

    fn parsed(&self, amount: &str) -> Option<MinorUnits> {
        Decimal::parse(amount).ok()?.scaled_to(self.exponent)
    }
}
