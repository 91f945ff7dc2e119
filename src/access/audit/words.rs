//! THE table of what the audit trail records: what people call it, and whether it needs an office.
//! A new action gets its line here, or the tests fail. Pure; used by `record` and by the console.

use entity::kinds::RoleKind;
use sea_orm::ActiveEnum;
use serde_json::Value;

use crate::access::holders;
use crate::base::redact::hide_numbers;

/// Something that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// As stored in `audit.action`.
    pub name: &'static str,
    /// What people call it.
    pub words: &'static str,
    /// Done by a role: whoever does it by chat does it as staff.
    pub in_office: bool,
}

/// What people call the groups of actions, by what stands before the dot.
pub const GROUPS: &[(&str, &str)] = &[
    ("case", "诉求"),
    ("mediation", "调解"),
    ("binding", "绑定"),
    ("account", "账号"),
    ("person", "人员"),
    ("role", "职务"),
    ("correction", "更正"),
    ("export", "个人数据"),
    ("moderation", "内容审核"),
    ("wish", "微心愿"),
    ("offer", "四项清单"),
    ("agreement", "共建协议"),
    ("alliance", "联盟"),
    ("drive", "捐赠活动"),
    ("donation", "捐赠"),
    ("talent", "特长"),
    ("help", "找帮手"),
    ("activity", "活动"),
    ("volunteer", "志愿服务"),
    ("station", "驿站"),
    ("visit", "上门"),
    ("policy", "时限"),
    ("calendar", "日历"),
    ("rule", "派单规则"),
    ("answer", "答复模板"),
    ("organisation", "组织"),
    ("disclosure", "财务公开"),
    ("notice", "公告"),
    ("timetable", "日程"),
    ("handbook", "手册"),
    ("preference", "订阅"),
    ("view", "常用列表"),
    ("console", "登录"),
    ("credential", "工作台账号"),
    ("payment", "缴费"),
    ("refund", "退款"),
    ("waiver", "减免"),
    ("fee", "收费"),
    ("bill", "账单"),
    ("expense", "支出"),
    ("review-chain", "支出审批规则"),
    ("ledger", "账簿"),
    ("letter", "没送到的消息"),
    ("roster", "导入"),
    ("admin", "管理员"),
];

