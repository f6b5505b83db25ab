//! Synthetic operators, oracles and the test broker.
