//! What is asked of an account: how it stands, what was decided, why something has not acted.
//!
//! | module | holds |
//! |---|---|
//! | [`account`] | an account as it is told |
//! | `allowed` | them, as far as whoever asks may see them |
//! | [`history`] | the lines of its history |
//! | `view` | how the one is made out of the state |

pub mod account;
mod allowed;
pub mod history;
mod view;

use crate::limits;
use crate::plainly::In;
use crate::problem::Problem;
use crate::serving::Shared;
use crate::who::{Person, Role, Segments};
use account::Account;
pub(crate) use allowed::Allowed;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use decision::cycle::DebtClass;
use decision::ids::{AccountId, DebtorId};
use decision::why_not::Question;
use decision::{Debtor, Moment, Policies};
use history::HistoryPage;
use schemas::HistoryLine;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Whoever keeps the accounts, as the API asks them. Answers may take as long as a disk does.
pub trait Accounts: Send + Sync + 'static {
    /// A debtor, as it was applied last.
    ///
    /// # Errors
    /// When its partition is not at work here, or cannot be read.
    fn debtor(&self, id: &DebtorId) -> Result<Looked, Unread>;

    /// The lines of a debtor's history before this sequence, newest first.
    ///
    /// # Errors
    /// As above.
    fn history(&self, id: &DebtorId, before: Option<i64>, at_most: usize)
    -> Result<Vec<HistoryLine>, Unread>;
}

/// A debtor, and by what it is looked at.
#[derive(Debug)]
pub struct Looked {
    /// It; none where nothing is known of it.
    pub debtor: Option<Debtor>,
    /// When that is, and up to when the log was read.
    pub moment: Moment,
    /// The versions of the policy.
    pub policies: Arc<Policies>,
    /// The number of the last publication among them; none where the instance goes by files.
    pub policy_revision: Option<i64>,
}

/// Why a debtor was not read.
#[derive(Debug)]
pub enum Unread {
    /// Its partition is not at work in this instance.
    NotHere {
        /// The partition.
        partition: u32,
    },
    /// The instance has only begun, and does not know yet what it works on.
    NotBegun,
    /// It cannot be read: why, was logged.
    Failed,
}

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(account))
        .routes(routes!(records))
        .routes(routes!(story))
        .routes(routes!(why_not))
}

/// Which account.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it says in the document what the path is read for")]
pub(crate) struct Id {
    /// The account.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    id: String,
}

/// Who pays.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payer {
    /// Who pays for the account, where it is another one.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    pub(crate) debtor: Option<String>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Lines {
    /// Who pays for the account, where it is another one.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    debtor: Option<String>,
    /// Only lines before this sequence: what `next` said.
    #[param(minimum = 1)]
    before: Option<i64>,
    /// How many lines at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<usize>,
}

/// What is asked about: a rule or a stage.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Who pays for the account, where it is another one.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\u0000-\u001F\u007F-\u009F]+$")]
    debtor: Option<String>,
    /// A threshold rule, or a stage.
    rule: String,
    /// Which of the two it is, where both have one of its name: the threshold, unless said.
    #[param(inline)]
    of: Option<RuleKind>,
    /// A stage's plan, where several have one of its name.
    plan: Option<String>,
    /// Of a stage, the part of the debt: `all`, `provider:…`, `service:…`; each where none is said.
    #[param(pattern = "^(all|(provider|service)(:.*)?)$")]
    debt_class: Option<String>,
}

/// What has not acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RuleKind {
    /// A threshold rule.
    Threshold,
    /// A stage of a plan.
    Stage,
}

/// How many lines a page has where nothing is said.
const LINES: usize = 50;

/// The longest id there is, in characters.
const LONGEST_ID: usize = 255;

/// An account as it stands: balances, debt, the work on it, and what comes next.
#[utoipa::path(
    get, path = "/v1/accounts/{id}", tag = "accounts", params(Id, Payer),
    responses((status = 200, body = Account))
)]
async fn account(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path(id)): In<Path<String>>,
    In(Query(payer)): In<Query<Payer>>,
) -> Result<Response, Problem> {
    let who = Who::of(id, payer.debtor)?;
    answer(&shared, &parts, Bytes::new(), move |accounts| {
        let (debtor, looked) = who.look(accounts)?;
        Ok(view::account(&who.account, &debtor, &looked, accounts.person))
    })
    .await
}

