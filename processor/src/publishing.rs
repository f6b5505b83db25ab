//! `weir policy publish`, `list`, `show`, `roll-back`: the versions of the policy that all instances go by.
//!
//! How a version is written, and what a partition makes of it, is the engine's business; what a text means
//! `policy`'s.

mod outcome;
mod told;
mod write;

pub(crate) use write::{publish, roll_back};

use crate::cli::{ListPublicationsArguments, Output, ShowPublicationArguments};
use crate::clock::SystemClock;
use crate::config::Config;
use connectors::kafka::KafkaLog;
use connectors::registry::SchemaRegistry;
use decision::policy::PolicyIdentity;
use decision::{Policy, Published};
use engine::Clock;
use engine::log::Log;
use engine::versions::{Compile, Publications, PublicationsError};
use miette::{Context, IntoDiagnostic, miette};
use policy::Texts;
use schemas::{Publication, Registry, SingleTopic, TopicNames};
use std::io::Write;
use std::path::{Component, Path};
use std::process::ExitCode;
use std::sync::Arc;

/// A cluster, as a configuration names it.
struct Site {
    config: Config,
    log: KafkaLog,
    registry: Arc<dyn Registry>,
}

impl Site {
    fn of(config: &Path) -> miette::Result<Self> {
        let config = Config::load(config).map_err(|problem| *problem)?;
        let registry: Arc<dyn Registry> =
            Arc::new(SchemaRegistry::connect(&config.registry).into_diagnostic()?);
        let log = KafkaLog::new(config.kafka.clone()).into_diagnostic()?;
        Ok(Self { config, log, registry })
    }

    /// What was published, all of it: nothing is chosen by a part.
    fn publications(&self) -> miette::Result<Publications> {
        let names = &self.config.topics;
        let publications = read(&self.log, names, self.registry.clone())?;
        match publications.read_on(&self.log) {
            Ok(true) => Ok(publications),
            Ok(false) => {
                Err(not_read(PublicationsError::Open(names.single(SingleTopic::Policies).clone()), names))
            }
            Err(error) => Err(not_read(error, names)),
        }
    }
}

/// What was published, as far as it can be read now.
pub(crate) fn read<L: Log>(
    log: &L,
    names: &TopicNames,
    registry: Arc<dyn Registry>,
) -> miette::Result<Publications> {
    Publications::read(log, names, registry, compile()).map_err(|error| not_read(error, names))
}

/// Why it cannot be read, with what can be done about it.
fn not_read(error: PublicationsError, names: &TopicNames) -> miette::Report {
    let topic = names.single(SingleTopic::Policies);
    let context = match &error {
        PublicationsError::NoTopic(_) => {
            format!("weir topics create makes {topic}, or mend `prefix` in [topics]")
        }
        PublicationsError::NotSingle { .. } => {
            format!("remove {topic} while it is empty: weir topics create makes it")
        }
        PublicationsError::Unusable { .. } => "run a version of Weir that knows what it says".to_owned(),
        PublicationsError::Nothing(_) => "publish a version first: weir policy publish --help".to_owned(),
        PublicationsError::Log(_)
        | PublicationsError::Unreadable { .. }
        | PublicationsError::Gap { .. }
        | PublicationsError::Open(_) => format!("what was published in {topic} cannot be read"),
    };
    miette::Report::from_err(error).wrap_err(context)
}

/// Makes a policy of what was published. Its identity is the one that it was published under: running cycles
/// name it.
fn compile() -> Compile {
    Box::new(|publication| {
        let loaded = texts(publication).read().map_err(|report| {
            let findings: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
            findings.join("; ")
        })?;
        let policy = Arc::into_inner(loaded.policy).ok_or("it is in use already")?;
        let identity = PolicyIdentity { hash: publication.policy_hash.clone(), ..policy.identity };
        Ok(Arc::new(Policy { identity, ..policy }))
    })
}

/// What a published policy is made of.
fn texts(publication: &Publication) -> Texts {
    let beside = publication.beside.iter().map(|file| (file.name.clone(), file.text.clone()));
    Texts { file: publication.file.clone(), text: publication.text.clone(), beside: beside.collect() }
}

/// The publication of this number.
fn find(publications: &Publications, revision: i64) -> miette::Result<(Publication, Arc<Policy>)> {
    let found = publications.all().into_iter().find(|(publication, _)| publication.revision == revision);
    found.ok_or_else(|| {
        let last = publications.last();
        miette!(
            help = "weir policy list tells all that there are",
            "there is no publication {revision}: the last one is {last}"
        )
    })
}

/// A version that is meant by its number, or by its file: for whoever compares.
pub(crate) fn of_words(words: &[&str], config: Option<&Path>) -> miette::Result<Vec<Arc<Policy>>> {
    let mut publications = None;
    let mut found = Vec::new();
    for word in words {
        found.push(match (config, word.parse::<i64>()) {
            (Some(config), Ok(revision)) => {
                if publications.is_none() {
                    publications = Some(Site::of(config)?.publications()?);
                }
                let known = publications.as_ref().ok_or_else(|| miette!("nothing was read"))?;
                find(known, revision)?.1
            }
            (None, _) | (Some(_), Err(_)) => policy::load(Path::new(word))?.policy,
        });
    }
    Ok(found)
}

