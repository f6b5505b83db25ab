//! The console in a real browser: headless Chromium, driven over WebDriver, clicks through what people do. Each page
//! is looked over by axe-core for what keeps somebody out, and kept as a picture in `target/console`.
//!
//! `./x setup` installs all three; a machine without them cannot run this, and it says so.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/begun.rs"]
mod begun;
#[path = "support/browser.rs"]
mod browser;
#[path = "support/provider.rs"]
mod provider;

use api::serving::Access;
use api::who::tokens::{Token, Tokens, sha256};
use api::who::{Person, Role, Segments};
use browser::Browser;
use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    sees_how_all_stands(&browser, root);
    narrows_lists(&browser);
    finds_an_account_and_orders(&browser, account);
    hears_of_what_others_order(&browser, (root, account));
    works_through_a_queue(&browser, (root, account));
    reads_it_in_another_language(&browser, root, &demo.page);
}

/// The overview, and what the breaker holds.
fn sees_how_all_stands(browser: &Browser, root: &str) {
    browser.open(root);
    assert!(browser.url().ends_with("/console/"), "{}", browser.url());
    browser.wait_for_text("#work", "By stage");
    browser.wait_for_text("#figures", "Accounts with work");
    browser.check_open_to_all("overview");
    browser.click("nav a[href='/console/held']");
    browser.wait_for_text("#held", "The breaker holds nothing.");
    browser.check_open_to_all("held");
}

/// Filters, views and the file of a list.
fn narrows_lists(browser: &Browser) {
    // By its key.
    browser.run("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '2', bubbles: true }))");
    browser.wait_for("#list tbody tr");
    browser.check_open_to_all("accounts");
    // By what most of them have in common; the view is kept under a name.
    browser.type_into(".filters input[name=min_debt]", "1");
    browser.click(".filters button.primary");
    browser.wait_for(".filters input[name=min_debt][value='1']");
    assert!(browser.count("#list tbody tr") >= 1, "somebody owes that much");
    browser.click(".views summary");
    browser.type_into(".views input[name=name]", "Owing & late");
    browser.click(".views details button");
    browser.wait_for_text(".view a[aria-current]", "Owing & late");
    browser.check_open_to_all("accounts-filtered");
    browser.type_into(".filters input[name=stage]", "no-such-stage");
    browser.click(".filters button.primary");
    browser.wait_for_text("#list", "No account is like that.");
    browser.click(".view a");
    browser.wait_for("#list tbody tr");
    let csv = browser.run(
        "const link = document.querySelector('a[download]'); const ask = new XMLHttpRequest(); \
         ask.open('GET', link.href, false); ask.send(); return ask.responseText",
    );
    let lines = csv.as_str().unwrap().lines().count();
    assert!(csv.as_str().unwrap().starts_with("account_id,currency,real_debt,"), "{csv}");
    assert!(lines > 1, "all of them are in the file");
    browser.click(".view button");
    browser.wait_for_text(".views", "Keep this view");
    assert_eq!(browser.count(".view"), 0, "the view is forgotten");
}

/// An account by its id; its page; an order, and what became of it.
fn finds_an_account_and_orders(browser: &Browser, account: &str) {
    browser.type_into("#search", "nobody-is-called-so\u{e007}");
    browser.wait_for_text("[role=alert]", "Nothing is found for «nobody-is-called-so»");
    browser.type_into("#search", &format!("{account}\u{e007}"));
    browser.wait_for_text("h1", account);
    assert_eq!(browser.count("svg.chart"), 1, "its debt is drawn");
    assert!(browser.count(".ladder li") >= 2, "its plan is told");
    assert!(browser.count(".history li") >= 2, "its history is told");
    let cut = "const part = document.querySelector('#invoices table'); return part.scrollWidth - part.parentElement.clientWidth";
    assert!(browser.run(cut).as_f64().unwrap() <= 0.0, "all figures of the invoices are seen");
    browser.check_open_to_all("account");

    browser.click("#order-promise > summary");
    browser.type_into("#order-promise input[name=amount]", "1");
    browser.type_into("#order-promise input[name=why]", "pays on Friday");
    browser.check_open_to_all("order");
    browser.click("#order-promise button");
    browser.wait_for_text("#outcome", "The order was applied");
    // What became of the order is asked last: the account that stands beside it may be from before.
    browser.wait_for("#holds .plain li");
    browser.check_open_to_all("applied");
}

