//! What a file's words mean to the core: each row a field of a policy, and what becomes of it.

use decision::Policy;
use decision::calendar::Window;
use decision::plan::{OnResegment, Plan, RunningCycles, Stage};
use decision::policy::{HoldRules, ManagerGroup, Measure, Retention};
use decision::time::{Period, Timestamp, Zone};
use std::path::Path;
use std::sync::Arc;

/// The policy that has everything.
fn whole() -> Arc<Policy> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/whole/whole.policy.yaml");
    let loaded = crate::load(&path).unwrap_or_else(|report| panic!("{report:?}"));
    let warnings: Vec<_> = loaded.warnings.iter().flat_map(|report| &report.findings).collect();
    assert!(warnings.is_empty(), "{warnings:?}");
    loaded.policy
}

/// A policy that says only what it must, and this.
fn bare(more: &str) -> Arc<Policy> {
    let head = "policy: p\nversion: '1'\ntime_zone: UTC\ncurrency: EUR\nlanguage: en\n";
    crate::parse("p", &format!("{head}{more}")).unwrap_or_else(|report| panic!("{report:?}")).policy
}

const ONE_PLAN: &str = "\
plans: { p: { stages: [ { stage: a, after: 1d, do: [ { message: { template: t, channel: sms, class: service } } ] } ] } }
templates: { t: { en: Text } }
";

fn stage<'p>(plan: &'p Plan, name: &str) -> &'p Stage {
    &plan.stages[plan.position(&name.into()).unwrap()]
}

fn days(days: i32) -> Period {
    Period::Days(days)
}

#[test]
fn a_policy_holds_from_the_start_of_a_day_in_its_own_zone() {
    let from = whole().effective_from.unwrap();
    assert_eq!(from.to_string(), "2026-11-30T19:00:00Z");
    let exact = bare("effective_from: 2026-12-01T09:00:00+02:00\n").effective_from.unwrap();
    assert_eq!(exact.to_string(), "2026-12-01T07:00:00Z");
    assert_eq!(bare("").effective_from, None);
}

#[test]
fn holds_have_their_bounds() {
    let holds = &whole().holds;
    let promise = holds.promise.as_ref().unwrap();
    assert_eq!(
        (promise.at_most, promise.per, promise.no_longer_than),
        (Some(2), Some(days(90)), Some(days(14)))
    );
    assert_eq!(promise.no_more_than.unwrap().to_string(), "500.00");
    assert_eq!(promise.beyond.as_deref(), Some("senior"));
    assert_eq!(holds.deferral.as_ref().unwrap().at_most, Some(1));
    assert_eq!(holds.instalments.as_ref().unwrap().no_longer_than, Some(days(180)));
    assert_eq!(holds.dispute.as_ref().unwrap().no_more_than.unwrap().to_string(), "1000.00");
    assert_eq!(holds.unconfirmed_valid_for, days(5));
    assert_eq!(bare("").holds, HoldRules::default());
}

#[test]
fn a_segment_has_its_managers_and_the_roles_that_may_change_them() {
    let policy = whole();
    let served: Vec<_> = policy.segments.iter().map(|segment| segment.managers.as_ref().unwrap()).collect();
    assert_eq!(served, [&"vip-desk".into(), &"desk".into()]);
    let (personal, change) = (vec!["anna".into(), "boris".into()], vec!["head_of_desk".to_owned()]);
    assert_eq!(policy.managers["vip-desk"], ManagerGroup { personal, change });
    assert_eq!(policy.managers["desk"].personal, []);
    assert_eq!(policy.managers["desk"].change, ["senior"]);
    assert!(bare("").managers.is_empty());
}

#[test]
fn a_plan_says_what_holds_payments_and_moves_do() {
    let policy = whole();
    let (soft, gentle) = (&policy.plans["soft"], &policy.plans["gentle"]);
    assert_eq!((soft.pause_clock, soft.lift_measures, soft.rolling), (false, true, false));
    assert_eq!((soft.on_resegment, soft.running_cycles), (OnResegment::Map, RunningCycles::Move));
    assert_eq!(soft.maps_from["gentle"], [("letter".into(), "remind".into())].into());
    assert_eq!((gentle.on_resegment, gentle.rolling), (OnResegment::Restart, true));
    let plain = &bare(ONE_PLAN).plans["p"];
    assert_eq!((plain.pause_clock, plain.lift_measures, plain.rolling), (true, false, false));
    assert_eq!((plain.on_resegment, plain.running_cycles), (OnResegment::Keep, RunningCycles::Stay));
    assert!(plain.maps_from.is_empty() && plain.before_due.is_empty());
}

#[test]
fn a_stage_waits_for_its_notice_its_task_and_its_window() {
    let policy = whole();
    let soft = &policy.plans["soft"];
    let bar = stage(soft, "bar");
    let notice = bar.notice.as_ref().unwrap();
    assert_eq!((notice.of.as_str(), notice.at_least), ("remind", days(2)));
    assert_eq!((bar.if_invoices, bar.min_gap), (Some(2), days(2)));
    assert!(Arc::ptr_eq(bar.window.as_ref().unwrap(), &policy.windows["cutting_off"]));
    let task = stage(soft, "agency").if_task.as_ref().unwrap();
    assert_eq!(
        (task.queue.as_str(), task.results.as_slice()),
        ("calls", &["refused".to_owned(), "no_answer".to_owned()][..])
    );
    let plain = bare(ONE_PLAN);
    let plain = stage(&plain.plans["p"], "a");
    assert!(plain.notice.is_none() && plain.if_task.is_none() && plain.window.is_none());
}

