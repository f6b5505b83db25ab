//! Which thing of one list is which of another: new, gone, kept, moved.

use std::collections::{BTreeMap, BTreeSet};

/// A thing of two lists, or of one of them.
pub(super) enum Pair<'p, T> {
    /// Only the new list has it.
    New(&'p T),
    /// Only the old list has it.
    Gone(&'p T),
    /// Both have it.
    Kept {
        /// As it was.
        old: &'p T,
        /// As it is.
        new: &'p T,
        /// Where it went, where others of the list overtook it: `after bar`, `to the front`.
        moved: Option<String>,
    },
}

/// The things of two lists, by name: in the new list's order, and those that are gone after them.
/// The second of a name is another thing than the first.
pub(super) fn pairs<'p, T>(old: &'p [T], new: &'p [T], name: impl Fn(&T) -> String) -> Vec<Pair<'p, T>> {
    let (was, is) = (named(old, &name), named(new, &name));
    let places: BTreeMap<_, _> = was.iter().enumerate().map(|(place, (key, _))| (key, place)).collect();
    let kept: Vec<usize> = is.iter().filter_map(|(key, _)| places.get(key).copied()).collect();
    let staying = longest_rise(&kept);
    let mut before: Option<&str> = None;
    let mut pairs: Vec<Pair<'p, T>> = Vec::new();
    for (key, new) in &is {
        let place = places.get(key).copied();
        let found = place.and_then(|place| Some((place, was.get(place)?)));
        pairs.push(match found {
            None => Pair::New(new),
            Some((place, (_, old))) => {
                let went = || before.map_or("to the front".to_owned(), |before| format!("after {before}"));
                Pair::Kept { old, new, moved: (!staying.contains(&place)).then(went) }
            }
        });
        before = Some(&key.0);
    }
    let keys: BTreeSet<_> = is.iter().map(|(key, _)| key).collect();
    pairs.extend(was.iter().filter(|(key, _)| !keys.contains(key)).map(|&(_, old)| Pair::Gone(old)));
    pairs
}

/// A name, and the how many-th of that name it is.
type Key = (String, usize);

fn named<T>(list: &[T], name: impl Fn(&T) -> String) -> Vec<(Key, &T)> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let keyed = |one| {
        let name = name(one);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        ((name, *count), one)
    };
    list.iter().map(keyed).collect()
}

/// The most of these places that come in rising order: those that did not move.
fn longest_rise(places: &[usize]) -> BTreeSet<usize> {
    // Of each place, the longest rise that ends with it. Lists of a policy are short.
    let mut rises: Vec<Vec<usize>> = Vec::new();
    for place in places {
        let before = rises.iter().filter(|rise| rise.last() < Some(place));
        let mut rise = before.max_by_key(|rise| rise.len()).cloned().unwrap_or_default();
        rise.push(*place);
        rises.push(rise);
    }
    rises.into_iter().max_by_key(Vec::len).unwrap_or_default().into_iter().collect()
}

/// The names of two maps in order, each with what the maps have of it.
pub(super) fn by_name<'p, K: Ord, V>(
    old: &'p BTreeMap<K, V>,
    new: &'p BTreeMap<K, V>,
) -> impl Iterator<Item = (&'p K, Option<&'p V>, Option<&'p V>)> {
    let names: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    names.into_iter().map(|name| (name, old.get(name), new.get(name)))
}
