//! Dunning: a debt is worked on by a plan, stage by stage (domain.md, section 5).
//!
//! [`advance`] brings every cycle to where it belongs at a moment, and answers when something is
//! due next. How money moves is not known here.
//!
//! | module | its business |
//! |---|---|
//! | [`scope`] | which invoices count, and what debt they make |
//! | [`days`] | which days have come, for the dates of thousands of invoices |
//! | [`stages`] | when a stage is due, and whether what it asks is there |
//! | [`entering`] | a stage is entered, or stepped down from |
//! | [`held`] | a cycle is held, and goes on |
//! | [`force`] | what a cycle puts on and takes off |
//! | [`moving`] | segments, and a running cycle that comes under another plan or version |
//! | [`orders`] | what a person orders: a plan, a pause, a jump, an end, a task's result |
//! | [`by_hand`] | measures that a person takes, or takes back |
//! | [`owing`] | what is owed by the plans, for whoever looks |
//! | [`announcing`] | messages before an invoice is due |

pub(crate) mod announcing;
pub(crate) mod by_hand;
mod days;
mod entering;
pub(crate) mod force;
pub(crate) mod held;
pub(crate) mod moving;
pub(crate) mod orders;
pub(crate) mod owing;
pub(crate) mod scope;
pub(crate) mod stages;
pub(crate) mod tasks;
#[cfg(test)]
mod tests;

use crate::account::Snapshot;
use crate::cycle::{Cycle, DebtClass, Profile};
use crate::debtor::Debtor;
use crate::holding;
use crate::ids::{AccountId, InvoiceId, PlanName};
use crate::money::MinorUnits;
use crate::places::Places;
use crate::plan::{DebtClassBy, OnPartCure, Plan};
use crate::policy::Policy;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::time::Timestamp;
use scope::{Ground, InScope, Scope, Whose};

/// What the event at hand may have done to the debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something that may have lowered it: a payment, a credit note.
    Paid,
    /// Something that makes a debt count now that was there: a reversal, a debit note, an exemption
    /// lifted.
    Raised,
    /// Another plan may apply: the account's segment changed, or a person assigned one.
    Moved,
    /// Anything else, time among it.
    Other,
}

impl Cause {
    /// The same, where a payment paid as well. A move comes about but once, and is not lost by it.
    pub(crate) fn and_paid(self, has_paid: bool) -> Self {
        match self {
            Self::Moved => Self::Moved,
            Self::Paid | Self::Raised | Self::Other => {
                if has_paid {
                    Self::Paid
                } else {
                    self
                }
            }
        }
    }
}

/// Why a cycle ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The debt did.
    Cured,
    /// The account is exempt now.
    Exempt,
    /// A person closed it.
    Closed,
    /// It begins anew under another plan.
    Restarted,
}

impl Ending {
    fn word(self) -> &'static str {
        match self {
            Self::Cured => "cured",
            Self::Exempt => "exempt",
            Self::Closed => "closed by a person",
            Self::Restarted => "begun anew under another plan",
        }
    }
}

/// What every step of a profile's work looks at.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    /// The debtor, as it is; the profile at hand is taken out of it.
    pub(crate) debtor: &'a Debtor,
    /// Its own snapshot.
    pub(crate) snapshot: &'a Snapshot,
    /// The plan it is worked on by.
    pub(crate) plan: &'a Plan,
    /// What scopes are taken of.
    pub(crate) ground: Ground<'a>,
    /// The invoices that count, up to the horizon.
    pub(crate) scope: &'a Scope,
    /// The invoices that count by the clock.
    pub(crate) by_clock: &'a Scope,
}

impl Work<'_> {
    /// The debtor's own account.
    pub(crate) fn account_id(&self) -> AccountId {
        AccountId::from(self.debtor.id.as_str())
    }

    /// Which cycle a record speaks of: an account has one for each class of its debt, and by rolling
    /// plans several.
    fn figures_of_cycle(&self, number: i64) -> Vec<Figure> {
        vec![
            Figure::new("plan", &self.plan.name),
            Figure::new("debt_class", self.ground.debt_class),
            Figure::new("cycle", number),
        ]
    }
}

/// The plan that applies to a debtor's new cycles: the one that a person assigned, else the
/// standard one of its segment's group.
pub(crate) fn plan_name<'a>(debtor: &'a Debtor, policy: &'a Policy) -> Option<&'a PlanName> {
    let group = moving::group_of(debtor, policy)?;
    let assigned = debtor.assigned_plan.as_ref();
    assigned.filter(|plan| group.plans.contains(plan)).or(Some(&group.standard))
}

