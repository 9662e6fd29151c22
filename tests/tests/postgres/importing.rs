//! `stateloft import --from-postgres`: the program takes over the table of the older systems, and what it took is read
//! over HTTP.

use std::process::Stdio;

use serde_json::Value;
use stateloft_server::store::postgres::PostgresSettings;
use stateloft_tests::cut::Cut;
use stateloft_tests::importing::{self, Ran, empty, history, raw};
use stateloft_tests::postgres::Postgres;
use stateloft_tests::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

const INCOMPLETE: i32 = 4;

/// A database with the older systems' table, empty; `data` is `jsonb` there.
fn older(data: &str) -> PostgresSettings {
    let settings = Postgres::shared().database();
    let table = format!(
        "CREATE TABLE trading_states (version_id varchar(255) PRIMARY KEY, state_id varchar(255) NOT NULL, \
         state_type varchar(50) NOT NULL, operation varchar(50) NOT NULL, data {data} NOT NULL, \
         timestamp timestamptz NOT NULL, user_id varchar(255), description text, checksum varchar(255), \
         created_at timestamptz DEFAULT now()); CREATE INDEX ON trading_states (state_id); \
         CREATE INDEX ON trading_states (state_type); CREATE INDEX ON trading_states (timestamp)"
    );
    sql(&settings, &table);
    settings
}

fn sql(settings: &PostgresSettings, sql: &str) -> String {
    Postgres::shared().sql(&settings.database, sql)
}

/// Adds rows of `(version_id, state_id, state_type, operation, data, timestamp, user_id, description)`.
fn add(settings: &PostgresSettings, rows: &str) {
    let columns = "version_id, state_id, state_type, operation, data, timestamp, user_id, description";
    sql(
        settings,
        &format!("SET TimeZone = 'America/New_York'; INSERT INTO trading_states ({columns}) VALUES {rows}"),
    );
}

fn url(settings: &PostgresSettings) -> String {
    format!("postgresql://postgres@127.0.0.1:{}/{}", settings.hosts[0].port, settings.database)
}

async fn import(target: &Server, from: &PostgresSettings, more: &[&str]) -> Ran {
    importing::run(target, &[&["--from-postgres", &url(from)], more].concat(), &[]).await
}

async fn seq(server: &Server) -> u64 {
    server.get("/status").await.1["seq"].as_u64().unwrap()
}

/// Every version of the log in order: what it did, to what, and which row it was.
async fn log(server: &Server) -> Vec<String> {
    let (_, page) = server.get("/events?after=0&limit=1000").await;
    let events = page["events"].as_array().unwrap_or_else(|| panic!("{page}"));
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    events.iter().map(|event| format!("{} {}", text(event, "operation"), text(event, "state_id"))).collect()
}

async fn is_whole(server: &Server, versions: u64) {
    let (_, verified) = server.get("/verify?after=0&limit=10000").await;
    assert_eq!((&verified["ok"], &verified["verified_to"]), (&true.into(), &versions.into()), "{verified}");
}

