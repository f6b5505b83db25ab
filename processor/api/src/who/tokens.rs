//! People by their tokens: who has which, and how a new one is made.
//!
//! What the file looks like that tells of them is not known here.

use super::{Authority, Denied, Person};
use crate::watched::Watched;
use std::fmt::Write;
use std::path::Path;

/// A person, by their token's hash. The token itself is nowhere but with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is.
    pub person: Person,
    /// The token's SHA-256.
    pub sha256: [u8; 32],
}

/// Those who have a token, as a file tells of them; it is read again once it has changed.
pub struct Tokens {
    known: Watched<Vec<Token>>,
}

impl Tokens {
    /// The people of this file, which is read so.
    ///
    /// # Errors
    /// What it was not read for, as it was told.
    pub fn of_file<E>(
        path: &Path,
        read: impl Fn(&Path) -> Result<Vec<Token>, E> + Send + Sync + 'static,
    ) -> Result<Self, E>
    where
        E: std::fmt::Display,
    {
        let file = path.to_owned();
        Ok(Self { known: Watched::new("the token file", vec![path.to_owned()], move || read(&file))? })
    }

    #[cfg(test)]
    pub(crate) fn of(tokens: Vec<Token>) -> Self {
        let read = move || Ok::<_, std::convert::Infallible>(tokens.clone());
        Self { known: Watched::new("tokens", Vec::new(), read).unwrap() }
    }
}

impl Authority for Tokens {
    fn who(&self, bearer: Option<&str>) -> Result<Person, Denied> {
        let given = sha256(bearer.unwrap_or_default());
        let known = self.known.get();
        // Each is compared, and each to its end: how long it takes says nothing of what is wrong.
        let found = known.iter().fold(None, |found, token| {
            if openssl::memcmp::eq(&token.sha256, &given) { Some(token) } else { found }
        });
        match (bearer, found) {
            (Some(_), Some(token)) => Ok(token.person.clone()),
            (Some(_), None) => Err(Denied::Unknown),
            (None, Some(_) | None) => Err(Denied::NoToken),
        }
    }
}

/// What a token's hash is.
#[must_use]
pub fn sha256(token: &str) -> [u8; 32] {
    openssl::sha::sha256(token.as_bytes())
}

/// Bytes in hexadecimal, in small letters.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A new token, of 32 bytes of the operating system's chance. What it begins with lets tools find one that was
/// written where it should not be.
///
/// # Errors
/// When the system has no chance to give.
pub fn fresh() -> Result<String, std::io::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(format!("weir_{}", hex(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::who::{Role, Segments};

    #[test]
    fn whoever_has_a_token_is_known_by_it_and_nobody_else_is() {
        let of = |name: &str, token: &str| Token {
            person: Person { name: name.into(), role: Role::Admin, segments: Segments::All },
            sha256: sha256(token),
        };
        let tokens = Tokens::of(vec![of("anna", "weir_a"), of("bert", "weir_b"), of("nobody", "")]);
        let rows = [
            (Some("weir_a"), Ok("anna")),
            (Some("weir_b"), Ok("bert")),
            (Some("weir_"), Err(Denied::Unknown)),
            (Some("weir_ab"), Err(Denied::Unknown)),
            (Some("WEIR_A"), Err(Denied::Unknown)),
            (None, Err(Denied::NoToken)),
        ];
        for (bearer, expected) in rows {
            let who = tokens.who(bearer);
            assert_eq!(
                who.as_ref().map(|person| &*person.name).map_err(|denied| *denied),
                expected,
                "{bearer:?}"
            );
        }
    }

    #[test]
    fn a_new_token_is_long_and_like_no_other() {
        let (one, other) = (fresh().unwrap(), fresh().unwrap());
        assert_ne!(one, other);
        assert!(one.starts_with("weir_") && one.len() == 69, "{one}");
    }

    #[test]
    fn a_hash_is_what_other_tools_say() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&sha256("abc")), expected);
    }
}
