//! AES-256-GCM of resources and certificates (protocols.md §5.2, §5.3). Without I/O.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::PayError;

/// The only algorithm there is.
pub const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// The merchant's APIv3 key (APIv3密钥). Does not print.
pub struct SealKey(LessSafeKey);

/// Something sealed, as it stands in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// [`ALGORITHM`].
    pub algorithm: String,
    /// Twelve characters.
    pub nonce: String,
    /// What it is bound to; may be empty or absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_data: Option<String>,
    /// Base64 of the text and the tag.
    pub ciphertext: String,
}

impl SealKey {
    /// From the key's own 32 characters, which are not an encoding of anything.
    ///
    /// # Errors
    /// [`PayError::Malformed`] when it has another length.
    pub fn new(key: &SecretString) -> Result<Self, PayError> {
        let bad = PayError::Malformed("api_v3_key");
        let key = key.expose_secret().as_bytes();
        if key.len() != 32 {
            return Err(bad);
        }
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| bad)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`PayError::Refused`] for every fault.
    pub fn open(&self, sealed: &Sealed) -> Result<Vec<u8>, PayError> {
        if sealed.algorithm != ALGORITHM {
            return Err(PayError::Refused);
        }
        let nonce = nonce(&sealed.nonce)?;
        let bound = Aad::from(sealed.associated_data.as_deref().unwrap_or_default());
        let mut buffer = STANDARD
            .decode(&sealed.ciphertext)
            .map_err(|_| PayError::Refused)?;
        let plain = self.0.open_in_place(nonce, bound, &mut buffer);
        plain
            .map(|text| text.to_vec())
            .map_err(|_| PayError::Refused)
    }

    /// Seals as the platform does: for the sandbox. `nonce` is 12 characters.
    ///
    /// # Errors
    /// [`PayError::Refused`] when the nonce has another length.
    pub fn seal(&self, plain: &[u8], bound: &str, nonce_text: &str) -> Result<Sealed, PayError> {
        let mut buffer = plain.to_vec();
        self.0
            .seal_in_place_append_tag(nonce(nonce_text)?, Aad::from(bound), &mut buffer)
            .map_err(|_| PayError::Refused)?;
        Ok(Sealed {
            algorithm: ALGORITHM.to_owned(),
            nonce: nonce_text.to_owned(),
            associated_data: Some(bound.to_owned()),
            ciphertext: STANDARD.encode(buffer),
        })
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}

fn nonce(text: &str) -> Result<Nonce, PayError> {
    Nonce::try_assume_unique_for_key(text.as_bytes()).map_err(|_| PayError::Refused)
}
