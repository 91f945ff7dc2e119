//! Chat commands on one's own data: 导出我的数据 更正 注销.

use entity::kinds::{CorrectionField, ExportState};

use crate::base::clock::say;
use crate::base::fault::Fault;
use crate::base::text::fold;
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who, verdict};
use crate::privacy::actions::{self, Asked, Wish};
use crate::privacy::{queries, rules_url};

/// What is typed, or picked, to mean it.
const SURE: &str = "确认";

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["导出我的数据", "导出数据"],
        who: Who::Bound,
        usage: "导出我的数据",
        help: "要一份我的全部资料",
        asks: None,
        in_group: false,
        run: |turn, _| Box::pin(export(turn)),
    },
    Command {
        words: &["更正"],
        who: Who::Bound,
        usage: "更正 姓名/手机 新内容",
        help: "登记的姓名、手机号有错",
        asks: Some("请写下要更正成什么，例如：姓名 张秀英，或：手机 13800000001"),
        in_group: false,
        run: |turn, args| Box::pin(correct(turn, args)),
    },
    Command {
        words: &["注销"],
        who: Who::Bound,
        usage: "注销 [确认]",
        help: "删除我的个人资料",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(erase(turn, args)),
    },
];

async fn export(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    Ok(Reply::text(
        match actions::ask_export(turn.tx, &turn.actor).await? {
            Asked::Begun(_) => {
                "正在整理您的资料，几分钟内把下载链接发给您，链接一天内有效。".to_owned()
            }
            Asked::There(row) if row.state == ExportState::Ready => format!(
                "您的资料已备好，{}前可以下载：{}",
                say(row.expires_at),
                queries::export_url(turn.app, row.id)
            ),
            Asked::There(_) => "正在整理您的资料，好了就把链接发给您，请稍等。".to_owned(),
        },
    ))
}

async fn correct(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some((id, rest)) = args.number() {
        return decide(turn, id, &rest).await;
    }
    let Some((field, rest)) = field(&args.raw) else {
        let how = "请写明要更正什么，例如：姓名 张秀英，或：手机 13800000001。\n";
        let reply = turn.offer_to_file(how, &args.raw, &[]);
        // A digit files the words; what is written next is the correction.
        if let Some(dialog) = turn.dialog.as_mut() {
            dialog.prompt = Some("更正".to_owned());
        }
        return Ok(reply);
    };
    let wish = Wish::new(field, rest)?;
    let row = actions::ask_correction(turn.tx, turn.app, &turn.actor, &wish).await?;
    Ok(Reply::text(format!(
        "已请管家核实您的{}（更正申请 #{}），结果会通知您。",
        queries::field_says(field),
        row.id
    )))
}

/// Which field a text begins with, and what stands behind it.
fn field(text: &str) -> Option<(CorrectionField, &str)> {
    const WORDS: [(&str, CorrectionField); 5] = [
        ("姓名", CorrectionField::Name),
        ("名字", CorrectionField::Name),
        ("手机号", CorrectionField::Phone),
        ("手机", CorrectionField::Phone),
        ("电话", CorrectionField::Phone),
    ];
    WORDS.iter().find_map(|(word, field)| {
        let rest = text.strip_prefix(word)?;
        let rest = rest.trim_start_matches([' ', '\u{3000}', ':', '：', '为', '是', '成']);
        Some((*field, rest))
    })
}

async fn decide(turn: &mut Turn<'_>, id: i64, rest: &Args) -> Result<Reply, Fault> {
    let Some((pass, reason)) = verdict(&rest.raw) else {
        turn.dialog = Some(Dialog::pick([
            format!("更正 {id} 通过"),
            format!("更正 {id} 驳回"),
        ]));
        return Ok(Reply::text(format!(
            "更正申请 #{id}，请回复数字：\n1 通过\n2 驳回（要写原因请回复：更正 {id} 驳回 原因）"
        )));
    };
    actions::decide_correction(turn.tx, turn.app, &turn.actor, id, pass, &reason).await?;
    let word = if pass { "已通过" } else { "已驳回" };
    Ok(Reply::text(format!("更正申请 #{id} {word}，已通知本人。")))
}

async fn erase(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some(why) = actions::refusal_to_erase(turn.tx, &turn.actor).await? {
        return Ok(Reply::text(why));
    }
    if fold(&args.raw) != SURE {
        turn.dialog = Some(Dialog::pick(["我的", "注销 确认"]));
        return Ok(Reply::text(format!(
            "注销会删除您的姓名、手机号、微信号和房号绑定，不能恢复。提过的诉求留下内容，不再显示是谁提的；依法要留的操作记录只留编号。\n\
             规则：{}\n1 不注销\n2 确认注销",
            rules_url(turn.app)
        )));
    }
    let left = actions::erase(turn.tx, turn.app, &turn.actor).await?;
    // What waited in the conversation goes, too.
    turn.before = Dialog::default();
    let open = match left.open_cases {
        0 => String::new(),
        count => format!("还有{count}件诉求在办，会接着办完，但不能再通知您。"),
    };
    Ok(Reply::text(format!(
        "已注销，您的个人资料已删除。{open}依法保留的操作记录只有编号，没有姓名和电话。以后需要时可以重新绑定。"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_in_many_ways() {
        for (text, wanted) in [
            ("姓名 张秀英", Some((CorrectionField::Name, "张秀英"))),
            ("姓名为张秀英", Some((CorrectionField::Name, "张秀英"))),
            (
                "手机号：13800000101",
                Some((CorrectionField::Phone, "13800000101")),
            ),
            (
                "电话 13800000101",
                Some((CorrectionField::Phone, "13800000101")),
            ),
            ("房号 3-2-501", None),
            ("", None),
        ] {
            assert_eq!(field(text), wanted, "{text}");
        }
    }
}
