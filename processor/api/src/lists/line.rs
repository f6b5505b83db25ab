//! An account as a list tells it: what it owes, how far the work on it is, and who has it.

use crate::accounts::Looked;
use crate::accounts::account::Task;
use crate::who::Person;
use decision::cycle::Profile;
use decision::debtor::Debtor;
use decision::view;
use decision::view::{ProfileView, tasks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use whatif::customer::{Customer, When};

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AccountPage {
    /// The accounts, the most owing first.
    pub items: Vec<AccountLine>,
    /// What to ask for as `after`; none where nothing is left.
    pub next: Option<String>,
}

/// An account as a list tells it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountLine {
    /// The account.
    pub account_id: String,
    /// The zone of the customer's wall clock, which local times are of.
    #[serde(default)]
    pub time_zone: String,
    /// The currency of all amounts; none before the first money was seen.
    pub currency: Option<String>,
    /// What it owes, in major units.
    pub real_debt: String,
    /// What of it no hold freezes.
    pub conditional_debt: String,
    /// The segment it was found in last.
    pub segment: Option<String>,
    /// The manager group that serves the segment.
    pub manager_group: Option<String>,
    /// Its personal manager.
    pub manager: Option<String>,
    /// The parts of its debt, and the work on each.
    pub work: Vec<WorkLine>,
    /// The tasks whose results are waited for, the oldest first.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// The kinds of the holds in force: `dispute`, `promise`, …
    pub holds: Vec<String>,
    /// Whether no dunning is done at all.
    pub exempt: bool,
    /// Whether a person has paused it.
    pub paused: bool,
}

/// One part of a debt.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkLine {
    /// Which part: `all`, `provider:…`, `service:…`.
    pub debt_class: String,
    /// `clear`, `active`, `held`.
    pub status: String,
    /// The plan that applies.
    pub plan: Option<String>,
    /// The stage; none before the first.
    pub stage: Option<String>,
    /// Since when it is in it.
    pub stage_since: Option<When>,
    /// The stage that comes next, if nothing changes.
    pub next_stage: Option<String>,
    /// When.
    pub next_at: Option<When>,
}

impl AccountLine {
    /// The account of this debtor; none where this person may not see it.
    pub(super) fn of(debtor: &Debtor, looked: &Looked, person: &Person) -> Option<Self> {
        if !person.sees(view::segment(debtor).map(|segment| segment.as_str())) {
            return None;
        }
        let customer = Customer::of(debtor, looked.policies.at(looked.moment.now));
        let profiles = view::profiles(debtor, looked.moment, &looked.policies);
        let real = profiles.iter().map(|profile| profile.real_debt).sum();
        let conditional = profiles.iter().map(|profile| profile.conditional_debt).sum();
        let known = |class: &_| debtor.profiles.iter().find(|known| known.debt_class == *class);
        Some(Self {
            account_id: debtor.id.to_string(),
            time_zone: customer.zone.name().to_owned(),
            currency: debtor.currency.map(|currency| currency.to_string()),
            real_debt: customer.amount(real),
            conditional_debt: customer.amount(conditional),
            segment: view::segment(debtor).map(ToString::to_string),
            manager_group: view::managers(debtor).map(ToString::to_string),
            manager: view::manager(debtor).map(ToString::to_string),
            work: profiles
                .iter()
                .map(|profile| WorkLine::of(profile, known(&profile.debt_class), &customer))
                .collect(),
            tasks: tasks::tasks(debtor, looked.moment, &looked.policies)
                .into_iter()
                .map(|task| Task::of(task, looked.moment.now, &customer))
                .collect(),
            holds: debtor.holds.iter().map(|hold| hold.kind.as_str().to_owned()).collect(),
            exempt: debtor.exempt,
            paused: debtor.pause.is_some(),
        })
    }
}

impl WorkLine {
    fn of(profile: &ProfileView, known: Option<&Profile>, customer: &Customer) -> Self {
        let cycle = known.and_then(|known| known.cycles.first());
        let entered = cycle.and_then(|cycle| cycle.entries.last());
        Self {
            debt_class: profile.debt_class.to_string(),
            status: profile.status.as_str().to_owned(),
            plan: profile.plan.as_ref().map(ToString::to_string),
            stage: profile.stage.as_ref().map(ToString::to_string),
            stage_since: entered.map(|entered| customer.when(entered.at)),
            next_stage: profile.next.as_ref().map(|(stage, _)| stage.to_string()),
            next_at: profile.next.as_ref().map(|(_, at)| customer.when(*at)),
        }
    }
}

/// The names of the columns.
const COLUMNS: [&str; 17] = [
    "account_id",
    "currency",
    "real_debt",
    "conditional_debt",
    "segment",
    "manager_group",
    "manager",
    "debt_class",
    "status",
    "plan",
    "stage",
    "stage_since",
    "next_stage",
    "next_at",
    "time_zone",
    "holds",
    "paused_or_exempt",
];

/// The accounts as CSV (RFC 4180), a line for each part of a debt; moments on the customer's wall clock.
pub(super) fn csv(items: &[AccountLine]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Into memory: nothing fails.
    let _ = writer.write_record(COLUMNS);
    for item in items {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let local = |when: &Option<When>| when.as_ref().map_or_else(String::new, |when| when.local.clone());
        let left_alone = match (item.exempt, item.paused) {
            (true, _) => "exempt",
            (false, true) => "paused",
            (false, false) => "",
        };
        for work in &item.work {
            let _ = writer.write_record([
                item.account_id.clone(),
                text(&item.currency),
                item.real_debt.clone(),
                item.conditional_debt.clone(),
                text(&item.segment),
                text(&item.manager_group),
                text(&item.manager),
                work.debt_class.clone(),
                work.status.clone(),
                text(&work.plan),
                text(&work.stage),
                local(&work.stage_since),
                text(&work.next_stage),
                local(&work.next_at),
                item.time_zone.clone(),
                item.holds.join(" "),
                left_alone.to_owned(),
            ]);
        }
    }
    writer.into_inner().unwrap_or_default()
}
