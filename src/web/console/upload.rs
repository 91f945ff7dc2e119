//! Files that come with a form of the console (`multipart/form-data`): read by the guard beside the
//! fields, so that such a form is checked like any other. Also: how long the body of a request may be,
//! which is more where files come.

use std::sync::Arc;

use poem::error::ParseMultipartError;
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody};

use crate::base::fault::{Code, Fault};
use crate::intake::parcel;

/// Where rosters are sent.
const IMPORT: &str = "/console/import/upload";
/// Where cash and transfers are written down, with a picture.
const TAKE: &str = "/console/payments/take";
/// Where a waiver is asked for, with what shows that it is right.
const WAIVER: &str = "/console/payments/waivers";
/// Where what is given at the counter is, with a picture.
const GIVEN: &str = "/console/giving/take";
/// Where something is entered into the books, with a picture of its slip.
const VOUCHER: &str = "/console/vouchers";
/// Where a notice is written, with photos.
const NOTICE: &str = "/console/notices/new";
/// Largest form with a roster, bytes.
const IMPORT_BYTES: usize = parcel::MOST_BYTES + 64 * 1024;
/// Largest form, bytes: a long text in UTF-8, every byte of it escaped.
pub const FORM_BYTES: usize = 128 * 1024;
/// Largest form with photos, bytes.
const PHOTO_BYTES: usize = 32 * 1024 * 1024;
/// Files of one form.
const MOST_FILES: usize = 20;

/// A file of a form.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The field's name.
    pub field: String,
    /// What it is called where it comes from: for people, never a path of ours.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files of the form that was sent; none of one that has none.
#[derive(Clone, Debug, Default)]
pub struct Uploads(Arc<Vec<Upload>>);

impl Uploads {
    /// Those of a field.
    pub fn of(&self, field: &str) -> impl Iterator<Item = &Upload> {
        self.0.iter().filter(move |upload| upload.field == field)
    }

    /// All of them: name and bytes.
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, Vec<u8>)> {
        let each = self.0.iter();
        each.map(|upload| (upload.name.clone(), upload.bytes.clone()))
            .collect()
    }
}

impl<'a> FromRequest<'a> for Uploads {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.data::<Self>().cloned().unwrap_or_default())
    }
}

/// Whether a form with files was sent.
#[must_use]
pub fn is_multipart(request: &Request) -> bool {
    let kind = request.content_type().unwrap_or_default();
    kind.starts_with("multipart/form-data")
}

/// Reads the fields and the files.
///
/// # Errors
/// `malformed` for what is no such form; `invalid` for too many files.
pub async fn read(
    request: &Request,
    body: &mut RequestBody,
) -> poem::Result<(Vec<(String, String)>, Uploads)> {
    let parts = Multipart::from_request(request, body).await;
    let mut parts = parts.map_err(|error| unread(error.to_string()))?;
    let lost = |error: ParseMultipartError| unread(error.to_string());
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(lost)? {
        let field = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            None => pairs.push((field, part.text().await.map_err(lost)?)),
            Some(name) => {
                let bytes = part.bytes().await.map_err(lost)?;
                // A field in which nothing was chosen.
                if name.is_empty() && bytes.is_empty() {
                    continue;
                }
                if files.len() >= MOST_FILES {
                    return Err(Fault::invalid("file", "文件太多了，请分几次上传。").into());
                }
                files.push(Upload { field, name, bytes });
            }
        }
    }
    Ok((pairs, Uploads(Arc::new(files))))
}

fn unread(why: String) -> Fault {
    Fault::new(Code::Malformed, "上传的内容看不懂，请重新上传。").because(why)
}

/// How long the body of a form may be, by where it is sent, bytes.
#[must_use]
pub fn most(path: &str) -> usize {
    let forms = [TAKE, WAIVER, GIVEN, VOUCHER, NOTICE];
    if takes_photos(path) || takes_slips(path) || takes_uses(path) || forms.contains(&path) {
        PHOTO_BYTES
    } else if path == IMPORT {
        IMPORT_BYTES
    } else {
        FORM_BYTES
    }
}

/// What is said of a form that is too long.
#[must_use]
pub fn too_large(fault: Fault, most: usize) -> Fault {
    match fault.code {
        Code::TooLarge if most == IMPORT_BYTES => Fault::new(
            Code::TooLarge,
            "文件太大，一次最多 20 MB。请分成几份上传，或请管理员用命令行导入。",
        ),
        _ => fault,
    }
}

/// `/console/cases/12/photos`, `/console/activities/12/photos`, `/console/notices/12/correct`
fn takes_photos(path: &str) -> bool {
    let ways = [
        ("/console/cases/", "/photos"),
        ("/console/activities/", "/photos"),
        ("/console/notices/", "/correct"),
    ];
    ways.iter().any(|(before, behind)| {
        let id = path
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(behind));
        id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

/// `/console/expenses/12/quote`, `/console/expenses/12/pay`, `/console/payments/refunds/12/paid`
fn takes_slips(path: &str) -> bool {
    let ways: [(&str, &[&str]); 2] = [
        ("/console/expenses/", &["quote", "pay"]),
        ("/console/payments/refunds/", &["paid"]),
    ];
    ways.iter().any(|(before, acts)| {
        let rest = path.strip_prefix(before);
        let parts = rest.and_then(|rest| rest.split_once('/'));
        parts.is_some_and(|(id, act)| {
            let is_key = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
            is_key && acts.contains(&act)
        })
    })
}

/// `/console/giving/12/use`, `/console/giving/free/use`
fn takes_uses(path: &str) -> bool {
    let key = path
        .strip_prefix("/console/giving/")
        .and_then(|rest| rest.strip_suffix("/use"));
    key.is_some_and(|key| key == "free" || key.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cases_photos_and_a_roster_may_be_large() {
        assert_eq!(most("/console/cases/12/photos"), PHOTO_BYTES);
        assert_eq!(most("/console/import/upload"), IMPORT_BYTES);
        assert_eq!(most("/console/payments/take"), PHOTO_BYTES);
        assert_eq!(most("/console/payments/waivers"), PHOTO_BYTES);
        assert_eq!(most("/console/payments/refunds/12/paid"), PHOTO_BYTES);
        assert_eq!(most("/console/vouchers"), PHOTO_BYTES);
        assert_eq!(most("/console/expenses/12/pay"), PHOTO_BYTES);
        assert_eq!(most("/console/expenses/12/quote"), PHOTO_BYTES);
        assert_eq!(most("/console/activities/12/photos"), PHOTO_BYTES);
        assert_eq!(most("/console/notices/new"), PHOTO_BYTES);
        assert_eq!(most("/console/notices/12/correct"), PHOTO_BYTES);
        for path in [
            "/console/cases/12/finish",
            "/console/cases//photos",
            "/console/cases/1/2/photos",
            "/console/cases/x/photos",
            "/console/activities/12/change",
            "/console/notices/12/publish",
            "/console/notices//correct",
            "/console/photos",
            "/console/vouchers/12/grant",
            "/console/payments/waivers/12/grant",
            "/console/payments/refunds/12/grant",
            "/console/expenses/12/approve",
            "/console/expenses//pay",
        ] {
            assert_eq!(most(path), FORM_BYTES, "{path}");
        }
    }
}
