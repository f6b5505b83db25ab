//! What the tests of the API share: accounts whose lives were played, served over HTTP, and a client.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

mod operations;

use api::Server;
use api::accounts::{Accounts, Looked, Unread};
use api::controls::{NotGiven, Orders};
use api::held::{Held, HeldOrder, Judgement};
use api::lists::asked::Filter;
use api::lists::counts::{Count, CountedBy};
use api::lists::{Listed, Lists, Partitions, Place};
use api::owners::{Owner, Owners};
use api::policies::{self, Versions};
use api::serving::{self, Access, Sources};
use api::who::{Authority, Denied, Open, Person, Role, Segments};
use decision::ids::DebtorId;
use decision::{Debtor, Event, Moment, Policies, time::Timestamp};
use lives::{Life, Reports};
use schemas::HistoryLine;
use schemas::files::read_line;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub const POLICY: &str = r#"
policy: soft
version: "1"
time_zone: Asia/Tashkent
currency: USD
language: en
balances: { main: { unit: money }, data: { unit: bytes } }
attributes: { customer_type: { type: string } }
thresholds:
  - { id: low, balance: main, falls_to: [50.00, 20.00], do: [ { message: { template: low, channel: sms, class: service } } ] }
segments: [ { name: everyone, group: all } ]
groups: { all: { standard: soft, plans: [soft] } }
plans:
  soft:
    stages:
      - { stage: remind, after: 5d, do: [ { message: { template: reminder, channel: sms, class: statutory } } ] }
      - { stage: bar, after: 15d, do: [ { provision: { operation: bar_outgoing, undo: unbar_outgoing, cuts_off: true } } ] }
templates: { low: { en: low }, reminder: { en: pay } }
"#;

/// A balance that falls below a line, an invoice of which a part is paid, another that is contested.
pub const EVENTS: [&str; 8] = [
    r#"{"event":"account","account_id":"A-1","occurred_at":"2026-03-01T05:00:00Z","payment_mode":"postpaid","language":"en","contacts":{"sms":"+998901234567"},"services":[{"service_id":"S-1","kind":"mobile"}],"attributes":{"customer_type":"soho"}}"#,
    r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T06:00:00Z","name":"main","value":9000,"currency":"USD"}"#,
    r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T07:00:00Z","name":"main","value":4000,"currency":"USD"}"#,
    r#"{"event":"balance","account_id":"A-1","occurred_at":"2026-03-01T07:30:00Z","name":"data","value":4000}"#,
    r#"{"event":"invoice","account_id":"A-1","occurred_at":"2026-03-02T05:00:00Z","invoice_id":"B1","amount":12000,"currency":"USD","issued":"2026-03-02","due":"2026-03-10"}"#,
    r#"{"event":"invoice","account_id":"A-1","occurred_at":"2026-03-02T05:00:00Z","invoice_id":"B2","amount":3000,"currency":"USD","issued":"2026-03-02","due":"2026-03-10"}"#,
    r#"{"event":"payment","account_id":"A-1","occurred_at":"2026-03-11T05:00:00Z","payment_id":"P1","amount":2000,"currency":"USD"}"#,
    r#"{"event":"control","account_id":"A-1","occurred_at":"2026-03-12T05:00:00Z","by":"anna","role":"agent","why":"wrong amount","order":"dispute","hold_id":"D1","amount":3000,"invoices":["B2"]}"#,
];

pub fn policies() -> Arc<Policies> {
    Arc::new(policy::parse("soft.policy.yaml", POLICY).unwrap().policy.into())
}

/// An account after its life, and the history of that.
#[derive(Clone)]
pub struct Known {
    pub debtor: Debtor,
    pub lines: Vec<HistoryLine>,
    pub moment: Moment,
}

/// Plays the events up to this moment.
pub fn play(until: &str) -> Known {
    let policies = policies();
    let events: Vec<_> = EVENTS
        .iter()
        .enumerate()
        .map(|(at, line)| read_line(line, format!("events:{at}")).unwrap().event)
        .collect();
    let mut lines = Vec::new();
    let mut hear = |decided: lives::Decided<'_>| {
        lines.extend(decided.decisions.records.iter().map(HistoryLine::new));
    };
    let mut life = Life::new("A-1".into(), (*policies).clone(), Reports::Auto, events[0].occurred_at);
    for event in &events {
        life.run_to(event.occurred_at, &mut hear).unwrap();
        life.happens(event, &mut hear);
    }
    life.run_to(Timestamp::parse(until).unwrap(), &mut hear).unwrap();
    Known { debtor: life.debtor().clone(), moment: life.moment(), lines }
}

/// Accounts that are kept here, as long as the partition is at work.
pub struct Keeper {
    known: BTreeMap<DebtorId, Known>,
    pub is_at_work: AtomicBool,
    pub is_broken: AtomicBool,
    /// What was asked of the lists.
    pub asked: Mutex<Vec<Filter>>,
}

