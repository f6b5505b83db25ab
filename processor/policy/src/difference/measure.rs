//! What becomes of measures: of a stage, a threshold, a cure.

use super::teller::Teller;
use crate::words;
use decision::ids::{Channel, TemplateName, WindowName};
use decision::plan::Plan;
use decision::policy::{Measure, MessageMeasure, ProvisionMeasure};
use decision::threshold::{Threshold, Watch};

/// Tells what becomes of a list of measures.
pub(super) fn measures(of: &mut Teller<'_>, old: &[Measure], new: &[Measure]) {
    let (name, details) = (words::name, words::details);
    of.list((old, new), name, details, |of, old, new| compare(&mut of.part(&name(new)), old, new));
}

fn compare(of: &mut Teller<'_>, old: &Measure, new: &Measure) {
    match (old, new) {
        (Measure::Message(old), Measure::Message(new)) => message(of, old, new),
        (Measure::Provision(old), Measure::Provision(new)) => {
            let ProvisionMeasure { operation: _, undo, cuts_off } = new;
            of.field("undo", &old.undo, undo);
            of.yes_no("cuts off", old.cuts_off, *cuts_off);
        }
        (Measure::Task { queue: _, within: old }, Measure::Task { queue: _, within: new }) => {
            of.optional("within", *old, *new);
        }
        (Measure::Fee { code: _, amount: old }, Measure::Fee { code: _, amount: new }) => {
            of.number("amount", *old, *new);
        }
        // All there is of a handover is its name, and measures of two kinds never share one.
        (
            Measure::Message(_)
            | Measure::Provision(_)
            | Measure::Task { .. }
            | Measure::Fee { .. }
            | Measure::Handover { .. },
            _,
        ) => {}
    }
}

fn message(of: &mut Teller<'_>, old: &MessageMeasure, new: &MessageMeasure) {
    let MessageMeasure { template: _, channel, class, window: _, fallback } = new;
    of.field("channel", &old.channel, channel);
    of.field("class", old.class.as_str(), class.as_str());
    // What changes in a window is told of the window.
    let window = |message: &MessageMeasure| message.window.as_ref().map(|window| window.name.clone());
    of.optional("window", window(old), window(new));
    let some = |channels: &[Channel]| (!channels.is_empty()).then(|| words::list(channels));
    of.optional("fallback", some(&old.fallback), some(fallback));
}

/// Tells what becomes of a measure that there may be one of.
pub(super) fn one(of: &mut Teller<'_>, old: Option<&Measure>, new: Option<&Measure>) {
    let list = |measure: Option<&Measure>| measure.cloned().into_iter().collect::<Vec<_>>();
    measures(of, &list(old), &list(new));
}

/// The template that a measure sends.
pub(super) fn template(measure: &Measure) -> Option<&TemplateName> {
    message_of(measure).map(|message| &message.template)
}

/// The window that a measure waits for.
pub(super) fn window(measure: &Measure) -> Option<&WindowName> {
    message_of(measure)?.window.as_ref().map(|window| &window.name)
}

fn message_of(measure: &Measure) -> Option<&MessageMeasure> {
    match measure {
        Measure::Message(message) => Some(message),
        // None of these sends anything.
        Measure::Provision(_) | Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => None,
    }
}

/// All measures of a plan.
pub(super) fn of_plan(plan: &Plan) -> impl Iterator<Item = &Measure> {
    let before_due = plan.before_due.iter().flat_map(|announcement| &announcement.measures);
    before_due.chain(plan.stages.iter().flat_map(|stage| &stage.measures)).chain(&plan.on_cure)
}

/// All measures of a threshold.
pub(super) fn of_threshold(rule: &Threshold) -> impl Iterator<Item = &Measure> {
    let recovered = match &rule.watch {
        Watch::Lines(lines) => lines.recovered.as_slice(),
        // What has expired does not recover.
        Watch::Expiry { before: _ } => &[],
    };
    rule.measures.iter().chain(recovered)
}
