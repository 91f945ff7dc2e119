//! Personal data at rest: AES-256-GCM with a fresh nonce, and keyed hashes for look-up. No I/O.
//! Any module may use it; keys come from configuration (`security.data_key`).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::base::dice::Dice;
use crate::base::fault::Fault;

/// Bytes of a GCM nonce.
const NONCE_BYTES: usize = 12;

/// Encrypts, decrypts and indexes.
pub struct Seal {
    cipher: LessSafeKey,
    index: hmac::Key,
}

impl Seal {
    /// From 32 bytes. Two keys are derived, so that the index tells nothing of the cipher.
    ///
    /// # Errors
    /// `internal` when the library refuses the key.
    pub fn new(key: &[u8; 32]) -> Result<Self, Fault> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, key);
        let cipher_key = hmac::sign(&root, b"linli cipher 1");
        let index_key = hmac::sign(&root, b"linli index 1");
        let unbound = UnboundKey::new(&AES_256_GCM, cipher_key.as_ref())
            .map_err(|_| Fault::internal("data key refused"))?;
        Ok(Self {
            cipher: LessSafeKey::new(unbound),
            index: hmac::Key::new(hmac::HMAC_SHA256, index_key.as_ref()),
        })
    }

    /// `base64(nonce + ciphertext + tag)`.
    ///
    /// # Errors
    /// `internal` when the library fails.
    pub fn seal(&self, dice: &Dice, plain: &str) -> Result<String, Fault> {
        let out = self.seal_bytes(dice, plain.as_bytes().to_vec())?;
        Ok(STANDARD.encode(out))
    }

    /// The plain text again.
    ///
    /// # Errors
    /// `internal` when the text was not sealed with this key.
    pub fn open(&self, sealed: &str) -> Result<String, Fault> {
        let broken = || Fault::internal("sealed text cannot be opened: was the data key changed?");
        let bytes = STANDARD.decode(sealed).map_err(|_| broken())?;
        let plain = self.open_bytes(&bytes)?;
        String::from_utf8(plain).map_err(|_| broken())
    }

    /// Bytes, sealed: `nonce + ciphertext + tag`.
    ///
    /// # Errors
    /// `internal` when the library fails.
    pub fn seal_bytes(&self, dice: &Dice, mut plain: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let nonce = dice.bytes::<NONCE_BYTES>();
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::empty(),
                &mut plain,
            )
            .map_err(|_| Fault::internal("sealing failed"))?;
        let mut out = nonce.to_vec();
        out.append(&mut plain);
        Ok(out)
    }

    /// The bytes again.
    ///
    /// # Errors
    /// `internal` when they were not sealed with this key.
    pub fn open_bytes(&self, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        let broken = || Fault::internal("sealed bytes cannot be opened: was the data key changed?");
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(broken)?;
        let mut body = body.to_vec();
        let plain = self
            .cipher
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::empty(),
                &mut body,
            )
            .map_err(|_| broken())?;
        Ok(plain.to_vec())
    }

    /// A keyed hash: the same for the same text, telling nothing without the key.
    #[must_use]
    pub fn index(&self, text: &str) -> String {
        STANDARD.encode(hmac::sign(&self.index, text.as_bytes()))
    }

    /// A signature that stands in an address: letters and digits. Nobody can make it who does not
    /// have our key.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        let signed = self.index(text);
        signed.chars().filter(char::is_ascii_alphanumeric).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(text in ".{0,80}", key in any::<[u8; 32]>()) {
            let seal = Seal::new(&key).unwrap();
            let dice = Dice::from_system();
            let sealed = seal.seal(&dice, &text).unwrap();
            prop_assert_eq!(seal.open(&sealed).unwrap(), text);
        }
    }

    #[test]
    fn another_key_or_a_changed_byte_is_refused() {
        let dice = Dice::from_seed(1);
        let seal = Seal::new(&[1; 32]).unwrap();
        let sealed = seal.seal(&dice, "13800000001").unwrap();
        assert!(Seal::new(&[2; 32]).unwrap().open(&sealed).is_err());
        let mut bytes = STANDARD.decode(&sealed).unwrap();
        bytes[14] ^= 1;
        assert!(seal.open(&STANDARD.encode(bytes)).is_err());
        assert!(seal.open("").is_err());
    }
}
