//! Coming and going: somebody follows, or scans the code of a place, and is told where they are and
//! what can be done there by digits alone; somebody leaves. Called by `bot/answer.rs`.

use entity::kinds::PlaceKind;
use entity::{account, place};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;

use crate::access::{local_code, session};
use crate::activity::{actions, link};
use crate::attachment::{self, Sender};
use crate::base::fault::Fault;
use crate::base::text::clean;
use crate::bot::{dialog, help, lexicon, menu};
use crate::case::actions::may_file_at;
use crate::chat::{Dialog, FILINGS, Here, Turn};
use crate::delivery::subscription;
use crate::place::queries as places;
use crate::station;
use crate::wechat::official::code::scene_holds;

/// Greets; `scene` is empty for somebody who came without a code.
pub async fn welcome(turn: &mut Turn<'_>, scene: &str) -> Result<String, Fault> {
    let bound = menu::speaker(&turn.actor).bound;
    let scene = clean(scene);
    let scene = scene.strip_prefix("qrscene_").unwrap_or(&scene).trim();
    if scene.is_empty() {
        return Ok(greet(turn, "欢迎来到邻里。", bound));
    }
    if let Some(token) = link::door_in_scene(scene) {
        return come_in(turn, token, bound).await;
    }
    if let Some(id) = station::of_scene(scene) {
        return at_station(turn, id, bound).await;
    }
    let found = match scene_holds(scene) {
        true => places::by_code(turn.tx.db(), scene).await?,
        false => None,
    };
    let Some(place) = found else {
        let sorry =
            "欢迎来到邻里。这个二维码现在没有对应的地点，可能换了新的，请告诉物业或楼栋长。";
        return Ok(greet(turn, sorry, bound));
    };
    remember_compound(turn, &place).await?;
    // Whose home a code belongs to is nobody else's business.
    let shown = match place.kind {
        PlaceKind::Home if !may_file_at(&turn.actor, &place) => {
            places::compound_of(turn.tx.db(), &place).await?
        }
        _ => Some(place.clone()),
    };
    let name = match &shown {
        Some(shown) => places::name_of(turn.tx.db(), shown).await?,
        None => String::new(),
    };
    if place.compound_id.is_some() && place.kind != PlaceKind::Home || bound {
        turn.before.here = Some(Box::new(Here {
            place_id: place.id,
            code: place.code.clone(),
            until_ms: dialog::kept_until(turn.now()),
        }));
    }
    let here = format!("欢迎来到邻里，这里是{name}。");
    if !bound {
        let how = how_to_bind(&place).unwrap_or_else(|| help::HOW_TO_BIND.to_owned());
        return Ok(menu::show(turn, &format!("{here}{how}")));
    }
    if !may_file_at(&turn.actor, &place) {
        turn.before.here = None;
        let sorry = format!("{here}您绑定的不是这里；要反映这里的事，请先绑定这里的房号。");
        return Ok(menu::show(turn, &sorry));
    }
    Ok(offer(turn, &here))
}

/// Somebody has scanned the code at the door of an activity.
async fn come_in(turn: &mut Turn<'_>, token: &str, bound: bool) -> Result<String, Fault> {
    let Some(id) = link::read_door(turn.app, token) else {
        let sorry = "这个签到码不对，请扫活动现场的二维码，或请组织的人给您签到。";
        return Ok(greet(turn, sorry, bound));
    };
    if !bound {
        let sorry = "签到要先绑定房号。";
        return Ok(greet(turn, sorry, bound));
    }
    Ok(match actions::check_in(turn.tx, &turn.actor, id).await {
        Ok(row) => format!("签到成功：活动 #{id}“{}”，欢迎您！", row.title),
        Err(fault) if fault.is_ours() => return Err(fault),
        Err(fault) => {
            turn.dialog = Some(Dialog::pick([format!("活动 {id}")]));
            format!("{}\n回复 1 看这个活动。", fault.detail)
        }
    })
}

