//! Dunning plans, as the file writes them.

use super::{Amount, Length, MeasureFile, Measures};
use crate::yaml::{NonEmpty, Spanned, Table};
use schemars::JsonSchema;
use serde::Deserialize;

/// A plan of work with a debt.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanFile {
    /// Which invoices are worked on together: `all` unless set.
    pub(crate) debt_class: Option<DebtClassWord>,
    /// Which invoices it is for, as a CEL condition over `account.*` and `invoice.*`; all where absent.
    pub(crate) include: Option<Spanned<String>>,
    /// The date an invoice's age is counted from: `due` unless set.
    pub(crate) count_date: Option<CountDateWord>,
    /// How long after its count date an invoice enters the plan's scope.
    pub(crate) days_before_entry: Option<Length>,
    /// What stages count from: `oldest` unless set.
    pub(crate) anchor: Option<AnchorWord>,
    /// The conditional debt that opens a cycle; anything above `exit` where absent.
    pub(crate) entry: Option<Spanned<Amount>>,
    /// The real debt at or below which a cycle ends: 0 unless set.
    pub(crate) exit: Option<Spanned<Amount>>,
    /// A new cycle for new invoices while earlier ones stay open.
    #[serde(default)]
    pub(crate) rolling: bool,
    /// What a hold does.
    #[serde(default)]
    pub(crate) hold: HoldFile,
    /// What a payment of a part does: `stay` unless set.
    pub(crate) on_part_cure: Option<Spanned<OnPartCureWord>>,
    /// What is done with a running cycle when the account moves to this plan: `keep` unless set.
    pub(crate) on_resegment: Option<Spanned<OnResegmentWord>>,
    /// What is done with several stages due at once: `sequential` unless set.
    pub(crate) catch_up: Option<CatchUpWord>,
    /// What is done with running cycles when a new version comes: `stay` unless set.
    pub(crate) running_cycles: Option<RunningCyclesWord>,
    /// Decide and record, send nothing.
    #[serde(default)]
    pub(crate) observe: bool,
    /// Messages before an invoice is due.
    #[serde(default)]
    pub(crate) before_due: Vec<BeforeDueFile>,
    /// The stages, in order.
    pub(crate) stages: NonEmpty<StageFile>,
    /// What is done when a cycle ended because the debt did.
    #[serde(default)]
    pub(crate) on_cure: Measures,
    /// For `on_resegment: map`: by plan, from that plan's stages to this one's.
    pub(crate) maps_from: Option<Spanned<Table<Table<Spanned<String>>>>>,
}

/// A stage of a plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageFile {
    /// Its name.
    pub(crate) stage: Spanned<String>,
    /// How long after the anchor.
    pub(crate) after: Spanned<Length>,
    /// The least conditional debt; the plan's entry amount where absent.
    pub(crate) if_debt: Option<Spanned<Amount>>,
    /// The least number of open invoices.
    pub(crate) if_invoices: Option<u32>,
    /// The result that a task must have.
    pub(crate) if_task: Option<IfTaskFile>,
    /// How long after the stage before.
    pub(crate) min_gap: Option<Length>,
    /// How long after the delivery of what another stage sent.
    pub(crate) notice: Option<NoticeFile>,
    /// The window that delays it.
    pub(crate) window: Option<Spanned<String>>,
    /// What it does.
    #[serde(rename = "do")]
    pub(crate) measures: NonEmpty<MeasureFile>,
}

/// What a hold does to a cycle.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldFile {
    /// The held days do not count: so unless set to false.
    pub(crate) pause_clock: Option<bool>,
    /// What cuts off is lifted while held.
    #[serde(default)]
    pub(crate) lift_measures: bool,
}

/// A message before an invoice is due.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeforeDueFile {
    /// How long before.
    pub(crate) before: Spanned<Length>,
    /// What is sent.
    #[serde(rename = "do")]
    pub(crate) measures: NonEmpty<MeasureFile>,
}

/// The result that a task must have.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IfTaskFile {
    /// The queue the task lay in.
    pub(crate) queue: Spanned<String>,
    /// The results that meet the condition.
    pub(crate) result: NonEmpty<Spanned<String>>,
}

/// The notice that must have been delivered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeFile {
    /// The stage whose messages are the notice.
    pub(crate) of: Spanned<String>,
    /// How long after their delivery.
    pub(crate) at_least: Spanned<Length>,
}

/// Which invoices of an account are worked on together.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DebtClassWord {
    /// All of them.
    All,
    /// Each provider's for itself.
    Provider,
    /// Each service's for itself.
    Service,
}

/// The date an invoice's age is counted from.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CountDateWord {
    /// The due date.
    Due,
    /// The issue date.
    Issued,
}

/// What stages count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnchorWord {
    /// The count date of the oldest invoice in scope.
    Oldest,
    /// The cycle's opening.
    Entry,
}

/// What a payment of a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnPartCureWord {
    /// The stage stays.
    Stay,
    /// Back to the furthest stage that the real debt still meets.
    StepDown,
}

/// What is done with a running cycle when the account moves to this plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnResegmentWord {
    /// The old plan, to the end of the cycle.
    Keep,
    /// To the stage that this plan maps it to.
    Map,
    /// From the start.
    Restart,
}

/// What is done with several stages due at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CatchUpWord {
    /// Each is entered in turn.
    Sequential,
    /// Only the furthest is entered.
    Severest,
}

/// What is done with running cycles when a new version of the policy comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunningCyclesWord {
    /// They stay with the version they were opened under.
    Stay,
    /// They move to the new one.
    Move,
}
