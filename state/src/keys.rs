//! The key layout: the one place that knows what the bytes of a key mean.
//!
//! | column family | key | value |
//! |---|---|---|
//! | `debtors` | shard (2) · debtor | the debtor's stored form |
//! | `timers` | due (8, sign flipped) · shard (2) · debtor | empty |
//! | `history` | shard (2) · length of debtor (4) · debtor · sequence (8, sign flipped, inverted) | the encoded record |
//! | `waiting` | sequence (8, sign flipped) | the stored form of a command that waits |
//! | `lists` | kind (1) · length of name (2) · name · rank (8, sign flipped) · debtor | empty |
//! | `meta` | `0x01` | the format version (4) |
//! | `meta` | `0x02` | where the store stands, in the engine's words |
//! | `meta` | `0x03` | the version of what the lists are made of (4) |
//! | `default` | – | RocksDB's own, always empty |
//!
//! Numbers are big-endian, so that bytes sort as numbers do; with its sign bit flipped a negative
//! number sorts before a positive one; inverted, the newest comes first. `debtor` is the id's UTF-8
//! bytes; the shard is [`engine::partition::shard_of`] of them. Why timers start with their due
//! time: `docs/decisions/0002-timer-key-order.md`.
//!
//! The layout is never reused: a meta tag or a column family that falls out of use is listed here
//! as gone, and a changed layout is a new [`FORMAT_VERSION`](crate::FORMAT_VERSION).

use decision::ids::DebtorId;
use decision::time::Timestamp;
use engine::lists::{List, Position};
use engine::partition::shard_of;
use engine::store::TimerKey;

/// `meta`: the version of this layout.
pub(crate) const FORMAT: &[u8] = &[0x01];
/// `meta`: where the store stands.
pub(crate) const POSITION: &[u8] = &[0x02];

/// `meta`: of which version the lists are.
pub(crate) const LISTS: &[u8] = &[0x03];

const DUE_BYTES: usize = 8;
const SHARD_BYTES: usize = 2;
const LENGTH_BYTES: usize = 4;
const SEQUENCE_BYTES: usize = 8;
const LIST_BYTES: usize = 3;
const RANK_BYTES: usize = 8;

/// The key of a debtor in `debtors`.
#[must_use]
pub fn debtor(id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(SHARD_BYTES + id.len());
    push_debtor(&mut key, id);
    key
}

/// The bound after a debtor's key, and before the next one's.
pub(crate) fn after_debtor(id: &str) -> Vec<u8> {
    let mut key = debtor(id);
    key.push(0);
    key
}

/// Reads a key of `debtors`; none where it is not one.
#[must_use]
pub fn read_debtor(key: &[u8]) -> Option<DebtorId> {
    let (_shard, id) = key.split_first_chunk::<SHARD_BYTES>()?;
    std::str::from_utf8(id).ok().map(DebtorId::from)
}

/// The key of a timer in `timers`. Nobody's is the moment alone: the bound before all its timers.
#[must_use]
pub fn timer(timer: &TimerKey) -> Vec<u8> {
    let id = timer.debtor.as_str();
    let mut key = Vec::with_capacity(DUE_BYTES + SHARD_BYTES + id.len());
    key.extend_from_slice(&sortable(timer.due.0));
    if !id.is_empty() {
        push_debtor(&mut key, id);
    }
    key
}

/// The bound after every timer that is due up to and including `until`; none after the latest.
pub(crate) fn after_timers(until: Timestamp) -> Option<Vec<u8>> {
    until.0.checked_add(1).map(|next| sortable(next).to_vec())
}

/// Reads a key of `timers`; none where it is not one.
#[must_use]
pub fn read_timer(key: &[u8]) -> Option<TimerKey> {
    let (due, rest) = key.split_first_chunk::<DUE_BYTES>()?;
    let (_shard, debtor) = rest.split_first_chunk::<SHARD_BYTES>()?;
    let debtor = std::str::from_utf8(debtor).ok().filter(|id| !id.is_empty())?;
    Some(TimerKey { due: Timestamp(from_sortable(*due)), debtor: DebtorId::from(debtor) })
}

