use super::*;
use decision::cycle::{Cycle, DebtClass, MeasureInForce, MeasureKind, Profile, ReportedOutcome, TaskInForce};
use decision::debtor::{InSegment, Managers, Member};
use decision::event::Outcome;
use decision::ids::CommandId;
use decision::money::MinorUnits;
use decision::time::Timestamp;
use decision::underway::{Taken, TaskOut};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

fn cycle(plan: &str, stage: Option<&str>, is_held: bool) -> Cycle {
    Cycle {
        number: 1,
        plan: plan.into(),
        policy_hash: "h".into(),
        opened_at: Timestamp(1),
        stage: stage.map(Into::into),
        entries: Vec::new(),
        visits: Vec::new(),
        held: Vec::new(),
        held_since: is_held.then_some(Timestamp(2)),
        shift_micros: 0,
        owned: Vec::new(),
        measures: Vec::new(),
        has_sent: false,
    }
}

fn with_cycles(cycles: Vec<Cycle>) -> Debtor {
    let debt_class = DebtClass::All;
    let profiles = vec![Profile { debt_class, cycles_opened: 1, cycles }];
    Debtor { profiles, ..Debtor::new("d".into()) }
}

fn owing(real: i64) -> Debtor {
    let owed = Owed { real: MinorUnits(real), conditional: MinorUnits(0) };
    Debtor { owed, ..Debtor::new("d".into()) }
}

/// The lists a debtor is on, as `kind name rank`, in order.
#[track_caller]
fn check(debtor: &Debtor, expected: &[&str]) {
    let listed = all_of(debtor);
    assert!(are_of(&listed, debtor));
    let told = |listed: &Listed| format!("{:?} {} {}", listed.kind, listed.name, listed.rank);
    let found: Vec<String> = listed.iter().map(told).collect();
    assert_eq!(found, expected);
}

#[test]
fn whoever_there_is_work_with_is_on_the_lists_of_what_it_is() {
    check(&Debtor::new("d".into()), &[]);
    check(&owing(7), &["Work  -7"]);
    check(&owing(0), &[]);
    // What is paid too much is no debt.
    check(&owing(-7), &[]);
    let both = vec![cycle("soft", Some("bar"), false), cycle("hard", None, true)];
    let lists = ["Work  0", "Stage bar 0", "Status held 0"];
    check(&with_cycles(both), &lists);
    check(&Debtor { exempt: true, ..Debtor::new("d".into()) }, &["Work  0"]);
    let segment = Some(InSegment { name: "soho".into(), policy_hash: "h".into() });
    let in_segment = Debtor { segment, ..Debtor::new("d".into()) };
    check(&in_segment, &[]);
    check(&Debtor { owed: owing(3).owed, ..in_segment.clone() }, &["Work  -3", "Segment soho -3"]);
    let managers = |manager: Option<&str>| {
        let manager = manager.map(Into::into);
        Debtor { managers: Some(Managers { group: "desk".into(), manager }), ..in_segment.clone() }
    };
    check(&managers(None), &[]);
    check(&managers(Some("anna")), &["Work  0", "Segment soho 0", "Manager anna 0"]);
}

#[test]
fn whoever_has_a_task_to_be_done_is_on_the_list_of_its_queue_and_of_who_has_it_in_hand() {
    let taken = |by: &str| Some(Taken { by: by.to_owned(), at: Timestamp(3) });
    let task = |result: Option<&str>, outcome: Option<Outcome>, by: Option<&str>| {
        let result = result.map(str::to_owned);
        let taken = by.and_then(taken);
        let task = TaskInForce { queue: "calls".into(), result, due: None, taken, is_observed: false };
        let measure = MeasureInForce {
            stage: "call".into(),
            index: 0,
            command_id: CommandId::of(&["one"], &[]),
            requested_at: Timestamp(2),
            outcome: outcome.map(|outcome| ReportedOutcome { outcome, at: Timestamp(3) }),
            what: MeasureKind::Task(task),
        };
        with_cycles(vec![Cycle { measures: vec![measure], ..cycle("soft", None, false) }])
    };
    check(&task(None, None, None), &["Work  0", "Queue calls 0"]);
    check(&task(None, Some(Outcome::Done), Some("anna")), &["Work  0", "Queue calls 0", "Taker anna 0"]);
    check(&task(Some("paid"), None, Some("anna")), &["Work  0"]);
    check(&task(None, Some(Outcome::Failed), Some("anna")), &["Work  0"]);
    check(&with_tasks(&[("desk", Some("boris"))]), &["Work  0", "Queue desk 0", "Taker boris 0"]);
}

/// A debtor with tasks that no cycle keeps: their queues, and who has them.
fn with_tasks(tasks: &[(&str, Option<&str>)]) -> Debtor {
    let task = |(queue, by): &(&str, Option<&str>)| TaskOut {
        command_id: CommandId::of(&[queue], &[]),
        queue: (*queue).into(),
        requested_at: Timestamp(2),
        due: None,
        taken: by.map(|by| Taken { by: by.to_owned(), at: Timestamp(3) }),
        cycle_ended_at: None,
    };
    Debtor { tasks_out: tasks.iter().map(task).collect(), ..Debtor::new("d".into()) }
}

