//! Signatures and message encryption of the callbacks (protocols.md §1.1–1.4, §6.2); used by the
//! official account and, with another receiver id, by every other kind of WeChat callback.

use super::Error;
use aws_lc_rs::{
    cipher::{
        AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
        UnboundCipherKey,
    },
    constant_time::verify_slices_are_equal,
    digest,
    iv::FixedLength,
};
use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};

/// The 43rd character of an EncodingAESKey carries two spare bits that are usually not zero
/// (Tencent's own sample), which a strict decoder rejects.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// PKCS#7 with a block of 32, not the 16 of AES.
const PAD_BLOCK: usize = 32;
/// 16 random bytes and the length of the message.
const HEAD: usize = 20;

/// SHA-1 of the parts sorted by bytes and joined without a separator, in lower-case hex
/// (protocols.md §1.1, §1.2).
#[must_use]
pub fn signature(parts: &[&str]) -> String {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    // One call on the joined text: cheaper than a context that is fed piece by piece.
    let joined = sorted.concat();
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, joined.as_bytes()).as_ref())
}

/// Compares two texts in a time that does not depend on where they differ.
#[must_use]
pub fn same(left: &str, right: &str) -> bool {
    verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.push(char::from(digit(byte >> 4)));
        out.push(char::from(digit(byte & 15)));
    }
    out
}

/// AES-256-CBC as the platform does it: the IV is the head of the key, the random bytes stand in
/// the text, the receiver id closes it. Built once; encrypts and decrypts from any thread.
pub struct Cipher {
    encrypting: EncryptingKey,
    decrypting: DecryptingKey,
    iv: [u8; 16],
    receive_id: String,
}

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cipher")
            .field("receive_id", &self.receive_id)
            .finish_non_exhaustive()
    }
}

impl Cipher {
    /// `encoding_aes_key` is the 43 characters of the console, `receive_id` the app id.
    /// Fails with `Malformed` when the key is not 43 base64 characters.
    pub fn new(encoding_aes_key: &str, receive_id: &str) -> Result<Self, Error> {
        let bad = Error::Malformed("EncodingAESKey must be 43 letters and digits");
        let key = LENIENT.decode(encoding_aes_key).map_err(|_| bad.clone())?;
        let iv = key
            .first_chunk::<16>()
            .copied()
            .ok_or_else(|| bad.clone())?;
        let unbound = || UnboundCipherKey::new(&AES_256, &key).map_err(|_| bad.clone());
        Ok(Self {
            encrypting: EncryptingKey::cbc(unbound()?).map_err(|_| bad.clone())?,
            decrypting: DecryptingKey::cbc(unbound()?).map_err(|_| bad.clone())?,
            iv,
            receive_id: receive_id.to_owned(),
        })
    }

    /// Encrypts and encodes; fails only when the message is longer than 4 GiB.
    pub fn encrypt(&self, message: &[u8], random16: [u8; 16]) -> Result<String, Error> {
        let length = u32::try_from(message.len()).map_err(|_| Error::Malformed("too long"))?;
        let bare = HEAD + message.len() + self.receive_id.len();
        let pad = PAD_BLOCK - bare % PAD_BLOCK;
        let mut buffer = Vec::with_capacity(bare + pad);
        buffer.extend_from_slice(&random16);
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(message);
        buffer.extend_from_slice(self.receive_id.as_bytes());
        buffer.resize(bare + pad, u8::try_from(pad).unwrap_or_default());
        let context = EncryptionContext::Iv128(FixedLength::from(self.iv));
        self.encrypting
            .less_safe_encrypt(&mut buffer, context)
            .map_err(|_| Error::Refused)?;
        Ok(STANDARD.encode(buffer))
    }

    /// Opens one `Encrypt` field. The caller has checked the signature over the very same text
    /// before. Every fault is the one [`Error::Refused`].
    pub fn decrypt(&self, encrypted: &str) -> Result<String, Error> {
        let mut buffer = STANDARD.decode(encrypted).map_err(|_| Error::Refused)?;
        if buffer.len() < PAD_BLOCK || buffer.len() % 16 != 0 {
            return Err(Error::Refused);
        }
        let context = DecryptionContext::Iv128(FixedLength::from(self.iv));
        let plain = self
            .decrypting
            .decrypt(&mut buffer, context)
            .map_err(|_| Error::Refused)?;
        let length = self.unpack(plain).ok_or(Error::Refused)?.len();
        // The message stays where it was decrypted: only its head is taken off.
        buffer.truncate(HEAD + length);
        buffer.drain(..HEAD);
        String::from_utf8(buffer).map_err(|_| Error::Refused)
    }

