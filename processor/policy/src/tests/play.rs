//! Playing a test: step by step, until one differs.

use super::clock::World;
use super::convert::{Reader, merged};
use super::file::{EventItem, Happening, StartingAccount, Step, TestCase, TestFile};
use super::happenings::AccountChange;
use super::{Failure, PolicyFiles, TestOutcome, compare};
use crate::file::Moment;
use crate::yaml::Spanned;
use decision::Policy;
use decision::event::Body;
use decision::record::Record;
use decision::time::Timestamp;
use std::sync::Arc;

/// Plays one test.
pub(super) fn play(file: &TestFile, test: &TestCase, policies: &PolicyFiles<'_>) -> TestOutcome {
    let (name, line) = (test.name.value.clone(), test.name.span.line);
    TestOutcome { name, line, failure: steps(file, test, policies, &mut Vec::new()).err() }
}

/// What was decided while a test was played, up to where it failed.
pub(super) fn records(file: &TestFile, test: &TestCase, policies: &PolicyFiles<'_>) -> Vec<Record> {
    let mut decided = Vec::new();
    // Whether it passes is for others to say.
    let _ = steps(file, test, policies, &mut decided);
    decided
}

fn steps(
    file: &TestFile,
    test: &TestCase,
    policies: &PolicyFiles<'_>,
    decided: &mut Vec<Record>,
) -> Result<(), Failure> {
    let (Some(policy), Some(first)) = (policies.first(&file.policy.value), test.steps.0.first()) else {
        return Ok(());
    };
    let (account, with_snapshot) = match &test.account {
        StartingAccount::None => (file.account.clone(), false),
        StartingAccount::Snapshot(more) => (merged(&file.account, more), true),
    };
    let clock = Timestamp::EARLIEST;
    let world = World::new(Arc::clone(policy), test.reports, clock);
    let mut play = Play { world, account, policies };
    let at_line = |line: usize| move |difference: String| Failure { line, difference };
    if with_snapshot {
        play.start(first).map_err(at_line(test.name.span.line))?;
    }
    let all = test.steps.iter().try_for_each(|step| play.step(step).map_err(at_line(step.span.line)));
    decided.append(&mut play.world.told.all_records);
    all
}

/// A test at play.
struct Play<'a> {
    world: World,
    account: AccountChange,
    policies: &'a PolicyFiles<'a>,
}

impl Play<'_> {
    /// The account's snapshot comes with the first step.
    fn start(&mut self, first: &Step) -> Result<(), String> {
        let at = self.moment(&first.at);
        self.world.run_to(at)?;
        let policy = self.world.life.policy();
        let snapshot = self.reader(&policy).snapshot()?;
        self.world.happens(Body::Account(snapshot), at, None);
        match self.world.told.rejections.pop() {
            None => Ok(()),
            Some(rejection) => Err(format!("the account's snapshot was rejected: {rejection}")),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let at = self.moment(&step.at);
        if at < self.world.life.clock() {
            return Err(format!("the step lies before the clock, which shows {}", self.world.life.clock()));
        }
        if step.after_outage {
            self.world.life.wake_at(at);
        } else {
            self.world.run_to(at)?;
        }
        self.world.told.rejections.clear();
        self.events(step, at)?;
        self.world.run_to(at)?;
        self.checks(step)
    }

    fn events(&mut self, step: &Step, at: Timestamp) -> Result<(), String> {
        if let Ok(Some(happening)) = step.event() {
            let occurred = step.occurred_at.as_ref().map_or(at, |occurred| self.moment(occurred));
            self.event(happening, (at, occurred), step.event_id.as_deref())?;
        }
        for item in &step.events {
            self.item(item, step, at)?;
            if !step.after_outage {
                self.world.run_to(at)?;
            }
        }
        Ok(())
    }

    /// One of a step's events; it happened when the step's events did, unless it says otherwise.
    fn item(&mut self, item: &EventItem, step: &Step, at: Timestamp) -> Result<(), String> {
        let Ok(Some(happening)) = item.event() else { return Ok(()) };
        let occurred = item.occurred_at.as_ref().or(step.occurred_at.as_ref());
        let occurred = occurred.map_or(at, |occurred| self.moment(occurred));
        self.event(happening, (at, occurred), item.event_id.as_deref())
    }

    fn event(
        &mut self,
        happening: Happening<'_>,
        (at, occurred): (Timestamp, Timestamp),
        event_id: Option<&str>,
    ) -> Result<(), String> {
        if let Happening::Account(change) = happening {
            self.account = merged(&self.account, change);
        }
        let policy = self.world.life.policy();
        if let Happening::Policy(name) = happening {
            self.world.life.adopt(self.policies.another(name)?);
        } else if let Happening::Report(report) = happening {
            let zone = self.reader(&policy).zone();
            let what = (report.outcome.0, report.detail.clone());
            self.world.report(&report.command, &zone, what, occurred, event_id)?;
        } else if let Some(mut body) = self.reader(&policy).body(happening, at, self.world.next_event())? {
            self.world.complete(&mut body);
            self.world.happens(body, occurred, event_id);
        }
        Ok(())
    }

    fn checks(&mut self, step: &Step) -> Result<(), String> {
        let mut differences = Vec::new();
        let policy = self.world.life.policy();
        let reader = Reader { policy: &policy, account: &self.account };
        let zone = reader.zone();
        let rejections = std::mem::take(&mut self.world.told.rejections);
        if let Some(wanted) = &step.rejected {
            differences.extend(rejected(wanted, &rejections).err());
        }
        if let Some(wanted) = &step.commands {
            let found = std::mem::take(&mut self.world.told.commands);
            differences.extend(compare::commands(wanted, &found, &zone).err());
        }
        if let Some(wanted) = &step.records {
            let found = std::mem::take(&mut self.world.told.records);
            differences.extend(compare::records(wanted, &found, &zone).err());
        }
        for wanted in step.state.iter().flat_map(|states| &states.0) {
            let found = compare::state(wanted, &self.world.life, &reader);
            differences.extend(found.err());
        }
        if differences.is_empty() {
            return Ok(());
        }
        if step.rejected.is_none() {
            differences.extend(rejections.iter().map(|why| format!("note: an event was rejected: {why}")));
        }
        let differences: Vec<&str> = differences.iter().map(|difference| difference.trim_end()).collect();
        Err(differences.join("\n"))
    }

    fn moment(&self, written: &Spanned<Moment>) -> Timestamp {
        written.value.0.in_zone(&self.reader(&self.world.life.policy()).zone())
    }

    fn reader<'r>(&'r self, policy: &'r Policy) -> Reader<'r> {
        Reader { policy, account: &self.account }
    }
}

fn rejected(wanted: &str, rejections: &[String]) -> Result<(), String> {
    if rejections.iter().any(|why| why.contains(wanted)) {
        return Ok(());
    }
    let found = if rejections.is_empty() { "nothing was rejected".to_owned() } else { rejections.join("; ") };
    Err(format!("rejected\n  expected: {wanted}\n  got: {found}"))
}