/// The key of a line in `history`.
#[must_use]
pub fn history(id: &str, sequence: i64) -> Vec<u8> {
    let mut key = history_of(id);
    key.extend_from_slice(&sortable(sequence).map(|byte| !byte));
    key
}

/// What the keys of all lines of a debtor begin with. The length keeps `a` apart from `ab`.
pub(crate) fn history_of(id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(SHARD_BYTES + LENGTH_BYTES + id.len() + SEQUENCE_BYTES);
    key.extend_from_slice(&shard_of(id.as_bytes()).to_be_bytes());
    // RocksDB takes no key of 4 GiB, so no id is cut here.
    key.extend_from_slice(&u32::try_from(id.len()).unwrap_or(u32::MAX).to_be_bytes());
    key.extend_from_slice(id.as_bytes());
    key
}

/// The bound after every line of a debtor.
pub(crate) fn after_history_of(id: &str) -> Vec<u8> {
    // Sequences are eight bytes, so nine of the highest come after all of them.
    let mut key = history_of(id);
    key.extend_from_slice(&[0xff; SEQUENCE_BYTES + 1]);
    key
}

/// The sequence of a key of `history`; none where it is not one.
#[must_use]
pub fn read_sequence(key: &[u8]) -> Option<i64> {
    let (_, sequence) = key.split_last_chunk::<SEQUENCE_BYTES>()?;
    Some(from_sortable(sequence.map(|byte| !byte)))
}

/// The key of a command in `waiting`.
#[must_use]
pub fn waiting(sequence: i64) -> [u8; SEQUENCE_BYTES] {
    sortable(sequence)
}

/// Reads a key of `waiting`; none where it is not one.
#[must_use]
pub fn read_waiting(key: &[u8]) -> Option<i64> {
    key.try_into().ok().map(from_sortable)
}

/// The key of a line in `lists`.
#[must_use]
pub fn listed(list: &List, position: &Position) -> Vec<u8> {
    let mut key = list_begin(list);
    key.extend_from_slice(&sortable(position.rank));
    key.extend_from_slice(position.debtor.as_str().as_bytes());
    key
}

/// What the keys of all lines of a list begin with. The length keeps `a` apart from `ab`.
pub(crate) fn list_begin(list: &List) -> Vec<u8> {
    let name = list.name.as_bytes();
    let mut key = Vec::with_capacity(LIST_BYTES + name.len() + RANK_BYTES + 16);
    key.push(list.kind.byte());
    // Longer names are on no list.
    key.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
    key.extend_from_slice(name);
    key
}

/// The bound after every line of a list.
pub(crate) fn list_end(list: &List) -> Vec<u8> {
    // Ranks are eight bytes, so nine of the highest come after all of them.
    let mut key = list_begin(list);
    key.extend_from_slice(&[0xff; RANK_BYTES + 1]);
    key
}

/// The place of a line on a list whose keys begin with so many bytes; none where it is not one.
pub(crate) fn read_listed(key: &[u8], begins: usize) -> Option<Position> {
    let (rank, debtor) = key.get(begins..)?.split_first_chunk::<RANK_BYTES>()?;
    let debtor = std::str::from_utf8(debtor).ok()?;
    Some(Position { rank: from_sortable(*rank), debtor: DebtorId::from(debtor) })
}

fn push_debtor(key: &mut Vec<u8>, id: &str) {
    key.extend_from_slice(&shard_of(id.as_bytes()).to_be_bytes());
    key.extend_from_slice(id.as_bytes());
}

