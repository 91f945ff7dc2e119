//! Rows of the nouns whose things nobody has to be told of: written as they lie in the database.

use chrono::TimeDelta;
use entity::kinds::{HelpAnswer, HelpState, NoticeState, TalentKind, TalentState};
use entity::life::{ServiceState, VolunteerTaskState};
use entity::{help_ask, help_request, notice, talent, volunteer_service, volunteer_task};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use serde_json::json;

use crate::harness::app::TestApp;

/// A timetable, an article and a question of 桂园.
pub async fn to_be_told(app: &TestApp, author_id: i64) -> (i64, i64, i64) {
    let (place, now) = (app.place("GY").await, app.now());
    let rule = json!({
        "days": { "kind": "daily" }, "every": 1, "from": "2026-01-01", "until": null,
        "except": [], "times": [720],
    });
    let timetable = entity::timetable::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set("厨余垃圾".to_owned()),
        text: Set(String::new()),
        rule: Set(rule),
        state: Set(entity::kinds::TimetableState::Active),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let article = entity::handbook_article::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(Some(place.id)),
        title: Set("游泳池".to_owned()),
        questions: Set(String::new()),
        synonyms: Set(String::new()),
        body: Set("六点开门。".to_owned()),
        state: Set(entity::kinds::ArticleState::Draft),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let question = entity::handbook_question::ActiveModel {
        compound_id: Set(place.id),
        words: Set("健身房".to_owned()),
        text: Set("健身房在哪".to_owned()),
        asked: Set(1),
        state: Set(entity::kinds::QuestionState::Open),
        first_at: Set(now),
        last_at: Set(now),
        ..Default::default()
    };
    let db = app.store.write();
    (
        timetable.insert(db).await.unwrap().id,
        article.insert(db).await.unwrap().id,
        question.insert(db).await.unwrap().id,
    )
}

