//! Holding what came against what was expected, and saying the difference.
//!
//! Commands and records are compared as a person reads them, field by field: amounts in major
//! units (so that `5.0` is `5.00`), times as moments.

use super::checks::{CommandCheck, CommandKind, FieldText, RecordCheck, StateCheck};
use super::convert::Reader;
use super::output::listed;
use crate::file::When;
use decision::command::{Action, Cancelled, Command, Origin};
use decision::cycle::DebtClass;
use decision::record::Record;
use decision::time::{Timestamp, Zone};
use decision::view::{self, ProfileView};
use lives::Life;

/// The commands are those expected, in order and no others.
pub(super) fn commands(wanted: &[CommandCheck], found: &[Command], zone: &Zone) -> Result<(), String> {
    let same = wanted.len() == found.len()
        && wanted.iter().zip(found).all(|(wanted, found)| matches(wanted, found, zone));
    if same {
        return Ok(());
    }
    let wanted: Vec<String> = wanted.iter().map(|check| expected(check, zone)).collect();
    let found: Vec<String> = found.iter().map(|command| told(command, zone)).collect();
    Err(format!("commands\n{}{}", listed("expected", &wanted), listed("got", &found)))
}

/// Whether a command is the one expected.
pub(super) fn matches(wanted: &CommandCheck, found: &Command, zone: &Zone) -> bool {
    let told = Told::of(found);
    let in_time = wanted.at.as_ref().is_none_or(|at| at.0.in_zone(zone) == found.at);
    in_time && told.is(wanted, zone)
}

/// A command as a person reads it.
struct Told {
    kind: CommandKind,
    fields: Vec<(&'static str, FieldText)>,
    cancelled: Option<Box<Told>>,
}

impl Told {
    fn of(command: &Command) -> Self {
        let mut told = Self::of_action(&command.action);
        told.fields.extend(origin(&command.origin));
        told.fields.push(("version", FieldText::One(command.policy.version.to_string())));
        told
    }

    fn of_action(action: &Action) -> Self {
        let one = |text: &dyn ToString| FieldText::One(text.to_string());
        let many = |texts: Vec<String>| FieldText::Many(texts);
        let (kind, fields) = match action {
            Action::Message(message) => {
                let mut fields = vec![
                    ("template", one(&message.template)),
                    ("channel", one(&message.channel)),
                    ("class", one(&message.class.as_str())),
                    ("language", one(&message.language)),
                    ("text", one(&message.text)),
                    ("lines", many(message.lines.clone())),
                    ("lines_crossed", one(&message.lines_crossed)),
                ];
                fields.extend(message.address.as_ref().map(|address| ("address", one(address))));
                (CommandKind::Message, fields)
            }
            Action::Provision(order) => (
                CommandKind::Provision,
                vec![
                    ("operation", one(&order.operation)),
                    ("undo", one(&order.is_undo)),
                    ("cuts_off", one(&order.cuts_off)),
                    ("services", many(order.services.iter().map(ToString::to_string).collect())),
                ],
            ),
            Action::Task { queue, due, managers } => {
                let mut fields = vec![("queue", one(queue))];
                fields.extend(due.map(|due| ("due", one(&due))));
                let manager = managers.as_ref().and_then(|managers| managers.manager.as_ref());
                fields.extend(managers.as_ref().map(|managers| ("managers", one(&managers.group))));
                fields.extend(manager.map(|manager| ("manager", one(manager))));
                (CommandKind::Task, fields)
            }
            Action::Fee { code, amount } => {
                let units = amount.minor_units.in_major(amount.currency.exponent());
                (CommandKind::Fee, vec![("code", one(code)), ("amount", one(&units))])
            }
            Action::Handover { to, debt } => {
                let units = debt.minor_units.in_major(debt.currency.exponent());
                (CommandKind::Handover, vec![("to", one(to)), ("debt", one(&units))])
            }
            Action::Cancel { what, .. } => {
                let cancelled = Some(Box::new(Self::of_cancelled(what)));
                return Self { kind: CommandKind::Cancel, fields: Vec::new(), cancelled };
            }
        };
        Self { kind, fields, cancelled: None }
    }

