//! The demo community, filled in once.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use crate::harness::app::TestApp;

#[tokio::test]
async fn the_demo_fills_an_empty_database_once_though_two_instances_start() {
    let mut app = TestApp::plan()
        .empty()
        .instances(0)
        .set("DEMO__ENABLED", "true")
        .set("SANDBOX__ENABLED", "true")
        .start()
        .await;
    let (one, two) = tokio::join!(
        linli::command::serve::start(
            app.settings.clone(),
            app.clock.clone(),
            std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        ),
        linli::command::serve::start(
            app.settings.clone(),
            app.clock.clone(),
            std::sync::Arc::new(linli::base::dice::Dice::from_system()),
        ),
    );
    one.unwrap().stop().await.unwrap();
    two.unwrap().stop().await.unwrap();
    let homes = entity::place::Entity::find()
        .filter(
            entity::place::COLUMN
                .kind
                .eq(entity::kinds::PlaceKind::Home),
        )
        .count(app.store.read())
        .await
        .unwrap();
    assert_eq!(homes, 90);
    app.add_instance().await;
    let resident = app.known("sandbox-resident");
    let mine = resident.says("我的").await;
    assert!(
        mine.contains("张秀英") && mine.contains("3-2-501（已核验）"),
        "{mine}"
    );
    let answerers = resident.says("我的管家").await;
    assert!(!answerers.contains("空缺"), "{answerers}");
    let steward = app.known("sandbox-steward").says("我的").await;
    assert!(steward.contains("楼栋长（桂园小区 3栋）"), "{steward}");
    for (open_id, role) in [
        ("sandbox-chair", "业委会主任"),
        ("sandbox-property", "物业工作人员"),
    ] {
        let said = app.known(open_id).says("我的").await;
        assert!(said.contains(role), "{said}");
    }
    let newcomer = app.newcomer("sandbox-newcomer").await;
    assert!(newcomer.says("我的").await.contains("还没有绑定"));
}
