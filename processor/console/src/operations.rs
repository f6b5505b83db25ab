//! The page of operations: whether all is well, in words; how the instances and their partitions stand; and what was
//! declined, which is [`crate::rejects`]' part of it.

use crate::Console;
use crate::asking::Declined;
use crate::figures::grouped;
use crate::live::{self, Watched};
use crate::pages::{Frame, declined};
use crate::rejects::{self, Filter, Shown};
use crate::rendered;
use crate::resending::Resending;
use crate::visitor::Visitor;
use api::instances::told::{Figures, Fleet, Instance, Partition, Standing, State as TaskState};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::time::Duration;

/// How often the instances are looked at: as often as they look at themselves.
const EVERY: Duration = Duration::from_secs(2);

/// What tells that the page is no longer right. Rejects are not followed: to read them is to read a topic.
const FOLLOWED: &str = "/v1/instances";

/// What is asked of the page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// What the page has shown.
    seen: Option<String>,
    /// `instances` leaves the rejects out: what follows the instances asks for no more.
    part: Option<String>,
    /// What became of rejects that were sent again.
    resent: Option<String>,
    #[serde(flatten)]
    filter: Filter,
}

#[derive(Template)]
#[template(path = "operations.html")]
struct OperationsPage<'a> {
    frame: Frame<'a>,
    troubles: Vec<Trouble>,
    instances: Vec<InstanceRow>,
    partitions: Vec<PartitionRow>,
    rejects: Shown,
    filter: Filter,
    resending: Resending,
    reasons: Vec<(&'static str, String)>,
    live: String,
}

/// Something that is not well: what, and of which instances or partitions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) what: &'static str,
    pub(crate) of: String,
}

/// An instance, as its line in the table.
struct InstanceRow {
    name: String,
    this_one: bool,
    standing: String,
    badge: &'static str,
    waits_for: Option<String>,
    figures: Option<InstanceFigures>,
}

struct InstanceFigures {
    events: String,
    commands: String,
    rejects: String,
    p50: String,
    p99: String,
    lead: String,
    at_work: String,
}

/// A partition, as its line in the table.
struct PartitionRow {
    number: u32,
    instance: String,
    state: String,
    badge: &'static str,
    /// How far a restore has to go.
    left: Option<String>,
    lag: String,
    lateness: String,
    queued: String,
    debtors: String,
    waiting: String,
    held: String,
    is_open: bool,
    put_off: String,
    revision: String,
}

/// The page.
pub(crate) async fn page(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let form = Resending::begun(&visitor, asked.resent.as_deref());
    shown(&console, &visitor, asked, form).await
}

/// The page with a form of rejects that are to be sent again as it was filled.
pub(crate) async fn with_form(console: &Console, v: &Visitor, filter: Filter, form: Resending) -> Response {
    shown(console, v, Asked { filter, ..Asked::default() }, form).await
}

async fn shown(console: &Console, v: &Visitor, asked: Asked, form: Resending) -> Response {
    match made(console, v, asked, form).await {
        Ok(page) => rendered(&page),
        Err(why) => declined(v, &why),
    }
}

async fn made<'a>(
    console: &Console,
    v: &'a Visitor,
    asked: Asked,
    resending: Resending,
) -> Result<OperationsPage<'a>, Declined> {
    let seen = live::fingerprint(console, v, &[FOLLOWED.to_owned()]).await?;
    let (fleet, person) = console.api.get::<Fleet>(v, FOLLOWED).await?;
    let rejects = match asked.part.as_deref() {
        Some("instances") => Shown::NotAsked,
        Some(_) | None => rejects::shown(console, v, person.as_deref(), &asked.filter).await?,
    };
    Ok(OperationsPage {
        troubles: troubles(&fleet, v),
        instances: fleet.instances.iter().map(|instance| instance_row(instance, v)).collect(),
        partitions: partition_rows(&fleet, v),
        rejects,
        filter: asked.filter,
        resending,
        reasons: rejects::reasons(v),
        live: format!("/console/operations/live?seen={seen}"),
        frame: Frame::of(v, person, "ops.title"),
    })
}

