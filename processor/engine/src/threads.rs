//! Threads, and how they wait: what an instance asks of the machine beside its log and its stores.
//!
//! In a process they are the operating system's; the simulator puts its own in their place, and so
//! decides who runs when.

use crossbeam_channel::{Receiver, Select};
use std::io;
use std::time::Duration;

/// Starts threads, and lets them wait.
pub trait Threads: Send + Sync {
    /// Starts a thread of this name.
    ///
    /// # Errors
    /// When the machine gives no more threads.
    fn start(&self, name: String, body: Box<dyn FnOnce() + Send>) -> io::Result<Box<dyn Thread>>;

    /// Does nothing for a while.
    fn sleep(&self, wait: Duration);

    /// Waits until there is mail, but at most for so long.
    fn wait_for(&self, mail: &dyn Mail, wait: Duration);
}

/// A thread that was started.
pub trait Thread: Send {
    /// Waits until it has ended.
    fn join(self: Box<Self>);
}

/// Where a thread's messages come in.
pub trait Mail {
    /// Whether one is there.
    fn is_there(&self) -> bool;

    /// Blocks the thread until one is there or nobody can send any more, but at most for so long.
    fn block(&self, wait: Duration);
}

impl<T> Mail for Receiver<T> {
    fn is_there(&self) -> bool {
        !self.is_empty()
    }

    fn block(&self, wait: Duration) {
        let mut select = Select::new();
        select.recv(self);
        // Whether it is there or the time is over is for the caller to see.
        let _ = select.ready_timeout(wait);
    }
}

/// The operating system's threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsThreads;

impl Threads for OsThreads {
    fn start(&self, name: String, body: Box<dyn FnOnce() + Send>) -> io::Result<Box<dyn Thread>> {
        let handle = std::thread::Builder::new().name(name).spawn(body)?;
        Ok(Box::new(OsThread(handle)))
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }

    fn wait_for(&self, mail: &dyn Mail, wait: Duration) {
        mail.block(wait);
    }
}

struct OsThread(std::thread::JoinHandle<()>);

impl Thread for OsThread {
    fn join(self: Box<Self>) {
        // A thread that panicked has said so on stderr.
        let _ = self.0.join();
    }
}
