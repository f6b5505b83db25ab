//! Lives made of arbitrary bytes: a policy, then event after event, each decided and checked.
//!
//! Nothing here knows what is right; it knows what can never be (architecture.md, invariants). Bytes
//! that led to something new are kept and changed further, so that lives get deep.

mod bytes;
mod events;
mod lives;
mod policies;

use bytes::Random;
pub(crate) use lives::live;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The most bytes a life is made of: some two hundred events.
const LONGEST: usize = 4_096;

/// So many bytes are kept to go on from.
const MOST_KEPT: usize = 2_000;

/// A search through lives, the same for the same seed.
pub(crate) struct Search {
    random: Random,
    kept: Vec<Vec<u8>>,
    seen: BTreeSet<u64>,
    /// How many lives were lived.
    pub(crate) lives: u64,
    /// How many events were decided.
    pub(crate) decisions: u64,
    digest: DefaultHasher,
}

/// A life in which something happened that never may.
pub(crate) struct Fault {
    /// The bytes of it, as few as were found to do.
    pub(crate) life: Vec<u8>,
    /// What happened.
    pub(crate) what: String,
}

impl Search {
    /// A search from this seed on.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            kept: Vec::new(),
            seen: BTreeSet::new(),
            lives: 0,
            decisions: 0,
            digest: DefaultHasher::new(),
        }
    }

    /// Lives one life.
    ///
    /// # Errors
    /// When something happened in it that never may.
    pub(crate) fn step(&mut self) -> Result<(), Fault> {
        let life = self.next_life();
        let lived = attempt(&life).map_err(|what| shrink(&life, what))?;
        self.lives += 1;
        self.decisions += lived.decisions;
        lived.digest.hash(&mut self.digest);
        let before = self.seen.len();
        self.seen.extend(lived.signs);
        if self.seen.len() > before && self.kept.len() < MOST_KEPT {
            self.kept.push(life);
        }
        Ok(())
    }

    /// A digest of all that was decided: two builds that decide alike have the same.
    pub(crate) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// How many different things were seen to happen.
    pub(crate) fn signs(&self) -> usize {
        self.seen.len()
    }

    /// Half of the lives are new, half are some that led to something new, changed.
    fn next_life(&mut self) -> Vec<u8> {
        let random = &mut self.random;
        let from = random.below(self.kept.len().saturating_mul(2).max(1));
        let Some(mut life) = self.kept.get(from).cloned() else {
            let length = random.below(LONGEST);
            return (0..length).map(|_| random.byte()).collect();
        };
        for _ in 0..=random.below(8) {
            let at = random.below(life.len().max(1));
            match random.below(5) {
                0 => life.truncate(at),
                1 => life.extend((0..random.below(64)).map(|_| random.byte())),
                2 => drop(life.splice(at..at, [random.byte()])),
                3 => {
                    // A part of another life: its events come here as well.
                    let other = self.kept.get(random.below(self.kept.len()));
                    let part = other.and_then(|other| other.get(random.below(other.len().max(1))..));
                    let part: Vec<u8> = part.into_iter().flatten().copied().take(256).collect();
                    life.splice(at..at, part);
                }
                _ => {
                    if let Some(byte) = life.get_mut(at) {
                        *byte = random.byte();
                    }
                }
            }
        }
        life.truncate(LONGEST);
        life
    }
}

/// Lives a life; a panic becomes a text.
fn attempt(life: &[u8]) -> Result<lives::Lived, String> {
    catch_unwind(AssertUnwindSafe(|| live(life, None))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

/// The same fault by fewer bytes, as far as leaving some out finds it.
fn shrink(life: &[u8], what: String) -> Fault {
    let mut fault = Fault { life: life.to_vec(), what };
    let mut part = life.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < fault.life.len() {
            let mut shorter = fault.life.clone();
            shorter.drain(at..(at + part).min(fault.life.len()));
            match attempt(&shorter) {
                Err(what) => fault = Fault { life: shorter, what },
                Ok(_) => at += part,
            }
        }
        part /= 2;
    }
    fault
}
