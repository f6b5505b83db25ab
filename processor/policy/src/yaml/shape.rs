//! Every fault of a tree's shape in one run: what is wrong is said, taken out, and the rest read
//! again.

use super::de::{De, Fault, FaultKind, Place};
use super::{Entry, Node, Value};
use crate::report::{Finding, Span};
use crate::suggest;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// So many faults are said of a file; one with more is no file of this format.
const MOST_FAULTS: usize = 200;

/// The keys that each kind of mapping must have, by the kind's name: as the JSON Schema has it, so
/// that no second list can differ from it.
#[derive(Debug, Default)]
pub(crate) struct Required(BTreeMap<String, Vec<String>>);

impl Required {
    /// What a JSON Schema requires.
    pub(crate) fn by(schema: &serde_json::Value) -> Self {
        let mut kinds = BTreeMap::new();
        let definitions = schema.get("$defs").and_then(|definitions| definitions.as_object());
        let root = schema.get("title").and_then(|title| title.as_str()).map(|title| (title, schema));
        let defined = definitions.into_iter().flatten().map(|(name, kind)| (name.as_str(), kind));
        for (name, kind) in defined.chain(root) {
            let keys = kind.get("required").and_then(|keys| keys.as_array());
            let keys = keys.into_iter().flatten().filter_map(|key| key.as_str());
            kinds.insert(name.to_owned(), keys.map(str::to_owned).collect());
        }
        Self(kinds)
    }

    /// The required keys that a mapping of this kind neither has nor had; `first` is one of them.
    pub(crate) fn absent(&self, kind: &str, node: &Node, first: Vec<String>) -> Vec<String> {
        let required = self.0.get(kind).map_or(first.as_slice(), Vec::as_slice);
        let has = |key: &String| node.get(key).is_some() || node.pruned.contains(key);
        required.iter().filter(|key| !has(key)).cloned().collect()
    }
}

/// Reads a tree; what is wrong in it is said and taken out. `None` where nothing is left.
pub(crate) fn read<T: DeserializeOwned>(
    root: &mut Node,
    required: &Required,
    findings: &mut Vec<Finding>,
) -> Option<T> {
    for _ in 0..MOST_FAULTS {
        let fault = match T::deserialize(De::new(root, required)) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        let place = fault.place.unwrap_or(Place::Node(root.id));
        let (Place::Node(id) | Place::KeyOf(id)) = place;
        let (span, damaged) = look(root, place).unwrap_or((root.span, false));
        if !(damaged && is_of_what_is_left(&fault.kind)) {
            findings.extend(said(fault, span));
        }
        if root.id == id || !prune(root, id) {
            return None;
        }
    }
    let message = format!("more than {MOST_FAULTS} things are wrong; the rest is not said");
    findings.push(Finding::error("too-many", root.span, message));
    None
}

/// Whether the fault may only be there because something wrong was taken out before.
fn is_of_what_is_left(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Wrong(_))
}

fn said(fault: Fault, span: Span) -> Option<Finding> {
    Some(match fault.kind {
        FaultKind::UnknownField { name, known } => {
            Finding::error("unknown-field", span, format!("`{name}` is no field here"))
                .with_help_if(suggest::instead_of(&name, known.iter().copied()))
        }
        FaultKind::UnknownWord { word, known } => {
            Finding::error("unknown-word", span, format!("`{word}` is not known here"))
                .with_help_if(suggest::instead_of(&word, known.iter().copied()))
        }
        FaultKind::Missing(fields) if fields.is_empty() => return None,
        FaultKind::Missing(fields) => {
            let verb = if fields.len() == 1 { "is" } else { "are" };
            let fields = fields.join("`, `");
            Finding::error("missing-field", span, format!("`{fields}` {verb} missing here"))
        }
        FaultKind::Wrong(message) => match message.split_once('\n') {
            Some((message, help)) => Finding::error("wrong-value", span, message).with_help(help),
            None => Finding::error("wrong-value", span, message),
        },
    })
}

/// The place in the text, and whether something was taken out there.
fn look(node: &Node, place: Place) -> Option<(Span, bool)> {
    if let Place::Node(id) = place
        && node.id == id
    {
        return Some((node.span, !node.pruned.is_empty()));
    }
    match &node.value {
        Value::Scalar(_) => None,
        Value::List(items) => items.iter().find_map(|item| look(item, place)),
        Value::Map(entries) => entries.iter().find_map(|entry| look_in_entry(entry, place)),
    }
}

fn look_in_entry(entry: &Entry, place: Place) -> Option<(Span, bool)> {
    match place {
        Place::KeyOf(id) if entry.value.id == id => Some((entry.key_span, false)),
        Place::KeyOf(_) | Place::Node(_) => look(&entry.value, place),
    }
}

/// Takes a node out of the tree, with its key where it has one.
fn prune(node: &mut Node, id: usize) -> bool {
    match &mut node.value {
        Value::Scalar(_) => false,
        Value::List(items) => {
            if let Some(at) = items.iter().position(|item| item.id == id) {
                items.remove(at);
                node.pruned.push("-".to_owned());
                return true;
            }
            items.iter_mut().any(|item| prune(item, id))
        }
        Value::Map(entries) => {
            if let Some(at) = entries.iter().position(|entry| entry.value.id == id) {
                let entry = entries.remove(at);
                node.pruned.push(entry.key);
                return true;
            }
            entries.iter_mut().any(|entry| prune(&mut entry.value, id))
        }
    }
}
