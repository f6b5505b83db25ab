//! What decoding and encoding cost: nanoseconds each, the median of several rounds
//! and the least, which is what a machine with other work to do shows best.
//!
//! `cargo run --release -p schemas --example codec_cost`. It measures this package alone: no log,
//! no store, no rules.

use schemas::{Decoder, Encoder, InputTopic, Schemas, StaticRegistry, TopicNames, sample};
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const ROUNDS: usize = 301;
const TIMES: u32 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let registry = Arc::new(StaticRegistry::new());
    let schemas = Schemas::new(&*registry)?.and_inputs(&*registry, &TopicNames::default())?;
    let (mut encoder, mut decoder) = (Encoder::new(schemas), Decoder::new(registry, &schemas));

    for topic in InputTopic::ALL {
        let event = sample::event_of(*topic);
        let mut value = Vec::new();
        encoder.event(&event, &mut value)?;
        let key = event.debtor().as_bytes();
        let name = topic.schema().name();
        report(&format!("decode {name} event, {} bytes", value.len()), || {
            let _ = black_box(decoder.event(*topic, Some(key), Some(black_box(&value))));
        });
    }
    for (name, debtor) in [("hot", sample::hot_debtor()), ("full", sample::debtor())] {
        let mut value = Vec::new();
        encoder.debtor(&debtor, &mut value)?;
        let length = value.len();
        report(&format!("decode {name} debtor, {length} bytes"), || {
            let _ = black_box(decoder.debtor(black_box(&value)));
        });
        report(&format!("encode {name} debtor, {length} bytes"), || {
            value.clear();
            let _ = black_box(encoder.debtor(black_box(&debtor), &mut value));
        });
    }
    let mut value = Vec::new();
    for command in sample::commands().iter().take(2) {
        report("encode a command", || {
            value.clear();
            let _ = black_box(encoder.command(black_box(command), &mut value));
        });
    }
    let record = sample::record();
    report("encode a record", || {
        value.clear();
        let _ = black_box(encoder.record(black_box(&record), &mut value));
    });
    Ok(())
}

/// Prints the median cost of one call.
fn report(what: &str, mut call: impl FnMut()) {
    let mut rounds = [0; ROUNDS].map(|_: u32| {
        let begin = Instant::now();
        for _ in 0..TIMES {
            call();
        }
        begin.elapsed().as_nanos() / u128::from(TIMES)
    });
    rounds.sort_unstable();
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    let least = rounds.first().copied().unwrap_or_default();
    println!("{median:>6} ns (least {least:>6})  {what}");
}
