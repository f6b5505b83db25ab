//! The receivers of commands: they read what was committed, and report what became of it.

use crate::world::World;
use decision::Event;
use decision::command::Command;
use engine::log::{Log, Reader, TopicPartition};
use loadtest::generate::Operator;
use schemas::{Decoder, OutputTopic};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The topics whose receivers report.
const REPORTED: [OutputTopic; 2] = [OutputTopic::Messages, OutputTopic::Provisioning];

/// Who reads the commands and reports of them.
pub(crate) struct Receivers {
    world: Arc<World>,
    decoder: Decoder,
    /// The next offset of each partition that they read.
    next: BTreeMap<TopicPartition, i64>,
}

impl Receivers {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let decoder = Decoder::new(world.registry.clone(), &world.schemas);
        Self { world, decoder, next: BTreeMap::new() }
    }

    /// What they report of the commands that were committed since they last looked.
    pub(crate) fn reports(&mut self, operator: &Operator) -> Vec<Event> {
        let now = self.world.wall();
        let commands = self.commands();
        commands
            .into_iter()
            .flat_map(|command| operator.reports_for(&command.account_id, command.id, now))
            .collect()
    }

    fn commands(&mut self) -> Vec<Command> {
        let mut commands = Vec::new();
        for topic in REPORTED {
            for partition in 0..self.world.partitions.get() {
                let name = self.world.names.output(topic).clone();
                let source = TopicPartition { topic: name, partition };
                commands.extend(self.read(topic, &source).unwrap_or_default());
            }
        }
        commands
    }

    /// The commands of a partition that are new; none where it cannot be read.
    fn read(&mut self, topic: OutputTopic, source: &TopicPartition) -> Option<Vec<Command>> {
        let next = self.next.entry(source.clone()).or_default();
        let mut reader = self.world.log.reader().ok()?;
        reader.seek(source, *next).ok()?;
        let chunk = reader.read(Duration::ZERO).ok()?;
        *next = chunk.position;
        let values = chunk.records.into_iter().filter_map(|record| record.value);
        Some(values.filter_map(|value| self.decoder.command(topic, &value).ok().flatten()).collect())
    }
}