    /// Opens the bytes of a file: nothing but the content and its padding (protocols.md §4.7).
    pub fn open_file(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        if bytes.len() < PAD_BLOCK || !bytes.len().is_multiple_of(16) {
            return Err(Error::Refused);
        }
        let context = DecryptionContext::Iv128(FixedLength::from(self.iv));
        let plain = self
            .decrypting
            .decrypt(&mut bytes, context)
            .map_err(|_| Error::Refused)?;
        let length = unpad(plain).ok_or(Error::Refused)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Seals the bytes of a file: the platform's side of [`Cipher::open_file`].
    pub fn seal_file(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, Error> {
        let pad = PAD_BLOCK - bytes.len() % PAD_BLOCK;
        bytes.resize(bytes.len() + pad, u8::try_from(pad).unwrap_or_default());
        let context = EncryptionContext::Iv128(FixedLength::from(self.iv));
        self.encrypting
            .less_safe_encrypt(&mut bytes, context)
            .map_err(|_| Error::Refused)?;
        Ok(bytes)
    }

    /// Takes random bytes, length, message, receiver id and padding apart; returns the message.
    fn unpack<'a>(&self, plain: &'a [u8]) -> Option<&'a [u8]> {
        let bare = unpad(plain)?;
        let (_random, rest) = bare.split_at_checked(16)?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receiver) = rest.split_at_checked(length)?;
        verify_slices_are_equal(receiver, self.receive_id.as_bytes()).ok()?;
        Some(message)
    }
}

