//! What the JSON of giving looks like, and how rows become it. Part of [`super`].

use entity::kinds::{DonationKind, DonationState};
use entity::{donation_use, drive};
use sea_orm::{ActiveEnum, ConnectionTrait};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::giving::queries::{self, Seen, Side, public};
use crate::giving::{drive_says, state_says};
use crate::payment::link;

/// A drive.
#[derive(Debug, Serialize, ToSchema)]
pub struct DriveView {
    /// The number that people type.
    pub id: String,
    /// In a few words.
    pub title: String,
    /// What for and for whom.
    pub text: String,
    /// Fen; none when any amount helps.
    pub goal: Option<i64>,
    /// The first day on which something is taken.
    pub from: String,
    /// The last one.
    pub to: Option<String>,
    /// draft, open, closed.
    pub state: String,
    /// 进行中 …
    pub state_label: String,
    /// Fen that were given.
    pub given: i64,
    /// Fen of it that were used.
    pub used: i64,
    /// Fen of it that went back.
    pub returned: i64,
    /// Donations of money and goods.
    pub donations: i64,
}

/// A page of drives.
#[derive(Debug, Serialize, ToSchema)]
pub struct DrivePage {
    /// Newest first.
    pub items: Vec<DriveView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// A drive to be written, as a draft.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDrive {
    /// Code of the compound, `GY`.
    pub compound: String,
    /// At most 30 characters.
    pub title: String,
    /// At most 500 characters.
    pub text: String,
    /// Fen; none when any amount helps.
    #[serde(default)]
    pub goal: Option<i64>,
    /// `2026-12-01`
    pub from: String,
    /// `2026-12-31`; none until somebody closes it.
    #[serde(default)]
    pub to: Option<String>,
}

/// A donation, as far as the caller may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationView {
    /// The number that people type.
    pub id: String,
    /// The drive; none when it is for none.
    pub drive: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// money or goods.
    pub kind: String,
    /// Of money fen, of goods pieces.
    pub amount: i64,
    /// What of it was used.
    pub used: i64,
    /// What of it went back.
    pub returned: i64,
    /// What the goods are.
    pub goods: Option<String>,
    /// The room that they are for.
    pub room: Option<String>,
    /// `张**`, or that nobody is to know.
    pub who: String,
    /// Whether nobody is to learn who gave.
    pub anonymous: bool,
    /// What the caller has to do with it: donor, staff.
    pub side: String,
    /// pledged, received, declined, withdrawn, lapsed.
    pub state: String,
    /// 已收到 …
    pub state_label: String,
    /// Why it was declined.
    pub reason: Option<String>,
    /// Where promised money is paid; for the donor, for a day.
    pub pay_url: Option<String>,
    /// What it was used for, newest first; empty in a list.
    pub uses: Vec<DonationUseView>,
    /// Made.
    pub created_at: String,
    /// Since when it is there.
    pub received_at: Option<String>,
}

/// What a donation was used for.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationUseView {
    /// In words for everybody.
    pub what: String,
    /// The day.
    pub day: String,
    /// This donation's part, in its unit.
    pub amount: i64,
    /// The expense by which the money left.
    pub expense: Option<String>,
}

/// A page of donations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DonationPage {
    /// Newest first.
    pub items: Vec<DonationView>,
    /// Cursor of the next page; none at the end.
    pub next: Option<String>,
}

/// Which donations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DonationQuery {
    /// mine (if not given), or waiting: goods that the caller may take in.
    pub list: Option<String>,
    /// Cursor of the last page.
    pub cursor: Option<String>,
    /// 1 to 100; 20 if not given.
    pub limit: Option<u64>,
}

/// A promise of money or of goods.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDonation {
    /// The drive; none: for whatever the compound does good with.
    #[serde(default)]
    pub drive: Option<String>,
    /// money or goods.
    pub kind: String,
    /// Of money fen, at most 100000000; of goods pieces.
    pub amount: i64,
    /// What the goods are, at most 100 characters, no phone numbers.
    #[serde(default)]
    pub goods: String,
    /// The room that they are for, at most 20 characters.
    #[serde(default)]
    pub room: String,
    /// Whether nobody is to learn who gave.
    #[serde(default)]
    pub anonymous: bool,
}

/// Why goods cannot be taken in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DonationRefusal {
    /// The donor is told.
    pub reason: String,
}

fn time(at: Moment) -> String {
    china(at).to_rfc3339()
}

/// With its sums.
pub(super) async fn drive_view<C: ConnectionTrait>(
    db: &C,
    row: drive::Model,
) -> Result<DriveView, Fault> {
    let sums = public::sums(db, row.compound_id).await?;
    let sums = sums.get(&Some(row.id)).copied().unwrap_or_default();
    Ok(DriveView {
        id: row.id.to_string(),
        title: row.title,
        text: row.text,
        goal: row.goal,
        from: row.from_day.to_string(),
        to: row.to_day.map(|day| day.to_string()),
        state: row.state.to_value(),
        state_label: drive_says(row.state).to_owned(),
        given: sums.given,
        used: sums.used,
        returned: sums.returned,
        donations: sums.count,
    })
}

/// Without what it was used for.
pub(super) fn view(app: &App, seen: Seen) -> DonationView {
    let row = seen.row;
    let own = seen.side == Side::Donor;
    let waits = row.state == DonationState::Pledged && row.kind == DonationKind::Money;
    DonationView {
        id: row.id.to_string(),
        drive: row.drive_id.map(|id| id.to_string()),
        purpose: seen.purpose,
        kind: row.kind.to_value(),
        amount: row.amount,
        used: row.used,
        returned: row.returned,
        who: seen.who,
        anonymous: row.anonymous,
        side: match seen.side {
            Side::Donor => "donor".to_owned(),
            Side::Staff => "staff".to_owned(),
        },
        state: row.state.to_value(),
        state_label: state_says(&row).to_owned(),
        pay_url: (own && waits).then(|| link::pay_donation(app, &row)),
        uses: Vec::new(),
        created_at: time(row.created_at),
        received_at: row.received_at.map(time),
        goods: row.goods,
        room: row.room,
        reason: row.reason,
    }
}

/// With what it was used for.
pub(super) async fn whole<C: ConnectionTrait>(
    app: &App,
    db: &C,
    seen: Seen,
) -> Result<DonationView, Fault> {
    let uses = queries::uses_of(db, seen.row.id).await?;
    let one = |(row, amount): (donation_use::Model, i64)| DonationUseView {
        what: row.what,
        day: row.day.to_string(),
        amount,
        expense: row.expense_id.map(|id| id.to_string()),
    };
    Ok(DonationView {
        uses: uses.into_iter().map(one).collect(),
        ..view(app, seen)
    })
}
