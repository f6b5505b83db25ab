//! What a cycle puts on and takes off: measures in force, their holders, lifting and cancelling
//! (domain.md, sections 5 and 6).

use super::{Work, stages};
use crate::calendar::Window;
use crate::command::{Action, Cancelled, Origin, Provision};
use crate::cycle::{
    Cycle, MeasureInForce, MeasureKind, MessageInForce, Profile, ProvisionInForce, StageVisits, TaskInForce,
};
use crate::event::Outcome;
use crate::ids::{CommandId, Operation, ServiceId, StageName};
use crate::plan::{Plan, Stage};
use crate::policy::{DebtValues, Measure, ProvisionMeasure};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::sending::{self, DebtOf, Reach, Request, Requested, Undo};
use crate::time::Timestamp;
use crate::underway::TaskOut;

/// Takes the measures of the stage just entered, within its window. A person's jump does not ask that.
pub(crate) fn take_measures(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    (stage, window): (&Stage, Option<&Window>),
    scribe: &mut Scribe<'_>,
) {
    let occurrence = count_visit(cycle, &stage.name);
    for (index, measure) in stage.measures.iter().enumerate() {
        let reach = match measure {
            Measure::Provision(order) => reach_of(work, profile, cycle, order, scribe),
            Measure::Message(_) | Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => {
                Reach::Nothing
            }
        };
        let part = Part { stage: Some(&stage.name), index, occurrence, window };
        let (command_id, channel) = match take(work, profile, cycle, measure, &part, reach, scribe) {
            Requested::Command(id, channel) => {
                cycle.has_sent = true;
                (id, channel)
            }
            // The cycle has sent it once its window opened.
            Requested::Waits(id, channel) => (id, channel),
            Requested::HeldAlready(id) => (id, None),
            Requested::Nothing => {
                if matches!(measure, Measure::Message(_)) {
                    note_dropped(cycle, &stage.name);
                }
                continue;
            }
        };
        let Some(what) = kept_as(work, profile, measure, channel, scribe) else { continue };
        cycle.measures.push(MeasureInForce {
            stage: stage.name.clone(),
            index: i32::try_from(index).unwrap_or(i32::MAX),
            command_id,
            requested_at: scribe.now(),
            outcome: None,
            what,
        });
    }
}

/// A message of the stage was dropped: its notice is not given.
pub(crate) fn note_dropped(cycle: &mut Cycle, stage: &StageName) {
    if let Some(entry) = cycle.entries.iter_mut().rev().find(|entry| entry.stage == *stage) {
        entry.has_dropped = true;
    }
}

/// Takes what the plan does when the debt is gone.
pub(crate) fn take_on_cure(work: &Work<'_>, profile: &Profile, cycle: &Cycle, scribe: &mut Scribe<'_>) {
    for (index, measure) in work.plan.on_cure.iter().enumerate() {
        let part = Part { stage: None, index, occurrence: 1, window: None };
        take(work, profile, cycle, measure, &part, Reach::Nothing, scribe);
    }
}

/// From now on what the cycle does is sent. Of what was only observed nothing was: it is not in force,
/// and nobody is thanked for it. Its messages count as delivered all the same.
pub(crate) fn go_live(cycle: &mut Cycle) {
    cycle.measures.retain(|measure| matches!(measure.what, MeasureKind::Message(_)));
    cycle.has_sent = false;
}

/// Lifts and cancels all that the cycle has put on, newest first.
pub(crate) fn lift_all(work: &Work<'_>, profile: &Profile, cycle: &mut Cycle, scribe: &mut Scribe<'_>) {
    lift_from(work, profile, cycle, 0, scribe);
}

/// Lifts and cancels what the stages from `first` on have put on.
pub(crate) fn lift_from(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    first: usize,
    scribe: &mut Scribe<'_>,
) {
    let is_beyond =
        |measure: &MeasureInForce| work.plan.position(&measure.stage).is_none_or(|at| at >= first);
    lift_where(work, profile, cycle, is_beyond, scribe);
}

/// Lifts and cancels these measures, newest first: what is provisioned, then what is still to be
/// done.
pub(crate) fn lift_where(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    is_beyond: impl FnMut(&MeasureInForce) -> bool,
    scribe: &mut Scribe<'_>,
) {
    let (beyond, kept) = std::mem::take(&mut cycle.measures).into_iter().partition(is_beyond);
    cycle.measures = kept;
    let mut beyond: Vec<MeasureInForce> = beyond;
    sending::forget(scribe, &|command| beyond.iter().any(|measure| measure.command_id == command.command_id));
    beyond.reverse();
    while let Some(at) = beyond.iter().position(|measure| matches!(measure.what, MeasureKind::Provision(_))) {
        let measure = beyond.remove(at);
        lift(work, profile, cycle, &beyond, &measure, scribe);
    }
    for measure in &beyond {
        cancel(work, profile, cycle, measure, scribe);
    }
}

