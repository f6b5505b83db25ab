//! Messages before an invoice is due (domain.md, section 5). They open no cycle.

use super::days::Days;
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
use crate::time::{Date, Period, Timestamp, Zone};

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
    let zone = scribe.zone.clone();
    let has_begun = Days::new(Period::NONE, scribe.now(), &zone);
    let mut rules: Vec<_> = plan.before_due.iter().map(|rule| Standing::of(rule, &zone, scribe)).collect();
    for (invoice, frozen) in debt.invoices.iter_mut().zip(frozen) {
        if has_begun.have_come(invoice.due) || !may_be_announced(invoice, *frozen, plan, snapshot) {
            continue;
        }
        for standing in &mut rules {
            if invoice.announced.contains(&standing.before) {
                continue;
            }
            if standing.has_come.have_come(invoice.due) {
                tell(&account_id, snapshot, invoice, standing, plan, scribe);
            } else {
                standing.next = Some(standing.next.map_or(invoice.due, |next| next.min(invoice.due)));
            }
        }
    }
    let next = |standing: &Standing<'_>| Some(zone.before_start_of(standing.next?, standing.rule.before));
    rules.iter().filter_map(next).min()
}

/// How a message before due dates stands.
struct Standing<'a> {
    rule: &'a BeforeDue,
    /// How long before: by that an invoice remembers it.
    before: String,
    /// The due dates before which its time has come.
    has_come: Days<'a>,
    /// The earliest due date before which it is to be sent later.
    next: Option<Date>,
}

impl<'a> Standing<'a> {
    fn of(rule: &'a BeforeDue, zone: &'a Zone, scribe: &Scribe<'_>) -> Self {
        let has_come = Days::new(rule.before.negated(), scribe.moment.horizon, zone);
        Self { rule, before: rule.before.to_string(), has_come, next: None }
    }
}

/// Whether anything may be said of an invoice before it is due: it is open, nothing freezes it, and
/// it is one that the plan is for.
fn may_be_announced(invoice: &Invoice, frozen: MinorUnits, plan: &Plan, snapshot: &Snapshot) -> bool {
    invoice.outstanding().is_positive()
        && !frozen.is_positive()
        && !invoice.kept_out
        && scope::is_for(invoice, plan, snapshot)
}

fn tell(
    account_id: &AccountId,
    snapshot: &Snapshot,
    invoice: &mut Invoice,
    standing: &Standing<'_>,
    plan: &Plan,
    scribe: &mut Scribe<'_>,
) {
    let Standing { rule, before, .. } = standing;
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
            id_parts: &["before_due", invoice.id.as_str(), before],
            index,
            occurrence: 1,
            window: None,
            observe: force::is_observed(plan, scribe),
            debt: Some(DebtOf { values: values.clone(), real: invoice.outstanding(), reach: Reach::Nothing }),
            balance: None,
            lines_crossed: 0,
        };
        sending::request(measure, &request, scribe);
    }
    invoice.announced.push(before.clone());
    scribe.changed();
}
