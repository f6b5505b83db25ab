//! What the API says in whole sentences, in the language of whoever reads: a catalogue, `assets/texts/said_ru.txt`.
//!
//! The API says everything in English, and so do the histories that older versions wrote: what is on the wire stays
//! as it is. A line of the catalogue is an English sentence with holes in braces, and the Russian one with the same
//! holes. What stands between the holes must be there, from end to end, and a hole is the shortest text that lets the
//! rest be; of several lines the one with the most letters of its own is taken. The lines are in sections, by what is
//! said. A hole whose name is a section's is said in the words of that section, and where that has none for it the
//! line does not fit; any other hole is data, and stays. A text that no line fits stays English, and is marked so.
//!
//! What was found of a rule is told by the same catalogue, out of its `says`, and not by its code and its facts: one
//! code has several sentences, and a sentence several parts, which would all have to be put together here once more.

use crate::texts::{self, Language};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A text that was said in English, as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The text.
    pub(crate) text: String,
    /// The code of its language.
    pub(crate) lang: &'static str,
}

/// The longest text that is looked for, in bytes: no sentence of Weir's is as long without what others wrote into it.
const LONGEST: usize = 4_000;

/// How far sections lead into each other; lists are told one name after the other.
const DEEPEST: u8 = 16;

/// The holes that are lengths of time, as policies write them (`15d`) or as they are told (`15 days`).
const PERIODS: [&str; 2] = ["period", "other_period"];

/// Says a text of the API's in this language, by the lines of a section.
pub(crate) fn said(language: Language, section: &str, text: &str) -> Said {
    let found = match language {
        Language::English => None,
        Language::Russian if text.len() > LONGEST => None,
        Language::Russian => russian().say(section, text, DEEPEST),
    };
    match found {
        Some(text) => Said { text, lang: language.code() },
        None => Said { text: text.to_owned(), lang: Language::English.code() },
    }
}

/// A length of time as policies write it, in words that stand after «за» and «через»; as it is where it is none.
pub(crate) fn period(language: Language, text: &str) -> String {
    counted(text).map_or_else(|| text.to_owned(), |(count, unit)| texts::counted(language, unit, count))
}

/// How many of which unit.
fn counted(text: &str) -> Option<(usize, &'static str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let unit = match unit {
        "d" | " day" | " days" => "period-day",
        "h" | " hour" | " hours" => "period-hour",
        "m" | " minute" | " minutes" => "period-minute",
        "s" | " second" | " seconds" => "period-second",
        _ => return None,
    };
    Some((count.parse().ok()?, unit))
}

fn russian() -> &'static Catalogue {
    static RUSSIAN: OnceLock<Catalogue> = OnceLock::new();
    RUSSIAN.get_or_init(|| Catalogue::read(include_str!("../assets/texts/said_ru.txt")))
}

/// The lines of each section, those with the most letters of their own first.
#[derive(Debug, Default)]
struct Catalogue(BTreeMap<&'static str, Vec<Line>>);

/// A sentence in both languages.
#[derive(Clone, Debug)]
struct Line {
    english: Vec<Piece>,
    other: Vec<Piece>,
}

/// A part of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Letters(&'static str),
    Hole(&'static str),
}

impl Catalogue {
    /// Reads `[section]`, or `[several, sections]` of the same lines, and `english = other`; empty lines and those that
    /// begin with `#` say nothing.
    fn read(text: &'static str) -> Self {
        let mut all = Self::default();
        let mut sections = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                sections = name;
            } else if let Some((english, other)) = line.split_once(" = ") {
                let line = Line { english: pieces(english), other: pieces(other) };
                for section in sections.split(", ") {
                    all.0.entry(section).or_default().push(line.clone());
                }
            }
        }
        for lines in all.0.values_mut() {
            lines.sort_by_key(|line| std::cmp::Reverse(letters(&line.english)));
        }
        all
    }

    /// The text in the other language, by the lines of a section.
    fn say(&self, section: &str, text: &str, deepest: u8) -> Option<String> {
        let deeper = deepest.checked_sub(1)?;
        self.0.get(section)?.iter().find_map(|line| {
            let holes = fit(&line.english, text)?;
            let value = |name: &str| holes.iter().find(|(hole, _)| *hole == name).map(|(_, value)| *value);
            let mut told = String::new();
            for piece in &line.other {
                match piece {
                    Piece::Letters(letters) => told += letters,
                    Piece::Hole(name) if PERIODS.contains(name) => {
                        told += &period(Language::Russian, value(name)?);
                    }
                    Piece::Hole(name) if self.0.contains_key(name) => {
                        told += &self.say(name, value(name)?, deeper)?;
                    }
                    Piece::Hole(name) => told += value(name)?,
                }
            }
            Some(told)
        })
    }
}

/// The parts of a sentence, its holes in braces.
fn pieces(sentence: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = sentence;
    while let Some((letters, (name, after))) =
        rest.split_once('{').and_then(|(letters, hole)| Some((letters, hole.split_once('}')?)))
    {
        if !letters.is_empty() {
            pieces.push(Piece::Letters(letters));
        }
        pieces.push(Piece::Hole(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Letters(rest));
    }
    pieces
}

fn letters(pieces: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Letters(letters) => letters.chars().count(),
        Piece::Hole(_) => 0,
    };
    pieces.iter().map(of).sum()
}

/// What the holes of a sentence are in a text, where it fits from end to end.
fn fit<'t>(pieces: &[Piece], text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut hole = None;
    for (at, piece) in pieces.iter().enumerate() {
        let is_last = at.saturating_add(1) == pieces.len();
        match (*piece, hole.take()) {
            (Piece::Hole(name), _) => hole = Some(name),
            (Piece::Letters(letters), None) => rest = rest.strip_prefix(letters)?,
            (Piece::Letters(letters), Some(name)) => {
                let (value, after) =
                    if is_last { (rest.strip_suffix(letters)?, "") } else { rest.split_once(letters)? };
                found.push((name, value));
                rest = after;
            }
        }
    }
    match hole {
        Some(name) => found.push((name, rest)),
        None if rest.is_empty() => {}
        None => return None,
    }
    Some(found)
}

#[cfg(test)]
mod tests;