    fn of_cancelled(what: &Cancelled) -> Self {
        let (kind, field, name) = match what {
            Cancelled::Message(template) => (CommandKind::Message, "template", template.as_str()),
            Cancelled::Task(queue) => (CommandKind::Task, "queue", queue.as_str()),
        };
        Self { kind, fields: vec![(field, FieldText::One(name.to_owned()))], cancelled: None }
    }

    fn is(&self, wanted: &CommandCheck, zone: &Zone) -> bool {
        let cancels = match (&wanted.cancelled, &self.cancelled) {
            (None, _) => true,
            (Some(wanted), Some(cancelled)) => cancelled.is(wanted, zone),
            (Some(_), None) => false,
        };
        let has = |name: &str, text: &FieldText| {
            self.fields.iter().any(|(known, found)| *known == name && same(text, found, zone))
        };
        wanted.kind == self.kind && cancels && wanted.fields.iter().all(|(name, text)| has(name, text))
    }
}

fn origin(origin: &Origin) -> Vec<(&'static str, FieldText)> {
    let one = |text: &dyn ToString| FieldText::One(text.to_string());
    match origin {
        Origin::Threshold { rule } => vec![("rule", one(rule))],
        Origin::Cycle { debt_class, plan, cycle, stage } => {
            let mut fields =
                vec![("plan", one(plan)), ("cycle", one(cycle)), ("debt_class", one(debt_class))];
            fields.extend(stage.as_ref().map(|stage| ("stage", one(stage))));
            fields
        }
        Origin::BeforeDue { debt_class, plan, invoice } => {
            vec![("plan", one(plan)), ("invoice", one(invoice)), ("debt_class", one(debt_class))]
        }
        // Nothing of the policy made it.
        Origin::ByHand => Vec::new(),
    }
}

/// Whether two texts say the same: letter by letter, as numbers, or as moments.
fn same(wanted: &FieldText, found: &FieldText, zone: &Zone) -> bool {
    match (wanted, found) {
        (FieldText::One(wanted), FieldText::One(found)) => same_text(wanted, found, zone),
        (FieldText::Many(wanted), FieldText::Many(found)) => {
            wanted.len() == found.len()
                && wanted.iter().zip(found).all(|(wanted, found)| same_text(wanted, found, zone))
        }
        (FieldText::One(_), FieldText::Many(_)) | (FieldText::Many(_), FieldText::One(_)) => false,
    }
}

fn same_text(wanted: &str, found: &str, zone: &Zone) -> bool {
    let moment = |text: &str| When::parse(text).map(|when| when.in_zone(zone));
    wanted == found
        || number(wanted).is_some_and(|wanted| number(found) == Some(wanted))
        || moment(wanted).is_some_and(|wanted| moment(found) == Some(wanted))
}

/// A number without the zeros that say nothing, its percent sign kept.
fn number(text: &str) -> Option<(decision::money::MinorUnits, bool)> {
    let (digits, percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
    let trimmed =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    // Three decimals are the most that a currency has.
    let units = decision::money::Decimal::parse(trimmed).ok()?.scaled_to(3)?;
    Some((units, percent))
}

/// The records expected are among those made, in their order; where none is expected, none was made.
pub(super) fn records(wanted: &[RecordCheck], found: &[Record], zone: &Zone) -> Result<(), String> {
    if wanted.is_empty() && !found.is_empty() {
        let found: Vec<String> = found.iter().map(told_record).collect();
        return Err(format!("records\n{}{}", listed("expected", &[]), listed("got", &found)));
    }
    let mut left = found.iter();
    for check in wanted {
        if !left.any(|record| is_record(check, record, zone)) {
            let wanted: Vec<String> = wanted.iter().map(expected_record).collect();
            let found: Vec<String> = found.iter().map(told_record).collect();
            let missing =
                format!("records: this one is missing, or not in this order: {}\n", expected_record(check));
            return Err(format!("{missing}{}{}", listed("expected", &wanted), listed("got", &found)));
        }
    }
    Ok(())
}

fn is_record(wanted: &RecordCheck, found: &Record, zone: &Zone) -> bool {
    let has = |(name, text): &(String, FieldText)| {
        let mut figures = found.figures.iter().filter(|known| known.name == name);
        match (name.as_str(), text) {
            ("reason", FieldText::One(text)) => found.reason.contains(text.as_str()),
            ("at", FieldText::One(text)) => same_text(text, &found.at.to_string(), zone),
            ("version", FieldText::One(text)) => **text == *found.policy.version,
            (_, FieldText::One(text)) => figures.any(|known| same_text(text, &known.value, zone)),
            (_, FieldText::Many(_)) => {
                figures.any(|known| same(text, &FieldText::Many(parts(&known.value)), zone))
            }
        }
    };
    wanted.kind.is_none_or(|kind| kind == found.kind) && wanted.fields.iter().all(has)
}

/// The parts of a figure that lists several.
fn parts(value: &str) -> Vec<String> {
    value.split(", ").filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The state is the one expected now.
pub(super) fn state(wanted: &StateCheck, life: &Life, reader: &Reader<'_>) -> Result<(), String> {
    let (debtor, moment, policies) = (life.debtor(), life.moment(), life.policies());
    let mut differences = Differences { reader, lines: Vec::new() };
    if wanted.asks_of_a_profile() {
        let profiles = view::profiles(debtor, moment, policies);
        let profile = the_profile(wanted, &profiles)?;
        differences.profile(wanted, profile)?;
    }
    if let Some(credit) = &wanted.credit {
        let found = reader.in_major(view::credit(debtor));
        differences.field("credit", &reader.in_major(reader.money(credit)?), &found);
    }
    differences.name("segment", wanted.segment.as_deref(), view::segment(debtor));
    differences.name("managers", wanted.managers.as_deref(), view::managers(debtor));
    differences.name("manager", wanted.manager.as_deref(), view::manager(debtor));
    if let Some(fired) = &wanted.fired {
        let wanted: Vec<_> = fired
            .iter()
            .map(|(rule, lines)| (rule.value.clone(), lines.iter().map(|line| line.0.clone()).collect()))
            .collect();
        let found = view::fired(debtor, moment, policies);
        let found: Vec<_> = found.into_iter().map(|(rule, lines)| (rule.to_string(), lines)).collect();
        differences.fired(wanted, found);
    }
    if differences.lines.is_empty() { Ok(()) } else { Err(format!("state\n{}", differences.lines.concat())) }
}

impl StateCheck {
    fn asks_of_a_profile(&self) -> bool {
        self.debt_class.is_some()
            || self.status.is_some()
            || self.stage.is_some()
            || self.plan.is_some()
            || self.real_debt.is_some()
            || self.conditional_debt.is_some()
            || self.next.is_some()
    }
}

fn the_profile<'p>(wanted: &StateCheck, profiles: &'p [ProfileView]) -> Result<&'p ProfileView, String> {
    let classes =
        || profiles.iter().map(|profile| format!("`{}`", profile.debt_class)).collect::<Vec<_>>().join(", ");
    match (&wanted.debt_class, profiles) {
        (None, [only]) => Ok(only),
        (None, _) => {
            Err(format!("state: there are several profiles ({}): say which by `debt_class`", classes()))
        }
        (Some(name), _) => {
            let named = |class: &DebtClass| {
                let text = class.to_string();
                text == *name || text.split_once(':').is_some_and(|(_, value)| value == name)
            };
            let found = profiles.iter().find(|profile| named(&profile.debt_class));
            found.ok_or_else(|| format!("state: there is no profile `{name}`, only {}", classes()))
        }
    }
}

/// A rule, and its lines that are fired.
type Fired = (String, Vec<String>);

struct Differences<'a> {
    reader: &'a Reader<'a>,
    lines: Vec<String>,
}

