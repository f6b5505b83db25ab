//! Panics, caught: what one said, and where, instead of a thread that is no more.
//!
//! What is done about one is the worker's and the task's business.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many callers up the stack catch what panics.
    static CATCHERS: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic was.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Does something; answers what its panic said, with the place in the code.
///
/// Whatever was being changed may be half changed then: the caller must drop it. A thread that is ended
/// by unwinding it, without a message, is no panic and goes on unwinding.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(install_hook);
    CATCHERS.with(|catchers| catchers.set(catchers.get().saturating_add(1)));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    CATCHERS.with(|catchers| catchers.set(catchers.get().saturating_sub(1)));
    outcome.map_err(|panic| match message(&*panic) {
        Some(message) => {
            let place = PLACE.with(RefCell::take).unwrap_or_else(|| "an unknown place".to_owned());
            format!("a panic at {place}: {message}")
        }
        None => resume_unwind(panic),
    })
}

fn message(panic: &(dyn Any + Send)) -> Option<String> {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
}

/// Only the hook is told where a panic was. What is caught is told by whoever catches it.
fn install_hook() {
    let before = take_hook();
    set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string);
        PLACE.with(|last| last.replace(place));
        if CATCHERS.with(Cell::get) == 0 || message(info.payload()).is_none() {
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_with_its_message_and_its_place() {
        let told = caught(|| -> u32 { panic!("{} is too many", 7) }).unwrap_err();
        assert!(told.starts_with("a panic at "), "{told}");
        assert!(told.contains("panics.rs:") && told.ends_with(": 7 is too many"), "{told}");
        assert_eq!(caught(|| 7), Ok(7));
    }

    #[test]
    fn a_thread_that_is_ended_by_unwinding_it_is_ended() {
        let outcome = std::thread::spawn(|| caught(|| resume_unwind(Box::new(7_u8)))).join();
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&7_u8));
    }
}
