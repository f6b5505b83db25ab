//! The files beside a policy that it is made of too: calendars.
//!
//! What they mean is the business of whoever reads them.

use std::collections::BTreeMap;
use std::io;

/// Gives the text of a file that a policy names, by the name it is given there.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> io::Result<String>;

/// The files that a policy names, each read once.
#[derive(Debug, Default)]
pub(crate) struct Files(BTreeMap<String, io::Result<String>>);

impl Files {
    /// Reads them all.
    pub(crate) fn read<'n>(names: impl Iterator<Item = &'n str>, read: ReadFile<'_>) -> Self {
        let mut files = BTreeMap::new();
        for name in names {
            files.entry(name.to_owned()).or_insert_with(|| read(name));
        }
        Self(files)
    }

    /// The text of a file, or why there is none.
    pub(crate) fn text(&self, name: &str) -> Result<&str, String> {
        match self.0.get(name) {
            Some(Ok(text)) => Ok(text),
            Some(Err(error)) => Err(error.to_string()),
            None => Err("it was not asked for".to_owned()),
        }
    }

    /// The files that could be read, with their texts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, text)| Some((name.as_str(), text.as_deref().ok()?)))
    }
}