/// All of them, group by group.
pub const ACTIONS: &[Known] = &[
    said("case.file", "提出诉求"),
    said("case.accept", "接单"),
    said("case.arrive", "到场"),
    said("case.plan", "写方案"),
    said("case.finish", "办结或无法办结"),
    said("case.pause", "暂停"),
    said("case.resume", "恢复办理"),
    said("case.refuse", "退单"),
    said("case.hand-over", "转派"),
    said("case.escalate", "上报"),
    said("case.take-over", "接手"),
    said("case.turn-down", "不接手"),
    said("case.grade", "定级"),
    said("case.assist", "助力"),
    said("case.photo", "加处理照片"),
    said("case.photo-waive", "不用处理照片"),
    said("case.close-off", "销号"),
    said("case.reword", "改写公开文字"),
    said("case.hide", "改为匿名"),
    said("case.identity", "查看身份"),
    said("case.supplement", "补充"),
    said("case.nudge", "催办"),
    said("case.withdraw", "撤回"),
    said("case.rate", "评价"),
    said("case.rate-joined", "同遇的人评价"),
    said("case.reopen", "申请重开"),
    said("case.grant-reopen", "同意重开"),
    said("case.decline-reopen", "驳回重开"),
    said("case.reopen-silent", "重开无人答复"),
    said("case.lapse", "评价期满"),
    said("case.join", "我也遇到"),
    said("case.leave", "退出同遇"),
    said("case.merge", "合并"),
    said("case.unmerge", "拆分"),
    said("case.mediated", "调解有了结果"),
    said("case.found", "找到办理人"),
    said("case.vacate", "办理人离任，重新派单"),
    said("case.pass-over", "超时移交上一级"),
    said("case.accept-late", "接单超时"),
    said("case.arrive-late", "到场超时"),
    said("case.finish-late", "办结超时"),
    said("case.ask-late", "请人接手无答复"),
    said("mediation.open", "开始调解"),
    said("mediation.party", "加当事人"),
    said("mediation.session", "约调解时间"),
    said("mediation.propose", "写协议"),
    said("mediation.answer", "答复协议"),
    said("mediation.keep", "说明履行情况"),
    said("mediation.fail", "调解不成"),
    said("binding.request", "申请绑定"),
    said("binding.declare", "按名册绑定"),
    office("binding.verify", "核验绑定通过"),
    office("binding.refuse", "驳回绑定"),
    said("binding.prove", "绑定由手机号或邀请码证实"),
    said("binding.object", "对绑定有异议"),
    said("binding.release", "解绑"),
    office("binding.take-away", "解除别人的绑定"),
    office("disclosure.publish", "公布账目"),
    office("expense.propose", "提出支出"),
    office("expense.change", "修改支出草稿"),
    office("expense.quote", "加报价"),
    office("expense.unquote", "删报价"),
    office("expense.submit", "提交支出审核"),
    office("expense.approve", "支出审核通过"),
    office("expense.refuse", "驳回支出"),
    said("expense.object", "对支出提出异议"),
    said("expense.published", "支出事前公示结束"),
    office("expense.tender", "登记招标结果"),
    office("expense.file", "支出备案"),
    office("expense.pay", "支付支出"),
    said("expense.close", "支出事后公示结束"),
    office("expense.withdraw", "撤回支出"),
    office("expense.revise", "重新修改支出"),
    said("expense.expire", "支出过期"),
    office("review-chain.set", "设支出审批规则"),
    office("disclosure.correct", "更正公布的账目"),
    office("notice.publish", "发布公告"),
    office("notice.correct", "更正公告"),
    office("notice.undo", "撤销公告"),
    office("notice.recall", "撤回公告"),
    office("notice.repeat", "再提醒没读公告的人"),
    office("payment.reconcile", "查清对账差异"),
    said("binding.along", "同一人的绑定跟着变"),
    said("account.tie", "账号认定到人"),
    office("account.untie", "账号与人解开"),
    office("person.add", "登记人员"),
    office("person.invite", "发邀请码"),
    office("person.phone", "查看完整手机号"),
    said("person.wecom", "企业微信成员变动"),
    said("person.erase", "注销个人数据"),
    office("role.grant", "任命职务"),
    office("role.change", "改任期"),
    office("role.end", "结束职务"),
    said("correction.request", "申请更正"),
    office("correction.pass", "更正通过"),
    office("correction.refuse", "更正驳回"),
    said("export.request", "索取自己的数据"),
    office("moderation.pass", "审核通过"),
    office("moderation.refuse", "审核驳回"),
    said("wish.raise", "许愿"),
    said("wish.claim", "认领心愿"),
    said("wish.abandon", "放弃心愿"),
    said("wish.lapse", "心愿认领到期"),
    said("wish.fulfil", "完成心愿"),
    said("wish.photo", "加心愿照片"),
    said("wish.thank", "感谢"),
    said("wish.withdraw", "撤回心愿"),
    office("wish.pass", "通过心愿"),
    office("wish.refuse", "驳回心愿"),
    office("wish.remove", "下架心愿"),
    said("offer.publish", "发清单"),
    said("offer.withdraw", "撤回清单"),
    said("offer.tie", "对接"),
    said("offer.untie", "取消对接"),
    said("offer.finish", "需求办好"),
    said("offer.lapse", "清单到期"),
    office("offer.pass", "通过清单"),
    office("offer.refuse", "驳回清单"),
    office("offer.remove", "下架清单"),
    office("offer.claim", "认领项目"),
    office("offer.close", "清单销号"),
    office("offer.photo", "加清单照片"),
    office("offer.reopen", "重开清单"),
    office("agreement.record", "登记共建协议"),
    office("agreement.end", "终止共建协议"),
    office("alliance.join", "加入联盟"),
    office("alliance.leave", "退出联盟"),
    office("alliance.record", "记联盟服务"),
    office("alliance.strike", "删联盟记录"),
    office("drive.write", "写捐赠活动"),
    office("drive.edit", "改捐赠活动"),
    office("drive.open", "发布捐赠活动"),
    said("drive.close", "结束捐赠活动"),
    said("donation.pledge", "登记捐赠"),
    said("donation.withdraw", "撤回捐赠"),
    said("donation.lapse", "捐款没有付款"),
    office("donation.contact", "查看捐赠人联系方式"),
    office("donation.receive", "收下捐物"),
    office("donation.decline", "谢绝捐物"),
    office("donation.counter", "登记柜台捐款"),
    office("donation.use", "登记捐赠用途"),
    said("talent.offer", "登记特长"),
    said("talent.withdraw", "撤销特长"),
    said("help.ask", "找帮手"),
    said("help.accept", "接受帮忙"),
    said("help.decline", "婉拒帮忙"),
    said("help.silent", "帮手没有回音"),
    said("help.gone", "帮手已不在小区"),
    said("help.lapse", "找帮手到期"),
    said("help.withdraw", "撤回找帮手"),
    office("activity.draft", "写活动"),
    office("activity.open", "发布活动"),
    office("activity.change", "改活动"),
    office("activity.close", "截止报名"),
    office("activity.reopen", "继续报名"),
    office("activity.cancel", "取消活动"),
    said("activity.hold", "活动结束"),
    said("activity.join", "报名活动"),
    said("activity.leave", "取消报名"),
    said("activity.move-up", "候补补上"),
    said("activity.remind", "要活动提前提醒"),
    said("activity.check-in", "活动签到"),
    office("activity.photo", "加活动照片"),
    said("volunteer.register", "报名志愿者"),
    said("volunteer.report", "双报到"),
    said("volunteer.named", "改志愿公开"),
    said("volunteer.leave", "退出志愿者"),
    office("volunteer.task", "发起志愿任务"),
    office("volunteer.change", "改志愿任务"),
    office("volunteer.cancel", "取消志愿任务"),
    said("volunteer.take", "领志愿任务"),
    said("volunteer.drop", "退志愿任务"),
    said("volunteer.begin", "开始志愿服务"),
    said("volunteer.end", "结束志愿服务"),
    office("volunteer.confirm", "确认志愿时长"),
    office("volunteer.record", "登记志愿时长"),
    office("volunteer.refuse", "不认可志愿时长"),
    office("station.add", "新增驿站"),
    office("station.change", "改驿站"),
    office("station.days", "改驿站的日子"),
    office("station.remove", "关闭驿站"),
    office("station.thing", "登记驿站的借用物品"),
    office("station.thing-off", "停借驿站的物品"),
    office("station.room", "登记驿站的房间"),
    office("station.room-off", "停订驿站的房间"),
    office("station.service", "登记驿站的窗口服务"),
    office("station.service-off", "停办驿站的窗口服务"),
    office("station.visits", "记驿站来访人次"),
    said("station.borrow", "借用物品"),
    office("station.lend", "替居民登记借用"),
    said("station.hand", "归还物品"),
    office("station.loan-end", "验收借出的物品"),
    office("station.loan-deny", "没有收到归还的物品"),
    said("station.book", "预订房间"),
    office("station.book-official", "公务预订房间"),
    said("station.booking-off", "取消预订"),
    office("station.absent", "记预订未到"),
    office("station.deposit", "收下寄存物品"),
    office("station.deposit-end", "了结寄存物品"),
    said("station.unclaimed", "寄存到期无人领取"),
    office("visit.make", "上门告知"),
    office("policy.set", "设时限"),
    office("policy.remove", "删时限"),
    office("calendar.add", "加日历"),
    office("calendar.change", "改日历"),
    office("calendar.remove", "删日历"),
    office("rule.add", "加派单规则"),
    office("rule.change", "改派单规则"),
    office("rule.move", "调派单规则的顺序"),
    office("rule.on", "启用派单规则"),
    office("rule.off", "停用派单规则"),
    office("rule.remove", "删派单规则"),
    office("answer.add", "加答复模板"),
    office("answer.change", "改答复模板"),
    office("answer.remove", "删答复模板"),
    office("organisation.create", "新增组织"),
    office("organisation.change", "改组织"),
    office("organisation.remove", "删组织"),
    office("timetable.make", "建日程"),
    office("timetable.change", "改日程"),
    office("timetable.stop", "停用日程"),
    office("timetable.start", "启用日程"),
    said("timetable.subscribe", "订阅日程"),
    said("timetable.leave", "退订日程"),
    office("handbook.write", "写手册"),
    office("handbook.change", "改手册"),
    office("handbook.publish", "发布手册"),
    office("handbook.withdraw", "撤下手册"),
    office("handbook.answer", "答复手册的问题"),
    office("handbook.dismiss", "手册的问题不用答"),
    said("preference.set", "改订阅"),
    office("view.save", "存常用列表"),
    office("view.remove", "删常用列表"),
    office("console.sign-in", "用密码登录工作台"),
    office("console.sign-in-work", "用企业微信登录工作台"),
    office("console.code", "输入动态验证码"),
    office("console.password", "改密码"),
    office("console.factor", "设动态验证码"),
    office("console.factor-removed", "取消动态验证码"),
    office("console.recovery-codes", "换恢复码"),
    office("credential.give", "开通工作台"),
    office("credential.reset", "重置密码"),
    said("payment.paid", "缴费到账"),
    office("payment.take", "收现金或转账"),
    said("refund.owe", "多付待退"),
    office("refund.ask", "申请退款"),
    office("refund.grant", "同意退款"),
    office("refund.refuse", "不同意退款"),
    said("refund.done", "退款完成"),
    said("refund.stuck", "退款没有成功"),
    office("refund.by-hand", "退款由人工完成"),
    office("waiver.ask", "申请减免"),
    office("waiver.grant", "同意减免"),
    office("waiver.refuse", "不同意减免"),
    office("fee.account", "指定收款账户"),
    office("fee.add", "加收费项目"),
    office("fee.end", "结束收费项目"),
    office("fee.cost", "填公摊费用"),
    office("fee.reading", "填表的读数"),
    office("fee.space", "登记车位"),
    office("fee.space-end", "结束车位"),
    office("fee.charge", "加一次性收费"),
    office("fee.dues", "设缴费提醒"),
    office("bill.run", "出账单"),
    said("bill.dispute", "提出账单异议"),
    office("bill.credit", "更正账单"),
    office("ledger.opening", "记期初"),
    office("letter.retry", "重发没送到的消息"),
    office("letter.drop", "放弃没送到的消息"),
    office("roster.upload", "上传导入文件"),
    office("roster.import", "导入"),
    office("roster.start", "确认导入"),
    office("roster.drop", "放弃导入"),
    said("roster.fail", "导入没有成功"),
    office("admin.create", "建管理员"),
];

