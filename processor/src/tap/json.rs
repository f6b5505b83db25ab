//! An item as a JSON object: the fields that `weir tap --help` tells of, which stay as they are.

use super::causes::Led;
use super::item::{Item, What};
use super::order::Told;
use super::wanted::{command_kind, names};
use decision::command::{Action, Cancelled, Command, Origin};
use schemas::OutputTopic;
use serde_json::{Map, Value, json};

/// The object of an item, on one line.
pub(super) fn line(told: &Told, words: &str) -> String {
    let item = &told.item;
    let mut fields = head(item, words);
    let own = match &item.what {
        What::Event(_, event) => {
            let whole: Value =
                serde_json::from_str(&schemas::files::write_line(event)).unwrap_or(Value::Null);
            json!({ "event_id": event.event_id.as_str(), "event": whole })
        }
        What::Decision(line) => json!({
            "decision": line.kind,
            "at": line.at.to_string(),
            "sequence": line.sequence,
            "reason": line.reason,
            "figures": line.figures,
            "policy_version": line.policy_version,
            "event_id": line.event_id,
        }),
        What::Command(topic, command) => self::command(*topic, command),
        What::Reject(rejected) => json!({
            "reason": rejected.reason,
            "detail": rejected.detail,
            "rejected_at": rejected.rejected_at.to_string(),
            "event_id": rejected.event_id,
            "from": rejected.from.as_ref().map(|from| json!({
                "topic": &*from.source.topic, "partition": from.source.partition, "offset": from.offset,
            })),
        }),
        What::Unreadable(unreadable) => json!({ "problem": unreadable.problem, "key": unreadable.key }),
    };
    if let Value::Object(own) = own {
        fields.extend(own);
    }
    let is_decided = matches!(item.what, What::Decision(_) | What::Command(..));
    if let Some(led) = told.led.as_ref().filter(|_| is_decided) {
        fields.insert("led_by".to_owned(), led_by(led));
    }
    Value::Object(fields).to_string()
}

fn head(item: &Item, words: &str) -> Map<String, Value> {
    let what = match &item.what {
        What::Event(..) => "event",
        What::Decision(_) => "decision",
        What::Command(..) => "command",
        What::Reject(_) => "reject",
        What::Unreadable(_) => "unreadable",
    };
    let fields = [
        ("item", json!(what)),
        ("logged_at", json!(item.logged_at.to_string())),
        ("topic", json!(&*item.place.source.topic)),
        ("partition", json!(item.place.source.partition)),
        ("offset", json!(item.place.offset)),
        ("account_id", json!(item.account())),
        ("debtor_id", json!(item.debtor())),
        ("words", json!(words)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn led_by(led: &Led) -> Value {
    let due: Vec<String> = led.due.iter().map(ToString::to_string).collect();
    json!({ "events": led.events, "due": due, "new_policy": led.new_policy, "certain": led.is_certain() })
}

fn command(topic: OutputTopic, command: &Command) -> Value {
    let (rule, plan, stage) = match &command.origin {
        Origin::Threshold { rule } => (Some(rule.as_str()), None, None),
        Origin::Cycle { plan, stage, .. } => {
            (None, Some(plan.as_str()), stage.as_ref().map(decision::ids::StageName::as_str))
        }
        Origin::BeforeDue { plan, .. } => (None, Some(plan.as_str()), None),
        Origin::ByHand => (None, None, None),
    };
    json!({
        "command": command_kind(topic),
        "command_id": command.id.to_string(),
        "requested_at": command.at.to_string(),
        "first_command_id": command.first_id.as_ref().map(ToString::to_string),
        "names": names(command),
        "rule": rule,
        "plan": plan,
        "stage": stage,
        "cancels": cancels(&command.action),
        "asks": asks(&command.action),
        "policy_version": &*command.policy.version,
    })
}

/// The id of the command that is to be left undone; none where something is asked for.
fn cancels(action: &Action) -> Option<String> {
    match action {
        Action::Cancel { cancelled, .. } => Some(cancelled.to_string()),
        Action::Message(_)
        | Action::Provision(_)
        | Action::Task { .. }
        | Action::Fee { .. }
        | Action::Handover { .. } => None,
    }
}

/// What the receiver is asked for: the fields of the command's own topic.
fn asks(action: &Action) -> Value {
    match action {
        Action::Message(message) => json!({
            "template": message.template.as_str(),
            "channel": message.channel.as_str(),
            "language": message.language.as_str(),
            "address": message.address,
            "text": message.text,
            "lines": message.lines,
        }),
        Action::Provision(provision) => json!({
            "operation": provision.operation.as_str(),
            "is_undo": provision.is_undo,
            "cuts_off": provision.cuts_off,
            "services": provision.services.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Action::Task { queue, due, managers } => json!({
            "queue": queue.as_str(),
            "due": due.map(|due| due.to_string()),
            "managers": managers.as_ref().map(|managers| managers.group.to_string()),
            "manager": managers.as_ref().and_then(|managers| managers.manager.as_ref()).map(ToString::to_string),
        }),
        Action::Fee { code, amount } => json!({
            "code": code, "amount": amount.minor_units.0, "currency": amount.currency.to_string(),
        }),
        Action::Handover { to, debt } => json!({
            "to": to, "debt": debt.minor_units.0, "currency": debt.currency.to_string(),
        }),
        Action::Cancel { what: Cancelled::Message(template), .. } => json!({ "template": template.as_str() }),
        Action::Cancel { what: Cancelled::Task(queue), .. } => json!({ "queue": queue.as_str() }),
    }
}

#[cfg(test)]
mod tests;
