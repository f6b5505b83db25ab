//! What the demo shows: how things are, a few accounts' stories, and what it did in the end.

use super::tally::{Tally, figure};
use super::watch::Seen;
use decision::time::{Timestamp, Zone};
use engine::Status;
use owo_colors::{OwoColorize, Stream};
use schemas::HistoryLine;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many accounts' stories are told: as many as a person can follow.
const STORIES: usize = 6;

/// A story is begun only so often, so that the ones told can be read.
const STORY_EVERY: Duration = Duration::from_millis(1_500);

/// Names for the accounts whose stories are told.
const NAMES: [&str; STORIES] = ["Amira", "Benoît", "Chiara", "Daulet", "Elif", "Farid"];

/// The terminal. What it shows fails where nobody reads any more.
pub(crate) struct Screen {
    subscribers: u32,
    day: Duration,
    started: Instant,
    tally: Tally,
    inputs_before: u64,
    stories: BTreeMap<String, &'static str>,
    ended: BTreeSet<String>,
    last_story: Instant,
    /// Where the API is, until it was said what to ask there.
    api: Option<SocketAddr>,
}

impl Screen {
    pub(crate) fn new(subscribers: u32, day: Duration, api: SocketAddr) -> Self {
        Self {
            subscribers,
            day,
            started: Instant::now(),
            tally: Tally::default(),
            inputs_before: 0,
            stories: BTreeMap::new(),
            ended: BTreeSet::new(),
            last_story: Instant::now(),
            api: Some(api),
        }
    }

    pub(crate) fn begin(&self, http: SocketAddr, folder: &Path) -> io::Result<()> {
        let (mut out, subscribers) = (io::stdout(), self.subscribers);
        writeln!(
            out,
            "Weir, with {subscribers} synthetic subscribers in three segments and two currencies."
        )?;
        writeln!(
            out,
            "A day takes {:?}. The log is in memory, the state in RocksDB at {}.",
            self.day,
            folder.display()
        )?;
        writeln!(out, "Metrics: http://{http}/metrics   probes: /livez, /readyz   stop: Ctrl-C")?;
        writeln!(
            out,
            "A line each second with the totals so far; between, a few accounts' stories (→ is a command)."
        )?;
        writeln!(out)
    }

    /// Counts what was seen, and tells the stories that it belongs to.
    pub(crate) fn tell(&mut self, seen: &Seen) -> io::Result<()> {
        let mut out = io::stdout();
        self.tally.add(seen);
        for line in &seen.lines {
            self.begin_story(line);
            if let (Some(name), Some(text)) = (self.stories.get(&line.account_id), story_of(line)) {
                let when = local(line.at);
                let who = format!("{name} ({})", line.account_id);
                writeln!(
                    out,
                    "    {when}  {}  {text}",
                    who.if_supports_color(Stream::Stdout, |who| who.cyan())
                )?;
            }
            self.suggest(line)?;
            self.end_story(line);
        }
        Ok(())
    }

    /// Three things to ask of the API, of the first account that is reminded of its debt.
    fn suggest(&mut self, line: &HistoryLine) -> io::Result<()> {
        let is_reminded = line.kind == "stage_entered" && line.figures.iter().any(|of| of.value == "remind");
        let Some(api) = self.api.take_if(|_| is_reminded) else { return Ok(()) };
        let (mut out, id) = (io::stdout(), &line.account_id);
        writeln!(out)?;
        writeln!(out, "Three things to try, the first in a browser:")?;
        writeln!(out, "    http://{api}/console/accounts/{id}")?;
        writeln!(out, "    weir explain --account {id} --url http://{api}")?;
        writeln!(out, "    weir why-not --account {id} --stage bar --url http://{api}")?;
        writeln!(out)
    }

    /// Every story begins with an alert, or with a debt.
    fn begin_story(&mut self, line: &HistoryLine) {
        let begins = matches!(line.kind.as_str(), "alert" | "cycle_opened");
        let is_known = self.stories.contains_key(&line.account_id) || self.ended.contains(&line.account_id);
        if !begins || is_known || self.last_story.elapsed() < STORY_EVERY {
            return;
        }
        let free = NAMES.iter().find(|name| !self.stories.values().any(|taken| taken == *name));
        if let Some(name) = free {
            self.stories.insert(line.account_id.clone(), name);
            self.last_story = Instant::now();
        }
    }

    /// A story ends when its debt is paid, or its balance is well again; what belongs to the end,
    /// such as the restore, is still told.
    fn end_story(&mut self, line: &HistoryLine) {
        let ends = matches!(line.kind.as_str(), "cycle_ended" | "recovered");
        if ends && self.stories.contains_key(&line.account_id) {
            self.ended.insert(line.account_id.clone());
        }
    }

    /// The names of stories that have ended are free for other accounts.
    fn free_names(&mut self) {
        let ended = &self.ended;
        self.stories.retain(|account, _| !ended.contains(account));
    }

    /// One line a second of how things are.
    pub(crate) fn tick(&mut self, now: Timestamp, status: &Status, since: Duration) -> io::Result<()> {
        self.free_names();
        let (inputs, _) = status.committed();
        let new = inputs.saturating_sub(self.inputs_before);
        self.inputs_before = inputs;
        let rate = u128::from(new).saturating_mul(1_000).checked_div(since.as_millis()).unwrap_or(0);
        let (_, p50) = status.commit_time(50.0);
        let stages: Vec<String> =
            self.tally.stages.iter().map(|(stage, count)| format!("{stage} {count}")).collect();
        let day = Zone::utc().date_of(now).to_string();
        writeln!(
            io::stdout(),
            "{}  {rate:>6} events/s · {} alerts · {} · {} cured · commit {}",
            day.if_supports_color(Stream::Stdout, |day| day.bold()),
            self.tally.alerts,
            if stages.is_empty() { "no stage yet".to_owned() } else { stages.join(", ") },
            self.tally.cured,
            lasting(p50),
        )
    }

