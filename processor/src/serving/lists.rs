//! What the API asks of the lists, in the engine's words.

use api::lists::Place;
use api::lists::asked::{Field, Filter};
use engine::lists::{List, ListKind, Position, number};
use engine::reading::Asked;

/// How many lines of lists are looked at for one question: some tenths of a second at the most.
const PATIENCE: usize = 40_000;

pub(super) fn asked(filter: &Filter, from: Option<&Place>, at_most: usize) -> Asked {
    let side = |(field, names): &(Field, Vec<String>)| {
        let kind = kind(*field);
        names.iter().map(|name| list(kind, name)).collect()
    };
    let position = |place: &Place| Position { rank: place.rank, debtor: place.debtor.clone() };
    Asked {
        on: filter.fields.iter().map(side).collect(),
        currency: filter.currency,
        min_debt: filter.min_debt,
        from: from.map_or_else(Position::first, position),
        at_most,
        patience: PATIENCE,
    }
}

fn list(kind: ListKind, name: &str) -> List {
    match kind {
        ListKind::Number => List::new(kind, &number(name)),
        ListKind::Work
        | ListKind::Segment
        | ListKind::ManagerGroup
        | ListKind::Manager
        | ListKind::Plan
        | ListKind::Stage
        | ListKind::Status
        | ListKind::Hold
        | ListKind::Account
        | ListKind::Queue
        | ListKind::Taker => List::new(kind, name),
    }
}

fn kind(field: Field) -> ListKind {
    match field {
        Field::Stage => ListKind::Stage,
        Field::Plan => ListKind::Plan,
        Field::Status => ListKind::Status,
        Field::Segment => ListKind::Segment,
        Field::ManagerGroup => ListKind::ManagerGroup,
        Field::Manager => ListKind::Manager,
        Field::Hold => ListKind::Hold,
        Field::Number => ListKind::Number,
        Field::Account => ListKind::Account,
        Field::Queue => ListKind::Queue,
        Field::Taker => ListKind::Taker,
    }
}
