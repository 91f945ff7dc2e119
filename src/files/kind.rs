//! What a file is, by its first bytes: what a sender calls it counts for nothing. Pure.

/// The kinds of file that are kept, each with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// GIF picture.
    Gif,
    /// WebP picture.
    Webp,
    /// WeChat's voice format.
    Amr,
    /// MP3 sound.
    Mp3,
    /// MP4 film.
    Mp4,
    /// PDF document.
    Pdf,
}

/// What the attachment's row calls a document.
pub const DOCUMENTS: &str = "document";
/// Bytes of a picture at most.
const PICTURE: usize = 10 * 1024 * 1024;
/// Bytes of a voice message at most.
const VOICE: usize = 2 * 1024 * 1024;
/// Bytes of a film at most.
const FILM: usize = 20 * 1024 * 1024;
/// Bytes of a document at most.
const DOCUMENT: usize = 20 * 1024 * 1024;
/// Bytes of anything that is kept at most.
pub const MOST_BYTES: usize = FILM;

impl FileKind {
    /// MIME type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Amr => "audio/amr",
            Self::Mp3 => "audio/mpeg",
            Self::Mp4 => "video/mp4",
            Self::Pdf => "application/pdf",
        }
    }

    /// Ending of a file name, without the dot.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Amr => "amr",
            Self::Mp3 => "mp3",
            Self::Mp4 => "mp4",
            Self::Pdf => "pdf",
        }
    }

    /// What the attachment's row calls it: image, voice, video or document.
    #[must_use]
    pub fn family(self) -> &'static str {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::Webp => "image",
            Self::Amr | Self::Mp3 => "voice",
            Self::Mp4 => "video",
            Self::Pdf => DOCUMENTS,
        }
    }
}

/// Bytes at most of a family (`image`, `voice`, `video`, `document`); none for an unknown one.
#[must_use]
pub fn limit_of(family: &str) -> Option<usize> {
    match family {
        "image" => Some(PICTURE),
        "voice" => Some(VOICE),
        "video" => Some(FILM),
        DOCUMENTS => Some(DOCUMENT),
        _ => None,
    }
}

/// How the main brand of an MP4 begins; a picture (`heic`, `avif`) lies in the same kind of box.
const BRANDS: [&[u8]; 8] = [
    b"iso", b"mp4", b"avc1", b"M4V", b"MSNV", b"3gp", b"qt  ", b"dash",
];

/// What these bytes are; none when it is nothing that is kept.
#[must_use]
pub fn recognise(bytes: &[u8]) -> Option<FileKind> {
    let at = |from: usize, sign: &[u8]| bytes.get(from..from + sign.len()) == Some(sign);
    let kind = if at(0, b"\xff\xd8\xff") {
        FileKind::Jpeg
    } else if at(0, b"\x89PNG\r\n\x1a\n") {
        FileKind::Png
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
        FileKind::Gif
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        FileKind::Webp
    } else if at(0, b"#!AMR") {
        FileKind::Amr
    } else if at(0, b"ID3") || mp3_frame(bytes) {
        FileKind::Mp3
    } else if at(4, b"ftyp") && BRANDS.iter().any(|brand| at(8, brand)) {
        FileKind::Mp4
    } else if at(0, b"%PDF-") {
        FileKind::Pdf
    } else {
        return None;
    };
    Some(kind)
}

/// Eleven set bits, MPEG layer III.
fn mp3_frame(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, second, ..] if second & 0xe6 == 0xe2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_beginnings() {
        let cases: [(&[u8], Option<FileKind>); 16] = [
            (b"\xff\xd8\xff\xe0rest", Some(FileKind::Jpeg)),
            (b"\x89PNG\r\n\x1a\nrest", Some(FileKind::Png)),
            (b"GIF89a", Some(FileKind::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(FileKind::Webp)),
            (b"#!AMR\n", Some(FileKind::Amr)),
            (b"ID3\x04", Some(FileKind::Mp3)),
            (b"\xff\xfb\x90", Some(FileKind::Mp3)),
            (b"\0\0\0\x20ftypisom", Some(FileKind::Mp4)),
            (b"\0\0\0\x18ftypheic", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", Some(FileKind::Pdf)),
            (b"%PDF", None),
            (b"<html>%PDF-1.7", None),
            (b"<html>", None),
            (b"MZ\x90\0", None),
            (b"", None),
        ];
        for (bytes, wanted) in cases {
            assert_eq!(recognise(bytes), wanted, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..32)) {
            if let Some(kind) = recognise(&bytes) {
                prop_assert!(limit_of(kind.family()).is_some());
            }
        }
    }
}
