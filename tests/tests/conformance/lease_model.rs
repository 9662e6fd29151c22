//! Random work of runs on a store and on a model of a few lines: who holds an instance, whose writes count, and that nothing else was
//! written. Holders are replaced, paused, marked as crashed and written over by hand; servers are restarted and clocks jump meanwhile.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use stateloft_core::api::{
    AskKind, BatchItem, BatchOperation, BatchRequest, Code, EndRun, EndedAs, MarkCrashed, RenewRun,
    RunOutcome, RunStarted, SaveRequest, StartRun,
};
use stateloft_core::commit::{Change, Expectation, Write};
use stateloft_core::model::{Operation, Seq, StateKey, Version, VersionNumber};
use stateloft_server::service::{Service, ServiceError};

use crate::fixture::{Fixture, START, doc, save, typed};
use crate::runs::{of_run, start, take_over, write};
use crate::shaking::{apply, asked, back_to, done, only, order, pause, reload};

const PROGRAMS: [&str; 2] = ["grid", "trend"];
/// A wait that no case waits out.
const LONG: u64 = 600;
/// How long anything may take on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is done, by or with one of the programs. A number says how many runs back the run is that does it: 0 is the last one.
#[derive(Debug, Clone)]
enum Step {
    Begin(usize),
    TakeOver(usize),
    Renew(usize, u64),
    End(usize, u64, bool),
    MarkCrashed(usize, u64),
    Save(usize, u64),
    Batch(usize, u64),
    /// Somebody writes its session by hand: with a note and then back again, with a note, or away.
    ByHand(usize, u8),
    /// It gives its word to a restore, which is written.
    Pause(usize),
    /// It says that it has read that.
    Reload(usize),
    /// It saves from many places while it is replaced.
    Race(usize),
    /// It says that it writes as another start than it is.
    Misnumbered(usize, u64),
    /// It is begun with a short lease, which runs out, whatever the machine's clock does meanwhile, in minutes.
    RunOut(usize, i64),
    Restart,
    /// Another time on the machine's clock, in minutes.
    Jump(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let program = 0..PROGRAMS.len();
    let back = prop_oneof![3 => Just(0_u64), 1 => Just(1), 1 => Just(2)];
    let by = (program.clone(), back);
    prop_oneof![
        6 => program.clone().prop_map(Step::Begin),
        2 => program.clone().prop_map(Step::TakeOver),
        3 => by.clone().prop_map(|(program, back)| Step::Renew(program, back)),
        2 => (by.clone(), any::<bool>()).prop_map(|((program, back), well)| Step::End(program, back, well)),
        1 => by.clone().prop_map(|(program, back)| Step::MarkCrashed(program, back)),
        8 => by.clone().prop_map(|(program, back)| Step::Save(program, back)),
        3 => by.clone().prop_map(|(program, back)| Step::Batch(program, back)),
        2 => by.prop_map(|(program, back)| Step::Misnumbered(program, back)),
        3 => (program.clone(), 0..3_u8).prop_map(|(program, how)| Step::ByHand(program, how)),
        2 => program.clone().prop_map(Step::Pause),
        2 => program.clone().prop_map(Step::Reload),
        1 => program.clone().prop_map(Step::Race),
        1 => (program, -10_000..10_000_i64).prop_map(|(program, minutes)| Step::RunOut(program, minutes)),
        1 => Just(Step::Restart),
        1 => (-10_000..10_000_i64).prop_map(Step::Jump),
    ]
}

/// How the last run of an instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    Never,
    Live,
    /// It has given its word to this handshake, and has not read what was written up to this seq.
    Paused(String, Seq),
    /// Its session was written by hand, which took its lease, and still says that it is active: until somebody says what it was.
    ByHand,
    /// It has ended, and this is what the next one is told.
    Over(RunOutcome),
}

impl Last {
    fn is_live(&self) -> bool {
        matches!(self, Self::Live | Self::Paused(..))
    }
}

/// What is known of an instance.
#[derive(Debug)]
struct Instance {
    last: Last,
    runs: Vec<RunStarted>,
    /// Runs whose session was deleted by hand.
    deleted: Vec<String>,
    /// What its state holds.
    data: Option<String>,
}

