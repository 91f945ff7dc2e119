-- For pgbench: the statements that the program sends when the platform tells of a payment, as `cargo bench
-- --bench load -- capture` shows them. The program has two transactions, one before its answer and one behind
-- it; here it is one. What the program binds is a variable; benches/load gives the first number, how many each
-- client has, and the times. Keys are made of the same letters; `/` stands for the colon, which begins a
-- variable here.
-- given event=TRANSACTION.SUCCESS
-- given body={"appid": "wx", "mchid": "1900000109", "total": 10060, "currency": "CNY", "success_at": 1796015695, "payer_total": 10060, "trade_state": "SUCCESS", "out_trade_no": "P000000000000000000000000000060", "transaction_id": "4200002611000000000000000060"}
-- given received=received
-- given notice=payment.notice
-- given payload_1={"notice": 60}
-- given pending=pending
-- given n0=0
-- given n1=1
-- given paid=paid
-- given open=open
-- given settled=settled
-- given kind=payment
-- given told=payment.told
-- given payload_2={"what": "received", "about": 60, "payment": 60}
-- given system=system
-- given action=payment.paid
-- given detail={"fen": 10060}
-- given done=done
\set turn :turn + 1
\set payment :first + :client_id * :share + :turn
\set account 1 + :payment % :accounts
\set compound 100 + :account
\set credit 2 * :account - 1
\set debit 2 * :account
BEGIN;
SELECT "payment"."id", "payment"."compound_id", "payment"."home_id", "payment"."payer_id", "payment"."account_id", "payment"."way", "payment"."state", "payment"."amount", "payment"."bills", "payment"."merchant", "payment"."mch_id", "payment"."app_id", "payment"."open_id", "payment"."out_trade_no", "payment"."prepay_id", "payment"."prepaid_at", "payment"."transaction_id", "payment"."proof_id", "payment"."note", "payment"."recorded_by", "payment"."expires_at", "payment"."asked", "payment"."paid_at", "payment"."day", "payment"."created_at", "payment"."updated_at" FROM "payment" WHERE "payment"."out_trade_no" = 'P' || lpad(:payment::text, 30, '0') AND "payment"."merchant" = 'm' || :account LIMIT :n1;
INSERT INTO "payment_notice" ("merchant", "notice_id", "kind", "compound_id", "out_trade_no", "body", "state", "created_at", "done_at") VALUES ('m' || :account, 'EV-' || '4200002611' || lpad(:payment::text, 18, '0'), :event, :compound, 'P' || lpad(:payment::text, 30, '0'), :body, :received, :now, NULL) ON CONFLICT ("merchant", "notice_id") DO NOTHING RETURNING "id", "merchant", "notice_id", "kind", "compound_id", "out_trade_no", "body", "state", "error", "created_at", "done_at"
\gset notice_
INSERT INTO "reminder" ("dedupe_key", "kind", "recipient_id", "recipient_account_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "created_at") VALUES ('payment-notice/' || :notice_id, :notice, NULL, NULL, NULL, 'payment-notice/' || :notice_id, :payload_1, :soon, :pending, :n0, :soon, :now) ON CONFLICT ("dedupe_key") DO NOTHING RETURNING "id", "dedupe_key", "kind", "recipient_id", "recipient_account_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "lease", "leased_until", "last_error", "created_at", "done_at";
SELECT "payment_notice"."id", "payment_notice"."merchant", "payment_notice"."notice_id", "payment_notice"."kind", "payment_notice"."compound_id", "payment_notice"."out_trade_no", "payment_notice"."body", "payment_notice"."state", "payment_notice"."error", "payment_notice"."created_at", "payment_notice"."done_at" FROM "payment_notice" WHERE "payment_notice"."id" = :notice_id LIMIT :n1 FOR UPDATE;
SELECT "payment"."id", "payment"."compound_id", "payment"."home_id", "payment"."payer_id", "payment"."account_id", "payment"."way", "payment"."state", "payment"."amount", "payment"."bills", "payment"."merchant", "payment"."mch_id", "payment"."app_id", "payment"."open_id", "payment"."out_trade_no", "payment"."prepay_id", "payment"."prepaid_at", "payment"."transaction_id", "payment"."proof_id", "payment"."note", "payment"."recorded_by", "payment"."expires_at", "payment"."asked", "payment"."paid_at", "payment"."day", "payment"."created_at", "payment"."updated_at" FROM "payment" WHERE "payment"."out_trade_no" = 'P' || lpad(:payment::text, 30, '0') OR "payment"."transaction_id" = '4200002611' || lpad(:payment::text, 18, '0') ORDER BY "payment"."id" ASC FOR UPDATE
\gset payment_
UPDATE "payment" SET "state" = :paid, "transaction_id" = '4200002611' || lpad(:payment::text, 18, '0'), "paid_at" = :now, "day" = :day, "updated_at" = :now WHERE "payment"."id" = :payment_id AND "payment"."state" = :open;
SELECT "bill"."id", "bill"."compound_id", "bill"."home_id", "bill"."payer_id", "bill"."month", "bill"."from_day", "bill"."to_day", "bill"."due_on", "bill"."amount", "bill"."credited", "bill"."paid", "bill"."waived", "bill"."state", "bill"."settled_at", "bill"."created_at", "bill"."updated_at" FROM "bill" WHERE "bill"."home_id" = :payment_home_id AND ("bill"."state" = :open OR "bill"."id" IN (:payment)) ORDER BY "bill"."id" ASC FOR UPDATE
\gset bill_
UPDATE "bill" SET "credited" = :n0, "paid" = :payment_amount, "waived" = :n0, "state" = :settled, "settled_at" = :now, "updated_at" = :now WHERE "bill"."id" = :bill_id AND "bill"."paid" = :n0 AND "bill"."credited" = :n0 AND "bill"."waived" = :n0 RETURNING "id", "compound_id", "home_id", "payer_id", "month", "from_day", "to_day", "due_on", "amount", "credited", "paid", "waived", "state", "settled_at", "created_at", "updated_at";
SELECT "ledger_account"."id", "ledger_account"."compound_id", "ledger_account"."code", "ledger_account"."created_at" FROM "ledger_account" WHERE "ledger_account"."compound_id" IN (:compound);
INSERT INTO "ledger_entry" ("compound_id", "day", "cause", "kind", "memo", "reverses", "actor_id", "created_at") VALUES (:compound, :day, 'payment/' || :payment_id || '/paid', :kind, '缴费 #' || :payment_id || ' 微信支付', NULL, NULL, :now) RETURNING "id"
\gset entry_
INSERT INTO "receipt_counter" ("compound_id", "last") VALUES (:compound, :n1) ON CONFLICT ("compound_id") DO UPDATE SET "last" = "receipt_counter"."last" + :n1 RETURNING "compound_id", "last"
\gset counter_
INSERT INTO "receipt" ("compound_id", "number", "payment_id", "token", "amount", "created_at") VALUES (:compound, :counter_last, :payment_id, md5('load' || :payment_id), :payment_amount, :now) RETURNING "id", "compound_id", "number", "payment_id", "token", "amount", "created_at"
\gset receipt_
SELECT "account"."person_id" FROM "account" WHERE "account"."person_id" IN (:payment_payer_id) UNION (SELECT "person"."id" FROM "person" WHERE "person"."id" IN (:payment_payer_id) AND "person"."wecom_userid" IS NOT NULL);
INSERT INTO "reminder" ("dedupe_key", "kind", "recipient_id", "recipient_account_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "created_at") VALUES ('payment/' || :payment_id || '/received/' || :receipt_id, :told, :payment_payer_id, NULL, :compound, 'payment/' || :payment_id, :payload_2, :now, :pending, :n0, :now, :now) ON CONFLICT ("dedupe_key") DO NOTHING RETURNING "id", "dedupe_key", "kind", "recipient_id", "recipient_account_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "lease", "leased_until", "last_error", "created_at", "done_at";
WITH "part_1" AS (INSERT INTO "payment_part" ("payment_id", "compound_id", "bill_id", "amount", "created_at") VALUES (:payment_id, :compound, :bill_id, :payment_amount, :now)) , "part_2" AS (INSERT INTO "ledger_transfer" ("entry_id", "compound_id", "day", "debit_id", "credit_id", "amount") VALUES (:entry_id, :compound, :day, :debit, :credit, :payment_amount)) , "part_3" AS (INSERT INTO "audit" ("at", "actor_kind", "actor_id", "account_id", "action", "subject", "compound_id", "detail") VALUES (:now, :system, NULL, NULL, :action, 'payment/' || :payment_id, :compound, :detail)) UPDATE "payment_notice" SET "state" = :done, "error" = NULL, "done_at" = :now WHERE "payment_notice"."id" = :notice_id AND "payment_notice"."state" = :received;
COMMIT;
