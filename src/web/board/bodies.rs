//! Who answers on a board: what was promised, when and how somebody is reached, who holds which post, how
//! organisations stand below each other, and the code that leads to the bot. Called by `show`.

use std::fmt::Write as _;

use entity::organisation;

use super::read::{Board, Post};
use crate::base::clock::say_minutes;
use crate::organisation::queries::kind_says as body_says;
use crate::policy::grade_says;
use crate::web::pages::escape;

pub(super) fn promise(board: &Board) -> String {
    let mut out = "<div class=\"card\"><ul>".to_owned();
    for promise in &board.promises {
        let policy = promise.policy;
        let _ = write!(
            out,
            "<li><b>{}</b>：{}内响应",
            grade_says(promise.grade),
            say_minutes(policy.accept_minutes)
        );
        for (minutes, what) in [
            (policy.arrive_minutes, "接单后|内到场"),
            (policy.finish_minutes, "|内办结"),
            (policy.plan_minutes, "|内给出方案"),
        ] {
            let words = what.split_once('|');
            if let (Some(minutes), Some((before, behind))) = (minutes, words) {
                let _ = write!(out, "，{before}{}{behind}", say_minutes(minutes));
            }
        }
        if let Some(hours) = &promise.hours {
            let _ = write!(out, "（{}计时）", escape(hours));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>");
    out.push_str("<p>没有按时响应的，自动提醒，再不响应就转给上一级。</p></div>\n");
    out
}

/// Bodies that say when they are there or how to call them.
pub(super) fn reachable(board: &Board) -> Vec<&organisation::Model> {
    let says =
        |body: &&organisation::Model| body.service_hours.is_some() || body.service_phone.is_some();
    board.bodies.iter().filter(says).collect()
}

pub(super) fn reach(bodies: &[&organisation::Model]) -> String {
    if bodies.is_empty() {
        return String::new();
    }
    let mut out = "<h3>服务时间和电话</h3><ul class=\"lines\">".to_owned();
    for body in bodies {
        let _ = write!(out, "<li><b>{}</b>", escape(&body.name));
        if let Some(hours) = &body.service_hours {
            let _ = write!(out, "<br>{}", escape(hours));
        }
        if let Some(phone) = &body.service_phone {
            let _ = write!(out, "<br>{}", phone_link(phone));
        }
        out.push_str("</li>");
    }
    out.push_str("</ul>\n");
    out
}

fn phone_link(phone: &str) -> String {
    let dialled: String = phone
        .chars()
        .filter(|letter| letter.is_ascii_digit() || *letter == '+')
        .collect();
    format!(
        "<a class=\"phone\" href=\"tel:{dialled}\">电话 {}</a>",
        escape(phone)
    )
}

pub(super) fn answerers(posts: &[Post]) -> String {
    if posts.is_empty() {
        return String::new();
    }
    let mut out = "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"负责人\"><table><thead><tr>\
                   <th scope=\"col\">范围</th><th scope=\"col\">职务</th><th scope=\"col\">姓名</th></tr></thead><tbody>"
        .to_owned();
    for post in posts {
        let _ = write!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&post.place),
            post.role,
            escape(&post.names.join("、"))
        );
    }
    out.push_str("</tbody></table></div>\n");
    out
}

/// Organisations below each other.
pub(super) fn chart_of_bodies(board: &Board) -> String {
    let known = |id: Option<i64>| board.bodies.iter().any(|body| Some(body.id) == id);
    let top: Vec<&organisation::Model> = board
        .bodies
        .iter()
        .filter(|body| !known(body.parent_id))
        .collect();
    if top.is_empty() {
        return String::new();
    }
    let mut out = "<div class=\"card tree\">".to_owned();
    branch(&mut out, board, &top, 0);
    out.push_str("</div>\n");
    out
}

fn branch(out: &mut String, board: &Board, bodies: &[&organisation::Model], depth: usize) {
    /// Deeper than any real chart; stops a circle.
    const DEEPEST: usize = 8;
    if bodies.is_empty() || depth > DEEPEST {
        return;
    }
    out.push_str("<ul>");
    for body in bodies {
        let _ = write!(
            out,
            "<li>{} <span class=\"soft\">{}</span>",
            escape(&body.name),
            body_says(&body.kind)
        );
        let below: Vec<&organisation::Model> = board
            .bodies
            .iter()
            .filter(|other| other.parent_id == Some(body.id))
            .collect();
        branch(out, board, &below, depth + 1);
        out.push_str("</li>");
    }
    out.push_str("</ul>");
}

pub(super) fn code(board: &Board) -> String {
    format!(
        "<div class=\"code\"><div role=\"img\" aria-label=\"邻里的二维码\">{}</div>\
         <p>微信扫一扫，报修、投诉、建议、求助，看办到哪一步。</p></div>\n",
        board.code
    )
}
