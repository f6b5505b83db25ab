//! The topics Weir reads and writes: the one table that docs, topic creation and wiring go by.
//!
//! What a record of a topic looks like is [`crate::avsc`]'s business; how a topic is made on a
//! broker is `connectors`'.

use crate::avsc::RecordSchema;
use decision::command::{Action, Cancelled, Command};
use std::sync::Arc;
use std::time::Duration;

/// The key of the changelog's own bookkeeping record, one in each partition of the changelog. No
/// debtor's id holds a control character, so none is this.
pub const TASK_STATE_KEY: &[u8] = b"\0task_state";

/// What is known of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name, unless the configuration says another.
    pub name: &'static str,
    /// Whether Weir reads it or writes it.
    pub direction: Direction,
    /// The record it carries.
    pub schema: RecordSchema,
    /// What its records are keyed by, in words.
    pub key: &'static str,
    /// Whether only the last record of a key is kept.
    pub compacted: bool,
    /// How long its records are kept; none where whoever runs it chooses.
    pub kept_for: Option<Duration>,
    /// Whether it has one partition, however many the input topics have.
    pub single: bool,
    /// What it is for.
    pub about: &'static str,
    /// What else it carries, under keys of its own.
    pub beside: &'static [Beside],
}

/// A record that shares a topic with the one that the topic is for. No key of theirs is a debtor's,
/// since no debtor's id holds a control character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The record.
    pub schema: RecordSchema,
    /// What it is keyed by, in words.
    pub key: &'static str,
    /// What it is for.
    pub about: &'static str,
}

/// Whether Weir reads a topic or writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read.
    In,
    /// Written.
    Out,
}

const DEBTOR_KEY: &str = "debtor id";

/// What an instance said is worth nothing after a minute. Whoever starts sees in the rest of the hour who claimed
/// a partition before whom.
const INSTANCES_KEPT_FOR: Duration = Duration::from_secs(3_600);

/// What shares the changelog with the debtors.
const BESIDE_DEBTORS: &[Beside] = &[
    Beside { schema: RecordSchema::TaskState, key: "`\\0task_state`", about: "the state of each task" },
    Beside {
        schema: RecordSchema::Waiting,
        key: "`\\0waiting/` and its sequence in twenty digits",
        about: "commands that wait to be sent",
    },
];

const fn topic(
    name: &'static str,
    direction: Direction,
    schema: RecordSchema,
    key: &'static str,
    about: &'static str,
) -> TopicSpec {
    TopicSpec {
        name,
        direction,
        schema,
        key,
        compacted: false,
        kept_for: None,
        single: false,
        about,
        beside: &[],
    }
}

const fn input(name: &'static str, schema: RecordSchema, about: &'static str) -> TopicSpec {
    topic(name, Direction::In, schema, DEBTOR_KEY, about)
}

const fn output(name: &'static str, schema: RecordSchema, about: &'static str) -> TopicSpec {
    topic(name, Direction::Out, schema, DEBTOR_KEY, about)
}

