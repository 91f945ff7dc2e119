//! What people call the kinds of reminders; a test fails when one has no words. Used by `letters.rs`.

/// Kind and words, those that belong together side by side.
pub const WORDS: &[(&str, &str)] = &[
    ("case.task", "派单任务"),
    ("case.asked", "请接手"),
    ("case.reopen-asked", "请决定重开"),
    ("case.help-asked", "请助力"),
    ("case.helper", "助力有变"),
    ("case.helped", "助力有了结果"),
    ("case.progress", "诉求进度"),
    ("case.nudged", "居民催办"),
    ("case.supplemented", "居民补充"),
    ("case.overdue", "办理超时"),
    ("case.passed-over", "移交上一级"),
    ("case.unassigned", "没有人办"),
    ("case.withdrawn", "居民撤回"),
    ("case.reviewed", "居民评价"),
    ("case.feedback", "请评价"),
    ("case.joined", "多户都遇到"),
    ("case.mediation", "请调解"),
    ("case.mediated", "调解结果"),
    ("case.accept-clock", "接单时限"),
    ("case.accept-grace", "接单宽限"),
    ("case.arrive-clock", "到场时限"),
    ("case.plan-clock", "方案时限"),
    ("case.finish-clock", "办结时限"),
    ("case.ask-clock", "接手时限"),
    ("case.reopen-clock", "重开时限"),
    ("case.seek", "找办理人"),
    ("case.cards", "更新卡片"),
    ("case.lapse", "评价期满"),
    ("case.close-off", "销号"),
    ("case.group", "发到群里"),
    ("case.group-told", "群里的进展"),
    ("case.photos", "处理照片"),
    ("mediation.task", "调解任务"),
    ("mediation.party", "通知当事人"),
    ("person.bound", "新账号绑定"),
    ("person.decided", "绑定结果"),
    ("person.refused", "绑定被驳回"),
    ("person.request", "请核验绑定"),
    ("person.role-ended", "岗位到期"),
    ("person.released", "绑定被解除"),
    ("person.post-ended", "岗位结束"),
    ("moderation.ask", "请审核"),
    ("moderation.check", "请平台审核"),
    ("moderation.late", "平台没有审完"),
    ("moderation.refused", "审核没有通过"),
    ("moderation.verdict", "平台审核结果"),
    ("visit.new", "请上门"),
    ("payment.reconcile", "每日对账"),
    ("disclosure.broadcast", "群发财务公开"),
    ("disclosure.published", "财务公开"),
    ("expense.task", "请审批支出"),
    ("expense.told", "支出进展"),
    ("expense.published", "支出公示"),
    ("expense.broadcast", "群发支出公示"),
    ("expense.wait", "催办支出审批"),
    ("expense.before-clock", "事前公示期满"),
    ("expense.after-clock", "事后公示期满"),
    ("notice.begin", "公告发出"),
    ("notice.fan", "公告群发"),
    ("notice.new", "公告"),
    ("notice.urgent", "紧急公告"),
    ("notice.groups", "公告发到各群"),
    ("notice.group", "群里的公告"),
    ("notice.repeat", "公告再提醒"),
    ("privacy.correct", "请核实更正"),
    ("privacy.corrected", "更正结果"),
    ("privacy.export", "备好个人数据"),
    ("privacy.export-ready", "个人数据已备好"),
    ("privacy.photos", "删除照片"),
    ("privacy.retention", "清理到期数据"),
    ("privacy.sweep", "清除个人数据"),
    ("files.fetch", "取照片"),
    ("files.forget", "删文件"),
    ("files.tidy", "清理文件"),
    ("files.unkept", "照片没有保存"),
    ("chat.answer", "回答"),
    ("chat.aside", "群里问的，单独回答"),
    ("payment.watch", "查询支付结果"),
    ("payment.close", "关闭支付订单"),
    ("payment.notice", "处理支付通知"),
    ("payment.refund", "办理退款"),
    ("payment.told", "缴费结果"),
    ("payment.decide", "请第二人确认"),
    ("payment.mend", "账款对不上"),
    ("delivery.receipt", "平台回执"),
    ("delivery.words", "卡片的补充文字"),
    ("import.run", "导入"),
    ("import.forget", "清理导入文件"),
    ("fee.run", "出账单"),
    ("dues.plan", "安排缴费提醒"),
    ("dues.due", "缴费提醒"),
    ("dues.proof", "缴费提醒的记录"),
    ("dues.late", "计违约金"),
    ("timetable.ring", "日程到时间"),
    ("timetable.fan", "日程群发"),
    ("timetable.due", "定时提醒"),
    ("handbook.answered", "手册有答案了"),
    ("wish.check", "请审核心愿"),
    ("wish.contact", "许愿人的联系方式"),
    ("wish.told", "心愿进展"),
    ("wish.lapse", "认领到期"),
];

/// What people call a kind.
#[must_use]
pub fn says(kind: &str) -> &str {
    let found = WORDS.iter().find(|(known, _)| *known == kind);
    found.map_or(kind, |(_, words)| *words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words_of_its_own() {
        for kind in crate::command::serve::kinds() {
            assert_ne!(says(kind.name), kind.name, "a kind without words");
        }
        for (kind, words) in WORDS {
            let same = WORDS
                .iter()
                .filter(|(other, said)| other == kind || said == words);
            assert_eq!(same.count(), 1, "{kind} {words}");
        }
    }
}
