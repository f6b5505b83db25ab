//! `weir top`: what Weir's instances do now: partitions, rates, lag, commit times, late timers.
//!
//! It reads what each instance shows over HTTP, and nothing else. Whom it asks and how is [`asking`]'s business, what
//! an answer means that of [`crate::figures`], what follows from several answers [`overview`]'s, how it is shown that of
//! [`screen`], [`text`] and [`json`]; here are the terminal, the time and the ways to end.

mod asking;
mod columns;
mod grid;
mod json;
mod overview;
#[cfg(test)]
mod samples;
mod screen;
mod text;
mod view;
mod words;

use crate::cli::{Output, TopArguments};
use crate::config::Config;
use crate::signals;
use asking::{Answer, Target};
use miette::{Context, IntoDiagnostic, miette};
use overview::{Overview, Watched};
use owo_colors::{OwoColorize, Stream};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use screen::Marks;
use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;
use view::View;

/// An instance does not answer, or is not ready: not wrong use, and told apart from it by scripts.
const IS_NOT_READY: u8 = 1;

/// How long one wait for a key is: it bounds how late an answer is shown and a signal heard.
const KEY_WAIT: Duration = Duration::from_millis(100);

/// Shows the instances until told to stop, or once.
pub(crate) fn run(arguments: &TopArguments) -> miette::Result<ExitCode> {
    let targets = Target::all(&addresses(arguments)?)?;
    let mut watched: Vec<Watched> = targets.iter().map(|target| Watched::new(target.name())).collect();
    let is_once = arguments.once || arguments.output == Output::Json || !has_a_screen();
    if is_once {
        signals::end_with_the_reader()?;
        asking::twice(&targets).into_iter().for_each(|answer| hear(&mut watched, answer));
        return once(&Overview::of(&watched), arguments.output);
    }
    let is_stopped = signals::stop_flag()?;
    let answers = asking::again_and_again(targets)?;
    let mut terminal =
        ratatui::try_init().into_diagnostic().wrap_err("the terminal cannot be used: try --once")?;
    let shown = show(&mut terminal, &mut watched, &answers, &is_stopped);
    ratatui::restore();
    shown.map(|()| ExitCode::SUCCESS)
}

/// Prints how all stands.
fn once(overview: &Overview, output: Output) -> miette::Result<ExitCode> {
    let told = match output {
        Output::Text => text::told(overview),
        Output::Json => json::told(overview).to_string(),
    };
    writeln!(std::io::stdout(), "{told}").into_diagnostic()?;
    Ok(if overview.is_ready() { ExitCode::SUCCESS } else { ExitCode::from(IS_NOT_READY) })
}

/// Draws what comes, and takes keys.
fn show(
    terminal: &mut DefaultTerminal,
    watched: &mut [Watched],
    answers: &Receiver<Answer>,
    is_stopped: &AtomicBool,
) -> miette::Result<()> {
    let marks = Marks { has_colours: has_colours() };
    let (mut view, mut overview) = (View::default(), Overview::of(watched));
    let mut is_stale = true;
    while !is_stopped.load(Ordering::Relaxed) {
        for answer in answers.try_iter() {
            hear(watched, answer);
            is_stale = true;
        }
        if is_stale {
            if !view.is_paused {
                overview = Overview::of(watched);
            }
            let draw = terminal.draw(|frame| screen::draw(frame, &overview, &mut view, marks));
            draw.into_diagnostic().wrap_err("the terminal cannot be drawn on")?;
        }
        is_stale = event::poll(KEY_WAIT).into_diagnostic()?;
        if is_stale
            && let Event::Key(key) = event::read().into_diagnostic()?
            && !view.takes(key)
        {
            return Ok(());
        }
    }
    Ok(())
}

fn hear(watched: &mut [Watched], (index, answer): Answer) {
    if let Some(watched) = watched.get_mut(index) {
        watched.heard(answer);
    }
}

/// Whether there is a terminal that can be drawn on.
fn has_a_screen() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the terminal shows colours, and they are wanted.
fn has_colours() -> bool {
    let word = "colour";
    word.if_supports_color(Stream::Stdout, |word| word.red()).to_string() != word
}

/// Whom to ask: those that are named, else the one of the configuration that is named, else those of the environment,
/// else the one of its configuration.
fn addresses(arguments: &TopArguments) -> miette::Result<Vec<String>> {
    if !arguments.addresses.is_empty() {
        return Ok(arguments.addresses.clone());
    }
    let of_environment = arguments.of_environment.as_deref().unwrap_or_default();
    let named: Vec<String> = of_environment
        .split([' ', ',', '\n'])
        .filter(|address| !address.is_empty())
        .map(str::to_owned)
        .collect();
    let config = arguments.config_of_environment.as_ref().filter(|path| !path.as_os_str().is_empty());
    match (&arguments.config, named.is_empty(), config) {
        (Some(config), _, _) | (None, true, Some(config)) => {
            let config = Config::load(config).map_err(|problem| *problem)?;
            here(config.listen).map(|address| vec![address])
        }
        (None, false, _) => Ok(named),
        (None, true, None) => Err(miette!(
            help = "name addresses, as in `weir top http://weir-0:8080`, or a configuration with --config, or set WEIR_METRICS",
            "nobody is named who could be asked"
        )),
    }
}

/// Where an instance on this machine is reached that listens at this address.
fn here(listen: SocketAddr) -> miette::Result<String> {
    if listen.port() == 0 {
        return Err(miette!(
            help = "name the address that the instance says when it starts, as in `weir top http://127.0.0.1:34567`",
            "`[http] listen` has port 0, which is another one each time"
        ));
    }
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    Ok(format!("http://{}", SocketAddr::new(ip, listen.port())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listen: &str, expected: Option<&str>) {
        assert_eq!(here(listen.parse().unwrap()).ok().as_deref(), expected, "{listen}");
    }

    #[test]
    fn an_instance_that_listens_everywhere_is_asked_on_the_loopback() {
        check("127.0.0.1:8080", Some("http://127.0.0.1:8080"));
        check("10.0.0.5:9000", Some("http://10.0.0.5:9000"));
        check("0.0.0.0:8080", Some("http://127.0.0.1:8080"));
        check("[::]:8080", Some("http://[::1]:8080"));
        check("127.0.0.1:0", None);
    }
}