const fn said(name: &'static str, words: &'static str) -> Known {
    Known {
        name,
        words,
        in_office: false,
    }
}

const fn office(name: &'static str, words: &'static str) -> Known {
    Known {
        name,
        words,
        in_office: true,
    }
}

/// The line of an action.
#[must_use]
pub fn known(name: &str) -> Option<&'static Known> {
    ACTIONS.iter().find(|known| known.name == name)
}

/// What people call an action; its name when an older program recorded what this one does not know.
#[must_use]
pub fn says(name: &str) -> &str {
    known(name).map_or(name, |known| known.words)
}

/// The actions of a group.
pub fn of_group(group: &str) -> impl Iterator<Item = &'static Known> {
    let head = format!("{group}.");
    ACTIONS
        .iter()
        .filter(move |known| known.name.starts_with(&head))
}

/// What people call what was changed, by what stands before the colon of `audit.subject`.
pub const SUBJECTS: &[(&str, &str)] = &[
    ("case", "诉求"),
    ("expense", "支出"),
    ("review-chain", "支出审批规则"),
    ("person", "人员"),
    ("binding", "绑定"),
    ("place", "地点"),
    ("organisation", "组织"),
    ("mediation", "调解"),
    ("moderation", "内容审核"),
    ("correction", "更正申请"),
    ("wish", "心愿"),
    ("offer", "清单"),
    ("agreement", "共建协议"),
    ("alliance-record", "联盟记录"),
    ("drive", "捐赠活动"),
    ("donation", "捐赠"),
    ("donation-use", "捐赠用途"),
    ("talent", "特长"),
    ("help", "找帮手"),
    ("activity", "活动"),
    ("volunteer", "志愿者"),
    ("volunteer-task", "志愿任务"),
    ("station", "驿站"),
    ("loan", "借物"),
    ("booking", "房间预订"),
    ("deposit", "寄存"),
    ("visit", "上门"),
    ("reminder", "提醒"),
    ("import", "导入"),
    ("payment", "缴费"),
    ("refund", "退款"),
    ("waiver", "减免"),
    ("fee", "收费项目"),
    ("bill", "账单"),
    ("charge", "一次性收费"),
    ("disclosure", "财务公开"),
    ("notice", "公告"),
    ("timetable", "日程"),
    ("article", "手册文章"),
    ("question", "手册的问题"),
    ("difference", "对账差异"),
];

