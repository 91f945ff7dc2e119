//! The picture of a code: a PNG whose squares follow from the scene, which also stands in it as text,
//! so that the page can scan the file. A real PNG to whoever stores and shows it.

use aws_lc_rs::digest::{SHA256, digest};

/// Squares of a side, pixels of a square.
const SIDE: usize = 24;
const SQUARE: usize = 10;

/// Before the scene in the picture.
const TEXT: &[u8] = b"scene\0";

/// The scene that stands in a picture of ours.
pub(super) fn scene_of(picture: &[u8]) -> Option<String> {
    let mark = [b"tEXt", TEXT].concat();
    let at = picture.windows(mark.len()).position(|part| part == mark)?;
    let length = picture.get(at.checked_sub(4)?..at)?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    let length = usize::try_from(length).ok()?.checked_sub(TEXT.len())?;
    let begin = at + mark.len();
    let scene = picture.get(begin..begin.checked_add(length)?)?;
    String::from_utf8(scene.to_vec()).ok()
}

/// The picture of a scene.
pub(super) fn of(scene: &str) -> Vec<u8> {
    let width = SIDE * SQUARE;
    let mut rows = Vec::with_capacity(width * (width + 1));
    for y in 0..width {
        // No filter.
        rows.push(0);
        let row = y / SQUARE;
        let hash = digest(&SHA256, format!("{scene}/{row}").as_bytes());
        for x in 0..width {
            let dark = hash
                .as_ref()
                .get(x / SQUARE)
                .is_some_and(|byte| byte & 1 == 1);
            rows.push(if dark { 0 } else { 255 });
        }
    }
    let side = u32::try_from(width).unwrap_or_default().to_be_bytes();
    // 8 bits, grey, no interlacing.
    let head = [&side[..], &side[..], &[8, 0, 0, 0, 0]].concat();
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &head);
    chunk(&mut out, *b"tEXt", &[TEXT, scene.as_bytes()].concat());
    chunk(&mut out, *b"IDAT", &stored(&rows));
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or_default();
    out.extend(length.to_be_bytes());
    let body = [&name[..], data].concat();
    out.extend(&body);
    out.extend(crc(&body).to_be_bytes());
}

/// A zlib stream of stored blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc = (crc >> 1) ^ if odd { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_scene_has_its_own_picture() {
        let one = super::of("GY/1");
        assert!(one.starts_with(b"\x89PNG\r\n\x1a\n") && one.ends_with(b"IEND\xaeB`\x82"));
        assert_ne!(one, super::of("GY/2"));
        assert_eq!(super::scene_of(&one).as_deref(), Some("GY/1"));
        assert_eq!(super::scene_of(b"\x89PNG tEXtscene"), None);
        // The published sum of «123456789».
        assert_eq!(super::crc(b"123456789"), 0xcbf4_3926);
    }
}