#[test]
fn a_queue_and_who_has_a_task_in_hand_are_of_one_and_the_same_task() {
    let debtor = with_tasks(&[("calls", Some("anna")), ("desk", None), ("legal", Some("boris"))]);
    let met = |queues: &[&str], by: &str| {
        let queues = queues.iter().map(|queue| List::new(ListKind::Queue, queue)).collect();
        is_on(&debtor, &[queues, vec![List::new(ListKind::Taker, by)]])
    };
    let rows = [
        (&["calls"][..], "anna", true),
        (&["desk"], "anna", false),
        (&["calls", "desk"], "boris", false),
        (&["calls", "legal"], "boris", true),
    ];
    for (queues, by, expected) in rows {
        assert_eq!(met(queues, by), expected, "{queues:?} {by}");
    }
}

#[test]
fn whoever_pays_for_an_account_is_found_by_it() {
    let member = |id: &str| Member::new(id.into());
    let members = vec![member("d"), member("child")];
    check(&Debtor { members, ..Debtor::new("d".into()) }, &["Account child 0"]);
}

#[test]
fn a_name_that_is_too_long_is_on_no_list() {
    let long = "x".repeat(LONGEST_NAME + 1);
    check(&with_cycles(vec![cycle("soft", Some(&long), false)]), &["Work  0"]);
}

#[test]
fn lists_that_are_not_those_of_the_debtor_are_told_from_them() {
    let before = all_of(&owing(7));
    assert!(are_of(&before, &owing(7)));
    for other in [owing(8), owing(0), with_cycles(vec![cycle("soft", None, false)])] {
        assert!(!are_of(&before, &other), "{other:?}");
        assert!(!are_of(&all_of(&other), &owing(7)), "{other:?}");
    }
}

#[test]
fn of_lists_that_a_debtor_is_on_twice_one_line_comes_and_goes() {
    let of = |stages: &[&str]| {
        all_of(&with_cycles(stages.iter().map(|stage| cycle("soft", Some(stage), false)).collect()))
    };
    let (twice, once) = (of(&["bar", "bar", "remind"]), of(&["bar"]));
    let id = DebtorId::from("d");
    let (goes, comes) = change(&id, &twice, &once);
    let goes: Vec<_> = goes.map(|line| line.list).collect();
    assert_eq!((goes, comes.count()), (vec![List::new(ListKind::Stage, "remind")], 0));
    assert_eq!(change(&id, &[], &twice).1.count(), 3);
}

#[test]
fn a_number_that_is_written_in_two_ways_stays_while_one_of_them_does() {
    let of = |numbers: &[&str]| -> Vec<Listed> {
        numbers
            .iter()
            .map(|number| Listed { kind: ListKind::Number, name: (*number).into(), rank: 0 })
            .collect()
    };
    let id = DebtorId::from("d");
    let (before, after) = (of(&["+49 1", "00491", "+49 2"]), of(&["491", "+493"]));
    let (goes, comes) = change(&id, &before, &after);
    let names =
        |keys: Vec<ListKey>| keys.into_iter().map(|key| key.list.name.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (names(goes.collect()), names(comes.collect())),
        (vec!["492".to_owned()], vec!["493".to_owned()])
    );
}

#[test]
fn a_number_is_found_however_it_is_written() {
    let rows = [
        ("+49 170 1234567", "491701234567"),
        ("0049-170/123 45 67", "491701234567"),
        (" 491701234567 ", "491701234567"),
        ("(0170) 123.4567", "01701234567"),
        ("Anna@Example.org", "anna@example.org"),
        ("SIP:+49", "sip:+49"),
        ("+", ""),
        ("", ""),
        ("+0049", "0049"),
    ];
    for (text, expected) in rows {
        assert_eq!(number(text), expected, "{text}");
        assert_eq!(number(&number(expected)), number(expected), "{text}");
    }
}

/// What is kept of a kind, and what is seen by looking, say the same of everyone.
#[test]
fn whoever_is_on_a_list_is_what_it_is_of() {
    let some = [
        with_cycles(vec![cycle("soft", Some("bar"), true), cycle("hard", Some("remind"), false)]),
        with_cycles(vec![cycle("soft", Some("remind"), false)]),
        owing(7),
        Debtor::new("d".into()),
    ];
    let names = ["", "soft", "hard", "bar", "remind", "active", "held"];
    for debtor in &some {
        for (kind, name) in ListKind::ALL.into_iter().flat_map(|kind| names.map(|name| (kind, name))) {
            let list = List::new(kind, name);
            let is_listed = lines_of(debtor).into_iter().any(|line| line.list == list);
            let is_on = is_on(debtor, &[vec![list.clone()]]);
            if list.is_kept() && kind.goes_by_debt() {
                assert_eq!(
                    is_listed,
                    is_on && (kind != ListKind::Work || name.is_empty()),
                    "{list:?} {debtor:?}"
                );
            } else {
                assert!(!is_listed, "{list:?}");
            }
        }
    }
    // Of plan, stage and state, those of one cycle.
    let side = |kind, name| vec![List::new(kind, name)];
    let (soft, remind) = (side(ListKind::Plan, "soft"), side(ListKind::Stage, "remind"));
    assert!(!is_on(&some[0], &[soft.clone(), remind.clone()]));
    assert!(is_on(&some[1], &[soft, remind]));
}

