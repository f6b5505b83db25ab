//! The group: members, generations, and rebalances that hand partitions over.
//!
//! It is the classic protocol with the eager `range` assignor: every rebalance takes all
//! partitions from everyone, and completes once every member has let go; partition *i* of every
//! topic goes to the same member. Offsets are not here; they are the broker's.

use super::broker::Topics;
use engine::log::{LogError, Polled, TopicPartition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A member, as the group numbers them.
pub(super) type MemberId = u64;

/// Before a member has heard of its first generation.
const NO_GENERATION: i32 = -1;

/// How a member stands to the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It has the assignment of the generation it knows.
    Settled,
    /// It was told to let its partitions go, and has not done so yet.
    LettingGo,
    /// It holds nothing and waits for the next generation.
    Waiting,
    /// The group has forgotten it, and it holds nothing; it joins again with its next poll.
    Expired,
    /// The group has forgotten it, and what it has lost is not let go yet.
    ExpiredLettingGo,
    /// A newer member has taken its instance id.
    Replaced,
}

impl Standing {
    fn is_of_group(self) -> bool {
        match self {
            Standing::Settled | Standing::LettingGo | Standing::Waiting => true,
            Standing::Expired | Standing::ExpiredLettingGo | Standing::Replaced => false,
        }
    }
}

#[derive(Debug)]
struct Member {
    instance: Option<Arc<str>>,
    topics: Vec<Arc<str>>,
    standing: Standing,
    generation: i32,
    assigned: Vec<TopicPartition>,
    /// What is still to be let go of what was revoked or lost.
    held: BTreeSet<TopicPartition>,
    events: VecDeque<Polled>,
}

/// The group's state.
#[derive(Debug, Default)]
pub(super) struct Group {
    members: BTreeMap<MemberId, Member>,
    next_member: MemberId,
    generation: i32,
    is_rebalancing: bool,
    /// Who has lost what to another member and does not know yet.
    untold: Vec<(MemberId, Vec<TopicPartition>)>,
}

impl Group {
    /// A new member joins. With the instance id of a settled one it takes that one's place, and
    /// nobody else notices.
    pub(super) fn join(
        &mut self,
        topics: &[Arc<str>],
        instance: Option<Arc<str>>,
        known: &Topics,
    ) -> MemberId {
        let mut member = Member {
            instance: instance.clone(),
            topics: topics.to_vec(),
            standing: Standing::Waiting,
            generation: NO_GENERATION,
            assigned: Vec::new(),
            held: BTreeSet::new(),
            events: VecDeque::new(),
        };
        let mut takes_over = false;
        if let Some(old) = instance
            .and_then(|instance| self.member_of_instance(&instance))
            .and_then(|old| self.members.get_mut(&old))
        {
            takes_over = old.standing == Standing::Settled && old.topics == member.topics;
            if takes_over {
                member.standing = Standing::Settled;
                member.generation = old.generation;
                member.assigned.clone_from(&old.assigned);
                member.events.push_back(Polled::Assigned(member.assigned.clone()));
            }
            old.standing = Standing::Replaced;
        }
        let id = self.next_member;
        self.next_member += 1;
        self.members.insert(id, member);
        if !takes_over {
            self.rebalance(known);
        }
        id
    }

    /// The next event for a member that polls.
    pub(super) fn poll(&mut self, id: MemberId, known: &Topics) -> Result<Option<Polled>, LogError> {
        let Some(member) = self.members.get_mut(&id) else {
            return Err(fenced("poll", "the member has left the group"));
        };
        match member.standing {
            Standing::Replaced => {
                return Err(fenced("poll", "a newer member has this instance id"));
            }
            Standing::Expired if member.events.is_empty() => self.rejoin(id, known),
            Standing::Settled
            | Standing::LettingGo
            | Standing::Waiting
            | Standing::Expired
            | Standing::ExpiredLettingGo => {}
        }
        Ok(self.members.get_mut(&id).and_then(|member| member.events.pop_front()))
    }

