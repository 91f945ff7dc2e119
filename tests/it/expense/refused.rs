//! What is refused: every act in every state that it does not belong to, the wrong role, the proposer, the same
//! person twice, another compound, an old page, words that cannot be. Nothing of it changes anything.

use entity::kinds::RoleKind;
use entity::money::ExpenseState;
use sea_orm::Iterable;

use super::{
    OFFICER, PROPOSER, act, act_on, act_with, all, cast, fields, give, in_state, now, steps,
};
use crate::console::Desk;
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;
use crate::powers::desk_with;

/// Names of a form with what is written there.
type Fields = &'static [(&'static str, &'static str)];

/// Form, who is the one for it, and a form that could be done.
const FORMS: [(&str, &str, Fields); 11] = [
    (
        "change",
        PROPOSER,
        &[
            ("title", "别的"),
            ("purpose", "别的"),
            ("account", "expenses:other"),
            ("payee", "别家"),
            ("amount", "1.00"),
        ],
    ),
    (
        "quote",
        PROPOSER,
        &[("supplier", "某某公司"), ("quote", "10.00")],
    ),
    ("unquote", PROPOSER, &[("of", "1")]),
    ("submit", PROPOSER, &[]),
    ("withdraw", PROPOSER, &[("reason", "不做了")]),
    ("revise", PROPOSER, &[]),
    ("approve", "卫东", &[("words", "好")]),
    ("refuse", OFFICER, &[("reason", "不行")]),
    (
        "tender",
        OFFICER,
        &[
            ("reference", "ZB-1"),
            ("winner", "顺安电梯公司"),
            ("tender", "99999.00"),
        ],
    ),
    ("file", OFFICER, &[("words", "收")]),
    ("pay", "卫东", &[("source", "assets:bank")]),
];

/// Which of these forms are possible in a state, with these people.
fn possible(state: ExpenseState) -> &'static [&'static str] {
    match state {
        ExpenseState::Draft => &["change", "quote", "submit", "withdraw"],
        ExpenseState::Reviewing => &["approve", "withdraw"],
        ExpenseState::Publishing | ExpenseState::Payable => &["withdraw"],
        ExpenseState::Filing => &["withdraw", "refuse", "file"],
        ExpenseState::Refused => &["revise", "withdraw"],
        _ => &[],
    }
}

#[tokio::test]
async fn every_act_in_every_state_it_does_not_belong_to() {
    let app = TestApp::start().await;
    cast(&app).await;
    app.staff("卫东").await;
    let mut desks = Vec::new();
    for name in [PROPOSER, "卫东", OFFICER] {
        let mut desk = Desk::of(&app, name).await;
        let csrf = desk.open("/console/account").await.hidden("csrf");
        desks.push((name, desk, csrf));
    }
    let officer = app.staff(OFFICER).await;
    for state in ExpenseState::iter() {
        let id = in_state(&app, state).await;
        let before = (now(&app, id).await, steps(&app, id).await.len());
        for (key, who, form) in FORMS {
            if possible(state).contains(&key) || (key == "pay" && state == ExpenseState::Payable) {
                continue;
            }
            let (_, desk, csrf) = desks.iter_mut().find(|(name, ..)| *name == who).unwrap();
            let seen = before.0.version.to_string();
            let mut fields = vec![("csrf", csrf.as_str()), ("seen", &seen)];
            fields.extend_from_slice(form);
            let to = format!("/console/expenses/{id}/{key}");
            let sent = match key {
                "pay" => {
                    desk.send_files(&to, &fields, &[("proof", "x.jpg", jpeg(1))])
                        .await
                }
                _ => desk.send_with(csrf, &to, &fields[1..]).await,
            };
            assert!(
                (400..500).contains(&sent.status),
                "{state:?} {key}: {}",
                sent.status
            );
            let after = (now(&app, id).await, steps(&app, id).await.len());
            assert_eq!(after, before, "{state:?} {key}");
        }
        if !matches!(state, ExpenseState::Filing) {
            officer.says(&format!("同意支出 {id}")).await;
            officer.says(&format!("驳回支出 {id} 不行")).await;
            let after = (now(&app, id).await, steps(&app, id).await.len());
            assert_eq!(after, before, "{state:?} in the chat");
        }
    }
}

