//! The control record: one record for every order, `order` saying which of its fields count.
//!
//! One flat record, not a union of twenty-one, is what is easiest to write in any language and to
//! keep in a table. Whether an order is allowed is the core's business.

use super::{
    amount, date, header, name, names, optional_amount, optional_moment, optional_out, out, whole,
    wire_event, word,
};
use crate::error::{Fault, WireError};
use crate::value::{Number, Text, Word, words};
use decision::Event;
use decision::event::{
    Body, ByHandMeasure, Control, DisputeOutcome, HoldKind, HoldOrder, Instalment, NamedTask, Order,
};
use decision::policy::MessageClass;
use serde::{Deserialize, Serialize};

/// What a control orders, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderWord {
    Dispute,
    Promise,
    Deferral,
    Instalments,
    DisputeEnded,
    Exempt,
    ExemptEnded,
    AssignPlan,
    Pause,
    Resume,
    Jump,
    Close,
    Rearm,
    TaskResult,
    Do,
    Undo,
    AssignManager,
    ReleaseHeld,
    DropHeld,
    AdoptPolicy,
    TakeTask,
    PutBackTask,
}

words! { OrderWord {
    Dispute = "dispute", Promise = "promise", Deferral = "deferral", Instalments = "instalments",
    DisputeEnded = "dispute_ended", Exempt = "exempt", ExemptEnded = "exempt_ended",
    AssignPlan = "assign_plan", Pause = "pause", Resume = "resume", Jump = "jump",
    Close = "close", Rearm = "rearm", TaskResult = "task_result", Do = "do", Undo = "undo",
    AssignManager = "assign_manager", ReleaseHeld = "release_held", DropHeld = "drop_held",
    AdoptPolicy = "adopt_policy", TakeTask = "take_task", PutBackTask = "put_back_task",
} }
words! { DisputeOutcome { Upheld = "upheld", Rejected = "rejected", Withdrawn = "withdrawn" } }

wire_event! {
    /// An order, with who gave it.
    ControlWire<'a> {
        #[serde(borrow)]
        by: Text<'a>,
        #[serde(borrow)]
        role: Text<'a>,
        #[serde(borrow, default)]
        why: Option<Text<'a>>,
        order: Word<OrderWord>,
        #[serde(borrow, default)]
        hold_id: Option<Text<'a>>,
        #[serde(default)]
        amount: Option<Number>,
        #[serde(borrow, default)]
        invoices: Vec<Text<'a>>,
        #[serde(default)]
        until: Option<Number>,
        #[serde(default)]
        parts: Vec<InstalmentWire>,
        #[serde(default)]
        grace_days: Option<Number>,
        #[serde(default)]
        outcome: Option<Word<DisputeOutcome>>,
        #[serde(borrow, default)]
        plan: Option<Text<'a>>,
        #[serde(default)]
        resume_at: Option<Number>,
        #[serde(borrow, default)]
        stage: Option<Text<'a>>,
        #[serde(borrow, default)]
        rule: Option<Text<'a>>,
        #[serde(borrow, default)]
        queue: Option<Text<'a>>,
        #[serde(borrow, default)]
        result: Option<Text<'a>>,
        #[serde(borrow, default)]
        operation: Option<Text<'a>>,
        #[serde(borrow, default)]
        undo: Option<Text<'a>>,
        #[serde(default)]
        cuts_off: bool,
        #[serde(borrow, default)]
        template: Option<Text<'a>>,
        #[serde(borrow, default)]
        channel: Option<Text<'a>>,
        #[serde(default)]
        class: Option<Word<MessageClass>>,
        #[serde(borrow, default)]
        manager: Option<Text<'a>>,
        #[serde(default)]
        revision: Option<Number>,
        #[serde(borrow, default)]
        command_id: Option<Text<'a>>,
    }
}

/// One part of an instalment plan.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct InstalmentWire {
    due: Number,
    amount: Number,
}

/// The field that an order cannot do without.
fn needed<'t, T>(order: OrderWord, field: &'static str, value: Option<&'t T>) -> Result<&'t T, WireError> {
    use crate::value::Words as _;
    value.ok_or_else(|| Fault::Missing { order: order.word() }.of(field, "null"))
}

impl<'a> ControlWire<'a> {
    pub(crate) fn new(event: &'a Event, body: &'a Control) -> Self {
        let why = optional_out(body.why.as_ref());
        let (by, role) = (out(&body.by), out(&body.role));
        let (none, word) = (None, Word::Known(OrderWord::Resume));
        let mut wire = Self::under(
            event,
            by,
            role,
            why,
            word,
            none,
            None,
            Vec::new(),
            None,
            Vec::new(),
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            false,
            None,
            None,
            None,
            None,
            None,
            None,
        );
        wire.fill(&body.order);
        wire
    }

