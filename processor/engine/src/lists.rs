//! The lists that a partition keeps of its debtors: those with work, those at a stage, those that a number names.
//!
//! They are made of the debtors' stored form alone, and change with it in the same batch. Where a debtor stands on a
//! list goes by what it owed when something was decided on it last, the most first. How they lie on the disk is
//! `state`'s business, how some of them are gone through together [`finding`]'s.

pub mod finding;

use decision::Debtor;
use decision::cycle::{Cycle, MeasureInForce};
use decision::debtor::Owed;
use decision::ids::{DebtorId, Queue};
use decision::underway::Taken;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Of which debtors lists are kept, and how: counts up with each change of it. A store whose lists are of another
/// version has them made anew out of its debtors.
pub const VERSION: u32 = 2;

/// Names of more bytes are on no list.
pub const LONGEST_NAME: usize = 512;

/// What a list is of. Numbers are never used again: they lie in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ListKind {
    /// All with whom there is work: a debt, an open cycle, a hold, a pause, an exemption, or a personal manager.
    Work = 1,
    /// Those of them in a segment.
    Segment = 2,
    /// Those of them in the care of a manager group. No list of it is kept, as of plans: it tells few apart, and each
    /// list costs something whenever a debt changes.
    ManagerGroup = 3,
    /// Those with this personal manager.
    Manager = 4,
    /// Those with a cycle of this plan. No list of it is kept.
    Plan = 5,
    /// Those with a cycle in a stage of this name.
    Stage = 6,
    /// Those with a cycle that is `active`, or `held`. Of those that are active, nearly all, no list is kept.
    Status = 7,
    /// Those with a hold of this kind.
    Hold = 8,
    /// All that are reached by this number or address, or have a service of it, in its [normal form](number).
    Number = 9,
    /// All that pay for this account, which is not their own.
    Account = 10,
    /// Those of them with a task in a queue whose result is waited for.
    Queue = 11,
    /// Those of them with a task that this person has in hand.
    Taker = 12,
}

impl ListKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Work,
        Self::Segment,
        Self::ManagerGroup,
        Self::Manager,
        Self::Plan,
        Self::Stage,
        Self::Status,
        Self::Hold,
        Self::Number,
        Self::Account,
        Self::Queue,
        Self::Taker,
    ];

    /// Whether its lists go by what is owed; else all stand there at the same place, but for their ids.
    #[must_use]
    pub fn goes_by_debt(self) -> bool {
        match self {
            Self::Work
            | Self::Segment
            | Self::ManagerGroup
            | Self::Manager
            | Self::Plan
            | Self::Stage
            | Self::Status
            | Self::Hold
            | Self::Queue
            | Self::Taker => true,
            Self::Number | Self::Account => false,
        }
    }

    /// The byte of it in keys.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// A list: what it is of, and whose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct List {
    /// What it is of.
    pub kind: ListKind,
    /// The name of the stage, the manager, …; of all with whom there is work, empty.
    pub name: Arc<str>,
}

impl List {
    /// The list of this kind, of this name.
    #[must_use]
    pub fn new(kind: ListKind, name: &str) -> Self {
        Self { kind, name: name.into() }
    }

    /// Whether it is kept; else who would be on it is seen by looking at each.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        match self.kind {
            ListKind::Plan | ListKind::ManagerGroup => false,
            ListKind::Status => *self.name == *status(true),
            ListKind::Work
            | ListKind::Segment
            | ListKind::Manager
            | ListKind::Stage
            | ListKind::Hold
            | ListKind::Number
            | ListKind::Account
            | ListKind::Queue
            | ListKind::Taker => true,
        }
    }
}

/// Where a debtor stands on a list: the most owing first, then by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// What it owes, less than zero: so the most comes first. Zero on lists that do not go by debt.
    pub rank: i64,
    /// Whose it is. Nobody's (an empty id) comes before all others of its rank.
    pub debtor: DebtorId,
}

