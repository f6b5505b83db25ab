//! A list as a file: all of it, page after page, as CSV.

use super::asked::Asked;
use crate::Console;
use crate::asking::{Declined, with};
use crate::pages::declined;
use crate::visitor::Visitor;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::time::Duration;

/// How many accounts a page has: of each there are as many lines as parts of its debt.
const LINES: usize = 2_000;

/// How long is waited where too much was asked.
const PAUSE: Duration = Duration::from_secs(1);

/// Names the place where the next page begins, ready for a question.
const NEXT: HeaderName = HeaderName::from_static("weir-next");

/// A page of the file, and the question for the next one.
struct Page {
    text: Bytes,
    next: Option<String>,
}

/// The whole list, however long it is. Where a page after the first is not to be had, the file breaks off, and the
/// browser says so.
pub(crate) async fn csv(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let question = match asked.question() {
        Ok(question) => with(&with(&question, "format", "csv"), "limit", &LINES.to_string()),
        Err(why) => return declined(&visitor, &why),
    };
    let first = match page(&console, &visitor, &question, None).await {
        Ok(first) => first,
        Err(why) => return declined(&visitor, &why),
    };
    let pages = stream::unfold(Some(Ok::<_, Declined>(first)), move |page| {
        let (console, visitor, question) = (console.clone(), visitor.clone(), question.clone());
        async move {
            match page? {
                Ok(Page { text, next: Some(next) }) => {
                    Some((Ok(text), Some(after(&console, &visitor, &question, &next).await)))
                }
                Ok(Page { text, next: None }) => Some((Ok(text), None)),
                Err(why) => Some((Err(std::io::Error::other(why.detail)), None)),
            }
        }
    });
    let says = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"accounts.csv\"")),
    ];
    (says, Body::from_stream(pages)).into_response()
}

/// The page that begins at a place, without the names of the columns.
async fn after(console: &Console, visitor: &Visitor, question: &str, next: &str) -> Result<Page, Declined> {
    loop {
        match page(console, visitor, question, Some(next)).await {
            Ok(Page { text, next }) => {
                let names = text.iter().position(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
                return Ok(Page { text: text.slice(names..), next });
            }
            Err(why) if why.status == StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(PAUSE).await,
            Err(why) => return Err(why),
        }
    }
}

async fn page(
    console: &Console,
    visitor: &Visitor,
    question: &str,
    next: Option<&str>,
) -> Result<Page, Declined> {
    let after = next.map(|next| format!("&after={next}")).unwrap_or_default();
    let (text, headers) = console.api.text(visitor, &format!("/v1/accounts?{question}{after}")).await?;
    let next = headers.get(NEXT).and_then(|next| next.to_str().ok()).map(str::to_owned);
    Ok(Page { text, next })
}
