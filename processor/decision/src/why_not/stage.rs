//! Why a stage has not been entered: what is found of each part of a debt and of each cycle.
//!
//! What the stage itself still asks is [`waiting`]'s business, when it is due [`crate::dunning`]'s.

mod waiting;

use super::command::{self, CommandView};
use crate::cycle::{Cycle, DebtClass, Profile};
use crate::debtor::Debtor;
use crate::dunning::held::{self, HeldBy};
use crate::dunning::moving::Ruling;
use crate::dunning::scope::{self, Ground, Scope, Whose};
use crate::dunning::{self, Work, force, stages};
use crate::holding;
use crate::ids::{PlanName, Queue, StageName, WindowName};
use crate::money::MinorUnits;
use crate::plan::Plan;
use crate::scribe::Scribe;
use crate::time::{Date, Period, Timestamp};
use crate::view::HoldView;

pub use crate::dunning::stages::NotGiven;

/// What is found of one part of the debt: of one cycle of it, or of it where none is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which part of the debt; none where it does not come to that.
    pub debt_class: Option<DebtClass>,
    /// The cycle that is open.
    pub cycle: Option<CycleView>,
    /// The findings, in the order in which the rules ask.
    pub findings: Vec<Finding>,
}

/// A cycle that is open, and what it works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleView {
    /// Its number in its profile.
    pub number: i64,
    /// Its plan.
    pub plan: PlanName,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The stage it is in; none before the first.
    pub stage: Option<StageName>,
    /// What is left of the invoices in scope.
    pub real_debt: MinorUnits,
    /// What of it no hold freezes.
    pub conditional_debt: MinorUnits,
}

/// One thing found. Amounts are in minor units of the debtor's currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The account's snapshot has not come: nothing is worked on before.
    NoSnapshot,
    /// No segment of the policy is for the account, and so no plan.
    NoSegment,
    /// The account is exempt: it has no cycle until a person lifts that.
    Exempt,
    /// The debt makes no such class.
    NoSuchClass {
        /// Those that it makes.
        known: Vec<DebtClass>,
    },
    /// Another plan works on the debt.
    AnotherPlan {
        /// That plan.
        applies: PlanName,
        /// The plans that have the stage.
        having: Vec<PlanName>,
    },
    /// The plan that the cycle is under is gone with its version: nothing more is done.
    PlanGone {
        /// The plan.
        plan: PlanName,
    },
    /// A person closed a cycle: these invoices are worked on by none again.
    KeptOut {
        /// What is left of them.
        amount: MinorUnits,
    },
    /// No cycle is open: nothing that the plan counts is due.
    NothingDue {
        /// When the next invoice comes into the plan's scope.
        next: Option<Timestamp>,
    },
    /// No cycle is open: what is owed is no more than what ends one.
    WithinExit {
        /// What is owed.
        real_debt: MinorUnits,
        /// What ends a cycle.
        exit: MinorUnits,
        /// When the next invoice comes into the plan's scope.
        next: Option<Timestamp>,
    },
    /// No cycle is open: the debt is less than what opens one.
    BelowEntry {
        /// What is owed.
        real_debt: MinorUnits,
        /// What of it no hold freezes.
        conditional_debt: MinorUnits,
        /// The least conditional debt that opens a cycle.
        least: MinorUnits,
        /// When the next invoice comes into the plan's scope.
        next: Option<Timestamp>,
    },
    /// No cycle is open, and one will be once the debtor is looked at next.
    Opens {
        /// What is owed.
        real_debt: MinorUnits,
    },
    /// The stage was entered: it has acted.
    Entered {
        /// When.
        at: Timestamp,
    },
    /// Where a measure of the stage stands.
    Measure(CommandView),
    /// The stage was entered before, and the cycle is beyond it: when that was is not kept, since the cycle came
    /// under another plan or version, or left the stage and passed over it.
    WasEntered {
        /// How often it was entered.
        times: i64,
        /// The stage that the cycle is in.
        current: StageName,
    },
    /// The stage was entered before and is ahead again: by a payment, a person, or since the cycle came under
    /// another plan or version.
    Left {
        /// How often it was entered.
        times: i64,
    },
    /// The cycle is beyond the stage, and was never in it: it was passed over.
    PassedOver {
        /// The stage that the cycle is in.
        current: StageName,
    },
    /// The cycle is held: nothing new is done in it.
    Held {
        /// Since when.
        since: Timestamp,
    },
    /// A person paused all work with the debt.
    Paused {
        /// Since when.
        since: Timestamp,
        /// When that ends by itself.
        until: Option<Timestamp>,
    },
    /// A hold that freezes some of the debt.
    Frozen(Box<HoldView>),
    /// Other stages come before.
    NotNext {
        /// Those, the next one first.
        before: Vec<StageName>,
    },
    /// What a stage still waits for.
    Waits {
        /// The stage: the one that was asked about, or the next one before it.
        stage: StageName,
        /// What for.
        waits_for: WaitsFor,
    },
    /// When a stage is due, if nothing changes.
    Due {
        /// The stage.
        stage: StageName,
        /// When.
        at: Timestamp,
    },
    /// The plan, or the whole policy, decides and records, and sends nothing.
    Observed,
}

