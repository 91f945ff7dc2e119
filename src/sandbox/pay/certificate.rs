//! A platform certificate (X.509, RFC 5280), written byte by byte: as much as a client reads. Without I/O.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use crate::wechat::pay::PayError;
use crate::wechat::pay::keys::PrivateKey;

/// sha256WithRSAEncryption, with its empty parameters.
const ALGORITHM: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
];
/// commonName
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const SEQUENCE: u8 = 0x30;

/// A certificate in PEM that the key signs for itself.
///
/// # Errors
/// As the key's.
pub(super) fn write(
    key: &PrivateKey,
    serial: &[u8],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<String, PayError> {
    let name = part(0x0c, b"Tenpay.com sign");
    let name = part(SEQUENCE, &[COMMON_NAME, &name].concat());
    let name = part(SEQUENCE, &part(0x31, &name));
    let time = |at: DateTime<Utc>| part(0x17, at.format("%y%m%d%H%M%SZ").to_string().as_bytes());
    // A number whose first bit is set gets a zero in front, else it would be negative.
    let front: &[u8] = if serial.first().is_some_and(|byte| *byte > 0x7f) {
        &[0]
    } else {
        &[]
    };
    let body = [
        part(0xa0, &part(0x02, &[2])),
        part(0x02, &[front, serial].concat()),
        ALGORITHM.to_vec(),
        name.clone(),
        part(SEQUENCE, &[time(from), time(to)].concat()),
        name,
        key.public_der()?,
    ];
    let body = part(SEQUENCE, &body.concat());
    let signature = STANDARD
        .decode(key.sign(&body)?)
        .map_err(|_| PayError::Malformed("certificate"))?;
    let signature = part(0x03, &[&[0], signature.as_slice()].concat());
    let all = part(SEQUENCE, &[body.as_slice(), ALGORITHM, &signature].concat());
    let text = STANDARD.encode(all);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    Ok(pem)
}

/// Tag, length, value.
fn part(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let short: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut all = vec![tag];
    match short.as_slice() {
        [] => all.push(0),
        [one] if *one < 0x80 => all.push(*one),
        more => {
            all.push(0x80 | u8::try_from(more.len()).unwrap_or_default());
            all.extend(more);
        }
    }
    all.extend_from_slice(value);
    all
}