/// As `decision` sees publications.
pub(crate) fn published(all: &[(Publication, Arc<Policy>)]) -> Vec<Published> {
    let published = |(publication, version): &(Publication, Arc<Policy>)| Published {
        version: version.clone(),
        at: publication.published_at,
        withdraws_later: publication.withdraws_later,
    };
    all.iter().map(published).collect()
}

/// Tells all publications: when each held, and who published it.
pub(crate) fn list(arguments: &ListPublicationsArguments) -> miette::Result<ExitCode> {
    let site = Site::of(&arguments.config)?;
    let all = site.publications()?.all();
    let now = SystemClock::new().now();
    let text = match arguments.output {
        Output::Text => told::list(&all, now),
        Output::Json => told::list_json(&all, now),
    };
    writeln!(std::io::stdout(), "{text}").into_diagnostic()?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what was published: the text alone, or all of it into a folder.
pub(crate) fn show(arguments: &ShowPublicationArguments) -> miette::Result<ExitCode> {
    let site = Site::of(&arguments.config)?;
    let publications = site.publications()?;
    let revision = match arguments.revision {
        Some(revision) => revision,
        None => told::holding(&publications.all(), SystemClock::new().now()).ok_or_else(|| {
            not_read(PublicationsError::Nothing(decision::policies::NoPolicy), &site.config.topics)
        })?,
    };
    let (publication, _) = find(&publications, revision)?;
    if let Some(folder) = &arguments.into {
        return write_into(folder, &publication);
    }
    match arguments.output {
        Output::Text => write!(std::io::stdout(), "{}", publication.text).into_diagnostic()?,
        Output::Json => {
            writeln!(std::io::stdout(), "{}", told::publication(&publication)).into_diagnostic()?
        }
    }
    if arguments.output == Output::Text && !publication.beside.is_empty() {
        let names: Vec<_> = publication.beside.iter().map(|file| file.name.as_str()).collect();
        eprintln!("it names {}: --into FOLDER writes all of it", names.join(", "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the files of a publication. None is written over.
fn write_into(folder: &Path, publication: &Publication) -> miette::Result<ExitCode> {
    let own = [(publication.file.as_str(), publication.text.as_str())];
    let beside = publication.beside.iter().map(|file| (file.name.as_str(), file.text.as_str()));
    let files: Vec<_> = own.into_iter().chain(beside).collect();
    // They came from a topic: they must not lead out of the folder.
    let is_within = |name: &str| {
        let mut parts = Path::new(name).components();
        !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    if let Some((name, _)) = files.iter().find(|(name, _)| !is_within(name)) {
        return Err(miette!("the name «{name}» leads out of {}", folder.display()));
    }
    for (name, text) in files {
        let path = folder.join(name);
        let at = || format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).into_diagnostic().wrap_err_with(at)?;
        }
        let mut file = std::fs::File::create_new(&path).into_diagnostic().wrap_err_with(at)?;
        file.write_all(text.as_bytes()).into_diagnostic().wrap_err_with(at)?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::FileBeside;

    fn naming(beside: &str) -> Publication {
        let beside = vec![FileBeside { name: beside.to_owned(), text: "its text".to_owned() }];
        Publication { beside, text: "the policy".to_owned(), ..schemas::sample::publication() }
    }

    #[test]
    fn what_was_published_is_written_into_a_folder_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("shown");
        write_into(&into, &naming("calendars/holidays.ics")).unwrap();
        let read = |name: &str| std::fs::read_to_string(into.join(name)).unwrap();
        assert_eq!(
            (read("mobile.policy.yaml"), read("calendars/holidays.ics")),
            ("the policy".to_owned(), "its text".to_owned())
        );
        for name in ["../out.ics", "/tmp/out.ics", "a/../../out.ics", ""] {
            let elsewhere = folder.path().join("elsewhere");
            let told = write_into(&elsewhere, &naming(name)).unwrap_err().to_string();
            assert!(told.contains("leads out of"), "{name}: {told}");
            assert!(
                !elsewhere.exists() && !folder.path().join("out.ics").exists(),
                "{name}: something was written"
            );
        }
    }

    #[test]
    fn a_published_text_is_the_policy_that_was_published_under_its_own_hash() {
        let text = "policy: p\nversion: \"1\"\ntime_zone: UTC\ncurrency: USD\nlanguage: en\n";
        let publication =
            Publication { text: text.to_owned(), beside: Vec::new(), ..schemas::sample::publication() };
        let policy = compile()(&publication).unwrap();
        assert_eq!((&*policy.identity.name, &policy.identity.hash), ("p", &publication.policy_hash));
        let faulty = Publication { text: text.replace("USD", "XXX"), ..publication };
        assert!(compile()(&faulty).unwrap_err().contains("XXX"));
        let absent = format!("{text}calendars: {{ local: {{ ics: absent.ics }} }}\n");
        let told = compile()(&Publication { text: absent, ..faulty }).unwrap_err();
        assert!(told.contains("absent.ics"), "{told}");
    }
}
