//! Keys in PEM: ours to sign with, the platform's to verify with, and its certificates. Without I/O.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer};

use super::PayError;

/// Signs: RSASSA-PKCS1-v1_5 over SHA-256. Does not print.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// From PEM, PKCS#8 or PKCS#1, at least 2048 bits.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when it is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, PayError> {
        let bad = PayError::Malformed("private_key");
        let pair = match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs8(der)) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(der)) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(bad),
        };
        pair.map(Self).map_err(|_| bad)
    }

    /// The signature of a message, in base64.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when the key cannot sign.
    pub fn sign(&self, message: &[u8]) -> Result<String, PayError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| PayError::Malformed("private_key"))?;
        Ok(STANDARD.encode(signature))
    }

    /// The other half as SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`PayError::Malformed`] never, as long as the pair was read.
    pub fn public_der(&self) -> Result<Vec<u8>, PayError> {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        use aws_lc_rs::signature::KeyPair as _;
        let der: Result<PublicKeyX509Der<'_>, _> = self.0.public_key().as_der();
        der.map(|der| der.as_ref().to_vec())
            .map_err(|_| PayError::Malformed("private_key"))
    }

    /// The other half.
    ///
    /// # Errors
    /// [`PayError::Malformed`] never, as long as the pair was read.
    pub fn public_key(&self) -> Result<PublicKey, PayError> {
        use aws_lc_rs::signature::KeyPair as _;
        PublicKey::from_der(self.0.public_key().as_ref())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// Verifies what the other half has signed.
#[derive(Clone)]
pub struct PublicKey(std::sync::Arc<ParsedPublicKey>);

impl PublicKey {
    /// From PEM (`BEGIN PUBLIC KEY`), RSA of at least 2048 bits.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when it is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, PayError> {
        let bad = |_| PayError::Malformed("public_key");
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).map_err(bad)?;
        Self::from_der(&der)
    }

    fn from_der(der: &[u8]) -> Result<Self, PayError> {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
            .map(|key| Self(std::sync::Arc::new(key)))
            .map_err(|_| PayError::Malformed("public_key"))
    }

    /// Whether the other half has signed this message; the signature is in base64.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.0.verify_sig(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(..)")
    }
}

/// A certificate, of which only two things matter here. Who issued it does not: it came sealed with
/// the merchant's own key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Upper-case hex, leading zeros kept.
    pub serial: String,
    /// Whom it speaks for.
    pub key: PublicKey,
}

impl Certificate {
    /// From PEM.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when it is no certificate of an RSA key.
    pub fn from_pem(pem: &str) -> Result<Self, PayError> {
        let bad = PayError::Malformed("certificate");
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| bad.clone())?;
        let (serial, key) = take_apart(&der).ok_or(bad)?;
        Ok(Self {
            serial: super::super::crypto::hex(serial).to_ascii_uppercase(),
            key: PublicKey::from_der(key)?,
        })
    }
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

/// Serial number and SubjectPublicKeyInfo of a certificate (RFC 5280 §4.1).
fn take_apart(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut outer = Der(der);
    let mut certificate = Der(outer.take(SEQUENCE)?.inner);
    let mut body = Der(certificate.take(SEQUENCE)?.inner);
    if body.0.first() == Some(&VERSION) {
        body.take(VERSION)?;
    }
    let serial = body.take(INTEGER)?.inner;
    // A number whose first bit is set has a zero in front, which is no part of it.
    let serial = match serial {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        body.take(SEQUENCE)?;
    }
    Some((serial, body.take(SEQUENCE)?.whole))
}

/// What is left to read of a DER encoding.
struct Der<'a>(&'a [u8]);

/// One value, with and without what stands in front of it.
struct Value<'a> {
    whole: &'a [u8],
    inner: &'a [u8],
}

impl<'a> Der<'a> {
    /// The next value, if it has this tag.
    fn take(&mut self, tag: u8) -> Option<Value<'a>> {
        let (first, rest) = self.0.split_first()?;
        let (short, rest) = rest.split_first()?;
        if *first != tag {
            return None;
        }
        let (length, rest) = match short {
            0..=0x7f => (usize::from(*short), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
                let number = digits
                    .iter()
                    .fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
                (number, rest)
            }
            _ => return None,
        };
        let (inner, after) = rest.split_at_checked(length)?;
        let (whole, _) = self.0.split_at_checked(self.0.len() - after.len())?;
        self.0 = after;
        Some(Value { whole, inner })
    }
}
