//! An operator has a run pause, and lets it go; and what becomes of restores meanwhile.

use std::sync::Arc;

use stateloft_core::api::{
    AskKind, Code, EndRun, EndedAs, HandshakeStatus, HandshakeView, PauseRun, RunStarted, RunStatus,
    StartRun, StopHandshake,
};
use stateloft_core::model::Seq;
use stateloft_server::service::{HandshakesRequest, Service};
use stateloft_server::store::{LeaseLook, StateStore};
use stateloft_tests::faulty::{FaultyStore, Mood};

use crate::fixture::{Fixture, typed};
use crate::runs::Watch;
use crate::shaking::{
    LONG, PATIENCE, apply, asked, asks, back_to, code, data, done, only, order, pause, reload, start,
    without_word, write,
};

fn wish(wait: u64) -> PauseRun {
    PauseRun { reason: "news at eight".into(), user_id: Some("ann".into()), wait_seconds: Some(wait) }
}

async fn status(service: &Service, handshake: &HandshakeView) -> HandshakeStatus {
    service.handshake(&handshake.handshake.handshake).await.unwrap().handshake.status
}

/// Asks again until a handshake is like this.
async fn until(service: &Service, handshake: &HandshakeView, wanted: HandshakeStatus) {
    let found = async {
        while status(service, handshake).await != wanted {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, found).await.unwrap();
}

async fn let_go(service: &Service, handshake: &HandshakeView) -> HandshakeView {
    let word = StopHandshake { reason: Some("it is over".into()), user_id: Some("bob".into()) };
    service.stop_handshake(&handshake.handshake.handshake, word).await.unwrap()
}

/// A run that has given its word to an operator.
async fn paused(service: &Service, run: &RunStarted) -> HandshakeView {
    let begun = service.pause_run(&run.run_id, wish(LONG)).await.unwrap();
    let ask = asked(service, run, AskKind::Pause).await;
    assert!(pause(service, run, &ask).await.unwrap());
    begun
}

pub async fn a_run_that_an_operator_pauses_writes_nothing_until_it_is_let_go(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let other = service.start_run(start("other")).await.unwrap();
    for wrong in [wish(0), wish(601), PauseRun { reason: " ".into(), ..wish(1) }] {
        assert_eq!(code(service.pause_run(&run.run_id, wrong).await), Code::InvalidBody);
    }
    assert_eq!(code(service.pause_run("grid.main.2", wish(1)).await), Code::RunNotFound);
    let begun = service.pause_run(&run.run_id, wish(LONG)).await.unwrap();
    let kept = &begun.handshake;
    assert_eq!((kept.status, kept.writes), (HandshakeStatus::Asking, 0));
    assert_eq!((&kept.plan, &kept.target, kept.reason.as_str()), (&None, &None, "news at eight"));
    assert_eq!(begun.waits_for, std::slice::from_ref(&run.run_id));
    write(&service, &run, "a", r#"{"n":1}"#).await.unwrap();
    let again = service.pause_run(&run.run_id, wish(LONG)).await.unwrap_err();
    assert_eq!(
        (again.code(), again.problem().handshake.as_deref()),
        (Code::HandshakeOpen, Some(kept.handshake.as_str()))
    );
    let ask = asked(&service, &run, AskKind::Pause).await;
    assert_eq!((ask.states.len(), ask.reason.as_deref()), (0, Some("news at eight")));
    assert!(pause(&service, &run, &ask).await.unwrap());
    assert!(pause(&service, &run, &ask).await.unwrap(), "saying it again changes nothing");
    let shown = service.handshake(&kept.handshake).await.unwrap();
    assert_eq!((shown.handshake.status, shown.waits_for.len()), (HandshakeStatus::Paused, 0));
    assert_eq!(shown.handshake.runs[0].note.as_deref(), Some("0 orders in flight"));
    let refused = write(&service, &run, "a", r#"{"n":2}"#).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.problem().handshake.as_deref()),
        (Code::RunPaused, Some(kept.handshake.as_str()))
    );
    assert!(refused.to_string().contains("an operator has it paused"), "{refused}");
    write(&service, &other, "o", r#"{"n":1}"#).await.unwrap();
    assert_eq!(code(service.pause_run(&run.run_id, wish(LONG)).await), Code::HandshakeOpen);
    assert_eq!(code(reload(&service, &run, &kept.handshake, f.tip().await).await), Code::HandshakeOver);

    let stopped = let_go(&service, &begun).await;
    assert_eq!(stopped.handshake.status, HandshakeStatus::Stopped);
    assert_eq!(stopped.handshake.because.as_deref(), Some("stopped by bob: it is over"));
    assert_eq!(asked(&service, &run, AskKind::GoOn).await.handshake, kept.handshake);
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    assert!(!reload(&service, &run, &kept.handshake, Seq(1)).await.unwrap());
    assert_eq!(asks(&service, &run).await, []);
    let twice = service.stop_handshake(&kept.handshake, StopHandshake::default()).await;
    assert_eq!(code(twice), Code::HandshakeOver);
    let of = async |run: &RunStarted| {
        let run_id = Some(run.run_id.clone());
        let request = HandshakesRequest { run_id, limit: 10, ..HandshakesRequest::default() };
        service.handshakes(request).await.unwrap().handshakes
    };
    assert_eq!((of(&run).await.as_slice(), of(&other).await.len()), ([stopped].as_slice(), 0));
    paused(&service, &run).await;
}

pub async fn a_run_that_gives_no_word_goes_on_and_one_that_ends_ends_its_pause(f: &Fixture) {
    let service = f.service().await;
    let _watch = Watch::over(&service);
    let run = service.start_run(start("grid")).await.unwrap();
    let begun = service.pause_run(&run.run_id, wish(1)).await.unwrap();
    let ask = asked(&service, &run, AskKind::Pause).await;
    until(&service, &begun, HandshakeStatus::NoWord).await;
    assert_eq!(code(pause(&service, &run, &ask).await), Code::HandshakeOver, "its word comes too late");
    assert_eq!(asked(&service, &run, AskKind::GoOn).await.handshake, ask.handshake);
    write(&service, &run, "a", r#"{"n":1}"#).await.unwrap();

    let begun = paused(&service, &run).await;
    // It was looked whether it is still live, which it is.
    let looked = async {
        let name = format!("handshake:{}", begun.handshake.handshake);
        let is_it = |look: &LeaseLook| look.run_id == name && look.renewed_at.is_none();
        while !f.store.look_at_leases().await.unwrap().iter().any(is_it) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looked).await.unwrap();
    assert_eq!(status(&service, &begun).await, HandshakeStatus::Paused);
    assert_eq!(code(write(&service, &run, "a", r#"{"n":2}"#).await), Code::RunPaused);
    let stopped = EndRun { status: EndedAs::Stopped, final_value: None, reason: None, user_id: None };
    service.end_run(&run.run_id, stopped).await.unwrap();
    until(&service, &begun, HandshakeStatus::RunEnded).await;
    assert_eq!(code(service.pause_run(&run.run_id, wish(1)).await), Code::LeaseLost);
    // Whoever follows it was never asked.
    let next = service.start_run(start("grid")).await.unwrap();
    write(&service, &next, "a", r#"{"n":2}"#).await.unwrap();
}

pub async fn a_restore_takes_the_word_that_a_run_gave_an_operator_and_leaves_it_paused(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let asked_for = back_to(good, only(&[typed("bot_memory", "a")]));
    let asking = service.pause_run(&run.run_id, wish(LONG)).await.unwrap();
    let plan = service.plan(asked_for.clone()).await.unwrap();
    // Before it has given its word there is nothing that a restore could go by.
    assert_eq!(code(service.apply(&plan.plan, order(&plan, LONG)).await), Code::HandshakeOpen);
    let ask = asked(&service, &run, AskKind::Pause).await;
    assert_eq!(ask.handshake, asking.handshake.handshake);
    pause(&service, &run, &ask).await.unwrap();
    let restore = done(apply(&service, &plan, order(&plan, LONG))).await.unwrap();
    assert_eq!(data(f, "a").await, r#"{"n":1}"#, "its word counts");
    let row = restore.handshake.unwrap().handshake.runs.remove(0);
    assert_eq!(row.note.as_deref(), Some("an operator has it paused already"));
    assert_eq!(status(&service, &asking).await, HandshakeStatus::Paused);
    let told = asked(&service, &run, AskKind::Reload).await;
    assert_eq!(told.handshake, restore.record.restore_id);
    assert!(reload(&service, &run, &told.handshake, told.seq.unwrap()).await.unwrap(), "it stays paused");
    assert_eq!(asks(&service, &run).await, []);
    let read = service.handshake(&told.handshake).await.unwrap();
    assert_eq!((read.waits_for.len(), read.handshake.runs[0].seq), (0, told.seq));
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    let_go(&service, &asking).await;
    assert_eq!(asked(&service, &run, AskKind::GoOn).await.handshake, asking.handshake.handshake);
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
}

pub async fn who_is_let_go_while_a_restore_asks_goes_on_with_it_and_not_before(f: &Fixture) {
    let service = f.service().await;
    let (run, slow) =
        (service.start_run(start("grid")).await.unwrap(), service.start_run(start("slow")).await.unwrap());
    write(&service, &run, "a", r#"{"n":1}"#).await.unwrap();
    let good = write(&service, &slow, "b", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    write(&service, &slow, "b", r#"{"n":2}"#).await.unwrap();
    let both = back_to(good, only(&[typed("bot_memory", "a"), typed("bot_memory", "b")]));
    let begun = paused(&service, &run).await;
    let plan = service.plan(both.clone()).await.unwrap();
    // One that is not written gives it back to the operator.
    assert_eq!(code(done(apply(&service, &plan, order(&plan, 1))).await), Code::NoWord);
    assert_eq!(asks(&service, &run).await, []);
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    let told = asked(&service, &slow, AskKind::GoOn).await;
    reload(&service, &slow, &told.handshake, f.tip().await).await.unwrap();

    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &slow, AskKind::Pause).await;
    let_go(&service, &begun).await;
    assert_eq!(asks(&service, &run).await, [], "its word counts for the restore");
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    pause(&service, &slow, &ask).await.unwrap();
    done(applied).await.unwrap();
    for run in [&run, &slow] {
        let told = asked(&service, run, AskKind::Reload).await;
        assert!(!reload(&service, run, &told.handshake, told.seq.unwrap()).await.unwrap());
        write(&service, run, "c", &format!("{{\"by\":\"{}\"}}", run.run_id)).await.unwrap();
    }
}

pub async fn who_has_still_to_read_a_restore_is_paused_without_a_word(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    let restore = done(apply(&service, &plan, without_word(&plan))).await.unwrap().record.restore_id;
    let begun = service.pause_run(&run.run_id, wish(LONG)).await.unwrap();
    assert_eq!((begun.handshake.status, begun.waits_for.len()), (HandshakeStatus::Paused, 0));
    let told = asked(&service, &run, AskKind::Reload).await;
    assert_eq!(told.handshake, restore);
    assert!(reload(&service, &run, &restore, told.seq.unwrap()).await.unwrap());
    assert_eq!(code(write(&service, &run, "a", r#"{"n":9}"#).await), Code::RunPaused);
    let_go(&service, &begun).await;
    asked(&service, &run, AskKind::GoOn).await;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
}

pub async fn a_handshake_that_is_damaged_keeps_no_lost_run_from_being_ended(f: &Fixture) {
    let store = Arc::new(FaultyStore::new(Arc::clone(&f.store)));
    let in_front: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(&store);
    let service = f.service_over(in_front).await;
    let held = service.start_run(start("held")).await.unwrap();
    let begun = service.pause_run(&held.run_id, wish(1)).await.unwrap();
    let lost = service.start_run(StartRun { lease_seconds: Some(2), ..start("lost") }).await.unwrap();
    store.set(Mood::HandshakesDamaged);
    let _watch = Watch::over(&service);
    let ended = async {
        while service.run_view(&lost.run_id).await.unwrap().run.status != RunStatus::Crashed {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert!(service.handshake(&begun.handshake.handshake).await.is_err(), "it is damaged all the while");
    store.set(Mood::Up);
    until(&service, &begun, HandshakeStatus::NoWord).await;
}

pub async fn who_was_asked_what_is_damaged_keeps_no_other_run_from_going_on(f: &Fixture) {
    let store = Arc::new(FaultyStore::new(Arc::clone(&f.store)));
    let in_front: Arc<dyn StateStore> = Arc::<FaultyStore>::clone(&store);
    let service = f.service_over(in_front).await;
    let (one, other) =
        (service.start_run(start("one")).await.unwrap(), service.start_run(start("other")).await.unwrap());
    write(&service, &one, "a", r#"{"n":1}"#).await.unwrap();
    let good = write(&service, &other, "b", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &one, "a", r#"{"n":2}"#).await.unwrap();
    write(&service, &other, "b", r#"{"n":2}"#).await.unwrap();
    let both = only(&[typed("bot_memory", "a"), typed("bot_memory", "b")]);
    let plan = service.plan(back_to(good, both)).await.unwrap();
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &one, AskKind::Pause).await;
    let other_ask = asked(&service, &other, AskKind::Pause).await;
    pause(&service, &other, &other_ask).await.unwrap();
    assert_eq!(code(write(&service, &other, "b", r#"{"n":3}"#).await), Code::RunPaused);
    store.damage(typed("pause", &one.run_id));
    let stopped = service.stop_handshake(&ask.handshake, StopHandshake::default()).await.unwrap();
    assert_eq!(stopped.handshake.status, HandshakeStatus::Stopped);
    assert_eq!(code(done(applied).await), Code::HandshakeStopped);
    assert_eq!(asked(&service, &other, AskKind::GoOn).await.handshake, ask.handshake);
    write(&service, &other, "b", r#"{"n":3}"#).await.unwrap();
}

pub async fn whoever_leads_a_restore_says_so_again_and_again_while_it_waits(f: &Fixture) {
    let service = f.service().await;
    let run = service.start_run(start("grid")).await.unwrap();
    let good = write(&service, &run, "a", r#"{"n":1}"#).await.unwrap().seq;
    write(&service, &run, "a", r#"{"n":2}"#).await.unwrap();
    let plan = service.plan(back_to(good, only(&[typed("bot_memory", "a")]))).await.unwrap();
    let applied = apply(&service, &plan, order(&plan, LONG));
    let ask = asked(&service, &run, AskKind::Pause).await;
    let name = format!("handshake:{}", ask.handshake);
    let renewed = async || {
        let looks = f.store.look_at_leases().await.unwrap();
        looks.into_iter().find(|look| look.run_id == name).and_then(|look| look.renewed_at)
    };
    let first = renewed().await;
    assert!(first.is_some());
    let again = async {
        while renewed().await <= first {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.unwrap();
    pause(&service, &run, &ask).await.unwrap();
    done(applied).await.unwrap();
    assert_eq!(renewed().await, None, "nobody leads it any more");
}
