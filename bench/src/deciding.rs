//! The core alone.

use crate::day::Core;
use crate::{Fault, Part};
use decision::Event;

const EVENTS: usize = 20_000;

struct Deciding {
    core: Core,
    events: Vec<Event>,
}

pub(crate) fn decide() -> Result<Box<dyn Part>, Fault> {
    Ok(Box::new(Deciding { core: Core::warm()?, events: Vec::new() }))
}

impl Part for Deciding {
    fn prepare(&mut self) -> Result<(), Fault> {
        self.events = self.core.day.next(EVENTS)?;
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for event in &self.events {
            self.core.decide(event);
            count += 1;
        }
        Ok(count)
    }
}
