//! Restores ask the live runs that hold what they write, and no paused run writes on top.

use std::sync::Arc;

use stateloft_core::api::{
    ApplyRequest, AskKind, BatchItem, BatchOperation, BatchRequest, Code, CreateSnapshot, EndRun, EndedAs,
    HandshakeStatus, HandshakeTerms, Scope, StateSelection, StopHandshake, UndoRequest, WithoutWord,
};
use stateloft_core::commit::Write;
use stateloft_core::model::{Origin, Seq, SnapshotId, StateKey};
use stateloft_server::service::{ChangeRequest, HandshakesRequest, ServiceError};

use crate::fixture::{Fixture, doc, save, typed};
use crate::shaking::{
    LONG, PATIENCE, apply, asked, asks, back_to, code, data, done, only, order, pause, reload, start,
    without_word, write,
};

pub async fn a_run_that_gave_its_word_writes_nothing_until_it_has_read_the_restore(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let other = service.start_run(start("other")).await.unwrap();
    write(&service, &other, "o", r#"{"n":1}"#).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    let [holder] = plan.held_by.as_slice() else { panic!("{plan:?}") };
    assert_eq!((holder.run_id.as_str(), holder.host.as_deref()), ("grid.main.1", Some("box-7")));
    assert_eq!((holder.states.as_slice(), holder.more), ([typed("bot_memory", "a")].as_slice(), 0));
    assert!(holder.last_renewal.is_some() && holder.until > holder.last_renewal, "{holder:?}");
    assert_eq!(asks(&service, &run).await, [], "a plan asks nobody");

    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    assert_eq!(
        (ask.states.as_slice(), ask.reason.as_deref()),
        ([typed("bot_memory", "a")].as_slice(), Some("bad deploy"))
    );
    assert!(ask.until.is_some() && ask.seq.is_none(), "{ask:?}");
    // It finishes what is under way.
    write(&service, &run, "b", r#"{"n":1}"#).await.unwrap();
    let asking = service.handshake(&ask.handshake).await.unwrap();
    assert_eq!(
        (asking.handshake.status, asking.waits_for.as_slice()),
        (HandshakeStatus::Asking, ["grid.main.1".to_owned()].as_slice())
    );
    assert_eq!(data(f, "a").await, r#"{"n":2}"#, "nothing is written before all have given their word");
    assert!(!applied.is_finished());

    assert!(pause(&service, &run, &ask).await.unwrap());
    assert!(pause(&service, &run, &ask).await.unwrap(), "saying it again changes nothing");
    let restore = done(applied).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":1}"#);
    assert_eq!((restore.versions.len(), restore.record.restore_id.as_str()), (1, ask.handshake.as_str()));
    assert_eq!(
        restore.record.first_seq, restore.record.last_seq,
        "what runs are told is no part of the restore"
    );
    let shown = restore.handshake.as_ref().unwrap();
    assert_eq!(
        (shown.handshake.status, shown.waits_for.as_slice()),
        (HandshakeStatus::Written, ["grid.main.1".to_owned()].as_slice())
    );

    for n in 0..2 {
        let data = r#"{"n":9}"#;
        assert_eq!(code(write(&service, &run, "a", data).await), Code::RunPaused);
        assert_eq!(code(write(&service, &run, "new", data).await), Code::RunPaused);
        let StateKey { state_type, state_id } = typed("bot_memory", "a");
        let item =
            BatchItem { data: Some(doc(data)), ..BatchItem::new(BatchOperation::Save, state_type, state_id) };
        let batch = BatchRequest {
            items: vec![item],
            epoch: Some(run.epoch),
            run_id: Some(run.run_id.as_str().into()),
            ..BatchRequest::default()
        };
        assert_eq!(code(service.batch(batch).await), Code::RunPaused);
        let delete = ChangeRequest {
            epoch: Some(run.epoch),
            origin: Origin { run_id: Some(run.run_id.as_str().into()), ..Origin::default() },
            ..ChangeRequest::default()
        };
        assert_eq!(code(service.delete(typed("bot_memory", "a"), delete).await), Code::RunPaused);
        write(&service, &other, "o", &format!("{{\"n\":{}}}", n + 2)).await.unwrap();
    }
    let told = asked(&service, &run, AskKind::Reload).await;
    let seq = told.seq.unwrap();
    assert!(seq > restore.record.last_seq && told.handshake == ask.handshake, "{told:?}");
    assert_eq!(
        code(reload(&service, &run, &ask.handshake, restore.record.first_seq).await),
        Code::InvalidBody
    );
    assert_eq!(code(reload(&service, &run, &ask.handshake, Seq(1 << 40)).await), Code::InvalidBody);
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    assert!(!reload(&service, &run, &ask.handshake, seq).await.unwrap());
    assert!(!reload(&service, &run, &ask.handshake, seq).await.unwrap(), "saying it again changes nothing");
    write(&service, &run, "a", r#"{"n":3}"#).await.unwrap();
    assert_eq!(asks(&service, &run).await, []);
    let over = service.restore(&ask.handshake).await.unwrap().handshake.unwrap();
    let [row] = over.handshake.runs.as_slice() else { panic!("{over:?}") };
    assert_eq!(
        (over.waits_for.len(), row.seq, row.note.as_deref()),
        (0, Some(seq), Some("0 orders in flight"))
    );
    let times = [Some(row.asked_at), row.heard_at, row.paused_at, row.told_at, row.reloaded_at];
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{row:?}");
}

pub async fn without_a_word_nothing_is_written_unless_an_operator_says_so(f: &Fixture) {
    let service = f.service().await;
    let (says, silent) =
        (service.start_run(start("says")).await.unwrap(), service.start_run(start("silent")).await.unwrap());
    write(&service, &says, "a", r#"{"n":1}"#).await.unwrap();
    let good = write(&service, &silent, "b", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &says, "a", r#"{"n":2}"#).await.unwrap();
    write(&service, &silent, "b", r#"{"n":2}"#).await.unwrap();
    let asked_for =
        back_to(good, Scope { types: vec![typed("bot_memory", "a").state_type], ..Scope::default() });
    let plan = service.plan(asked_for.clone()).await.unwrap();
    assert_eq!(
        plan.held_by.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(),
        ["says.main.1", "silent.main.1"]
    );
    let applied = apply(&service, &plan, order(&plan, 4));
    let ask = asked(&service, &says, AskKind::Pause).await;
    assert!(pause(&service, &says, &ask).await.unwrap());
    assert_eq!(code(write(&service, &says, "a", r#"{"n":3}"#).await), Code::RunPaused);
    let refused = done(applied).await.unwrap_err();
    assert!(
        matches!(&refused, ServiceError::NoWord { runs, .. } if runs == &["silent.main.1".to_owned()]),
        "{refused:?}"
    );
    assert_eq!(
        (refused.code(), data(f, "a").await.as_str(), data(f, "b").await.as_str()),
        (Code::NoWord, r#"{"n":2}"#, r#"{"n":2}"#)
    );
    assert_eq!(refused.problem().handshake.as_deref(), Some(ask.handshake.as_str()));
    for run in [&says, &silent] {
        assert_eq!(asked(&service, run, AskKind::GoOn).await.handshake, ask.handshake);
        write(&service, run, "c", r#"{"n":1}"#).await.unwrap();
    }
    assert_eq!(code(pause(&service, &silent, &ask).await), Code::HandshakeOver, "its word comes too late");
    assert!(!reload(&service, &says, &ask.handshake, f.tip().await).await.unwrap());
    assert_eq!(asks(&service, &says).await, [], "it has said that it knows");

    let plan = service.plan(asked_for).await.unwrap();
    let word = WithoutWord { reason: " ".into(), by: "ann".into() };
    let terms = HandshakeTerms { wait_seconds: None, without_word: Some(word) };
    let unsaid = ApplyRequest { handshake: Some(terms), ..order(&plan, 1) };
    assert_eq!(code(service.apply(&plan.plan, unsaid).await), Code::InvalidBody);
    assert_eq!(code(service.apply(&plan.plan, order(&plan, 0)).await), Code::InvalidBody);
    assert_eq!(code(service.apply(&plan.plan, order(&plan, 601)).await), Code::InvalidBody);
    let restore = done(apply(&service, &plan, without_word(&plan))).await.unwrap();
    let kept = restore.handshake.unwrap().handshake;
    assert_eq!(kept.without_word.map(|word| word.reason), Some("it hangs".to_owned()));
    // Whoever hung wakes, and writes nothing on top of what it has not read.
    for run in [&says, &silent] {
        assert_eq!(code(write(&service, run, "b", r#"{"n":9}"#).await), Code::RunPaused);
        let told = asked(&service, run, AskKind::Reload).await;
        assert!(!reload(&service, run, &told.handshake, told.seq.unwrap()).await.unwrap());
        write(&service, run, "c", r#"{"n":2}"#).await.unwrap();
    }
}

pub async fn who_is_not_live_any_more_is_not_waited_for_and_its_successor_is_asked(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let asked_for = back_to(good, only(&[typed("bot_memory", "a")]));
    let plan = service.plan(asked_for.clone()).await.unwrap();
    let applied = apply(&service, &plan, order(&plan, LONG));
    asked(&service, &run, AskKind::Pause).await;
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&run.run_id, stopped.clone()).await.unwrap();
    let restore = done(applied).await.unwrap();
    let kept = restore.handshake.unwrap();
    assert!(kept.handshake.runs[0].ended_at.is_some() && kept.waits_for.is_empty(), "{kept:?}");
    assert_eq!(data(f, "a").await, r#"{"n":1}"#);

    // What a run was given when it began it holds, though it has written nothing yet.
    let next = service.start_run(start("grid")).await.unwrap();
    let undone = service.plan(back_to(Seq(good.0 + 1), only(&[typed("bot_memory", "a")]))).await.unwrap();
    assert_eq!(undone.held_by.iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>(), ["grid.main.2"]);
    service.end_run(&next.run_id, stopped).await.unwrap();
    assert_eq!(service.plan(asked_for).await.unwrap().held_by, []);
    // Nobody is live: nobody is asked.
    let restore = service.apply(&undone.plan, order(&undone, LONG)).await.unwrap();
    assert_eq!(restore.handshake, None);
}

pub async fn what_moves_while_runs_are_asked_makes_the_plan_stale_and_lets_them_go_on(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1,"beat":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2,"beat":2}"#).await.unwrap();
    let mut asked_for = back_to(good, only(&[typed("bot_memory", "a")]));
    let left = StateSelection { left: vec!["/beat".into()], ..StateSelection::default() };
    asked_for.selection.insert("bot_memory/a".into(), left);
    let plan = service.plan(asked_for.clone()).await.unwrap();
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    write(&service, &run, "a", r#"{"n":3,"beat":3}"#).await.unwrap();
    pause(&service, &run, &ask).await.unwrap();
    let outdated = done(applied).await.unwrap_err();
    let ServiceError::PlanOutdated(fresh) = outdated else { panic!("{outdated:?}") };
    assert_eq!(fresh.plan.held_by.len(), 1);
    assert_eq!(service.handshake(&ask.handshake).await.unwrap().handshake.status, HandshakeStatus::Refused);
    asked(&service, &run, AskKind::GoOn).await;
    // A run that restores by itself knows: it would wait for its own word.
    let mine = ApplyRequest { run_id: Some(run.run_id.as_str().into()), ..order(&fresh.plan, LONG) };
    let mine = service.apply(&fresh.plan.plan, mine).await.unwrap();
    assert_eq!((mine.handshake, data(f, "a").await.as_str()), (None, r#"{"n":1,"beat":3}"#));
    write(&service, &run, "a", r#"{"n":3,"beat":3}"#).await.unwrap();
    let fresh = service.plan(asked_for).await.unwrap();
    // What is not written may move.
    let applied = apply(&service, &fresh, order(&fresh, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    write(&service, &run, "a", r#"{"n":3,"beat":4}"#).await.unwrap();
    pause(&service, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":1,"beat":4}"#);
}

pub async fn a_handshake_that_is_stopped_has_stopped_its_restore_and_another_one_waits_for_it(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    let second = service.apply(&plan.plan, order(&plan, LONG)).await.unwrap_err();
    assert_eq!(
        (second.code(), second.problem().handshake.as_deref()),
        (Code::HandshakeOpen, Some(ask.handshake.as_str()))
    );
    let stop = StopHandshake { reason: Some("wrong plan".into()), user_id: Some("bob".into()) };
    let stopped = service.stop_handshake(&ask.handshake, stop.clone()).await.unwrap();
    assert_eq!(stopped.handshake.status, HandshakeStatus::Stopped);
    assert_eq!(stopped.handshake.because.as_deref(), Some("stopped by bob: wrong plan"));
    assert_eq!(code(done(applied).await), Code::HandshakeStopped);
    assert_eq!(data(f, "a").await, r#"{"n":2}"#);
    assert_eq!(code(service.stop_handshake(&ask.handshake, stop).await), Code::HandshakeOver);
    assert_eq!(
        code(service.stop_handshake("no such", StopHandshake::default()).await),
        Code::HandshakeNotFound
    );
    asked(&service, &run, AskKind::GoOn).await;
    write(&service, &run, "b", r#"{"n":1}"#).await.unwrap();

    // What was found of a plan is found by it, the last first.
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    pause(&service, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    let of = async |plan: &str| {
        let request =
            HandshakesRequest { plan: Some(plan.into()), limit: 10, ..HandshakesRequest::default() };
        service.handshakes(request).await.unwrap().handshakes
    };
    let of_plan = of(&plan.plan).await;
    let statuses: Vec<_> = of_plan.iter().map(|found| found.handshake.status).collect();
    assert_eq!(statuses, [HandshakeStatus::Written, HandshakeStatus::Stopped]);
    assert_eq!(of("other").await, []);

    // It has not read that yet, so that it need not be waited for when that is taken back, and has to read both.
    let undone = service.undo(&ask.handshake, UndoRequest::default()).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":2}"#);
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    assert_eq!(code(reload(&service, &run, &ask.handshake, f.tip().await).await), Code::HandshakeOver);
    let told = asked(&service, &run, AskKind::Reload).await;
    assert_eq!(told.handshake, undone.record.restore_id);
    assert!(!reload(&service, &run, &told.handshake, told.seq.unwrap()).await.unwrap());
    write(&service, &run, "a", r#"{"n":4}"#).await.unwrap();
}

pub async fn a_run_that_has_not_read_a_restore_still_has_to_when_the_next_one_is_not_written(f: &Fixture) {
    let service = f.service().await;
    let (run, silent) =
        (service.start_run(start("grid")).await.unwrap(), service.start_run(start("silent")).await.unwrap());
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    write(&service, &silent, "b", r#"{"n":1}"#).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    let first = done(apply(&service, &plan, without_word(&plan))).await.unwrap().record.restore_id;
    let both = only(&[typed("bot_memory", "a"), typed("bot_memory", "b")]);
    let plan = service.plan(back_to(Seq(good.0 - 1), both)).await.unwrap();
    assert_eq!(code(done(apply(&service, &plan, order(&plan, 1))).await), Code::NoWord);
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    let told = asked(&service, &run, AskKind::Reload).await;
    assert_eq!(told.handshake, first);
    assert!(!reload(&service, &run, &first, told.seq.unwrap()).await.unwrap());
    write(&service, &run, "a", r#"{"n":3}"#).await.unwrap();
    write(&service, &silent, "b", r#"{"n":3}"#).await.unwrap();
}

pub async fn sessions_of_live_runs_are_left_as_they_are_unless_they_are_named(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let ended = service.start_run(start("ended")).await.unwrap();
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&ended.run_id, stopped).await.unwrap();
    write(&service, &run, "a", r#"{"n":1}"#).await.unwrap();
    let everything = service.plan(back_to(Seq::ZERO, Scope::default())).await.unwrap();
    assert_eq!(everything.left_out, [typed("session", "grid.main.1")]);
    f.write(Write { key: typed("pause", "old.main.7"), ..save("x", "{}") }).await;
    f.write(Write { key: typed("pause", "old"), ..save("x", "{}") }).await;
    let everything = service.plan(back_to(Seq::ZERO, Scope::default())).await.unwrap();
    assert_eq!(everything.left_out, [typed("pause", "old.main.7"), typed("session", "grid.main.1")]);
    assert_eq!((everything.counts.deleted, everything.counts.equal), (3, 0));
    let applied = apply(&service, &everything, order(&everything, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    pause(&service, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    let told = asked(&service, &run, AskKind::Reload).await;
    reload(&service, &run, &ask.handshake, told.seq.unwrap()).await.unwrap();
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    // As for clients that never look at a plan.
    let name = SnapshotId::new("start").unwrap();
    let snapshot = CreateSnapshot { snapshot_id: name.clone(), description: None, user_id: None, seq: None };
    service.create_snapshot(snapshot).await.unwrap();
    write(&service, &run, "a", r#"{"n":3}"#).await.unwrap();
    let restoring = {
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.restore_snapshot(&name, None, Origin::default()).await })
    };
    let ask = asked(&service, &run, AskKind::Pause).await;
    pause(&service, &run, &ask).await.unwrap();
    tokio::time::timeout(PATIENCE, restoring).await.unwrap().unwrap().unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":2}"#);
    let told = asked(&service, &run, AskKind::Reload).await;
    reload(&service, &run, &ask.handshake, told.seq.unwrap()).await.unwrap();

    // Who names it takes its lease.
    let named = service.plan(back_to(Seq::ZERO, only(&[typed("session", "grid.main.1")]))).await.unwrap();
    assert_eq!((named.left_out.len(), named.held_by.len(), named.counts.deleted), (0, 1, 1));
    let applied = apply(&service, &named, order(&named, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    pause(&service, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    assert_eq!(code(write(&service, &run, "a", r#"{"n":4}"#).await), Code::LeaseLost);
}
