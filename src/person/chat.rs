//! Chat commands on people and bindings: 绑定 解绑 核验 异议 我的管家 我的.

use std::collections::BTreeSet;

use entity::binding;
use entity::kinds::BindingState;

use crate::access::holders::Holder;
use crate::access::permit::Deed;
use crate::base::fault::Fault;
use crate::base::page::Slice;
use crate::base::text::{fold, shorten};
use crate::chat::{Args, Command, Dialog, Reply, Turn, Who};
use crate::organisation::queries as organisations;
use crate::person::actions::{self, Bound, Redeemed};
use crate::person::binding::masked_name;
use crate::person::claim::{self, Claim, Unclear};
use crate::person::reach::Reach;
use crate::person::{queries, words};
use crate::place::{code, queries as places};

/// How to bind, said wherever somebody has to.
const HOW: &str = "请回复：绑定 楼-单元-房 姓名 手机号\n例如：绑定 3-2-501 张秀英 13800000001";
/// What «通过» may be.
const PASS: [&str; 5] = ["通过", "同意", "是", "可以", "ok"];
/// What «驳回» may be.
const REFUSE: [&str; 5] = ["驳回", "拒绝", "不通过", "不同意", "否"];

/// Bindings of a list: a digit picks.
const MOST_REQUESTS: u64 = 8;

/// The table.
pub const COMMANDS: &[Command] = &[
    Command {
        words: &["绑定"],
        who: Who::Anyone,
        usage: "绑定 楼-单元-房 姓名 手机号(工作人员:绑定 8位邀请码)",
        help: "绑定房号",
        asks: Some(
            "请写下房号、姓名和手机号，例如：3-2-501 张秀英 13800000001\n工作人员请写8位邀请码。",
        ),
        in_group: false,
        run: |turn, args| Box::pin(bind(turn, args)),
    },
    Command {
        words: &["解绑", "解除绑定"],
        who: Who::Anyone,
        usage: "解绑 房号(例如3-2-501)",
        help: "取消绑定",
        asks: Some("请写下要解绑的房号，例如：3-2-501"),
        in_group: false,
        run: |turn, args| Box::pin(release(turn, args)),
    },
    Command {
        words: &["我的管家", "管家"],
        who: Who::Bound,
        usage: "我的管家",
        help: "谁负责我家",
        asks: None,
        in_group: false,
        run: |turn, _| Box::pin(answerers(turn)),
    },
    Command {
        words: &["我的", "我"],
        who: Who::Anyone,
        usage: "我的",
        help: "我的房号和职务",
        asks: None,
        in_group: false,
        run: |turn, _| Box::pin(mine(turn)),
    },
    Command {
        words: &["异议"],
        who: Who::Bound,
        usage: "异议 编号",
        help: "不认识新绑定的账号",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(object(turn, args)),
    },
    Command {
        words: &["核验"],
        who: Who::Staff,
        usage: "核验 编号 通过/驳回 [原因]",
        help: "核验住户绑定",
        asks: None,
        in_group: false,
        run: |turn, args| Box::pin(decide(turn, args)),
    },
];

