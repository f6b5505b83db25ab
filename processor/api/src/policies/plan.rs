//! A plan as a ladder: its stages in order, when each is due, what it asks for, and what it does.

use super::told::{BeforeDueStep, PlanLadder, PlanStage, PlannedMeasure, Worded};
use decision::Policy;
use decision::plan::{
    Anchor, BeforeDue, CatchUp, CountDate, IfTask, Notice, OnPartCure, OnResegment, Plan, RunningCycles,
    Stage,
};
use decision::policy::{Measure, MessageMeasure, ProvisionMeasure};
use decision::time::Period;
use policy::words;

/// A plan of this policy.
pub(super) fn ladder(plan: &Plan, policy: &Policy) -> PlanLadder {
    let having = policy.groups.iter().filter(|(_, group)| group.plans.contains(&plan.name));
    PlanLadder {
        name: plan.name.to_string(),
        groups: having.map(|(name, _)| name.to_string()).collect(),
        debt_class: words::debt_class(plan.debt_class).to_owned(),
        anchor: words::anchor(plan.anchor).to_owned(),
        count_date: words::count_date(plan.count_date).to_owned(),
        entry: plan.entry.map(|entry| entry.to_string()),
        exit: plan.exit.to_string(),
        observe: plan.observe,
        rules: rules(plan, policy),
        before_due: plan.before_due.iter().map(before_due).collect(),
        stages: plan.stages.iter().map(|stage| self::stage(stage, plan, policy)).collect(),
        on_cure: measures(&plan.on_cure),
    }
}

/// Something in words.
pub(super) fn worded(kind: &str, says: impl Into<String>) -> Worded {
    Worded { kind: kind.to_owned(), says: says.into() }
}

/// How cycles of a plan begin, go on and end.
fn rules(plan: &Plan, policy: &Policy) -> Vec<Worded> {
    let currency = &policy.defaults.currency;
    let opens = match plan.entry {
        Some(entry) => {
            format!("a cycle opens once the debt that no hold freezes is {entry} {currency} or more")
        }
        None => {
            format!("a cycle opens once the debt that no hold freezes is more than {} {currency}", plan.exit)
        }
    };
    let include = plan.include.as_deref().map(|condition| format!("only invoices with {condition:?} count"));
    let date = count_date(plan.count_date);
    let entry = plan.days_before_entry;
    let enters =
        (!entry.is_none()).then(|| format!("an invoice counts {} after its {date}", words::period(entry)));
    let rolling = "new invoices open a cycle of their own while earlier ones stay open";
    let clock = if plan.pause_clock {
        "the days on which a hold stops the cycle do not count"
    } else {
        "the days on which a hold stops the cycle count"
    };
    let lifts = "what cuts off is lifted while a hold stops the cycle";
    let ends = format!("a cycle ends once the debt is {} {currency} or less", plan.exit);
    let some = [
        include.map(|says| worded("include", says)),
        enters.map(|says| worded("days_before_entry", says)),
        Some(worded("entry", opens)),
        plan.rolling.then(|| worded("rolling", rolling)),
        Some(worded("pause_clock", clock)),
        plan.lift_measures.then(|| worded("lift_measures", lifts)),
        Some(worded("on_part_cure", on_part_cure(plan.on_part_cure))),
        Some(worded("on_resegment", on_resegment(plan.on_resegment))),
        Some(worded("catch_up", catch_up(plan.catch_up))),
        Some(worded("running_cycles", running_cycles(plan.running_cycles))),
        Some(worded("exit", ends)),
    ];
    some.into_iter().flatten().collect()
}

fn on_part_cure(what: OnPartCure) -> &'static str {
    match what {
        OnPartCure::Stay => "a payment of a part leaves the stage as it is",
        OnPartCure::StepDown => {
            "a payment of a part goes back to the furthest stage that the rest still meets"
        }
    }
}

fn on_resegment(what: OnResegment) -> &'static str {
    match what {
        OnResegment::Keep => {
            "where an account comes to this plan from another, its cycle stays with that one to its end"
        }
        OnResegment::Map => {
            "where an account comes to this plan from another, its cycle goes on in the stage that is mapped"
        }
        OnResegment::Restart => {
            "where an account comes to this plan from another, its cycle begins anew under this one"
        }
    }
}

fn catch_up(how: CatchUp) -> &'static str {
    match how {
        CatchUp::Sequential => "of several stages due at once each is entered in its turn",
        CatchUp::Severest => {
            "of several stages due at once only the furthest is entered, and what the others do is left out"
        }
    }
}

