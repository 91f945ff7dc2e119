//! Pictures made clean: decoded, turned as their EXIF says, shrunk, and written anew as JPEG, so that
//! nothing of the file that came survives but its pixels (no place, no camera, nothing behind or
//! beside the picture). Its size is looked at before anything is decoded. Pure, and slow: called by
//! [`super::Files::clean`] on a thread of its own.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use super::FileKind;

/// Pixels at most: what the cameras of phones make by default. More costs memory, not insight.
const MOST_PIXELS: u64 = 25_000_000;
/// Pixels of a side at most.
const MOST_SIDE: u32 = 12_000;
/// Bytes that decoding may take at most: [`MOST_PIXELS`] in eight bits, or half as many in sixteen.
const MOST_BYTES: u64 = 100 * 1024 * 1024;
/// The longer side of what is kept, pixels: a meter can be read, a page of text too.
const FULL: u32 = 2_560;
/// The longer side of the small one, pixels.
const SMALL: u32 = 360;
/// Quality of what is kept, of 100.
const QUALITY: u8 = 85;
/// Quality of the small one.
const SMALL_QUALITY: u8 = 75;

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// JPEG.
    pub full: Vec<u8>,
    /// JPEG, at most 360 pixels a side.
    pub small: Vec<u8>,
    /// Of the full one, pixels.
    pub width: u32,
    /// Of the full one, pixels.
    pub height: u32,
}

/// Why a file is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing that is kept, or not of the family that was promised.
    Kind,
    /// More bytes or pixels than are taken.
    Large,
    /// It begins like a picture and is none.
    Broken,
}

impl Flaw {
    /// What whoever sent it reads.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Kind => {
                "只收照片（JPG、PNG、GIF、WebP）、语音（AMR、MP3）和视频（MP4），请换一个再发。"
            }
            Self::Large => {
                "文件太大了：照片最多10 MB、2500万像素，语音最多2 MB，视频最多20 MB。请缩小后再发。"
            }
            Self::Broken => "这张照片打不开，可能没有传完，请重新拍一张再发。",
        }
    }

    /// The same where documents are taken, too.
    #[must_use]
    pub const fn says_with_documents(self) -> &'static str {
        match self {
            Self::Kind => {
                "只收照片（JPG、PNG、GIF、WebP）、文件（PDF）、语音（AMR、MP3）和视频（MP4），请换一个再发。"
            }
            Self::Large => {
                "文件太大了：照片最多10 MB、2500万像素，PDF和视频最多20 MB，语音最多2 MB。请缩小后再发。"
            }
            Self::Broken => self.says(),
        }
    }
}

/// Makes a picture clean.
///
/// # Errors
/// Why it cannot be kept.
pub fn clean(kind: FileKind, bytes: &[u8]) -> Result<Picture, Flaw> {
    let format = match kind {
        FileKind::Jpeg => ImageFormat::Jpeg,
        FileKind::Png => ImageFormat::Png,
        FileKind::Gif => ImageFormat::Gif,
        FileKind::Webp => ImageFormat::WebP,
        FileKind::Amr | FileKind::Mp3 | FileKind::Mp4 | FileKind::Pdf => return Err(Flaw::Kind),
    };
    if kind == FileKind::Jpeg && !is_whole(bytes) {
        return Err(Flaw::Broken);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|error| flaw(&error))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Flaw::Broken);
    }
    if pixels > MOST_PIXELS || width.max(height) > MOST_SIDE || decoder.total_bytes() > MOST_BYTES {
        return Err(Flaw::Large);
    }
    decoder.set_limits(limits).map_err(|error| flaw(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let decoded = DynamicImage::from_decoder(decoder).map_err(|error| flaw(&error))?;
    let mut picture = fit(decoded, FULL);
    picture.apply_orientation(orientation);
    let full = flat(picture);
    let small = fit(DynamicImage::ImageRgb8(full.clone()), SMALL).into_rgb8();
    Ok(Picture {
        width: full.width(),
        height: full.height(),
        full: encode(&full, QUALITY)?,
        small: encode(&small, SMALL_QUALITY)?,
    })
}

/// Whether a JPEG comes to its end: of one that was cut off the decoder makes a picture that is grey
/// below. What cannot be followed is left to the decoder.
fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        let (Some(&sign), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) else {
            return false;
        };
        at += match (sign, marker) {
            (0xff, 0xd9) => return true,
            // Filled up, or a mark without a length.
            (0xff, 0xff) => 1,
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, marker) => {
                let (Some(&high), Some(&low)) = (bytes.get(at + 2), bytes.get(at + 3)) else {
                    return false;
                };
                let length = 2 + usize::from(u16::from_be_bytes([high, low]));
                match marker {
                    // What follows a scan's head is its pixels, up to the next mark.
                    0xda => length + pixels(bytes.get(at + length..).unwrap_or_default()),
                    _ => length,
                }
            }
            _ => return true,
        };
    }
}

