//! Who works by which plan: segments, and a running cycle that comes under another plan or another
//! version of its own (domain.md, sections 5 and 9).

use super::scope::{self, Ground, Scope, Whose};
use super::{Cause, Ending, Work, end, force, stage_text};
use crate::account::Snapshot;
use crate::cycle::{Cycle, MeasureInForce, MeasureKind, NOWHERE, Profile, StageEntry};
use crate::debtor::{Debtor, InSegment};
use crate::ids::{AccountId, StageName};
use crate::managing;
use crate::money::MinorUnits;
use crate::plan::{OnResegment, Plan, RunningCycles, Stage};
use crate::policy::{Measure, PlanGroup, Policy, Segment};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use std::collections::BTreeSet;

/// The version of the policy that a cycle is under, while it is worked on.
pub(crate) struct Ruling<'a> {
    /// That version; the one that holds now where it is not at hand.
    pub(crate) policy: &'a Policy,
    now: &'a Policy,
}

impl<'a> Ruling<'a> {
    /// From here the cycle's version rules all that is decided and written.
    pub(crate) fn take(cycle: &Cycle, scribe: &mut Scribe<'a>) -> Self {
        let now = scribe.policy;
        let own = scribe.policies.by_hash(&cycle.policy_hash);
        let policy: &'a Policy = own.map_or(now, |own| own);
        scribe.policy = policy;
        Self { policy, now }
    }

    /// From here the version that holds now does again.
    pub(crate) fn give_back(self, scribe: &mut Scribe<'a>) {
        scribe.policy = self.now;
    }
}

/// The debtor's segment.
pub(crate) fn segment_of<'p>(debtor: &Debtor, policy: &'p Policy) -> Option<&'p Segment> {
    let segment = debtor.segment.as_ref()?;
    policy.segments.iter().find(|candidate| candidate.name == segment.name)
}

/// The plan group of the debtor's segment.
pub(crate) fn group_of<'p>(debtor: &Debtor, policy: &'p Policy) -> Option<&'p PlanGroup> {
    policy.groups.get(&segment_of(debtor, policy)?.group)
}

/// Finds the debtor's segment, and in whose care it is there, where its attributes or the policy
/// changed since it was last asked. Answers whether it is in another one now.
pub(crate) fn assign_segment(debtor: &mut Debtor, is_changed: bool, scribe: &mut Scribe<'_>) -> bool {
    let policy = scribe.policy;
    let Some(snapshot) = debtor.own_snapshot() else { return false };
    let is_current =
        debtor.segment.as_ref().is_some_and(|segment| segment.policy_hash == policy.identity.hash);
    if is_current && !is_changed {
        return false;
    }
    let matching = policy
        .segments
        .iter()
        .find(|segment| segment.when.as_ref().is_none_or(|when| when.holds(snapshot, None)));
    let former = debtor.segment.take();
    debtor.segment = matching
        .map(|segment| InSegment { name: segment.name.clone(), policy_hash: policy.identity.hash.clone() });
    if debtor.segment != former {
        scribe.changed();
    }
    forget_assignment_of_another_group(debtor, policy, scribe);
    let reason = if is_changed { "attributes" } else { "policy" };
    let is_another = tell_another_segment(debtor, former.as_ref(), reason, scribe);
    managing::follow_segment(debtor, scribe);
    is_another && is_changed
}

/// Records that the debtor is in another segment, where it was in one before. Answers whether it is.
fn tell_another_segment(
    debtor: &Debtor,
    former: Option<&InSegment>,
    reason: &str,
    scribe: &mut Scribe<'_>,
) -> bool {
    let Some(former) = former else { return false };
    let to = debtor.segment.as_ref().map(|segment| &segment.name);
    if to == Some(&former.name) {
        return false;
    }
    let to = to.map_or("none", |name| name.as_str());
    let figures = vec![Figure::new("from", &former.name), Figure::new("to", to)];
    let account_id = AccountId::from(debtor.id.as_str());
    scribe.record(&account_id, RecordKind::SegmentChanged, reason, figures);
    true
}

/// A plan that a person assigned holds within its group only.
fn forget_assignment_of_another_group(debtor: &mut Debtor, policy: &Policy, scribe: &mut Scribe<'_>) {
    let group = group_of(debtor, policy);
    let Some(assigned) = &debtor.assigned_plan else { return };
    if !group.is_some_and(|group| group.plans.contains(assigned)) {
        debtor.assigned_plan = None;
        scribe.changed();
    }
}

