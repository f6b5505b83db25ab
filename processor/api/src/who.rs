//! Who may ask, and what they may see.
//!
//! | module | holds |
//! |---|---|
//! | [`tokens`] | people by their tokens, out of a file |
//! | [`oidc`] | people by what an identity provider says of them |
//! | `door` | where each question is asked who asks it |
//! | `rate` | how often one person may ask |
//! | `audit` | the line that each look at an account leaves |
//! | `followed` | the one that looks of a page that follows an account leave |
//! | `document` | all this in the API's document |
//! | [`mask`] | how what identifies a customer is made unreadable |
//!
//! How people are known is an [`Authority`]'s business. What an account's page shows of what a person may see is not known here.

pub(crate) mod audit;
mod document;
pub(crate) mod door;
pub(crate) mod followed;
pub mod mask;
pub mod oidc;
mod rate;
pub mod tokens;

pub(crate) use document::describe;
pub use followed::Followed;

use crate::problem::Problem;
use oidc::sign_in::SignIn;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What they are called: in the audit log, and where their questions are counted.
    pub name: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// Whose accounts they may see.
    pub segments: Segments,
}

impl Person {
    /// Whether an account of this segment may be shown. One that was found in no segment yet is nobody's who sees
    /// only some.
    #[must_use]
    pub fn sees(&self, segment: Option<&str>) -> bool {
        match &self.segments {
            Segments::All => true,
            Segments::Of(segments) => segment.is_some_and(|segment| segments.contains(segment)),
        }
    }

    /// Whether what identifies a customer is masked.
    #[must_use]
    pub fn sees_masked(&self) -> bool {
        self.role == Role::Viewer
    }

    /// Whether their role reaches as far as this one.
    ///
    /// # Errors
    /// Where it does not.
    pub fn reaches(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role { Ok(()) } else { Err(Problem::role(self.role, role)) }
    }
}

/// What a person may do, each all that the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees all accounts, masked.
    Viewer,
    /// Sees the accounts of their segments.
    Agent,
    /// As an agent; may what the policy asks for a senior.
    Senior,
    /// Sees all accounts.
    Manager,
    /// May do everything.
    Admin,
}

impl Role {
    /// All, the least first.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Agent, Self::Senior, Self::Manager, Self::Admin];

    /// Its word in files and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Senior => "senior",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }

    /// The role of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether those who have it see only the accounts of some segments.
    #[must_use]
    pub fn has_segments(self) -> bool {
        match self {
            Self::Agent | Self::Senior => true,
            Self::Viewer | Self::Manager | Self::Admin => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose accounts a person may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segments {
    /// Everyone's.
    All,
    /// Those that were found in one of these last.
    Of(BTreeSet<String>),
}

/// Whoever knows people.
pub trait Authority: Send + Sync + 'static {
    /// Who asks, by what came as `Authorization: Bearer`. It is asked before each answer, on the thread that answers
    /// all, and so does not wait for a network.
    ///
    /// # Errors
    /// When it is nobody whom it knows.
    fn who(&self, bearer: Option<&str>) -> Result<Person, Denied>;

    /// Whether everyone may do everything. Then only what is sent to an address of the loopback is taken: a page of
    /// another site, in a browser on this machine, may send to it under that site's name.
    fn asks_nobody(&self) -> bool {
        false
    }

    /// How people come by a token in a browser; none where they bring one.
    fn sign_in(&self) -> Option<Arc<SignIn>> {
        None
    }
}

/// Why a person is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No token came.
    NoToken,
    /// The token is nobody's.
    Unknown,
    /// It is no token that is taken from a provider: too long, without a key's id or a claim that it must have, or
    /// signed in a way that is not taken.
    Malformed,
    /// It was not signed by the key that it names.
    Forged,
    /// It names a key that the provider does not have.
    UnknownKey,
    /// The key that it names is not known, and may be: the provider has not answered yet.
    NoKeys,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// Another provider made it.
    OtherIssuer,
    /// It is meant for somebody else than Weir.
    OtherAudience,
    /// It names nobody.
    NoName,
    /// It gives none of Weir's roles.
    NoRole,
    /// It gives a role that sees some segments, and none of them.
    NoSegments,
}

impl Denied {
    /// The word that it is counted by, and of its problem.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoToken => "no_token",
            Self::Unknown => "unknown_token",
            Self::Malformed => "malformed_token",
            Self::Forged => "forged_token",
            Self::UnknownKey => "unknown_key",
            Self::NoKeys => "provider_silent",
            Self::Expired => "expired_token",
            Self::NotYet => "token_not_yet_valid",
            Self::OtherIssuer => "other_issuer",
            Self::OtherAudience => "other_audience",
            Self::NoName => "no_name",
            Self::NoRole => "no_role",
            Self::NoSegments => "no_segments",
        }
    }
}

/// Asks nobody who they are: everyone may do everything. Only for a listener on the loopback.
#[derive(Debug)]
pub struct Open;

impl Authority for Open {
    fn who(&self, _bearer: Option<&str>) -> Result<Person, Denied> {
        Ok(Person { name: "local".into(), role: Role::Admin, segments: Segments::All })
    }

    fn asks_nobody(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(role: Role, segments: Segments) -> Person {
        Person { name: "anna".into(), role, segments }
    }

    #[test]
    fn whoever_has_segments_sees_only_what_is_in_them() {
        let some = Segments::Of(["consumer".to_owned(), "soho".to_owned()].into());
        let rows = [
            (&some, Some("soho"), true),
            (&some, Some("sohos"), false),
            (&some, Some("business"), false),
            (&some, None, false),
            (&Segments::Of(BTreeSet::new()), Some("soho"), false),
            (&Segments::All, Some("business"), true),
            (&Segments::All, None, true),
        ];
        for (segments, segment, sees) in rows {
            assert_eq!(person(Role::Agent, segments.clone()).sees(segment), sees, "{segments:?} {segment:?}");
        }
    }

    #[test]
    fn orders_name_roles_by_the_words_that_the_core_knows_in_the_same_order() {
        assert_eq!(Role::ALL.map(Role::as_str), decision::role::ROLES);
    }

    #[test]
    fn a_role_reaches_what_those_below_it_reach() {
        for (at, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            for (wanted_at, wanted) in Role::ALL.into_iter().enumerate() {
                let reaches = person(role, Segments::All).reaches(wanted).is_ok();
                assert_eq!(reaches, at >= wanted_at, "{role} for {wanted}");
            }
        }
        assert_eq!(Role::parse("Admin"), None);
    }
}
