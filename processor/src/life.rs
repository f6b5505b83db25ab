//! One account's life as the command line asks for it: its policy, its events out of files or topics, up to when.
//!
//! What is told of it is the business of whoever asks: `weir explain`, `weir why-not`.

use crate::cli::{LifeArguments, ReportsFrom};
use crate::events::Events;
use crate::{terminal, versions};
use decision::Policies;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use lives::Reports;
use miette::{IntoDiagnostic, miette};
use schemas::files::Arrival;
use std::collections::BTreeSet;
use whatif::source::{Faulty, FaultyEvents, Source};

/// How many of the accounts are named, where it is not clear whose life is meant.
const NAMED: usize = 5;

/// A life to be played.
pub(crate) struct Life {
    /// The versions of the policy.
    pub(crate) policies: Policies,
    /// Who reports what becomes of commands.
    pub(crate) reports: Reports,
    /// Up to when; up to the last event where nothing is said.
    pub(crate) until: Option<Timestamp>,
    /// Whose.
    pub(crate) debtor: DebtorId,
    /// What happens in it, by arrival.
    pub(crate) events: Vec<Arrival>,
}

impl Life {
    /// Reads what is asked for. Where it is not said who reports, `unsaid` knows by the events.
    pub(crate) fn read(
        arguments: &LifeArguments,
        unsaid: impl FnOnce(&[Arrival]) -> ReportsFrom,
    ) -> miette::Result<Self> {
        let Some(policy) = &arguments.policy else {
            let help = "name the policy and files of events, or ask a running Weir with --url";
            return Err(miette!(help = help, "there is no policy to play a life by"));
        };
        if arguments.events.is_empty() && arguments.config.is_none() {
            let help = "name files of events behind the policy, or topics with --config";
            return Err(miette!(help = help, "there are no events to play"));
        }
        let paths = [std::slice::from_ref(policy), &arguments.versions].concat();
        let policies = versions::of_files(&paths)?;
        let zone = policies.at(Timestamp::EARLIEST).defaults.zone.clone();
        let until = arguments.until.as_ref().map(|text| terminal::moment(text, &zone)).transpose()?;
        let mut from = Events::of(&arguments.events, arguments.config.as_deref())?;
        let events = events(&mut *from.source, arguments)?;
        let Some(first) = events.first() else { return Err(miette!("there are no events")) };
        let debtor = first.event.debtor().into();
        let reports = reports(arguments.reports.unwrap_or_else(|| unsaid(&events)));
        Ok(Self { policies, reports, until, debtor, events })
    }
}

/// Who reports, as the tools for lives call it.
pub(crate) fn reports(from: ReportsFrom) -> Reports {
    match from {
        ReportsFrom::Auto => Reports::Auto,
        ReportsFrom::Given => Reports::AsGiven,
    }
}

/// The events of one debtor, by their arrival: of one moment the account first, then as they lie in the files.
fn events(source: &mut dyn Source, arguments: &LifeArguments) -> miette::Result<Vec<Arrival>> {
    let account = arguments.account.as_deref();
    let mut found = Found::default();
    while let Some(batch) = source.next_batch().into_diagnostic()? {
        batch.for_each(|place, read| match read {
            Ok(arrival) => found.take(arrival, account),
            Err(what) => found.faulty.add(Faulty { place, what }),
        });
    }
    if found.faulty.count > 0 {
        if !arguments.skip_faulty {
            return Err(unreadable(&found.faulty));
        }
        eprintln!("passed over, {}", found.faulty);
    }
    found.events(account)
}

/// Some events cannot be read, and are not to be passed over.
pub(crate) fn unreadable(faulty: &FaultyEvents) -> miette::Report {
    miette!(help = "mend them, or pass over them with --skip-faulty", "{faulty}")
}

/// What was found in the files.
#[derive(Default)]
struct Found {
    events: Vec<Arrival>,
    /// The first debtors that there are events of.
    debtors: BTreeSet<String>,
    faulty: FaultyEvents,
}

impl Found {
    fn take(&mut self, arrival: Arrival, account: Option<&str>) {
        let debtor = arrival.event.debtor();
        if self.debtors.len() <= NAMED && !self.debtors.contains(debtor) {
            self.debtors.insert(debtor.to_owned());
        }
        if account.map_or(self.debtors.len() == 1, |account| account == debtor) {
            self.events.push(arrival);
        }
    }

    fn events(mut self, account: Option<&str>) -> miette::Result<Vec<Arrival>> {
        let mut named: Vec<_> = self.debtors.iter().take(NAMED).cloned().collect();
        if self.debtors.len() > NAMED {
            named.push("…".to_owned());
        }
        match account {
            Some(account) if self.events.is_empty() => {
                return Err(miette!("there is no event of {account}; there are of {}", named.join(", ")));
            }
            None if self.debtors.len() > 1 => {
                let help = format!(
                    "say whose life with --account, such as --account {}",
                    named.first().map_or("", String::as_str)
                );
                return Err(miette!(help = help, "the events are of several accounts: {}", named.join(", ")));
            }
            Some(_) | None => {}
        }
        // Stable: those of one moment stay as they lie in the files.
        self.events.sort_by_key(|arrival| (arrival.at, arrival.rank()));
        Ok(self.events)
    }
}
