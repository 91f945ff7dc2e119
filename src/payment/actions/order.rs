//! An order at the platform. The row is first, with the number by which the platform will know it; then
//! the platform is asked, outside of any transaction; then the row says that it can be paid. Whoever
//! asks for the same again within its two hours gets the same order.

use chrono::TimeDelta;
use entity::kinds::Channel;
use entity::money::{PayWay, PaymentState};
use entity::{account, fee_policy, payment, place};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use super::take::{check_amount, check_bills};
use super::{client, home_of, keep, locked, meant, watch};
use crate::app::App;
use crate::base::fault::{Code, Fault};
use crate::base::text::shorten;
use crate::fund::rows::purpose;
use crate::payment::{left, month_says, remind};
use crate::place::queries as places;
use crate::store::Tx;
use crate::wechat::crypto::hex;
use crate::wechat::pay::{Action, Client, JsapiOrder, PayError, PayParams, Prepay};

/// An order can be paid for so long.
const HOLDS: TimeDelta = TimeDelta::hours(2);
/// One that ends sooner than this is not handed out again.
const LEAST_LEFT: TimeDelta = TimeDelta::minutes(10);
/// Characters of what the payer reads in the payment window.
const DESCRIPTION: usize = 100;

/// What somebody wants to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// For which home.
    pub home_id: i64,
    /// Bills, in the order in which they are paid; none: to keep for the home.
    pub bills: Vec<i64>,
    /// Fen; none: all that is left of the bills.
    pub amount: Option<i64>,
    /// The donation that it is for; then the home is the compound and there are no bills.
    pub donation: Option<i64>,
}

/// An order that can be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The row.
    pub payment: payment::Model,
    /// What a page opens the payment window with.
    pub params: PayParams,
}

/// Orders, or finds the same order again. The caller has made sure that the account may pay for this
/// home. `account_id` is the account that pays, by which the platform knows the payer.
///
/// # Errors
/// `not_found` for a bill that is not the home's, `invalid` for the amount, `wrong_step` where nothing
/// is owed or nothing can be paid inside WeChat, `outside` when the platform does not take it.
pub async fn order(
    app: &App,
    account_id: i64,
    payer_id: Option<i64>,
    wish: &Wish,
) -> Result<Ordered, Fault> {
    let mut tx = app.store.begin(app.clock.now()).await?;
    let row = write_down(&mut tx, app, account_id, payer_id, wish).await?;
    let about = description(&tx, &row).await?;
    tx.commit().await?;
    let client = client(app, row.merchant.as_deref()).ok_or_else(closed_counter)?;
    let row = match row.state {
        PaymentState::Created => open(app, client, row, about).await?,
        _ => row,
    };
    let prepay = Prepay {
        app_id: row.app_id.clone().unwrap_or_default(),
        prepay_id: row.prepay_id.clone().unwrap_or_default(),
    };
    let params = client.pay_params(&prepay, app.clock.now().timestamp());
    Ok(Ordered {
        params: params.map_err(Fault::internal)?,
        payment: row,
    })
}

fn closed_counter() -> Fault {
    Fault::wrong_step("这个小区还不能在微信里缴费，请到物业服务中心交现金或转账。")
}

