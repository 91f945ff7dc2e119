//! Commands about who stands behind a case: 匿名 代报 查看身份. The table is in `together.rs`.

use entity::kinds::CaseKind;

use crate::base::fault::Fault;
use crate::base::phone::Phone;
use crate::base::text::shorten;
use crate::case::actions::{self, Asked, Filing, Request};
use crate::case::behalf;
use crate::case::chat::together::{MOST, offer};
use crate::case::chat::which::{line, own_text};
use crate::case::chat::{Answer, SHOWN, filed_says};
use crate::case::step::OPEN;
use crate::case::{kind_says, queries, subject};
use crate::chat::{Args, Reply, Turn};

pub(super) async fn nameless(
    turn: &mut Turn<'_>,
    args: &Args,
    kind: CaseKind,
) -> Result<Reply, Fault> {
    let filing = Filing {
        kind,
        text: args.raw.clone(),
        home_id: None,
        channel: turn.account.channel,
        location: None,
        at: turn.take_here(),
        anonymous: true,
        behalf: None,
    };
    let filed = actions::file(turn.tx, &turn.actor, filing).await?;
    let photos = turn
        .adopt_attachments(&subject(filed.case.id), Some(filed.case.compound_id))
        .await?;
    let says = filed_says(&filed, photos);
    let alike = offer(turn, &filed);
    Ok(Reply::text(format!(
        "{says}\n已匿名：办理人和被投诉的人只看到“{}”，内容里您的姓名、房号、电话已隐去。只有社区书记、街道干部能查看身份，每次都有记录，您能看到。{alike}",
        behalf::NAMELESS
    )))
}

pub(super) fn hide<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let Some((id, _)) = args.id() else {
            if !args.raw.is_empty() {
                return nameless(turn, args, CaseKind::Complaint).await;
            }
            let person = turn.actor.require_person()?;
            let mut cases = queries::mine(turn.tx.db(), person, Some(OPEN), MOST).await?;
            cases.retain(|case| !case.anonymous);
            if cases.is_empty() {
                return Ok(Reply::text(
                    "您没有可以改成匿名的诉求。要匿名投诉，直接回复“匿名投诉 内容”。",
                ));
            }
            let lines = cases.iter();
            let lines = lines.map(|case| (format!("匿名 {}", case.id), line(case)));
            return Ok(turn.offer_list("哪一件改成匿名？", lines.collect()));
        };
        actions::hide(turn.tx, &turn.actor, id).await?;
        Ok(Reply::text(format!(
            "诉求 #{id} 已改成匿名，以后只显示“{}”，地点只写到楼栋。之前已经打开过的人可能看到过。回复“进度 {id}”查看。",
            behalf::NAMELESS
        )))
    })
}

pub(super) fn for_somebody<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let said = behalf::read(&args.raw);
        let request = Request {
            whom: said.whom.clone(),
            text: said.text.clone(),
        };
        let app = turn.app;
        let asked = actions::ask(turn.tx, &turn.actor, &app.seal, &app.dice, request).await?;
        let (behalf, text) = match asked {
            Asked::One(behalf, text) => (behalf, text),
            Asked::Which(names) => return Ok(ask_which(turn, args, &said.text, &names)),
        };
        let (kind, text) = kind_of(&text);
        let whose = match (&behalf.reporter.person, behalf.known, said.anonymous) {
            (Some(person), true, false) => person.name.clone(),
            (_, true, true) => behalf::NAMELESS.to_owned(),
            _ => behalf
                .asker
                .clone()
                .unwrap_or_else(|| "未留姓名的居民".to_owned()),
        };
        let known = behalf.known;
        let filing = Filing {
            kind,
            text,
            home_id: None,
            channel: said.channel,
            location: None,
            at: None,
            anonymous: said.anonymous,
            behalf: Some(behalf),
        };
        let filed = actions::file(turn.tx, &turn.actor, filing).await?;
        let photos = turn
            .adopt_attachments(&subject(filed.case.id), Some(filed.case.compound_id))
            .await?;
        let told = if known {
            "进展会直接告诉居民。"
        } else {
            "居民没有登记，进展会告诉您，请转告。"
        };
        let says = filed_says(&filed, photos);
        let alike = offer(turn, &filed);
        Ok(Reply::text(format!("替{whose}代报：{says}{told}{alike}")))
    })
}

/// «代报 3-2-501 投诉 …» says the kind; a repair otherwise.
fn kind_of(text: &str) -> (CaseKind, String) {
    let kinds = [
        CaseKind::Repair,
        CaseKind::Complaint,
        CaseKind::Suggestion,
        CaseKind::Help,
        CaseKind::Dispute,
    ];
    let found = kinds.into_iter().find_map(|kind| {
        let rest = text.strip_prefix(kind_says(kind))?;
        let rest = rest.trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：']);
        (!rest.is_empty()).then(|| (kind, rest.to_owned()))
    });
    found.unwrap_or_else(|| (CaseKind::Repair, text.to_owned()))
}

/// Several live there or have the phone: a digit picks the name.
fn ask_which(turn: &mut Turn<'_>, args: &Args, matter: &str, names: &[String]) -> Reply {
    let head = args.raw.strip_suffix(matter).unwrap_or_default().trim();
    let names = names.get(..9).unwrap_or(names);
    let lines = names.iter();
    let lines = lines.map(|name| (format!("代报 {head} {name} {matter}"), name.clone()));
    let question = format!("“{}”是替谁报的？", shorten(matter, SHOWN));
    turn.offer_list(&question, lines.collect())
}

pub(super) fn identity<'a>(turn: &'a mut Turn<'_>, args: &'a Args) -> Answer<'a> {
    Box::pin(async move {
        let Some((id, reason)) = args.number() else {
            return Err(Fault::invalid(
                "id",
                "请写明编号和原因，例如：查看身份 12 需要当面核实",
            ));
        };
        let Some(reason) = own_text(turn, &reason, "查看身份", id) else {
            return Ok(Reply::text(format!(
                "要看诉求 #{id} 是谁提的，请写明原因，会留下记录，提出人能看到。"
            )));
        };
        let app = turn.app;
        let who = actions::identity(turn.tx, &turn.actor, &app.seal, id, &reason).await?;
        let phone = |phone: Option<Phone>| {
            phone.map_or_else(|| "未登记".to_owned(), |phone| phone.digits().to_owned())
        };
        let mut lines = vec![format!("诉求 #{id} 的身份（已记录您的查看）：")];
        if let Some(by) = &who.filed_by {
            lines.push(format!("代报人：{by}"));
        }
        let called = match (&who.filed_by, &who.asker, &who.asker_phone) {
            (Some(_), None, None) | (None, ..) => {
                lines.push(format!("提出人：{}", who.name));
                lines.push(format!("房号：{}", who.homes.join("、")));
                who.phone.clone()
            }
            (Some(_), asker, _) => {
                let asker = asker.as_deref().unwrap_or("未留姓名");
                lines.push(format!("来人：{asker}"));
                who.asker_phone.clone()
            }
        };
        lines.push(match who.with_phones {
            true => format!("电话：{}", phone(called)),
            false => "要电话联系，请找社区。".to_owned(),
        });
        lines.push("请只用于办理这件事，不要转发。".to_owned());
        Ok(Reply::text(lines.join("\n")))
    })
}
