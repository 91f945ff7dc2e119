//! The rows of the table, noun by noun.

use entity::kinds::RoleKind::{self, *};
use serde_json::{Value, json};

use super::Deed;
use super::roles::{
    DECIDES_REOPENING, FILES, GIVES, KEEPS, LEADS, MODERATES, PUBLISHES, PUBLISHES_URGENTLY, RUNS,
    SEES, SEES_GIFTS, SERVES, SETS_TIMETABLES, VERIFIES, WORKS, WRITES_HANDBOOK,
};
use super::world::World;

/// The table. Those that end the case stand last.
pub(super) fn table(world: &World) -> Vec<Deed> {
    let parts: [fn(&World) -> Vec<Deed>; 9] = [
        cases, mediations, checked, gifts, stations, told, volunteers, people, ends,
    ];
    parts.iter().flat_map(|part| part(world)).collect()
}

fn on_case(case: i64, verb: &str, word: &str, body: Value, may: &'static [RoleKind]) -> Deed {
    Deed {
        words: match (word, body["text"].as_str(), body["name"].as_str()) {
            ("", ..) => String::new(),
            (word, Some(text), _) | (word, None, Some(text)) => format!("{word} {case} {text}"),
            (word, None, None) => format!("{word} {case}"),
        },
        sees: SEES,
        ..elsewhere(format!("/cases/{case}/{verb}"), body, may, String::new())
    }
}

fn elsewhere(path: String, body: Value, may: &'static [RoleKind], words: String) -> Deed {
    Deed {
        path,
        body,
        may,
        sees: &[],
        blunt: &[],
        words,
        reads: false,
    }
}

fn why() -> Value {
    json!({ "text": "需要帮忙" })
}

/// Work on a case.
fn cases(world: &World) -> Vec<Deed> {
    let on_case = |verb: &str, word: &str, body: Value, may: &'static [RoleKind]| {
        on_case(world.case, verb, word, body, may)
    };
    vec![
        on_case("accept", "接单", json!({}), &[]),
        on_case("arrive", "到场", json!({}), &[]),
        on_case("plan", "方案", why(), &[]),
        on_case("pause", "暂停", why(), &[]),
        on_case("resume", "恢复", json!({}), GIVES),
        on_case("grade", "", json!({ "grade": "major" }), GIVES),
        on_case("no-photo", "无照片", why(), &[]),
        on_case("photos", "", json!({ "attachments": ["99999999"] }), WORKS),
        on_case("assist", "助力", json!({}), WORKS),
        on_case("assist", "助力", json!({ "name": "沈立" }), GIVES),
        on_case(
            "identity",
            "查看身份",
            why(),
            &[CommunitySecretary, StreetOfficer],
        ),
        on_case("supplement", "补充", why(), &[]),
        on_case("nudge", "催办", json!({}), &[]),
        on_case("anonymous", "", json!({}), &[]),
        on_case("grant-reopen", "同意重开", json!({}), DECIDES_REOPENING),
        on_case("decline-reopen", "驳回重开", why(), DECIDES_REOPENING),
        on_case("reopen", "重开", why(), &[]),
    ]
}