fn running_cycles(what: RunningCycles) -> &'static str {
    match what {
        RunningCycles::Stay => "a running cycle stays with the version that it was opened under",
        RunningCycles::Move => "a running cycle moves to this version when it comes",
    }
}

fn count_date(date: CountDate) -> &'static str {
    match date {
        CountDate::Due => "due date",
        CountDate::Issued => "issue date",
    }
}

fn before_due(announcement: &BeforeDue) -> BeforeDueStep {
    let BeforeDue { before, measures } = announcement;
    BeforeDueStep {
        before: before.to_string(),
        says: format!("{} before an invoice is due", words::period(*before)),
        measures: self::measures(measures),
    }
}

fn stage(stage: &Stage, plan: &Plan, policy: &Policy) -> PlanStage {
    PlanStage {
        stage: stage.name.to_string(),
        after: stage.after.to_string(),
        says: due(stage.after, plan),
        conditions: conditions(stage, plan, policy),
        window: stage.window.as_ref().map(|window| window.name.to_string()),
        cuts_off: stage.measures.iter().any(cuts_off),
        measures: measures(&stage.measures),
    }
}

/// When a stage is due, by what the plan counts from.
fn due(after: Period, plan: &Plan) -> String {
    match plan.anchor {
        Anchor::Oldest => {
            let date = count_date(plan.count_date);
            if after.is_none() {
                return format!("on the {date} of the oldest invoice");
            }
            format!("{} after the {date} of the oldest invoice", words::period(after))
        }
        Anchor::Entry if after.is_none() => "when the cycle is opened".to_owned(),
        Anchor::Entry => format!("{} after the cycle was opened", words::period(after)),
    }
}

/// What must be so as well before a stage is entered. One that asks for no debt of its own asks for what opens a cycle.
fn conditions(stage: &Stage, plan: &Plan, policy: &Policy) -> Vec<Worded> {
    let Stage { name: _, after: _, if_debt, if_invoices, if_task, min_gap, notice, window, measures: _ } =
        stage;
    let currency = &policy.defaults.currency;
    let debt = if_debt
        .or(plan.entry)
        .map(|debt| format!("the debt that no hold freezes is {debt} {currency} or more"));
    let invoices = if_invoices.map(|count| match count {
        1 => "1 invoice or more is open".to_owned(),
        _ => format!("{count} invoices or more are open"),
    });
    let task = if_task.as_ref().map(|IfTask { queue, results }| {
        format!("the task in {queue} has ended with {}", results.join(" or "))
    });
    let gap =
        (!min_gap.is_none()).then(|| format!("{} or more after the stage before", words::period(*min_gap)));
    let notice = notice.as_ref().map(|Notice { of, at_least }| {
        format!("{} or more after the notice of {of} was delivered", words::period(*at_least))
    });
    let window = window.as_ref().map(|window| format!("in the window {}", window.name));
    let all = [
        ("debt", debt),
        ("invoices", invoices),
        ("task", task),
        ("gap", gap),
        ("notice", notice),
        ("window", window),
    ];
    all.into_iter().filter_map(|(kind, says)| Some(worded(kind, says?))).collect()
}

/// Measures, as they are told.
pub(super) fn measures(measures: &[Measure]) -> Vec<PlannedMeasure> {
    measures.iter().map(measure).collect()
}

fn measure(measure: &Measure) -> PlannedMeasure {
    let (kind, what) = match measure {
        Measure::Message(message) => ("message", message.template.to_string()),
        Measure::Provision(order) => ("order", order.operation.to_string()),
        Measure::Task { queue, within: _ } => ("task", queue.to_string()),
        Measure::Fee { code, amount: _ } => ("fee", code.clone()),
        Measure::Handover { to } => ("handover", to.clone()),
    };
    let (message, order) = parts(measure);
    PlannedMeasure {
        kind: kind.to_owned(),
        what,
        channel: message.map(|message| message.channel.to_string()),
        window: message.and_then(|message| message.window.as_ref()).map(|window| window.name.to_string()),
        undo: order.map(|order| order.undo.to_string()),
        cuts_off: cuts_off(measure),
        says: words::measure(measure),
    }
}

fn cuts_off(measure: &Measure) -> bool {
    parts(measure).1.is_some_and(|order| order.cuts_off)
}

fn parts(measure: &Measure) -> (Option<&MessageMeasure>, Option<&ProvisionMeasure>) {
    match measure {
        Measure::Message(message) => (Some(message), None),
        Measure::Provision(order) => (None, Some(order)),
        // All there is of these is told for each kind alike.
        Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => (None, None),
    }
}
