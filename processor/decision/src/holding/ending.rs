//! When a hold ends by itself: its days are over, a promise is kept or broken, a part is missed.
//!
//! Every end is a function of the hold and the debt; when that is looked at does not matter.

use super::freezing::Open;
use super::{MOST_REMEMBERED, bounds, is_paid_off, telling};
use crate::debtor::Debtor;
use crate::event::{Control, Instalment};
use crate::hold::{FormerHold, Hold, HoldReason};
use crate::ids::AccountId;
use crate::money::MinorUnits;
use crate::places::Places;
use crate::record::RecordKind;
use crate::scribe::Scribe;
use crate::time::{Date, Timestamp, Zone};

/// Why a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its time is over.
    Expired,
    /// A promise: the debt fell by its amount.
    Kept,
    /// A promise: it did not, in time.
    Broken,
    /// An instalment plan: all of it is paid.
    Paid,
    /// An instalment plan: this part was not paid in time, with all before it.
    PartMissed(Instalment, MinorUnits),
    /// A dispute: the customer was right, and the adjustment has come.
    Adjusted,
    /// A dispute: the customer was wrong.
    Rejected,
    /// A dispute: the customer took it back.
    Withdrawn,
    /// An unconfirmed payment: the money is there.
    Confirmed,
    /// An unconfirmed payment: the bank says no.
    Refused,
}

impl End {
    /// The record of it, and the reason in a word or a short sentence.
    fn told(self) -> (RecordKind, &'static str) {
        match self {
            Self::Expired => (RecordKind::HoldEnded, "expired"),
            Self::Kept => (RecordKind::PromiseKept, "the debt fell by its amount in time"),
            Self::Broken => (RecordKind::PromiseBroken, "the debt did not fall by its amount in time"),
            Self::Paid => (RecordKind::HoldEnded, "paid"),
            Self::PartMissed(..) => (RecordKind::InstalmentsBroken, "a part was not paid in time"),
            Self::Adjusted => (RecordKind::HoldEnded, "adjusted"),
            Self::Rejected => (RecordKind::HoldEnded, "rejected"),
            Self::Withdrawn => (RecordKind::HoldEnded, "withdrawn"),
            Self::Confirmed => (RecordKind::HoldEnded, "confirmed"),
            Self::Refused => (RecordKind::HoldEnded, "refused"),
        }
    }
}

/// When a hold ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// At once: nothing is left of it.
    AtOnce,
    /// At a moment.
    At(Timestamp),
    /// With the first moment of a day.
    StartOf(Date),
}

impl When {
    fn moment(self, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::AtOnce => None,
            Self::At(moment) => Some(moment),
            Self::StartOf(day) => Some(zone.start_of(day)),
        }
    }

    /// Whether it has come by `until`, which lies on `today`.
    pub(super) fn has_come(self, until: Timestamp, today: Date) -> bool {
        match self {
            Self::AtOnce => true,
            Self::At(moment) => moment <= until,
            Self::StartOf(day) => day <= today,
        }
    }
}

/// When the hold ends by itself, were nothing to change.
pub(super) fn end_time(hold: &Hold, paid: MinorUnits, zone: &Zone) -> Option<Timestamp> {
    end_of(hold, paid).and_then(|(when, _)| when.moment(zone))
}

/// How the hold ends by itself, were nothing to change; none where only someone can end it.
fn end_of(hold: &Hold, paid: MinorUnits) -> Option<(When, End)> {
    let day_after = |day: Date| When::StartOf(day.plus_days(1));
    match hold.kind {
        // The customer was right: what ends it is the adjustment.
        HoldReason::Dispute if hold.is_upheld => None,
        HoldReason::Dispute | HoldReason::Deferral => {
            hold.until.map(|until| (day_after(until), End::Expired))
        }
        HoldReason::Promise if paid >= hold.amount => Some((When::AtOnce, End::Kept)),
        HoldReason::Promise => hold.until.map(|until| (day_after(until), End::Broken)),
        HoldReason::Instalments if paid >= hold.amount => Some((When::AtOnce, End::Paid)),
        HoldReason::Instalments => {
            let (part, asked) = first_unpaid(hold, paid)?;
            let last = part.due.plus_days(hold.grace_days);
            Some((day_after(last), End::PartMissed(part, asked)))
        }
        HoldReason::UnconfirmedPayment => hold.expires_at.map(|at| (When::At(at), End::Expired)),
    }
}

/// The first part that is not paid, and what is to be paid by then.
fn first_unpaid(hold: &Hold, paid: MinorUnits) -> Option<(Instalment, MinorUnits)> {
    let mut asked = MinorUnits::ZERO;
    hold.parts.iter().find_map(|part| {
        asked = asked.plus(part.amount).min(hold.amount);
        (paid < asked).then_some((*part, asked))
    })
}

/// How each hold ends by itself, with what is paid of it.
pub(super) fn ends<'a>(
    debtor: &'a Debtor,
    places: &'a Places,
) -> impl Iterator<Item = (&'a Hold, MinorUnits, Option<(When, End)>)> {
    let paid_off = debtor.holds.iter().filter(|hold| is_paid_off(hold.kind));
    let open = Open::for_holds(&debtor.debt, places, paid_off);
    debtor.holds.iter().map(move |hold| {
        let paid = open.paid(hold);
        (hold, paid, end_of(hold, paid))
    })
}