/// The partition of all accounts.
pub const PARTITION: u32 = 3;

impl Keeper {
    pub fn of(known: impl IntoIterator<Item = Known>) -> Self {
        let known = known.into_iter().map(|known| (known.debtor.id.clone(), known)).collect();
        Self {
            known,
            is_at_work: AtomicBool::new(true),
            is_broken: AtomicBool::new(false),
            asked: Mutex::default(),
        }
    }

    fn check(&self) -> Result<(), Unread> {
        if self.is_broken.load(Ordering::SeqCst) {
            return Err(Unread::Failed);
        }
        let is_here = self.is_at_work.load(Ordering::SeqCst);
        if is_here { Ok(()) } else { Err(Unread::NotHere { partition: PARTITION }) }
    }
}

impl Accounts for Keeper {
    fn debtor(&self, id: &DebtorId) -> Result<Looked, Unread> {
        self.check()?;
        let known = self.known.get(id);
        let moment = self.known.values().next().unwrap().moment;
        let debtor = known.map(|known| known.debtor.clone());
        Ok(Looked { debtor, moment, policies: policies(), policy_revision: Some(7) })
    }

    fn history(
        &self,
        id: &DebtorId,
        before: Option<i64>,
        at_most: usize,
    ) -> Result<Vec<HistoryLine>, Unread> {
        self.check()?;
        let lines = self.known.get(id).map(|known| known.lines.clone()).unwrap_or_default();
        let before = before.unwrap_or(i64::MAX);
        Ok(lines.into_iter().rev().filter(|line| line.sequence < before).take(at_most).collect())
    }
}

/// All partitions but the one of the accounts are empty, and always at work here.
impl Lists for Keeper {
    fn partitions(&self) -> Result<Partitions, Unread> {
        let here = |partition: &u32| *partition != PARTITION || self.is_at_work.load(Ordering::SeqCst);
        Ok(Partitions { count: PARTITION + 1, at_work: (0..=PARTITION).filter(here).collect() })
    }

    fn listed(
        &self,
        partitions: &[u32],
        filter: &Filter,
        from: Option<&Place>,
        at_most: usize,
    ) -> Result<Listed, Unread> {
        if !partitions.contains(&PARTITION) {
            return Ok(Listed { lines: Vec::new(), next: None });
        }
        self.check()?;
        self.asked.lock().unwrap().push(filter.clone());
        let key = |place: &Place| (place.rank, place.debtor.to_string());
        let mut lines = Vec::new();
        for (id, known) in &self.known {
            let place = Place { rank: -known.debtor.owed.real.0, debtor: id.clone() };
            if from.is_none_or(|from| key(&place) >= key(from)) && -place.rank >= filter.min_debt {
                lines.push((place, Accounts::debtor(self, id)?));
            }
        }
        lines.sort_by_key(|(place, _)| key(place));
        let next = lines.get(at_most).map(|(place, _)| place.clone());
        lines.truncate(at_most);
        Ok(Listed { lines, next })
    }

    fn counts(&self, partitions: &[u32]) -> Result<Vec<Count>, Unread> {
        if !partitions.contains(&PARTITION) {
            return Ok(Vec::new());
        }
        self.check()?;
        let accounts = u64::try_from(self.known.len()).unwrap();
        Ok(vec![Count { by: CountedBy::Work, name: String::new(), accounts }])
    }

    /// An order of each account that is kept.
    fn held(&self, partitions: &[u32], at_most: usize) -> Result<Held, Unread> {
        if !partitions.contains(&PARTITION) {
            return Ok(Held::default());
        }
        self.check()?;
        let order = |id: &DebtorId| HeldOrder {
            partition: PARTITION,
            command_id: format!("bar of {id}"),
            account_id: id.to_string(),
            debtor_id: id.to_string(),
            decided_at: "2026-03-20T07:00:00Z".to_owned(),
            operation: "bar".to_owned(),
            services: Vec::new(),
            plan: Some("soft".to_owned()),
            stage: Some("bar".to_owned()),
        };
        let mut items: Vec<HeldOrder> = self.known.keys().map(order).collect();
        let more = items.len() > at_most;
        items.truncate(at_most);
        Ok(Held { items, more })
    }
}

/// Says what it was told of the partition of all accounts; nobody has another.
#[derive(Default)]
pub struct Told(pub Mutex<Option<Arc<str>>>);

impl Owners for Told {
    fn owner_of(&self, partition: u32) -> Owner {
        let owner = self.0.lock().unwrap().clone().filter(|_| partition == PARTITION);
        owner.map_or(Owner::Nobody, Owner::At)
    }
}

