//! Reads what answers the events as it is committed: commands, on which it reports as their receivers would, or
//! records that say by their timestamps what they answer.

use crate::client::{self, Sender};
use crate::clock::Clock;
use crate::error::RunError;
use crate::matching::{Matcher, Said};
use crate::site::Site;
use decision::Event;
use decision::command::Command;
use decision::event::{Body, Outcome, Report};
use decision::time::Timestamp;
use loadtest::generate::PerMille;
use loadtest::load::Reports;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::Message;
use rdkafka::producer::BaseRecord;
use schemas::{Decoder, Encoder, InputTopic, OutputTopic};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a poll waits where nothing comes.
const POLL: Duration = Duration::from_millis(50);

/// What reads, in a thread of its own.
pub(crate) struct Reading {
    is_over: Arc<AtomicBool>,
    /// How many reports were sent.
    pub(crate) reports: Arc<AtomicU64>,
    thread: JoinHandle<Result<(), RunError>>,
}

impl Reading {
    /// Begins to read a site's commands, and to report on them.
    pub(crate) fn of_commands(
        site: &Site,
        clock: Clock,
        matcher: Arc<Mutex<Matcher>>,
        sender: Sender,
        reports: Reports,
    ) -> Result<Self, RunError> {
        let topics = site.commands();
        let consumer = client::reader(&site.brokers, &topics, site.partitions)?;
        let sent = Arc::new(AtomicU64::new(0));
        let mut reader = Reader {
            consumer,
            clock,
            matcher,
            decoder: Decoder::new(site.registry.clone(), &site.schemas),
            messages: topics[0].to_owned(),
            receiver: Receiver {
                sender,
                reports,
                encoder: Encoder::new(site.schemas),
                topic: site.names.input(InputTopic::Reports).to_string(),
                sent: sent.clone(),
                value: Vec::new(),
            },
        };
        Self::start(sent, move || reader.read_one())
    }

    /// Begins to read a topic whose records have the timestamps of the events that they answer.
    pub(crate) fn of_echoes(
        site: &Site,
        topic: &str,
        clock: Clock,
        matcher: Arc<Mutex<Matcher>>,
    ) -> Result<Self, RunError> {
        let topic = format!("{}.{topic}", site.prefix);
        let consumer = client::reader(&site.brokers, &[&topic], site.partitions)?;
        Self::start(Arc::default(), move || {
            let Some(polled) = consumer.poll(POLL) else { return Ok(()) };
            let message = polled.map_err(RunError::kafka("read what answers the events"))?;
            let Some(millis) = message.timestamp().to_millis() else { return Ok(()) };
            let (since_us, seen_us) = (clock.of_wall(Timestamp(millis * 1_000)), clock.now_us());
            matcher.lock().unwrap_or_else(PoisonError::into_inner).on_echo(since_us, seen_us);
            Ok(())
        })
    }

    fn start(
        reports: Arc<AtomicU64>,
        mut read_one: impl FnMut() -> Result<(), RunError> + Send + 'static,
    ) -> Result<Self, RunError> {
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = is_over.clone();
        let thread = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                read_one()?;
            }
            Ok(())
        });
        let thread = thread.map_err(RunError::failed("start a thread"))?;
        Ok(Self { is_over, reports, thread })
    }

    /// Ends it; whatever went wrong comes to light here.
    pub(crate) fn stop(self) -> Result<(), RunError> {
        self.is_over.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Reader {
    consumer: BaseConsumer,
    clock: Clock,
    matcher: Arc<Mutex<Matcher>>,
    decoder: Decoder,
    messages: String,
    receiver: Receiver,
}

impl Reader {
    fn read_one(&mut self) -> Result<(), RunError> {
        let Some(polled) = self.consumer.poll(POLL) else { return Ok(()) };
        let message = polled.map_err(RunError::kafka("read the commands"))?;
        let seen_us = self.clock.now_us();
        let topic =
            if message.topic() == self.messages { OutputTopic::Messages } else { OutputTopic::Provisioning };
        let value = message.payload().unwrap_or_default();
        let read = self.decoder.command(topic, value).map_err(RunError::failed("understand a command"))?;
        let Some(command) = read else { return Ok(()) };
        let said = Said::of(&command);
        let requested_us = self.clock.of_wall(command.at);
        self.matcher.lock().unwrap_or_else(PoisonError::into_inner).on_command(
            command.account_id.as_str(),
            &said,
            requested_us,
            seen_us,
        );
        self.receiver
            .on_command(&command, self.clock.began().plus_micros(i64::try_from(seen_us).unwrap_or(0)))
    }
}

/// Plays the receivers of commands.
struct Receiver {
    sender: Sender,
    reports: Reports,
    encoder: Encoder,
    topic: String,
    sent: Arc<AtomicU64>,
    value: Vec<u8>,
}

impl Receiver {
    fn on_command(&mut self, command: &Command, now: Timestamp) -> Result<(), RunError> {
        let id = command.id.to_string();
        if !is_among(&id, 0, self.reports.answered) {
            return Ok(());
        }
        let outcome = if is_among(&id, 8, self.reports.failed) { Outcome::Failed } else { Outcome::Done };
        let report = Event {
            event_id: format!("g-{id}").into(),
            account_id: command.account_id.clone(),
            debtor_id: None,
            occurred_at: now,
            source: "gateway".to_owned(),
            body: Body::Report(Report { command_id: command.id, outcome, detail: None }),
        };
        self.value.clear();
        let (_, key) =
            self.encoder.event(&report, &mut self.value).map_err(RunError::failed("write a report"))?;
        let record = BaseRecord::to(&self.topic).key(key).payload(&self.value);
        self.sender.send(record).map_err(|(error, _)| RunError::kafka("send a report")(error))?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether a command is among so many of a thousand: its id is a hash, and eight digits of it decide.
fn is_among(id: &str, from: usize, share: PerMille) -> bool {
    let digits = id.get(from..from + 8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    digits.is_some_and(|number| number % 1_000 < u32::from(share.get()))
}
