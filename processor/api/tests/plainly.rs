//! What cannot be made out of a question is told in plain words, at every path and of every parameter that the document
//! names.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Instance, play, post};

/// Words of whatever reads a question, and of how it is written inside.
const INNER: [&str; 9] =
    ["deserialize", "at line", "struct", "u32", "i64", "usize", "digit", "unknown field", "variant"];

/// A path with something in the place of each parameter, and this in the place of one.
fn path(template: &str, one: &str, said: &str) -> String {
    let of = [("id", "A-1"), ("control", "c-1"), ("number", "1"), ("partition", "1"), ("offset", "1")];
    of.iter().fold(template.to_owned(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), if *name == one { said } else { value })
    })
}

#[track_caller]
fn check(instance: &Instance, path: &str, says: &str) {
    let answer = instance.get(path);
    answer.check_problem(400, "bad-request", says);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(!INNER.iter().any(|inner| detail.contains(inner)), "{path}: {detail}");
}

/// Each path that is asked, with its parameters: the path, their names, where they stand, their schemas.
fn asked() -> Vec<(String, Vec<Value>)> {
    let document = serde_json::to_value(api::serving::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let parameters = item["get"]["parameters"].as_array().cloned().unwrap_or_default();
        item["get"].is_object().then(|| (path.clone(), parameters))
    };
    paths.iter().filter_map(of).collect()
}

#[test]
fn of_every_parameter_of_every_path_it_is_said_what_it_is_not() {
    let instance = Instance::start([play("2026-03-20T07:00:00Z")]);
    let mut checked = 0;
    for (template, parameters) in asked() {
        let is_in_query = |parameter: &&Value| parameter["in"] == "query";
        let needed = parameters.iter().filter(is_in_query).find(|parameter| parameter["required"] == true);
        let needed = needed.map_or(String::new(), |of| format!("{}=x&", of["name"].as_str().unwrap()));
        for parameter in &parameters {
            let (name, schema) = (parameter["name"].as_str().unwrap(), parameter["schema"].to_string());
            let says = match (schema.contains("integer"), schema.contains("enum")) {
                (true, _) => format!("`{name}` is no whole number"),
                (false, true) => format!("`{name}` is «x1», and must be one of "),
                // Texts of any kind: what they may be is each path's own business.
                (false, false) => continue,
            };
            let asked = if is_in_query(&parameter) {
                format!("{}?{needed}{name}=x1", path(&template, "", ""))
            } else {
                path(&template, name, "x1")
            };
            check(&instance, &asked, &says);
            checked += 1;
        }
        if parameters.iter().any(|parameter| is_in_query(&parameter)) {
            let asked = path(&template, "", "");
            check(
                &instance,
                &format!("{asked}?{needed}nope=1"),
                "`nope` is no parameter of this, which has ",
            );
            checked += 1;
        }
        if !needed.is_empty() {
            let name = needed.trim_end_matches("=x&");
            check(&instance, &path(&template, "", ""), &format!("`{name}` is missing."));
        }
    }
    assert!(checked >= 20, "{checked}");
}

#[test]
fn of_every_body_it_is_said_what_is_missing_and_what_is_too_much() {
    let instance = Instance::start([play("2026-03-20T07:00:00Z")]);
    let rows = [
        ("/v1/held/verdict", json!({}), "`verdict` is missing."),
        ("/v1/held/verdict", json!({ "verdict": "drop" }), "`why` is missing."),
        (
            "/v1/held/verdict",
            json!({ "verdict": "keep", "why": "so" }),
            "`verdict` is «keep», and must be one of",
        ),
        ("/v1/held/verdict", json!({ "verdict": "drop", "why": "so", "x": 1 }), "`x` is no field of this"),
        ("/v1/held/verdict", json!([]), "The body is no JSON object."),
        ("/v1/rejects/1/1/resend", json!({}), "`why` is missing."),
        ("/v1/rejects/1/1/resend", json!({ "why": 1 }), "`why` is no text."),
        (
            "/v1/rejects/1/1/resend",
            json!({ "why": "so", "even_known": 1 }),
            "`even_known` is neither true nor false.",
        ),
        (
            "/v1/accounts/A-1/controls",
            json!({ "why": "so" }),
            "`order` is missing; it is one of dispute, promise",
        ),
        (
            "/v1/accounts/A-1/controls",
            json!({ "why": "so", "order": "nope" }),
            "`order` is «nope», and must be one of",
        ),
        ("/v1/accounts/A-1/controls", json!({ "order": "exempt" }), "`why` says why, and is missing"),
        ("/v1/accounts/A-1/controls", json!({ "order": "drop_held", "why": "so" }), "POST /v1/held/verdict"),
    ];
    for (path, body, says) in rows {
        let answer = post(&format!("{}{path}", instance.url()), "application/json", &body.to_string());
        answer.check_problem(400, "bad-request", says);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(!INNER.iter().any(|inner| detail.contains(inner)), "{path}: {detail}");
        let is_of_orders = says.contains("«nope»");
        assert!(!is_of_orders || !detail.contains("_held"), "{detail}");
    }
}
