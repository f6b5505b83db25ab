//! The overview as text, for where no terminal shows it.

use super::columns;
use super::grid::Grid;
use super::overview::Overview;

/// All of it: the instances, what is to be said of them, the partitions.
pub(super) fn told(overview: &Overview) -> String {
    // As wide as it is: what is piped is cut by whoever reads it, if at all.
    let lines = |grid: &Grid| {
        let rows = std::iter::once(grid.head(usize::MAX)).chain(grid.body(usize::MAX));
        rows.map(|cells| cells.concat().trim_end().to_owned()).collect::<Vec<_>>()
    };
    let mut told = lines(&columns::of_instances(overview));
    told.extend(overview.instances.iter().flat_map(columns::remarks));
    if !overview.partitions.is_empty() {
        let rows: Vec<_> = overview.partitions.iter().collect();
        told.push(String::new());
        told.extend(lines(&columns::of_partitions(&rows)));
    }
    told.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::overview::Watched;
    use crate::top::samples;

    #[track_caller]
    fn check(watched: &[Watched], expected: &str) {
        let told = told(&Overview::of(watched));
        assert_eq!(told, expected.trim_matches('\n'), "\n{told}");
    }

    #[test]
    fn all_is_told_once_whole() {
        check(&samples::watched(), include_str!("text/three.txt"));
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(include_str!("text/three.txt")), "the README shows something else");
        check(&[Watched::new("weir:8080")], include_str!("text/asked.txt"));
    }
}
