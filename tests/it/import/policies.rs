//! `response_policies.csv`: what is taken, what is refused, and that it goes out as it came.

use entity::kinds::{Grade, Level};
use entity::response_policy;

use super::*;

#[tokio::test]
async fn policies_come_in_by_grade_and_level_and_go_out_as_they_came() {
    let desk = Desk::open().await;
    desk.put("places.csv", TREE);
    desk.put(
        "response_policies.csv",
        "place_code,accept_minutes,finish_minutes,grade,level,arrive_minutes,plan_minutes,calendar\n\
         GY,5,30,,,,,\n\
         GY,5,240,重大,,5,,\n\
         GY,5,,complex,,,1440,工作日\n\
         S,30,480,ordinary,社区,,,办公时间\n",
    );
    let report = desk.import().await;
    assert_eq!(report.bad, []);
    let rows = response_policy::Entity::find()
        .order_by_asc(response_policy::COLUMN.id)
        .all(desk.store.read())
        .await
        .unwrap();
    let grades: Vec<Grade> = rows.iter().map(|row| row.grade).collect();
    use Grade::{Complex, Major, Ordinary};
    assert_eq!(grades, [Ordinary, Major, Complex, Ordinary]);
    assert_eq!(
        (rows[2].finish_minutes, rows[2].plan_minutes),
        (None, Some(1_440))
    );
    assert_eq!(rows[3].level, Some(Level::Community));
    assert!(rows[0].calendar_id.is_none() && rows[3].calendar_id.is_some());
    let again = desk.import().await;
    assert_eq!((total(&again).new, total(&again).changed), (0, 0));

    let shape = import::tables::shape("response_policies").unwrap();
    let out = linli::command::export::read(&desk.store, &desk.seal, &[shape]).await;
    let csv = linli::report::sheet::csv(&out.unwrap().pop().unwrap()).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    let lines: Vec<&str> = csv.lines().skip(1).collect();
    assert_eq!(lines[2], "GY,5,,complex,,,1440,工作日");
    assert_eq!(lines[3], "S,30,480,ordinary,community,,,办公时间");
}

#[tokio::test]
async fn absurd_policies_are_refused_with_line_and_reason() {
    let desk = Desk::open().await;
    desk.put("places.csv", TREE);
    desk.put(
        "response_policies.csv",
        "place_code,accept_minutes,finish_minutes,grade,level,arrive_minutes,plan_minutes,calendar\n\
         GY,0,30,,,,,\n\
         GY,60,30,,,,,\n\
         GY,5,,,,,,\n\
         GY,5,30,huge,,,,\n\
         GY,5,30,,moon,,,\n\
         GY,5,30,,,,60,\n\
         GY,5,30,major,,,,没有这个\n\
         GY,5,30,,,,,\n\
         GY,5,40,普通,,,,\n",
    );
    let report = desk.import().await;
    assert!(report.outcome.is_none());
    let said: Vec<String> = report.bad.iter().map(ToString::to_string).collect();
    for want in [
        "response_policies.csv 第2行 第2列 accept_minutes",
        "response_policies.csv 第3行 第2列 accept_minutes: 接单时限不能比",
        "response_policies.csv 第4行 第3列 finish_minutes: 办结时限和方案时限至少要有一个",
        "response_policies.csv 第5行 第4列 grade: “huge”不是可用的值",
        "response_policies.csv 第6行 第5列 level: “moon”不是可用的值",
        "response_policies.csv 第7行 第7列 plan_minutes: 方案时限不能比",
        "response_policies.csv 第8行 第8列 calendar: 没有这个日历",
        "response_policies.csv 第10行 第1列 place_code: 与第9行重复",
    ] {
        assert!(
            said.iter().any(|line| line.starts_with(want)),
            "{want}: {said:#?}"
        );
    }
    assert_eq!(said.len(), 8, "{said:#?}");
}
