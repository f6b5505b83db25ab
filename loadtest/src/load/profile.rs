//! A profile: what an operator is like on such a day. Read from a file, then checked.
//!
//! Only proportions stand in it: how many accounts there are and how fast events come is said with each run.

mod file;

use crate::generate::PerMille;
use file::{MixFile, ProfileFile};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Beyond this nobody but a handful of accounts would do anything.
const MOST_SKEW: f64 = 2.0;
/// The largest amount of money in one movement: what the largest balance has room for.
const MOST_CENTS: u32 = 10_000_000;
/// How long the shortest span is in which a payment may come (see `debts`): paydays must be no rarer.
const MOST_PAYDAY: Duration = Duration::from_secs(14);

/// A profile, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What day it is, in a sentence.
    pub about: String,
    /// Of a thousand accounts, how many pay before use.
    pub prepaid: PerMille,
    /// The exponent of Zipf's law, by which some are busier than others; 0 makes all alike.
    pub skew: f64,
    /// How often each kind comes.
    pub mix: Mix,
    /// How prepaid money moves.
    pub money: MoneyUse,
    /// How data bundles are used.
    pub data: DataUse,
    /// How invoices are paid.
    pub debts: Debts,
    /// What becomes of commands.
    pub reports: Reports,
    /// When invoices come, where not evenly.
    pub waves: Option<Waves>,
    /// When payments come, where not evenly.
    pub payday: Option<Payday>,
    /// Timers that are due at once.
    pub timers: Option<Timers>,
    /// How many events come twice, under one id.
    pub repeated: PerMille,
}

/// How often each kind comes, in proportion to the others. Payments follow from invoices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Uses of prepaid money, and top-ups.
    pub money: u32,
    /// Uses of data bundles, and new bundles.
    pub data: u32,
    /// Invoices.
    pub invoices: u32,
    /// Account snapshots.
    pub snapshots: u32,
}

impl Mix {
    /// What the proportions are parts of.
    #[must_use]
    pub fn whole(&self) -> u32 {
        self.money + self.data + self.invoices + self.snapshots
    }
}

/// How prepaid money moves, in cents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyUse {
    /// What an account begins with.
    pub opening: RangeInclusive<i64>,
    /// What one use takes.
    pub uses: RangeInclusive<i64>,
    /// What a top-up brings: one of these.
    pub top_ups: Vec<u32>,
}

/// How data bundles are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataUse {
    /// What one use takes, in thousandths of the bundle.
    pub uses: RangeInclusive<i64>,
}

/// How invoices are paid; the rest is paid in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debts {
    /// After `bar`.
    pub late: PerMille,
    /// After `suspend`.
    pub very_late: PerMille,
    /// A part in time, the rest after `bar`.
    pub partial: PerMille,
    /// In time, but the payment bounces; then after `bar`.
    pub bounced: PerMille,
}

/// What becomes of commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reports {
    /// How many are reported on.
    pub answered: PerMille,
    /// How many of those have failed.
    pub failed: PerMille,
}

/// Invoices come in waves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waves {
    /// From one wave to the next.
    pub every: Duration,
    /// How long one lasts.
    pub last: Duration,
}

/// Payments gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payday {
    /// From one payday to the next.
    pub every: Duration,
}

/// Timers that are due in the same moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// When.
    pub at: Duration,
    /// How many accounts have one.
    pub accounts: PerMille,
}

