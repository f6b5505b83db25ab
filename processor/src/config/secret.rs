//! Secrets of the configuration: text that is used, and shown nowhere.
//!
//! What they are for is known where they are used.

use serde::Deserialize;
use std::fmt;

/// Text that is not shown: a password, or what may be one.
#[derive(Clone, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself, for what must have it.
    pub(super) fn reveal(self) -> String {
        self.0
    }
}

/// By way of a value, since serde's own complaint of a number would repeat it.
impl TryFrom<toml::Value> for Secret {
    type Error = &'static str;

    fn try_from(value: toml::Value) -> Result<Self, Self::Error> {
        if let toml::Value::String(text) = value { Ok(Self(text)) } else { Err("expected a string") }
    }
}

/// A text, which is written and never shown.
impl schemars::JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "writeOnly": true })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// Parts of the names of keys whose values are not shown: ours, and librdkafka's, which include
/// `sasl.password`, `ssl.key.pem`, `sasl.oauthbearer.client.secret`.
const SECRET: &[&str] = &["pass", "pwd", "secret", "token", "key", "pem", "auth", "credential"];

/// Whether a key's value, or a variable's, may be a secret. Rather one too many than one too few:
/// it may be misspelt.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    // These say where a secret lies, and not what it is.
    let is_place = key.ends_with("file") || key.ends_with("location");
    let is_close = |name: &&str| strsim::jaro_winkler(name, &key) > 0.85;
    !is_place && (SECRET.iter().any(|part| key.contains(part)) || ["password", "secret"].iter().any(is_close))
}

/// The file's text with its secrets made unreadable, a star for each byte: lines and columns stay
/// what they are.
///
/// The value of the key that ends at `unknown` is among them: what nobody knows may be a secret.
pub(super) fn masked(text: &str, unknown: Option<usize>) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut open = None;
    for line in text.split_inclusive('\n') {
        let unknown = unknown.and_then(|at| at.checked_sub(masked.len()));
        let from = if open.is_some() { 0 } else { secret_from(line, unknown).unwrap_or(line.len()) };
        let (shown, hidden) = line.split_at(from);
        masked.push_str(shown);
        masked.extend(hidden.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }));
        open = still_open(hidden, open);
    }
    masked
}

/// Where the first secret of a line begins. All that follows it counts as one: an inline table may
/// end on the same line, and nobody needs to see how.
fn secret_from(line: &str, unknown: Option<usize>) -> Option<usize> {
    line.match_indices('=').find_map(|(at, _)| {
        let (before, after) = line.split_at_checked(at)?;
        let key = before.rsplit(['{', ',']).next()?.trim().trim_matches(['"', '\'']);
        let spaces = after.len() - after.trim_start_matches(['=', ' ', '\t']).len();
        let is_unknown = unknown.is_some_and(|end| end <= at);
        (is_unknown || is_secret(key)).then_some(at + spaces)
    })
}

/// The quotes that must still come before a secret of several lines has ended.
fn still_open(hidden: &str, open: Option<&'static str>) -> Option<&'static str> {
    // Single ones too: someone may have forgotten that several lines take three.
    let quotes =
        open.or_else(|| ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| hidden.starts_with(quotes)))?;
    let expected = if open.is_some() { 1 } else { 2 };
    (hidden.matches(quotes).count() < expected).then_some(quotes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_masked(text: &str, expected: &str) {
        let masked = masked(text, None);
        assert_eq!(masked, expected);
        assert_eq!(masked.len(), text.len(), "places must stay where they are");
    }

    #[test]
    fn secrets_are_masked_byte_by_byte_and_the_rest_is_left_as_it_is() {
        check_masked("url = \"http://a\"\n", "url = \"http://a\"\n");
        check_masked("password = \"é\"\nurl = 1\n", "password = ****\nurl = 1\n");
        check_masked("\"sasl.password\"=hunter2\n", "\"sasl.password\"=*******\n");
        check_masked("r = { url = \"a\", token = \"b\" }\n", "r = { url = \"a\", token = *****\n");
        check_masked("ca_file = \"a\"\nkey_file = \"b\"", "ca_file = \"a\"\nkey_file = \"b\"");
    }

    #[test]
    fn a_secret_of_several_lines_is_masked_to_its_end() {
        check_masked("password = \"\"\"\nab\nc\"\"\"\nx = 1\n", "password = ***\n**\n****\nx = 1\n");
        check_masked("password = \"ab\nc\"\nx = 1\n", "password = ***\n**\nx = 1\n");
        check_masked("password = '''ab'''\nx = 1\n", "password = ********\nx = 1\n");
    }

    #[test]
    fn the_value_of_an_unknown_key_is_masked() {
        let text = "a = 1\nbear = 'ab'\nc = 2\n";
        assert_eq!(masked(text, text.find(" = 'ab'")), "a = 1\nbear = ****\nc = 2\n");
        assert_eq!(masked("[kafkaa]\na = 1\n", Some(7)), "[kafkaa]\na = 1\n");
    }

    #[test]
    fn what_may_be_a_secret_is_known_by_its_name() {
        let secret =
            ["password", "WEIR__REGISTRY__TOKEN", "pasword", "ssl.key.pem", "sasl.oauthbearer.client.secret"];
        for key in secret {
            assert!(is_secret(key), "{key}");
        }
        for key in ["username", "ca_file", "key_file", "ssl.key.location", "security.protocol"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = Secret("hunter2".to_owned());
        assert_eq!(format!("{secret:?}"), "(not shown)");
        assert_eq!(Secret::try_from(toml::Value::Integer(7)).unwrap_err(), "expected a string");
    }
}
