//! Managers at work: in whose care an account is (domain.md, section 8).
//!
//! A manager group serves a segment. Where it names personal managers, an account that comes into its
//! care gets one of them by itself; another one only by a person. Who may see an account is not known
//! here.

use crate::debtor::{Debtor, Managers};
use crate::dunning::moving;
use crate::ids::{self, AccountId, DebtorId, ManagerGroupName, ManagerName};
use crate::policy::ManagerGroup;
use crate::record::{Figure, RecordKind};
use crate::rejection::Rejection;
use crate::role;
use crate::scribe::Scribe;

/// The debtor is in the care of its segment's managers. In another group than before it gets its
/// first personal manager; within one it keeps the one it has, whoever the policy lists now.
pub(crate) fn follow_segment(debtor: &Debtor, scribe: &mut Scribe<'_>) {
    let former = scribe.managers.take();
    let manager_of = |managers: &Option<Managers>| managers.as_ref()?.manager.clone();
    let from = manager_of(&former);
    scribe.managers = its_group(debtor, scribe).map(|(name, group)| {
        let stays = former.as_ref().filter(|former| former.group == *name);
        let kept = stays.and_then(|former| former.manager.clone());
        Managers { group: name.clone(), manager: kept.or_else(|| first_of(group, &debtor.id)) }
    });
    if scribe.managers != former {
        scribe.changed();
    }
    let group = scribe.managers.as_ref().map(|managers| &managers.group);
    let is_same_group = former.as_ref().map(|former| &former.group) == group;
    let reason = match (&from, manager_of(&scribe.managers)) {
        (None, None) => return,
        (Some(_), Some(_)) if is_same_group => return,
        (Some(_) | None, Some(_)) => "first",
        (Some(_), None) => "left",
    };
    tell(debtor, &AccountId::from(debtor.id.as_str()), (from.as_ref(), reason), scribe);
}

/// The manager group of the debtor's segment.
fn its_group<'a>(debtor: &Debtor, scribe: &Scribe<'a>) -> Option<(&'a ManagerGroupName, &'a ManagerGroup)> {
    let name = moving::segment_of(debtor, scribe.policy)?.managers.as_ref()?;
    scribe.policy.managers.get_key_value(name)
}

/// An account's first personal manager: the one whose name, hashed together with the debtor's id,
/// gives most. So the accounts spread evenly, and no count of them is kept (decision 0009).
fn first_of(group: &ManagerGroup, debtor: &DebtorId) -> Option<ManagerName> {
    let weight = |manager: &&ManagerName| ids::digest(&["manager", debtor.as_str(), manager.as_str()], &[]);
    group.personal.iter().max_by_key(weight).cloned()
}

/// Whether a person of this role may give the account this personal manager.
pub(crate) fn check_assign(
    debtor: &Debtor,
    role: &str,
    manager: &ManagerName,
    scribe: &Scribe<'_>,
) -> Result<(), Rejection> {
    let Some(segment) = moving::segment_of(debtor, scribe.policy) else { return Err(Rejection::NoSegment) };
    let Some((name, group)) = its_group(debtor, scribe) else {
        return Err(Rejection::NoManagers(segment.name.clone()));
    };
    if !group.change.iter().any(|allowed| role::reaches(role, allowed)) {
        let (role, allowed) = (role.to_owned(), group.change.clone());
        return Err(Rejection::RoleNotAllowed { role, group: name.clone(), allowed });
    }
    if !group.personal.contains(manager) {
        return Err(Rejection::UnknownManager { manager: manager.clone(), group: name.clone() });
    }
    Ok(())
}

/// Gives the account this personal manager; nothing changes where it has that one.
pub(crate) fn assign(
    debtor: &Debtor,
    account_id: &AccountId,
    manager: &ManagerName,
    scribe: &mut Scribe<'_>,
) {
    let Some((group, _)) = its_group(debtor, scribe) else { return };
    let assigned = Some(Managers { group: group.clone(), manager: Some(manager.clone()) });
    if scribe.managers == assigned {
        return;
    }
    let former = std::mem::replace(&mut scribe.managers, assigned);
    scribe.changed();
    let from = former.and_then(|former| former.manager);
    tell(debtor, account_id, (from.as_ref(), "by_person"), scribe);
}

/// Records who is the account's personal manager now.
fn tell(
    debtor: &Debtor,
    account_id: &AccountId,
    (from, reason): (Option<&ManagerName>, &str),
    scribe: &mut Scribe<'_>,
) {
    let or_none = |name: Option<&str>| name.unwrap_or("none").to_owned();
    let managers = scribe.managers.as_ref();
    let manager = managers.and_then(|managers| managers.manager.as_ref());
    let segment = debtor.segment.as_ref();
    let figures = vec![
        Figure::new("group", or_none(managers.map(|managers| managers.group.as_str()))),
        Figure::new("manager", or_none(manager.map(ManagerName::as_str))),
        Figure::new("from", or_none(from.map(ManagerName::as_str))),
        Figure::new("segment", or_none(segment.map(|segment| segment.name.as_str()))),
    ];
    scribe.record(account_id, RecordKind::ManagerAssigned, reason, figures);
}

#[cfg(test)]
mod tests;