/// Bytes up to the next mark that does not belong to the pixels.
fn pixels(bytes: &[u8]) -> usize {
    let is_end = |pair: &[u8]| matches!(pair, [0xff, marker] if !matches!(marker, 0x00 | 0xd0..=0xd7 | 0xff));
    let end = bytes.windows(2).position(is_end);
    end.unwrap_or(bytes.len())
}

fn flaw(error: &image::ImageError) -> Flaw {
    match error {
        image::ImageError::Limits(_) => Flaw::Large,
        _ => Flaw::Broken,
    }
}

/// At most so many pixels a side; never made larger.
fn fit(picture: DynamicImage, side: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= side {
        return picture;
    }
    picture.thumbnail(side, side)
}

/// Eight bits, and white behind what can be seen through.
fn flat(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let seen = picture.into_rgba8();
    let mut out = RgbImage::new(seen.width(), seen.height());
    for (to, from) in out.pixels_mut().zip(seen.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let over = |value: u8| {
            let sum = u32::from(value) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(sum / 255).unwrap_or(u8::MAX)
        };
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    out
}

fn encode(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, Flaw> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, quality)
        .encode_image(picture)
        .map_err(|_| Flaw::Broken)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A picture of two halves, red on the left and blue on the right.
    fn halves(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| {
            Rgb(if x < width / 2 {
                [255, 0, 0]
            } else {
                [0, 0, 255]
            })
        }))
    }

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    /// An EXIF segment: the orientation, and words that stand for a place.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut body = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        body.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        body.extend(b"GPSLatitude 30.1234N");
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [b"\xff\xe1", &length[..], &body].concat()
    }

    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        [&jpeg[..2], &exif(orientation), &jpeg[2..]].concat()
    }

    fn holds(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|part| part == words)
    }

    fn read(bytes: &[u8]) -> RgbImage {
        let format = ImageFormat::Jpeg;
        image::load_from_memory_with_format(bytes, format)
            .unwrap()
            .into_rgb8()
    }

    #[test]
    fn a_place_in_the_exif_is_gone_and_the_picture_stands_upright() {
        let jpeg = with_exif(&written(&halves(64, 32), ImageFormat::Jpeg), 6);
        assert!(holds(&jpeg, b"GPSLatitude"));
        let clean = clean(FileKind::Jpeg, &jpeg).unwrap();
        assert_eq!((clean.width, clean.height), (32, 64), "turned by a quarter");
        for bytes in [&clean.full, &clean.small] {
            assert!(!holds(bytes, b"GPS") && !holds(bytes, b"Exif"));
        }
        let (top, bottom) = (read(&clean.full), read(&clean.full));
        assert!(top.get_pixel(16, 8).0[0] > 200 && bottom.get_pixel(16, 56).0[2] > 200);
    }

    #[test]
    fn what_hangs_behind_a_picture_is_gone() {
        let jpeg = written(&halves(40, 40), ImageFormat::Jpeg);
        for tail in [
            &b"<html><script>alert(1)</script></html>"[..],
            b"PK\x03\x04evil.exe",
        ] {
            let polyglot = [&jpeg, tail].concat();
            let clean = clean(FileKind::Jpeg, &polyglot).unwrap();
            assert!(!holds(&clean.full, tail) && clean.full.ends_with(b"\xff\xd9"));
        }
        // In a comment inside of it, too.
        let comment = b"\xff\xfe\x00\x10<script>x</s>";
        let inside = [&jpeg[..2], comment, &jpeg[2..]].concat();
        let clean = clean(FileKind::Jpeg, &inside).unwrap();
        assert!(!holds(&clean.full, b"<script"));
    }

    #[test]
    fn large_pictures_are_shrunk_and_small_ones_left() {
        let large = written(&halves(3000, 600), ImageFormat::Png);
        let large = clean(FileKind::Png, &large).unwrap();
        assert_eq!((large.width, large.height), (2560, 512));
        assert_eq!(read(&large.small).dimensions(), (360, 72));
        let small = written(&halves(20, 10), ImageFormat::WebP);
        let small = clean(FileKind::Webp, &small).unwrap();
        assert_eq!((small.width, small.height), (20, 10));
    }

    #[test]
    fn sixteen_bits_and_seen_through_become_plain_colours() {
        let deep = DynamicImage::ImageRgb16(image::ImageBuffer::from_pixel(
            8,
            8,
            Rgb([65_535_u16, 0, 0]),
        ));
        let red = clean(FileKind::Png, &written(&deep, ImageFormat::Png)).unwrap();
        assert!(read(&red.full).get_pixel(4, 4).0[0] > 240);
        let clear = DynamicImage::ImageRgba8(image::ImageBuffer::from_pixel(
            8,
            8,
            image::Rgba([0_u8, 0, 0, 0]),
        ));
        let white = clean(FileKind::Png, &written(&clear, ImageFormat::Png)).unwrap();
        assert!(read(&white.full).get_pixel(4, 4).0.iter().all(|v| *v > 250));
    }

    #[test]
    fn of_an_animation_the_first_picture_is_kept() {
        let mut gif = Vec::new();
        {
            let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
            for _ in 0..3 {
                let frame = image::Frame::new(halves(16, 16).into_rgba8());
                encoder.encode_frame(frame).unwrap();
            }
        }
        let clean = clean(FileKind::Gif, &gif).unwrap();
        assert_eq!((clean.width, clean.height), (16, 16));
    }

    /// A PNG whose head says so many pixels, with hardly anything behind it.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut png = written(&halves(8, 8), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let sum = crc(&png[12..29]);
        png[29..33].copy_from_slice(&sum.to_be_bytes());
        png
    }

    fn crc(data: &[u8]) -> u32 {
        !data.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        })
    }

    #[test]
    fn a_bomb_is_refused_by_its_head() {
        let began = std::time::Instant::now();
        for (width, height) in [
            (10_000, 10_000),
            (12_000, 9_000),
            (65_000, 65_000),
            (u32::MAX >> 1, 1),
        ] {
            let refused = clean(FileKind::Png, &bomb(width, height)).unwrap_err();
            assert_eq!(refused, Flaw::Large, "{width} × {height}");
        }
        // JPEG says its size in the frame's head.
        let mut jpeg = written(&halves(16, 16), ImageFormat::Jpeg);
        let frame = jpeg.windows(2).position(|at| at == b"\xff\xc0").unwrap();
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
        assert_eq!(clean(FileKind::Jpeg, &jpeg).unwrap_err(), Flaw::Large);
        let mut gif = written(&halves(16, 16), ImageFormat::Gif);
        gif[6..10].copy_from_slice(&[0x10, 0x27, 0x10, 0x27]);
        assert_eq!(clean(FileKind::Gif, &gif).unwrap_err(), Flaw::Large);
        assert!(began.elapsed().as_millis() < 1000);
    }

    #[test]
    fn what_is_cut_off_or_empty_is_refused() {
        let png = written(&halves(64, 64), ImageFormat::Png);
        for bytes in [&b""[..], b"\x89PNG\r\n\x1a\n", &png[..png.len() / 2]] {
            assert_eq!(clean(FileKind::Png, bytes).unwrap_err(), Flaw::Broken);
        }
        for bytes in [&b""[..], b"\xff\xd8\xff"] {
            assert_eq!(clean(FileKind::Jpeg, bytes).unwrap_err(), Flaw::Broken);
        }
        assert_eq!(clean(FileKind::Mp4, &png).unwrap_err(), Flaw::Kind);
        // Wherever it ends: in its head, in its pixels, before its last mark.
        let busy = RgbImage::from_fn(160, 120, |x, y| {
            let value = (x * 7919 + y * 104_729) % 251;
            Rgb([u8::try_from(value).unwrap(), 80, 200])
        });
        let jpeg = written(&DynamicImage::ImageRgb8(busy), ImageFormat::Jpeg);
        assert!(clean(FileKind::Jpeg, &jpeg).is_ok());
        for length in [3, 20, jpeg.len() / 2, jpeg.len() - 2, jpeg.len() - 1] {
            let refused = clean(FileKind::Jpeg, &jpeg[..length]).unwrap_err();
            assert_eq!(refused, Flaw::Broken, "{length} of {}", jpeg.len());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (kind, head) in [
                (FileKind::Jpeg, &b"\xff\xd8\xff\xe0"[..]),
                (FileKind::Png, b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
                (FileKind::Gif, b"GIF89a"),
                (FileKind::Webp, b"RIFF\xff\0\0\0WEBPVP8 "),
            ] {
                let _ = clean(kind, &[head, &bytes].concat());
            }
        }
    }
}
