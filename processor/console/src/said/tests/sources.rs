//! What the sources of other packages say: their literals, read as text.

use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::str::Chars;

/// What stands in a hole of which no real value is given.
pub(super) const SAMPLE: &str = "X1";

/// The folder of the processor's packages.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The code of each Rust file of a folder, without those of tests.
pub(super) fn of_folder(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if ["tests", "testing", "properties"].iter().any(|of| name.starts_with(of)) {
            continue;
        }
        if entry.is_dir() {
            found.extend(of_folder(&entry));
        } else if name.ends_with(".rs") {
            found.push(of_file(&entry));
        }
    }
    found
}

/// The code of a file up to its tests, without comments and without what only tells why.
pub(super) fn of_file(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let is_said = |line: &&str| {
        let line = line.trim_start();
        let tells_why =
            line.contains(", reason = \"") || line.starts_with("reason = \"") || line.contains(".expect(\"");
        !line.starts_with("//") && !tells_why
    };
    code.lines().filter(is_said).collect::<Vec<_>>().join("\n")
}

/// Every text in quotes; one that goes on in the next line is one.
pub(super) fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut letters = code.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            // A quotation mark that is a letter.
            ('\'', Some('"')) => drop(letters.next()),
            ('"', _) => found.push(literal(&mut letters)),
            _ => {}
        }
    }
    found
}

fn literal(letters: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next().filter(|letter| *letter != '"') {
        match (letter, letters.peek()) {
            ('\\', Some('\n')) => while letters.next_if(|next| next.is_whitespace()).is_some() {},
            ('\\', Some(_)) => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    text
}

/// The sentences among the texts in quotes of a code: those with a blank that begin with a letter or a hole.
pub(super) fn sentences(code: &str) -> Vec<String> {
    let begins = |first: char| first.is_alphanumeric() || "{«`".contains(first);
    literals(code).into_iter().filter(|text| text.contains(' ') && text.starts_with(begins)).collect()
}

/// A sentence with a sample in each of its holes.
pub(super) fn filled(sentence: &str, samples: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, (hole, after))) =
        rest.split_once('{').and_then(|(before, hole)| Some((before, hole.split_once('}')?)))
    {
        let sample = samples.iter().find(|(name, _)| *name == hole).map_or(SAMPLE, |(_, sample)| sample);
        text = text + before + sample;
        rest = after;
    }
    text + rest
}
