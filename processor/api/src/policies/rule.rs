//! A threshold rule: its lines, for whom they are, and what an alert does.

use super::plan::{measures, worded};
use super::told::{ThresholdRule, Worded};
use decision::Policy;
use decision::threshold::{Deliver, Direction, Lines, OnFirst, Threshold, Watch};
use policy::words;

/// A rule of this policy.
pub(super) fn rule(threshold: &Threshold, policy: &Policy) -> ThresholdRule {
    let balance = &threshold.balance;
    let (watches, lines, says) = match &threshold.watch {
        Watch::Lines(lines) => {
            let watches = match lines.direction {
                Direction::Falling => "falls_to",
                Direction::Rising => "rises_to",
            };
            let direction = words::direction(lines.direction);
            let says = format!("{balance} {direction} {}", words::list(&lines.listed));
            (watches, lines.listed.iter().map(ToString::to_string).collect(), says)
        }
        Watch::Expiry { before } => {
            let says = format!("{balance} expires in {}", words::period(*before));
            ("expires_in", vec![before.to_string()], says)
        }
    };
    let lines_of = match &threshold.watch {
        Watch::Lines(lines) => Some(lines),
        // What has expired has no lines, and does not recover.
        Watch::Expiry { before: _ } => None,
    };
    ThresholdRule {
        rule: threshold.id.to_string(),
        balance: balance.to_string(),
        unit: policy.balances.get(balance).map(|unit| unit.as_str().to_owned()),
        watches: watches.to_owned(),
        lines,
        says,
        observe: threshold.observe,
        rules: rules(threshold, lines_of),
        measures: measures(&threshold.measures),
        recovered: lines_of.map(|lines| measures(&lines.recovered)).unwrap_or_default(),
    }
}

/// For whom a rule is, when it is armed again, and how often it is told.
fn rules(threshold: &Threshold, lines: Option<&Lines>) -> Vec<Worded> {
    let when = threshold.when.as_deref().map(|condition| format!("only accounts with {condition:?}"));
    let too_late = |age| format!("an alert is not sent once its event is {} old", words::period(age));
    let mut told = Vec::new();
    told.extend(when.map(|says| worded("when", says)));
    told.extend(lines.into_iter().flat_map(of_lines));
    told.extend(threshold.max_age.map(|age| worded("max_age", too_late(age))));
    told
}

fn of_lines(lines: &Lines) -> Vec<Worded> {
    let every = lines.every.map(|step| format!("beyond the last line there is another every {step}"));
    let by_itself = lines.hysteresis.to_string().bytes().all(|digit| digit == b'0' || digit == b'.');
    let armed = if by_itself {
        "a line is armed again once the value has come back across it".to_owned()
    } else {
        format!("a line is armed again once the value has come back {} beyond it", lines.hysteresis)
    };
    let on_first = match lines.on_first {
        OnFirst::Silent => None,
        OnFirst::Fire => Some("the very first value seen may fire"),
    };
    let deliver = match lines.deliver {
        Deliver::All => None,
        Deliver::Severest => Some("of several lines crossed at once only the furthest is told"),
    };
    let quiet = |cooldown| format!("for {} after an alert there is no other", words::period(cooldown));
    let all = [
        ("every", every),
        ("hysteresis", Some(armed)),
        ("on_first", on_first.map(str::to_owned)),
        ("deliver", deliver.map(str::to_owned)),
        ("cooldown", lines.cooldown.map(quiet)),
    ];
    all.into_iter().filter_map(|(kind, says)| Some(worded(kind, says?))).collect()
}
