//! Measures: what a stage, a threshold or a cure does.

use super::{Checker, Section};
use crate::file::{MeasureFile, MessageFile, ProvisionFile};
use crate::texts::Speaks;
use decision::ids::{Channel, Operation, Queue, TemplateName};
use decision::policy::{Measure, MessageMeasure, ProvisionMeasure};

impl Checker<'_> {
    pub(super) fn measures<'m>(
        &mut self,
        measures: impl Iterator<Item = &'m MeasureFile>,
        speaks: Speaks,
    ) -> Vec<Measure> {
        measures.map(|measure| self.measure(measure, speaks)).collect()
    }

    pub(super) fn measure(&mut self, measure: &MeasureFile, speaks: Speaks) -> Measure {
        match measure {
            MeasureFile::Message(message) => Measure::Message(self.message(message, speaks)),
            MeasureFile::Provision(order) => Measure::Provision(self.provision(order)),
            MeasureFile::Task(task) => {
                self.some_text(&task.queue);
                let within = task.within.as_ref().map(|within| within.0);
                Measure::Task { queue: Queue::from(task.queue.as_str()), within }
            }
            MeasureFile::Fee(fee) => {
                self.some_text(&fee.code);
                let amount = self.money(&fee.amount);
                if amount.scaled_to(3).is_some_and(|units| units.0 == 0) {
                    self.error(
                        "wrong-value",
                        fee.amount.span,
                        "a fee of nothing is none",
                        "write more than 0",
                    );
                }
                Measure::Fee { code: fee.code.value.clone(), amount }
            }
            MeasureFile::Handover(handover) => {
                self.some_text(&handover.to);
                Measure::Handover { to: handover.to.value.clone() }
            }
        }
    }

    fn message(&mut self, message: &MessageFile, speaks: Speaks) -> MessageMeasure {
        self.known(Section::Templates, &message.template);
        let spoken = self.spoken.entry(message.template.value.clone()).or_default();
        if !spoken.contains(&speaks) {
            spoken.push(speaks);
        }
        let channels = || [&message.channel].into_iter().chain(&message.fallback);
        self.once("channel", channels());
        self.channels.extend(channels().map(|channel| channel.value.clone()));
        MessageMeasure {
            template: TemplateName::from(message.template.as_str()),
            channel: Channel::from(message.channel.as_str()),
            class: message.class.class(),
            window: self.window_named(message.window.as_ref()),
            fallback: message.fallback.iter().map(|channel| Channel::from(channel.as_str())).collect(),
        }
    }

    fn provision(&mut self, order: &ProvisionFile) -> ProvisionMeasure {
        self.some_text(&order.operation);
        self.some_text(&order.undo);
        if order.operation.value == order.undo.value {
            let message = "the undo is the operation itself";
            self.error("contradiction", order.undo.span, message, "name what takes the operation back");
        }
        ProvisionMeasure {
            operation: Operation::from(order.operation.as_str()),
            undo: Operation::from(order.undo.as_str()),
            cuts_off: order.cuts_off,
        }
    }
}
