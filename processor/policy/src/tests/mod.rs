//! The tests of a policy.
