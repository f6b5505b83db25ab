//! What is wrong with a condition: its syntax, the names in it, and the types it compares.
//!
//! Types are found by trying: every part is evaluated once on a sample account and invoice.

use super::facts::{self, Facts};
use super::{Over, Shared, evaluate};
use crate::suggest;
use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr, SourceInfo, operators};
use cel::objects::ValueType;
use cel::parser::Parser;
use cel::{ExecutionError, Value};
use decision::account::{PaymentMode, Snapshot};
use decision::debt::Invoice;
use decision::ids::InvoiceId;
use decision::money::MinorUnits;
use decision::time::{Date, Timestamp};

/// A condition has at most so many characters: what is longer belongs into an attribute.
const LONGEST: usize = 1_000;
/// So many brackets may lie in one another: what CEL asks of every implementation.
const DEEPEST: u16 = 32;
/// So many levels a condition may have once it is read, a chain of `||` or `.` counted link by
/// link: a task evaluates it on a thread of usual size.
const DEEPEST_TREE: usize = 128;
/// The parser takes some tens of frames a level, and chains may be as long as the condition: it has
/// a stack of its own, that no text of [`LONGEST`] characters exhausts.
const PARSER_STACK: usize = 256 << 20;
/// `exists` and its like may lie in one another so deep: each level multiplies the work.
const DEEPEST_LOOP: usize = 2;

/// What is wrong with a condition.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The characters it concerns, from the first to beyond the last; all where absent.
    pub(crate) range: Option<(usize, usize)>,
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) help: Option<String>,
}

impl Problem {
    fn whole(message: impl Into<String>) -> Self {
        Self { range: None, message: message.into(), help: None }
    }
}

/// The expression of a text that is right.
pub(super) fn checked(text: &str, over: Over, shared: &Shared) -> Result<IdedExpr, Vec<Problem>> {
    if text.chars().count() > LONGEST {
        return Err(vec![Problem::whole(format!("the condition is longer than {LONGEST} characters"))]);
    }
    let no_thread = |reason: &dyn std::fmt::Display| {
        vec![Problem::whole(format!("there is no memory to read the condition in: {reason}"))]
    };
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().stack_size(PARSER_STACK);
        let reader = reader.spawn_scoped(scope, || read(text, over, shared)).map_err(|e| no_thread(&e))?;
        reader.join().unwrap_or_else(|_| Err(no_thread(&"the parser gave up")))
    })
}

fn read(text: &str, over: Over, shared: &Shared) -> Result<IdedExpr, Vec<Problem>> {
    let parser = Parser::new().max_recursion_depth(DEEPEST);
    let (expression, source) = parser.parse_with_source_info(text).map_err(|errors| {
        let mut problems: Vec<Problem> = errors.errors.iter().map(|error| syntax(text, error)).collect();
        problems.truncate(1);
        problems
    })?;
    if depth(&expression) > DEEPEST_TREE {
        return Err(vec![Problem::whole(format!("the condition has more than {DEEPEST_TREE} levels"))]);
    }
    let sample = Sample::new();
    let names = facts::names(over, shared);
    let mut checker = Checker {
        over,
        shared,
        names,
        source,
        facts: Facts::new(
            &sample.account,
            (over == Over::AccountAndInvoice).then_some(&sample.invoice),
            shared,
        ),
        bound: Vec::new(),
        loops: 0,
        problems: Vec::new(),
    };
    checker.root(&expression);
    if checker.problems.is_empty() { Ok(expression) } else { Err(checker.problems) }
}

/// How many levels an expression has.
fn depth(expression: &IdedExpr) -> usize {
    let deepest = |parts: &mut dyn Iterator<Item = &IdedExpr>| parts.map(depth).max().unwrap_or(0);
    let below = match &expression.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => 0,
        Expr::Select(select) => depth(&select.operand),
        Expr::Call(call) => deepest(&mut call.target.as_deref().into_iter().chain(&call.args)),
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Map(map) => deepest(&mut map.entries.iter().flat_map(values)),
        Expr::Struct(made) => deepest(&mut made.entries.iter().flat_map(values)),
        Expr::Comprehension(of) => deepest(
            &mut [&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result].into_iter(),
        ),
    };
    below + 1
}

