//! The report as one page that needs nothing else.

use super::chart::{Across, Chart, Scale, Series, number};
use super::{Percentiles, Report, Second, Step};
use serde::Serialize;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// The page of a report.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!("Load test: {}, {}", report.settings.processor, report.settings.profile);
    let mut out = verdict(report);
    out.push_str(&verification(report));
    out.push_str(&steps(&report.steps));
    out.push_str("<p class=note>Latency counts from the moment an event was meant to be sent, by what was meant for that second. A rate is \
        kept up with while the lag does not grow. CPU is user and system time of all threads, for each event.</p>\n");
    for chart in charts(report) {
        out.push_str(&chart.draw());
    }
    out.push_str(&conditions(report));
    framed(&title, &report.settings.about, &out, report)
}

/// A page around what it says, with the raw figures that it was made of.
pub(crate) fn framed(title: &str, about: &str, body: &str, raw: &impl Serialize) -> String {
    // What closes a script element must not stand in it.
    let raw = serde_json::to_string(raw).unwrap_or_default().replace("</", "<\\/");
    let (title, about) = (escaped(title), escaped(about));
    format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>\n<h1>{title}</h1>\n<p>{about}</p>\n{body}\
         <script type=\"application/json\" id=raw>{raw}</script>\n</main></body></html>\n"
    )
}

fn verdict(report: &Report) -> String {
    let commands = &report.commands;
    let kept = report.sustained_rate().map_or_else(
        || "No rate was kept up with.".to_owned(),
        |rate| format!("Kept up with {} events a second.", number(f64::from(rate))),
    );
    let tally = &commands.tally;
    let counts = format!(
        "{} commands for events and {} stages by timers came",
        number(tally.matched as f64),
        number(tally.timed as f64)
    );
    let (class, word) = if commands.are_as_expected() {
        ("good", format!("{counts}, all as expected."))
    } else {
        let word = format!(
            "{counts}; {} are missing, {} were passed over, nothing had asked for {}, {} events were lost.",
            commands.missing, tally.passed_over, tally.unexpected, commands.lost
        );
        ("bad", word)
    };
    let examples: String =
        commands.examples.iter().map(|said| format!("<li>{}</li>", escaped(said))).collect();
    format!("<p class={class}><b>{kept}</b> {word}</p><ul>{examples}</ul>\n")
}

/// Whether what came out is right, by those who worked it out again.
fn verification(report: &Report) -> String {
    let Some(verification) = &report.verification else {
        return "<p class=note>What came out was not verified.</p>\n".to_owned();
    };
    let (class, word) = if verification.is_right() { ("good", "Verified.") } else { ("bad", "Wrong.") };
    let findings = verification.findings();
    let findings: String = findings.iter().map(|said| format!("<li>{}</li>", escaped(said))).collect();
    let summary = escaped(&verification.summary());
    format!("<p class={class}><b>{word}</b> {summary}</p><ul>{findings}</ul>\n")
}

fn steps(steps: &[Step]) -> String {
    let mut out = String::from(
        "<table><thead><tr><th>rate<th>kept up<th>taken/s<th>lag at end<th>event to command p50 / p99 / p99.9 / max, ms\
         <th>timer to command p50 / p99 / max, ms<th>CPU an event, µs: processor / broker / load test<th>commit mean / p99, ms\
         <th>memory, MiB<th>latest send, ms</tr></thead><tbody>\n",
    );
    let optional = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number);
    for step in steps {
        let Percentiles { p50, p99, p999, max, .. } = step.events;
        let timers = step.timers;
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{} / {} / {} / {}<td>{}<td>{} / {} / {}<td>{} / {}<td>{}<td>{}</tr>",
            number(f64::from(step.rate)),
            if step.sustained { "yes" } else { "no" },
            number(step.taken_per_second),
            number(step.lag_at_end as f64),
            number(p50),
            number(p99),
            number(p999),
            number(max),
            if timers.count == 0 {
                "–".to_owned()
            } else {
                format!("{} / {} / {}", number(timers.p50), number(timers.p99), number(timers.max))
            },
            optional(step.processor_us_per_event),
            optional(step.broker_us_per_event),
            number(step.loadtest_us_per_event),
            optional(step.commit_mean_ms),
            optional(step.commit_p99_ms),
            optional(step.processor_bytes.map(mebibytes)),
            number(step.latest_send_ms),
        );
    }
    out.push_str("</tbody></table>\n");
    out
}

/// A line's name, and what it shows of a second.
type Line<'r, 'f> = (&'r str, &'f dyn Fn(&Second) -> Option<f64>);

