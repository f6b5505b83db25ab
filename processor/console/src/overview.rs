//! The overview: what Weir does now, how far the work with debts is, and what waits for somebody.

use crate::Console;
use crate::answers::{Counts, Plan, Ruling, Versions};
use crate::asking::Declined;
use crate::live::{self, Watched};
use crate::operations::{self, Trouble, count, length, rate};
use crate::pages::{Frame, declined};
use crate::policy;
use crate::rendered;
use crate::visitor::Visitor;
use api::instances::told::{Figures, Fleet, Partition};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// How often the overview is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What the page is made of.
const FOLLOWED: [&str; 2] = ["/v1/instances", "/v1/counts"];

/// What is asked of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    seen: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    troubles: Vec<Trouble>,
    figures: Vec<Figure>,
    /// None while no count is to be had.
    work: Option<Vec<Group>>,
    live: String,
}

/// A figure, with what it is of.
struct Figure {
    label: &'static str,
    value: String,
    beside: Option<String>,
    /// Where more is to be seen.
    to: &'static str,
    /// Whether somebody has to look.
    is_calling: bool,
}

/// Counts of one kind.
struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

/// How many there are of one.
struct Row {
    name: String,
    accounts: u64,
    told: String,
    /// The most of its group.
    most: u64,
    to: String,
}

/// The page.
pub(crate) async fn page(State(console): State<Console>, visitor: Visitor) -> Response {
    match made(&console, &visitor).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(&visitor, &why),
    }
}

async fn made<'a>(console: &Console, v: &'a Visitor) -> Result<Overview<'a>, Declined> {
    // Before the rest: a change between the two is told of then, and never missed.
    let seen = live::fingerprint_with(console, v, &watched()).await?;
    let (fleet, person) = console.api.get::<Fleet>(v, "/v1/instances").await?;
    // While a partition moves nobody can count; how the instances stand is told all the same.
    let counts = console.api.get::<Counts>(v, "/v1/counts").await.ok().map(|(counts, _)| counts);
    let plans = plans(console, v).await.unwrap_or_default();
    Ok(Overview {
        troubles: operations::troubles(&fleet, v),
        figures: figures(&fleet, counts.as_ref(), v),
        work: counts.map(|counts| groups(&counts, &plans, v)),
        live: format!("/console/live?seen={seen}"),
        frame: Frame::of(v, person, "nav.overview"),
    })
}

/// The plans of the policy that holds; none where nobody can say.
async fn plans(console: &Console, v: &Visitor) -> Option<Vec<Plan>> {
    let (versions, _) = console.api.get::<Versions>(v, policy::VERSIONS).await.ok()?;
    let path = format!("{}/{}", policy::VERSIONS, versions.holds?);
    Some(console.api.get::<Ruling>(v, &path).await.ok()?.0.plans)
}

fn watched() -> Watched {
    Watched { paths: FOLLOWED.map(str::to_owned).to_vec(), every: EVERY, bears_silence: true }
}

/// Says when the page is no longer right.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    live::listen(console, visitor, watched(), asked.seen).await
}

fn figures(fleet: &Fleet, counts: Option<&Counts>, v: &Visitor) -> Vec<Figure> {
    let all: Vec<&Figures> =
        fleet.instances.iter().filter_map(|instance| instance.figures.as_ref()).collect();
    let per_second = |of: fn(&Figures) -> Option<f64>| {
        let rates: Vec<f64> = all.iter().filter_map(|figures| of(figures)).collect();
        if rates.is_empty() { "–".to_owned() } else { rate(rates.iter().sum()) }
    };
    let of_partitions = |of: fn(&Partition) -> u64| {
        let partitions = all.iter().flat_map(|figures| &figures.partitions);
        partitions.map(of).fold(0_u64, u64::saturating_add)
    };
    let longest =
        |of: fn(&Figures) -> Option<f64>| all.iter().filter_map(|figures| of(figures)).reduce(f64::max);
    let counted = |by: &str| {
        let counts = counts.map(|counts| counts.items.iter().filter(|count| count.by == by));
        counts.map_or_else(|| "–".to_owned(), |counts| count(counts.map(|count| count.accounts).sum()))
    };
    let held = of_partitions(|partition| partition.held_commands);
    let figure =
        |label, value, beside, to| Figure { label: v.t(label), value, beside, to, is_calling: false };
    let commit = longest(|figures| figures.commit_p99_ms);
    let commit = commit.map(|ms| format!("{} {}", v.t("overview.commit"), length(ms / 1_000.0, v)));
    let waiting = of_partitions(|partition| partition.waiting_commands);
    vec![
        figure(
            "overview.work",
            counted("work"),
            Some(format!("{} {}", v.t("overview.held-cycles"), counted("status"))),
            "/console/accounts",
        ),
        Figure {
            is_calling: held > 0,
            ..figure(
                "overview.held",
                count(held),
                Some(format!("{} {}", v.t("overview.waiting"), count(waiting))),
                "/console/held",
            )
        },
        figure("ops.events", per_second(|figures| figures.events_per_second), commit, "/console/operations"),
        figure(
            "ops.commands",
            per_second(|figures| figures.commands_per_second),
            None,
            "/console/operations",
        ),
        figure(
            "overview.alerts",
            per_second(|figures| figures.alerts_per_second),
            None,
            "/console/operations",
        ),
        figure("ops.rejects", per_second(|figures| figures.rejects_per_second), None, "/console/operations"),
    ]
}

