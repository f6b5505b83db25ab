//! What becomes of holds, commands, templates and retention.

use super::order::by_name;
use super::teller::Teller;
use super::uses::Uses;
use super::{Change, measure};
use crate::words;
use decision::policy::{Breaker, Cap, CommandRules, Delivery, HoldBounds, HoldRules, Retention, Texts};
use decision::time::Period;
use std::collections::BTreeMap;

pub(super) fn holds(changes: &mut Vec<Change>, old: &HoldRules, new: &HoldRules) {
    let HoldRules { dispute, promise, deferral, instalments, unconfirmed_valid_for } = new;
    let kinds = [
        ("promise", &old.promise, promise),
        ("deferral", &old.deferral, deferral),
        ("instalments", &old.instalments, instalments),
        ("dispute", &old.dispute, dispute),
    ];
    for (kind, old, new) in kinds {
        let mut of = Teller::new(changes, format!("hold {kind}"), Vec::new());
        // No bounds, and bounds that bound nothing, are the same.
        let none = HoldBounds::default();
        bounds(&mut of, old.as_ref().unwrap_or(&none), new.as_ref().unwrap_or(&none));
    }
    let mut of = Teller::new(changes, "hold unconfirmed_payment".to_owned(), Vec::new());
    of.field("valid for", old.unconfirmed_valid_for, unconfirmed_valid_for);
}

fn bounds(of: &mut Teller<'_>, old: &HoldBounds, new: &HoldBounds) {
    let HoldBounds { at_most, per, no_longer_than, no_more_than, beyond } = new;
    of.optional("at most", how_many(old.at_most, old.per), how_many(*at_most, *per));
    of.optional("no longer than", old.no_longer_than, *no_longer_than);
    of.optional_number("no more than", old.no_more_than, *no_more_than);
    of.optional("beyond that by", old.beyond.as_ref(), beyond.as_ref());
}

fn how_many(at_most: Option<u32>, per: Option<Period>) -> Option<String> {
    at_most.map(|count| match per {
        Some(per) => format!("{count} per {per}"),
        None => format!("{count} at one time"),
    })
}

pub(super) fn commands(changes: &mut Vec<Change>, old: &CommandRules, new: &CommandRules) {
    let CommandRules { message, provision, caps, rates, breaker: breaks } = new;
    let mut of = Teller::new(changes, "commands".to_owned(), Vec::new());
    delivery(&mut of.part("message"), &old.message, message);
    delivery(&mut of.part("provision"), &old.provision, provision);
    let (was, is) = (caps_by_name(&old.caps), caps_by_name(caps));
    for ((channel, per), old, new) in by_name(&was, &is) {
        let often = |cap: &&Cap| format!("{} per {per}", cap.at_most);
        of.optional(&format!("{channel} at most"), old.map(often), new.map(often));
    }
    for (name, old, new) in by_name(&old.rates, rates) {
        let rate = |rate: &u32| format!("{rate}/s");
        of.optional(&format!("{name} rate"), old.map(rate), new.map(rate));
    }
    breaker(&mut of, old.breaker.as_ref(), breaks.as_ref());
}

fn delivery(of: &mut Teller<'_>, old: &Delivery, new: &Delivery) {
    let Delivery { report_within, retries, then } = new;
    of.optional("report within", old.report_within, *report_within);
    of.field("retries", old.retries, retries);
    measure::one(&mut of.part("then"), old.then.as_ref(), then.as_ref());
}

/// Caps by channel and time: a channel may have one for the day and another for the week.
fn caps_by_name(caps: &[Cap]) -> BTreeMap<(&str, String), &Cap> {
    let key = |cap: &Cap| {
        let Cap { channel: _, at_most: _, per } = cap;
        per.to_string()
    };
    caps.iter().map(|cap| ((cap.channel.as_str(), key(cap)), cap)).collect()
}

fn breaker(of: &mut Teller<'_>, old: Option<&Breaker>, new: Option<&Breaker>) {
    match (old, new) {
        (Some(old), Some(new)) => {
            let Breaker { more_than, over, against, at_least } = new;
            let mut of = of.part("breaker");
            if !words::is_same_number(old.more_than, *more_than) {
                of.field("more than", format!("{}x", old.more_than), format!("{more_than}x"));
            }
            of.field("over", old.over, over);
            of.field("against", old.against, against);
            of.field("at least", old.at_least, at_least);
        }
        (None, Some(Breaker { more_than, over, against, at_least })) => of.say(format!(
            "breaker is new (more than {more_than}x over {over} against {against}, at least {at_least})"
        )),
        (Some(_), None) => of.say("breaker is gone".to_owned()),
        (None, None) => {}
    }
}

pub(super) fn templates(changes: &mut Vec<Change>, uses: &Uses<'_>, old: &dyn Texts, new: &dyn Texts) {
    for ((template, language), old, new) in by_name(&old.written(), &new.written()) {
        let what = match (old, new) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(_), Some(_)) => "text changed",
            (None, _) => "is new",
            (_, None) => "is gone",
        };
        let groups = uses.template(template);
        Teller::new(changes, format!("template {template}, {language}"), groups).say(what.to_owned());
    }
}

pub(super) fn retention(changes: &mut Vec<Change>, old: &Retention, new: &Retention) {
    let Retention { dedup, reversal, wait_for_invoice } = new;
    let mut of = Teller::new(changes, "retention".to_owned(), Vec::new());
    of.field("dedup window", old.dedup, dedup);
    of.field("reversal window", old.reversal, reversal);
    of.field("wait for invoice", old.wait_for_invoice, wait_for_invoice);
}
