//! Where the thread that reads and a thread that commits meet: what is pending of some partitions.
//!
//! One batch of a partition is committed while the next one is gathered; when that is full too, reading waits.

use super::pending::{Input, Pending};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The cadence of commits, as Weir's: a commit begins so long after the last one has ended, or as soon as a batch
/// is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cadence {
    pub(crate) batch_inputs: usize,
    pub(crate) interval: Duration,
    /// How long a commit may take. librdkafka may never come back from adding offsets, whatever time it was given,
    /// once a broker was out of the cluster for a while (confluentinc/librdkafka#5456, #5511).
    pub(crate) stuck_after: Duration,
}

/// What is pending of the partitions of one thread, by their places.
pub(crate) struct Desk {
    cadence: Cadence,
    lanes: Mutex<Lanes>,
    work: Condvar,
    room: Condvar,
}

struct Lanes {
    all: Vec<Lane>,
    is_over: bool,
    /// Since when a batch is being committed.
    busy_since: Option<Instant>,
}

impl Lanes {
    fn are_stuck(&self, after: Duration) -> bool {
        self.busy_since.is_some_and(|since| since.elapsed() > after)
    }
}

struct Lane {
    pending: Pending,
    last_commit: Instant,
}

impl Desk {
    /// For so many partitions.
    pub(crate) fn new(lanes: usize, cadence: Cadence) -> Self {
        let lane = || Lane { pending: Pending::default(), last_commit: Instant::now() };
        let all = std::iter::repeat_with(lane).take(lanes).collect();
        Self {
            cadence,
            lanes: Mutex::new(Lanes { all, is_over: false, busy_since: None }),
            work: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Sits down to put records; `rise` ends it.
    pub(crate) fn sit(&self) -> Seat<'_> {
        Seat { desk: self, lanes: self.lock() }
    }

    /// Waits for the next batch that is due: its place and what it is. None once nothing more will come.
    pub(crate) fn next(&self) -> Option<(usize, Pending)> {
        let mut lanes = self.lock();
        lanes.busy_since = None;
        loop {
            let now = Instant::now();
            if let Some(place) = self.due(&lanes, now) {
                let pending = std::mem::take(&mut lanes.all.get_mut(place)?.pending);
                lanes.busy_since = Some(now);
                self.room.notify_all();
                return Some((place, pending));
            }
            if lanes.is_over {
                return None;
            }
            let wait = self.wait(&lanes, now);
            lanes = self.work.wait_timeout(lanes, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A partition's batch was committed just now.
    pub(crate) fn committed(&self, place: usize) {
        if let Some(lane) = self.lock().all.get_mut(place) {
            lane.last_commit = Instant::now();
        }
    }

    /// Nothing more comes: what is pending is the last.
    pub(crate) fn end(&self) {
        self.lock().is_over = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Whether a commit takes longer than any should.
    pub(crate) fn is_stuck(&self) -> bool {
        self.lock().are_stuck(self.cadence.stuck_after)
    }

    /// The partition that has waited longest of those that are due.
    fn due(&self, lanes: &Lanes, now: Instant) -> Option<usize> {
        let is_due = |lane: &Lane| {
            let inputs = lane.pending.inputs();
            let is_time = || now.saturating_duration_since(lane.last_commit) >= self.cadence.interval;
            inputs > 0 && (lanes.is_over || inputs >= self.cadence.batch_inputs || is_time())
        };
        let due = lanes.all.iter().enumerate().filter(|(_, lane)| is_due(lane));
        due.min_by_key(|(_, lane)| lane.last_commit).map(|(place, _)| place)
    }

    /// How long until something may be due.
    fn wait(&self, lanes: &Lanes, now: Instant) -> Duration {
        let left = |lane: &Lane| (lane.last_commit + self.cadence.interval).saturating_duration_since(now);
        let waiting = lanes.all.iter().filter(|lane| lane.pending.inputs() > 0);
        waiting.map(left).min().unwrap_or(Duration::from_secs(1))
    }

    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to put records.
pub(crate) struct Seat<'d> {
    desk: &'d Desk,
    lanes: MutexGuard<'d, Lanes>,
}

impl<'d> Seat<'d> {
    /// Puts a record to a partition, and waits for room. What comes after the end is dropped, and what a stuck commit
    /// leaves no room for.
    pub(crate) fn put(mut self, place: usize, topic: usize, input: Input<'_>) -> Self {
        let most = self.desk.cadence.batch_inputs;
        let is_full = |lanes: &Lanes| lanes.all.get(place).is_some_and(|lane| lane.pending.inputs() >= most);
        if is_full(&self.lanes) {
            // It is due, and whoever commits may sleep until told.
            self.desk.work.notify_one();
        }
        let stuck_after = self.desk.cadence.stuck_after;
        while is_full(&self.lanes) && !self.lanes.is_over && !self.lanes.are_stuck(stuck_after) {
            let wait = self.desk.room.wait_timeout(self.lanes, stuck_after / 10);
            self.lanes = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        if !self.lanes.is_over
            && !is_full(&self.lanes)
            && let Some(lane) = self.lanes.all.get_mut(place)
        {
            lane.pending.take(topic, input);
        }
        self
    }

    /// Says that there is work.
    pub(crate) fn rise(self) {
        drop(self.lanes);
        self.desk.work.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(offset: i64, key: &[u8]) -> Input<'_> {
        Input { offset, key, timestamp: -1 }
    }

    fn desk(batch_inputs: usize, interval: Duration) -> Desk {
        Desk::new(2, Cadence { batch_inputs, interval, stuck_after: Duration::from_millis(300) })
    }

    #[test]
    fn a_batch_is_due_when_it_is_full_whatever_the_time() {
        let desk = desk(3, Duration::from_secs(3_600));
        let seat = desk
            .sit()
            .put(0, 0, input(1, b"a"))
            .put(1, 0, input(1, b"b"))
            .put(1, 0, input(2, b"b"))
            .put(1, 0, input(3, b"b"));
        seat.rise();
        let (place, pending) = desk.next().unwrap();
        assert_eq!((place, pending.inputs(), pending.keys().len()), (1, 3, 1));
        // The other one is not full; it comes with the end.
        desk.end();
        assert_eq!(desk.next().map(|(place, pending)| (place, pending.inputs())), Some((0, 1)));
        assert!(desk.next().is_none());
    }

    #[test]
    fn a_batch_is_due_when_its_time_has_come_and_not_before() {
        let interval = Duration::from_millis(60);
        let desk = desk(1_000, interval);
        desk.sit().put(1, 0, input(1, b"a")).rise();
        assert!(desk.next().is_some());
        let first = Instant::now();
        desk.committed(1);
        std::thread::scope(|scope| {
            // Each wakes whoever waits, and is no reason to begin.
            scope.spawn(|| {
                for offset in 2..12 {
                    desk.sit().put(1, 0, input(offset, b"a")).rise();
                    std::thread::sleep(Duration::from_millis(2));
                }
            });
            assert!(desk.next().is_some());
            assert!(first.elapsed() >= interval, "{:?}", first.elapsed());
        });
    }

    #[test]
    fn whoever_puts_to_a_full_batch_waits_until_it_is_taken() {
        let desk = desk(1, Duration::ZERO);
        desk.sit().put(0, 0, input(1, b"a")).rise();
        std::thread::scope(|scope| {
            let putting = scope.spawn(|| desk.sit().put(0, 0, input(2, b"b")).rise());
            std::thread::sleep(Duration::from_millis(50));
            assert!(!putting.is_finished());
            assert!(desk.next().is_some());
            putting.join().unwrap();
        });
        let second = desk.next().unwrap().1;
        assert_eq!(second.offsets().collect::<Vec<_>>(), [(0, 3)]);
    }

    #[test]
    fn nobody_waits_for_a_commit_that_does_not_come_back() {
        let desk = desk(1, Duration::ZERO);
        desk.sit().put(0, 0, input(1, b"a")).rise();
        assert!(desk.next().is_some() && !desk.is_stuck());
        desk.sit().put(0, 0, input(2, b"b")).rise();
        // There is no room, and whoever had the first one is gone.
        desk.sit().put(0, 0, input(3, b"c")).rise();
        assert!(desk.is_stuck());
        assert_eq!(desk.next().map(|(_, pending)| pending.offsets().collect()), Some(vec![(0, 3)]));
        assert!(!desk.is_stuck());
    }
}
