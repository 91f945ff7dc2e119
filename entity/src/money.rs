//! The closed word lists of money's columns: the same text on SQLite and PostgreSQL. No logic.

use sea_orm::entity::prelude::*;

/// What kind of event an entry of the books is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum EntryKind {
    /// Bills of a month.
    Bill,
    /// A correction of a bill.
    Credit,
    /// Money that came in.
    Payment,
    /// Money that went back.
    Refund,
    /// An amount that is not asked for any longer.
    Waiver,
    /// What was paid ahead is used for a bill.
    Advance,
    /// Money that was spent.
    Expense,
    /// Money that came in without a bill: 公共收益, 捐款.
    Income,
    /// What the platform keeps for itself.
    Fee,
    /// Between accounts of one’s own.
    Transfer,
    /// What was there before the books began.
    Opening,
    /// Takes an entry back.
    Reversal,
}

/// Where the making of a month’s bills stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum RunState {
    /// Begun and not ended: it goes on where it stopped.
    Running,
    /// All homes have theirs.
    Done,
}

/// Where the bills of a home that was sold stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum SaleState {
    /// Somebody has to look at it.
    Waiting,
    /// What is the other owner's stands on their bill.
    Done,
    /// Somebody said that nothing is to be corrected.
    Dropped,
}

/// Where a bill stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum BillState {
    /// Something is left to pay.
    Open,
    /// Nothing is left to pay.
    Settled,
}

/// How somebody pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum PayWay {
    /// Inside WeChat.
    Wechat,
    /// Cash.
    Cash,
    /// Bank transfer.
    Transfer,
    /// From what was paid ahead.
    Advance,
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum PaymentState {
    /// Written down; the platform may not know it yet.
    Created,
    /// Ordered at the platform: it can be paid.
    Open,
    /// The money is there and in the books.
    Paid,
    /// It will never be paid.
    Closed,
}

/// What became of a notification of the pay platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum NoticeState {
    /// Stored, not followed yet.
    Received,
    /// Followed, or known already.
    Done,
    /// It does not fit our order: somebody has to look.
    Refused,
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum RefundCause {
    /// Paid twice.
    Duplicate,
    /// Paid after the order was closed.
    Late,
    /// Asked for by a person.
    Asked,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum RefundState {
    /// A second person has to decide.
    Asked,
    /// To be sent to the platform.
    Approved,
    /// To be paid out by somebody: in cash or by transfer.
    Granted,
    /// The platform has it.
    Sent,
    /// The money is back.
    Done,
    /// The platform could not give it back: somebody gives it to people to pay out.
    Abnormal,
    /// The platform will not do it.
    Closed,
    /// The second person said no.
    Refused,
}

/// Where a waiver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum WaiverState {
    /// A second person has to decide.
    Asked,
    /// Done.
    Granted,
    /// The second person said no.
    Refused,
}

/// What people enter into the books themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VoucherKind {
    /// Money that came in without a bill.
    Income,
    /// Between accounts of one’s own.
    Transfer,
    /// Which part of what was there before the books began is whose.
    Opening,
    /// Takes an entry back.
    Reversal,
}

/// Where a voucher stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum VoucherState {
    /// A second person has to decide.
    Asked,
    /// In the books.
    Granted,
    /// The second person said no.
    Refused,
}

/// What came of comparing a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ReconState {
    /// All is equal.
    Balanced,
    /// Something differs.
    Different,
    /// Something differs, and somebody has said what it was.
    Explained,
    /// The platform has no bill yet.
    Waiting,
}

/// In what the platform’s bill and ours differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(32))",
    rename_all = "snake_case"
)]
pub enum DifferenceKind {
    /// We have it, they have not.
    OursOnly,
    /// They have it, we have not.
    TheirsOnly,
    /// The amount.
    Amount,
    /// We have the refund, they have not.
    RefundOursOnly,
    /// They have the refund, we have not.
    RefundTheirsOnly,
    /// The amount of a refund.
    RefundAmount,
    /// What the platform took as its fee, by its two bills.
    Fee,
    /// What lies at the platform at the end of the day.
    Balance,
    /// Money that went from the platform to the bank, and could not be booked by itself.
    Withdrawal,
}

/// Where an expense stands on its way through reviews, publications and filing (三审两公开一备案).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ExpenseState {
    /// Being written by whoever proposes it.
    Draft,
    /// With the reviewers, one body after the other.
    Reviewing,
    /// Shown to everybody before it is paid (事前公示).
    Publishing,
    /// To be filed with the street (备案).
    Filing,
    /// Its chain is complete: may be paid.
    Payable,
    /// Paid, and shown to everybody (事后公示).
    Paid,
    /// Paid, and shown long enough.
    Closed,
    /// Somebody said no; may be written anew.
    Refused,
    /// Taken back by whoever proposed it.
    Withdrawn,
    /// Nobody did anything for too long.
    Expired,
}

/// What was done to an expense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum ExpenseAct {
    /// Written down.
    Propose,
    /// Changed while a draft: its words, its quotes.
    Change,
    /// Handed to the reviewers.
    Submit,
    /// A review that says yes.
    Approve,
    /// A no, with its reason.
    Refuse,
    /// Shown to everybody from now on.
    Publish,
    /// Somebody objected; a case stands for it.
    Object,
    /// The first publication is over.
    Published,
    /// The street has a tender and its result on record.
    Tender,
    /// Filed with the street.
    File,
    /// Paid.
    Pay,
    /// The second publication is over.
    Close,
    /// Taken back.
    Withdraw,
    /// Begun anew after a no.
    Revise,
    /// Lapsed.
    Expire,
}

/// What happened to a reminder of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DueEvent {
    /// Its day has come.
    Planned,
    /// Its words were handed to a channel.
    Said,
    /// What came of it is known.
    Ended,
}

/// What came of a reminder of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(
    rs_type = "String",
    db_type = "String(StringLen::N(16))",
    rename_all = "snake_case"
)]
pub enum DueResult {
    /// A platform took it.
    Sent,
    /// The platform says that it arrived.
    Delivered,
    /// It did not arrive.
    Failed,
    /// No channel reaches the person.
    Unreachable,
    /// The person does not want such reminders.
    Unwanted,
    /// Nothing had to be said any more: paid, waived, disputed.
    NotNeeded,
    /// The home is somebody else’s by now.
    Moved,
}
