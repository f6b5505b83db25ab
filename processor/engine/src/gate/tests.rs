//! The gate by itself: what goes, what waits, and what is dropped.

use super::*;
use decision::command::{Cancelled, InWindow, Message};
use decision::event::Order as Ordered;
use decision::money::Decimal;
use decision::policy::{MessageClass, PolicyIdentity};
use decision::time::{Period, Timestamp, Zone};
use decision::underway::{CommandUnderWay, MessageUnderWay, OrderUnderWay, StoredOrigin, UnderWay};
use std::num::NonZeroU32;

fn command(id: &str, debtor: &str, action: Action) -> Command {
    let origin = Origin::Cycle { debt_class: "all".to_owned(), plan: "soft".into(), cycle: 1, stage: None };
    Command {
        id: CommandId::of(&[id], &[]),
        account_id: debtor.into(),
        debtor_id: debtor.into(),
        at: Timestamp(0),
        policy: PolicyIdentity { name: "p".into(), version: "1".into(), hash: "h".into() },
        first_id: None,
        origin,
        action,
        window: None,
    }
}

fn order(id: &str, debtor: &str, operation: &str, services: &[&str]) -> Command {
    let services = services.iter().map(|service| (*service).into()).collect();
    let is_undo = operation.starts_with("un");
    let order = Provision { operation: operation.into(), is_undo, cuts_off: !is_undo, services };
    command(id, debtor, Action::Provision(order))
}

fn bar(id: &str, debtor: &str) -> Command {
    order(id, debtor, "bar", &["s1"])
}

fn unbar(id: &str, debtor: &str) -> Command {
    order(id, debtor, "unbar", &["s1"])
}

fn task(id: &str, debtor: &str) -> Command {
    command(id, debtor, Action::Task { queue: "calls".into(), due: None, managers: None })
}

fn tenths(tenths: i64) -> Timestamp {
    Timestamp(tenths * 100_000)
}

/// The command, which may leave in the hours of a window only.
fn by_day(command: Command) -> Command {
    let window = Some("waking".into());
    let what = if let Action::Provision(Provision { operation, cuts_off, services, .. }) = &command.action {
        let (operation, cuts_off, services) = (operation.clone(), *cuts_off, services.clone());
        UnderWay::Order(OrderUnderWay { operation, is_undo: false, cuts_off, services, window })
    } else {
        UnderWay::Message(MessageUnderWay {
            template: "reminder".into(),
            channel: "sms".into(),
            fallback: Vec::new(),
            class: MessageClass::Reminder,
            window,
            balance: None,
        })
    };
    let tried = CommandUnderWay {
        command_id: command.id,
        first_id: command.id,
        account_id: command.account_id.clone(),
        origin: StoredOrigin::from(&command.origin),
        policy_hash: "h".into(),
        tries: 1,
        tries_here: 1,
        sent_at: None,
        wakes_at: None,
        is_kept_back: false,
        is_in_doubt: false,
        is_last_resort: false,
        what,
    };
    Command { window: Some(Box::new(InWindow { zone: Zone::utc(), tried })), ..command }
}

fn sms(id: &str, debtor: &str) -> Command {
    let message = Message {
        template: "reminder".into(),
        channel: "sms".into(),
        class: MessageClass::Reminder,
        language: "en".into(),
        address: None,
        text: "pay".to_owned(),
        lines: Vec::new(),
        lines_crossed: 0,
        sms_parts: 1,
    };
    command(id, debtor, Action::Message(message))
}

/// A gate of one partition under rules, and the time in tenths of a second.
struct World {
    gate: Gate,
    rules: CommandRules,
    tenth: i64,
    /// Until when every window is shut, in tenths of a second.
    is_shut_until: i64,
    names: BTreeMap<CommandId, String>,
    sequences: BTreeMap<i64, String>,
}

impl World {
    fn new(rates: &[(&str, u32)], at_least: Option<u32>) -> Self {
        let breaker = at_least.map(|at_least| Rule {
            more_than: Decimal::parse("3").unwrap(),
            over: Period::Exact(3_600_000_000),
            against: Period::Days(7),
            at_least,
        });
        let rates = rates.iter().map(|(kind, rate)| ((*kind).to_owned(), *rate)).collect();
        let rules = CommandRules { rates, breaker, ..CommandRules::default() };
        let (names, sequences) = (BTreeMap::new(), BTreeMap::new());
        Self { gate: Gate::default(), rules, tenth: 0, is_shut_until: 0, names, sequences }
    }

