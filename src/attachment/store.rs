//! Where the bytes of an attachment lie, and what its row says of them. Used by the fetching clock and
//! by uploads.

use entity::attachment;
use entity::kinds::AttachmentState;
use sea_orm::ActiveValue::Set;

use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::files::{Clean, FileKind};

/// What the row says once the bytes are in our storage.
pub(super) struct Stored {
    kind: FileKind,
    size: usize,
    path: String,
    small_path: Option<String>,
    pixels: Option<(u32, u32)>,
}

/// Where the file of a row lies; follows from the row, so that a repetition writes the same file.
fn path_of(id: i64, created_at: Moment, ending: &str) -> String {
    format!("{}/{id}{ending}", china(created_at).format("%Y/%m"))
}

/// Where the file and the small one of a row will lie, before it is known what they are: for removing
/// what a crash left.
pub(super) fn possible_paths(row: &attachment::Model) -> Vec<String> {
    let at = |ending: &str| path_of(row.id, row.created_at, ending);
    [".jpg", "-s.jpg", ".amr", ".mp3", ".mp4", ".pdf"]
        .map(at)
        .to_vec()
}

/// Puts the bytes away.
///
/// # Errors
/// `outside` when the storage does not answer.
pub(super) async fn put(
    app: &App,
    id: i64,
    created_at: Moment,
    clean: Clean,
) -> Result<Stored, Fault> {
    match clean {
        Clean::Picture(picture) => {
            let path = path_of(id, created_at, ".jpg");
            let small_path = path_of(id, created_at, "-s.jpg");
            let size = picture.full.len();
            let kind = FileKind::Jpeg;
            app.files.put(&path, kind, picture.full).await?;
            app.files.put(&small_path, kind, picture.small).await?;
            Ok(Stored {
                kind,
                size,
                path,
                small_path: Some(small_path),
                pixels: Some((picture.width, picture.height)),
            })
        }
        Clean::Other(kind, bytes) => {
            let path = path_of(id, created_at, &format!(".{}", kind.ending()));
            let size = bytes.len();
            app.files.put(&path, kind, bytes).await?;
            Ok(Stored {
                kind,
                size,
                path,
                small_path: None,
                pixels: None,
            })
        }
    }
}

impl Stored {
    /// The row's change.
    pub(super) fn change(self) -> attachment::ActiveModel {
        let pixel = |value: u32| i32::try_from(value).ok();
        attachment::ActiveModel {
            state: Set(AttachmentState::Stored),
            kind: Set(self.kind.family().to_owned()),
            content_type: Set(Some(self.kind.content_type().to_owned())),
            size: Set(i64::try_from(self.size).ok()),
            path: Set(Some(self.path)),
            small_path: Set(self.small_path),
            width: Set(self.pixels.and_then(|(width, _)| pixel(width))),
            height: Set(self.pixels.and_then(|(_, height)| pixel(height))),
            ..Default::default()
        }
    }
}
