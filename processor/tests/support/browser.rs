//! A headless Chromium of one test. WebDriver is HTTP with JSON: what tests need of it is here, without a client of
//! its own.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a page may take to show what is waited for, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where `./x setup` puts axe-core.
const AXE: &str = "axe-core-4.14.1/axe.min.js";

/// A browser with one window, closed when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    /// The session's address.
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one that is as wide as a desk's.
    pub(crate) fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let driver = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = driver.expect("chromedriver is started; `./x setup` installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says its port").unwrap();
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(120))).build().into();
        let profile = tempfile::tempdir().unwrap();
        let mut browser =
            Self { driver, session: format!("http://127.0.0.1:{port}/session"), agent, _profile: profile };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        // In a container there is no sandbox to be had, and little shared memory.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--lang=en",
            "--window-size=1360,1000",
            &folder,
        ];
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": { "args": arguments } });
        let made = browser.post("", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = format!("{}/{}", browser.session, made["sessionId"].as_str().unwrap());
        browser
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    pub(crate) fn url(&self) -> String {
        self.run("return location.href").as_str().unwrap().to_owned()
    }

    /// As narrow as a phone.
    pub(crate) fn narrow(&self) {
        let metrics = json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.post("/goog/cdp/execute", &command);
    }

    /// Holds that nothing is wider than the page: a phone scrolls one way only.
    #[track_caller]
    pub(crate) fn check_fits(&self) {
        let root = "document.documentElement";
        let wide = self.run(&format!("return {root}.scrollWidth - {root}.clientWidth"));
        assert_eq!(wide, 0, "{} is wider than a phone", self.url());
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/value"), &json!({ "text": text }));
    }

    /// What a script in the page returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    pub(crate) fn count(&self, selector: &str) -> u64 {
        let found = self.post(
            "/execute/sync",
            &json!({
                "script": "return document.querySelectorAll(arguments[0]).length", "args": [selector],
            }),
        );
        found.as_u64().unwrap()
    }

    #[track_caller]
    pub(crate) fn wait_for(&self, selector: &str) {
        self.wait(selector, || self.count(selector) > 0);
    }

    #[track_caller]
    pub(crate) fn wait_for_text(&self, selector: &str, text: &str) {
        let script =
            "return document.querySelector(arguments[0])?.textContent.includes(arguments[1]) ?? false";
        let asked = json!({ "script": script, "args": [selector, text] });
        self.wait(&format!("«{text}» in {selector}"), || self.post("/execute/sync", &asked) == true);
    }

    #[track_caller]
    fn wait(&self, what: &str, is_there: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_there() {
            let text = || self.run("return document.body.innerText");
            assert!(began.elapsed() < PATIENCE, "{what} does not come at {}: {}", self.url(), text());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Keeps a picture of the page, and holds that nothing in it keeps somebody out: what axe-core finds.
    #[track_caller]
    pub(crate) fn check_open_to_all(&self, name: &str) {
        self.keep_picture(name);
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
        let axe = std::fs::read_to_string(cache.join("weir").join(AXE));
        self.run(&axe.expect("axe-core is there; `./x setup` fetches it"));
        let script = "const done = arguments[0]; axe.run().then(found => done(found.violations.map(one => \
                      one.id + ': ' + one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | '))))";
        let found = self.post("/execute/async", &json!({ "script": script, "args": [] }));
        let found: Vec<&str> = found.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(found.is_empty(), "{name}: {}", found.join("\n"));
    }

    /// The whole page, as high as it is.
    fn keep_picture(&self, name: &str) {
        let folder = target().join("console");
        std::fs::create_dir_all(&folder).unwrap();
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let command = json!({ "cmd": "Page.captureScreenshot", "params": params });
        let picture = self.post("/goog/cdp/execute", &command);
        let text = picture["data"].as_str().unwrap();
        std::fs::write(folder.join(format!("{name}.png")), from_base64(text)).unwrap();
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        // The one field has a name that the standard made up.
        let id = found.as_object().and_then(|found| found.values().next()).and_then(Value::as_str);
        id.unwrap_or_else(|| panic!("{selector}: {found}")).to_owned()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let asked = self.agent.post(format!("{}{path}", self.session)).send(body.to_string());
        let text = asked.unwrap().body_mut().read_to_string().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let value = answer["value"].clone();
        assert!(value.get("error").is_none(), "{path} {body}: {}", value["message"]);
        value
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where what is built goes.
fn target() -> PathBuf {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_weir"));
    program.parent().and_then(|profile| profile.parent()).unwrap().to_owned()
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
    digits
        .chunks(4)
        .flat_map(|four| {
            let bits = four.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
            let missing = 4 - four.len();
            let [_, bytes @ ..] = (bits << (6 * missing)).to_be_bytes();
            bytes.into_iter().take(3 - missing)
        })
        .collect()
}
