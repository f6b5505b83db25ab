//! Managers: whose care an account comes into, and who may change that.

use super::*;
use crate::account::AttributeValue;
use crate::command::Action;
use crate::event::{Body, Control, Order};
use crate::policy::Policy;
use crate::record::Record;
use crate::testing::*;
use crate::time::Timestamp;
use crate::{Input, Moment, Policies, view};
use litemap::LiteMap;
use std::collections::BTreeMap;
use std::sync::Arc;

const SEVEN: [&str; 7] = ["anna", "boris", "carla", "dmitri", "elena", "farid", "gulnora"];

fn group(personal: &[&str]) -> ManagerGroup {
    let personal = personal.iter().map(|name| (*name).into()).collect();
    ManagerGroup { personal, ..ManagerGroup::default() }
}

/// How many of the accounts `a-1` to `a-20000` each of these managers gets first.
fn load(personal: &[&str]) -> BTreeMap<ManagerName, u32> {
    let (group, mut load) = (group(personal), BTreeMap::new());
    for account in 1..=20_000 {
        let first = first_of(&group, &format!("a-{account}").as_str().into()).unwrap();
        *load.entry(first).or_default() += 1;
    }
    load
}

#[test]
fn first_assignments_spread_evenly_over_the_managers() {
    let load = load(&SEVEN);
    assert_eq!(load.len(), 7);
    for (manager, accounts) in load {
        // An even share is 2,857; four in a hundred of it are 114.
        assert!((2_743..=2_971).contains(&accounts), "{manager} has {accounts}");
    }
}

#[test]
fn one_more_manager_gets_a_share_of_new_accounts_and_the_others_keep_their_turn() {
    let (seven, mut more) = (group(&SEVEN), SEVEN.to_vec());
    more.push("hasan");
    let eight = group(&more);
    let mut taken = 0;
    for account in 1..=20_000 {
        let id = format!("a-{account}").as_str().into();
        let (before, after) = (first_of(&seven, &id), first_of(&eight, &id));
        if before != after {
            assert_eq!(after, Some("hasan".into()), "{id} went from one of the seven to another");
            taken += 1;
        }
    }
    assert!((2_400..=2_600).contains(&taken), "a share is 2,500; hasan has {taken}");
}

#[test]
fn the_first_manager_hangs_on_the_account_and_the_names_and_on_nothing_else() {
    let mut reversed = SEVEN.to_vec();
    reversed.reverse();
    for account in 1..=100 {
        let id = format!("a-{account}").as_str().into();
        assert_eq!(first_of(&group(&SEVEN), &id), first_of(&group(&reversed), &id));
    }
    assert_eq!(first_of(&group(&[]), &"a-1".into()), None);
    // Fixed for good: a replay of years ago comes to the same.
    let firsts = ["a-1", "a-2", "a-3", "a-4"].map(|id| first_of(&group(&SEVEN), &id.into()).unwrap());
    assert_eq!(firsts.map(|name| name.to_string()), FIRSTS);
}

const FIRSTS: [&str; 4] = ["dmitri", "elena", "dmitri", "boris"];

/// A policy of the segments `vip` (by an attribute), `gold` and everyone, each with a plan that gives a
/// task on the due day.
fn policy_of_segments() -> Policy {
    let plan_of = |name: &str| {
        let calls = plan(vec![stage("call", "0d", vec![task("calls")])]);
        crate::plan::Plan { name: name.into(), ..calls }
    };
    policy_of_plans(vec![
        ("vip", Some(Is(|account, _| account.attributes.contains_key("vip"))), plan_of("vip-plan")),
        ("gold", Some(Is(|account, _| account.attributes.contains_key("gold"))), plan_of("gold-plan")),
        ("everyone", None, plan_of("plan")),
    ])
}

fn with(attribute: &str) -> Body {
    let value = AttributeValue::Boolean(true);
    account(|account| account.attributes = LiteMap::from_iter([(attribute.to_owned(), value)]))
}

fn assign_as(role: &str, manager: &str) -> Body {
    let order = Order::AssignManager(manager.into());
    Body::Control(Control { by: "olga".to_owned(), role: role.to_owned(), why: None, order })
}

/// A life, with all records of who is the manager.
struct Care {
    life: Life,
    told: Vec<String>,
    events: usize,
}

impl Care {
    fn under(policies: impl Into<Policies>) -> Self {
        Self { life: Life::unknown(policies), told: Vec::new(), events: 0 }
    }