/// The expressions of an entry.
fn values(entry: &IdedEntryExpr) -> impl Iterator<Item = &IdedExpr> {
    let (one, other) = match &entry.expr {
        EntryExpr::StructField(field) => (&field.value, None),
        EntryExpr::MapEntry(entry) => (&entry.key, Some(&entry.value)),
    };
    std::iter::once(one).chain(other)
}

fn syntax(text: &str, error: &cel::ParseError) -> Problem {
    let (line, column) = error.pos;
    let at = usize::try_from(column - 1).ok().filter(|_| line == 1);
    let end = text.chars().count().max(1);
    let range = at.map(|at| at.min(end - 1)).map(|at| (at, at + 1));
    let message = format!("the condition cannot be read: {}", error.msg);
    Problem { range, message, help: None }
}

/// An account and an invoice to try conditions on.
struct Sample {
    account: Snapshot,
    invoice: Invoice,
}

impl Sample {
    fn new() -> Self {
        let account = Snapshot {
            payment_mode: PaymentMode::Postpaid,
            currency: None,
            language: None,
            time_zone: None,
            credit_limit: Some(MinorUnits(10_000)),
            contacts: Default::default(),
            opt_outs: Vec::new(),
            services: Vec::new(),
            attributes: Default::default(),
            closed: false,
        };
        let invoice = Invoice {
            id: InvoiceId::from("B-1"),
            amount: MinorUnits(10_000),
            adjusted: MinorUnits::ZERO,
            paid: MinorUnits::ZERO,
            issued: Date::default(),
            due: Date::default(),
            service: None,
            provider: None,
            kind: None,
            booked_at: Timestamp::default(),
            closed_at: None,
            kept_out: false,
            announced: Vec::new(),
        };
        Self { account, invoice }
    }
}

