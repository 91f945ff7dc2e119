//! The audit trail: who sees what of it, every filter, page after page, and that nothing is recorded that
//! has no words.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;
use entity::kinds::{ActorKind, ContentKind, ModerationState};
use entity::{audit, binding, moderation};
use linli::access::audit::words::{ACTIONS, GROUPS, known};
use linli::command::serve::kinds;
use regex::Regex;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::cases::three_cases;
use super::{Desk, make_administrator};
use crate::harness::app::TestApp;

/// A row of the trail of a compound, as old as so many hours.
async fn note(app: &TestApp, code: &str, action: &str, hours: i64, detail: Option<Value>) -> i64 {
    let row = audit::ActiveModel {
        at: Set(app.now() - TimeDelta::hours(hours)),
        actor_kind: Set(ActorKind::Staff),
        actor_id: Set(Some(app.person("孙梅").await.id)),
        action: Set(action.to_owned()),
        subject: Set("place:1".to_owned()),
        compound_id: Set(Some(app.place(code).await.id)),
        detail: Set(detail),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

async fn rows(app: &TestApp, action: &str) -> Vec<audit::Model> {
    audit::Entity::find()
        .filter(audit::COLUMN.action.eq(action))
        .order_by_asc(audit::COLUMN.id)
        .all(app.store.read())
        .await
        .unwrap()
}

fn lines(body: &str) -> usize {
    body.matches("data-label=\"时间\">").count()
}

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let words = path.ends_with("access/audit/words.rs");
            if !words && !path.ends_with("web/console/kinds.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                found.push(code.to_owned());
            }
        }
    }
}

#[test]
fn what_is_recorded_anywhere_has_words_and_what_has_words_is_recorded() {
    let mut texts = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut texts,
    );
    let groups: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    let name = Regex::new(&format!("\"((?:{})\\.[a-z-]+)\"", groups.join("|"))).unwrap();
    let constant = Regex::new(r#"const \w+: &str =\s*"[^"]*""#).unwrap();
    let mut found = BTreeSet::new();
    for text in texts {
        // A kind of reminder is a constant, and called by its name elsewhere.
        let text = constant.replace_all(&text, "");
        found.extend(
            name.captures_iter(&text)
                .map(|found| found[1].to_owned())
                .filter(|name| !name.ends_with(".js") && !name.ends_with(".css")),
        );
    }
    let reminders: BTreeSet<&str> = kinds().iter().map(|kind| kind.name).collect();
    let silent: Vec<_> = found
        .iter()
        .filter(|name| known(name).is_none() && !reminders.contains(name.as_str()))
        .collect();
    assert!(silent.is_empty(), "recorded without words: {silent:?}");
    let idle: Vec<_> = ACTIONS
        .iter()
        .filter(|known| !found.contains(known.name))
        .map(|known| known.name)
        .collect();
    assert!(
        idle.is_empty(),
        "words that nothing is recorded by: {idle:?}"
    );
}

#[tokio::test]
async fn what_staff_decides_by_chat_is_recorded_as_staffs() {
    let app = TestApp::start().await;
    let steward = app.staff("孙梅").await;
    let stranger = app.newcomer("o-stranger").await;
    stranger.says("绑定 桂园 1-1-101 钱七 13911113333").await;
    let bound = binding::Entity::find()
        .order_by_desc(binding::COLUMN.id)
        .one(app.store.read())
        .await
        .unwrap()
        .unwrap();
    steward.says(&format!("核验 {} 通过", bound.id)).await;
    let compound = app.place("GY").await;
    let row = moderation::ActiveModel {
        subject: Set("case:1".to_owned()),
        part: Set("board".to_owned()),
        compound_id: Set(compound.id),
        place_id: Set(compound.id),
        kind: Set(ContentKind::Text),
        content: Set("水管漏水".to_owned()),
        state: Set(ModerationState::Pending),
        asked_at: Set(Some(app.now())),
        created_at: Set(app.now()),
        ..Default::default()
    };
    let row = row.insert(app.store.write()).await.unwrap();
    let manager = app.staff("沈立").await;
    let reply = manager.says(&format!("审核 {} 驳回 不实", row.id)).await;
    assert!(reply.contains("驳回"), "{reply}");
    for (action, kind, name) in [
        ("binding.request", ActorKind::Resident, None),
        ("binding.verify", ActorKind::Staff, Some("孙梅")),
        ("moderation.refuse", ActorKind::Staff, Some("沈立")),
    ] {
        let rows = rows(&app, action).await;
        assert_eq!(rows.len(), 1, "{action}");
        assert_eq!(rows[0].actor_kind, kind, "{action}");
        if let Some(name) = name {
            assert_eq!(rows[0].actor_id, Some(app.person(name).await.id));
        }
    }
}