fn sortable(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn from_sortable(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::lists::ListKind;

    /// Moments and ids at the edges: signs, bounds, ids that begin with one another or are odd.
    const MOMENTS: [i64; 7] = [i64::MIN, -1_000, -1, 0, 1, 1_767_225_600_000_000, i64::MAX];
    const IDS: [&str; 7] = ["", "a", "ab", "a\0", "a\0b", "\u{10ffff}", "4917012345678"];

    fn timers() -> Vec<TimerKey> {
        let of = |due| IDS.map(|id| TimerKey { due: Timestamp(due), debtor: DebtorId::from(id) });
        MOMENTS.into_iter().flat_map(of).collect()
    }

    #[test]
    fn timer_keys_sort_as_timers_do() {
        let mut by_timer = timers();
        by_timer.sort();
        let mut by_key = timers();
        by_key.sort_by_key(timer);
        assert_eq!(by_key, by_timer);
    }

    #[test]
    fn timer_keys_read_back_and_bounds_are_no_timers() {
        for each in timers() {
            let read = read_timer(&timer(&each));
            assert_eq!(read, (!each.debtor.as_str().is_empty()).then_some(each));
        }
        assert_eq!(read_timer(b"short"), None);
        assert_eq!(read_timer(b"12345678ss\xff"), None);
    }

    #[test]
    fn debtor_keys_read_back_and_nothing_comes_between_one_and_the_bound_after_it() {
        for id in IDS {
            assert_eq!(read_debtor(&debtor(id)), Some(DebtorId::from(id)));
            let bound = after_debtor(id);
            assert!(!IDS.iter().any(|other| debtor(id) < debtor(other) && debtor(other) < bound));
        }
        assert_eq!(read_debtor(b"s"), None);
        assert_eq!(read_debtor(b"ss\xff"), None);
    }

    #[test]
    fn the_bound_after_timers_parts_the_due_from_the_rest() {
        for until in MOMENTS.map(Timestamp) {
            let Some(bound) = after_timers(until) else {
                assert_eq!(until, Timestamp::LATEST);
                continue;
            };
            for each in timers() {
                assert_eq!(timer(&each) < bound, each.due <= until, "{each:?} until {until}");
            }
        }
    }

    #[test]
    fn history_keys_sort_newest_first_and_keep_debtors_apart() {
        for id in IDS {
            let mut newest_first = MOMENTS;
            newest_first.sort_by_key(|sequence| history(id, *sequence));
            newest_first.reverse();
            assert_eq!(newest_first, MOMENTS);
            for other in IDS {
                for sequence in MOMENTS {
                    let key = history(other, sequence);
                    assert_eq!(read_sequence(&key), Some(sequence));
                    let within = history_of(id) <= key && key < after_history_of(id);
                    assert_eq!(within, id == other, "{id:?} {other:?} {sequence}");
                }
            }
        }
    }

    #[test]
    fn listed_keys_sort_as_positions_do_and_keep_lists_apart() {
        let at = |rank| IDS.map(|id| Position { rank, debtor: DebtorId::from(id) });
        let positions: Vec<Position> = MOMENTS.into_iter().flat_map(at).collect();
        let lists = ["", "a", "a\0", "ab"].map(|name| List::new(ListKind::Stage, name));
        for list in &lists {
            let mut by_key = positions.clone();
            by_key.sort_by_key(|position| listed(list, position));
            let mut by_position = positions.clone();
            by_position.sort();
            assert_eq!(by_key, by_position);
            for (other, position) in
                lists.iter().flat_map(|other| positions.iter().map(move |at| (other, at)))
            {
                let key = listed(other, position);
                let within = list_begin(list) <= key && key < list_end(list);
                assert_eq!(within, list == other, "{list:?} {other:?} {position:?}");
                assert_eq!(read_listed(&key, list_begin(other).len()).as_ref(), Some(position));
            }
        }
    }

    #[test]
    fn keys_look_as_the_table_says() {
        // murmur2("21") is -973932308: its low 12 bits are the shard.
        assert_eq!(engine::partition::shard_of(b"21"), 0x8ec);
        assert_eq!(debtor("21"), b"\x08\xec21");
        let one = TimerKey { due: Timestamp(1), debtor: DebtorId::from("21") };
        assert_eq!(timer(&one), b"\x80\0\0\0\0\0\0\x01\x08\xec21");
        let bar = List::new(ListKind::Stage, "bar");
        let at = Position { rank: -2, debtor: DebtorId::from("21") };
        assert_eq!(listed(&bar, &at), b"\x06\0\x03bar\x7f\xff\xff\xff\xff\xff\xff\xfe21");
        assert_eq!(history("21", 1), b"\x08\xec\0\0\0\x0221\x7f\xff\xff\xff\xff\xff\xff\xfe");
    }
}
