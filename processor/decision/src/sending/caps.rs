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

/// Whether the newest moments that a cap allows are all within its period.
fn is_full(cap: &Cap, at: &[Timestamp], scribe: &Scribe<'_>) -> bool {
    let at_most = usize::try_from(cap.at_most).unwrap_or(usize::MAX);
    if at_most == 0 {
        return true;
    }
    let oldest_counted = at.len().checked_sub(at_most).and_then(|first| at.get(first));
    oldest_counted.is_some_and(|moment| counts(cap, *moment, scribe))
}

fn counts(cap: &Cap, moment: Timestamp, scribe: &Scribe<'_>) -> bool {
    scribe.zone.after(moment, cap.per) > scribe.now()
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
