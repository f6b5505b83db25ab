//! The commands that records tell of, in the words of [`crate::words::command`] as far as the record has them.

use super::{figure, kind_of};
use decision::Policies;
use decision::ids::PolicyHash;
use decision::policy::Measure;
use decision::record::RecordKind;
use schemas::HistoryLine;

/// What was sent at one moment, in order.
pub(super) fn commands(lines: &[&HistoryLine], policies: &Policies) -> Vec<String> {
    let mut alert = None;
    let mut commands = Vec::new();
    for line in lines {
        match kind_of(line) {
            Some(RecordKind::Alert) => alert = Some(Alert::new(line, policies)),
            Some(RecordKind::Recovered) => alert = None,
            Some(RecordKind::MeasureRequested) => {
                let crossed = alert.as_mut().and_then(|alert| alert.lines_in(line));
                commands.extend(requested(line, crossed));
            }
            Some(RecordKind::MeasureLifted) => commands.extend(figure(line, "operation").map(str::to_owned)),
            // Of a message that waited nothing had gone out, and nothing is taken back.
            Some(RecordKind::MeasureCancelled) if figure(line, "cancelled").is_some() => {
                commands.extend(figure(line, "queue").map(|queue| format!("cancel task {queue}")));
            }
            // They ask for nothing.
            Some(_) | None => {}
        }
    }
    commands
}

/// What a record of a request asks for.
fn requested(line: &HistoryLine, crossed: Option<&str>) -> Option<String> {
    let of = |name| figure(line, name);
    let what = if let Some(template) = of("template") {
        let crossed = crossed.map(|lines| format!(" ({lines})")).unwrap_or_default();
        format!("{template} by {}{crossed}", of("channel")?)
    } else if let Some(operation) = of("operation") {
        operation.to_owned()
    } else if let Some(queue) = of("queue") {
        format!("task {queue}")
    } else if let Some(fee) = of("fee") {
        format!("fee {fee} {}", of("amount")?)
    } else {
        format!("hand over {} to {}", of("debt")?, of("to")?)
    };
    // Only a further try has its number.
    Some(if of("try").is_some() { format!("{what}, again") } else { what })
}

/// An alert whose messages name the lines that were crossed.
struct Alert<'a> {
    account_id: &'a str,
    lines: Option<&'a str>,
    /// The templates of its messages that have not come yet: one that waited for its window since an earlier alert
    /// may come at the same moment, and names that alert's lines.
    templates: Vec<String>,
}

impl<'a> Alert<'a> {
    fn new(line: &'a HistoryLine, policies: &Policies) -> Self {
        let policy = policies.by_hash(&PolicyHash::from(line.policy_hash.as_str()));
        let rules = policy.into_iter().flat_map(|policy| &policy.thresholds);
        let rule = rules.into_iter().find(|rule| Some(rule.id.as_str()) == figure(line, "rule"));
        let template = |measure: &Measure| match measure {
            Measure::Message(message) => Some(message.template.to_string()),
            Measure::Provision(_) | Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => {
                None
            }
        };
        Self {
            account_id: &line.account_id,
            lines: figure(line, "lines").filter(|lines| !lines.is_empty()),
            templates: rule.into_iter().flat_map(|rule| &rule.measures).filter_map(template).collect(),
        }
    }

    /// The lines that the message of this record names.
    fn lines_in(&mut self, request: &HistoryLine) -> Option<&'a str> {
        let template = figure(request, "template")?;
        if request.reason != "threshold" || request.account_id != self.account_id {
            return None;
        }
        let place = self.templates.iter().position(|known| known == template)?;
        self.templates.swap_remove(place);
        self.lines
    }
}

#[cfg(test)]
mod tests;
