//! What stands around every page of the console: the head, the menu by what the roles allow, who is
//! signed in; and faults as pages. Used by all pages of the console.

use askama::Template;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use crate::access::Actor;
use crate::access::holders::says;
use crate::access::permit::{Deed, roles};
use crate::base::fault::{Code, Fault};
use crate::web::assets;
use crate::web::console::guard::{Desk, status};

/// Nothing but what this program serves; pictures inside style sheets are data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

/// A line of the menu.
pub struct Line {
    /// Where it leads.
    pub path: &'static str,
    /// What it is called.
    pub words: &'static str,
    /// Shown to whoever may do one of these somewhere; to everybody when there is none.
    pub deeds: &'static [Deed],
}

/// The menu: its groups, and the pages of each.
pub const MENU: &[(&str, &[Line])] = &[
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
type Entry = (&'static str, &'static str, bool);

/// Whether somebody may do it at some place.
#[must_use]
pub fn may_somewhere(actor: &Actor, deed: Deed) -> bool {
    let able = roles(deed);
    actor.grants.iter().any(|grant| able.contains(&grant.role))
}

/// Whoever is signed in, as the head of the page shows it.
pub struct Who {
    /// Name.
    pub name: String,
    /// Posts, each once.
    pub posts: String,
    /// Groups of the menu.
    pub menu: Vec<Entry>,
    /// Pages of the group that this page belongs to; none where there is but one.
    pub pages: Vec<Entry>,
}

/// What every page's template holds as `frame`.
pub struct Frame {
    /// Of the page.
    pub title: String,
    /// None before signing in.
    pub who: Option<Who>,
    /// For every form, as the field `csrf`.
    pub csrf: String,
    /// What has just been done.
    pub notice: Option<&'static str>,
}

impl Frame {
    /// Around a page of somebody who is signed in.
    #[must_use]
    pub fn new(desk: &Desk, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            who: Some(who(desk)),
            csrf: desk.csrf.clone(),
            notice: None,
        }
    }

    /// Around a page for strangers, or for somebody who is not quite signed in yet: without a menu.
    #[must_use]
    pub fn bare(csrf: &str, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            who: None,
            csrf: csrf.to_owned(),
            notice: None,
        }
    }

    /// With a sentence about what has just been done; `key` comes with the page's address.
    #[must_use]
    pub fn saying(mut self, key: &str) -> Self {
        self.notice = NOTICES
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, words)| *words);
        self
    }

    /// Style sheets, in the order in which they hold.
    #[must_use]
    pub fn styles(&self) -> Vec<&'static str> {
        let names = ["pico.css", "pages.css", "console.css"];
        names.iter().filter_map(|name| assets::path(name)).collect()
    }

    /// Scripts.
    #[must_use]
    pub fn scripts(&self) -> Vec<&'static str> {
        let names = ["htmx.js", "console.js"];
        names.iter().filter_map(|name| assets::path(name)).collect()
    }
}