/// What was decided of whoever pays for an account, newest first: the last 200 lines; all are in the records topic.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/records", tag = "accounts", params(Id, Lines),
    responses((status = 200, body = HistoryPage))
)]
async fn records(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path(id)): In<Path<String>>,
    In(Query(asked)): In<Query<Lines>>,
) -> Result<Response, Problem> {
    let who = Who::of(id, asked.debtor)?;
    let most = crate::accounts::history::KEPT;
    let limit = limits::how_many(asked.limit, LINES, most)?;
    if asked.before.is_some_and(|before| before < 1) {
        return Err(Problem::bad_request("`before` is a sequence, and those count from 1."));
    }
    answer(&shared, &parts, Bytes::new(), move |accounts| {
        let (debtor, looked) = who.look(accounts)?;
        // One more says whether there are more.
        let lines = accounts.history(&debtor, asked.before, limit.saturating_add(1))?;
        Ok(HistoryPage::of(lines, limit, &debtor, &looked))
    })
    .await
}

/// The life of whoever pays for an account, told from its history: what `weir explain` shows.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/story", tag = "accounts", params(Id, Payer),
    responses((status = 200, body = whatif::explain::Story))
)]
async fn story(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path(id)): In<Path<String>>,
    In(Query(payer)): In<Query<Payer>>,
) -> Result<Response, Problem> {
    let who = Who::of(id, payer.debtor)?;
    answer(&shared, &parts, Bytes::new(), move |accounts| {
        let (debtor, looked) = who.look(accounts)?;
        let mut lines = accounts.history(&debtor, None, history::KEPT)?;
        // Read after the debtor, it may know more than that.
        lines.retain(|line| line.sequence <= debtor.records_made);
        Ok(whatif::explain::recalled(&debtor, &lines, looked.moment, &looked.policies))
    })
    .await
}

/// Why a threshold or a stage has not acted on an account.
#[utoipa::path(
    get, path = "/v1/accounts/{id}/why-not", tag = "accounts", params(Id, Asked),
    responses((status = 200, body = whatif::why_not::Told))
)]
async fn why_not(
    State(shared): State<Shared>,
    parts: Parts,
    In(Path(id)): In<Path<String>>,
    In(Query(asked)): In<Query<Asked>>,
) -> Result<Response, Problem> {
    let who = Who::of(id, asked.debtor.clone())?;
    answer(&shared, &parts, Bytes::new(), move |accounts| {
        let (debtor, looked) = who.look(accounts)?;
        let question = question(&asked, &looked)?;
        let told = whatif::why_not::of(&debtor, &who.account, &question, looked.moment, &looked.policies);
        Ok(told.map_err(|unknown| Problem::unknown_rule(told_of(&unknown, &asked, &looked)))?)
    })
    .await
}

/// What is asked about, by the policy that holds: which of the two a name is, it says.
fn question(asked: &Asked, looked: &Looked) -> Result<Question, Problem> {
    let is_of_stages = asked.plan.is_some() || asked.debt_class.is_some();
    let holds = looked.policies.at(looked.moment.now);
    let is_threshold = match asked.of {
        Some(RuleKind::Threshold) => true,
        Some(RuleKind::Stage) => false,
        None if is_of_stages => false,
        None => holds.thresholds.iter().any(|rule| rule.id.as_str() == asked.rule),
    };
    if is_threshold {
        return Ok(Question::Rule(asked.rule.as_str().into()));
    }
    let class = |class: &String| {
        let wrong = || format!("`debt_class` is «{class}»; it is `all`, `provider:…` or `service:…`.");
        DebtClass::parse(class).ok_or_else(|| Problem::bad_request(wrong()))
    };
    let debt_class = asked.debt_class.as_ref().map(class).transpose()?;
    let plan = asked.plan.as_deref().map(Into::into);
    Ok(Question::Stage { stage: asked.rule.as_str().into(), plan, debt_class })
}

fn told_of(unknown: &decision::why_not::Unknown, asked: &Asked, looked: &Looked) -> String {
    let names = |known: Vec<&str>| if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let known = names(unknown.known());
    let may_be_either = asked.of.is_none() && asked.plan.is_none() && asked.debt_class.is_none();
    if !may_be_either {
        return format!("{unknown}; there are: {known}.");
    }
    let holds = looked.policies.at(looked.moment.now);
    let thresholds = names(holds.thresholds.iter().map(|rule| rule.id.as_str()).collect());
    let rule = &asked.rule;
    format!(
        "The policy has neither a threshold nor a stage `{rule}`; there are the thresholds {thresholds}, and the stages \
         {known}."
    )
}

