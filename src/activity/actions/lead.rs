//! What whoever leads does: 发起活动 发布活动 改活动 截止报名 继续报名 取消活动 活动照片; and what the clocks of
//! an activity do.

use entity::kinds::{ActorKind, PhotoStage, PlaceKind};
use entity::life::{ActivityKind, ActivityState};
use entity::{activity, activity_step};
use sea_orm::ActiveValue::NotSet;
use sea_orm::{ActiveModelTrait, EntityTrait};

use crate::access::Actor;
use crate::access::permit::{Deed, may};
use crate::activity::actions::{Change, locked, one_line, record, step, words};
use crate::activity::queries::led;
use crate::activity::remind::{self, Ring, Telling};
use crate::activity::step::{Act, By, after, is_ahead};
use crate::activity::times::Times;
use crate::activity::{MOST_PLACES, MOST_REASON, MOST_TEXT, MOST_TITLE, subject};
use crate::attachment::{Owner, give};
use crate::base::fault::{Code, Fault};
use crate::place::queries as places;
use crate::store::Tx;

/// The round of all its photos: an activity is held once.
const ROUND: i32 = 1;

/// An activity as whoever leads it describes it.
#[derive(Clone, Debug)]
pub struct New {
    /// What it is.
    pub kind: ActivityKind,
    /// One line.
    pub title: String,
    /// What people should know.
    pub text: String,
    /// Where people meet.
    pub venue: String,
    /// When.
    pub times: Times,
    /// For how many people; none: for all who come.
    pub places: Option<i32>,
}

impl New {
    /// Puts it into a row, once all of it makes sense.
    fn into_row(self, tx: &Tx, row: &mut activity::Model) -> Result<(), Fault> {
        row.kind = self.kind;
        row.title = one_line("title", &self.title, MOST_TITLE, "周六义诊")?;
        row.text = words("text", &self.text, MOST_TEXT)?;
        row.venue = one_line("venue", &self.venue, MOST_TITLE, "中心花园")?;
        // What people know already may have come to pass: it is left alone.
        let known = (row.state != ActivityState::Draft).then(|| Times::of(row));
        let times = self.times.check(tx.now(), known)?;
        row.starts_at = times.starts;
        row.ends_at = times.ends;
        row.closes_at = times.closes;
        let wrong = || Fault::invalid("places", format!("名额请写1到{MOST_PLACES}，不限就不写。"));
        if self
            .places
            .is_some_and(|places| !(1..=MOST_PLACES).contains(&places))
        {
            return Err(wrong());
        }
        row.places = self.places;
        Ok(())
    }
}

/// Writes an activity down, at a compound or a part of one. Nobody else knows of it yet.
///
/// # Errors
/// `not_found` for a place where the actor may not lead, `invalid` for a place above the compounds or a home,
/// for words and times that make no sense.
pub async fn draft(
    tx: &mut Tx,
    actor: &Actor,
    place_id: i64,
    new: New,
) -> Result<activity::Model, Fault> {
    let author_id = actor.require_person()?;
    let none = || Fault::not_found("没有找到这个地点，请写编号，例如 GY 或 GY/3。");
    let place = places::by_id(tx.db(), place_id).await?.ok_or_else(none)?;
    if !may(actor, Deed::LeadActivities, &place.path) {
        return Err(none());
    }
    let compound_id = match place.kind {
        PlaceKind::Compound => Some(place.id),
        PlaceKind::Zone | PlaceKind::Building | PlaceKind::Unit => place.compound_id,
        _ => None,
    };
    let compound_id = compound_id.ok_or_else(|| {
        Fault::invalid(
            "place",
            "活动要选一个小区，或者小区里的楼栋，例如 GY 或 GY/3。",
        )
    })?;
    let mut row = activity::Model {
        id: 0,
        compound_id,
        place_id: place.id,
        author_id,
        kind: new.kind,
        title: String::new(),
        text: String::new(),
        venue: String::new(),
        starts_at: new.times.starts,
        ends_at: new.times.ends,
        closes_at: new.times.closes,
        places: None,
        taken: 0,
        waiting: 0,
        ticket: 0,
        state: ActivityState::Draft,
        reason: None,
        version: 0,
        opened_at: None,
        ended_at: None,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    new.into_row(tx, &mut row)?;
    let row = activity::ActiveModel {
        id: NotSet,
        ..activity::ActiveModel::from(row).reset_all()
    };
    let row = activity::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    let drafted = step(tx, &row, "drafted", ActorKind::Staff, Some(author_id));
    activity_step::Entity::insert(drafted)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, ActorKind::Staff, &row, "activity.draft");
    Ok(row)
}

