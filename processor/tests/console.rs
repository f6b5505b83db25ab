//! The console in a real browser: headless Chromium, driven over WebDriver, clicks through what people do. Each page
//! is looked over by axe-core for what keeps somebody out, and kept as a picture in `target/console`.
//!
//! `./x setup` installs all three; a machine without them cannot run this, and it says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/browser.rs"]
mod browser;

use api::accounts::{Accounts, Looked, Unread};
use api::controls::{NotGiven, Orders};
use api::lists::asked::Filter;
use api::lists::{Listed, Lists, Partitions, Place};
use api::owners::Alone;
use api::policies::{Known, Versions};
use api::serving::{Access, Sources};
use api::who::tokens::{Token, Tokens, sha256};
use api::who::{Person, Role, Segments};
use browser::Browser;
use decision::Event;
use decision::ids::DebtorId;
use decision::time::Timestamp;
use schemas::HistoryLine;
use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

/// The demo, until the test ends.
struct Demo {
    process: Child,
    /// The page of the account that it suggests.
    page: String,
}

impl Demo {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        // A day is long enough that nobody pays between two clicks.
        command.args(["demo", "--subscribers", "300", "--day", "20s", "--for", "8m"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let page = loop {
            let line = lines.next().expect("the demo suggests an account").unwrap();
            if line.contains("/console/accounts/") {
                break line.trim().to_owned();
            }
        };
        // It ends where nobody reads.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, page }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_manager_finds_an_account_gives_an_order_and_sees_it_applied() {
    let demo = Demo::start();
    let (root, account) = demo.page.split_once("/console/accounts/").unwrap();
    let browser = Browser::start();

    browser.open(root);
    assert!(browser.url().ends_with("/console/accounts"), "{}", browser.url());
    browser.check_open_to_all("accounts");
    browser.type_into("main input[name=account]", account);
    browser.click("main button.primary");
    browser.wait_for_text("h1", account);
    assert_eq!(browser.count("svg.chart"), 1, "its debt is drawn");
    assert!(browser.count(".ladder li") >= 2, "its plan is told");
    assert!(browser.count(".history li") >= 2, "its history is told");
    browser.check_open_to_all("account");

    browser.click("#order-promise > summary");
    browser.type_into("#order-promise input[name=amount]", "1");
    browser.type_into("#order-promise input[name=why]", "pays on Friday");
    browser.check_open_to_all("order");
    browser.click("#order-promise button");
    browser.wait_for_text("#outcome", "The order was applied");
    assert!(browser.count("#holds .plain li") >= 1, "the promise is among the holds");
    browser.check_open_to_all("applied");

    // What somebody else orders the page hears of: nobody loads it again.
    browser.run("window.isTheSamePage = true");
    let order = r#"{"order": "pause", "why": "a colleague's word"}"#;
    let asked = ureq::post(format!("{root}/v1/accounts/{account}/controls"));
    asked.content_type("application/json").send(order).unwrap();
    browser.wait_for_text("#summary", "Paused since");
    browser.wait_for_text("#history", "a colleague's word");
    assert_eq!(browser.run("return window.isTheSamePage"), true);

    browser.open(&format!("{}?why=stage%3Abar", demo.page));
    browser.wait_for("#why .findings li");

    browser.click("#who a");
    browser.wait_for_text("h1", "Policy demo 1");
    browser.check_open_to_all("policy");
    browser.open(&demo.page);

    browser.click("button[name=language]");
    browser.wait_for_text("#orders h2", "Распоряжения");
    assert_eq!(browser.run("return document.documentElement.lang"), "ru");
    browser.check_open_to_all("account-ru");
    browser.click("button[name=colours]");
    browser.wait_for("html[data-colours=dark]");
    browser.check_open_to_all("account-ru-dark");
    browser.narrow();
    browser.open(&demo.page);
    browser.check_open_to_all("account-phone");
    let wide =
        browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(wide, 0, "a phone scrolls one way only");

    browser.open(&format!("{root}/console/policy"));
    browser.wait_for_text("h1", "Политика demo 1");
    assert!(browser.count(".ladder .now") >= 2, "its plans are drawn, with what cuts off");
    browser.check_open_to_all("policy-phone-ru-dark");
    let wide =
        browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert_eq!(wide, 0, "a phone scrolls one way only");
    browser.click("#changes button");
    browser.wait_for_text("#changes", "Различий нет.");

    browser.open(&format!("{root}/console/accounts/nobody"));
    browser.wait_for_text("h1", "Не найдено");
    browser.check_open_to_all("unknown");
}

/// Accounts of an instance that has only begun.
struct Begun;

impl Accounts for Begun {
    fn debtor(&self, _: &DebtorId) -> Result<Looked, Unread> {
        Err(Unread::NotBegun)
    }

    fn history(&self, _: &DebtorId, _: Option<i64>, _: usize) -> Result<Vec<HistoryLine>, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Lists for Begun {
    fn partitions(&self) -> Result<Partitions, Unread> {
        Err(Unread::NotBegun)
    }

    fn listed(&self, _: &[u32], _: &Filter, _: Option<&Place>, _: usize) -> Result<Listed, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Versions for Begun {
    fn versions(&self) -> Result<Known, Unread> {
        Err(Unread::NotBegun)
    }
}

impl Orders for Begun {
    fn now(&self) -> Timestamp {
        Timestamp::EARLIEST
    }

    fn give(&self, _: &Event) -> Result<(), NotGiven> {
        Err(NotGiven)
    }
}

#[test]
fn whoever_has_a_token_signs_in_with_it_and_out_again() {
    let person = Person { name: "anna".into(), role: Role::Manager, segments: Segments::All };
    let known = vec![Token { person, sha256: sha256("weir_secret") }];
    let file = tempfile::NamedTempFile::new().unwrap();
    let tokens = Tokens::of_file(file.path(), move |_| Ok::<_, String>(known.clone())).unwrap();
    let sources = Sources {
        accounts: Arc::new(Begun),
        lists: Arc::new(Begun),
        owners: Arc::new(Alone),
        orders: Arc::new(Begun),
        versions: Arc::new(Begun),
    };
    let rate_per_second = NonZeroU32::new(50).unwrap();
    let access = Access { authority: Arc::new(tokens), rate_per_second, tls: None };
    let server = api::serving::serve(([127, 0, 0, 1], 0).into(), sources, access, console::beside).unwrap();
    let root = format!("http://{}", server.address());
    let browser = Browser::start();

    browser.open(&format!("{root}/console/accounts/A-1"));
    browser.wait_for_text("h1", "Sign in");
    browser.check_open_to_all("sign-in");
    browser.type_into("input[name=token]", "weir_wrong");
    browser.click("main button.primary");
    browser.wait_for_text("[role=alert]", "Nobody is known by this token.");
    browser.check_open_to_all("sign-in-wrong");
    browser.type_into("input[name=token]", "weir_secret");
    browser.click("main button.primary");
    // She is where she wanted to be, and Weir has only begun.
    browser.wait_for_text("h1", "One moment");
    assert!(browser.url().ends_with("/console/accounts/A-1"), "{}", browser.url());
    assert_eq!(browser.run("return document.cookie"), "", "no script reads the token");
    browser.open(&format!("{root}/console/"));
    browser.wait_for_text(".who", "anna");
    browser.check_open_to_all("signed-in");
    browser.click("form[action='/console/sign-out'] button");
    browser.wait_for_text("h1", "Sign in");
    browser.open(&format!("{root}/console/"));
    browser.wait_for_text("h1", "Sign in");
}
