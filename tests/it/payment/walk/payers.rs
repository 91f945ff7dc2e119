//! What payers and the post office do on a walk: orders, money, notifications that come again, and looks at what became
//! of it.

use entity::bill;
use linli::payment::actions::order::Wish;
use linli::payment::link;

use super::{Walk, fen, pick};
use crate::payment::{link_in, payments};

/// The platform's signatures hold so many seconds.
const HOLDS: i64 = 300;

impl Walk<'_> {
    fn wish(&self, bills: &[bill::Model]) -> Wish {
        let (home_id, _) = *self.one_of(&self.homes).unwrap();
        let own: Vec<i64> = bills
            .iter()
            .filter(|bill| bill.home_id == home_id)
            .map(|bill| bill.id)
            .collect();
        let meant = match pick(&self.dice, 4) {
            0 => Vec::new(),
            1 => own,
            _ => vec![*self.one_of(&own).unwrap()],
        };
        let amount = match pick(&self.dice, 3) {
            0 => Some(fen(&self.dice, 3_000)),
            _ if meant.is_empty() => Some(500),
            _ => None,
        };
        Wish {
            home_id,
            bills: meant,
            amount,
            donation: None,
        }
    }

    pub(super) async fn order(&self) {
        let wish = self.wish(&self.bills().await);
        let path = link_in(&link::pay(&self.parts, &wish));
        let payer = self.one_of(&self.payers).unwrap();
        let Some(answered) = payer.post(self.url(), &path, &[]).await else {
            return;
        };
        assert_ne!(answered.status, 500, "{answered:?}");
        if let Some(rest) = answered.body.split("prepay_id=").nth(1) {
            let prepay = rest.split('"').next().unwrap().to_owned();
            self.known.lock().unwrap().windows.push(prepay);
        }
    }

    pub(super) fn pay(&self) {
        let windows = self.known.lock().unwrap().windows.clone();
        let Some(window) = self.one_of(&windows) else {
            return;
        };
        if let Ok(id) = self.app.platform.pay(window) {
            let all = self.app.platform.pay_orders();
            let order = all
                .iter()
                .find(|order| order.transaction_id.as_ref() == Some(&id));
            let total = order.unwrap().total;
            self.known.lock().unwrap().paid.insert(id, total);
        }
    }

    /// A notification that came before, as it was or changed on the way.
    pub(super) async fn replay(&self) {
        let all = self.office.letters.lock().unwrap().clone();
        let Some(letter) = self.one_of(&all) else {
            return;
        };
        let (mut other, way) = (letter.clone(), pick(&self.dice, 5));
        match way {
            0 => other = letter.tampered(),
            1 => other.path = letter.path.replace("/pay/sandbox/", "/pay/other/"),
            2 => other = letter.with("wechatpay-nonce", "x"),
            _ => {}
        }
        let age = letter.age(self.app.now().timestamp());
        let Some((status, body)) = other.try_to(self.url()).await else {
            return;
        };
        match way {
            0 | 2 => assert_eq!(status, 401, "{body}"),
            1 => assert_eq!(status, 404, "{body}"),
            // While a process starts its clock is not the test's.
            _ if age > HOLDS + 5 => assert!([401, 204].contains(&status), "{status} {body}"),
            _ => assert!([204, 401, 503].contains(&status), "{status} {body}"),
        }
    }

    /// A payer comes back from the window.
    pub(super) async fn come_back(&self) {
        let all = payments(self.app).await;
        if let Some(row) = self.one_of(&all) {
            let wish = Wish {
                home_id: row.home_id,
                bills: Vec::new(),
                amount: Some(row.amount),
                donation: None,
            };
            let path = link_in(&link::pay(&self.parts, &wish));
            let url = format!("{}{path}?back={}", self.url(), row.id);
            self.one_of(&self.payers).unwrap().open(&url).await;
        }
    }
}
