//! Asking for pages over HTTP as people's browsers do, one after the other of all instances in turn; and while one has died.

use crate::crowd::phone;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many lines a page has.
const PAGE: usize = 50;
/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a list must have been answered by all before it counts as right again.
const STEADY: Duration = Duration::from_secs(3);
/// How long a take-over may take.
const TAKE_OVER: Duration = Duration::from_secs(300);

/// What is asked, each with its name in the table.
const QUESTIONS: [&str; 9] = [
    "all with work",
    "page after page",
    "a stage",
    "a segment",
    "a stage in a segment",
    "disputed",
    "disputed, at a stage in a segment",
    "a personal manager's",
    "a number",
];

/// Answers to one kind of question.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) times: Vec<Duration>,
    pub(crate) lines: usize,
}

/// Answers by kind of question, and what was answered that is no page.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) answers: BTreeMap<usize, Answers>,
    pub(crate) problems: BTreeMap<String, usize>,
}

/// What an instance said.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) says_when: bool,
    /// Where a page of CSV goes on, as written in a URL.
    pub(crate) next: Option<String>,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(PATIENCE)).build().into()
}

/// Asks; a connection that fails is nothing that an instance may do, and ends the test.
pub(crate) fn ask(agent: &ureq::Agent, url: &str, path: &str) -> Said {
    let began = Instant::now();
    let mut answer =
        agent.get(format!("{url}{path}")).call().unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = answer.body_mut().read_to_string().unwrap();
    let says_when = answer.headers().contains_key("retry-after");
    let next = answer.headers().get("weir-next").map(|next| next.to_str().unwrap().to_owned());
    Said { status: answer.status().as_u16(), says_when, next, text, took: began.elapsed() }
}

pub(crate) fn word(question: usize) -> &'static str {
    QUESTIONS[question]
}

/// Asks one question after the other, each of the next instance, until it is told to stop.
pub(crate) fn one_after_the_other(urls: &[String], accounts: u32, first: u32, is_over: &AtomicBool) -> Asked {
    let (agent, mut asked, mut next, mut round) = (agent(), Asked::default(), None, first);
    let rest = Duration::from_millis(crate::setting("WEIR_FIGURES_REST_MS", 0));
    while !is_over.load(Ordering::Relaxed) {
        for question in 0..QUESTIONS.len() {
            let at = (usize::try_from(round).unwrap() + question) % urls.len();
            std::thread::sleep(rest);
            let query = query(question, round, accounts, next.as_deref());
            let said = ask(&agent, &urls[at], &format!("/v1/accounts?limit={PAGE}{query}"));
            if said.status != 200 {
                *asked.problems.entry(format!("{} to {query}", said.status)).or_default() += 1;
                continue;
            }
            let page: Value = serde_json::from_str(&said.text).unwrap();
            if word(question) == "page after page" {
                next = page["next"].as_str().map(ToOwned::to_owned);
            }
            let answers = asked.answers.entry(question).or_default();
            answers.lines += page["items"].as_array().unwrap().len();
            answers.times.push(said.took);
        }
        round = round.wrapping_add(2);
    }
    asked
}

/// Rounds go through the names and the numbers; after the last page comes the first.
fn query(question: usize, round: u32, accounts: u32, next: Option<&str>) -> String {
    let of = |names: [&'static str; 3]| names[usize::try_from(round % 3).unwrap()];
    let stage = of(["remind", "call", "agency"]);
    let segment = of(["consumer", "business", "vip"]);
    match word(question) {
        "a stage" => format!("&stage={stage}"),
        "a segment" => format!("&segment={segment}"),
        "a stage in a segment" => format!("&stage=call&segment={segment}"),
        "disputed" => "&hold=dispute".to_owned(),
        "disputed, at a stage in a segment" => format!("&hold=dispute&stage={stage}&segment=consumer"),
        "a personal manager's" => format!("&manager={}", of(["anna", "boris", "clara"])),
        "a number" => {
            format!("&phone={}", phone(round.wrapping_mul(7_919) % accounts).replace('+', "%2B"))
        }
        "page after page" => next.map(|next| format!("&after={next}")).unwrap_or_default(),
        _ => String::new(),
    }
}

/// How long the counts take.
pub(crate) fn counts(url: &str) -> String {
    let said = ask(&agent(), url, "/v1/counts");
    format!("/v1/counts: {} in {} ms", said.status, millis(said.took))
}

/// How long it takes to have the accounts as CSV until so many lines are there, or all: a page may come with fewer than
/// it was asked for.
pub(crate) fn csv(url: &str, wanted: usize) -> String {
    let (agent, mut times, mut lines, mut after) = (agent(), Vec::new(), 0, String::new());
    while lines < wanted {
        let limit = wanted - lines;
        let said = ask(&agent, url, &format!("/v1/accounts?format=csv&limit={limit}{after}"));
        assert_eq!(said.status, 200, "{}", said.text);
        times.push(said.took);
        // The first line of each says what the columns are.
        lines += said.text.lines().count().saturating_sub(1);
        let Some(next) = said.next else { break };
        assert!(times.len() < 100, "it does not come to an end");
        after = format!("&after={next}");
    }
    let (pages, slowest) = (times.len(), times.iter().max().copied().unwrap_or_default());
    let whole = millis(times.iter().sum());
    format!("CSV: {lines} lines in {pages} pages, {whole} ms; the slowest page {} ms", millis(slowest))
}

pub(crate) fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    if millis < 100.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}

/// The first page of all with work.
pub(crate) fn first_page(url: &str) -> Result<Value, Said> {
    let said = ask(&agent(), url, &format!("/v1/accounts?limit={PAGE}"));
    if said.status == 200 { Ok(serde_json::from_str(&said.text).unwrap()) } else { Err(said) }
}

/// Asks the instances that are left for the first page, from when one was killed until all of them have told it for a
/// while. Whatever page is told is the one of before, and whatever else is a 503 that says when to come again.
pub(crate) fn until_right_again(urls: &[String], before: &Value, killed: Instant) -> String {
    let (mut problems, mut pages) = (BTreeMap::<String, usize>::new(), 0);
    let (mut first, mut last) = (None, None);
    let mut slowest = Duration::ZERO;
    loop {
        for url in urls {
            let began = Instant::now();
            match first_page(url) {
                Ok(page) => {
                    assert_eq!(&page, before, "a page with a hole in it");
                    pages += 1;
                }
                Err(said) => {
                    assert!(said.status == 503 && said.says_when, "{}: {}", said.status, said.text);
                    let problem: Value = serde_json::from_str(&said.text).unwrap();
                    *problems.entry(problem["type"].as_str().unwrap().to_owned()).or_default() += 1;
                    first.get_or_insert(killed.elapsed());
                    last = Some(killed.elapsed());
                }
            }
            slowest = slowest.max(began.elapsed());
        }
        let calm = killed.elapsed() - last.unwrap_or_default();
        if last.is_some() && calm > STEADY {
            break;
        }
        assert!(killed.elapsed() < TAKE_OVER, "the list does not come back: {problems:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    format!(
        "503 with Retry-After from {} ms to {} ms after the kill: {problems:?}; {pages} pages, each that of before; \
         the slowest answer {} ms",
        millis(first.unwrap()),
        millis(last.unwrap()),
        millis(slowest)
    )
}