/// Each version of the state `a` is what was there from its own time on.
async fn found_by_their_times(server: &Server) {
    for (at, version) in [("06:07:08.000008", 1), ("06:07:08.000009", 2), ("07:59:59", 3), ("08:00:00", 4)] {
        let (_, found) = server.get(&format!("/states/a?state_type=position&at=2024-03-05T{at}Z")).await;
        assert_eq!(found["version"], version, "{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_becomes_a_version_in_the_order_of_its_time() {
    let from = older("jsonb");
    add(
        &from,
        r#"
        ('a_update_2', 'a', 'position', 'update', '{"n": 2}', '2024-03-05 06:07:08.000009+00', 'ann', 'moved the stop'),
        ('a_create_1', 'a', 'position', 'create', '{"n": 1.0, "big": 12345678901234567890123456789.000001}',
         '2024-03-05 06:07:08.000008+00', 'bot', NULL),
        ('a_restore_4', 'a', 'position', 'restore', '{"n": 1.0}', '2024-03-05 07:00:00-01', '', 'Restored from snapshot: X'),
        ('a_update_3', 'a', 'position', 'update', '{"n": 2}', '2024-03-05 06:07:08.00001+00', 'bot', 'the same again'),
        ('tie:a', 'tie', 'strategy', 'update', '{"who": "a"}', '2025-01-01 00:00:00+00', NULL, NULL),
        ('tie:B', 'tie', 'strategy', 'update', '{"who": "B"}', '2025-01-01 00:00:00+00', NULL, NULL),
        ('tie:é', 'tie', 'strategy', 'update', '{"who": "é"}', '2025-01-01 00:00:00+00', NULL, NULL),
        ('x/y z-é ?#%2F [imported: x]', 'x/y z-é ?#%2F', 'pair_state', 'create', '{}', '2024-12-31 23:59:59.999999+00', NULL, ''),
        ('d_create', 'd', 'portfolio', 'create', '{"v": 1}', '2024-01-01 00:00:00+00', NULL, NULL),
        ('d_deleted_1', 'd', 'portfolio', 'delete', '{"deleted": true}', '2024-01-02 00:00:00+00', 'ann', 'closed'),
        ('d_deleted_2', 'd', 'portfolio', 'delete', '{"deleted": true}', '2024-01-03 00:00:00+00', 'ann', 'closed twice'),
        ('d_create_2', 'd', 'portfolio', 'update', '{"v": 2}', '2024-01-04 00:00:00+00', NULL, NULL),
        ('d_forged', 'd', 'portfolio', 'delete', '{"v": 3}', '2024-01-05 00:00:00+00', 'eve', NULL),
        ('never_deleted', 'never', 'position', 'delete', '{"deleted": true}', '2024-01-05 00:00:00+00', NULL, NULL)"#,
    );
    let mut server = empty().await;
    let ran = import(&server, &from, &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!((ran.figure("Rows read"), ran.figure("Imported")), (14, 12), "{ran:?}");
    assert!(ran.out.contains("12, as 13 versions") && ran.figure("Changing nothing") == 2, "{ran:?}");
    server.run().await;

    let a = history(&server, "position", "a").await;
    let told = |version: &Value| {
        ["operation", "user_id", "description", "batch_id"]
            .map(|name| version[name].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(
        a.iter().map(told).collect::<Vec<_>>(),
        [
            [
                "create",
                "bot",
                "[imported: create of 2024-03-05T06:07:08.000008Z, version a_create_1]",
                "import:2024-03-05T06:07:08.000008Z:a_create_1"
            ],
            [
                "update",
                "ann",
                "moved the stop [imported: update of 2024-03-05T06:07:08.000009Z, version a_update_2]",
                "import:2024-03-05T06:07:08.000009Z:a_update_2"
            ],
            [
                "update",
                "bot",
                "the same again [imported: update of 2024-03-05T06:07:08.000010Z, version a_update_3]",
                "import:2024-03-05T06:07:08.000010Z:a_update_3"
            ],
            [
                "restore",
                "",
                "Restored from snapshot: X [imported: restore of 2024-03-05T08:00:00.000000Z, version a_restore_4]",
                "import:2024-03-05T08:00:00.000000Z:a_restore_4"
            ],
        ]
    );
    let data = raw(&server, "position", "a", 1).await;
    assert!(data.contains("12345678901234567890123456789.000001") && data.contains("1.0"), "{data}");
    assert_eq!(a[0]["saved_at"], "2024-03-05T06:07:08.000008Z");
    found_by_their_times(&server).await;
    let (_, then) = server.get("/states?at=2024-01-02T00:00:00Z&deleted=include").await;
    assert_eq!((&then["total"], &then["states"][0]["operation"]), (&1.into(), &"delete".into()), "{then}");
    assert_eq!(a[0]["verdict"]["status"], "invalid", "today's rules are applied, and refuse nothing");

    let who = ["B", "a", "é"];
    for (version, who) in (1..).zip(who) {
        assert_eq!(raw(&server, "strategy", "tie", version).await, format!(r#"{{"who":"{who}"}}"#));
    }
    let nasty = history(&server, "pair_state", "x/y z-é ?#%2F").await;
    assert_eq!(nasty[0]["batch_id"], "import:2024-12-31T23:59:59.999999Z:x/y z-é ?#%2F [imported: x]");
    let d = history(&server, "portfolio", "d").await;
    let operations: Vec<_> = d.iter().map(|version| version["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["create", "delete", "create", "update", "delete"]);
    assert_eq!(raw(&server, "portfolio", "d", 4).await, r#"{"v":3}"#);
    assert_eq!(d[3]["batch_id"], d[4]["batch_id"]);
    assert_eq!(server.get("/states/d?state_type=portfolio").await.0, 410);
    assert_eq!(
        log(&server).await,
        [
            "create d",
            "delete d",
            "create d",
            "update d",
            "delete d",
            "create a",
            "update a",
            "update a",
            "restore a",
            "create x/y z-é ?#%2F",
            "create tie",
            "update tie",
            "update tie"
        ]
    );
    is_whole(&server, 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_052_an_import_that_is_repeated_adds_only_what_is_new() {
    let from = older("jsonb");
    let rows = "SELECT 's' || n % 3 || '_' || n, 's' || n % 3, 'bot_memory', 'update', jsonb_build_object('n', n / 6), \
                '2024-01-01 00:00:00+00'::timestamptz + n / 2 * interval '1 second', NULL, NULL FROM generate_series(1, 60) AS n";
    sql(&from, &format!("INSERT INTO trading_states {rows}"));
    add(&from, r#"('s1_del', 's1', 'bot_memory', 'delete', '{"last": 1}', '2024-02-01', NULL, NULL)"#);
    let mut server = empty().await;
    assert_eq!(import(&server, &from, &[]).await.code, 0);
    for _ in 0..2 {
        let again = import(&server, &from, &[]).await;
        assert_eq!(
            (again.code, again.figure("Imported"), again.figure("There already")),
            (0, 0, 61),
            "{again:?}"
        );
    }
    // The older system goes on, and so does a bot that has moved here already.
    server.run().await;
    assert_eq!(seq(&server).await, 62);
    server.save("bot_memory", "s2", r#"{"n":"new"}"#, "bot", "moved").await;
    server.save("bot_memory", "s9", r#"{"n":"only here"}"#, "bot", "").await;
    assert_eq!(server.stop().await, Some(0));
    add(
        &from,
        r#"('s0_new', 's0', 'bot_memory', 'update', '{"n": 100}', '2024-03-01', NULL, NULL),
           ('s1_new', 's1', 'bot_memory', 'update', '{"n": 100}', '2024-03-01', NULL, NULL),
           ('s2_new', 's2', 'bot_memory', 'update', '{"n": 100}', '2024-03-01', NULL, NULL),
           ('s9_new', 's9', 'bot_memory', 'update', '{"n": 100}', '2024-03-01', NULL, NULL),
           ('s0_late', 's0', 'bot_memory', 'update', '{"n": 99}', '2024-01-01 00:00:01.5+00', NULL, NULL)"#,
    );
    for (imported, there) in [(2, 61), (0, 63)] {
        let more = import(&server, &from, &[]).await;
        assert_eq!(more.code, INCOMPLETE, "{more:?}");
        assert_eq!((more.figure("Imported"), more.figure("There already")), (imported, there), "{more:?}");
        assert_eq!(more.figure("Left out"), 3, "{more:?}");
        more.says(r#"version_id "s2_new" (bot_memory "s2", update of 2024-03-01"#);
        more.says("the state has versions that no import wrote");
        more.says(r#"version_id "s9_new""#);
        more.says(r#"version_id "s0_late""#);
        more.says("later rows of this state are imported already");
    }
    server.run().await;
    assert_eq!(raw(&server, "bot_memory", "s2", 21).await, r#"{"n":"new"}"#, "what is newer stays the head");
    assert_eq!(history(&server, "bot_memory", "s2").await.len(), 21);
    assert_eq!(server.get("/states/s1?state_type=bot_memory").await.1["data"]["n"], 100);
    is_whole(&server, 66).await;
}

/// As the older systems take a snapshot: a marker that is none of the states, then a copy of each state behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d_004_the_marker_of_a_snapshot_becomes_a_snapshot_and_no_state() {
    let from = older("jsonb");
    add(
        &from,
        r#"
        ('a_1', 'a', 'strategy', 'create', '{"n":1}', '2024-01-01 18:00:00+00', 'bot', NULL),
        ('b_1', 'b', 'strategy', 'create', '{"n":1}', '2024-01-01 18:30:00+00', 'bot', NULL),
        ('trading_snapshot_20240101_190000', 'SNAPSHOT', 'configuration', 'snapshot',
         '{"snapshot_id":"trading_snapshot_20240101_190000","description":"End of day","state_count":2}',
         '2024-01-01 19:00:00+00', NULL, 'End of day'),
        ('trading_snapshot_20240101_190000_a_strategy', 'a', 'strategy', 'snapshot',
         '{"n":1,"_snapshot_id":"trading_snapshot_20240101_190000"}', '2024-01-01 19:00:00.001+00', NULL, NULL),
        ('trading_snapshot_20240101_190000_b_strategy', 'b', 'strategy', 'snapshot',
         '{"n":1,"_snapshot_id":"trading_snapshot_20240101_190000"}', '2024-01-01 19:00:00.002+00', NULL, NULL),
        ('a_2', 'a', 'strategy', 'update', '{"n":2}', '2024-01-02 08:00:00+00', 'bot', NULL),
        ('second', 'SNAPSHOT', 'configuration', 'snapshot', '{"snapshot_id":"second","description":null,"state_count":2}',
         '2024-01-02 19:00:00+00', NULL, NULL)"#,
    );
    let mut server = empty().await;
    let dry = import(&server, &from, &["--dry-run"]).await;
    assert_eq!((dry.code, dry.figure("To be imported"), dry.figure("Snapshots")), (0, 5, 2), "{dry:?}");
    for (imported, snapshots, there) in [(5, 2, 0), (0, 0, 7)] {
        let ran = import(&server, &from, &[]).await;
        let figures = (ran.figure("Imported"), ran.figure("Snapshots"), ran.figure("There already"));
        assert_eq!((ran.code, figures), (0, (imported, snapshots, there)), "{ran:?}");
    }
    server.run().await;
    let (_, snapshots) = server.get("/snapshots").await;
    assert_eq!(snapshots["total"], 2, "{snapshots}");
    let (_, first) = server.get("/snapshots/trading_snapshot_20240101_190000").await;
    assert_eq!(first["seq"], 2, "{first}");
    assert!(
        first["description"]
            .as_str()
            .unwrap()
            .starts_with("End of day [imported: snapshot of 2024-01-01T19:00")
    );
    let at = "/states/a?state_type=strategy&at=snapshot:trading_snapshot_20240101_190000";
    assert_eq!(server.get(at).await.1["data"].to_string(), r#"{"n":1}"#);
    let (code, listed) = server.get("/states?state_type=configuration&deleted=include").await;
    assert_eq!((code.as_u16(), &listed["total"]), (200, &Value::from(0)), "{listed}");
    is_whole(&server, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_named_and_the_rest_is_imported() {
    let from = older("text");
    sql(&from, "ALTER TABLE trading_states ALTER data DROP NOT NULL, ALTER state_id TYPE text");
    add(
        &from,
        r#"
        ('good_1', 'good', 'strategy', 'create', '{"n":1e22,"z":-0.0,"k":[]}', '2024-01-01', 'bot', 'first'),
        ('cut', 'bad', 'strategy', 'update', '{"n":', '2024-01-02', 'bot', NULL),
        ('nan', 'bad', 'strategy', 'update', '{"n": NaN}', '2024-01-02', 'bot', NULL),
        ('twice', 'bad', 'strategy', 'update', '{"n": 1, "n": 2}', '2024-01-02', 'bot', NULL),
        ('list', 'bad', 'strategy', 'update', '[1, 2]', '2024-01-02', 'bot', NULL),
        ('none', 'bad', 'strategy', 'update', NULL, '2024-01-02', 'bot', NULL),
        ('large', 'bad', 'strategy', 'update', '{"x":"' || repeat('x', 17000000) || '"}', '2024-01-02', 'bot', NULL),
        ('empty_id', '', 'strategy', 'update', '{}', '2024-01-02', 'bot', NULL),
        ('control_id', E'a\nb', 'strategy', 'update', '{}', '2024-01-02', 'bot', NULL),
        ('long_id', repeat('é', 257), 'strategy', 'update', '{}', '2024-01-02', 'bot', NULL),
        ('bad_type', 'bad', 'Strategy X', 'update', '{}', '2024-01-02', 'bot', NULL),
        ('for_ever', 'bad', 'strategy', 'update', '{}', 'infinity', 'bot', NULL),
        ('before_christ', 'bad', 'strategy', 'update', '{}', '0044-03-15 12:00:00+00 BC', 'bot', NULL),
        ('good_2', 'good', 'strategy', 'update', '{"n":2}', '2024-01-03', 'bot', repeat('why ', 5000))"#,
    );
    let mut server = empty().await;
    for imported in [2, 0] {
        let ran = import(&server, &from, &[]).await;
        assert_eq!(ran.code, INCOMPLETE, "{ran:?}");
        assert_eq!((ran.figure("Imported"), ran.figure("Cannot be read")), (imported, 12), "{ran:?}");
        for (row, why) in [
            ("cut", "data: "),
            ("nan", "data: "),
            ("twice", "duplicate key"),
            ("list", "data is not a JSON object"),
            ("none", "data is NULL"),
            ("large", "data is 17000008 bytes long"),
            ("empty_id", "must not be empty"),
            ("control_id", "control character"),
            ("long_id", "514 bytes"),
            ("bad_type", "state_type must be"),
            ("for_ever", "its timestamp is infinity"),
            ("before_christ", "BC, no time of the years"),
        ] {
            let line =
                ran.err.lines().find(|line| line.contains(&format!("not imported: version_id {row:?} (")));
            let line = line.unwrap_or_else(|| panic!("{row} in {}", ran.err));
            assert!(line.contains(why), "{line}");
        }
    }
    server.run().await;
    assert_eq!(raw(&server, "strategy", "good", 1).await, r#"{"n":1e22,"z":-0.0,"k":[]}"#);
    let good = history(&server, "strategy", "good").await;
    assert!(good[1]["description"].as_str().unwrap().starts_with(&"why ".repeat(5000)), "kept whole");
    is_whole(&server, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_killed_goes_on_where_it_was() {
    const ROWS: u64 = 20_000;
    let from = older("jsonb");
    sql(
        &from,
        "INSERT INTO trading_states SELECT 'v' || lpad(n::text, 6, '0'), 'pair ' || n % 50, 'bot_memory', 'update', \
         jsonb_build_object('n', n), '2024-01-01 00:00:00+00'::timestamptz + n / 3 * interval '1 second', 'bot', 'row ' || n \
         FROM generate_series(1, 20000) AS n",
    );
    let mut server = empty().await;
    // The older server falls silent midway, each time further on, so that the import cannot end before it is killed.
    for bytes in [600_000, 1_000_000, 1_400_000] {
        let silent = Cut::silent_after(&format!("127.0.0.1:{}", from.hosts[0].port), bytes).await;
        let through = format!("postgresql://postgres@{}/{}", silent.address, from.database);
        let mut command = server.command(&["import", "--from-postgres", &through]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
        while let Some(line) = lines.next_line().await.unwrap()
            && !line.contains("20000 rows, ")
        {}
        running.kill().await.unwrap();
    }
    server.run().await;
    let before = seq(&server).await;
    assert!(before > 0 && before < ROWS, "{before} versions after the kills");
    assert_eq!(server.stop().await, Some(0));
    let rest = import(&server, &from, &[]).await;
    assert_eq!((rest.code, rest.figure("There already")), (0, before), "{rest:?}");
    assert_eq!(rest.figure("Imported"), ROWS - before, "{rest:?}");
    server.run().await;
    let pair = history(&server, "bot_memory", "pair 7").await;
    let rows: Vec<String> =
        pair.iter().map(|version| version["batch_id"].as_str().unwrap()[35..].to_owned()).collect();
    let expected: Vec<String> = (0..400).map(|n| format!("v{:06}", n * 50 + 7)).collect();
    assert_eq!(rows, expected, "each once, in order");
    assert_eq!(seq(&server).await, ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_whose_connection_is_cut_says_so_and_goes_on_when_it_is_run_again() {
    const ROWS: u64 = 12_000;
    let from = older("jsonb");
    sql(
        &from,
        "INSERT INTO trading_states SELECT 'v' || lpad(n::text, 6, '0'), 's' || n % 7, 'bot_memory', 'update', \
         jsonb_build_object('n', n), '2024-01-01 00:00:00+00'::timestamptz + n * interval '1 second', NULL, NULL \
         FROM generate_series(1, 12000) AS n",
    );
    let cut = Cut::after(&format!("127.0.0.1:{}", from.hosts[0].port), 900_000).await;
    let through = format!("postgresql://postgres@{}/{}", cut.address, from.database);
    let mut server = empty().await;
    let ended = importing::run(&server, &["--from-postgres", &through], &[]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    ended.says("the import ended early: ");
    ended.says("what was written stays, run it again to go on");
    server.run().await;
    let before = seq(&server).await;
    assert!(before > 0 && before < ROWS, "{before} when it was cut: {ended:?}");
    assert_eq!(server.stop().await, Some(0));
    let rest = import(&server, &from, &[]).await;
    assert_eq!((rest.code, rest.figure("There already")), (0, before), "{rest:?}");
    assert_eq!(rest.figure("Imported"), ROWS - before, "{rest:?}");
    server.run().await;
    let found = history(&server, "bot_memory", "s3").await;
    let rows: Vec<&str> = found.iter().map(|version| &version["batch_id"].as_str().unwrap()[35..]).collect();
    // A page of the history holds a thousand, the newest.
    let all: Vec<String> = (1..=ROWS).filter(|n| n % 7 == 3).map(|n| format!("v{n:06}")).collect();
    let expected = &all[all.len() - 1_000..];
    assert_eq!(rows, expected, "each once, in order");
    assert_eq!(seq(&server).await, ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_what_would_be_written_and_writes_nothing() {
    let from = older("jsonb");
    add(
        &from,
        r#"('1', 'a', 'bot_memory', 'create', '{}', '2024-01-01', NULL, NULL),
           ('2', 'a', 'bot_memory', 'delete', '{"deleted":true}', '2024-01-02', NULL, NULL),
           ('3', 'a', 'bot_memory', 'delete', '{"deleted":true}', '2024-01-03', NULL, NULL),
           ('4', 'a', 'Wrong', 'update', '{}', '2024-01-04', NULL, NULL)"#,
    );
    let mut server = empty().await;
    std::fs::remove_file(server.database()).unwrap();
    let dry = import(&server, &from, &["--dry-run"]).await;
    assert_eq!(
        (dry.code, dry.figure("To be imported"), dry.figure("Changing nothing")),
        (INCOMPLETE, 2, 1),
        "{dry:?}"
    );
    assert!(dry.out.contains("nothing was written") && !server.database().exists(), "{dry:?}");
    server.run().await;
    let beside = import(&server, &from, &["--dry-run"]).await;
    assert_eq!((beside.figure("To be imported"), seq(&server).await), (2, 0), "{beside:?}");
    let refused = import(&server, &from, &[]).await;
    assert_eq!((refused.code, seq(&server).await), (1, 0), "the file belongs to the server: {refused:?}");
    assert_eq!(server.stop().await, Some(0));
    assert_eq!(import(&server, &from, &[]).await.figure("Imported"), 2);
    let after = import(&server, &from, &["--dry-run"]).await;
    assert_eq!((after.figure("To be imported"), after.figure("There already")), (0, 2), "{after:?}");
}

/// The older table and the new store may be in one database, and a server may run meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_postgresql_sees_what_is_imported_beside_it() {
    let database = older("jsonb");
    add(
        &database,
        r#"('1', 'a', 'bot_memory', 'create', '{"n":1}', '2024-01-01', NULL, NULL),
           ('2', 'a', 'bot_memory', 'update', '{"n":1}', '2024-01-02', NULL, NULL)"#,
    );
    let server = Server::start_on(&database).await;
    let dry = import(&server, &database, &["--dry-run"]).await;
    assert_eq!((dry.code, dry.figure("To be imported"), seq(&server).await), (0, 2, 0), "{dry:?}");
    let before = sql(&database, "SELECT count(*) FROM trading_states");
    assert_eq!(import(&server, &database, &[]).await.code, 0);
    server.save("bot_memory", "a", r#"{"n":2}"#, "bot", "").await;
    assert_eq!(history(&server, "bot_memory", "a").await.len(), 3);
    assert_eq!(import(&server, &database, &[]).await.figure("There already"), 2);
    assert_eq!(sql(&database, "SELECT count(*) FROM trading_states"), before);
    is_whole(&server, 3).await;
}

/// Two imports at once stand in each other's way, but write nothing twice and nothing in a wrong place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_imports_at_once_write_every_row_once() {
    let from = older("jsonb");
    sql(
        &from,
        "INSERT INTO trading_states SELECT lpad(n::text, 6, '0'), 's' || n % 7, 'bot_memory', 'update', '{}', \
         '2024-01-01 00:00:00+00'::timestamptz + n * interval '1 second', NULL, NULL FROM generate_series(1, 7000) AS n",
    );
    let server = Server::start_on(&Postgres::shared().database()).await;
    let (one, other) = tokio::join!(import(&server, &from, &[]), import(&server, &from, &[]));
    for ran in [&one, &other] {
        assert!(ran.code == 0 || ran.err.contains("the import ended early"), "{ran:?}");
    }
    let last = import(&server, &from, &[]).await;
    assert_eq!((last.code, seq(&server).await), (0, 7000), "{last:?}");
    let rows: Vec<String> = history(&server, "bot_memory", "s3")
        .await
        .iter()
        .map(|version| version["batch_id"].as_str().unwrap()[35..].to_owned())
        .collect();
    let expected: Vec<String> = (0..1000).map(|n| format!("{:06}", n * 7 + 3)).collect();
    assert_eq!(rows, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_of_another_shape_is_refused_before_anything_is_written() {
    let server = empty().await;
    let without = Postgres::shared().database();
    import(&server, &without, &[]).await.says("there is no table trading_states");
    sql(&without, "CREATE TABLE trading_states (version_id text, timestamp timestamptz)");
    import(&server, &without, &[]).await.says("has no column state_type, state_id, operation, data");
    let naive = older("jsonb");
    sql(&naive, "ALTER TABLE trading_states ALTER timestamp TYPE timestamp");
    import(&server, &naive, &[]).await.says("a time without a zone");
    let wrong = ["import", "--from-postgres", "mysql://me:hunter2@127.0.0.1/x"];
    let mut refused = server.command(&wrong).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = String::new();
    refused.stderr.take().unwrap().read_to_string(&mut words).await.unwrap();
    assert_eq!(refused.wait().await.unwrap().code(), Some(1));
    assert!(words.contains("does not begin with postgresql://") && !words.contains("hunter2"), "{words}");
}