/// The row: a new one, or that of the same wish which can still be paid.
async fn write_down(
    tx: &mut Tx,
    app: &App,
    account_id: i64,
    payer_id: Option<i64>,
    wish: &Wish,
) -> Result<payment::Model, Fault> {
    // One wish of an account after the other.
    let account = account::Entity::find_by_id(account_id)
        .lock_exclusive()
        .one(tx.db())
        .await?
        .ok_or_else(|| Fault::plain(Code::Unauthenticated))?;
    let home = home_of(tx, wish.home_id).await?;
    let compound_id = home
        .compound_id
        .ok_or_else(|| Fault::not_found("没有找到这一户。"))?;
    let bills = check_bills(tx, home.id, &wish.bills).await?;
    let owed: i64 = bills.iter().map(left).sum();
    if owed <= 0 && !wish.bills.is_empty() {
        return Err(Fault::wrong_step("这张账单已经交清了，谢谢您！"));
    }
    let amount = wish.amount.unwrap_or(owed);
    check_amount(amount)?;
    if let Some(id) = wish.donation {
        super::donated::check(tx, id, compound_id, amount).await?;
    }
    let policy = fee_policy::Entity::find_by_id(compound_id)
        .one(tx.db())
        .await?;
    let merchant = policy.and_then(|policy| policy.merchant);
    let client = client(app, merchant.as_deref()).ok_or_else(closed_counter)?;
    let app_id = match account.channel {
        Channel::Official => client.merchant().app_id().to_owned(),
        Channel::Mini => app.settings.wechat.mini.app_id.clone(),
        _ => return Err(Fault::wrong_step("请在微信里打开公众号或小程序再缴费。")),
    };
    let now = tx.now();
    let new = payment::Model {
        id: 0,
        compound_id,
        home_id: home.id,
        payer_id,
        account_id: Some(account.id),
        way: PayWay::Wechat,
        state: PaymentState::Created,
        amount,
        bills: json!(wish.bills),
        paid_before: (!bills.is_empty()).then(|| bills.iter().map(|bill| bill.paid).sum()),
        merchant,
        mch_id: Some(client.merchant().mch_id().to_owned()),
        app_id: Some(app_id),
        open_id: Some(account.external_id),
        donation_id: wish.donation,
        out_trade_no: Some(format!("P{}", hex(&app.dice.bytes::<15>()))),
        prepay_id: None,
        prepaid_at: None,
        transaction_id: None,
        proof_id: None,
        note: None,
        recorded_by: None,
        expires_at: Some(now + HOLDS),
        asked: 0,
        paid_at: None,
        day: None,
        created_at: now,
        updated_at: now,
    };
    if let Some(again) = same_wish(tx, &new).await? {
        return Ok(again);
    }
    insert(tx, new).await
}

/// The order of the same wish that can still be paid; what the account has open for the home besides is
/// closed, so that nobody pays twice.
async fn same_wish(tx: &mut Tx, new: &payment::Model) -> Result<Option<payment::Model>, Fault> {
    let open = payment::Entity::find()
        .filter(payment::COLUMN.account_id.eq(new.account_id))
        .filter(payment::COLUMN.home_id.eq(new.home_id))
        .filter(match new.donation_id {
            Some(id) => payment::COLUMN.donation_id.eq(id),
            None => payment::COLUMN.donation_id.is_null(),
        })
        .filter(
            payment::COLUMN
                .state
                .is_in([PaymentState::Created, PaymentState::Open]),
        )
        .order_by_desc(payment::COLUMN.id)
        .all(tx.db())
        .await?;
    let until = tx.now() + LEAST_LEFT;
    let same = |row: &payment::Model| {
        let whole =
            (meant(row), row.amount, row.paid_before) == (meant(new), new.amount, new.paid_before);
        let to = (&row.merchant, &row.mch_id, &row.app_id, &row.open_id)
            == (&new.merchant, &new.mch_id, &new.app_id, &new.open_id);
        whole && to && row.expires_at.is_some_and(|at| at > until)
    };
    let mut found = None;
    for row in open {
        if found.is_none() && same(&row) {
            found = Some(row);
        } else {
            remind::close_soon(tx, &row).await?;
        }
    }
    Ok(found)
}

async fn insert(tx: &mut Tx, new: payment::Model) -> Result<payment::Model, Fault> {
    let row = payment::ActiveModel {
        id: sea_orm::ActiveValue::NotSet,
        compound_id: Set(new.compound_id),
        home_id: Set(new.home_id),
        payer_id: Set(new.payer_id),
        account_id: Set(new.account_id),
        way: Set(new.way),
        state: Set(new.state),
        amount: Set(new.amount),
        bills: Set(new.bills),
        paid_before: Set(new.paid_before),
        merchant: Set(new.merchant),
        mch_id: Set(new.mch_id),
        app_id: Set(new.app_id),
        open_id: Set(new.open_id),
        donation_id: Set(new.donation_id),
        out_trade_no: Set(new.out_trade_no),
        expires_at: Set(new.expires_at),
        asked: Set(0),
        created_at: Set(new.created_at),
        updated_at: Set(new.updated_at),
        ..Default::default()
    };
    let row = payment::Entity::insert(row)
        .exec_with_returning(tx.db())
        .await?;
    remind::watch(tx, &row).await?;
    Ok(row)
}

