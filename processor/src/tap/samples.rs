//! Items for the tests: of a debtor each, decided in batches of partition [`PARTITION`].

use super::item::{Item, Place, Rejected, What};
use decision::time::Timestamp;
use engine::log::TopicPartition;
use schemas::journal::{Fired, Swept, Taken};
use schemas::{HistoryLine, InputTopic, Journal, OutputTopic, Step, sample};
use std::num::NonZeroU32;

/// All topics have one partition.
pub(super) const PARTITIONS: NonZeroU32 = NonZeroU32::MIN;

/// The only one.
pub(super) const PARTITION: u32 = 0;

pub(super) fn source(topic: &str) -> TopicPartition {
    TopicPartition { topic: topic.into(), partition: PARTITION }
}

pub(super) fn payments() -> TopicPartition {
    source(InputTopic::Payments.spec().name)
}

fn item(topic: &str, offset: i64, at: i64, what: What) -> Item {
    Item { place: Place { source: source(topic), offset }, logged_at: Timestamp(at), what }
}

/// A payment, logged at its offset.
pub(super) fn event(id: &str, debtor: &str, offset: i64) -> Item {
    let mut event = sample::event_of(InputTopic::Payments);
    event.event_id = id.into();
    event.account_id = debtor.into();
    event.debtor_id = None;
    let what = What::Event(InputTopic::Payments, Box::new(event));
    item(InputTopic::Payments.spec().name, offset, offset, what)
}

/// A decision of the batch of this moment.
pub(super) fn decision(debtor: &str, at: i64, sequence: i64) -> Item {
    let record = decision::record::Record {
        account_id: debtor.into(),
        debtor_id: debtor.into(),
        at: Timestamp(at),
        sequence,
        ..sample::record()
    };
    let what = What::Decision(HistoryLine::new(&record));
    item(OutputTopic::Records.spec().name, sequence, at, what)
}

/// The sample command of this number, of the batch of this moment.
pub(super) fn command(number: usize, debtor: &str, at: i64) -> Item {
    let mut command = sample::commands().swap_remove(number);
    command.account_id = debtor.into();
    command.debtor_id = debtor.into();
    command.at = Timestamp(at);
    let topic = OutputTopic::of_command(&command);
    item(topic.spec().name, 0, at, What::Command(topic, Box::new(command)))
}

/// The reject of the payment at this offset.
pub(super) fn reject(debtor: &str, at: i64, offset: i64) -> Item {
    let rejected = Rejected {
        reason: "amount_not_positive".to_owned(),
        detail: "the amount must be above zero".to_owned(),
        rejected_at: Timestamp(at),
        event_id: Some("E-bad".to_owned()),
        account_id: Some(debtor.to_owned()),
        debtor_id: Some(debtor.to_owned()),
        from: Some(Place { source: payments(), offset }),
    };
    item(OutputTopic::Rejects.spec().name, 0, at, What::Reject(rejected))
}

/// A batch of this moment.
pub(super) fn batch(now: i64, steps: Vec<Step>) -> Journal {
    Journal { partition: PARTITION, now: Timestamp(now), steps, ..sample::journal() }
}

/// It took the payments from one offset to before another.
pub(super) fn took(first: i64, next: i64) -> Step {
    let topic = InputTopic::Payments.spec().name.into();
    Step::Taken(Taken { topic, previous: first, first, next, count: next - first })
}

pub(super) fn fired(debtor: &str, due: i64) -> Step {
    Step::Fired(Fired { debtor_id: debtor.into(), due: Timestamp(due) })
}

pub(super) fn swept(debtor: &str) -> Step {
    Step::Swept(Swept { debtor_id: debtor.into() })
}
