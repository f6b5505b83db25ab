//! HTTP: metrics and probes, and the API. What is served beside it, such as the console, is made out of it.
//!
//! Nothing here knows how state is stored: what is asked for comes through a trait.
//!
//! | module | holds |
//! |---|---|
//! | [`probes`], [`metrics`] | what Prometheus and whoever restarts processes read |
//! | [`accounts`] | what is asked of an account |
//! | [`controls`] | what is ordered of an account, and what became of it |
//! | [`lists`] | lists of accounts |
//! | [`held`] | what the breaker holds, and what a person says of it |
//! | [`instances`] | how the instances and their partitions stand |
//! | [`rejects`] | what was declined, and sending it again |
//! | [`policies`] | the versions of the policy, what they say, and what changed |
//! | [`owners`] | who answers for an account, and how a question comes to it |
//! | [`problem`] | errors, as problem+json |
//! | [`who`] | who may ask, and what they may see |
//! | [`serving`] | the API as a whole: its paths, its document |
//! | `limits` | how much a question may take |
//! | `server`, [`tls`] | a listener, its connections and its thread |
//! | `watched` | files that are read again once they have changed |

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod accounts;
pub mod controls;
pub mod held;
pub mod instances;
mod limits;
pub mod lists;
pub mod metrics;
pub mod owners;
mod plainly;
pub mod policies;
pub mod probes;
pub mod problem;
pub mod rejects;
mod server;
pub mod serving;
pub mod tls;
mod watched;
pub mod who;

pub use metrics::Metrics;
pub use probes::Health;
pub use server::Server;
pub use watched::{open_to_others, warn_if_open_to_others};

use metrics_exporter_prometheus::BuildError;
use std::net::SocketAddr;

/// Why HTTP cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The server's thread cannot be started.
    #[error("cannot start the HTTP server")]
    Start(#[source] std::io::Error),
    /// The client that asks other instances cannot be made.
    #[error("cannot make the client that asks other instances")]
    Client(#[source] reqwest::Error),
    /// The secret with which Weir shows itself to the identity provider cannot be read.
    #[error("the client secret of [api.oidc] cannot be read: {0}")]
    Secret(String),
    /// The certificate cannot be used.
    #[error("the API cannot be served over TLS: {0}")]
    Tls(String),
    /// The metrics cannot be recorded.
    #[error("cannot record metrics")]
    Metrics(#[from] BuildError),
}

/// An error with its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
