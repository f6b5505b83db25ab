//! What bounds holds, and how long things are remembered.

use super::Checker;
use crate::file::{HoldBoundsFile, HoldsFile, Length, RetentionFile};
use crate::yaml::Spanned;
use decision::policy::{HoldBounds, HoldRules, Retention};
use decision::time::Period;

impl Checker<'_> {
    pub(super) fn holds(&mut self, holds: &HoldsFile) -> HoldRules {
        let valid_for = holds.unconfirmed_payment.as_ref().map(|payment| &payment.valid_for);
        if let Some(valid_for) = valid_for {
            self.some_time(valid_for, "a payment that is valid for no time freezes nothing");
        }
        let unset = HoldRules::default();
        HoldRules {
            dispute: holds.dispute.as_ref().map(|bounds| self.bounds(bounds)),
            promise: holds.promise.as_ref().map(|bounds| self.bounds(bounds)),
            deferral: holds.deferral.as_ref().map(|bounds| self.bounds(bounds)),
            instalments: holds.instalments.as_ref().map(|bounds| self.bounds(bounds)),
            unconfirmed_valid_for: valid_for
                .map_or(unset.unconfirmed_valid_for, |valid_for| valid_for.value.0),
        }
    }

    fn bounds(&mut self, bounds: &HoldBoundsFile) -> HoldBounds {
        if let Some(per) = &bounds.per {
            self.some_time(per, "in no time nothing can be counted");
            if bounds.at_most.is_none() {
                let message = "`per` without `at_most` bounds nothing";
                self.error("contradiction", per.span, message, "say how many by `at_most`");
            }
        }
        if let Some(most) = &bounds.no_more_than
            && most.value.0.scaled_to(3).is_some_and(|units| units.0 == 0)
        {
            let message = "a hold of no more than 0 freezes nothing";
            self.error("wrong-value", most.span, message, "write more than 0, or `at_most: 0` to allow none");
        }
        let bounds_something =
            bounds.at_most.is_some() || bounds.no_longer_than.is_some() || bounds.no_more_than.is_some();
        if let Some(role) = &bounds.beyond {
            self.some_text(role);
            if !bounds_something {
                let message = format!("there is no bound beyond which `{}` may go", role.value);
                let help = "give `at_most`, `no_longer_than` or `no_more_than`";
                self.error("contradiction", role.span, message, help);
            }
        }
        HoldBounds {
            at_most: bounds.at_most,
            per: bounds.per.as_ref().map(|per| per.value.0),
            no_longer_than: bounds.no_longer_than.as_ref().map(|longest| longest.0),
            no_more_than: bounds.no_more_than.as_ref().map(|most| self.money(most)),
            beyond: bounds.beyond.as_ref().map(|role| role.value.clone()),
        }
    }

    pub(super) fn retention(&mut self, file: &RetentionFile) -> Retention {
        let unset = Retention::default();
        let or =
            |length: Option<&Spanned<Length>>, unset: Period| length.map_or(unset, |length| length.value.0);
        let retention = Retention {
            dedup: or(file.dedup_window.as_ref(), unset.dedup),
            reversal: or(file.reversal_window.as_ref(), unset.reversal),
            wait_for_invoice: file.wait_for_invoice.as_ref().map_or(unset.wait_for_invoice, |wait| wait.0),
        };
        if let Some(dedup) = &file.dedup_window {
            self.some_time(dedup, "an event that comes again at once would count again");
        }
        if let Some(reversal) = &file.reversal_window
            && retention.reversal.nominal_micros() <= retention.wait_for_invoice.nominal_micros()
        {
            let message = format!(
                "a payment would be forgotten while it waits for its invoice: that takes up to {}",
                retention.wait_for_invoice
            );
            self.error("contradiction", reversal.span, message, "write a longer time");
        }
        retention
    }
}
