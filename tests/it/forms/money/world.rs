//! What there is when the forms of money are tried: something of everything, made by people of office.

use entity::kinds::FeeKind;
use entity::money::{ExpenseState, WaiverState};
use entity::{bill, bill_line, waiver};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryFilter};

use super::table::{CLERK, MANAGER};
use crate::console::Desk;
use crate::expense::{cast, in_state};
use crate::fee;
use crate::harness::app::TestApp;
use crate::payment::{bill_for, payments, refunds};
use crate::voucher::{PUBLIC_BANK, booked, both, enter, entries};

/// What there is.
pub struct World {
    pub bill: bill::Model,
    pub line: i64,
    pub payment: i64,
    pub refunds: [i64; 2],
    pub waivers: [i64; 2],
    pub vouchers: [i64; 2],
    pub entry: i64,
    pub fee: i64,
    pub shared: i64,
    pub drafts: [i64; 5],
    pub refused: i64,
    pub reviewing: i64,
    pub filing: [i64; 3],
    pub payable: i64,
    pub month: String,
}

async fn asked_waiver(app: &TestApp, bill: &bill::Model, fen: i64) -> i64 {
    let row = waiver::ActiveModel {
        bill_id: Set(bill.id),
        compound_id: Set(bill.compound_id),
        amount: Set(fen),
        reason: Set("低保户".to_owned()),
        state: Set(WaiverState::Asked),
        asked_by: Set(app.person(MANAGER).await.id),
        created_at: Set(app.now()),
        ..Default::default()
    };
    row.insert(app.store.write()).await.unwrap().id
}

/// 蒋平 takes cash, and asks that two parts of it go back.
async fn paid_and_asked_back(app: &TestApp) -> (i64, [i64; 2]) {
    let mut clerk = Desk::of(app, CLERK).await;
    let take = "/console/payments/take";
    let mark = clerk.open(take).await.hidden("mark");
    let fields = [
        ("mark", mark.as_str()),
        ("home", "1-1-101"),
        ("way", "cash"),
        ("amount", "50"),
    ];
    clerk.send(take, take, &fields).await.is(303);
    let id = payments(app).await[0].id;
    let path = format!("/console/payments/{id}");
    for amount in ["10", "11"] {
        let ask = [("amount", amount), ("reason", "多收了")];
        let page = clerk.send(&path, &format!("{path}/refund"), &ask).await;
        page.is(303);
    }
    let ids: Vec<i64> = refunds(app).await.iter().map(|row| row.id).collect();
    (id, ids.try_into().unwrap())
}

pub async fn build(app: &TestApp) -> World {
    cast(app).await;
    let month = crate::disclosure::books(app).await;
    let bill = bill_for(app, "张秀英", 202_611, 16_110).await;
    let line = bill_line::Entity::find()
        .filter(bill_line::COLUMN.bill_id.eq(bill.id))
        .one(app.store.read())
        .await;
    let (payment, refunds) = paid_and_asked_back(app).await;
    let (mut first, mut second) = both(app).await;
    booked(&mut first, &mut second, PUBLIC_BANK, "20").await;
    let entry = entries(app).await.last().unwrap().id;
    let vouchers = [
        enter(&mut first, PUBLIC_BANK, "30").await,
        enter(&mut first, PUBLIC_BANK, "31").await,
    ];
    let mut drafts = [0; 5];
    for id in &mut drafts {
        *id = in_state(app, ExpenseState::Draft).await;
    }
    let mut filing = [0; 3];
    for id in &mut filing {
        *id = in_state(app, ExpenseState::Filing).await;
    }
    World {
        line: line.unwrap().unwrap().id,
        payment,
        refunds,
        waivers: [
            asked_waiver(app, &bill, 100).await,
            asked_waiver(app, &bill, 200).await,
        ],
        vouchers,
        entry,
        fee: fee::add(app, fee::fee("物业费", FeeKind::Area, 18_000))
            .await
            .id,
        shared: fee::add(app, fee::fee("电梯公摊", FeeKind::Shared, 0))
            .await
            .id,
        drafts,
        refused: in_state(app, ExpenseState::Refused).await,
        reviewing: in_state(app, ExpenseState::Reviewing).await,
        filing,
        payable: in_state(app, ExpenseState::Payable).await,
        month: month.to_string(),
        bill,
    }
}