/// While the cycle is held, what cuts off is lifted.
pub(crate) fn lift_while_held(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    scribe: &mut Scribe<'_>,
) {
    let mut measures = std::mem::take(&mut cycle.measures);
    for at in (0..measures.len()).rev() {
        let Some(measure) = measures.get(at).cloned() else { continue };
        let MeasureKind::Provision(order) = &measure.what else { continue };
        if !order.cuts_off || order.lifted_since.is_some() {
            continue;
        }
        let others: Vec<MeasureInForce> =
            measures.iter().enumerate().filter(|(of, _)| *of != at).map(|(_, other)| other.clone()).collect();
        lift(work, profile, cycle, &others, &measure, scribe);
        if let Some(MeasureInForce { what: MeasureKind::Provision(order), .. }) = measures.get_mut(at) {
            order.lifted_since = Some(scribe.now());
        }
    }
    cycle.measures = measures;
}

/// Puts on again what was lifted while the cycle was held, once it goes on and its stage's window
/// is open. Answers when that is the case next.
pub(crate) fn put_on_again(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    if cycle.held_since.is_some() {
        return None;
    }
    let resumed = cycle.held.last().map_or(cycle.opened_at, |span| span.to);
    let mut next: Option<Timestamp> = None;
    for at in 0..cycle.measures.len() {
        let Some((stage, order, index)) = lifted_order(work, cycle, at) else { continue };
        let opens = stage.window.as_ref().map_or(Some(resumed), |open| open.next_open(&scribe.zone, resumed));
        match opens.and_then(|opens| stages::once_open(stage, opens, scribe)) {
            Some(opens) if opens <= scribe.moment.horizon => {}
            later => {
                next = [next, later].into_iter().flatten().min();
                continue;
            }
        }
        let occurrence = count_visit(cycle, &stage.name);
        let reach = reach_of(work, profile, cycle, order, scribe);
        let window = stage.window.as_deref();
        let part = Part { stage: Some(&stage.name), index, occurrence, window };
        let measure = Measure::Provision(order.clone());
        let requested = take(work, profile, cycle, &measure, &part, reach, scribe);
        let services = concerned(work, profile);
        let (Some(held), Some(id)) = (cycle.measures.get_mut(at), requested.id()) else { continue };
        held.command_id = id;
        held.requested_at = scribe.now();
        held.outcome = None;
        if let MeasureKind::Provision(held) = &mut held.what {
            held.lifted_since = None;
            held.services = services;
        }
    }
    next
}

/// What the plan says of an order that is lifted while the cycle was held.
fn lifted_order<'w>(
    work: &Work<'w>,
    cycle: &Cycle,
    at: usize,
) -> Option<(&'w Stage, &'w ProvisionMeasure, usize)> {
    let measure = cycle.measures.get(at)?;
    let MeasureKind::Provision(ProvisionInForce { lifted_since: Some(_), .. }) = &measure.what else {
        return None;
    };
    let stage = work.plan.stages.get(work.plan.position(&measure.stage)?)?;
    let index = usize::try_from(measure.index).ok()?;
    match stage.measures.get(index)? {
        Measure::Provision(order) => Some((stage, order, index)),
        Measure::Message(_) | Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => None,
    }
}

/// Which of a stage's measures, and the how-many-eth time.
struct Part<'a> {
    stage: Option<&'a StageName>,
    index: usize,
    occurrence: i64,
    window: Option<&'a Window>,
}

fn take(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &Cycle,
    measure: &Measure,
    part: &Part<'_>,
    reach: Reach,
    scribe: &mut Scribe<'_>,
) -> Requested {
    let account_id = work.account_id();
    let (class, number) = (profile.debt_class.to_string(), cycle.number.to_string());
    let stage = part.stage.map_or("", StageName::as_str);
    let request = Request {
        account_id: &account_id,
        snapshot: work.snapshot,
        origin: origin(work, profile, cycle, part.stage),
        id_parts: &["cycle", &class, &number, stage],
        index: part.index,
        occurrence: part.occurrence,
        window: part.window,
        observe: is_observed(work.plan, scribe),
        debt: Some(DebtOf { values: debt_values(work, cycle, scribe), real: work.scope.real, reach }),
        balance: None,
        lines_crossed: 0,
    };
    sending::request(measure, &request, scribe)
}

fn origin(work: &Work<'_>, profile: &Profile, cycle: &Cycle, stage: Option<&StageName>) -> Origin {
    Origin::Cycle {
        debt_class: profile.debt_class.to_string(),
        plan: work.plan.name.clone(),
        cycle: u64::try_from(cycle.number).unwrap_or(0),
        stage: stage.cloned(),
    }
}

