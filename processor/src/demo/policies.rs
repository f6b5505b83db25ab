//! The policies that the demo goes by: the synthetic operator's, with what a page of the console can show beside it
//! (personal managers, hours, bounds, a breaker), and a second version that holds from some day on.
//!
//! Both are made out of the operator's own policy, which tests and simulated worlds go by as it is.

use decision::Policies;
use decision::time::Date;
use loadtest::generate::DEMO_POLICY;
use miette::IntoDiagnostic;

/// Days from the first one until the second version holds: 20 seconds, as long as a day takes two.
pub(crate) const SECOND_AFTER_DAYS: i32 = 10;

/// What more than so many of a thousand subscribers cut off in a day is: far more than usual. On the third day, when
/// the debts of old are all barred at once, it is some 90.
const FAR_MORE_PER_MILLE: u32 = 240;

/// What the demo's policy has beside the operator's.
const MORE: &str = "
managers:
  vip-desk: { personal: [amal, boris], change: [senior, manager, admin] }
  business-desk: {}

windows:
  waking: { mon-sun: \"08:00-21:00\" }

holds:
  promise: { at_most: 3, per: 90d, no_longer_than: 30d, beyond: manager }
  deferral: { at_most: 1, per: 90d, no_longer_than: 30d, beyond: manager }
  dispute: { at_most: 3, per: 365d, beyond: manager }
";

/// What the operator's policy says, and what the demo's says there.
const FIRST: [(&str, &str); 4] = [
    ("== \"vip\"', group: vip }", "== \"vip\"', group: vip, managers: vip-desk }"),
    ("== \"business\"', group: business }", "== \"business\"', group: business, managers: business-desk }"),
    ("class: reminder,", "class: reminder, window: waking,"),
    ("channel: sms, class: statutory,", "channel: sms, class: statutory, window: waking,"),
];

/// What the first version says, and what the second says there: consumers are barred two days later, and hear of
/// low balances earlier.
const SECOND: [(&str, &str); 2] = [
    ("after: 5d\n        if_debt: 10.00", "after: 7d\n        if_debt: 10.00"),
    ("falls_to: [5.00, 2.00, 0.50]", "falls_to: [10.00, 5.00, 2.00, 0.50]"),
];

/// Both versions, for so many subscribers, from this day on.
pub(crate) fn policies(subscribers: u32, start: Date) -> miette::Result<Policies> {
    let from = start.plus_days(SECOND_AFTER_DAYS);
    let versions = [first(subscribers), second(subscribers, from)];
    let parsed = versions.iter().map(|text| Ok(policy::parse("demo.policy.yaml", text)?.policy));
    Policies::new(parsed.collect::<miette::Result<_>>()?).into_diagnostic()
}

fn first(subscribers: u32) -> String {
    let more = u64::from(subscribers).saturating_mul(u64::from(FAR_MORE_PER_MILLE)) / 1_000;
    let breaker = format!("breaker: {{ more_than: 3x, over: 1d, against: 30d, at_least: {} }}", more.max(8));
    let caps = "caps: [ { channel: sms, at_most: 6, per: 7d } ]";
    format!("{}{MORE}\ncommands:\n  {caps}\n  {breaker}\n", with(DEMO_POLICY, &FIRST))
}

fn second(subscribers: u32, from: Date) -> String {
    let version = format!("version: \"2\"\neffective_from: {from}");
    with(&first(subscribers), &SECOND).replacen("version: \"1\"", &version, 1)
}

fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use decision::time::Zone;

    #[track_caller]
    fn check(text: &str, changes: &[(&str, &str)]) {
        for (from, _) in changes {
            assert!(text.contains(from), "«{from}» is not in it any more");
        }
    }

    #[test]
    fn what_the_demo_says_otherwise_is_there_to_be_said_otherwise() {
        check(DEMO_POLICY, &FIRST);
        check(&first(2_000), &SECOND);
    }

    #[test]
    fn the_second_version_holds_from_the_tenth_day_on_and_both_are_as_a_page_wants_to_show_them() {
        let start = Date::from_days(20_514).unwrap();
        let policies = policies(2_000, start).unwrap();
        let at = |days| policies.at(Zone::utc().start_of(start.plus_days(days))).clone();
        let label = |days| at(days).identity.version.clone();
        assert_eq!([&*label(9), &*label(11)], ["1", "2"]);
        for version in policies.versions() {
            assert_eq!(version.commands.breaker.as_ref().unwrap().at_least, 480);
            assert_eq!(version.commands.caps.len(), 1);
        }
    }

    #[test]
    fn an_operator_however_small_has_a_policy() {
        for subscribers in [3, 300, 200_000] {
            assert!(policies(subscribers, Date::from_days(20_514).unwrap()).is_ok(), "{subscribers}");
        }
    }
}