impl Differences<'_> {
    fn field(&mut self, name: &str, wanted: &str, found: &str) {
        if wanted != found {
            self.lines.push(format!("  {name}: expected {wanted}, got {found}\n"));
        }
    }

    /// A name that may be absent: `none` then.
    fn name(&mut self, name: &str, wanted: Option<&str>, found: Option<&impl AsRef<str>>) {
        if let Some(wanted) = wanted {
            self.field(name, wanted, found.map_or("none", |found| found.as_ref()));
        }
    }

    fn profile(&mut self, wanted: &StateCheck, found: &ProfileView) -> Result<(), String> {
        let reader = self.reader;
        if let Some(status) = &wanted.status {
            self.field("status", status.0.as_str(), found.status.as_str());
        }
        self.name("stage", wanted.stage.as_deref(), found.stage.as_ref());
        self.name("plan", wanted.plan.as_deref(), found.plan.as_ref());
        if let Some(debt) = &wanted.real_debt {
            self.field("real_debt", &reader.in_major(reader.money(debt)?), &reader.in_major(found.real_debt));
        }
        if let Some(debt) = &wanted.conditional_debt {
            let units = reader.in_major(reader.money(debt)?);
            self.field("conditional_debt", &units, &reader.in_major(found.conditional_debt));
        }
        if let Some(next) = &wanted.next {
            let (stage, at) = found.next.as_ref().map(|(stage, at)| (stage, *at)).unzip();
            self.name("next.stage", next.stage.as_deref(), stage);
            if let Some(wanted) = &next.at {
                let zone = reader.zone();
                let found = at.map_or_else(|| "none".to_owned(), |at| local(at, &zone));
                self.field("next.at", &local(wanted.0.in_zone(&zone), &zone), &found);
            }
        }
        Ok(())
    }

    fn fired(&mut self, mut wanted: Vec<Fired>, mut found: Vec<Fired>) {
        wanted.sort();
        found.sort();
        let zone = self.reader.zone();
        // In whatever order they are written.
        let same_lines = |wanted: &[String], found: &[String]| {
            let is_in =
                |one: &String, others: &[String]| others.iter().any(|other| same_text(one, other, &zone));
            wanted.len() == found.len()
                && wanted.iter().all(|line| is_in(line, found))
                && found.iter().all(|line| is_in(line, wanted))
        };
        let same_rule = |(one, other): (&Fired, &Fired)| one.0 == other.0 && same_lines(&one.1, &other.1);
        if wanted.len() != found.len() || !wanted.iter().zip(&found).all(same_rule) {
            self.field("fired", &told_fired(&wanted), &told_fired(&found));
        }
    }
}

