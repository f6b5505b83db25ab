//! A debtor: everything that is remembered of one partition key, as one record of state.

use crate::account::Snapshot;
use crate::alerting::RulesFor;
use crate::balance::{Balance, WaitingChange};
use crate::cycle::{MeasureInForce, Profile};
use crate::debt::Debt;
use crate::hold::{FormerHold, Hold};
use crate::ids::{AccountId, DebtorId, ManagerGroupName, ManagerName, PlanName, PolicyHash, SegmentName};
use crate::money::{Currency, MinorUnits};
use crate::seen::{SeenEvents, SeenLately};
use crate::time::Timestamp;
use crate::underway::{Addressed, CommandUnderWay, TaskOut};
use serde::{Deserialize, Serialize};

/// All that is remembered of a debtor. The same record lies in the store and in the changelog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Debtor {
    /// Who it is.
    pub id: DebtorId,
    /// The currency of everything here: its snapshot's, or that of the first money seen.
    pub currency: Option<Currency>,
    /// The accounts it pays for, itself among them. Today there is one.
    pub members: Vec<Member>,
    /// The events that were seen.
    pub seen: SeenEvents,
    /// The last events that were seen, of those that a version tells apart.
    #[serde(default)]
    pub seen_lately: SeenLately,
    /// What it owes and has paid.
    pub debt: Debt,
    /// The segment it is in, and the policy that says so.
    pub segment: Option<InSegment>,
    /// A plan of its group that a person assigned, instead of the standard one.
    pub assigned_plan: Option<PlanName>,
    /// In whose care it is, where its segment has managers.
    pub managers: Option<Managers>,
    /// The holds that freeze, in the order they were made.
    pub holds: Vec<Hold>,
    /// The holds that were made and are over, as far as ids and bounds ask.
    pub former_holds: Vec<FormerHold>,
    /// How its debt is worked on.
    pub profiles: Vec<Profile>,
    /// What it owed by its plans when something was decided on it last: what lists of debtors are sorted by.
    #[serde(default)]
    pub owed: Owed,
    /// What a person has put on by hand, oldest first: no cycle's end lifts it.
    pub by_hand: Vec<MeasureInForce>,
    /// Commands that wait to be sent, or whose end is still to be reported.
    pub under_way: Vec<CommandUnderWay>,
    /// How often its accounts were addressed, as far as caps ask.
    pub addressed: Vec<Addressed>,
    /// Tasks of no open cycle whose result is waited for, oldest first.
    #[serde(default)]
    pub tasks_out: Vec<TaskOut>,
    /// No dunning at all, until lifted.
    pub exempt: bool,
    /// A person's pause: every cycle is held.
    pub pause: Option<Pause>,
    /// Balance changes that wait for their account's snapshot.
    pub waiting_changes: Vec<WaitingChange>,
    /// How many records were made of it: the last one's place in its history.
    pub records_made: i64,
    /// The earliest moment at which something is due by itself.
    pub next_due: Option<Timestamp>,
}

/// What is owed, as the plans count it, in minor units of the debtor's currency (domain.md, section 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What is left of the invoices that count.
    pub real: MinorUnits,
    /// What of it no hold freezes.
    pub conditional: MinorUnits,
}

/// A person's pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// The segment a debtor is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InSegment {
    /// The segment.
    pub name: SegmentName,
    /// The hash of the policy whose conditions were asked.
    pub policy_hash: PolicyHash,
}

/// In whose care a debtor is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managers {
    /// The manager group of its segment.
    pub group: ManagerGroupName,
    /// Its personal manager, where it has one.
    pub manager: Option<ManagerName>,
}

/// One account that the debtor pays for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Which account.
    pub account_id: AccountId,
    /// Its last snapshot; until one comes, nothing is sent.
    pub snapshot: Option<Snapshot>,
    /// Its balances.
    pub balances: Vec<Balance>,
    /// Which threshold rules are for it: derived, and not stored.
    #[serde(skip)]
    pub(crate) rules_for: RulesFor,
}

impl Member {
    /// An account of which nothing is known.
    #[must_use]
    pub fn new(account_id: AccountId) -> Self {
        Self { account_id, snapshot: None, balances: Vec::new(), rules_for: RulesFor::default() }
    }
}

impl Debtor {
    /// A debtor of whom nothing is known.
    #[must_use]
    pub fn new(id: DebtorId) -> Self {
        Self {
            id,
            currency: None,
            members: Vec::new(),
            seen: SeenEvents::default(),
            seen_lately: SeenLately::default(),
            debt: Debt::default(),
            segment: None,
            assigned_plan: None,
            managers: None,
            holds: Vec::new(),
            former_holds: Vec::new(),
            profiles: Vec::new(),
            owed: Owed::default(),
            by_hand: Vec::new(),
            under_way: Vec::new(),
            addressed: Vec::new(),
            tasks_out: Vec::new(),
            exempt: false,
            pause: None,
            waiting_changes: Vec::new(),
            records_made: 0,
            next_due: None,
        }
    }

    /// The member of this account id, where something is known of it.
    #[must_use]
    pub fn member(&self, account_id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.account_id.as_str() == account_id)
    }

    /// The debtor's own account, where something is known of it.
    #[must_use]
    pub fn own(&self) -> Option<&Member> {
        self.member(self.id.as_str())
    }

    /// The debtor's own snapshot, where it has come.
    #[must_use]
    pub fn own_snapshot(&self) -> Option<&Snapshot> {
        self.own().and_then(|member| member.snapshot.as_ref())
    }

    /// The member of this account id, made where nothing was known of it.
    pub(crate) fn member_mut(&mut self, account_id: &AccountId) -> &mut Member {
        let known = self.members.iter().position(|member| member.account_id == *account_id);
        let at = known.unwrap_or_else(|| {
            // One, nearly always: room for four of them would be most of what a debtor takes.
            self.members.reserve_exact(1);
            self.members.push(Member::new(account_id.clone()));
            self.members.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found above, or pushed just now")]
        &mut self.members[at]
    }
}
