//! A real InfluxDB: one for all tests of a program, with a bucket of its own for each, or one that a test may kill.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use stateloft_server::store::influx::{DEFAULT_TIMEOUT, InfluxOptions, LeaseTimes, Token};
use tempfile::TempDir;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::client::encoded;

const ORG: &str = "stateloft-tests";
const TOKEN: &str = "token-of-the-tests";
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(25);

/// Runs a program until standard input ends, which it does when the test's process ends, however it ends.
const UNTIL_INPUT_ENDS: &str = r#""$0" "$@" </dev/null & read -r _; kill -9 $!; wait"#;

/// A running InfluxDB.
#[derive(Debug)]
pub struct Influx {
    folder: TempDir,
    port: u16,
    http: Client,
    org_id: String,
    running: Option<Running>,
    /// Its certificate and key, if it is asked over TLS.
    tls: Option<(PathBuf, PathBuf)>,
}

#[derive(Debug)]
struct Running {
    shell: Child,
    /// Closing it ends InfluxDB.
    input: ChildStdin,
}

static SHARED: OnceCell<Influx> = OnceCell::const_new();

/// An empty bucket of the InfluxDB that all tests of this program share.
pub async fn bucket() -> InfluxOptions {
    shared().await.bucket().await
}

/// The InfluxDB that all tests of this program share.
pub async fn shared() -> &'static Influx {
    SHARED.get_or_init(Influx::start).await
}

