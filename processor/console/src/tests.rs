//! What the tests of pages are made of.

use crate::answers::Account;
use crate::texts::Language;
use crate::visitor::Visitor;
use serde_json::json;

/// Somebody who reads English and has not signed in.
pub(crate) fn visitor() -> Visitor {
    Visitor {
        language: Language::English,
        colours: "auto",
        token: None,
        views: None,
        host: None,
        at: "/console/".to_owned(),
    }
}

/// The same, who reads Russian.
pub(crate) fn russian() -> Visitor {
    Visitor { language: Language::Russian, ..visitor() }
}

/// An account in its second stage.
pub(crate) fn account() -> Account {
    let when = |day: &str| json!({ "at": format!("2026-03-{day}T08:00:00Z"), "local": format!("2026-03-{day} 09:00") });
    let entered = json!([{ "stage": "remind", "when": when("02") }, { "stage": "warn", "when": when("05") }]);
    let cycle = json!({ "opened_at": when("01"), "held_since": null, "entered": entered, "measures": [] });
    let profile = json!({
        "debt_class": "all", "status": "active", "plan": "standard", "stage": "warn",
        "stages": ["remind", "warn", "bar", "collect"], "real_debt": "40.00", "conditional_debt": "40.00",
        "next": { "stage": "bar", "when": when("09") }, "cycles": [cycle],
    });
    serde_json::from_value(json!({
        "account_id": "A-1", "debtor_id": "A-1", "as_of": when("06"), "time_zone": "Europe/Berlin",
        "currency": "EUR", "policy": { "name": "soft", "version": "1" }, "snapshot": null, "segment": "consumer",
        "manager_group": null, "manager": null, "assigned_plan": null, "exempt": false, "pause": null,
        "balances": [], "profiles": [profile], "invoices": [], "credit": "0.00", "holds": [], "by_hand": [],
        "under_way": [], "tasks": [],
    }))
    .unwrap()
}
