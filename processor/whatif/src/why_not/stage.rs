//! What was found of a stage, in words.

use super::{Cycle, Finding, Part, command};
use crate::customer::Customer;
use crate::words;
use decision::ids::{PlanName, StageName};
use decision::money::MinorUnits;
use decision::time::Timestamp;
use decision::view::HoldView;
use decision::why_not::stage::{self, CountsFrom, Finding as Found, NotGiven, WaitsFor};

/// A part in words.
pub(super) fn tell(part: &stage::Part, customer: &Customer) -> Part {
    let words = Words { customer };
    Part {
        debt_class: part.debt_class.as_ref().map(ToString::to_string),
        cycle: part.cycle.as_ref().map(|cycle| words.cycle(cycle)),
        findings: part.findings.iter().map(|finding| words.finding(finding)).collect(),
    }
}

struct Words<'a> {
    customer: &'a Customer,
}

impl Words<'_> {
    fn cycle(&self, cycle: &stage::CycleView) -> Cycle {
        Cycle {
            number: cycle.number,
            plan: cycle.plan.to_string(),
            stage: cycle.stage.as_ref().map(ToString::to_string),
            opened_at: cycle.opened_at,
            opened_local: self.local(cycle.opened_at),
            real_debt: self.amount(cycle.real_debt),
            conditional_debt: self.amount(cycle.conditional_debt),
        }
    }

    fn finding(&self, found: &Found) -> Finding {
        match found {
            Found::NoSnapshot => Finding::new("no_snapshot", "the account's snapshot has not come")
                .acts("the snapshot of the account"),
            Found::NoSegment => {
                let says = "no segment of the policy is for this account, and so no plan";
                Finding::new("no_segment", says).acts("a snapshot of the account that a segment is for")
            }
            Found::Exempt => {
                Finding::new("exempt", "the account is exempt").acts("a person lifts the exemption")
            }
            Found::NoSuchClass { known } => {
                let known = listed(known);
                let says = format!("there is no debt of this class; there is of {known}");
                Finding::new("no_such_class", says).fact("known", known)
            }
            Found::AnotherPlan { applies, having } => another_plan(applies, having),
            Found::PlanGone { plan } => {
                let says =
                    format!("the plan {plan} is gone with its version of the policy: nothing more is done");
                Finding::new("plan_gone", says).fact("plan", plan)
            }
            Found::KeptOut { amount } => self.kept_out(*amount),
            Found::NothingDue { next } => self.nothing_due(*next),
            Found::WithinExit { real_debt, exit, next } => self.within_exit(*real_debt, *exit, *next),
            Found::BelowEntry { real_debt, conditional_debt, least, next } => {
                self.below_entry((*real_debt, *conditional_debt), *least, *next)
            }
            Found::Opens { real_debt } => {
                let says = "no cycle is open yet: the debt is enough, and it opens with the next look at it";
                Finding::new("opens", says).fact("real_debt", self.amount(*real_debt))
            }
            Found::Entered { at } => {
                let at = self.local(*at);
                Finding::new("entered", format!("it has acted: the stage was entered at {at}")).fact("at", at)
            }
            Found::Measure(view) => command::view(view, self.customer),
            Found::WasEntered { times, current } => was_entered(*times, current),
            Found::Left { times } => {
                let says =
                    "the stage was entered before, and left again by a payment, a person or another plan";
                Finding::new("left", says).fact("times", times)
            }
            Found::PassedOver { current } => {
                let says = format!("the stage was passed over: the cycle is in {current}");
                Finding::new("passed_over", says).acts("a person jumps to it").fact("current", current)
            }
            Found::Held { since } => {
                let since = self.local(*since);
                let says = format!("the cycle is held since {since}: nothing new is done");
                Finding::new("held", says).fact("since", since)
            }
            Found::Paused { since, until } => self.paused(*since, *until),
            Found::Frozen(hold) => self.frozen(hold),
            Found::NotNext { before } => {
                let before = listed(before);
                Finding::new("not_next", format!("before it comes {before}")).fact("before", before)
            }
            Found::Waits { stage, waits_for } => self.waits(stage, waits_for).fact("stage", stage),
            Found::Due { stage, at } => {
                let says = format!("{stage} is due, if nothing changes");
                Finding::new("due", says).at(*at, self.customer).fact("stage", stage)
            }
            Found::Observed => {
                let says = "the plan or the policy has `observe`: it decides and records, and sends nothing";
                Finding::new("observe", says).acts("a version of the policy without `observe`")
            }
        }
    }

    fn local(&self, at: Timestamp) -> String {
        self.customer.local(at)
    }

    fn amount(&self, amount: MinorUnits) -> String {
        self.customer.amount(amount)
    }

    /// Told with when the next invoice comes into the plan's scope.
    fn with_next(&self, mut told: Finding, next: Option<Timestamp>) -> Finding {
        if next.is_some() {
            told.says += "; the next invoice comes into its scope";
        }
        told.at(next, self.customer)
    }

    fn kept_out(&self, amount: MinorUnits) -> Finding {
        let amount = self.amount(amount);
        let says = format!("{amount} is of invoices whose cycle a person closed: none works on them again");
        Finding::new("kept_out", says).fact("amount", amount)
    }

    fn nothing_due(&self, next: Option<Timestamp>) -> Finding {
        let told =
            Finding::new("nothing_due", "no cycle is open: nothing is owed that the plan counts by now");
        self.with_next(told.acts("an invoice comes into the plan's scope"), next)
    }

    fn within_exit(&self, real_debt: MinorUnits, exit: MinorUnits, next: Option<Timestamp>) -> Finding {
        let (real_debt, exit) = (self.amount(real_debt), self.amount(exit));
        let says = format!("no cycle is open: {real_debt} is owed, and {exit} or less ends one");
        let told = Finding::new("within_exit", says).acts("an invoice comes into the plan's scope");
        self.with_next(told.fact("real_debt", real_debt).fact("exit", exit), next)
    }

    fn below_entry(
        &self,
        owed: (MinorUnits, MinorUnits),
        least: MinorUnits,
        next: Option<Timestamp>,
    ) -> Finding {
        let says =
            format!("no cycle is open: {}, and the plan begins with {}", self.owed(owed), self.amount(least));
        let told = Finding::new("below_entry", says).acts(self.more_debt(least));
        self.with_next(self.with_debt(told, owed, least), next)
    }

    /// What is owed, and what of it counts where holds freeze some.
    fn owed(&self, (real, conditional): (MinorUnits, MinorUnits)) -> String {
        let owed = self.amount(real);
        if real == conditional {
            return format!("{owed} is owed");
        }
        format!("{owed} is owed, of which holds leave {}", self.amount(conditional))
    }

    fn more_debt(&self, least: MinorUnits) -> String {
        format!("a debt of {} that no hold freezes", self.amount(least))
    }

    fn with_debt(
        &self,
        told: Finding,
        (real, conditional): (MinorUnits, MinorUnits),
        least: MinorUnits,
    ) -> Finding {
        told.fact("real_debt", self.amount(real))
            .fact("conditional_debt", self.amount(conditional))
            .fact("least", self.amount(least))
    }

    fn paused(&self, since: Timestamp, until: Option<Timestamp>) -> Finding {
        let since = self.local(since);
        let told = Finding::new("paused", format!("a person paused it at {since}"));
        told.acts("a person resumes it").fact("since", since).until(until, self.customer)
    }

    fn frozen(&self, hold: &HoldView) -> Finding {
        let freezes = self.amount(hold.freezes);
        let kind = hold.kind.as_str();
        let told =
            Finding::new("frozen", format!("{} {} freezes {freezes}", kind.replace('_', " "), hold.id));
        let told =
            told.fact("hold", &hold.id).fact("kind", kind).fact("freezes", freezes).fact("by", &hold.by);
        told.acts("the hold ends").until(hold.ends_at, self.customer)
    }

    fn waits(&self, stage: &StageName, waits_for: &WaitsFor) -> Finding {
        match waits_for {
            WaitsFor::Anchor => {
                let says =
                    format!("{stage} has nothing to count its days from: no invoice is in the plan's scope");
                Finding::new("no_anchor", says).acts("an invoice comes into the plan's scope")
            }
            WaitsFor::Age { after, from, shift_micros, until } => {
                let (from, which) = self.counts_from(*from);
                let shifted = if *shift_micros == 0 { "" } else { ", without the days that do not count" };
                let says = format!("{stage} comes {after} after {from}, {which}{shifted}");
                let told = Finding::new("age", says).fact("after", after).fact("from", from);
                told.fact("shift_seconds", shift_micros / 1_000_000).at(*until, self.customer)
            }
            WaitsFor::Gap { before, min_gap, until } => {
                let told =
                    Finding::new("gap", format!("{stage} comes no sooner than {min_gap} after {before}"));
                told.fact("min_gap", min_gap).fact("before", before).at(*until, self.customer)
            }
            WaitsFor::Notice { of, why } => notice(stage, of, *why),
            WaitsFor::NoticeRuns { of, at_least, until } => {
                let says = format!("{stage} comes {at_least} after the notice of {of} was delivered");
                let told = Finding::new("notice_runs", says).fact("of", of).fact("at_least", at_least);
                told.at(*until, self.customer)
            }
            WaitsFor::Window { window, opens } => {
                let told = Finding::new("window_shut", format!("{stage} waits for its window {window}"));
                told.fact("window", window).until(*opens, self.customer)
            }
            WaitsFor::Log { due, horizon } => {
                let (due, horizon) = (self.local(*due), self.local(*horizon));
                let says = format!(
                    "{stage} was due at {due}, and the log is read up to {horizon}: a payment in it would win"
                );
                Finding::new("log", says).acts("the log is read").fact("due", due).fact("horizon", horizon)
            }
            WaitsFor::Debt { real_debt, conditional_debt, least } => {
                let owed = (*real_debt, *conditional_debt);
                let says = format!("{}, and {stage} asks {}", self.owed(owed), self.amount(*least));
                self.with_debt(Finding::new("debt", says).acts(self.more_debt(*least)), owed, *least)
            }
            WaitsFor::Invoices { open, least } => {
                let count = words::count(u64::try_from(*open).unwrap_or(u64::MAX), "invoice");
                let counts = if *open == 1 { "counts" } else { "count" };
                let says =
                    format!("{count} {counts} that holds do not freeze whole, and {stage} asks {least}");
                Finding::new("invoices", says).fact("open", open).fact("least", least)
            }
            WaitsFor::Task { queue, results, result } => {
                task(stage, queue.as_str(), results, result.as_deref())
            }
        }
    }

    fn counts_from(&self, from: CountsFrom) -> (String, &'static str) {
        match from {
            CountsFrom::Oldest(date) => (date.to_string(), "the date of the oldest invoice"),
            CountsFrom::Opening(at) => (self.local(at), "when the cycle was opened"),
        }
    }
}