    /// Takes an event, and what is due.
    #[track_caller]
    fn at(&mut self, at: &str, body: Body) {
        self.events += 1;
        let event = event(&format!("c-{}", self.events), moment(at), body);
        self.decide(Input::Event(&event), moment(at));
    }

    #[track_caller]
    fn decide(&mut self, input: Input<'_>, now: Timestamp) {
        let decisions = self.life.decide(input, Moment { now, horizon: now });
        let of_managers =
            decisions.records.iter().filter(|record| record.kind == RecordKind::ManagerAssigned);
        self.told.extend(of_managers.map(told));
    }

    /// The record of who is the manager, where the last thing that happened made one.
    fn told(&mut self) -> String {
        std::mem::take(&mut self.told).join("; ")
    }

    /// `vip: vip-desk, anna`.
    #[track_caller]
    fn check(&self, expected: &str) {
        let debtor = &self.life.debtor;
        let or_none = |name: Option<&str>| name.unwrap_or("none").to_owned();
        let found = format!(
            "{}: {}, {}",
            or_none(view::segment(debtor).map(|name| name.as_str())),
            or_none(view::managers(debtor).map(|name| name.as_str())),
            or_none(view::manager(debtor).map(|name| name.as_str())),
        );
        assert_eq!(found, expected);
    }
}

/// `first: vip-desk, none → anna in vip`.
fn told(record: &Record) -> String {
    let figure = |name: &str| &record.figures.iter().find(|figure| figure.name == name).unwrap().value;
    let (group, from, manager, segment) =
        (figure("group"), figure("from"), figure("manager"), figure("segment"));
    format!("{}: {group}, {from} → {manager} in {segment}", record.reason)
}

#[test]
fn an_account_has_its_first_manager_when_it_comes_into_a_segment_that_has_personal_ones() {
    let policy = served_by(policy_of_segments(), "vip", "vip-desk", &["anna"]);
    let mut care = Care::under(served_by(policy, "everyone", "desk", &[]));
    care.at("2026-03-01", invoice("B1", 10_00, "2026-04-01"));
    care.check("none: none, none");
    care.at("2026-03-02", account(|_| {}));
    care.check("everyone: desk, none");
    assert_eq!(care.told(), "");
    care.at("2026-03-03", with("vip"));
    care.check("vip: vip-desk, anna");
    assert_eq!(care.told(), "first: vip-desk, none → anna in vip");
    care.at("2026-03-04", with("vip"));
    assert_eq!(care.told(), "", "the same snapshot again changes nothing");
    care.at("2026-03-05", account(|_| {}));
    care.check("everyone: desk, none");
    assert_eq!(care.told(), "left: desk, anna → none in everyone");
    care.at("2026-03-06", with("gold"));
    care.check("gold: none, none");
    assert_eq!(care.told(), "");
}

#[test]
fn within_one_group_the_manager_stays_and_in_another_one_it_is_a_first_assignment_again() {
    let policy = served_by(policy_of_segments(), "vip", "desk", &["anna", "boris"]);
    let same = served_by(policy, "gold", "desk", &["anna", "boris"]);
    let mut care = Care::under(served_by(same, "everyone", "hall", &["zoe"]));
    care.at("2026-03-01", with("vip"));
    let first = view::manager(&care.life.debtor).unwrap().to_string();
    let other = if first == "anna" { "boris" } else { "anna" };
    care.at("2026-03-02", assign_as("senior", other));
    care.told();
    care.at("2026-03-03", with("gold"));
    care.check(&format!("gold: desk, {other}"));
    assert_eq!(care.told(), "");
    care.at("2026-03-04", account(|_| {}));
    care.check("everyone: hall, zoe");
    assert_eq!(care.told(), format!("first: hall, {other} → zoe in everyone"));
    care.at("2026-03-05", with("gold"));
    care.check(&format!("gold: desk, {first}"));
    assert_eq!(care.told(), format!("first: desk, zoe → {first} in gold"));
}

#[test]
fn the_same_person_in_another_group_is_a_first_assignment_too() {
    let policy = served_by(policy_of_segments(), "vip", "desk", &["anna"]);
    let mut care = Care::under(served_by(policy, "gold", "hall", &["anna"]));
    care.at("2026-03-01", with("vip"));
    care.told();
    care.at("2026-03-02", with("gold"));
    assert_eq!(care.told(), "first: hall, anna → anna in gold");
}

