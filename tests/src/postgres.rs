//! A real PostgreSQL, started by the tests themselves: its own data, its own port, durable as in production. It ends with
//! the test's process, however that ends.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use stateloft_server::store::postgres::{PostgresHost, PostgresSettings};
use tempfile::NamedTempFile;

use crate::guardian::Guardian;

const MISSING: &str = "these tests need PostgreSQL 15 or newer, and its programs initdb and pg_ctl are neither on PATH nor in \
                       /usr/lib/postgresql/*/bin. Debian: apt-get install postgresql (as root, `cargo xtask test` \
                       does it for you); other systems: install PostgreSQL and put its bin folder on PATH";
/// PostgreSQL refuses to run as root; its packages make this user.
const USER: &str = "postgres";

/// A running server.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU64,
    /// Waits for the end of its input, which comes with the end of this process; then it cleans up.
    _guardian: Guardian,
}

impl Postgres {
    /// The server that the tests of this process share. Each takes a database of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server of a test's own, to be stopped and killed.
    ///
    /// # Panics
    /// If PostgreSQL is not installed: a test that cannot run has not passed.
    #[must_use]
    pub fn start() -> Self {
        let server = Self::prepared();
        let arguments = ["-D", &server.data(), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"];
        // Another language's order than that of bytes, which must not matter. What initdb writes need not be synced.
        let language = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US"];
        server.program("initdb", &arguments, &language);
        server.configure();
        server.run();
        server
    }

    /// Starts a copy that follows this server, which from now on acknowledges nothing that the copy does not have.
    ///
    /// # Panics
    /// If the copy does not catch up in time.
    #[must_use]
    pub fn start_standby(&self) -> Self {
        let standby = Self::prepared();
        let port = self.port.to_string();
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", USER, "-c", "fast", "-N"];
        standby.program("pg_basebackup", &["-D", &standby.data(), "-R", "-X", "stream"], &from);
        standby.configure();
        standby.run();
        self.sql(USER, "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql(USER, "SELECT pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.sql(USER, "SELECT sync_state FROM pg_stat_replication") != "sync" {
            assert!(Instant::now() < deadline, "the standby does not follow");
            std::thread::sleep(Duration::from_millis(20));
        }
        standby
    }

    /// Lets the copy receive nothing more, and this server acknowledge without it.
    ///
    /// # Panics
    /// If the copy goes on receiving.
    pub fn part_from(&self, standby: &Self) {
        for (server, setting) in [(self, "synchronous_standby_names"), (standby, "primary_conninfo")] {
            server.sql(USER, &format!("ALTER SYSTEM SET {setting} = ''"));
            server.sql(USER, "SELECT pg_reload_conf()");
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.sql(USER, "SELECT count(*) FROM pg_stat_replication") != "0" {
            assert!(Instant::now() < deadline, "the standby goes on receiving");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets the server take TLS, too, with a certificate for `localhost` that signs itself; returns the certificate.
    ///
    /// # Panics
    /// If there is no `openssl`, which Debian installs with PostgreSQL.
    #[must_use]
    pub fn offer_tls(&self) -> NamedTempFile {
        let data = self.data();
        let script = format!(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout '{data}/server.key' \
             -out '{data}/server.crt' -addext subjectAltName=DNS:localhost \
             -addext basicConstraints=critical,CA:FALSE && chmod 600 '{data}/server.key'"
        );
        succeed("openssl", unprivileged("sh", &["-c", &script]).output().expect("sh runs"));
        self.sql(USER, "ALTER SYSTEM SET ssl = on");
        self.stop("fast");
        self.run();
        let certificate = unprivileged("cat", &[&format!("{data}/server.crt")]).output().expect("cat runs");
        let copy = NamedTempFile::new().expect("a file");
        std::fs::write(copy.path(), succeed("cat", certificate).stdout).expect("a file that can be written");
        copy
    }

    /// Makes a standby the server that accepts writes.
    pub fn promote(&self) {
        self.program("pg_ctl", &["promote", "-w", "-D", &self.data()], &[]);
    }

    fn prepared() -> Self {
        let programs = programs().expect(MISSING);
        let made = unprivileged("mktemp", &[]).args(["-d", "-t", "stateloft-postgres-XXXXXX"]).output();
        let folder = PathBuf::from(text(&succeed("mktemp", made.expect("mktemp runs")).stdout).trim());
        Self {
            _guardian: guardian(&programs, &folder),
            port: TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port(),
            programs,
            folder,
            databases: AtomicU64::new(0),
        }
    }

    fn configure(&self) {
        let Self { port, folder, .. } = self;
        let settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nfsync = on\n\
             synchronous_commit = on\nmax_connections = 300\nshared_buffers = 64MB\n",
            folder.display()
        );
        let append = |file: &str, text: &str| {
            let script = format!("printf '%s' \"$1\" >> '{}/{file}'", self.data());
            let done = unprivileged("sh", &["-c", &script, "sh"]).arg(text).output().expect("sh runs");
            succeed("sh", done);
        };
        append("postgresql.conf", &settings);
        // A role whose name is `secret` must show its password.
        let script =
            format!("sed -i '1i host all secret 127.0.0.1/32 scram-sha-256' '{}/pg_hba.conf'", self.data());
        succeed("sed", unprivileged("sh", &["-c", &script]).output().expect("sh runs"));
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn program(&self, name: &str, arguments: &[&str], more: &[&str]) {
        let mut command = unprivileged(self.programs.join(name), arguments);
        // A server that stays must not keep the pipes of the test open.
        let log = self.folder.join(format!("{name}.out"));
        let done =
            command.args(more).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let done = done.unwrap_or_else(|error| panic!("{name}: {error}"));
        let said = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        assert!(done.success(), "{name} {arguments:?} ended with {done} ({}): {said}", log.display());
    }

    /// Starts the server again after [`Self::stop`] or [`Self::kill`].
    pub fn run(&self) {
        let log = self.folder.join("log").display().to_string();
        self.program("pg_ctl", &["start", "-w", "-D", &self.data(), "-l", &log], &[]);
    }

    /// Stops the server: `fast` lets nobody finish, `immediate` does not even tidy up.
    pub fn stop(&self, mode: &str) {
        self.program("pg_ctl", &["stop", "-w", "-D", &self.data(), "-m", mode], &[]);
    }

    /// `kill -9` of the server's first process; waits until all of them are gone.
    pub fn kill(&self) {
        let file = self.folder.join("data/postmaster.pid");
        let id = std::fs::read_to_string(file).expect("the server runs");
        let id = id.lines().next().expect("its id").trim().to_owned();
        // Its children end when they see that it is gone; until then the data must not be touched by another.
        let script = format!(
            "kill -9 {id}; while kill -0 {id} 2>/dev/null; do sleep 0.02; done; \
             while ls /proc/[0-9]*/cwd -l 2>/dev/null | grep -q '{}'; do sleep 0.02; done",
            self.data()
        );
        let done = unprivileged("sh", &["-c", &script]).output().expect("sh runs");
        succeed("kill", done);
    }

    /// Sends a signal, such as `STOP` and `CONT`, to every process of the server.
    pub fn signal(&self, name: &str) {
        let script = format!(
            "for p in /proc/[0-9]*; do if [ \"$(readlink $p/cwd)\" = '{}' ]; then kill -{name} ${{p#/proc/}}; fi; done",
            self.data()
        );
        succeed("kill", unprivileged("sh", &["-c", &script]).output().expect("sh runs"));
    }

    /// An empty database.
    pub fn database(&self) -> PostgresSettings {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql(USER, &format!("CREATE DATABASE {name}"));
        PostgresSettings {
            hosts: vec![PostgresHost { host: "127.0.0.1".into(), port: self.port }],
            database: name,
            user: USER.into(),
            connections: 4,
            ..PostgresSettings::default()
        }
    }

    /// Runs SQL on a database behind the back of every store; the rows, a line each.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let arguments =
            ["-h", "127.0.0.1", "-p", &port, "-U", USER, "-d", database, "-X", "-q", "-A", "-t", "-c", sql];
        let done = Command::new(self.programs.join("psql")).args(arguments).output().expect("psql runs");
        text(&succeed(sql, done).stdout).trim().to_owned()
    }

    /// What PostgreSQL's own `pgbench` makes of a script with these options: transactions a second.
    #[must_use]
    pub fn pgbench(
        &self,
        database: &str,
        script: &str,
        options: &[&str],
        clients: usize,
        window: Duration,
    ) -> f64 {
        let file = NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), script).expect("a file that can be written");
        let done = Command::new(self.programs.join("pgbench"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, "-n"])
            .args(options)
            .args(["-c", &clients.to_string(), "-j", &clients.min(2).to_string()])
            .args(["-T", &window.as_secs().max(1).to_string(), "-f"])
            .arg(file.path())
            .arg(database)
            .output()
            .expect("pgbench runs");
        let said = text(&succeed("pgbench", done).stdout);
        let line = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split(' ').next()?.parse().ok());
        number.unwrap_or_else(|| panic!("pgbench said no figure: {said}"))
    }

    /// The port on the loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Stops the server and removes its files when this process is gone.
fn guardian(programs: &Path, folder: &Path) -> Guardian {
    let script = "cat; \"$1/pg_ctl\" stop -D \"$2/data\" -m immediate -t 20; rm -rf \"$2\"";
    let mut command = unprivileged("sh", &["-c", script, "sh"]);
    command.arg(programs).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    Guardian::start(command)
}

/// A command as a user that PostgreSQL accepts: ourselves, unless that is root.
fn unprivileged(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--clear-groups", "--"]).arg(program.as_ref());
        command
    } else {
        Command::new(program.as_ref())
    };
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    text(&id.stdout).trim() == "0"
}

/// The folder with PostgreSQL's programs: on `PATH`, else the newest of Debian's.
fn programs() -> Option<PathBuf> {
    let complete =
        |folder: &PathBuf| ["initdb", "pg_ctl", "psql"].iter().all(|name| folder.join(name).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(complete);
    on_path.or_else(|| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path());
        let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        let mut versions: Vec<_> =
            versions.filter_map(|path| Some((number(&path)?, path.join("bin")))).collect();
        versions.sort();
        versions.into_iter().rev().map(|(_, folder)| folder).find(complete)
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn succeed(what: &str, done: Output) -> Output {
    assert!(done.status.success(), "{what} ended with {}: {}", done.status, text(&done.stderr));
    done
}
