//! An account as the API tells it, made out of a debtor's state. Nothing is decided here: what stands where is
//! asked of the core.

use super::Looked;
use super::account::{
    Account, Balance, Cycle, Entered, Hold, HoldPart, Invoice, Line, Measure, NextStage, Pause, Policy,
    Profile, Rule, Service, Snapshot, Task, UnderWay,
};
use crate::who::Person;
use crate::who::mask::Masked;
use decision::account::{AttributeValue, Snapshot as Known};
use decision::cycle::{Cycle as Open, MeasureInForce, MeasureKind};
use decision::debtor::{Debtor, Member};
use decision::ids::{AccountId, Channel};
use decision::money::MinorUnits;
use decision::policy::Unit;
use decision::time::Timestamp;
use decision::underway::{CommandUnderWay, UnderWay as What};
use decision::view::rules::{LineState, LineView, RuleView};
use decision::{Moment, Policies, Policy as Ruling, view};
use whatif::customer::{Customer, When};

/// The account of this debtor, as far as this person may see it.
pub(super) fn account(account_id: &AccountId, debtor: &Debtor, looked: &Looked, person: &Person) -> Account {
    let ruling = looked.policies.at(looked.moment.now);
    let (moment, policies) = (looked.moment, &*looked.policies);
    View { debtor, moment, policies, ruling, customer: Customer::of(debtor, ruling), person }
        .account(account_id, looked.policy_revision)
}

/// A debtor, and by what it is looked at.
struct View<'a> {
    debtor: &'a Debtor,
    moment: Moment,
    policies: &'a Policies,
    ruling: &'a Ruling,
    customer: Customer,
    person: &'a Person,
}

