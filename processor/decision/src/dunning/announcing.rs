//! Messages before an invoice is due (domain.md, section 5). They open no cycle.

use super::{force, plan_name, scope};
use crate::account::Snapshot;
use crate::command::Origin;
use crate::debt::Invoice;
use crate::debtor::Debtor;
use crate::ids::AccountId;
use crate::money::MinorUnits;
use crate::plan::{BeforeDue, Plan};
use crate::policy::DebtValues;
use crate::scribe::Scribe;
use crate::sending::{self, DebtOf, Reach, Request};
use crate::time::{Date, Timestamp};

/// Sends what is due before the due dates of open invoices. Answers when that is the case next.
pub(super) fn announce(
    debtor: &mut Debtor,
    frozen: &[MinorUnits],
    scribe: &mut Scribe<'_>,
) -> Option<Timestamp> {
    let policy = scribe.policy;
    let plan = plan_name(debtor, policy).and_then(|name| policy.plans.get(name))?;
    if plan.before_due.is_empty() || debtor.exempt || debtor.pause.is_some() {
        return None;
    }
    let account_id = AccountId::from(debtor.id.as_str());
    let Debtor { members, debt, .. } = debtor;
    let own = members.iter().find(|member| member.account_id == account_id)?;
    let snapshot = own.snapshot.as_ref()?;
    let today = scribe.zone.date_of(scribe.now());
    let mut next: Option<Timestamp> = None;
    for (invoice, frozen) in debt.invoices.iter_mut().zip(frozen) {
        if has_begun(invoice.due, today, scribe) || !may_be_announced(invoice, *frozen, plan, snapshot) {
            continue;
        }
        for rule in &plan.before_due {
            match stands(invoice, rule, scribe) {
                Stands::Due => tell(&account_id, snapshot, invoice, rule, plan, scribe),
                Stands::Later(at) => next = Some(next.map_or(at, |next| next.min(at))),
                Stands::Over => {}
            }
        }
    }
    next
}

/// Whether a day has begun by the clock, which shows `today`: of most days that is clear without
/// asking the zone.
fn has_begun(day: Date, today: Date, scribe: &Scribe<'_>) -> bool {
    day < today || (day <= today.plus_days(1) && scribe.zone.start_of(day) <= scribe.now())
}

/// Whether anything may be said of an invoice before it is due: it is open, nothing freezes it, and
/// it is one that the plan is for.
fn may_be_announced(invoice: &Invoice, frozen: MinorUnits, plan: &Plan, snapshot: &Snapshot) -> bool {
    invoice.outstanding().is_positive()
        && !frozen.is_positive()
        && !invoice.kept_out
        && scope::is_for(invoice, plan, snapshot)
}

/// How a message before an invoice's due date stands.
enum Stands {
    /// It is to be sent now.
    Due,
    /// It is to be sent at this moment.
    Later(Timestamp),
    /// It was sent.
    Over,
}

fn stands(invoice: &Invoice, rule: &BeforeDue, scribe: &Scribe<'_>) -> Stands {
    if invoice.announced.iter().any(|told| *told == rule.before.to_string()) {
        return Stands::Over;
    }
    let at = scribe.zone.before_start_of(invoice.due, rule.before);
    if at <= scribe.moment.horizon { Stands::Due } else { Stands::Later(at) }
}

fn tell(
    account_id: &AccountId,
    snapshot: &Snapshot,
    invoice: &mut Invoice,
    rule: &BeforeDue,
    plan: &Plan,
    scribe: &mut Scribe<'_>,
) {
    let before = rule.before.to_string();
    let outstanding = scribe.money(invoice.outstanding());
    let values = DebtValues {
        real: outstanding.clone(),
        conditional: outstanding,
        due: invoice.due.to_string(),
        stage: String::new(),
    };
    for (index, measure) in rule.measures.iter().enumerate() {
        let request = Request {
            account_id,
            snapshot,
            origin: Origin::BeforeDue {
                debt_class: scope::class_of(invoice, plan.debt_class).to_string(),
                plan: plan.name.clone(),
                invoice: invoice.id.clone(),
            },
            id_parts: &["before_due", invoice.id.as_str(), &before],
            index,
            occurrence: 1,
            observe: force::is_observed(plan, scribe),
            debt: Some(DebtOf { values: values.clone(), real: invoice.outstanding(), reach: Reach::Nothing }),
            balance: None,
            lines_crossed: 0,
        };
        sending::request(measure, &request, scribe);
    }
    invoice.announced.push(before);
    scribe.changed();
}