/// What `?said=` may say: words of ours, never of an address.
const NOTICES: &[(&str, &str)] = &[
    ("accept", "已接单，居民会收到通知。"),
    ("arrive", "已记下到场。"),
    ("plan", "方案已保存，居民会收到通知。"),
    ("finish", "已办结，居民会收到通知，可以评价。"),
    ("pause", "已暂停，居民会看到原因。"),
    ("resume", "已恢复办理，时限接着算。"),
    ("hand-over", "已转派。"),
    ("take-over", "已接手，居民会收到通知。"),
    ("turn-down", "已答复不接手。"),
    ("grant", "已同意重开。"),
    ("decline", "已答复居民，不重开。"),
    ("give-up", "已记为无法办结，居民会看到原因。"),
    ("grade", "等级已改，时限跟着变了。"),
    ("escalate", "已上报。"),
    ("refuse", "已退单，会派给别人。"),
    ("retried", "已重新排队，很快会再发一次。"),
    ("dropped", "已放弃，不会再发。"),
    ("import-dropped", "已放弃这次导入，文件已删除。"),
    ("notice-undone", "已撤销，没有人收到。"),
    ("notice-recalled", "已撤回，没发到的不再发。"),
    ("notice-repeated", "正在再提醒没读的人。"),
    ("notice-visits", "已交给负责上门的人，他们会收到提醒。"),
    ("help", "已记下您来助力，办理人会收到提醒。"),
    ("invite", "已邀请助力，对方会收到提醒。"),
    ("leave", "已退出助力。"),
    ("merge", "已合并，提出人会收到通知，跟着那件看进展。"),
    ("unmerge", "已拆分，重新派单办理。"),
    ("reword", "新的公示内容已提交，通过审核后大家看得到。"),
    ("no-photo", "已记下没有照片的原因。"),
    ("photos", "照片已加上。"),
    ("mediate", "已转调解，调解员会收到提醒。"),
    ("new-case", "诉求已登记并派单。"),
    ("party", "已加为当事人，会收到通知。"),
    ("session", "已约好见面，当事人会收到通知，前一天再提醒。"),
    ("agreement", "协议已发给各方确认。"),
    ("fail", "调解已结束，诉求由原办理人接着办。"),
    ("agree", "已记下您同意协议。"),
    ("disagree", "已记下您不同意，原因只给调解员看。"),
    ("kept", "已记下协议履行了。"),
    ("broken", "已记下协议没有履行，调解员会跟进。"),
    ("passed", "已通过，大家看得到了。"),
    ("refused", "已驳回，作者会收到通知。"),
    ("visited", "已记为上门告诉，辛苦了。"),
    ("wish-passed", "已通过，邻居可以认领了。"),
    ("wish-refused", "已驳回，许愿人会看到原因。"),
    ("wish-removed", "已下架，许愿人和认领人会看到原因。"),
    ("offer-published", "已公布，大家看得到了。"),
    ("offer-passed", "已通过，大家看得到了。"),
    ("offer-refused", "已驳回，发布人会看到原因。"),
    ("offer-removed", "已下架，发布人会看到原因。"),
    ("offer-closed", "已销号，公示图上划掉了。"),
    ("offer-reopened", "已重开，单位会看到原因，再办一次。"),
    ("offer-claimed", "已认领，办好后请销号。"),
    ("agreement-recorded", "共建协议已登记。"),
    ("agreement-ended", "共建协议已终止。"),
    ("alliance-joined", "已加入联盟。"),
    ("alliance-left", "已退出联盟，做过的事还留着。"),
    ("alliance-recorded", "已记下，公示栏看得到。"),
    ("alliance-struck", "这条记录已删掉。"),
    ("drive-saved", "草稿已保存，发布以后大家才能捐。"),
    ("drive-opened", "已发布，居民回复“捐款”“捐物”就能捐。"),
    ("drive-closed", "已结束，捐过的人会收到通知。"),
    ("gift-taken", "已记账并开收据，捐款人会收到通知。"),
    ("gift-received", "已收下，公示栏会写上感谢。"),
    ("gift-declined", "已谢绝，捐赠人会看到原因。"),
    ("gift-used", "已登记用途，捐赠人会收到通知。"),
    (
        "activity-drafted",
        "草稿已保存，别人还看不到。看好了再发布。",
    ),
    (
        "activity-opened",
        "已发布，大家可以报名了。要告诉每一家，请再发一条公告。",
    ),
    (
        "activity-changed",
        "已保存。时间、地点变了，报名的人会收到通知。",
    ),
    ("activity-closed", "已截止报名，有空位会按顺序补上。"),
    ("activity-reopened", "可以继续报名了。"),
    ("activity-cancelled", "已取消，报名的人会收到通知和原因。"),
    ("activity-checked", "已签到。"),
    ("activity-photos", "照片已加到活动，公示栏上谁都看得到。"),
    ("task-added", "任务已发出来，志愿者可以领了。"),
    ("task-cancelled", "任务已取消，领了的人会收到通知和原因。"),
    ("hours-confirmed", "时长已确认，本人会收到通知。"),
    ("hours-recorded", "时长已登记，本人会收到通知。"),
    ("hours-refused", "已记为不认可，本人会看到原因。"),
    ("station-added", "驿站已新增。请接着登记设施、物品和房间。"),
    ("station-changed", "驿站已保存。"),
    ("station-removed", "驿站已关闭，以前的记录还在。"),
    ("station-visits", "人次已记下。"),
    ("station-lent", "已登记借出，借的人会收到提醒。"),
    ("station-loan", "已记下，借的人会收到通知。"),
    ("station-booked", "已预订。"),
    ("station-displaced", "已预订。让出时间的居民会收到通知。"),
    ("station-booking-off", "已取消，预订的人会收到原因。"),
    ("station-absent", "已记为未到。"),
    ("station-served", "已记一次。"),
    ("station-deposit", "已收下，寄存号在下面的列表里。"),
    ("station-deposit-end", "已记下。"),
    ("timetable-made", "日程已建好，选了的人到时间会收到提醒。"),
    ("timetable-changed", "日程已改，从下一次起按新的提醒。"),
    ("timetable-stopped", "日程已停用，不再提醒。"),
    ("timetable-started", "日程已启用。"),
    ("article-saved", "手册已保存。"),
    ("article-published", "已发布，居民现在就能看到。"),
    ("article-withdrawn", "已撤下，居民看不到了。"),
    ("question-answered", "已答复，问过的人会收到通知。"),
    ("question-dismissed", "已记为不用答。"),
    ("view-saved", "已存为常用列表。"),
    ("view-removed", "已删除常用列表。"),
    ("verify", "已核验通过，对方会收到通知。"),
    ("refuse-binding", "已驳回，对方会收到通知。"),
    ("corrected", "已更正，本人会收到通知。"),
    ("not-corrected", "没有更正，本人会看到原因。"),
    ("release", "已解除绑定，对方会收到通知。"),
    ("role-granted", "已任命。请发邀请码给本人绑定微信。"),
    (
        "role-ended",
        "这个岗位已结束，对方会收到通知；手上的诉求会转给别人。",
    ),
    ("organisation-made", "已新增组织。"),
    ("organisation-changed", "已保存。"),
    ("organisation-removed", "已删除组织。"),
    ("policy-set", "时限已保存，对以后的诉求有效。"),
    ("policy-removed", "已删除，按上一级的设置。"),
    ("calendar-added", "日历已建好，可以在“时限”里选用。"),
    ("calendar-changed", "日历已改，正在走的时限不变。"),
    ("calendar-removed", "日历已删除，正在走的时限不变。"),
    ("rule-saved", "规则已保存，对以后的诉求有效。"),
    ("rule-moved", "顺序已改。"),
    ("rule-off", "规则已停用。"),
    ("rule-on", "规则已启用。"),
    ("rule-removed", "规则已删除。"),
    ("expense-proposed", "草稿已保存。可以加报价，再提交审核。"),
    ("expense-changed", "草稿已改。"),
    ("expense-quoted", "报价已加上。"),
    ("expense-unquoted", "报价已删除。"),
    ("expense-submitted", "已提交，审核的人会收到提醒。"),
    ("expense-withdrawn", "已撤回这笔支出。"),
    ("expense-revised", "已回到草稿，改好再提交，三审重新来。"),
    ("expense-approved", "审核已通过，下一步的人会收到提醒。"),
    ("expense-refused", "已驳回，提出的人会看到原因。"),
    ("expense-tendered", "招标结果已登记。"),
    ("expense-filed", "已备案，管账的人会收到提醒去支付。"),
    ("expense-paid", "已记账，开始事后公示。"),
    ("expense-rules", "已保存为新的一版，对以后提出的支出有效。"),
    ("accounts-published", "已公布，正在发给居民。"),
    ("difference-solved", "差异已记为查清。"),
    ("template-saved", "模板已保存。"),
    ("template-removed", "模板已删除。"),
    ("taken", "已记账，收据已开好。"),
    ("refund-asked", "退款申请已提交，要由另一个人确认。"),
    ("refund-granted", "已同意退款。"),
    ("refund-refused", "已答复不退款。"),
    ("refund-by-hand", "已记为人工退款完成。"),
    ("waiver-asked", "减免申请已提交，要由另一个人确认。"),
    ("waiver-granted", "已同意减免，账单已改。"),
    ("waiver-refused", "已答复不减免。"),
    ("fee-added", "收费项目已加上，出账时开始收。"),
    ("fee-ended", "已设好最后收费的月份。"),
    ("cost-set", "公摊费用已保存。"),
    ("readings-set", "读数已保存。"),
    ("space-added", "车位已登记。"),
    (
        "space-added-late",
        "车位已登记。这段时间有的月份已经出账，那些账单不会变；要补收请用一次性收费。",
    ),
    ("space-ended", "车位已设好最后一天。"),
    (
        "space-ended-late",
        "车位已设好最后一天。后面有的日子已经出账，那些账单不会变；要退请在账单上更正。",
    ),
    ("charged", "已记下，会出现在这个月的账单上。"),
    (
        "charged-later",
        "原来的月份已经出账，已记到这个月的账单上。",
    ),
    ("run-started", "正在出账，过一会儿刷新看结果。"),
    ("credited", "已更正，账单上多了一项。"),
    ("dues-set", "缴费提醒已保存，从明天上午起按它提醒。"),
    ("merchant-set", "收款账户已改，对以后的订单有效。"),
    ("left", "已退出登录。"),
    ("password", "密码已修改，其他地方的登录已退出。"),
    ("ended", "已让那台设备退出。"),
    ("others", "已让其他设备全部退出。"),
    ("factor-removed", "已取消动态验证码。"),
];