/// Lets people know of it and sign up.
///
/// # Errors
/// `not_found`, `forbidden` for whoever may not lead it, `wrong_step` when it is no draft, `invalid` when its
/// time has come meanwhile.
pub async fn open(tx: &mut Tx, actor: &Actor, id: i64) -> Result<activity::Model, Fault> {
    let found = led(tx.db(), actor, id).await?;
    let mut change = Change::of(tx, found.activity, Act::Open, By::Leader)?;
    Times::of(&change.next).check(tx.now(), None)?;
    change.next.opened_at = Some(tx.now());
    change.reminders = remind::rings(&change.next, tx.now());
    change.store(tx, actor, "activity.open").await
}

/// Changes its words, times, place or number of places. Whoever has signed up is told of another time or
/// place; whoever waits is moved up when there is more room now. A later end of the sign-up opens it again.
///
/// # Errors
/// As [`open`]; `invalid` also for fewer places than people have.
pub async fn change(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    new: New,
) -> Result<activity::Model, Fault> {
    led(tx.db(), actor, id).await?;
    let row = locked(tx, id).await?;
    let was = row.clone();
    let act = match row.state {
        ActivityState::Closed
            if new.times.closes > tx.now() && new.times.closes != row.closes_at =>
        {
            Act::Reopen
        }
        _ => Act::Change,
    };
    let mut change = Change::of(tx, row, act, By::Leader)?;
    new.into_row(tx, &mut change.next)?;
    let next = &change.next;
    if let Some(places) = next.places
        && places < next.taken
        && next.places != was.places
    {
        return Err(Fault::invalid(
            "places",
            format!("已经有{}人报上名了，名额不能比这少。", next.taken),
        ));
    }
    if is_ahead(next.state) {
        let moved = next.starts_at != was.starts_at
            || next.ends_at != was.ends_at
            || next.venue != was.venue;
        let mut reminders = remind::rings(next, tx.now());
        if moved {
            reminders.push(remind::fan(next, Telling::Changed, tx.now()));
            reminders.push(remind::helpers(next, tx.now()));
        }
        reminders.push(remind::fill(next, tx.now()));
        change.reminders = reminders;
    }
    change.store(tx, actor, "activity.change").await
}

/// Nobody signs up any more; whoever waits and fits is moved up.
///
/// # Errors
/// `not_found`, `forbidden`, `wrong_step` when people do not sign up.
pub async fn close(tx: &mut Tx, actor: &Actor, id: i64) -> Result<activity::Model, Fault> {
    let found = led(tx.db(), actor, id).await?;
    let mut change = Change::of(tx, found.activity, Act::Close, By::Leader)?;
    change.reminders = vec![remind::fill(&change.next, tx.now())];
    change.store(tx, actor, "activity.close").await
}

