//! What was found of a threshold rule, in words.

use super::{Finding, command};
use crate::customer::Customer;
use decision::money::MinorUnits;
use decision::policy::Unit;
use decision::time::Timestamp;
use decision::why_not::threshold::Finding as Found;

/// The findings in words, of a balance of this unit.
pub(super) fn tell(findings: &[Found], customer: &Customer, unit: Option<Unit>) -> Vec<Finding> {
    let is_observed = findings.contains(&Found::Observed);
    let words = Words { customer, unit, is_observed };
    findings.iter().map(|finding| words.finding(finding)).collect()
}

struct Words<'a> {
    customer: &'a Customer,
    unit: Option<Unit>,
    /// Whether the rule only observes: its alerts were not sent.
    is_observed: bool,
}

impl Words<'_> {
    fn finding(&self, found: &Found) -> Finding {
        match found {
            Found::NoSnapshot { waiting } => no_snapshot(*waiting),
            Found::NotForAccount { condition } => {
                let says = format!("the rule is not for this account: {condition} does not hold");
                let acts = "a snapshot of the account for which it holds";
                Finding::new("not_for_account", says).acts(acts).fact("condition", condition)
            }
            Found::NeverReported { balance } => {
                let says = format!("the balance {balance} was never reported");
                Finding::new("never_reported", says).acts("an event of the balance").fact("balance", balance)
            }
            Found::NoLimit { line } => {
                let says = format!("line {line}: there is no limit that it could be a part of");
                let acts = "a limit with the balance's events; for money also the account's credit limit";
                Finding::new("no_limit", says).acts(acts).fact("line", line)
            }
            Found::NotReached { line, value, acts_at } => self.not_reached(line, *value, *acts_at),
            Found::BeyondUncrossed { line, value, back_at, acts_at } => {
                self.not_crossed(line, *value, *back_at, *acts_at)
            }
            Found::Fired { line, value, armed_at, announced } => {
                self.fired(line, *value, *armed_at, *announced)
            }
            Found::NoValidity { balance } => {
                let says = format!("the balance {balance} does not say until when it is valid");
                let acts = "an event of the balance with `valid_until`";
                Finding::new("no_validity", says).acts(acts).fact("balance", balance)
            }
            Found::ExpiresLater { valid_until, due } => {
                let says = format!("that the balance expires at {} is said before", self.local(*valid_until));
                self.of_validity("expires_later", says, *valid_until).at(*due, self.customer)
            }
            Found::ExpiryAnnounced { valid_until } => {
                let says = format!("that the balance expires at {} was said, once", self.local(*valid_until));
                self.of_validity("expiry_announced", says, *valid_until).acts("another `valid_until`")
            }
            Found::Expired { valid_until } => {
                let says = format!("the balance expired at {}", self.local(*valid_until));
                self.of_validity("expired", says, *valid_until).acts("a later `valid_until`")
            }
            Found::Alerted { at } => self.alerted(*at),
            Found::CoolsDown { until, cooldown } => {
                let says =
                    format!("a line that fires in the cooldown of {cooldown} after an alert makes none");
                Finding::new("cooldown", says).until(*until, self.customer).fact("cooldown", cooldown)
            }
            Found::MaxAge { max_age } => {
                let says = format!("an alert whose event is older than {max_age} is recorded, and not sent");
                Finding::new("max_age", says).fact("max_age", max_age)
            }
            Found::Observed => {
                let says = "the rule or the policy has `observe`: it decides and records, and sends nothing";
                Finding::new("observe", says).acts("a version of the policy without `observe`")
            }
            Found::Obstacle(obstacle) => command::obstacle(obstacle, self.customer),
            Found::UnderWay(view) => command::view(view, self.customer),
        }
    }

    fn local(&self, at: Timestamp) -> String {
        self.customer.local(at)
    }

    fn value(&self, value: MinorUnits) -> String {
        self.customer.value(value, self.unit)
    }

    /// `5.00 or below`, as far as the value is from there.
    fn or_beyond(&self, at: MinorUnits, value: MinorUnits) -> String {
        format!("{} or {}", self.value(at), if at < value { "below" } else { "above" })
    }

    fn not_reached(&self, line: &str, value: MinorUnits, acts_at: MinorUnits) -> Finding {
        let says = format!("line {line} is not reached: the balance is {}", self.value(value));
        Finding::new("not_reached", says)
            .acts(format!("the balance at {}", self.or_beyond(acts_at, value)))
            .fact("line", line)
            .fact("value", self.value(value))
            .fact("acts_at", self.value(acts_at))
    }

    fn not_crossed(
        &self,
        line: &str,
        value: MinorUnits,
        back_at: MinorUnits,
        acts_at: MinorUnits,
    ) -> Finding {
        let (back, acts) = (self.value(back_at), self.value(acts_at));
        let value = self.value(value);
        let says = format!(
            "line {line}: the balance is {value}, beyond it, and never crossed it while it was armed"
        );
        Finding::new("not_crossed", says)
            .acts(format!("the balance back at {back}, and then at {acts}"))
            .fact("line", line)
            .fact("value", value)
            .fact("back_at", back)
            .fact("acts_at", acts)
    }

    fn fired(&self, line: &str, value: MinorUnits, armed_at: MinorUnits, announced: bool) -> Finding {
        let silent = if announced { "" } else { ", with no alert that was sent" };
        let at = self.value(value);
        let says = format!("line {line} has fired{silent}, and is not armed again: the balance is {at}");
        let armed = self.or_beyond(armed_at, value);
        Finding::new("fired", says)
            .acts(format!("armed again at {armed}, by a new period or by a person"))
            .fact("line", line)
            .fact("value", at)
            .fact("armed_at", self.value(armed_at))
            .fact("announced", announced)
    }

    fn of_validity(&self, finding: &'static str, says: String, valid_until: Timestamp) -> Finding {
        Finding::new(finding, says).fact("valid_until", self.local(valid_until))
    }

    fn alerted(&self, at: Timestamp) -> Finding {
        let only = if self.is_observed { ", which was only recorded," } else { "" };
        let at = self.local(at);
        Finding::new("alerted", format!("it has acted: its last alert{only} was at {at}")).fact("at", at)
    }
}

fn no_snapshot(waiting: usize) -> Finding {
    let waits = match waiting {
        0 => String::new(),
        1 => "; 1 change of the balance waits for it".to_owned(),
        several => format!("; {several} changes of the balance wait for it"),
    };
    Finding::new("no_snapshot", format!("the account's snapshot has not come{waits}"))
        .acts("the snapshot of the account")
        .fact("waiting", waiting)
}
