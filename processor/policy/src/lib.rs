//! The policy file: parsing, lint, policy tests.
