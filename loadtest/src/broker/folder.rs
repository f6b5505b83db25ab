//! The folder that a server runs in, which cannot outlive the process that made it.
//!
//! The processes that write to it are `keeper`'s.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

/// Removes `$FOLDER` at the end of standard input, unless it is gone by then.
///
/// The owner holds the other end of that pipe, which the system closes however the owner ends: what lies
/// in a static is dropped by nobody, and after a kill nobody is left to. A server in the folder is killed
/// by its own keeper at the same moment, and may make a file more: so the folder is looked at again.
const SWEEPER: &str = r#"
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ -e "$FOLDER" ] || exit 0
    rm -rf "$FOLDER"
    sleep 0.5
done
"#;

/// A temporary folder, removed when it is dropped or its owner ends.
pub(super) struct Folder {
    // Before the sweeper, so that it is dropped before it and the sweeper has nothing left to do.
    folder: TempDir,
    _sweeper: Sweeper,
}

impl Folder {
    /// A new folder under the system's own for such.
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("weir-test-").tempdir()?;
        let sweeper = Sweeper::start(folder.path())?;
        Ok(Self { folder, _sweeper: sweeper })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// The shell that removes a folder.
struct Sweeper {
    shell: Child,
    /// Taken when the folder is to go.
    pipe: Option<ChildStdin>,
}

impl Sweeper {
    fn start(folder: &Path) -> io::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SWEEPER])
            // Not as an argument: whoever looks for processes that work in the folder means others.
            .env("FOLDER", folder)
            .current_dir("/")
            // A Ctrl-C in the terminal is for the owner.
            .process_group(0)
            .stdin(Stdio::piped())
            // Whoever reads what the owner prints is not to wait for this.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // Nobody is left to tell; the closed pipe has the folder removed even so.
        let _unknown = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_goes_when_it_is_dropped() {
        let folder = Folder::new().expect("a folder");
        let path = folder.path().to_owned();
        fs::write(path.join("log"), "a line").expect("a file");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_nobody_dropped_goes_with_its_owner_while_something_still_writes_there() {
        let Folder { folder, _sweeper: sweeper } = Folder::new().expect("a folder");
        let path = folder.keep();
        fs::write(path.join("log"), "a line").expect("a file");
        // A server that lives a moment longer, and makes its folder anew.
        let write = r#"for _ in 1 2 3 4 5 6; do mkdir -p "$1/data"; : >"$1/data/$_"; sleep 0.05; done"#;
        let mut writer = Command::new("sh").args(["-c", write, "sh"]).arg(&path).spawn().expect("a shell");
        // As the system does when the owner ends.
        drop(sweeper);
        writer.wait().expect("the writer has ended");
        assert!(!path.exists());
    }
}
