//! The policy as the API tells it. Lengths of time are written as a policy writes them, `15d`, and said in words
//! beside it; amounts are decimal texts in major units; moments are UTC, with the same on the wall clock of the
//! policy's zone. Where the policy file has a word, it is that word.
//!
//! How it is made out of what the core decides by is [`super::view`]'s business.

use serde::Serialize;
use utoipa::ToSchema;
use whatif::customer::When;

/// The versions of the policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyVersions {
    /// When that is, on the clock of this instance; none where there is no version.
    pub as_of: Option<When>,
    /// The zone of the wall clock: the newest version's; none where there is no version.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// The number of the version that holds now; none where there is no version.
    #[schema(minimum = 1)]
    pub holds: Option<i64>,
    /// They, the newest first.
    pub items: Vec<PolicyVersion>,
}

/// A version of the policy.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PolicyVersion {
    /// Its number: its publication's, or, of versions out of files, its place in their order.
    #[schema(minimum = 1)]
    pub number: i64,
    /// The policy's name.
    pub name: String,
    /// The label that its author gave it.
    pub version: String,
    /// The beginning of the hash of its content, by which versions are told apart.
    #[schema(example = "3f0a9c1d2e4b")]
    pub hash: String,
    /// Whether it holds.
    pub state: VersionState,
    /// From when it holds, as its file says; none where that says nothing.
    pub effective_from: Option<When>,
    /// When it held, holds or is to hold; empty where it never does. A version may come back.
    pub held: Vec<PolicyTime>,
    /// How it was published; none where it came out of a file.
    pub published: Option<Publication>,
}

/// Whether a version holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionState {
    /// It holds now.
    Holds,
    /// It is to hold later.
    ToCome,
    /// It held, and another does.
    Past,
    /// It never held, and is not to.
    Never,
}

/// A time for which a version holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PolicyTime {
    /// From when; none where that is the beginning.
    pub from: Option<When>,
    /// Until when; none where nothing else is to hold after it.
    pub until: Option<When>,
}

/// How a version was published.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Publication {
    /// When.
    pub at: When,
    /// By whom.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Why, in their words.
    pub why: String,
    /// Whether it withdrew the versions that were to hold later.
    pub withdraws_later: bool,
}

/// What a version of the policy says.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyPage {
    /// Which version it is.
    pub version: PolicyVersion,
    /// The zone in which days are counted where an account names none.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// The currency where an account names none, and of the amounts of the plans.
    #[schema(example = "EUR")]
    pub currency: String,
    /// The language of messages where an account names none.
    #[schema(example = "en")]
    pub language: String,
    /// Whether all is decided and nothing is sent.
    pub observe: bool,
    /// The segments, in order: an account is in the first that matches.
    pub segments: Vec<PolicySegment>,
    /// The plan groups.
    pub groups: Vec<PolicyGroup>,
    /// The plans, by name.
    pub plans: Vec<PlanLadder>,
    /// The threshold rules, in order.
    pub thresholds: Vec<ThresholdRule>,
    /// The hours in which something may be done.
    pub windows: Vec<PolicyWindow>,
    /// What bounds holds, by kind.
    pub holds: Vec<Worded>,
    /// What is done where a command fails or is not reported, by its kind.
    pub tries: Vec<Worded>,
    /// How often one account is addressed at most.
    pub caps: Vec<ChannelCap>,
    /// How many commands leave in a second at most.
    pub rates: Vec<CommandRate>,
    /// When cutting off is stopped; none where it never is.
    pub breaker: Option<CutOffBreaker>,
}

/// Something in words, with what it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Worded {
    /// What it is of, in a word for programs.
    #[schema(example = "debt")]
    pub kind: String,
    /// It, for people.
    #[schema(example = "the debt that no hold freezes is 10.00 EUR or more")]
    pub says: String,
}

/// A segment of the accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicySegment {
    /// Its name.
    pub name: String,
    /// Who is in it, as the policy writes it; none where everyone is.
    #[schema(example = "account.payment_mode == \"prepaid\"")]
    pub when: Option<String>,
    /// Its plan group.
    pub group: String,
    /// The manager group that serves it; none where none does.
    pub managers: Option<String>,
}

/// A group of plans for one kind of customer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyGroup {
    /// Its name.
    pub name: String,
    /// The plan that applies where nobody assigned another.
    pub standard: String,
    /// All its plans.
    pub plans: Vec<String>,
}

/// A plan: the stages that an account in debt moves through, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanLadder {
    /// Its name.
    pub name: String,
    /// The plan groups that have it.
    pub groups: Vec<String>,
    /// Which invoices are worked on together: `all`, `provider`, `service`.
    #[schema(example = "all")]
    pub debt_class: String,
    /// What stages count from: `oldest`, the date of the oldest invoice, or `entry`, the cycle's opening.
    #[schema(example = "oldest")]
    pub anchor: String,
    /// The date that an invoice's age is counted from: `due`, `issued`.
    #[schema(example = "due")]
    pub count_date: String,
    /// The least debt that opens a cycle; none where any above `exit` does.
    #[schema(example = "10.00")]
    pub entry: Option<String>,
    /// The debt at or below which a cycle ends.
    #[schema(example = "0.00")]
    pub exit: String,
    /// Whether all is decided and nothing is sent.
    pub observe: bool,
    /// How cycles of it begin, go on and end.
    pub rules: Vec<Worded>,
    /// What is sent before an invoice is due.
    pub before_due: Vec<BeforeDueStep>,
    /// The stages, in order.
    pub stages: Vec<PlanStage>,
    /// What is done when a cycle ended because the debt did. What its stages put on is taken back then, by itself.
    pub on_cure: Vec<PlannedMeasure>,
}

