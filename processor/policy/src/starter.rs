//! The starter policy: the files that a new user begins with, carried in the binary.
//!
//! They lie in the folder `starter` as a user gets them. Writing them anywhere, and the schemas that
//! they name beside them, is the caller's business.

/// A file of the starter policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StarterFile {
    /// Its name in the new user's folder. The tests name the policy by it.
    pub name: &'static str,
    /// All of its text.
    pub text: &'static str,
}

macro_rules! starter_files {
    ($($name:literal),+ $(,)?) => {
        [$(StarterFile { name: $name, text: include_str!(concat!("../starter/", $name)) }),+]
    };
}

/// The policy of a mobile operator, its tests, and what to do with them. They belong side by side.
pub const FILES: [StarterFile; 3] = starter_files!["mobile.policy.yaml", "mobile.tests.yaml", "README.md"];