/// What was changed, as people say it: `诉求 #12`.
#[must_use]
pub fn says_subject(subject: &str) -> String {
    if subject == "roster" {
        return "名册".to_owned();
    }
    let (kind, id) = subject.split_once(':').unwrap_or((subject, ""));
    let found = SUBJECTS.iter().find(|(known, _)| *known == kind);
    match found {
        Some((_, words)) => format!("{words} #{id}"),
        None => subject.to_owned(),
    }
}

/// What stands in `audit.detail`, by its key. What is not here is for programs and is not shown.
const DETAILS: &[(&str, &str)] = &[
    ("kind", "种类"),
    ("level", "层级"),
    ("grade", "等级"),
    ("found", "找到办理人"),
    ("reason", "原因"),
    ("fee", "收费"),
    ("month", "月份"),
    ("merchant", "收款账户"),
    ("amount", "金额"),
    ("line", "账单项"),
    ("version", "版本"),
    ("score", "评分"),
    ("role", "职务"),
    ("place", "地点"),
    ("organisation", "组织"),
    ("person", "人员"),
    ("from", "从"),
    ("to", "到"),
    ("account", "账号"),
    ("with", "随绑定"),
    ("field", "哪一项"),
    ("topic", "哪一类"),
    ("on", "打开"),
    ("gone", "已离开"),
    ("of", "内容"),
    ("accept", "接单分钟"),
    ("arrive", "到场分钟"),
    ("finish", "办结分钟"),
    ("plan", "方案分钟"),
    ("calendar", "日历"),
    ("message", "提醒种类"),
    ("places", "地点"),
    ("organisations", "组织"),
    ("people", "人员"),
    ("homes", "户"),
    ("roles", "职务"),
    ("fee_items", "收费项目"),
    ("fee_readings", "表的读数"),
    ("fee_spaces", "车位"),
    ("dispatch_rules", "派单规则"),
    ("response_policies", "时限"),
    ("skipped", "跳过有错的行"),
    ("fen", "金额（分）"),
    ("payment", "缴费"),
    ("bill", "账单"),
    ("home", "房屋"),
    ("article", "手册文章"),
];