macro_rules! topics {
    ($($kind:ident, $what:literal: { $($variant:ident = $spec:expr),+ $(,)? })+) => {
        $(
            #[doc = $what]
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $kind {
                $(#[doc = concat!("See [`TOPICS`]: ", stringify!($variant), ".")] $variant),+
            }

            impl $kind {
                /// Every one of them, in the table's order.
                pub const ALL: &[Self] = &[$(Self::$variant),+];

                /// What is known of it.
                #[must_use]
                pub const fn spec(self) -> TopicSpec {
                    match self {
                        $(Self::$variant => $spec),+
                    }
                }

                /// The record it carries.
                #[must_use]
                pub const fn schema(self) -> RecordSchema {
                    self.spec().schema
                }

                /// Its place in [`Self::ALL`].
                #[must_use]
                pub const fn index(self) -> usize {
                    self as usize
                }
            }
        )+

        /// Every topic: those read first.
        pub const TOPICS: &[TopicSpec] = &[$($($kind::$variant.spec()),+),+];
    };
}

topics! {
    InputTopic, "A topic that Weir reads. All have the same number of partitions.": {
        Accounts = input("weir.accounts", RecordSchema::Account, "account snapshots"),
        Balances = input("weir.balances", RecordSchema::Balance, "balances after a change"),
        Invoices = input("weir.invoices", RecordSchema::Invoice, "invoices as issued"),
        Adjustments = input("weir.adjustments", RecordSchema::Adjustment,
            "credit and debit notes, write-offs, and their undoing"),
        Payments = input("weir.payments", RecordSchema::Payment, "payments"),
        Reversals = input("weir.reversals", RecordSchema::Reversal,
            "payments taken back, and the undoing of that"),
        Controls = input("weir.controls", RecordSchema::Control,
            "what a person or another system orders"),
        Reports = input("weir.reports", RecordSchema::Report, "what became of commands"),
    }
    OutputTopic, "A topic that Weir writes.": {
        Messages = output("weir.messages", RecordSchema::Message, "messages to customers"),
        Provisioning = output("weir.provisioning", RecordSchema::Provisioning,
            "provisioning orders"),
        Tasks = output("weir.tasks", RecordSchema::Task, "tasks for people"),
        Fees = output("weir.fees", RecordSchema::Fee, "fees to charge"),
        Handovers = output("weir.handovers", RecordSchema::Handover, "debts to hand over"),
        Records = output("weir.records", RecordSchema::Record,
            "history: what was decided, and why"),
        Rejects = topic("weir.rejects", Direction::Out, RecordSchema::Reject,
            "the rejected record's own key; the debtor id where it is no record", "records that changed nothing, as they came"),
        Journal = topic("weir.journal", Direction::Out, RecordSchema::Journal,
            "partition, in decimal digits", "what each committed batch was"),
        Debtors = TopicSpec {
            compacted: true,
            beside: BESIDE_DEBTORS,
            ..output("weir.debtors", RecordSchema::Debtor, "the state of each debtor")
        },
    }
    SingleTopic, "A topic of one partition, which every instance reads.": {
        Policies = TopicSpec {
            compacted: true,
            single: true,
            ..topic("weir.policies", Direction::Out, RecordSchema::Publication,
                "revision, in twenty digits", "the versions of the policy that were published")
        },
        Instances = TopicSpec {
            kept_for: Some(INSTANCES_KEPT_FOR),
            single: true,
            ..topic("weir.instances", Direction::Out, RecordSchema::Instance,
                "where the instance is reached", "which partitions each instance works on")
        },
    }
}

impl OutputTopic {
    /// The topics that commands go to.
    pub const COMMANDS: [Self; 5] =
        [Self::Messages, Self::Provisioning, Self::Tasks, Self::Fees, Self::Handovers];

    /// The topic that a command goes to.
    #[must_use]
    pub fn of_command(command: &Command) -> Self {
        match &command.action {
            Action::Message(_) | Action::Cancel { what: Cancelled::Message(_), .. } => Self::Messages,
            Action::Provision(_) => Self::Provisioning,
            Action::Task { .. } | Action::Cancel { what: Cancelled::Task(_), .. } => Self::Tasks,
            Action::Fee { .. } => Self::Fees,
            Action::Handover { .. } => Self::Handovers,
        }
    }
}

/// What the topics are called where Weir runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicNames {
    inputs: Vec<Arc<str>>,
    outputs: Vec<Arc<str>>,
    singles: Vec<Arc<str>>,
}

impl Default for TopicNames {
    fn default() -> Self {
        Self {
            inputs: InputTopic::ALL.iter().map(|topic| topic.spec().name.into()).collect(),
            outputs: OutputTopic::ALL.iter().map(|topic| topic.spec().name.into()).collect(),
            singles: SingleTopic::ALL.iter().map(|topic| topic.spec().name.into()).collect(),
        }
    }
}

impl TopicNames {
    /// What this input topic is called.
    #[must_use]
    pub fn input(&self, topic: InputTopic) -> &Arc<str> {
        #[expect(clippy::indexing_slicing, reason = "one name a topic, by construction")]
        &self.inputs[topic.index()]
    }

    /// What this output topic is called.
    #[must_use]
    pub fn output(&self, topic: OutputTopic) -> &Arc<str> {
        #[expect(clippy::indexing_slicing, reason = "one name a topic, by construction")]
        &self.outputs[topic.index()]
    }

    /// What this topic of one partition is called.
    #[must_use]
    pub fn single(&self, topic: SingleTopic) -> &Arc<str> {
        #[expect(clippy::indexing_slicing, reason = "one name a topic, by construction")]
        &self.singles[topic.index()]
    }

    /// Calls an input topic so.
    #[must_use]
    pub fn with_input(mut self, topic: InputTopic, name: &str) -> Self {
        if let Some(place) = self.inputs.get_mut(topic.index()) {
            *place = name.into();
        }
        self
    }

