//! SIGTERM and SIGINT: end what is open, and leave. A second one ends the process at once.

use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that a signal to stop raises.
pub(crate) fn stop_flag() -> miette::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        let fault = |error| miette::miette!("cannot listen for signal {signal}: {error}");
        // In this order: the first signal finds the flag down and raises it, the next one ends.
        signal_hook::flag::register_conditional_shutdown(signal, 130, flag.clone()).map_err(fault)?;
        signal_hook::flag::register(signal, flag.clone()).map_err(fault)?;
    }
    Ok(flag)
}
