//! What goes wrong in a run, and when: a plan made from the seed before anything happens, so that a
//! run can be repeated without some of it.

use schemas::InputTopic;
use std::fmt;
use std::time::Duration;

/// A call at which a process touches something outside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    Join,
    Poll,
    Fence,
    Send,
    Commit,
    Committed,
    Ends,
    Read,
    Open,
    Load,
    Apply,
    Flush,
}

/// What happens at an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The process dies, and nothing was done.
    CrashesBefore,
    /// It is done, and the process dies.
    CrashesAfter,
    /// The log or the store does not do it, and says so.
    Fails,
    /// Nor does the disk write anything else of that process for so long: it is full.
    FailsFor(Duration),
    /// It is done, and the process does not get to know.
    ReplyIsLost,
    /// The process stands still for a while, then it is done.
    Stalls(Duration),
    /// It is done, and the process stands still for a while.
    StallsAfter(Duration),
    /// The reply takes this long, and so does a commit.
    TakesLong(Duration),
    /// A commit's request is on its way when the process gives it up: it may arrive this much later.
    ArrivesLate(Duration),
    /// The log aborts the transaction.
    IsAborted,
    /// So many records that were read already come again.
    ComesAgain(u32),
    /// A read brings nothing, although there is something.
    BringsNothing,
}

/// What happens between two days of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// One more process starts, or one that was stopped.
    Starts,
    /// A process is stopped in good order.
    Stops,
    /// A process is killed.
    IsKilled,
    /// The group gives a partition to another member, which does not wait for the one that had it.
    TakesOver(u32),
    /// Compaction, and tombstones old enough are gone.
    Compacts,
    /// Retention takes the input records that the group has committed.
    Truncates,
    /// The clock of a process is set ahead, or back.
    ClockIsSet { process: usize, seconds: i64 },
    /// A process is killed and comes back days later, when tombstones that it has not seen are gone.
    IsAway,
    /// The disk of a process is lost, as it is killed.
    LosesItsDisk,
    /// A person moves a committed offset of the group, and puts it back after a while.
    OffsetIsMoved(i64),
    /// An input topic is deleted and made anew, under running processes or while none runs; once they
    /// refuse it, a person accepts what is lost.
    TopicIsMadeAnew { topic: usize, is_running: bool },
    /// Nothing happens for weeks.
    Weeks,
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// At the so-many-eth effect of a kind in the run.
    At(Effect, u32, What),
    /// After so many days.
    After(u32, Happening),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(effect, nth, what) => write!(f, "at {effect:?} {nth}: {what:?}"),
            Self::After(day, happening) => write!(f, "after day {day}: {happening:?}"),
        }
    }
}

/// Everything that goes wrong in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) faults: Vec<Fault>,
}

/// The most faults of one run.
const MOST: u32 = 16;

impl Plan {
    /// The plan of a seed, for a run of so many days.
    pub(crate) fn of(dice: &mut fastrand::Rng, days: u32, partitions: u32, processes: usize) -> Self {
        let count = dice.u32(0..=MOST);
        let fault = |_| {
            if dice.u32(0..3) == 0 {
                Fault::After(dice.u32(1..days), happening(dice, partitions, processes))
            } else {
                at_an_effect(dice)
            }
        };
        Self { faults: (0..count).map(fault).collect() }
    }

    /// The same without some of it.
    pub(crate) fn only(&self, kept: &[usize]) -> Self {
        let faults = self.faults.iter().enumerate();
        Self { faults: faults.filter(|(at, _)| kept.contains(at)).map(|(_, fault)| *fault).collect() }
    }
}

fn happening(dice: &mut fastrand::Rng, partitions: u32, processes: usize) -> Happening {
    match dice.u32(0..25) {
        0 | 1 | 14 => Happening::Starts,
        2 => Happening::Stops,
        3 => Happening::IsKilled,
        4 | 5 | 15 | 16 => Happening::TakesOver(dice.u32(0..partitions)),
        6 | 7 => Happening::Compacts,
        8 => Happening::Truncates,
        9 | 19 => {
            let most = [90, 3_600, 30 * 86_400];
            let most = most.get(dice.usize(0..most.len())).copied().unwrap_or(90);
            // A clock that runs ahead does more harm than one that is behind.
            let seconds = if dice.u32(0..3) == 0 { -dice.i64(0..=most) } else { dice.i64(60..=most) };
            Happening::ClockIsSet { process: dice.usize(0..processes), seconds }
        }
        10 => Happening::LosesItsDisk,
        17 | 18 | 20..=23 => Happening::IsAway,
        11 => Happening::OffsetIsMoved(dice.i64(-9..=9)),
        24 => Happening::TopicIsMadeAnew {
            topic: dice.usize(0..InputTopic::ALL.len()),
            is_running: dice.bool(),
        },
        _ => Happening::Weeks,
    }
}

/// How often an effect of a kind comes in the days of half of all runs: a fault that is to be met must
/// come before.
fn usual(effect: Effect) -> u32 {
    match effect {
        Effect::Join => 3,
        Effect::Fence | Effect::Open | Effect::Committed | Effect::Flush | Effect::Read => 6,
        Effect::Load => 12,
        Effect::Ends => 20,
        Effect::Commit | Effect::Apply => 40,
        Effect::Send => 240,
        Effect::Poll => 280,
    }
}

fn at_an_effect(dice: &mut fastrand::Rng) -> Fault {
    use Effect::{Apply, Commit, Committed, Ends, Fence, Flush, Join, Load, Open, Poll, Read, Send};
    // What matters most comes most often.
    const EFFECTS: [Effect; 19] = [
        Commit, Commit, Commit, Commit, Commit, Commit, Apply, Apply, Apply, Fence, Fence, Committed, Ends,
        Read, Send, Poll, Poll, Flush, Open,
    ];
    let effect = match dice.usize(0..24) {
        0 => Join,
        1 => Load,
        at => EFFECTS.get(at % EFFECTS.len()).copied().unwrap_or(Commit),
    };
    Fault::At(effect, dice.u32(0..usual(effect)), what(effect, dice))
}

fn what(effect: Effect, dice: &mut fastrand::Rng) -> What {
    let long = [1, 50, 4_000, 13_000, 40_000];
    let time = Duration::from_millis(long.get(dice.usize(0..long.len())).copied().unwrap_or(1));
    match (effect, dice.u32(0..12)) {
        (_, 0) => What::CrashesBefore,
        (_, 1) => What::CrashesAfter,
        (_, 2) => What::Stalls(time),
        (_, 3) => What::StallsAfter(time),
        (Effect::Apply | Effect::Open | Effect::Flush, 4..=7) => What::FailsFor(time),
        (Effect::Apply | Effect::Open | Effect::Flush | Effect::Load | Effect::Send, _) => What::Fails,
        (Effect::Commit, 4 | 5) => What::ArrivesLate(time),
        (Effect::Commit, 6) => What::IsAborted,
        (Effect::Poll, 4..=7) => What::ComesAgain(dice.u32(1..20)),
        (Effect::Read, 4..=6) => What::BringsNothing,
        (_, 7 | 8) => What::TakesLong(time),
        (_, 9) => What::Fails,
        (_, _) => What::ReplyIsLost,
    }
}
