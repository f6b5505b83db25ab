//! What the demo shows: how things are, a few accounts' stories, and what it did in the end.

use super::hints::Hints;
use super::late_run::BARS_AFTER_DAYS;
use super::policies;
use super::tally::{Tally, figure};
use super::watch::Seen;
use crate::terminal;
use decision::time::{Timestamp, Zone};
use engine::Status;
use owo_colors::{OwoColorize, Stream};
use schemas::HistoryLine;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many accounts' stories are told: as many as a person can follow.
const STORIES: usize = 6;

/// A story is begun only so often, so that the ones told can be read.
const STORY_EVERY: Duration = Duration::from_millis(1_500);

/// Where it goes to no terminal, what to try is said again so often.
const HINTS_EVERY: Duration = Duration::from_secs(10);

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
    hints: Hints,
    /// Whether it is a terminal, on whose last lines the hints stay.
    is_terminal: bool,
    /// How many lines of a terminal the hints take up now.
    hint_rows: usize,
    /// When the hints were said last, where it is none; none where they are to be said.
    hinted: Option<Instant>,
}

impl Screen {
    pub(crate) fn new(subscribers: u32, day: Duration, hints: Hints) -> Self {
        Self {
            subscribers,
            day,
            started: Instant::now(),
            tally: Tally::default(),
            inputs_before: 0,
            stories: BTreeMap::new(),
            ended: BTreeSet::new(),
            last_story: Instant::now(),
            hints,
            is_terminal: io::stdout().is_terminal(),
            hint_rows: 0,
            hinted: Some(Instant::now()),
        }
    }

    /// What is running, and where what it does can be seen.
    pub(crate) fn begin(&mut self, http: SocketAddr, log: &Path) -> io::Result<()> {
        let (console, subscribers, day) = (self.hints.console(), self.subscribers, self.day);
        let after = |days: u32| day.saturating_mul(days);
        let (second, held) = (after(policies::SECOND_AFTER_DAYS.unsigned_abs()), after(BARS_AFTER_DAYS));
        self.print(&format!(
            "The console, in a browser: {console}\n\n\
             Weir, with {subscribers} synthetic subscribers in three segments and two currencies.\n\
             A day takes {day:?}. After {second:?} another version of the policy holds. After {held:?} the breaker\n\
             holds what a billing run that came late would cut off, until somebody says\n\
             what becomes of it; it is of one region, and the others go on.\n\
             Events are in memory. What Weir says of itself, each look at an account among it:\n    {}\n\
             Metrics: http://{http}/metrics   probes: /livez, /readyz   stop: Ctrl-C\n\
             A line each second with the totals so far; between, a few accounts' stories\n\
             (→ is a command).\n\n",
            log.display(),
        ))
    }

    /// Counts what was seen, and tells the stories that it belongs to.
    pub(crate) fn tell(&mut self, seen: &Seen) -> io::Result<()> {
        let mut told = String::new();
        self.tally.add(seen);
        for line in &seen.lines {
            self.begin_story(line);
            if let (Some(name), Some(text)) = (self.stories.get(&line.account_id), story_of(line)) {
                let when = local(line.at);
                let who = format!("{name} ({})", line.account_id);
                let who = who.if_supports_color(Stream::Stdout, |who| who.cyan()).to_string();
                told.push_str(&format!("    {when}  {who}  {text}\n"));
            }
            self.suggest(line);
            self.end_story(line);
        }
        self.print(&told)
    }

    /// Notes what there is to try from now on.
    fn suggest(&mut self, line: &HistoryLine) {
        let is_reminded = line.kind == "stage_entered" && figure(line, "stage") == "remind";
        let is_first = self.hints.has_no_account();
        let is_to_be_said = (is_reminded && self.hints.reminded(&line.account_id) && is_first)
            || (line.kind == "measure_held" && self.hints.held());
        if is_to_be_said {
            self.hinted = None;
        }
    }

    /// Writes this, and below it what there is to try: on a terminal always, elsewhere now and then.
    fn print(&mut self, told: &str) -> io::Result<()> {
        let is_due = self.hinted.is_none_or(|last| last.elapsed() >= HINTS_EVERY);
        if told.is_empty() && !is_due {
            return Ok(());
        }
        let mut text =
            if self.hint_rows > 0 { format!("\x1b[{}A\r\x1b[J", self.hint_rows) } else { String::new() };
        text.push_str(told);
        if self.is_terminal || is_due {
            let lines = self.hints.lines();
            self.hint_rows = if self.is_terminal { rows(&lines, usize::from(terminal::width())) } else { 0 };
            let gap = if self.is_terminal { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n{gap}", lines.join("\n")));
            self.hinted = Some(Instant::now());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
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
        self.print(&format!(
            "{}  {rate:>6} events/s · {} alerts · {} · {} cured · commit {}\n",
            day.if_supports_color(Stream::Stdout, |day| day.bold()),
            self.tally.alerts,
            if stages.is_empty() { "no stage yet".to_owned() } else { stages.join(", ") },
            self.tally.cured,
            lasting(p50),
        ))
    }

    /// What it did.
    pub(crate) fn end(&self, status: &Status, told: u64) -> io::Result<()> {
        let mut out = io::stdout();
        let (inputs, commands) = status.committed();
        let (commits, p50) = status.commit_time(50.0);
        let (_, p99) = status.commit_time(99.0);
        let seconds = self.started.elapsed().as_secs_f64();
        if self.hint_rows > 0 {
            write!(out, "\x1b[{}A\r\x1b[J", self.hint_rows)?;
        }
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
        writeln!(out, "  {} orders held by the breaker", self.tally.held)?;
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

/// How many lines of a terminal of this width these take up.
fn rows(lines: &[String], width: usize) -> usize {
    lines.iter().map(|line| line.chars().count().div_ceil(width.max(1)).max(1)).sum()
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
        "measure_held" => format!("held by the breaker: {}", command_text(line)),
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
    fn what_is_wider_than_the_terminal_takes_up_more_of_its_lines() {
        let lines = ["", "1234567890", "12345678901"].map(str::to_owned);
        assert_eq!(rows(&lines, 10), 4);
        assert_eq!(rows(&lines, 100), 3);
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
