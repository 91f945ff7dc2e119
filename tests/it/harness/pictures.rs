//! Pictures that people send: real ones, and those that nobody should.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use linli::sandbox::Say;

use super::app::TestApp;
use super::people::{Api, ApiAnswer, Person};

/// A small JPEG of one colour.
pub fn jpeg(red: u8) -> Vec<u8> {
    written(red, ImageFormat::Jpeg)
}

/// A small document.
pub fn pdf() -> Vec<u8> {
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n".to_vec()
}

/// The same as PNG.
pub fn png(red: u8) -> Vec<u8> {
    written(red, ImageFormat::Png)
}

fn written(red: u8, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_pixel(64, 48, Rgb([red, 80, 80]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture)
        .write_to(&mut out, format)
        .unwrap();
    out.into_inner()
}

/// A JPEG of which nearly all is pixels: no two beside each other are alike.
pub fn busy() -> Vec<u8> {
    let picture = RgbImage::from_fn(160, 120, |x, y| {
        let value = (x * 7919 + y * 104_729) % 251;
        Rgb([u8::try_from(value).unwrap(), 80, 200])
    });
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture)
        .write_to(&mut out, ImageFormat::Jpeg)
        .unwrap();
    out.into_inner()
}

/// Words of the place in [`jpeg_with_place`].
pub const PLACE: &[u8] = b"GPSLatitude 30.1234N";

/// A JPEG whose EXIF says where it was taken.
pub fn jpeg_with_place() -> Vec<u8> {
    let mut body =
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    body.extend(PLACE);
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let jpeg = jpeg(200);
    [&jpeg[..2], b"\xff\xe1", &length, &body, &jpeg[2..]].concat()
}

/// A JPEG in the four colours of a printing press: red on the left, white on the right.
pub const PRINTED: &[u8] = include_bytes!("pictures/cmyk.jpg");
/// A WebP of three pictures, red, green and blue.
pub const MOVING: &[u8] = include_bytes!("pictures/moving.webp");
/// A JPEG as a phone writes it, 64 × 32, red on the left and blue on the right, with its maker, the time,
/// the place, and that it has to be turned by a quarter.
pub const OF_PHONE: &[u8] = include_bytes!("pictures/phone.jpg");

/// A GIF of three pictures, of which the first is of one colour.
pub fn moving_gif(red: u8) -> Vec<u8> {
    let mut out = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut out);
        for blue in [0, 120, 240] {
            let picture = RgbImage::from_pixel(16, 16, Rgb([red, 0, blue]));
            let frame = image::Frame::new(DynamicImage::ImageRgb8(picture).into_rgba8());
            encoder.encode_frame(frame).unwrap();
        }
    }
    out
}

/// A JPEG of a few hundred bytes whose frame's head promises a hundred megapixels.
pub fn jpeg_bomb() -> Vec<u8> {
    let mut bytes = jpeg(1);
    let frame = bytes.windows(2).position(|at| at == b"\xff\xc0").unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x27, 0x10, 0x27, 0x10]);
    bytes
}

/// A PNG of a hundred bytes whose head promises a hundred megapixels.
pub fn bomb() -> Vec<u8> {
    let mut png = png(1);
    png[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
    let sum = !png[12..29].iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

/// Whether these words stand somewhere in it.
pub fn holds(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|part| part == words)
}

impl TestApp {
    /// A picture on the platform, as WeChat keeps what is sent in a chat; its id.
    pub async fn media(&self, bytes: Vec<u8>) -> String {
        let base = self.settings.wechat.work.api_base.replace("/work", "");
        let http = reqwest::Client::builder().build().unwrap();
        let answer = http.post(format!("{base}/media")).body(bytes).send().await;
        let answer = answer.unwrap().bytes().await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        answer["media_id"].as_str().unwrap().to_owned()
    }
}

impl Person<'_> {
    /// Sends a photo in the chat; what is answered.
    pub async fn sends_photo(&self, bytes: Vec<u8>) -> String {
        let media_id = self.app.media(bytes).await;
        self.does(&Say::Image { media_id }).await.unwrap()
    }
}

impl Api {
    /// Uploads a file as the mini-program does: as a field of a form, under this name.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> ApiAnswer {
        let head = format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/jpeg\r\n\r\n"
        );
        let body = [head.as_bytes(), &bytes, b"\r\n--B--\r\n"].concat();
        self.post_bytes(
            "/attachments",
            "multipart/form-data; boundary=B",
            None,
            body,
        )
        .await
    }
}
