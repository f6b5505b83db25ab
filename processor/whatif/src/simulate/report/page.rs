//! A report as one page of HTML that needs nothing else: for a meeting, a mail, or paper.

use super::chart::{self, Layer, escaped, highest};
use super::series::{Days, EventDays, StageDays};
use super::text::{difference, told};
use super::{Figure, Report, Section, SectionRow};
use crate::simulate::tally::AGES;
use crate::words::count;
use decision::time::Date;

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut body = head(report) + &totals(report);
    if let Some(days) = &report.series {
        body += &stages(days);
        body += &happenings(days);
    }
    body += &ages(report);
    body += "<section><h2>All figures</h2>";
    for section in
        report.sections.iter().filter(|section| section.name != "totals" && !section.rows.is_empty())
    {
        body += &table(section, report);
    }
    body += "</section>";
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Simulation of {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n",
        escaped(&report.tried)
    )
}

fn head(report: &Report) -> String {
    let against = report.against.as_ref().map(|against| format!(" against {}", escaped(against)));
    let differing =
        report.differing.map(|differing| format!(" With another outcome: {}.", count(differing, "account")));
    let faulty = if report.faulty > 0 {
        format!(" Passed over, since unreadable: {}.", count(report.faulty, "event"))
    } else {
        String::new()
    };
    format!(
        "<header><h1>Simulation of {}{}</h1><p>{} and {}, through {}.{}{faulty} \
         Customers do what they did: a policy changes what is sent to them, not when they pay.</p></header>\n",
        escaped(&report.tried),
        against.unwrap_or_default(),
        count(report.accounts, "account"),
        count(report.events, "event"),
        report.until,
        differing.unwrap_or_default(),
    )
}

/// The most telling numbers, large.
fn totals(report: &Report) -> String {
    let rows =
        report.sections.iter().filter(|section| section.name == "totals").flat_map(|section| &section.rows);
    let tile = |row: &SectionRow| {
        let before = row.against.map(|against| {
            let difference = difference(against, row.tried);
            let difference = if difference.is_empty() { "the same".to_owned() } else { difference };
            format!("<small>{} before, {difference}</small>", told(against))
        });
        format!(
            "<div class=\"tile\"><span>{}</span><b>{}</b>{}</div>",
            escaped(&row.keys.join(" ")),
            told(row.tried),
            before.unwrap_or_default()
        )
    };
    format!("<section class=\"tiles\">{}</section>\n", rows.map(tile).collect::<String>())
}

/// How many debts are in each stage, plan by plan; both sides to one scale.
fn stages(days: &Days) -> String {
    let dates: Vec<Date> = days.dates().collect();
    let mut html = String::new();
    for plan in days.stages.chunk_by(|one, other| one.plan == other.plan) {
        let Some(name) = plan.first().map(|stage| escaped(&stage.plan)) else { continue };
        let tried = layers(plan, |stage| Some(&stage.tried));
        let against = layers(plan, |stage| stage.against.as_ref());
        let most = highest(&tried).max(highest(&against));
        let chart = |title: &str, layers: &[Layer]| {
            format!(
                "<figure><figcaption>{title}</figcaption>{}</figure>",
                chart::stacked(&format!("Debts by stage, plan {name}: {title}"), &dates, layers, most)
            )
        };
        html += &format!("<h3>Plan {name}</h3>{}", chart::legend(&tried));
        if !against.is_empty() {
            html += &chart("against", &against);
        }
        html += &chart("tried", &tried);
    }
    if html.is_empty() { html } else { format!("<section><h2>Debts in each stage</h2>{html}</section>\n") }
}

fn layers<'s>(plan: &'s [StageDays], of: impl Fn(&'s StageDays) -> Option<&'s Vec<i64>>) -> Vec<Layer> {
    let layer = |stage: &'s StageDays| {
        let name = stage.stage.clone().unwrap_or_else(|| "before the first".to_owned());
        let values = of(stage)?.iter().map(|debts| *debts as f64).collect();
        Some(Layer { name, values })
    };
    plan.iter().filter_map(layer).collect()
}

/// What happens, day by day.
fn happenings(days: &Days) -> String {
    let dates: Vec<Date> = days.dates().collect();
    let has_two = days.events.iter().any(|events| events.against.is_some());
    let mut html = String::new();
    for events in &days.events {
        let is_idle = |values: &Vec<i128>| values.iter().all(|value| *value == 0);
        if is_idle(&events.tried) && events.against.as_ref().is_none_or(is_idle) {
            continue;
        }
        let (title, tried) = (title(events), in_units(events, &events.tried));
        let against = events.against.as_ref().map(|against| in_units(events, against));
        html += &format!(
            "<figure><figcaption>{title}</figcaption>{}</figure>",
            chart::lines(&title, &dates, &tried, against.as_deref())
        );
    }
    let legend = if has_two { chart::legend_of_sides() } else { String::new() };
    format!("<section><h2>Day by day</h2>{legend}{html}</section>\n")
}

