use super::*;
use crate::api::{Agreement, CloseReason, RowChoice, Share, Tolerance};
use crate::json::Limits;
use crate::model::Timestamp;

const LOTS: &str = r#"{"symbol":"EURUSD","direction":"long","last_price":1.0891, "lots":[
    {"id":"a","ticket":38091207,"quantity":0.40,"entry_price":"1.0880","note":"caf\u00e9"},
    {"id":"b","ticket":38084831,"quantity":"0.80","entry_price":1.08710}]}"#;

struct Store(Vec<(StateKey, Document)>);

fn document(text: &str) -> Document {
    Document::parse(text, &Limits::default()).unwrap()
}

fn store(states: &[(&str, &str)]) -> Store {
    let state = |(id, text): &(&str, &str)| (StateKey::new("position", id).unwrap(), document(text));
    Store(states.iter().map(state).collect())
}

fn options() -> ReconcileOptions {
    ReconcileOptions {
        as_of: Timestamp::parse("2026-11-29T09:45:58Z").unwrap(),
        shape: None,
        failure: None,
        partial: false,
        tolerance: Tolerance::default(),
        symbols: std::collections::BTreeMap::new(),
    }
}

impl Store {
    fn planned(
        &self,
        list: Option<&str>,
        options: &ReconcileOptions,
        policy: ReconcilePolicy,
        choices: &[ChosenRow],
    ) -> Result<Planned, PlanError> {
        self.of_run("btc.main.1", list, options, policy, choices, &[])
    }

    fn of_run(
        &self,
        run: &str,
        list: Option<&str>,
        options: &ReconcileOptions,
        policy: ReconcilePolicy,
        choices: &[ChosenRow],
        taken: &[StateKey],
    ) -> Result<Planned, PlanError> {
        let run: RunId = run.parse().unwrap();
        let ours: Vec<OurState<'_>> = self
            .0
            .iter()
            .map(|(key, data)| OurState {
                key,
                version: VersionNumber(3),
                changed_at: Timestamp::parse("2026-11-29T09:00:00Z").unwrap(),
                data: Some(data.root()),
                then: None,
            })
            .collect();
        let list = list.map(document);
        let state_type = StateType::new("position").unwrap();
        let asked = Reconciling { run: Some(&run), state_type: &state_type, options, policy, choices, taken };
        plan(&ours, list.as_ref(), asked)
    }

    /// A plan without choices.
    fn looked(&self, list: &str) -> ReconcilePlan {
        self.planned(Some(list), &options(), ReconcilePolicy::Halt, &[]).unwrap().plan
    }

    fn chosen(&self, list: &str, choices: &[ChosenRow]) -> Result<Planned, PlanError> {
        self.planned(Some(list), &options(), ReconcilePolicy::Halt, choices)
    }

    /// What the first row gives with a choice: the texts that would be written.
    fn written(&self, list: &str, choice: RowChoice, more: impl Fn(&mut ChosenRow)) -> Vec<String> {
        let plan = self.chosen(list, &[self.first(list, choice, more)]).unwrap();
        plan.edits.iter().map(|edit| edit.data.text().to_owned()).collect()
    }

    fn refused(
        &self,
        list: &str,
        choice: RowChoice,
        more: impl Fn(&mut ChosenRow),
    ) -> (&'static str, &'static str) {
        match self.chosen(list, &[self.first(list, choice, more)]) {
            Err(PlanError::Choice { member, code, .. }) => (member, code),
            other => panic!("{other:?}"),
        }
    }

    fn first(&self, list: &str, choice: RowChoice, more: impl Fn(&mut ChosenRow)) -> ChosenRow {
        let mut chosen = chosen(&self.looked(list).rows[0].row, choice);
        more(&mut chosen);
        chosen
    }
}

fn chosen(row: &str, choice: RowChoice) -> ChosenRow {
    serde_json::from_value(serde_json::json!({ "row": row, "choice": choice })).unwrap()
}