/// What a stage waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Nothing is in scope to count its days from.
    Anchor,
    /// The debt is not old enough.
    Age {
        /// How long after the anchor.
        after: Period,
        /// The anchor.
        from: CountsFrom,
        /// By how much the cycle's clock is behind, since it was held or a person jumped, in microseconds.
        shift_micros: i64,
        /// When it is.
        until: Timestamp,
    },
    /// The gap after the stage before has not gone by.
    Gap {
        /// That stage.
        before: StageName,
        /// The gap.
        min_gap: Period,
        /// When it has; none while that stage was not entered.
        until: Option<Timestamp>,
    },
    /// Its notice was not given.
    Notice {
        /// The stage that gives it.
        of: StageName,
        /// Why not.
        why: NotGiven,
    },
    /// Its notice was delivered, and has not run.
    NoticeRuns {
        /// The stage that gave it.
        of: StageName,
        /// How long it runs.
        at_least: Period,
        /// When it has.
        until: Timestamp,
    },
    /// Its window is shut then.
    Window {
        /// The window.
        window: WindowName,
        /// When it opens.
        opens: Option<Timestamp>,
    },
    /// The log is not known to have been read up to its due time: a payment in it would win.
    Log {
        /// Its due time.
        due: Timestamp,
        /// Up to when the log is read.
        horizon: Timestamp,
    },
    /// The debt is less than it asks.
    Debt {
        /// What is owed.
        real_debt: MinorUnits,
        /// What of it no hold freezes.
        conditional_debt: MinorUnits,
        /// The least conditional debt.
        least: MinorUnits,
    },
    /// The debt is of fewer invoices than it asks.
    Invoices {
        /// How many there are that are not wholly frozen.
        open: usize,
        /// How many at least.
        least: u32,
    },
    /// A task has not come to a result that will do.
    Task {
        /// The task's queue.
        queue: Queue,
        /// The results that will do.
        results: Vec<String>,
        /// The result that there is.
        result: Option<String>,
    },
}

/// What a stage's days are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountsFrom {
    /// The count date of the oldest invoice in scope.
    Oldest(Date),
    /// The cycle's opening.
    Opening(Timestamp),
}

/// The stage that is asked about.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) stage: &'a StageName,
    pub(super) plan: Option<&'a PlanName>,
    pub(super) debt_class: Option<&'a DebtClass>,
}

impl Asked<'_> {
    /// Whether it is a stage of this plan.
    fn is_of(self, plan: &Plan) -> bool {
        self.plan.is_none_or(|asked| *asked == plan.name) && plan.position(self.stage).is_some()
    }

    /// That another plan works on the debt.
    fn another(self, applies: &PlanName, scribe: &Scribe<'_>) -> Finding {
        let mut having: Vec<PlanName> = Vec::new();
        let versions = scribe.policies.versions().iter();
        for plan in versions.flat_map(|version| version.plans.values()).filter(|plan| self.is_of(plan)) {
            if !having.contains(&plan.name) {
                having.push(plan.name.clone());
            }
        }
        Finding::AnotherPlan { applies: applies.clone(), having }
    }
}