/// Words that stand in details as the columns hold them.
const VALUES: &[(&str, &str)] = &[
    ("ordinary", "普通"),
    ("major", "重大"),
    ("complex", "特殊复杂"),
    ("compound", "小区"),
    ("community", "社区"),
    ("street", "街道"),
    ("department", "职能部门"),
    ("name", "姓名"),
    ("phone", "手机号"),
    ("wecom", "企业微信登记有变"),
    ("role", "担任了职务"),
    ("task", "办理任务"),
    ("progress", "诉求进度"),
    ("news", "工作动态"),
    ("safety", "账号安全"),
    ("dues", "缴费提醒"),
];

/// What else was recorded, as people read it: `职务：楼栋长，从：2026-11-21`. Numbers that could be
/// somebody's are hidden, whoever let them in.
#[must_use]
pub fn says_detail(detail: Option<&Value>) -> String {
    let Some(Value::Object(parts)) = detail else {
        return String::new();
    };
    let said = DETAILS.iter().filter_map(|(key, label)| {
        let value = says_value(key, parts.get(*key)?)?;
        Some(format!("{label}：{value}"))
    });
    said.collect::<Vec<_>>().join("，")
}

fn says_value(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Bool(true) => Some("是".to_owned()),
        Value::Bool(false) => Some("否".to_owned()),
        Value::Number(number) => Some(match key {
            "place" | "organisation" | "person" | "account" | "with" | "calendar" | "payment"
            | "bill" | "home" => {
                format!("#{number}")
            }
            _ => number.to_string(),
        }),
        Value::String(text) => Some(says_text(key, text)),
        // Of an import: how many rows were new, how many were changed.
        Value::Array(two) => match two.as_slice() {
            [new, changed] => Some(format!("新增{new}，更新{changed}")),
            _ => None,
        },
        Value::Null | Value::Object(_) => None,
    }
}

