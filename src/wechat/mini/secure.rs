//! Signed and encrypted calls (API 安全, protocols.md §3.5): an option of the platform's page that
//! hides single calls from whatever stands in between. Without I/O; an account that does not switch
//! it on never comes here. `now` is UTC seconds.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::wechat::Error;

/// An answer older than this is refused, seconds.
const WINDOW: u64 = 300;
/// Bytes of the tag.
const TAG: usize = 16;

/// Which call, in whose name, when: what both the encryption and the signature are bound to.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// `https://host/path`, without a query.
    pub url: &'a str,
    /// AppID.
    pub app_id: &'a str,
    /// As in the header `Wechatmp-TimeStamp`.
    pub timestamp: i64,
}

/// The encrypted body, each part in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Twelve bytes.
    pub iv: String,
    /// As long as the text.
    pub data: String,
    /// Sixteen bytes.
    pub authtag: String,
}

impl Call<'_> {
    /// The four lines that are signed; there is no line feed behind the last.
    #[must_use]
    pub fn message(&self, body: &str) -> String {
        format!("{}\n{}\n{}\n{body}", self.url, self.app_id, self.timestamp)
    }

    /// Encrypts a body with the key of this number (`sn`).
    pub fn seal(&self, plain: &str, key: &str, sn: &str, iv: [u8; 12]) -> Result<Sealed, Error> {
        let mut buffer = plain.as_bytes().to_vec();
        let tag = cipher(key)?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(iv),
                self.bound(sn),
                &mut buffer,
            )
            .map_err(|_| Error::Refused)?;
        Ok(Sealed {
            iv: STANDARD.encode(iv),
            data: STANDARD.encode(buffer),
            authtag: STANDARD.encode(tag.as_ref()),
        })
    }

    /// Opens an encrypted body. Every fault is the one [`Error::Refused`].
    pub fn open(&self, sealed: &Sealed, key: &str, sn: &str) -> Result<String, Error> {
        let read = |text: &str| STANDARD.decode(text).map_err(|_| Error::Refused);
        let iv: [u8; 12] = read(&sealed.iv)?.try_into().map_err(|_| Error::Refused)?;
        let (mut buffer, tag) = (read(&sealed.data)?, read(&sealed.authtag)?);
        if tag.len() != TAG {
            return Err(Error::Refused);
        }
        buffer.extend(tag);
        let plain = cipher(key)?
            .open_in_place(
                Nonce::assume_unique_for_key(iv),
                self.bound(sn),
                &mut buffer,
            )
            .map_err(|_| Error::Refused)?;
        String::from_utf8(plain.to_vec()).map_err(|_| Error::Refused)
    }

    /// The header `Wechatmp-Signature` of a call: RSA-PSS over SHA-256 with a salt of 32 bytes.
    /// `private_key` is PKCS#8 in DER.
    pub fn sign(&self, body: &str, private_key: &[u8]) -> Result<String, Error> {
        let bad = |_| Error::Malformed("private key of the signed calls");
        let pair = KeyPair::from_pkcs8(private_key).map_err(bad)?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let message = self.message(body);
        pair.sign(
            &RSA_PSS_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .map_err(|_| Error::Refused)?;
        Ok(STANDARD.encode(signature))
    }

    /// Whether the platform has signed this answer lately. `public_key` is that of its certificate,
    /// SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn is_signed(&self, body: &str, signature: &str, public_key: &[u8], now: i64) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        let key = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public_key);
        now.abs_diff(self.timestamp) <= WINDOW
            && key
                .verify(self.message(body).as_bytes(), &signature)
                .is_ok()
    }

    fn bound(&self, sn: &str) -> Aad<String> {
        Aad::from(format!(
            "{}|{}|{}|{sn}",
            self.url, self.app_id, self.timestamp
        ))
    }
}

fn cipher(key: &str) -> Result<LessSafeKey, Error> {
    let bad = || Error::Malformed("key of the signed calls");
    let key = STANDARD.decode(key).map_err(|_| bad())?;
    let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| bad())?;
    Ok(LessSafeKey::new(key))
}
