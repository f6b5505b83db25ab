//! `weir doctor`: whether an instance with this configuration would work, and what to do where it would not.
//!
//! It only looks: nothing joins the group, nothing is written or registered. Each check answers for itself, so that
//! one run tells all that is wrong.

mod asked;
mod cluster;
mod machine;
mod provider;

use crate::cli::{DoctorArguments, Output};
use crate::clock::SystemClock;
use crate::config::Config;
use engine::Clock;
use miette::IntoDiagnostic;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Something is wrong: not wrong use, and told apart from it by scripts.
const IS_WRONG: u8 = 1;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Good,
    /// It may be meant so, and someone should know.
    Doubtful,
    Wrong,
}

impl Standing {
    fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Doubtful => "doubtful",
            Self::Wrong => "wrong",
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Good => '✓',
            Self::Doubtful => '!',
            Self::Wrong => '✗',
        }
    }
}

/// What was found out about something.
#[derive(Debug)]
struct Finding {
    about: &'static str,
    standing: Standing,
    told: String,
    /// What to do.
    mend: Option<String>,
}

impl Finding {
    fn good(about: &'static str, told: impl Into<String>) -> Self {
        Self { about, standing: Standing::Good, told: told.into(), mend: None }
    }

    fn doubtful(about: &'static str, told: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, standing: Standing::Doubtful, told: told.into(), mend: Some(mend.into()) }
    }

    fn wrong(about: &'static str, told: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, standing: Standing::Wrong, told: told.into(), mend: Some(mend.into()) }
    }
}

/// Looks at everything, and tells it.
pub(crate) fn run(arguments: &DoctorArguments) -> miette::Result<ExitCode> {
    let config = Config::load(&arguments.config).map_err(|problem| *problem)?;
    let now = SystemClock::new().now();
    let mut findings =
        vec![Finding::good("configuration", format!("{} is read", arguments.config.display()))];
    findings.extend(machine::policy(&config, now));
    let cluster = cluster::look(&config, now);
    findings.extend(machine::look(&config, cluster.partitions));
    findings.extend(asked::look(&config.api));
    findings.extend(config.api.oidc.iter().flat_map(provider::look));
    findings.extend(cluster.findings);
    let text = match arguments.output {
        Output::Text => in_words(&findings),
        Output::Json => in_json(&findings),
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    let is_wrong = findings.iter().any(|finding| finding.standing == Standing::Wrong);
    Ok(if is_wrong { ExitCode::from(IS_WRONG) } else { ExitCode::SUCCESS })
}

/// An error with what caused it: the first alone says what was to be done, and not why it cannot be.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |told, cause| {
        let cause = cause.to_string();
        if told.contains(&cause) { told } else { format!("{told}: {cause}") }
    })
}

fn in_words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{} {}: {}", finding.standing.mark(), finding.about, finding.told);
        if let Some(mend) = &finding.mend {
            let _ = writeln!(text, "    {mend}");
        }
    }
    let wrong = findings.iter().filter(|finding| finding.standing == Standing::Wrong).count();
    text + &match wrong {
        0 => "Nothing stands in the way of `weir run`.".to_owned(),
        1 => "One thing is wrong.".to_owned(),
        wrong => format!("{wrong} things are wrong."),
    }
}

fn in_json(findings: &[Finding]) -> String {
    let finding = |finding: &Finding| {
        json!({
            "about": finding.about,
            "standing": finding.standing.as_str(),
            "told": finding.told,
            "mend": finding.mend,
        })
    };
    json!({ "findings": findings.iter().map(finding).collect::<Vec<_>>() }).to_string()
}
