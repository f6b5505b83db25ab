//! Measures that a person takes, or takes back, by hand (domain.md, section 8). No cycle's end lifts
//! what was put on by hand; only a person does.

use crate::account::Snapshot;
use crate::command::{Origin, Provision};
use crate::cycle::{MeasureInForce, MeasureKind, ProvisionInForce};
use crate::debtor::Debtor;
use crate::event::ByHandMeasure;
use crate::ids::{AccountId, CommandId, EventId, Operation, ServiceId, StageName};
use crate::policy::{DebtValues, Measure, MessageMeasure, ProvisionMeasure};
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::scribe::Scribe;
use crate::sending::{self, DebtOf, Reach, Request, Requested, Undo};
use std::collections::BTreeSet;

/// The stage under which a measure by hand is kept: it is of none.
const NO_STAGE: &str = "by_hand";

/// Whether a measure may be taken by hand: the account is known, and the order is not on already.
pub(crate) fn check_do(debtor: &Debtor, measure: &ByHandMeasure) -> Result<(), Rejection> {
    let Some(snapshot) = debtor.own_snapshot() else { return Err(Rejection::NoSnapshot) };
    match measure {
        ByHandMeasure::Provision { operation, undo, .. } if operation == undo => {
            Err(Rejection::UndoIsOperation(operation.clone()))
        }
        ByHandMeasure::Provision { operation, .. } => match reach(debtor, snapshot, operation) {
            Reach::Newly(_) => Ok(()),
            Reach::HeldAlready => Err(Rejection::InForceAlready(operation.clone())),
            Reach::Nothing => Err(Rejection::AlwaysOn),
        },
        ByHandMeasure::Message { .. } | ByHandMeasure::Task { .. } => Ok(()),
    }
}

/// Takes a measure by hand.
pub(crate) fn take(
    debtor: &mut Debtor,
    (account_id, event_id): (&AccountId, &EventId),
    ordered: &ByHandMeasure,
    scribe: &mut Scribe<'_>,
) {
    let Some(snapshot) = debtor.own_snapshot() else { return };
    let measure = measure_of(ordered);
    let reach = match &measure {
        Measure::Provision(order) => reach(debtor, snapshot, &order.operation),
        Measure::Message(_) | Measure::Task { .. } | Measure::Fee { .. } | Measure::Handover { .. } => {
            Reach::Nothing
        }
    };
    let services = match &reach {
        Reach::Newly(services) => services.clone(),
        Reach::HeldAlready | Reach::Nothing => Vec::new(),
    };
    let real = debtor.debt.invoices.iter().map(crate::debt::Invoice::outstanding).sum();
    let oldest = debtor.debt.invoices.iter().filter(|invoice| invoice.outstanding().is_positive());
    let values = DebtValues {
        real: scribe.money(real),
        conditional: scribe.money(real),
        due: oldest.map(|invoice| invoice.due).min().map_or_else(String::new, |due| due.to_string()),
        stage: "none".to_owned(),
    };
    let request = Request {
        account_id,
        snapshot,
        origin: Origin::ByHand,
        id_parts: &[NO_STAGE, event_id.as_str()],
        index: 0,
        occurrence: 1,
        window: None,
        observe: scribe.policy.observe,
        debt: Some(DebtOf { values, real, reach }),
        balance: None,
        lines_crossed: 0,
    };
    let requested = sending::request(&measure, &request, scribe);
    if let (Measure::Provision(order), Requested::Command(command_id, _)) = (measure, requested) {
        let what = MeasureKind::Provision(ProvisionInForce {
            operation: order.operation,
            undo: order.undo,
            cuts_off: order.cuts_off,
            services,
            lifted_since: None,
        });
        let (stage, requested_at) = (StageName::from(NO_STAGE), scribe.now());
        let outcome = None;
        debtor.by_hand.push(MeasureInForce { stage, index: 0, command_id, requested_at, outcome, what });
    }
}

