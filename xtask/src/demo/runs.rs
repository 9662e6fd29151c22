//! The runs of the desk's programs: they begin, renew, end, crash and are taken over, with other code and settings now and then.
//!
//! What is due is decided here without I/O; the client carries it out.

use serde_json::{Value, json};

use super::book::OPERATOR;
use super::client::{Client, Stop};

/// A start that was refused, or a run that somebody has ended, is followed by another start after so many seconds.
const AGAIN: i64 = 30;

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
    run: Option<String>,
    /// When it begins, while it does not run; `None`: it does not come back by itself.
    begins: Option<i64>,
    renews: i64,
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
/// What happens from then on: how often (seconds), and when first.
const EVERY: [(i64, i64, usize, Fate); 6] = [
    (180, 25, RISK, Fate::Completes(155)),
    (600, 90, METALS, Fate::Hangs(150)),
    (700, 240, FX_2, Fate::TakenOver),
    (900, 420, CRYPTO, Fate::Stops(20)),
    (1_200, 600, FX_1, Fate::MarkedCrashed(Some(75))),
    (1_500, 1_000, FEED, Fate::Hangs(90)),
];

const FX_1: usize = 0;
const FX_2: usize = 1;
const METALS: usize = 2;
const CRYPTO: usize = 3;
const FEED: usize = 4;
const EQUITIES: usize = 5;
const RISK: usize = 6;

/// Commits that programs are of, one after the other.
const CODES: [&str; 4] = ["8e41c0d7", "b7702fe1", "c90d3a55", "5d0a9126"];

/// All programs that begin runs.
#[derive(Debug)]
pub(super) struct Runs {
    programs: Vec<Program>,
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

impl Runs {
    /// Nobody runs yet; all begin at once.
    pub(super) fn new(now: i64) -> Self {
        let programs = vec![
            program("pairs-fx", "1", "pairs-fx-1", 90, "fx-a", "pairs"),
            program("pairs-fx", "2", "pairs-fx-2", 90, "fx-b", "pairs"),
            program("pairs-metals", "main", "pairs-metals", 60, "fx-a", "pairs"),
            program("pairs-crypto", "main", "pairs-crypto", 300, "box-7", "pairs"),
            program("md-feed", "main", "md-feed", 60, "feed-1", "feed"),
            program("eq-pairs", "main", "eq-pairs", 120, "eq-a", "pairs"),
            program("risk-check", "main", "risk-check", 300, "box-7", "checks"),
        ];
        let programs = programs.into_iter().map(|program| Program { begins: Some(now), ..program }).collect();
        Self { programs, next: EVERY.iter().map(|(_, first, ..)| now + first).collect() }
    }

    /// The run that an author's saves belong to.
    pub(super) fn of(&self, author: &str) -> Option<&str> {
        let program = self.programs.iter().find(|program| program.author == author)?;
        // What hangs saves nothing; the desk's figures go on all the same.
        program.run.as_deref().filter(|_| !program.hangs)
    }

    /// One minute of the told past.
    pub(super) fn tell(&mut self, client: &Client, minute: i64, now: i64) -> Result<(), Stop> {
        let mut due = Vec::new();
        for (_, program, fate) in PAST.iter().filter(|(at, ..)| *at == minute) {
            // Told minutes are short: what begins after a while begins some told minutes later.
            due.extend(self.meet(*program, *fate, minute * 60));
        }
        due.extend(self.begin_due(minute * 60));
        due.extend(self.renewals(now));
        self.send(client, due, minute * 60, now)
    }

    /// From here on time is told as it passes: `now`.
    pub(super) fn go_on(&mut self, now: i64) {
        self.next = EVERY.iter().map(|(_, first, ..)| now + first).collect();
        for program in &mut self.programs {
            program.begins = program.begins.map(|_| now);
        }
    }

    /// Whatever is due now.
    pub(super) fn step(&mut self, client: &Client, now: i64) -> Result<(), Stop> {
        let due = self.due(now);
        self.send(client, due, now, now)
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
        due.extend(self.renewals(now));
        due
    }

