//! What an account's invoices and holds are to those who look at it: which come first, and what a hold is called.

use crate::answers::{Account, Hold, Invoice};
use crate::figures::is_something;
use crate::visitor::Visitor;

impl Account {
    /// The invoices of which something is to be paid, and then those of which nothing is.
    pub(crate) fn invoices_by_open(&self) -> [Vec<&Invoice>; 2] {
        let (open, paid) = self.invoices.iter().partition(|invoice| is_something(&invoice.outstanding));
        [open, paid]
    }
}

impl Hold {
    /// What people call it, since nobody knows its id: by its day and amount.
    pub(crate) fn called(&self, currency: Option<&str>, v: &Visitor) -> String {
        let day = self.made_at.local.split(' ').next().unwrap_or_default();
        let currency = currency.map(|currency| format!("\u{a0}{currency}")).unwrap_or_default();
        format!("{} {} {day}, {}{currency}", v.w("hold", &self.kind), v.t("holds.of"), v.g(&self.amount))
    }

    /// Whether it is paid off.
    pub(crate) fn is_paid_off(&self) -> bool {
        matches!(self.kind.as_str(), "promise" | "instalments")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_called_by_its_day_and_amount_and_not_by_an_id_that_nobody_knows() {
        let hold: Hold = serde_json::from_value(serde_json::json!({
            "id": "console-c438", "kind": "dispute", "amount": "1141.840", "freezes": "0.000", "paid": "0.000",
            "invoices": [], "until": null, "is_upheld": true, "by": "anna",
            "made_at": { "at": "2026-06-11T08:00:00Z", "local": "2026-06-11 09:00" },
        }))
        .unwrap();
        let called = hold.called(Some("TND"), &crate::tests::visitor());
        assert_eq!(called, "Dispute of 2026-06-11, 1\u{a0}141.840\u{a0}TND");
    }

    #[test]
    fn what_is_to_be_paid_stands_apart_from_what_is_paid() {
        let mut account = crate::tests::account();
        let invoice = |(id, outstanding): (&str, &str)| serde_json::json!({ "id": id, "due": "2026-03-10", "amount": "9.00", "paid": "0.00", "outstanding": outstanding });
        let invoices = [("B1", "0.00"), ("B2", "9.00"), ("B3", "0.01")].map(invoice);
        account.invoices = invoices.map(|invoice| serde_json::from_value(invoice).unwrap()).into();
        let ids =
            |some: &[&Invoice]| some.iter().map(|invoice| invoice.id.clone()).collect::<Vec<_>>().join(" ");
        let [open, paid] = account.invoices_by_open();
        assert_eq!((ids(&open), ids(&paid)), ("B2 B3".to_owned(), "B1".to_owned()));
    }
}