/// What is found of each part of the debt.
pub(super) fn parts(debtor: &Debtor, asked: Asked<'_>, scribe: &mut Scribe<'_>) -> Vec<Part> {
    let alone = |finding| vec![Part { debt_class: None, cycle: None, findings: vec![finding] }];
    if debtor.own_snapshot().is_none() {
        return alone(Finding::NoSnapshot);
    }
    if debtor.exempt {
        return alone(Finding::Exempt);
    }
    let mut classes = dunning::debt_classes(debtor, scribe.policy);
    if let Some(class) = asked.debt_class {
        if !classes.contains(class) && !classes.is_empty() {
            return alone(Finding::NoSuchClass { known: classes });
        }
        classes = vec![class.clone()];
    }
    if classes.is_empty() {
        classes.push(DebtClass::All);
    }
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    let mut parts = Vec::new();
    for class in classes {
        let known = debtor.profiles.iter().find(|profile| profile.debt_class == class);
        let fresh = Profile { debt_class: class, cycles_opened: 0, cycles: Vec::new() };
        let profile = known.unwrap_or(&fresh);
        for cycle in &profile.cycles {
            parts.push(of_cycle(debtor, &frozen, profile, cycle, asked, scribe));
        }
        let findings = of_no_cycle(debtor, &frozen, profile, asked, scribe);
        // Beside open cycles a rolling plan's next one is told of where there is something to open it.
        let is_told =
            |finding: &Finding| matches!(finding, Finding::BelowEntry { .. } | Finding::Opens { .. });
        if profile.cycles.is_empty() || (may_open(debtor, profile, scribe) && findings.iter().any(is_told)) {
            parts.push(Part { debt_class: Some(profile.debt_class.clone()), cycle: None, findings });
        }
    }
    parts
}

/// Whether the plan that applies opens a further cycle beside those that are open.
fn may_open(debtor: &Debtor, profile: &Profile, scribe: &Scribe<'_>) -> bool {
    let plan = dunning::plan_name(debtor, scribe.policy).and_then(|name| scribe.policy.plans.get(name));
    // A profile of another kind only works off what it has.
    let plan = plan.filter(|plan| scope::is_of_kind(&profile.debt_class, plan.debt_class));
    plan.is_some_and(|plan| dunning::may_open(plan, profile))
}

/// Why no cycle is open that works on what none works on yet.
fn of_no_cycle(
    debtor: &Debtor,
    frozen: &[MinorUnits],
    profile: &Profile,
    asked: Asked<'_>,
    scribe: &Scribe<'_>,
) -> Vec<Finding> {
    let plan = dunning::plan_name(debtor, scribe.policy).and_then(|name| scribe.policy.plans.get(name));
    let Some((plan, snapshot)) = plan.zip(debtor.own_snapshot()) else { return vec![Finding::NoSegment] };
    if !asked.is_of(plan) {
        return vec![asked.another(&plan.name, scribe)];
    }
    let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &profile.debt_class, plan };
    let (scope, by_clock) = Scope::both(ground, Whose::Unowned(&profile.cycles), scribe);
    let owed = |whose| Scope::of(ground, whose, scribe.now(), &scribe.zone).real;
    let mut findings = Vec::new();
    let amount = owed(Whose::Anyones).minus(owed(Whose::Workable));
    if amount.is_positive() {
        findings.push(Finding::KeptOut { amount });
    }
    let next = scope.next_entry(plan, &scribe.zone);
    let (real_debt, conditional_debt) = (scope.real, scope.conditional);
    if !by_clock.real.is_positive() {
        findings.push(Finding::NothingDue { next });
    } else if by_clock.meets_exit(plan, scribe.exponent) {
        let exit = plan.exit.cut_to(scribe.exponent);
        findings.push(Finding::WithinExit { real_debt: by_clock.real, exit, next });
    } else if scope.meets_entry(plan, scribe.exponent) {
        findings.push(Finding::Opens { real_debt });
    } else {
        let least = scope::least(None, plan, scribe.exponent);
        findings.push(Finding::BelowEntry { real_debt, conditional_debt, least, next });
        findings.extend(freezing(debtor, &scope, scribe));
    }
    findings.extend(pause(debtor));
    if force::is_observed(plan, scribe) {
        findings.push(Finding::Observed);
    }
    findings
}

