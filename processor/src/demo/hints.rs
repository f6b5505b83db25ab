//! What there is to try while the demo runs: where the console is, and three things that can be asked right now.
//!
//! Where it stands on the screen is [`super::screen`]'s business.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the same account is named, so that what is named can be tried: nobody who was just reminded is at the
/// last stage sooner.
const STEADY: Duration = Duration::from_secs(15);

/// The last stage of every plan: of whoever was just reminded it is still to come.
const LAST_STAGE: &str = "agency";

/// What can be tried.
pub(crate) struct Hints {
    api: SocketAddr,
    /// How the program was called.
    program: String,
    asks_for_token: bool,
    /// The account that is named, and since when.
    named: Option<(String, Instant)>,
    /// How many orders the breaker has held.
    held: u64,
}

impl Hints {
    pub(crate) fn new(api: SocketAddr, asks_for_token: bool) -> Self {
        Self { api, program: program(), asks_for_token, named: None, held: 0 }
    }

    /// Where the console is.
    pub(crate) fn console(&self) -> String {
        format!("http://{}/console/", self.api)
    }

    /// Whether nobody was reminded yet.
    pub(crate) fn has_no_account(&self) -> bool {
        self.named.is_none()
    }

    /// An account was reminded of its debt just now; answers whether it is the one to be named from now on.
    pub(crate) fn reminded(&mut self, account: &str) -> bool {
        let is_new = self.named.as_ref().is_none_or(|(_, since)| since.elapsed() >= STEADY);
        if is_new {
            self.named = Some((account.to_owned(), Instant::now()));
        }
        is_new
    }

    /// The breaker has held an order; answers whether it is the first.
    pub(crate) fn held(&mut self) -> bool {
        self.held = self.held.saturating_add(1);
        self.held == 1
    }

    /// The lines of it.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (api, program) = (self.api, &self.program);
        let mut lines = vec![format!("The console, in a browser: {}", self.console())];
        if self.held > 0 {
            lines.push(format!(
                "The breaker has held {} orders so far; those that wait to be released or dropped: http://{api}/console/held",
                self.held
            ));
        }
        if let Some((account, _)) = &self.named {
            let whose = if self.asks_for_token {
                ", the others with --token-file and a file of your token"
            } else {
                ""
            };
            lines.push(format!("Three things to try, the first in a browser{whose}:"));
            lines.push(format!("    http://{api}/console/accounts/{account}"));
            lines.push(format!("    {program} explain --account {account} --url http://{api}"));
            lines.push(format!(
                "    {program} why-not --account {account} --stage {LAST_STAGE} --url http://{api}"
            ));
        }
        lines
    }
}

/// How whoever runs this calls it: as they did, from where they are.
fn program() -> String {
    let called = std::env::args_os().next().map_or_else(|| PathBuf::from("weir"), PathBuf::from);
    let here = std::env::current_dir().unwrap_or_default();
    from_here(&called, &here).display().to_string()
}

fn from_here<'a>(called: &'a Path, here: &Path) -> &'a Path {
    called.strip_prefix(here).unwrap_or(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_named_at_once_and_what_to_try_once_somebody_was_reminded() {
        let mut hints = Hints::new(([127, 0, 0, 1], 8090).into(), false);
        assert_eq!(hints.lines(), ["The console, in a browser: http://127.0.0.1:8090/console/"]);
        assert!(hints.reminded("A-1"));
        assert!(!hints.reminded("A-2"), "what is named stays for a while");
        let told = hints.lines().join("\n");
        for part in
            ["\n    http://127.0.0.1:8090/console/accounts/A-1\n", "--account A-1 --stage agency --url"]
        {
            assert!(told.contains(part), "«{part}» is not in {told}");
        }
        assert!(!told.contains("A-2") && !told.contains("console/held"), "{told}");
        assert!(hints.held() && !hints.held());
        assert!(hints.lines().join("\n").contains("has held 2 orders so far"), "{:?}", hints.lines());
    }

    #[test]
    fn the_program_is_called_as_it_was_from_where_one_is() {
        let rows = [
            ("/a/b/target/weir", "/a/b", "target/weir"),
            ("weir", "/a/b", "weir"),
            ("/c/weir", "/a/b", "/c/weir"),
        ];
        for (called, here, expected) in rows {
            assert_eq!(
                from_here(Path::new(called), Path::new(here)),
                Path::new(expected),
                "{called} in {here}"
            );
        }
    }
}
