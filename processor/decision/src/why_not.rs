//! Why a threshold or a stage has not acted on an account: what stands in its way, in the order in which the rules
//! ask, and what would make it act, and when.
//!
//! Nothing is decided here, and no rule is told a second time: every time and every value comes from the functions
//! that decide. How an answer is put into words is not known here.
//!
//! | module | holds |
//! |---|---|
//! | [`threshold`] | a rule on a balance: its condition, its lines, its alerts |
//! | [`stage`] | a stage of a plan: the debt, the cycle, what the stage asks |
//! | [`command`] | where commands stand, and what would stand in the way of one more |

pub mod command;
pub mod stage;
#[cfg(test)]
mod tests;
pub mod threshold;

use crate::Moment;
use crate::cycle::DebtClass;
use crate::debtor::Debtor;
use crate::ids::{AccountId, PlanName, RuleId, StageName};
use crate::policies::Policies;
use crate::scribe::Scribe;
use std::collections::BTreeSet;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// A threshold rule.
    Rule(RuleId),
    /// A stage.
    Stage {
        /// The stage.
        stage: StageName,
        /// Of this plan; of the one that works on the debt where none is said.
        plan: Option<PlanName>,
        /// Of this part of the debt; of each where none is said.
        debt_class: Option<DebtClass>,
    },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Of a threshold rule.
    Threshold(Vec<threshold::Finding>),
    /// Of a stage, for each part of the debt and each cycle.
    Stage(Vec<stage::Part>),
}

/// What is asked about is not in the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is no such rule in the policy that holds.
    #[error("the policy has no threshold `{asked}`")]
    Rule {
        /// What was asked for.
        asked: RuleId,
        /// Those that there are, in the policy's order.
        known: Vec<RuleId>,
    },
    /// There is no such plan in any version at hand.
    #[error("the policy has no plan `{asked}`")]
    Plan {
        /// What was asked for.
        asked: PlanName,
        /// Those that there are.
        known: Vec<PlanName>,
    },
    /// There is no such stage in the plan, or in any, of any version at hand.
    #[error("{} has no stage `{asked}`", plan.as_ref().map_or("the policy".to_owned(), |plan| format!("the plan `{plan}`")))]
    Stage {
        /// What was asked for.
        asked: StageName,
        /// The plan that was named.
        plan: Option<PlanName>,
        /// Those that there are.
        known: Vec<StageName>,
    },
}

impl Unknown {
    /// The names that there are.
    #[must_use]
    pub fn known(&self) -> Vec<&str> {
        match self {
            Self::Rule { known, .. } => known.iter().map(RuleId::as_str).collect(),
            Self::Plan { known, .. } => known.iter().map(PlanName::as_str).collect(),
            Self::Stage { known, .. } => known.iter().map(StageName::as_str).collect(),
        }
    }

    /// The name that was asked for.
    #[must_use]
    pub fn asked(&self) -> &str {
        match self {
            Self::Rule { asked, .. } => asked.as_str(),
            Self::Plan { asked, .. } => asked.as_str(),
            Self::Stage { asked, .. } => asked.as_str(),
        }
    }
}

/// Why what is asked about has not acted on an account of this debtor by this moment, or that it has. The debtor
/// is one on which all that was due was decided. Stages are asked of the debtor itself, whichever account is named.
///
/// # Errors
/// Where the policy has nothing of that name.
pub fn answer(
    debtor: &Debtor,
    account_id: &AccountId,
    question: &Question,
    moment: Moment,
    policies: &Policies,
) -> Result<Answer, Unknown> {
    let mut scribe = Scribe::new(debtor, moment, policies);
    scribe.addressed.clone_from(&debtor.addressed);
    match question {
        Question::Rule(asked) => {
            let rules = &scribe.policy.thresholds;
            let Some(rule) = rules.iter().find(|rule| rule.id == *asked) else {
                let known = rules.iter().map(|rule| rule.id.clone()).collect();
                return Err(Unknown::Rule { asked: asked.clone(), known });
            };
            Ok(Answer::Threshold(threshold::findings(debtor, account_id, rule, &scribe)))
        }
        Question::Stage { stage, plan, debt_class } => {
            check_stage(stage, plan.as_ref(), policies)?;
            let asked = stage::Asked { stage, plan: plan.as_ref(), debt_class: debt_class.as_ref() };
            Ok(Answer::Stage(stage::parts(debtor, asked, &mut scribe)))
        }
    }
}

/// Whether a version at hand has the stage: a cycle may be under an older one.
fn check_stage(stage: &StageName, plan: Option<&PlanName>, policies: &Policies) -> Result<(), Unknown> {
    let plans = || policies.versions().iter().flat_map(|version| version.plans.values());
    if let Some(asked) = plan
        && !plans().any(|known| known.name == *asked)
    {
        let known: BTreeSet<PlanName> = plans().map(|plan| plan.name.clone()).collect();
        return Err(Unknown::Plan { asked: asked.clone(), known: known.into_iter().collect() });
    }
    let of_plan = plans().filter(|known| plan.is_none_or(|plan| known.name == *plan));
    let mut known: Vec<StageName> = Vec::new();
    for name in of_plan.flat_map(|plan| &plan.stages).map(|stage| &stage.name) {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    if known.contains(stage) {
        return Ok(());
    }
    Err(Unknown::Stage { asked: stage.clone(), plan: plan.cloned(), known })
}
