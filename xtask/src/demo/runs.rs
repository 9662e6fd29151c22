//! The runs of the desk's programs: they begin, renew, end, crash and are taken over, with other code and settings now and then.
//!
//! What is due is decided here without I/O; the client carries it out. What a program is asked in the answer to a renewal is answered by
//! [`super::asked`].

use serde_json::{Value, json};

use super::book::OPERATOR;
use super::client::{Client, Stop};

/// A start that was refused, or a run that somebody has ended, is followed by another start after so many seconds.
const AGAIN: i64 = 30;

/// One start of a program, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Its id.
    pub(super) id: String,
    /// Its number, which goes with all that it saves.
    pub(super) epoch: u64,
    /// How far the log was when it began.
    pub(super) began: u64,
}

/// As whom an author saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand<'a> {
    /// Nobody's run.
    Own,
    /// This run.
    Of(&'a Run),
    /// Nothing is saved now: the program hangs, or has made way for a restore.
    Still,
}

/// A program, and its run.
#[derive(Debug)]
struct Program {
    name: &'static str,
    instance: &'static str,
    /// As whom it saves.
    author: &'static str,
    lease: i64,
    host: &'static str,
    strategy: &'static str,
    run: Option<Run>,
    /// It has made way for a restore, and saves nothing until it has read what was written.
    paused: bool,
    /// When it begins, while it does not run; `None`: it does not come back by itself.
    begins: Option<i64>,
    /// It hangs, and renews no more.
    hangs: bool,
    code: usize,
    starts: u64,
}

/// What happens to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It hangs, so that its lease runs out, and begins anew after so many seconds.
    Hangs(i64),
    /// An operator says that it is gone; it begins anew after so many seconds, or not at all.
    MarkedCrashed(Option<i64>),
    /// It has done its work, and begins anew after so many seconds.
    Completes(i64),
    /// It is told to stop, and begins anew with other code after so many seconds.
    Stops(i64),
    /// Another one takes its place while it is live.
    TakenOver,
}

/// What the past two hours had: at which minute, to which program, what.
const PAST: [(i64, usize, Fate); 7] = [
    (20, RISK, Fate::Completes(60)),
    (30, EQUITIES, Fate::MarkedCrashed(None)),
    (40, RISK, Fate::Completes(60)),
    (60, FX_1, Fate::MarkedCrashed(Some(600))),
    (80, CRYPTO, Fate::Stops(60)),
    (90, FX_2, Fate::TakenOver),
    (100, RISK, Fate::Completes(60)),
];
/// What happens from then on: how often (seconds), and when first. Only what holds no state hangs: whoever restores something in the demo
/// waits for nobody.
const EVERY: [(i64, i64, usize, Fate); 6] = [
    (180, 25, RISK, Fate::Completes(155)),
    (1_800, 200, RISK, Fate::Hangs(100)),
    (700, 240, FX_2, Fate::TakenOver),
    (900, 420, CRYPTO, Fate::Stops(20)),
    (1_200, 600, FX_1, Fate::MarkedCrashed(Some(75))),
    (1_500, 1_000, METALS, Fate::MarkedCrashed(Some(90))),
];

const FX_1: usize = 0;
const FX_2: usize = 1;
const METALS: usize = 2;
const CRYPTO: usize = 3;
const EQUITIES: usize = 5;
const RISK: usize = 6;

/// Commits that programs are of, one after the other.
const CODES: [&str; 4] = ["8e41c0d7", "b7702fe1", "c90d3a55", "5d0a9126"];

/// All programs that begin runs.
#[derive(Debug)]
pub(super) struct Runs {
    programs: Vec<Program>,
    /// The story goes on from an earlier one, whose runs may still be held: they are replaced.
    replaces: bool,
    /// When what happens again and again is due next.
    next: Vec<i64>,
}

/// Something that is to be sent.
#[derive(Debug, PartialEq)]
struct Due {
    program: usize,
    what: Sent,
}

