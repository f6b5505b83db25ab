//! The command line of the comparison.

use crate::cli::{GroundArguments, LoadArguments, weir_beside_this};
use clap::{Args, ValueEnum};
use loadtest_runner::Choice;
use loadtest_runner::peers::{Contestant, Plan, StateIn, compare, markdown, text};
use loadtest_runner::run::Answers;
use miette::IntoDiagnostic;
use std::path::PathBuf;
use std::process::ExitCode;

/// Who can take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// The limit: keeps and decides nothing.
    PassThrough,
    /// Weir.
    Weir,
    /// Kafka Streams, tuned.
    KafkaStreams,
    /// Kafka Streams on Kafka's defaults, but for exactly-once.
    KafkaStreamsDefaults,
    /// Flink.
    Flink,
}

#[derive(Debug, Args)]
pub(crate) struct PeersArguments {
    #[command(flatten)]
    load: LoadArguments,
    /// Who takes part; without, all whose program is known.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,…")]
    subjects: Vec<Subject>,
    /// How many rounds.
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many events wait for a processor that is started, beside one for each account.
    #[arg(long, default_value = "2000000", value_parser = clap::value_parser!(u32).range(1..))]
    events: u32,
    /// Weir's binary; without, the one beside this one.
    #[arg(long, value_name = "PATH")]
    weir: Option<PathBuf>,
    /// The pass-through's command line; without, the yardsticks beside this program.
    #[arg(long, value_name = "COMMAND")]
    pass_through: Option<String>,
    /// The Kafka Streams peer's command line.
    #[arg(long, value_name = "COMMAND")]
    kafka_streams: Option<String>,
    /// The Flink peer's command line.
    #[arg(long, value_name = "COMMAND")]
    flink: Option<String>,
    /// Measure Kafka Streams on its defaults as well.
    #[arg(long, requires = "kafka_streams")]
    defaults: bool,
    #[command(flatten)]
    ground: GroundArguments,
    /// Where peers.md and peers.json are written.
    #[arg(long, default_value = "out/peers", value_name = "FOLDER")]
    out: PathBuf,
}

impl PeersArguments {
    /// Those that take part.
    fn contestants(&self) -> miette::Result<Vec<Contestant>> {
        use Subject::{Flink, KafkaStreams, KafkaStreamsDefaults, PassThrough, Weir};
        let all = [PassThrough, Weir, KafkaStreams, KafkaStreamsDefaults, Flink];
        let is_wanted = |subject: Subject| match subject {
            _ if !self.subjects.is_empty() => self.subjects.contains(&subject),
            PassThrough | Weir => true,
            KafkaStreams => self.kafka_streams.is_some(),
            KafkaStreamsDefaults => self.defaults,
            Flink => self.flink.is_some(),
        };
        all.into_iter()
            .filter(|subject| is_wanted(*subject))
            .map(|subject| self.contestant(subject))
            .collect()
    }

    fn contestant(&self, subject: Subject) -> miette::Result<Contestant> {
        let peer = |line: &Option<String>, option: &str| {
            line.clone().map(Choice::Peer).ok_or_else(|| {
                miette::miette!("say {option} COMMAND; ./x bench peers builds the program and says it")
            })
        };
        let streams = || peer(&self.kafka_streams, "--kafka-streams");
        let (name, choice, state) = match subject {
            Subject::PassThrough => ("pass-through", Choice::Peer(self.pass_through()?), StateIn::Nowhere),
            Subject::Weir => {
                let binary = self.weir.clone().map_or_else(weir_beside_this, Ok)?;
                ("weir", Choice::Weir(binary), StateIn::Log)
            }
            Subject::KafkaStreams => ("kafka-streams", streams()?, StateIn::Log),
            Subject::KafkaStreamsDefaults => {
                let choice = match streams()? {
                    Choice::Peer(line) => Choice::Peer(format!("{line} --defaults")),
                    other @ (Choice::Weir(_) | Choice::Nobody) => other,
                };
                ("kafka-streams-defaults", choice, StateIn::Log)
            }
            // Its checkpoints are its state, and lie in its folder.
            Subject::Flink => ("flink", peer(&self.flink, "--flink")?, StateIn::Folder),
        };
        let answers = match subject {
            Subject::PassThrough => Answers::Echoes("pass-through".to_owned()),
            Subject::Weir | Subject::KafkaStreams | Subject::KafkaStreamsDefaults | Subject::Flink => {
                Answers::Commands
            }
        };
        Ok(Contestant { name: name.to_owned(), choice, state, answers })
    }