fn who(desk: &Desk) -> Who {
    let actor = desk.actor();
    let name = actor.person.as_ref().map(|person| person.name.clone());
    let mut posts: Vec<&str> = Vec::new();
    for grant in &actor.grants {
        let post = says(grant.role);
        if !posts.contains(&post) {
            posts.push(post);
        }
    }
    let (menu, pages) = menu(actor, &desk.path);
    Who {
        name: name.unwrap_or_default(),
        posts: posts.join("、"),
        menu,
        pages,
    }
}

/// The groups that somebody sees, each leading to its first page, and the pages of the one that this
/// page belongs to; with each whether it is the one.
fn menu(actor: &Actor, path: &str) -> (Vec<Entry>, Vec<Entry>) {
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

/// A page.
///
/// # Errors
/// `internal` when the template cannot be filled, which the compiler has checked.
pub fn show(status: StatusCode, page: &impl Template) -> Result<Response, Fault> {
    let html = page.render().map_err(Fault::internal)?;
    Ok(Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}

/// Headers of every answer of the console. The browser must say from where a form comes, which it does
/// not under the policy of other pages.
pub fn protect(response: &mut Response) {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// A page that says in one sentence what did not work.
#[derive(Template)]
#[template(path = "web/console/explain.html")]
struct Explain {
    frame: Frame,
    text: String,
    way: (&'static str, &'static str),
}

/// The page of a fault.
pub fn explain(desk: Option<&Desk>, fault: &Fault) -> Response {
    let title = match fault.code {
        Code::NotFound => "没有找到",
        Code::Forbidden => "没有权限",
        Code::Unauthenticated => "请重新登录",
        Code::TooMany => "请稍等",
        Code::Conflict | Code::WrongStep => "没有办成",
        Code::Internal | Code::Busy | Code::Outside => "系统正忙",
        _ => "请检查后再试",
    };
    let way = match (&desk, fault.code) {
        (None, _) | (_, Code::Unauthenticated) => ("/console/sign-in", "去登录"),
        _ => (super::HOME, "回到工作台"),
    };
    let frame = match desk {
        Some(desk) => Frame::new(desk, title),
        None => Frame::bare("", title),
    };
    let page = Explain {
        frame,
        text: fault.detail.to_string(),
        way,
    };
    let mut response = match show(status(fault), &page) {
        Ok(response) => response,
        Err(_) => Response::builder().status(status(fault)).finish(),
    };
    if let Some(seconds) = fault.retry_after {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
