//! The whole way of an expense, in the chat and at the console: from a draft with quotes to the second
//! publication; what each is told; what the board and the API show when.

use entity::kinds::CaseKind;
use entity::money::{ExpenseAct, ExpenseState};
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved, of_subject};

use super::{
    OFFICER, PAYER, PROPOSER, act, act_with, all, cast, fields, fund, led_to, now, quote, steps,
};
use crate::console::{Desk, on_record};
use crate::harness::app::TestApp;
use crate::harness::pictures::jpeg;

const DAY: i64 = 24 * 60;

async fn board(app: &TestApp) -> String {
    let (status, html) = app.page("/board/GY/expenses").await;
    assert_eq!(status, 200);
    html
}

#[tokio::test]
async fn an_expense_goes_its_whole_way_and_is_paid_once() {
    let app = TestApp::start().await;
    cast(&app).await;
    let (zhang, han) = (app.resident("张秀英").await, app.resident("韩梅").await);
    let (chair, supervisor) = (app.staff("卫东").await, app.staff("李建国").await);
    let (secretary, officer) = (app.staff("郑洪").await, app.staff(OFFICER).await);
    let manager = app.staff(PROPOSER).await;

    // Written down with three quotes, two with a document, one with a picture.
    let mut desk = Desk::of(&app, PROPOSER).await;
    let new = "/console/expenses/new";
    let id = led_to(&desk.send(new, new, &fields("8600.00")).await);
    let page = format!("/console/expenses/{id}");
    act(&mut desk, id, "submit", &[])
        .await
        .is(422)
        .says("3家报价");
    for (supplier, amount) in [("恒升电梯公司", "9200"), ("城南机电公司", "9850.5")] {
        quote(&mut desk, id, supplier, amount).await.is(303);
    }
    let own = [("supplier", "顺安电梯公司"), ("quote", "8600")];
    let sent = act_with(&mut desk, id, "quote", &own, ("file", jpeg(9))).await;
    sent.is(303);
    let shown = desk.open(&page).await;
    shown
        .is(200)
        .says("9,850.50")
        .says("打开报价单（PDF）")
        .says("看报价单")
        .says("提交审核");
    let file = regex::Regex::new(r"/console/expenses/\d+/files/\d+").unwrap();
    let file = file.find(&shown.body).unwrap().as_str().to_owned();
    desk.open(&file).await.is(200);
    act(&mut desk, id, "submit", &[]).await.is(303);
    assert!(
        !board(&app).await.contains("钢丝绳"),
        "published before its reviews"
    );
    assert!(!zhang.says("支出").await.contains("钢丝绳"));
    assert!(zhang.says(&format!("支出 {id}")).await.contains("没有找到"));

    // Three reviews in their order, each by its body, told when it is their turn.
    let task = chair.expects_push("等您业委会审核").await;
    assert!(
        task.contains("3栋电梯更换钢丝绳") && task.contains(&format!("支出 {id}")),
        "{task}"
    );
    assert!(chair.says("支出").await.contains("等您处理的支出"));
    let said = chair.says(&format!("同意支出 {id} 该换了")).await;
    assert!(said.contains("业主监督审核"), "{said}");
    supervisor.expects_push("等您业主监督审核").await;
    supervisor.says(&format!("同意支出 {id}")).await;
    secretary.expects_push("等您社区审核").await;
    let mut third = Desk::of(&app, "郑洪").await;
    third
        .open(&page)
        .await
        .is(200)
        .says("审核通过")
        .says("该换了");
    act(&mut third, id, "approve", &[("words", "同意")])
        .await
        .is(303);
    assert_eq!(now(&app, id).await.state, ExpenseState::Publishing);

    // Every home is told, the neighbours next door are not; everybody reads it, without who gets it.
    let told = zhang.expects_push("支出事前公示").await;
    assert!(
        told.contains("8,600.00元") && told.contains("支出异议"),
        "{told}"
    );
    manager.expects_push("事前公示").await;
    app.drain().await;
    assert!(han.pushes().iter().all(|text| !text.contains("支出")));
    let html = board(&app).await;
    assert!(
        html.contains("3栋电梯更换钢丝绳") && html.contains("8,600.00"),
        "{html}"
    );
    assert!(!html.contains("顺安") && !html.contains("沈立"), "{html}");
    let one = zhang.says(&format!("支出 {id}")).await;
    assert!(
        one.contains("顺安电梯公司") && one.contains("支出异议"),
        "{one}"
    );
    let api = app.api(&zhang).await;
    let read = api.get(&format!("/expenses/{id}")).await;
    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!(read.json["state"], "publishing");
    assert_eq!(read.json["quotes"].as_array().unwrap().len(), 3);
    assert_eq!(
        api.get("/expenses").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // The API reads and does nothing.
    let body = serde_json::json!({ "state": "paid" });
    for path in [
        format!("/expenses/{id}"),
        format!("/expenses/{id}/pay"),
        "/expenses".to_owned(),
    ] {
        let sent = api.post(&path, &body).await;
        assert!([404, 405].contains(&sent.status), "{path}: {sent:?}");
    }
    let next_door = app.api(&han).await;
    assert_eq!(next_door.get(&format!("/expenses/{id}")).await.status, 404);
    assert_eq!(
        next_door.get("/expenses").await.json["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert!(han.says(&format!("支出 {id}")).await.contains("没有找到"));

    // The days pass; the street files; somebody else pays, with a slip.
    app.advance(6 * DAY).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Publishing);
    app.advance(DAY + 1).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Filing);
    officer.expects_push("等街道备案").await;
    officer.says(&format!("同意支出 {id} 已收")).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Payable);
    // Whoever has written lately can be told: there is no template for news here.
    assert!(zhang.says("支出").await.contains("钢丝绳"));
    let mut payer = Desk::of(&app, PAYER).await;
    payer.open(&page).await.says("已支付，记账并公示");
    let from = [("source", "assets:bank")];
    act(&mut payer, id, "pay", &from)
        .await
        .is(422)
        .says("请附上付款回单");
    fund(&app, "bank", 860_000).await;
    let slip = || ("proof", jpeg(3));
    act_with(&mut payer, id, "pay", &from, slip()).await.is(303);
    payer
        .open(&page)
        .await
        .says("看付款凭证")
        .says("维修 ← 银行存款 8,600.00 元");
    act_with(&mut payer, id, "pay", &from, slip()).await.is(409);

    // The books have it once and balance; everybody is told again; then it is over.
    let gy = app.place("GY").await.id;
    let booked = of_subject(app.store.read(), gy, &format!("expense:{id}"))
        .await
        .unwrap();
    assert_eq!(booked.len(), 1, "{booked:?}");
    let books = moved(app.store.read(), gy, Days::default()).await.unwrap();
    assert_eq!(books[&Account::ExpenseRepair].debit, 860_000);
    assert_eq!(books[&Account::Bank].credit, 860_000);
    let told = zhang.expects_push("支出事后公示").await;
    assert!(told.contains("已支付"), "{told}");
    assert!(board(&app).await.contains("已支付，公示中"));
    app.advance(7 * DAY + 1).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Closed);
    assert!(board(&app).await.contains("已办结"));
    let walked: Vec<ExpenseAct> = steps(&app, id).await.iter().map(|step| step.act).collect();
    let ends = [
        ExpenseAct::Submit,
        ExpenseAct::Approve,
        ExpenseAct::Approve,
        ExpenseAct::Approve,
        ExpenseAct::Publish,
        ExpenseAct::Published,
        ExpenseAct::File,
        ExpenseAct::Pay,
        ExpenseAct::Close,
    ];
    assert!(walked.ends_with(&ends), "{walked:?}");
    let subject = format!("expense:{id}");
    assert_eq!(on_record(&app, "expense.approve", &subject).await, 3);
    assert_eq!(on_record(&app, "expense.pay", &subject).await, 1);
}