/// What is sent before an invoice is due.
#[derive(Debug, Serialize, ToSchema)]
pub struct BeforeDueStep {
    /// How long before.
    #[schema(example = "3d")]
    pub before: String,
    /// The same in words.
    #[schema(example = "3 days before an invoice is due")]
    pub says: String,
    /// What is sent.
    pub measures: Vec<PlannedMeasure>,
}

/// A stage of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanStage {
    /// Its name.
    pub stage: String,
    /// How long after what the plan counts from.
    #[schema(example = "15d")]
    pub after: String,
    /// The same in words.
    #[schema(example = "15 days after the due date of the oldest invoice")]
    pub says: String,
    /// What must be so as well; until it is the stage waits.
    pub conditions: Vec<Worded>,
    /// The window in which alone it is entered; none where it is at any time.
    pub window: Option<String>,
    /// Whether something of it cuts the customer off.
    pub cuts_off: bool,
    /// What it does.
    pub measures: Vec<PlannedMeasure>,
}

/// What a stage, a threshold or a cure does.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedMeasure {
    /// `message`, `order`, `task`, `fee`, `handover`.
    #[schema(example = "message")]
    pub kind: String,
    /// A message's template, an order's operation, a task's queue, a fee's code, to whom a debt goes.
    #[schema(example = "reminder")]
    pub what: String,
    /// The channel of a message.
    #[schema(example = "sms")]
    pub channel: Option<String>,
    /// The window that delays a message.
    pub window: Option<String>,
    /// What takes an order back.
    pub undo: Option<String>,
    /// Whether an order cuts the customer off.
    pub cuts_off: bool,
    /// All of it in words.
    #[schema(example = "sends reminder by sms (statutory, fallback email)")]
    pub says: String,
}

/// A rule on a balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThresholdRule {
    /// Its id.
    pub rule: String,
    /// The balance that it watches.
    pub balance: String,
    /// What the balance counts: `money`, `bytes`, `seconds`, `pieces`; none where the policy does not say.
    #[schema(example = "money")]
    pub unit: Option<String>,
    /// What it watches for: `falls_to`, `rises_to`, `expires_in`.
    #[schema(example = "falls_to")]
    pub watches: String,
    /// Its lines, in the order in which a moving value meets them; of `expires_in` how long before.
    #[schema(example = json!(["50.00", "20.00"]))]
    pub lines: Vec<String>,
    /// The same in words.
    #[schema(example = "main falls to 50.00, 20.00")]
    pub says: String,
    /// Whether it is decided and nothing is sent.
    pub observe: bool,
    /// For whom it is, when it is armed again, and how often it is told.
    pub rules: Vec<Worded>,
    /// What an alert does.
    pub measures: Vec<PlannedMeasure>,
    /// What is done when all announced lines are armed again.
    pub recovered: Vec<PlannedMeasure>,
}

/// The hours in which something may be done, on the customer's wall clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyWindow {
    /// Its name.
    pub name: String,
    /// Its hours, by days of the week. Its last minute is outside.
    #[schema(example = json!(["Mon-Fri 09:00-17:00"]))]
    pub hours: Vec<String>,
    /// The days that it leaves out.
    #[schema(example = json!(["the weekend", "holidays"]))]
    pub skips: Vec<String>,
}

/// How often one account is addressed by a channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelCap {
    /// The channel.
    pub channel: String,
    /// How often at most.
    pub at_most: u32,
    /// In which time.
    #[schema(example = "7d")]
    pub per: String,
    /// The same in words.
    #[schema(example = "at most 7 in 7 days")]
    pub says: String,
}

/// How many commands leave in a second, over all instances.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandRate {
    /// The channel of messages, or `provision`, `task`, `fee`, `handover`.
    pub of: String,
    /// How many.
    pub per_second: u32,
}

/// When cutting off is stopped: far more accounts than usual are about to be cut.
#[derive(Debug, Serialize, ToSchema)]
pub struct CutOffBreaker {
    /// How many times as many as usual.
    #[schema(example = "2.5")]
    pub more_than: String,
    /// The time whose orders are counted.
    #[schema(example = "1h")]
    pub over: String,
    /// The time that shows what is usual.
    #[schema(example = "7d")]
    pub against: String,
    /// The least number of orders that stops anything.
    pub at_least: u32,
    /// All of it in words.
    #[schema(
        example = "more than 2.5 times as many orders that cut off in 1 hour as is usual, by the last 7 days, and at least 100"
    )]
    pub says: String,
}

/// What changed from one version to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyChanges {
    /// The number of the version that they are told from; none where there is no version before.
    #[schema(minimum = 1)]
    pub since: Option<i64>,
    /// The number of the version that they led to.
    #[schema(minimum = 1)]
    pub number: i64,
    /// They, in the order of the policy file; empty where both say the same.
    pub changes: Vec<PolicyChange>,
}

/// One thing that changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyChange {
    /// What it is a change of.
    #[schema(example = "plan soft, stage bar")]
    pub subject: String,
    /// What became of it.
    #[schema(example = "after 10d → 14d")]
    pub what: String,
    /// The plan groups whose accounts it affects. Empty where it concerns all accounts that the subject is for.
    pub groups: Vec<String>,
    /// All of it on one line.
    #[schema(example = "plan soft, stage bar: after 10d → 14d (groups: consumer)")]
    pub says: String,
}
