//! What becomes of threshold rules. They are for all accounts, whatever their group.

use super::order::{Pair, pairs};
use super::teller::Teller;
use super::{Change, measure};
use crate::words;
use decision::threshold::{Line, Lines, Threshold, Watch};

pub(super) fn thresholds(changes: &mut Vec<Change>, old: &[Threshold], new: &[Threshold]) {
    for pair in pairs(old, new, |rule| rule.id.to_string()) {
        let (Pair::New(rule) | Pair::Gone(rule) | Pair::Kept { old: _, new: rule, moved: _ }) = &pair;
        let mut of = Teller::new(changes, format!("threshold {}", rule.id), Vec::new());
        match &pair {
            Pair::New(rule) => of.say(format!("is new ({} {})", rule.balance, watched(&rule.watch))),
            Pair::Gone(_) => of.say("is gone".to_owned()),
            Pair::Kept { old, new, moved } => {
                if let Some(place) = moved {
                    of.say(format!("moved {place}"));
                }
                threshold(&mut of, old, new);
            }
        }
    }
}

fn threshold(of: &mut Teller<'_>, old: &Threshold, new: &Threshold) {
    let Threshold { id: _, balance, when, watch, max_age, measures, observe } = new;
    of.field("balance", &old.balance, balance);
    of.optional("when", words::condition(old.when.as_deref()), words::condition(when.as_deref()));
    match (&old.watch, watch) {
        (Watch::Lines(old), Watch::Lines(new)) => lines(of, old, new),
        (Watch::Expiry { before: old }, Watch::Expiry { before: new }) => of.field("expires in", old, new),
        (Watch::Lines(_), Watch::Expiry { .. }) | (Watch::Expiry { .. }, Watch::Lines(_)) => {
            of.field("alerts when it", watched(&old.watch), watched(watch));
        }
    }
    of.optional("max age", old.max_age, *max_age);
    of.yes_no("observe", old.observe, *observe);
    measure::measures(of, &old.measures, measures);
    measure::measures(&mut of.part("recovered"), recovered(&old.watch), recovered(watch));
}

fn recovered(watch: &Watch) -> &[decision::policy::Measure] {
    match watch {
        Watch::Lines(lines) => &lines.recovered,
        // What has expired does not recover.
        Watch::Expiry { before: _ } => &[],
    }
}

fn watched(watch: &Watch) -> String {
    match watch {
        Watch::Lines(lines) => {
            format!("{} {}", words::direction(lines.direction), words::list(&lines.listed))
        }
        Watch::Expiry { before } => format!("expires in {before}"),
    }
}

fn lines(of: &mut Teller<'_>, old: &Lines, new: &Lines) {
    // Measures are told in one place for all rules.
    let Lines { direction, listed, every, hysteresis, on_first, deliver, cooldown, recovered: _ } = new;
    let is_same = old.listed.len() == listed.len()
        && old.listed.iter().zip(listed).all(|(old, new)| is_same_line(old, new));
    if old.direction != *direction {
        let (was, is) = (words::list(&old.listed), words::list(listed));
        let (fell, falls) = (words::direction(old.direction), words::direction(*direction));
        of.field("alerts when it", format!("{fell} {was}"), format!("{falls} {is}"));
    } else if !is_same {
        of.field("lines", words::list(&old.listed), words::list(listed));
    }
    match (&old.every, every) {
        (Some(old), Some(new)) if is_same_line(old, new) => {}
        (old, new) => of.optional("every", old.as_ref(), new.as_ref()),
    }
    of.number("hysteresis", old.hysteresis, *hysteresis);
    of.field("on first", words::on_first(old.on_first), words::on_first(*on_first));
    of.field("deliver", words::deliver(old.deliver), words::deliver(*deliver));
    of.optional("cooldown", old.cooldown, *cooldown);
}

/// Whether two lines are the same, however many zeros they are written with.
fn is_same_line(old: &Line, new: &Line) -> bool {
    match (old, new) {
        (Line::Amount(old), Line::Amount(new)) | (Line::Percent(old), Line::Percent(new)) => {
            words::is_same_number(*old, *new)
        }
        (Line::Amount(_), Line::Percent(_)) | (Line::Percent(_), Line::Amount(_)) => false,
    }
}
