//! Whoever looks at a page: their language, their colours, and the token that they signed in with. Who they are the
//! API finds out.

use crate::figures::grouped;
use crate::said::{self, Said};
use crate::texts::{self, Language};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use std::convert::Infallible;

/// The cookie of the token; the browser sends it to the console only.
pub(crate) const TOKEN: &str = "weir_token";
/// The cookie of the language.
pub(crate) const LANGUAGE: &str = "weir_language";
/// The cookie of the colours.
pub(crate) const COLOURS: &str = "weir_colours";

/// The cookie of the views that somebody keeps.
pub(crate) const VIEWS: &str = "weir_views";

/// Whoever looks.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Their language.
    pub(crate) language: Language,
    /// `dark` or `light`; `auto` as their system has it.
    pub(crate) colours: &'static str,
    /// The token that they signed in with.
    pub(crate) token: Option<String>,
    /// The views that they keep.
    pub(crate) views: Option<String>,
    /// To which host they sent it: the API answers only the loopback where nobody is asked who they are.
    pub(crate) host: Option<HeaderValue>,
    /// The page, with what is asked of it.
    pub(crate) at: String,
}

impl Visitor {
    /// A text in their language.
    pub(crate) fn t(&self, key: &str) -> &'static str {
        texts::text(self.language, key)
    }

    /// A word of the API's in their language; one that no text is known of stays as it is, readable.
    pub(crate) fn w(&self, kind: &str, word: &str) -> String {
        texts::find(self.language, &format!("{kind}-{word}"))
            .map_or_else(|| word.replace('_', " "), ToOwned::to_owned)
    }

    /// A sentence of the API's in their language, by a section of the catalogue; English where that does not have it.
    pub(crate) fn said(&self, section: &str, text: &str) -> Said {
        said::said(self.language, section, text)
    }

    /// What is said in their language already.
    pub(crate) fn own(&self, text: impl Into<String>) -> Said {
        Said { text: text.into(), lang: self.language.code() }
    }

    /// A number, its digits in groups.
    pub(crate) fn g(&self, number: &str) -> String {
        grouped(number)
    }

    /// A count with its noun.
    pub(crate) fn n(&self, key: &str, count: usize) -> String {
        texts::counted(self.language, key, count)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let language = cookie(headers, LANGUAGE).and_then(|word| Language::parse(&word));
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self {
            language: language.unwrap_or_else(|| Language::accepted(accepted.unwrap_or_default())),
            colours: colours(&cookie(headers, COLOURS).unwrap_or_default()),
            token: cookie(headers, TOKEN),
            views: cookie(headers, VIEWS),
            host: headers.get(header::HOST).cloned(),
            at: parts.uri.path_and_query().map_or("/console/", |at| at.as_str()).to_owned(),
        })
    }
}

/// The colours of this word.
pub(crate) fn colours(word: &str) -> &'static str {
    match word {
        "dark" => "dark",
        "light" => "light",
        _ => "auto",
    }
}

/// What the browser keeps under this name.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value.to_owned())
}