impl Influx {
    /// Starts one of its own, with empty folders on a free port.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for InfluxDB");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        // Nothing is kept open from one test to another: each has a runtime of its own.
        let http = Client::builder().pool_max_idle_per_host(0).no_proxy().build().expect("a client");
        let mut influx = Self { folder, port, http, org_id: String::new(), running: None, tls: None };
        influx.run().await;
        influx.org_id = influx.set_up().await;
        influx
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// Starts it again on the same data, after [`Self::kill`].
    pub async fn run(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new("sh");
        command.arg("-c").arg(UNTIL_INPUT_ENDS).arg(program());
        command.arg("--bolt-path").arg(path("bolt")).arg("--sqlite-path").arg(path("sqlite"));
        command.arg("--engine-path").arg(path("engine"));
        command.args(["--http-bind-address", &format!("127.0.0.1:{}", self.port)]);
        command.args(["--reporting-disabled", "--log-level", "error"]);
        if let Some((certificate, key)) = &self.tls {
            command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        let log = std::fs::File::create(path("log")).expect("a log");
        command.stdin(Stdio::piped()).stdout(log).stderr(Stdio::inherit());
        let mut shell = command.spawn().expect("a shell");
        let input = shell.stdin.take().expect("its input");
        self.running = Some(Running { shell, input });
        let deadline = Instant::now() + PATIENCE;
        while !self.is_healthy().await {
            let log = || std::fs::read_to_string(path("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "InfluxDB does not answer: {}", log());
            tokio::time::sleep(POLL).await;
        }
    }

    /// Starts it again, to be asked over TLS only, with this certificate and key.
    pub async fn run_with_tls(&mut self, certificate: PathBuf, key: PathBuf) {
        self.tls = Some((certificate, key));
        self.run().await;
    }

    async fn is_healthy(&self) -> bool {
        if self.tls.is_some() {
            // The tests' own client has no TLS.
            return tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok();
        }
        let answer = self.http.get(format!("{}/health", self.url())).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// `kill -9`: it has no chance to finish anything.
    pub async fn kill(&mut self) {
        if let Some(Running { mut shell, input }) = self.running.take() {
            drop(input);
            shell.wait().await.expect("InfluxDB can be waited for");
        }
    }

    async fn set_up(&self) -> String {
        let body = json!({"username": "tests", "password": "password-of-the-tests", "org": ORG, "bucket": "first",
                          "token": TOKEN, "retentionPeriodSeconds": 0});
        let made = self.post("/api/v2/setup", &body).await;
        made["org"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// An empty bucket that keeps its data for ever.
    pub async fn bucket(&self) -> InfluxOptions {
        self.bucket_that_keeps_for(0).await
    }

    /// An empty bucket that forgets after so many seconds; 0 means never.
    pub async fn bucket_that_keeps_for(&self, seconds: u64) -> InfluxOptions {
        let name = format!("bucket {} é \\ ${{x}} $y", uuid::Uuid::now_v7());
        let rules = json!([{"type": "expire", "everySeconds": seconds}]);
        let body = json!({"orgID": self.org_id, "name": name, "retentionRules": rules});
        let made = self.post("/api/v2/buckets", &body).await;
        assert_eq!(made["name"], name.as_str(), "{made}");
        InfluxOptions {
            url: self.url(),
            org: ORG.into(),
            bucket: name,
            token: Token::new(TOKEN),
            root_certificate: None,
            timeout: DEFAULT_TIMEOUT,
            lease: LeaseTimes { good: Duration::from_secs(8), settle: Duration::from_millis(150) },
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url())).bearer_auth(TOKEN);
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await;
        let text = answer.expect("InfluxDB answers").text().await.expect("a body");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Writes lines behind the store's back.
    pub async fn write_lines(&self, options: &InfluxOptions, lines: String) {
        let (org, bucket) = (encoded(ORG), encoded(&options.bucket));
        let url = format!("{}/api/v2/write?org={org}&bucket={bucket}&precision=ns", self.url());
        let answer = self.http.post(url).bearer_auth(TOKEN).body(lines).send().await;
        let answer = answer.expect("InfluxDB answers");
        let status = answer.status();
        assert_eq!(status, StatusCode::NO_CONTENT, "{}", answer.text().await.unwrap_or_default());
    }

    /// The rows that a query gives, each by column; `{bucket}` in it is the bucket.
    pub async fn query(&self, options: &InfluxOptions, flux: &str) -> Vec<BTreeMap<String, String>> {
        let url = format!("{}/api/v2/query?org={}", self.url(), encoded(ORG));
        let bucket = Value::from(options.bucket.as_str()).to_string().replace("${", "\\${");
        let request = self.http.post(url).bearer_auth(TOKEN).header("accept", "application/csv");
        let request =
            request.header("content-type", "application/vnd.flux").body(flux.replace("{bucket}", &bucket));
        let answer = request.send().await.expect("InfluxDB answers");
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert_eq!(status, StatusCode::OK, "{text}");
        rows(&text)
    }

    /// What `stateloft serve` needs to mirror numbers, such as `position=/pnl`, into a bucket.
    #[must_use]
    pub fn mirror_variables(options: &InfluxOptions, fields: &str) -> Vec<(String, String)> {
        let of = |name: &str, value: &str| (format!("TRADING_STATE_MIRROR_{name}"), value.to_owned());
        vec![
            of("FIELDS", fields),
            of("INFLUXDB_URL", &options.url),
            of("INFLUXDB_ORG", &options.org),
            of("INFLUXDB_BUCKET", &options.bucket),
            of("INFLUXDB_TOKEN", TOKEN),
        ]
    }

    /// What `stateloft serve` needs to use a bucket.
    #[must_use]
    pub fn variables(options: &InfluxOptions) -> Vec<(String, String)> {
        let of = |name: &str, value: &str| (format!("TRADING_STATE_{name}"), value.to_owned());
        vec![
            of("DB_TYPE", "influxdb"),
            of("INFLUXDB_URL", &options.url),
            of("INFLUXDB_ORG", &options.org),
            of("INFLUXDB_BUCKET", &options.bucket),
            of("INFLUXDB_TOKEN", TOKEN),
        ]
    }
}

/// The rows of InfluxDB's CSV: tables apart by empty lines, each with a head of its own. No value has a comma in it.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut head: Option<Vec<&str>> = None;
    let mut rows = Vec::new();
    for line in csv.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        match &head {
            _ if line.is_empty() => head = None,
            None => head = Some(cells),
            Some(names) => {
                let row = names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned()));
                rows.push(row.collect());
            }
        }
    }
    rows
}

/// InfluxDB's program: `$INFLUXD` (set by `cargo xtask test`), else the one on `PATH`, else the one that
/// `cargo xtask influxd` built.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("INFLUXD") {
        return named.into();
    }
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&search_path).map(|folder| folder.join("influxd"));
    let built = built();
    on_path.chain(built).find(|program| program.is_file()).unwrap_or_else(|| {
        panic!(
            "InfluxDB is missing: run `cargo xtask influxd` once, or name the program of InfluxDB 2.7 in INFLUXD"
        )
    })
}

fn built() -> Vec<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    let tools = cache.map(|cache| cache.join("stateloft/tools")).unwrap_or_default();
    let Ok(entries) = std::fs::read_dir(tools) else { return Vec::new() };
    let named = |path: &Path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("influxd-"));
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| named(path));
    folders.map(|folder| folder.join("bin/influxd")).collect()
}