#[tokio::test]
async fn an_objection_holds_the_publication_until_it_is_answered() {
    let app = TestApp::start().await;
    cast(&app).await;
    let (zhang, han) = (app.resident("张秀英").await, app.resident("韩梅").await);
    app.steward("1栋").await;
    let id = super::in_state(&app, ExpenseState::Publishing).await;
    let refused = han.says(&format!("支出异议 {id} 太贵")).await;
    assert!(refused.contains("没有找到"), "{refused}");
    assert!(zhang.says("支出异议").await.contains("例如"));
    assert!(
        zhang
            .says(&format!("支出异议 {id}"))
            .await
            .contains("请写下")
    );
    let said = zhang.says(&format!("支出异议 {id} 别家便宜一半")).await;
    assert!(said.contains("答复之前这笔支出不会付"), "{said}");
    let case = zhang.case().await;
    assert_eq!(case.kind, CaseKind::Complaint);
    assert!(case.text.contains("别家便宜一半") && case.text.contains("钢丝绳"));
    app.advance(8 * DAY).await;
    assert_eq!(
        now(&app, id).await.state,
        ExpenseState::Publishing,
        "ended over an objection"
    );
    let mut desk = Desk::of(&app, PROPOSER).await;
    let page = desk.open(&format!("/console/expenses/{id}")).await;
    page.says(&format!("诉求 #{}", case.id)).says("在办");
    // Whoever has it answers; then the publication ends by itself.
    let change = entity::case::ActiveModel {
        state: sea_orm::ActiveValue::Set(entity::kinds::CaseState::Finished),
        ..Default::default()
    };
    use sea_orm::{EntityTrait, QueryFilter};
    entity::case::Entity::update_many()
        .set(change)
        .filter(entity::case::COLUMN.id.eq(case.id))
        .exec(app.store.write())
        .await
        .unwrap();
    app.advance(61).await;
    assert_eq!(now(&app, id).await.state, ExpenseState::Filing);
    let late = zhang.says(&format!("支出异议 {id} 还是贵")).await;
    assert!(late.contains("不在事前公示"), "{late}");
    assert_eq!(all(&app).await.len(), 1);
}
