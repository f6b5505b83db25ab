//! What always holds of plans: what comes again changes nothing; a cycle ends if and only if the rules end it; no
//! stage is early, and no notice is shortened. Each is worked out here from the state alone, without asking
//! the code that decides.

use super::lives::{Seen, a_policy, a_step, a_step_of_reports, noticed_policy, watch};
use crate::command::{Action, Command, Origin};
use crate::cycle::{Cycle, DebtClass, Profile};
use crate::debt::Invoice;
use crate::event::{Body, Outcome};
use crate::ids::{CommandId, InvoiceId};
use crate::money::MinorUnits;
use crate::plan::{Anchor, CountDate, Plan, Stage};
use crate::policy::Policy;
use crate::record::{Record, RecordKind};
use crate::time::{Date, Timestamp, Zone};
use crate::{Debtor, Input};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Why a stage is entered that nobody jumped to or was moved to.
const ITS_TIME: &str = "its time has come";

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_event_that_comes_again_changes_nothing_but_that_it_is_told(
        policy in a_policy(),
        is_known in proptest::bool::weighted(0.8),
        steps in vec(a_step(), 1..40),
    ) {
        watch(policy(), is_known, &steps, |seen| {
            let Some(event) = seen.event else { return };
            let mut again = seen.life.debtor.clone();
            let decisions = crate::decide(&mut again, Input::Event(event), seen.moment, &seen.life.policies);
            assert_eq!(decisions.commands, [], "of {event:?}");
            again.records_made = seen.life.debtor.records_made;
            again.seen.clone_from(&seen.life.debtor.seen);
            again.seen_lately.clone_from(&seen.life.debtor.seen_lately);
            assert_eq!(again, seen.life.debtor, "{event:?} came again");
        });
    }

    #[test]
    fn a_cycle_ends_if_and_only_if_the_rules_end_it(
        policy in a_policy(),
        steps in vec(a_step(), 1..60),
    ) {
        watch(policy(), true, &steps, |seen| {
            for record in seen.decisions.records.iter().filter(|record| record.kind == RecordKind::CycleEnded) {
                an_end_is_due(record, &seen);
            }
            // A balance alone asks nothing of the debt.
            let is_balance = seen.event.is_some_and(|event| matches!(event.body, Body::Balance(_)));
            if !is_balance && seen.decisions.rejection.is_none() && !is_repeated(&seen) {
                nothing_goes_on_for_nothing(&seen);
            }
        });
    }

    #[test]
    fn no_stage_is_early(
        policy in a_policy(),
        steps in vec(a_step(), 1..60),
    ) {
        watch(policy(), true, &steps, |seen| {
            for entry in entered(&seen) {
                entry.is_not_early(&seen);
            }
        });
    }

    #[test]
    fn no_notice_is_shortened(
        policy in prop_oneof![Just(noticed_policy as fn() -> Policy), a_policy()],
        steps in vec(a_step_of_reports(), 1..60),
    ) {
        let mut delivered: BTreeMap<CommandId, Timestamp> = BTreeMap::new();
        watch(policy(), true, &steps, |seen| {
            if let Some(Body::Report(report)) = seen.event.map(|event| &event.body)
                && report.outcome == Outcome::Done
                && seen.decisions.rejection.is_none()
            {
                delivered.entry(report.command_id).or_insert(seen.moment.now);
            }
            for entry in entered(&seen) {
                entry.has_its_notice(&delivered, &seen);
            }
        });
    }
}

fn is_repeated(seen: &Seen<'_>) -> bool {
    seen.decisions.records.iter().any(|record| record.kind == RecordKind::Duplicate)
}

/// A cycle ended: the reason that is told must be so.
fn an_end_is_due(record: &Record, seen: &Seen<'_>) {
    match record.reason.as_str() {
        "exempt" => assert!(seen.life.debtor.exempt, "{record:?}"),
        "cured" => {
            let class = figure(record, "debt_class").and_then(DebtClass::parse).unwrap_or(DebtClass::All);
            let plan = figure(record, "plan").expect("a plan");
            let mut versions = seen.life.policies.versions().iter();
            let plan = versions.find_map(|version| version.plans.get(plan)).expect("a known plan");
            if !plan.rolling {
                let real = match owned_before(record, &class, seen) {
                    // Of several that come from a rolling plan each goes on with what it owns.
                    Some(owned) => {
                        let invoices = invoices(&seen.life.debtor, &class);
                        let of_it = invoices.filter(|invoice| owned.contains(&invoice.id));
                        of_it.map(Invoice::outstanding).sum()
                    }
                    None => owed(&seen.life.debtor, &class, plan, Some(seen.moment.now)),
                };
                assert!(real <= exit(plan), "{real:?} is still owed, and {record:?}");
            }
        }
        // A person's word, or another plan.
        "closed by a person" | "begun anew under another plan" => {}
        other => panic!("nobody knows why a cycle ends by «{other}»"),
    }
}