fn measure_of(ordered: &ByHandMeasure) -> Measure {
    match ordered {
        ByHandMeasure::Provision { operation, undo, cuts_off } => Measure::Provision(ProvisionMeasure {
            operation: operation.clone(),
            undo: undo.clone(),
            cuts_off: *cuts_off,
        }),
        ByHandMeasure::Message { template, channel, class } => Measure::Message(MessageMeasure {
            template: template.clone(),
            channel: channel.clone(),
            class: *class,
            window: None,
            fallback: Vec::new(),
        }),
        ByHandMeasure::Task { queue } => Measure::Task { queue: queue.clone(), within: None },
    }
}

/// What an order by hand reaches: the services that nothing holds in the same way, none that is
/// always on; the account as a whole where it lists none.
fn reach(debtor: &Debtor, snapshot: &Snapshot, operation: &Operation) -> Reach {
    let held: Vec<&ProvisionInForce> = orders(debtor, operation).collect();
    if snapshot.services.is_empty() {
        return if held.is_empty() { Reach::Newly(Vec::new()) } else { Reach::HeldAlready };
    }
    let mut services: Vec<ServiceId> = snapshot
        .services
        .iter()
        .filter(|service| !service.always_on)
        .map(|service| service.id.clone())
        .collect();
    if services.is_empty() {
        return Reach::Nothing;
    }
    services.retain(|service| !held.iter().any(|order| order.services.contains(service)));
    if services.is_empty() { Reach::HeldAlready } else { Reach::Newly(services) }
}

/// The orders of an operation that are on, whoever put them on.
fn orders<'d>(debtor: &'d Debtor, operation: &'d Operation) -> impl Iterator<Item = &'d ProvisionInForce> {
    let cycles = debtor.profiles.iter().flat_map(|profile| &profile.cycles);
    let measures = cycles.flat_map(|cycle| &cycle.measures).chain(&debtor.by_hand);
    measures.filter_map(move |measure| match &measure.what {
        MeasureKind::Provision(order) if order.operation == *operation && order.lifted_since.is_none() => {
            Some(order)
        }
        MeasureKind::Provision(_) | MeasureKind::Message(_) | MeasureKind::Task(_) => None,
    })
}

/// Whether there is such an order to take back.
pub(crate) fn check_undo(debtor: &Debtor, operation: &Operation) -> Result<(), Rejection> {
    let is_on = orders(debtor, operation).next().is_some();
    is_on.then_some(()).ok_or_else(|| Rejection::NotInForce(operation.clone()))
}

/// Takes an order back, whoever put it on: no cycle that goes on puts it on again.
pub(crate) fn undo(
    debtor: &mut Debtor,
    (account_id, event_id): (&AccountId, &EventId),
    operation: &Operation,
    scribe: &mut Scribe<'_>,
) {
    let Some(undo) = orders(debtor, operation).next().map(|order| order.undo.clone()) else { return };
    let services: BTreeSet<ServiceId> =
        orders(debtor, operation).flat_map(|order| order.services.iter().cloned()).collect();
    let is_other = |measure: &MeasureInForce| match &measure.what {
        MeasureKind::Provision(order) => order.operation != *operation,
        MeasureKind::Message(_) | MeasureKind::Task(_) => true,
    };
    debtor.by_hand.retain(is_other);
    for cycle in debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles) {
        cycle.measures.retain(is_other);
    }
    let id = CommandId::of(&[account_id.as_str(), "undo_by_hand", event_id.as_str()], &[]);
    let order = Provision {
        operation: undo,
        is_undo: true,
        cuts_off: false,
        services: services.into_iter().collect(),
    };
    let names: Vec<&str> = order.services.iter().map(ServiceId::as_str).collect();
    let figures = vec![
        Figure::new("operation", &order.operation),
        Figure::new("services", names.join(", ")),
        Figure::new("command_id", id),
    ];
    if scribe.policy.observe {
        scribe.record(account_id, RecordKind::MeasureObserved, "undo", figures);
        return;
    }
    scribe.record(account_id, RecordKind::MeasureLifted, "a person took it back", figures);
    sending::send_undo(Undo { id, account_id, origin: Origin::ByHand, taken_back: operation, order }, scribe);
}