/// The versions of a policy whose segment of everyone is served by `desk`, each with these personal
/// managers, and from this day; the first from the beginning.
fn versions(lists: &[(&str, &[&str])]) -> Policies {
    let version = |(at, (from, personal)): (usize, &(&str, &[&str]))| {
        let policy = served_by(policy_of_segments(), "everyone", "desk", personal);
        let effective_from = (at > 0).then(|| moment(from));
        Arc::new(Policy { identity: identity(&at.to_string()), effective_from, ..policy })
    };
    Policies::new(lists.iter().enumerate().map(version).collect()).unwrap()
}

#[test]
fn a_new_version_gives_a_first_manager_and_takes_none_away() {
    let mut care = Care::under(versions(&[
        ("", &[]),
        ("2026-03-02", &["anna"]),
        ("2026-03-03", &["anna", "boris", "carla"]),
        ("2026-03-04", &["boris", "carla"]),
        ("2026-03-05", &[]),
    ]));
    let check = |care: &mut Care, at: &str, state: &str, told: &str| {
        care.decide(Input::Due, moment(at));
        care.check(state);
        assert_eq!(care.told(), told, "at {at}");
    };
    care.at("2026-03-01", account(|_| {}));
    care.check("everyone: desk, none");
    check(&mut care, "2026-03-01T23:59:59", "everyone: desk, none", "");
    check(&mut care, "2026-03-02", "everyone: desk, anna", "first: desk, none → anna in everyone");
    check(&mut care, "2026-03-03", "everyone: desk, anna", "");
    check(&mut care, "2026-03-04", "everyone: desk, anna", "");
    check(&mut care, "2026-03-05", "everyone: desk, anna", "");
}

#[test]
fn only_a_person_gives_another_manager_in_place_of_one_who_is_listed_no_more() {
    let mut care = Care::under(versions(&[("", &["anna"]), ("2026-03-02", &["boris"])]));
    care.at("2026-03-01", account(|_| {}));
    care.decide(Input::Due, moment("2026-03-02"));
    care.check("everyone: desk, anna");
    care.told();
    // Not even by naming the one it has.
    care.at("2026-03-03", assign_as("senior", "anna"));
    assert_eq!(care.life.rejected, Some("unknown_manager"));
    care.at("2026-03-04", assign_as("senior", "boris"));
    care.check("everyone: desk, boris");
    assert_eq!(care.told(), "by_person: desk, anna → boris in everyone");
}

#[test]
fn a_group_of_another_name_in_a_new_version_is_another_group() {
    let served = |group: &str, personal| served_by(policy_of_segments(), "everyone", group, personal);
    let second = Policy {
        identity: identity("2"),
        effective_from: Some(moment("2026-03-02")),
        ..served("hall", &["zoe"])
    };
    let third = Policy {
        identity: identity("3"),
        effective_from: Some(moment("2026-03-03")),
        ..policy_of_segments()
    };
    let first = served("desk", &["anna"]);
    let versions = [first, second, third].map(Arc::new).to_vec();
    let mut care = Care::under(Policies::new(versions).unwrap());
    care.at("2026-03-01", account(|_| {}));
    care.told();
    care.decide(Input::Due, moment("2026-03-02"));
    assert_eq!(care.told(), "first: hall, anna → zoe in everyone");
    care.decide(Input::Due, moment("2026-03-03"));
    care.check("everyone: none, none");
    assert_eq!(care.told(), "left: none, zoe → none in everyone");
}

