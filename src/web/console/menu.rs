//! The menu of the console, by what somebody's roles allow. A page that stands in it has its line here. Used
//! by `frame`.

use crate::access::Actor;
use crate::access::permit::{Deed, may_somewhere};

/// A line of the menu.
struct Line {
    /// Where it leads.
    path: &'static str,
    /// What it is called.
    words: &'static str,
    /// Shown to whoever may do one of these somewhere; to everybody when there is none.
    deeds: &'static [Deed],
}

/// The menu: its groups, and the pages of each.
const MENU: &[(&str, &[Line])] = &[
    (
        "办理",
        &[
            line(
                "/console/tasks",
                "我的任务",
                &[Deed::WorkCases, Deed::SeeCases],
            ),
            line("/console/cases", "诉求", &[Deed::SeeCases, Deed::WorkCases]),
            line("/console/visits", "上门", &[Deed::MakeVisits]),
            line(
                "/console/notices",
                "公告",
                &[Deed::PublishNotices, Deed::MakeVisits],
            ),
            line("/console/timetables", "日程", &[Deed::SetTimetables]),
            line("/console/handbook", "手册", &[Deed::WriteHandbook]),
            line("/console/mediations", "调解", &[Deed::Mediate]),
            line("/console/moderation", "审核", &[Deed::Moderate]),
            line("/console/wishes", "心愿", &[Deed::CheckWishes]),
            line(
                "/console/lists",
                "清单",
                &[
                    Deed::CheckOffers,
                    Deed::PublishOffers,
                    Deed::SuperviseOffers,
                ],
            ),
            line("/console/agreements", "共建", &[Deed::KeepAgreements]),
            line(
                "/console/giving",
                "捐赠",
                &[Deed::RunDrives, Deed::TakeMoney, Deed::SeeMoney],
            ),
            line("/console/talents", "特长", &[Deed::RunDrives]),
            line("/console/activities", "活动", &[Deed::LeadActivities]),
            line("/console/volunteers", "志愿者", &[Deed::LeadActivities]),
            line(
                "/console/stations",
                "驿站",
                &[Deed::KeepStations, Deed::SetStations],
            ),
        ],
    ),
    (
        "数据",
        &[
            line("/console/figures", "数据", &[Deed::SeeCases]),
            line("/console/collection", "收缴率", &[Deed::SeeMoney]),
        ],
    ),
    (
        "人和房",
        &[
            line("/console/people", "人员", &[Deed::SeePeople]),
            line("/console/homes", "房屋", &[Deed::SeePeople]),
            line("/console/roles", "岗位", &[Deed::SeePeople]),
            line("/console/organisations", "组织", &[Deed::SeePeople]),
        ],
    ),
    (
        "费用",
        &[
            line("/console/bills", "账单", &[Deed::SeeMoney]),
            line(
                "/console/payments",
                "缴费",
                &[Deed::SeeMoney, Deed::TakeMoney],
            ),
            line("/console/billing", "出账", &[Deed::SeeMoney]),
            line("/console/fees", "收费项目", &[Deed::SeeMoney]),
            line("/console/expenses", "支出审批", &[Deed::SeeMoney]),
            line("/console/dues", "缴费提醒", &[Deed::SeeMoney]),
            line("/console/merchant", "收款账户", &[Deed::SeeMoney]),
            line(
                "/console/vouchers",
                "记账",
                &[Deed::SeeMoney, Deed::TakeMoney],
            ),
            line("/console/ledger", "账簿", &[Deed::SeeMoney]),
            line("/console/accounts", "财务公开", &[Deed::PublishAccounts]),
        ],
    ),
    (
        "设置",
        &[
            line(
                "/console/policies",
                "时限",
                &[Deed::SeeCases, Deed::SetClocks],
            ),
            line(
                "/console/calendars",
                "日历",
                &[Deed::SeeCases, Deed::SetClocks],
            ),
            line(
                "/console/rules",
                "派单规则",
                &[Deed::SeeCases, Deed::SetDispatch],
            ),
            line(
                "/console/templates",
                "答复模板",
                &[Deed::WorkCases, Deed::SeeCases, Deed::WriteAnswers],
            ),
        ],
    ),
    (
        "运行",
        &[
            line("/console/channels", "渠道", &[Deed::SeeChannels]),
            line("/console/letters", "没送到", &[Deed::MendLetters]),
            line("/console/audit", "操作记录", &[Deed::SeeAudit]),
            line("/console/import", "导入", &[Deed::Administer]),
        ],
    ),
    ("我的账号", &[line("/console/account", "我的账号", &[])]),
];

const fn line(path: &'static str, words: &'static str, deeds: &'static [Deed]) -> Line {
    Line { path, words, deeds }
}

/// Pages that stand below another one's line.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/console/buildings", "/console/homes"),
    ("/console/bindings", "/console/people"),
    ("/console/corrections", "/console/people"),
    ("/console/deletions", "/console/audit"),
];

/// Where it leads, what it is called, and whether this page is the one.
pub(super) type Entry = (&'static str, &'static str, bool);

/// The groups that somebody sees, each leading to its first page, and the pages of the one that this
/// page belongs to; with each whether it is the one.
pub(super) fn menu(actor: &Actor, path: &str) -> (Vec<Entry>, Vec<Entry>) {
    let path = match ELSEWHERE.iter().find(|(below, _)| is_below(path, below)) {
        Some((_, page)) => *page,
        None => path,
    };
    let shown = |line: &&Line| {
        line.deeds.is_empty() || line.deeds.iter().any(|deed| may_somewhere(actor, *deed))
    };
    let (mut groups, mut pages) = (Vec::new(), Vec::new());
    for (words, lines) in MENU {
        let lines: Vec<&Line> = lines.iter().filter(shown).collect();
        let Some(first) = lines.first() else { continue };
        let here = lines.iter().any(|line| is_below(path, line.path));
        groups.push((first.path, *words, here));
        if here && lines.len() > 1 {
            let each = lines.iter();
            pages.extend(each.map(|line| (line.path, line.words, is_below(path, line.path))));
        }
    }
    (groups, pages)
}

fn is_below(path: &str, page: &str) -> bool {
    let rest = path.strip_prefix(page);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
