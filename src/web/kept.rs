//! Messages that were acknowledged and are not done yet: each lies sealed where the attachments lie,
//! not in the database, since that is what is slow. Whoever finds one that nobody is at work on does
//! it. Called by `late.rs`.

use entity::kinds::Channel;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::clock::{Moment, from_ms};
use crate::base::fault::Fault;
use crate::bot::{Audience, Spoken, SpokenKind};
use crate::wechat::crypto::signature;

/// Where they lie.
const FOLDER: &str = "late/";

/// A message to the official account, as it came.
#[derive(Serialize, Deserialize)]
struct Kept {
    at_ms: i64,
    from: String,
    key: String,
    kind: SpokenKind,
}

/// What was found.
pub(super) struct Found {
    /// Where.
    pub path: String,
    /// When it was kept, and what was said; none when it cannot be read.
    pub said: Option<(Moment, Spoken)>,
}

/// Keeps a message of the official account until it is forgotten.
///
/// # Errors
/// `outside` when the storage does not answer.
pub(super) async fn keep(app: &App, spoken: &Spoken) -> Result<(), Fault> {
    let kept = Kept {
        at_ms: app.clock.now().timestamp_millis(),
        from: spoken.external_id.clone(),
        key: spoken.key.clone(),
        kind: spoken.kind.clone(),
    };
    let text = serde_json::to_string(&kept).map_err(Fault::internal)?;
    let sealed = app.seal.seal(&app.dice, &text)?;
    app.files.note(&path_of(&spoken.key), sealed).await
}

/// It is done, or the person was told that it is not.
///
/// # Errors
/// `outside` when the storage does not answer; then it is found once more, and has no second effect.
pub(super) async fn forget(app: &App, path: &str) -> Result<(), Fault> {
    app.files.delete(path).await
}

/// All that is kept.
///
/// # Errors
/// `outside` when the storage does not answer.
pub(super) async fn all(app: &App) -> Result<Vec<Found>, Fault> {
    let mut found = Vec::new();
    for path in app.files.list(FOLDER).await? {
        match app.files.get(&path).await {
            Ok(bytes) => found.push(Found {
                said: read(app, &bytes),
                path,
            }),
            // Done meanwhile.
            Err(fault) if fault.code == crate::base::fault::Code::NotFound => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(found)
}

fn read(app: &App, sealed: &[u8]) -> Option<(Moment, Spoken)> {
    let text = app.seal.open(std::str::from_utf8(sealed).ok()?).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let spoken = Spoken {
        channel: Channel::Official,
        external_id: kept.from,
        key: kept.key,
        kind: kept.kind,
        audience: Audience::Private,
    };
    Some((from_ms(kept.at_ms)?, spoken))
}

/// Of a message with this key, which may hold any character.
pub(super) fn path_of(key: &str) -> String {
    format!("{FOLDER}{}", signature(&[key]))
}