/// What the payer reads in the payment window: the compound, the home's number, the months.
async fn description(tx: &Tx, row: &payment::Model) -> Result<String, Fault> {
    let home: place::Model = home_of(tx, row.home_id).await?;
    let name = places::name_of(tx.db(), &home).await?;
    if let Some(id) = row.donation_id {
        let what = purpose(tx.db(), id).await?;
        return Ok(shorten(&format!("{name} 捐款：{what}"), DESCRIPTION));
    }
    let bills = check_bills(tx, row.home_id, &meant(row)).await?;
    let mut months: Vec<i32> = bills.iter().map(|bill| bill.month).collect();
    months.sort_unstable();
    let months = match months.as_slice() {
        [] => "预存费用".to_owned(),
        [one] => format!("{}费用", month_says(*one)),
        [first, .., last] => format!("{}至{}费用", month_says(*first), month_says(*last)),
    };
    Ok(shorten(&format!("{name} {months}"), DESCRIPTION))
}

/// Asks the platform, then says in the row that it can be paid.
async fn open(
    app: &App,
    client: &Client,
    row: payment::Model,
    about: String,
) -> Result<payment::Model, Fault> {
    let own = row.app_id.as_deref() == Some(client.merchant().app_id());
    let order = JsapiOrder {
        app_id: row.app_id.clone().filter(|_| !own),
        description: about,
        out_trade_no: row.out_trade_no.clone().unwrap_or_default(),
        time_expire: row.expires_at.map(|at| at.timestamp()),
        attach: None,
        notify_url: format!(
            "{}/wechat/pay/{}/payment",
            app.settings.server.public_url,
            client.merchant().name()
        ),
        total: row.amount,
        openid: row.open_id.clone().unwrap_or_default(),
        payer_ip: None,
    };
    let answer = client
        .order_jsapi(&order, app.clock.now().timestamp())
        .await;
    let prepay = match answer {
        Ok(prepay) => prepay,
        Err(error) => return Err(refused(app, &row, error).await?),
    };
    let tx = app.store.begin(app.clock.now()).await?;
    let was = locked(&tx, row.id).await?;
    let next = payment::Model {
        state: match was.state {
            PaymentState::Created => PaymentState::Open,
            state => state,
        },
        prepay_id: Some(prepay.prepay_id),
        prepaid_at: Some(tx.now()),
        updated_at: tx.now(),
        ..was.clone()
    };
    if matches!(was.state, PaymentState::Paid | PaymentState::Closed) {
        return Err(Fault::wrong_step(
            "这笔订单刚刚结束了，请回复“账单”看现在的情况。",
        ));
    }
    keep(&tx, &was, &next).await?;
    tx.commit().await?;
    Ok(next)
}

/// What is said when the platform did not take an order, and what becomes of the row: an unclear one is
/// left for the clock, which asks; what was refused is closed.
async fn refused(app: &App, row: &payment::Model, error: PayError) -> Result<Fault, Fault> {
    tracing::warn!(%error, payment = row.id, "an order was not taken by WeChat Pay");
    let later = Fault::new(
        Code::Outside,
        "微信支付暂时没有回应，没有扣款。请一分钟后再试。",
    );
    match error.action() {
        Action::Repeat | Action::Slower => {}
        Action::Paid | Action::Query => {
            watch::ask(app, row).await?;
            return Ok(Fault::wrong_step(
                "这笔缴费可能已经付过了，请回复“账单”看看。",
            ));
        }
        _ => {
            let tx = app.store.begin(app.clock.now()).await?;
            watch::close_row(&tx, row.id).await?;
            tx.commit().await?;
            if matches!(error.action(), Action::Config | Action::Fix) {
                tracing::error!(%error, merchant = row.merchant, "the receiving account cannot take orders");
                let words =
                    "这个小区的微信收款还没有配好，没有扣款。请到服务中心交费，或联系物业。";
                return Ok(Fault::new(Code::Outside, words).because(error));
            }
        }
    }
    Ok(later.because(error))
}
