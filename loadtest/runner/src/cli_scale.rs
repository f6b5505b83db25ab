//! The command line of the growth with the number of accounts.

use crate::cli::{GroundArguments, ProfileArguments, weir_beside_this};
use clap::Args;
use loadtest_runner::scale::{Plan, markdown, measure, page, text};
use miette::IntoDiagnostic;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct ScaleArguments {
    #[command(flatten)]
    what: ProfileArguments,
    /// How many accounts there are: one measurement each, from the fewest on.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000", value_name = "NUMBER,…")]
    accounts: Vec<NonZeroU32>,
    /// How many events wait for Weir, of all accounts alike and then of whom the profile has busy.
    #[arg(long, default_value = "1000000", value_parser = clap::value_parser!(u32).range(1..))]
    events: u32,
    /// Weir's binary; without, the one beside this one. Its settings can be given by the environment.
    #[arg(long, value_name = "PATH")]
    weir: Option<PathBuf>,
    /// Do not check whether what came out is right.
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    ground: GroundArguments,
    /// Where scale.md, scale.json and scale.html are written.
    #[arg(long, default_value = "out/scale", value_name = "FOLDER")]
    out: PathBuf,
}

impl ScaleArguments {
    /// The numbers of accounts, each once.
    fn accounts(&self) -> Vec<NonZeroU32> {
        let mut accounts = self.accounts.clone();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }

    fn plan(&self) -> miette::Result<Plan> {
        let what = &self.what;
        Ok(Plan {
            weir: self.weir.clone().map_or_else(weir_beside_this, Ok)?,
            accounts: self.accounts(),
            events: u64::from(self.events),
            name: what.profile.clone(),
            profile: what.profile(what.shared_work).into_diagnostic()?,
            shared_work: what.shared_work,
            seed: what.seed,
            verify: !self.no_verify,
            ground: self.ground.ground(),
        })
    }
}

/// Measures it. What Weir did wrong makes it end with status 1.
pub(crate) fn run(arguments: &ScaleArguments) -> miette::Result<ExitCode> {
    let plan = arguments.plan()?;
    let is_over = crate::until_told()?;
    let growth = measure(&plan, &is_over, &|text| eprintln!("▸ {text}")).map_err(miette::Report::from_err)?;
    let json = serde_json::to_vec_pretty(&growth).into_diagnostic()?;
    let (markdown, page) = (markdown(&growth).into_bytes(), page(&growth).into_bytes());
    let files = [("scale.md", markdown), ("scale.json", json), ("scale.html", page)];
    crate::write_files(&arguments.out, &files)?;
    print!("{}", text(&growth));
    let is_well = growth.sizes.iter().all(|measured| measured.faults.is_empty());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(crate::WRONG) })
}

#[cfg(test)]
mod tests {
    use crate::cli::{Cli, Command};
    use clap::Parser;

    #[track_caller]
    fn check(options: &str, wanted: Result<&[u32], &str>) {
        let line = format!("loadtest scale {options}");
        match (Cli::try_parse_from(line.split_whitespace()), wanted) {
            (Ok(Cli { command: Command::Scale(arguments) }), Ok(wanted)) => {
                let found: Vec<u32> =
                    arguments.accounts().into_iter().map(std::num::NonZeroU32::get).collect();
                assert_eq!(found, wanted, "{line}");
            }
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{line}: {error}"),
            (found, _) => panic!("{line}: {found:?}"),
        }
    }

    #[test]
    fn numbers_of_accounts_are_a_list_and_each_is_measured_once() {
        check("", Ok(&[10_000, 100_000, 1_000_000]));
        check("--accounts 10000000", Ok(&[10_000_000]));
        check("--accounts 20000,2000,20000", Ok(&[2_000, 20_000]));
        check("--accounts 2000,0", Err("zero"));
        check("--accounts 2000,many", Err("invalid digit"));
        check("--broker-process 1", Err("--brokers"));
        check("--events 0", Err("1.."));
    }
}