    /// Lets it happen to a program that runs.
    fn meet(&mut self, index: usize, fate: Fate, now: i64) -> Option<Due> {
        let program = &mut self.programs[index];
        program.run.as_ref()?;
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
        let waiting = |program: &Program| program.run.is_none() || program.hangs;
        let due = self.programs.iter_mut().enumerate();
        due.filter(|(_, program)| waiting(program) && program.begins.is_some_and(|at| now >= at))
            .map(|(index, program)| Due { program: index, what: Sent::Begin(program.start(None)) })
            .collect()
    }

    fn renewals(&mut self, now: i64) -> Vec<Due> {
        let due = self.programs.iter_mut().enumerate();
        due.filter(|(_, program)| program.run.is_some() && !program.hangs && now >= program.renews)
            .map(|(index, program)| {
                program.renews = now + program.every();
                Due { program: index, what: Sent::Renew }
            })
            .collect()
    }

    fn send(&mut self, client: &Client, due: Vec<Due>, told: i64, now: i64) -> Result<(), Stop> {
        for Due { program, what } in due {
            let program = &mut self.programs[program];
            let run = program.run.clone().unwrap_or_default();
            let (status, answer) = match &what {
                Sent::Begin(body) => client.post("/runs", body)?,
                Sent::Renew => client.post(&format!("/runs/{run}/renew"), &json!({}))?,
                Sent::End(route, body) => client.post(&format!("/runs/{run}/{route}"), body)?,
            };
            program.answered(&what, status, answer["run_id"].as_str(), told, now);
        }
        Ok(())
    }
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

    /// One of them is always a little late with it.
    fn every(&self) -> i64 {
        if self.name == "pairs-metals" { self.lease * 5 / 6 } else { self.lease / 3 }
    }

    fn answered(&mut self, what: &Sent, status: u16, run: Option<&str>, told: i64, now: i64) {
        match (what, status) {
            (Sent::Begin(_), 201) => {
                self.run = run.map(str::to_owned);
                self.hangs = false;
                self.begins = None;
                self.renews = now + self.every();
            }
            // Somebody holds the lease still, such as an earlier demo: it runs out.
            (Sent::Begin(_), _) => self.begins = Some(told + AGAIN),
            (Sent::Renew, 200) => {}
            // Somebody has ended it meanwhile.
            (Sent::Renew, _) => {
                self.run = None;
                self.begins = Some(told + AGAIN);
            }
            (Sent::End(..), _) => self.run = None,
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
        begins: None,
        renews: 0,
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

    /// Lets an hour pass with a server that takes everything and ends what does not renew; gives what was sent.
    fn an_hour() -> Vec<(i64, usize, String)> {
        let mut runs = Runs::new(BEGIN);
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
                let id = format!("run-{now}");
                runs.programs[program].answered(&what, status, Some(&id), now, now);
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
        for program in [METALS, FEED] {
            let begins =
                told.iter().filter(|(_, of, said)| *of == program && said.contains("begins")).count();
            assert!(begins > 1 && !has(program, "held"), "{told:?}");
        }
    }

    #[test]
    fn whoever_runs_renews_in_time_and_saves_under_its_run() {
        let mut runs = Runs::new(BEGIN);
        assert_eq!(runs.of("pairs-fx-1"), None);
        let first = runs.due(BEGIN);
        assert_eq!(first.len(), runs.programs.len());
        for Due { program, what } in first {
            runs.programs[program].answered(&what, 201, Some("one"), BEGIN, BEGIN);
        }
        assert_eq!((runs.of("pairs-fx-1"), runs.of("ops.desk")), (Some("one"), None));
        let renews = |runs: &Runs| runs.programs.iter().all(|program| program.renews < BEGIN + program.lease);
        assert!(renews(&runs));
        // Somebody has ended it: it begins again.
        runs.programs[FX_1].answered(&Sent::Renew, 409, None, BEGIN, BEGIN);
        assert_eq!(runs.of("pairs-fx-1"), None);
        assert!(
            runs.due(BEGIN + AGAIN)
                .iter()
                .any(|due| due.program == FX_1 && matches!(due.what, Sent::Begin(_)))
        );
    }
}