/// A dispute on its way to an agreement.
fn mediations(world: &World) -> Vec<Deed> {
    let World {
        other, mediation, ..
    } = world;
    vec![
        Deed {
            sees: SEES,
            ..elsewhere(
                "/mediations".to_owned(),
                json!({ "case_id": other.to_string(), "centre": "street" }),
                // The case is no quarrel: whoever may is told that.
                DECIDES_REOPENING,
                String::new(),
            )
        },
        elsewhere(
            format!("/mediations/{mediation}/parties"),
            json!({ "who": "1-1-102 李建国" }),
            &[],
            format!("当事人 {mediation} 1-1-102 李建国"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/sessions"),
            json!({ "at": "2099-01-01T10:00:00+08:00", "venue": "社区" }),
            &[],
            String::new(),
        ),
        elsewhere(
            format!("/mediations/{mediation}/agreement"),
            json!({ "text": "晚上不施工" }),
            &[],
            format!("协议 {mediation} 晚上不施工"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/answer"),
            json!({ "agrees": true }),
            &[],
            format!("同意 {mediation}"),
        ),
        elsewhere(
            format!("/mediations/{mediation}/kept"),
            json!({ "kept": true }),
            &[],
            String::new(),
        ),
        elsewhere(
            format!("/mediations/{mediation}/fail"),
            json!({ "reason": "谈不拢" }),
            &[],
            format!("调解不成 {mediation} 谈不拢"),
        ),
    ]
}

/// What staff reads before anybody else does.
fn checked(world: &World) -> Vec<Deed> {
    vec![
        elsewhere(
            format!("/moderation/{}/decision", world.moderation),
            json!({ "pass": true }),
            MODERATES,
            format!("审核 {} 通过", world.moderation),
        ),
        elsewhere(
            format!("/wishes/{}/decision", world.wish),
            json!({ "pass": true }),
            VERIFIES,
            format!("通过心愿 {}", world.wish),
        ),
        elsewhere(
            format!("/wishes/{}/remove", world.wish),
            json!({ "reason": "已经解决" }),
            VERIFIES,
            format!("下架心愿 {} 已解决", world.wish),
        ),
        // Whoever supervises promises does not read what residents write before it has passed.
        elsewhere(
            format!("/offers/{}/decision", world.offer),
            json!({ "pass": true }),
            VERIFIES,
            format!("通过清单 {}", world.offer),
        ),
        elsewhere(
            format!("/offers/{}/remove", world.offer),
            json!({ "reason": "已经解决" }),
            VERIFIES,
            format!("下架清单 {} 已解决", world.offer),
        ),
    ]
}

/// Drives, what was given, and activities.
fn gifts(world: &World) -> Vec<Deed> {
    vec![
        elsewhere(
            "/drives".to_owned(),
            json!({ "compound": "GY", "title": "添冬衣", "text": "买棉被", "from": "2026-11-01" }),
            RUNS,
            String::new(),
        ),
        elsewhere(
            format!("/drives/{}/open", world.drive),
            json!({}),
            RUNS,
            String::new(),
        ),
        Deed {
            sees: SEES_GIFTS,
            ..elsewhere(
                format!("/donations/{}/decline", world.gift),
                json!({ "reason": "" }),
                RUNS,
                format!("谢绝捐物 {} 放不下", world.gift),
            )
        },
        Deed {
            sees: SEES_GIFTS,
            ..elsewhere(
                format!("/donations/{}/receive", world.gift),
                json!({}),
                RUNS,
                format!("收下捐物 {}", world.gift),
            )
        },
        elsewhere(
            format!("/activities/{}/open", world.activity),
            json!({}),
            LEADS,
            format!("发布活动 {}", world.activity),
        ),
        elsewhere(
            format!("/activities/{}/cancel", world.activity),
            json!({ "reason": "下雨了" }),
            LEADS,
            format!("取消活动 {} 下雨了", world.activity),
        ),
    ]
}

/// What a station keeps.
fn stations(world: &World) -> Vec<Deed> {
    vec![
        elsewhere(
            format!("/stations/loans/{}/end", world.loan),
            json!({ "outcome": "returned" }),
            KEEPS,
            format!("借物验收 {}", world.loan),
        ),
        elsewhere(
            format!("/stations/bookings/{}/absent", world.booking),
            json!({}),
            KEEPS,
            String::new(),
        ),
        elsewhere(
            format!("/stations/services/{}/served", world.service),
            json!({}),
            KEEPS,
            String::new(),
        ),
    ]
}

/// What people are told: notices, timetables, the handbook.
fn told(world: &World) -> Vec<Deed> {
    vec![
        elsewhere(
            "/notices".to_owned(),
            json!({ "place": "GY", "title": "周六停水", "body": "检修水箱。" }),
            PUBLISHES,
            String::new(),
        ),
        Deed {
            // Whoever publishes may not wake people, and is told so.
            sees: &[PropertyManager],
            ..elsewhere(
                "/notices".to_owned(),
                json!({ "place": "GY", "title": "煤气泄漏", "body": "快下楼。", "urgent": true }),
                PUBLISHES_URGENTLY,
                String::new(),
            )
        },
        // A draft is its author's, whoever else may publish there.
        elsewhere(
            format!("/notices/{}/publish", world.draft),
            json!({}),
            &[],
            format!("确认发布 {}", world.draft),
        ),
        // So is its scope.
        elsewhere(
            String::new(),
            json!({}),
            PUBLISHES,
            format!("公告范围 {} 1栋", world.draft),
        ),
        Deed {
            reads: true,
            ..elsewhere(
                format!("/notices/{}/progress", world.notice),
                json!({}),
                PUBLISHES,
                format!("广播进度 {}", world.notice),
            )
        },
        Deed {
            blunt: PUBLISHES,
            ..elsewhere(
                format!("/notices/{}/correct", world.notice),
                json!({ "title": "停电", "body": "周日停电" }),
                PUBLISHES,
                format!("更正公告 {} 周日停水⏎改到周日检修。", world.notice),
            )
        },
        Deed {
            blunt: PUBLISHES,
            ..elsewhere(
                format!("/notices/{}/repeat", world.notice),
                json!({}),
                PUBLISHES,
                format!("提醒未读 {}", world.notice),
            )
        },
        elsewhere(
            format!("/notices/{}/recall", world.notice),
            json!({}),
            PUBLISHES,
            format!("撤回公告 {}", world.notice),
        ),
        elsewhere(
            format!("/timetables/{}/state", world.timetable),
            json!({ "version": 1, "active": false }),
            SETS_TIMETABLES,
            String::new(),
        ),
        elsewhere(
            format!("/handbook/{}/state", world.article),
            json!({ "version": 1, "published": true }),
            WRITES_HANDBOOK,
            String::new(),
        ),
        elsewhere(
            format!("/handbook/questions/{}/dismiss", world.question),
            json!({}),
            WRITES_HANDBOOK,
            String::new(),
        ),
    ]
}

/// Tasks of volunteers and their hours, talents and requests for their help.
fn volunteers(world: &World) -> Vec<Deed> {
    vec![
        Deed {
            sees: SERVES,
            ..elsewhere(
                format!("/volunteer-services/{}/confirm", world.served),
                json!({}),
                LEADS,
                format!("确认工时 {}", world.task),
            )
        },
        Deed {
            sees: SERVES,
            ..elsewhere(
                format!("/volunteer-services/{}/refuse", world.served),
                json!({ "reason": "没有来" }),
                LEADS,
                String::new(),
            )
        },
        Deed {
            sees: SERVES,
            reads: true,
            ..elsewhere(
                format!("/volunteer-tasks/{}/services", world.task),
                json!({}),
                LEADS,
                String::new(),
            )
        },
        Deed {
            sees: SERVES,
            ..elsewhere(
                format!("/volunteer-tasks/{}/cancel", world.task),
                json!({ "reason": "下雨了" }),
                LEADS,
                format!("取消志愿 {} 下雨了", world.task),
            )
        },
        // Who offers a talent and who asks for it is nobody's business but theirs.
        elsewhere(
            format!("/talents/{}/withdraw", world.talent),
            json!({}),
            &[],
            format!("撤销特长 {}", world.talent),
        ),
        Deed {
            reads: true,
            ..elsewhere(
                format!("/help/{}", world.help),
                json!({}),
                &[],
                format!("我的帮手 {}", world.help),
            )
        },
        elsewhere(
            format!("/help/{}/answer", world.help),
            json!({ "accept": true }),
            &[],
            format!("接受帮忙 {}", world.help),
        ),
        elsewhere(
            format!("/help/{}/answer", world.help),
            json!({ "accept": false }),
            &[],
            format!("婉拒帮忙 {}", world.help),
        ),
        elsewhere(
            format!("/help/{}/withdraw", world.help),
            json!({}),
            &[],
            format!("撤回帮手 {}", world.help),
        ),
        elsewhere(
            format!("/help/{}/contact", world.help),
            json!({}),
            &[],
            format!("联系帮手 {}", world.help),
        ),
    ]
}

/// Doors, names and phones, and cases for others.
fn people(world: &World) -> Vec<Deed> {
    vec![
        elsewhere(
            format!("/visits/{}/done", world.visit),
            json!({}),
            &[],
            format!("已上门 {}", world.visit),
        ),
        elsewhere(
            format!("/corrections/{}/decision", world.correction),
            json!({ "pass": true }),
            VERIFIES,
            format!("更正 {} 通过", world.correction),
        ),
        Deed {
            blunt: FILES,
            ..elsewhere(
                "/cases/behalf".to_owned(),
                json!({ "kind": "repair", "text": "灯坏了", "channel": "phone", "home": "GY/1-1-101" }),
                FILES,
                "代报 GY/1-1-101 灯坏了".to_owned(),
            )
        },
    ]
}

/// What ends a case, or gives it to somebody else.
fn ends(world: &World) -> Vec<Deed> {
    let World { case, quarrel, .. } = world;
    let on_case = |verb: &str, word: &str, body: Value, may: &'static [RoleKind]| {
        on_case(world.case, verb, word, body, may)
    };
    vec![
        on_case("refuse", "退单", why(), &[]),
        on_case("finish", "办结", why(), &[]),
        on_case("give-up", "无法办结", why(), &[]),
        on_case("withdraw", "撤回", json!({}), &[]),
        on_case("rating", "", json!({ "score": 5 }), &[]),
        on_case("escalate", "上报", why(), GIVES),
        on_case("hand-over", "转派", json!({ "name": "沈立" }), GIVES),
        Deed {
            words: format!("合并 {case} {quarrel}"),
            ..on_case("merge", "", json!({ "into": quarrel.to_string() }), GIVES)
        },
        on_case("unmerge", "拆分", json!({}), GIVES),
    ]
}