    /// What becomes of these commands, and of those that wait, as words in order.
    fn pass(&mut self, commands: &[(&str, Command)]) -> String {
        let share = self.share();
        let terms = Terms { rules: &self.rules, share };
        let undo_of = |command: &Command| {
            let Action::Provision(order) = &command.action else { return None };
            Some(format!("un{}", order.operation).into())
        };
        let now = share.now;
        let opens =
            |_: &Hours| if self.is_shut_until > self.tenth { tenths(self.is_shut_until) } else { now };
        let asks = Asks { undo_of: &undo_of, opens: &opens };
        self.names.extend(commands.iter().map(|(name, command)| (command.id, (*name).to_owned())));
        let fresh = commands.iter().map(|(_, command)| command.clone()).collect();
        let outcomes = self.gate.pass(fresh, terms, asks);
        let texts: Vec<String> = outcomes.iter().map(|outcome| self.text(outcome)).collect();
        texts.join(", ")
    }

    /// The gate is made anew of what is remembered of it.
    fn restart(&mut self) {
        let before = &self.gate;
        let breaker = Breaker::new(before.breaker().state().unwrap().clone());
        let rates = Rates::new(before.rates().spent().to_vec());
        let mut restored = Gate::new(rates, breaker, before.waited());
        for (sequence, waits) in &before.waiting {
            restored.restore(*sequence, Waits { shut_until: None, ..waits.clone() });
        }
        self.gate = restored;
    }

    fn share(&self) -> Share {
        Share { partition: 0, partitions: NonZeroU32::MIN, now: tenths(self.tenth) }
    }

    fn has_work(&self) -> bool {
        self.gate.has_work(Terms { rules: &self.rules, share: self.share() })
    }

    fn judge(&mut self, id: &str, drops: bool) {
        let order = if drops { Ordered::DropHeld } else { Ordered::ReleaseHeld };
        let control = Control { by: "anna".to_owned(), role: "admin".to_owned(), why: None, order };
        let terms = Terms { rules: &self.rules, share: self.share() };
        self.gate.judge(&control, id, drops, terms);
    }

    fn text(&mut self, outcome: &Outcome) -> String {
        let of = |world: &Self, sequence: &i64| world.sequences[sequence].clone();
        match outcome {
            Outcome::Sends(command) => format!("send {}", self.names[&command.id]),
            Outcome::Keeps { sequence, command, is_held, .. } => {
                let name = self.names[&command.id].clone();
                self.sequences.insert(*sequence, name.clone());
                format!("{} {name}", if *is_held { "hold" } else { "keep" })
            }
            Outcome::Lets { sequence, is_released } => {
                format!("{} {}", if *is_released { "release" } else { "let" }, of(self, sequence))
            }
            Outcome::Drops { sequence, by_person } => {
                format!("{} {}", if *by_person { "drop" } else { "undo" }, of(self, sequence))
            }
            Outcome::Returns { sequence, .. } => format!("return {}", of(self, sequence)),
            Outcome::Forgets(command) => format!("forget {}", self.names[&command.id]),
            Outcome::Reduces { sequence, services } => {
                format!("reduce {} to {services:?}", of(self, sequence))
            }
            Outcome::Narrows { command_id, services } => {
                format!("narrow {} to {services:?}", self.names[command_id])
            }
        }
    }
}

#[test]
fn without_rates_and_breaker_everything_goes_as_it_was_decided() {
    let mut world = World::new(&[], None);
    let told = world.pass(&[("m", task("1", "a")), ("b", bar("2", "a")), ("u", unbar("3", "a"))]);
    assert_eq!(told, "send m, send b, send u");
}

#[test]
fn what_is_over_the_rate_waits_and_goes_in_order_before_what_comes_later() {
    let mut world = World::new(&[("task", 10)], None);
    let told = world.pass(&[
        ("1", task("1", "a")),
        ("2", task("2", "b")),
        ("3", task("3", "c")),
        ("b", bar("4", "a")),
    ]);
    assert_eq!(told, "send 1, keep 2, keep 3, send b");
    assert!(!world.has_work());
    world.tenth = 1;
    assert!(world.has_work());
    assert_eq!(world.pass(&[("4", task("5", "d"))]), "let 2, keep 4");
    world.tenth = 9;
    assert_eq!(world.pass(&[("5", task("6", "e"))]), "let 3, let 4, send 5");
    assert_eq!(world.gate.waiting(), (0, 0));
}

#[test]
fn restores_go_before_the_cut_offs_that_wait_and_those_of_the_same_batch() {
    let mut world = World::new(&[("provision", 10)], None);
    assert_eq!(world.pass(&[("b1", bar("1", "a")), ("b2", bar("2", "b"))]), "send b1, keep b2");
    world.tenth = 1;
    assert_eq!(world.pass(&[("b3", bar("3", "c")), ("u1", unbar("4", "a"))]), "keep b3, send u1");
    assert_eq!(world.pass(&[("u4", unbar("5", "d"))]), "keep u4");
    world.tenth = 2;
    assert_eq!(world.pass(&[]), "let u4");
    world.tenth = 4;
    assert_eq!(world.pass(&[]), "let b2, let b3");
}