/// The store, and what must be so.
struct World<'a> {
    fixture: &'a Fixture,
    service: Arc<Service>,
    instances: Vec<Instance>,
    number: u64,
}

/// How many steps a case has; `PROPTEST_CASES` tries as many cases as it says.
const STEPS: usize = 40;
/// How long a failure is made shorter: some of its steps take seconds.
const SHRINK_MILLIS: u32 = 60_000;
/// The longest lease that any run asks for.
const TERM: Duration = Duration::from_hours(1);
/// The shortest that there is.
const SHORT: Duration = Duration::from_secs(1);

/// Runs the model test on a backend, so many cases.
pub fn agrees_with_the_model<F: Future<Output = Fixture>>(open: impl Fn() -> F, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let asked = std::env::var("PROPTEST_CASES").ok().map(|cases| cases.parse().unwrap());
    let config = Config {
        cases: asked.unwrap_or(cases),
        max_shrink_iters: 60,
        max_shrink_time: SHRINK_MILLIS,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&vec(step(), 1..STEPS), |steps| {
        runtime.block_on(async {
            let fixture = open().await;
            let mut world = World::new(&fixture).await;
            for step in &steps {
                world.take(step).await?;
            }
            world.check_log().await?;
            fixture.check_chain().await;
            world.service.shutdown().await;
            Ok(())
        })
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

impl<'a> World<'a> {
    async fn new(fixture: &'a Fixture) -> Self {
        let none = |_| Instance { last: Last::Never, runs: Vec::new(), deleted: Vec::new(), data: None };
        let instances = PROGRAMS.iter().map(none).collect();
        Self { fixture, service: fixture.service().await, instances, number: 0 }
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Begin(at) => self.begin(at, start(PROGRAMS[at])).await?,
            Step::TakeOver(at) => self.take_over(at).await?,
            Step::Renew(at, back) => {
                let Some((run, is_live)) = self.run(at, back) else { return Ok(()) };
                let renewed = self.service.renew_run(&run.run_id, RenewRun { epoch: Some(run.epoch) }).await;
                expect(renewed.map(drop), self.deaf(at, &run, is_live), step)?;
            }
            Step::End(at, back, well) => {
                let Some((run, is_live)) = self.run(at, back) else { return Ok(()) };
                let status = if well { EndedAs::Completed } else { EndedAs::Stopped };
                let end = EndRun { status, final_value: None, reason: None, user_id: None };
                let ended = self.service.end_run(&run.run_id, end).await;
                expect(ended.map(drop), self.deaf(at, &run, is_live), step)?;
                self.over(at, is_live, RunOutcome::Resumed);
            }
            Step::MarkCrashed(at, back) => {
                let Some((run, is_live)) = self.run(at, back) else { return Ok(()) };
                let gone = MarkCrashed { reason: "it is gone".into(), user_id: None };
                let marked = self.service.mark_crashed(&run.run_id, gone).await;
                let says_active = is_live || (back == 0 && self.instances[at].last == Last::ByHand);
                expect(marked.map(drop), self.deaf(at, &run, says_active), step)?;
                self.over(at, says_active, RunOutcome::AfterCrash);
            }
            Step::Save(at, back) => self.save(at, back, step).await?,
            Step::Batch(at, back) => self.batch(at, back, step).await?,
            Step::ByHand(at, how) => self.by_hand(at, how).await,
            Step::Pause(at) => self.pause(at).await?,
            Step::Reload(at) => {
                let Last::Paused(handshake, seq) = self.instances[at].last.clone() else { return Ok(()) };
                let run = self.instances[at].runs.last().unwrap();
                prop_assert!(!reload(&self.service, run, &handshake, seq).await.unwrap(), "it goes on");
                self.instances[at].last = Last::Live;
            }
            Step::Race(at) => self.race(at).await?,
            Step::Misnumbered(at, back) => self.misnumbered(at, back).await?,
            Step::RunOut(at, minutes) => self.run_out(at, minutes).await?,
            // The store stays open: the next one has nothing but what is in it.
            Step::Restart => self.service = self.fixture.service().await,
            Step::Jump(minutes) => self.jump(minutes),
        }
        self.check_live(step).await?;
        self.check_states(step).await
    }

    fn jump(&self, minutes: i64) {
        self.fixture.clock.set(START + minutes * 60_000_000);
    }

    /// The run so many back, and whether it is live.
    fn run(&self, at: usize, back: u64) -> Option<(RunStarted, bool)> {
        let instance = &self.instances[at];
        let nth = instance.runs.len().checked_sub(1 + usize::try_from(back).unwrap())?;
        Some((instance.runs[nth].clone(), back == 0 && instance.last.is_live()))
    }

    /// Why nothing can be said of a run any more.
    fn deaf(&self, at: usize, run: &RunStarted, is_live: bool) -> Option<Code> {
        let is_deleted = self.instances[at].deleted.contains(&run.run_id);
        if is_deleted { Some(Code::StateDeleted) } else { (!is_live).then_some(Code::LeaseLost) }
    }

    fn over(&mut self, at: usize, was_live: bool, outcome: RunOutcome) {
        if was_live {
            self.instances[at].last = Last::Over(outcome);
        }
    }

    async fn begin(&mut self, at: usize, request: StartRun) -> Result<(), TestCaseError> {
        let began = self.service.start_run(request).await;
        let instance = &mut self.instances[at];
        if instance.last.is_live() {
            let Err(ServiceError::RunHeld(holder)) = began else { return Err(fail(format!("{began:?}"))) };
            prop_assert_eq!(&holder.run_id, &instance.runs.last().unwrap().run_id);
            return Ok(());
        }
        let began = began.map_err(|error| fail(format!("{error:?}")))?;
        let told = match instance.last {
            Last::Over(outcome) => outcome,
            Last::ByHand => RunOutcome::AfterCrash,
            _ => RunOutcome::Fresh,
        };
        prop_assert_eq!((began.epoch, began.outcome), (instance.runs.len() as u64 + 1, told));
        instance.runs.push(began);
        instance.last = Last::Live;
        Ok(())
    }

    async fn take_over(&mut self, at: usize) -> Result<(), TestCaseError> {
        let was_live = self.instances[at].last.is_live();
        self.over(at, was_live, RunOutcome::AfterCrash);
        self.begin(at, take_over(PROGRAMS[at])).await
    }

    /// A save that is its run's, as the data says.
    fn saving(&mut self, run: &RunStarted, id: &str) -> (SaveRequest, String) {
        self.number += 1;
        let data = format!(r#"{{"by":"{}","n":{}}}"#, run.run_id, self.number);
        (of_run(run, id, &data), data)
    }

    /// Why a run may not write.
    fn refusal(&self, at: usize, is_live: bool) -> Option<Code> {
        match &self.instances[at].last {
            _ if !is_live => Some(Code::LeaseLost),
            Last::Paused(..) => Some(Code::RunPaused),
            _ => None,
        }
    }

    async fn save(&mut self, at: usize, back: u64, step: &Step) -> Result<(), TestCaseError> {
        let Some((run, is_live)) = self.run(at, back) else { return Ok(()) };
        let refusal = self.refusal(at, is_live);
        let (request, data) = self.saving(&run, PROGRAMS[at]);
        expect(write(&self.service, request).await.map(drop), refusal, step)?;
        if refusal.is_none() {
            self.instances[at].data = Some(data);
        }
        Ok(())
    }

    async fn batch(&mut self, at: usize, back: u64, step: &Step) -> Result<(), TestCaseError> {
        let Some((run, is_live)) = self.run(at, back) else { return Ok(()) };
        let refusal = self.refusal(at, is_live);
        let (_, data) = self.saving(&run, PROGRAMS[at]);
        let item = |id: &str| {
            let StateKey { state_type, state_id } = state(id);
            BatchItem { data: Some(doc(&data)), ..BatchItem::new(BatchOperation::Save, state_type, state_id) }
        };
        let batch = BatchRequest {
            items: vec![item("beside"), item(PROGRAMS[at])],
            epoch: Some(run.epoch),
            run_id: Some(run.run_id.as_str().into()),
            ..BatchRequest::default()
        };
        expect(self.service.batch(batch).await.map(drop), refusal, step)?;
        if refusal.is_none() {
            self.instances[at].data = Some(data);
        }
        Ok(())
    }

    async fn by_hand(&mut self, at: usize, how: u8) {
        if !self.instances[at].last.is_live() {
            return;
        }
        let key = typed("session", &self.instances[at].runs.last().unwrap().run_id);
        let begun = self.fixture.store.head(&key).await.unwrap().unwrap().data.unwrap();
        let noted = Change::Save(doc(&begun.text().replacen('{', r#"{"note":"x","#, 1)));
        let changes = match how {
            0 => vec![noted, Change::Restore(begun)],
            1 => vec![noted],
            _ => vec![Change::Delete],
        };
        for change in changes {
            let key = key.clone();
            self.fixture.write(Write { key, change, expectation: Expectation::Any, ..save("x", "{}") }).await;
        }
        let instance = &mut self.instances[at];
        if how < 2 {
            instance.last = Last::ByHand;
        } else {
            instance.last = Last::Over(RunOutcome::AfterCrash);
            instance.deleted.push(instance.runs.last().unwrap().run_id.clone());
        }
    }

    async fn pause(&mut self, at: usize) -> Result<(), TestCaseError> {
        if self.instances[at].last != Last::Live {
            return Ok(());
        }
        let run = self.instances[at].runs.last().unwrap().clone();
        let (first, good) = self.saving(&run, PROGRAMS[at]);
        let seq = write(&self.service, first).await.unwrap().seq;
        let (second, _) = self.saving(&run, PROGRAMS[at]);
        write(&self.service, second).await.unwrap();
        let plan = self.service.plan(back_to(seq, only(&[state(PROGRAMS[at])]))).await.unwrap();
        let applied = apply(&self.service, &plan, order(&plan, LONG));
        let ask = asked(&self.service, &run, AskKind::Pause).await;
        prop_assert!(pause(&self.service, &run, &ask).await.unwrap());
        done(applied).await.map_err(|error| fail(format!("{error:?}")))?;
        let told = asked(&self.service, &run, AskKind::Reload).await;
        self.instances[at].data = Some(good);
        self.instances[at].last = Last::Paused(told.handshake, told.seq.unwrap());
        Ok(())
    }

    async fn race(&mut self, at: usize) -> Result<(), TestCaseError> {
        let Some((run, true)) = self.run(at, 0) else { return Ok(()) };
        let saves: Vec<_> = (0..8)
            .map(|_| {
                let (request, _) = self.saving(&run, "raced");
                let service = Arc::clone(&self.service);
                tokio::spawn(async move { write(&service, request).await })
            })
            .collect();
        self.take_over(at).await?;
        for saved in saves {
            // What of them was in time the log says.
            if let Err(error) = saved.await.unwrap() {
                prop_assert!(matches!(error.code(), Code::LeaseLost | Code::RunPaused), "{error:?}");
            }
        }
        Ok(())
    }

    /// What says another number than its run has is refused, whoever is live.
    async fn misnumbered(&mut self, at: usize, back: u64) -> Result<(), TestCaseError> {
        let Some((run, _)) = self.run(at, back) else { return Ok(()) };
        for epoch in [run.epoch + 1, run.epoch - 1] {
            let (request, _) = self.saving(&run, PROGRAMS[at]);
            let saved = write(&self.service, SaveRequest { epoch: Some(epoch), ..request }).await;
            let renewed = self.service.renew_run(&run.run_id, RenewRun { epoch: Some(epoch) }).await;
            for refused in [saved.err(), renewed.err()] {
                prop_assert_eq!(refused.map(|error| error.code()), Some(Code::InvalidBody), "{}", epoch);
            }
        }
        Ok(())
    }

    async fn run_out(&mut self, at: usize, minutes: i64) -> Result<(), TestCaseError> {
        if self.instances[at].last.is_live() {
            return Ok(());
        }
        self.begin(at, StartRun { lease_seconds: Some(SHORT.as_secs()), ..start(PROGRAMS[at]) }).await?;
        let run = self.instances[at].runs.last().unwrap().clone();
        let renew = async || self.service.renew_run(&run.run_id, RenewRun::default()).await;
        self.jump(minutes);
        renew().await.map_err(|error| fail(format!("{error:?}")))?;
        // Nobody watches: whoever starts finds out. Until then it is held by the one that does not renew.
        let over = async {
            loop {
                let left = self.left(&run).await;
                if left.is_zero() || left > SHORT {
                    return left;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let over = tokio::time::timeout(PATIENCE, over).await;
        prop_assert_eq!(
            over.map_err(|_| fail("its lease never ends".into()))?,
            Duration::ZERO,
            "more than its term"
        );
        expect(renew().await.map(drop), Some(Code::LeaseLost), &Step::RunOut(at, minutes))?;
        let next =
            self.service.start_run(start(PROGRAMS[at])).await.map_err(|error| fail(format!("{error:?}")))?;
        let instance = &mut self.instances[at];
        prop_assert_eq!((next.epoch, next.outcome), (instance.runs.len() as u64 + 1, RunOutcome::AfterCrash));
        instance.runs.push(next);
        Ok(())
    }

    /// How long the lease of a run goes on.
    async fn left(&self, run: &RunStarted) -> Duration {
        let looks = self.fixture.store.look_at_leases().await.unwrap();
        looks.into_iter().find(|look| look.run_id == run.run_id).unwrap().left
    }

    /// Of each instance the last run is live that should be, and no other; and no lease is longer than it was asked for.
    async fn check_live(&self, step: &Step) -> Result<(), TestCaseError> {
        for (at, instance) in self.instances.iter().enumerate() {
            for back in 0..3 {
                let Some((run, is_live)) = self.run(at, back) else { break };
                if !instance.deleted.contains(&run.run_id) {
                    let view =
                        self.service.run_view(&run.run_id).await.map_err(|e| fail(format!("{e:?}")))?;
                    prop_assert_eq!(view.live, is_live, "{} after {:?}", run.run_id, step);
                }
            }
        }
        for look in self.fixture.store.look_at_leases().await.unwrap() {
            prop_assert!(look.left <= TERM, "{:?} after {:?}", look, step);
        }
        Ok(())
    }

    /// Of each instance the state is what was written last by whoever was allowed to.
    async fn check_states(&self, step: &Step) -> Result<(), TestCaseError> {
        for (instance, program) in self.instances.iter().zip(PROGRAMS) {
            let head = self.fixture.store.head(&state(program)).await.unwrap();
            let data = head.and_then(|head| head.data).map(|data| data.text().to_owned());
            prop_assert_eq!(&data, &instance.data, "{} after {:?}", program, step);
        }
        Ok(())
    }

    /// What a run wrote stands between its begin and its end, also where both happened at the same moment.
    async fn check_log(&self) -> Result<(), TestCaseError> {
        let log = self.fixture.store.after(Seq(0), 100_000).await.unwrap();
        let mut spans: BTreeMap<&str, (Seq, Option<Seq>)> = BTreeMap::new();
        for version in log.iter().filter(|version| version.key.state_type.as_str() == "session") {
            let id = version.key.state_id.as_str();
            match version.version {
                VersionNumber(1) => drop(spans.insert(id, (version.seq, None))),
                VersionNumber(2) => spans.get_mut(id).unwrap().1 = Some(version.seq),
                VersionNumber(_) => {}
            }
        }
        for version in log.iter().filter(|version| version.operation != Operation::Restore) {
            let Some(by) = by(version) else { continue };
            let (begun, ended) = spans[by.as_str()];
            prop_assert!(version.seq > begun, "{} wrote before it began: {:?}", by, version);
            prop_assert!(
                ended.is_none_or(|ended| version.seq < ended),
                "{} wrote after it had ended at {:?}: {:?}",
                by,
                ended,
                version
            );
        }
        Ok(())
    }
}

fn state(id: &str) -> StateKey {
    typed("bot_memory", id)
}

/// Which run a version says it is by.
fn by(version: &Version) -> Option<String> {
    let by = version.data.as_ref()?.root().get("by")?;
    by.as_str().map(std::borrow::Cow::into_owned)
}

fn expect(answer: Result<(), ServiceError>, refusal: Option<Code>, step: &Step) -> Result<(), TestCaseError> {
    prop_assert_eq!(answer.err().map(|error| error.code()), refusal, "{:?}", step);
    Ok(())
}

fn fail(what: String) -> TestCaseError {
    TestCaseError::fail(what)
}
