//! Provisioning orders and their undos: what they reach, and when one of them takes the other's
//! place.
//!
//! Who holds an order in force is [`crate::dunning::force`]'s business.

use super::following::{self, figures_of_try};
use super::request::{self, Reach, Request, Requested};
use super::window::{self, Went};
use crate::account::Snapshot;
use crate::calendar::Window;
use crate::command::{Action, Origin, Provision};
use crate::cycle::{MeasureInForce, MeasureKind};
use crate::debtor::Debtor;
use crate::ids::{AccountId, CommandId, Operation, ServiceId};
use crate::policy::ProvisionMeasure;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::underway::{CommandUnderWay, OrderUnderWay, StoredOrigin, UnderWay};

/// Takes an order of a measure for the first time.
pub(super) fn request(order: &ProvisionMeasure, request: &Request<'_>, scribe: &mut Scribe<'_>) -> Requested {
    let reach = request.debt.as_ref().map_or_else(|| all_to_cut(request.snapshot), |debt| debt.reach.clone());
    let services = match reach {
        Reach::Newly(services) => services,
        Reach::HeldAlready => {
            tell_none(order, "it is in force already", request, scribe);
            return Requested::HeldAlready(request::id_of(request));
        }
        Reach::Nothing => {
            tell_none(order, "every service is always on", request, scribe);
            return Requested::Nothing;
        }
    };
    let operation = order.operation.clone();
    let window = request.window.map(|window| window.name.clone());
    let what = OrderUnderWay { operation, is_undo: false, cuts_off: order.cuts_off, services, window };
    let command = request::first_try(request, UnderWay::Order(what), scribe);
    let id = command.command_id;
    if request.observe {
        let figures = following::figures_of(&command, None);
        scribe.record(request.account_id, RecordKind::MeasureObserved, "observe", figures);
    } else {
        take_place_of(&order.undo, true, &command, scribe);
        match go(command, request.window, None, scribe) {
            Went::Out(_) => {}
            Went::Waits => return Requested::Waits(id, None),
            Went::Nowhere => return Requested::Nothing,
        }
    }
    Requested::Command(id, None)
}

fn tell_none(order: &ProvisionMeasure, reason: &str, request: &Request<'_>, scribe: &mut Scribe<'_>) {
    let figures = vec![Figure::new("operation", &order.operation)];
    scribe.record(request.account_id, RecordKind::MeasureDropped, reason, figures);
}

/// All of an account's services that may be cut off.
fn all_to_cut(snapshot: &Snapshot) -> Reach {
    let may_be_cut = snapshot.services.iter().filter(|service| !service.always_on);
    let services: Vec<ServiceId> = may_be_cut.map(|service| service.id.clone()).collect();
    if services.is_empty() && !snapshot.services.is_empty() { Reach::Nothing } else { Reach::Newly(services) }
}

/// Sends a try of an order, where its window is open; else it waits.
pub(super) fn go(
    command: CommandUnderWay,
    window: Option<&Window>,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) -> Went {
    let command = match window::ask(command, window, because, scribe) {
        Ok(command) => command,
        Err(went) => return went,
    };
    let UnderWay::Order(order) = &command.what else { return Went::Nowhere };
    let action = Action::Provision(written(order));
    let mut figures = request::figures_of(&action);
    figures.extend(figures_of_try(&command, because));
    let reason = following::reason_word(&command);
    scribe.record(&command.account_id, RecordKind::MeasureRequested, reason, figures);
    scribe.command_of(&command, action);
    following::follow(command, scribe);
    Went::Out(None)
}

fn written(order: &OrderUnderWay) -> Provision {
    Provision {
        operation: order.operation.clone(),
        is_undo: order.is_undo,
        cuts_off: order.cuts_off,
        services: order.services.clone(),
    }
}

/// The undo of an order that was in force.
pub(crate) struct Undo<'a> {
    /// Its id.
    pub(crate) id: CommandId,
    /// The account it concerns.
    pub(crate) account_id: &'a AccountId,
    /// What made the order.
    pub(crate) origin: Origin,
    /// The operation that it takes back.
    pub(crate) taken_back: &'a Operation,
    /// The undo.
    pub(crate) order: Provision,
}

/// Sends the undo of an order and follows it: it is tried again as the policy says, whatever became
/// of its cycle. The caller records why it goes out.
pub(crate) fn send_undo(undo: Undo<'_>, scribe: &mut Scribe<'_>) {
    let Provision { operation, is_undo, cuts_off, services } = undo.order;
    let what = UnderWay::Order(OrderUnderWay { operation, is_undo, cuts_off, services, window: None });
    let origin = StoredOrigin::from(&undo.origin);
    let command = following::first_try(undo.id, undo.account_id, origin, what, scribe);
    take_place_of(undo.taken_back, false, &command, scribe);
    if let UnderWay::Order(order) = &command.what {
        scribe.command_of(&command, Action::Provision(written(order)));
    }
    following::follow(command, scribe);
}

/// An order takes the place of its opposite that is still under way for the same services: tried
/// again later, that would undo what is asked now.
fn take_place_of(opposite: &Operation, is_undo: bool, newer: &CommandUnderWay, scribe: &mut Scribe<'_>) {
    let UnderWay::Order(new) = &newer.what else { return };
    let before = scribe.under_way.len();
    scribe.under_way.retain_mut(|known| {
        let UnderWay::Order(order) = &mut known.what else { return true };
        let is_opposite = order.operation == *opposite && order.is_undo == is_undo;
        if !is_opposite || known.account_id != newer.account_id {
            return true;
        }
        if order.services.is_empty() {
            return !new.services.is_empty() || known.origin.debt_class != newer.origin.debt_class;
        }
        order.services.retain(|service| !new.services.contains(service));
        !order.services.is_empty()
    });
    if scribe.under_way.len() != before {
        scribe.changed();
    }
}

/// An order of which every try failed was not done: nothing that holds it holds it any longer, and
/// no undo will go out for it.
pub(super) fn put_out_of_force(debtor: &mut Debtor, command: &CommandUnderWay, order: &OrderUnderWay) {
    for profile in &mut debtor.profiles {
        let is_its = command.origin.debt_class.as_deref() == Some(&profile.debt_class.to_string());
        for cycle in &mut profile.cycles {
            cycle.measures.retain_mut(|measure| stays_in_force(measure, command, order, is_its));
        }
    }
    debtor.by_hand.retain_mut(|measure| stays_in_force(measure, command, order, false));
}

fn stays_in_force(
    measure: &mut MeasureInForce,
    command: &CommandUnderWay,
    failed: &OrderUnderWay,
    is_of_profile: bool,
) -> bool {
    let MeasureKind::Provision(held) = &mut measure.what else { return true };
    if held.operation != failed.operation {
        return true;
    }
    match (held.services.is_empty(), failed.services.is_empty()) {
        // A profile as a whole is held by all its cycles at once.
        (true, true) => !is_of_profile && measure.command_id != command.command_id,
        (true, false) | (false, true) => true,
        (false, false) => {
            held.services.retain(|service| !failed.services.contains(service));
            !held.services.is_empty()
        }
    }
}

/// The figures of an order.
pub(super) fn figures_of(operation: &Operation, services: &[ServiceId]) -> Vec<Figure> {
    let services: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    vec![Figure::new("operation", operation), Figure::new("services", services.join(", "))]
}
