//! What whoever runs Weir asks of it over HTTP, on the demo, which is a real instance: how it stands, what it declined,
//! and to take that once more.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The demo, until the test ends.
struct Demo {
    process: Child,
    root: String,
}

impl Demo {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
        command.args(["demo", "--subscribers", "300", "--day", "20s", "--for", "3m"]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let root = lines.find_map(|line| {
            let (_, from) = line.split_once("http://").filter(|_| line.contains("/console"))?;
            Some(format!("http://{}", from.split('/').next()?))
        });
        // What it says further is read, or it would wait to be heard.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, root: root.expect("the demo says where its console is") }
    }

    /// What is answered at a path, whatever it is.
    fn get(&self, path: &str) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(format!("{}{path}", self.root)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let asked = agent.post(format!("{}{path}", self.root)).content_type("application/json");
        let mut answer = asked.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    /// Asks until the answer is what is waited for.
    #[track_caller]
    fn wait(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let (status, answer) = self.get(path);
            if status == 200 && is_there(&answer) {
                return answer;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{path}: {status} {answer:#}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn count(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

#[test]
fn how_an_instance_stands_is_told_out_of_what_it_does() {
    let demo = Demo::start();
    let works = |told: &Value| {
        let partitions = told["instances"][0]["figures"]["partitions"].as_array().unwrap();
        let is_at_work =
            |partition: &Value| partition["state"] == "at_work" && partition["cached_debtors"] != 0;
        let rate = |name: &str| told["instances"][0]["figures"][name].as_f64().is_some_and(|rate| rate > 0.0);
        partitions.len() == 4
            && partitions.iter().all(is_at_work)
            && rate("events_per_second")
            && rate("commit_p99_ms")
    };
    let told = demo.wait("/v1/instances", works);
    assert_eq!((&told["partitions"], count(&told["instances"])), (&json!(4), 1));
    assert_eq!((&told["nobodys"], &told["elsewhere"]), (&json!([]), &json!([])));
    let only = &told["instances"][0];
    assert_eq!((&only["standing"], &only["waits_for"]), (&json!("ready"), &json!(null)));
    assert!(only["figures"]["commit_p50_ms"].as_f64() <= only["figures"]["commit_p99_ms"].as_f64());
}

#[test]
fn what_was_declined_is_found_shown_and_sent_again() {
    let demo = Demo::start();
    let accounts = demo.wait("/v1/accounts?limit=1", |page| count(&page["items"]) == 1);
    let account = accounts["items"][0]["account_id"].as_str().unwrap().to_owned();
    let order =
        json!({ "order": "assign_plan", "why": "a try", "plan": "no-such-plan", "event_id": "try-1" });
    assert_eq!(demo.post(&format!("/v1/accounts/{account}/controls"), &order).0, 202);

    let of_it = format!("/v1/rejects?account={account}&reason=unknown_plan");
    let page = demo.wait(&of_it, |page| count(&page["items"]) == 1);
    let reject = &page["items"][0];
    assert_eq!((&reject["event_id"], &reject["account_id"]), (&json!("try-1"), &json!(account)));
    assert_eq!(reject["came_from"]["topic"], "weir.controls");
    assert_eq!((&page["older"], &page["whole"]), (&json!(0), &json!(true)));
    assert_eq!(count(&demo.get("/v1/rejects?reason=no_such_reason").1["items"]), 0);

    let place = format!("/v1/rejects/{}/{}", reject["partition"], reject["offset"]);
    let (status, details) = demo.get(&place);
    assert_eq!((status, &details["reason"]), (200, &json!("unknown_plan")));
    let event = &details["event"];
    assert_eq!((&event["plan"], &event["why"]), (&json!("no-such-plan"), &json!("a try")), "{details:#}");
    assert!(details["value_hex"].as_str().unwrap().len() > 20);
    assert_eq!(demo.get("/v1/rejects/0/4000000000").0, 404);
    assert_eq!(demo.get("/v1/rejects/99/0").0, 404);

    let (status, told) =
        demo.post(&format!("{place}/resend"), &json!({ "why": "there is one now", "even_known": true }));
    assert_eq!((status, &told["outcome"]), (200, &json!("sent")), "{told:#}");
    assert_eq!(told["sent_to"]["topic"], "weir.controls");
    assert_eq!(told["account_id"], json!(account));
    // It came to its partition, which has seen its id, and says so.
    let lines = format!("/v1/accounts/{account}/records?limit=50");
    let is_seen = |line: &Value| line["kind"] == "duplicate" && line["event_id"] == "try-1";
    demo.wait(&lines, |page| page["items"].as_array().unwrap().iter().any(is_seen));

    let order =
        json!({ "order": "assign_plan", "why": "a try", "plan": "no-such-plan", "event_id": "try-2" });
    assert_eq!(demo.post(&format!("/v1/accounts/{account}/controls"), &order).0, 202);
    let page = demo.wait(&of_it, |page| count(&page["items"]) == 2);
    assert_eq!((&page["items"][0]["event_id"], &page["older"]), (&json!("try-2"), &json!(0)), "{page:#}");
    let (_, newest) = demo.get(&format!("{of_it}&limit=1"));
    assert_eq!((&newest["items"][0]["event_id"], &newest["older"]), (&json!("try-2"), &json!(1)));
    let (_, late) = demo.get(&format!("{of_it}&since={}", page["items"][0]["rejected_at"].as_str().unwrap()));
    assert_eq!((count(&late["items"]), &late["items"][0]["event_id"]), (1, &json!("try-2")));
}
