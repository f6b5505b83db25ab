//! A partition from its first record to its last: first what went in, then what came out.

use super::accounts::Accounts;
use super::alerts::{Alert, Alerts, Match};
use super::debts::{Debts, Move, Moved, Step};
use super::event::{Event, TOPICS, What};
use super::finding::{Fault, Finding, Judged};
use super::judge::Judge;
use super::lag::Lags;
use super::lines::{Balance, Rule};
use super::plan::{Plan, Said, Verdict};
use super::told::{Asked, Made, Told};
use super::{EXPIRES_IN, hash, place};
use crate::load::Work;
use schemas::{InputTopic, OutputTopic};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many ids of an account's events are remembered.
const REMEMBERED: usize = 64;

/// The ids of all commands there were, of every partition.
#[derive(Debug, Default)]
pub struct Ids(HashSet<u128>);

/// What went into a partition, topic after topic.
#[derive(Debug)]
pub struct Inputs {
    partition: u32,
    work: Work,
    accounts: Accounts,
    states: Vec<State>,
    /// Of accounts whose snapshots differ: the further ones.
    further: HashMap<u32, Vec<Known>>,
    alerts: Alerts,
    moves: Vec<Move>,
    days: Vec<String>,
    end: i64,
    judged: Judged,
}

/// What is known of an account, as far as the work goes by it.
#[derive(Clone, Debug, Default)]
struct State {
    money: Balance,
    data: Balance,
    /// Until when data may be used, where that is known.
    data_ends: Option<i64>,
    /// The ids of its last events, as hashes.
    seen: Vec<u64>,
    known: Option<Known>,
}

/// Where an account is told, and what can be cut off: as hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    address: u64,
    services: u64,
}

impl Known {
    fn address(address: Option<&str>) -> u64 {
        address.map_or(0, hash)
    }

    fn services<T: AsRef<str>>(services: &[T]) -> u64 {
        let joined: Vec<&str> = services.iter().map(AsRef::as_ref).collect();
        hash(&joined.join("\0"))
    }
}

impl Inputs {
    /// The topics that are to be read, in this order.
    pub const TOPICS: [InputTopic; 5] = TOPICS;

    /// Nothing of a partition yet. Under [`Work::Shared`] it is what every processor of the comparison knows.
    #[must_use]
    pub fn new(partition: u32, work: Work) -> Self {
        Self {
            partition,
            work,
            accounts: Accounts::default(),
            states: Vec::new(),
            further: HashMap::new(),
            alerts: Alerts::default(),
            moves: Vec::new(),
            days: Vec::new(),
            end: i64::MIN,
            judged: Judged::default(),
        }
    }

    /// An event, in the order of its topic.
    pub fn take(&mut self, offset: i64, event: &Event<'_>) {
        self.judged.events += 1;
        self.end = self.end.max(event.at);
        let account = self.accounts.number(event.account);
        if self.states.len() <= place(account) {
            self.states.push(State::default());
        }
        let Some(state) = self.states.get_mut(place(account)) else { return };
        if !state.is_new(hash(event.id)) {
            self.judged.repeated += 1;
            return;
        }
        let at = event.at;
        let moved = match &event.what {
            What::Account { address, services } => {
                let known = Known { address: Known::address(*address), services: Known::services(services) };
                if *state.known.get_or_insert(known) != known {
                    let further = self.further.entry(account).or_default();
                    if !further.contains(&known) {
                        further.push(known);
                    }
                }
                return;
            }
            What::Balance { name, value, limit, version, valid_until } => {
                let rule = match *name {
                    "main" => Rule::LowBalance,
                    "data" => Rule::DataLow,
                    _ => return,
                };
                let balance = if rule == Rule::DataLow { &mut state.data } else { &mut state.money };
                let Some(line) = balance.take(rule, *value, *limit, *version) else { return };
                if let Some(line) = line {
                    self.alerts.expect(account, Alert::of_line(rule, line, *value, at, offset));
                }
                if let Some(end) = valid_until.filter(|_| rule == Rule::DataLow && self.work == Work::Whole)
                    && state.data_ends != Some(end)
                {
                    self.alerts.replace_expiry(account, at);
                    state.data_ends = Some(end);
                    self.alerts.expect(account, Alert::of_expiry(at.max(end - EXPIRES_IN), offset));
                }
                return;
            }
            What::Invoice { cents, due } => Moved::Invoice(*cents, day(&mut self.days, due)),
            What::Payment { id, cents } => Moved::Payment(hash(id), *cents),
            What::Reversal { payment } if self.work == Work::Whole => Moved::Reversal(hash(payment)),
            What::Reversal { .. } | What::Nothing => return,
        };
        self.moves.push(Move { account, at, what: moved, offset });
    }