/// How much of a profile is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// All.
    Whole,
    /// What every processor of the comparison knows (`loadtest/peers/README.md`): no payment bounces, and
    /// nothing is reported.
    Shared,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// There is no such file, or it cannot be read.
    #[error("cannot read the profile {path}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no TOML, or has keys that no profile has.
    #[error("the profile {name} cannot be understood")]
    Parse {
        /// The file's name.
        name: String,
        /// Where, and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A value that makes no sense.
    #[error("the profile {name}: {key} {problem}")]
    Wrong {
        /// The file's name.
        name: String,
        /// The key.
        key: &'static str,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
}

impl Profile {
    /// Reads a profile's file.
    ///
    /// # Errors
    /// When it cannot be read, understood, or makes no sense.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ProfileError::Read { path: path.to_owned(), source })?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Understands a profile's text; `name` is what messages call it.
    ///
    /// # Errors
    /// When it cannot be understood, or makes no sense.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let file: ProfileFile = toml::from_str(text)
            .map_err(|source| ProfileError::Parse { name: name.to_owned(), source: Box::new(source) })?;
        check(file).map_err(|Fault(key, problem)| ProfileError::Wrong { name: name.to_owned(), key, problem })
    }

    /// The profile of this name among those that come with Weir.
    #[must_use]
    pub fn shipped(name: &str) -> Option<&'static str> {
        SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// The names of the profiles that come with Weir.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The same with nothing but the work that every processor of the comparison knows.
    #[must_use]
    pub fn limited_to(mut self, work: Work) -> Self {
        match work {
            Work::Whole => {}
            Work::Shared => {
                let late = self.debts.late.get() + self.debts.bounced.get();
                self.debts = Debts { late: PerMille::new(late), bounced: PerMille::NEVER, ..self.debts };
                self.reports.answered = PerMille::NEVER;
            }
        }
        self
    }
}

macro_rules! shipped {
    ($($name:literal),+) => {
        const SHIPPED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../profiles/", $name, ".toml")))),+];
    };
}

shipped!("prepaid-rush", "month-end-invoicing", "midnight-timers", "payday", "mixed");