impl View<'_> {
    fn account(&self, account_id: &AccountId, revision: Option<i64>) -> Account {
        let debtor = self.debtor;
        let member = debtor.member(account_id.as_str());
        let identity = &self.ruling.identity;
        let policy = Policy {
            name: identity.name.to_string(),
            version: identity.version.to_string(),
            hash: identity.hash.to_string(),
            revision,
        };
        let managers = debtor.managers.as_ref();
        Account {
            account_id: account_id.to_string(),
            debtor_id: debtor.id.to_string(),
            as_of: self.when(self.moment.now),
            time_zone: self.customer.zone.name().to_owned(),
            currency: debtor.currency.map(|currency| currency.to_string()),
            policy,
            snapshot: member.and_then(|member| member.snapshot.as_ref()).map(|known| self.snapshot(known)),
            segment: view::segment(debtor).map(ToString::to_string),
            manager_group: managers.map(|managers| managers.group.to_string()),
            manager: view::manager(debtor).map(ToString::to_string),
            assigned_plan: debtor.assigned_plan.as_ref().map(ToString::to_string),
            exempt: debtor.exempt,
            pause: debtor.pause.as_ref().map(|pause| Pause {
                since: self.when(pause.since),
                until: pause.until.map(|at| self.when(at)),
            }),
            balances: member.map(|member| self.balances(member)).unwrap_or_default(),
            profiles: self.profiles(),
            invoices: self.invoices(),
            credit: self.amount(view::credit(debtor)),
            paid_ahead: self.amount(view::waiting(debtor)),
            holds: self.holds(),
            tasks: self.tasks(),
            by_hand: debtor.by_hand.iter().map(|measure| self.measure(measure, true)).collect(),
            under_way: debtor.under_way.iter().map(|command| self.under_way(command)).collect(),
            next_due: debtor.next_due.map(|at| self.when(at)),
        }
    }

    fn when(&self, at: Timestamp) -> When {
        self.customer.when(at)
    }

    fn amount(&self, amount: MinorUnits) -> String {
        self.customer.amount(amount)
    }

    fn snapshot(&self, known: &Known) -> Snapshot {
        let service = |service: &decision::account::Service| Service {
            id: service.id.to_string(),
            kind: service.kind.clone(),
            provider: service.provider.as_ref().map(ToString::to_string),
            always_on: service.always_on,
        };
        let contact = |(channel, value): (&Channel, &String)| (channel.to_string(), self.personal(value));
        let attribute = |(name, value): (&String, &AttributeValue)| (name.clone(), self.attribute(value));
        Snapshot {
            payment_mode: known.payment_mode.as_str().to_owned(),
            language: known.language.as_ref().map(ToString::to_string),
            credit_limit: known.credit_limit.map(|limit| self.amount(limit)),
            contacts: known.contacts.iter().map(contact).collect(),
            opt_outs: known.opt_outs.iter().map(ToString::to_string).collect(),
            services: known.services.iter().map(service).collect(),
            attributes: known.attributes.iter().map(attribute).collect(),
            closed: known.closed,
        }
    }

    fn attribute(&self, value: &AttributeValue) -> serde_json::Value {
        match value {
            AttributeValue::String(text) => self.personal(text).into(),
            AttributeValue::Long(number) => (*number).into(),
            AttributeValue::Boolean(is) => (*is).into(),
            AttributeValue::Date(date) => date.to_string().into(),
        }
    }

    /// What may say who the customer is.
    fn personal(&self, text: &str) -> String {
        if self.person.sees_masked() { Masked(text).to_string() } else { text.to_owned() }
    }

    fn balances(&self, member: &Member) -> Vec<Balance> {
        let rules = view::rules::rules(self.debtor, &member.account_id, self.moment, self.policies);
        let balance = |balance: &decision::balance::Balance| {
            let unit = self.ruling.balances.get(&balance.name).copied();
            let of_balance = rules.iter().filter(|rule| rule.balance == balance.name);
            Balance {
                name: balance.name.to_string(),
                unit: unit.map(Unit::as_str),
                value: self.customer.value(balance.value, unit),
                limit: balance.limit.map(|limit| self.customer.value(limit, unit)),
                valid_until: balance.valid_until.map(|at| self.when(at)),
                rules: of_balance.map(|rule| self.rule(rule, unit)).collect(),
            }
        };
        member.balances.iter().map(balance).collect()
    }

    fn rule(&self, rule: &RuleView, unit: Option<Unit>) -> Rule {
        Rule {
            rule: rule.rule.to_string(),
            lines: rule.lines.iter().map(|line| self.line(line, unit)).collect(),
            announces_expiry_at: rule.announces_expiry_at.map(|at| self.when(at)),
            alerts: rule.alerts,
            last_alert: rule.last_alert.map(|at| self.when(at)),
        }
    }

    fn line(&self, line: &LineView, unit: Option<Unit>) -> Line {
        let value = |value| Some(self.customer.value(value, unit));
        let (state, acts_at, armed_at, announced) = match line.state {
            LineState::Armed { acts_at } => ("armed", value(acts_at), None, None),
            LineState::Beyond { back_at } => ("beyond", None, value(back_at), None),
            LineState::Fired { armed_at, announced } => ("fired", None, value(armed_at), Some(announced)),
            LineState::NoLimit => ("no_limit", None, None, None),
        };
        Line { line: line.line.clone(), state, acts_at, armed_at, announced }
    }

    fn profiles(&self) -> Vec<Profile> {
        let profile = |profile: view::ProfileView| {
            let known = self.debtor.profiles.iter().find(|known| known.debt_class == profile.debt_class);
            let cycles = known.map(|known| known.cycles.as_slice()).unwrap_or_default();
            let plan = profile.plan.as_ref().and_then(|plan| self.ruling.plans.get(plan));
            let stages = plan.map(|plan| plan.stages.as_slice()).unwrap_or_default();
            Profile {
                stages: stages.iter().map(|stage| stage.name.to_string()).collect(),
                debt_class: profile.debt_class.to_string(),
                status: profile.status.as_str(),
                plan: profile.plan.map(|plan| plan.to_string()),
                stage: profile.stage.map(|stage| stage.to_string()),
                real_debt: self.amount(profile.real_debt),
                conditional_debt: self.amount(profile.conditional_debt),
                next: profile
                    .next
                    .map(|(stage, at)| NextStage { stage: stage.to_string(), when: self.when(at) }),
                cycles: cycles.iter().map(|cycle| self.cycle(cycle)).collect(),
            }
        };
        let profiles = view::profiles(self.debtor, self.moment, self.policies);
        profiles.into_iter().map(profile).collect()
    }

    fn cycle(&self, cycle: &Open) -> Cycle {
        let entered = cycle.entries.iter();
        Cycle {
            number: cycle.number,
            plan: cycle.plan.to_string(),
            policy_hash: cycle.policy_hash.to_string(),
            opened_at: self.when(cycle.opened_at),
            held_since: cycle.held_since.map(|at| self.when(at)),
            entered: entered
                .map(|entry| Entered { stage: entry.stage.to_string(), when: self.when(entry.at) })
                .collect(),
            measures: cycle.measures.iter().map(|measure| self.measure(measure, false)).collect(),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let tasks = view::tasks::tasks(self.debtor, self.moment, self.policies);
        tasks.into_iter().map(|task| Task::of(task, self.moment.now, &self.customer)).collect()
    }

    fn measure(&self, measure: &MeasureInForce, by_hand: bool) -> Measure {
        let reported = measure.outcome.map(|reported| reported.outcome.as_str().to_owned());
        let told = Measure {
            command_id: measure.command_id.to_string(),
            stage: (!by_hand).then(|| measure.stage.to_string()),
            kind: "message",
            what: String::new(),
            channel: None,
            services: Vec::new(),
            requested_at: self.when(measure.requested_at),
            outcome: reported,
            lifted_since: None,
        };
        match &measure.what {
            MeasureKind::Message(message) => Measure {
                what: message.template.to_string(),
                channel: Some(message.channel.to_string()),
                ..told
            },
            MeasureKind::Provision(order) => Measure {
                kind: "order",
                what: order.operation.to_string(),
                services: order.services.iter().map(ToString::to_string).collect(),
                lifted_since: order.lifted_since.map(|at| self.when(at)),
                ..told
            },
            MeasureKind::Task(task) => Measure {
                kind: "task",
                what: task.queue.to_string(),
                outcome: task.result.clone().or(told.outcome),
                ..told
            },
        }
    }

    fn under_way(&self, command: &CommandUnderWay) -> UnderWay {
        let (kind, what, channel) = match &command.what {
            What::Message(message) => {
                ("message", message.template.to_string(), Some(message.channel.to_string()))
            }
            What::Order(order) => ("order", order.operation.to_string(), None),
        };
        let stands = match command.sent_at {
            _ if command.is_kept_back => "kept_back",
            None => "waits",
            Some(_) => "sent",
        };
        UnderWay {
            command_id: command.command_id.to_string(),
            kind,
            what,
            channel,
            tries: command.tries,
            stands,
            sent_at: command.sent_at.map(|at| self.when(at)),
            wakes_at: command.wakes_at.map(|at| self.when(at)),
        }
    }

    fn invoices(&self) -> Vec<Invoice> {
        let mut known: Vec<_> = self.debtor.debt.invoices.iter().collect();
        known.sort_by_key(|invoice| (invoice.due, invoice.booked_at));
        let invoice = |invoice: &decision::debt::Invoice| Invoice {
            id: invoice.id.to_string(),
            issued: invoice.issued.to_string(),
            due: invoice.due.to_string(),
            amount: self.amount(invoice.amount),
            adjusted: self.amount(invoice.adjusted),
            paid: self.amount(invoice.paid),
            outstanding: self.amount(invoice.outstanding()),
            service: invoice.service.as_ref().map(ToString::to_string),
            provider: invoice.provider.as_ref().map(ToString::to_string),
            kind: invoice.kind.clone(),
            closed_at: invoice.closed_at.map(|at| self.when(at)),
        };
        known.into_iter().map(invoice).collect()
    }

    fn holds(&self) -> Vec<Hold> {
        let hold = |hold: view::HoldView| Hold {
            id: hold.id.to_string(),
            kind: hold.kind.as_str(),
            amount: self.amount(hold.amount),
            freezes: self.amount(hold.freezes),
            paid: self.amount(hold.paid),
            invoices: hold.invoices.iter().map(ToString::to_string).collect(),
            until: hold.until.map(|day| day.to_string()),
            ends_at: hold.ends_at.map(|at| self.when(at)),
            is_upheld: hold.is_upheld,
            parts: hold.parts.iter().map(|part| self.part(part)).collect(),
            by: hold.by,
            made_at: self.when(hold.made_at),
        };
        view::holds(self.debtor, self.moment, self.policies).into_iter().map(hold).collect()
    }

    fn part(&self, part: &view::PartView) -> HoldPart {
        let (amount, paid) = (self.amount(part.amount), self.amount(part.paid));
        HoldPart { due: part.due.to_string(), amount, paid }
    }
}
