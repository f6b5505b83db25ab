//! Asks instances for their metrics and whether they are ready, each in a thread of its own: one that does not answer
//! keeps nobody waiting.

use crate::figures::reading::{Figures, Reading};
use miette::{Context, IntoDiagnostic, miette};
use reqwest::blocking::{Client, Response};
use reqwest::{StatusCode, Url};
use std::error::Error;
use std::io::Read as _;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long one answer may take.
const TIME_OUT: Duration = Duration::from_secs(1);

/// How often each is asked.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// The largest answer that is read, in bytes: a partition has about two thousand.
const LARGEST_ANSWER: u64 = 16 * 1024 * 1024;

/// The longest line that is shown of what an instance waits for, in characters: its own are a third of it.
const LONGEST_LINE: usize = 200;

/// An instance that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Target {
    client: Client,
    metrics: Url,
    ready: Url,
    name: String,
}

/// What one of them answered: which it is, and the reading or why there is none.
pub(super) type Answer = (usize, Result<Reading, String>);

impl Target {
    /// Those at these addresses, as they are given: `http://host:8080`, or `host:8080`.
    pub(super) fn all(addresses: &[String]) -> miette::Result<Vec<Self>> {
        let client = Client::builder().timeout(TIME_OUT).build();
        let client = client.into_diagnostic().wrap_err("cannot make a client for HTTP")?;
        addresses.iter().map(|address| Self::new(client.clone(), address)).collect()
    }

    fn new(client: Client, address: &str) -> miette::Result<Self> {
        let no_address = |why: &dyn std::fmt::Display| {
            let help = "write it as http://weir:8080: where `[http] listen` is reached";
            miette!(help = help, "«{address}» is no address: {why}")
        };
        let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let base = Url::parse(&whole).map_err(|error| no_address(&error))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(no_address(&"it does not begin with http:// or https://"));
        }
        let at = |page: &str| {
            let mut url = base.clone();
            // An address of HTTP always has segments.
            if let Ok(mut segments) = url.path_segments_mut() {
                // The address of the metrics themselves is one that people have at hand.
                segments.pop_if_empty();
                if base.path().trim_end_matches('/').ends_with("/metrics") {
                    segments.pop();
                }
                segments.push(page);
            }
            url
        };
        let name = whole.split_once("://").map_or(whole.as_str(), |(_, name)| name);
        let name = name.trim_end_matches('/').trim_end_matches("/metrics").to_owned();
        Ok(Self { client, metrics: at("metrics"), ready: at("readyz"), name })
    }

    /// What it is called here: its address without what all addresses have.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Asks it once; times count from `start`.
    pub(super) fn ask(&self, start: Instant) -> Result<Reading, String> {
        let (status, text) = self.get(&self.metrics)?;
        let at = start.elapsed();
        if status != StatusCode::OK {
            return Err(format!("it answers {status} where its metrics are to be"));
        }
        let figures = Figures::read(&text)?;
        let waits_for = match self.get(&self.ready)? {
            (StatusCode::OK, _) => None,
            (StatusCode::SERVICE_UNAVAILABLE, why) => Some(first_line(&why)),
            (status, _) => return Err(format!("it answers {status} where it is asked whether it is ready")),
        };
        Ok(Reading { at, waits_for, figures })
    }

    fn get(&self, url: &Url) -> Result<(StatusCode, String), String> {
        let answer: Response = self.client.get(url.clone()).send().map_err(|error| words(&error))?;
        let (status, mut bytes) = (answer.status(), Vec::new());
        let read = answer.take(LARGEST_ANSWER).read_to_end(&mut bytes);
        read.map_err(|error| format!("its answer breaks off: {}", root(&error)))?;
        Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Asks each again and again. It ends with whoever hears.
pub(super) fn again_and_again(targets: Vec<Target>) -> miette::Result<Receiver<Answer>> {
    let (sender, answers) = channel();
    let start = Instant::now();
    for (index, target) in targets.into_iter().enumerate() {
        let sender: Sender<Answer> = sender.clone();
        let thread = std::thread::Builder::new().name("weir-top".to_owned()).spawn(move || {
            loop {
                let asked = Instant::now();
                if sender.send((index, target.ask(start))).is_err() {
                    return;
                }
                std::thread::sleep(EVERY.saturating_sub(asked.elapsed()));
            }
        });
        thread.into_diagnostic().wrap_err("cannot start a thread that asks")?;
    }
    Ok(answers)
}

/// Asks all of them twice, so that there are rates. The answers are in order for each.
pub(super) fn twice(targets: &[Target]) -> Vec<Answer> {
    let start = Instant::now();
    let once = |(index, target): (usize, &Target)| (index, target.ask(start));
    std::thread::scope(|scope| {
        let threads: Vec<_> = targets
            .iter()
            .enumerate()
            .map(|(index, target)| {
                scope.spawn(move || {
                    let first = once((index, target));
                    std::thread::sleep(EVERY);
                    [first, once((index, target))]
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

/// The first line of what is said, as far as a terminal may show it: whatever answers there may not steer it.
fn first_line(said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST_LINE).collect()
}

fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIME_OUT.as_secs());
    }
    root(error)
}

/// The cause of causes: what went wrong, without who told whom.
fn root(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<(&str, &str, &str)>) {
        let target = Target::all(&[address.to_owned()]).ok().map(|targets| targets[0].clone());
        let told =
            target.map(|target| (target.name.clone(), target.metrics.to_string(), target.ready.to_string()));
        let expected =
            expected.map(|(name, metrics, ready)| (name.to_owned(), metrics.to_owned(), ready.to_owned()));
        assert_eq!(told, expected, "{address}");
    }

    #[test]
    fn an_address_is_that_of_the_instance_or_of_its_metrics() {
        let whole = Some(("weir:8080", "http://weir:8080/metrics", "http://weir:8080/readyz"));
        check("http://weir:8080", whole);
        check("http://weir:8080/", whole);
        check("weir:8080", whole);
        check("http://weir:8080/metrics", whole);
        let behind = ("a.example/weir", "https://a.example/weir/metrics", "https://a.example/weir/readyz");
        check("https://a.example/weir/", Some(behind));
        check("ftp://weir", None);
        check("http://", None);
        check("http://weir:port", None);
    }
}
