//! What the process says of itself: lines for people on a terminal, JSON elsewhere.

use crate::config::{Log, LogFormat};
use miette::{IntoDiagnostic, WrapErr};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

/// Logs from here on.
pub(crate) fn start(log: &Log) -> miette::Result<()> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        miette::miette!(help = "write info, debug, or info,engine=debug", "log.level: {error}")
    })?;
    let format =
        log.format.unwrap_or(if std::io::stdout().is_terminal() { LogFormat::Text } else { LogFormat::Json });
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter);
    match format {
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
        LogFormat::Text => subscriber.init(),
    }
    Ok(())
}

/// Logs to a file from here on, as JSON: where the terminal shows something else.
pub(crate) fn to_file(path: &Path) -> miette::Result<()> {
    let shown = path.display();
    let file =
        std::fs::File::create(path).into_diagnostic().wrap_err_with(|| format!("cannot write {shown}"))?;
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_writer(Mutex::new(file));
    subscriber.json().flatten_event(true).init();
    Ok(())
}
