//! The rules on personal data, as everybody reads them at `/privacy`: what is taken, what for, who sees it, how long
//! it is kept, feature by feature. Whoever changes what they allow raises `consent::VERSION`. The periods are those
//! of the settings. Called by `privacy`.

use crate::config::Retention;

/// Days of a year, as periods are counted.
const YEAR: i64 = 365;

/// A heading and its paragraphs.
pub(super) struct Part {
    /// What it is about.
    pub head: &'static str,
    /// Paragraph by paragraph.
    pub words: Vec<String>,
}

fn part(head: &'static str, words: &[&str]) -> Part {
    Part {
        head,
        words: words.iter().map(|&one| one.to_owned()).collect(),
    }
}

/// `1年`, `30天`
fn period(days: i64) -> String {
    if days >= YEAR && days % YEAR == 0 {
        format!("{}年", days / YEAR)
    } else {
        format!("{days}天")
    }
}

/// All of them, in the order in which they are read.
pub(super) fn rules(kept: &Retention) -> Vec<Part> {
    let mut parts = vec![who(), basic()];
    parts.extend(features(kept));
    parts.extend([to_others(), storage(kept), rights()]);
    parts
}

fn who() -> Part {
    part(
        "谁在处理",
        &[
            "您所在小区的社区居委会、业委会和物业通过邻里系统为居民办事，是个人信息处理者。",
            "要查询、投诉或行使下面的权利，可以在对话里写“人工”，或找楼栋长、社区网格员。",
        ],
    )
}

fn basic() -> Part {
    part(
        "收集什么，为什么",
        &[
            "姓名、手机号、房号：核对您是哪一户，好把诉求派给负责您家的人。手机号加密保存，只有办理需要的人看得到。",
            "微信给我们的编号：认出您、回复您。",
            "您写的话、照片、语音、位置：办理您提的事。不是必填的（照片、位置），不给也照样办。",
            "公示栏和群里不出现居民的手机号和门牌号。担任职务的人，公示姓名和职务，方便您找到负责的人。",
        ],
    )
}

/// What each feature takes, shows and keeps.
fn features(kept: &Retention) -> Vec<Part> {
    let mut parts = vec![case_and_money(kept)];
    parts.extend(between_neighbours(kept));
    parts.extend(in_the_compound(kept));
    parts
}

fn case_and_money(kept: &Retention) -> Part {
    Part {
        head: "诉求、公告、缴费",
        words: vec![
            format!(
                "诉求：您和办理的人看得到；匿名提的，被投诉的一方看不到是谁；实名投诉，物业和业委会也看不到姓名和房号，办理人确需知道的，写明原因、留下记录才能看。公示的是处理结果，先去掉个人信息。撤回后{}、办结后{}，不再显示是谁提的。",
                period(kept.withdrawn_case_days),
                period(kept.resolved_case_days)
            ),
            format!(
                "公告：记下您读没读、有没有回“收到”，好让楼栋长上门告诉没读的人；上门记录办完后保存{}。",
                period(kept.visit_days)
            ),
            "缴费：记下房号、金额、付款时间和支付平台的单号，只有管账的人和您一家看得到。缴费链接转给别人，对方只看得到部分房号和金额，好替您交。付款由微信支付办理。账目、收据和催缴记录按财务规定保存，注销后也不删除，只是不再带您的姓名和手机号。".to_owned(),
        ],
    }
}

/// What brings two neighbours together.
fn between_neighbours(kept: &Retention) -> [Part; 3] {
    [
        Part {
            head: "微心愿",
            words: vec![
                "许愿的内容先由工作人员看过。别人看到的是“王**”和楼栋，内容里的姓名、门牌号去掉。".to_owned(),
                "有邻居认领以后，系统把您的姓名、手机号和楼栋只告诉认领的那一位，也把认领人的姓名和手机号只告诉许愿人，好当面帮上忙。".to_owned(),
                format!("心愿结束{}后，去掉内容，也不再显示是谁许的、谁认领的。", period(kept.wish_days)),
            ],
        },
        Part {
            head: "四项清单（需求、资源、服务、责任）",
            words: vec![
                "您发的需求和资源先由工作人员看过，别人看到的是“居民”，不显示姓名。".to_owned(),
                "对接成功以后，双方的姓名和手机号只告诉对方这一位或这一家单位。单位的服务和责任公开单位名称和办理情况。".to_owned(),
                format!("结束{}后，居民发的内容去掉，也不再显示是谁。", period(kept.offer_days)),
            ],
        },
        Part {
            head: "特长和找帮手",
            words: vec![
                "您登记的特长，工作人员看得到；有人找帮手，系统先问您。您答应了，才把双方的姓名和手机号告诉对方这一位；不答应，对方不知道问过谁。随时可以撤销登记。".to_owned(),
                format!("请求结束、登记撤销{}后，不再显示是谁。", period(kept.giving_days)),
            ],
        },
    ]
}

