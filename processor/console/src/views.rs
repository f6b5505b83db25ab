//! The views that somebody keeps: lists with filters, under names. The browser keeps them in a cookie, so that no
//! script and no place on the server is needed.

use crate::Console;
use crate::asking::Declined;
use crate::doors::{self, own_page};
use crate::pages::notice;
use crate::visitor::{VIEWS, Visitor};
use api::controls::in_path as encoded;
use axum::extract::{Form, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{Redirect, Response};
use serde::Deserialize;

/// The longest text of all views: more a browser does not keep in a cookie.
const LONGEST: usize = 3_600;

/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// What whoever keeps it calls it.
    pub(crate) name: String,
    /// The question of the list.
    pub(crate) question: String,
    /// Whether it is the one that is looked at.
    pub(crate) is_here: bool,
}

/// What is done with a view.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    name: String,
    /// The list that is kept under it; none where the view goes.
    question: Option<String>,
}

/// The views that whoever looks keeps, as they kept them.
pub(crate) fn kept(visitor: &Visitor, here: &str) -> Vec<View> {
    let views = of_cookie(visitor.views.as_deref().unwrap_or_default());
    views.into_iter().map(|(name, question)| View { is_here: question == here, name, question }).collect()
}

/// Keeps a view, in place of another of that name; or lets one go.
pub(crate) async fn keep(
    State(console): State<Console>,
    visitor: Visitor,
    Form(told): Form<Told>,
) -> Response {
    let name: String =
        told.name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    let mut views = of_cookie(visitor.views.as_deref().unwrap_or_default());
    let place = views.iter().position(|(known, _)| *known == name);
    let question = told.question.filter(|_| !name.is_empty());
    match (place, &question) {
        (Some(place), Some(question)) => {
            if let Some((_, known)) = views.get_mut(place) {
                known.clone_from(question);
            }
        }
        (Some(place), None) => {
            views.remove(place);
        }
        (None, Some(question)) => views.push((name, question.clone())),
        (None, None) => {}
    }
    let cookie = in_cookie(&views);
    if cookie.len() > LONGEST {
        let why = Declined { status: StatusCode::BAD_REQUEST, detail: String::new() };
        return notice(&visitor, "problem.request", visitor.t("views.too-many"), why);
    }
    let back = own_page(Some(format!("/console/accounts?{}", question.unwrap_or_default())));
    doors::keeping(&console, Redirect::to(&back), VIEWS, &cookie)
}

/// The views of a cookie; what is none is left out.
fn of_cookie(cookie: &str) -> Vec<(String, String)> {
    let uri = Uri::builder().path_and_query(format!("/?{cookie}")).build();
    let views = uri.ok().and_then(|uri| Query::<Vec<(String, String)>>::try_from_uri(&uri).ok());
    views.map(|Query(views)| views).unwrap_or_default()
}

fn in_cookie(views: &[(String, String)]) -> String {
    let views = views.iter().map(|(name, question)| format!("{}={}", encoded(name), encoded(question)));
    views.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_comes_back_as_it_was_kept_whatever_is_in_its_name() {
        let views =
            [("Barred; Ltd. = 1", "stage=bar&manager=a%20b"), ("Отключённые", "hold=promise"), ("all", "")];
        let views: Vec<_> = views.map(|(name, question)| (name.to_owned(), question.to_owned())).into();
        let cookie = in_cookie(&views);
        assert!(
            cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%=&".contains(&byte)),
            "{cookie}"
        );
        assert_eq!(of_cookie(&cookie), views);
        assert_eq!(of_cookie(""), []);
        assert_eq!(of_cookie("\u{1}"), []);
    }

    #[test]
    fn the_view_that_is_looked_at_is_told_apart() {
        let visitor =
            Visitor { views: Some("a=stage%3Dbar&b=stage%3Dwarn".to_owned()), ..crate::tests::visitor() };
        let here: Vec<_> =
            kept(&visitor, "stage=warn").into_iter().map(|view| (view.name, view.is_here)).collect();
        assert_eq!(here, [("a".to_owned(), false), ("b".to_owned(), true)]);
    }
}
