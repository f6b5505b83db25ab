//! Commands, as far as the state knows what became of them: those that wait, that are on their way, that are in
//! force; and what would stand in the way of one more.
//!
//! What follows a command that failed is [`crate::sending`]'s business.

use crate::cycle::{Cycle, MeasureInForce, MeasureKind};
use crate::debtor::Debtor;
use crate::event::Outcome;
use crate::ids::{Channel, Operation, Queue, TemplateName, WindowName};
use crate::plan::Stage;
use crate::policy::Measure;
use crate::time::{Period, Timestamp};
use crate::underway::{CommandUnderWay, UnderWay};

/// A command, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandView {
    /// What it is.
    pub what: What,
    /// The how-many-eth try the newest is, from 1.
    pub tries: i32,
    /// Where it stands.
    pub stands: Stands,
}

/// What a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message.
    Message {
        /// Its template.
        template: TemplateName,
        /// The channel it goes by.
        channel: Channel,
    },
    /// A provisioning order.
    Order {
        /// The operation.
        operation: Operation,
    },
    /// A task for a person.
    Task {
        /// Its queue.
        queue: Queue,
    },
    /// A fee.
    Fee {
        /// The operator's own code.
        code: String,
    },
    /// The debt goes to someone else.
    Handover {
        /// To whom.
        to: String,
    },
}

/// Where a command stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It waits for its window.
    Waits {
        /// When that opens.
        until: Option<Timestamp>,
    },
    /// It was decided, and waits to leave: for its rate, or since the breaker holds it.
    KeptBack,
    /// It was sent, and its end is not known.
    Sent {
        /// When.
        at: Timestamp,
        /// Until when its end is to be reported, where there is a time-out.
        report_until: Option<Timestamp>,
    },
    /// Its receiver reported on it.
    Reported {
        /// What.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
    /// It was not sent: it is observed only. A message counts as delivered then.
    Observed {
        /// When it was decided.
        at: Timestamp,
    },
    /// An order that is lifted while the cycle is held.
    Lifted {
        /// Since when.
        since: Timestamp,
    },
    /// A task that came to a result.
    Result {
        /// The result, in the operator's own word.
        result: String,
    },
    /// It was dropped, failed in every try, or was taken back: the history says which.
    NotInForce,
    /// What became of it is not remembered: nothing would take it back.
    NotKept,
}

/// Something that would stand in the way of a message, were it to go out now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The message's template.
    pub template: TemplateName,
    /// What it is.
    pub hindrance: Hindrance,
}

/// What stands in the way of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It waits for its window.
    WindowShut {
        /// The window.
        window: WindowName,
        /// When it opens.
        opens: Timestamp,
    },
    /// It is dropped: its window never opens.
    WindowNeverOpens {
        /// The window.
        window: WindowName,
    },
    /// It is dropped: the customer opted out of each of its channels.
    OptedOut,
    /// It is dropped: every channel that is left is over its cap.
    Capped {
        /// The channel whose cap it is.
        channel: Channel,
        /// How many messages at most.
        at_most: u32,
        /// In which time.
        per: Period,
        /// When the cap lets one out again; none where it lets out none at all.
        frees_at: Option<Timestamp>,
    },
    /// It goes out without an address: the account's snapshot has none for its channel.
    NoAddress {
        /// The channel.
        channel: Channel,
    },
}

/// Where a command under way stands.
pub(super) fn under_way(command: &CommandUnderWay) -> CommandView {
    let what = match &command.what {
        UnderWay::Message(message) => {
            What::Message { template: message.template.clone(), channel: message.channel.clone() }
        }
        UnderWay::Order(order) => What::Order { operation: order.operation.clone() },
    };
    CommandView { what, tries: command.tries, stands: on_its_way(command) }
}

fn on_its_way(command: &CommandUnderWay) -> Stands {
    match command.sent_at {
        _ if command.is_kept_back => Stands::KeptBack,
        None => Stands::Waits { until: command.wakes_at },
        Some(at) => Stands::Sent { at, report_until: command.wakes_at },
    }
}

/// Where the measures of a stage stand that a cycle has entered, in the plan's order; `is_observed` where the
/// plan sends nothing.
pub(super) fn of_stage(debtor: &Debtor, cycle: &Cycle, stage: &Stage, is_observed: bool) -> Vec<CommandView> {
    let of_stage = |measure: &&MeasureInForce| measure.stage == stage.name;
    let in_force = |index: usize| {
        let mut measures = cycle.measures.iter().filter(of_stage);
        measures.find(|measure| usize::try_from(measure.index) == Ok(index))
    };
    let view = |(index, measure): (usize, &Measure)| match in_force(index) {
        Some(in_force) => of_measure(debtor, in_force, is_observed),
        None => not_in_force(measure),
    };
    stage.measures.iter().enumerate().map(view).collect()
}

fn of_measure(debtor: &Debtor, measure: &MeasureInForce, is_observed: bool) -> CommandView {
    let under_way = debtor.under_way.iter().find(|command| command.command_id == measure.command_id);
    let (what, own) = match &measure.what {
        MeasureKind::Message(message) => {
            let was_observed = measure.outcome.is_none() && under_way.is_none();
            let observed = message.delivered_at.filter(|_| was_observed);
            let what = What::Message { template: message.template.clone(), channel: message.channel.clone() };
            (what, observed.map(|at| Stands::Observed { at }))
        }
        MeasureKind::Provision(order) => {
            let lifted = order.lifted_since.map(|since| Stands::Lifted { since });
            (What::Order { operation: order.operation.clone() }, lifted)
        }
        MeasureKind::Task(task) => {
            let result = task.result.clone().map(|result| Stands::Result { result });
            (What::Task { queue: task.queue.clone() }, result)
        }
    };
    let reported = measure.outcome.map(|told| Stands::Reported { outcome: told.outcome, at: told.at });
    let at = measure.requested_at;
    // Of a message it is known how it was decided; of the others only by what holds now.
    let is_message = matches!(measure.what, MeasureKind::Message(_));
    let asked = if is_observed && !is_message {
        Stands::Observed { at }
    } else {
        Stands::Sent { at, report_until: None }
    };
    let stands = own.or(reported).or(under_way.map(on_its_way)).unwrap_or(asked);
    CommandView { what, tries: under_way.map_or(1, |command| command.tries), stands }
}

fn not_in_force(measure: &Measure) -> CommandView {
    let (what, stands) = match measure {
        Measure::Message(message) => {
            let (template, channel) = (message.template.clone(), message.channel.clone());
            (What::Message { template, channel }, Stands::NotInForce)
        }
        Measure::Provision(order) => (What::Order { operation: order.operation.clone() }, Stands::NotInForce),
        Measure::Task { queue, .. } => (What::Task { queue: queue.clone() }, Stands::NotInForce),
        Measure::Fee { code, .. } => (What::Fee { code: code.clone() }, Stands::NotKept),
        Measure::Handover { to } => (What::Handover { to: to.clone() }, Stands::NotKept),
    };
    CommandView { what, tries: 1, stands }
}