fn says_text(key: &str, text: &str) -> String {
    match key {
        "role" => {
            let role = RoleKind::try_from_value(&text.to_owned());
            role.map_or_else(|_| text.to_owned(), |role| holders::says(role).to_owned())
        }
        "of" => says_subject(text),
        "from" | "to" => text.chars().take("2026-11-21".len()).collect(),
        _ => {
            let found = VALUES.iter().find(|(known, _)| *known == text);
            found.map_or_else(|| hide_numbers(text), |(_, words)| (*words).to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_group_and_stands_there_once() {
        for known in ACTIONS {
            let group = known.name.split_once('.').unwrap().0;
            assert!(GROUPS.iter().any(|(name, _)| *name == group), "{group}");
            let same = ACTIONS.iter().filter(|other| other.name == known.name);
            assert_eq!(same.count(), 1, "{}", known.name);
            let called = ACTIONS.iter().filter(|other| other.words == known.words);
            assert_eq!(called.count(), 1, "{}", known.words);
        }
        for (group, _) in GROUPS {
            assert!(of_group(group).next().is_some(), "{group}");
        }
    }

    #[test]
    fn a_subject_is_said_as_people_say_it() {
        assert_eq!(says_subject("case:12"), "诉求 #12");
        assert_eq!(says_subject("roster"), "名册");
        assert_eq!(says_subject("comet:3"), "comet:3");
    }

    #[test]
    fn details_are_read_and_hold_no_number_of_anybody() {
        let detail = serde_json::json!({
            "role": "steward", "place": 7, "from": "2026-11-21T00:00:00Z", "to": null, "inside": 3,
        });
        assert_eq!(
            says_detail(Some(&detail)),
            "职务：楼栋长，地点：#7，从：2026-11-21"
        );
        let detail = serde_json::json!({ "reason": "回访 13800000101", "on": false });
        assert_eq!(says_detail(Some(&detail)), "原因：回访 ***，打开：否");
        let detail = serde_json::json!({ "people": [3, 1] });
        assert_eq!(says_detail(Some(&detail)), "人员：新增3，更新1");
        assert_eq!(says_detail(None), "");
    }
}
