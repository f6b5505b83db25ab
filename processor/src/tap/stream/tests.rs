use super::super::samples::{self, PARTITIONS};
use super::*;
use bytes::Bytes;
use decision::time::Timestamp;
use schemas::{Encoder, InputTopic, OutputTopic, RecordSchema, Schemas, StaticRegistry, sample};

/// A tap over the topics that the records below lie in, all of them with `end` records at its beginning.
struct Tapped {
    stream: Stream,
    encoder: Encoder,
}

fn tapped(wanted: Wanted, end: i64) -> Tapped {
    let registry = Arc::new(StaticRegistry::new());
    let names = TopicNames::default();
    let schemas = Schemas::new(&*registry).unwrap().and_inputs(&*registry, &names).unwrap();
    let sources = names.inputs().iter().chain(names.outputs()).map(|topic| samples::source(topic));
    let followed: Vec<_> = sources.map(|source| Followed { source, start: 0, end }).collect();
    let stream = Stream::new(wanted, registry, names, PARTITIONS, &followed);
    Tapped { stream, encoder: Encoder::new(schemas) }
}

impl Tapped {
    /// The sample of a record comes as the first of its topic.
    fn sample(&mut self, topic: &str, schema: RecordSchema) {
        let value = sample::encoded(schema, &mut self.encoder).unwrap();
        self.bytes(topic, 0, &value);
    }

    fn bytes(&mut self, topic: &str, offset: i64, value: &[u8]) {
        let record = LogRecord {
            source: samples::source(topic),
            offset,
            timestamp: Some(1_000 + offset),
            key: Some(Bytes::from_static(b"A-1")),
            value: Some(Bytes::copy_from_slice(value)),
        };
        assert_eq!(self.stream.take(Tailed::Record(record), Duration::ZERO), None);
    }

    fn end(&mut self, topic: &str, now: Duration) {
        let end = Tailed::End { source: samples::source(topic), offset: 1 };
        assert_eq!(self.stream.take(end, now), None);
    }

    fn told(&mut self, now: Duration) -> Vec<&'static str> {
        let told = self.stream.release(now);
        told.iter().map(|told| what(&told.item.what)).collect()
    }
}

fn what(what: &What) -> &'static str {
    match what {
        What::Event(..) => "event",
        What::Decision(_) => "decision",
        What::Command(..) => "command",
        What::Reject(_) => "reject",
        What::Unreadable(_) => "unreadable",
    }
}

#[test]
fn every_record_of_every_topic_that_is_followed_is_decoded() {
    let mut tapped = tapped(Wanted::default(), 0);
    for topic in InputTopic::ALL {
        tapped.sample(topic.spec().name, topic.schema());
    }
    for topic in OutputTopic::ALL.iter().filter(|topic| **topic != OutputTopic::Debtors) {
        tapped.sample(topic.spec().name, topic.schema());
    }
    let told = tapped.told(Duration::from_secs(5));
    let count = |kind: &str| told.iter().filter(|told| **told == kind).count();
    assert_eq!(["event", "decision", "command", "reject"].map(count), [8, 1, 5, 1]);
    assert_eq!((told.len(), tapped.stream.read, tapped.stream.unreadable), (15, 16, 0));
}

#[test]
fn what_cannot_be_decoded_is_told_with_its_place_and_the_tap_goes_on() {
    let mut tapped = tapped(Wanted::default(), 0);
    let payments = InputTopic::Payments.spec().name;
    tapped.bytes(payments, 0, b"no record");
    tapped.bytes(OutputTopic::Journal.spec().name, 0, b"");
    tapped.sample(InputTopic::Invoices.spec().name, RecordSchema::Invoice);
    let told = tapped.stream.release(Duration::ZERO);
    let places: Vec<_> =
        told.iter().map(|told| format!("{} {}", what(&told.item.what), told.item.place)).collect();
    assert_eq!(
        places,
        [
            "unreadable weir.payments/0 offset 0",
            "unreadable weir.journal/0 offset 0",
            "event weir.invoices/0 offset 0",
        ]
    );
    assert_eq!(told[0].item.logged_at, Timestamp(1_000));
    assert_eq!(tapped.stream.unreadable, 2);
}

#[test]
fn nothing_is_told_before_what_lay_in_the_log_was_read_unless_it_is_out_of_reach() {
    let mut tapped = tapped(Wanted::default(), 1);
    tapped.sample(InputTopic::Payments.spec().name, RecordSchema::Payment);
    assert!(tapped.told(Duration::from_secs(1)).is_empty());
    for topic in TopicNames::default().inputs().iter().chain(TopicNames::default().outputs()) {
        tapped.end(topic, Duration::from_secs(2));
    }
    assert_eq!(tapped.told(Duration::from_secs(2)), ["event"]);
    let mut tapped = self::tapped(Wanted::default(), 1);
    tapped.sample(InputTopic::Payments.spec().name, RecordSchema::Payment);
    assert!(tapped.told(IDLE).is_empty());
    assert_eq!(tapped.told(IDLE + Duration::from_millis(1)), ["event"]);
    // One partition is out of reach for ever, and elsewhere there is always something.
    let mut tapped = self::tapped(Wanted::default(), 1);
    tapped.sample(InputTopic::Payments.spec().name, RecordSchema::Payment);
    let names = TopicNames::default();
    let others = || names.inputs().iter().chain(names.outputs()).skip(1);
    others().for_each(|topic| tapped.end(topic, Duration::from_secs(1)));
    assert!(tapped.told(Duration::from_secs(2)).is_empty());
    others().for_each(|topic| tapped.end(topic, IDLE + Duration::from_secs(2)));
    assert_eq!(tapped.told(IDLE + Duration::from_secs(2)), ["event"]);
}

#[test]
fn trouble_is_told_at_once() {
    let mut tapped = tapped(Wanted::default(), 0);
    let told = tapped.stream.take(Tailed::Trouble("all brokers are down".to_owned()), Duration::ZERO);
    assert_eq!(told.as_deref(), Some("all brokers are down"));
}