    /// Calls an output topic so.
    #[must_use]
    pub fn with_output(mut self, topic: OutputTopic, name: &str) -> Self {
        if let Some(place) = self.outputs.get_mut(topic.index()) {
            *place = name.into();
        }
        self
    }

    /// Calls a topic of one partition so.
    #[must_use]
    pub fn with_single(mut self, topic: SingleTopic, name: &str) -> Self {
        if let Some(place) = self.singles.get_mut(topic.index()) {
            *place = name.into();
        }
        self
    }

    /// The names of all input topics, in the table's order.
    #[must_use]
    pub fn inputs(&self) -> &[Arc<str>] {
        &self.inputs
    }

    /// The names of all output topics, in the table's order.
    #[must_use]
    pub fn outputs(&self) -> &[Arc<str>] {
        &self.outputs
    }

    /// The input topic of this name.
    #[must_use]
    pub fn find_input(&self, name: &str) -> Option<InputTopic> {
        let place = self.inputs.iter().position(|known| **known == *name)?;
        InputTopic::ALL.get(place).copied()
    }

    /// What an instance must find registered, or register: the subject of every record that it writes.
    #[must_use]
    pub fn subjects_written(&self) -> Vec<(String, RecordSchema)> {
        let of_topic = |topic: &OutputTopic| (Self::subject_of(self.output(*topic)), topic.schema());
        let beside = [("weir.TaskState", RecordSchema::TaskState), ("weir.Waiting", RecordSchema::Waiting)];
        let beside = beside.map(|(record, schema)| (self.subject_beside_debtors(record), schema));
        OutputTopic::ALL.iter().map(of_topic).chain(beside).collect()
    }

    /// The subject of what instances say of themselves. An instance that does not find it, and may not register
    /// it, works all the same, and is not found by the others.
    #[must_use]
    pub fn subject_of_instances(&self) -> (String, RecordSchema) {
        let topic = SingleTopic::Instances;
        (Self::subject_of(self.single(topic)), topic.schema())
    }

    /// The subject under which a topic's schema is registered: `TOPIC-value`.
    pub(crate) fn subject_of(topic: &str) -> String {
        format!("{topic}-value")
    }

    /// The subject of a record that shares the changelog with the debtors: it goes by topic and
    /// record.
    pub(crate) fn subject_beside_debtors(&self, record: &str) -> String {
        format!("{}-{record}", self.output(OutputTopic::Debtors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_topic_and_another_name_takes_its_place() {
        let names = TopicNames::default().with_input(InputTopic::Payments, "billing.payments");
        assert_eq!(names.find_input("billing.payments"), Some(InputTopic::Payments));
        assert_eq!(names.find_input("weir.payments"), None);
        assert_eq!(names.find_input("weir.reports"), Some(InputTopic::Reports));
        assert_eq!(&**names.output(OutputTopic::Journal), "weir.journal");
    }

    #[test]
    fn no_two_topics_share_a_name_or_a_record_and_two_are_compacted() {
        for (place, spec) in TOPICS.iter().enumerate() {
            let others = &TOPICS[place + 1..];
            assert!(others.iter().all(|other| other.name != spec.name && other.schema != spec.schema));
        }
        let compacted: Vec<_> = TOPICS.iter().filter(|spec| spec.compacted).map(|spec| spec.name).collect();
        assert_eq!(compacted, ["weir.debtors", "weir.policies"]);
        assert!(TOPICS.iter().all(|spec| !spec.compacted || spec.kept_for.is_none()));
    }

    #[test]
    fn every_record_has_its_place_in_one_topic() {
        let carried = TOPICS.iter().flat_map(|spec| {
            std::iter::once(spec.schema).chain(spec.beside.iter().map(|beside| beside.schema))
        });
        assert_eq!(carried.collect::<Vec<_>>(), RecordSchema::ALL);
    }

    #[test]
    fn the_keys_beside_the_debtors_are_as_the_table_says() {
        let shown = |key: &[u8]| format!("`{}`", String::from_utf8_lossy(key).replace('\0', "\\0"));
        let keys: Vec<_> = BESIDE_DEBTORS.iter().map(|beside| beside.key).collect();
        assert_eq!(keys[0], shown(TASK_STATE_KEY));
        let waiting = crate::Waiting::key(1).replace("00000000000000000001", "");
        assert_eq!(keys[1], format!("{} and its sequence in twenty digits", shown(waiting.as_bytes())));
    }
}
