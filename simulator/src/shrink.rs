//! From a run that fails to the fewest faults with which it still does.

use crate::run::{Options, Outcome, run};

/// The faults of a failing run's plan, by number, without which it would not fail, and the run with only
/// these. Another failure counts as well.
#[must_use]
pub fn shrink(seed: u64, options: &Options) -> (Vec<usize>, Outcome) {
    let whole = run(seed, options);
    let mut kept = options.only.clone().unwrap_or_else(|| (0..whole.faults.len()).collect());
    let mut found = whole;
    let mut size = kept.len();
    while size > 0 {
        let mut at = 0;
        while at < kept.len() {
            let end = at.saturating_add(size).min(kept.len());
            let fewer: Vec<usize> = kept
                .iter()
                .enumerate()
                .filter(|(place, _)| !(at..end).contains(place))
                .map(|(_, fault)| *fault)
                .collect();
            let tried = run(seed, &Options { only: Some(fewer.clone()), ..options.clone() });
            if tried.deviations.is_empty() {
                at = end;
            } else {
                (kept, found) = (fewer, tried);
            }
        }
        size /= 2;
    }
    (kept, found)
}
