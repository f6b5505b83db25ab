//! One server's process, which cannot outlive the process that started it.
//!
//! When the server is ready, and what it runs on, `server` knows.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs its arguments as a command, and kills it at the end of standard input.
///
/// The owner holds the other end of that pipe, and the system closes it however the owner dies,
/// by SIGKILL too, so no handler has to run and nothing has to be asked of the kernel that Rust
/// calls unsafe. Until then each line is the name of a signal for the command. This way only the
/// shell, whose own child it is, names the process: no identifier can have passed to another.
const KEEPER: &str = r#"
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(
    while read -r signal; do kill -s "$signal" "$server"; done
    kill -s KILL "$server"
) <&3 3<&- >/dev/null 2>&1 &
listener=$!
exec 3<&-
wait "$server"
status=$?
kill -s KILL "$listener"
wait "$listener" 2>/dev/null
exit "$status"
"#;

/// How often a process that should end is looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// A running command and the shell that keeps it.
pub(super) struct Kept {
    shell: Child,
    /// Taken when nothing more is to be said, which ends the command.
    signals: Option<ChildStdin>,
}

impl Kept {
    /// Starts a command in a folder, its output going to the end of `log`.
    pub(super) fn start(command: &[OsString], folder: &Path, log: &Path) -> io::Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        let mut shell = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .args(command)
            .current_dir(folder)
            // A Ctrl-C in the terminal is for the owner, whose end then ends the command.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let signals = shell.stdin.take();
        Ok(Self { shell, signals })
    }

    /// How the command ended, if it has.
    pub(super) fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.shell.try_wait()
    }

    /// Asks the command to end, and kills it when it has not done so in time.
    pub(super) fn stop(mut self, within: Duration) -> io::Result<()> {
        self.signal("TERM");
        let deadline = Instant::now() + within;
        while self.ended()?.is_none() && Instant::now() < deadline {
            thread::sleep(GLANCE);
        }
        self.kill()
    }

    /// Ends the command at once, as a crash would, and waits until it has gone.
    pub(super) fn kill(mut self) -> io::Result<()> {
        self.end()
    }

    fn signal(&mut self, name: &str) {
        if let Some(signals) = &mut self.signals {
            // It fails only when nobody reads, and the shell stops reading when the command is gone.
            let _gone = writeln!(signals, "{name}");
        }
    }

    fn end(&mut self) -> io::Result<()> {
        drop(self.signals.take());
        self.shell.wait().map(drop)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Nobody is left to tell; the closed pipe has ended the command even so.
        let _unknown = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(script: &str, folder: &Path) -> Kept {
        let command = ["sh", "-c", script].map(OsString::from);
        Kept::start(&command, folder, &folder.join("log")).expect("a shell starts")
    }

    fn log_of(folder: &Path) -> String {
        std::fs::read_to_string(folder.join("log")).unwrap_or_default()
    }

    fn wait_until_ready(folder: &Path) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while log_of(folder) != "ready\n" {
            assert!(Instant::now() < deadline, "the command never began");
            thread::sleep(GLANCE);
        }
    }

    #[test]
    fn a_command_that_ends_by_itself_leaves_its_status() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = keep("exit 7", folder.path());
        let status = loop {
            if let Some(status) = kept.ended().expect("a status") {
                break status;
            }
            thread::sleep(GLANCE);
        };
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_stop_lets_the_command_finish_and_a_kill_does_not() {
        let script = "trap 'echo finished; exit' TERM; echo ready; while :; do sleep 0.1; done";
        let stop = |kept: Kept| kept.stop(Duration::from_secs(10));
        for (end, finishes) in [(stop as fn(Kept) -> _, true), (Kept::kill, false)] {
            let folder = tempfile::tempdir().expect("a folder");
            let kept = keep(script, folder.path());
            wait_until_ready(folder.path());
            end(kept).expect("the command has ended");
            let log = log_of(folder.path());
            assert_eq!(log.contains("finished"), finishes, "{log}");
        }
    }

    #[test]
    fn a_command_deaf_to_a_stop_is_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = keep("trap '' TERM; echo ready; while :; do sleep 0.1; done", folder.path());
        wait_until_ready(folder.path());
        kept.stop(Duration::from_millis(200)).expect("the command has ended");
    }
}
