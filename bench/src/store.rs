//! The store alone: batches of debtors, as a task applies them.

use crate::codec::{Codecs, debtors};
use crate::{Fault, Part};
use bytes::Bytes;
use decision::ids::DebtorId;
use engine::store::{Store, StoreBatch, Stores};
use state::{RocksStores, Sizes};

/// How many debtors are written at once.
const TOGETHER: usize = 1_000;
const MEMORY_BYTES: u64 = 64 << 20;

struct Apply {
    _folder: tempfile::TempDir,
    store: <RocksStores as Stores>::Store,
    forms: Vec<(DebtorId, Bytes)>,
    next: usize,
    batches: Vec<StoreBatch>,
}

pub(crate) fn apply() -> Result<Box<dyn Part>, Fault> {
    let folder = tempfile::tempdir()?;
    let store = RocksStores::new(folder.path(), Sizes::of_bytes(MEMORY_BYTES)).open(0)?;
    let (mut codecs, mut forms) = (Codecs::new()?, Vec::new());
    for debtor in debtors()? {
        let mut form = Vec::new();
        codecs.encoder.debtor(&debtor, &mut form)?;
        forms.push((debtor.id, form.into()));
    }
    Ok(Box::new(Apply { _folder: folder, store, forms, next: 0, batches: Vec::new() }))
}

impl Part for Apply {
    fn prepare(&mut self) -> Result<(), Fault> {
        self.batches.clear();
        for _ in 0..self.forms.len() / TOGETHER {
            // Every seventh: a batch is in order, and lies all over what is there.
            let mut debtors = Vec::new();
            for _ in 0..TOGETHER {
                self.next = (self.next + 7) % self.forms.len();
                let (id, form) = self.forms.get(self.next).ok_or("no debtor")?;
                debtors.push((id.clone(), Some(form.clone())));
            }
            debtors.sort_by(|one, other| one.0.cmp(&other.0));
            self.batches.push(StoreBatch { debtors, ..StoreBatch::default() });
        }
        Ok(())
    }

    fn run(&mut self) -> Result<u64, Fault> {
        let mut count = 0;
        for batch in &self.batches {
            self.store.apply(batch)?;
            count += batch.debtors.len() as u64;
        }
        Ok(count)
    }
}