async fn bind(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    if let Some(code) = claim::invitation_code(&args.raw) {
        return redeem(turn, &code).await;
    }
    let claim = match claim::parse(&args.raw) {
        Ok(claim) => from_here(turn, claim).await?,
        Err(unclear) => {
            turn.dialog = Some(Dialog::ask("绑定"));
            return Ok(Reply::text(unclear_text(unclear)));
        }
    };
    let bound = actions::bind(turn.tx, turn.app, &turn.actor, &claim).await?;
    let text = match bound {
        Bound::Declared(row) => {
            let home = home_name(turn, &row).await?;
            let said = format!(
                "已绑定 {home}，家里其他账号和管家会收到通知。现在可以报修、投诉、建议了，回复“菜单”看能做什么。"
            );
            with_draft(turn, said)
        }
        Bound::Already(row) => {
            let home = home_name(turn, &row).await?;
            with_draft(turn, format!("您已经绑定 {home} 了。"))
        }
        Bound::Requested(row) => {
            let home = home_name(turn, &row).await?;
            format!(
                "和登记的信息没有完全对上，已请管家核验 {home}（编号 #{}），结果会通知您。如果写错了，可以改好再发一次。",
                row.id
            )
        }
        Bound::Waiting(row) => {
            let home = home_name(turn, &row).await?;
            format!(
                "{home} 的绑定（编号 #{}）正在等管家核验，结果会通知您。",
                row.id
            )
        }
        Bound::NoHome => {
            turn.dialog = Some(Dialog::ask("绑定"));
            "没有找到这个房号，请核对楼-单元-房后再发一次，或回复：求助 加您的情况。".to_owned()
        }
        Bound::WhichCompound => which_compound(turn, &claim.home).await?,
        Bound::NeedsInvitation => {
            "工作人员请用邀请码绑定：请向管理员要8位邀请码，然后回复：绑定 邀请码。".to_owned()
        }
        Bound::AnotherPerson => another_person().to_owned(),
        Bound::TooMany => too_many().to_owned(),
    };
    Ok(Reply::text(text))
}

/// Whoever has scanned the code of a building or a unit need not write its number: `2-501` at
/// `GY/3` is `GY/3-2-501`, if there is such a home.
async fn from_here(turn: &Turn<'_>, claim: Claim) -> Result<Claim, Fault> {
    let Some((compound, local)) = turn
        .before
        .here
        .as_ref()
        .filter(|_| claim.compound.is_none())
        .and_then(|here| here.code.rsplit_once('/'))
    else {
        return Ok(claim);
    };
    let home = format!("{local}-{}", code::typed(&claim.home));
    let found = places::by_code(turn.tx.db(), &code::full(compound, &home)).await?;
    Ok(match found {
        Some(_) => Claim {
            compound: Some(compound.to_owned()),
            home,
            ..claim
        },
        None => claim,
    })
}

const fn another_person() -> &'static str {
    "这个微信已经绑定了另一位住户，一个微信只能是一个人。请用本人的微信绑定，或回复：求助 加您的情况。"
}

const fn too_many() -> &'static str {
    "试的次数太多了，请一小时后再试。急事请直接联系楼栋长或物业。"
}

fn unclear_text(unclear: Unclear) -> String {
    let missing = match unclear {
        Unclear::Home => "还缺房号",
        Unclear::Name => "还缺姓名",
        Unclear::Phone => "还缺11位手机号",
    };
    format!("{missing}。{HOW}\n工作人员请回复：绑定 8位邀请码")
}

async fn which_compound(turn: &Turn<'_>, home: &str) -> Result<String, Fault> {
    let some = places::compounds(turn.tx.db(), 5).await?;
    let Some(first) = some.first() else {
        return Ok("还没有小区开通，请稍后再试。".to_owned());
    };
    let names: Vec<&str> = some.iter().map(|place| place.name.as_str()).collect();
    Ok(format!(
        "请在房号前写上小区名再发一次，例如：绑定 {} {home} 姓名 手机号\n已开通：{}{}",
        first.name,
        names.join("、"),
        if some.len() == 5 { "……" } else { "" }
    ))
}

/// What was written before binding is offered once more.
fn with_draft(turn: &mut Turn<'_>, said: String) -> String {
    let Some(draft) = turn.before.draft.clone() else {
        return said;
    };
    let shown = shorten(&draft, 30);
    turn.dialog = Some(Dialog::pick([draft, "不提交".to_owned()]));
    format!("{said}\n刚才写的“{shown}”要提交吗？回复 1 提交，2 不提交。")
}

