//! One debtor's life, played and counted.

use super::tally::{AGES, Day, Recovery, Sum, Tally};
use decision::command::{Action, Command};
use decision::cycle::{DebtClass, MeasureKind};
use decision::debtor::Debtor;
use decision::event::Body;
use decision::ids::{DebtorId, PlanName, SegmentName, StageName};
use decision::money::{Currency, MinorUnits};
use decision::policy::Defaults;
use decision::record::{Record, RecordKind};
use decision::time::{Date, Timestamp, Zone};
use decision::{Policies, view};
use lives::{Cause, Decided, Endless, Life, Reports};
use schemas::files::Arrival;

/// How lives end, and when they are looked at on the way.
pub(super) struct Ending<'a> {
    pub(super) until: Timestamp,
    /// When debts' ages are looked at; the last is the end.
    pub(super) samples: &'a [Timestamp],
    pub(super) reports: Reports,
}

/// What became of one debtor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The currency of its amounts.
    pub currency: Currency,
    /// Its segment at the end.
    pub segment: Option<SegmentName>,
    /// The plan that applies at the end.
    pub plan: Option<PlanName>,
    /// The stage at the end.
    pub stage: Option<StageName>,
    /// Whether a cycle is open at the end, and at work.
    pub status: &'static str,
    /// How many alerts it got.
    pub alerts: u64,
    /// How many messages, alerts' own among them.
    pub messages: u64,
    /// How many tasks were made.
    pub tasks: u64,
    /// How often it was cut off.
    pub cut_off: u64,
    /// How often it was restored after that.
    pub restored: u64,
    /// Whether it is cut off at the end.
    pub is_cut_off: bool,
    /// The fees it was charged.
    pub fees: MinorUnits,
    /// How often its debt was handed over.
    pub handed_over: u64,
    /// What it paid of debts that were being worked on.
    pub recovered: MinorUnits,
    /// What it owes at the end.
    pub owed: MinorUnits,
}

/// Plays a life and counts it.
pub(super) fn play(
    debtor: &DebtorId,
    events: &[Arrival],
    policies: &Policies,
    ending: &Ending<'_>,
    tally: &mut Tally,
) -> Result<Outcome, Endless> {
    let begins = events.first().map_or(Timestamp::EARLIEST, |first| first.at);
    let mut life = Life::new(debtor.clone(), policies.clone(), ending.reports, begins);
    let mut counter = Counter::new(&policies.at(begins).defaults, tally);
    let mut samples = ending.samples.iter().copied().filter(|at| *at >= begins).peekable();
    for arrival in events {
        while let Some(at) = samples.next_if(|at| *at < arrival.at) {
            life.run_to(at, &mut |decided| counter.hear(&decided))?;
            counter.sample(at, &life);
        }
        life.run_to(arrival.at, &mut |decided| counter.hear(&decided))?;
        // Nothing but a payment recovers a debt.
        let is_payment = matches!(arrival.event.body, Body::Payment(_));
        let worked_on = if is_payment { worked_on(&life) } else { Vec::new() };
        life.happens(&arrival.event, &mut |decided| counter.hear(&decided));
        counter.recover(worked_on, &life);
        life.run_to(arrival.at, &mut |decided| counter.hear(&decided))?;
    }
    for at in samples {
        life.run_to(at, &mut |decided| counter.hear(&decided))?;
        counter.sample(at, &life);
    }
    life.run_to(ending.until, &mut |decided| counter.hear(&decided))?;
    Ok(counter.end(&life))
}

/// A debt that is being worked on.
struct WorkedOn {
    debt_class: DebtClass,
    plan: PlanName,
    stage: Option<StageName>,
    real_debt: MinorUnits,
}

fn worked_on(life: &Life) -> Vec<WorkedOn> {
    if life.debtor().profiles.iter().all(|profile| profile.cycles.is_empty()) {
        return Vec::new();
    }
    let profiles = view::profiles(life.debtor(), life.moment(), life.policies());
    let open = profiles.into_iter().filter(|profile| profile.status != view::Status::Clear);
    let debt = |profile: view::ProfileView| {
        let (debt_class, stage, real_debt) = (profile.debt_class, profile.stage, profile.real_debt);
        profile.plan.map(|plan| WorkedOn { debt_class, plan, stage, real_debt })
    };
    open.filter_map(debt).collect()
}

/// Listens to a life and counts.
struct Counter<'t> {
    tally: &'t mut Tally,
    zone: Zone,
    /// The day that was counted last, with when it begins and ends: decisions of one day come together.
    today: (Date, Timestamp, Timestamp),
    /// The plan and stage of each open cycle, as counted in the tally.
    stages: Vec<(PlanName, Option<StageName>)>,
    outcome: Outcome,
}

