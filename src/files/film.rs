//! Films are kept as they are, but for where and by which phone they were taken: the boxes that may
//! say so are renamed to `free`, in place, so that nothing in the file moves. Pure; called by
//! [`super::Files::clean`].

/// Boxes that hold other boxes on the way to what is looked for.
const INSIDE: [&[u8; 4]; 2] = [b"moov", b"trak"];
/// What may say where: Apple's and Google's places, the phone's name, free words.
const TELLING: [&[u8; 4]; 3] = [b"udta", b"meta", b"uuid"];
/// How deep boxes are followed.
const DEEP: usize = 4;

/// Blanks what tells of the place in an MP4.
pub fn blank(bytes: &mut [u8]) {
    let end = bytes.len();
    walk(bytes, 0, end, DEEP);
}

fn walk(bytes: &mut [u8], from: usize, end: usize, deep: usize) {
    let mut at = from;
    while let Some((body, next)) = bounds(bytes, at, end) {
        let Some(name) = bytes.get_mut(at + 4..at + 8) else {
            return;
        };
        if TELLING.iter().any(|telling| name == telling.as_slice()) {
            name.copy_from_slice(b"free");
            if let Some(told) = bytes.get_mut(body..next) {
                told.fill(0);
            }
        } else if deep > 0 && INSIDE.iter().any(|inside| name == inside.as_slice()) {
            walk(bytes, body, next, deep - 1);
        }
        at = next;
    }
}

/// Where the body of the box at `at` begins, and where the box ends; none when there is no whole box.
fn bounds(bytes: &[u8], at: usize, end: usize) -> Option<(usize, usize)> {
    let number = |from: usize, length: usize| -> Option<u64> {
        let digits = bytes.get(from..from + length)?;
        Some(
            digits
                .iter()
                .fold(0, |sum, digit| sum << 8 | u64::from(*digit)),
        )
    };
    let (size, head) = match number(at, 4)? {
        // To the end of the file, or a size in eight bytes.
        0 => (u64::try_from(end.checked_sub(at)?).ok()?, 8),
        1 => (number(at + 8, 8)?, 16),
        size => (size, 8),
    };
    let size = usize::try_from(size).ok()?;
    let next = at.checked_add(size)?;
    (size >= head && next <= end).then_some((at + head, next))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&size[..], name, body].concat()
    }

    #[test]
    fn the_place_is_gone_and_nothing_moves() {
        let place = boxed(b"udta", &boxed(b"\xa9xyz", b"+30.1234+120.1234/"));
        let track = boxed(b"trak", &boxed(b"meta", b"location 30.1234"));
        let film = [
            boxed(b"ftyp", b"isom\0\0\0\0"),
            boxed(b"moov", &[boxed(b"mvhd", b"head"), track, place].concat()),
            boxed(b"mdat", b"udta is fine here"),
        ]
        .concat();
        let mut clean = film.clone();
        blank(&mut clean);
        assert_eq!(clean.len(), film.len());
        let text = String::from_utf8_lossy(&clean);
        assert!(!text.contains("30.1234"), "{text}");
        assert!(
            text.contains("head") && text.contains("udta is fine here"),
            "{text}"
        );
        let once = clean.clone();
        blank(&mut clean);
        assert_eq!(clean, once);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..120), size in 0_u8..40) {
            let mut film = vec![0, 0, 0, size];
            film.extend(b"moov");
            film.append(&mut bytes);
            let length = film.len();
            blank(&mut film);
            prop_assert_eq!(film.len(), length);
        }
    }
}