/// Keys lie where they lie, whatever letters stand on them.
fn presses_keys_of_another_layout(browser: &Browser) {
    let press = |key: &str, code: &str| {
        browser.run(&format!(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', code: '{code}', bubbles: true }}))"
        ));
    };
    press("р", "KeyH");
    assert_eq!(browser.run("return document.activeElement.id"), "history-title");
    press("щ", "KeyO");
    assert_eq!(browser.run("return document.activeElement.closest('section').id"), "orders");
    press(".", "Slash");
    assert_eq!(browser.run("return document.activeElement.id"), "search");
    browser.run("document.activeElement.blur()");
}

/// A page follows its account.
fn hears_of_what_others_order(browser: &Browser, (root, account): (&str, &str)) {
    // What somebody else orders the page hears of: nobody loads it again.
    browser.run("window.isTheSamePage = true");
    let order = r#"{"order": "pause", "why": "a colleague's word"}"#;
    let asked = ureq::post(format!("{root}/v1/accounts/{account}/controls"));
    asked.content_type("application/json").send(order).unwrap();
    browser.wait_for_text("#summary", "Paused since");
    browser.wait_for_text("#history", "a colleague's word");
    assert_eq!(browser.run("return window.isTheSamePage"), true);
    presses_keys_of_another_layout(browser);

    browser.open(&format!("{root}/console/accounts/{account}?why=stage%3Abar"));
    browser.wait_for("#why .findings li");
}

/// A task from the queue to its result.
fn works_through_a_queue(browser: &Browser, (root, account): (&str, &str)) {
    // A task by hand: somebody takes it in hand, and tells what came of it.
    let task = r#"{"order": "do", "queue": "business-calls", "why": "asks to be called"}"#;
    let asked = ureq::post(format!("{root}/v1/accounts/{account}/controls"));
    asked.content_type("application/json").send(task).unwrap();
    browser.open(&format!("{root}/console/queues"));
    browser.click("nav a[href='/console/queues']");
    browser.wait_for_text(".tabs", "business-calls");
    browser.open(&format!("{root}/console/queues?queue=business-calls"));
    browser.wait_for_text("#tasks", account);
    let of_account = format!("form:has(input[name=account][value='{account}'])");
    browser.click(&format!("{of_account} button[value=take_task]"));
    browser.wait_for_text("#outcome", "The order was applied");
    browser.wait_for_text("#tasks", "In the hands of");
    browser.check_open_to_all("queue");
    browser.click(".tabs a[href='/console/queues?mine=yes']");
    browser.wait_for_text("#tasks h2", "In my hands");
    browser.type_into(&format!("{of_account} input[name=result]"), "pays tomorrow");
    browser.click(&format!("{of_account} button[value=task_result]"));
    browser.wait_for_text("#outcome", "The order was applied");
    browser.wait_for_text("#tasks", "There is nothing to do.");
}

/// The policy; Russian, dark, and on a phone.
fn reads_it_in_another_language(browser: &Browser, root: &str, page: &str) {
    browser.open(page);
    browser.click("#who a");
    // Another version holds after some days: it may hold by now.
    browser.wait_for_text("h1", "Policy demo ");
    browser.check_open_to_all("policy");
    browser.open(page);

    browser.click("button[name=language]");
    browser.wait_for_text("#orders h2", "Распоряжения");
    assert_eq!(browser.run("return document.documentElement.lang"), "ru");
    browser.check_open_to_all("account-ru");
    reads_the_history_in_russian(browser, page);
    browser.open(page);
    browser.click("button[name=colours]");
    browser.wait_for("html[data-colours=dark]");
    browser.check_open_to_all("account-ru-dark");
    browser.narrow();
    browser.open(page);
    browser.check_open_to_all("account-phone");
    browser.check_fits();
    let top = |part: &str| {
        let top =
            browser.run(&format!("return document.querySelector('{part}').getBoundingClientRect().top"));
        top.as_f64().unwrap()
    };
    assert!(top("#summary") < top("#orders") && top("#orders") < top("#chart"), "orders are at hand");
    browser.open(&format!("{root}/console/accounts"));
    browser.wait_for("details[data-fold]:not([open])");
    browser.wait_for("#list tbody tr");
    browser.check_open_to_all("accounts-phone");
    browser.check_fits();

    browser.open(&format!("{root}/console/policy"));
    browser.wait_for_text("h1", "Политика demo ");
    assert!(browser.count(".ladder .now") >= 2, "its plans are drawn, with what cuts off");
    assert_eq!(browser.count("#plans [lang=en], #limits [lang=en], #thresholds [lang=en]"), 0);
    browser.check_open_to_all("policy-phone-ru-dark");
    browser.check_fits();
    browser.click("#changes button");
    browser.wait_for_text("#changed", "этап «bar»");

    browser.open(&format!("{root}/console/accounts/nobody"));
    browser.wait_for_text("h1", "Не найдено");
    browser.check_open_to_all("unknown");
}