#[test]
fn an_order_that_waits_is_dropped_with_its_undo() {
    let mut world = World::new(&[("provision", 10)], None);
    assert_eq!(world.pass(&[("x", bar("0", "x")), ("b", bar("1", "a"))]), "send x, keep b");
    world.tenth = 5;
    assert_eq!(world.pass(&[("u", unbar("2", "a"))]), "undo b, forget u");
    assert_eq!(world.pass(&[("b", bar("3", "a")), ("u", unbar("4", "a"))]), "send b, send u");
}

#[test]
fn an_undo_of_a_part_takes_back_that_part_and_no_more() {
    let mut world = World::new(&[("provision", 10)], None);
    world.pass(&[("x", bar("0", "x"))]);
    assert_eq!(world.pass(&[("b", order("1", "a", "bar", &["s1", "s2"]))]), "keep b");
    world.tenth = 3;
    let told = world.pass(&[("u", order("2", "a", "unbar", &["s2", "s3"]))]);
    assert_eq!(told, "reduce b to [\"s1\"], narrow u to [\"s3\"], send u");
    let told = world.pass(&[("u2", order("3", "a", "unbar", &["s1"]))]);
    assert_eq!(told, "undo b, forget u2");
}

#[test]
fn the_undo_of_another_operation_or_account_takes_nothing_back() {
    let mut world = World::new(&[("provision", 10)], None);
    world.pass(&[("x", bar("0", "x")), ("b", bar("1", "a"))]);
    world.tenth = 2;
    let mut other = unbar("3", "a");
    other.account_id = "another".into();
    let told = world.pass(&[("u", order("2", "a", "unsuspend", &["s1"])), ("v", other)]);
    assert_eq!(told, "send u, send v");
    world.tenth = 3;
    assert_eq!(world.pass(&[]), "let b");
}

#[test]
fn a_cancellation_drops_what_waits_and_goes_out_where_nothing_does() {
    let mut world = World::new(&[("task", 10)], None);
    world.pass(&[("x", task("0", "x")), ("m", task("1", "a"))]);
    let cancel = |id: &str, cancelled: &str| {
        let what = Cancelled::Task("calls".into());
        command(id, "a", Action::Cancel { cancelled: CommandId::of(&[cancelled], &[]), what })
    };
    assert_eq!(world.pass(&[("c", cancel("2", "1"))]), "undo m, forget c");
    assert_eq!(world.pass(&[("c", cancel("3", "1"))]), "send c");
}

#[test]
fn a_persons_own_order_waits_for_nothing() {
    let mut world = World::new(&[("provision", 10)], Some(1));
    assert_eq!(world.pass(&[("1", bar("1", "a")), ("2", bar("2", "b"))]), "send 1, hold 2");
    let by_hand = Command { origin: Origin::ByHand, ..bar("3", "c") };
    assert_eq!(world.pass(&[("by hand", by_hand)]), "send by hand");
}

#[test]
fn the_breaker_holds_new_orders_that_cut_off_and_nothing_else() {
    let mut world = World::new(&[], Some(2));
    let told = world.pass(&[
        ("1", bar("1", "a")),
        ("2", bar("2", "b")),
        ("3", bar("3", "c")),
        ("m", task("4", "c")),
    ]);
    assert_eq!(told, "send 1, send 2, hold 3, send m");
    let again = Command { first_id: Some(CommandId::of(&["1"], &[])), ..bar("5", "a") };
    let told = world.pass(&[("again", again), ("4", bar("6", "d")), ("u", unbar("7", "b"))]);
    assert_eq!(told, "send again, hold 4, send u");
    assert_eq!(world.gate.waiting(), (0, 2));
    assert_eq!(world.pass(&[("u3", unbar("8", "c"))]), "undo 3, forget u3");
    assert!(!world.has_work(), "what is held waits for a person");
}

#[test]
fn a_release_lets_go_what_was_held_until_then_and_by_its_rate() {
    let mut world = World::new(&[("provision", 10)], Some(1));
    world.tenth = 9;
    world.pass(&[("1", bar("1", "a")), ("2", bar("2", "b")), ("3", bar("3", "c"))]);
    world.tenth = 10;
    world.judge("e1", false);
    assert!(world.has_work());
    assert_eq!(world.pass(&[("4", bar("4", "d"))]), "release 2, keep 4");
    world.tenth = 12;
    assert_eq!(world.pass(&[("5", bar("5", "e"))]), "release 3, let 4, keep 5");
    world.judge("e1", false);
    assert_eq!(world.pass(&[]), "", "the same release again is none");
}

