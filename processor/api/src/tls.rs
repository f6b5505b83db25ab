//! TLS for a listener: its certificate and key, read again once their files have changed.
//!
//! What is open goes on with what it began with.

use crate::ApiError;
use crate::watched::{Watched, warn_if_open_to_others};
use native_tls::{Identity, Protocol};
use openssl::asn1::Asn1Time;
use openssl::pkey::PKey;
use openssl::x509::X509;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_native_tls::TlsAcceptor;

/// What a listener shows of itself. Nothing older than TLS 1.2 is spoken.
pub struct Tls {
    acceptor: Watched<TlsAcceptor>,
}

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
enum TlsFault {
    #[error("cannot read {path}", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "{certificate} and {key} are not a certificate and its key: write PEM, the server's own certificate first and \
         then those up to its authority; the key as PKCS #8 (openssl pkcs8 -topk8 -nocrypt)",
        certificate = certificate.display(), key = key.display()
    )]
    Pair {
        certificate: PathBuf,
        key: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Tls {
    /// This certificate, with those up to its authority, and its key (PKCS #8): both PEM.
    ///
    /// # Errors
    /// When they cannot be read, or do not belong together.
    pub fn of_files(certificate: &Path, key: &Path) -> Result<Self, ApiError> {
        let files = vec![certificate.to_owned(), key.to_owned()];
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        let read = move || read(&certificate, &key).map_err(|fault| crate::in_full(&fault));
        let acceptor = Watched::new("the certificate", files, read).map_err(ApiError::Tls)?;
        Ok(Self { acceptor })
    }

    /// What speaks it from now on.
    pub(crate) fn acceptor(&self) -> Arc<TlsAcceptor> {
        self.acceptor.get()
    }

    /// The same, looked at each time.
    #[cfg(test)]
    pub(crate) fn always_looked_at(self) -> Self {
        Self { acceptor: self.acceptor.looked_at_every(std::time::Duration::ZERO) }
    }
}

/// For how many days those certificates of a file still hold that hold the shortest; below zero where one does not
/// hold any more.
///
/// # Errors
/// When there is none in it, or one cannot be read.
pub fn days_left(certificate: &Path) -> Result<i32, String> {
    let shown = certificate.display();
    let chain = std::fs::read(certificate).map_err(|error| format!("{shown}: {error}"))?;
    let days = days_of(&chain).map_err(|error| format!("{shown}: {error}"))?;
    days.ok_or_else(|| format!("{shown}: there is no certificate in it"))
}

fn days_of(chain: &[u8]) -> Result<Option<i32>, openssl::error::ErrorStack> {
    let now = Asn1Time::days_from_now(0)?;
    let mut least: Option<i32> = None;
    for certificate in X509::stack_from_pem(chain)? {
        let left = now.diff(certificate.not_after())?;
        let days = if left.secs < 0 { left.days.saturating_sub(1) } else { left.days };
        least = Some(least.map_or(days, |least| least.min(days)));
    }
    Ok(least)
}

fn read(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsFault> {
    warn_if_open_to_others(key);
    let pem =
        |path: &Path| std::fs::read(path).map_err(|source| TlsFault::Read { path: path.to_owned(), source });
    let (chain, secret) = (pem(certificate)?, pem(key)?);
    acceptor_of(&chain, &secret).map_err(|source| TlsFault::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

fn acceptor_of(chain: &[u8], key: &[u8]) -> Result<TlsAcceptor, Box<dyn std::error::Error + Send + Sync>> {
    let identity = Identity::from_pkcs8(chain, key)?;
    // A key of another certificate would be left out without a word, and every handshake fail: so it is while both
    // are being replaced.
    if !X509::from_pem(chain)?.public_key()?.public_eq(&*PKey::private_key_from_pem(key)?) {
        return Err("the key is another certificate's".into());
    }
    let builder = &mut native_tls::TlsAcceptor::builder(identity);
    Ok(builder.min_protocol_version(Some(Protocol::Tlsv12)).build()?.into())
}