/// People sign up again.
///
/// # Errors
/// As [`close`]; `wrong_step` also when the time to sign up is over: then another time is to be set.
pub async fn reopen(tx: &mut Tx, actor: &Actor, id: i64) -> Result<activity::Model, Fault> {
    let found = led(tx.db(), actor, id).await?;
    if found.activity.state == ActivityState::Closed && found.activity.closes_at <= tx.now() {
        return Err(Fault::wrong_step(format!(
            "活动 #{id} 的报名截止时间已过，请先改报名截止时间。"
        )));
    }
    let change = Change::of(tx, found.activity, Act::Reopen, By::Leader)?;
    change.store(tx, actor, "activity.reopen").await
}

/// Calls it off, for a reason that whoever has signed up is told.
///
/// # Errors
/// As [`close`]; `invalid` without a reason.
pub async fn cancel(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    reason: &str,
) -> Result<activity::Model, Fault> {
    let found = led(tx.db(), actor, id).await?;
    let known = is_ahead(found.activity.state);
    let mut change = Change::of(tx, found.activity, Act::Cancel, By::Leader)?;
    let reason = one_line("reason", reason, MOST_REASON, "下雨，改天再办")?;
    change.next.reason = Some(reason.clone());
    change.note = Some(reason);
    if known {
        change.reminders = vec![
            remind::fan(&change.next, Telling::Cancelled, tx.now()),
            remind::helpers(&change.next, tx.now()),
        ];
    }
    change.store(tx, actor, "activity.cancel").await
}

/// Gives it photos, once it is out: everybody sees them, by the board.
///
/// # Errors
/// `not_found`, also for photos that are not the actor's or were given; `forbidden`; `wrong_step` for a draft and
/// for one that was called off; `invalid` without a photo.
pub async fn add_photos(
    tx: &mut Tx,
    actor: &Actor,
    id: i64,
    photos: &[i64],
) -> Result<activity::Model, Fault> {
    let found = led(tx.db(), actor, id).await?;
    let row = found.activity;
    if matches!(row.state, ActivityState::Draft | ActivityState::Cancelled) {
        return Err(Fault::wrong_step(format!(
            "活动 #{id} 还没有发布或已取消，不能加照片。"
        )));
    }
    if photos.is_empty() {
        return Err(Fault::invalid(
            "attachments",
            "请先发照片，再说加到哪个活动。",
        ));
    }
    let owner = Owner {
        subject: &subject(id),
        compound_id: Some(row.compound_id),
        stage: PhotoStage::After,
        round: ROUND,
    };
    give(tx, actor, photos, &owner).await?;
    let photo = step(tx, &row, "photo", ActorKind::Staff, actor.person_id());
    activity_step::Entity::insert(photo)
        .exec_without_returning(tx.db())
        .await?;
    record(tx, actor, ActorKind::Staff, &row, "activity.photo");
    Ok(row)
}

/// What its clocks do: the sign-up is over, or the activity is. Nothing when its time was changed
/// meanwhile, or somebody was first: says whether there was something to do.
///
/// # Errors
/// The database's.
pub async fn ring(tx: &mut Tx, id: i64, ring: Ring) -> Result<bool, Fault> {
    // Locked: after a pause both of its clocks ring at once, and the second goes on from the first.
    let row = match locked(tx, id).await {
        Ok(row) => row,
        Err(fault) if fault.code == Code::NotFound => return Ok(false),
        Err(fault) => return Err(fault),
    };
    let (act, due, audited) = match ring {
        Ring::Close => (Act::Close, row.closes_at, "activity.close"),
        Ring::End => (Act::Hold, row.ends_at, "activity.hold"),
    };
    if due > tx.now() || after(row.state, act, By::Clock).is_none() {
        return Ok(false);
    }
    let mut change = Change::of(tx, row, act, By::Clock)?;
    change.reminders = match ring {
        Ring::Close => vec![remind::fill(&change.next, tx.now())],
        Ring::End => vec![remind::told(
            &change.next,
            Telling::Held,
            remind::stamp(&change.next, Telling::Held),
            change.next.author_id,
            tx.now(),
        )],
    };
    change.store(tx, &Actor::system(), audited).await?;
    Ok(true)
}