/// What draws a run's seconds.
struct Drawing<'r> {
    report: &'r Report,
    /// Where each step begins, and its rate.
    marks: Vec<(f64, String)>,
}

impl<'r> Drawing<'r> {
    fn new(report: &'r Report) -> Self {
        let mark = |step: &Step| (step.from_second as f64, format!("{}/s", number(f64::from(step.rate))));
        Self { report, marks: report.steps.iter().map(mark).collect() }
    }

    fn chart(&self, title: &'r str, unit: &'r str, scale: Scale, lines: &[Line<'r, '_>]) -> Chart<'r> {
        let line = |(name, of): &Line<'r, '_>| {
            let seconds = self.report.seconds.iter();
            Series { name, points: seconds.map(|second| (second.second as f64, of(second))).collect() }
        };
        let series = lines.iter().map(line).collect();
        Chart { title, unit, scale, across: Across::Seconds, series, marks: self.marks.clone() }
    }

    fn latencies(&self, title: &'r str, of: fn(&Second) -> Percentiles) -> Chart<'r> {
        let some = |second: &Second| Some(of(second)).filter(|figures| figures.count > 0);
        let lines: [Line<'r, '_>; 4] = [
            ("p50", &|second| Some(some(second)?.p50)),
            ("p99", &|second| Some(some(second)?.p99)),
            ("p99.9", &|second| Some(some(second)?.p999)),
            ("max", &|second| Some(some(second)?.max)),
        ];
        self.chart(title, "ms", Scale::Log, &lines)
    }

    fn costs(&self) -> [Chart<'r>; 2] {
        [
            self.chart(
                "CPU, cores in use",
                "",
                Scale::Linear,
                &[
                    ("processor", &|second| second.processor_cores),
                    ("broker", &|second| second.broker_cores),
                    ("load test", &|second| Some(second.loadtest_cores)),
                ],
            ),
            self.chart(
                "Resident memory",
                "MiB",
                Scale::Linear,
                &[
                    ("processor", &|second| second.processor_bytes.map(mebibytes)),
                    ("broker", &|second| second.broker_bytes.map(mebibytes)),
                ],
            ),
        ]
    }
}

fn charts(report: &Report) -> Vec<Chart<'_>> {
    let drawing = Drawing::new(report);
    let mut charts = vec![
        drawing.latencies("Event to command", |second| second.events),
        drawing.chart(
            "Throughput, events a second",
            "",
            Scale::Linear,
            &[("sent", &|second| Some(second.sent)), ("taken", &|second| Some(second.taken.max(0.0)))],
        ),
        drawing.chart("Lag, events", "", Scale::Linear, &[("lag", &|second| Some(second.lag.max(0) as f64))]),
    ];
    charts.extend(drawing.costs());
    if report.seconds.iter().any(|second| second.commit_mean_ms.is_some()) {
        charts.push(drawing.chart(
            "Commit",
            "ms",
            Scale::Log,
            &[
                ("mean", &|second| second.commit_mean_ms),
                ("p99 (bound of its bucket)", &|second| second.commit_p99_ms),
            ],
        ));
    }
    if report.seconds.iter().any(|second| second.timers.count > 0) {
        charts.push(drawing.latencies("Timer to command", |second| second.timers));
    }
    charts
}

fn conditions(report: &Report) -> String {
    let (machine, versions, settings) = (&report.machine, &report.versions, &report.settings);
    let rows = [
        ("began", report.began.clone()),
        (
            "machine",
            format!(
                "{}, {} cores for everything, {} GiB, Linux {}",
                machine.cpu,
                machine.cores,
                number(mebibytes(machine.memory_bytes) / 1_024.0),
                machine.kernel
            ),
        ),
        ("processor", versions.processor.clone()),
        ("broker", versions.broker.clone()),
        ("librdkafka", versions.librdkafka.clone()),
        ("commit", versions.commit.clone()),
        (
            "profile",
            format!("{}{}", settings.profile, if settings.shared_work { ", shared work only" } else { "" }),
        ),
        ("accounts, seed", format!("{}, {}", number(f64::from(settings.accounts)), settings.seed)),
        ("partitions", settings.partitions.to_string()),
        ("a step", format!("{} s", number(settings.step_seconds))),
        ("sender's linger", format!("{} ms", settings.linger_ms)),
        ("memory for stores", format!("{} MiB", number(mebibytes(settings.store_memory_bytes)))),
        ("environment", settings.environment.join(" ")),
        ("reports sent", report.commands.reports.to_string()),
    ];
    let rows: String =
        rows.iter().map(|(name, value)| format!("<tr><th>{name}<td>{}</tr>\n", escaped(value))).collect();
    format!("<h2>Conditions</h2><table class=conditions>{rows}</table>\n")
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