    fn pass_through(&self) -> miette::Result<String> {
        if let Some(line) = &self.pass_through {
            return Ok(line.clone());
        }
        let own = std::env::current_exe().into_diagnostic()?;
        let beside = own.with_file_name("yardsticks");
        if beside.is_file() {
            return Ok(format!("'{}' pass-through", beside.display()));
        }
        Err(miette::miette!(
            "there are no yardsticks at {}; build them, or say --pass-through COMMAND",
            beside.display()
        ))
    }

    fn plan(&self) -> miette::Result<Plan> {
        Ok(Plan {
            contestants: self.contestants()?,
            rounds: usize::try_from(self.rounds).unwrap_or(usize::MAX),
            events: u64::from(self.events),
            name: self.load.what.profile.clone(),
            // All get what all of them know.
            profile: self.load.what.profile(true).into_diagnostic()?,
            size: self.load.size(),
            step: self.load.length,
            ground: self.ground.ground(),
        })
    }
}

/// Makes the comparison. A processor that did something wrong makes it end with status 1.
pub(crate) fn run(arguments: &PeersArguments) -> miette::Result<ExitCode> {
    let plan = arguments.plan()?;
    let is_over = crate::until_told()?;
    let comparison =
        compare(&plan, &is_over, &|text| eprintln!("▸ {text}")).map_err(miette::Report::from_err)?;
    let json = serde_json::to_vec_pretty(&comparison).into_diagnostic()?;
    let files = [("peers.md", markdown(&comparison).into_bytes()), ("peers.json", json)];
    crate::write_files(&arguments.out, &files)?;
    print!("{}", text(&comparison));
    let is_well = comparison.processors.iter().all(|measured| measured.faults.is_empty());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(crate::WRONG) })
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command};
    use clap::Parser;

    #[track_caller]
    fn check(line: &str, names: Result<&[&str], &str>) {
        let Command::Peers(arguments) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("{line}");
        };
        match (arguments.contestants(), names) {
            (Ok(found), Ok(names)) => {
                let found: Vec<&str> = found.iter().map(|contestant| &*contestant.name).collect();
                assert_eq!(found, names, "{line}");
            }
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{line}: {error}"),
            (found, _) => panic!("{line}: {found:?}"),
        }
    }

    #[test]
    fn those_take_part_whose_program_is_known_or_who_are_named() {
        let given = "loadtest peers --weir w --pass-through p";
        check(given, Ok(&["pass-through", "weir"]));
        check(&format!("{given} --kafka-streams k"), Ok(&["pass-through", "weir", "kafka-streams"]));
        check(
            &format!("{given} --flink f --kafka-streams k --defaults"),
            Ok(&["pass-through", "weir", "kafka-streams", "kafka-streams-defaults", "flink"]),
        );
        check(
            &format!("{given} --subjects weir,kafka-streams --kafka-streams k"),
            Ok(&["weir", "kafka-streams"]),
        );
        check(&format!("{given} --subjects flink"), Err("--flink COMMAND"));
        assert!(Cli::try_parse_from(["loadtest", "peers", "--defaults"]).is_err());
    }

    #[test]
    fn defaults_are_the_same_program_told_so() {
        let line = "loadtest peers --kafka-streams k --subjects kafka-streams-defaults";
        let Command::Peers(arguments) = Cli::try_parse_from(line.split(' ')).unwrap().command else {
            panic!("{line}");
        };
        let found = arguments.contestants().unwrap();
        assert_eq!(found[0].choice, loadtest_runner::Choice::Peer("k --defaults".to_owned()));
    }
}
