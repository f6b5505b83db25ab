//! An answer as lines for a terminal.

use super::{Cycle, Part, Told};
use std::fmt::Write as _;

/// The answer as text: a line for each finding, below it what would make it act, and when.
#[must_use]
pub fn lines(told: &Told) -> String {
    let asked = told.rule.iter().map(|rule| format!("rule {rule}"));
    let asked: Vec<_> = asked.chain(told.stage.iter().map(|stage| format!("stage {stage}"))).collect();
    let (account, asked) = (&told.account_id, asked.join(", "));
    let mut text = format!("{account}, {asked}, at {}, times in {}\n", told.local, told.time_zone);
    for part in &told.parts {
        // Writing to a text does not fail.
        if let Some(head) = head(part) {
            let _ = writeln!(text, "{head}");
        }
        for finding in &part.findings {
            let _ = writeln!(text, "  {}", finding.says);
            if let Some(acts) = &finding.acts {
                let _ = writeln!(text, "      what changes it: {acts}");
            }
        }
        if part.findings.is_empty() {
            text += "  nothing stands in its way\n";
        }
    }
    text
}

fn head(part: &Part) -> Option<String> {
    let class = part.debt_class.as_ref()?;
    let Some(cycle) = &part.cycle else { return Some(format!("Debt {class}:")) };
    Some(format!("Debt {class}, {}:", self::cycle(cycle)))
}

fn cycle(cycle: &Cycle) -> String {
    let stage =
        cycle.stage.as_ref().map_or("before its first stage".to_owned(), |stage| format!("in {stage}"));
    let frozen = if cycle.real_debt == cycle.conditional_debt {
        String::new()
    } else {
        format!(" ({} not frozen)", cycle.conditional_debt)
    };
    let Cycle { number, plan, opened_local, real_debt, .. } = cycle;
    format!("cycle {number} of plan {plan}, open since {opened_local}, {stage}, owes {real_debt}{frozen}")
}