/// A station of the compound: a loan and a booking of somebody, and a service of its window.
pub async fn station(app: &TestApp, home: &entity::place::Model, person: i64) -> [i64; 3] {
    let (now, db) = (app.now(), app.store.write());
    let compound_id = home.compound_id.unwrap();
    let station = entity::station::ActiveModel {
        compound_id: Set(compound_id),
        place_id: Set(compound_id),
        name: Set("红色驿站".to_owned()),
        spot: Set("大厅".to_owned()),
        hours: Set("Mo-Su 00:00-24:00".to_owned()),
        public_holidays: Set(false),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let station_id = station.insert(db).await.unwrap().id;
    let thing = entity::station_thing::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        code: Set("伞-01".to_owned()),
        name: Set("雨伞".to_owned()),
        quantity: Set(1),
        lent: Set(1),
        days: Set(7),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let loan = entity::station_loan::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        thing_id: Set(thing.insert(db).await.unwrap().id),
        borrower_id: Set(person),
        state: Set(entity::kinds::LoanState::Lent),
        lent_at: Set(now),
        due_at: Set(now + TimeDelta::days(7)),
        version: Set(1),
        ..Default::default()
    };
    let room = entity::station_room::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        name: Set("议事厅".to_owned()),
        seats: Set(9),
        created_at: Set(now),
        ..Default::default()
    };
    let booking = entity::station_booking::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        room_id: Set(room.insert(db).await.unwrap().id),
        booker_id: Set(person),
        official: Set(false),
        from_at: Set(now),
        to_at: Set(now + TimeDelta::hours(1)),
        state: Set(entity::kinds::BookingState::Booked),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let service = entity::station_service::ActiveModel {
        compound_id: Set(compound_id),
        station_id: Set(station_id),
        window_name: Set("1号窗口".to_owned()),
        name: Set("咨询".to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    [
        loan.insert(db).await.unwrap().id,
        booking.insert(db).await.unwrap().id,
        service.insert(db).await.unwrap().id,
    ]
}

/// A draft and a notice that is out, both of the chair's.
pub async fn notices(app: &TestApp) -> [i64; 2] {
    let (place, now) = (app.place("GY").await, app.now());
    let row = notice::ActiveModel {
        compound_id: Set(Some(place.id)),
        place_id: Set(place.id),
        author_id: Set(app.called("卫东").await.id),
        title: Set("周六停水".to_owned()),
        body: Set("检修水箱。".to_owned()),
        urgent: Set(false),
        state: Set(NoticeState::Draft),
        version: Set(1),
        scope: Set(json!({ "places": [], "who": ["residents"] })),
        counted: Set(6),
        reachable: Set(0),
        round: Set(0),
        told_to: Set(0),
        created_at: Set(now),
        ..Default::default()
    };
    let sent = notice::ActiveModel {
        state: Set(NoticeState::Sent),
        published_at: Set(Some(now)),
        go_at: Set(Some(now)),
        round_at: Set(Some(now)),
        ..row.clone()
    };
    let db = app.store.write();
    [
        row.insert(db).await.unwrap().id,
        sent.insert(db).await.unwrap().id,
    ]
}

/// A task of volunteers and somebody's hours in it, which nobody has confirmed yet.
pub async fn served(app: &TestApp, author_id: i64, person: i64) -> [i64; 2] {
    let (place, now) = (app.place("GY").await, app.now());
    let begun = now - TimeDelta::hours(3);
    let task = volunteer_task::ActiveModel {
        compound_id: Set(place.id),
        place_id: Set(place.id),
        author_id: Set(author_id),
        title: Set("楼道大扫除".to_owned()),
        venue: Set("1栋门口".to_owned()),
        starts_at: Set(begun),
        ends_at: Set(now + TimeDelta::hours(1)),
        wanted: Set(2),
        taken: Set(1),
        state: Set(VolunteerTaskState::Open),
        version: Set(0),
        created_at: Set(begun),
        updated_at: Set(begun),
        ..Default::default()
    };
    let task = task.insert(app.store.write()).await.unwrap().id;
    let service = volunteer_service::ActiveModel {
        task_id: Set(task),
        compound_id: Set(place.id),
        person_id: Set(Some(person)),
        state: Set(ServiceState::Ended),
        in_at: Set(Some(begun)),
        out_at: Set(Some(begun + TimeDelta::hours(2))),
        minutes: Set(Some(120)),
        version: Set(0),
        created_at: Set(begun),
        updated_at: Set(begun),
        ..Default::default()
    };
    [task, service.insert(app.store.write()).await.unwrap().id]
}

/// Somebody's talent, and a request of somebody else that waits for its word.
pub async fn talented(app: &TestApp, talented: i64, asker: i64) -> [i64; 2] {
    let (place, now, db) = (app.place("GY").await, app.now(), app.store.write());
    let talent = talent::ActiveModel {
        compound_id: Set(place.id),
        person_id: Set(talented),
        kind: Set(TalentKind::Teacher),
        text: Set("可以教拼音".to_owned()),
        state: Set(TalentState::Offered),
        consent_at: Set(now),
        asked: Set(1),
        asked_at: Set(Some(now)),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let talent = talent.insert(db).await.unwrap().id;
    let request = help_request::ActiveModel {
        compound_id: Set(place.id),
        asker_id: Set(asker),
        kind: Set(TalentKind::Teacher),
        text: Set("想学拼音".to_owned()),
        state: Set(HelpState::Asking),
        talent_id: Set(Some(talent)),
        due_at: Set(Some(now + TimeDelta::days(1))),
        lapses_at: Set(now + TimeDelta::days(7)),
        version: Set(1),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    let request = request.insert(db).await.unwrap().id;
    let asked = help_ask::ActiveModel {
        compound_id: Set(place.id),
        request_id: Set(request),
        talent_id: Set(talent),
        answer: Set(HelpAnswer::Asked),
        asked_at: Set(now),
        ..Default::default()
    };
    asked.insert(db).await.unwrap();
    [talent, request]
}
