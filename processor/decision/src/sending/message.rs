//! Messages: the channel they go by, the text they carry.
//!
//! The window they wait for is [`super::window`]'s business, what is done when one of them fails
//! [`super::tries`]'.

use super::following::{self, figures_of, figures_of_try};
use super::request::{self, Request, Requested};
use super::window::{self, Went};
use super::{caps, sms};
use crate::account::Snapshot;
use crate::calendar::Window;
use crate::command::{Action, Message};
use crate::ids::{AccountId, Channel};
use crate::policy::{BalanceValues, Cap, DebtValues, MessageClass, MessageMeasure, Text, TextValues};
use crate::record::{Figure, RecordKind};
use crate::scribe::Scribe;
use crate::underway::{CommandUnderWay, MessageUnderWay, StoredBalanceValues, UnderWay};

/// Whom a message addresses, and the debt it speaks of.
pub(super) struct About<'a> {
    /// The account's snapshot.
    pub(super) snapshot: &'a Snapshot,
    /// The debt, where it is of one.
    pub(super) debt: Option<DebtValues>,
}

/// Takes a message of a measure for the first time.
pub(super) fn request(message: &MessageMeasure, request: &Request<'_>, scribe: &mut Scribe<'_>) -> Requested {
    let balance = request.balance.as_ref().map(|balance| StoredBalanceValues {
        name: balance.name.clone(),
        value: balance.value.clone(),
        lines: balance.lines.clone(),
        lines_crossed: i64::from(request.lines_crossed),
        valid_until: balance.valid_until.clone(),
    });
    let window = message.window.as_deref().or(request.window);
    let what = under_way(message, window, balance);
    let command = request::first_try(request, UnderWay::Message(what), scribe);
    let id = command.first_id;
    let about =
        About { snapshot: request.snapshot, debt: request.debt.as_ref().map(|debt| debt.values.clone()) };
    if request.observe {
        return observe(command, &about, scribe);
    }
    match go(command, window, &about, None, scribe) {
        Went::Out(channel) => Requested::Command(id, channel),
        Went::Waits => Requested::Waits(id, Some(message.channel.clone())),
        Went::Nowhere => Requested::Nothing,
    }
}

/// A message as it is kept on its way.
pub(super) fn under_way(
    message: &MessageMeasure,
    window: Option<&Window>,
    balance: Option<StoredBalanceValues>,
) -> MessageUnderWay {
    MessageUnderWay {
        template: message.template.clone(),
        channel: message.channel.clone(),
        fallback: message.fallback.clone(),
        class: message.class,
        window: window.map(|window| window.name.clone()),
        balance,
    }
}

/// Records a message that would go out, were it not observed only. It waits for nothing.
fn observe(mut command: CommandUnderWay, about: &About<'_>, scribe: &mut Scribe<'_>) -> Requested {
    let Some((channel, action)) = make(&mut command, about, None, scribe) else { return Requested::Nothing };
    let mut figures = request::figures_of(&action);
    figures.extend(figures_of_try(&command, None));
    scribe.record(&command.account_id, RecordKind::MeasureObserved, "observe", figures);
    Requested::Command(command.command_id, Some(channel))
}

/// Sends a try of a message, where its window is open; else it waits. Opt-outs and caps are asked
/// when it is really sent.
pub(super) fn go(
    command: CommandUnderWay,
    window: Option<&Window>,
    about: &About<'_>,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) -> Went {
    let mut command = match window::ask(command, window, because, scribe) {
        Ok(command) => command,
        Err(went) => return went,
    };
    let Some((channel, action)) = make(&mut command, about, because, scribe) else { return Went::Nowhere };
    let mut figures = request::figures_of(&action);
    figures.extend(figures_of_try(&command, because));
    let reason = following::reason_word(&command);
    scribe.record(&command.account_id, RecordKind::MeasureRequested, reason, figures);
    scribe.command_of(&command, action);
    caps::count(&command.account_id, &channel, scribe);
    following::follow(command, scribe);
    Went::Out(Some(channel))
}

