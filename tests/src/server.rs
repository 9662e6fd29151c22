//! The real server as a process of its own, on a database of its own, and a client that asks it things.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use stateloft_server::store::postgres::{PostgresHost, PostgresSettings};
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How long the server may take to start or stop.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// A running `stateloft serve`. It ends with the test.
pub struct Server {
    process: Option<Child>,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
    /// Shell commands that run before the program, in its process.
    before: Option<String>,
    /// The environment that says where the store is; without it the store is SQLite.
    environment: Vec<(String, String)>,
    client: Client,
}

impl Server {
    /// Starts a server on an empty SQLite store and a free port of the loopback.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further arguments for `serve`.
    pub async fn start_with(arguments: &[&str]) -> Self {
        Self::started(arguments, None).await
    }

    /// Starts a server after shell commands that change what its process may do, such as `ulimit`.
    pub async fn start_after(shell: &str) -> Self {
        Self::started(&[], Some(shell.to_owned())).await
    }

    /// Starts a server on a PostgreSQL database, which others may share.
    pub async fn start_on(settings: &PostgresSettings) -> Self {
        Self::start_on_with(settings, Vec::new()).await
    }

    /// The same with further variables.
    pub async fn start_on_with(settings: &PostgresSettings, more: Vec<(String, String)>) -> Self {
        Self::start_in(Self::variables(settings).into_iter().chain(more).collect()).await
    }

