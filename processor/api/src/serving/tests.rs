//! Who is answered what, over a real socket.

mod noted;
mod nothing;
mod ruling;

use super::*;
use crate::accounts::{Looked, Unread};
use crate::held::{Held, Judgement};
use crate::lists::asked::{Field, Filter};
use crate::lists::counts::Count;
use crate::lists::{Listed, Partitions, Place};
use crate::owners::{Alone, Owner};
use crate::who::tokens::{Token, Tokens, sha256};
use crate::who::{Person, Role, Segments};
use decision::ids::DebtorId;
use decision::time::Timestamp;
use decision::{Debtor, Moment, Policies};
use nothing::Nothing;
use ruling::OneVersion;
use schemas::HistoryLine;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::Duration;

/// One consumer, one business, one of no segment yet; and one that is looked for a second.
struct Few {
    policies: Arc<Policies>,
    /// Whose partition is another instance's.
    elsewhere: Option<&'static str>,
}

const SLOW: &str = "slow";
const PHONE: &str = "+491711234578";

impl Few {
    fn new() -> Self {
        let text = include_str!("../../../../docs/examples/soft.policy.yaml");
        let policy = policy::parse("soft.policy.yaml", text).unwrap().policy;
        Self { policies: Arc::new(Policies::new(vec![policy]).unwrap()), elsewhere: None }
    }
}

fn debtor(id: &str, segment: Option<&str>) -> Debtor {
    let mut form = serde_json::to_value(Debtor::new(id.into())).unwrap();
    form["segment"] = match segment {
        Some(name) => serde_json::json!({ "name": name, "policy_hash": "00" }),
        None => serde_json::Value::Null,
    };
    let mut snapshot =
        serde_json::json!({ "payment_mode": "postpaid", "opt_outs": [], "services": [], "closed": false });
    snapshot["contacts"] = serde_json::json!({ "sms": PHONE });
    snapshot["attributes"] = serde_json::to_value(std::collections::BTreeMap::from([
        ("name", decision::account::AttributeValue::String("Anna Schmidt".into())),
        ("tariff", decision::account::AttributeValue::Long(7)),
    ]))
    .unwrap();
    form["members"] = serde_json::json!([{ "account_id": id, "snapshot": snapshot, "balances": [] }]);
    serde_json::from_value(form).unwrap()
}

impl Accounts for Few {
    fn debtor(&self, id: &DebtorId) -> Result<Looked, Unread> {
        if self.elsewhere.is_some_and(|other| id.as_str() == other) {
            return Err(Unread::NotHere { partition: 3 });
        }
        let segment = match id.as_str() {
            PHONE => Some(Some("consumer")),
            "business" => Some(Some("business")),
            "new" => Some(None),
            id if id.starts_with("follows-") => Some(Some("consumer")),
            SLOW => {
                std::thread::sleep(Duration::from_secs(1));
                None
            }
            _ => None,
        };
        Ok(Looked {
            debtor: segment.map(|segment| debtor(id.as_str(), segment)),
            moment: Moment { now: Timestamp(0), horizon: Timestamp(0) },
            policies: self.policies.clone(),
            policy_revision: None,
        })
    }

    fn history(&self, _: &DebtorId, _: Option<i64>, _: usize) -> Result<Vec<HistoryLine>, Unread> {
        Ok(Vec::new())
    }
}

/// All of them lie in one partition.
impl Lists for Few {
    fn partitions(&self) -> Result<Partitions, Unread> {
        Ok(Partitions { count: 1, at_work: vec![0] })
    }

    fn listed(&self, _: &[u32], filter: &Filter, _: Option<&Place>, _: usize) -> Result<Listed, Unread> {
        let is_wanted = |debtor: &Debtor| {
            let wanted = filter.fields.iter().find(|(field, _)| *field == Field::Segment);
            let segment = debtor.segment.as_ref().map(|segment| segment.name.to_string());
            wanted.is_none_or(|(_, names)| segment.is_some_and(|segment| names.contains(&segment)))
        };
        let mut lines = Vec::new();
        for id in [PHONE, "business", "new"] {
            let looked = self.debtor(&id.into())?;
            // One that has moved to another segment a moment ago is still on the list that it was on.
            if looked.debtor.as_ref().is_some_and(|debtor| is_wanted(debtor) || id == "business") {
                lines.push((Place { rank: 0, debtor: id.into() }, looked));
            }
        }
        Ok(Listed { lines, next: None })
    }

