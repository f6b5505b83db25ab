//! The lists of a disk must be those that its debtors say, and no others.

use decision::ids::DebtorId;
use engine::store::Store;
use schemas::Decoder;
use state::MemoryStore;
use std::collections::BTreeSet;
use std::fmt::Display;

pub(super) fn check(store: &mut MemoryStore, decoder: &mut Decoder) -> Result<(), String> {
    let told = |error: &dyn Display| error.to_string();
    let version = store.lists_version().map_err(|error| told(&error))?;
    if version != Some(engine::lists::VERSION) {
        return Err(format!("its lists are of version {version:?}"));
    }
    let mut expected = BTreeSet::new();
    for id in store.debtors_after(&DebtorId::from(""), usize::MAX).map_err(|error| told(&error))? {
        let Some(form) = store.debtor(id.as_str()).map_err(|error| told(&error))? else { continue };
        let debtor = decoder.debtor(&form).map_err(|error| told(&error))?;
        expected.extend(engine::lists::lines_of(&debtor));
    }
    let kept = store.lists().map_err(|error| told(&error))?;
    let differ: Vec<_> = kept.symmetric_difference(&expected).take(3).collect();
    if differ.is_empty() {
        return Ok(());
    }
    Err(format!("of {} lines of lists some are not what the debtors say, as {differ:?}", expected.len()))
}