fn share(quantity: &str, pointer: Option<&str>, id: Option<&str>) -> Share {
    let mut share = serde_json::json!({ "quantity": quantity });
    if let Some(pointer) = pointer {
        share["state_type"] = "position".into();
        share["state_id"] = "eurusd".into();
        share["pointer"] = pointer.into();
    }
    if let Some(id) = id {
        share["id"] = id.into();
    }
    serde_json::from_value(share).unwrap()
}

#[test]
fn only_what_is_adopted_changes_and_every_other_byte_stays() {
    let ours = store(&[("eurusd", LOTS)]);
    let list = r#"[{"ticket":38091207,"symbol":"EURUSD","type":0,"volume":0.30,"price_open":1.0880},
        {"ticket":38084831,"symbol":"EURUSD","type":0,"volume":0.8,"price_open":1.0871}]"#;
    let expected = ours.0[0].1.text().replace(r#""quantity":0.40"#, r#""quantity":0.30"#);
    assert_eq!(ours.written(list, RowChoice::AdoptTheirs, |_| {}), [expected]);
    let plan = ours.chosen(list, &[ours.first(list, RowChoice::AdoptTheirs, |_| {})]).unwrap().plan;
    let change = &plan.writes[0].changes[0];
    assert_eq!((change.path.as_str(), change.delta.as_deref()), ("/lots/0/quantity", Some("-0.10")));
}

#[test]
fn numbers_are_adopted_in_the_words_and_the_kind_that_ours_have() {
    for (ours, list, expected) in [
        (
            r#"{"symbol":"A","side":"short","qty":"-5","avg_entry_price":"2.50","stop":1}"#,
            r#"[{"symbol":"A","side":"sell","quantity":3,"entry_price":2.75}]"#,
            r#"{"symbol":"A","side":"short","qty":"-3","avg_entry_price":"2.75","stop":1}"#,
        ),
        (
            r#"{"symbol":"A","amount":{"$stateloft":"decimal","value":0.250}}"#,
            r#"[{"symbol":"A","quantity":"-0.75"}]"#,
            r#"{"symbol":"A","amount":{"$stateloft":"decimal","value":-0.75}}"#,
        ),
        (
            r#"{"symbol":"A","side":"LONG","quantity":100}"#,
            r#"[{"symbol":"A","side":"short","quantity":1,"entry_price":"0"}]"#,
            r#"{"symbol":"A","side":"SHORT","quantity":1,"entry_price":0}"#,
        ),
        (
            r#"{"AAA":{"side":"Buy","size":2},"B/B":{"side":"buy","size":1}}"#,
            r#"[{"symbol":"AAA","quantity":2},{"symbol":"B/B","quantity":9007199254740993.000000001}]"#,
            r#"{"AAA":{"side":"Buy","size":2},"B/B":{"side":"buy","size":9007199254740993.000000001}}"#,
        ),
    ] {
        assert_eq!(store(&[("p", ours)]).written(list, RowChoice::AdoptTheirs, |_| {}), [expected]);
    }
}

