//! What is said of how commands leave, of the bounds of holds, and of how long things are remembered.

use super::{DO, check, policy_of, stages, warned};

#[test]
fn commands() {
    let of = |fields: &str| format!("commands: {{ {fields} }}\n");
    check(&of("message: { report_within: §0h }"), "no report can come within no time");
    check(&of("provision: { retries: §101 }"), "101 tries are more than any receiver needs");
    check(&of("provision: { retries: §-1 }"), "a whole number is wanted here");
    let cut = "{ provision: { operation: §x, undo: y, cuts_off: true } }";
    check(&of(&format!("provision: {{ then: {cut} }}")), "must be a task");
    check(&of("message: { then: { fee: { code: §x, amount: 1 } } }"), "must be a task");
    check(&of("caps: [ { channel: voice, at_most: §0, per: 7d } ]"), "a cap of 0 lets nothing out");
    check(&of("caps: [ { channel: voice, at_most: 1, per: §0d } ]"), "nothing can be counted");
    check(
        &of("caps: [ { channel: v, at_most: 1, per: 1d }, { channel: §v, at_most: 2, per: 24h } ]"),
        "the cap of `v` for this time is there already, in line 6",
    );
    check(&of("rates: { provision: §0/s }"), "a rate of 0 lets nothing out");
    check(&of("rates: { provision: §50 }"), "is no rate / write it as 500/s");
    let sent = stages("", &[&format!("stage: a, after: 1d, {DO}")]);
    let sent = policy_of(&sent);
    warned(
        &format!("{sent}commands: {{ caps: [ {{ channel: §mail, at_most: 1, per: 1d }} ] }}\n"),
        "nothing is sent by `mail`",
    );
    warned(&format!("{sent}commands: {{ rates: {{ sms: 5/s, §taks: 5/s }} }}\n"), "did you mean `task`?");
}

#[test]
fn the_breaker() {
    let of = |more_than: &str, over: &str, against: &str, at_least: &str| {
        format!(
            "commands: {{ breaker: {{ more_than: {more_than}, over: {over}, against: {against}, at_least: {at_least} }} }}\n"
        )
    };
    check(&of("§1x", "1h", "7d", "9"), "at 1x it would stop the usual number of orders");
    check(&of("§3", "1h", "7d", "9"), "is no multiple / write it as 3x");
    check(&of("3x", "§0h", "7d", "9"), "nothing can be counted");
    check(&of("3x", "24h", "§1d", "9"), "1d cannot show what is usual in 24h");
    check(&of("3x", "1h", "7d", "§0"), "the very first order would be stopped");
    check("commands: { breaker: §{ more_than: 3x } }\n", "`over`, `against`, `at_least` are missing here");
}

#[test]
fn bounds_of_holds_and_of_memory() {
    let of = |bounds: &str| format!("holds: {{ promise: {{ {bounds} }} }}\n");
    check(&of("per: §90d"), "`per` without `at_most` bounds nothing");
    check(&of("at_most: 1, per: §0d"), "nothing can be counted");
    check(&of("no_more_than: §0"), "freezes nothing / write more than 0, or `at_most: 0`");
    check(&of("no_more_than: §-5"), "below zero");
    check(&of("beyond: §senior"), "there is no bound beyond which `senior` may go");
    check(&of("at_most: 1, beyond: §''"), "the text is empty");
    check("holds: { unconfirmed_payment: { valid_for: §0d } }\n", "freezes nothing");
    check("holds: { §promises: { at_most: 1 } }\n", "did you mean `promise`?");
    check("retention: { dedup_window: §0d }\n", "would count again");
    check(
        "retention: { reversal_window: §3d }\n",
        "forgotten while it waits for its invoice: that takes up to 3d",
    );
    check("retention: { reversal_window: §5d, wait_for_invoice: 5d }\n", "takes up to 5d");
    check("retention: { §dedup: 8d }\n", "known here: `dedup_window`, `reversal_window`, `wait_for_invoice`");
}