async fn redeem(turn: &mut Turn<'_>, code: &str) -> Result<Reply, Fault> {
    let redeemed = actions::redeem(turn.tx, turn.app, &turn.actor, code).await?;
    let text = match redeemed {
        Redeemed::Tied(person) => {
            let said = format!(
                "{}，您好！绑定成功。回复“待办”看要做的事，回复“菜单”看全部功能。",
                person.name
            );
            with_draft(turn, said)
        }
        Redeemed::Wrong => {
            "邀请码不对，或已经用过、过期了（24小时内有效，只能用一次）。请向管理员要一个新的。"
                .to_owned()
        }
        Redeemed::AnotherPerson => another_person().to_owned(),
        Redeemed::TooMany => too_many().to_owned(),
    };
    Ok(Reply::text(text))
}

async fn release(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let row = actions::release(turn.tx, &turn.actor, &args.raw).await?;
    let home = home_name(turn, &row).await?;
    Ok(Reply::text(format!(
        "已解绑 {home}。需要时可以随时再绑定。"
    )))
}

async fn object(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, _)) = args.number() else {
        return Err(Fault::invalid("id", "请写上通知里的编号，例如：异议 12"));
    };
    let row = actions::object(turn.tx, &turn.actor, id).await?;
    let home = home_name(turn, &row).await?;
    Ok(Reply::text(format!(
        "已暂停这个账号对 {home} 的绑定，管家会核实后决定。"
    )))
}

async fn decide(turn: &mut Turn<'_>, args: &Args) -> Result<Reply, Fault> {
    let Some((id, rest)) = args.number() else {
        return requested(turn).await;
    };
    let said = fold(&rest.raw);
    let begins = |words: &[&str]| {
        let word = words.iter().find(|word| said.starts_with(**word))?;
        // Words of both lists are as long folded as written.
        let behind = rest
            .raw
            .chars()
            .skip(word.chars().count())
            .collect::<String>();
        Some(
            behind
                .trim_start_matches([' ', '\u{3000}', ',', '，', ':', '：', '。'])
                .to_owned(),
        )
    };
    let (pass, reason) = match (begins(&REFUSE), begins(&PASS)) {
        (Some(reason), _) => (false, reason),
        (None, Some(reason)) => (true, reason),
        (None, None) => {
            turn.dialog = Some(Dialog::pick([
                format!("核验 {id} 通过"),
                format!("核验 {id} 驳回"),
            ]));
            return Ok(Reply::text(format!(
                "绑定 #{id}，请回复数字：\n1 通过\n2 驳回（要写原因请回复：核验 {id} 驳回 原因）"
            )));
        }
    };
    let row = actions::decide(turn.tx, &turn.actor, id, pass, &reason).await?;
    let home = home_name(turn, &row).await?;
    let who = &row.claimed_name;
    Ok(Reply::text(if pass {
        format!("已通过：{who} 绑定 {home}，已通知本人。")
    } else {
        format!("已驳回：{who} 绑定 {home}，已通知本人。")
    }))
}

/// The bindings that wait for whoever asks, the oldest first: a digit picks.
async fn requested(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let reach = Reach::of(&turn.actor, Deed::VerifyBindings);
    let first = Slice::first(MOST_REQUESTS);
    let page = match reach.is_empty() {
        true => None,
        false => queries::requests(turn.tx.db(), &reach, first).await?,
    };
    let rows = page.map(|page| page.items).unwrap_or_default();
    if rows.is_empty() {
        return Ok(Reply::text("现在没有等您核验的绑定。"));
    }
    let mut lines = Vec::new();
    for row in rows {
        let home = home_name(turn, &row).await?;
        let who = masked_name(&row.claimed_name);
        lines.push((
            format!("核验 {}", row.id),
            format!("#{} {home} {who}", row.id),
        ));
    }
    Ok(turn.offer_list("等您核验的绑定，", lines))
}

async fn home_name(turn: &Turn<'_>, row: &binding::Model) -> Result<String, Fault> {
    let db = turn.tx.db();
    match places::by_id(db, row.place_id).await? {
        Some(home) => places::name_of(db, &home).await,
        None => Ok("房号".to_owned()),
    }
}

