//! Giving (捐赠): drives that a compound collects for, donations of money and goods, and what they were used
//! for, so that every yuan given is followed to its use and whoever gave it is told (decision 0024).
//! Invariant: what others read of goods and rooms has been read by staff; who gives in secret is named by no
//! face; money is used by an expense that has been through its whole chain. Floor 3.
//! How money comes and goes back is `payment`, what is left of it `fund`.

pub mod actions;
pub mod api;
pub mod chat;
pub mod queries;
pub mod remind;
pub mod step;
mod typed;

pub use crate::fund::FREE;

use entity::donation;
use entity::kinds::{DonationKind, DonationState, DriveState};

use crate::base::fen::Fen;

/// Most characters of a drive's title.
pub const MOST_TITLE: usize = 30;
/// Most characters of what a drive is for.
pub const MOST_TEXT: usize = 500;
/// Most characters of what goods are, of what a use was, of a reason.
pub const MOST_WORDS: usize = 100;
/// Most characters of a room's name, and of a donor's.
pub const MOST_NAME: usize = 20;
/// Most pieces of one donation of goods.
pub const MOST_PIECES: i64 = 9_999;
/// The part of a donation that others may see, as `moderation` knows it: what the goods are, and the room.
pub const PART: &str = "goods";
/// What stands in place of the name of somebody who gives in secret.
pub const SECRET: &str = "爱心人士（匿名）";

/// How a drive is named as the subject of reminders and audit rows.
#[must_use]
pub fn subject(id: i64) -> String {
    format!("drive:{id}")
}

/// How a use is named as the subject of attachments, reminders, entries of the books and audit rows.
#[must_use]
pub fn use_subject(id: i64) -> String {
    format!("donation-use:{id}")
}

/// What people call the state of a drive.
#[must_use]
pub const fn drive_says(state: DriveState) -> &'static str {
    match state {
        DriveState::Draft => "草稿",
        DriveState::Open => "进行中",
        DriveState::Closed => "已结束",
    }
}

/// What people call the state of a donation; at most five characters.
#[must_use]
pub const fn state_says(row: &donation::Model) -> &'static str {
    match (row.state, row.kind) {
        (DonationState::Pledged, DonationKind::Money) => "待付款",
        (DonationState::Pledged, DonationKind::Goods) => "待收下",
        (DonationState::Received, _) if row.used + row.returned >= row.amount => {
            match row.returned >= row.amount {
                true => "已退回",
                false => "已用完",
            }
        }
        (DonationState::Received, _) if row.used > 0 => "用了一部分",
        (DonationState::Received, _) => "已收到",
        (DonationState::Declined, _) => "未收下",
        (DonationState::Withdrawn, _) => "已撤回",
        (DonationState::Lapsed, _) => "已取消",
    }
}

/// An amount of its kind: `30.00元`, `2件`.
#[must_use]
pub fn amount_says(kind: DonationKind, amount: i64) -> String {
    match kind {
        DonationKind::Money => format!("{}元", Fen(amount)),
        DonationKind::Goods => format!("{amount}件"),
    }
}

/// How goods come to whoever takes them in, for the donor: who gives in secret brings them, since nobody may learn
/// how to reach them.
#[must_use]
pub const fn way_of_goods(anonymous: bool) -> &'static str {
    match anonymous {
        true => "请自己送到物业服务中心，报捐物编号就行，不用报姓名",
        false => "收捐物的工作人员能看到您的姓名和电话，会联系您收取",
    }
}