/// What is found of an open cycle.
fn of_cycle<'p>(
    debtor: &Debtor,
    frozen: &[MinorUnits],
    profile: &Profile,
    cycle: &Cycle,
    asked: Asked<'_>,
    scribe: &mut Scribe<'p>,
) -> Part {
    let ruling = Ruling::take(cycle, scribe);
    let mut view = CycleView {
        number: cycle.number,
        plan: cycle.plan.clone(),
        opened_at: cycle.opened_at,
        stage: cycle.stage.clone(),
        real_debt: MinorUnits::ZERO,
        conditional_debt: MinorUnits::ZERO,
    };
    let plan = ruling.policy.plans.get(&cycle.plan);
    let findings = match plan.zip(debtor.own_snapshot()) {
        None => vec![Finding::PlanGone { plan: cycle.plan.clone() }],
        Some((plan, snapshot)) => {
            let ground =
                Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &profile.debt_class, plan };
            let (scope, by_clock) = Scope::both(ground, Whose::of(cycle), scribe);
            (view.real_debt, view.conditional_debt) = (scope.real, scope.conditional);
            let work = Work { debtor, snapshot, plan, ground, scope: &scope, by_clock: &by_clock };
            match plan.position(asked.stage).filter(|_| asked.is_of(plan)) {
                Some(at) => of_work(&work, cycle, at, scribe),
                None => vec![asked.another(&plan.name, scribe)],
            }
        }
    };
    ruling.give_back(scribe);
    Part { debt_class: Some(profile.debt_class.clone()), cycle: Some(view), findings }
}

/// Where a cycle stands to the stage at this place.
fn of_work(work: &Work<'_>, cycle: &Cycle, at: usize, scribe: &Scribe<'_>) -> Vec<Finding> {
    let Some(stage) = work.plan.stages.get(at) else { return Vec::new() };
    let mut findings = Vec::new();
    let entry = cycle.entries.iter().rev().find(|entry| entry.stage == stage.name);
    let current = stages::current(work.plan, cycle);
    let is_behind = current.is_some_and(|current| at <= current);
    let is_observed = force::is_observed(work.plan, scribe);
    if let Some(entry) = entry {
        findings.push(Finding::Entered { at: entry.at });
        let measures = command::of_stage(work.debtor, cycle, stage, is_observed);
        findings.extend(measures.into_iter().map(Finding::Measure));
    } else {
        let visits = cycle.visits.iter().find(|visits| visits.stage == stage.name);
        let times = visits.map(|visits| visits.count);
        findings.extend(match (cycle.stage.clone().filter(|_| is_behind), times) {
            (Some(current), Some(times)) => Some(Finding::WasEntered { times, current }),
            (Some(current), None) => Some(Finding::PassedOver { current }),
            (None, Some(times)) => Some(Finding::Left { times }),
            (None, None) => None,
        });
    }
    findings.extend(held_by(work, cycle, scribe));
    if entry.is_none() && !is_behind {
        findings.extend(waiting::findings(work, cycle, at, scribe));
    }
    if is_observed {
        findings.push(Finding::Observed);
    }
    findings
}

/// That the cycle is held, and by what.
fn held_by(work: &Work<'_>, cycle: &Cycle, scribe: &Scribe<'_>) -> Vec<Finding> {
    let Some(since) = cycle.held_since else { return Vec::new() };
    let mut findings = vec![Finding::Held { since }];
    match held::reason_to_hold(work, cycle, scribe.now(), scribe) {
        Some(HeldBy::Pause) => findings.extend(pause(work.debtor)),
        Some(HeldBy::Holds) => findings.extend(freezing(work.debtor, work.scope, scribe)),
        // It goes on once the debtor is looked at next.
        None => {}
    }
    findings
}

fn pause(debtor: &Debtor) -> Option<Finding> {
    let pause = debtor.pause.as_ref()?;
    Some(Finding::Paused { since: pause.since, until: pause.until })
}

/// The holds that freeze something, where any of this debt is frozen.
fn freezing(debtor: &Debtor, scope: &Scope, scribe: &Scribe<'_>) -> Vec<Finding> {
    if scope.conditional >= scope.real {
        return Vec::new();
    }
    let views = holding::views(debtor, scribe).into_iter();
    views.filter(|hold| hold.freezes.is_positive()).map(|hold| Finding::Frozen(Box::new(hold))).collect()
}