/// Most homes of which the answerers are shown at once.
const MOST_HOMES: usize = 3;
/// Most service phones that are shown of a compound.
const MOST_PHONES: usize = 3;
/// How those who answer for a home are asked.
pub const HOW_TO_ASK: &str = "要找他们，请回复：求助 加您的情况，会马上通知到人。";

/// The phones of those who serve the compounds of the homes that are shown: to be rung at once.
async fn phones(turn: &Turn<'_>) -> Result<Vec<String>, Fault> {
    let homes = turn.actor.homes.iter().take(MOST_HOMES);
    let compounds: BTreeSet<i64> = homes.map(|home| home.compound_id).collect();
    let mut lines = Vec::new();
    for compound in compounds {
        if let Some(compound) = places::by_id(turn.tx.db(), compound).await? {
            let found = organisations::phones(turn.tx.db(), &compound).await?;
            lines.extend(found.into_iter().take(MOST_PHONES));
        }
    }
    Ok(lines)
}

async fn answerers(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    if turn.actor.homes.is_empty() {
        turn.dialog = Some(Dialog::ask("绑定"));
        return Ok(Reply::text(format!("您还没有绑定房号。{HOW}")));
    }
    let mut parts = Vec::new();
    let phones = phones(turn).await?;
    if !phones.is_empty() {
        parts.push(format!("电话：\n{}", phones.join("\n")));
    }
    for home in turn.actor.homes.iter().take(MOST_HOMES) {
        let mut lines = vec![format!("{} 的管家：", home.local_code())];
        for answerer in queries::answerers(turn.tx.db(), &home.path, turn.now()).await? {
            let post = answerer.post.name();
            let mut people = Vec::new();
            for holder in answerer.holders.iter().take(queries::MOST_IN_POST) {
                people.push(reach(turn, holder).await?);
            }
            lines.push(match (answerer.vacant, people.is_empty()) {
                (_, true) => format!("{post}：空缺"),
                (true, false) => format!("{post}：空缺，由 {} 代", people.join("、")),
                (false, false) => format!("{post}：{}", people.join("、")),
            });
        }
        parts.push(lines.join("\n"));
    }
    parts.push(HOW_TO_ASK.to_owned());
    Ok(Reply::text(parts.join("\n")))
}

/// Name, role and masked phone of an answerer.
async fn reach(turn: &Turn<'_>, holder: &Holder) -> Result<String, Fault> {
    let phone = queries::by_id(turn.tx.db(), holder.person_id)
        .await?
        .and_then(|person| queries::phone_of(&turn.app.seal, &person))
        .map_or_else(String::new, |phone| format!(" {}", phone.masked()));
    let role = words::role_name(holder.role);
    Ok(format!("{}（{role}）{phone}", holder.name))
}

async fn mine(turn: &mut Turn<'_>) -> Result<Reply, Fault> {
    let mut lines = Vec::new();
    if let Some(person) = &turn.actor.person {
        lines.push(person.name.clone());
    }
    let db = turn.tx.db();
    for row in queries::live_of_account(db, turn.account.id).await? {
        let home = home_name(turn, &row).await?;
        let state = words::binding_name(row.state);
        let who = match row.state {
            BindingState::Requested => format!("，{}", masked_name(&row.claimed_name)),
            _ => String::new(),
        };
        lines.push(format!("房号：{home}（{state}{who}）"));
    }
    for grant in &turn.actor.grants {
        let place = match grant.place_id {
            Some(id) => match places::by_id(db, id).await? {
                Some(place) => places::name_of(db, &place).await?,
                None => continue,
            },
            None => "全部".to_owned(),
        };
        lines.push(format!("职务：{}（{place}）", words::role_name(grant.role)));
    }
    if lines.is_empty() {
        turn.dialog = Some(Dialog::ask("绑定"));
        return Ok(Reply::text(format!("您还没有绑定房号。{HOW}")));
    }
    if !turn.actor.homes.is_empty() {
        lines.push("回复“我的管家”看谁负责您家，回复“解绑 房号”取消绑定。".to_owned());
    }
    Ok(Reply::text(lines.join("\n")))
}