/// Takes the padding off, every byte of which must hold.
fn unpad(plain: &[u8]) -> Option<&[u8]> {
    let pad = usize::from(*plain.last()?);
    if !(1..=PAD_BLOCK).contains(&pad) {
        return None;
    }
    let (bare, padding) = plain.split_at_checked(plain.len().checked_sub(pad)?)?;
    let holds = padding.iter().all(|byte| usize::from(*byte) == pad);
    holds.then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    fn cipher() -> Cipher {
        Cipher::new(KEY, "wxb11529c136998cb6").unwrap()
    }

    /// Encrypts a buffer as it stands, to build what no honest sender would.
    fn raw(cipher: &Cipher, mut buffer: Vec<u8>) -> String {
        let context = EncryptionContext::Iv128(FixedLength::from(cipher.iv));
        cipher
            .encrypting
            .less_safe_encrypt(&mut buffer, context)
            .unwrap();
        STANDARD.encode(buffer)
    }

    /// A buffer with the given claims and padding up to `to` bytes by the byte `pad`.
    fn buffer(length: u32, message: &[u8], receiver: &[u8], pad: u8, to: usize) -> Vec<u8> {
        let mut all = vec![7; 16];
        all.extend_from_slice(&length.to_be_bytes());
        all.extend_from_slice(message);
        all.extend_from_slice(receiver);
        assert!(all.len() <= to);
        all.resize(to, pad);
        all
    }

    #[test]
    fn sorts_by_bytes_and_joins() {
        assert_eq!(signature(&["b", "a"]), signature(&["a", "b"]));
        assert_eq!(
            signature(&["abc"]),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_ne!(signature(&["a", "b"]), signature(&["b", "c"]));
    }

    #[test]
    fn compares_whole_texts() {
        assert!(same("abc", "abc"));
        for other in ["", "ab", "abd", "abcd", "ABC"] {
            assert!(!same("abc", other), "{other}");
        }
    }

    #[test]
    fn refuses_keys_of_the_wrong_shape() {
        for key in [
            "",
            "short",
            &KEY[1..],
            &format!("{KEY}="),
            &format!("{KEY}A"),
            &"!".repeat(43),
        ] {
            assert!(Cipher::new(key, "wx").is_err(), "{key}");
        }
        assert!(
            !format!("{:?}", cipher()).contains("97"),
            "the key must not be printed"
        );
    }

    #[test]
    fn control_case_of_the_hand_made_buffers_opens() {
        let cipher = cipher();
        let good = buffer(4, b"text", b"wxb11529c136998cb6", 22, 64);
        assert_eq!(cipher.decrypt(&raw(&cipher, good)).unwrap(), "text");
        // 16-byte multiples are accepted as long as the padding holds.
        let short = buffer(4, b"text", b"wxb11529c136998cb6", 6, 48);
        assert_eq!(cipher.decrypt(&raw(&cipher, short)).unwrap(), "text");
    }

    #[test]
    fn every_fault_is_the_same_error() {
        let cipher = cipher();
        let id = b"wxb11529c136998cb6";
        let mut torn = buffer(4, b"text", id, 22, 64);
        torn[50] = 21;
        let cases = [
            ("pad 0", raw(&cipher, buffer(4, b"text", id, 0, 64))),
            ("pad 33", raw(&cipher, buffer(3, b"abc", b"wx", 33, 64))),
            ("pad 255", raw(&cipher, buffer(4, b"text", id, 255, 64))),
            (
                "pad too short",
                raw(&cipher, buffer(4, b"text", id, 21, 64)),
            ),
            ("pad uneven", raw(&cipher, torn)),
            (
                "length past the end",
                raw(&cipher, buffer(1000, b"text", id, 22, 64)),
            ),
            (
                "length of 4 GiB",
                raw(&cipher, buffer(u32::MAX, b"text", id, 22, 64)),
            ),
            (
                "length too small",
                raw(&cipher, buffer(3, b"text", id, 22, 64)),
            ),
            (
                "other receiver",
                raw(&cipher, buffer(4, b"text", b"wxb11529c136998cb7", 22, 64)),
            ),
            ("no receiver", raw(&cipher, buffer(4, b"text", b"", 8, 32))),
            (
                "receiver cut",
                raw(&cipher, buffer(4, b"text", &id[..17], 23, 64)),
            ),
            (
                "not UTF-8",
                raw(&cipher, buffer(4, b"te\xff\xfe", id, 22, 64)),
            ),
            ("all padding", raw(&cipher, vec![32; 32])),
            ("16 bytes", raw(&cipher, vec![16; 16])),
            ("not a multiple", STANDARD.encode([1; 40])),
            ("empty", String::new()),
            ("not base64", "这不是".to_owned()),
            ("space in base64", format!(" {}", STANDARD.encode([1; 32]))),
        ];
        for (name, encrypted) in cases {
            assert_eq!(cipher.decrypt(&encrypted), Err(Error::Refused), "{name}");
        }
    }

    #[test]
    fn one_flipped_bit_in_any_block_is_refused_or_changes_the_text() {
        let cipher = cipher();
        let message = "小区".repeat(20);
        let bytes = STANDARD
            .decode(cipher.encrypt(message.as_bytes(), [9; 16]).unwrap())
            .unwrap();
        for at in (0..bytes.len()).step_by(16) {
            let mut bent = bytes.clone();
            bent[at] ^= 0x80;
            match cipher.decrypt(&STANDARD.encode(bent)) {
                Err(error) => assert_eq!(error, Error::Refused),
                Ok(text) => assert_ne!(text, message),
            }
        }
    }

    proptest! {
        #[test]
        fn round_trip_of_every_length(text in "\\PC{0,300}", random in any::<[u8; 16]>()) {
            let cipher = cipher();
            let sealed = cipher.encrypt(text.as_bytes(), random).unwrap();
            prop_assert_eq!(STANDARD.decode(&sealed).unwrap().len() % 32, 0);
            prop_assert_eq!(cipher.decrypt(&sealed).unwrap(), text);
        }

        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(cipher().decrypt(&STANDARD.encode(&bytes)), Err(Error::Refused));
        }
    }

    #[test]
    fn each_length_from_empty_to_three_blocks_comes_back() {
        let cipher = cipher();
        for length in 0..=100 {
            let text = "a".repeat(length);
            let sealed = cipher.encrypt(text.as_bytes(), [0; 16]).unwrap();
            assert_eq!(cipher.decrypt(&sealed).unwrap(), text);
        }
    }
}