#[derive(Debug, PartialEq)]
enum Sent {
    Begin(Value),
    Renew,
    /// `end` or `mark-crashed`, with its body.
    End(&'static str, Value),
}

/// What a program is asked, as the answer to its renewal said it.
#[derive(Debug)]
pub(super) struct Asked {
    /// The program, among [`Runs`].
    pub(super) program: usize,
    /// `asks` of the answer.
    pub(super) asks: Vec<Value>,
}

impl Runs {
    /// Nobody runs yet; all begin at once. `replaces`: what an earlier demo has left is taken over.
    pub(super) fn new(now: i64, replaces: bool) -> Self {
        let programs = vec![
            program("pairs-fx", "1", "pairs-fx-1", 90, "fx-a", "pairs"),
            program("pairs-fx", "2", "pairs-fx-2", 90, "fx-b", "pairs"),
            program("pairs-metals", "main", "pairs-metals", 60, "fx-a", "pairs"),
            program("pairs-crypto", "main", "pairs-crypto", 300, "box-7", "pairs"),
            program("md-feed", "main", "md-feed", 60, "feed-1", "feed"),
            program("eq-pairs", "main", "eq-pairs", 120, "eq-a", "pairs"),
            program("risk-check", "main", "risk-check", 60, "box-7", "checks"),
        ];
        let programs = programs.into_iter().map(|program| Program { begins: Some(now), ..program }).collect();
        Self { programs, replaces, next: EVERY.iter().map(|(_, first, ..)| now + first).collect() }
    }

    /// As whom an author saves.
    pub(super) fn of(&self, author: &str) -> Hand<'_> {
        let Some(program) = self.programs.iter().find(|program| program.author == author) else {
            return Hand::Own;
        };
        match &program.run {
            _ if program.hangs || program.paused => Hand::Still,
            Some(run) => Hand::Of(run),
            // The desk's figures go on all the same.
            None => Hand::Own,
        }
    }

    /// The author and the run of a program, while it runs.
    pub(super) fn running(&self, program: usize) -> Option<(&'static str, &Run)> {
        let program = &self.programs[program];
        Some((program.author, program.run.as_ref()?))
    }

    /// It makes way for a restore, or goes on.
    pub(super) fn pause(&mut self, program: usize, paused: bool) {
        self.programs[program].paused = paused;
    }

    /// One minute of the told past.
    pub(super) fn tell(&mut self, client: &Client, minute: i64) -> Result<(), Stop> {
        let mut due = Vec::new();
        for (_, program, fate) in PAST.iter().filter(|(at, ..)| *at == minute) {
            // Told minutes are short: what begins after a while begins some told minutes later.
            due.extend(self.meet(*program, *fate, minute * 60));
        }
        due.extend(self.begin_due(minute * 60));
        due.extend(self.renewals());
        self.send(client, due, minute * 60).map(drop)
    }

    /// Nobody tells on: whoever runs is stopped, as nobody would answer what it is asked.
    pub(super) fn leave(&mut self, client: &Client) -> Result<(), Stop> {
        let live = self.programs.iter().enumerate().filter(|(_, program)| program.run.is_some());
        let ends = live.map(|(index, program)| {
            let body = json!({"status": "stopped", "reason": "the story is told", "user_id": program.author});
            Due { program: index, what: Sent::End("end", body) }
        });
        let ends = ends.collect();
        self.send(client, ends, 0).map(drop)
    }

    /// From here on time is told as it passes: `now`.
    pub(super) fn go_on(&mut self, now: i64) {
        self.next = EVERY.iter().map(|(_, first, ..)| now + first).collect();
        for program in &mut self.programs {
            program.begins = program.begins.map(|_| now);
        }
    }

    /// Whatever is due now; gives what programs are asked.
    pub(super) fn step(&mut self, client: &Client, now: i64) -> Result<Vec<Asked>, Stop> {
        let due = self.due(now);
        self.send(client, due, now)
    }

    fn due(&mut self, now: i64) -> Vec<Due> {
        let mut due = Vec::new();
        for (at, (every, _, program, fate)) in EVERY.iter().enumerate() {
            if now >= self.next[at] {
                self.next[at] = now + every;
                due.extend(self.meet(*program, *fate, now));
            }
        }
        due.extend(self.begin_due(now));
        due.extend(self.renewals());
        due
    }

    /// Lets it happen to a program that runs.
    fn meet(&mut self, index: usize, fate: Fate, now: i64) -> Option<Due> {
        let program = &mut self.programs[index];
        program.run.as_ref().filter(|_| !program.hangs)?;
        let end = |route, body| Some(Due { program: index, what: Sent::End(route, body) });
        match fate {
            Fate::Hangs(after) => {
                program.hangs = true;
                program.begins = Some(now + after);
                None
            }
            Fate::MarkedCrashed(after) => {
                program.begins = after.map(|after| now + after);
                program.code += 1;
                end("mark-crashed", json!({"reason": "its machine is gone", "user_id": OPERATOR}))
            }
            Fate::Completes(after) => {
                program.begins = Some(now + after);
                end("end", json!({"status": "completed", "user_id": program.author}))
            }
            Fate::Stops(after) => {
                program.begins = Some(now + after);
                program.code += 1;
                end("end", json!({"status": "stopped", "reason": "new code", "user_id": program.author}))
            }
            Fate::TakenOver => {
                program.code += 1;
                let word = json!({"reason": "rollout without a pause", "by": OPERATOR});
                Some(Due { program: index, what: Sent::Begin(program.start(Some(&word))) })
            }
        }
    }