/// Lets a running cycle follow its plan's new version, or its account to another plan, where they
/// say so. Answers whether the cycle goes on.
pub(super) fn follow(
    debtor: &Debtor,
    (snapshot, frozen): (&Snapshot, &[MinorUnits]),
    profile: &Profile,
    cycle: &mut Cycle,
    cause: Cause,
    scribe: &mut Scribe<'_>,
) -> bool {
    let current = scribe.policy;
    let other = || super::plan_name(debtor, current).filter(|name| **name != cycle.plan);
    let moved_to =
        if cause == Cause::Moved { other().and_then(|name| current.plans.get(name)) } else { None };
    let target = match moved_to.map(|plan| (plan, plan.on_resegment)) {
        // A profile of another kind than the plan's only works off what it has.
        Some((plan, _)) if !scope::is_of_kind(&profile.debt_class, plan.debt_class) => None,
        None | Some((_, OnResegment::Keep)) => None,
        Some(target) => Some(target),
    };
    let version = new_version(cycle, scribe);
    if target.is_none() && version.is_none() {
        return true;
    }
    let ruling = Ruling::take(cycle, scribe);
    let former = ruling.policy.plans.get(&cycle.plan);
    let mut goes_on = true;
    if let Some(plan) = former.or(version) {
        let class = profile.debt_class.clone();
        let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &class, plan };
        let (scope, by_clock) = Scope::both(ground, Whose::of(cycle), scribe);
        let work = Work { debtor, snapshot, plan, ground, scope: &scope, by_clock: &by_clock };
        let was_observed = force::is_observed(plan, scribe);
        match (target, version) {
            (Some((_, OnResegment::Restart)), _) => {
                end(&work, profile, cycle, Ending::Restarted, scribe);
                goes_on = false;
            }
            (Some((plan, _)), _) => map(&work, profile, cycle, plan, current, scribe),
            (None, Some(plan)) => renew(&work, profile, cycle, plan, current, scribe),
            (None, None) => {}
        }
        let goes_under = target.map(|(plan, _)| plan).or(version);
        if was_observed && goes_under.is_some_and(|plan| !plan.observe && !current.observe) {
            force::go_live(cycle);
        }
        if let Some(plan) = goes_under {
            own_or_share(profile, cycle, (plan, ground), scribe);
        }
    }
    ruling.give_back(scribe);
    goes_on
}

/// Under a rolling plan the cycle owns from now on what there is. Under another it works on all,
/// where it is the only one.
fn own_or_share(
    profile: &Profile,
    cycle: &mut Cycle,
    (plan, ground): (&Plan, Ground<'_>),
    scribe: &Scribe<'_>,
) {
    if plan.rolling && cycle.owned.is_empty() {
        let invoices = ground.in_scope(Whose::Workable, scribe.now(), &scribe.zone);
        cycle.owned = invoices.iter().map(|counted| counted.invoice.id.clone()).collect();
    } else if !plan.rolling && profile.cycles.is_empty() {
        cycle.owned.clear();
    }
}

/// The plan of the cycle in the version that holds now, where the cycle is to come under it: it
/// says so, or the version that the cycle was opened under is not at hand.
fn new_version<'a>(cycle: &Cycle, scribe: &Scribe<'a>) -> Option<&'a Plan> {
    if scribe.policy.identity.hash == cycle.policy_hash {
        return None;
    }
    let plan = scribe.policy.plans.get(&cycle.plan)?;
    let is_at_hand = scribe.policies.by_hash(&cycle.policy_hash).is_some();
    (plan.running_cycles == RunningCycles::Move || !is_at_hand).then_some(plan)
}

/// The account moved to another plan: the cycle goes on in the stage that this plan maps its own
/// to; that of an earlier one, where its own is not mapped.
fn map(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    plan: &Plan,
    current: &Policy,
    scribe: &mut Scribe<'_>,
) {
    let mapping = plan.maps_from.get(&cycle.plan);
    let mapped = |stage: &StageName| mapping.and_then(|mapping| mapping.get(stage)).cloned();
    let stage = furthest(work.plan, cycle, mapped);
    let mut figures = vec![
        Figure::new("from", format!("{} {}", cycle.plan, stage_text(cycle))),
        Figure::new("debt_class", work.ground.debt_class),
        Figure::new("cycle", cycle.number),
    ];
    put_under(work, profile, cycle, plan, stage, scribe);
    cycle.policy_hash = current.identity.hash.clone();
    figures.push(Figure::new("to", format!("{} {}", cycle.plan, stage_text(cycle))));
    scribe.record(&work.account_id(), RecordKind::PlanAssigned, "the running cycle is mapped", figures);
}

/// A new version of the plan came, and running cycles move to it.
fn renew(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    plan: &Plan,
    current: &Policy,
    scribe: &mut Scribe<'_>,
) {
    let is_there = |stage: &StageName| plan.position(stage).is_some().then(|| stage.clone());
    let stage = furthest(work.plan, cycle, is_there);
    let is_at_hand = scribe.policies.by_hash(&cycle.policy_hash).is_some();
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.extend([
        Figure::new("from_hash", cycle.policy_hash.as_str()),
        Figure::new("stage", stage.as_ref().map_or("none", |stage| stage.as_str())),
    ]);
    if stage == cycle.stage {
        find_places(cycle, plan);
    } else {
        put_under(work, profile, cycle, plan, stage, scribe);
    }
    cycle.policy_hash = current.identity.hash.clone();
    let reason = if is_at_hand {
        "running cycles move to the new version"
    } else {
        "the version that the cycle was opened under is not at hand"
    };
    // It is the new version that says so.
    scribe.under(&current.identity.hash, |scribe| {
        scribe.record(&work.account_id(), RecordKind::PolicyChanged, reason, figures);
    });
}