#[tokio::test]
async fn the_wrong_body_the_proposer_and_nobody_twice() {
    let app = TestApp::start().await;
    cast(&app).await;
    let zhang = app.resident("张秀英").await;
    let secretary = app.staff("郑洪").await;
    let id = in_state(&app, ExpenseState::Reviewing).await;
    // Out of turn, without a role, by whoever proposed it.
    let early = secretary.says(&format!("同意支出 {id}")).await;
    assert!(early.contains("业委会审核"), "{early}");
    let none = zhang.says(&format!("同意支出 {id}")).await;
    assert!(none.contains("工作人员"), "{none}");
    let mut manager = Desk::of(&app, PROPOSER).await;
    act(&mut manager, id, "approve", &[])
        .await
        .is(403)
        .says("业委会主任");
    for kind in RoleKind::iter() {
        let may = matches!(kind, RoleKind::CommitteeChair | RoleKind::CommitteeMember);
        if !may {
            let mut desk = desk_with(&app, kind, "GY").await;
            let sent = act(&mut desk, id, "approve", &[]).await;
            assert!(
                [403, 404].contains(&sent.status),
                "{kind:?}: {}",
                sent.status
            );
        }
        let mut next_door = desk_with(&app, kind, "LY").await;
        act(&mut next_door, id, "approve", &[]).await.is(404);
        next_door
            .open(&format!("/console/expenses/{id}"))
            .await
            .is(404);
    }
    assert_eq!(now(&app, id).await.reviews_done, 0);
    // Somebody with two posts reviews once; whoever proposes never, whatever they hold.
    give(&app, "卫东", RoleKind::Supervisor, "GY").await;
    give(&app, PROPOSER, RoleKind::Supervisor, "GY").await;
    let mut chair = Desk::of(&app, "卫东").await;
    act(&mut chair, id, "approve", &[]).await.is(303);
    act(&mut chair, id, "approve", &[])
        .await
        .is(403)
        .says("不同的人");
    act(&mut manager, id, "approve", &[])
        .await
        .is(403)
        .says("您提出的支出");
    assert_eq!(now(&app, id).await.reviews_done, 1);
    // The chair proposes and may neither review nor pay it; somebody else of the committee has to be there.
    give(&app, "王芳", RoleKind::CommitteeMember, "GY").await;
    let new = "/console/expenses/new";
    let own = super::led_to(&chair.send(new, new, &fields("12.00")).await);
    act(&mut chair, own, "submit", &[]).await.is(303);
    act(&mut chair, own, "approve", &[])
        .await
        .is(403)
        .says("您提出的支出");
    act(&mut manager, own, "withdraw", &[("reason", "x")])
        .await
        .is(403);
    // The proposer pays nothing of their own.
    let id = in_state(&app, ExpenseState::Payable).await;
    app.staff(PROPOSER).await;
    let from = [("source", "assets:cash")];
    let sent = act_with(&mut manager, id, "pay", &from, ("proof", jpeg(1))).await;
    sent.is(403).says("另一个人");
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
}

#[tokio::test]
async fn an_old_page_and_words_that_cannot_be() {
    let app = TestApp::start().await;
    cast(&app).await;
    let mut desk = Desk::of(&app, PROPOSER).await;
    let new = "/console/expenses/new";
    for amount in [
        "0",
        "-5",
        "0.00",
        "1.234",
        "一百",
        "10000000000000",
        "100000000.01",
        "",
    ] {
        let sent = desk.send(new, new, &fields(amount)).await;
        sent.is(422).says("amount-wrong").says("磨损超标");
    }
    for (field, value, says) in [
        ("title", "", "请写这笔钱做什么用"),
        (
            "title",
            "字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字字",
            "太长",
        ),
        ("purpose", "请打13800000000", "不要写手机号"),
        ("payee", " ", "请写收款方"),
        ("account", "expenses:waiver", "请选记在哪一类"),
        ("account", "assets:bank", "请选记在哪一类"),
        ("account", "", "请选记在哪一类"),
    ] {
        let mut form = fields("5.00");
        form.retain(|(name, _)| *name != field);
        form.push((field, value));
        let mark = format!("{field}-wrong");
        desk.send(new, new, &form)
            .await
            .is(422)
            .says(says)
            .says(&mark);
    }
    assert!(all(&app).await.is_empty());
    let mut elsewhere = fields("5.00");
    elsewhere[0] = ("compound", "LY");
    desk.send(new, new, &elsewhere).await.is(404);

    let id = super::led_to(&desk.send(new, new, &fields("100000000")).await);
    let seen = now(&app, id).await.version.to_string();
    act(&mut desk, id, "change", &fields("6.00")[1..])
        .await
        .is(303);
    // The page from before the change does nothing, and keeps what was typed.
    let old = act_on(&mut desk, id, "change", &seen, &fields("7.00")[1..]).await;
    old.is(409).says("刚刚有了新变化").says("7.00");
    act_on(&mut desk, id, "submit", "", &[]).await.is(409);
    assert_eq!(now(&app, id).await.amount, 600);
    act(&mut desk, id, "submit", &[]).await.is(303);
    let mut chair = Desk::of(&app, "卫东").await;
    act(&mut chair, id, "refuse", &[("reason", "")])
        .await
        .is(422)
        .says("refuse-reason-wrong");
    act(&mut chair, id, "refuse", &[("reason", "打13800000000")])
        .await
        .is(422);
    act(&mut chair, id, "nonsense", &[]).await.is(404);
    for path in [
        "/console/expenses/x",
        "/console/expenses/999999",
        "/console/expenses/1/files/x",
    ] {
        chair.open(path).await.is(404);
    }
    // A no goes back to whoever proposed it, and all reviews begin anew.
    act(&mut chair, id, "refuse", &[("reason", "写清楚")])
        .await
        .is(303);
    desk.open(&format!("/console/expenses/{id}"))
        .await
        .says("写清楚");
    act(&mut desk, id, "revise", &[]).await.is(303);
    let row = now(&app, id).await;
    assert_eq!(
        (row.state, row.round, row.reviews_done),
        (ExpenseState::Draft, 2, 0)
    );
    act(&mut desk, id, "submit", &[]).await.is(303);
    act(&mut chair, id, "approve", &[]).await.is(303);
}