/// At the door of a station: counted, once an hour, and told what is there.
async fn at_station(turn: &mut Turn<'_>, id: i64, bound: bool) -> Result<String, Fault> {
    let now = turn.now();
    let Some(seen) = station::queries::scanned(turn.tx.db(), id, now).await? else {
        let sorry = "欢迎来到邻里。这个驿站已经关闭，回复“驿站”看别的。";
        return Ok(greet(turn, sorry, bound));
    };
    let (person, account) = (turn.actor.person_id(), turn.account.id);
    station::actions::scan(turn.tx, turn.app, &seen.station, person, account).await?;
    let place = places::by_id(turn.tx.db(), seen.station.place_id).await?;
    if let Some(place) = &place {
        remember_compound(turn, place).await?;
    }
    let here = format!("欢迎您！{}", station::chat::introduce(&seen));
    let lives =
        place.is_some_and(|place| turn.actor.belongs(seen.station.compound_id, &place.path));
    if !bound || !lives {
        return Ok(greet(turn, &format!("{here}\n"), bound));
    }
    let offers = station::chat::offers(id);
    let words = ["1", "2", "3"].iter().zip(&offers);
    let lines: Vec<String> = words
        .map(|(digit, (word, _))| format!("{digit} {word}"))
        .collect();
    turn.dialog = Some(Dialog::pick(offers.map(|(_, command)| command)));
    Ok(format!(
        "{here}\n可以回复数字：{}\n0 返回菜单",
        lines.join("  ")
    ))
}

/// Somebody has left (取消关注). Nothing can be sent any more: what was accepted is void, pages are
/// signed out, what waited in the conversation is forgotten. Who they are, and what they filed, stays:
/// the compound answers for it, and whoever comes back finds it again. Of somebody who was never
/// bound nothing stays but the openid, by which the platform's repetitions are known.
pub async fn leave(turn: &mut Turn<'_>) -> Result<(), Fault> {
    let id = turn.account.id;
    subscription::clear_all(turn.tx.db(), id).await?;
    attachment::forget(turn.tx, Sender::Account(id)).await?;
    session::sign_out_account(turn.tx, id).await?;
    turn.before = Dialog::default();
    if turn.account.person_id.is_none() {
        let forgotten = account::ActiveModel {
            id: Set(id),
            union_id: Set(None),
            compound_id: Set(None),
            ..Default::default()
        };
        forgotten.update(turn.tx.db()).await?;
    }
    Ok(())
}

fn greet(turn: &mut Turn<'_>, greeting: &str, bound: bool) -> String {
    if bound {
        return menu::show(turn, greeting);
    }
    menu::show(turn, &format!("{greeting}{}", help::HOW_TO_BIND))
}

/// The compound in which «3-2-501» is looked for from now on.
async fn remember_compound(turn: &mut Turn<'_>, place: &place::Model) -> Result<(), Fault> {
    let compound = match place.kind {
        PlaceKind::Compound => Some(place.id),
        _ => place.compound_id,
    };
    if compound.is_some() && compound != turn.account.compound_id {
        let change = account::ActiveModel {
            id: Set(turn.account.id),
            compound_id: Set(compound),
            ..Default::default()
        };
        turn.account = change.update(turn.tx.db()).await?;
    }
    Ok(())
}

/// What can be reported here, by digits; the next filing stands on this place.
fn offer(turn: &mut Turn<'_>, here: &str) -> String {
    let words = FILINGS.into_iter();
    let words = words.filter(|word| lexicon().get(word).is_some());
    let lines = turn.in_a_row(words.map(|word| (word, word)));
    format!("{here}要反映这里的事，请回复数字：\n{lines}\n0 返回菜单")
}

/// At a building the number of the building need not be typed, at a unit not the unit's.
fn how_to_bind(place: &place::Model) -> Option<String> {
    let local = local_code(&place.code);
    let (shape, example) = match place.kind {
        PlaceKind::Building => ("单元-房", "2-501"),
        PlaceKind::Unit => ("房", "501"),
        _ => return None,
    };
    Some(format!(
        "您家在这里的话，绑定只要写：绑定 {shape} 姓名 手机号，例如：绑定 {example} 张秀英 13800000001\n\
         （在别处就写全：绑定 {local}-… 姓名 手机号）"
    ))
}
