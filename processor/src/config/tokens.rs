//! The token file: who may ask the API, by the hashes of their tokens.
//!
//! How a token is compared is `api`'s business.

use super::ConfigProblem;
use api::who::tokens::{Token, hex};
use api::who::{Person, Role, Segments};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::Spanned;

/// What stands for every segment.
const EVERY: &str = "*";

/// The longest name: it stands in every line of the audit log.
const LONGEST_NAME: usize = 100;

/// What to do about a file without a token.
const MAKE_ONE: &str = "make a token with: weir token new --name NAME --role ROLE";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFile {
    #[serde(default)]
    token: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    role: Spanned<String>,
    segments: Option<Spanned<Vec<String>>>,
    sha256: Spanned<String>,
}

/// Those who may ask, as this file tells of them.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub(crate) fn read(path: &Path) -> Result<Vec<Token>, Box<ConfigProblem>> {
    let text = std::fs::read_to_string(path).map_err(|source| {
        ConfigProblem::unreadable(path, &source).helped("`tokens` of [api] names the token file")
    })?;
    api::warn_if_open_to_others(path);
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Token>, Box<ConfigProblem>> {
    let file: TokenFile =
        toml::from_str(text).map_err(|error| Box::new(ConfigProblem::in_toml(path, text, &error)))?;
    if file.token.is_empty() {
        return Err(ConfigProblem::at(path, text, 0..0, "there is no [[token]]: nobody could ask", MAKE_ONE));
    }
    let faults = Faults { path, text };
    let (mut names, mut hashes) = (BTreeSet::new(), BTreeMap::new());
    let mut tokens = Vec::new();
    for entry in &file.token {
        let token = faults.token(entry)?;
        if !names.insert(token.person.name.clone()) {
            let name = entry.get_ref().name.span();
            let message = format!("there is another token of {}", token.person.name);
            return Err(faults.at(name, &message, "a person has one token: take one of the two out"));
        }
        if let Some(other) = hashes.insert(token.sha256, token.person.name.clone()) {
            let message = format!("this is the token of {other} as well");
            return Err(faults.at(entry.get_ref().sha256.span(), &message, MAKE_ONE));
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// Where faults are told of.
struct Faults<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Faults<'_> {
    fn at(&self, span: std::ops::Range<usize>, message: &str, help: &str) -> Box<ConfigProblem> {
        ConfigProblem::at(self.path, self.text, span, message, help)
    }

    fn token(&self, entry: &Spanned<Entry>) -> Result<Token, Box<ConfigProblem>> {
        let Entry { name, role, segments, sha256 } = entry.get_ref();
        is_name(name.get_ref()).map_err(|wrong| {
            self.at(name.span(), &wrong, "it stands in the audit log: write who it is, such as anna")
        })?;
        let known = role_of(role.get_ref()).map_err(|(wrong, help)| self.at(role.span(), &wrong, &help))?;
        let listed = segments.as_ref().map(|segments| segments.get_ref().as_slice()).unwrap_or_default();
        let segments = segments_of(known, listed).map_err(|(wrong, help)| {
            let span = segments.as_ref().map_or_else(|| role.span(), Spanned::span);
            self.at(span, &wrong, help)
        })?;
        let hash = bytes_of(sha256.get_ref()).ok_or_else(|| {
            let wrong = "is no SHA-256: that has 64 digits, 0 to 9 and a to f";
            self.at(
                sha256.span(),
                wrong,
                "write what `weir token new` printed, or: printf %s TOKEN | sha256sum",
            )
        })?;
        Ok(Token {
            person: Person { name: name.get_ref().as_str().into(), role: known, segments },
            sha256: hash,
        })
    }
}

fn is_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(format!("a name has from 1 to {LONGEST_NAME} bytes, and no control characters"));
    }
    Ok(())
}

fn role_of(word: &str) -> Result<Role, (String, String)> {
    let known = Role::ALL.map(Role::as_str).join(", ");
    Role::parse(word).ok_or_else(|| (format!("there is no role `{word}`"), format!("roles are: {known}")))
}

/// Whose accounts they see. An agent who sees everyone's is said to: it is not what happens where something was
/// forgotten.
fn segments_of(role: Role, listed: &[String]) -> Result<Segments, (String, &'static str)> {
    if !role.has_segments() {
        let help = "take `segments` out, or give the role agent or senior";
        let is_all = listed.is_empty();
        return is_all.then_some(Segments::All).ok_or((format!("the role {role} sees all segments"), help));
    }
    if listed.is_empty() {
        let help =
            "name them as the policy does: segments = [\"consumer\"]; or all of them: segments = [\"*\"]";
        return Err((
            format!("the role {role} sees the accounts of some segments, and there is none here"),
            help,
        ));
    }
    if listed.iter().any(|segment| segment == EVERY) {
        return Ok(Segments::All);
    }
    Ok(Segments::Of(listed.iter().cloned().collect()))
}

fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(32);
    let mut digits = text.bytes();
    while let Some(high) = digits.next() {
        let low = digits.next()?;
        bytes.push((digit(high)? << 4) | digit(low)?);
    }
    bytes.try_into().ok()
}

