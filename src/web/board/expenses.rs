//! `/board/{compound}/expenses`: the expenses of a compound that are or were published, for everybody: what for,
//! how much, where it stands. Nobody's name, and not who gets the money, which may be a person's.

use std::fmt::Write as _;

use entity::expense;
use entity::kinds::PlaceKind;
use entity::money::ExpenseState;
use poem::web::{Data, Path};
use poem::{Request, Response, handler};

use super::{answer, limited, no_compound, show};
use crate::app::App;
use crate::base::clock::{Moment, china};
use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::expense::queries::on_board;
use crate::expense::{account_says, anchor, state_says};
use crate::place::queries as places;
use crate::web::pages::{escape, to_board};

/// `GET /board/:compound/expenses`
///
/// # Errors
/// The database's; `too_many` for an address that asks too often.
#[handler]
pub async fn show_list(
    Data(app): Data<&App>,
    Path(code): Path<String>,
    request: &Request,
) -> Result<Response, Fault> {
    limited(app, request).await?;
    let found = places::by_code(app.store.read(), &code).await?;
    let Some(compound) = found.filter(|place| place.kind == PlaceKind::Compound) else {
        return Ok(no_compound());
    };
    let all = on_board(app.store.read(), compound.id).await?;
    let paid =
        |row: &&expense::Model| matches!(row.state, ExpenseState::Paid | ExpenseState::Closed);
    let (after, before): (Vec<_>, Vec<_>) = all.iter().partition(paid);
    let mut body =
        "<p>每一笔支出都要三道审核、事前公示、街道备案，才能支付；支付后再公示。</p>\n".to_owned();
    table(&mut body, "事前公示", "公示到", &before, |row| {
        row.publish_until
    });
    body.push_str(
        "<p>有意见的居民，公示期内在微信里回复“支出异议 编号 您的意见”，就是一件必须答复的诉求；答复之前不会付款。</p>\n",
    );
    table(&mut body, "事后公示", "支付", &after, |row| {
        row.paid_at
    });
    body.push_str(&to_board(&compound));
    let html = show::sheet(&compound.name, "支出公示", &body);
    Ok(answer(request, html))
}

fn table(
    out: &mut String,
    title: &str,
    when: &str,
    rows: &[&expense::Model],
    at: impl Fn(&expense::Model) -> Option<Moment>,
) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<section>\n<h2>{title}</h2>");
    if rows.is_empty() {
        out.push_str("<p>现在没有。</p>\n</section>\n");
        return;
    }
    let _ = writeln!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"{title}\"><table class=\"cards\"><thead><tr>\
         <th scope=\"col\">编号</th><th scope=\"col\">做什么用</th><th scope=\"col\">类别</th>\
         <th scope=\"col\" class=\"amount\">金额（元）</th><th scope=\"col\">状态</th><th scope=\"col\">{when}</th></tr></thead><tbody>"
    );
    for row in rows {
        let day = at(row).map(|at| china(at).format("%Y年%-m月%-d日").to_string());
        let _ = writeln!(
            out,
            "<tr id=\"{}\"><td data-label=\"编号\">{}</td><th scope=\"row\">{}<br><span class=\"soft\">{}</span></th><td data-label=\"类别\">{}</td>\
             <td data-label=\"金额（元）\" class=\"amount\">{}</td><td data-label=\"状态\">{}</td><td data-label=\"{when}\">{}</td></tr>",
            anchor(row.id),
            row.id,
            escape(&row.title),
            escape(&row.purpose),
            account_says(&row.account),
            Fen(row.amount).in_groups(),
            state_says(row.state),
            day.unwrap_or_default()
        );
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}
