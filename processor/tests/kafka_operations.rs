//! Operations over HTTP on a real broker: any instance tells of all of them, also of one that has died, and of what was
//! declined, whichever declined it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use loadtest::generate::{Operator, Profile};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use support::kafka::{PARTITIONS, Site};

const LONG: Duration = Duration::from_secs(90);

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn get(url: &str) -> (u16, Value) {
    let mut answer = agent().get(url).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
}

fn post(url: &str, body: &Value) -> (u16, Value) {
    let mut answer = agent().post(url).content_type("application/json").send(body.to_string()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
}

/// Asks until the answer is what is waited for.
#[track_caller]
fn wait(url: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + LONG;
    loop {
        let (status, answer) = get(url);
        if status == 200 && is_there(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{url}: {status} {answer:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The partitions that each instance shows at work, by where it is reached.
fn at_work(fleet: &Value) -> Vec<(String, Vec<u64>)> {
    let of = |instance: &Value| {
        let partitions = instance["figures"]["partitions"].as_array().cloned().unwrap_or_default();
        let here = partitions.iter().filter(|partition| partition["state"] == "at_work");
        let here = here.map(|partition| partition["partition"].as_u64().unwrap()).collect();
        (instance["url"].as_str().unwrap_or_default().to_owned(), here)
    };
    let mut told: Vec<_> = fleet["instances"].as_array().unwrap().iter().map(of).collect();
    told.sort();
    told
}

fn is_whole(fleet: &Value) -> bool {
    let mut all: Vec<u64> = at_work(fleet).into_iter().flat_map(|(_, partitions)| partitions).collect();
    all.sort_unstable();
    all == (0..u64::from(PARTITIONS)).collect::<Vec<_>>() && fleet["nobodys"] == json!([])
}

#[test]
fn any_instance_tells_of_all_and_of_what_was_declined_also_where_one_has_died() {
    let mut site = Site::new("operations");
    let mut operator = Operator::new(Profile { subscribers: 60, ..Profile::demo() });
    let (mut one, mut other) = (site.instance("one"), site.instance("other"));
    one.wait_until_ready();
    other.wait_until_ready();
    let mut accounts = Vec::new();
    for _ in 0..4 {
        for event in operator.next_day() {
            accounts.push(event.account_id.to_string());
            site.tell(&event);
        }
    }
    site.wait_until_done(LONG);
    let (first, second) = (one.api(), other.api());
    let both_work = |fleet: &Value| {
        let told = at_work(fleet);
        is_whole(fleet) && told.len() == 2 && told.iter().all(|(_, partitions)| !partitions.is_empty())
    };
    let by_one = wait(&format!("{first}/v1/instances"), both_work);
    let by_other = wait(&format!("{second}/v1/instances"), both_work);
    assert_eq!(at_work(&by_one), at_work(&by_other), "both tell of the same");
    assert_eq!(by_one["partitions"], PARTITIONS);
    let own = by_one["instances"].as_array().unwrap().iter().find(|one| one["this_one"] == true).unwrap();
    assert_eq!((own["url"].as_str(), own["standing"].as_str()), (Some(first.as_str()), Some("ready")));

    let order =
        json!({ "order": "assign_plan", "why": "a try", "plan": "no-such-plan", "event_id": "try-1" });
    let account = &accounts[0];
    assert_eq!(post(&format!("{first}/v1/accounts/{account}/controls"), &order).0, 202);
    let of_it = format!("/v1/rejects?account={account}&reason=unknown_plan");
    for url in [&first, &second] {
        let page = wait(&format!("{url}{of_it}"), |page| page["items"].as_array().unwrap().len() == 1);
        assert_eq!((&page["items"][0]["event_id"], &page["whole"]), (&json!("try-1"), &json!(true)));
        let place =
            format!("{url}/v1/rejects/{}/{}", page["items"][0]["partition"], page["items"][0]["offset"]);
        assert_eq!(get(&place).1["event"]["plan"], "no-such-plan");
        let (status, told) = post(&format!("{place}/resend"), &json!({ "why": "there is one now" }));
        assert_eq!((status, &told["outcome"]), (200, &json!("known")), "{told:#}");
        let sure = json!({ "why": "there is one now", "even_known": true });
        let (status, told) = post(&format!("{place}/resend"), &sure);
        assert_eq!((status, &told["outcome"]), (200, &json!("sent")), "{told:#}");
        let here = &page["items"][0];
        let named = json!([
            { "partition": here["partition"], "offset": here["offset"] }, { "partition": 0, "offset": 1_000_000 },
        ]);
        let several = json!({ "why": "again", "rejects": named, "even_known": true, "id": "several-1" });
        let (status, told) = post(&format!("{url}/v1/rejects/resend"), &several);
        assert_eq!((status, &told["items"][0]["outcome"]), (200, &json!("sent")), "{told:#}");
        assert_eq!(told["items"][1]["outcome"], "not_there", "{told:#}");
        assert_eq!(post(&format!("{url}/v1/rejects/resend"), &several), (200, told));
    }
    let (status, problem) = get(&format!("{first}/v1/rejects/0/1000000"));
    assert_eq!((status, &problem["type"]), (404, &json!("urn:weir:problem:unknown-reject")));

    other.kill();
    let silent = |fleet: &Value| {
        let mut instances = fleet["instances"].as_array().unwrap().iter();
        instances.any(|one| one["url"] == second.as_str() && one["standing"] == "silent")
    };
    let fleet = wait(&format!("{first}/v1/instances"), silent);
    let lost =
        &fleet["instances"].as_array().unwrap().iter().find(|one| one["url"] == second.as_str()).unwrap();
    assert!(!lost["claims"].as_array().unwrap().is_empty(), "what it said it works on is told: {fleet:#}");
    wait(&format!("{first}/v1/instances"), is_whole);
    one.terminate();
}