/// Says when the instances are no longer as the page shows them.
pub(crate) async fn listen(
    State(console): State<Console>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Response {
    let watched = Watched::whole(vec![FOLLOWED.to_owned()], EVERY);
    live::listen(console, visitor, watched, asked.seen.unwrap_or_default()).await
}

/// What an instance is called: where it is reached.
fn name(instance: &Instance, v: &Visitor) -> String {
    instance.url.clone().unwrap_or_else(|| v.t("ops.this-one").to_owned())
}

/// All that is not well, what hurts most first. None where all is.
pub(crate) fn troubles(fleet: &Fleet, v: &Visitor) -> Vec<Trouble> {
    let instances = |what, standing| {
        let those = fleet.instances.iter().filter(|one| one.standing == standing);
        (what, those.map(|one| name(one, v)).collect::<Vec<_>>())
    };
    let sharing = fleet.instances.iter().filter(|one| one.shares_url).map(|one| name(one, v)).collect();
    let numbers = |what, numbers: Vec<u32>| (what, numbers.iter().map(u32::to_string).collect::<Vec<_>>());
    let partitions = |what, is_so: fn(&Partition) -> bool| {
        let figures = fleet.instances.iter().filter_map(|one| one.figures.as_ref());
        let those = figures.flat_map(|figures| &figures.partitions).filter(|one| is_so(one));
        let mut those: Vec<u32> = those.map(|one| one.partition).collect();
        those.sort_unstable();
        numbers(what, those)
    };
    let all = [
        numbers(v.t("ops.nobodys"), fleet.nobodys.clone()),
        instances(v.t("ops.silent"), Standing::Silent),
        (v.t("ops.shared"), sharing),
        partitions(v.t("ops.failing"), |one| one.state == TaskState::StoreFailing),
        instances(v.t("ops.waiting"), Standing::Waiting),
        partitions(v.t("ops.open"), |one| one.breaker_open),
        partitions(v.t("ops.restoring"), |one| one.state == TaskState::Restoring),
        partitions(v.t("ops.coming"), |one| one.state == TaskState::ComingBack),
        partitions(v.t("ops.behind"), Partition::is_behind),
        partitions(v.t("ops.late"), Partition::is_late),
        partitions(v.t("ops.put-off"), |one| one.put_off > 0),
        numbers(v.t("ops.elsewhere"), fleet.elsewhere.clone()),
    ];
    let told = all.into_iter().filter(|(_, of)| !of.is_empty());
    let told = told.map(|(what, of)| Trouble { what, of: of.join(", ") });
    let begun = fleet.partitions.is_none().then(|| Trouble { what: v.t("ops.begun"), of: String::new() });
    begun.into_iter().chain(told).collect()
}

fn instance_row(instance: &Instance, v: &Visitor) -> InstanceRow {
    let (word, badge) = match instance.standing {
        Standing::Ready => ("ready", ""),
        Standing::Waiting => ("waiting", "calm"),
        Standing::Silent => ("silent", "bad"),
    };
    InstanceRow {
        name: name(instance, v),
        this_one: instance.this_one && instance.url.is_some(),
        standing: v.w("standing", word),
        badge,
        waits_for: instance.waits_for.clone(),
        figures: instance.figures.as_ref().map(|figures| instance_figures(figures, v)),
    }
}

fn instance_figures(figures: &Figures, v: &Visitor) -> InstanceFigures {
    let at_work = figures.partitions.iter().filter(|one| one.state == TaskState::AtWork).count();
    let commit = |ms: Option<f64>| or_nothing(ms, |ms| length(ms / 1_000.0, v));
    InstanceFigures {
        events: or_nothing(figures.events_per_second, rate),
        commands: or_nothing(figures.commands_per_second, rate),
        rejects: or_nothing(figures.rejects_per_second, rate),
        p50: commit(figures.commit_p50_ms),
        p99: commit(figures.commit_p99_ms),
        lead: length(figures.clock_lead_seconds, v),
        at_work: format!("{at_work}/{}", figures.partitions.len()),
    }
}

/// By their numbers; one that moves may be told of by two.
fn partition_rows(fleet: &Fleet, v: &Visitor) -> Vec<PartitionRow> {
    let mut rows = Vec::new();
    for instance in &fleet.instances {
        let partitions = instance.figures.iter().flat_map(|figures| &figures.partitions);
        rows.extend(partitions.map(|partition| partition_row(partition, name(instance, v), v)));
    }
    rows.sort_by_key(|row| row.number);
    rows
}

fn partition_row(partition: &Partition, instance: String, v: &Visitor) -> PartitionRow {
    let (word, badge) = match partition.state {
        TaskState::AtWork => ("at_work", ""),
        TaskState::Restoring => ("restoring", "calm"),
        TaskState::StoreFailing => ("store_failing", "bad"),
        TaskState::ComingBack => ("coming_back", "calm"),
    };
    PartitionRow {
        number: partition.partition,
        instance,
        state: v.w("task", word),
        badge,
        left: left(partition, v),
        lag: or_nothing(partition.lag_seconds, |lag| length(lag, v)),
        lateness: length(partition.timer_lateness_seconds, v),
        queued: count(partition.queued_records),
        debtors: count(partition.cached_debtors),
        waiting: count(partition.waiting_commands),
        held: count(partition.held_commands),
        is_open: partition.breaker_open,
        put_off: count(partition.put_off),
        revision: count(partition.policy_revision),
    }
}

/// How many records a restore has left, and how long they take.
fn left(partition: &Partition, v: &Visitor) -> Option<String> {
    let records = v.n("records", usize::try_from(partition.restore_records?).ok()?);
    let seconds = partition.restore_seconds.map(|seconds| format!(", {}", length(seconds, v)));
    Some(format!("{records}{}", seconds.unwrap_or_default()))
}

fn or_nothing(figure: Option<f64>, told: impl Fn(f64) -> String) -> String {
    figure.map_or_else(|| "–".to_owned(), told)
}

/// A length of time given in seconds, in the unit in which it is short.
pub(crate) fn length(seconds: f64, v: &Visitor) -> String {
    let (figure, unit) = match seconds {
        seconds if seconds <= 0.0 => ("0".to_owned(), "time.s"),
        seconds if seconds < 0.009_95 => (format!("{:.1}", seconds * 1_000.0), "time.ms"),
        seconds if seconds < 0.999_5 => (format!("{:.0}", seconds * 1_000.0), "time.ms"),
        seconds if seconds < 9.95 => (format!("{seconds:.1}"), "time.s"),
        seconds if seconds < 119.5 => (format!("{seconds:.0}"), "time.s"),
        seconds if seconds < 7_170.0 => (format!("{:.0}", seconds / 60.0), "time.min"),
        seconds => (format!("{:.1}", seconds / 3_600.0), "time.h"),
    };
    format!("{figure}\u{a0}{}", v.t(unit))
}

/// How much a second: few with a tenth.
pub(crate) fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 9.95 { format!("{rate:.1}") } else { grouped(&format!("{rate:.0}")) }
}

