//! `weir explain`: one account's life under a policy, or as a running Weir knows it.
//!
//! Playing and telling it is `whatif`'s business, where its events come from [`crate::life`]'s, and how a running Weir
//! is asked [`crate::remote`]'s.

use crate::cli::{ExplainArguments, Output, ReportsFrom};
use crate::life::Life;
use crate::remote::Remote;
use crate::terminal;
use miette::IntoDiagnostic;
use std::io::Write as _;
use std::process::ExitCode;
use whatif::explain::{self, Story, Wanted, text};

/// Tells a life.
pub(crate) fn run(arguments: &ExplainArguments) -> miette::Result<ExitCode> {
    let story = match Remote::of(&arguments.remote, &arguments.life)? {
        Some(remote) => remote.story()?,
        None => played(arguments)?,
    };
    let text = match arguments.output {
        Output::Text => text::table(&story, terminal::width()),
        Output::Json => serde_json::to_string(&story).into_diagnostic()? + "\n",
    };
    write!(std::io::stdout(), "{text}").into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}

fn played(arguments: &ExplainArguments) -> miette::Result<Story> {
    let Life { policies, reports, until, debtor, events } =
        Life::read(&arguments.life, |_| ReportsFrom::Auto)?;
    let wanted = Wanted { policies, reports, until, everything: arguments.all };
    explain::tell(debtor, &events, &wanted).into_diagnostic()
}
