//! Pages of several, as one page.

use super::Place;
use super::asked::next;
use super::line::{AccountLine, AccountPage};
use serde::{Deserialize, Serialize};

/// A page of some partitions, with the place of each line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) lines: Vec<(Place, AccountLine)>,
    pub(super) next: Option<Place>,
}

/// One page of all: what lies beyond where one of them stopped comes on a later one.
pub(super) fn merged(parts: Vec<Part>, limit: usize) -> AccountPage {
    let mut bound: Option<Place> = None;
    let mut lines = Vec::new();
    for part in parts {
        lines.extend(part.lines);
        let is_nearer = |next: &Place| bound.as_ref().is_none_or(|bound| next.key() < bound.key());
        if let Some(next) = part.next.filter(is_nearer) {
            bound = Some(next);
        }
    }
    lines.sort_by(|(one, _), (other, _)| one.key().cmp(&other.key()));
    lines.retain(|(place, _)| bound.as_ref().is_none_or(|bound| place.key() < bound.key()));
    if let Some((place, _)) = lines.get(limit) {
        bound = Some(place.clone());
    }
    lines.truncate(limit);
    AccountPage { items: lines.into_iter().map(|(_, line)| line).collect(), next: bound.as_ref().map(next) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: i64) -> Place {
        Place { rank: number, debtor: format!("A-{number}").into() }
    }

    fn part(numbers: &[i64], next: Option<i64>) -> Part {
        let line = |number: &i64| {
            let line = AccountLine {
                account_id: format!("A-{number}"),
                time_zone: "UTC".to_owned(),
                currency: None,
                real_debt: String::new(),
                conditional_debt: String::new(),
                segment: None,
                manager_group: None,
                manager: None,
                work: Vec::new(),
                tasks: Vec::new(),
                holds: Vec::new(),
                exempt: false,
                paused: false,
            };
            (place(*number), line)
        };
        Part { lines: numbers.iter().map(line).collect(), next: next.map(place) }
    }

    #[track_caller]
    fn check(parts: Vec<Part>, limit: usize, expected: &[i64], next: Option<i64>) {
        let page = merged(parts, limit);
        let ids: Vec<String> = page.items.into_iter().map(|line| line.account_id).collect();
        let expected: Vec<String> = expected.iter().map(|number| format!("A-{number}")).collect();
        assert_eq!(ids, expected);
        assert_eq!(page.next, next.map(|number| format!("{number}:A-{number}")));
    }

    #[test]
    fn pages_of_several_are_one_page_in_order_without_holes() {
        check(vec![], 3, &[], None);
        check(vec![part(&[-3, -1], None), part(&[-2], None)], 9, &[-3, -2, -1], None);
        check(vec![part(&[-3, -1], None), part(&[-2], None)], 2, &[-3, -2], Some(-1));
        // One has stopped before the other's last: what it may have there comes first on the next page.
        check(vec![part(&[-9, -1], None), part(&[-8, -7], Some(-6))], 9, &[-9, -8, -7], Some(-6));
        check(vec![part(&[-9], Some(-5)), part(&[-8], Some(-7))], 9, &[-9, -8], Some(-7));
        // Nothing was found, and there may be more.
        check(vec![part(&[], Some(-5)), part(&[-3], None)], 9, &[], Some(-5));
    }
}
