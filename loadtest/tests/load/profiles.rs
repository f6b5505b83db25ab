//! Profile files: those that ship, and every fault that one may have.

use loadtest::generate::PerMille;
use loadtest::load::{Profile, ProfileError, Work};
use std::error::Error;

const GOOD: &str = "about = \"a day\"\n[people]\nprepaid_permille = 500\nskew = 0.8\n[mix]\nmoney = 5\ndata = 4\ninvoices = 1\n";

#[test]
fn every_profile_that_ships_is_good() {
    let names: Vec<&str> = Profile::names().collect();
    assert_eq!(names, ["prepaid-rush", "month-end-invoicing", "midnight-timers", "payday", "mixed"]);
    for name in names {
        let profile =
            Profile::parse(name, Profile::shipped(name).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!profile.about.is_empty());
    }
    assert_eq!(Profile::shipped("mixd"), None);
}

/// A profile with this in place of that: what is said of it.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert!(GOOD.contains(from), "{from}");
    let error = Profile::parse("p.toml", &GOOD.replacen(from, to, 1)).expect_err(to);
    let said = match &error {
        ProfileError::Parse { source, .. } => format!("{error}: {}", source.message()),
        ProfileError::Read { .. } | ProfileError::Wrong { .. } => error.to_string(),
    };
    assert!(said.contains("p.toml") && said.contains(expected), "{to}: {said}");
}

#[test]
fn each_fault_of_a_profile_is_named_with_what_would_be_right() {
    assert!(Profile::parse("p.toml", GOOD).is_ok());
    check("money = 5", "mony = 5", "unknown field `mony`");
    check("money = 5\n", "", "missing field `money`");
    check("skew = 0.8", "skew = 3", "people.skew is 3; it must be from 0 to 2");
    check("skew = 0.8", "skew = nan", "people.skew is NaN");
    check("= 500", "= 1500", "people.prepaid_permille is 1500; it is of a thousand");
    check("= 500", "= 0", "mix.money asks for prepaid accounts");
    check("= 500", "= 1000", "mix.invoices asks for postpaid accounts");
    check("money = 5\ndata = 4", "money = 0\ndata = 0", "mix has neither money nor data");
    check("money = 5", "money = 2000000", "mix has a part above 1000000");
    check(
        "invoices = 1\n",
        "invoices = 1\n[money]\nuse_cents = [9, 3]\n",
        "money.use_cents is [9, 3]; it must rise",
    );
    check("invoices = 1\n", "invoices = 1\n[money]\nuse_cents = [0, 3]\n", "lie from 1 to");
    check("invoices = 1\n", "invoices = 1\n[money]\ntop_up_cents = []\n", "money.top_up_cents is empty");
    check(
        "invoices = 1\n",
        "invoices = 1\n[money]\ntop_up_cents = [40]\n",
        "has 40, less than the largest use (50)",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[data]\nuse_permille = [5, 1001]\n",
        "data.use_permille is [5, 1001]",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[debts]\nlate_permille = 600\npartial_permille = 500\n",
        "debts add up to 1100",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[waves]\nevery = \"10s\"\nlast = \"20s\"\n",
        "waves.last must be above 0 and at most",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[waves]\nevery = \"10s\"\nlast = \"900ms\"\n",
        "waves.last is too short: 1 of 10 events",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[waves]\nevery = \"ten\"\nlast = \"1s\"\n",
        "«ten» is no length of time; write it as 90s",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[payday]\nevery = \"15s\"\n",
        "payday.every is 15s; it must be above 0 and at most 14s",
    );
    check(
        "invoices = 1\n",
        "invoices = 1\n[timers]\nat = \"5s\"\naccounts_permille = 0\n",
        "is 0: leave [timers] out",
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Profile::load(std::path::Path::new("nowhere/else.toml")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the profile nowhere/else.toml");
    assert!(error.source().is_some());
}

#[test]
fn of_the_shared_work_no_payment_bounces_and_nothing_is_reported() {
    let whole = Profile::parse("mixed", Profile::shipped("mixed").unwrap()).unwrap();
    assert!(whole.debts.bounced > PerMille::NEVER && whole.reports.answered > PerMille::NEVER);
    let shared = whole.clone().limited_to(Work::Shared);
    assert_eq!(shared.debts.bounced, PerMille::NEVER);
    assert_eq!(shared.debts.late.get(), whole.debts.late.get() + whole.debts.bounced.get());
    assert_eq!(shared.reports.answered, PerMille::NEVER);
    assert_eq!(whole.clone().limited_to(Work::Whole), whole);
}
