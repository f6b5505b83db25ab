//! How the process takes memory from the system.

/// Has the system give small pages alone from now on, whatever it is set to. A huge page stays whole while a debtor
/// or a record in it lives, and where these come and go one by one that is a seventh of all memory, for no gain
/// that could be measured (`docs/decisions/0020-small-pages.md`).
pub(crate) fn keep_small() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::warn!(%error, "the system goes on giving huge pages: memory may be more than was reckoned with");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn the_system_gives_no_huge_pages_any_more() {
        let enabled = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("THP_enabled:")).unwrap();
            line.trim().to_owned()
        };
        super::keep_small();
        assert_eq!(enabled(), "0");
    }
}
