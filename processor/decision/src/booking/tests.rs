//! Booking as tables: a row an event, what is paid of each invoice afterwards in the last column.

mod payments;
mod rejections;
mod reversals;
mod waiting;

use crate::event::Body;
use crate::testing::*;

/// Events a day apart; after each, what is paid of each invoice and what is credit, in cents.
#[track_caller]
fn check(rows: Vec<(Body, &str)>) -> Life {
    let mut life = Life::new(policy());
    for (number, (body, debt)) in rows.into_iter().enumerate() {
        let at = format!("2026-01-{:02}", number + 1);
        life.at(&at, body);
        assert_eq!(life.rejected, None, "rejection of row {}", number + 1);
        assert_eq!(life.debt(), debt, "debt after row {}", number + 1);
    }
    life
}

/// After these events, the last one is rejected with this code.
#[track_caller]
fn check_rejected(bodies: Vec<Body>, code: &'static str) {
    let mut life = Life::new(policy());
    let last = bodies.len() - 1;
    for (number, body) in bodies.into_iter().enumerate() {
        life.at("2026-01-01", body);
        assert_eq!(life.rejected, (number == last).then_some(code), "event {}", number + 1);
    }
}

/// After these events, the last one is known already, by `what`.
#[track_caller]
fn check_known(bodies: Vec<Body>, what: &str) {
    let mut life = Life::new(policy());
    let mut before = String::new();
    for body in bodies {
        before = life.debt();
        life.at("2026-01-01", body);
    }
    assert_eq!(life.reasons(crate::record::RecordKind::Duplicate), [what]);
    assert_eq!(life.debt(), before);
}