    fn fill(&mut self, order: &'a Order) {
        let word = match order {
            Order::Hold(hold) => self.fill_hold(hold),
            Order::DisputeEnded { id, outcome } => {
                self.hold_id = Some(out(id));
                self.outcome = Some(Word::Known(*outcome));
                OrderWord::DisputeEnded
            }
            Order::Exempt(true) => OrderWord::Exempt,
            Order::Exempt(false) => OrderWord::ExemptEnded,
            Order::AssignPlan(plan) => {
                self.plan = Some(out(plan));
                OrderWord::AssignPlan
            }
            Order::Pause { until } => {
                self.resume_at = until.map(|until| Number::Whole(until.0));
                OrderWord::Pause
            }
            Order::Resume => OrderWord::Resume,
            Order::Jump(stage) => {
                self.stage = Some(out(stage));
                OrderWord::Jump
            }
            Order::Close => OrderWord::Close,
            Order::Rearm(rule) => {
                self.rule = Some(out(rule));
                OrderWord::Rearm
            }
            Order::TaskResult { task, result } => {
                self.fill_task(task);
                self.result = Some(out(result));
                OrderWord::TaskResult
            }
            Order::TakeTask(task) => {
                self.fill_task(task);
                OrderWord::TakeTask
            }
            Order::PutBackTask(task) => {
                self.fill_task(task);
                OrderWord::PutBackTask
            }
            Order::Do(measure) => {
                self.fill_measure(measure);
                OrderWord::Do
            }
            Order::Undo(operation) => {
                self.operation = Some(out(operation));
                OrderWord::Undo
            }
            Order::AssignManager(manager) => {
                self.manager = Some(out(manager));
                OrderWord::AssignManager
            }
            Order::ReleaseHeld => OrderWord::ReleaseHeld,
            Order::DropHeld => OrderWord::DropHeld,
            Order::AdoptPolicy { revision } => {
                self.revision = Some(Number::Whole(*revision));
                OrderWord::AdoptPolicy
            }
        };
        self.order = Word::Known(word);
    }

    fn fill_hold(&mut self, hold: &'a HoldOrder) -> OrderWord {
        self.hold_id = Some(out(&hold.id));
        self.amount = hold.amount.map(|amount| Number::Whole(amount.0));
        self.invoices = hold.invoices.iter().map(out).collect();
        self.until = hold.until.map(|until| Number::Whole(until.days().into()));
        match &hold.kind {
            HoldKind::Dispute => OrderWord::Dispute,
            HoldKind::Promise => OrderWord::Promise,
            HoldKind::Deferral => OrderWord::Deferral,
            HoldKind::Instalments { parts, grace_days } => {
                self.grace_days = Some(Number::Whole((*grace_days).into()));
                self.parts = parts.iter().map(InstalmentWire::new).collect();
                OrderWord::Instalments
            }
        }
    }

    fn fill_task(&mut self, task: &'a NamedTask) {
        self.queue = Some(out(&task.queue));
        self.command_id = task.command_id.map(|command_id| command_id.to_string().into());
    }

    fn fill_measure(&mut self, measure: &'a ByHandMeasure) {
        match measure {
            ByHandMeasure::Provision { operation, undo, cuts_off } => {
                self.operation = Some(out(operation));
                self.undo = Some(out(undo));
                self.cuts_off = *cuts_off;
            }
            ByHandMeasure::Message { template, channel, class } => {
                self.template = Some(out(template));
                self.channel = Some(out(channel));
                self.class = Some(Word::Known(*class));
            }
            ByHandMeasure::Task { queue } => self.queue = Some(out(queue)),
        }
    }

    pub(crate) fn check(mut self) -> Result<Event, WireError> {
        let order = std::mem::replace(&mut self.order, Word::Known(OrderWord::Resume));
        let order = self.check_order(word("order", order)?)?;
        let body = Control {
            by: self.by.into_owned(),
            role: self.role.into_owned(),
            why: self.why.map(Text::into_owned),
            order,
        };
        header!(self).with(Body::Control(body))
    }

