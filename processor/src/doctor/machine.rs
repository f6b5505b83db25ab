//! What an instance needs of the machine that it runs on: a policy, a disk, file handles, a port.

use super::Finding;
use crate::config::{Config, PolicySource};
use crate::versions;
use decision::Policies;
use decision::time::Timestamp;
use rustix::process::{Resource, getrlimit};
use state::Sizes;
use std::net::TcpListener;
use std::path::Path;

/// File handles for what is no store: brokers' connections, HTTP, logs.
const OTHER_FILES: u64 = 1_024;

/// The policy's files are sound, and one of them holds. What was published lies on the cluster.
pub(super) fn policy(config: &Config, now: Timestamp) -> Option<Finding> {
    let PolicySource::Files(files) = &config.policy else { return None };
    Some(match versions::load(files, now) {
        Ok(policies) => holding(&policies, now),
        Err(report) => {
            Finding::wrong("policy", report.to_string(), "weir check says all that is wrong with a file")
        }
    })
}

/// Which version holds.
pub(super) fn holding(policies: &Policies, now: Timestamp) -> Finding {
    let (holding, count) = (&policies.at(now).identity, policies.versions().len());
    Finding::good("policy", format!("{} {} holds now, of {count}", holding.name, holding.version))
}

/// Everything else of the machine. How many partitions there are is not known where no broker is.
pub(super) fn look(config: &Config, partitions: Option<u32>) -> Vec<Finding> {
    vec![
        folder(&config.state_folder),
        room(config),
        files(getrlimit(Resource::Nofile).current, partitions),
        port(config),
    ]
}

/// The folder of the state can be written, or made where it is to be. It is not made by this.
fn folder(folder: &Path) -> Finding {
    const ABOUT: &str = "state folder";
    let (shown, there) = (folder.display(), nearest(folder));
    // Not the lock: an instance that is at work has it, and must keep it.
    match tempfile::tempfile_in(there) {
        Ok(_) if there == folder => Finding::good(ABOUT, format!("{shown} can be written")),
        Ok(_) => Finding::good(ABOUT, format!("{shown} can be made")),
        Err(error) => {
            let told = format!("{shown} cannot be written: {}: {error}", there.display());
            Finding::wrong(
                ABOUT,
                told,
                "let the user that Weir runs as write there, or name another in [state]",
            )
        }
    }
}

/// The folder itself, or the nearest above it that is there.
fn nearest(folder: &Path) -> &Path {
    // Above a name alone is the folder that one is in.
    let mut above =
        folder.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    above.find(|above| above.exists()).unwrap_or(folder)
}

/// The disk has room for more than it refuses to work below.
fn room(config: &Config) -> Finding {
    const ABOUT: &str = "disk";
    let sizes = config.state_memory.map_or_else(Sizes::of_this_process, Sizes::of_bytes);
    let least = state::least_free_bytes(&sizes);
    let disk = match rustix::fs::statvfs(nearest(&config.state_folder)) {
        Ok(disk) => disk,
        Err(error) => {
            return Finding::wrong(
                ABOUT,
                format!("its room cannot be asked for: {error}"),
                "look at [state] folder",
            );
        }
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let told = format!("{} MB are free", free / 1_000_000);
    if free < least {
        let mend =
            format!("a partition stops below {} MB: free some, or give it a larger disk", least / 1_000_000);
        return Finding::wrong(ABOUT, told, mend);
    }
    if free < least.saturating_mul(10) {
        return Finding::doubtful(ABOUT, told, "docs/performance.md says how much a million accounts take");
    }
    Finding::good(ABOUT, told)
}

/// As many files may be open as the stores of all partitions hold.
fn files(limit: Option<u64>, partitions: Option<u32>) -> Finding {
    const ABOUT: &str = "open files";
    let partitions = u64::from(partitions.unwrap_or(1));
    let needed = partitions.saturating_mul(state::FILES_A_PARTITION).saturating_add(OTHER_FILES);
    match limit {
        Some(limit) if limit < needed => {
            let told = match partitions {
                1 => format!("{limit} may be open, and a partition needs up to {needed}"),
                _ => format!("{limit} may be open, and {partitions} partitions need up to {needed}"),
            };
            Finding::doubtful(
                ABOUT,
                told,
                format!("ulimit -n {needed}; LimitNOFILE={needed} in a unit of systemd"),
            )
        }
        Some(limit) => {
            Finding::good(ABOUT, format!("{limit} may be open, {needed} is the most that is needed"))
        }
        None => Finding::good(ABOUT, "as many as there are"),
    }
}

/// Metrics and probes can be served.
fn port(config: &Config) -> Finding {
    const ABOUT: &str = "http";
    match TcpListener::bind(config.listen) {
        Ok(_) => Finding::good(ABOUT, format!("{} is free", config.listen)),
        Err(error) => {
            let mend = "right where an instance of this configuration is at work; else give another `listen` in [http]";
            Finding::doubtful(ABOUT, format!("{} cannot be listened on: {error}", config.listen), mend)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Standing;
    use super::*;

    #[test]
    fn a_limit_of_open_files_is_held_against_what_the_partitions_need() {
        let check = |limit, partitions, standing, words: &str| {
            let finding = files(limit, partitions);
            assert_eq!(finding.standing, standing, "{finding:?}");
            assert!(format!("{finding:?}").contains(words), "{finding:?}");
        };
        check(Some(1_024), Some(48), Standing::Doubtful, "LimitNOFILE=19456");
        check(Some(19_455), Some(48), Standing::Doubtful, "48 partitions need up to 19456");
        check(Some(19_456), Some(48), Standing::Good, "19456 may be open");
        check(Some(1_024), None, Standing::Doubtful, "needs up to 1408");
        check(None, Some(48), Standing::Good, "as many as there are");
    }

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        let told = |path: &str| folder(&place.path().join(path));
        assert!(told("a/b").told.ends_with("a/b can be made"), "{:?}", told("a/b"));
        assert!(told(".").told.ends_with("can be written"), "{:?}", told("."));
        assert!(place.path().read_dir().unwrap().next().is_none(), "it left something there");
        std::fs::write(place.path().join("file"), "").unwrap();
        assert_eq!(told("file/state").standing, Standing::Wrong);
        for (asked, expected) in
            [("no-such", "."), ("no-such/state", "."), ("src/no-such", "src"), ("/no-such", "/")]
        {
            assert_eq!(nearest(Path::new(asked)), Path::new(expected), "{asked}");
        }
    }
}
