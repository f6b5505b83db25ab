//! SIGTERM and SIGINT: end what is open, and leave. A second one ends the process at once. SIGPIPE
//! ends the commands that only print.

use signal_hook::consts::{SIGINT, SIGPIPE, SIGTERM};
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

/// Ends the process without a word once nobody reads what it prints, as in `weir … | head`: Rust's
/// own way is to panic. Only for commands that have nothing to put in order.
pub(crate) fn end_with_the_reader() -> miette::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    // 128 and the signal's number, as shells tell of it.
    signal_hook::flag::register_conditional_shutdown(SIGPIPE, 128 + SIGPIPE, always)
        .map_err(|error| miette::miette!("cannot listen for signal {SIGPIPE}: {error}"))?;
    Ok(())
}