    fn check_order(&self, order: OrderWord) -> Result<Order, WireError> {
        let text = |field, value| needed(order, field, value);
        Ok(match order {
            OrderWord::Dispute => Order::Hold(self.check_hold(order, HoldKind::Dispute)?),
            OrderWord::Promise => Order::Hold(self.check_hold(order, HoldKind::Promise)?),
            OrderWord::Deferral => Order::Hold(self.check_hold(order, HoldKind::Deferral)?),
            OrderWord::Instalments => Order::Hold(self.check_hold(order, self.check_instalments(order)?)?),
            OrderWord::DisputeEnded => Order::DisputeEnded {
                id: name("hold_id", text("hold_id", self.hold_id.as_ref())?)?,
                outcome: word("outcome", needed(order, "outcome", self.outcome.as_ref())?.clone())?,
            },
            OrderWord::Exempt => Order::Exempt(true),
            OrderWord::ExemptEnded => Order::Exempt(false),
            OrderWord::AssignPlan => Order::AssignPlan(name("plan", text("plan", self.plan.as_ref())?)?),
            OrderWord::Pause => {
                Order::Pause { until: optional_moment("resume_at", self.resume_at.as_ref())? }
            }
            OrderWord::Resume => Order::Resume,
            OrderWord::Jump => Order::Jump(name("stage", text("stage", self.stage.as_ref())?)?),
            OrderWord::Close => Order::Close,
            OrderWord::Rearm => Order::Rearm(name("rule", text("rule", self.rule.as_ref())?)?),
            OrderWord::TaskResult => Order::TaskResult {
                task: self.check_task(order)?,
                result: text("result", self.result.as_ref())?.as_str().to_owned(),
            },
            OrderWord::TakeTask => Order::TakeTask(self.check_task(order)?),
            OrderWord::PutBackTask => Order::PutBackTask(self.check_task(order)?),
            OrderWord::Do => Order::Do(self.check_measure(order)?),
            OrderWord::Undo => Order::Undo(name("operation", text("operation", self.operation.as_ref())?)?),
            OrderWord::AssignManager => {
                Order::AssignManager(name("manager", text("manager", self.manager.as_ref())?)?)
            }
            OrderWord::ReleaseHeld => Order::ReleaseHeld,
            OrderWord::DropHeld => Order::DropHeld,
            OrderWord::AdoptPolicy => Order::AdoptPolicy {
                revision: whole("revision", needed(order, "revision", self.revision.as_ref())?)?,
            },
        })
    }

    /// Which task is meant.
    fn check_task(&self, order: OrderWord) -> Result<NamedTask, WireError> {
        let id = |text: &Text<'_>| {
            let id = text.as_str();
            id.parse().map_err(|_| Fault::NotACommandId.of("command_id", id))
        };
        Ok(NamedTask {
            queue: name("queue", needed(order, "queue", self.queue.as_ref())?)?,
            command_id: self.command_id.as_ref().map(id).transpose()?,
        })
    }

    /// What is to be done by hand: an order, else a message, else a task.
    fn check_measure(&self, order: OrderWord) -> Result<ByHandMeasure, WireError> {
        let text = |field, value| needed(order, field, value);
        if let Some(operation) = &self.operation {
            return Ok(ByHandMeasure::Provision {
                operation: name("operation", operation)?,
                undo: name("undo", text("undo", self.undo.as_ref())?)?,
                cuts_off: self.cuts_off,
            });
        }
        if let Some(template) = &self.template {
            return Ok(ByHandMeasure::Message {
                template: name("template", template)?,
                channel: name("channel", text("channel", self.channel.as_ref())?)?,
                class: word("class", needed(order, "class", self.class.as_ref())?.clone())?,
            });
        }
        Ok(ByHandMeasure::Task { queue: name("queue", text("queue", self.queue.as_ref())?)? })
    }

    fn check_hold(&self, order: OrderWord, kind: HoldKind) -> Result<HoldOrder, WireError> {
        Ok(HoldOrder {
            id: name("hold_id", needed(order, "hold_id", self.hold_id.as_ref())?)?,
            kind,
            amount: optional_amount("amount", self.amount.as_ref())?,
            invoices: names("invoices", &self.invoices)?,
            until: self.until.as_ref().map(|until| date("until", until)).transpose()?,
        })
    }

    fn check_instalments(&self, order: OrderWord) -> Result<HoldKind, WireError> {
        needed(order, "parts", self.parts.first())?;
        let parts = self.parts.iter().map(InstalmentWire::check).collect::<Result<_, _>>()?;
        let grace = self.grace_days.as_ref().map(|days| whole("grace_days", days)).transpose()?;
        let grace = grace.unwrap_or(0);
        let grace_days = i32::try_from(grace).map_err(|_| Fault::NumberOutOfRange.of("grace_days", grace))?;
        Ok(HoldKind::Instalments { parts, grace_days })
    }
}

impl InstalmentWire {
    fn new(part: &Instalment) -> Self {
        Self { due: Number::Whole(part.due.days().into()), amount: Number::Whole(part.amount.0) }
    }

    fn check(&self) -> Result<Instalment, WireError> {
        Ok(Instalment { due: date("parts.due", &self.due)?, amount: amount("parts.amount", &self.amount)? })
    }
}