impl Position {
    /// Before all others.
    #[must_use]
    pub fn first() -> Self {
        Self { rank: i64::MIN, debtor: "".into() }
    }

    /// The least that is more.
    #[must_use]
    pub fn after(&self) -> Self {
        let mut id = self.debtor.as_str().to_owned();
        // No id holds it, so that nothing lies between.
        id.push('\0');
        Self { rank: self.rank, debtor: id.into() }
    }

    /// The rank of a debt.
    #[must_use]
    pub fn rank(owed: Owed) -> i64 {
        owed.real.0.max(0).saturating_neg()
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListKey {
    /// Which list.
    pub list: List,
    /// Where on it.
    pub position: Position,
}

/// A list that a debtor is on, and its rank there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listed {
    kind: ListKind,
    name: Arc<str>,
    rank: i64,
}

impl Listed {
    /// As it stands on the list. Until then a number is as it came: that is mostly only compared.
    fn in_normal_form(self) -> Self {
        match self.kind {
            ListKind::Number => Self { name: (&*number(&self.name)).into(), ..self },
            ListKind::Work
            | ListKind::Segment
            | ListKind::ManagerGroup
            | ListKind::Manager
            | ListKind::Plan
            | ListKind::Stage
            | ListKind::Status
            | ListKind::Hold
            | ListKind::Account
            | ListKind::Queue
            | ListKind::Taker => self,
        }
    }