/// The lines of the token file for a token, once what they say is found to be right.
///
/// # Errors
/// What of it would not be taken there.
pub(crate) fn lines(name: &str, role: &str, segments: &[String], token: &str) -> miette::Result<String> {
    is_name(name).map_err(|wrong| miette::miette!("--name: {wrong}"))?;
    let known = role_of(role).map_err(|(wrong, help)| miette::miette!(help = help, "--role: {wrong}"))?;
    segments_of(known, segments).map_err(|(wrong, _)| {
        let help = "say which with --segment NAME, once for each, or all with --segment '*'; only for agent and senior";
        miette::miette!(help = help, "--segment: {wrong}")
    })?;
    let sha256 = hex(&api::who::tokens::sha256(token));
    let entry = Written { name, role, segments, sha256 };
    toml::to_string(&entry)
        .map(|lines| format!("[[token]]\n{lines}"))
        .map_err(|error| miette::miette!("{error}"))
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    role: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    segments: &'a [String],
    sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const OTHER: &str = "ca7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn entry(name: &str, rest: &str, hash: &str) -> String {
        format!("[[token]]\nname = \"{name}\"\n{rest}\nsha256 = \"{hash}\"\n")
    }

    fn told(text: &str) -> String {
        let Err(problem) = parse(Path::new("/etc/weir/tokens.toml"), text) else {
            panic!("it is taken: {text}")
        };
        let told = format!("{:?}", miette::Report::new(*problem));
        told.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_file_tells_who_has_which_token() {
        let text = entry("anna", "role = \"agent\"\nsegments = [\"consumer\", \"soho\"]", HASH)
            + &entry("bert", "role = \"senior\"\nsegments = [\"*\"]", OTHER)
            + &entry("zoe", "role = \"viewer\"", &HASH.replace("ba78", "BB78"));
        let tokens = parse(Path::new("tokens.toml"), &text).unwrap();
        let people: Vec<_> = tokens.iter().map(|token| (&*token.person.name, token.person.role)).collect();
        assert_eq!(people, [("anna", Role::Agent), ("bert", Role::Senior), ("zoe", Role::Viewer)]);
        let of_anna = Segments::Of(["consumer".to_owned(), "soho".to_owned()].into());
        assert_eq!(tokens[0].person.segments, of_anna);
        assert_eq!(tokens[0].sha256, api::who::tokens::sha256("abc"));
        assert_eq!(
            (&tokens[1].person.segments, &tokens[2].person.segments),
            (&Segments::All, &Segments::All)
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_to_do() {
        let admin = "role = \"admin\"";
        let rows = [
            (String::new(), ["tokens.toml:1: there is no [[token]]", "weir token new"]),
            (
                entry("anna", "role = \"agnt\"", HASH),
                ["tokens.toml:3: there is no role `agnt`", "viewer, agent"],
            ),
            (
                entry("anna", "role = \"agent\"", HASH),
                ["tokens.toml:3: the role agent sees", "segments = [\"*\"]"],
            ),
            (
                entry("anna", "role = \"admin\"\nsegments = [\"soho\"]", HASH),
                ["tokens.toml:4: the role admin sees all", "take `segments` out"],
            ),
            (
                entry("anna", admin, HASH) + &entry("anna", admin, OTHER),
                ["tokens.toml:6: there is another token of anna", "one of the two"],
            ),
            (
                entry("anna", admin, HASH) + &entry("bert", admin, HASH),
                ["tokens.toml:8: this is the token of anna as well", "weir token new"],
            ),
            (entry("anna", admin, "weir_1"), ["tokens.toml:4: is no SHA-256", "sha256sum"]),
            (entry("anna", admin, &HASH.replace('b', "g")), ["tokens.toml:4: is no SHA-256", "sha256sum"]),
            (entry("", admin, HASH), ["tokens.toml:2: a name has", "audit log"]),
            (
                entry("anna", "rol = \"admin\"", HASH),
                ["tokens.toml:3: unknown field `rol`", "did you mean `role`?"],
            ),
            ("[[token]]\nname = \"anna\"\n".to_owned(), ["tokens.toml:1: missing field `role`", ""]),
        ];
        for (text, expected) in rows {
            let told = told(&text);
            for part in expected {
                assert!(told.contains(part), "«{part}» is not said in:\n{told}");
            }
        }
    }

    #[test]
    fn the_lines_that_are_printed_are_taken_in_the_file() {
        let segments = ["so\"ho".to_owned()];
        let printed =
            lines("anna", "agent", &segments, "abc").unwrap() + &lines("bert", "admin", &[], "d").unwrap();
        let tokens = parse(Path::new("tokens.toml"), &printed).unwrap();
        assert_eq!(tokens[0].sha256, api::who::tokens::sha256("abc"));
        assert_eq!(tokens[0].person.segments, Segments::Of(segments.into()));
        assert_eq!(&*tokens[1].person.name, "bert");
        for (name, role, segments) in
            [("", "admin", None), ("anna", "boss", None), ("anna", "agent", None), ("a", "viewer", Some("x"))]
        {
            let segments: Vec<String> = segments.into_iter().map(str::to_owned).collect();
            assert!(lines(name, role, &segments, "abc").is_err(), "{name} {role} {segments:?}");
        }
    }
}