    /// Nothing else went in.
    #[must_use]
    pub fn close(self) -> Outputs {
        let count = self.accounts.len();
        let known = self.states.into_iter().map(|state| state.known).collect();
        let plan = Plan { debts: Debts::of(self.moves, count), days: self.days };
        let judged = Judged { accounts: u64::try_from(count).unwrap_or(u64::MAX), ..self.judged };
        let (partition, accounts, further) = (self.partition, self.accounts, self.further);
        let (alerts, end, lags, doubts) = (self.alerts, self.end, Lags::default(), BTreeMap::new());
        Outputs { partition, accounts, known, further, alerts, plan, lags, end, doubts, judged }
    }
}

impl State {
    /// Whether an event has not come before; it has from now on.
    fn is_new(&mut self, id: u64) -> bool {
        if self.seen.contains(&id) {
            return false;
        }
        if self.seen.len() == REMEMBERED {
            self.seen.remove(0);
        }
        self.seen.push(id);
        true
    }
}

/// The number of a day; there are few.
fn day(days: &mut Vec<String>, day: &str) -> u16 {
    let found = days.iter().position(|other| other == day).unwrap_or_else(|| {
        days.push(day.to_owned());
        days.len() - 1
    });
    u16::try_from(found).unwrap_or(u16::MAX)
}

/// What came out of a partition: messages first, then provisioning.
#[derive(Debug)]
pub struct Outputs {
    partition: u32,
    accounts: Accounts,
    known: Vec<Option<Known>>,
    further: HashMap<u32, Vec<Known>>,
    alerts: Alerts,
    plan: Plan,
    lags: Lags,
    end: i64,
    /// What is wrong unless the events of a debt may have been taken in another order.
    doubts: BTreeMap<usize, Vec<Finding>>,
    judged: Judged,
}

/// Where a command lies.
#[derive(Clone, Copy)]
struct Place {
    topic: &'static str,
    offset: i64,
}

impl Outputs {
    /// The topics that are to be read, in this order: what a stage counts from lies in the first.
    pub const TOPICS: [OutputTopic; 2] = [OutputTopic::Messages, OutputTopic::Provisioning];

    /// A command, in the order of its topic.
    pub fn take(
        &mut self,
        ids: &mut Ids,
        topic: OutputTopic,
        offset: i64,
        key: Option<&[u8]>,
        told: &Told<'_>,
    ) {
        self.judged.commands += 1;
        let at = Place { topic: short(topic), offset };
        let before = self.judged.found();
        self.check(ids, at, key, told);
        self.judged.right += u64::from(self.judged.found() == before);
    }

    /// A record that is no command.
    pub fn unreadable(&mut self, topic: OutputTopic, offset: i64, why: &str) {
        self.judged.commands += 1;
        self.find(Place { topic: short(topic), offset }, "", "record", Fault::Unreadable, why.to_owned());
    }