    /// The environment that names a PostgreSQL database.
    #[must_use]
    pub fn variables(settings: &PostgresSettings) -> Vec<(String, String)> {
        let list =
            |part: fn(&PostgresHost) -> String| settings.hosts.iter().map(part).collect::<Vec<_>>().join(",");
        let environment = [
            ("TRADING_STATE_DB_TYPE", "postgresql".to_owned()),
            ("TRADING_STATE_POSTGRES_HOST", list(|host| host.host.clone())),
            ("TRADING_STATE_POSTGRES_PORT", list(|host| host.port.to_string())),
            ("TRADING_STATE_POSTGRES_DB", settings.database.clone()),
            ("TRADING_STATE_POSTGRES_USER", settings.user.clone()),
        ];
        environment.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Starts a server whose store may be away: it lives, but may not be ready.
    pub async fn start_without_store(environment: Vec<(String, String)>) -> Self {
        let mut server = Self { environment, ..Self::prepared(&[], None) };
        server.spawn();
        server.until("livez").await;
        server
    }

    /// Starts a server whose store these variables name.
    pub async fn start_in(environment: Vec<(String, String)>) -> Self {
        let mut server = Self { environment, ..Self::prepared(&[], None) };
        server.run().await;
        server
    }

    /// Starts a server on an empty SQLite store with these settings.
    pub async fn start_set(settings: Vec<(String, String)>) -> Self {
        let mut server = Self::prepared(&[], None);
        server.environment = [server.store_variables(), settings].concat();
        server.run().await;
        server
    }

    /// What a server says that refuses to start with these variables.
    pub async fn refused_in(environment: Vec<(String, String)>) -> String {
        let server = Self { environment, ..Self::prepared(&[], None) };
        let output = server.command(&["serve", "--listen", "127.0.0.1:0"]).output();
        let output = tokio::time::timeout(PATIENCE, output).await.expect("it ends").expect("it runs");
        assert!(!output.status.success(), "it served");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    async fn started(arguments: &[&str], before: Option<String>) -> Self {
        let mut server = Self::prepared(arguments, before);
        server.run().await;
        server
    }

    fn prepared(arguments: &[&str], before: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the store");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let arguments = arguments.iter().map(ToString::to_string).collect();
        let environment = Vec::new();
        Self { process: None, folder, port, arguments, before, environment, client: Client::new() }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Where the console and the API are, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("stateloft.db")
    }

    /// The environment in which `stateloft` finds the server's store.
    #[must_use]
    pub fn store_variables(&self) -> Vec<(String, String)> {
        if self.environment.is_empty() {
            let path = self.database().display().to_string();
            return vec![("TRADING_STATE_SQLITE_PATH".to_owned(), path)];
        }
        self.environment.clone()
    }

    /// Starts the server again on the same port and store, after [`Self::kill`] or [`Self::stop`].
    pub async fn run(&mut self) {
        self.spawn();
        self.until_ready().await;
    }

    /// The same with other arguments for `serve` than before.
    pub async fn restart_with(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
        self.run().await;
    }

    /// The same of a server that will not be ready: it lives.
    pub async fn run_unready(&mut self) {
        self.spawn();
        self.until("livez").await;
    }

    /// Waits until the server says that it is ready.
    pub async fn until_ready(&mut self) {
        self.until("readyz").await;
    }

    fn spawn(&mut self) {
        let program = program();
        let mut command = match &self.before {
            None => Command::new(&program),
            Some(shell) => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]).arg(&program);
                command
            }
        };
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]);
        if self.environment.is_empty() {
            command.arg("--db").arg(self.database());
        }
        command.args(&self.arguments).stdout(Stdio::null()).kill_on_drop(true);
        self.set_environment(&mut command);
        let process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        self.process = Some(process);
    }

    async fn until(&mut self, probe: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.says(probe).await {
            if let Some(ended) = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten()) {
                panic!("the server ended with {ended} instead of listening");
            }
            assert!(Instant::now() < deadline, "the server does not answer /{probe} with 200");
            tokio::time::sleep(POLL).await;
        }
    }

    fn set_environment(&self, command: &mut Command) {
        // What the developer's shell says must not decide what is tested.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TRADING_STATE_")) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    /// Another command of the program on this server's store, such as `check`; a SQLite store must not be served meanwhile
    /// if the command writes to it.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
        self.set_environment(&mut command);
        if self.environment.is_empty() {
            command.arg("--db").arg(self.database());
        }
        command
    }

    async fn says(&self, probe: &str) -> bool {
        let answer = self.client.get(format!("{}/{probe}", self.origin())).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// Asks for `/status` until it says what is wanted, and returns it.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub async fn until_status(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, status) = self.get("/status").await;
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "the status stayed {status}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// The id of the server's process.
    ///
    /// # Panics
    /// If the server does not run.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.as_ref().and_then(Child::id).expect("the server runs")
    }

    /// `kill -9`: the server has no chance to finish anything.
    pub async fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().await.expect("the server can be killed");
        }
    }

    /// SIGSTOP: the server is there and does nothing any more, until [`Self::thaw`].
    pub async fn freeze(&self) {
        self.signal("-STOP").await;
    }

    /// SIGCONT: the server goes on after [`Self::freeze`].
    pub async fn thaw(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "{signal} was not sent");
    }

    /// A folder and an environment of its own, for [`Self::command`]; nothing runs there.
    #[must_use]
    pub fn not_started(environment: Vec<(String, String)>) -> Self {
        Self { environment, ..Self::prepared(&[], None) }
    }

    /// Waits until it has ended by itself; returns its exit code.
    ///
    /// # Panics
    /// If it does not run, or does not end in time.
    pub async fn ended(&mut self) -> Option<i32> {
        let mut process = self.process.take().expect("the server runs");
        let ended = tokio::time::timeout(PATIENCE, process.wait()).await;
        ended.expect("the server ends in time").expect("the server can be waited for").code()
    }

    /// SIGTERM, and waits until it has ended; returns its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        let id = process.id().expect("the server runs");
        let sent = Command::new("kill").args(["-TERM", &id.to_string()]).status().await.expect("kill runs");
        assert!(sent.success(), "SIGTERM was not sent");
        let ended = tokio::time::timeout(PATIENCE, process.wait()).await;
        ended.expect("the server ends in time").expect("the server can be waited for").code()
    }

    /// Fills the store with the last two hours of the demo's trading desk.
    pub async fn fill_with_demo(&self) {
        let program = beside_the_tests("xtask");
        let filled = Command::new(&program).args(["fill", &self.origin()]).status().await;
        let filled = filled.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        assert!(filled.success(), "the demo ended with {filled}");
    }

    /// Lets the demo's trading desk work with this server, for as long as what is returned is kept.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn run_demo(&self) -> Child {
        let program = beside_the_tests("xtask");
        let desk =
            Command::new(&program).args(["demo", "--server", &self.origin()]).kill_on_drop(true).spawn();
        desk.unwrap_or_else(|error| panic!("{}: {error}", program.display()))
    }

    /// A request to a path under `/api/v1`.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/api/v1{path}", self.origin()))
    }

    /// GETs a path under `/api/v1`: the status and the JSON.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path)).await
    }

    /// POSTs JSON text to a path under `/api/v1`: the status and the JSON.
    pub async fn post(&self, path: &str, body: impl Into<String>) -> (StatusCode, Value) {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        answer(request.body(body.into())).await
    }

    /// Saves a state whose data is this JSON text, and returns the answer. The save must succeed.
    pub async fn save(&self, state_type: &str, state_id: &str, data: &str, author: &str, why: &str) -> Value {
        let text = |text: &str| Value::from(text).to_string();
        let body = format!(
            r#"{{"state_type":{},"state_id":{},"user_id":{},"description":{},"data":{data}}}"#,
            text(state_type),
            text(state_id),
            text(author),
            text(why)
        );
        let (status, saved) = self.post("/states", body).await;
        assert!(status.is_success(), "{status}: {saved}");
        saved
    }
}

async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("the server answers");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    (
        status,
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}, not JSON ({error}): {text}")),
    )
}

/// The server's program: `$STATELOFT_BIN` (set by `cargo xtask test`), else the one that lies beside the tests.
#[must_use]
pub fn program() -> PathBuf {
    std::env::var_os("STATELOFT_BIN").map_or_else(|| beside_the_tests("stateloft"), PathBuf::from)
}

/// A program of this workspace, from the folder that the tests were built into.
#[must_use]
pub fn beside_the_tests(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test's own program");
    let folder = test.ancestors().nth(2).map(Path::to_owned).expect("the folder of the build");
    let program = folder.join(name);
    assert!(program.is_file(), "{} is missing: cargo build --bin {name}", program.display());
    program
}
