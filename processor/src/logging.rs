//! What the process says of itself: lines for people on a terminal, JSON elsewhere.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
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
