//! A life: what comes is decided, timers fire, and each decision is checked.

use super::bytes::{Bytes, DAY, first_day};
use super::{events, policies};
use decision::event::Body;
use decision::ids::CommandId;
use decision::money::MinorUnits;
use decision::record::RecordKind;
use decision::time::{Timestamp, Zone};
use decision::{Debtor, Decisions, Input, Moment, Policies, decide, view};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What became of a life.
pub(crate) struct Lived {
    /// How many decisions it took.
    pub(crate) decisions: u64,
    /// What happened, each kind of thing once: by it new lives are told from old ones.
    pub(crate) signs: BTreeSet<u64>,
    /// A digest of all that was decided, and of the debtor in the end.
    pub(crate) digest: u64,
}

/// More timers than one event can leave due.
const MOST_TIMERS: usize = 200;

/// Lives a life made of these bytes; `teller` is told what comes and what is decided.
///
/// # Errors
/// When something happens in it that never may.
pub(crate) fn live<'a>(bytes: &[u8], teller: Option<&'a dyn Fn(&str)>) -> Result<Lived, String> {
    let mut bytes = Bytes::new(bytes);
    let start = Zone::utc().start_of(first_day()).plus_micros(DAY / 2);
    let mut life = Life {
        policies: policies::policies(&mut bytes, start),
        debtor: Debtor::new("a-1".into()),
        sent: Vec::new(),
        ids: BTreeSet::new(),
        last: 0,
        lived: Lived { decisions: 0, signs: BTreeSet::new(), digest: 0 },
        digest: DefaultHasher::new(),
        teller,
    };
    let (mut now, mut horizon) = (start, Timestamp::EARLIEST);
    while !bytes.is_empty() {
        let until = now.plus_micros(wait(&mut bytes));
        if bytes.is() {
            (now, horizon) = life.fire(now, horizon, until)?;
        }
        now = now.max(until);
        horizon = match bytes.below(16) {
            0 => Timestamp::EARLIEST,
            1..=3 => horizon.max(now.plus_micros(-i64::from(bytes.byte()) * DAY / 16)),
            _ => now,
        };
        let event = events::event(&mut bytes, now, &life.sent);
        life.decide(Input::Event(&event), Moment { now, horizon })?;
    }
    format!("{:?}", life.debtor).hash(&mut life.digest);
    life.lived.digest = life.digest.finish();
    Ok(life.lived)
}

/// How long nothing comes.
fn wait(bytes: &mut Bytes<'_>) -> i64 {
    match bytes.below(16) {
        0..=3 => 0,
        4..=9 => i64::from(bytes.byte()) * DAY / 256,
        10..=14 => i64::from(bytes.below(20)) * DAY,
        _ => i64::from(bytes.byte()) * 4 * DAY,
    }
}

struct Life<'a> {
    policies: Policies,
    debtor: Debtor,
    sent: Vec<CommandId>,
    ids: BTreeSet<CommandId>,
    /// What happened last: two things in a row are a sign of their own.
    last: u64,
    lived: Lived,
    digest: DefaultHasher,
    teller: Option<&'a dyn Fn(&str)>,
}