/// A key, and what is wrong with it.
struct Fault(&'static str, String);

fn check(file: ProfileFile) -> Result<Profile, Fault> {
    let debts = Debts {
        late: permille("debts.late_permille", file.debts.late_permille)?,
        very_late: permille("debts.very_late_permille", file.debts.very_late_permille)?,
        partial: permille("debts.partial_permille", file.debts.partial_permille)?,
        bounced: permille("debts.bounced_permille", file.debts.bounced_permille)?,
    };
    let apart = [debts.late, debts.very_late, debts.partial, debts.bounced];
    let sum: u16 = apart.into_iter().map(PerMille::get).sum();
    if sum > 1_000 {
        return Err(Fault("debts", format!("add up to {sum} of a thousand; 1000 is the most")));
    }
    let mix = check_mix(&file.mix)?;
    let prepaid = permille("people.prepaid_permille", file.people.prepaid_permille)?;
    if mix.money > 0 && prepaid == PerMille::NEVER {
        return Err(Fault(
            "mix.money",
            "asks for prepaid accounts, and people.prepaid_permille is 0".to_owned(),
        ));
    }
    if mix.invoices > 0 && prepaid == PerMille::ALWAYS {
        let problem = "asks for postpaid accounts, and people.prepaid_permille is 1000".to_owned();
        return Err(Fault("mix.invoices", problem));
    }
    let skew = file.people.skew;
    if !(0.0..=MOST_SKEW).contains(&skew) {
        return Err(Fault("people.skew", format!("is {skew}; it must be from 0 to {MOST_SKEW}")));
    }
    Ok(Profile {
        about: file.about,
        prepaid,
        skew,
        mix,
        money: check_money(file.money)?,
        data: DataUse { uses: range("data.use_permille", file.data.use_permille, 1..=1_000)? },
        debts,
        reports: Reports {
            answered: permille("reports.answered_permille", file.reports.answered_permille)?,
            failed: permille("reports.failed_permille", file.reports.failed_permille)?,
        },
        waves: file.waves.map(|waves| check_waves(waves.every.0, waves.last.0, mix)).transpose()?,
        payday: file.payday.map(|payday| check_payday(payday.every.0)).transpose()?,
        timers: file.timers.map(|timers| check_timers(timers.at.0, timers.accounts_permille)).transpose()?,
        repeated: permille("repeated_permille", file.repeated_permille)?,
    })
}

fn check_mix(file: &MixFile) -> Result<Mix, Fault> {
    const MOST: u32 = 1_000_000;
    let mix = Mix { money: file.money, data: file.data, invoices: file.invoices, snapshots: file.snapshots };
    if [mix.money, mix.data, mix.invoices, mix.snapshots].into_iter().any(|part| part > MOST) {
        return Err(Fault("mix", format!("has a part above {MOST}")));
    }
    if mix.money + mix.data == 0 {
        return Err(Fault("mix", "has neither money nor data: one of them must come".to_owned()));
    }
    Ok(mix)
}

fn check_money(file: file::MoneyFile) -> Result<MoneyUse, Fault> {
    let uses = range("money.use_cents", file.use_cents, 1..=MOST_CENTS)?;
    let least = *uses.end();
    if file.top_up_cents.is_empty() {
        return Err(Fault("money.top_up_cents", "is empty; name at least one amount".to_owned()));
    }
    if let Some(small) = file.top_up_cents.iter().find(|amount| i64::from(**amount) < least) {
        let problem = format!("has {small}, less than the largest use ({least}): it would not last for one");
        return Err(Fault("money.top_up_cents", problem));
    }
    if let Some(large) = file.top_up_cents.iter().find(|amount| **amount > MOST_CENTS) {
        return Err(Fault("money.top_up_cents", format!("has {large}; {MOST_CENTS} is the most")));
    }
    let opening = range("money.opening_cents", file.opening_cents, 0..=MOST_CENTS)?;
    Ok(MoneyUse { opening, uses, top_ups: file.top_up_cents })
}

fn check_waves(every: Duration, last: Duration, mix: Mix) -> Result<Waves, Fault> {
    if every.is_zero() || last.is_zero() || last > every {
        let problem = format!("must be above 0 and at most waves.every, {every:?}; it is {last:?}");
        return Err(Fault("waves.last", problem));
    }
    if u128::from(mix.invoices) * every.as_micros() > u128::from(mix.whole()) * last.as_micros() {
        let problem = format!(
            "is too short: {} of {} events are invoices, and they do not fit in {last:?} of {every:?}",
            mix.invoices,
            mix.whole()
        );
        return Err(Fault("waves.last", problem));
    }
    Ok(Waves { every, last })
}

fn check_payday(every: Duration) -> Result<Payday, Fault> {
    if every.is_zero() || every > MOST_PAYDAY {
        let problem =
            format!("is {every:?}; it must be above 0 and at most {MOST_PAYDAY:?}, or payments meet stages");
        return Err(Fault("payday.every", problem));
    }
    Ok(Payday { every })
}

fn check_timers(at: Duration, accounts: u16) -> Result<Timers, Fault> {
    let accounts = permille("timers.accounts_permille", accounts)?;
    if accounts == PerMille::NEVER {
        return Err(Fault("timers.accounts_permille", "is 0: leave [timers] out".to_owned()));
    }
    Ok(Timers { at, accounts })
}

fn permille(key: &'static str, value: u16) -> Result<PerMille, Fault> {
    if value > 1_000 {
        return Err(Fault(key, format!("is {value}; it is of a thousand, so 1000 is the most")));
    }
    Ok(PerMille::new(value))
}

fn range(
    key: &'static str,
    [from, to]: [u32; 2],
    bounds: RangeInclusive<u32>,
) -> Result<RangeInclusive<i64>, Fault> {
    if from > to || !bounds.contains(&from) || !bounds.contains(&to) {
        let (least, most) = (bounds.start(), bounds.end());
        return Err(Fault(key, format!("is [{from}, {to}]; it must rise, and lie from {least} to {most}")));
    }
    Ok(i64::from(from)..=i64::from(to))
}

/// A length of time, as `90s`, `5m` or `1500ms`; none where the text is none.
#[must_use]
pub fn length(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let count: u64 = digits.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_secs(count.checked_mul(60)?)),
        _ => None,
    }
}