#[test]
fn a_size_in_contracts_is_adopted_in_our_unit_and_a_leg_by_its_size() {
    let ours = store(&[("p", r#"{"symbol":"X","side":"long","quantity":0.5}"#)]);
    let list = r#"[{"symbol":"X","side":"long","contracts":30,"contractSize":0.01,"info":{}}]"#;
    assert_eq!(
        ours.written(list, RowChoice::AdoptTheirs, |_| {}),
        [r#"{"symbol":"X","side":"long","quantity":0.30}"#]
    );
    let pair = r#"{"symbol1":"DAX","symbol2":"CAC","direction":"short","volume1":0.40,"volume2":0.30,"ticket1":5,"ticket2":6}"#;
    let list = r#"[{"ticket":5,"symbol":"DAX","type":1,"volume":0.1,"price_open":1},{"ticket":6,"symbol":"CAC","type":0,"volume":0.3,"price_open":1}]"#;
    let ours = store(&[("p", pair)]);
    let expected =
        pair.replace("0.40", "0.1").replace(r#""ticket2":6}"#, r#""ticket2":6,"entry_exec_price1":1}"#);
    assert_eq!(ours.written(list, RowChoice::AdoptTheirs, |_| {}), [expected]);
    assert_eq!(ours.looked(list).rows[0].choices, [RowChoice::AdoptTheirs, RowChoice::KeepOurs]);
}

#[test]
fn d_090_of_what_is_unknown_nothing_may_be_chosen_and_no_policy_does() {
    let ours = store(&[("eurusd", LOTS)]);
    let failed = ReconcileOptions { failure: Some("time-out".into()), ..options() };
    for policy in [ReconcilePolicy::Halt, ReconcilePolicy::Adopt, ReconcilePolicy::Ignore] {
        let plan = ours.planned(None, &failed, policy, &[]).unwrap().plan;
        assert_eq!((plan.counts.unknown, plan.choices.len(), plan.writes.len()), (2, 0, 0));
        assert!(plan.rows.iter().all(|row| row.choices.is_empty()));
        for choice in [RowChoice::AdoptTheirs, RowChoice::KeepOurs, RowChoice::Close, RowChoice::Split] {
            let refused = ours.planned(None, &failed, policy, &[chosen(&plan.rows[0].row, choice)]);
            assert!(
                matches!(refused, Err(PlanError::Choice { code: "unknown", member: "choice", .. })),
                "{refused:?}"
            );
        }
    }
    // Of what agrees nothing is to be chosen, either.
    let same = r#"[{"ticket":38091207,"symbol":"EURUSD","quantity":0.4,"entry_price":1.088},{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871}]"#;
    assert_eq!(ours.refused(same, RowChoice::KeepOurs, |_| {}), ("choice", "matched"));
}

#[test]
fn what_is_closed_says_what_is_known_and_nothing_else() {
    let ours = store(&[("eurusd", LOTS)]);
    let list = r#"[{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871}]"#;
    assert_eq!(ours.refused(list, RowChoice::Close, |_| {}), ("reason", "required"));
    assert_eq!(ours.refused(list, RowChoice::AdoptTheirs, |_| {}), ("choice", "not_offered"));
    let closed = |more: &str| {
        ours.0[0].1.text().replace(r#"\u00e9"}"#, &format!(r#"\u00e9","status":"closed"{more}}}"#))
    };
    let bare = |chosen: &mut ChosenRow| chosen.reason = Some(CloseReason::RecoveredClosed);
    assert_eq!(ours.written(list, RowChoice::Close, bare), [closed(r#","exit_reason":"recovered_closed""#)]);
    let whole = |chosen: &mut ChosenRow| {
        chosen.reason = Some(CloseReason::StopLossHit);
        chosen.price = Some("1.0832".into());
        chosen.pnl = Some("-84.00".into());
        chosen.time = Some(Timestamp::parse("2026-11-29T09:40:00Z").unwrap());
    };
    let said = r#","exit_time":"2026-11-29T09:40:00.000000Z","exit_price":1.0832,"exit_reason":"stop_loss_hit","pnl":-84.00"#;
    assert_eq!(ours.written(list, RowChoice::Close, whole), [closed(said)]);
    assert_eq!(
        ours.refused(list, RowChoice::Close, |chosen| {
            bare(chosen);
            chosen.price = Some("1,08".into());
        }),
        ("price", "decimal")
    );
    assert_eq!(
        ours.refused(list, RowChoice::KeepOurs, |chosen| chosen.price = Some("1".into())),
        ("price", "unexpected")
    );
}

#[test]
fn what_only_the_broker_has_becomes_a_lot_beside_those_of_its_symbol_or_a_state() {
    let ours = store(&[("eurusd", LOTS)]);
    let there = r#"{"ticket":38091207,"symbol":"EURUSD","quantity":0.4,"entry_price":1.088},{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871}"#;
    let list = format!(r#"[{there},{{"ticket":77,"symbol":"EURUSD","side":"buy","quantity":0.10}}]"#);
    // No price and no time were said: none is written.
    let lot = r#",{"id":"77","side":"long","quantity":0.10}]}"#;
    assert_eq!(ours.written(&list, RowChoice::AdoptTheirs, |_| {}), [ours.0[0].1.text().replace("]}", lot)]);
    let list = format!(
        r#"[{there},{{"ticket":38092655,"symbol":"GBPUSD","type":1,"volume":0.5,"quantity":-0.50,"entry_price":1.2684}},{{"ticket":9,"symbol":"GBPUSD","quantity":1}}]"#
    );
    let looked = ours.looked(&list);
    assert_eq!(looked.rows[0].choices, [RowChoice::AdoptTheirs, RowChoice::KeepOurs, RowChoice::Split]);
    let both: Vec<_> = looked.rows[..2].iter().map(|row| chosen(&row.row, RowChoice::AdoptTheirs)).collect();
    let plan = ours.chosen(&list, &both).unwrap();
    assert_eq!(plan.edits.len(), 1);
    assert_eq!((plan.edits[0].key.to_string(), plan.edits[0].replaces), ("position btc/GBPUSD".into(), None));
    assert_eq!(
        plan.edits[0].data.text(),
        r#"{"symbol":"GBPUSD","lots":[{"id":"38092655","side":"short","quantity":0.50,"entry_price":1.2684},{"id":"9","side":"long","quantity":1}]}"#
    );
}

#[test]
fn a_symbol_that_is_netted_becomes_a_lot_and_never_a_second_position_in_its_place() {
    let list =
        r#"[{"symbol":"BTC/USDT:USDT","side":"long","contracts":0.00001234,"entryPrice":0,"info":{}}]"#;
    let none = store(&[]);
    assert_eq!(
        none.written(list, RowChoice::AdoptTheirs, |_| {}),
        [
            r#"{"symbol":"BTC/USDT:USDT","lots":[{"id":"btc/BTC/USDT:USDT:long:2026-11-29T09:45:58.000000Z","side":"long","quantity":0.00001234,"entry_price":0}]}"#
        ]
    );
    let taken = store(&[("btc/BTC/USDT:USDT", r#"{"symbol":"ETH","quantity":1,"exit_reason":"manual"}"#)]);
    assert_eq!(taken.refused(list, RowChoice::AdoptTheirs, |_| {}), ("state_id", "required"));
    let elsewhere =
        |chosen: &mut ChosenRow| chosen.state_id = Some(crate::model::StateId::new("btc").unwrap());
    assert_eq!(taken.written(list, RowChoice::AdoptTheirs, elsewhere).len(), 1);
}

#[test]
fn what_was_closed_here_and_is_open_there_is_opened_again_with_what_the_broker_says() {
    let closed = r#"{"symbol":"A","lots":[{"id":"x","ticket":5,"side":"long","quantity":2,"status":"closed","exit_time":"2026-11-29T08:00:00Z","exit_price":3,"exit_reason":"manual"}]}"#;
    let list = r#"[{"ticket":5,"symbol":"A","quantity":1}]"#;
    let open = r#"{"symbol":"A","lots":[{"id":"x","ticket":5,"side":"long","quantity":1,"status":"open"}]}"#;
    assert_eq!(store(&[("a", closed)]).written(list, RowChoice::AdoptTheirs, |_| {}), [open]);
    // What closed it stands above it.
    let above =
        r#"{"symbol":"A","status":"closed","lots":[{"id":"x","ticket":5,"side":"long","quantity":2}]}"#;
    assert_eq!(store(&[("a", above)]).looked(list).rows[0].choices, [RowChoice::KeepOurs]);
}

#[test]
fn d_098_one_of_theirs_is_shared_over_lots_of_ours_only_if_it_adds_up() {
    let ours = store(&[("eurusd", LOTS)]);
    let list = r#"[{"symbol":"EURUSD","side":"long","contracts":1.0,"info":{}}]"#;
    assert_eq!(ours.looked(list).rows[0].choices, [RowChoice::KeepOurs, RowChoice::Close, RowChoice::Split]);
    let shares = |a: &str, b: &str| {
        let shares = vec![share(a, Some("/lots/0"), None), share(b, Some("/lots/1"), None)];
        move |chosen: &mut ChosenRow| chosen.shares.clone_from(&shares)
    };
    let expected = ours.0[0].1.text().replace("0.40", "0.25").replace(r#""0.80""#, r#""0.75""#);
    assert_eq!(ours.written(list, RowChoice::Split, shares("0.25", "0.75")), [expected]);
    assert_eq!(ours.refused(list, RowChoice::Split, shares("0.25", "0.74")), ("shares", "sum"));
    assert_eq!(ours.refused(list, RowChoice::Split, shares("1.25", "-0.25")), ("shares", "decimal"));
    let twice = vec![share("0.5", Some("/lots/0"), None), share("0.5", Some("/lots/0"), None)];
    assert_eq!(
        ours.refused(list, RowChoice::Split, |chosen| chosen.shares.clone_from(&twice)),
        ("shares", "each_once")
    );
    let new = r#"[{"ticket":1,"symbol":"GBPUSD","side":"short","quantity":"0.50"}]"#;
    let parts = vec![share("0.2", None, Some("m")), share("0.30", None, Some("n"))];
    assert_eq!(
        store(&[]).written(new, RowChoice::Split, |chosen| chosen.shares.clone_from(&parts)),
        [
            r#"{"symbol":"GBPUSD","lots":[{"id":"m","side":"short","quantity":0.2},{"id":"n","side":"short","quantity":0.30}]}"#
        ]
    );
}

#[test]
fn under_adopt_theirs_is_chosen_and_what_a_person_has_to_say_is_left() {
    let ours = store(&[("eurusd", LOTS), ("gone", r#"{"symbol":"NZDUSD","quantity":1,"side":"long"}"#)]);
    let list = r#"[{"ticket":38091207,"symbol":"EURUSD","quantity":0.3,"entry_price":1.088},{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871},
        {"ticket":9,"symbol":"GBPUSD","quantity":1},{"symbol":"USDJPY","quantity":2}]"#;
    let plan = ours.planned(Some(list), &options(), ReconcilePolicy::Adopt, &[]).unwrap().plan;
    let chosen: Vec<_> = plan.rows.iter().map(|row| (row.said.verdict, row.chosen)).collect();
    assert_eq!(
        chosen,
        [
            (Agreement::QuantityMismatch, Some(RowChoice::AdoptTheirs)),
            (Agreement::MissingHere, Some(RowChoice::AdoptTheirs)),
            (Agreement::MissingHere, Some(RowChoice::AdoptTheirs)),
            (Agreement::MissingThere, Some(RowChoice::Close)),
            (Agreement::Matched, None),
        ]
    );
    assert_eq!(plan.writes.len(), 4);
    // Said out loud, the same choices are the same plan.
    let again = ours.chosen(list, &plan.choices).unwrap().plan;
    assert_eq!((again.plan, again.writes), (plan.plan, plan.writes));
}

#[test]
fn a_heartbeat_makes_no_other_plan_and_a_lot_that_moved_does() {
    let list = r#"[{"ticket":38091207,"symbol":"EURUSD","quantity":0.3,"entry_price":1.088},{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871}]"#;
    let ours = store(&[("eurusd", LOTS)]);
    let choice = ours.first(list, RowChoice::AdoptTheirs, |_| {});
    let first = ours.chosen(list, std::slice::from_ref(&choice)).unwrap();
    let beating = store(&[("eurusd", &LOTS.replace("1.0891", "1.0902"))]);
    let later = beating.chosen(list, std::slice::from_ref(&choice)).unwrap();
    assert_eq!(first.plan.plan, later.plan.plan);
    assert_ne!(first.edits[0].data, later.edits[0].data);
    let moved = store(&[("eurusd", &LOTS.replace("0.40", "0.50"))]);
    let Err(PlanError::Moved(outdated)) = moved.chosen(list, std::slice::from_ref(&choice)) else { panic!() };
    let row = outdated.moved[0].now.as_ref().unwrap();
    assert_eq!((&outdated.moved[0].row, row.said.ours[0].quantity.as_deref()), (&choice.row, Some("0.50")));
    // Another list, other words for how it is read, another choice: each is another plan.
    let other = list.replace("0.8,", "0.80,");
    assert_ne!(first.plan.plan, ours.chosen(&other, std::slice::from_ref(&choice)).unwrap().plan.plan);
    let kept = ChosenRow { choice: RowChoice::KeepOurs, ..choice.clone() };
    assert_ne!(first.plan.plan, ours.chosen(list, &[kept]).unwrap().plan.plan);
    let gone = store(&[]);
    let Err(PlanError::Moved(outdated)) = gone.chosen(list, &[choice]) else { panic!() };
    assert_eq!(outdated.moved[0].now, None);
}

#[test]
fn a_name_is_of_a_row_and_each_is_chosen_of_once() {
    let ours = store(&[("eurusd", LOTS)]);
    let list = "[]";
    assert_eq!(ours.refused(list, RowChoice::KeepOurs, |chosen| chosen.row = "first".into()), ("row", "row"));
    let one = ours.first(list, RowChoice::KeepOurs, |_| {});
    let twice = ours.chosen(list, &[one.clone(), one]);
    assert!(matches!(twice, Err(PlanError::Choice { nth: 1, code: "unique", .. })), "{twice:?}");
    // Two lots without any name are two rows all the same.
    let same = store(&[("p", r#"{"symbol":"A","lots":[{"quantity":1},{"quantity":1}]}"#)]);
    let rows = same.looked(list).rows;
    assert_ne!(rows[0].row, rows[1].row);
}

#[test]
fn a_lot_whose_side_is_not_understood_is_not_opened_again_and_all_words_for_a_side_turn() {
    let closed = r#"{"symbol":"A","ticket":5,"side":"S","quantity":2,"status":"closed"}"#;
    let list = r#"[{"ticket":5,"symbol":"A","side":"long","quantity":1}]"#;
    assert_eq!(store(&[("a", closed)]).looked(list).rows[0].choices, [RowChoice::KeepOurs]);
    let twice = r#"{"symbol":"A","side":"buy","direction":"LONG","quantity":2}"#;
    let turned = r#"{"symbol":"A","side":"sell","direction":"SHORT","quantity":1}"#;
    let list = r#"[{"symbol":"A","quantity":-1}]"#;
    assert_eq!(store(&[("a", twice)]).written(list, RowChoice::AdoptTheirs, |_| {}), [turned]);
}

#[test]
fn what_a_run_adopts_goes_to_the_book_of_its_instance_as_a_lot_that_has_an_id() {
    let hedged = r#"[{"symbol":"A","side":"long","contracts":3,"info":{}},{"symbol":"A","side":"sell","contracts":2,"info":{}}]"#;
    for (run, state) in [
        ("grid.main.1", "grid/A"),
        ("grid.main.9", "grid/A"),
        ("grid.eu.1", "grid.eu/A"),
        ("g2.main.1", "g2/A"),
    ] {
        let none = store(&[]);
        let planned = none.of_run(run, Some(hedged), &options(), ReconcilePolicy::Adopt, &[], &[]).unwrap();
        assert_eq!((planned.edits.len(), planned.plan.choices.len()), (1, 2), "{run}");
        let edit = &planned.edits[0];
        assert_eq!(edit.key, StateKey::new("position", state).unwrap());
        let held = holdings(edit.data.root());
        let ids: HashSet<_> = held.iter().flat_map(|(held, _)| held.ids.iter().map(str::to_owned)).collect();
        let id = |side: &str| format!("{state}:{side}:2026-11-29T09:45:58.000000Z");
        assert_eq!(ids, HashSet::from([id("long"), id("short")]), "{run}");
        // Looked at again, it is what the broker has.
        let written = store(&[(state, edit.data.text())]);
        assert_eq!(written.looked(hedged).counts.matched, 2, "{run}");
    }
    // A closed lot of the symbol is there: the new one stands beside it.
    let closed = r#"{"symbol":"A","lots":[{"id":"x","side":"long","quantity":2,"status":"closed"}]}"#;
    let one = r#"[{"symbol":"A","side":"long","contracts":3,"info":{}}]"#;
    let written = store(&[("grid/A", closed)]).written(one, RowChoice::AdoptTheirs, |_| {});
    let beside = closed
        .replace("]}", r#",{"id":"grid/A:long:2026-11-29T09:45:58.000000Z","side":"long","quantity":3}]}"#);
    assert_eq!(written, [beside]);
}

#[test]
fn a_lot_is_called_something_and_by_what_no_other_of_its_state_is() {
    let list = r#"[{"ticket":9,"symbol":"GBPUSD","quantity":1}]"#;
    for empty in ["", " ", "\t"] {
        let called = |chosen: &mut ChosenRow| chosen.id = Some(empty.into());
        assert_eq!(store(&[]).refused(list, RowChoice::AdoptTheirs, called), ("id", "id"));
        let parts = vec![share("0.5", None, Some("m")), share("0.5", None, Some(empty))];
        let split = |chosen: &mut ChosenRow| chosen.shares.clone_from(&parts);
        assert_eq!(store(&[]).refused(list, RowChoice::Split, split), ("shares", "id"));
    }
    let there = store(&[(
        "gbp",
        r#"{"symbol":"GBPUSD","lots":[{"id":"7","ticket":3,"quantity":1,"status":"closed"}]}"#,
    )]);
    let called = |chosen: &mut ChosenRow| chosen.id = Some("7".into());
    assert_eq!(there.refused(list, RowChoice::AdoptTheirs, called), ("id", "unique"));
    assert_eq!(there.written(list, RowChoice::AdoptTheirs, |_| {}).len(), 1);
}

#[test]
fn a_row_that_a_policy_has_no_state_for_is_left_to_people_and_the_others_are_adopted() {
    let ours = store(&[("eurusd", LOTS)]);
    let list = r#"[{"ticket":38091207,"symbol":"EURUSD","quantity":0.3,"entry_price":1.088},{"ticket":38084831,"symbol":"EURUSD","quantity":0.8,"entry_price":1.0871},
        {"ticket":9,"symbol":"GBPUSD","quantity":1},{"ticket":8,"symbol":"USDJPY","quantity":2}]"#;
    let taken = [StateKey::new("position", "btc/GBPUSD").unwrap()];
    let of = |policy, choices: &[ChosenRow]| {
        ours.of_run("btc.main.1", Some(list), &options(), policy, choices, &taken)
    };
    let plan = of(ReconcilePolicy::Adopt, &[]).unwrap().plan;
    let chosen: Vec<_> =
        plan.rows.iter().map(|row| (row.said.symbol.as_deref().unwrap(), row.chosen)).collect();
    let adopted = Some(RowChoice::AdoptTheirs);
    assert_eq!(chosen, [("EURUSD", adopted), ("GBPUSD", None), ("USDJPY", adopted), ("EURUSD", None)]);
    assert_eq!((plan.choices.len(), plan.writes.len()), (2, 2));
    // Chosen by somebody, it is refused with what to do.
    let row = self::chosen(&plan.rows[1].row, RowChoice::AdoptTheirs);
    for policy in [ReconcilePolicy::Halt, ReconcilePolicy::Adopt] {
        let refused = of(policy, std::slice::from_ref(&row));
        assert!(
            matches!(
                refused,
                Err(PlanError::Choice { nth: 0, member: "state_id", code: "state_exists", .. })
            ),
            "{refused:?}"
        );
    }
    let elsewhere = ChosenRow { state_id: Some(crate::model::StateId::new("btc/GBPUSD").unwrap()), ..row };
    let refused = of(ReconcilePolicy::Halt, std::slice::from_ref(&elsewhere));
    assert!(matches!(refused, Err(PlanError::Choice { code: "state_exists", .. })), "{refused:?}");
}
