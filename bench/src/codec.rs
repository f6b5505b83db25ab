//! From bytes and to bytes: events as they come, debtors as they are kept.

use crate::day::{Core, Day};
use crate::{Fault, Part};
use decision::Debtor;
use schemas::{Decoder, Encoder, InputTopic, Registry, Schemas, StaticRegistry, TopicNames};
use std::hint::black_box;
use std::sync::Arc;

const EVENTS: usize = 20_000;

/// A registry, the ids that it has, and who reads and writes by them.
pub(crate) struct Codecs {
    pub(crate) registry: Arc<StaticRegistry>,
    pub(crate) schemas: Schemas,
    pub(crate) encoder: Encoder,
    pub(crate) decoder: Decoder,
}

impl Codecs {
    pub(crate) fn new() -> Result<Self, Fault> {
        let (registry, names) = (Arc::new(StaticRegistry::new()), TopicNames::default());
        let schemas = Schemas::for_topics(&*registry, &names)?.and_inputs(&*registry, &names)?;
        let of_decoder: Arc<dyn Registry> = registry.clone();
        let (encoder, decoder) = (Encoder::new(schemas), Decoder::new(of_decoder, &schemas));
        Ok(Self { registry, schemas, encoder, decoder })
    }
}

struct Decode {
    day: Day,
    codecs: Codecs,
    records: Vec<(InputTopic, Vec<u8>, Vec<u8>)>,
}

pub(crate) fn decode() -> Result<Box<dyn Part>, Fault> {
    let mut day = Day::begin()?;
    day.next(Day::accounts())?;
    Ok(Box::new(Decode { day, codecs: Codecs::new()?, records: Vec::new() }))
}

impl Part for Decode {
    fn prepare(&mut self) -> Result<(), Fault> {
        self.records.clear();
        for event in self.day.next(EVENTS)? {
            let mut value = Vec::new();
            let (topic, key) = self.codecs.encoder.event(&event, &mut value)?;
            self.records.push((topic, key.to_vec(), value));
        }
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for (topic, key, value) in &self.records {
            black_box(self.codecs.decoder.event(*topic, Some(key), Some(value))?);
            count += 1;
        }
        Ok(count)
    }
}

struct Encode {
    codecs: Codecs,
    debtors: Vec<Debtor>,
    out: Vec<u8>,
}

/// Debtors as the day leaves them.
pub(crate) fn debtors() -> Result<Vec<Debtor>, Fault> {
    let mut debtors: Vec<Debtor> = Core::warm()?.debtors.into_values().collect();
    debtors.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    Ok(debtors)
}

pub(crate) fn encode() -> Result<Box<dyn Part>, Fault> {
    Ok(Box::new(Encode { codecs: Codecs::new()?, debtors: debtors()?, out: Vec::new() }))
}

impl Part for Encode {
    fn prepare(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for debtor in &self.debtors {
            self.out.clear();
            self.codecs.encoder.debtor(debtor, &mut self.out)?;
            black_box(&self.out);
            count += 1;
        }
        Ok(count)
    }
}

struct ReadBack {
    codecs: Codecs,
    forms: Vec<Vec<u8>>,
}

pub(crate) fn read_back() -> Result<Box<dyn Part>, Fault> {
    let (mut codecs, mut forms) = (Codecs::new()?, Vec::new());
    for debtor in debtors()? {
        let mut form = Vec::new();
        codecs.encoder.debtor(&debtor, &mut form)?;
        forms.push(form);
    }
    Ok(Box::new(ReadBack { codecs, forms }))
}

impl Part for ReadBack {
    fn prepare(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for form in &self.forms {
            black_box(self.codecs.decoder.debtor(form)?);
            count += 1;
        }
        Ok(count)
    }
}