    /// The member has let these partitions go. When they are the last of what it was told to, it
    /// joins the next generation.
    pub(super) fn let_go(&mut self, id: MemberId, partitions: &[TopicPartition], known: &Topics) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        for partition in partitions {
            member.held.remove(partition);
        }
        if !member.held.is_empty() {
            return;
        }
        match member.standing {
            Standing::LettingGo => {
                member.assigned.clear();
                member.standing = Standing::Waiting;
                self.complete(known);
            }
            Standing::ExpiredLettingGo => self.rejoin(id, known),
            // It was not told to let anything go.
            Standing::Settled | Standing::Waiting | Standing::Expired | Standing::Replaced => {}
        }
    }

    /// The member leaves. A static one stays known until it expires or comes back.
    pub(super) fn leave(&mut self, id: MemberId, known: &Topics) {
        let is_static = |member: &Member| member.instance.is_some() && member.standing.is_of_group();
        if self.members.get(&id).is_some_and(is_static) {
            return;
        }
        if self.members.remove(&id).is_some_and(|member| member.standing.is_of_group()) {
            self.rebalance(known);
        }
    }

    /// The group has not heard of the member for too long.
    pub(super) fn expire(&mut self, id: MemberId, known: &Topics) {
        let Some(member) = self.members.get_mut(&id) else {
            return;
        };
        member.standing = match member.standing {
            Standing::Settled if !member.assigned.is_empty() => {
                member.held = member.assigned.iter().cloned().collect();
                member.events.push_back(Polled::Lost(std::mem::take(&mut member.assigned)));
                Standing::ExpiredLettingGo
            }
            Standing::LettingGo => Standing::ExpiredLettingGo,
            Standing::Settled | Standing::Waiting => Standing::Expired,
            // The group knows it no more, and nothing changes for anyone.
            Standing::Expired | Standing::ExpiredLettingGo | Standing::Replaced => return,
        };
        self.rebalance(known);
    }

    /// Gives a partition of every topic to another member, without asking the one that has it.
    pub(super) fn take_over(&mut self, partition: u32) -> bool {
        let is_it = |held: &TopicPartition| held.partition == partition;
        // A group that is still telling one member gives the partition to no third one.
        if self.untold.iter().any(|(_, lost)| lost.iter().any(is_it)) {
            return false;
        }
        let holds = |member: &Member| member.assigned.iter().any(is_it);
        let settled = || {
            let members = self.members.iter();
            members.filter(|(_, member)| member.standing == Standing::Settled)
        };
        let from = settled().find(|(_, member)| holds(member)).map(|(id, _)| *id);
        let to = settled().find(|(id, _)| Some(**id) != from).map(|(id, _)| *id);
        let (Some(from), Some(to)) = (from, to) else { return false };
        let mut taken = Vec::new();
        if let Some(member) = self.members.get_mut(&from) {
            taken = member.assigned.extract_if(.., |held| is_it(held)).collect();
            self.untold.push((from, taken.clone()));
        }
        if let Some(member) = self.members.get_mut(&to) {
            member.assigned.extend(taken.iter().cloned());
            member.events.push_back(Polled::Assigned(taken));
        }
        true
    }

    /// The members that have lost something so learn of it, unless they have let it go meanwhile.
    pub(super) fn tell_of_take_overs(&mut self) {
        for (id, lost) in std::mem::take(&mut self.untold) {
            if let Some(member) =
                self.members.get_mut(&id).filter(|member| member.standing == Standing::Settled)
            {
                member.events.push_back(Polled::Lost(lost));
            }
        }
    }

    /// The generation that the member knows, if its commits are accepted; else why not.
    pub(super) fn check(&self, id: MemberId) -> Result<i32, &'static str> {
        match self.members.get(&id) {
            Some(member) if member.standing == Standing::Replaced => {
                Err("a newer member has this instance id")
            }
            Some(member) if !member.standing.is_of_group() => Err("the group does not know this member"),
            Some(member) if member.generation != self.generation => Err("the member's generation is stale"),
            Some(member) => Ok(member.generation),
            None => Err("the group does not know this member"),
        }
    }

    /// The living member with this instance id.
    pub(super) fn member_of_instance(&self, instance: &str) -> Option<MemberId> {
        self.members
            .iter()
            .find(|(_, member)| member.standing.is_of_group() && member.instance.as_deref() == Some(instance))
            .map(|(id, _)| *id)
    }

    fn rejoin(&mut self, id: MemberId, known: &Topics) {
        if let Some(member) = self.members.get_mut(&id) {
            member.standing = Standing::Waiting;
            member.generation = NO_GENERATION;
            member.assigned.clear();
        }
        self.rebalance(known);
    }

    /// Tells every member that holds something to let go, and completes if none does.
    fn rebalance(&mut self, known: &Topics) {
        self.tell_of_take_overs();
        self.is_rebalancing = true;
        for member in self.members.values_mut() {
            if member.standing != Standing::Settled {
                continue;
            }
            if member.assigned.is_empty() {
                member.standing = Standing::Waiting;
            } else {
                member.standing = Standing::LettingGo;
                member.held = member.assigned.iter().cloned().collect();
                member.events.push_back(Polled::Revoked(member.assigned.clone()));
            }
        }
        self.complete(known);
    }

    /// Begins the next generation if every member waits for it.
    fn complete(&mut self, known: &Topics) {
        let all_wait = self
            .members
            .values()
            .filter(|member| member.standing.is_of_group())
            .all(|member| member.standing == Standing::Waiting);
        if !self.is_rebalancing || !all_wait {
            return;
        }
        self.is_rebalancing = false;
        self.generation += 1;
        let mut assignment = self.assignment(known);
        for (id, member) in &mut self.members {
            if member.standing != Standing::Waiting {
                continue;
            }
            member.standing = Standing::Settled;
            member.generation = self.generation;
            member.assigned = assignment.remove(id).unwrap_or_default();
            member.events.push_back(Polled::Assigned(member.assigned.clone()));
        }
    }

    /// `range`: each topic's partitions in order, in equal shares to the members in order of their
    /// names, the first of them taking one more where it does not divide.
    fn assignment(&self, known: &Topics) -> BTreeMap<MemberId, Vec<TopicPartition>> {
        let mut members: Vec<(MemberId, &Member)> = self
            .members
            .iter()
            .filter(|(_, member)| member.standing == Standing::Waiting)
            .map(|(id, member)| (*id, member))
            .collect();
        members.sort_by_key(|(id, member)| (member.instance.is_none(), &member.instance, *id));
        let topics: BTreeSet<&Arc<str>> = members.iter().flat_map(|(_, member)| &member.topics).collect();
        let mut assignment: BTreeMap<MemberId, Vec<TopicPartition>> = BTreeMap::new();
        for topic in topics {
            let takers: Vec<MemberId> = members
                .iter()
                .filter(|(_, member)| member.topics.contains(topic))
                .map(|(id, _)| *id)
                .collect();
            let partitions = known.count(topic).unwrap_or(0) as usize;
            let (share, extra) = (partitions / takers.len(), partitions % takers.len());
            let shares = takers
                .iter()
                .enumerate()
                .flat_map(|(at, taker)| std::iter::repeat_n(*taker, share + usize::from(at < extra)));
            for (partition, taker) in (0..).zip(shares) {
                assignment
                    .entry(taker)
                    .or_default()
                    .push(TopicPartition { topic: Arc::clone(topic), partition });
            }
        }
        assignment
    }
}

fn fenced(operation: &str, reason: &str) -> LogError {
    LogError::Fenced { operation: operation.to_owned(), reason: reason.to_owned() }
}
