//! What somebody uploaded at the console, where nobody needs an account: it is in the copy of their data, and when
//! they have everything erased no row says any more whose it was.

use entity::attachment;
use linli::attachment::{Sender, actions};
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait;

use super::erases;
use super::everywhere::copied;
use crate::harness::app::TestApp;
use crate::harness::pictures::pdf;

/// A document of a person, given to a subject or to nothing.
async fn uploaded(app: &TestApp, person: i64, subject: Option<&str>) -> attachment::Model {
    let house = &app.instances[0].app;
    let from = Sender::Person(person);
    let kept = actions::upload_with_documents(house, from, pdf()).await;
    let (id, change) = kept.unwrap();
    let tx = house.store.begin(app.now()).await.unwrap();
    let change = attachment::ActiveModel {
        subject: Set(subject.map(str::to_owned)),
        ..change
    };
    let row = actions::settle(&tx, id, change).await.unwrap();
    tx.commit().await.unwrap();
    row
}

#[tokio::test]
async fn what_was_uploaded_at_the_console_is_in_a_copy_and_goes_with_whoever_did() {
    let app = TestApp::start().await;
    let zhang = app.resident("张秀英").await;
    let (mine, other) = (app.person("张秀英").await.id, app.person("李建国").await.id);
    let loose = uploaded(&app, mine, None).await;
    let given = uploaded(&app, mine, Some("expense:7")).await;
    let others = uploaded(&app, other, Some("expense:8")).await;
    let (data, files) = copied(&zhang).await;
    assert_eq!(data.matches("\"document\"").count(), 2, "{data}");
    assert!(data.contains("expense:7") && !data.contains("expense:8"));
    // What was uploaded for others in office is named, and stays where it is.
    let holds = |row: &attachment::Model| {
        let name = format!("photos/{}.", row.id);
        files.iter().any(|file| file.starts_with(&name))
    };
    assert!(holds(&loose) && !holds(&given), "{files:?}");

    let done = erases(&zhang).await;
    assert!(done.contains("已注销"), "{done}");
    app.advance(2).await;
    let now = async |row: &attachment::Model| {
        let found = attachment::Entity::find_by_id(row.id).one(app.store.read());
        found.await.unwrap()
    };
    assert_eq!(now(&loose).await, None, "what belonged to nothing is gone");
    let files = &app.instances[0].app.files;
    assert!(files.get(&loose.path.unwrap()).await.is_err());
    assert_eq!(now(&given).await.unwrap().person_id, None);
    assert_eq!(now(&others).await.unwrap().person_id, Some(other));
}