fn title(events: &EventDays) -> String {
    let (first, rest) = events.what.split_at_checked(1).unwrap_or_default();
    let what = format!("{}{rest}", first.to_uppercase());
    match events.currency {
        Some(currency) => format!("{what}, {currency}, in all since the beginning"),
        None => format!("{what} a day"),
    }
}

/// The values for a chart: money in major units, and summed up, since its days differ wildly.
fn in_units(events: &EventDays, values: &[i128]) -> Vec<f64> {
    let Some(currency) = events.currency else { return values.iter().map(|value| *value as f64).collect() };
    let unit = 10_f64.powi(currency.exponent().into());
    let mut sum = 0;
    let summed = values.iter().map(|value| {
        sum += value;
        sum as f64 / unit
    });
    summed.collect()
}

/// What is owed at the end of each month, by age, as a table with bars.
fn ages(report: &Report) -> String {
    let section = &report.ages;
    if section.rows.is_empty() {
        return String::new();
    }
    let amount = |figure: Figure| match figure {
        Figure::Money(sum, _) => sum.max(0) as f64,
        Figure::Count(_) | Figure::Amounts(..) => 0.0,
    };
    let months: Vec<_> = section.rows.chunks(AGES.len()).collect();
    let both = section.rows.chunks(AGES.len()).flat_map(|month| {
        let side =
            |of: fn(&SectionRow) -> Option<Figure>| month.iter().filter_map(of).map(amount).sum::<f64>();
        [side(|row| Some(row.tried)), side(|row| row.against)]
    });
    let most = both.fold(1.0, f64::max);
    let names: Vec<_> =
        AGES.iter().map(|(age, _)| Layer { name: (*age).to_owned(), values: Vec::new() }).collect();
    let mut html = String::new();
    for month in months {
        let Some(first) = month.first() else { continue };
        let at = first.keys.first().map_or("", String::as_str);
        let side = |name: &str, of: fn(&SectionRow) -> Option<Figure>| {
            let parts = month.iter().enumerate().filter_map(|(place, row)| Some((place, row, of(row)?)));
            let bars: String = parts
                .map(|(place, row, figure)| {
                    format!(
                        "<i style=\"width:{:.2}%;background:{}\" title=\"{}: {}\"></i>",
                        amount(figure) / most * 100.0,
                        chart::ordered(place, AGES.len()),
                        escaped(row.keys.last().map_or("", String::as_str)),
                        told(figure)
                    )
                })
                .collect();
            if bars.is_empty() {
                bars
            } else {
                format!("<tr><th>{name}</th><td class=\"bar\">{bars}</td></tr>")
            }
        };
        let has_two = first.against.is_some();
        html += &side(
            &if has_two { format!("{at} against") } else { at.to_owned() },
            if has_two { |row| row.against } else { |_| None },
        );
        html += &side(&if has_two { "tried".to_owned() } else { at.to_owned() }, |row| Some(row.tried));
    }
    format!(
        "<section><h2>{}</h2>{}<table class=\"ages\">{html}</table></section>\n",
        section.title,
        chart::legend(&names)
    )
}

fn table(section: &Section, report: &Report) -> String {
    let sides: &[&str] =
        if report.against.is_some() { &["against", "tried", "difference"] } else { &["count"] };
    let keys: String = section.keys.iter().map(|name| format!("<th>{name}</th>")).collect();
    let heads: String = sides.iter().map(|name| format!("<th class=\"n\">{name}</th>")).collect();
    let mut rows = String::new();
    for row in &section.rows {
        let keys: String = row.keys.iter().map(|key| format!("<td>{}</td>", escaped(key))).collect();
        let figures = match row.against {
            Some(against) => vec![told(against), told(row.tried), difference(against, row.tried)],
            None => vec![told(row.tried)],
        };
        let figures: String = figures.iter().map(|figure| format!("<td class=\"n\">{figure}</td>")).collect();
        rows += &format!("<tr>{keys}{figures}</tr>");
    }
    format!(
        "<div class=\"wide\"><table><caption>{}</caption><thead><tr>{keys}{heads}</tr></thead><tbody>{rows}</tbody></table></div>\n",
        section.title
    )
}