    fn key(self, debtor: &DebtorId) -> ListKey {
        let list = List { kind: self.kind, name: self.name };
        ListKey { list, position: Position { rank: self.rank, debtor: debtor.clone() } }
    }
}

/// All lists that a debtor is on, as they come: some may come twice.
pub(crate) fn all_of(debtor: &Debtor) -> Box<[Listed]> {
    let mut all = Vec::new();
    visit(debtor, |kind, name, rank| all.push(Listed { kind, name: name.into(), rank }));
    all.into()
}

/// The lines that a debtor has on all lists.
#[must_use]
pub fn lines_of(debtor: &Debtor) -> BTreeSet<ListKey> {
    all_of(debtor).into_iter().map(|listed| listed.in_normal_form().key(&debtor.id)).collect()
}

/// Whether the debtor is on these lists, and no others. Nothing is allocated where it is.
pub(crate) fn are_of(listed: &[Listed], debtor: &Debtor) -> bool {
    let (mut left, mut are) = (listed.iter(), true);
    visit(debtor, |kind, name, rank| {
        let is_next = |listed: &Listed| listed.kind == kind && *listed.name == *name && listed.rank == rank;
        are &= left.next().is_some_and(is_next);
    });
    are && left.next().is_none()
}

/// What changes from the one to the other: the lines that go, and those that come.
pub(crate) fn change(
    debtor: &DebtorId,
    before: &[Listed],
    after: &[Listed],
) -> (impl Iterator<Item = ListKey>, impl Iterator<Item = ListKey>) {
    let in_order = |listed: &[Listed]| {
        let mut listed: Vec<Listed> = listed.iter().cloned().map(Listed::in_normal_form).collect();
        listed.sort_unstable();
        listed.dedup();
        listed
    };
    let (before, after) = (in_order(before), in_order(after));
    let without = |some: &[Listed], others: &[Listed]| -> Vec<Listed> {
        some.iter().filter(|listed| others.binary_search(listed).is_err()).cloned().collect()
    };
    let (goes, comes) = (without(&before, &after), without(&after, &before));
    let key = |listed: Listed| listed.key(debtor);
    (goes.into_iter().map(key), comes.into_iter().map(key))
}

/// Goes through the lists that a debtor is on, with its rank there.
fn visit(debtor: &Debtor, mut see: impl FnMut(ListKind, &str, i64)) {
    let mut see = |kind, name: &str, rank| {
        if name.len() <= LONGEST_NAME {
            see(kind, name, rank);
        }
    };
    if is_work(debtor) {
        let rank = Position::rank(debtor.owed);
        see(ListKind::Work, "", rank);
        if let Some(segment) = &debtor.segment {
            see(ListKind::Segment, segment.name.as_str(), rank);
        }
        if let Some(manager) = debtor.managers.as_ref().and_then(|managers| managers.manager.as_ref()) {
            see(ListKind::Manager, manager.as_str(), rank);
        }
        for cycle in debtor.profiles.iter().flat_map(|profile| &profile.cycles) {
            if cycle.held_since.is_some() {
                see(ListKind::Status, status(true), rank);
            }
            if let Some(stage) = &cycle.stage {
                see(ListKind::Stage, stage.as_str(), rank);
            }
        }
        for hold in &debtor.holds {
            see(ListKind::Hold, hold.kind.as_str(), rank);
        }
        tasks(debtor, |queue, taken| {
            see(ListKind::Queue, queue.as_str(), rank);
            if let Some(taken) = taken {
                see(ListKind::Taker, &taken.by, rank);
            }
        });
    }
    for member in &debtor.members {
        if member.account_id.as_str() != debtor.id.as_str() {
            see(ListKind::Account, member.account_id.as_str(), 0);
        }
        let Some(snapshot) = &member.snapshot else { continue };
        for (_, contact) in &snapshot.contacts {
            see(ListKind::Number, contact, 0);
        }
        for service in &snapshot.services {
            see(ListKind::Number, service.id.as_str(), 0);
        }
    }
}

/// Goes through the tasks whose results are waited for.
fn tasks(debtor: &Debtor, mut see: impl FnMut(&Queue, Option<&Taken>)) {
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    for task in cycles.flat_map(|cycle| &cycle.measures).filter_map(MeasureInForce::open_task) {
        see(&task.queue, task.taken.as_ref());
    }
    for task in &debtor.tasks_out {
        see(&task.queue, task.taken.as_ref());
    }
}

/// Whether a debtor is what at least one list of each of these is of; those of plans, stages and states by one cycle,
/// those of queues and of who has a task in hand by one task.
#[must_use]
pub(crate) fn is_on(debtor: &Debtor, on: &[Vec<List>]) -> bool {
    let is_any_of =
        |kinds: fn(ListKind) -> bool| move |side: &&Vec<List>| side.iter().any(|list| kinds(list.kind));
    let (of_cycles, of_others): (Vec<_>, Vec<_>) = on.iter().partition(is_any_of(is_of_cycles));
    let (of_tasks, of_others): (Vec<_>, Vec<_>) = of_others.into_iter().partition(is_any_of(is_of_tasks));
    let mut cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let is_cycle = of_cycles.is_empty()
        || cycles.any(|cycle| of_cycles.iter().all(|side| side.iter().any(|list| is_cycle_of(cycle, list))));
    let mut is_task = of_tasks.is_empty();
    tasks(debtor, |queue, taken| {
        is_task |= of_tasks.iter().all(|side| side.iter().any(|list| is_task_of((queue, taken), list)));
    });
    is_cycle && is_task && of_others.iter().all(|side| side.iter().any(|list| is_of(debtor, list)))
}

fn is_of_tasks(kind: ListKind) -> bool {
    matches!(kind, ListKind::Queue | ListKind::Taker)
}

fn is_task_of((queue, taken): (&Queue, Option<&Taken>), list: &List) -> bool {
    let name = &*list.name;
    match list.kind {
        ListKind::Queue => queue.as_str() == name,
        ListKind::Taker => taken.is_some_and(|taken| taken.by == name),
        ListKind::Work
        | ListKind::Segment
        | ListKind::ManagerGroup
        | ListKind::Manager
        | ListKind::Plan
        | ListKind::Stage
        | ListKind::Status
        | ListKind::Hold
        | ListKind::Number
        | ListKind::Account => false,
    }
}

fn is_of_cycles(kind: ListKind) -> bool {
    matches!(kind, ListKind::Plan | ListKind::Stage | ListKind::Status)
}

fn is_cycle_of(cycle: &Cycle, list: &List) -> bool {
    let name = &*list.name;
    match list.kind {
        ListKind::Plan => cycle.plan.as_str() == name,
        ListKind::Stage => cycle.stage.as_ref().is_some_and(|stage| stage.as_str() == name),
        ListKind::Status => status(cycle.held_since.is_some()) == name,
        ListKind::Work
        | ListKind::Segment
        | ListKind::ManagerGroup
        | ListKind::Manager
        | ListKind::Hold
        | ListKind::Number
        | ListKind::Account
        | ListKind::Queue
        | ListKind::Taker => false,
    }
}

fn is_of(debtor: &Debtor, list: &List) -> bool {
    let name = &*list.name;
    let managers = debtor.managers.as_ref();
    match list.kind {
        ListKind::Work => is_work(debtor),
        ListKind::Segment => debtor.segment.as_ref().is_some_and(|segment| segment.name.as_str() == name),
        ListKind::ManagerGroup => managers.is_some_and(|managers| managers.group.as_str() == name),
        ListKind::Manager => managers
            .and_then(|managers| managers.manager.as_ref())
            .is_some_and(|manager| manager.as_str() == name),
        ListKind::Hold => debtor.holds.iter().any(|hold| hold.kind.as_str() == name),
        ListKind::Plan | ListKind::Stage | ListKind::Status => {
            debtor.profiles.iter().flat_map(|profile| &profile.cycles).any(|cycle| is_cycle_of(cycle, list))
        }
        ListKind::Queue | ListKind::Taker => {
            let mut is = false;
            tasks(debtor, |queue, taken| is |= is_task_of((queue, taken), list));
            is
        }
        ListKind::Number | ListKind::Account => {
            let mut is = false;
            let is_it = |listed: &str| {
                if list.kind == ListKind::Number { number(listed) == name } else { listed == name }
            };
            visit(debtor, |kind, listed, _| is |= kind == list.kind && is_it(listed));
            is
        }
    }
}

/// Whether there is work with a debtor, or somebody is answerable for it.
fn is_work(debtor: &Debtor) -> bool {
    debtor.owed.real.is_positive()
        || debtor.exempt
        || debtor.pause.is_some()
        || !debtor.holds.is_empty()
        || !debtor.tasks_out.is_empty()
        || debtor.profiles.iter().any(|profile| !profile.cycles.is_empty())
        || debtor.managers.as_ref().is_some_and(|managers| managers.manager.is_some())
}

/// The word for the state of a cycle.
#[must_use]
pub fn status(is_held: bool) -> &'static str {
    if is_held { "held" } else { "active" }
}

/// The normal form of a number or an address, by which it is found however it is written: of a telephone number the
/// digits, without `+` or `00` before them; of anything else its small letters.
#[must_use]
pub fn number(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let bare = text.strip_prefix('+').unwrap_or(text);
    let is_international = bare.len() < text.len();
    // As nearly all come.
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return without_zeros(bare, is_international).into();
    }
    let is_written = |letter: char| matches!(letter, ' ' | '-' | '.' | '/' | '(' | ')');
    if bare.chars().all(|letter| letter.is_ascii_digit() || is_written(letter)) {
        let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
        return without_zeros(&digits, is_international).to_owned().into();
    }
    if text.chars().any(char::is_uppercase) { text.to_lowercase().into() } else { text.into() }
}

/// Digits without the `00` by which a number begins that says its country, where no `+` has said it.
fn without_zeros(digits: &str, is_international: bool) -> &str {
    if is_international { digits } else { digits.strip_prefix("00").unwrap_or(digits) }
}

#[cfg(test)]
mod tests;
