//! How much memory all stores of a process take together, and where that figure comes from.
//!
//! What each part of it is used for is `families`' business.

use std::path::Path;

/// Of the memory that the process may have, the share of the stores. The rest is for decoded
/// debtors, batches on their way, producers (about 1 MiB each) and the page cache, which counts
/// against a container's limit too and holds the compressed files.
const SHARE_PERCENT: u64 = 40;

/// Of the stores' memory, the share that memtables may take: what has been applied and is not on
/// the disk yet. More of it means fewer and larger flushes; the rest caches what is read.
const WRITE_BUFFERS_PERCENT: u64 = 35;

/// Below this RocksDB flushes and reads without end, whatever the limit says.
const LEAST_BYTES: u64 = 8 * 1024 * 1024;

/// Taken to be the machine's memory where it does not tell: a small pod's.
const UNKNOWN_MEMORY_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// The memory of all stores of a process: blocks read, indexes, filters and memtables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    total_bytes: u64,
}

impl Sizes {
    /// This much memory in total, but no less than 8 MiB.
    #[must_use]
    pub fn of_bytes(total_bytes: u64) -> Self {
        Self { total_bytes: total_bytes.max(LEAST_BYTES) }
    }

    /// Two fifths of the memory that this process may have: the least of the limits of its control
    /// groups and the machine's memory.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self::of_memory(memory_bytes(Path::new("/")))
    }

    /// Two fifths of this much memory.
    #[must_use]
    pub fn of_memory(memory_bytes: u64) -> Self {
        Self::of_bytes(percent(memory_bytes, SHARE_PERCENT))
    }

    /// All of it. Memtables are charged to the block cache, so this is the cache's capacity.
    #[must_use]
    pub fn total_bytes(self) -> u64 {
        self.total_bytes
    }

    /// What memtables of all partitions may take of it.
    #[must_use]
    pub fn write_buffers_bytes(self) -> u64 {
        percent(self.total_bytes, WRITE_BUFFERS_PERCENT)
    }
}

fn percent(of: u64, share: u64) -> u64 {
    (of / 100).saturating_mul(share)
}

/// The memory that this process may have, by the files under `root`.
fn memory_bytes(root: &Path) -> u64 {
    let groups = read(root, "proc/self/cgroup").unwrap_or_default();
    let limits = groups.lines().flat_map(|line| limits_of_group(root, line));
    limits.chain(physical_bytes(root)).min().unwrap_or(UNKNOWN_MEMORY_BYTES)
}

/// The limits on one line's group and all groups above it: `0::/path` is version 2, a line that
/// names the controller `memory` version 1. Inside a container the path may be the host's and lead
/// nowhere; the mount's own root is then the container's group.
fn limits_of_group(root: &Path, line: &str) -> Vec<u64> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
        return Vec::new();
    };
    let (mount, file) = if controllers.is_empty() {
        ("sys/fs/cgroup", "memory.max")
    } else if controllers.split(',').any(|controller| controller == "memory") {
        ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
    } else {
        return Vec::new();
    };
    // Version 1 says "no limit" with a number near 2⁶³, version 2 with "max", which is no number.
    let limit = |group: &Path| read(&root.join(mount).join(group), file)?.trim().parse().ok();
    Path::new(path.trim_start_matches('/')).ancestors().filter_map(limit).collect()
}

fn physical_bytes(root: &Path) -> Option<u64> {
    let table = read(root, "proc/meminfo")?;
    let total = table.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn read(folder: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(folder.join(file)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[track_caller]
    fn check(files: &[(&str, &str)], expected_bytes: u64) {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        assert_eq!(memory_bytes(root.path()), expected_bytes, "{files:?}");
    }

    #[test]
    fn the_least_limit_holds_whoever_sets_it() {
        let machine = ("proc/meminfo", "MemTotal:       4194304 kB\nMemFree: 1 kB\n");
        let v2 = ("proc/self/cgroup", "0::/pods/weir\n");
        let v1 = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/pods/weir\n");
        let gib = "1073741824\n";
        let none_v1 = "9223372036854771712\n";
        check(&[], UNKNOWN_MEMORY_BYTES);
        check(&[machine], 4 * GIB);
        check(&[machine, v2], 4 * GIB);
        check(&[machine, v2, ("sys/fs/cgroup/pods/weir/memory.max", gib)], GIB);
        check(&[machine, v2, ("sys/fs/cgroup/pods/weir/memory.max", "max\n")], 4 * GIB);
        check(&[machine, v2, ("sys/fs/cgroup/pods/memory.max", gib)], GIB);
        // In a container the path is often the host's; the mount's root is the container's.
        check(&[machine, v2, ("sys/fs/cgroup/memory.max", gib)], GIB);
        check(&[machine, v1, ("sys/fs/cgroup/memory/pods/weir/memory.limit_in_bytes", gib)], GIB);
        check(&[machine, v1, ("sys/fs/cgroup/memory/memory.limit_in_bytes", none_v1)], 4 * GIB);
        check(&[machine, v1, ("sys/fs/cgroup/cpu/memory.limit_in_bytes", gib)], 4 * GIB);
    }

    #[test]
    fn stores_take_their_share_and_never_too_little() {
        let sizes = Sizes::of_memory(1_000_000_000);
        assert_eq!(sizes.total_bytes(), 400_000_000);
        assert_eq!(sizes.write_buffers_bytes(), 140_000_000);
        assert_eq!(Sizes::of_bytes(0).total_bytes(), LEAST_BYTES);
        assert!(Sizes::of_this_process().total_bytes() >= LEAST_BYTES);
    }
}