/// What the cycle of a record owned before the decision, if it owned anything.
fn owned_before<'a>(record: &Record, class: &DebtClass, seen: &Seen<'a>) -> Option<&'a [InvoiceId]> {
    let number = figure(record, "cycle")?;
    let profile = seen.before.profiles.iter().find(|profile| profile.debt_class == *class)?;
    let cycle = profile.cycles.iter().find(|cycle| cycle.number.to_string() == number)?;
    (!cycle.owned.is_empty()).then_some(&*cycle.owned)
}

/// No cycle is open where nothing is owed beyond what its plan leaves, or of an exempt account.
fn nothing_goes_on_for_nothing(seen: &Seen<'_>) {
    let debtor = &seen.life.debtor;
    for (profile, cycle, plan) in cycles(seen) {
        assert!(!debtor.exempt, "an exempt account has {cycle:?}");
        if !plan.rolling {
            let real = owed(debtor, &profile.debt_class, plan, None);
            assert!(real > exit(plan), "{real:?} is owed, and {cycle:?} goes on");
        }
    }
}

/// The cycles that are open, with their plans.
fn cycles<'a>(seen: &'a Seen<'_>) -> impl Iterator<Item = (&'a Profile, &'a Cycle, &'a Plan)> {
    let policies = &seen.life.policies;
    let profiles = seen.life.debtor.profiles.iter();
    profiles.flat_map(move |profile| {
        profile.cycles.iter().filter_map(move |cycle| {
            let plan = policies.by_hash(&cycle.policy_hash)?.plans.get(&cycle.plan)?;
            Some((profile, cycle, plan))
        })
    })
}

/// What is owed of a class, by the end of which day it may count: up to a moment, or ever.
fn owed(debtor: &Debtor, class: &DebtClass, plan: &Plan, until: Option<Timestamp>) -> MinorUnits {
    let has_come = |invoice: &&Invoice| {
        until.is_none_or(|until| {
            Zone::utc().after_start_of(count_date(plan, invoice), plan.days_before_entry) <= until
        })
    };
    invoices(debtor, class).filter(has_come).map(Invoice::outstanding).sum()
}

/// The invoices of a class that a cycle may work on.
fn invoices<'a>(debtor: &'a Debtor, class: &'a DebtClass) -> impl Iterator<Item = &'a Invoice> {
    debtor.debt.invoices.iter().filter(move |invoice| {
        !invoice.kept_out
            && match class {
                DebtClass::All => true,
                DebtClass::Provider(provider) => invoice.provider == *provider,
                DebtClass::Service(service) => invoice.service == *service,
            }
    })
}

fn count_date(plan: &Plan, invoice: &Invoice) -> Date {
    match plan.count_date {
        CountDate::Due => invoice.due,
        CountDate::Issued => invoice.issued,
    }
}

/// What a plan leaves, in cents.
fn exit(plan: &Plan) -> MinorUnits {
    plan.exit.cut_to(2)
}

fn figure<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value.as_str())
}

/// A stage that was entered by this decision since its time had come.
struct Entered<'a> {
    profile: &'a Profile,
    cycle: &'a Cycle,
    plan: &'a Plan,
    stage: &'a Stage,
    /// Its place in the cycle's entries.
    place: usize,
}

