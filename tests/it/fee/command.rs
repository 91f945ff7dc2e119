//! The commands about bills: which account takes the money, and what is wrong with what was typed.

use sea_orm::EntityTrait;

use super::this_month;
use crate::harness::app::TestApp;
use crate::harness::program;

#[tokio::test]
async fn a_compound_names_the_account_that_takes_its_money() {
    let app = TestApp::plan().instances(0).start().await;
    let named = async || {
        let row = entity::fee_policy::Entity::find()
            .one(app.store.read())
            .await;
        row.unwrap().map(|row| (row.merchant, row.version))
    };
    for wrong in [
        [
            "bills",
            "account",
            "--compound",
            "GY",
            "--merchant",
            "nobody",
        ],
        [
            "bills",
            "account",
            "--compound",
            "NO",
            "--merchant",
            "sandbox",
        ],
        [
            "bills",
            "account",
            "--compound",
            "GY/1",
            "--merchant",
            "sandbox",
        ],
    ] {
        let output = program::run(&app.variables, &wrong).await;
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(named().await, None);
    let right = [
        "bills",
        "account",
        "--compound",
        "GY",
        "--merchant",
        "sandbox",
    ];
    let said = program::succeed(&app.variables, &right).await;
    assert!(said.contains("收款账户是 sandbox"), "{said}");
    assert_eq!(named().await, Some((Some("sandbox".to_owned()), 1)));
    program::succeed(&app.variables, &["bills", "account", "--compound", "GY"]).await;
    assert_eq!(named().await, Some((None, 2)));
}

#[tokio::test]
async fn the_command_says_what_is_wrong() {
    let app = TestApp::plan().instances(0).start().await;
    let month = this_month(&app).to_string();
    for (arguments, status, words) in [
        (
            ["bills", "run", "--compound", "GY", "--month", "2026-13"],
            2,
            "2026-11",
        ),
        (
            ["bills", "run", "--compound", "NO", "--month", &month],
            2,
            "NO",
        ),
        (
            ["bills", "run", "--compound", "GY/1", "--month", &month],
            2,
            "小区",
        ),
        (
            ["bills", "run", "--compound", "GY", "--month", "2199-01"],
            2,
            "月",
        ),
    ] {
        let output = program::run(&app.variables, &arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let arguments = ["bills", "run", "--compound", "GY", "--month", &month];
    let output = program::run(&app.variables, &arguments).await;
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("6户, 账单0张, 合计0.00元"), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("没有收费项目"));
}