pub(crate) fn is_observed(plan: &Plan, scribe: &Scribe<'_>) -> bool {
    plan.observe || scribe.policy.observe
}

/// Whether all that a cycle does is observed only, under the version that it is under.
fn is_only_observed(cycle: &Cycle, scribe: &Scribe<'_>) -> bool {
    let own = scribe.policies.by_hash(&cycle.policy_hash);
    let policy = own.map_or(scribe.policy, |own| own);
    policy.observe || policy.plans.get(&cycle.plan).is_some_and(|plan| plan.observe)
}

fn debt_values(work: &Work<'_>, cycle: &Cycle, scribe: &Scribe<'_>) -> DebtValues {
    let oldest_due = work.scope.oldest_due;
    DebtValues {
        real: scribe.money(work.scope.real),
        conditional: scribe.money(work.scope.conditional),
        due: oldest_due.map_or_else(String::new, |due| due.to_string()),
        stage: super::stage_text(cycle),
    }
}

fn count_visit(cycle: &mut Cycle, stage: &StageName) -> i64 {
    if let Some(visits) = cycle.visits.iter_mut().find(|visits| visits.stage == *stage) {
        visits.count = visits.count.saturating_add(1);
        return visits.count;
    }
    cycle.visits.push(StageVisits { stage: stage.clone(), count: 1 });
    1
}

/// How a measure is kept while it may have to be taken back; fees and hand-overs are not.
fn kept_as(
    work: &Work<'_>,
    profile: &Profile,
    measure: &Measure,
    channel: Option<crate::ids::Channel>,
    scribe: &Scribe<'_>,
) -> Option<MeasureKind> {
    match measure {
        Measure::Message(message) => Some(MeasureKind::Message(MessageInForce {
            template: message.template.clone(),
            channel: channel.unwrap_or_else(|| message.channel.clone()),
            delivered_at: is_observed(work.plan, scribe).then(|| scribe.now()),
        })),
        Measure::Provision(order) => Some(MeasureKind::Provision(ProvisionInForce {
            operation: order.operation.clone(),
            undo: order.undo.clone(),
            cuts_off: order.cuts_off,
            services: concerned(work, profile),
            lifted_since: None,
        })),
        Measure::Task { queue, within } => Some(MeasureKind::Task(TaskInForce {
            queue: queue.clone(),
            result: None,
            due: within.map(|within| scribe.zone.after(scribe.now(), within)),
            taken: None,
            is_observed: is_observed(work.plan, scribe),
        })),
        Measure::Fee { .. } | Measure::Handover { .. } => None,
    }
}

/// The profile's services that may be cut off; empty where the account lists none at all.
fn concerned(work: &Work<'_>, profile: &Profile) -> Vec<ServiceId> {
    use crate::cycle::DebtClass;
    let is_of_profile = |service: &&crate::account::Service| match &profile.debt_class {
        DebtClass::All => true,
        DebtClass::Provider(provider) => service.provider == *provider,
        DebtClass::Service(id) => id.as_ref().is_none_or(|id| service.id == *id),
    };
    let services = work.snapshot.services.iter().filter(is_of_profile);
    services.filter(|service| !service.always_on).map(|service| service.id.clone()).collect()
}

/// What an order reaches: the services that nothing else holds in the same way, or the profile as a
/// whole where the account lists none.
fn reach_of(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &Cycle,
    order: &ProvisionMeasure,
    scribe: &Scribe<'_>,
) -> Reach {
    let holders = Holders::of(work, profile, &order.operation, &cycle.measures, scribe);
    if work.snapshot.services.is_empty() {
        return if holders.hold_profile() { Reach::HeldAlready } else { Reach::Newly(Vec::new()) };
    }
    let mut services = concerned(work, profile);
    if services.is_empty() {
        return Reach::Nothing;
    }
    services.retain(|service| !holders.hold(service));
    if services.is_empty() { Reach::HeldAlready } else { Reach::Newly(services) }
}

/// Who holds an operation. Services are held by all profiles together, a profile as a whole only by
/// its own cycles, and by a person who put it on by hand.
struct Holders<'a> {
    own: Vec<&'a [ServiceId]>,
    others: Vec<&'a [ServiceId]>,
    by_hand: Vec<&'a [ServiceId]>,
}

