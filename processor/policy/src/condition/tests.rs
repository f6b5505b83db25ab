//! Conditions, by what they say of one account and invoice, and by what is wrong with them.

use super::check::Problem;
use super::*;
use decision::account::{AttributeKind, AttributeValue, PaymentMode};
use decision::ids::{InvoiceId, Language};
use decision::money::{Currency, MinorUnits};
use decision::time::{Date, Timestamp, Zone};

fn conditions() -> Conditions {
    let defaults = Defaults {
        zone: Zone::utc(),
        currency: Currency::parse("EUR").unwrap(),
        language: Language::from("en"),
    };
    let attribute =
        |name: &str, kind, default| AttributeRule { name: name.to_owned(), kind, required: false, default };
    Conditions::new(
        defaults,
        vec![
            attribute("vip", AttributeKind::Bool, Some(AttributeValue::Boolean(false))),
            attribute("region", AttributeKind::String, Some(AttributeValue::String("unknown".to_owned()))),
            attribute("since", AttributeKind::Date, None),
            attribute("score", AttributeKind::Int, None),
        ],
    )
}

fn account() -> Snapshot {
    Snapshot {
        payment_mode: PaymentMode::Hybrid,
        currency: None,
        language: None,
        time_zone: None,
        credit_limit: Some(MinorUnits(5_000)),
        contacts: Default::default(),
        opt_outs: Vec::new(),
        services: Vec::new(),
        attributes: [("score".to_owned(), AttributeValue::Long(7))].into_iter().collect(),
        closed: false,
    }
}

fn invoice() -> Invoice {
    Invoice {
        id: InvoiceId::from("B1"),
        amount: MinorUnits(2_500),
        adjusted: MinorUnits::ZERO,
        paid: MinorUnits::ZERO,
        issued: Date::parse("2026-03-01").unwrap(),
        due: Date::parse("2026-03-10").unwrap(),
        service: None,
        provider: None,
        kind: None,
        booked_at: Timestamp(0),
        closed_at: None,
        kept_out: false,
        announced: Vec::new(),
    }
}

#[track_caller]
fn check(text: &str, expected: bool) {
    let condition = conditions().compile(text, Over::AccountAndInvoice).unwrap();
    assert_eq!(condition.holds(&account(), Some(&invoice())), expected, "{text}");
}

#[test]
fn a_condition_sees_the_account_and_the_invoice_and_nothing_is_absent() {
    check(r#"account.payment_mode == "hybrid""#, true);
    check(r#"account.currency == "EUR" && account.language == "en""#, true);
    check("account.credit_limit_minor >= 5000", true);
    check("account.attributes.vip", false);
    check("!account.attributes.vip", true);
    check(r#"account.attributes.region in ["unknown", "north"]"#, true);
    check(r#"account.attributes.since < "2026-01-01""#, true);
    check("account.attributes.score * 2 == 14", true);
    check(r#"invoice.kind != "deposit""#, true);
    check("invoice.amount_minor > 2500", false);
    check(r#"invoice.due >= "2026-03-10""#, true);
    check(r#"["a", "hybrid"].exists(mode, mode == account.payment_mode)"#, true);
    check(r#"account.payment_mode.startsWith("hy")"#, true);
}

#[test]
fn what_cannot_be_evaluated_does_not_hold() {
    check("10 / (account.attributes.score - 7) > 0", false);
    let condition = conditions().compile(r#"invoice.kind == """#, Over::AccountAndInvoice).unwrap();
    assert!(!condition.holds(&account(), None));
}

#[track_caller]
fn refused(text: &str, range: Option<(usize, usize)>, message: &str) {
    let problems = conditions().compile(text, Over::Account).unwrap_err();
    let [Problem { range: found, message: said, .. }] = problems.as_slice() else {
        panic!("{text}: {problems:?}");
    };
    assert!(said.contains(message), "{text}: {said}");
    assert_eq!(*found, range, "{text}: {said}");
}

#[test]
fn a_wrong_condition_is_refused_at_its_place() {
    refused("account.", Some((7, 8)), "cannot be read");
    refused("account.colour == \"red\"", Some((0, 14)), "no variable `account.colour`");
    refused("account.attributes.vpi", Some((0, 22)), "no attribute `vpi`");
    refused("invoice.kind == \"x\"", Some((0, 12)), "there is no invoice");
    refused("true && colour", Some((8, 14)), "no variable `colour`");
    refused("account.credit_limit_minor", None, "of type int");
    refused("account.closed == \"yes\"", Some((15, 17)), "never equal");
    refused("account.closed || account.language > 5", Some((35, 36)), "cannot be evaluated");
    refused("false && shout(account.language)", Some((14, 15)), "no function `shout`");
    refused("has(account.attributes.vip)", Some((3, 7)), "`has`");
    refused("account.attributes[\"vip\"]", Some((0, 18)), "no variable `account.attributes`");
    refused(&"x".repeat(1_001), None, "longer than");
}

#[test]
fn deep_conditions_are_refused_not_fallen_over() {
    let chain = format!("account{}", ".a".repeat(490));
    let nested = format!("{}true{}", "(".repeat(490), ")".repeat(490));
    let negated = format!("{}true", "!".repeat(990));
    let minus = format!("1 > {}1", "-(".repeat(300));
    let lists = format!("{}1{} == 1", "[".repeat(400), "]".repeat(400));
    let either = format!("true{}", " || true".repeat(120));
    for text in [chain, nested, negated, minus, lists, either] {
        if let Ok(condition) = conditions().compile(&text, Over::Account) {
            let _ = condition.holds(&account(), None);
        }
    }
    let minus = format!("1 > {}1", "-".repeat(800));
    let sum = format!("0{} == 300", " + 1".repeat(240));
    for text in [minus, sum] {
        let _ = conditions().compile(&text, Over::Account).map(|condition| condition.holds(&account(), None));
    }
    refused(&format!("0{} == 200", "+1".repeat(200)), None, "more than 128 levels");
    check(&format!("0{} == 120", "+1".repeat(120)), true);
    let loops = "[1].all(a, [1].all(b, [1].all(c, true)))";
    refused(loops, Some((29, 30)), "loops lie deeper");
}