/// Nothing of the history, and nothing of why something has not acted, is left in English.
fn reads_the_history_in_russian(browser: &Browser, page: &str) {
    browser.open(&format!("{page}?why=stage%3Abar"));
    browser.wait_for("#why .findings li");
    browser.wait_for("#history li");
    assert_eq!(browser.count("#history [lang=en], #why [lang=en]"), 0, "{}", browser.run(
        "return [...document.querySelectorAll('#history [lang=en], #why [lang=en]')].map(one => one.innerText).join('; ')",
    ));
    let is_russian = "return [...document.querySelectorAll('#why .findings li, #history li strong')]
        .every(one => /[а-яё]{3}/i.test(one.innerText))";
    assert_eq!(browser.run(is_russian), true);
    browser.check_open_to_all("account-why-ru");
}

#[test]
fn whoever_runs_weir_sees_how_it_stands_and_sends_a_reject_again() {
    let demo = Demo::start();
    let (root, account) = demo.page.split_once("/console/accounts/").unwrap();
    let page = format!("{root}/console/operations");
    let order = r#"{"order": "assign_plan", "why": "a try", "plan": "no-such-plan"}"#;
    let asked = ureq::post(format!("{root}/v1/accounts/{account}/controls"));
    asked.content_type("application/json").send(order).unwrap();
    let browser = Browser::start();

    browser.open(&page);
    browser.wait_for_text("#health", "All is well");
    // Figures are read every other second, and the page follows.
    browser.wait_for("#partitions tbody tr:nth-child(4)");
    browser.check_open_to_all("operations");
    // The figures go on by themselves, and what somebody has begun to say stays.
    browser.run("window.isTheSamePage = true");
    browser.type_into("#rejects input[name=account]", account);
    let figures = "return document.querySelector('#instances tbody').innerText";
    let (before, began) = (browser.run(figures), Instant::now());
    while browser.run(figures) == before {
        assert!(began.elapsed() < Duration::from_secs(30), "it stands still: {before}");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(browser.run("return window.isTheSamePage"), true);
    browser.click("#rejects button");
    // The page before may have shown it already.
    browser.wait_for(&format!("#rejects input[name=account][value='{account}']"));
    browser.wait_for_text("#rejects tbody", "unknown plan");
    browser.click("#rejects tbody input[type=checkbox]");
    browser.type_into("#resend-several input[name=why]", "there is one now");
    browser.click("#resend-several button");
    browser.wait_for_text("#resent", "Not sent: its id was seen");
    browser.type_into("#resend-several input[name=why]", "there is one now");
    browser.click("#resend-several input[name=even_known]");
    browser.click("#resend-several button[value=shown]");
    browser.wait_for_text("#resent", "Sent again: partition ");
    browser.check_open_to_all("operations-sent");
    browser.click("#rejects tbody a");
    browser.wait_for_text("h1", "A reject: unknown plan");
    browser.wait_for_text("#facts pre", "no-such-plan");
    browser.check_open_to_all("reject");
    browser.type_into("#resend input[name=why]", "there is one now");
    browser.click("#resend button");
    browser.wait_for_text("#resent", "Not sent: its id was seen");
    browser.type_into("#resend input[name=why]", "there is one now");
    browser.click("#resend input[name=even_known]");
    browser.click("#resend button");
    browser.wait_for_text("#resent", "Sent again: weir.controls, partition ");
    browser.check_open_to_all("reject-sent");

    let reject = browser.url();
    browser.click("button[name=language]");
    browser.wait_for_text("#resend h2", "Отправить снова");
    browser.check_open_to_all("reject-ru");
    browser.click("button[name=colours]");
    browser.wait_for("html[data-colours=dark]");
    browser.open(&page);
    browser.wait_for_text("#health", "Всё в порядке");
    browser.check_open_to_all("operations-ru-dark");
    browser.narrow();
    for (name, page) in [("operations-phone", &page), ("reject-phone", &reject)] {
        browser.open(page);
        browser.check_open_to_all(name);
        browser.check_fits();
    }
}

#[test]
fn whoever_has_a_token_signs_in_with_it_and_out_again() {
    let person = Person { name: "anna".into(), role: Role::Manager, segments: Segments::All };
    let known = vec![Token { person, sha256: sha256("weir_secret") }];
    let file = tempfile::NamedTempFile::new().unwrap();
    let tokens = Tokens::of_file(file.path(), move |_| Ok::<_, String>(known.clone())).unwrap();
    let rate_per_second = NonZeroU32::new(50).unwrap();
    let access = Access { authority: Arc::new(tokens), rate_per_second, tls: None };
    let server =
        api::serving::serve(([127, 0, 0, 1], 0).into(), begun::sources(), access, console::beside).unwrap();
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
    browser.open(&format!("{root}/console/accounts"));
    // There are no lists yet, and she is known.
    browser.wait_for_text("#list [role=alert]", "One moment");
    browser.wait_for_text(".who", "anna");
    browser.check_open_to_all("signed-in");
    browser.click("form[action='/console/sign-out'] button");
    browser.wait_for_text("h1", "Sign in");
    browser.open(&format!("{root}/console/"));
    browser.wait_for_text("h1", "Sign in");
}

#[test]
fn the_page_of_a_simulation_is_open_to_all() {
    let folder = tempfile::tempdir().unwrap();
    let weir = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        let ended = command.args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    weir(&["init", "start", "--events"]);
    let (policy, events) = ("start/mobile.policy.yaml", "start/events.jsonl");
    let of = ["simulate", "--policy", policy, "--events", events, "--until", "2027-03-01"];
    weir(&[&of[..], &["--against", policy, "--html", "report.html"]].concat());
    let browser = Browser::start();
    browser.open(&format!("file://{}", folder.path().join("report.html").display()));
    browser.wait_for("h1");
    browser.check_open_to_all("simulation");
    browser.narrow();
    browser.check_fits();
}

#[test]
fn whoever_comes_back_from_the_identity_provider_goes_on_where_they_wanted_to_be() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let access = Access {
        authority: Arc::new(provider::Known::of_a_provider(address)),
        rate_per_second: NonZeroU32::new(50).unwrap(),
        tls: None,
    };
    let server = api::serving::serve(address, begun::sources(), access, console::beside).unwrap();
    let browser = Browser::start();
    // The provider is another site, and its way back one that another site begins.
    browser.open(&format!("http://{}/console/accounts/A-1", server.address()));
    browser.wait_for_text("h1", "Sign in");
    browser.check_open_to_all("sign-in-provider");
    browser.click("a.button");
    browser.wait_for_text("h1", "One moment");
    assert!(browser.url().ends_with("/console/accounts/A-1"), "{}", browser.url());
    assert_eq!(browser.run("return document.cookie"), "", "no script reads the token");
    // She is led to the provider to sign out, and from there to the console, which does not know her any more.
    browser.open(&format!("http://{}/console/accounts", server.address()));
    browser.click("form[action='/console/sign-out'] button");
    browser.wait_for_text("h1", "You are signed out here");
    browser.click("a");
    browser.wait_for_text("h1", "Sign in");
    browser.open(&format!("http://{}/console/sign-in/provider/done?code=x&state=y", server.address()));
    browser.wait_for_text("h1", "You are not signed in");
    browser.check_open_to_all("sign-in-provider-declined");
}
