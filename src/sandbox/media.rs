//! Pictures that people send: kept for a while, bounded in number and size.

use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::base::clock::Moment;

/// Largest picture, bytes (protocols.md §2.7: the smaller of the two official numbers).
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most pictures kept.
const MOST: usize = 60;
/// Days an upload can be fetched.
const DAYS: i64 = 3;

/// One upload.
#[derive(Clone, Debug)]
pub struct Item {
    /// `MediaId`
    pub id: String,
    /// As uploaded.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
    at: Moment,
}

/// All uploads, oldest first.
#[derive(Debug, Default)]
pub struct Shelf(VecDeque<Item>);

impl Shelf {
    /// Keeps an upload.
    pub fn put(&mut self, id: &str, content_type: &str, bytes: Vec<u8>, now: Moment) {
        self.0.push_back(Item {
            id: id.to_owned(),
            content_type: content_type.to_owned(),
            bytes,
            at: now,
        });
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// Finds one that is not too old.
    #[must_use]
    pub fn get(&self, id: &str, now: Moment) -> Option<&Item> {
        let fresh = |item: &&Item| item.id == id && now - item.at < TimeDelta::days(DAYS);
        self.0.iter().find(fresh)
    }
}

/// The only picture types taken; told by the first bytes, not by what the sender claims.
#[must_use]
pub fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        _ => None,
    }
}

/// The file in the field `media` of a multipart body: its content type and bytes.
#[must_use]
pub fn multipart_file(content_type: &str, body: &[u8]) -> Option<(String, Vec<u8>)> {
    let (_, boundary) = content_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    if boundary.is_empty() {
        return None;
    }
    let mark = format!("--{boundary}").into_bytes();
    let mut rest = body.get(find(body, &mark)? + mark.len()..)?;
    loop {
        let end = find(rest, &mark)?;
        let part = rest.get(..end)?;
        let head_end = find(part, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(part.get(..head_end)?);
        if head.contains("name=\"media\"") {
            let bytes = part.get(head_end + 4..)?.strip_suffix(b"\r\n")?;
            let claimed = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
            let kind = claimed.map_or("application/octet-stream", |(_, kind)| kind.trim());
            return Some((kind.to_owned(), bytes.to_vec()));
        }
        rest = rest.get(end + mark.len()..)?;
    }
}

fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_among_other_fields() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage\r\n\
            --B\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\
            Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\nx\r\n--B--\r\n";
        let (kind, bytes) = multipart_file("multipart/form-data; boundary=B", body).unwrap();
        assert_eq!(kind, "image/png");
        assert_eq!(bytes, b"\x89PNG\r\n\r\nx");
        assert_eq!(picture_type(&bytes), Some("image/png"));
        assert!(multipart_file("multipart/form-data; boundary=C", body).is_none());
        assert!(multipart_file("text/plain", body).is_none());
    }

    #[test]
    fn an_old_upload_is_gone() {
        let mut shelf = Shelf::default();
        let now = crate::base::clock::from_ms(0).unwrap();
        shelf.put("m", "image/png", vec![1], now);
        assert!(shelf.get("m", now + TimeDelta::days(2)).is_some());
        assert!(shelf.get("m", now + TimeDelta::days(3)).is_none());
    }
}