    fn check(&mut self, ids: &mut Ids, at: Place, key: Option<&[u8]>, told: &Told<'_>) {
        let about = about(told);
        if !ids.0.insert(told.id) {
            let detail = format!("{:032x}", told.id);
            return self.find(at, &told.account, &about, Fault::SameId, detail);
        }
        let Some(account) = self.accounts.find(&told.account) else {
            let detail = "nothing of the account went into this partition".to_owned();
            return self.find(at, &told.account, &about, Fault::NotAskedFor, detail);
        };
        for (field, found, wanted) in told.odd_fields(key) {
            let detail = format!("{field} is «{found}», it must be «{wanted}»");
            self.find(at, &told.account, &about, Fault::WrongField, detail);
        }
        self.check_known(at, account, told, &about);
        match (&told.made, &told.asked) {
            (Made::Rule(rule), Asked::Message { text, lines, .. }) => {
                self.check_alert(at, account, (rule, lines, text), told, &about);
            }
            (Made::Plan { cycle, stage, .. }, asked) => match step(stage.as_deref(), asked) {
                Ok(step) => {
                    let text = if let Asked::Message { text, .. } = asked { &**text } else { "" };
                    let (cycle, requested_at) = (*cycle, told.requested_at);
                    let said = Said { account, cycle, step, requested_at, offset: at.offset, text };
                    let verdict = self.plan.take(&said, &mut self.lags);
                    self.heed(at, &told.account, &about, verdict);
                }
                Err(detail) => self.find(at, &told.account, &about, Fault::WrongField, detail),
            },
            (Made::Rule(_) | Made::Other, _) => {
                self.find(
                    at,
                    &told.account,
                    &about,
                    Fault::NotAskedFor,
                    "it is not part of the work".to_owned(),
                );
            }
        }
    }

    /// Its address or services must be those of a snapshot of the account.
    fn check_known(&mut self, at: Place, account: u32, told: &Told<'_>, about: &str) {
        let (field, said, found): (_, _, fn(&Known) -> u64) = match &told.asked {
            Asked::Message { address, .. } => {
                ("address", Known::address(address.as_deref()), |known| known.address)
            }
            Asked::Order { services, .. } => ("services", Known::services(services), |known| known.services),
            Asked::Other => return,
        };
        let first = self.known.get(place(account)).into_iter().flatten();
        let further = self.further.get(&account);
        self.judged.left_open.snapshots += u64::from(further.is_some());
        if !first.chain(further.into_iter().flatten()).any(|known| found(known) == said) {
            let detail = format!("{field} is not what a snapshot of the account says");
            self.find(at, &told.account, about, Fault::WrongField, detail);
        }
    }

