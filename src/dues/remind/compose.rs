//! What somebody who owes reads, from the bills as they are now; and that it was said. Part of [`super`].

use std::collections::BTreeMap;

use entity::money::DueEvent;
use entity::{bill, fee_policy, place, reminder};
use sea_orm::{EntityTrait, QueryFilter};

use super::{Noted, day_in, note, slots_in};
use crate::app::App;
use crate::base::fault::Fault;
use crate::delivery::Message;
use crate::dues::queries::{bills, policy, sort};
use crate::dues::rule::{Rhythm, Slot};
use crate::dues::words::{self, Due};
use crate::fee::bill::left;
use crate::payment::link::pay_bills;
use crate::place::queries::{by_id, short_name};
use crate::reminder::payload;

/// One message for all bills that are still to be asked for; none when there are none left. Handed to
/// the channel only after it is written down.
pub(super) async fn compose(
    app: &App,
    reminders: &[reminder::Model],
) -> Result<Option<Message>, Fault> {
    let Some(last) = reminders.last() else {
        return Ok(None);
    };
    let compound_id = payload::number(last, "compound");
    let (Some(compound_id), Some(person_id)) = (compound_id, last.recipient_id) else {
        return Ok(None);
    };
    let db = app.store.read();
    let Some(policy) = policy(db, compound_id).await? else {
        return Ok(None);
    };
    if !Rhythm::from(&policy).asks() {
        return Ok(None);
    }
    let mut slots: BTreeMap<i64, Slot> = BTreeMap::new();
    for row in reminders {
        slots.extend(slots_in(row));
    }
    let ids: Vec<i64> = slots.keys().copied().collect();
    let mut asked = sort(db, compound_id, bills(db, &ids).await?, app.clock.now())
        .await?
        .asked;
    asked.retain(|bill| bill.payer_id == person_id);
    let Some(compound) = by_id(db, compound_id).await?.filter(|_| !asked.is_empty()) else {
        return Ok(None);
    };
    let dues = named(app, &asked, &slots).await?;
    let text = words::text(&compound.name, &dues, policy.remind_words.as_deref());
    write_down(app, reminders, &asked, &text).await?;
    let home = dues.first().map_or("", |due| due.home.as_str());
    Ok(Some(Message {
        template: "progress",
        title: words::title(&dues),
        place: format!("{} {home}", compound.name),
        state: "待缴".to_owned(),
        at: last.due_at,
        hint: words::hint(&dues),
        text,
        url: pay_link(app, &policy, &asked),
        urgent: false,
        buttons: Vec::new(),
    }))
}

/// Where they are paid; none where nothing is paid inside WeChat, and for bills of several homes.
fn pay_link(app: &App, policy: &fee_policy::Model, asked: &[bill::Model]) -> Option<String> {
    policy.merchant.as_ref()?;
    let home_id = asked.first()?.home_id;
    let ids: Vec<i64> = asked.iter().map(|bill| bill.id).collect();
    let one = asked.iter().all(|bill| bill.home_id == home_id);
    one.then(|| pay_bills(app, home_id, &ids))
}

async fn named(
    app: &App,
    asked: &[bill::Model],
    slots: &BTreeMap<i64, Slot>,
) -> Result<Vec<Due>, Fault> {
    let mut homes: Vec<i64> = asked.iter().map(|bill| bill.home_id).collect();
    homes.sort_unstable();
    homes.dedup();
    let homes = place::Entity::find()
        .filter(place::COLUMN.id.is_in(homes))
        .all(app.store.read())
        .await?;
    let home = |id: i64| {
        homes
            .iter()
            .find(|home| home.id == id)
            .map_or("", short_name)
    };
    let due = |bill: &bill::Model| Due {
        id: bill.id,
        home: home(bill.home_id).to_owned(),
        month: bill.month,
        due_on: bill.due_on,
        left: left(bill),
        slot: slots.get(&bill.id).copied().unwrap_or(Slot::On),
    };
    Ok(asked.iter().map(due).collect())
}

/// That these bills were named in these words, each under the reminder that it was planned for.
async fn write_down(
    app: &App,
    reminders: &[reminder::Model],
    asked: &[bill::Model],
    text: &str,
) -> Result<(), Fault> {
    let mut notes = Vec::new();
    for row in reminders {
        let Some(day) = day_in(row) else { continue };
        for (id, slot) in slots_in(row) {
            if let Some(bill) = asked.iter().find(|bill| bill.id == id) {
                notes.push(Noted {
                    event: DueEvent::Said,
                    words: Some(text.to_owned()),
                    ..Noted::planned(bill, slot, day)
                });
            }
        }
    }
    let tx = app.store.begin(app.clock.now()).await?;
    note(&tx, notes).await?;
    tx.commit().await
}