#[tokio::test]
async fn a_role_reads_what_happened_where_it_reaches_and_no_resident_is_named() {
    let app = TestApp::start().await;
    let ids = three_cases(&app).await;
    make_administrator(&app, "卫东", Some("GY")).await;
    make_administrator(&app, "沈立", None).await;
    for (name, here, next_door, everywhere) in [
        ("郑洪", true, true, false),
        ("冯涛", true, true, false),
        ("卫东", true, false, false),
        ("沈立", true, true, true),
    ] {
        let mut desk = Desk::of(&app, name).await;
        let page = desk.open("/console/audit?what=case.file").await;
        page.is(200);
        for (id, sees) in ids.iter().zip([here, here, next_door]) {
            let words = format!("诉求 #{id}");
            assert_eq!(page.body.contains(&words), sees, "{name} and #{id}");
            let query = format!("/console/audit?record=case&number={id}&what=case.file");
            let one = desk.open(&query).await;
            assert_eq!(lines(&one.body), usize::from(sees), "{name} and #{id}");
        }
        page.says("<td class=\"whole\" data-label=\"谁\">居民</td>");
        for resident in ["张秀英", "陈伟", "韩梅"] {
            assert!(!page.body.contains(resident), "{name} reads who filed");
        }
        // What belongs to no compound: one's own, or everything to whoever answers for all.
        let signed = desk.open("/console/audit?what=console").await;
        assert!(lines(&signed.body) >= 1, "{name}");
        let of_others = signed
            .body
            .contains("<td class=\"whole\" data-label=\"谁\">郑洪</td>")
            && name != "郑洪";
        assert_eq!(of_others, everywhere, "{name}");
    }
    for name in ["孙梅", "蒋平", "褚亮"] {
        let mut desk = Desk::of(&app, name).await;
        desk.open("/console/audit").await.is(403);
        let tasks = desk.open("/console/tasks").await;
        assert!(!tasks.body.contains("/console/audit"), "{name}");
    }
    Desk::stranger(&app).open("/console/audit").await.is(303);
}

#[tokio::test]
async fn every_filter_narrows_and_a_bad_one_is_explained() {
    let app = TestApp::start().await;
    note(&app, "GY", "calendar.add", 0, None).await;
    app.clock.advance(TimeDelta::days(40));
    for (code, action, hours) in [
        ("LY", "policy.set", 3),
        ("GY", "policy.remove", 2),
        ("GY", "policy.set", 1),
    ] {
        note(&app, code, action, hours, None).await;
    }
    let zhou = app.person("周强").await.id;
    audit::ActiveModel {
        at: Set(app.now()),
        actor_kind: Set(ActorKind::Resident),
        actor_id: Set(Some(zhou)),
        action: Set("case.file".to_owned()),
        subject: Set("case:77".to_owned()),
        compound_id: Set(Some(app.place("GY").await.id)),
        ..Default::default()
    }
    .insert(app.store.write())
    .await
    .unwrap();
    let mut desk = Desk::of(&app, "郑洪").await;
    let day = |days: i64| {
        let at = app.now() + TimeDelta::hours(8) - TimeDelta::days(days);
        at.format("%Y-%m-%d").to_string()
    };
    for (query, wanted) in [
        ("who=孙梅".to_owned(), 4),
        // What a steward does at home is nobody's business.
        ("who=周强".to_owned(), 0),
        ("what=policy".to_owned(), 3),
        ("what=policy.set".to_owned(), 2),
        ("what=policy&place=LY".to_owned(), 1),
        ("what=policy.set&place=GY".to_owned(), 1),
        ("record=case&number=%2377".to_owned(), 1),
        ("record=case&number=78".to_owned(), 0),
        (format!("who=孙梅&until={}", day(39)), 1),
        (format!("who=孙梅&from={}", day(2)), 3),
        ("who=孙梅&from=2100-01-01".to_owned(), 0),
        ("who=孙梅&until=2020-01-01".to_owned(), 0),
    ] {
        let page = desk.open(&format!("/console/audit?{query}")).await;
        page.is(200);
        assert_eq!(lines(&page.body), wanted, "{query}");
    }
    for (query, words) in [
        ("who=诸葛亮", "没有这位工作人员"),
        ("what=nonsense", "没有这种操作"),
        ("place=XX/9", "没有找到这个地点"),
        ("place=GY/1", "请写小区、社区或街道的编号"),
        ("number=7", "请选是哪一种记录"),
        ("record=case&number=x", "请写编号"),
        ("record=case", "请写编号"),
        ("from=yesterday", "日期写成"),
        ("who=%3Cscript%3Ealert(1)%3C/script%3E", "没有这位工作人员"),
    ] {
        let page = desk.open(&format!("/console/audit?{query}")).await;
        page.is(200).says(words);
        assert_eq!(lines(&page.body), 0, "{query}");
        assert!(!page.body.contains("<script>alert"), "{query}");
    }
}

#[tokio::test]
async fn details_are_words_and_neither_markup_nor_anybodys_number() {
    let app = TestApp::start().await;
    let detail = json!({ "reason": "<script>alert(1)</script> 回访 13800000101", "inside": 9 });
    note(&app, "GY", "case.identity", 1, Some(detail)).await;
    let mut desk = Desk::of(&app, "郑洪").await;
    let page = desk.open("/console/audit?what=case.identity").await;
    page.is(200).says("查看身份").says("孙梅").says("回访 ***");
    assert!(!page.body.contains("<script>alert"));
    assert!(!page.body.contains("13800000101"));
    assert!(!page.body.contains("inside"));
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let app = TestApp::start().await;
    for number in 0..120 {
        note(&app, "GY", "policy.set", 200 - number, None).await;
    }
    let next = Regex::new("rel=\"next\" href=\"([^\"]+)\"").unwrap();
    let time = Regex::new("data-label=\"时间\">([^<]+)</td>").unwrap();
    let mut desk = Desk::of(&app, "郑洪").await;
    for first in [
        "/console/audit?what=policy.set",
        "/console/audit?what=policy.set&place=GY",
        "/console/audit?what=policy&who=孙梅",
    ] {
        let (mut path, mut seen) = (first.to_owned(), Vec::new());
        loop {
            let page = desk.open(&path).await;
            page.is(200);
            seen.extend(time.captures_iter(&page.body).map(|at| at[1].to_owned()));
            match next.captures(&page.body) {
                Some(found) => path = found[1].replace("&amp;", "&").replace("&#38;", "&"),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable_by(|one, other| other.cmp(one));
        sorted.dedup();
        assert_eq!(seen, sorted, "{first}");
        assert_eq!(seen.len(), 120, "{first}");
    }
}
