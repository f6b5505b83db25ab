//! What becomes of a command between its decision and the log: rates and the breaker look across
//! debtors, and what they do to a command its debtor must know.
//!
//! Which command waits, and when it goes, is decided by whoever sends commands; this module only
//! takes it down. A command that waits here is not late: its report is not waited for until it is
//! sent.

use crate::command::{Action, Command};
use crate::cycle::{MeasureInForce, MeasureKind};
use crate::debtor::Debtor;
use crate::event::Control;
use crate::policy::Delivery;
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::sending::{self, figures_of};

/// What became of a command on its way out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passage<'a> {
    /// More of its kind are to go than may: it waits.
    Waits,
    /// The breaker holds it, until a person releases or drops it.
    Held,
    /// It has waited, and is sent now.
    Sent,
    /// A person released it, and it is sent now.
    Released(&'a Control),
    /// A person dropped it: it was never sent, and will not be.
    Dropped(&'a Control),
    /// What takes it back came before it was sent: neither is.
    Undone,
    /// A message whose turn came while its window was shut: it comes back, and waits for that.
    Shut,
}

/// Takes down what became of a command.
pub(crate) fn apply(debtor: &mut Debtor, command: &Command, passage: Passage<'_>, scribe: &mut Scribe<'_>) {
    match passage {
        Passage::Waits => keep_back(command, scribe),
        Passage::Held => {
            keep_back(command, scribe);
            tell(command, RecordKind::MeasureHeld, "breaker", None, scribe);
        }
        Passage::Sent => send(command, scribe),
        Passage::Released(control) => {
            send(command, scribe);
            tell(command, RecordKind::ControlApplied, "release_held", Some(control), scribe);
        }
        Passage::Dropped(control) => {
            forget(debtor, command, scribe);
            tell(command, RecordKind::MeasureDropped, "drop_held", Some(control), scribe);
        }
        Passage::Undone => {
            forget(debtor, command, scribe);
            tell(command, RecordKind::MeasureDropped, "undone before it was sent", None, scribe);
        }
        Passage::Shut => sending::take_back(debtor, command, scribe),
    }
}

fn tell(
    command: &Command,
    kind: RecordKind,
    reason: &str,
    control: Option<&Control>,
    scribe: &mut Scribe<'_>,
) {
    let mut figures = figures_of(&command.action);
    figures.push(Figure::new("command_id", command.id));
    if let Some(control) = control {
        figures.push(Figure::new("by", &control.by));
        figures.push(Figure::new("role", &control.role));
        figures.extend(control.why.as_ref().map(|why| Figure::new("why", why)));
    }
    scribe.record(&command.account_id, kind, reason, figures);
}

/// Nothing of it has gone out: no report is waited for, however long that takes.
fn keep_back(command: &Command, scribe: &mut Scribe<'_>) {
    let mut theirs = scribe.under_way.iter_mut().filter(|under_way| under_way.command_id == command.id);
    if let Some(under_way) = theirs.next() {
        under_way.wakes_at = None;
        under_way.is_kept_back = true;
        scribe.changed();
    }
}

/// The time for its report begins now.
fn send(command: &Command, scribe: &mut Scribe<'_>) {
    let now = scribe.now();
    let wakes_at = report_within(command, scribe).map(|within| scribe.zone.after(now, within));
    let mut theirs = scribe.under_way.iter_mut().filter(|under_way| under_way.command_id == command.id);
    if let Some(under_way) = theirs.next() {
        under_way.sent_at = Some(now);
        under_way.wakes_at = wakes_at;
        under_way.is_kept_back = false;
        scribe.changed();
    }
}

/// How soon the end of a command of this kind must be reported, by the policy it was decided under.
fn report_within(command: &Command, scribe: &Scribe<'_>) -> Option<crate::time::Period> {
    let theirs = scribe.policies.by_hash(&command.policy.hash);
    let rules = &theirs.map_or(scribe.policy, |policy| policy).commands;
    let delivery: Option<&Delivery> = match &command.action {
        Action::Message(_) => Some(&rules.message),
        Action::Provision(_) => Some(&rules.provision),
        Action::Task { .. } | Action::Fee { .. } | Action::Handover { .. } | Action::Cancel { .. } => None,
    };
    delivery.and_then(|delivery| delivery.report_within).filter(|within| !within.is_none())
}

/// It was never sent: nothing is reported of it, and nothing is to be taken back.
fn forget(debtor: &mut Debtor, command: &Command, scribe: &mut Scribe<'_>) {
    scribe.under_way.retain(|under_way| under_way.command_id != command.id);
    sending::tasks::forget(command.id, scribe);
    // What is lifted only while its cycle is held is put on again when that goes on.
    let stays = |measure: &MeasureInForce| match &measure.what {
        MeasureKind::Provision(order) => order.lifted_since.is_some(),
        MeasureKind::Message(_) | MeasureKind::Task(_) => false,
    };
    for cycle in debtor.profiles.iter_mut().flat_map(|profile| &mut profile.cycles) {
        cycle.measures.retain(|measure| measure.command_id != command.id || stays(measure));
    }
    scribe.changed();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Origin, Provision};
    use crate::cycle::{Cycle, DebtClass, Profile, ProvisionInForce};
    use crate::event::Order;
    use crate::ids::CommandId;
    use crate::policies::Policies;
    use crate::policy::{CommandRules, Policy};
    use crate::testing::{identity, moment, policy, snapshot};
    use crate::time::Period;
    use crate::underway::{CommandUnderWay, OrderUnderWay, StoredOrigin, UnderWay};
    use crate::{Debtor, Input, Moment, decide};

    const ID: [&str; 1] = ["bar"];

    fn command() -> Command {
        Command {
            id: CommandId::of(&ID, &[]),
            account_id: "a-1".into(),
            debtor_id: "a-1".into(),
            at: moment("2026-03-01"),
            policy: identity("1"),
            first_id: None,
            origin: Origin::ByHand,
            action: Action::Provision(Provision {
                operation: "bar".into(),
                is_undo: false,
                cuts_off: true,
                services: Vec::new(),
            }),
            window: None,
        }
    }

    /// A debtor whose cycle has ordered the bar, its report due in ten minutes.
    fn debtor() -> Debtor {
        let (at, id) = (moment("2026-03-01"), CommandId::of(&ID, &[]));
        let mut debtor = Debtor::new("a-1".into());
        debtor.member_mut(&"a-1".into()).snapshot = Some(snapshot());
        let what = MeasureKind::Provision(ProvisionInForce {
            operation: "bar".into(),
            undo: "unbar".into(),
            cuts_off: true,
            services: Vec::new(),
            lifted_since: None,
        });
        let (stage, outcome) = ("bar".into(), None);
        let measure = MeasureInForce { stage, index: 0, command_id: id, requested_at: at, outcome, what };
        let cycle = Cycle {
            number: 1,
            plan: "soft".into(),
            policy_hash: "1".into(),
            opened_at: at,
            stage: Some("bar".into()),
            entries: Vec::new(),
            visits: Vec::new(),
            held: Vec::new(),
            held_since: None,
            shift_micros: 0,
            owned: Vec::new(),
            measures: vec![measure],
            has_sent: true,
        };
        debtor.profiles = vec![Profile { debt_class: DebtClass::All, cycles_opened: 1, cycles: vec![cycle] }];
        debtor.under_way = vec![CommandUnderWay {
            command_id: id,
            first_id: id,
            account_id: "a-1".into(),
            origin: StoredOrigin::default(),
            policy_hash: "1".into(),
            tries: 1,
            tries_here: 1,
            is_in_doubt: false,
            is_last_resort: false,
            sent_at: Some(at),
            wakes_at: Some(moment("2026-03-01T00:10")),
            is_kept_back: false,
            what: UnderWay::Order(OrderUnderWay {
                operation: "bar".into(),
                is_undo: false,
                cuts_off: true,
                services: Vec::new(),
                window: None,
            }),
        }];
        debtor
    }

    fn policies() -> Policies {
        let provision = Delivery { report_within: Some(Period::Exact(600_000_000)), ..Delivery::default() };
        let commands = CommandRules { provision, ..CommandRules::default() };
        Policy { commands, ..policy() }.into()
    }

    /// What is written of a passage at a moment, without the rules that follow it.
    fn pass(debtor: &mut Debtor, passage: Passage<'_>, at: &str) -> Vec<String> {
        let now = moment(at);
        let policies = policies();
        let mut scribe = Scribe::new(debtor, Moment { now, horizon: now }, &policies);
        scribe.take_over(debtor);
        apply(debtor, &command(), passage, &mut scribe);
        let decisions = scribe.finish(debtor);
        assert!(decisions.changed);
        decisions.records.iter().map(|record| format!("{} {}", record.kind.as_str(), record.reason)).collect()
    }

    fn control() -> Control {
        let (by, role) = ("anna".to_owned(), "admin".to_owned());
        Control { by, role, why: None, order: Order::ReleaseHeld }
    }

    #[test]
    fn no_report_is_waited_for_while_a_command_waits_and_its_time_begins_when_it_is_sent() {
        let mut debtor = debtor();
        assert_eq!(pass(&mut debtor, Passage::Waits, "2026-03-01"), [""; 0]);
        assert_eq!(debtor.under_way[0].wakes_at, None);
        assert_eq!(pass(&mut debtor, Passage::Sent, "2026-03-01T05:00"), [""; 0]);
        assert_eq!(debtor.under_way[0].sent_at, Some(moment("2026-03-01T05:00")));
        assert_eq!(debtor.under_way[0].wakes_at, Some(moment("2026-03-01T05:10")));
    }

    #[test]
    fn what_the_breaker_holds_and_a_person_releases_or_drops_is_written_down() {
        let mut held = debtor();
        assert_eq!(pass(&mut held, Passage::Held, "2026-03-01"), ["measure_held breaker"]);
        assert_eq!(held.under_way[0].wakes_at, None);
        let released = pass(&mut held.clone(), Passage::Released(&control()), "2026-03-02");
        assert_eq!(released, ["control_applied release_held"]);
        let dropped = pass(&mut held, Passage::Dropped(&control()), "2026-03-02");
        assert_eq!(dropped, ["measure_dropped drop_held"]);
        assert!(held.under_way.is_empty() && held.profiles[0].cycles[0].measures.is_empty());
    }

    #[test]
    fn what_was_undone_before_it_was_sent_is_not_in_force_and_not_under_way() {
        let mut debtor = debtor();
        let told = pass(&mut debtor, Passage::Undone, "2026-03-01");
        assert_eq!(told, ["measure_dropped undone before it was sent"]);
        assert!(debtor.under_way.is_empty() && debtor.profiles[0].cycles[0].measures.is_empty());
    }

    #[test]
    fn a_passage_of_a_command_that_nobody_waits_for_changes_nothing_but_the_history() {
        let mut debtor = Debtor::new("a-1".into());
        let now = moment("2026-03-01");
        let (command, moment) = (command(), Moment { now, horizon: now });
        let mut decide = |passage| {
            let input = Input::Passage { command: &command, passage };
            decide(&mut debtor, input, moment, &policies())
        };
        assert!(!decide(Passage::Sent).changed);
        assert_eq!(decide(Passage::Held).records.len(), 1);
        assert_eq!(debtor.records_made, 1);
    }
}
