//! The versions of the policy that an instance works by, read and checked before anything begins: of files, or
//! as they were published.
//!
//! Which of them holds at a moment is `decision`'s business; what a file may say is `policy`'s.

use crate::config::{Config, PolicyFiles, PolicySource};
use crate::publishing;
use decision::Policies;
use decision::time::Timestamp;
use engine::Versions;
use engine::log::Log;
use miette::{IntoDiagnostic, WrapErr, miette};
use schemas::Registry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The versions that an instance goes by, and what they are now; none where none was published yet. Of files one
/// must hold at `now`.
pub(crate) fn of_config<L: Log>(
    config: &Config,
    log: &L,
    registry: &Arc<dyn Registry>,
    now: Timestamp,
) -> miette::Result<Option<(Versions, Arc<Policies>)>> {
    match &config.policy {
        PolicySource::Files(files) => {
            let policies = Arc::new(load(files, now)?);
            let replace_published = files.replace_published;
            Ok(Some((Versions::Files { policies: policies.clone(), replace_published }, policies)))
        }
        PolicySource::Published => {
            let publications = publishing::read(log, &config.topics, registry.clone())?;
            let policies = publications.up_to(publications.last());
            Ok(policies.map(|policies| (Versions::Published(publications.into()), policies)))
        }
    }
}

/// Reads all versions. One of them must hold at `now`.
pub(crate) fn load(from: &PolicyFiles, now: Timestamp) -> miette::Result<Policies> {
    let mut paths = from.files.clone();
    if let Some(folder) = &from.folder {
        paths.extend(policies_in(folder)?);
    }
    let mut versions = Vec::new();
    for path in &paths {
        let loaded = policy::load(path)?;
        if let Some(warnings) = loaded.warnings {
            tracing::warn!(policy = %path.display(), "{warnings}");
        }
        versions.push(loaded.policy);
    }
    let policies = Policies::new(versions).map_err(|_| {
        let folder = from.folder.as_deref().unwrap_or(Path::new("")).display();
        miette!("there is no policy in {folder}: put a `.policy.yaml` file there")
    })?;
    check_one_holds(&policies, now)?;
    Ok(policies)
}

/// The versions of a policy in these files, for those who only try it: the first holds from the beginning, whatever
/// it says. Warnings are told.
pub(crate) fn of_files(paths: &[PathBuf]) -> miette::Result<Policies> {
    let mut versions = Vec::new();
    for path in paths {
        let loaded = policy::load(path)?;
        if let Some(warnings) = loaded.warnings {
            eprintln!("{:?}", miette::Report::new(warnings));
        }
        versions.push(loaded.policy);
    }
    Policies::new(versions).into_diagnostic()
}

/// The versions in a folder, by name: of two that hold from the same moment the later one holds.
fn policies_in(folder: &Path) -> miette::Result<Vec<PathBuf>> {
    let context = || format!("cannot read the folder of policies {}", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).into_diagnostic().wrap_err_with(context)? {
        let path = entry.into_diagnostic().wrap_err_with(context)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden ones are an editor's, or Kubernetes' own.
        if name.ends_with(".yaml") && !name.ends_with(".tests.yaml") && !name.starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn check_one_holds(policies: &Policies, now: Timestamp) -> miette::Result<()> {
    let first = policies.at(now);
    match first.effective_from {
        Some(from) if from > now => Err(miette!(
            help = "add the version that holds until then, or take `effective_from` out of this one",
            "no version of the policy holds yet: the first, {} {}, holds from {from} on",
            first.identity.name,
            first.identity.version
        )),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use decision::Policy;

    const POLICY: &str = "version: \"1\"\ntime_zone: UTC\ncurrency: USD\nlanguage: en\n";

    fn files(folder: &Path) -> PolicyFiles {
        PolicyFiles { files: Vec::new(), folder: Some(folder.to_path_buf()), replace_published: false }
    }

    #[test]
    fn every_policy_of_a_folder_is_a_version_and_tests_and_hidden_files_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["b.policy.yaml", "a.yaml", "a.tests.yaml", ".hidden.yaml", "notes.txt"];
        for name in names {
            std::fs::write(folder.path().join(name), format!("policy: \"{name}\"\n{POLICY}")).unwrap();
        }
        let policies = load(&files(folder.path()), Timestamp(0)).unwrap();
        let names: Vec<&str> = policies.versions().iter().map(|version| &*version.identity.name).collect();
        assert_eq!(names, ["a.yaml", "b.policy.yaml"]);
    }

    #[test]
    fn a_folder_without_a_policy_and_one_that_is_not_there_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let told = load(&files(folder.path()), Timestamp(0)).unwrap_err().to_string();
        assert!(told.contains("there is no policy in"), "{told}");
        let told = load(&files(&folder.path().join("absent")), Timestamp(0)).unwrap_err().to_string();
        assert!(told.contains("absent"), "{told}");
    }

    #[test]
    fn weir_does_not_start_before_a_version_holds() {
        let text = format!("policy: p\n{POLICY}");
        let loaded = Arc::into_inner(policy::parse("p.policy.yaml", &text).unwrap().policy).unwrap();
        let policies = Policies::from(Policy { effective_from: Some(Timestamp(10)), ..loaded });
        let told = check_one_holds(&policies, Timestamp(9)).unwrap_err().to_string();
        assert!(told.contains("holds yet") && told.contains("p 1"), "{told}");
        assert!(check_one_holds(&policies, Timestamp(10)).is_ok());
    }
}