impl<'t> Counter<'t> {
    fn new(defaults: &Defaults, tally: &'t mut Tally) -> Self {
        let outcome = Outcome {
            currency: defaults.currency,
            segment: None,
            plan: None,
            stage: None,
            status: view::Status::Clear.as_str(),
            alerts: 0,
            messages: 0,
            tasks: 0,
            cut_off: 0,
            restored: 0,
            is_cut_off: false,
            fees: MinorUnits::ZERO,
            handed_over: 0,
            recovered: MinorUnits::ZERO,
            owed: MinorUnits::ZERO,
        };
        let today = (Date::default(), Timestamp::LATEST, Timestamp::EARLIEST);
        Self { tally, zone: defaults.zone.clone(), today, stages: Vec::new(), outcome }
    }

    fn hear(&mut self, decided: &Decided<'_>) {
        let decisions = &decided.decisions;
        if let (Cause::Event(_), Some(rejection)) = (decided.cause, &decisions.rejection) {
            *self.tally.rejected.entry(rejection.code()).or_default() += 1;
        }
        if decisions.commands.is_empty() && decisions.records.is_empty() {
            return;
        }
        self.know(decided.debtor);
        let day = self.day_of(decided.moment.now);
        for record in &decisions.records {
            self.record(record, day);
        }
        for command in &decisions.commands {
            self.command(command, day);
        }
        self.follow_stages(decided.debtor, day);
        self.follow_cut(decided.debtor, day);
    }

    /// The zone and the currency are those of the last snapshot.
    fn know(&mut self, debtor: &Debtor) {
        let zone = debtor.own_snapshot().and_then(|snapshot| snapshot.time_zone.as_ref());
        if let Some(zone) = zone.filter(|zone| **zone != self.zone) {
            self.zone = zone.clone();
            self.today.1 = Timestamp::LATEST;
        }
        self.outcome.currency = debtor.currency.unwrap_or(self.outcome.currency);
    }

    fn day_of(&mut self, now: Timestamp) -> Date {
        let (date, begins, ends) = self.today;
        if begins <= now && now < ends {
            return date;
        }
        let date = self.zone.date_of(now);
        self.today = (date, self.zone.start_of(date), self.zone.start_of(date.plus_days(1)));
        date
    }

    fn day(&mut self, date: Date) -> &mut Day {
        self.tally.days.entry(date).or_default()
    }

    fn record(&mut self, record: &Record, date: Date) {
        let figure = |name: &str| record.figures.iter().find(|figure| figure.name == name);
        if record.kind == RecordKind::Alert {
            self.outcome.alerts += 1;
            self.day(date).alerts += 1;
            if let Some(rule) = figure("rule") {
                *self.tally.alerts.entry(rule.value.as_str().into()).or_default() += 1;
            }
        } else if matches!(record.kind, RecordKind::AlertSuppressed | RecordKind::AlertStale) {
            *self.tally.alerts_not_sent.entry(record.kind.as_str()).or_default() += 1;
        } else if record.kind == RecordKind::StageEntered
            && let (Some(plan), Some(stage)) = (figure("plan"), figure("stage"))
        {
            let key = (plan.value.as_str().into(), stage.value.as_str().into());
            *self.tally.entered.entry(key).or_default() += 1;
        }
    }

    fn command(&mut self, command: &Command, date: Date) {
        match &command.action {
            Action::Message(message) => {
                self.outcome.messages += 1;
                self.day(date).messages += 1;
                let key = (message.template.clone(), message.channel.clone());
                *self.tally.messages.entry(key).or_default() += 1;
            }
            Action::Provision(order) => {
                *self.tally.operations.entry(order.operation.clone()).or_default() += 1;
            }
            Action::Task { queue, .. } => {
                self.outcome.tasks += 1;
                self.day(date).tasks += 1;
                *self.tally.tasks.entry(queue.clone()).or_default() += 1;
            }
            Action::Fee { code, amount } => {
                self.outcome.fees = self.outcome.fees.plus(amount.minor_units);
                let fee = self.tally.fees.entry((code.clone(), amount.currency)).or_default();
                fee.count += 1;
                fee.sum += Sum::from(amount.minor_units.0);
            }
            Action::Handover { to, debt } => {
                self.outcome.handed_over += 1;
                let handover = self.tally.handovers.entry((to.clone(), debt.currency)).or_default();
                handover.count += 1;
                handover.sum += Sum::from(debt.minor_units.0);
            }
            // It takes back what was counted when it was sent: both went out.
            Action::Cancel { .. } => {}
        }
    }

