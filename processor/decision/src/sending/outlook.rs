//! What stands in the way of a message, were it to go out now: its window, opt-outs, caps, a missing address.
//!
//! For those who ask why nothing was sent: the same functions answer as when it is sent, and nothing is.

use super::caps;
use super::message::{self, NoChannel};
use super::window::{self, Opening};
use crate::account::Snapshot;
use crate::ids::AccountId;
use crate::policy::MessageMeasure;
use crate::scribe::Scribe;
use crate::why_not::command::{Hindrance, Obstacle};

/// What stands in the way of a message of this account, in the order in which it is asked. The scribe knows how
/// often the account was addressed.
pub(crate) fn obstacles(
    measure: &MessageMeasure,
    account_id: &AccountId,
    snapshot: &Snapshot,
    scribe: &Scribe<'_>,
) -> Vec<Obstacle> {
    let window = measure.window.as_deref();
    let mut hindrances = Vec::new();
    if let Some(window) = window {
        let name = window.name.clone();
        match window::opening(window, scribe) {
            Opening::Now => {}
            Opening::At(opens) => hindrances.push(Hindrance::WindowShut { window: name, opens }),
            Opening::Never => hindrances.push(Hindrance::WindowNeverOpens { window: name }),
        }
    }
    let message = message::under_way(measure, window, None);
    let full = |channel: &_| caps::full(account_id, channel, scribe);
    match message::choose(&message, true, snapshot, full) {
        Ok(passed_over) => {
            let channel = passed_over.checked_sub(1).and_then(|at| measure.fallback.get(at));
            let channel = channel.unwrap_or(&measure.channel);
            if !snapshot.contacts.contains_key(channel) {
                hindrances.push(Hindrance::NoAddress { channel: channel.clone() });
            }
        }
        Err(NoChannel::OptedOut) => hindrances.push(Hindrance::OptedOut),
        Err(NoChannel::Capped(cap)) => hindrances.push(Hindrance::Capped {
            channel: cap.channel.clone(),
            at_most: cap.at_most,
            per: cap.per,
            frees_at: caps::frees_at(cap, account_id, scribe),
        }),
    }
    let obstacle = |hindrance| Obstacle { template: measure.template.clone(), hindrance };
    hindrances.into_iter().map(obstacle).collect()
}
