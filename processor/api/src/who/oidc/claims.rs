//! What of a token makes a person: a name, the highest of their roles, their segments.
//!
//! Whether the token is to be believed is not known here.

use super::Settings;
use crate::who::{Denied, Person, Role, Segments};
use serde_json::Value;

/// The longest name, in bytes: it stands in every line of the audit log.
const LONGEST_NAME: usize = 100;

/// What stands for every segment.
const EVERY: &str = "*";

/// Who they are whose claims these are.
///
/// # Errors
/// When they have no name, no role here, or a role that sees some segments and none of them.
pub(super) fn person(claims: &Value, settings: &Settings) -> Result<Person, Denied> {
    let named = |claim: &str| found(claims, claim).and_then(Value::as_str).filter(|name| is_name(name));
    let name = named(&settings.name_claim).or_else(|| named("sub")).ok_or(Denied::NoName)?;
    let words = words(claims, &settings.roles_claim);
    let role = words.into_iter().filter_map(|word| role_of(word, settings)).max().ok_or(Denied::NoRole)?;
    Ok(Person { name: name.into(), role, segments: segments(claims, settings, role)? })
}

fn role_of(word: &str, settings: &Settings) -> Option<Role> {
    if settings.roles.is_empty() { Role::parse(word) } else { settings.roles.get(word).copied() }
}

fn segments(claims: &Value, settings: &Settings, role: Role) -> Result<Segments, Denied> {
    let segments = words(claims, &settings.segments_claim);
    if !role.has_segments() || segments.contains(&EVERY) {
        return Ok(Segments::All);
    }
    // Who was given none by mistake does not see everyone.
    if segments.is_empty() {
        return Err(Denied::NoSegments);
    }
    Ok(Segments::Of(segments.into_iter().map(str::to_owned).collect()))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

/// A claim by its whole name, which may be a URL; else by a path with points.
fn found<'a>(claims: &'a Value, claim: &str) -> Option<&'a Value> {
    claims.get(claim).or_else(|| claim.split('.').try_fold(claims, |inner, part| inner.get(part)))
}

/// One word, or a list of them.
fn words<'a>(claims: &'a Value, claim: &str) -> Vec<&'a str> {
    let words = match found(claims, claim) {
        Some(Value::String(word)) => vec![word.as_str()],
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
    };
    words.into_iter().filter(|word| !word.is_empty()).collect()
}