impl Life<'_> {
    /// Lets timers fire up to a moment, each at its time. Answers the time and the horizon then.
    fn fire(
        &mut self,
        mut now: Timestamp,
        mut horizon: Timestamp,
        until: Timestamp,
    ) -> Result<(Timestamp, Timestamp), String> {
        for _ in 0..MOST_TIMERS {
            let Some(due) = self.debtor.next_due.filter(|due| *due <= until) else { break };
            now = now.max(due);
            horizon = horizon.max(due).min(now);
            self.decide(Input::Due, Moment { now, horizon })?;
        }
        Ok((now, horizon))
    }

    fn decide(&mut self, input: Input<'_>, moment: Moment) -> Result<(), String> {
        let before = self.debtor.clone();
        if let Some(tell) = self.teller {
            tell(&format!("{moment:?} {input:#?}"));
        }
        let decisions = decide(&mut self.debtor, input, moment, &self.policies);
        self.lived.decisions += 1;
        if let Some(tell) = self.teller {
            tell(&format!("{decisions:#?}"));
        }
        let mut again = before.clone();
        let same = decide(&mut again, input, moment, &self.policies);
        ensure(same == decisions && again == self.debtor, "a replay differs")?;
        self.check(&before, input, moment, &decisions)?;
        for command in &decisions.commands {
            ensure(self.ids.insert(command.id), "a command id came twice")?;
            self.sent.push(command.id);
        }
        self.note(&decisions);
        Ok(())
    }

    fn check(
        &self,
        before: &Debtor,
        input: Input<'_>,
        moment: Moment,
        decisions: &Decisions,
    ) -> Result<(), String> {
        let debtor = &self.debtor;
        if decisions.rejection.is_some() {
            let (seen, records_made) = (before.seen.clone(), before.records_made);
            let as_before = Debtor { seen, records_made, ..debtor.clone() };
            ensure(as_before == *before, "a rejected event changed the debtor")?;
        }
        ensure(decisions.changed || debtor == before, "a change was not told")?;
        let is_known = |account: &str| debtor.member(account).is_some_and(|member| member.snapshot.is_some());
        let all_known = decisions.commands.iter().all(|command| is_known(command.account_id.as_str()));
        ensure(all_known, "something was sent before the account's snapshot")?;
        let is_settled = match input {
            Input::Due | Input::Passage { .. } => true,
            Input::Event(event) => {
                let is_repeated = |kind| kind == RecordKind::Duplicate;
                decisions.rejection.is_none()
                    && !matches!(event.body, Body::Balance(_))
                    && !decisions.records.iter().any(|record| is_repeated(record.kind))
            }
        };
        let is_due = debtor.next_due.is_some_and(|due| due <= moment.horizon);
        ensure(!is_settled || !is_due, "what is due was not done")?;
        money_adds_up(debtor)?;
        let at = Moment { now: moment.now, horizon: moment.now };
        for profile in view::profiles(debtor, at, &self.policies) {
            let is_between =
                MinorUnits::ZERO <= profile.conditional_debt && profile.conditional_debt <= profile.real_debt;
            ensure(is_between, "the conditional debt is not between nothing and the real")?;
        }
        for hold in view::holds(debtor, at, &self.policies) {
            ensure(
                MinorUnits::ZERO <= hold.freezes && hold.freezes <= hold.amount,
                "a hold freezes too much",
            )?;
        }
        Ok(())
    }

    /// Notes what happened.
    fn note(&mut self, decisions: &Decisions) {
        format!("{decisions:?}").hash(&mut self.digest);
        let kinds =
            decisions.records.iter().map(|record| format!("{:?} {}", record.kind, short(&record.reason)));
        let rejected = decisions.rejection.iter().map(|rejection| rejection.code().to_owned());
        for what in kinds.chain(rejected) {
            let mut hasher = DefaultHasher::new();
            what.hash(&mut hasher);
            let sign = hasher.finish();
            self.last.hash(&mut hasher);
            self.lived.signs.extend([sign, hasher.finish()]);
            self.last = sign;
        }
    }
}

/// A reason without what it names.
fn short(reason: &str) -> &str {
    reason.split(['«', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).next().unwrap_or_default()
}

fn money_adds_up(debtor: &Debtor) -> Result<(), String> {
    for payment in &debtor.debt.payments {
        let paying: MinorUnits = payment.allocations.iter().map(|part| part.amount).sum();
        let parts = payment.reversed.plus(payment.credit).plus(paying);
        ensure(payment.amount == parts, "a payment is not the sum of its parts")?;
        let is_below = payment.credit < MinorUnits::ZERO || payment.reversed < MinorUnits::ZERO;
        ensure(!is_below, "a part of a payment is below zero")?;
    }
    for invoice in &debtor.debt.invoices {
        let parts = debtor.debt.payments.iter().flat_map(|payment| &payment.allocations);
        let paid: MinorUnits = parts.filter(|part| part.invoice == invoice.id).map(|part| part.amount).sum();
        ensure(invoice.paid == paid, "an invoice is not paid by what payments pay of it")?;
        ensure(invoice.paid <= invoice.asked().or_zero(), "an invoice is paid beyond what it asks")?;
        let is_open = invoice.outstanding().is_positive();
        ensure(invoice.closed_at.is_none() == is_open, "an open invoice is closed, or the other way round")?;
    }
    Ok(())
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