fn was_entered(times: i64, current: &StageName) -> Finding {
    let says = format!("it has acted: the stage was entered before, and the cycle is in {current} now");
    Finding::new("was_entered", says).fact("times", times).fact("current", current)
}

fn another_plan(applies: &PlanName, having: &[PlanName]) -> Finding {
    let having = listed(having);
    let says = format!("the plan {applies} works on this debt; the stage is of {having}");
    Finding::new("another_plan", says)
        .acts("the segment changes, or a person assigns a plan that has it")
        .fact("applies", applies)
        .fact("having", having)
}

fn notice(stage: &StageName, of: &StageName, why: NotGiven) -> Finding {
    let (finding, because, acts) = match why {
        NotGiven::NotSent => ("notice_not_sent", "was not sent", "it is sent and delivered"),
        NotGiven::Dropped => ("notice_dropped", "was dropped", "a person jumps to the stage"),
        NotGiven::NotDelivered => ("notice_not_delivered", "was not delivered", "a report that it was"),
    };
    let says = format!("{stage} asks for the notice of {of}, which {because}");
    Finding::new(finding, says).acts(acts).fact("of", of)
}

fn task(stage: &StageName, queue: &str, results: &[String], result: Option<&str>) -> Finding {
    let asked = results.join(" or ");
    let says = match result {
        Some(result) => format!("{stage} asks of a task in {queue} that it is {asked}; it is {result}"),
        None => format!("{stage} asks of a task in {queue} that it is {asked}; it has no result"),
    };
    let told = Finding::new("task", says).acts(format!("the result {asked}"));
    let told = told.fact("queue", queue).fact("asked", asked);
    match result {
        Some(result) => told.fact("result", result),
        None => told,
    }
}

/// `a, b, c`; in words where there is none.
fn listed<T: ToString>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