struct Checker<'a> {
    over: Over,
    shared: &'a Shared,
    names: Vec<String>,
    source: SourceInfo,
    facts: Facts<'a>,
    /// The variables of the loops around, innermost last.
    bound: Vec<String>,
    loops: usize,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn root(&mut self, expression: &IdedExpr) {
        if !self.part(expression) {
            return;
        }
        match evaluate(expression, &self.facts, &self.shared.env) {
            Ok(Value::Bool(_)) => {}
            Ok(other) => {
                let found = other.type_of();
                let message = format!("the condition gives a value of type {found}, not true or false");
                self.problems.push(Problem::whole(message));
            }
            Err(error) => self.failed(expression, &error),
        }
    }

    /// Looks at a part and all parts of it; whether all is well.
    fn part(&mut self, part: &IdedExpr) -> bool {
        match &part.expr {
            Expr::Unspecified | Expr::Literal(_) => true,
            Expr::Ident(name) => self.name(part, name),
            Expr::Select(select) if select.test => {
                let message = "`has` asks what is always so: every variable has a value";
                self.say(part, message.to_owned(), Some("compare with the default instead".to_owned()));
                false
            }
            Expr::Select(select) => match path(part) {
                Some(path) => self.name(part, &path),
                None => self.part(&select.operand),
            },
            Expr::Call(call) => {
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                self.parts(parts) && self.tried(part) && self.compared(part, &call.func_name, &call.args)
            }
            Expr::List(list) => self.parts(list.elements.iter()),
            Expr::Map(map) => self.parts(map.entries.iter().flat_map(values)),
            Expr::Struct(_) => {
                self.say(part, "the condition cannot make a message".to_owned(), None);
                false
            }
            Expr::Comprehension(comprehension) => self.comprehension(part, comprehension),
        }
    }

    /// Looks at all of them, whatever is found in the first.
    fn parts<'p>(&mut self, parts: impl Iterator<Item = &'p IdedExpr>) -> bool {
        let before = self.problems.len();
        for part in parts {
            self.part(part);
        }
        self.problems.len() == before
    }

    fn comprehension(&mut self, part: &IdedExpr, of: &cel::common::ast::ComprehensionExpr) -> bool {
        if self.loops == DEEPEST_LOOP {
            let message = format!("loops lie deeper than {DEEPEST_LOOP} in one another");
            self.say(part, message, None);
            return false;
        }
        let mut well = self.part(&of.iter_range);
        let before = self.bound.len();
        self.bound.extend([of.iter_var.clone(), of.accu_var.clone()]);
        self.bound.extend(of.iter_var2.clone());
        self.loops += 1;
        well &= self.parts([&of.accu_init, &of.loop_cond, &of.loop_step, &of.result].into_iter());
        self.loops -= 1;
        self.bound.truncate(before);
        well && self.tried(part)
    }

    fn name(&mut self, part: &IdedExpr, name: &str) -> bool {
        let root = name.split('.').next().unwrap_or(name);
        if name.starts_with('@') || self.bound.iter().any(|bound| bound == root) {
            return true;
        }
        if self.names.iter().any(|known| known == name) {
            return true;
        }
        let (message, help) = if self.over == Over::Account && facts::is_of_invoice(name) {
            let message = format!("`{name}` is not known here: there is no invoice");
            (message, Some("only a plan's `include` looks at invoices".to_owned()))
        } else if let Some(attribute) = name.strip_prefix("account.attributes.") {
            let known = self.shared.attributes.iter().map(|rule| rule.name.as_str());
            let message = format!("no attribute `{attribute}` is declared");
            (
                message,
                suggest::instead_of(attribute, known).or(Some("declare it under `attributes`".to_owned())),
            )
        } else {
            let known = self.names.iter().map(String::as_str);
            (format!("no variable `{name}` is known"), suggest::instead_of(name, known))
        };
        self.say(part, message, help);
        false
    }

    /// Evaluates a part, where it does not hang on a loop around it.
    fn tried(&mut self, part: &IdedExpr) -> bool {
        if self.loops > 0 {
            return true;
        }
        match evaluate(part, &self.facts, &self.shared.env) {
            Ok(_) => true,
            Err(error) => {
                let before = self.problems.len();
                self.failed(part, &error);
                self.problems.len() == before
            }
        }
    }

    fn failed(&mut self, part: &IdedExpr, error: &ExecutionError) {
        // These hang on the values, and the sample's are no better than others.
        let hangs_on_values = matches!(
            error,
            ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::Overflow(..)
                | ExecutionError::IndexOutOfBounds(_)
                | ExecutionError::NoSuchKey(_)
                | ExecutionError::FunctionError { .. }
        );
        if let ExecutionError::UndeclaredReference(name) = error {
            self.say(part, format!("no function `{name}` is known"), None);
        } else if !hangs_on_values {
            self.say(part, format!("the condition cannot be evaluated: {error}"), None);
        }
    }

    /// Two values of different types are never equal: surely not what was meant.
    fn compared(&mut self, part: &IdedExpr, function: &str, sides: &[IdedExpr]) -> bool {
        if self.loops > 0 || !matches!(function, operators::EQUALS | operators::NOT_EQUALS) {
            return true;
        }
        let types: Vec<ValueType> = sides
            .iter()
            .filter_map(|side| evaluate(side, &self.facts, &self.shared.env).ok())
            .map(|value| value.type_of())
            .collect();
        let [one, other] = types.as_slice() else { return true };
        let number = |of: &ValueType| matches!(of, ValueType::Int | ValueType::UInt | ValueType::Float);
        if one.to_string() == other.to_string() || (number(one) && number(other)) {
            return true;
        }
        self.say(part, format!("a value of type {one} is never equal to one of type {other}"), None);
        false
    }

    fn say(&mut self, part: &IdedExpr, message: String, help: Option<String>) {
        let range = self.range(part);
        self.problems.push(Problem { range, message, help });
    }

    /// The characters of a part: of a selection from its operand to its field, of a call its sign
    /// or its opening bracket, of all else the whole.
    fn range(&self, part: &IdedExpr) -> Option<(usize, usize)> {
        let (start, last) = self.source.offset_for(part.id)?;
        let (start, last) = (usize::try_from(start).ok()?, usize::try_from(last).ok()?);
        match &part.expr {
            Expr::Select(select) => {
                let first = self.range(&select.operand).map_or(start, |(first, _)| first);
                Some((first.min(start), start + 1 + select.field.len()))
            }
            Expr::Call(_)
            | Expr::Comprehension(_)
            | Expr::Ident(_)
            | Expr::List(_)
            | Expr::Literal(_)
            | Expr::Map(_)
            | Expr::Struct(_)
            | Expr::Unspecified => Some((start, last.max(start) + 1)),
        }
    }
}

/// The dotted name that a part spells, where it is one: `account.closed`.
fn path(part: &IdedExpr) -> Option<String> {
    match &part.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        Expr::Select(_)
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_)
        | Expr::Unspecified => None,
    }
}