    fn check_alert(
        &mut self,
        at: Place,
        account: u32,
        (rule, lines, text): (&str, &[Cow<'_, str>], &str),
        told: &Told<'_>,
        about: &str,
    ) {
        let line = (!lines.is_empty()).then(|| lines.join(" "));
        let known = Rule::ALL.into_iter().find(|known| known.as_str() == rule);
        let found = known.map(|rule| self.alerts.told(account, rule, line.as_deref(), text));
        match found.unwrap_or(Match::None(Fault::NotAskedFor)) {
            Match::Right(alert) => self.lags.saw(self.alerts.due(alert), told.requested_at),
            Match::Wrong(_, Fault::OutOfOrder, said, later) => {
                let detail = format!("«{said}» came after «{later}»");
                self.find(at, &told.account, about, Fault::OutOfOrder, detail);
            }
            Match::Wrong(_, fault, said, wanted) => {
                self.find(at, &told.account, about, fault, format!("it says {said}, it must say {wanted}"));
            }
            Match::None(fault) => self.find(at, &told.account, about, fault, format!("«{text}»")),
        }
    }

    fn heed(&mut self, at: Place, account: &str, about: &str, verdict: Verdict) {
        match verdict {
            Verdict::Right => {}
            Verdict::Wrong(fault, detail) => self.find(at, account, about, fault, detail),
            Verdict::Perhaps(debt, fault, detail) => {
                let finding = self.finding(at, account, about, fault, detail);
                self.doubts.entry(debt).or_default().push(finding);
            }
        }
    }

    fn finding(&self, at: Place, account: &str, about: &str, fault: Fault, detail: String) -> Finding {
        let Place { topic, offset } = at;
        let (account, about) = (account.to_owned(), about.to_owned());
        Finding { fault, partition: self.partition, topic, offset, account, about, detail }
    }

    fn find(&mut self, at: Place, account: &str, about: &str, fault: Fault, detail: String) {
        let finding = self.finding(at, account, about, fault, detail);
        self.judged.note(finding);
    }

    /// Nothing else came out: what had to come?
    #[must_use]
    pub fn close(mut self) -> Judged {
        let left = self.judged.left_open;
        let mut judge = Judge { plan: &self.plan, lags: &self.lags, end: self.end, left, wrong: Vec::new() };
        let mut doubts = std::mem::take(&mut self.doubts);
        judge.run(&mut doubts);
        let (wrong, mut left) = (judge.wrong, judge.left);
        let (missing, open) = self.alerts.missing(&self.lags, self.end);
        left.at_the_end += open;
        self.judged.left_open = left;
        for finding in doubts.into_values().flatten() {
            self.judged.right = self.judged.right.saturating_sub(1);
            self.judged.note(finding);
        }
        for wrong in wrong {
            let Some(debt) = self.plan.debts.all.get(wrong.debt).copied() else { continue };
            let (topic, offset) = wrong.origin(&debt);
            let about = format!("cycle {} {}", debt.cycle, wrong.step.as_str());
            let account = self.accounts.id(debt.account).to_owned();
            let is_there = wrong.fault != Fault::Missing;
            self.judged.right = self.judged.right.saturating_sub(u64::from(is_there));
            self.find(Place { topic, offset }, &account, &about, wrong.fault, String::new());
        }
        for alert in missing {
            let account = self.accounts.id(alert.account).to_owned();
            let about = [alert.rule.as_str()].into_iter().chain(alert.word()).collect::<Vec<_>>().join(" ");
            let at = Place { topic: "balances", offset: alert.offset };
            self.find(at, &account, &about, Fault::Missing, format!("«{}»", alert.text()));
        }
        self.judged.longest_lag_us = self.lags.longest();
        self.judged
    }
}

/// What a topic is called without its prefix.
fn short(topic: OutputTopic) -> &'static str {
    let name = topic.spec().name;
    name.split_once('.').map_or(name, |(_, short)| short)
}

/// What a command is about, for people.
fn about(told: &Told<'_>) -> String {
    match (&told.made, &told.asked) {
        (Made::Rule(rule), Asked::Message { lines, .. }) => {
            std::iter::once(rule).chain(lines).map(|word| &**word).collect::<Vec<_>>().join(" ")
        }
        (Made::Plan { cycle, stage, .. }, asked) => {
            let what = match asked {
                Asked::Message { template, .. } => stage.as_ref().unwrap_or(template),
                Asked::Order { operation, .. } => operation,
                Asked::Other => "command",
            };
            format!("cycle {cycle} {what}")
        }
        (Made::Rule(rule), _) => rule.to_string(),
        (Made::Other, _) => "command".to_owned(),
    }
}

/// The step of a cycle that a command is; else what is wrong with it.
fn step(stage: Option<&str>, asked: &Asked<'_>) -> Result<Step, String> {
    match (stage, asked) {
        (Some("remind"), Asked::Message { .. }) => Ok(Step::Remind),
        (None, Asked::Message { .. }) => Ok(Step::Thanks),
        (Some("bar"), Asked::Order { operation, is_undo: false, .. }) if operation == "bar_outgoing" => {
            Ok(Step::Bar)
        }
        (Some("suspend"), Asked::Order { operation, is_undo: false, .. }) if operation == "suspend" => {
            Ok(Step::Suspend)
        }
        // An undo may name the stage that it undoes, or none.
        (None | Some("bar"), Asked::Order { operation, is_undo: true, .. })
            if operation == "unbar_outgoing" =>
        {
            Ok(Step::Unbar)
        }
        (None | Some("suspend"), Asked::Order { operation, is_undo: true, .. }) if operation == "resume" => {
            Ok(Step::Resume)
        }
        (stage, asked) => {
            let stage = stage.unwrap_or("none");
            Err(match asked {
                Asked::Message { template, .. } => format!("a message «{template}» at the stage {stage}"),
                Asked::Order { operation, is_undo, .. } => {
                    format!("the operation «{operation}» at the stage {stage}, is_undo {is_undo}")
                }
                Asked::Other => format!("no command of the work at the stage {stage}"),
            })
        }
    }
}
