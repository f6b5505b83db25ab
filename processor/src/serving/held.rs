//! What the breaker holds, in the API's words.

use api::held::{Held, HeldOrder};
use decision::command::{Action, Origin};
use engine::reading::Holding;

pub(super) fn told(holding: Holding) -> Held {
    let items = holding.orders.into_iter().map(|held| {
        let command = held.command;
        let (operation, services) = match command.action {
            Action::Provision(order) => (order.operation.to_string(), order.services),
            // The breaker holds what cuts off, and nothing else does.
            Action::Message(_)
            | Action::Task { .. }
            | Action::Fee { .. }
            | Action::Handover { .. }
            | Action::Cancel { .. } => (String::new(), Vec::new()),
        };
        let (plan, stage) = match command.origin {
            Origin::Cycle { plan, stage, .. } => (Some(plan), stage),
            Origin::BeforeDue { plan, .. } => (Some(plan), None),
            Origin::Threshold { .. } | Origin::ByHand => (None, None),
        };
        HeldOrder {
            partition: held.partition,
            command_id: command.id.to_string(),
            account_id: command.account_id.to_string(),
            debtor_id: command.debtor_id.to_string(),
            decided_at: command.at.to_string(),
            operation,
            services: services.iter().map(ToString::to_string).collect(),
            plan: plan.map(|plan| plan.to_string()),
            stage: stage.map(|stage| stage.to_string()),
        }
    });
    Held { items: items.collect(), more: holding.has_more }
}
