//! One debtor's events, played up to a moment. What is made of the decisions is not known here.

use decision::Policies;
use decision::event::Body;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use lives::{Decided, Endless, Life, Reports};
use schemas::files::Arrival;

/// How a life is played.
#[derive(Clone, Copy)]
pub(crate) struct Playing<'a> {
    /// The versions of the policy.
    pub(crate) policies: &'a Policies,
    /// Who reports what becomes of commands. Where the life does, reports among the events are left out:
    /// they are of commands that another policy asked for.
    pub(crate) reports: Reports,
    /// Up to when; up to the last event where nothing is said.
    pub(crate) until: Option<Timestamp>,
}

/// The debtor after these events, which are its own, by their arrival; and how many were left out. Each decision
/// is shown to `watch`.
pub(crate) fn play(
    debtor: DebtorId,
    events: &[Arrival],
    playing: Playing<'_>,
    watch: &mut impl FnMut(Decided<'_>),
) -> Result<(Life, u64), Endless> {
    let begins = events.first().map_or(Timestamp::EARLIEST, |first| first.at);
    let mut life = Life::new(debtor, playing.policies.clone(), playing.reports, begins);
    let mut left_out = 0;
    for arrival in events {
        if playing.until.is_some_and(|until| arrival.at > until) {
            break;
        }
        if playing.reports == Reports::Auto && matches!(arrival.event.body, Body::Report(_)) {
            left_out += 1;
            continue;
        }
        life.run_to(arrival.at, watch)?;
        life.happens(&arrival.event, watch);
        life.run_to(arrival.at, watch)?;
    }
    if let Some(until) = playing.until {
        life.run_to(until, watch)?;
    }
    Ok((life, left_out))
}