/// The debt classes that the debtor's invoices and profiles make, in a fixed order.
pub(crate) fn debt_classes(debtor: &Debtor, policy: &Policy) -> Vec<DebtClass> {
    let by = plan_name(debtor, policy).and_then(|name| policy.plans.get(name));
    // A profile of another kind than the plan's is left from a former plan: only to end its cycle.
    let is_worked_on = |profile: &&Profile| {
        !profile.cycles.is_empty()
            || by.is_none_or(|plan| scope::is_of_kind(&profile.debt_class, plan.debt_class))
    };
    let mut classes: Vec<DebtClass> =
        debtor.profiles.iter().filter(is_worked_on).map(|profile| profile.debt_class.clone()).collect();
    if let Some(plan) = by {
        let is_one = plan.debt_class == DebtClassBy::All;
        let of_all = debtor.debt.invoices.len();
        for invoice in debtor.debt.invoices.iter().take(if is_one { 1 } else { of_all }) {
            // Invoices of one class mostly come in a row.
            let is_known = |class: &DebtClass| {
                scope::is_of_kind(class, plan.debt_class) && scope::is_in_class(invoice, class)
            };
            if !classes.last().is_some_and(is_known) {
                classes.push(scope::class_of(invoice, plan.debt_class));
            }
        }
    }
    classes.sort();
    classes.dedup();
    classes
}

/// One going through of all cycles.
#[derive(Clone, Copy)]
struct Pass {
    /// What the event at hand may have done to the debt.
    cause: Cause,
    /// Whether cycles open and stages are entered as well; else cycles only end, are held or go on.
    enters: bool,
}

/// Ends, holds and lets go on what is to be, and enters no stage yet.
pub(crate) fn turn(debtor: &mut Debtor, places: &Places, cause: Cause, scribe: &mut Scribe<'_>) {
    go_through(debtor, places, Pass { cause, enters: false }, scribe);
}

/// Brings every profile's cycles to where they belong now. Answers the next moment at which
/// something is due by itself; `places` are those that the holds ask for.
pub(crate) fn advance(
    debtor: &mut Debtor,
    places: &Places,
    cause: Cause,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    go_through(debtor, places, Pass { cause, enters: true }, scribe)
}

fn go_through(
    debtor: &mut Debtor,
    places: &Places,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    debtor.own_snapshot()?;
    let frozen = holding::frozen_at(&debtor.debt, &debtor.holds, places);
    let announced = if pass.enters { announcing::announce(debtor, &frozen, scribe) } else { None };
    let classes = debt_classes(debtor, scribe.policy);
    let next =
        classes.into_iter().filter_map(|class| advance_class(debtor, &frozen, class, pass, scribe)).min();
    let pause_end = debtor.pause.as_ref().and_then(|pause| pause.until);
    let pause_end = pause_end.filter(|end| *end > scribe.moment.horizon);
    [next, announced, pause_end].into_iter().flatten().min()
}

fn advance_class(
    debtor: &mut Debtor,
    frozen: &[MinorUnits],
    class: DebtClass,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let at = debtor.profiles.iter().position(|profile| profile.debt_class == class);
    let mut profile = match at {
        Some(at) => debtor.profiles.remove(at),
        None => Profile { debt_class: class, cycles_opened: 0, cycles: Vec::new() },
    };
    let next = advance_profile(debtor, frozen, &mut profile, pass, scribe);
    if profile.cycles_opened > 0 {
        let at = at.unwrap_or(debtor.profiles.len());
        debtor.profiles.insert(at, profile);
    }
    next
}

/// Brings a profile's open cycles to where they belong, and opens one where it is due.
fn advance_profile(
    debtor: &Debtor,
    frozen: &[MinorUnits],
    profile: &mut Profile,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let snapshot = debtor.own_snapshot()?;
    let next = advance_cycles(debtor, (snapshot, frozen), profile, pass, scribe);
    let applies = plan_name(debtor, scribe.policy).and_then(|name| scribe.policy.plans.get(name));
    // A profile of another kind only works off what it has.
    let applies = applies.filter(|plan| scope::is_of_kind(&profile.debt_class, plan.debt_class));
    let Some(plan) = applies.filter(|_| pass.enters) else { return next };
    let class = profile.debt_class.clone();
    let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &class, plan };
    let opened = open_where_due(debtor, ground, profile, pass, scribe);
    [next, opened].into_iter().flatten().min()
}

