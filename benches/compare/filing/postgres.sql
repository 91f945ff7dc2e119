-- For pgbench: the statements that the program sends when a resident files a case by the chat, in
-- one transaction, as `cargo bench --bench load -- capture` shows them. What the program binds is a
-- variable here; benches/load gives the times, the long texts and, from the lines below, the words.
-- Keys are made of the same letters; `/` stands for the colon, which begins a variable here.
-- given official=official
-- given yes=t
-- given n5=5
-- given n1=1
-- given declared=declared
-- given verified=verified
-- given building=building
-- given word_1=GY/3
-- given word_2=3栋
-- given word_3=3幢
-- given word_4=3号楼
-- given n2=2
-- given n3=3
-- given n4=4
-- given steward=steward
-- given grid_worker=grid_worker
-- given party_member=party_member
-- given property_staff=property_staff
-- given property_manager=property_manager
-- given committee_member=committee_member
-- given committee_chair=committee_chair
-- given community_secretary=community_secretary
-- given street_officer=street_officer
-- given department_liaison=department_liaison
-- given mediator=mediator
-- given repair=repair
-- given lift=lift
-- given ordinary=ordinary
-- given assigned=assigned
-- given gathered=gathered
-- given compound=compound
-- given n6=6
-- given no=f
-- given n0=0
-- given filed=filed
-- given raised=raised
-- given resident=resident
-- given system=system
-- given dispatched=dispatched
-- given word_5=物业1（物业）
-- given case_file=case.file
-- given payload_1={"kind": "报修", "found": true}
-- given case_task=case.task
-- given payload_2={"case": 21, "what": "task", "round": 1, "holder": 6}
-- given pending=pending
-- given case_accept_clock=case.accept-clock
-- given payload_3={"due": 1795219101643, "case": 21, "round": 1, "minutes": 5}
-- given case_finish_clock=case.finish-clock
-- given payload_4={"due": 1795220601643, "case": 21, "round": 1, "minutes": 0}
-- given complaint=complaint
-- given suggestion=suggestion
-- given accepted=accepted
-- given arrived=arrived
-- given paused=paused
-- given n100=100
-- given dialog={"choices": [{"digit": "1", "command": "我也遇到 20 21"}, {"digit": "2", "command": "我也遇到 19 21"}, {"digit": "3", "command": "我也遇到 18 21"}], "until_ms": 1796034813999}
\set account random(1, :accounts)
\set message random(1, 9000000000000000000)
BEGIN;
INSERT INTO "inbound" ("key", "received_at") VALUES ('official/msg/' || :message, :now) ON CONFLICT ("key") DO NOTHING;
INSERT INTO "account" ("channel", "external_id", "followed", "window_until", "window_left", "last_inbound_at", "created_at") VALUES (:official, 'oLinliLoadAccount-' || :account, :yes, :window, :n5, :now, :now) ON CONFLICT ("channel", "external_id") DO UPDATE SET "followed" = "excluded"."followed", "last_inbound_at" = "excluded"."last_inbound_at", "window_until" = "excluded"."window_until", "window_left" = "excluded"."window_left" RETURNING "id", "channel", "external_id", "union_id", "person_id", "compound_id", "followed", "window_until", "window_left", "dialog", "last_inbound_at", "created_at"
\gset account_
SELECT "person"."id", "person"."key", "person"."name", "person"."phone_sealed", "person"."phone_index", "person"."party_member", "person"."wecom_userid", "person"."left_at", "person"."created_at", "person"."updated_at", "binding"."id" AS "tie_id", "binding"."place_id" AS "home_id", "binding"."compound_id" AS "home_compound_id", "binding"."state" AS "home_state", "home"."code" AS "home_code", "home"."path" AS "home_path", "role"."id" AS "role_id", "role"."role" AS "role", "role"."place_id" AS "role_place_id", "role"."compound_id" AS "role_compound_id", "role"."organisation_id" AS "role_organisation_id", "reach"."path" AS "reach_path" FROM "account" INNER JOIN "person" ON "account"."person_id" = "person"."id" LEFT JOIN "binding" ON "account"."id" = "binding"."account_id" AND "binding"."state" IN (:declared, :verified) LEFT JOIN "place" AS "home" ON "binding"."place_id" = "home"."id" LEFT JOIN "role" ON "person"."id" = "role"."person_id" AND ("role"."from_at" <= :now AND ("role"."to_at" IS NULL OR "role"."to_at" > :now)) LEFT JOIN "place" AS "reach" ON "role"."place_id" = "reach"."id" WHERE "account"."id" = :account_id AND "person"."left_at" IS NULL ORDER BY "binding"."id" ASC, "role"."id" ASC;
SELECT "place"."id", "place"."code", "place"."kind", "place"."name", "place"."parent_id", "place"."compound_id", "place"."path", "place"."area_cm2", "place"."note", "place"."created_at", "place"."updated_at" FROM "place" WHERE "place"."compound_id" = :n5 AND "place"."kind" = :building AND ("place"."code" = :word_1 OR "place"."name" IN (:word_2, :word_3, :word_4)) LIMIT :n1
\gset building_
SELECT "place"."id" AS "place_id", "response_policy"."id" AS "policy_id", "response_policy"."level", "response_policy"."accept_minutes", "response_policy"."arrive_minutes", "response_policy"."finish_minutes", "response_policy"."plan_minutes", "response_policy"."calendar_id", "dispatch_rule"."id" AS "rule_id", "dispatch_rule"."kind", "dispatch_rule"."category", "dispatch_rule"."position", "dispatch_rule"."organisation_id", "dispatch_rule"."person_id", "dispatch_rule"."role", "organisation"."kind" AS "organisation_kind" FROM "place" LEFT JOIN "response_policy" ON "place"."id" = "response_policy"."place_id" AND "response_policy"."grade" = :ordinary LEFT JOIN "dispatch_rule" ON "place"."id" = "dispatch_rule"."place_id" LEFT JOIN "organisation" ON "dispatch_rule"."organisation_id" = "organisation"."id" WHERE "place"."id" IN (:n1, :n2, :n3, :n4, :n5, :building_id);
SELECT "role"."person_id", "role"."role", "role"."place_id", "role"."organisation_id", "person"."name" FROM "role" INNER JOIN "person" ON "role"."person_id" = "person"."id" WHERE ("role"."place_id" IN (:n1, :n2, :n3, :n4, :n5, :building_id) OR "role"."place_id" IS NULL) AND "role"."role" IN (:steward, :grid_worker, :party_member, :property_staff, :property_manager, :committee_member, :committee_chair, :community_secretary, :street_officer, :department_liaison, :mediator) AND "role"."from_at" <= :now AND ("role"."to_at" IS NULL OR "role"."to_at" > :now) AND "person"."left_at" IS NULL;
SELECT string_agg(CAST("id" AS text) || ' ' || CAST("households" AS text) || ' ' || COALESCE("category", '-') || ' ' || "essence", '|') AS "lines" FROM (SELECT "cases"."id", "cases"."households", "cases"."category", "cases"."essence" FROM "cases" WHERE "cases"."compound_id" = :n5 AND "cases"."near_id" = :building_id AND ("cases"."closed_at" IS NULL AND "cases"."state" IN (:raised, :assigned, :accepted, :arrived, :paused) AND "cases"."kind" IN (:repair, :complaint, :suggestion)) AND "cases"."essence" IS NOT NULL ORDER BY "cases"."id" DESC LIMIT :n100) AS "newest";
SELECT "cases"."id", "cases"."kind", "cases"."category", "cases"."reporter_id", "cases"."state", "cases"."households", "cases"."created_at", "cases"."place_id" FROM "cases" WHERE "cases"."id" = :n1 AND "cases"."closed_at" IS NULL AND "cases"."state" IN (:raised, :assigned, :accepted, :arrived, :paused) AND "cases"."kind" IN (:repair, :complaint, :suggestion) UNION ALL (SELECT "cases"."id", "cases"."kind", "cases"."category", "cases"."reporter_id", "cases"."state", "cases"."households", "cases"."created_at", "cases"."place_id" FROM "cases" WHERE "cases"."id" = :n2 AND "cases"."closed_at" IS NULL AND "cases"."state" IN (:raised, :assigned, :accepted, :arrived, :paused) AND "cases"."kind" IN (:repair, :complaint, :suggestion)) UNION ALL (SELECT "cases"."id", "cases"."kind", "cases"."category", "cases"."reporter_id", "cases"."state", "cases"."households", "cases"."created_at", "cases"."place_id" FROM "cases" WHERE "cases"."id" = :n3 AND "cases"."closed_at" IS NULL AND "cases"."state" IN (:raised, :assigned, :accepted, :arrived, :paused) AND "cases"."kind" IN (:repair, :complaint, :suggestion));
SELECT "place"."id", "place"."code", "place"."kind", "place"."name", "place"."parent_id", "place"."compound_id", "place"."path", "place"."area_cm2", "place"."note", "place"."created_at", "place"."updated_at" FROM "place" WHERE "place"."id" IN (:building_id, :building_id, :building_id);
SELECT "place"."id", "place"."code", "place"."kind", "place"."name", "place"."parent_id", "place"."compound_id", "place"."path", "place"."area_cm2", "place"."note", "place"."created_at", "place"."updated_at" FROM "place" WHERE "place"."id" IN (:n1, :n2, :n3, :n4, :n5, :building_id);
INSERT INTO "cases" ("compound_id", "place_id", "kind", "category", "text", "reporter_id", "account_id", "channel", "state", "step", "round", "level", "holder_id", "organisation_id", "accept_due_at", "finish_due_at", "accept_late", "finish_late", "nudges", "reopened", "latitude", "longitude", "created_at", "updated_at", "grade", "calendar_id", "plan_due_at", "arrive_late", "plan_late", "near_id", "essence") VALUES (:n5, :building_id, :repair, :lift, :text, :account_person_id, :account_id, :official, :assigned, :gathered, :n1, :compound, :n6, :n1, :accept, :finish, :no, :no, :n0, :no, NULL, NULL, :now, :now, :ordinary, NULL, NULL, :no, :no, :building_id, :essence) RETURNING "id", "compound_id", "place_id", "kind", "category", "text", "reporter_id", "account_id", "channel", "state", "step", "round", "level", "holder_id", "organisation_id", "asked_id", "asked_organisation_id", "asked_level", "asked_due_at", "accept_due_at", "finish_due_at", "accepted_at", "arrived_at", "finished_at", "paused_at", "resume_state", "accept_late", "finish_late", "nudges", "nudged_at", "plan", "result", "outcome", "public_text", "rating", "rating_text", "reopen_asked_at", "reopened", "latitude", "longitude", "merged_into", "joiners", "households", "anonymous", "filed_by_id", "asker", "asker_phone_sealed", "closed_at", "closed_off_at", "created_at", "updated_at", "grade", "calendar_id", "clock_from", "arrive_due_at", "plan_due_at", "arrive_late", "plan_late", "clocks_left", "near_id", "essence"
\gset case_
INSERT INTO "reminder" ("dedupe_key", "kind", "recipient_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "created_at") VALUES ('case/' || :case_id || '/case.task/task/6/1795218801643', :case_task, :n6, :n5, 'case/' || :case_id, :payload_2, :now, :pending, :n0, :now, :now), ('case/' || :case_id || '/case.accept-clock/1/1795219101643/1795218801643', :case_accept_clock, NULL, :n5, 'case/' || :case_id, :payload_3, :accept, :pending, :n0, :accept, :now), ('case/' || :case_id || '/case.finish-clock/1/1795220601643/1795218801643', :case_finish_clock, NULL, :n5, 'case/' || :case_id, :payload_4, :finish, :pending, :n0, :finish, :now) ON CONFLICT ("dedupe_key") DO NOTHING RETURNING "id", "dedupe_key", "kind", "recipient_id", "compound_id", "subject", "payload", "due_at", "state", "attempts", "next_at", "lease", "leased_until", "last_error", "created_at", "done_at";
UPDATE "account" SET "dialog" = :dialog WHERE "account"."id" = :account_id;
WITH "part_1" AS (INSERT INTO "case_event" ("case_id", "compound_id", "round", "action", "step", "from_state", "to_state", "actor_kind", "actor_id", "note", "at") VALUES (:case_id, :n5, :n1, :filed, :raised, NULL, NULL, :resident, :account_person_id, NULL, :now), (:case_id, :n5, :n1, :gathered, :gathered, :raised, :assigned, :system, NULL, NULL, :now), (:case_id, :n5, :n1, :dispatched, NULL, NULL, NULL, :system, NULL, :word_5, :now)) , "part_2" AS (INSERT INTO "audit" ("at", "actor_kind", "actor_id", "account_id", "action", "subject", "compound_id", "detail") VALUES (:now, :resident, :account_person_id, :account_id, :case_file, 'case/' || :case_id, :n5, :payload_1)) UPDATE "inbound" SET "account_id" = :account_id, "reply" = :reply WHERE "inbound"."key" = 'official/msg/' || :message;
COMMIT;