/// What was entered by a decision by itself: what somebody jumped to or was moved to has its own rules.
fn entered<'a>(seen: &'a Seen<'_>) -> Vec<Entered<'a>> {
    let entries = seen.decisions.records.iter().filter(|record| record.kind == RecordKind::StageEntered);
    if entries.clone().any(|record| record.reason != ITS_TIME) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for record in entries {
        for (profile, cycle, plan) in cycles(seen) {
            let is_its = figure(record, "cycle") == Some(cycle.number.to_string().as_str())
                && figure(record, "debt_class") == Some(profile.debt_class.to_string().as_str())
                && figure(record, "plan") == Some(cycle.plan.as_str());
            let place = cycle.entries.iter().rposition(|entry| {
                entry.at == seen.moment.now && figure(record, "stage") == Some(entry.stage.as_str())
            });
            let (true, Some(place)) = (is_its, place) else { continue };
            let stage = plan.stages.iter().find(|stage| stage.name == cycle.entries[place].stage);
            found.extend(stage.map(|stage| Entered { profile, cycle, plan, stage, place }));
        }
    }
    found
}

impl Entered<'_> {
    fn is_not_early(&self, seen: &Seen<'_>) {
        let (zone, now) = (Zone::utc(), seen.moment.now);
        let is_its = |invoice: &&Invoice| !self.plan.rolling || self.cycle.owned.contains(&invoice.id);
        let open = invoices(&seen.life.debtor, &self.profile.debt_class)
            .filter(is_its)
            .filter(|invoice| invoice.outstanding().is_positive());
        let aged = match self.plan.anchor {
            Anchor::Oldest => open
                .map(|invoice| zone.after_start_of(count_date(self.plan, invoice), self.stage.after))
                .min()
                .expect("a stage of a debt"),
            Anchor::Entry => zone.after(self.cycle.opened_at, self.stage.after),
        };
        // A jump back makes what follows come earlier; time that does not count only makes it later.
        let aged = aged.plus_micros(self.cycle.shift_micros.min(0));
        let horizon = seen.moment.horizon;
        let text = || {
            let (name, cycle, event) = (&self.stage.name, self.cycle, seen.event);
            format!("{name} was entered at {now}, {aged} at {horizon} by {event:?}: {cycle:?}")
        };
        assert!(aged <= now && aged <= horizon, "{}", text());
        let at = self.plan.position(&self.stage.name).expect("its stage");
        let before = at.checked_sub(1).and_then(|before| self.plan.stages.get(before));
        let before = before.and_then(|before| {
            self.cycle.entries[..self.place].iter().rev().find(|entry| entry.stage == before.name)
        });
        if let Some(before) = before {
            assert!(zone.after(before.at, self.stage.min_gap) <= now, "after {before:?} {}", text());
        }
    }

    /// Every message of the stage that gives notice was delivered, and its time has gone by.
    fn has_its_notice(&self, delivered: &BTreeMap<CommandId, Timestamp>, seen: &Seen<'_>) {
        let Some(notice) = &self.stage.notice else { return };
        // Without an entry it came by a move from another plan, which has its own tables.
        if !self.cycle.entries[..self.place].iter().any(|entry| entry.stage == notice.of) {
            return;
        }
        let first = |command: &Command| command.first_id.unwrap_or(command.id);
        let of_notice = |command: &Command| {
            let Origin::Cycle { debt_class, cycle, stage, .. } = &command.origin else { return None };
            let is_its = *debt_class == self.profile.debt_class.to_string()
                && i64::try_from(*cycle).ok() == Some(self.cycle.number)
                && stage.as_ref() == Some(&notice.of);
            let Action::Message(message) = &command.action else { return None };
            is_its.then(|| (message.template.clone(), first(command)))
        };
        // A jump back repeats nothing: what the stage sent on an earlier visit has run since then.
        let mut newest = BTreeMap::new();
        let mut done_at: BTreeMap<CommandId, Option<Timestamp>> = BTreeMap::new();
        for command in &seen.life.commands {
            let Some((template, first)) = of_notice(command) else { continue };
            newest.insert(template, first);
            let so_far = done_at.entry(first).or_default();
            *so_far = match (*so_far, delivered.get(&command.id).copied()) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        assert!(!newest.is_empty(), "{} was entered without its notice: {:?}", self.stage.name, self.cycle);
        for (id, done) in newest.into_values().map(|first| (first, done_at.get(&first).copied().flatten())) {
            let runs_until = done.map(|done| Zone::utc().after(done, notice.at_least));
            let has_run = runs_until.is_some_and(|until| until <= seen.moment.now);
            assert!(
                has_run,
                "{} was entered at {}, and {id} runs until {runs_until:?}",
                self.stage.name, seen.moment.now
            );
        }
    }
}