#[test]
fn each_kind_is_known_by_its_byte() {
    for (at, kind) in ListKind::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(kind.byte()), at + 1, "they lie in stores: a byte keeps its meaning");
    }
}

#[test]
fn after_a_position_comes_nothing_that_is_not_more() {
    let at = |rank, id: &str| Position { rank, debtor: id.into() };
    let all = [at(-1, ""), at(-1, "a"), at(-1, "a b"), at(-1, "ab"), at(0, "a")];
    for (place, one) in all.iter().enumerate() {
        for (other_place, other) in all.iter().enumerate() {
            assert_eq!(one.after() <= *other, place < other_place, "{one:?} {other:?}");
        }
    }
}

/// A list in memory, which counts how often it was moved.
struct Lines {
    lines: Vec<Position>,
    next: usize,
    began: bool,
    moves: usize,
}

impl finding::Cursor for Lines {
    fn seek(&mut self, to: &Position) -> Result<(), crate::store::StoreError> {
        (self.began, self.next) = (true, self.lines.partition_point(|line| line < to));
        self.moves += 1;
        Ok(())
    }

    fn advance(&mut self) -> Result<(), crate::store::StoreError> {
        self.next += 1;
        self.moves += 1;
        Ok(())
    }

    fn at(&self) -> Option<&Position> {
        self.lines.get(self.next).filter(|_| self.began)
    }
}

fn cursors(lists: &[Vec<Vec<i64>>]) -> Vec<Lines> {
    let position = |number: &i64| Position { rank: number / 3, debtor: format!("{}", number % 3).into() };
    let lines = |list: &Vec<i64>| {
        let mut lines: Vec<Position> = list.iter().map(position).collect();
        lines.sort();
        Lines { lines, next: 0, began: false, moves: 0 }
    };
    lists.iter().flatten().map(lines).collect()
}

fn wanted(lists: &[Vec<Vec<i64>>]) -> finding::Wanted {
    let list = List::new(ListKind::Work, "");
    finding::Wanted {
        on: lists.iter().map(|side| vec![list.clone(); side.len()]).collect(),
        from: Position::first(),
        last_rank: i64::MAX,
        at_most: usize::MAX,
        patience: usize::MAX,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// By pages of any length, left at any place: all who stand on a list of each side, once and in order.
    #[test]
    fn whoever_stands_on_a_list_of_each_side_is_found_once(
        lists in vec(vec(btree_set(0..40_i64, 0..20).prop_map(|set| set.into_iter().collect::<Vec<_>>()), 1..3), 1..4),
        at_most in 1..5_usize,
        patience in 1..9_usize,
        last_rank in 0..14_i64,
    ) {
        let is_on = |number: &i64| lists.iter().all(|side| side.iter().any(|list| list.contains(number)));
        let mut expected: Vec<Position> = (0..40_i64)
            .filter(is_on)
            .map(|number| Position { rank: number / 3, debtor: format!("{}", number % 3).into() })
            .filter(|position| position.rank <= last_rank)
            .collect();
        expected.sort();
        let (mut found, mut from, mut pages) = (Vec::new(), Some(Position::first()), 0);
        while let Some(begin) = from {
            let page = finding::Wanted { from: begin.clone(), last_rank, at_most, patience, ..wanted(&lists) };
            let page = finding::find(&page, &mut cursors(&lists)).unwrap();
            prop_assert!(page.positions.len() <= at_most);
            prop_assert!(page.positions.iter().all(|position| *position >= begin));
            // Nobody is told of who does not stand on a list of the first side.
            let number = |next: &Position| next.rank * 3 + next.debtor.as_str().parse::<i64>().unwrap();
            let is_of_first = |next: &Position| lists[0].iter().any(|list| list.contains(&number(next)));
            prop_assert!(page.next.as_ref().is_none_or(is_of_first), "{:?}", page.next);
            found.extend(page.positions);
            pages += 1;
            prop_assert!(pages < 200, "it does not end");
            from = page.next;
        }
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_short_list_keeps_a_long_one_from_being_gone_through() {
    let lists = vec![vec![(0..30_000).collect::<Vec<i64>>()], vec![vec![10, 20_000, 29_999]]];
    let mut cursors = cursors(&lists);
    let found = finding::find(&wanted(&lists), &mut cursors).unwrap();
    assert_eq!(found.positions.len(), 3);
    assert!(cursors[0].moves < 12, "{} moves", cursors[0].moves);
}
