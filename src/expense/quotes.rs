//! Whether an expense fits its quotes: each with its file, enough of them, the payee among them, no more than was
//! asked for, and a reason for whoever is not the cheapest. Asked when an expense is handed in. Pure.

use std::collections::HashSet;

use entity::{expense, expense_quote};

use crate::base::fault::Fault;
use crate::base::fen::Fen;
use crate::expense::chain::Rules;

/// Whether it fits. For what needs a tender the tender stands for the quotes.
///
/// # Errors
/// `invalid` beside the field that does not.
pub fn fit(
    row: &expense::Model,
    quotes: &[expense_quote::Model],
    rules: &Rules,
) -> Result<(), Fault> {
    filed(quotes)?;
    let suppliers: HashSet<&str> = quotes.iter().map(|quote| quote.supplier.as_str()).collect();
    let needed = row.amount >= rules.quotes_from && !rules.needs_tender(row.amount);
    let least = usize::try_from(rules.quotes_least).unwrap_or(usize::MAX);
    if needed && suppliers.len() < least {
        let words = format!(
            "{}元以上的支出要有{}家报价，现在有{}家。",
            Fen(rules.quotes_from).in_groups(),
            rules.quotes_least,
            suppliers.len()
        );
        return Err(Fault::invalid("supplier", words));
    }
    let own = quotes.iter().filter(|quote| quote.supplier == row.payee);
    let Some(own) = own.map(|quote| quote.amount).min() else {
        return match needed {
            true => Err(Fault::invalid("payee", "收款方要是报价的供应商之一。")),
            false => Ok(()),
        };
    };
    if row.amount > own {
        let words = format!("金额不能超过收款方的报价{}元。", Fen(own).in_groups());
        return Err(Fault::invalid("amount", words));
    }
    let lowest = quotes.iter().map(|quote| quote.amount).min();
    if lowest.is_some_and(|lowest| lowest < own) && row.choice.is_none() {
        return Err(Fault::invalid(
            "choice",
            "不是最低的报价，请写明为什么选它。",
        ));
    }
    Ok(())
}

/// A typed amount shows nothing: each quote has what the supplier wrote. Drafts of before that was asked for may hold
/// some without.
fn filed(quotes: &[expense_quote::Model]) -> Result<(), Fault> {
    let bare = quotes.iter().filter(|quote| quote.attachment_id.is_none());
    let bare: Vec<&str> = bare.map(|quote| quote.supplier.as_str()).collect();
    if bare.is_empty() {
        return Ok(());
    }
    let words = format!(
        "{}的报价没有附报价单。请删除后重新添加，附上报价单的照片或PDF。",
        bare.join("、")
    );
    Err(Fault::invalid("supplier", words))
}
