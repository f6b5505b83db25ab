//! Templates: each in the policy's language, each tried out once in every language it has.

use super::Checker;
use crate::report::Finding;
use crate::texts::{PolicyTexts, Speaks};
use crate::yaml::{Spanned, Table};
use decision::ids::Language;

impl Checker<'_> {
    pub(super) fn templates(
        &mut self,
        templates: &Table<Spanned<Table<Spanned<String>>>>,
        own_language: &Language,
    ) -> PolicyTexts {
        let mut texts = PolicyTexts::new(own_language.clone());
        for (name, languages) in templates.iter() {
            if !languages.damaged
                && !languages.iter().any(|(language, _)| language.value == own_language.as_str())
            {
                let message = format!("the template `{}` has no text in the policy's language", name.value);
                self.error(
                    "missing-language",
                    name.span,
                    message,
                    &format!("write it in `{own_language}` too"),
                );
            }
            for (language, text) in languages.iter() {
                self.language_tag(language);
                self.template(&mut texts, name, language, text);
            }
        }
        texts
    }

    fn template(&mut self, texts: &mut PolicyTexts, name: &str, language: &str, text: &Spanned<String>) {
        let both = vec![Speaks::Both];
        let spoken = self.spoken.get(name).unwrap_or(&both);
        let tried = texts
            .add(name, language, text)
            .and_then(|()| spoken.iter().try_for_each(|speaks| texts.try_out(name, language, *speaks)));
        if let Err(problem) = tried {
            let message = format!("the text cannot be rendered: {problem}");
            let help = match spoken.as_slice() {
                [Speaks::Balance] => {
                    "it may name `balance.name`, `.value`, `.lines`, `.valid_until`, `account.id`, `currency`"
                }
                [_, _, ..] => {
                    "plans and thresholds both send it: it may name `account.id` and `currency` only"
                }
                [] | [_] => {
                    "it may name `debt.real`, `.conditional`, `.due`, `.stage`, `account.id`, `currency`"
                }
            };
            self.say(Finding::error("template", text.span, message).with_help(help));
        }
    }

    pub(super) fn language_tag(&mut self, tag: &Spanned<String>) {
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if tag.is_empty() || tag.len() > 35 || !tag.chars().all(letter) {
            let message = format!("«{}» is no language tag", tag.value);
            self.error("wrong-value", tag.span, message, "write it as en, or uz-Latn");
        }
    }
}