    /// Counts the debts that are in another stage than before.
    fn follow_stages(&mut self, debtor: &Debtor, date: Date) {
        let cycles = || debtor.profiles.iter().flat_map(|profile| &profile.cycles);
        let is_same = self.stages.len() == cycles().count()
            && self
                .stages
                .iter()
                .zip(cycles())
                .all(|((plan, stage), cycle)| *plan == cycle.plan && *stage == cycle.stage);
        if is_same {
            return;
        }
        let now: Vec<_> = cycles().map(|cycle| (cycle.plan.clone(), cycle.stage.clone())).collect();
        for (stages, more) in [(std::mem::take(&mut self.stages), -1), (now.clone(), 1)] {
            for stage in stages {
                *self.tally.stages.entry(stage).or_default().entry(date).or_default() += more;
            }
        }
        self.stages = now;
    }

    /// Counts whether it is cut off now and was not, or the other way round.
    fn follow_cut(&mut self, debtor: &Debtor, date: Date) {
        let is_cut_off = is_cut_off(debtor);
        if is_cut_off == self.outcome.is_cut_off {
            return;
        }
        self.outcome.is_cut_off = is_cut_off;
        if is_cut_off {
            self.outcome.cut_off += 1;
            self.day(date).cut_off += 1;
        } else {
            self.outcome.restored += 1;
            self.day(date).restored += 1;
        }
    }

    /// Counts what a payment took off debts that were being worked on.
    fn recover(&mut self, before: Vec<WorkedOn>, life: &Life) {
        if before.is_empty() {
            return;
        }
        let date = self.day_of(life.clock());
        let now = view::profiles(life.debtor(), life.moment(), life.policies());
        for debt in before {
            let left = now.iter().find(|profile| profile.debt_class == debt.debt_class);
            let paid = debt.real_debt.minus(left.map_or(MinorUnits::ZERO, |profile| profile.real_debt));
            if !paid.is_positive() {
                continue;
            }
            let currency = self.outcome.currency;
            self.outcome.recovered = self.outcome.recovered.plus(paid);
            let segment = view::segment(life.debtor()).cloned();
            let key = Recovery { segment, plan: debt.plan, stage: debt.stage, currency };
            let recovered = self.tally.recovered.entry(key).or_default();
            recovered.count += 1;
            recovered.sum += Sum::from(paid.0);
            *self.day(date).recovered.entry(currency).or_default() += Sum::from(paid.0);
        }
    }

    /// Counts how old what is owed is.
    fn sample(&mut self, at: Timestamp, life: &Life) {
        let today = self.zone.date_of(at);
        let open = life.debtor().debt.invoices.iter().filter(|invoice| invoice.outstanding().is_positive());
        for invoice in open {
            let days = today.days().saturating_sub(invoice.due.days());
            let age = AGES.iter().position(|(_, most)| days <= *most);
            let ages = self.tally.ages.entry((at, self.outcome.currency)).or_default();
            if let Some(sum) = age.and_then(|age| ages.get_mut(age)) {
                *sum += Sum::from(invoice.outstanding().0);
            }
        }
    }

    fn end(mut self, life: &Life) -> Outcome {
        let profiles = view::profiles(life.debtor(), life.moment(), life.policies());
        // Of several debts the furthest tells: the one with a stage.
        let furthest = profiles
            .iter()
            .max_by_key(|profile| (profile.stage.is_some(), profile.status != view::Status::Clear));
        self.outcome.segment = view::segment(life.debtor()).cloned();
        if let Some(profile) = furthest {
            self.outcome.plan = profile.plan.clone();
            self.outcome.stage = profile.stage.clone();
            self.outcome.status = profile.status.as_str();
        }
        self.outcome.owed = life.debtor().debt.invoices.iter().map(|invoice| invoice.outstanding()).sum();
        self.tally.cut_off += u64::from(self.outcome.cut_off > 0);
        self.tally.restored += u64::from(self.outcome.restored > 0);
        self.tally.cut_off_at_end += u64::from(self.outcome.is_cut_off);
        self.outcome
    }
}

/// Whether something is on that cuts it off.
fn is_cut_off(debtor: &Debtor) -> bool {
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let measures = cycles.flat_map(|cycle| &cycle.measures).chain(&debtor.by_hand);
    measures.into_iter().any(|measure| match &measure.what {
        MeasureKind::Provision(order) => order.cuts_off && order.lifted_since.is_none(),
        MeasureKind::Message(_) | MeasureKind::Task(_) => false,
    })
}
