//! How long an alert takes: from when a balance's event was handed to the producer to when a read-committed consumer had
//! the message that it led to.

use crate::crowd::{HIGH, LOW, Teller, money, name};
use crate::now;
use crate::support::kafka::{Site, follow_topic};
use decision::command::Origin;
use decision::time::Timestamp;
use schemas::{Decoder, OutputTopic};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What has been heard after this time since the last event is what is heard.
const PATIENCE: Duration = Duration::from_secs(30);

/// Balances that fall below their line and rise again: every second event is an alert's.
pub(crate) struct Balances {
    teller: Teller,
    watched: Vec<u32>,
    a_second: u64,
    told: u64,
}

/// Times of alerts.
pub(crate) struct Alerts {
    pub(crate) crossed: usize,
    pub(crate) missing: usize,
    pub(crate) times: Vec<Duration>,
}

impl Balances {
    /// Of these accounts, whose balances are [`HIGH`].
    pub(crate) fn new(site: &Site, watched: Vec<u32>, a_second: u64) -> Self {
        Self { teller: Teller::new(site, 2), watched, a_second, told: 0 }
    }

    /// Tells them at the rate for so long; answers how long the alerts took.
    pub(crate) fn measure(&mut self, site: &Site, time: Duration) -> Alerts {
        let follower = follow_topic(site.names.output(OutputTopic::Messages));
        let crossed = self.tell(time);
        let deadline = Instant::now() + PATIENCE;
        while follower.heard().len() < crossed.len() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(200));
        }
        let mut decoder = Decoder::new(site.registry.clone(), &site.schemas);
        let mut heard: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for record in follower.stop() {
            let command = decoder.command(OutputTopic::Messages, &record.value).unwrap().unwrap();
            if matches!(command.origin, Origin::Threshold { .. }) {
                heard.entry(command.account_id.to_string()).or_default().push(record.at);
            }
        }
        answered(crossed, heard)
    }

    fn tell(&mut self, time: Duration) -> Vec<(String, Timestamp)> {
        let (began, first, mut crossed) = (Instant::now(), self.told, Vec::new());
        while began.elapsed() < time {
            let intended = began + Duration::from_micros((self.told - first) * 1_000_000 / self.a_second);
            std::thread::sleep(intended.saturating_duration_since(Instant::now()));
            let (round, at) = self.place();
            // Half of them fall while the others rise, so that alerts come as steadily as events.
            let falls = (round + at).is_multiple_of(2);
            let account = name(self.watched[usize::try_from(at).unwrap()]);
            if falls {
                crossed.push((account.clone(), now()));
            }
            self.teller.tell(&account, money(if falls { LOW } else { HIGH }));
            self.told += 1;
        }
        self.teller.flush();
        crossed
    }

    fn place(&self) -> (u64, u64) {
        let count = u64::try_from(self.watched.len()).unwrap();
        (self.told / count, self.told % count)
    }
}

/// The alerts of an account come in the order in which it crossed its line.
fn answered(crossed: Vec<(String, Timestamp)>, heard: BTreeMap<String, Vec<Timestamp>>) -> Alerts {
    let mut heard: BTreeMap<_, _> = heard.into_iter().map(|(id, at)| (id, at.into_iter())).collect();
    let mut alerts = Alerts { crossed: crossed.len(), missing: 0, times: Vec::new() };
    for (account, since) in crossed {
        match heard.get_mut(&account).and_then(Iterator::next) {
            Some(at) => alerts.times.push(Duration::from_micros(at.micros_since(since).unsigned_abs())),
            None => alerts.missing += 1,
        }
    }
    alerts
}