/// Whose account is asked about.
pub(crate) struct Who {
    pub(crate) account: AccountId,
    pub(crate) debtor: DebtorId,
}

impl Who {
    pub(crate) fn of(account: String, debtor: Option<String>) -> Result<Self, Problem> {
        std::iter::once(&account).chain(&debtor).try_for_each(|id| Self::check(id))?;
        let debtor = debtor.as_deref().unwrap_or(&account).into();
        Ok(Self { account: account.as_str().into(), debtor })
    }

    /// Declines what cannot be an id.
    pub(crate) fn check(id: &str) -> Result<(), Problem> {
        if id.is_empty() || id.chars().count() > LONGEST_ID || id.chars().any(char::is_control) {
            let wrong = "an id has from 1 to 255 characters, and no control characters.";
            return Err(Problem::bad_request(wrong));
        }
        Ok(())
    }

    /// The account as a segment of a path.
    pub(crate) fn in_path(&self) -> String {
        crate::controls::in_path(self.account.as_str())
    }

    pub(crate) fn look(&self, accounts: &Allowed<'_>) -> Result<(Debtor, Looked), Unanswered> {
        let (debtor, looked) = accounts.debtor(&self.debtor, |debtor| self.is_of(debtor))?;
        let unknown = || {
            let by = if *self.account.as_str() == *self.debtor.as_str() {
                format!(
                    "If another account pays for it, say which with `debtor`; /v1/accounts?pays_for={} finds it.",
                    self.in_path()
                )
            } else {
                format!("Nothing is known of it as one that {} pays for.", self.debtor)
            };
            Problem::unknown_account(format!("No event of the account {} was decided. {by}", self.account))
        };
        Ok((debtor.ok_or_else(unknown)?, looked))
    }

    /// A debtor is known by its debt alone as well, before an event of its account comes.
    fn is_of(&self, debtor: &Debtor) -> bool {
        *self.account.as_str() == *self.debtor.as_str() || debtor.member(self.account.as_str()).is_some()
    }
}

/// Why there is no answer from here.
pub(crate) enum Unanswered {
    /// It is to be asked of whoever has the partition.
    NotHere(u32),
    Problem(Problem),
}

impl From<Problem> for Unanswered {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Unread> for Unanswered {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::NotHere { partition } => Self::NotHere(partition),
            Unread::NotBegun => Self::Problem(Problem::not_begun()),
            Unread::Failed => Self::Problem(Problem::failed()),
        }
    }
}

/// Whoever asks.
pub(crate) fn person_of(parts: &Parts) -> Result<Arc<Person>, Problem> {
    parts.extensions.get::<Arc<Person>>().cloned().ok_or_else(|| {
        tracing::error!("a question came past the door: nobody is known to have asked it");
        Problem::failed()
    })
}

/// Whoever asks for what is of all segments at once: managers and admins.
pub(crate) fn person_of_all(parts: &Parts) -> Result<Arc<Person>, Problem> {
    let person = person_of(parts)?;
    person.reaches(Role::Manager)?;
    match person.segments {
        Segments::All => Ok(person),
        Segments::Of(_) => Err(Problem::not_in_segments()),
    }
}

/// Answers out of what is kept here, or by whoever has it, who is asked with the same body.
pub(crate) async fn answer<T: IntoAnswer>(
    shared: &Shared,
    parts: &Parts,
    body: Bytes,
    read: impl FnOnce(&Allowed<'_>) -> Result<T, Unanswered> + Send + 'static,
) -> Result<Response, Problem> {
    let accounts = shared.accounts.clone();
    let person = person_of(parts)?;
    // A disk may be waited for: others are answered meanwhile.
    let answer = tokio::task::spawn_blocking(move || read(&Allowed::to(&person, &*accounts))).await;
    match answer {
        Ok(Ok(answer)) => Ok(answer.into_answer()),
        Ok(Err(Unanswered::NotHere(partition))) => shared.forwarding.ask(partition, parts, body).await,
        Ok(Err(Unanswered::Problem(problem))) => Err(problem),
        Err(error) => {
            tracing::error!(%error, "answering failed");
            Err(Problem::failed())
        }
    }
}

/// What becomes an answer.
pub(crate) trait IntoAnswer: Send + 'static {
    fn into_answer(self) -> Response;
}

impl<T: serde::Serialize + Send + 'static> IntoAnswer for T {
    fn into_answer(self) -> Response {
        Json(self).into_response()
    }
}