impl<'a> Holders<'a> {
    /// The holders beside the measure at hand: `own` are the cycle's other measures, which, like the
    /// profile itself, is taken out of the debtor while it is worked on.
    fn of(
        work: &'a Work<'_>,
        profile: &'a Profile,
        operation: &Operation,
        own: impl IntoIterator<Item = &'a MeasureInForce>,
        scribe: &Scribe<'_>,
    ) -> Self {
        let services_of = |measure: &'a MeasureInForce| match &measure.what {
            MeasureKind::Provision(held) if held.operation == *operation && held.lifted_since.is_none() => {
                Some(held.services.as_slice())
            }
            MeasureKind::Provision(_) | MeasureKind::Message(_) | MeasureKind::Task(_) => None,
        };
        // What is only observed holds nothing that is sent.
        let is_live = !is_observed(work.plan, scribe);
        let counts = |cycle: &&'a Cycle| !(is_live && is_only_observed(cycle, scribe));
        let of_cycles =
            |profile: &'a Profile| profile.cycles.iter().filter(counts).flat_map(|cycle| &cycle.measures);
        Self {
            own: of_cycles(profile).chain(own).filter_map(services_of).collect(),
            others: work.debtor.profiles.iter().flat_map(of_cycles).filter_map(services_of).collect(),
            by_hand: work.debtor.by_hand.iter().filter_map(services_of).collect(),
        }
    }

    fn hold_profile(&self) -> bool {
        self.own.iter().chain(&self.by_hand).any(|services| services.is_empty())
    }

    fn hold(&self, service: &ServiceId) -> bool {
        let holders = self.own.iter().chain(&self.others).chain(&self.by_hand);
        holders.into_iter().any(|services| services.contains(service))
    }
}

/// Lets an order go: its undo goes out for what it was the last to hold.
fn lift(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &Cycle,
    still_to_lift: &[MeasureInForce],
    measure: &MeasureInForce,
    scribe: &mut Scribe<'_>,
) {
    let MeasureKind::Provision(order) = &measure.what else { return };
    if order.lifted_since.is_some() {
        return;
    }
    let holders =
        Holders::of(work, profile, &order.operation, cycle.measures.iter().chain(still_to_lift), scribe);
    let is_free = |service: &&ServiceId| !holders.hold(service);
    let services: Vec<ServiceId> = order.services.iter().filter(is_free).cloned().collect();
    let is_held_on = if order.services.is_empty() { holders.hold_profile() } else { services.is_empty() };
    if is_held_on {
        return;
    }
    let action = Action::Provision(Provision {
        operation: order.undo.clone(),
        is_undo: true,
        cuts_off: false,
        services,
    });
    let figures = sending::figures_of(&action);
    send_after(work, profile, cycle, measure, ("lift", RecordKind::MeasureLifted), (action, figures), scribe);
}

/// Cancels what was asked of a person and is not done yet.
fn cancel(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &Cycle,
    measure: &MeasureInForce,
    scribe: &mut Scribe<'_>,
) {
    let MeasureKind::Task(task) = &measure.what else { return };
    let ended =
        measure.outcome.map(|reported| reported.outcome).filter(|outcome| *outcome != Outcome::Accepted);
    if task.result.is_some() || ended.is_some() {
        // Of one that was done the result may still come.
        if task.result.is_none() && ended == Some(Outcome::Done) && !is_observed(work.plan, scribe) {
            let task = TaskOut {
                command_id: measure.command_id,
                queue: task.queue.clone(),
                requested_at: measure.requested_at,
                due: task.due,
                taken: task.taken.clone(),
                cycle_ended_at: Some(scribe.now()),
            };
            sending::tasks::wait_for(task, scribe);
        }
        return;
    }
    let what = Cancelled::Task(task.queue.clone());
    let action = Action::Cancel { cancelled: measure.command_id, what };
    let figures = vec![Figure::new("queue", &task.queue), Figure::new("cancelled", measure.command_id)];
    send_after(
        work,
        profile,
        cycle,
        measure,
        ("cancel", RecordKind::MeasureCancelled),
        (action, figures),
        scribe,
    );
}

/// Sends what follows an earlier command of the cycle: its undo, or its cancellation.
fn send_after(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &Cycle,
    measure: &MeasureInForce,
    (verb, kind): (&str, RecordKind),
    (action, mut figures): (Action, Vec<Figure>),
    scribe: &mut Scribe<'_>,
) {
    let account_id = work.account_id();
    let id = CommandId::of(&[account_id.as_str(), verb, &measure.command_id.to_string()], &[]);
    figures.push(Figure::new("command_id", id));
    if is_observed(work.plan, scribe) {
        scribe.record(&account_id, RecordKind::MeasureObserved, verb, figures);
        return;
    }
    scribe.record(&account_id, kind, "the cycle no longer asks for it", figures);
    let origin = origin(work, profile, cycle, Some(&measure.stage));
    match (action, &measure.what) {
        (Action::Provision(order), MeasureKind::Provision(taken_back)) => {
            let undo = Undo { id, account_id: &account_id, origin, taken_back: &taken_back.operation, order };
            sending::send_undo(undo, scribe);
        }
        (action, _) => scribe.command(id, &account_id, origin, action),
    }
}