#[test]
fn a_message_waits_for_its_window() {
    let policy = whole();
    let [announcement] = policy.plans["soft"].before_due.as_slice() else { panic!() };
    assert_eq!(announcement.before, days(3));
    let [Measure::Message(message)] = announcement.measures.as_slice() else { panic!() };
    assert!(Arc::ptr_eq(message.window.as_ref().unwrap(), &policy.windows["waking"]));
    let [Measure::Message(alert)] = policy.thresholds[0].measures.as_slice() else { panic!() };
    assert!(Arc::ptr_eq(alert.window.as_ref().unwrap(), &policy.windows["waking"]));
}

#[test]
fn commands_have_retries_caps_rates_and_a_breaker() {
    let commands = &whole().commands;
    let message = &commands.message;
    assert_eq!((message.report_within, message.retries), (Period::parse("24h"), 1));
    let then = Measure::Task { queue: "undelivered".into(), within: Some(days(1)) };
    assert_eq!(message.then, Some(then));
    assert_eq!((commands.provision.report_within, commands.provision.retries), (Period::parse("10m"), 3));
    let caps: Vec<_> = commands.caps.iter().map(|cap| (cap.channel.as_str(), cap.at_most, cap.per)).collect();
    assert_eq!(caps, [("voice", 7, days(7)), ("voice", 2, days(1))]);
    assert_eq!(commands.rates, [("sms".to_owned(), 500), ("provision".to_owned(), 50)].into());
    let breaker = commands.breaker.as_ref().unwrap();
    assert_eq!(breaker.more_than.to_string(), "2.5");
    assert_eq!((Some(breaker.over), breaker.against, breaker.at_least), (Period::parse("1h"), days(7), 100));
    assert_eq!(bare("").commands, Default::default());
}

#[test]
fn windows_of_retention_are_those_of_the_rules_unless_set() {
    let expected = Retention { dedup: days(10), reversal: days(500), wait_for_invoice: days(2) };
    assert_eq!(whole().retention, expected);
    assert_eq!(bare("").retention, Retention::default());
    let one = bare("retention: { wait_for_invoice: 1d }\n").retention;
    assert_eq!(one, Retention { wait_for_invoice: days(1), ..Retention::default() });
}

#[track_caller]
fn check_opens(window: &Window, from: &str, opens: &str) {
    let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    assert_eq!(window.next_open(&Zone::utc(), at(from)), Some(at(opens)), "from {from}");
}

#[test]
fn a_window_opens_with_its_hours_and_not_on_what_it_skips() {
    let policy = whole();
    let (waking, cutting_off) = (&policy.windows["waking"], &policy.windows["cutting_off"]);
    check_opens(waking, "2026-12-05T08:59:59Z", "2026-12-05T09:00:00Z");
    check_opens(waking, "2026-12-05T20:59:59Z", "2026-12-05T20:59:59Z");
    check_opens(waking, "2026-12-05T21:00:00Z", "2026-12-06T09:00:00Z");
    // Friday ends at noon; a weekend follows, then the day before a holiday, then the holiday.
    check_opens(cutting_off, "2026-12-04T11:59:59Z", "2026-12-04T11:59:59Z");
    check_opens(cutting_off, "2026-12-04T12:00:00Z", "2026-12-09T08:00:00Z");
    // The holidays of the file beside: New Year, a Friday, and three days in March.
    check_opens(cutting_off, "2026-12-30T16:00:00Z", "2027-01-04T08:00:00Z");
    check_opens(cutting_off, "2027-03-05T12:00:00Z", "2027-03-12T08:00:00Z");
}

#[test]
fn a_window_until_midnight_holds_to_the_days_end() {
    let policy = bare("windows: { w: { sat-sun: \"22:00-24:00\" } }\n");
    check_opens(&policy.windows["w"], "2026-12-05T23:59:59Z", "2026-12-05T23:59:59Z");
    check_opens(&policy.windows["w"], "2026-12-07T00:00:00Z", "2026-12-12T22:00:00Z");
}

#[test]
fn what_a_calendar_file_says_is_part_of_the_policys_identity() {
    let text = "policy: p\nversion: '1'\ntime_zone: UTC\ncurrency: EUR\nlanguage: en\n\
                calendars: { c: { ics: c.ics } }\n";
    let hash = |day: &str| {
        let file =
            format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:{day}\nEND:VEVENT\nEND:VCALENDAR\n");
        let loaded = crate::parse_with("p", text, &|name| {
            assert_eq!(name, "c.ics");
            Ok(file.clone())
        });
        loaded.unwrap().policy.identity.hash.clone()
    };
    assert_eq!(hash("20260101"), hash("20260101"));
    assert_ne!(hash("20260101"), hash("20260102"));
}