/// Chooses the channel and writes the text. None where there is none; the reason is recorded.
fn make(
    command: &mut CommandUnderWay,
    about: &About<'_>,
    because: Option<&str>,
    scribe: &mut Scribe<'_>,
) -> Option<(Channel, Action)> {
    let may_insist = command.tries == command.tries_here;
    let UnderWay::Message(message) = &mut command.what else { return None };
    let found = choose(message, may_insist, about.snapshot, |channel| {
        caps::full(&command.account_id, channel, scribe)
    });
    match found {
        // What was passed over is not tried again.
        Ok(passed_over) => {
            if let Some(channel) = message.fallback.drain(..passed_over).next_back() {
                message.channel = channel;
                command.tries_here = 1;
            }
        }
        Err(why) => {
            let figures = figures_of(command, because);
            tell_no_channel(&command.account_id, &why, figures, scribe);
            return None;
        }
    }
    let (channel, text) = (message.channel.clone(), render(message, &command.account_id, about, scribe));
    match text {
        Ok(text) => {
            let action = Action::Message(write(message, about.snapshot, text));
            Some((channel, action))
        }
        Err(fault) => {
            let mut figures = figures_of(command, because);
            figures.push(Figure::new("fault", fault));
            let reason = "the template cannot be rendered";
            scribe.record(&command.account_id, RecordKind::MeasureDropped, reason, figures);
            None
        }
    }
}

/// Why a message goes by none of its channels.
pub(super) enum NoChannel<'a> {
    OptedOut,
    Capped(&'a Cap),
}

/// The first channel that the customer did not opt out of and whose caps are not full: how many come
/// before it. Opt-outs from all of them are passed by, on the first channel, by what the law or the
/// service asks for; a cap only by what the law does.
pub(super) fn choose<'a>(
    message: &MessageUnderWay,
    may_insist: bool,
    snapshot: &Snapshot,
    full: impl Fn(&Channel) -> Option<&'a Cap>,
) -> Result<usize, NoChannel<'a>> {
    let channels = std::iter::once(&message.channel).chain(&message.fallback).enumerate();
    let is_wanted = |(_, channel): &(usize, &Channel)| !snapshot.opt_outs.contains(channel);
    let mut wanted: Vec<(usize, &Channel)> = channels.filter(is_wanted).collect();
    let (insists, is_bound) = match message.class {
        MessageClass::Reminder => (false, true),
        MessageClass::Service => (may_insist, true),
        MessageClass::Statutory => (may_insist, false),
    };
    if wanted.is_empty() && insists {
        wanted.push((0, &message.channel));
    }
    let mut why = NoChannel::OptedOut;
    for (at, channel) in wanted {
        match full(channel).filter(|_| is_bound) {
            None => return Ok(at),
            Some(cap) => why = NoChannel::Capped(cap),
        }
    }
    Err(why)
}

fn tell_no_channel(
    account_id: &AccountId,
    why: &NoChannel<'_>,
    mut figures: Vec<Figure>,
    scribe: &mut Scribe<'_>,
) {
    let (kind, reason) = match why {
        NoChannel::OptedOut => (RecordKind::MeasureDropped, "opted out of every channel"),
        NoChannel::Capped(cap) => {
            figures.push(Figure::new("capped", &cap.channel));
            figures.push(Figure::new("at_most", cap.at_most));
            figures.push(Figure::new("per", cap.per));
            (RecordKind::MeasureCapped, "it would be over the cap of every channel")
        }
    };
    scribe.record(account_id, kind, reason, figures);
}

fn render(
    message: &MessageUnderWay,
    account_id: &AccountId,
    about: &About<'_>,
    scribe: &Scribe<'_>,
) -> Result<Text, String> {
    let policy = scribe.policy;
    let language = about.snapshot.language.as_ref().unwrap_or(&policy.defaults.language);
    let currency = request::currency_of(about.snapshot, scribe);
    let values = TextValues {
        account_id: account_id.as_str(),
        currency: currency.code(),
        debt: about.debt.clone(),
        balance: message.balance.as_ref().map(|balance| BalanceValues {
            name: balance.name.clone(),
            value: balance.value.clone(),
            lines: balance.lines.clone(),
            valid_until: balance.valid_until.clone(),
        }),
    };
    policy.texts.render(&message.template, language, &values)
}

fn write(message: &MessageUnderWay, snapshot: &Snapshot, text: Text) -> Message {
    let lines_crossed = message.balance.as_ref().map_or(0, |balance| balance.lines_crossed);
    Message {
        template: message.template.clone(),
        channel: message.channel.clone(),
        class: message.class,
        language: text.language,
        address: snapshot.contacts.get(&message.channel).cloned(),
        sms_parts: if message.channel.as_str() == "sms" { sms::parts(&text.body) } else { 0 },
        text: text.body,
        lines: message.balance.as_ref().map(|balance| balance.lines.clone()).unwrap_or_default(),
        lines_crossed: u32::try_from(lines_crossed).unwrap_or(0),
    }
}
