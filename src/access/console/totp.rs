//! The second factor: codes of a phone's authenticator (RFC 6238: SHA-1, 6 digits, 30 s). Pure.
//! Called by [`super::factor`].

use aws_lc_rs::hmac;

use crate::base::clock::Moment;
use crate::wechat::crypto::same;

/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after the present one whose codes count as well: clocks differ.
const AROUND: i64 = 1;
/// Bytes of a secret: as long as the hash.
pub const SECRET_BYTES: usize = 20;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a code that counts now: none for a wrong one, and none for a code of a step that was
/// used or of one before it.
#[must_use]
pub fn accept(secret: &[u8], code: &str, now: Moment, used: Option<i64>) -> Option<i64> {
    let present = now.timestamp().div_euclid(STEP_SECONDS);
    (present - AROUND..=present + AROUND)
        .filter(|step| used.is_none_or(|used| *step > used))
        .find(|step| same(&code_at(secret, *step), code))
}

/// The code that an authenticator shows at a moment; tests and the sandbox play one.
#[must_use]
pub fn code_now(secret: &[u8], now: Moment) -> String {
    code_at(secret, now.timestamp().div_euclid(STEP_SECONDS))
}

fn code_at(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

/// RFC 4226, 5.3.
fn truncated(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let offset = usize::from(hash.last().copied().unwrap_or_default() & 0x0f);
    let four = hash.get(offset..offset + 4).unwrap_or_default();
    let number = four
        .iter()
        .fold(0_u32, |all, byte| (all << 8) | u32::from(*byte));
    number & 0x7fff_ffff
}

/// What the QR code says: the authenticator shows it as «邻里: name».
#[must_use]
pub fn address(secret: &[u8], login: &str) -> String {
    let mut name = String::new();
    for byte in format!("邻里:{login}").bytes() {
        if byte.is_ascii_alphanumeric() {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    let secret = base32(secret);
    format!("otpauth://totp/{name}?secret={secret}&issuer=%E9%82%BB%E9%87%8C")
}

/// RFC 4648, without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut five = [0_u8; 5];
        for (slot, byte) in five.iter_mut().zip(chunk) {
            *slot = *byte;
        }
        let all = five
            .iter()
            .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
        for letter in 0..(chunk.len() * 8).div_ceil(5) {
            let index = usize::try_from((all >> (35 - 5 * letter)) & 31).unwrap_or_default();
            out.push(ALPHABET.get(index).map_or('A', |byte| char::from(*byte)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::from_ms;

    #[test]
    fn the_vectors_of_rfc_6238() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000_i64, 65_353_130),
        ] {
            assert_eq!(truncated(secret, seconds / 30) % 100_000_000, code);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_code_counts_for_a_step_around_and_once() {
        let secret = b"12345678901234567890";
        let now = from_ms(1_700_000_010_000).unwrap();
        let step = now.timestamp() / 30;
        for (off, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = code_at(secret, step + off);
            assert_eq!(
                accept(secret, &code, now, None),
                counts.then_some(step + off)
            );
        }
        let code = code_now(secret, now);
        assert_eq!(accept(secret, &code, now, Some(step)), None);
        assert_eq!(
            accept(secret, &code_at(secret, step - 1), now, Some(step)),
            None
        );
        assert_eq!(accept(secret, &code, now, Some(step - 1)), Some(step));
        for bad in ["", "0", "abcdef", "0000000"] {
            assert_eq!(accept(secret, bad, now, None), None);
        }
    }

    #[test]
    fn the_address_is_what_authenticators_read() {
        assert_eq!(
            address(b"foobar", "wang"),
            "otpauth://totp/%E9%82%BB%E9%87%8C%3Awang?secret=MZXW6YTBOI&issuer=%E9%82%BB%E9%87%8C"
        );
    }
}
