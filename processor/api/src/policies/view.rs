//! A version of the policy as the API tells it, and what changed from one to another, made out of what the core decides
//! by. Nothing is decided here.

use super::Version;
use super::plan::{ladder, worded};
use super::rule::rule;
use super::told::{
    ChannelCap, CommandRate, CutOffBreaker, PolicyChange, PolicyChanges, PolicyGroup, PolicyPage,
    PolicySegment, PolicyVersion, PolicyWindow, Worded,
};
use decision::Policy;
use decision::calendar::Window;
use decision::policy::{Breaker, Cap, Delivery, HoldRules, Segment};
use policy::{difference, words};

/// What a version says.
pub(super) fn page(version: PolicyVersion, policy: &Policy) -> PolicyPage {
    let defaults = &policy.defaults;
    let groups = policy.groups.iter().map(|(name, group)| PolicyGroup {
        name: name.to_string(),
        standard: group.standard.to_string(),
        plans: group.plans.iter().map(ToString::to_string).collect(),
    });
    let commands = &policy.commands;
    let rates = commands.rates.iter();
    PolicyPage {
        version,
        time_zone: defaults.zone.name().to_owned(),
        currency: defaults.currency.to_string(),
        language: defaults.language.to_string(),
        observe: policy.observe,
        segments: policy.segments.iter().map(segment).collect(),
        groups: groups.collect(),
        plans: policy.plans.values().map(|plan| ladder(plan, policy)).collect(),
        thresholds: policy.thresholds.iter().map(|threshold| rule(threshold, policy)).collect(),
        windows: policy.windows.values().map(|window| self::window(window)).collect(),
        holds: holds(&policy.holds),
        tries: [("message", &commands.message), ("order", &commands.provision)]
            .into_iter()
            .filter_map(|(kind, delivery)| Some(worded(kind, tries(delivery)?)))
            .collect(),
        caps: commands.caps.iter().map(cap).collect(),
        rates: rates.map(|(of, rate)| CommandRate { of: of.clone(), per_second: *rate }).collect(),
        breaker: commands.breaker.as_ref().map(breaker),
    }
}

/// What changed; nothing where there is no version before.
pub(super) fn changes(old: Option<&Version>, new: &Version) -> PolicyChanges {
    let changes = old.map(|old| difference::between(&old.policy, &new.policy)).unwrap_or_default();
    let told = |change: difference::Change| {
        let says = change.to_string();
        PolicyChange { subject: change.subject, what: change.what, groups: change.groups, says }
    };
    PolicyChanges {
        since: old.map(|old| old.number),
        number: new.number,
        changes: changes.into_iter().map(told).collect(),
    }
}

fn segment(segment: &Segment) -> PolicySegment {
    let Segment { name, when, group, managers } = segment;
    PolicySegment {
        name: name.to_string(),
        when: when.as_deref().map(|condition| format!("{condition:?}")),
        group: group.to_string(),
        managers: managers.as_ref().map(ToString::to_string),
    }
}

fn window(window: &Window) -> PolicyWindow {
    let hours = words::runs(|day| words::hours(window, day));
    let skips = words::skips(window.skipped.as_ref()).into_iter().filter(|(_, skipped)| *skipped);
    PolicyWindow {
        name: window.name.to_string(),
        hours: hours.into_iter().map(|(days, hours)| format!("{days} {hours}")).collect(),
        skips: skips.map(|(days, _)| days.to_owned()).collect(),
    }
}

fn holds(rules: &HoldRules) -> Vec<Worded> {
    let HoldRules { dispute, promise, deferral, instalments, unconfirmed_valid_for } = rules;
    let kinds =
        [("promise", promise), ("deferral", deferral), ("instalments", instalments), ("dispute", dispute)];
    let bounds = kinds.into_iter().filter_map(|(kind, bounds)| {
        let says = words::bounds(bounds.as_ref()?)?;
        Some(worded(kind, says))
    });
    let valid = format!("freezes the debt for {}", words::period(*unconfirmed_valid_for));
    bounds.chain([worded("unconfirmed_payment", valid)]).collect()
}

/// What is done where a command fails or is not reported; none where nothing is.
fn tries(delivery: &Delivery) -> Option<String> {
    let Delivery { report_within, retries, then } = delivery;
    let report = report_within.map(|within| format!("its end must be reported in {}", words::period(within)));
    let again = match retries {
        0 => None,
        1 => Some("where it failed it is tried once more".to_owned()),
        times => Some(format!("where it failed it is tried {times} times more")),
    };
    let then = then.as_ref().map(|measure| format!("after the last try it {}", words::measure(measure)));
    let parts: Vec<String> = [report, again, then].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn cap(cap: &Cap) -> ChannelCap {
    let Cap { channel, at_most, per } = cap;
    ChannelCap {
        channel: channel.to_string(),
        at_most: *at_most,
        per: per.to_string(),
        says: format!("at most {at_most} in {}", words::period(*per)),
    }
}

fn breaker(breaker: &Breaker) -> CutOffBreaker {
    CutOffBreaker {
        more_than: breaker.more_than.to_string(),
        over: breaker.over.to_string(),
        against: breaker.against.to_string(),
        at_least: breaker.at_least,
        says: words::breaker(breaker),
    }
}