    fn begin_due(&mut self, now: i64) -> Vec<Due> {
        let word = self.replaces.then(|| json!({"reason": "the demo was started anew", "by": OPERATOR}));
        let waiting = |program: &Program| program.run.is_none() || program.hangs;
        let due = self.programs.iter_mut().enumerate();
        due.filter(|(_, program)| waiting(program) && program.begins.is_some_and(|at| now >= at))
            .map(|(index, program)| {
                let first = word.as_ref().filter(|_| program.starts == 0);
                Due { program: index, what: Sent::Begin(program.start(first)) }
            })
            .collect()
    }

    /// A program hears what it is asked in the answers to its renewals alone, so it renews at every step.
    fn renewals(&self) -> Vec<Due> {
        let due = self.programs.iter().enumerate();
        due.filter(|(_, program)| program.run.is_some() && !program.hangs)
            .map(|(index, _)| Due { program: index, what: Sent::Renew })
            .collect()
    }

    fn send(&mut self, client: &Client, due: Vec<Due>, told: i64) -> Result<Vec<Asked>, Stop> {
        let mut asked = Vec::new();
        for Due { program: index, what } in due {
            let program = &mut self.programs[index];
            let run = program.run.as_ref().map(|run| run.id.clone()).unwrap_or_default();
            let (status, mut answer) = match &what {
                Sent::Begin(body) => client.post("/runs", body)?,
                Sent::Renew => client.post(&format!("/runs/{run}/renew"), &json!({}))?,
                Sent::End(route, body) => client.post(&format!("/runs/{run}/{route}"), body)?,
            };
            program.answered(&what, status, run_in(&answer), told);
            if let (Sent::Renew, 200, Value::Array(asks)) = (&what, status, answer["asks"].take()) {
                asked.push(Asked { program: index, asks });
            }
        }
        Ok(asked)
    }
}

fn run_in(answer: &Value) -> Option<Run> {
    Some(Run {
        id: answer["run_id"].as_str()?.to_owned(),
        epoch: answer["epoch"].as_u64()?,
        began: answer["seq"].as_u64()?,
    })
}

impl Program {
    /// The body of its next start; each third start has other settings.
    fn start(&mut self, take_over: Option<&Value>) -> Value {
        self.starts += 1;
        let config = json!({"entry_z": 1.4, "exit_z": 0.2, "max_stop_step": if self.starts.is_multiple_of(3) { 0.0015 } else { 0.008 }});
        let mut body = json!({
            "program": self.name, "instance": self.instance, "lease_seconds": self.lease, "code": CODES[self.code % CODES.len()],
            "config": config, "host": self.host, "pid": 41_800 + self.starts, "strategy": self.strategy,
            "symbols": ["EURUSD", "GBPUSD"], "interval_seconds": 60, "capital": 250_000, "user_id": self.author,
        });
        if let Some(word) = take_over {
            body["take_over"] = word.clone();
        }
        body
    }

    fn answered(&mut self, what: &Sent, status: u16, run: Option<Run>, told: i64) {
        match (what, status) {
            (Sent::Begin(_), 201) => {
                self.run = run;
                (self.hangs, self.paused, self.begins) = (false, false, None);
            }
            // Somebody holds the lease still: it runs out.
            (Sent::Begin(_), _) => self.begins = Some(told + AGAIN),
            (Sent::Renew, 200) => {}
            // Somebody has ended it meanwhile.
            (Sent::Renew, _) => {
                (self.run, self.paused) = (None, false);
                self.begins = Some(told + AGAIN);
            }
            (Sent::End(..), _) => (self.run, self.paused) = (None, false),
        }
    }
}

