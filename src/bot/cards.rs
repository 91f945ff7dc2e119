//! Cards in WeCom that are about no case: what a card shows now is what its message would say now. When that is no
//! longer to be said it ends with one short line. It stands here since it knows the messages of several nouns. Called
//! by the worker through the table of kinds, and by `web/work.rs` when a card is pressed.

use entity::kinds::ActorKind;
use entity::{audit, reminder, work_card};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder};

use crate::app::App;
use crate::base::fault::Fault;
use crate::delivery::{Kind, Message, Work, cards};
use crate::place::queries as places;
use crate::reminder::{BoxFuture, Verdict};
use crate::{activity, giving, offer, station, talent, volunteer, wish};

/// What each kind means.
pub const KINDS: &[Kind] = &[Kind {
    name: cards::MOVED,
    work: Work::Clock(refresh),
}];

/// The messages that have buttons, noun by noun.
const TABLES: &[&[Kind]] = &[
    wish::remind::KINDS,
    offer::remind::KINDS,
    giving::remind::KINDS,
    station::remind::KINDS,
    volunteer::remind::KINDS,
    activity::remind::KINDS,
    talent::remind::KINDS,
];

/// What people call what a card is about, by the word in front of its subject.
const NAMES: &[(&str, &str)] = &[
    ("wish", "心愿"),
    ("offer", "清单"),
    ("donation", "捐物"),
    ("loan", "借用"),
    ("activity", "活动"),
    ("help", "邻居请帮忙"),
    ("volunteer-task", "志愿任务"),
];

/// What the card shows now; none when nobody knows any more what it was.
///
/// # Errors
/// The database's.
pub async fn face(app: &App, card: &work_card::Model) -> Result<Option<Message>, Fault> {
    let Some(origin) = cards::origin(app, card).await? else {
        return Ok(None);
    };
    let Some(Work::Push(_, compose) | Work::Alone(_, compose)) = work_of(&origin.kind) else {
        return Ok(None);
    };
    let message = compose(app, std::slice::from_ref(&origin)).await?;
    match message {
        Some(message) if !message.buttons.is_empty() => Ok(Some(message)),
        _ => Ok(Some(over(app, card, &origin).await?)),
    }
}

fn work_of(kind: &str) -> Option<Work> {
    let mut kinds = TABLES.iter().copied().flatten();
    kinds
        .find(|known| known.name == kind)
        .map(|known| known.work)
}

/// The card of what wants nothing of its holder any more.
async fn over(
    app: &App,
    card: &work_card::Model,
    origin: &reminder::Model,
) -> Result<Message, Fault> {
    let db = app.store.read();
    let (word, id) = card
        .subject
        .split_once(':')
        .unwrap_or((card.subject.as_str(), ""));
    let name = NAMES.iter().find(|(known, _)| *known == word);
    let name = name.map_or("任务", |(_, name)| *name);
    let compound = match origin.compound_id {
        Some(id) => places::by_id(db, id).await?,
        None => None,
    };
    // Who has done something with it last.
    let last = audit::Entity::find()
        .filter(audit::COLUMN.subject.eq(&card.subject))
        .order_by_desc(audit::COLUMN.id)
        .one(db)
        .await?;
    // Nobody deals with what somebody takes part in, or is asked for: these say themselves what has become of them.
    let own = match word {
        "activity" => Some(activity::ending::ending(app, origin).await?),
        "help" => Some(talent::remind::ending(app, origin).await?),
        _ => None,
    };
    let ending = own.unwrap_or(match &last {
        Some(row) if row.actor_id == Some(card.person_id) => "已办理",
        Some(row) if row.actor_kind == ActorKind::Staff => "已由别人办理",
        _ => "不用再办了",
    });
    Ok(Message {
        template: "task",
        title: format!("{name} #{id}"),
        place: compound.map(|place| place.name).unwrap_or_default(),
        state: "已结束".to_owned(),
        at: last.map_or(origin.due_at, |row| row.at),
        text: format!("{name} #{id} {ending}。"),
        hint: ending.to_owned(),
        url: None,
        urgent: false,
        buttons: Vec::new(),
    })
}

/// Brings the cards about something up to date.
fn refresh<'a>(app: &'a App, row: &'a reminder::Model) -> BoxFuture<'a, Result<Verdict, Fault>> {
    Box::pin(async move {
        let mut verdict = Verdict::Done;
        for card in cards::of(app, &row.subject).await? {
            let Some(message) = face(app, &card).await? else {
                continue;
            };
            let shown = cards::show(app, &card, &message).await?;
            if matches!(shown, Verdict::Later(_) | Verdict::Retry(_)) {
                verdict = shown;
            }
        }
        Ok(verdict)
    })
}
