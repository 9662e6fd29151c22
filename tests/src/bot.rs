//! A bot as a process of its own (`tests/bot`): what it says, and ways to stop it.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long it may take until it says something.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a bot does with what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It gives its word, reads again and goes on.
    Answers,
    /// It goes on, whatever it is asked.
    Silent,
}

/// A running bot. It ends with the test.
#[derive(Debug)]
pub struct Bot {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: VecDeque<String>,
    /// Its run.
    pub run_id: String,
}

impl Bot {
    /// Starts one and waits until its run has begun. `program` is `env!("CARGO_BIN_EXE_bot")` in a test.
    ///
    /// # Panics
    /// If it does not begin.
    pub async fn start(
        program: impl AsRef<Path>,
        origin: &str,
        name: &str,
        lease: u64,
        manner: Manner,
    ) -> Self {
        let manner = if manner == Manner::Answers { "answers" } else { "silent" };
        let mut command = Command::new(program.as_ref());
        command.args([origin, name, &lease.to_string(), manner]);
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("a bot");
        let output = process.stdout.take().expect("its output");
        let mut bot = Self {
            process,
            lines: BufReader::new(output).lines(),
            said: VecDeque::new(),
            run_id: String::new(),
        };
        let began = bot.until("began ").await;
        began.trim_start_matches("began ").clone_into(&mut bot.run_id);
        bot
    }

    /// Reads on until it says something that begins so.
    ///
    /// # Panics
    /// If it ends, or does not in time.
    pub async fn until(&mut self, start: &str) -> String {
        let found = async {
            loop {
                let line = self.lines.next_line().await.expect("a line").unwrap_or_else(|| {
                    panic!("the bot ended without saying {start:?}; the last that it said: {:?}", self.said)
                });
                self.said.push_back(line.clone());
                if self.said.len() > 10 {
                    self.said.pop_front();
                }
                if line.starts_with(start) {
                    return line;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("the bot never said {start:?}"))
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the bot can be killed");
    }

    /// SIGSTOP: it is there and does nothing any more, until [`Self::thaw`].
    pub async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// SIGCONT.
    pub async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.process.id().expect("the bot runs").to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "{signal} was not sent");
    }
}