fn program(
    name: &'static str,
    instance: &'static str,
    author: &'static str,
    lease: i64,
    host: &'static str,
    strategy: &'static str,
) -> Program {
    Program {
        name,
        instance,
        author,
        lease,
        host,
        strategy,
        run: None,
        paused: false,
        begins: None,
        hangs: false,
        code: 0,
        starts: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const BEGIN: i64 = 1_795_000_000;

    fn run(at: i64) -> Run {
        Run { id: format!("run-{at}"), epoch: 1, began: 1 }
    }

    /// Lets an hour pass with a server that takes everything and ends what does not renew; gives what was sent.
    fn an_hour() -> Vec<(i64, usize, String)> {
        let mut runs = Runs::new(BEGIN, false);
        let mut renewed: BTreeMap<usize, i64> = BTreeMap::new();
        let mut told = Vec::new();
        for now in BEGIN..BEGIN + 3_600 {
            for Due { program, what } in runs.due(now) {
                let held = renewed.get(&program).is_some_and(|at| now - at < runs.programs[program].lease);
                let (status, word) = match &what {
                    Sent::Begin(body) if held && body["take_over"].is_null() => (409, "held".to_owned()),
                    Sent::Begin(body) if held => (201, format!("taken over with {}", body["code"])),
                    Sent::Begin(body) => (201, format!("begins with {}", body["config"]["max_stop_step"])),
                    Sent::Renew => (200, "renews".to_owned()),
                    Sent::End(route, body) => (200, format!("{route} {}", body["status"])),
                };
                match what {
                    Sent::End(..) => renewed.remove(&program),
                    _ if status < 300 => renewed.insert(program, now),
                    _ => None,
                };
                runs.programs[program].answered(&what, status, Some(run(now)), now);
                told.push((now - BEGIN, program, word));
            }
        }
        told
    }

    #[test]
    fn an_hour_has_every_way_to_end_and_other_code_and_settings() {
        let told = an_hour();
        let has = |program: usize, word: &str| {
            told.iter().any(|(_, of, said)| *of == program && said.contains(word))
        };
        assert!(has(RISK, "completed") && has(CRYPTO, "stopped") && has(FX_1, "mark-crashed"));
        assert!(has(FX_2, "taken over with \"b7702fe1\"") && has(FX_2, "taken over with \"c90d3a55\""));
        assert!(has(RISK, "begins with 0.008") && has(RISK, "begins with 0.0015"));
        // A program that hangs begins anew only after its lease has run out.
        assert!(!has(RISK, "held"), "{told:?}");
        let began = |from, to| {
            told.iter()
                .any(|(at, of, said)| *of == RISK && said.contains("begins") && (from..to).contains(at))
        };
        assert!(began(300, 301) && !began(200, 300), "{told:?}");
    }

    #[test]
    fn whoever_runs_renews_at_every_step_and_saves_under_its_run_unless_it_stands_still() {
        let mut runs = Runs::new(BEGIN, false);
        assert_eq!(runs.of("pairs-fx-1"), Hand::Own);
        let first = runs.due(BEGIN);
        assert_eq!(first.len(), runs.programs.len());
        for Due { program, what } in first {
            runs.programs[program].answered(&what, 201, Some(run(1)), BEGIN);
        }
        assert_eq!((runs.of("pairs-fx-1"), runs.of("ops.desk")), (Hand::Of(&run(1)), Hand::Own));
        assert_eq!(runs.renewals().len(), runs.programs.len());
        runs.pause(FX_1, true);
        assert_eq!((runs.of("pairs-fx-1"), runs.of("pairs-fx-2")), (Hand::Still, Hand::Of(&run(1))));
        assert_eq!(runs.renewals().len(), runs.programs.len(), "who stands still hears when it may go on");
        // Somebody has ended it: it begins again.
        runs.programs[FX_1].answered(&Sent::Renew, 409, None, BEGIN);
        assert_eq!(runs.of("pairs-fx-1"), Hand::Own);
        let again = runs.due(BEGIN + AGAIN);
        assert!(again.iter().any(|due| due.program == FX_1 && matches!(due.what, Sent::Begin(_))));
    }

    #[test]
    fn who_goes_on_from_an_earlier_demo_replaces_its_runs_once() {
        let mut runs = Runs::new(BEGIN, true);
        let takes = |due: &[Due]| {
            due.iter()
                .filter(|due| matches!(&due.what, Sent::Begin(body) if !body["take_over"].is_null()))
                .count()
        };
        assert_eq!(takes(&runs.due(BEGIN)), runs.programs.len());
        assert_eq!(takes(&runs.due(BEGIN)), 0);
    }
}
