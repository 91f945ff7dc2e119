//! Links to attachments that hold for an hour (a day where somebody has to decide on it): made for whoever may see what they belong to, opened
//! without signing in, since neither `<img>` nor the mini-program's `<image>` sends a token.

use chrono::TimeDelta;
use entity::attachment;
use entity::kinds::AttachmentState;

use crate::app::App;
use crate::base::clock::Moment;
use crate::wechat::crypto::same;

/// A link holds so long.
const HOLDS: TimeDelta = TimeDelta::hours(1);
/// A link in a message to whoever decides whether others may see it.
const HOLDS_TO_DECIDE: TimeDelta = TimeDelta::hours(24);

/// Which file of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it is kept.
    Full,
    /// Of a picture: the small one.
    Small,
}

impl Variant {
    /// As it stands in the link.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Small => "small",
        }
    }

    /// Which one a word names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Full, Self::Small]
            .into_iter()
            .find(|variant| variant.word() == word)
    }
}

/// What an attachment is called where it is saved: `linli-7.pdf`. Names from outside count for nothing.
#[must_use]
pub fn file_name(row: &attachment::Model) -> String {
    let ending = row.path.as_deref().and_then(|path| path.rsplit_once('.'));
    let ending = ending.map_or("bin", |(_, ending)| ending);
    format!("linli-{}.{ending}", row.id)
}

/// The link's path: `/files/7/small/1790000000/…`; none while there is nothing to show.
#[must_use]
pub fn path(app: &App, row: &attachment::Model, variant: Variant) -> Option<String> {
    made(app, row, variant, HOLDS)
}

/// The path for a page that everybody reads: the same for all of an hour, so that a page which has not changed is
/// the same page; it holds for one hour more.
#[must_use]
pub fn public_path(app: &App, row: &attachment::Model, variant: Variant) -> Option<String> {
    let hour = HOLDS.num_seconds();
    let begun = app.clock.now().timestamp().div_euclid(hour);
    link_until(app, row, variant, (begun + 2) * hour)
}

fn made(app: &App, row: &attachment::Model, variant: Variant, holds: TimeDelta) -> Option<String> {
    link_until(app, row, variant, (app.clock.now() + holds).timestamp())
}

fn link_until(app: &App, row: &attachment::Model, variant: Variant, until: i64) -> Option<String> {
    let shown = row.state == AttachmentState::Stored;
    let there = shown && (variant == Variant::Full || row.kind == "image");
    let word = variant.word();
    there.then(|| {
        format!(
            "/files/{}/{word}/{until}/{}",
            row.id,
            sign(app, row.id, variant, until)
        )
    })
}

/// The whole link.
#[must_use]
pub fn url(app: &App, row: &attachment::Model, variant: Variant) -> Option<String> {
    let path = path(app, row, variant)?;
    Some(format!("{}{path}", app.settings.server.public_url))
}

/// The whole link for whoever decides whether others may see it: holds for a day.
#[must_use]
pub fn url_for_decision(app: &App, row: &attachment::Model) -> Option<String> {
    let path = made(app, row, Variant::Full, HOLDS_TO_DECIDE)?;
    Some(format!("{}{path}", app.settings.server.public_url))
}

/// Whether a link was made by us and still holds.
#[must_use]
pub fn holds(app: &App, id: i64, variant: Variant, until: i64, signed: &str, now: Moment) -> bool {
    same(signed, &sign(app, id, variant, until)) && now.timestamp() <= until
}

fn sign(app: &App, id: i64, variant: Variant, until: i64) -> String {
    app.seal
        .sign(&format!("file:{id}:{}:{until}", variant.word()))
}
