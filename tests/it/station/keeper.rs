//! What keepers say of what is out without a number: a digit does what was said, and nothing else.

use entity::kinds::LoanState::{self, Damaged, Handed, Lent, Lost};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::{ALWAYS, loans, station, thing, thing_row};
use crate::harness::app::TestApp;

/// The state of the newest loan.
async fn newest(app: &TestApp) -> LoanState {
    let all = loans(app).await;
    let last = all.into_iter().max_by_key(|loan| loan.id);
    last.expect("nothing was lent").state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_thing_is_not_booked_as_back_by_a_digit() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 3).await;
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    for word in ["借物丢失", "借物损坏", "借物验收"] {
        let none = jiang.says(word).await;
        assert!(none.contains("没有借出的东西"), "{word}: {none}");
    }
    zhang.says(&format!("借用 {spade}")).await;
    let list = jiang.says("借物丢失").await;
    assert!(
        list.contains("丢了哪一件") && list.contains("\n1 #") && list.contains("张秀英"),
        "{list}"
    );
    let why = jiang.says("1").await;
    assert!(why.contains("怎么回事"), "{why}");
    assert_eq!(newest(&app).await, Lent, "not before the words");
    let lost = jiang.says("忘在公园里了").await;
    assert!(lost.contains("已记为丢失"), "{lost}");
    assert_eq!(newest(&app).await, Lost);
    zhang.expects_push("忘在公园里了").await;

    zhang.says(&format!("借用 {spade}")).await;
    let none = jiang.says("借物没收到").await;
    assert!(none.contains("没有等着验收的东西"), "{none}");
    zhang.says("归还").await;
    zhang.says("1").await;
    assert_eq!(newest(&app).await, Handed);
    let list = jiang.says("借物没收到").await;
    assert!(list.contains("没看到的是哪一件"), "{list}");
    let denied = jiang.says("1").await;
    assert!(denied.contains("改回借出"), "{denied}");
    assert_eq!(newest(&app).await, Lent);

    let list = jiang.says("借物损坏").await;
    assert!(list.contains("坏了哪一件"), "{list}");
    let why = jiang.says("1").await;
    assert!(why.contains("怎么回事"), "{why}");
    let damaged = jiang.says("木柄断了").await;
    assert!(damaged.contains("已记为损坏"), "{damaged}");
    assert_eq!(newest(&app).await, Damaged);
    let left = thing_row(&app, spade).await;
    assert_eq!((left.quantity, left.lent), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_are_two_stations_the_word_goes_along_with_the_digit() {
    let app = TestApp::start().await;
    let row = station(&app, ALWAYS).await;
    let spade = thing(&app, &row, "铁锹", 1).await;
    let mut second = station(&app, ALWAYS).await.into_active_model();
    second.name = Set("二号站".to_owned());
    second.update(app.store.write()).await.unwrap();
    let zhang = app.resident("张秀英").await;
    let jiang = app.staff("蒋平").await;
    zhang.says(&format!("借用 {spade}")).await;
    let digit = |list: &str, name: &str| -> String {
        let line = list.lines().find(|line| line.ends_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {list}"));
        line.split(' ').next().unwrap().to_owned()
    };
    let stations = jiang.says("借物丢失").await;
    let none = jiang.says(&digit(&stations, "二号站")).await;
    assert!(none.contains("没有借出的东西"), "{none}");
    let stations = jiang.says("借物丢失").await;
    let list = jiang.says(&digit(&stations, "红色驿站")).await;
    assert!(list.contains("丢了哪一件"), "{list}");
    jiang.says("1").await;
    let lost = jiang.says("找不到了").await;
    assert!(lost.contains("已记为丢失"), "{lost}");
    assert_eq!(newest(&app).await, Lost);
    // So do people who were counted.
    let stations = jiang.says("驿站人次 12").await;
    let counted = jiang.says(&digit(&stations, "二号站")).await;
    assert!(counted.contains("已记12人次"), "{counted}");
}