/// Brings the open cycles of a profile to where they belong, oldest first.
fn advance_cycles(
    debtor: &Debtor,
    (snapshot, frozen): (&Snapshot, &[MinorUnits]),
    profile: &mut Profile,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let mut next = None;
    let mut at = 0;
    while at < profile.cycles.len() {
        let mut cycle = profile.cycles.remove(at);
        if !moving::follow(debtor, (snapshot, frozen), profile, &mut cycle, pass.cause, scribe) {
            continue;
        }
        let ruling = moving::Ruling::take(&cycle, scribe);
        let class = profile.debt_class.clone();
        let kept = match ruling.policy.plans.get(&cycle.plan) {
            // The plan is gone with its version: nothing more can be done, and nothing is undone.
            None => Some(None),
            Some(plan) => {
                let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &class, plan };
                advance_cycle(debtor, ground, profile, &mut cycle, pass, scribe)
            }
        };
        ruling.give_back(scribe);
        if let Some(due) = kept {
            profile.cycles.insert(at, cycle);
            at = at.saturating_add(1);
            next = [next, due].into_iter().flatten().min();
        }
    }
    next
}

/// Brings one cycle to where it belongs. Answers when it is due next; none where it has ended.
#[expect(clippy::option_option, reason = "outside: whether it goes on; inside: whether anything is due")]
fn advance_cycle(
    debtor: &Debtor,
    ground: Ground<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Option<Timestamp>> {
    let plan = ground.plan;
    let (scope, by_clock) = Scope::both(ground, Whose::of(cycle), scribe);
    let work = Work { debtor, snapshot: ground.snapshot, plan, ground, scope: &scope, by_clock: &by_clock };
    if debtor.exempt {
        end(&work, profile, cycle, Ending::Exempt, scribe);
        return None;
    }
    if by_clock.meets_exit(plan, scribe.exponent) {
        end(&work, profile, cycle, Ending::Cured, scribe);
        return None;
    }
    if pass.cause == Cause::Paid && plan.on_part_cure == OnPartCure::StepDown {
        entering::step_down(&work, profile, cycle, scribe);
    }
    let now = scribe.now();
    held::turn(&work, profile, cycle, now, scribe);
    if !pass.enters {
        return Some(None);
    }
    let again = force::put_on_again(&work, profile, cycle, scribe);
    if cycle.held_since.is_none() {
        entering::enter_due_stages(&work, profile, cycle, scribe);
        // A stage that was entered may ask more of the next one than holds leave.
        held::turn(&work, profile, cycle, now, scribe);
    }
    let next_stage = stages::next_due(plan, cycle, &scope, scribe);
    Some([next_stage, again, scope.next_entry(plan, &scribe.zone)].into_iter().flatten().min())
}

/// Opens a cycle where the debt that no cycle works on is enough. Answers when that may be next.
fn open_where_due(
    debtor: &Debtor,
    ground: Ground<'_>,
    profile: &mut Profile,
    pass: Pass,
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let plan = ground.plan;
    if debtor.exempt || !may_open(plan, profile) {
        return None;
    }
    let (scope, by_clock) = Scope::both(ground, Whose::Unowned(&profile.cycles), scribe);
    let next = scope.next_entry(plan, &scribe.zone);
    if !scope.meets_entry(plan, scribe.exponent) || by_clock.meets_exit(plan, scribe.exponent) {
        return next;
    }
    let work = Work { debtor, snapshot: ground.snapshot, plan, ground, scope: &scope, by_clock: &by_clock };
    let mut cycle = open(&work, profile, pass.cause, scribe);
    let opened_at = cycle.opened_at;
    held::turn(&work, profile, &mut cycle, opened_at, scribe);
    let due =
        advance_cycle(debtor, ground, profile, &mut cycle, Pass { cause: Cause::Other, ..pass }, scribe);
    let Some(due) = due else { return next };
    profile.cycles.push(cycle);
    [next, due].into_iter().flatten().min()
}

/// Whether a profile has room for a further cycle: one of a plan that does not roll works on all there is.
pub(crate) fn may_open(plan: &Plan, profile: &Profile) -> bool {
    profile.cycles.is_empty() || (plan.rolling && profile.cycles.iter().all(|cycle| !cycle.owned.is_empty()))
}

fn debt_figures(scope: &Scope, scribe: &Scribe<'_>) -> Vec<Figure> {
    vec![
        Figure::new("real_debt", scribe.money(scope.real)),
        Figure::new("conditional_debt", scribe.money(scope.conditional)),
    ]
}

fn open(work: &Work<'_>, profile: &mut Profile, cause: Cause, scribe: &mut Scribe<'_>) -> Cycle {
    let whose = Whose::Unowned(&profile.cycles);
    let invoices = work.ground.in_scope(whose, scribe.moment.horizon, &scribe.zone);
    profile.cycles_opened = profile.cycles_opened.saturating_add(1);
    let ids = || invoices.iter().map(|counted| counted.invoice.id.clone()).collect::<Vec<InvoiceId>>();
    let cycle = Cycle {
        number: profile.cycles_opened,
        plan: work.plan.name.clone(),
        policy_hash: scribe.policy.identity.hash.clone(),
        opened_at: opening_time(work, &invoices, cause, scribe),
        stage: None,
        entries: Vec::new(),
        visits: Vec::new(),
        held: Vec::new(),
        held_since: None,
        shift_micros: 0,
        owned: if work.plan.rolling { ids() } else { Vec::new() },
        measures: Vec::new(),
        has_sent: false,
    };
    let mut figures = work.figures_of_cycle(profile.cycles_opened);
    if work.plan.rolling {
        let owned: Vec<&str> = cycle.owned.iter().map(InvoiceId::as_str).collect();
        figures.push(Figure::new("invoices", owned.join(", ")));
    }
    figures.extend(debt_figures(work.scope, scribe));
    let reason = "the conditional debt reached the plan's entry amount";
    scribe.record(&work.account_id(), RecordKind::CycleOpened, reason, figures);
    cycle
}

/// When the cycle opened: when so much had come into scope that it was enough, or a hold that froze
/// it was over, were that not looked at late. What was enough before the debtor was last looked at
/// opened nothing then: something else has changed now, such as a plan, or an old invoice.
fn opening_time(work: &Work<'_>, invoices: &[InScope<'_>], cause: Cause, scribe: &Scribe<'_>) -> Timestamp {
    let counts_from = |counted: &InScope<'_>| counted.enters.max(counted.invoice.booked_at);
    let conditional = |counted: &InScope<'_>| counted.invoice.outstanding().minus(counted.frozen);
    let mut entered: Vec<_> = invoices.iter().map(|each| (counts_from(each), conditional(each))).collect();
    entered.sort_unstable();
    let mut debt = MinorUnits::ZERO;
    let enough = entered.into_iter().find(|(_, counted)| {
        debt = debt.plus(*counted);
        work.scope.meets(debt, None, work.plan, scribe.exponent)
    });
    let looked_at = work.debtor.next_due.unwrap_or(scribe.now());
    let came = enough.map(|(at, _)| at).filter(|at| cause != Cause::Raised && *at >= looked_at);
    came.max(scribe.last_over).unwrap_or(scribe.now())
}

