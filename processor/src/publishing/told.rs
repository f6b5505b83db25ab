//! What is told of publications: a table, and JSON.

use super::published;
use decision::Policy;
use decision::policies::{Held, times};
use decision::time::{Timestamp, Zone};
use schemas::Publication;
use serde_json::{Value, json};
use std::sync::Arc;

/// How much of a hash is shown: enough to tell versions apart.
const HASH_SHOWN: usize = 12;

type All = [(Publication, Arc<Policy>)];

/// The number of the publication that holds at a moment.
pub(super) fn holding(all: &All, now: Timestamp) -> Option<i64> {
    let times = times(&published(all));
    let holds = times.iter().rev().find(|held| held.from <= now).or(times.first())?;
    all.get(holds.publication).map(|(publication, _)| publication.revision)
}

/// The publications as a table, in the zone of the last one.
pub(super) fn list(all: &All, now: Timestamp) -> String {
    let Some((_, newest)) = all.last() else {
        return "Nothing was published yet: weir policy publish --help".to_owned();
    };
    let zone = &newest.defaults.zone;
    let times = times(&published(all));
    let head = ["", "version", "hash", "holds", "published", "by", "why"].map(str::to_owned);
    let rows = all.iter().enumerate().map(|(place, (publication, _))| {
        let times: Vec<String> = times
            .iter()
            .filter(|held| held.publication == place)
            .map(|held| in_words(held, now, zone))
            .collect();
        [
            publication.revision.to_string(),
            format!("{} {}", publication.policy_name, publication.policy_version),
            shown_hash(publication),
            if times.is_empty() { "never".to_owned() } else { times.join(", ") },
            local(publication.published_at, zone),
            format!("{} ({})", publication.by, publication.role),
            publication.why.clone(),
        ]
    });
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    table(&rows) + &format!("Times are those of {}.", zone.name())
}

fn in_words(held: &Held, now: Timestamp, zone: &Zone) -> String {
    let from = local(held.from, zone);
    match held.until.map(|until| (until, local(until, zone))) {
        _ if held.from > now => format!("from {from} on"),
        None => format!("since {from}"),
        Some((until, shown)) if until > now => format!("since {from}, until {shown}"),
        Some((_, shown)) => format!("{from} to {shown}"),
    }
}

/// A moment on the policy's wall clock, to the minute.
pub(super) fn local(at: Timestamp, zone: &Zone) -> String {
    zone.local(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn shown_hash(publication: &Publication) -> String {
    let hash = publication.policy_hash.as_str();
    hash.get(..HASH_SHOWN).unwrap_or(hash).to_owned()
}

/// Columns as wide as what is in them; the last one as it is.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The publications as one JSON object.
pub(super) fn list_json(all: &All, now: Timestamp) -> String {
    let times = times(&published(all));
    let moment = |at: Timestamp| at.to_string();
    let one = |(place, (publication, _)): (usize, &(Publication, Arc<Policy>))| {
        let held = times.iter().filter(|held| held.publication == place);
        let held: Vec<Value> =
            held.map(|held| json!({ "from": moment(held.from), "until": held.until.map(moment) })).collect();
        with(publication, [("held", held.into())])
    };
    let publications: Vec<Value> = all.iter().enumerate().map(one).collect();
    json!({ "holds": holding(all, now), "publications": publications }).to_string()
}

/// A publication, all of it.
pub(super) fn publication(publication: &Publication) -> Value {
    let beside = publication.beside.iter();
    let beside: Vec<_> = beside.map(|file| json!({ "name": file.name, "text": file.text })).collect();
    with(publication, [("text", publication.text.clone().into()), ("beside", beside.into())])
}

/// A publication but for its texts, with more fields.
fn with<const MORE: usize>(publication: &Publication, more: [(&str, Value); MORE]) -> Value {
    let mut told = json!({
        "revision": publication.revision,
        "event_id": publication.event_id.as_str(),
        "policy": publication.policy_name,
        "version": publication.policy_version,
        "hash": publication.policy_hash.as_str(),
        "file": publication.file,
        "withdraws_later": publication.withdraws_later,
        "published_at": publication.published_at.to_string(),
        "by": publication.by,
        "role": publication.role,
        "why": publication.why,
    });
    if let Some(fields) = told.as_object_mut() {
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    told
}
