//! What every fixture holds: a trace in each column family, with keys at the edges.

use bytes::Bytes;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::{List, ListKey, ListKind, Position};
use engine::store::{HistoryLine, StoreBatch, TimerKey};

/// The partition of the fixtures.
pub const PARTITION: u32 = 0;

/// Ids that begin with one another, and one beyond ASCII.
pub const IDS: [&str; 3] = ["a", "ab", "4917012345678\u{10ffff}"];

pub fn timer(n: i64) -> TimerKey {
    let id = usize::try_from(n.rem_euclid(3)).map_or("a", |at| IDS[at]);
    TimerKey { due: Timestamp(n * 1_000_000), debtor: DebtorId::from(id) }
}

pub fn list() -> List {
    List::new(ListKind::Stage, "bar")
}

pub fn listed(id: &str) -> ListKey {
    ListKey { list: list(), position: Position { rank: -5, debtor: DebtorId::from(id) } }
}

/// All of it, as one batch.
pub fn batch() -> StoreBatch {
    let form = |text: String| Some(Bytes::from(text));
    let line = |sequence: i64| HistoryLine { sequence, record: Bytes::from(format!("line {sequence}")) };
    StoreBatch {
        debtors: IDS.iter().map(|id| (DebtorId::from(*id), form(format!("state of {id}")))).collect(),
        timers_removed: Vec::new(),
        timers_added: (-2..=2).map(timer).collect(),
        waiting: (1..=3).map(|n| (n, form(format!("command {n}")))).collect(),
        history: IDS.iter().flat_map(|id| (1..=2).map(move |n| (DebtorId::from(*id), line(n)))).collect(),
        lists_cleared: false,
        listed_no_more: Vec::new(),
        listed: IDS.iter().map(|id| listed(id)).collect(),
        lists_version: Some(7),
        meta: Some(Bytes::from_static(b"where it stands")),
    }
}