pub(crate) fn count(count: u64) -> String {
    grouped(&count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::visitor;
    use crate::texts::Language;
    use serde_json::{Value, json};

    fn partition(number: u32, own: Value) -> Value {
        let mut partition = json!({
            "partition": number, "state": "at_work", "restore_records": null, "restore_seconds": null,
            "lag_seconds": 0.0, "timer_lateness_seconds": 0.0, "queued_records": 0, "cached_debtors": 1_234,
            "waiting_commands": 0, "held_commands": 0, "breaker_open": false, "put_off": 0, "policy_revision": 4,
        });
        let Value::Object(own) = own else { return partition };
        partition.as_object_mut().unwrap().extend(own);
        partition
    }

    fn fleet(standing: &str, partitions: &[Value], own: Value) -> Fleet {
        let figures = json!({
            "events_per_second": 12_345.6, "commands_per_second": 3.25, "rejects_per_second": 0.0,
            "commit_p50_ms": 2.5, "commit_p99_ms": null, "clock_lead_seconds": 90.0, "partitions": partitions,
        });
        let only = json!({
            "url": null, "this_one": true, "standing": standing, "waits_for": null, "claims": [],
            "figures": if standing == "silent" { Value::Null } else { figures },
        });
        let mut fleet = json!({ "instances": [only], "partitions": 4, "nobodys": [], "elsewhere": [] });
        fleet.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        serde_json::from_value(fleet).unwrap()
    }

    #[track_caller]
    fn check(fleet: &Fleet, expected: &[&str]) {
        let visitor = visitor();
        let told = troubles(fleet, &visitor);
        let told: Vec<String> = told.iter().map(|one| format!("{}: {}", one.what, one.of)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_well_is_said_with_the_partitions_and_instances_that_are_meant() {
        check(&fleet("ready", &[partition(0, json!({}))], json!({})), &[]);
        let almost = json!({ "lag_seconds": 60.0, "timer_lateness_seconds": 300.0 });
        check(&fleet("ready", &[partition(0, almost)], json!({})), &[]);
        let partitions = [
            partition(0, json!({ "lag_seconds": 61.0 })),
            partition(1, json!({ "breaker_open": true, "timer_lateness_seconds": 301.0 })),
            partition(2, json!({ "state": "restoring", "restore_records": 500, "lag_seconds": 90.0 })),
            partition(3, json!({ "state": "store_failing", "put_off": 1 })),
            partition(4, json!({ "state": "coming_back", "lag_seconds": null })),
        ];
        let expected = [
            "Partitions that nobody works on: 5, 7",
            "Partitions whose disk fails: 3",
            "Is not ready: this one",
            "Partitions whose breaker is open and holds what cuts off: 1",
            "Partitions that are being restored: 2",
            "Partitions that are not back at work yet: 4",
            "Partitions that are more than a minute behind their events: 0, 2",
            "Partitions whose timers are more than five minutes late: 1",
            "Partitions in which Weir fails over something and tries it again every hour: 3",
            "Partitions of which this instance does not know who works on them: 6",
        ];
        check(&fleet("waiting", &partitions, json!({ "nobodys": [5, 7], "elsewhere": [6] })), &expected);
        check(&fleet("silent", &[], json!({})), &["Does not answer: this one"]);
        let mut shared = fleet("ready", &[], json!({}));
        shared.instances[0].shares_url = true;
        check(&shared, &["Two instances have the same address, and accounts are found by chance: this one"]);
        let begun = "This instance has only begun, and does not know the partitions yet: ";
        check(&fleet("ready", &[], json!({ "partitions": null })), &[begun]);
    }

    #[test]
    fn figures_are_told_as_people_read_them() {
        let restores = json!({ "state": "restoring", "restore_records": 500, "restore_seconds": 2.5 });
        let fleet = fleet("ready", &[partition(1, restores), partition(0, json!({}))], json!({}));
        let visitor = visitor();
        let only = instance_row(&fleet.instances[0], &visitor);
        assert_eq!((only.name.as_str(), only.standing.as_str(), only.badge), ("this one", "ready", ""));
        let figures = only.figures.unwrap();
        let told =
            [figures.events, figures.commands, figures.rejects, figures.p50, figures.p99, figures.lead];
        let told = told.map(|figure| figure.replace('\u{a0}', " "));
        assert_eq!(told, ["12 346", "3.2", "0", "2.5 ms", "–", "90 s"]);
        assert_eq!(figures.at_work, "1/2");
        let rows = partition_rows(&fleet, &visitor);
        let told: Vec<_> = rows.iter().map(|row| (row.number, row.badge, row.left.as_deref())).collect();
        let left = "500\u{a0}records left, 2.5\u{a0}s";
        assert_eq!(told, [(0, "", None), (1, "calm", Some(left))]);
        assert_eq!(rows[0].debtors, "1\u{a0}234");
    }

    #[test]
    fn times_have_the_unit_in_which_they_are_short() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (0.0005, "0.5 ms"),
            (0.25, "250 ms"),
            (9.9, "9.9 s"),
            (75.0, "75 s"),
            (600.0, "10 min"),
            (7_200.0, "2.0 h"),
        ] {
            assert_eq!(length(seconds, &visitor()).replace('\u{a0}', " "), expected);
        }
    }

    /// The page as somebody sees it.
    fn page(v: &Visitor, fleet: &Fleet, rejects: Shown) -> String {
        let page = OperationsPage {
            troubles: troubles(fleet, v),
            instances: fleet.instances.iter().map(|instance| instance_row(instance, v)).collect(),
            partitions: partition_rows(fleet, v),
            rejects,
            filter: Filter { reason: Some("unknown_plan".to_owned()), ..Filter::default() },
            resending: Resending::default(),
            reasons: rejects::reasons(v),
            live: "/console/operations/live?seen=1".to_owned(),
            frame: Frame::of(v, None, "ops.title"),
        };
        page.render().unwrap()
    }

    #[test]
    fn the_page_has_no_word_of_the_programs_own() {
        let partitions = [
            partition(0, json!({ "state": "store_failing" })),
            partition(1, json!({ "state": "coming_back", "breaker_open": true })),
        ];
        let fleet = fleet("waiting", &partitions, json!({ "nobodys": [2] }));
        let row = rejects::Row {
            at: "2026-03-20T07:00:05Z".to_owned(),
            when: "2026-03-20 07:00:05".to_owned(),
            reason: String::new(),
            from: None,
            account: None,
            page: "/console/operations/rejects/3/17".to_owned(),
            place: "3/17".to_owned(),
        };
        let mut russian = visitor();
        russian.language = Language::Russian;
        for v in [visitor(), russian] {
            let row = rejects::Row { reason: v.w("reason", "unknown_plan"), ..row.clone() };
            let listed = rejects::Listed { rows: vec![row], older: 3, whole: false };
            let page = page(&v, &fleet, Shown::Page(listed));
            assert!(!page.contains('…'), "a text is missing");
            let told = page.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text);
            let told: Vec<&str> = told.filter(|text| text.contains('_')).collect();
            assert!(told.is_empty(), "{told:?}");
            assert!(page.contains("selected"), "the reason that was asked for is chosen");
            // A word without a text would be told in English.
            let words = ["disk fails", "coming back", "not ready", "unknown plan"];
            let is_english = v.language == Language::English;
            assert!(words.iter().all(|word| page.contains(word) == is_english), "{page}");
        }
    }

    #[test]
    fn whoever_does_not_see_rejects_is_told_so_and_a_topic_that_cannot_be_read_leaves_the_rest() {
        let (v, fleet) = (visitor(), fleet("ready", &[], json!({})));
        assert!(page(&v, &fleet, Shown::NotTheirs).contains("Managers and administrators"));
        let silent = page(&v, &fleet, Shown::Silent(v.said("problem", "The log did not answer in time.")));
        assert!(silent.contains("The log did not answer in time.") && silent.contains("instances-title"));
        assert!(!page(&v, &fleet, Shown::NotAsked).contains("<form class=\"filter\""));
    }
}
