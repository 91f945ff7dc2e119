//! What people at the console do on a walk: cash, refunds, waivers and credits, by two at once as it may be.

use entity::money::{PaymentState, RefundState, WaiverState};
use entity::{bill_line, refund, waiver};
use linli::base::fen::Fen;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Slip, Walk, fen, pick};
use crate::payment::house::{Answered, Visitor};
use crate::payment::payments;

impl Walk<'_> {
    async fn send_slip(&self, slip: &Slip) -> Option<bool> {
        let amount = Fen(slip.fen).to_string();
        let fields = [
            ("mark", slip.mark.as_str()),
            ("home", slip.home),
            ("way", "cash"),
            ("amount", &amount),
        ];
        let take = "/console/payments/take";
        let answered = self.staff[2].0.post(self.url(), take, &fields).await?;
        match answered.status {
            303 => Some(true),
            409 => Some(false),
            503 => None,
            _ => panic!("{answered:?}"),
        }
    }

    pub(super) async fn cash(&self) {
        let slip = {
            let mut known = self.known.lock().unwrap();
            let count = known.slips.len();
            if pick(&self.dice, 3) == 0 && count > 0 {
                known.slips[pick(&self.dice, count)].clone()
            } else {
                let slip = Slip {
                    mark: format!("slip{count:04}"),
                    home: self.one_of(&self.homes).unwrap().1,
                    fen: fen(&self.dice, 2_000),
                    taken: None,
                };
                known.slips.push(slip.clone());
                slip
            }
        };
        let taken = self.send_slip(&slip).await;
        self.note(&slip.mark, taken);
    }

    fn note(&self, mark: &str, taken: Option<bool>) {
        let mut known = self.known.lock().unwrap();
        let slip = known.slips.iter_mut().find(|slip| slip.mark == mark);
        let slip = slip.unwrap();
        assert!(
            slip.taken != Some(true) || taken != Some(false),
            "{mark} was taken and is refused"
        );
        slip.taken = taken.or(slip.taken);
    }

    pub(super) async fn ask_refund(&self) {
        let mut all = payments(self.app).await;
        all.retain(|row| row.state == PaymentState::Paid);
        let Some(row) = self.one_of(&all) else {
            return;
        };
        let amount = match pick(&self.dice, 3) {
            0 => row.amount,
            _ => fen(&self.dice, usize::try_from(row.amount).unwrap()),
        };
        let amount = Fen(amount).to_string();
        let path = format!("/console/payments/{}/refund", row.id);
        let fields = [("amount", amount.as_str()), ("reason", "多交了")];
        self.clerk().0.post(self.url(), &path, &fields).await;
    }

    /// Somebody says yes or no to what waits; nobody to what they asked for themselves.
    pub(super) async fn decide(&self) {
        let db = self.app.store.read();
        let asked = refund::Entity::find()
            .filter(refund::COLUMN.state.eq(RefundState::Asked))
            .all(db);
        let waits = waiver::Entity::find()
            .filter(waiver::COLUMN.state.eq(WaiverState::Asked))
            .all(db);
        let refunds = asked.await.unwrap().into_iter();
        let waivers = waits.await.unwrap().into_iter();
        let refunds = refunds.map(|row| (format!("refunds/{}", row.id), row.asked_by));
        let waivers = waivers.map(|row| (format!("waivers/{}", row.id), Some(row.asked_by)));
        let all: Vec<(String, Option<i64>)> = refunds.chain(waivers).collect();
        let Some((what, by)) = self.one_of(&all) else {
            return;
        };
        let act = ["grant", "grant", "grant", "refuse"][pick(&self.dice, 4)];
        let path = format!("/console/payments/{what}/{act}");
        // Two at once, as it may be.
        let (one, two) = (self.clerk(), self.clerk());
        let (a, b) = futures_util::join!(
            one.0.post(self.url(), &path, &[]),
            two.0.post(self.url(), &path, &[])
        );
        let done =
            |answered: &Option<Answered>| answered.as_ref().is_some_and(|one| one.status == 303);
        assert!(!(done(&a) && done(&b)), "{what} was decided twice");
        for (answered, id) in [(&a, one.1), (&b, two.1)] {
            assert!(!done(answered) || *by != Some(id), "{what}: their own");
        }
    }

    async fn granted(&self) -> Vec<refund::Model> {
        let granted = refund::Entity::find()
            .filter(refund::COLUMN.state.eq(RefundState::Granted))
            .order_by_asc(refund::COLUMN.id)
            .all(self.app.store.read());
        granted.await.unwrap()
    }

    async fn say_paid(&self, visitor: &Visitor, row: &refund::Model) -> bool {
        let path = format!("/console/payments/refunds/{}/paid", row.id);
        let fields = [("source", "assets:cash")];
        let answered = visitor
            .post_picture(self.url(), &path, &fields, "proof")
            .await;
        answered.is_some_and(|one| one.status == 303)
    }

    /// Somebody pays out what was granted, two at once as it may be; nobody what they asked for themselves.
    pub(super) async fn pay_out(&self) {
        let granted = self.granted().await;
        let Some(row) = self.one_of(&granted) else {
            return;
        };
        let (one, two) = (self.clerk(), self.clerk());
        let (a, b) = futures_util::join!(self.say_paid(&one.0, row), self.say_paid(&two.0, row));
        assert!(!(a && b), "{row:?} was paid out twice");
        for (done, id) in [(a, one.1), (b, two.1)] {
            assert!(!done || row.asked_by != Some(id), "{row:?}: their own");
        }
    }

    /// What was granted is paid out by whoever may.
    pub(super) async fn pay_all_out(&self) {
        for row in self.granted().await {
            // Those who keep the money.
            let others = self.staff[..2]
                .iter()
                .filter(|(_, id)| row.asked_by != Some(*id));
            let mut done = false;
            for (visitor, _) in others {
                done = done || self.say_paid(visitor, &row).await;
            }
            assert!(done, "{row:?} was not paid out");
        }
    }

    pub(super) async fn ask_waiver(&self) {
        let bills = self.bills().await;
        let bill = self.one_of(&bills).unwrap().id.to_string();
        let amount = Fen(fen(&self.dice, 80)).to_string();
        let fields = [
            ("bill", bill.as_str()),
            ("amount", &amount),
            ("reason", "低保户"),
        ];
        let path = "/console/payments/waivers";
        let clerk = &self.clerk().0;
        clerk.post_picture(self.url(), path, &fields, "proof").await;
    }

    pub(super) async fn credit(&self) {
        let lines = bill_line::Entity::find()
            .filter(bill_line::COLUMN.corrects.is_null())
            .order_by_asc(bill_line::COLUMN.id)
            .all(self.app.store.read())
            .await
            .unwrap();
        let line = self.one_of(&lines).unwrap();
        let reason = {
            let mut known = self.known.lock().unwrap();
            let reason = format!("更正第{}次", known.credits.len());
            known.credits.insert(reason.clone(), false);
            reason
        };
        let (id, amount) = (line.id.to_string(), Fen(fen(&self.dice, 120)).to_string());
        let fields = [
            ("line", id.as_str()),
            ("amount", &amount),
            ("reason", &reason),
        ];
        let path = format!("/console/bills/{}/credit", line.bill_id);
        let answered = self.staff[0].0.post(self.url(), &path, &fields).await;
        if answered.is_some_and(|one| one.status == 303) {
            self.known.lock().unwrap().credits.insert(reason, true);
        }
    }

    /// Slips that got no answer are sent until they do.
    pub(super) async fn insist(&self) {
        let slips = self.known.lock().unwrap().slips.clone();
        for slip in slips.iter().filter(|slip| slip.taken.is_none()) {
            let taken = self.send_slip(slip).await;
            assert!(taken.is_some(), "{} was not answered", slip.mark);
            self.note(&slip.mark, taken);
        }
    }
}
