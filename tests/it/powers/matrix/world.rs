//! What there is to be done in 桂园 when the table is tried: some of it as people have it done, the rest as rows.

use entity::kinds::{CorrectionField, CorrectionState, VisitState};
use entity::{correction, mediation, visit};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, EntityTrait};

use super::rows::{notices, served, station, talented, to_be_told};
use crate::harness::app::TestApp;
use crate::powers::chat;

/// What there is to be done in 桂园.
pub struct World {
    pub case: i64,
    pub other: i64,
    pub quarrel: i64,
    pub mediation: i64,
    pub moderation: i64,
    pub visit: i64,
    pub correction: i64,
    pub wish: i64,
    pub offer: i64,
    pub gift: i64,
    pub drive: i64,
    pub activity: i64,
    pub loan: i64,
    pub booking: i64,
    pub service: i64,
    pub timetable: i64,
    pub article: i64,
    pub question: i64,
    pub draft: i64,
    pub notice: i64,
    pub task: i64,
    pub served: i64,
    pub talent: i64,
    pub help: i64,
}

pub async fn build(app: &TestApp) -> World {
    let zhang = app.called("张秀英").await.id;
    let sun = app.called("孙梅").await.id;
    let home = app.place("GY/1-1-101").await;
    let resident = chat(app, zhang).await;
    let tie = entity::binding::ActiveModel {
        account_id: Set(resident.account().await.id),
        person_id: Set(Some(zhang)),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        state: Set(entity::kinds::BindingState::Verified),
        claimed_name: Set("张秀英".to_owned()),
        claimed_phone_sealed: Set(String::new()),
        claimed_phone_index: Set(String::new()),
        created_at: Set(app.now()),
        ..Default::default()
    };
    tie.insert(app.store.write()).await.unwrap();
    let mut filed = Vec::new();
    for text in [
        "报修 一楼大厅漏水了",
        "报修 单元门禁坏了",
        "纠纷 隔壁装修太吵",
    ] {
        resident.says(text).await;
        filed.push(resident.case().await.id);
    }
    resident.says("许愿 想要一副老花镜").await;
    let wished = entity::wish::Entity::find().one(app.store.read()).await;
    resident.says("发需求 想找人教我用手机").await;
    let offered = entity::offer::Entity::find().one(app.store.read()).await;
    resident.says("捐物 不限 旧书 × 3 放 社区安排 公开").await;
    let gift = entity::donation::Entity::find().one(app.store.read()).await;
    let steward = chat(app, sun).await;
    let day = linli::base::clock::china(app.now() + chrono::TimeDelta::days(3));
    let day = day.format("%Y-%m-%d");
    steward
        .says(&format!("发起活动 邻里节\n{day} 9:00\n花园"))
        .await;
    let activity = entity::activity::Entity::find().one(app.store.read()).await;
    let officer = app.called("冯涛").await.id;
    chat(app, officer).await;
    let now = app.now();
    steward.says(&format!("转调解 {}", filed[2])).await;
    steward.says("1").await;
    let mediation = mediation::Entity::find().one(app.store.read()).await;
    let mediation = mediation.unwrap().expect("no mediation").id;
    let shown = linli::moderation::Submission {
        subject: format!("case:{}", filed[0]),
        part: "board".to_owned(),
        compound_id: home.compound_id.unwrap(),
        place_id: home.id,
        kind: entity::kinds::ContentKind::Text,
        content: "大厅已修好".to_owned(),
        author_id: Some(sun),
    };
    let mut tx = app.instances[0].app.store.begin(now).await.unwrap();
    let shown = linli::moderation::submit(&mut tx, shown).await.unwrap();
    tx.commit().await.unwrap();
    let visit = visit::ActiveModel {
        person_id: Set(zhang),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id.unwrap()),
        subject: Set("notice:1".to_owned()),
        kind: Set("test".to_owned()),
        text: Set("明天停水".to_owned()),
        holder_id: Set(Some(sun)),
        state: Set(VisitState::Open),
        created_at: Set(now),
        ..Default::default()
    };
    let visit = visit.insert(app.store.write()).await.unwrap();
    let [loan, booking, service] = station(app, &home, zhang).await;
    let wish = correction::ActiveModel {
        person_id: Set(zhang),
        account_id: Set(resident.account().await.id),
        place_id: Set(home.id),
        compound_id: Set(home.compound_id),
        field: Set(CorrectionField::Name),
        value_sealed: Set(app.instances[0]
            .app
            .seal
            .seal(&app.instances[0].app.dice, "张秀莹")
            .unwrap()),
        state: Set(CorrectionState::Requested),
        created_at: Set(now),
        ..Default::default()
    };
    let wish = wish.insert(app.store.write()).await.unwrap();
    let drive = entity::drive::ActiveModel {
        compound_id: Set(home.compound_id.unwrap()),
        title: Set("给独居老人添冬衣".to_owned()),
        text: Set("买棉被".to_owned()),
        from_day: Set("2020-01-01".parse().unwrap()),
        state: Set(entity::kinds::DriveState::Draft),
        created_by: Set(sun),
        version: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let drive = drive.insert(app.store.write()).await.unwrap();
    let (timetable, article, question) = to_be_told(app, sun).await;
    let [draft, notice] = notices(app).await;
    let [task, served] = served(app, sun, zhang).await;
    let [talent, help] = talented(app, app.called("王芳").await.id, zhang).await;
    World {
        draft,
        notice,
        task,
        served,
        talent,
        help,
        timetable,
        article,
        question,
        case: filed[0],
        other: filed[1],
        quarrel: filed[2],
        mediation,
        moderation: shown.id,
        visit: visit.id,
        correction: wish.id,
        wish: wished.unwrap().expect("no wish").id,
        offer: offered.unwrap().expect("no item").id,
        gift: gift.unwrap().expect("no gift").id,
        drive: drive.id,
        activity: activity.unwrap().expect("no activity").id,
        loan,
        booking,
        service,
    }
}