/// Hears what is ordered, as long as it is not deaf.
#[derive(Default)]
pub struct Heard {
    pub events: Mutex<Vec<Event>>,
    pub judged: Mutex<Vec<Judgement>>,
    pub is_deaf: AtomicBool,
}

impl Orders for Heard {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-03-20T07:00:00Z").unwrap()
    }

    fn give(&self, control: &Event) -> Result<(), NotGiven> {
        if self.is_deaf.load(Ordering::SeqCst) {
            return Err(NotGiven);
        }
        self.events.lock().unwrap().push(control.clone());
        Ok(())
    }

    fn judge(&self, judgement: &Judgement) -> Result<(), NotGiven> {
        if self.is_deaf.load(Ordering::SeqCst) {
            return Err(NotGiven);
        }
        self.judged.lock().unwrap().push(judgement.clone());
        Ok(())
    }
}

pub use operations::{Declined, Shown};
/// The versions of the policy that are known; none where nothing is known yet.
#[derive(Default)]
pub struct Ruling(pub Mutex<Option<policies::Known>>);

impl Versions for Ruling {
    fn versions(&self) -> Result<policies::Known, Unread> {
        self.0.lock().unwrap().clone().ok_or(Unread::NotBegun)
    }
}

/// Everyone is this one of the roles.
#[derive(Default)]
pub struct InRole(pub AtomicUsize);

impl Authority for InRole {
    fn who(&self, _: Option<&str>) -> Result<Person, Denied> {
        let role = Role::ALL[self.0.load(Ordering::SeqCst)];
        let some = Segments::Of(["soho".to_owned()].into());
        let segments = if role.has_segments() { some } else { Segments::All };
        Ok(Person { name: "anna".into(), role, segments })
    }
}

/// An instance that serves its accounts.
pub struct Instance {
    pub server: Server,
    pub keeper: Arc<Keeper>,
    pub owners: Arc<Told>,
    pub orders: Arc<Heard>,
    pub fleet: Arc<Shown>,
    pub declined: Arc<Declined>,
    pub ruling: Arc<Ruling>,
}

impl Instance {
    pub fn start(known: impl IntoIterator<Item = Known>) -> Self {
        Self::start_for(known, Arc::new(Open))
    }

    /// One that asks this authority who somebody is.
    pub fn start_for(known: impl IntoIterator<Item = Known>, authority: Arc<dyn Authority>) -> Self {
        let (fleet, declined) = (Arc::new(Shown::default()), Arc::new(Declined::default()));
        let (keeper, owners) = (Arc::new(Keeper::of(known)), Arc::new(Told::default()));
        let (orders, ruling) = (Arc::new(Heard::default()), Arc::new(Ruling::default()));
        let sources = Sources {
            accounts: keeper.clone(),
            lists: keeper.clone(),
            owners: owners.clone(),
            orders: orders.clone(),
            instances: fleet.clone(),
            rejects: declined.clone(),
            versions: ruling.clone(),
        };
        let rate_per_second = 100_000.try_into().unwrap();
        let access = Access { authority, rate_per_second, tls: None };
        let server =
            serving::serve(([127, 0, 0, 1], 0).into(), sources, access, |_| axum::Router::new()).unwrap();
        Self { server, keeper, owners, orders, fleet, declined, ruling }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub fn get(&self, path: &str) -> Answer {
        get(&format!("{}{path}", self.url()), &[])
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub location: Option<String>,
    pub next: Option<String>,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The answer, which is the one that was asked for.
    #[track_caller]
    pub fn good(&self) -> Value {
        assert_eq!((self.status, self.content_type.as_str()), (200, "application/json"), "{self:?}");
        self.json()
    }

    /// A problem of this status and kind, that says this.
    #[track_caller]
    pub fn check_problem(&self, status: u16, word: &str, says: &str) {
        assert_eq!(
            (self.status, self.content_type.as_str()),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:weir:problem:{word}"));
        assert_eq!(problem["status"], status);
        assert!(!problem["title"].as_str().unwrap().is_empty());
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says), "«{says}» is not in «{detail}»");
        assert_eq!(self.retry_after.is_some(), status == 503, "{self:?}");
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

/// Sends a body, with what is said of it.
pub fn post(url: &str, content_type: &str, body: &str) -> Answer {
    told(agent().post(url).header("content-type", content_type).send(body).unwrap())
}

pub fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = agent().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    told(request.call().unwrap())
}

fn told(mut response: ureq::http::Response<ureq::Body>) -> Answer {
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (content_type, retry_after) = (header("content-type").unwrap_or_default(), header("retry-after"));
    let (location, next) = (header("location"), header("weir-next"));
    let status = response.status().as_u16();
    Answer {
        status,
        content_type,
        retry_after,
        location,
        next,
        text: response.body_mut().read_to_string().unwrap(),
    }
}