#[test]
fn a_person_changes_the_manager_where_the_role_may_and_the_group_has_that_one() {
    let mut policy = served_by(policy_of_segments(), "vip", "vip-desk", &["anna", "boris"]);
    policy = served_by(policy, "gold", "gold-desk", &["zoe", "yuri"]);
    let gold = policy.managers.get_mut("gold-desk").unwrap();
    gold.change = vec!["head of desk".to_owned()];
    let policy: Policies = policy.into();
    let rows = [
        ("nobody", "senior", "anna", Some("no_segment")),
        ("none", "senior", "anna", Some("no_managers")),
        ("vip", "agent", "anna", Some("role_not_allowed")),
        ("vip", "agent", "zoe", Some("role_not_allowed")),
        ("vip", "Senior", "anna", Some("role_not_allowed")),
        ("vip", "manager", "anna", None),
        ("vip", "senior", "zoe", Some("unknown_manager")),
        ("vip", "senior", "anna", None),
        ("vip", "admin", "boris", None),
        ("gold", "manager", "zoe", Some("role_not_allowed")),
        ("gold", "admin", "zoe", None),
        ("gold", "head of desk", "zoe", None),
        ("gold", "head of desk", "anna", Some("unknown_manager")),
    ];
    for (attribute, role, manager, rejected) in rows {
        let mut care = Care::under(policy.clone());
        if attribute != "nobody" {
            care.at("2026-03-01", with(attribute));
        }
        let before = care.life.debtor.managers.clone();
        care.at("2026-03-02", assign_as(role, manager));
        assert_eq!(care.life.rejected, rejected, "{attribute}: {manager} by {role}");
        let after = &care.life.debtor.managers;
        match rejected {
            Some(_) => assert_eq!(*after, before, "{attribute}: {manager} by {role}"),
            None => assert_eq!(view::manager(&care.life.debtor), Some(&manager.into()), "{attribute}"),
        }
    }
}

#[test]
fn a_rejection_says_who_may_and_of_which_group() {
    let policies: Policies = served_by(policy_of_segments(), "vip", "vip-desk", &["anna"]).into();
    let reason = |attribute: &str, role: &str, manager: &str| {
        let mut life = Life::unknown(policies.clone());
        life.at("2026-03-01", with(attribute));
        life.at("2026-03-02", assign_as(role, manager));
        life.reasons(RecordKind::EventRejected).join("; ")
    };
    assert_eq!(
        reason("vip", "agent", "anna"),
        "the role «agent» may not change a personal manager: of «vip-desk» «senior» may"
    );
    assert_eq!(reason("vip", "admin", "zoe"), "«zoe» is no personal manager of «vip-desk»");
    assert_eq!(reason("gold", "admin", "zoe"), "the account's segment «gold» has no managers");
}

#[test]
fn the_manager_that_it_has_already_is_accepted_and_changes_nothing() {
    let mut care = Care::under(served_by(policy_of_segments(), "vip", "vip-desk", &["anna"]));
    care.at("2026-03-01", with("vip"));
    care.told();
    care.at("2026-03-02", assign_as("admin", "anna"));
    assert_eq!(care.life.rejected, None);
    assert_eq!(care.life.reasons(RecordKind::ControlApplied), ["assign_manager"]);
    care.check("vip: vip-desk, anna");
    assert_eq!(care.told(), "");
}

#[test]
fn a_task_says_in_whose_care_the_account_is_when_it_is_given() {
    let policy = served_by(policy_of_segments(), "vip", "vip-desk", &["anna", "boris"]);
    let mut life = Life::unknown(served_by(policy, "everyone", "desk", &[]));
    let cared_for = |life: &Life| {
        let Some(Action::Task { managers, .. }) = life.commands.last().map(|command| &command.action) else {
            panic!("the last command is no task")
        };
        let told = |managers: &Managers| format!("{} {:?}", managers.group, managers.manager);
        managers.as_ref().map_or_else(|| "none".to_owned(), told)
    };
    life.at("2026-03-01", account(|_| {}));
    life.at("2026-03-02", invoice("B1", 10_00, "2026-03-02"));
    assert_eq!(cared_for(&life), "desk None");
    life.at("2026-03-03", payment("P1", 10_00, &["B1"]));
    life.at("2026-03-04", with("vip"));
    let first = view::manager(&life.debtor).unwrap().clone();
    life.at("2026-03-05", invoice("B2", 10_00, "2026-03-05"));
    assert_eq!(cared_for(&life), format!("vip-desk {:?}", Some(&first)));
    life.at("2026-03-06", payment("P2", 10_00, &["B2"]));
    let other = if first.as_str() == "anna" { "boris" } else { "anna" };
    life.at("2026-03-07", assign_as("senior", other));
    life.at("2026-03-08", invoice("B3", 10_00, "2026-03-08"));
    assert_eq!(cared_for(&life), format!("vip-desk {:?}", Some(other)));
    life.at("2026-03-09", payment("P3", 10_00, &["B3"]));
    life.at("2026-03-10", with("gold"));
    life.at("2026-03-11", invoice("B4", 10_00, "2026-03-11"));
    assert_eq!(cared_for(&life), "none");
}