    fn counts(&self, _: &[u32]) -> Result<Vec<Count>, Unread> {
        Ok(Vec::new())
    }

    fn held(&self, _: &[u32], _: usize) -> Result<Held, Unread> {
        Ok(Held::default())
    }
}

#[test]
fn agents_find_only_the_accounts_of_their_segments_on_lists() {
    let server = quick();
    let ids = |answer: &str| {
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let page: serde_json::Value = serde_json::from_str(body).unwrap();
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| item["account_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (who, query, expected) in [
        ("mona", "", &[PHONE, "business", "new"][..]),
        ("vera", "", &[PHONE, "business", "new"]),
        ("anna", "", &[PHONE]),
        ("anna", "?segment=consumer", &[PHONE]),
        ("sven", "?stage=bar&phone=1", &[PHONE]),
    ] {
        let answer = ask(&server, &format!("/v1/accounts{query}"), Some(who));
        check(&answer, 200, &[]);
        assert_eq!(ids(&answer), expected, "{who} {query}");
    }
    for query in ["?segment=business", "?segment=consumer,business"] {
        check(&ask(&server, &format!("/v1/accounts{query}"), Some("anna")), 403, &["segment"]);
    }
}

fn tokens() -> Arc<dyn Authority> {
    let some = || Segments::Of(["consumer".to_owned()].into());
    let people = [
        ("vera", Role::Viewer, Segments::All),
        ("anna", Role::Agent, some()),
        ("sven", Role::Senior, some()),
        ("mona", Role::Manager, Segments::All),
        ("adam", Role::Admin, Segments::All),
    ];
    let of = |(name, role, segments): (&str, Role, Segments)| Token {
        person: Person { name: name.into(), role, segments },
        sha256: sha256(&format!("weir_{name}")),
    };
    Arc::new(Tokens::of(people.map(of).into()))
}

/// Serves some accounts, to those who have a token.
fn served(accounts: Few, owners: Arc<dyn Owners>, per_second: u32, limits: Limits) -> Server {
    let accounts = Arc::new(accounts);
    let sources = Sources { owners, ..few_of(accounts) };
    let rate_per_second = NonZeroU32::new(per_second).unwrap();
    let access = Access { authority: tokens(), rate_per_second, tls: None };
    serve_within(([127, 0, 0, 1], 0).into(), sources, access, (limits, Bounds::default()), |_| Router::new())
        .unwrap()
}

/// What is answered out of a few accounts, by an instance that is alone.
fn few() -> Sources {
    few_of(Arc::new(Few::new()))
}

fn few_of(accounts: Arc<Few>) -> Sources {
    Sources {
        lists: accounts.clone(),
        accounts,
        owners: Arc::new(Alone),
        orders: Arc::new(NoOrders),
        instances: Arc::new(Nothing),
        rejects: Arc::new(Nothing),
        versions: Arc::new(OneVersion),
    }
}

fn quick() -> Server {
    served(Few::new(), Arc::new(Alone), 1_000, Limits::default())
}

/// What is answered at this path to whoever has this token.
fn ask(server: &Server, path: &str, token: Option<&str>) -> String {
    let said = token.map(|token| format!("Authorization: Bearer weir_{token}\r\n")).unwrap_or_default();
    ask_saying(server, &format!("GET {path} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n{said}\r\n"))
}

fn ask_saying(server: &Server, said: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(said.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[track_caller]
fn check(answer: &str, status: u16, parts: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status} was expected:\n{answer}");
    if status >= 400 {
        assert!(answer.contains("content-type: application/problem+json"), "it is no problem:\n{answer}");
    }
    for part in parts {
        assert!(answer.contains(part), "«{part}» is not in:\n{answer}");
    }
}

/// Every path that answers about an account, or takes an order on it.
fn account_paths() -> Vec<String> {
    document().paths.paths.into_keys().collect()
}

/// Those that answer about one account.
fn answering_paths() -> Vec<String> {
    let paths = document().paths.paths.into_iter().filter(|(path, _)| path.contains("{id}"));
    paths.filter(|(_, path)| path.get.is_some()).map(|(path, _)| path.replace("{control}", "C-1")).collect()
}

#[test]
fn nobody_is_answered_without_a_token_but_for_what_the_document_says() {
    let server = quick();
    let mut paths = account_paths();
    assert!(paths.len() >= 3, "{paths:?}");
    let others = ["/nothing", "/v1/accounts", "/v1/instances", "/v1/rejects", "/v1/rejects/0/0"];
    paths.extend(others.map(str::to_owned));
    for path in paths {
        check(&ask(&server, &path, None), 401, &["www-authenticate: Bearer", "urn:weir:problem:no-token"]);
        let told = ask(&server, &path, Some("nobody"));
        check(&told, 401, &["www-authenticate: Bearer", "urn:weir:problem:unknown-token"]);
        assert!(!told.contains("weir_nobody"), "the token is told: {told}");
    }
    check(&ask(&server, "/nothing", Some("vera")), 404, &["no-such-path"]);
    check(&ask(&server, "/openapi.json", None), 200, &["\"bearer\"", "\"429\"", "\"401\""]);
}

#[test]
fn agents_see_only_the_accounts_of_their_segments_at_every_path() {
    let server = quick();
    let phone = "%2B491711234578";
    let rows = [
        ("vera", phone, true),
        ("vera", "business", true),
        ("anna", phone, true),
        ("anna", "business", false),
        ("anna", "new", false),
        ("sven", phone, true),
        ("sven", "business", false),
        ("mona", "business", true),
        ("mona", "new", true),
        ("adam", "business", true),
    ];
    for (who, id, sees) in rows {
        for path in answering_paths() {
            // Whatever else a path wants to know; to what it does not want it answers 400.
            let asked = if path.ends_with("why-not") { "?rule=low-balance" } else { "" };
            let answer = ask(&server, &format!("{}{asked}", path.replace("{id}", id)), Some(who));
            if sees {
                check(&answer, 200, &[]);
            } else {
                check(&answer, 403, &["urn:weir:problem:segment", "not in your segments"]);
                assert!(!answer.contains("+49"), "{answer}");
            }
        }
    }
    check(&ask(&server, "/v1/accounts/unknown", Some("anna")), 404, &["urn:weir:problem:unknown-account"]);
}

#[test]
fn viewers_order_nothing_and_agents_only_what_they_see() {
    let (logged, server) = (logged(), quick());
    let order = |who: &str, id: &str| {
        let body = r#"{"order":"exempt","why":"by law"}"#;
        let said = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        let head = format!("POST /v1/accounts/{id}/controls HTTP/1.1\r\nHost: weir\r\nConnection: close");
        ask_saying(&server, &format!("{head}\r\nAuthorization: Bearer weir_{who}\r\n{said}\r\n\r\n{body}"))
    };
    check(&order("vera", "business"), 403, &["urn:weir:problem:role"]);
    check(&order("anna", "business"), 403, &["urn:weir:problem:segment"]);
    // There is no log here.
    check(&order("anna", "%2B491711234578"), 503, &["urn:weir:problem:not-given"]);
    check(&order("mona", "business"), 503, &["urn:weir:problem:not-given"]);
    let noted = logged.lines(&["audit", "POST", "account=\"business\"", "who=\"mona\""]);
    assert_eq!(noted.len(), 1, "an order is noted as one: {noted:?}");
}

#[test]
fn a_viewer_sees_contacts_and_texts_masked() {
    let server = quick();
    let path = "/v1/accounts/%2B491711234578";
    let masked = [r#""sms":"+49********78""#, r#""name":"Ann*******dt""#, r#""tariff":7"#];
    let whole = [r#""sms":"+491711234578""#, r#""name":"Anna Schmidt""#, r#""tariff":7"#];
    for (who, expected) in
        [("vera", masked), ("anna", whole), ("sven", whole), ("mona", whole), ("adam", whole)]
    {
        check(&ask(&server, path, Some(who)), 200, &expected);
    }
}

#[test]
fn whoever_asks_too_often_is_told_when_to_ask_again_and_nobody_else_is() {
    let server = served(Few::new(), Arc::new(Alone), 1, Limits::default());
    // However slow this machine is just now, some of them come within a second.
    let answers: Vec<_> = (0..20).map(|_| ask(&server, "/v1/accounts/new", Some("mona"))).collect();
    answers.iter().take(2).for_each(|answer| check(answer, 200, &[]));
    let declined = answers.iter().find(|answer| !answer.starts_with("HTTP/1.1 200")).unwrap();
    check(declined, 429, &["retry-after: 1", "urn:weir:problem:rate"]);
    check(&ask(&server, "/v1/accounts/new", Some("adam")), 200, &[]);
}

#[test]
fn what_takes_too_long_or_comes_beside_too_much_else_is_given_up() {
    let limits = Limits { time: Duration::from_millis(100), ..Limits::default() };
    let server = served(Few::new(), Arc::new(Alone), 1_000, limits);
    check(
        &ask(&server, "/v1/accounts/slow", Some("mona")),
        503,
        &["urn:weir:problem:slow", "retry-after: 2"],
    );

    let server = served(Few::new(), Arc::new(Alone), 1_000, Limits { at_once: 1, ..Limits::default() });
    std::thread::scope(|threads| {
        let slow = threads.spawn(|| ask(&server, "/v1/accounts/slow", Some("mona")));
        std::thread::sleep(Duration::from_millis(300));
        let beside = ask(&server, "/v1/accounts/new", Some("mona"));
        check(&beside, 503, &["urn:weir:problem:busy", "retry-after: 1"]);
        check(&slow.join().unwrap(), 404, &[]);
    });
    check(&ask(&server, "/v1/accounts/new", Some("mona")), 200, &[]);
}

#[test]
fn what_is_too_long_is_declined_before_anybody_is_asked_who_they_are() {
    let server = quick();
    check(
        &ask(&server, &format!("/v1/accounts/{}", "a".repeat(5_000)), None),
        414,
        &["urn:weir:problem:long-url"],
    );
    let body =
        "GET /v1/accounts/new HTTP/1.1\r\nHost: weir\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n";
    check(&ask_saying(&server, body), 413, &["urn:weir:problem:large-body"]);
}

#[test]
fn a_question_has_no_body_and_what_takes_orders_answers_none() {
    let server = quick();
    let ask = |path: &str| {
        let said = "Connection: close\r\nAuthorization: Bearer weir_mona\r\nContent-Length: 1";
        ask_saying(&server, &format!("GET /v1/accounts/new{path} HTTP/1.1\r\nHost: weir\r\n{said}\r\n\r\nx"))
    };
    check(&ask(""), 400, &["a question has no body"]);
    check(&ask("/controls"), 405, &["urn:weir:problem:no-such-method"]);
}

/// What is logged, as it is written.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Logged {
    /// The lines so far that have all of these.
    fn lines(&self, parts: &[&str]) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let has = |line: &&str| parts.iter().all(|part| line.contains(part));
        text.lines().filter(has).map(str::to_owned).collect()
    }
}

/// Nothing is ordered here.
struct NoOrders;

impl Orders for NoOrders {
    fn now(&self) -> Timestamp {
        Timestamp::EARLIEST
    }

    fn give(&self, _: &decision::Event) -> Result<(), crate::controls::NotGiven> {
        Err(crate::controls::NotGiven)
    }

    fn judge(&self, _: &Judgement) -> Result<(), crate::controls::NotGiven> {
        Err(crate::controls::NotGiven)
    }
}

/// The other instance has the partition.
struct There(Arc<str>);

impl Owners for There {
    fn owner_of(&self, _: u32) -> Owner {
        Owner::At(self.0.clone())
    }
}

/// All that is logged while tests run comes to one place: each test that looks asks about an account of its own.
fn logged() -> &'static Logged {
    static LOGGED: std::sync::OnceLock<Logged> = std::sync::OnceLock::new();
    LOGGED.get_or_init(|| {
        let logged = Logged::default();
        let to = logged.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_max_level(tracing::Level::TRACE);
        subscriber.with_writer(move || to.clone()).init();
        logged
    })
}

#[test]
fn whoever_the_provider_knows_is_let_in_and_who_is_not_is_told_why() {
    use crate::who::oidc::testing::{Does, Pair, Provider, until};
    use serde_json::json;
    let logged = logged();
    let (pair, gone) = (Pair::ed("k"), Pair::ed("gone"));
    let provider = Provider::start(Does::Says("500 Internal Server Error\r\n\r\n".to_owned()));
    let sources = few();
    let authority = Arc::new(provider.quickly(provider.settings()));
    let access = Access { authority, rate_per_second: NonZeroU32::new(1_000).unwrap(), tls: None };
    let bounds = (Limits::default(), Bounds::default());
    let server =
        serve_within(([127, 0, 0, 1], 0).into(), sources, access, bounds, |_| Router::new()).unwrap();
    let asked = |token: &str| {
        let said = format!("Host: weir\r\nConnection: close\r\nAuthorization: Bearer {token}");
        ask_saying(&server, &format!("GET /v1/accounts/business HTTP/1.1\r\n{said}\r\n\r\n"))
    };
    let of = |beside| pair.token("EdDSA", &provider.claims(beside));
    let manager = of(json!({ "roles": ["manager"] }));
    check(&asked(&manager), 503, &["urn:weir:problem:provider-silent", "retry-after: 2"]);
    provider.does(Does::Tells(vec![pair.jwk(json!({}))]));
    until("the provider is heard", || asked(&manager).starts_with("HTTP/1.1 200 "));
    let invalid = "www-authenticate: Bearer error=\"invalid_token\"";
    let unscoped = "www-authenticate: Bearer error=\"insufficient_scope\"";
    let rows = [
        (of(json!({})), 403, "urn:weir:problem:segment", ""),
        (of(json!({ "segments": "business" })), 200, "", ""),
        (of(json!({ "exp": 1 })), 401, "urn:weir:problem:expired-token", invalid),
        (of(json!({ "aud": "console" })), 401, "urn:weir:problem:other-audience", invalid),
        (of(json!({ "iss": "https://other.example" })), 401, "urn:weir:problem:other-issuer", invalid),
        (of(json!({ "roles": ["guest"] })), 403, "urn:weir:problem:no-role", unscoped),
        (of(json!({ "segments": [] })), 403, "urn:weir:problem:no-segments", unscoped),
        ("weir_mona".to_owned(), 401, "urn:weir:problem:malformed-token", invalid),
        (manager.replace('.', ".A"), 401, "urn:weir:problem:", invalid),
        (gone.token("EdDSA", &provider.claims(json!({}))), 0, "urn:weir:problem:", ""),
    ];
    for (token, status, problem, header) in rows {
        let answer = asked(&token);
        if status > 0 {
            check(&answer, status, &[problem, header]);
        } else {
            assert!(answer.starts_with("HTTP/1.1 401") || answer.starts_with("HTTP/1.1 503"), "{answer}");
        }
        let (_, signature) = token.rsplit_once('.').unwrap_or(("", &token));
        assert!(!answer.contains(signature), "the token is told: {answer}");
        assert!(logged.lines(&[signature]).is_empty(), "the token is logged");
    }
    let begun = std::time::Instant::now();
    drop(server);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the thread that asks the provider ends with the server"
    );
}
