//! What becomes of plans and their stages.

use super::order::by_name;
use super::teller::Teller;
use super::uses::Uses;
use super::{Change, measure};
use crate::words;
use decision::ids::{PlanName, StageName};
use decision::plan::{BeforeDue, IfTask, Notice, Plan, Stage};
use std::collections::BTreeMap;

pub(super) fn plans(
    changes: &mut Vec<Change>,
    uses: &Uses<'_>,
    old: &BTreeMap<PlanName, Plan>,
    new: &BTreeMap<PlanName, Plan>,
) {
    for (name, old, new) in by_name(old, new) {
        let mut of = Teller::new(changes, format!("plan {name}"), uses.plan(name));
        match (old, new) {
            (Some(old), Some(new)) => plan(&mut of, old, new),
            (None, Some(new)) => {
                let stages = new.stages.iter().map(|stage| format!("{} after {}", stage.name, stage.after));
                of.say(format!("is new (stages {})", words::list(stages)));
            }
            (_, None) => of.say("is gone".to_owned()),
        }
    }
}

fn plan(of: &mut Teller<'_>, old: &Plan, new: &Plan) {
    let Plan {
        name: _,
        debt_class,
        include,
        count_date,
        days_before_entry,
        anchor,
        entry,
        exit,
        rolling,
        pause_clock,
        lift_measures,
        on_part_cure,
        on_resegment,
        maps_from,
        running_cycles,
        catch_up,
        observe,
        before_due,
        stages,
        on_cure,
    } = new;
    of.field("debt class", words::debt_class(old.debt_class), words::debt_class(*debt_class));
    of.optional("include", words::condition(old.include.as_deref()), words::condition(include.as_deref()));
    of.field("count date", words::count_date(old.count_date), words::count_date(*count_date));
    of.field("time before entry", old.days_before_entry, days_before_entry);
    of.field("anchor", words::anchor(old.anchor), words::anchor(*anchor));
    of.optional_number("entry", old.entry, *entry);
    of.number("exit", old.exit, *exit);
    of.yes_no("rolling", old.rolling, *rolling);
    of.yes_no("a hold pauses the clock", old.pause_clock, *pause_clock);
    of.yes_no("a hold lifts measures", old.lift_measures, *lift_measures);
    of.field("on part cure", words::on_part_cure(old.on_part_cure), words::on_part_cure(*on_part_cure));
    of.field("on resegment", words::on_resegment(old.on_resegment), words::on_resegment(*on_resegment));
    of.field("catch up", words::catch_up(old.catch_up), words::catch_up(*catch_up));
    let (was, is) = (words::running_cycles(old.running_cycles), words::running_cycles(*running_cycles));
    of.field("running cycles", was, is);
    of.yes_no("observe", old.observe, *observe);
    announcements(of, &old.before_due, before_due);
    of.list((&old.stages, stages), stage_name, stage_summary, |of, old, new| {
        stage(&mut of.part(&stage_name(new)), old, new);
    });
    measure::measures(&mut of.part("on cure"), &old.on_cure, on_cure);
    maps(of, &old.maps_from, maps_from);
}

fn announcements(of: &mut Teller<'_>, old: &[BeforeDue], new: &[BeforeDue]) {
    let name = |announcement: &BeforeDue| format!("{} before due", announcement.before);
    let summary = |announcement: &BeforeDue| {
        announcement.measures.iter().map(words::summary).collect::<Vec<_>>().join(", ")
    };
    of.list((old, new), name, summary, |of, old, new| {
        let BeforeDue { before: _, measures } = new;
        measure::measures(&mut of.part(&name(new)), &old.measures, measures);
    });
}

/// From another plan's stages to this one's.
type Maps = BTreeMap<PlanName, BTreeMap<StageName, StageName>>;

fn maps(of: &mut Teller<'_>, old: &Maps, new: &Maps) {
    let none = BTreeMap::new();
    for (plan, old, new) in by_name(old, new) {
        for (stage, old, new) in by_name(old.unwrap_or(&none), new.unwrap_or(&none)) {
            of.optional(&format!("from plan {plan}, stage {stage} to"), old, new);
        }
    }
}

fn stage_name(stage: &Stage) -> String {
    format!("stage {}", stage.name)
}

fn stage_summary(stage: &Stage) -> String {
    let Stage { name: _, after, if_debt, if_invoices, if_task, min_gap, notice, window, measures } = stage;
    let mut parts = vec![format!("after {after}")];
    parts.extend(if_debt.map(|debt| format!("if debt {debt}")));
    parts.extend(if_invoices.map(|count| format!("if invoices {count}")));
    parts.extend(if_task.as_ref().map(|task| format!("if task {}", task_words(task))));
    parts.extend((!min_gap.is_none()).then(|| format!("min gap {min_gap}")));
    parts.extend(notice.as_ref().map(|notice| format!("notice {}", notice_words(notice))));
    parts.extend(window.as_ref().map(|window| format!("window {}", window.name)));
    parts.extend(measures.iter().map(words::summary));
    parts.join(", ")
}

fn stage(of: &mut Teller<'_>, old: &Stage, new: &Stage) {
    let Stage { name: _, after, if_debt, if_invoices, if_task, min_gap, notice, window: _, measures } = new;
    of.field("after", old.after, after);
    of.optional_number("if debt", old.if_debt, *if_debt);
    of.optional("if invoices", old.if_invoices, *if_invoices);
    of.optional("if task", old.if_task.as_ref().map(task_words), if_task.as_ref().map(task_words));
    of.field("min gap", old.min_gap, min_gap);
    of.optional("notice", old.notice.as_ref().map(notice_words), notice.as_ref().map(notice_words));
    // What changes in a window is told of the window.
    let window = |stage: &Stage| stage.window.as_ref().map(|window| window.name.clone());
    of.optional("window", window(old), window(new));
    measure::measures(of, &old.measures, measures);
}

fn task_words(task: &IfTask) -> String {
    let IfTask { queue, results } = task;
    format!("{queue} with {}", words::list(results))
}

fn notice_words(notice: &Notice) -> String {
    let Notice { of, at_least } = notice;
    format!("of {of} at least {at_least}")
}