fn told_fired(rules: &[Fired]) -> String {
    let rules = rules.iter().map(|(rule, lines)| format!("{rule}: [{}]", lines.join(", ")));
    format!("{{ {} }}", rules.collect::<Vec<_>>().join(", "))
}

/// A moment as the account's wall clock shows it.
fn local(at: Timestamp, zone: &Zone) -> String {
    format!("{} ({})", zone.local(at), zone.name())
}

fn expected(check: &CommandCheck, zone: &Zone) -> String {
    let mut text = format!("{}:", check.kind.as_str());
    if let Some(cancelled) = &check.cancelled {
        text.push_str(&format!(" {{ {} }}", expected(cancelled, zone)));
    }
    text.push_str(&told_fields(check.fields.iter().map(|(name, text)| (name.as_str(), text))));
    if let Some(at) = &check.at {
        text.push_str(&format!("  at {}", local(at.0.in_zone(zone), zone)));
    }
    text
}

fn told(command: &Command, zone: &Zone) -> String {
    let told = Told::of(command);
    format!("{}  at {}", told_parts(&told), local(command.at, zone))
}

fn told_parts(told: &Told) -> String {
    let cancelled = told.cancelled.as_ref().map(|cancelled| format!(" {{ {} }}", told_parts(cancelled)));
    let short = told.fields.iter().filter(|(name, text)| {
        !matches!(
            *name,
            "text" | "lines_crossed" | "cycle" | "debt_class" | "address" | "class" | "language" | "version"
        ) && *text != FieldText::Many(Vec::new())
    });
    let fields = told_fields(short.map(|(name, text)| (*name, text)));
    format!("{}:{}{fields}", told.kind.as_str(), cancelled.unwrap_or_default())
}

fn told_fields<'t>(fields: impl Iterator<Item = (&'t str, &'t FieldText)>) -> String {
    let told = fields.map(|(name, text)| match text {
        FieldText::One(text) => format!(" {name} {text}"),
        FieldText::Many(texts) => format!(" {name} [{}]", texts.join(", ")),
    });
    told.collect::<Vec<_>>().join(",")
}

fn expected_record(check: &RecordCheck) -> String {
    let kind = check.kind.map_or("any", |kind| kind.as_str());
    format!("{kind}{}", told_fields(check.fields.iter().map(|(name, text)| (name.as_str(), text))))
}

fn told_record(record: &Record) -> String {
    format!("{} reason {} at {}", record.kind.as_str(), record.reason, record.at)
}