/// What people do together, and what the compound offers.
fn in_the_compound(kept: &Retention) -> [Part; 5] {
    [
        Part {
            head: "捐款捐物",
            words: vec![
                "公示栏写“张**”、捐了什么和用在哪里；选匿名的，公示栏、收据和群里都不写是谁。没有匿名的捐物，收货的人看得到姓名和手机号，好去取。".to_owned(),
                format!("捐款是账目，按财务规定保存；说了要捐、后来没捐的，{}后不再显示是谁。", period(kept.giving_days)),
            ],
        },
        Part {
            head: "活动和志愿服务",
            words: vec![
                "活动：报名的姓名和人数，组织活动的人看得到，签到也由他们记。活动照片放在公示栏上，谁都看得到；照片里有您、不想公开的，请告诉组织活动的人。".to_owned(),
                "志愿服务：记下领的任务和时长；党员双报到会用到党员身份和所在单位。公示栏只写您同意公开的姓名，其他人只算总数。".to_owned(),
                format!("活动结束{}后、服务结束{}后，不再显示是谁。", period(kept.activity_days), period(kept.volunteer_days)),
            ],
        },
        Part {
            head: "红色驿站",
            words: vec![
                "扫码记人次不留姓名，只在一天内记得数过，免得重复算。借用、预订、寄存，驿站的工作人员看得到姓名和电话，好联系您。".to_owned(),
                format!("归还、用完、取走{}后，不再显示是谁。", period(kept.station_days)),
            ],
        },
        part(
            "日程提醒",
            &["只记您选了哪几项，不给别人看。退订就删除。"],
        ),
        Part {
            head: "手册里问的问题",
            words: vec![format!(
                "手册答不了的问题，先去掉姓名和门牌号，再给写手册的人看；记下谁问过，只为有了答案告诉您。最后一次问过{}后删除。",
                period(kept.question_days)
            )],
        },
    ]
}

fn to_others() -> Part {
    part(
        "向别人提供",
        &[
            "除了上面写明的（认领、对接、答应帮忙以后告诉对方这一位），不向办理以外的单位和个人提供您的资料，不买卖，不用来做广告。",
            "您认领、对接或者答应帮忙，就是单独同意把姓名和手机号告诉对方。拿到别人姓名和手机号的邻居，只能用来办这一件事。",
            "法律要求提供的，依照法律。消息经微信和企业微信送达。",
        ],
    )
}

fn storage(kept: &Retention) -> Part {
    Part {
        head: "照片，和保存在哪里",
        words: vec![
            "照片会去掉拍摄地点等信息。诉求和心愿的照片只给有关的人看；要公示的，先经审核。发来没有用上的照片一天后删除。".to_owned(),
            format!(
                "解绑后，绑定时填写的姓名和手机号{}后删除。查看完整手机号、改动资料都有操作记录。资料保存在中国境内。",
                period(kept.claim_days)
            ),
        ],
    }
}

fn rights() -> Part {
    part(
        "您的权利",
        &[
            "查阅：写“我的”。复制：写“导出我的数据”，要一份全部资料。更正：写“更正 姓名 新姓名”或“更正 手机 新号码”，由管家核实。删除：写“注销”，个人资料马上删除。",
            "撤回同意：不再使用、写“解绑”或“注销”都可以，以前已经办的事不受影响。不想收的提醒写“退订”。",
            "不满14周岁的孩子，请由父母或监护人来用。规则改了，会再告诉您一次；继续使用就是同意新的规则。",
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_said_in_years_where_they_are() {
        assert_eq!(period(365), "1年");
        assert_eq!(period(1825), "5年");
        assert_eq!(period(30), "30天");
        assert_eq!(period(400), "400天");
    }
}