/// A hold that is over.
pub(super) struct Over {
    pub(super) hold: Hold,
    pub(super) end: End,
    /// When its time was over; none where something else ended it.
    pub(super) at: Option<Timestamp>,
    /// What was paid of it.
    pub(super) paid: MinorUnits,
}

/// Ends the holds whose end has come by `until`, in the order of their ends. Answers whether there
/// was one.
pub(crate) fn end_holds(
    debtor: &mut Debtor,
    places: &Places,
    until: Timestamp,
    scribe: &mut Scribe<'_>,
) -> bool {
    if debtor.holds.is_empty() {
        return false;
    }
    let today = scribe.zone.date_of(until);
    let due = |(hold, paid, end): (&Hold, MinorUnits, Option<(When, End)>)| {
        let (when, end) = end.filter(|(when, _)| when.has_come(until, today))?;
        Some(Over { hold: hold.clone(), end, at: when.moment(&scribe.zone), paid })
    };
    let mut over: Vec<Over> = ends(debtor, places).filter_map(due).collect();
    if over.is_empty() {
        return false;
    }
    let ids: std::collections::BTreeSet<_> = over.iter().map(|over| over.hold.id.clone()).collect();
    debtor.holds.retain(|hold| !ids.contains(&hold.id));
    over.sort_by_key(|over| over.at);
    let account_id = AccountId::from(debtor.id.as_str());
    finish(debtor, &account_id, over, None, scribe);
    true
}

/// When holds end by themselves.
pub(crate) struct NextEnd {
    /// Whether one is over now, whatever the time.
    pub(crate) is_any_over: bool,
    /// When the next of the others ends.
    pub(crate) next: Option<Timestamp>,
}

/// When the next hold ends by itself.
pub(crate) fn next_end(debtor: &Debtor, places: &Places, scribe: &Scribe<'_>) -> NextEnd {
    let (mut moment, mut day): (Option<Timestamp>, Option<Date>) = (None, None);
    let mut is_any_over = false;
    for (_, _, end) in ends(debtor, places) {
        match end.map(|(when, _)| when) {
            None => {}
            Some(When::AtOnce) => is_any_over = true,
            Some(When::At(at)) => moment = Some(moment.map_or(at, |known| known.min(at))),
            Some(When::StartOf(date)) => day = Some(day.map_or(date, |known| known.min(date))),
        }
    }
    let morning = day.map(|day| scribe.zone.start_of(day));
    let next = [moment, morning].into_iter().flatten().min().filter(|next| *next < Timestamp::LATEST);
    NextEnd { is_any_over, next }
}

/// Takes the hold at this place out of force: something else than time ended it.
pub(super) fn end_one(
    debtor: &mut Debtor,
    account_id: &AccountId,
    place: usize,
    end: End,
    control: Option<&Control>,
    scribe: &mut Scribe<'_>,
) {
    let hold = debtor.holds.remove(place);
    let over = Over { hold, end, at: None, paid: MinorUnits::ZERO };
    finish(debtor, account_id, vec![over], control, scribe);
}

/// Remembers and tells of holds that were taken out of force.
fn finish(
    debtor: &mut Debtor,
    account_id: &AccountId,
    over: Vec<Over>,
    control: Option<&Control>,
    scribe: &mut Scribe<'_>,
) {
    let debt = telling::debt_figures(debtor, scribe);
    for over in &over {
        let Hold { id, kind, made_at, .. } = &over.hold;
        debtor.former_holds.push(FormerHold {
            id: id.clone(),
            kind: *kind,
            made_at: *made_at,
            // Its own time, whenever that is looked at.
            ended_at: over.at.unwrap_or(scribe.now()),
        });
        let (record, reason) = over.end.told();
        let mut figures = telling::figures_of(&over.hold, over.paid, scribe);
        figures.extend(telling::end_figures(over, scribe));
        figures.extend(debt.iter().cloned());
        figures.extend(telling::who(control));
        scribe.record(account_id, record, reason, figures);
    }
    forget_old(debtor, scribe);
}

/// Forgets the holds that are over for longer than ids are remembered, and that no bound counts.
pub(crate) fn forget_old(debtor: &mut Debtor, scribe: &Scribe<'_>) {
    if debtor.former_holds.is_empty() {
        return;
    }
    let oldest_kept = scribe.oldest_kept();
    let rules = &scribe.policy.holds;
    let is_counted = |former: &FormerHold| {
        let per = bounds::bounds_of(rules, former.kind).and_then(|bounds| bounds.per);
        per.is_some_and(|per| former.made_at > scribe.zone.before(scribe.now(), per))
    };
    let former = &mut debtor.former_holds;
    former.retain(|former| former.ended_at >= oldest_kept || is_counted(former));
    former.drain(..former.len().saturating_sub(MOST_REMEMBERED));
}
