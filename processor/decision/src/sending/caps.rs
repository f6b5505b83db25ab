//! How often an account was addressed by a channel, and whether it may be once more.
//!
//! What becomes of a message that is over is [`super::message`]'s business.

use crate::ids::{AccountId, Channel};
use crate::policy::Cap;
use crate::scribe::Scribe;
use crate::time::Timestamp;
use crate::underway::Addressed;

/// The cap that one more message by this channel would break, where there is one.
pub(super) fn full<'a>(account_id: &AccountId, channel: &Channel, scribe: &Scribe<'a>) -> Option<&'a Cap> {
    let of_channel =
        |addressed: &&Addressed| addressed.account_id == *account_id && addressed.channel == *channel;
    let at = scribe.addressed.iter().find(of_channel).map_or(&[][..], |addressed| &addressed.at);
    scribe.policy.commands.caps.iter().find(|cap| cap.channel == *channel && is_full(cap, at, scribe))
}

/// When a cap that is full lets one more message of the account out; none where it lets out none at all.
pub(super) fn frees_at(cap: &Cap, account_id: &AccountId, scribe: &Scribe<'_>) -> Option<Timestamp> {
    let of_channel =
        |addressed: &&Addressed| addressed.account_id == *account_id && addressed.channel == cap.channel;
    let addressed = scribe.addressed.iter().find(of_channel)?;
    oldest_counted(cap, &addressed.at).map(|moment| counts_until(cap, moment, scribe))
}

/// Whether the newest moments that a cap allows are all within its period.
fn is_full(cap: &Cap, at: &[Timestamp], scribe: &Scribe<'_>) -> bool {
    cap.at_most == 0 || oldest_counted(cap, at).is_some_and(|moment| counts(cap, moment, scribe))
}

/// The oldest of the newest moments that a cap allows, once there are so many; none where it allows none.
fn oldest_counted(cap: &Cap, at: &[Timestamp]) -> Option<Timestamp> {
    let at_most = usize::try_from(cap.at_most).unwrap_or(usize::MAX);
    at.len().checked_sub(at_most).and_then(|first| at.get(first)).copied()
}

fn counts(cap: &Cap, moment: Timestamp, scribe: &Scribe<'_>) -> bool {
    counts_until(cap, moment, scribe) > scribe.now()
}

fn counts_until(cap: &Cap, moment: Timestamp, scribe: &Scribe<'_>) -> Timestamp {
    scribe.zone.after(moment, cap.per)
}

/// Counts a message that went out, where a cap of any version asks for the channel.
pub(super) fn count(account_id: &AccountId, channel: &Channel, scribe: &mut Scribe<'_>) {
    let versions = scribe.policies.versions().iter();
    let caps: Vec<&Cap> =
        versions.flat_map(|version| &version.commands.caps).filter(|cap| cap.channel == *channel).collect();
    let Some(most) = caps.iter().map(|cap| cap.at_most).max() else { return };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let known = scribe
        .addressed
        .iter()
        .position(|addressed| addressed.account_id == *account_id && addressed.channel == *channel);
    let mut addressed = match known {
        Some(at) => scribe.addressed.remove(at),
        None => Addressed { account_id: account_id.clone(), channel: channel.clone(), at: Vec::new() },
    };
    addressed.at.push(scribe.now());
    let is_over = |moment: &&Timestamp| !caps.iter().any(|cap| counts(cap, **moment, scribe));
    let over = addressed.at.iter().take_while(is_over).count();
    let beyond = addressed.at.len().saturating_sub(most);
    addressed.at.drain(..over.max(beyond));
    scribe.addressed.push(addressed);
    scribe.changed();
}

/// A message that was counted at this moment was not sent after all.
pub(super) fn count_no_more(
    account_id: &AccountId,
    channel: &Channel,
    at: Timestamp,
    scribe: &mut Scribe<'_>,
) {
    let of_channel =
        |addressed: &&mut Addressed| addressed.account_id == *account_id && addressed.channel == *channel;
    let Some(addressed) = scribe.addressed.iter_mut().find(of_channel) else { return };
    if let Some(place) = addressed.at.iter().rposition(|moment| *moment == at) {
        addressed.at.remove(place);
        scribe.changed();
    }
}