/// The counts by kind: what leads to the list of them. Stages come as the plans have them, those of no plan last.
fn groups(counts: &Counts, plans: &[Plan], v: &Visitor) -> Vec<Group> {
    let stages = || plans.iter().flat_map(|plan| &plan.stages);
    let step = |stage: &str| stages().position(|known| known.stage == stage).unwrap_or(usize::MAX);
    let group = |(by, id, title): (&str, &'static str, &'static str)| {
        let mut of_kind: Vec<_> = counts.items.iter().filter(|count| count.by == by).collect();
        if by == "stage" {
            of_kind.sort_by_key(|count| step(&count.name));
        }
        let most = of_kind.iter().map(|count| count.accounts).max().unwrap_or(0).max(1);
        let rows = of_kind.into_iter().map(|found| Row {
            name: if by == "hold" { v.w("hold", &found.name) } else { found.name.clone() },
            accounts: found.accounts,
            told: count(found.accounts),
            most,
            to: if by == "queue" {
                format!("/console/queues?{}", crate::asking::with("", by, &found.name))
            } else {
                format!("/console/accounts?{}", crate::asking::with("", by, &found.name))
            },
        });
        Group { id, title: v.t(title), rows: rows.collect() }
    };
    [
        ("stage", "stages", "overview.stages"),
        ("segment", "segments", "overview.segments"),
        ("hold", "holds", "holds.title"),
        ("queue", "queues", "nav.queues"),
    ]
    .into_iter()
    .map(group)
    .filter(|group| !group.rows.is_empty())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::visitor;
    use serde_json::json;

    fn counts() -> Counts {
        let count =
            |by: &str, name: &str, accounts: u64| json!({ "by": by, "name": name, "accounts": accounts });
        let items = [
            count("work", "", 1234),
            count("stage", "agency", 1),
            count("stage", "bar", 3),
            count("stage", "remind", 12),
            count("stage", "visit", 2),
            count("status", "held", 2),
            count("hold", "promise", 1),
            count("queue", "calls & co", 4),
        ];
        serde_json::from_value(json!({ "items": items })).unwrap()
    }

    #[test]
    fn each_count_leads_to_those_who_were_counted_and_stages_come_as_plans_have_them() {
        let stage = |name: &str| json!({ "stage": name, "says": "", "conditions": [], "cuts_off": false, "measures": [] });
        let plan = |name: &str, stages: &[&str]| -> Plan {
            let stages: Vec<_> = stages.iter().map(|name| stage(name)).collect();
            serde_json::from_value(json!({
                "name": name, "groups": [], "debt_class": "all", "observe": false, "rules": [], "before_due": [],
                "stages": stages, "on_cure": [],
            }))
            .unwrap()
        };
        let plans = [plan("standard", &["remind", "bar"]), plan("mild", &["remind", "visit"])];
        let groups = groups(&counts(), &plans, &visitor());
        let told = groups
            .iter()
            .flat_map(|group| &group.rows)
            .map(|row| (row.name.as_str(), row.told.as_str(), row.to.as_str(), row.most));
        let expected = [
            ("remind", "12", "/console/accounts?stage=remind", 12),
            ("bar", "3", "/console/accounts?stage=bar", 12),
            ("visit", "2", "/console/accounts?stage=visit", 12),
            ("agency", "1", "/console/accounts?stage=agency", 12),
            ("Promise to pay", "1", "/console/accounts?hold=promise", 1),
            ("calls & co", "4", "/console/queues?queue=calls%20%26%20co", 4),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_figures_are_those_of_all_instances_together_and_what_is_held_calls() {
        let partition = |held: u64| {
            json!({
                "partition": held, "state": "at_work", "restore_records": null, "restore_seconds": null,
                "lag_seconds": 0.0, "timer_lateness_seconds": 0.0, "queued_records": 0, "cached_debtors": 1,
                "waiting_commands": 2, "held_commands": held, "breaker_open": held > 0, "put_off": 0,
                "policy_revision": 0,
            })
        };
        let instance = |held: u64, rate: f64| {
            json!({
                "url": null, "this_one": true, "standing": "ready", "waits_for": null, "claims": [],
                "figures": {
                    "events_per_second": rate, "commands_per_second": null, "alerts_per_second": 2.5, "rejects_per_second": 0.0,
                    "commit_p50_ms": 1.0, "commit_p99_ms": 12.0, "clock_lead_seconds": 0.0,
                    "partitions": [partition(held)],
                },
            })
        };
        let fleet: Fleet = serde_json::from_value(json!({
            "instances": [instance(0, 1000.0), instance(7, 500.0)], "partitions": 2, "nobodys": [], "elsewhere": [],
        }))
        .unwrap();
        let told: Vec<_> = figures(&fleet, Some(&counts()), &visitor())
            .into_iter()
            .map(|figure| {
                (
                    figure.value.replace('\u{a0}', " "),
                    figure.beside.map(|text| text.replace('\u{a0}', " ")),
                    figure.is_calling,
                )
            })
            .collect();
        let some = |text: &str| Some(text.to_owned());
        let expected = [
            ("1 234".to_owned(), some("held: 2"), false),
            ("7".to_owned(), some("waiting to leave: 4"), true),
            ("1 500".to_owned(), some("99 of 100 commits within 12 ms"), false),
            ("–".to_owned(), None, false),
            ("5.0".to_owned(), None, false),
            ("0".to_owned(), None, false),
        ];
        assert_eq!(told, expected);
        let unknown = figures(&fleet, None, &visitor());
        assert_eq!(unknown[0].value, "–", "while nobody can count");
    }
}
