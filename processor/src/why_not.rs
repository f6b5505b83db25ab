//! `weir why-not`: why a threshold or a stage has not acted on an account.
//!
//! Playing the life and putting the answer into words is `whatif`'s business, where events come from
//! [`crate::life`]'s, and how a running Weir is asked [`crate::remote`]'s.

use crate::cli::{Output, ReportsFrom, WhyNotArguments};
use crate::life::Life;
use crate::remote::Remote;
use decision::event::Body;
use decision::why_not::{Question, Unknown};
use miette::{IntoDiagnostic, miette};
use schemas::files::Arrival;
use std::io::Write as _;
use std::process::ExitCode;
use whatif::why_not::{NoAnswer, Told, Wanted, ask, text};

/// Tells why it has not acted, or that it has.
pub(crate) fn run(arguments: &WhyNotArguments) -> miette::Result<ExitCode> {
    let told = match Remote::of(&arguments.remote, &arguments.life)? {
        Some(remote) => answered(arguments, &remote)?,
        None => played(arguments)?,
    };
    let text = match arguments.output {
        Output::Text => text::lines(&told),
        Output::Json => serde_json::to_string(&told).into_diagnostic()? + "\n",
    };
    write!(std::io::stdout(), "{text}").into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}

fn played(arguments: &WhyNotArguments) -> miette::Result<Told> {
    let question = question(arguments)?;
    let Life { policies, reports, until, debtor, events } = Life::read(&arguments.life, as_it_was)?;
    match ask(debtor, &events, &Wanted { policies, reports, until, question }) {
        Err(NoAnswer::Unknown(unknown)) => Err(not_there(&unknown)),
        other => other.into_diagnostic(),
    }
}

fn answered(arguments: &WhyNotArguments, remote: &Remote) -> miette::Result<Told> {
    let WhyNotArguments { asked, plan, debt_class, .. } = arguments;
    let debt_class = debt_class.as_ref().map(ToString::to_string);
    let of = Some(if asked.stage.is_some() { "stage" } else { "threshold" }.to_owned());
    let rule = asked.rule.as_ref().or(asked.stage.as_ref()).cloned();
    let asked = [("rule", &rule), ("of", &of), ("plan", plan), ("debt_class", &debt_class)];
    let asked: Vec<_> =
        asked.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect();
    remote.why_not(&asked)
}

/// Why something did not happen is asked of what happened: where commands were reported on, those reports count.
fn as_it_was(events: &[Arrival]) -> ReportsFrom {
    let is_report = |arrival: &Arrival| matches!(arrival.event.body, Body::Report(_));
    if events.iter().any(is_report) { ReportsFrom::Given } else { ReportsFrom::Auto }
}

fn question(arguments: &WhyNotArguments) -> miette::Result<Question> {
    match (&arguments.asked.rule, &arguments.asked.stage) {
        (Some(rule), _) => Ok(Question::Rule(rule.as_str().into())),
        (None, Some(stage)) => Ok(Question::Stage {
            stage: stage.as_str().into(),
            plan: arguments.plan.as_deref().map(Into::into),
            debt_class: arguments.debt_class.clone(),
        }),
        // The command line asks for one of them.
        (None, None) => Err(miette!("say what is asked about, with --rule or --stage")),
    }
}

/// The policy has nothing of that name: what it has, nearest first.
fn not_there(unknown: &Unknown) -> miette::Report {
    let mut known = unknown.known();
    known.sort_by_key(|name| strsim::damerau_levenshtein(name, unknown.asked()));
    match known.as_slice() {
        [] => miette!(help = "it has none at all", "{unknown}"),
        known => miette!(help = format!("there are, the nearest first: {}", known.join(", ")), "{unknown}"),
    }
}
