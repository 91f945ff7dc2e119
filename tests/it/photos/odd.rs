//! Pictures out of the ordinary, by both ways in: over the API and by the platform's media of a chat.
//! What can be shown is kept, as a plain JPEG without anything else; the rest leaves nothing behind.

use entity::kinds::AttachmentState;
use image::RgbImage;

use super::{both, rows};
use crate::harness::app::TestApp;
use crate::harness::pictures::{self, holds, jpeg, jpeg_bomb, moving_gif, png};

/// What becomes of it.
enum Fate {
    /// Kept, so wide and high, with this colour in the middle of its left quarter.
    Kept(u32, u32, [u8; 3]),
    /// Refused over the API with this status.
    Refused(u16),
}

fn cut(bytes: &[u8], by: usize) -> Vec<u8> {
    bytes[..bytes.len() - by].to_vec()
}

/// Each with the name under which it is sent.
fn table() -> Vec<(&'static str, &'static str, Vec<u8>, Fate)> {
    use Fate::{Kept, Refused};
    const RED: [u8; 3] = [255, 0, 0];
    let plain = [200, 80, 80];
    let script = b"<html><script>alert(1)</script></html>";
    let comment = {
        let length = u16::try_from(script.len() + 2).unwrap().to_be_bytes();
        let jpeg = jpeg(200);
        [&jpeg[..2], b"\xff\xfe", &length, script, &jpeg[2..]].concat()
    };
    let archive = {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("evil.exe", options).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let phone = pictures::OF_PHONE;
    vec![
        (
            "of a printing press",
            "a.jpg",
            pictures::PRINTED.to_vec(),
            Kept(32, 24, RED),
        ),
        ("a moving GIF", "a.gif", moving_gif(255), Kept(16, 16, RED)),
        (
            "a moving WebP",
            "a.webp",
            pictures::MOVING.to_vec(),
            Kept(16, 16, RED),
        ),
        // 64 × 32 as it lies, red on the left; upright it is red above.
        (
            "of a phone, turned",
            "IMG_1.JPG",
            phone.to_vec(),
            Kept(32, 64, RED),
        ),
        (
            "a PNG under another name",
            "a.jpg",
            png(200),
            Kept(64, 48, plain),
        ),
        (
            "a JPEG called a program",
            "a.exe",
            jpeg(200),
            Kept(64, 48, plain),
        ),
        (
            "with a ZIP behind it",
            "a.zip",
            [jpeg(200), archive.clone()].concat(),
            Kept(64, 48, plain),
        ),
        (
            "with a page behind it",
            "a.html",
            [&jpeg(200)[..], script].concat(),
            Kept(64, 48, plain),
        ),
        (
            "with a page inside it",
            "a.html",
            comment,
            Kept(64, 48, plain),
        ),
        ("a ZIP", "a.jpg", archive, Refused(415)),
        ("a page", "a.jpg", script.to_vec(), Refused(415)),
        (
            "a JPEG cut in its pixels",
            "a.jpg",
            cut(&pictures::busy(), pictures::busy().len() / 2),
            Refused(422),
        ),
        (
            "a JPEG without its end",
            "a.jpg",
            cut(&jpeg(200), 2),
            Refused(422),
        ),
        (
            "a JPEG's head alone",
            "a.jpg",
            jpeg(200)[..30].to_vec(),
            Refused(422),
        ),
        (
            "a GIF cut off",
            "a.gif",
            moving_gif(255)[..40].to_vec(),
            Refused(422),
        ),
        (
            "a WebP cut off",
            "a.webp",
            cut(&pictures::MOVING[..90], 0),
            Refused(422),
        ),
        (
            "a hundred megapixels as JPEG",
            "a.jpg",
            jpeg_bomb(),
            Refused(413),
        ),
        (
            "a hundred megapixels as PNG",
            "a.png",
            pictures::bomb(),
            Refused(413),
        ),
    ]
}

/// Nothing but pixels is left of it.
fn expect_plain(what: &str, bytes: &[u8], wide: u32, high: u32, colour: [u8; 3]) {
    let format = image::guess_format(bytes).unwrap();
    assert_eq!(format, image::ImageFormat::Jpeg, "{what}");
    let seen: RgbImage = image::load_from_memory(bytes).unwrap().into_rgb8();
    assert_eq!(seen.dimensions(), (wide, high), "{what}");
    let pixel = seen.get_pixel(wide / 4, high / 4).0;
    let near = pixel
        .iter()
        .zip(colour)
        .all(|(is, wanted)| is.abs_diff(wanted) < 40);
    assert!(near, "{what}: {pixel:?}, not {colour:?}");
    for words in [
        &b"Exif"[..],
        b"LinliPhone",
        b"GPS",
        b"2026:11:21",
        b"<script",
        b"PK\x03\x04",
        b"PK\x05\x06",
    ] {
        assert!(
            !holds(bytes, words),
            "{what}: {:?} is left",
            String::from_utf8_lossy(words)
        );
    }
}

#[tokio::test]
async fn over_the_api_pictures_are_kept_as_pixels_or_not_at_all() {
    let app = TestApp::start().await;
    let zhang = both(&app, "张秀英").await;
    assert!(holds(pictures::OF_PHONE, b"LinliPhone") && holds(pictures::OF_PHONE, b"Exif"));
    let mut kept = 0;
    for (what, name, bytes, fate) in table() {
        let began = std::time::Instant::now();
        let answer = zhang.upload(name, bytes).await;
        match fate {
            Fate::Kept(wide, high, colour) => {
                assert_eq!(answer.status, 201, "{what}: {answer:?}");
                kept += 1;
                let path = format!("/attachments/{}", answer.json["id"].as_str().unwrap());
                let (_, kind, bytes) = zhang.fetch(&path).await;
                assert_eq!(kind, "image/jpeg", "{what}");
                expect_plain(what, &bytes, wide, high, colour);
                let (_, _, small) = zhang.fetch(&format!("{path}/thumbnail")).await;
                expect_plain(what, &small, wide, high, colour);
            }
            Fate::Refused(status) => {
                assert_eq!(answer.status, status, "{what}: {answer:?}");
                let says = answer.json["detail"].as_str().unwrap();
                assert!(says.ends_with('。'), "{what}: {says}");
            }
        }
        assert!(began.elapsed().as_secs() < 10, "{what}");
    }
    assert_eq!(zhang.upload("a.jpg", Vec::new()).await.status, 422);
    assert_eq!(
        rows(&app).await.len(),
        kept,
        "what was refused left something"
    );
}

#[tokio::test]
async fn by_chat_pictures_are_kept_as_pixels_or_the_sender_is_told() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    zhang.says("报修 1栋大厅漏水").await;
    // WeChat takes nothing else into a conversation.
    let taken = |bytes: &[u8]| {
        let heads: [&[u8]; 3] = [b"\xff\xd8\xff", b"\x89PNG", b"GIF8"];
        heads.iter().any(|head| bytes.starts_with(head))
    };
    for (what, _, bytes, fate) in table() {
        if !taken(&bytes) {
            continue;
        }
        zhang.sends_photo(bytes).await;
        app.drain().await;
        let row = rows(&app).await.pop().unwrap();
        match fate {
            Fate::Kept(wide, high, colour) => {
                assert_eq!(row.state, AttachmentState::Stored, "{what}");
                let files = &app.instances[0].app.files;
                for path in [row.path, row.small_path] {
                    let bytes = files.get(&path.unwrap()).await.unwrap();
                    expect_plain(what, &bytes, wide, high, colour);
                }
            }
            Fate::Refused(_) => {
                assert_eq!(row.state, AttachmentState::Refused, "{what}");
                assert_eq!((row.path, row.small_path), (None, None), "{what}");
                zhang.expects_push("没能保存").await;
            }
        }
    }
}
