//! The metrics of this process, as Prometheus reads them.

use crate::ApiError;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// The metrics of this process, as Prometheus reads them.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

/// Buckets of durations in seconds: from half a millisecond, the least that a commit takes, to a
/// minute, after which it is a failure.
const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0, 60.0];

/// How often old samples are folded away.
const UPKEEP: Duration = Duration::from_secs(5);

impl Metrics {
    /// Records the metrics of this process from here on. Only one may be installed.
    ///
    /// # Errors
    /// When another recorder is installed.
    pub fn install() -> Result<Self, ApiError> {
        let suffix = metrics_exporter_prometheus::Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(suffix, &SECONDS)?;
        let handle = builder.install_recorder()?;
        let upkeep = handle.clone();
        let _ = std::thread::Builder::new().name("weir-metrics".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(UPKEEP);
                upkeep.run_upkeep();
            }
        });
        Ok(Self { handle })
    }

    /// All metrics, in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }
}
