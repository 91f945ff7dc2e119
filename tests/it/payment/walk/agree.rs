//! What a walk knows by itself, held against the rows, the books and the platform.

use entity::money::{BillState, PayWay, RefundState, WaiverState};
use entity::{bill, bill_line, payment, refund, waiver};
use linli::ledger::Account;
use linli::ledger::queries::{Days, moved};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::Walk;
use crate::payment::{payments, refunds};

impl Walk<'_> {
    /// What the walk knows is what the rows and the books say.
    pub async fn agrees(&self) {
        let db = self.app.store.read();
        let (all, back) = (payments(self.app).await, refunds(self.app).await);
        let reasons = self.remembered(&all, &back);
        let lines = bill_line::Entity::find().all(db).await.unwrap();
        for (reason, done) in &reasons {
            let count = lines.iter().filter(|line| line.basis == *reason).count();
            assert!(count == 1 || (count == 0 && !done), "{reason}: {count}");
        }
        self.given_back(&all, &back);
        self.books(&all, &back).await;
    }

    /// Each payment that the walk remembers is in one place, and the cash is its slips; why bills were corrected.
    fn remembered(&self, all: &[payment::Model], back: &[refund::Model]) -> Vec<(String, bool)> {
        let known = self.known.lock().unwrap();
        for (id, fen) in &known.paid {
            let credited = all
                .iter()
                .filter(|row| row.transaction_id.as_ref() == Some(id));
            let owed = back.iter().filter(|row| {
                let paid = all
                    .iter()
                    .find(|paid| Some(paid.id) == row.payment_id)
                    .unwrap();
                row.transaction_id.as_ref() == Some(id) && paid.transaction_id.as_ref() != Some(id)
            });
            let amounts = credited
                .map(|row| row.amount)
                .chain(owed.map(|row| row.amount));
            let amounts: Vec<i64> = amounts.collect();
            assert_eq!(amounts, [*fen], "where {id} went");
        }
        let cash = |row: &&payment::Model| row.way == PayWay::Cash;
        let mut taken: Vec<(String, i64)> = all
            .iter()
            .filter(cash)
            .map(|row| (row.out_trade_no.clone().unwrap(), row.amount))
            .collect();
        let slips = known.slips.iter().filter(|slip| slip.taken == Some(true));
        let mut slips: Vec<(String, i64)> =
            slips.map(|slip| (slip.mark.clone(), slip.fen)).collect();
        taken.sort();
        slips.sort();
        assert_eq!(taken, slips, "cash");
        known.credits.clone().into_iter().collect()
    }

    /// What the platform gave back is what we say that it gave back, each once.
    fn given_back(&self, all: &[payment::Model], back: &[refund::Model]) {
        let theirs = self.app.platform.pay_refunds();
        let mut theirs: Vec<(String, i64)> = theirs
            .into_iter()
            .map(|one| (one.out_refund_no, one.refund))
            .collect();
        let wechat = |row: &&refund::Model| {
            let paid = all
                .iter()
                .find(|paid| Some(paid.id) == row.payment_id)
                .unwrap();
            paid.way == PayWay::Wechat && row.state == RefundState::Done
        };
        let mut ours: Vec<(String, i64)> = back
            .iter()
            .filter(wechat)
            .map(|row| (row.out_refund_no.clone(), row.amount))
            .collect();
        theirs.sort();
        ours.sort();
        assert_eq!(theirs, ours, "refunds");
    }

    /// Each account against the rows that it stands for.
    async fn books(&self, all: &[payment::Model], back: &[refund::Model]) {
        let db = self.app.store.read();
        let compound = self.app.place("GY").await.id;
        let sums = moved(db, compound, Days::default()).await.unwrap();
        let of = |account: Account| sums.get(&account).map_or(0, |one| one.balance(account));
        let cash: i64 = all
            .iter()
            .filter(|row| row.way == PayWay::Cash)
            .map(|row| {
                let gone = back.iter().filter(|one| one.payment_id == Some(row.id));
                let gone = gone.filter(|one| one.state == RefundState::Done);
                row.amount - gone.map(|one| one.amount).sum::<i64>()
            })
            .sum();
        assert_eq!(of(Account::Cash), cash, "cash");
        let bills = self.bills().await;
        let sum = |part: fn(&bill::Model) -> i64| bills.iter().map(part).sum::<i64>();
        assert_eq!(of(Account::ExpenseWaiver), sum(|bill| bill.waived));
        assert_eq!(
            of(Account::IncomeProperty),
            sum(|bill| bill.amount - bill.credited)
        );
        let waivers = waiver::Entity::find()
            .filter(waiver::COLUMN.state.eq(WaiverState::Granted))
            .all(db)
            .await
            .unwrap();
        let granted: i64 = waivers.iter().map(|row| row.amount).sum();
        assert_eq!(granted, sum(|bill| bill.waived), "waivers");
        assert!(bills.iter().all(|bill| bill.state != BillState::Settled
            || bill.amount == bill.credited + bill.paid + bill.waived));
    }
}
