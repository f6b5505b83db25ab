//! What holds a signature against a key: the system's OpenSSL, as for TLS, so that one library is kept up to date.
//!
//! Nothing is signed here. Which algorithm a key may be used with is `keys`' business.

use jsonwebtoken::crypto::{CryptoProvider, JwkUtils, JwtVerifier};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature;
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Verifier};

/// The least length of an RSA key, in bits (RFC 7518).
const SHORTEST_RSA: u32 = 2_048;

/// The longest, in bits: what takes long is done on the thread that answers all.
const LONGEST_RSA: u32 = 8_192;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let key = public_key(*algorithm, key)?;
        Ok(Box::new(Signatures { algorithm: *algorithm, key }))
    },
    jwk_utils: JwkUtils::new_unimplemented(),
};

/// Lets this process check tokens so. A second time changes nothing.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

/// A key as OpenSSL has it.
///
/// # Errors
/// When it is none that goes with this algorithm, or an RSA key that is too short or too long.
pub(super) fn public_key(algorithm: Algorithm, key: &DecodingKey) -> Result<PKey<Public>, Error> {
    let made = match (algorithm, key.kind()) {
        (
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512,
            DecodingKeyKind::RsaModulusExponent { n, e },
        ) => rsa(n, e),
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => on_curve(Nid::X9_62_PRIME256V1, point),
        (Algorithm::ES384, DecodingKeyKind::SecretOrDer(point)) => on_curve(Nid::SECP384R1, point),
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(bytes)) => {
            PKey::public_key_from_raw_bytes(bytes, Id::ED25519)
        }
        (
            Algorithm::HS256
            | Algorithm::HS384
            | Algorithm::HS512
            | Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512
            | Algorithm::ES256
            | Algorithm::ES384
            | Algorithm::EdDSA,
            DecodingKeyKind::SecretOrDer(_) | DecodingKeyKind::RsaModulusExponent { .. },
        ) => return Err(ErrorKind::InvalidKeyFormat.into()),
    };
    let key = made.map_err(|_| Error::from(ErrorKind::InvalidKeyFormat))?;
    let is_rsa = key.id() == Id::RSA;
    if is_rsa && !(SHORTEST_RSA..=LONGEST_RSA).contains(&key.bits()) {
        return Err(ErrorKind::InvalidKeyFormat.into());
    }
    Ok(key)
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<PKey<Public>, ErrorStack> {
    PKey::from_rsa(Rsa::from_public_components(BigNum::from_slice(modulus)?, BigNum::from_slice(exponent)?)?)
}

fn on_curve(curve: Nid, point: &[u8]) -> Result<PKey<Public>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve)?;
    let mut context = BigNumContext::new()?;
    // It is refused where it is not on the curve.
    let point = EcPoint::from_bytes(&group, point, &mut context)?;
    let key = EcKey::from_public_key(&group, &point)?;
    key.check_key()?;
    PKey::from_ec_key(key)
}

/// Signatures of one algorithm by one key.
struct Signatures {
    algorithm: Algorithm,
    key: PKey<Public>,
}

impl Signatures {
    fn is_good(&self, message: &[u8], given: &[u8]) -> Result<bool, ErrorStack> {
        match self.algorithm {
            Algorithm::RS256 => self.digested(MessageDigest::sha256(), Some(Padding::PKCS1), message, given),
            Algorithm::RS384 => self.digested(MessageDigest::sha384(), Some(Padding::PKCS1), message, given),
            Algorithm::RS512 => self.digested(MessageDigest::sha512(), Some(Padding::PKCS1), message, given),
            Algorithm::PS256 => {
                self.digested(MessageDigest::sha256(), Some(Padding::PKCS1_PSS), message, given)
            }
            Algorithm::PS384 => {
                self.digested(MessageDigest::sha384(), Some(Padding::PKCS1_PSS), message, given)
            }
            Algorithm::PS512 => {
                self.digested(MessageDigest::sha512(), Some(Padding::PKCS1_PSS), message, given)
            }
            Algorithm::ES256 => self.curved(MessageDigest::sha256(), 32, message, given),
            Algorithm::ES384 => self.curved(MessageDigest::sha384(), 48, message, given),
            Algorithm::EdDSA => Verifier::new_without_digest(&self.key)?.verify_oneshot(given, message),
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Ok(false),
        }
    }

    fn digested(
        &self,
        digest: MessageDigest,
        padding: Option<Padding>,
        message: &[u8],
        given: &[u8],
    ) -> Result<bool, ErrorStack> {
        let mut verifier = Verifier::new(digest, &self.key)?;
        if let Some(padding) = padding {
            verifier.set_rsa_padding(padding)?;
            if padding == Padding::PKCS1_PSS {
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
            }
        }
        verifier.verify_oneshot(given, message)
    }

    /// A JWT has the two numbers one after the other, each so many bytes long; OpenSSL has them in DER.
    fn curved(
        &self,
        digest: MessageDigest,
        each: usize,
        message: &[u8],
        given: &[u8],
    ) -> Result<bool, ErrorStack> {
        let Some((r, s)) = given.split_at_checked(each).filter(|(_, s)| s.len() == each) else {
            return Ok(false);
        };
        let der =
            EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()?;
        self.digested(digest, None, message, &der)
    }
}

impl signature::Verifier<Vec<u8>> for Signatures {
    fn verify(&self, message: &[u8], given: &Vec<u8>) -> Result<(), signature::Error> {
        match self.is_good(message, given) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(signature::Error::new()),
        }
    }
}

impl JwtVerifier for Signatures {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