    /// What it did.
    pub(crate) fn end(&self, status: &Status, told: u64) -> io::Result<()> {
        let mut out = io::stdout();
        let (inputs, commands) = status.committed();
        let (commits, p50) = status.commit_time(50.0);
        let (_, p99) = status.commit_time(99.0);
        let seconds = self.started.elapsed().as_secs_f64();
        writeln!(out)?;
        writeln!(out, "In {seconds:.0} s Weir decided {inputs} events and timers ({told} events came in):")?;
        writeln!(
            out,
            "  {} alerts; {} debts taken up, {} cured",
            self.tally.alerts, self.tally.opened, self.tally.cured
        )?;
        let list = |counts: &mut dyn Iterator<Item = (String, u64)>| {
            counts.map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
        };
        let mut stages = self.tally.stages.iter().map(|(stage, count)| (stage.clone(), *count));
        writeln!(out, "  stages entered: {}", list(&mut stages))?;
        let mut kinds = self.tally.commands.iter().map(|(kind, count)| ((*kind).to_owned(), *count));
        writeln!(out, "  {commands} commands: {}", list(&mut kinds))?;
        let (rejects, duplicates) = (self.tally.rejects, self.tally.duplicates);
        writeln!(
            out,
            "  {rejects} wrong events rejected, {duplicates} repeated ones ignored: both are sent on purpose"
        )?;
        writeln!(
            out,
            "  {commits} commits, each with its state: half took {} or less, 99 % took {} or less",
            lasting(p50),
            lasting(p99)
        )
    }
}

/// How long something took, in the unit in which it is read best.
fn lasting(took: Duration) -> String {
    let micros = took.as_micros();
    let (unit, micros_in_it) = match micros {
        // A step of the clock by which it is measured: less than one is not told apart.
        0..1_000 => return format!("{} µs", micros.max(1)),
        // What rounds to a thousand of them is one of the next.
        1_000..999_500 => ("ms", 1_000),
        999_500.. => ("s", 1_000_000),
    };
    let rounded = |micros: u128| micros.saturating_add(micros_in_it / 2) / micros_in_it;
    let tenths = rounded(micros.saturating_mul(10));
    if tenths < 100 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", rounded(micros))
    }
}

fn local(at: Timestamp) -> String {
    let time = Zone::utc().local(at).to_string();
    time.get(..16).unwrap_or(&time).replace('T', " ")
}

/// A line of history in words; none where it tells a person nothing.
fn story_of(line: &HistoryLine) -> Option<String> {
    let of = |name| figure(line, name);
    Some(match line.kind.as_str() {
        "alert" if of("lines").is_empty() => format!("alert {}: {} left", of("rule"), of("value")),
        "alert" => format!("alert {}: {} crossed {}", of("rule"), of("value"), of("lines")),
        "alert_suppressed" => format!("alert {} held back: {}", of("rule"), line.reason),
        "recovered" => format!("{} is well again: {}", of("balance"), of("value")),
        "invoice_booked" => format!("invoice {} over {}, due {}", of("invoice"), of("amount"), of("due")),
        "payment_booked" => format!("paid {}", of("amount")),
        "payment_reversed" => format!("payment of {} bounced", of("amount")),
        "cycle_opened" => format!("owes {}: plan {} begins", of("real_debt"), of("plan")),
        "stage_entered" => format!("stage {}, {} owed since {}", of("stage"), of("real_debt"), of("oldest")),
        "stage_left" => format!("back from {} to {}", of("from"), of("to")),
        "measure_requested" => format!("→ {}", command_text(line)),
        "measure_lifted" => format!("← {} {}", of("operation"), of("services")),
        "measure_cancelled" => format!("← task in {} cancelled", of("queue")),
        "cycle_ended" => format!("debt over ({}): plan {} ends", line.reason, of("plan")),
        _ => return None,
    })
}

fn command_text(line: &HistoryLine) -> String {
    let of = |name| figure(line, name);
    let first = ["template", "operation", "queue", "fee", "to"].into_iter().find(|name| !of(name).is_empty());
    match first {
        Some("template") => format!("{} by {}", of("template"), of("channel")),
        Some("operation") => format!("{} {}", of("operation"), of("services")),
        Some("queue") => format!("task in {}", of("queue")),
        Some("fee") => format!("fee {} {}", of("fee"), of("amount")),
        Some("to") => format!("handed over to {}: {}", of("to"), of("debt")),
        Some(_) | None => "a command".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(micros: u64, expected: &str) {
        assert_eq!(lasting(Duration::from_micros(micros)), expected);
    }

    #[test]
    fn a_time_is_told_with_two_digits_and_the_unit_that_fits_and_never_as_none() {
        check(0, "1 µs");
        check(1, "1 µs");
        check(49, "49 µs");
        check(999, "999 µs");
        check(1_000, "1.0 ms");
        check(1_449, "1.4 ms");
        check(1_450, "1.5 ms");
        check(9_949, "9.9 ms");
        check(9_950, "10 ms");
        check(12_345, "12 ms");
        check(12_500, "13 ms");
        check(120_400, "120 ms");
        check(999_499, "999 ms");
        check(999_500, "1.0 s");
        check(1_000_000, "1.0 s");
        check(61_000_000, "61 s");
    }
}
