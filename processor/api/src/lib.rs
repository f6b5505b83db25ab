//! HTTP: metrics and probes now, the API and console later.