/// Ends a cycle: what it has put on is lifted, what is not done yet cancelled, and a cure's
/// measures taken where it had sent anything.
pub(crate) fn end(
    work: &Work<'_>,
    profile: &Profile,
    cycle: &mut Cycle,
    ending: Ending,
    scribe: &mut Scribe<'_>,
) {
    let mut figures = work.figures_of_cycle(cycle.number);
    figures.push(Figure::new("stage", stage_text(cycle)));
    figures.extend(debt_figures(work.by_clock, scribe));
    scribe.record(&work.account_id(), RecordKind::CycleEnded, ending.word(), figures);
    force::lift_all(work, profile, cycle, scribe);
    if ending == Ending::Cured && cycle.has_sent {
        force::take_on_cure(work, profile, cycle, scribe);
    }
}

pub(crate) fn stage_text(cycle: &Cycle) -> String {
    cycle.stage.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)
}

/// Does something with every open cycle, each under its own version of the policy.
pub(crate) fn each_cycle(
    debtor: &mut Debtor,
    scribe: &mut Scribe<'_>,
    mut act: impl FnMut(&Work<'_>, &Profile, &mut Cycle, &mut Scribe<'_>),
) {
    if debtor.profiles.iter().all(|profile| profile.cycles.is_empty()) {
        return;
    }
    let frozen = holding::frozen(&debtor.debt, &debtor.holds);
    for at in 0..debtor.profiles.len() {
        let mut profile = debtor.profiles.remove(at);
        each_cycle_of(debtor, &frozen, &mut profile, scribe, &mut act);
        debtor.profiles.insert(at, profile);
    }
}

fn each_cycle_of(
    debtor: &Debtor,
    frozen: &[MinorUnits],
    profile: &mut Profile,
    scribe: &mut Scribe<'_>,
    act: &mut impl FnMut(&Work<'_>, &Profile, &mut Cycle, &mut Scribe<'_>),
) {
    let Some(snapshot) = debtor.own_snapshot() else { return };
    for number in 0..profile.cycles.len() {
        let mut cycle = profile.cycles.remove(number);
        let ruling = moving::Ruling::take(&cycle, scribe);
        if let Some(plan) = ruling.policy.plans.get(&cycle.plan) {
            let class = profile.debt_class.clone();
            let ground = Ground { debt: &debtor.debt, frozen, snapshot, debt_class: &class, plan };
            let (scope, by_clock) = Scope::both(ground, Whose::of(&cycle), scribe);
            let work = Work { debtor, snapshot, plan, ground, scope: &scope, by_clock: &by_clock };
            act(&work, profile, &mut cycle, scribe);
        }
        ruling.give_back(scribe);
        profile.cycles.insert(number, cycle);
    }
}
