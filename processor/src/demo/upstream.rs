//! The systems around Weir: charging and billing, which tell what happens, and the receivers of
//! commands, which report what became of them.

use super::late_run::LateRuns;
use super::{PARTITIONS, Stage};
use bytes::Bytes;
use decision::Event;
use decision::command::Command;
use engine::Clock;
use engine::partition::partition_of;
use loadtest::generate::Operator;
use miette::IntoDiagnostic;
use schemas::Encoder;
use std::collections::BinaryHeap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often what has happened meanwhile is told.
const EVERY: Duration = Duration::from_millis(10);

/// The upstream systems, on a thread of their own.
pub(crate) struct Upstream {
    commands: Sender<Command>,
    thread: JoinHandle<u64>,
}

impl Upstream {
    /// Lets the operator live, as fast as the stage's clock goes.
    pub(crate) fn start(
        stage: &Arc<Stage>,
        operator: Operator,
        is_stopped: &Arc<AtomicBool>,
    ) -> miette::Result<Self> {
        let (commands, answered) = channel();
        let teller = Teller {
            stage: stage.clone(),
            encoder: Encoder::new(stage.schemas),
            late: LateRuns::after(operator.profile().start),
            operator,
            answered,
            to_come: BinaryHeap::new(),
            told: 0,
        };
        let is_stopped = is_stopped.clone();
        let builder = std::thread::Builder::new().name("demo-upstream".to_owned());
        let thread = builder.spawn(move || teller.live(&is_stopped)).into_diagnostic()?;
        Ok(Self { commands, thread })
    }

    /// Has the command answered with reports, as its receiver would.
    pub(crate) fn answer(&self, command: &Command) {
        // Once upstream has stopped nobody answers.
        let _ = self.commands.send(command.clone());
    }

    /// Waits for the end; answers how many events were told.
    pub(crate) fn join(self) -> u64 {
        drop(self.commands);
        self.thread.join().unwrap_or(0)
    }
}

struct Teller {
    stage: Arc<Stage>,
    encoder: Encoder,
    operator: Operator,
    late: LateRuns,
    answered: Receiver<Command>,
    /// What is to be told later: reports, and what belongs to late runs; the earliest on top.
    to_come: BinaryHeap<Later>,
    told: u64,
}

impl Teller {
    fn live(mut self, is_stopped: &AtomicBool) -> u64 {
        while !is_stopped.load(Ordering::Relaxed) {
            let now = self.stage.clock.now();
            while let Ok(command) = self.answered.try_recv() {
                let reports = self.operator.reports_for(&command.account_id, command.id, command.at);
                self.to_come.extend(reports.into_iter().map(Later));
            }
            self.to_come.extend(self.late.due(now).into_iter().map(Later));
            while self.to_come.peek().is_some_and(|event| event.0.occurred_at <= now) {
                if let Some(Later(event)) = self.to_come.pop() {
                    self.tell(&event);
                }
            }
            for event in self.operator.events(now).collect::<Vec<_>>() {
                self.late.note(&event);
                self.tell(&event);
            }
            std::thread::sleep(EVERY);
        }
        self.told
    }

    fn tell(&mut self, event: &Event) {
        let mut value = Vec::new();
        let Ok((topic, key)) = self.encoder.event(event, &mut value) else { return };
        let partition = NonZeroU32::new(PARTITIONS).map_or(0, |count| partition_of(key, count));
        let name = self.stage.names.input(topic);
        let (key, value) = (Bytes::copy_from_slice(key), Bytes::from(value));
        let timestamp = event.occurred_at.0;
        if self.stage.log.append(name, partition, Some(key), Some(value), timestamp).is_ok() {
            self.told += 1;
        }
    }
}

/// An event to come; the earliest is the greatest.
struct Later(Event);

impl Ord for Later {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.0.occurred_at, &other.0.event_id).cmp(&(self.0.occurred_at, &self.0.event_id))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Later {}