/// What the furthest stage up to the cycle's own becomes, of those that become one.
fn furthest(
    plan: &Plan,
    cycle: &Cycle,
    becomes: impl Fn(&StageName) -> Option<StageName>,
) -> Option<StageName> {
    let current = cycle.stage.as_ref()?;
    let up_to = plan.position(current).map_or(0, |at| at.saturating_add(1));
    let earlier = plan.stages.iter().take(up_to).rev().map(|stage| &stage.name);
    std::iter::once(current).chain(earlier).find_map(becomes)
}

/// The cycle goes on under another plan, in this stage. What that plan does not have up to it is
/// lifted; nothing is sent again.
fn put_under(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    plan: &Plan,
    stage: Option<StageName>,
    scribe: &mut Scribe<'_>,
) {
    let places = places(plan, stage.as_ref(), &cycle.measures);
    let mut is_kept = places.iter().map(Option::is_some);
    force::lift_where(work, profile, cycle, |_| !is_kept.next().unwrap_or(false), scribe);
    for (measure, place) in cycle.measures.iter_mut().zip(places.into_iter().flatten()) {
        (measure.stage, measure.index) = place;
    }
    let has_dropped = cycle.entries.last().is_some_and(|entry| entry.has_dropped);
    let entered = |stage: &StageName| StageEntry { has_dropped, ..StageEntry::new(stage, scribe.now()) };
    cycle.plan = plan.name.clone();
    cycle.entries = stage.iter().map(entered).collect();
    cycle.stage = stage;
}

/// The stage is the same in the new version: what is in force is found again by what it is. What the
/// version does not have stays in force, and is lifted with the rest.
fn find_places(cycle: &mut Cycle, plan: &Plan) {
    let places = places(plan, cycle.stage.as_ref(), &cycle.measures);
    for (measure, place) in cycle.measures.iter_mut().zip(places) {
        match place {
            Some(place) => (measure.stage, measure.index) = place,
            None => measure.index = NOWHERE,
        }
    }
}

/// Where a plan has what is in force, up to a stage: in the stage of the same name, else in the last
/// one that has it. Each place is of one measure, as long as there are enough.
fn places(
    plan: &Plan,
    stage: Option<&StageName>,
    measures: &[MeasureInForce],
) -> Vec<Option<(StageName, i32)>> {
    let up_to = stage.and_then(|stage| plan.position(stage)).map_or(0, |at| at.saturating_add(1));
    let mut taken: BTreeSet<(StageName, i32)> = BTreeSet::new();
    let mut place = |measure: &MeasureInForce| {
        let stages = plan.stages.iter().take(up_to);
        let (own, others): (Vec<&Stage>, Vec<&Stage>) = stages.partition(|stage| stage.name == measure.stage);
        let all: Vec<(StageName, i32)> = own
            .into_iter()
            .chain(others.into_iter().rev())
            .flat_map(|stage| places_in(stage, measure))
            .collect();
        let free = all.iter().find(|place| !taken.contains(place)).or(all.first()).cloned();
        taken.extend(free.clone());
        free
    };
    measures.iter().map(&mut place).collect()
}

/// Where a stage has what is in force, the likeliest place first: a message by the channel it went by.
fn places_in(stage: &Stage, measure: &MeasureInForce) -> Vec<(StageName, i32)> {
    let is_it = |of_stage: &Measure| match (of_stage, &measure.what) {
        (Measure::Provision(order), MeasureKind::Provision(held)) => order.operation == held.operation,
        (Measure::Task { queue, .. }, MeasureKind::Task(task)) => *queue == task.queue,
        (Measure::Message(message), MeasureKind::Message(sent)) => message.template == sent.template,
        (
            Measure::Provision(_)
            | Measure::Task { .. }
            | Measure::Message(_)
            | Measure::Fee { .. }
            | Measure::Handover { .. },
            MeasureKind::Provision(_) | MeasureKind::Task(_) | MeasureKind::Message(_),
        ) => false,
    };
    let goes_otherwise = |of_stage: &Measure| {
        let (Measure::Message(message), MeasureKind::Message(sent)) = (of_stage, &measure.what) else {
            return false;
        };
        message.channel != sent.channel
    };
    let mut found: Vec<(usize, &Measure)> =
        stage.measures.iter().enumerate().filter(|(_, of_stage)| is_it(of_stage)).collect();
    found.sort_by_key(|(_, of_stage)| goes_otherwise(of_stage));
    let place =
        |(index, _): (usize, &Measure)| (stage.name.clone(), i32::try_from(index).unwrap_or(i32::MAX));
    found.into_iter().map(place).collect()
}