#[test]
fn a_drop_drops_what_was_held_until_then() {
    let mut world = World::new(&[], Some(1));
    world.pass(&[("1", bar("1", "a")), ("2", bar("2", "b")), ("3", bar("3", "c"))]);
    world.judge("e1", true);
    assert!(world.has_work());
    assert_eq!(world.pass(&[("4", bar("4", "d"))]), "drop 2, drop 3, hold 4");
    assert!(!world.has_work());
}

#[test]
fn what_waits_is_known_again_after_a_restart() {
    let mut world = World::new(&[("provision", 10)], Some(2));
    world.pass(&[("1", bar("1", "a")), ("2", bar("2", "b")), ("3", bar("3", "c"))]);
    assert_eq!(world.gate.waiting(), (1, 1));
    world.restart();
    assert_eq!(world.gate.waiting(), (1, 1));
    world.tenth = 1;
    assert_eq!(world.pass(&[("u", unbar("4", "c"))]), "undo 3, forget u");
    assert_eq!(world.pass(&[]), "let 2");
}

#[test]
fn a_message_whose_turn_comes_while_its_window_is_shut_goes_back_and_lets_others_pass() {
    let mut world = World::new(&[("sms", 10)], None);
    let told = world.pass(&[
        ("x", sms("0", "x")),
        ("1", by_day(sms("1", "a"))),
        ("2", by_day(sms("2", "b"))),
        ("3", sms("3", "c")),
    ]);
    assert_eq!(told, "send x, keep 1, keep 2, keep 3");
    (world.tenth, world.is_shut_until) = (1, 1);
    assert_eq!(world.pass(&[]), "let 1", "it opened at this very moment");
    (world.tenth, world.is_shut_until) = (2, 3);
    assert_eq!(
        world.pass(&[]),
        "let 3, return 2",
        "what has no window passes by it, and costs its rate alone"
    );
    assert_eq!(world.gate.waiting(), (0, 0));
}

#[test]
fn an_order_whose_window_is_shut_waits_for_it_in_its_place_and_blocks_nobody() {
    let mut world = World::new(&[("provision", 10)], None);
    let told = world.pass(&[("x", bar("0", "x")), ("1", by_day(bar("1", "a"))), ("2", bar("2", "b"))]);
    assert_eq!(told, "send x, keep 1, keep 2");
    (world.tenth, world.is_shut_until) = (1, 100);
    assert_eq!(world.pass(&[]), "let 2");
    assert_eq!(world.gate.waiting(), (1, 0));
    world.tenth = 99;
    assert!(!world.has_work(), "its window opens later");
    assert_eq!(world.pass(&[]), "");
    world.tenth = 100;
    assert!(world.has_work());
    assert_eq!(world.pass(&[("3", bar("3", "c"))]), "let 1, keep 3");
}

#[test]
fn an_order_that_waits_for_its_window_is_dropped_with_its_undo() {
    let mut world = World::new(&[("provision", 10)], None);
    world.pass(&[("x", bar("0", "x")), ("1", by_day(bar("1", "a")))]);
    (world.tenth, world.is_shut_until) = (5, 100);
    assert_eq!(world.pass(&[]), "");
    assert_eq!(world.pass(&[("u", unbar("2", "a"))]), "undo 1, forget u");
    world.tenth = 100;
    assert!(!world.has_work());
}

#[test]
fn an_order_that_is_released_while_its_window_is_shut_waits_for_it_whatever_is_said_later() {
    let mut world = World::new(&[], Some(1));
    let told = world.pass(&[("1", bar("1", "a")), ("2", by_day(bar("2", "b"))), ("3", bar("3", "c"))]);
    assert_eq!(told, "send 1, hold 2, hold 3");
    world.is_shut_until = 100;
    world.judge("e1", false);
    assert_eq!(world.pass(&[]), "release 3");
    let told =
        world.pass(&[("4", bar("4", "d")), ("5", bar("5", "e")), ("6", bar("6", "f")), ("7", bar("7", "g"))]);
    assert_eq!(told, "send 4, send 5, send 6, hold 7");
    world.judge("e2", true);
    assert_eq!(world.pass(&[]), "drop 7", "what was released is not dropped");
    world.restart();
    assert_eq!(world.pass(&[]), "", "nor is it after a restart");
    world.tenth = 100;
    assert_eq!(world.pass(&[]), "release 2");
}
