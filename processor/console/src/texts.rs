//! Every text of the console, in each language: one table a language, `assets/texts`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A language that the console speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Russian,
}

impl Language {
    /// Its code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }

    /// The language of a code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        [Self::English, Self::Russian].into_iter().find(|language| language.code() == code)
    }

    /// The one that a browser likes best, by its `Accept-Language`; English where it likes none.
    pub(crate) fn accepted(header: &str) -> Self {
        let mut best = (Self::English, 0.0_f32);
        for part in header.split(',') {
            let mut fields = part.split(';');
            let tag = fields.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight =
                fields.find_map(|field| field.trim().strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
            let language = Self::parse(tag.split('-').next().unwrap_or_default());
            if let Some(language) = language.filter(|_| weight > best.1) {
                best = (language, weight);
            }
        }
        best.0
    }

    fn table(self) -> &'static BTreeMap<&'static str, &'static str> {
        static ENGLISH: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
        static RUSSIAN: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
        match self {
            Self::English => ENGLISH.get_or_init(|| parsed(include_str!("../assets/texts/en.txt"))),
            Self::Russian => RUSSIAN.get_or_init(|| parsed(include_str!("../assets/texts/ru.txt"))),
        }
    }

    /// Which of a noun's forms a count takes.
    fn plural(self, count: usize) -> &'static str {
        match self {
            Self::English if count == 1 => "one",
            Self::English => "many",
            Self::Russian => match (count % 10, count % 100) {
                (_, 11..=14) => "many",
                (1, _) => "one",
                (2..=4, _) => "few",
                (0 | 5.., _) => "many",
            },
        }
    }
}

fn parsed(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, text)| (key.trim(), text.trim()))
        .collect()
}

/// A text, where there is one of that key.
pub(crate) fn find(language: Language, key: &str) -> Option<&'static str> {
    language.table().get(key).copied()
}

/// A text. Tests hold that there is one for each key that pages use.
pub(crate) fn text(language: Language, key: &str) -> &'static str {
    find(language, key).unwrap_or("…")
}

/// A count with its noun in the form that it takes.
pub(crate) fn counted(language: Language, key: &str, count: usize) -> String {
    let form = text(language, &format!("{key}-{}", language.plural(count)));
    format!("{count}\u{a0}{form}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_every_text() {
        let (english, russian) = (Language::English.table(), Language::Russian.table());
        let keys = |table: &BTreeMap<&'static str, &'static str>| table.keys().copied().collect::<Vec<_>>();
        assert_eq!(keys(english), keys(russian));
        for (key, text) in english.iter().chain(russian) {
            assert!(!text.is_empty(), "{key} says nothing");
        }
    }

    #[test]
    fn every_text_that_a_page_uses_is_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let files =
            ["templates", "src", "src/lists"].map(|folder| std::fs::read_dir(root.join(folder)).unwrap());
        let pages =
            files.into_iter().flatten().filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok());
        let pages: Vec<String> = pages.collect();
        let used = pages.iter().flat_map(|page| page.split(".t(\"").skip(1));
        let used = used.map(|key| key.split('"').next().unwrap());
        let led_to = crate::pages::LED_TO.iter().map(|(_, called)| *called);
        let used: Vec<&str> = used.chain(led_to).collect();
        assert!(used.len() > 50, "they are looked for where they are");
        for key in used {
            assert!(find(Language::English, key).is_some(), "{key} is not there");
        }
    }

    #[test]
    fn every_order_and_each_of_its_fields_is_called_something() {
        for form in &api::controls::forms::FORMS {
            let key = crate::orders::key(form);
            assert!(find(Language::English, &format!("order-{key}")).is_some(), "{key}");
            for field in form.needs.iter().chain(form.may_have) {
                assert!(find(Language::English, &format!("field-{field}")).is_some(), "{field}");
            }
        }
    }

    #[test]
    fn a_count_takes_the_form_of_its_language() {
        let rows = [
            (Language::English, 1, "1 invoice"),
            (Language::English, 2, "2 invoices"),
            (Language::Russian, 1, "1 счёт"),
            (Language::Russian, 3, "3 счёта"),
            (Language::Russian, 5, "5 счетов"),
            (Language::Russian, 11, "11 счетов"),
            (Language::Russian, 21, "21 счёт"),
            (Language::Russian, 112, "112 счетов"),
        ];
        for (language, count, expected) in rows {
            assert_eq!(counted(language, "invoices", count), expected.replace(' ', "\u{a0}"));
        }
    }

    #[test]
    fn the_language_is_the_one_that_the_browser_likes_best() {
        let rows = [
            ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
            ("de,en;q=0.5,ru;q=0.7", "ru"),
            ("en-GB,ru;q=0.9", "en"),
            ("de", "en"),
            ("", "en"),
        ];
        for (header, expected) in rows {
            assert_eq!(Language::accepted(header).code(), expected, "{header}");
        }
    }
}
