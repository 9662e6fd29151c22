//! `stateloft import --from-influx`: the program takes over the points of the older systems.

use std::fmt::Write as _;

use stateloft_server::store::influx::InfluxOptions;
use stateloft_tests::client::encoded;
use stateloft_tests::importing::{self, Ran, empty, history, raw};
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;

/// A point as the older systems write it: an empty tag is left out, and so is a field that is `None`.
pub struct Point<'a> {
    pub version: &'a str,
    pub id: &'a str,
    pub operation: &'a str,
    pub data: Option<&'a str>,
    pub description: &'a str,
    pub user: Option<&'a str>,
    pub nanos: i64,
}

pub fn line(point: &Point<'_>) -> String {
    let tag =
        |text: &str| text.replace('\\', "\\\\").replace(' ', "\\ ").replace(',', "\\,").replace('=', "\\=");
    let field = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut line = String::from("trading_state");
    for (name, value) in [
        ("operation", point.operation),
        ("state_id", point.id),
        ("state_type", "bot_memory"),
        ("version_id", point.version),
    ] {
        if !value.is_empty() {
            write!(line, ",{name}={}", tag(value)).unwrap();
        }
    }
    write!(line, " checksum=\"0\",description={}", field(point.description)).unwrap();
    for (name, value) in [("data", point.data), ("user_id", point.user)] {
        if let Some(value) = value {
            write!(line, ",{name}={}", field(value)).unwrap();
        }
    }
    write!(line, " {}", point.nanos).unwrap();
    line
}

pub async fn import(target: &Server, from: &InfluxOptions, more: &[&str]) -> Ran {
    let token = Influx::variables(from).pop().unwrap().1;
    let named = ["--from-influx", &from.url, "--influx-org", &from.org, "--influx-bucket", &from.bucket];
    importing::run(target, &[&named, more].concat(), &[("INFLUX_TOKEN", token.as_str())]).await
}

#[tokio::test]
async fn d_011_points_of_every_age_become_versions_in_the_order_of_their_time() {
    let influx = Influx::start().await;
    let from = influx.bucket().await;
    let year = 31_556_952_000_000_000;
    let base = 1_200_000_000_123_456_000;
    let point = |version, operation, data, nanos| Point {
        version,
        id: "x/y z,=é \"q\"",
        operation,
        data,
        description: "",
        user: None,
        nanos,
    };
    let points = [
        Point {
            description: "two\nlines, \"quoted\" #x",
            user: Some("ann"),
            ..point("v3", "update", Some(r#"{"n":3,"s":"a,\"b\" \\ é"}"#), base + 10 * year)
        },
        point("v1 with, all=of \"it\"", "create", Some(r#"{"n":1.0,"e":1e22}"#), base),
        // Nanoseconds that are no microseconds of their own: the version id decides.
        point("v2b", "update", Some(r#"{"n":"b"}"#), base + 1_000),
        point("v2c", "update", Some(r#"{"n":"c"}"#), base + 1_000),
        point("v2a", "update", Some(r#"{"n":"a"}"#), base + 1_999),
        point("v4", "delete", Some(r#"{"deleted": true}"#), base + 19 * year),
        Point { id: "gone", ..point("v5", "delete", Some(r#"{"deleted":true}"#), base + 11 * year) },
        Point { id: "SNAPSHOT", ..point("snap", "snapshot", None, base + 12 * year) },
        Point { id: "", ..point("v6", "update", Some("{}"), base + 13 * year) },
        Point { id: "bad", ..point("v7", "update", Some(r#"{"n": NaN}"#), base + 13 * year) },
    ];
    let lines = points.iter().map(line).collect::<Vec<_>>().join("\n");
    influx.write_lines(&from, format!("{lines}\nother,a=b data=\"{{}}\" {base}")).await;
    let mut server = empty().await;
    let dry = import(&server, &from, &["--dry-run"]).await;
    assert_eq!((dry.code, dry.figure("To be imported")), (4, 6), "{dry:?}");
    for (imported, snapshots, there) in [(6, 1, 0), (0, 0, 7)] {
        let ran = import(&server, &from, &[]).await;
        assert_eq!((ran.code, ran.figure("Rows read"), ran.figure("Cannot be read")), (4, 10, 2), "{ran:?}");
        assert_eq!((ran.figure("Imported"), ran.figure("There already")), (imported, there), "{ran:?}");
        assert_eq!((ran.figure("Snapshots"), ran.figure("Changing nothing")), (snapshots, 1), "{ran:?}");
        ran.says("reading 9 rows from");
        ran.says("version_id \"v6\"");
        ran.says("state_id must not be empty");
        ran.says("version_id \"v7\"");
    }
    server.run().await;
    let id = points[0].id;
    let versions = history(&server, "bot_memory", id).await;
    let names: Vec<&str> = versions.iter().map(|v| &v["batch_id"].as_str().unwrap()[35..]).collect();
    assert_eq!(names, ["v1 with, all=of \"it\"", "v2a", "v2b", "v2c", "v3", "v4"]);
    assert_eq!(versions[0]["batch_id"], "import:2008-01-10T21:20:00.123456Z:v1 with, all=of \"it\"");
    assert_eq!(raw(&server, "bot_memory", id, 1).await, r#"{"n":1.0,"e":1e22}"#);
    assert_eq!(raw(&server, "bot_memory", id, 5).await, points[0].data.unwrap());
    let third = &versions[4];
    assert_eq!(third["user_id"], "ann");
    assert!(
        third["description"].as_str().unwrap().starts_with("two\nlines, \"quoted\" #x [imported: "),
        "{third}"
    );
    assert_eq!(versions[5]["operation"], "delete");
    assert_eq!(versions[0]["saved_at"], "2008-01-10T21:20:00.123456Z");
    let at =
        format!("/states/-?state_type=bot_memory&state_id={}&at=2008-01-10T21:20:00.123457Z", encoded(id));
    assert_eq!(server.get(&at).await.1["batch_id"], "import:2008-01-10T21:20:00.123457Z:v2c");
    let (_, snapshot) = server.get("/snapshots/snap").await;
    assert_eq!(snapshot["seq"], 5, "everything that was before it: {snapshot}");
    let (status, _) = server.get("/states/SNAPSHOT?state_type=bot_memory").await;
    assert_eq!(status, 404, "a snapshot is no state");
}

#[tokio::test]
async fn many_points_are_read_in_stretches() {
    const ROWS: i64 = 3_600;
    let influx = Influx::start().await;
    let from = influx.bucket().await;
    // Most of them within seconds, a few long before.
    let nanos =
        |n: i64| if n < 10 { n * 86_400_000_000_000_000 } else { 1_700_000_000_000_000_000 + n * 1_000_000 };
    let versions: Vec<String> = (0..ROWS).map(|n| format!("v{n:05}")).collect();
    for chunk in versions.chunks(3_000) {
        let lines: Vec<String> = chunk
            .iter()
            .map(|version| {
                let n: i64 = version[1..].parse().unwrap();
                let (id, data) = (format!("s{}", n % 9), format!(r#"{{"n":{n}}}"#));
                let (description, user) = ("", Some("bot"));
                line(&Point {
                    version,
                    id: &id,
                    operation: "update",
                    data: Some(&data),
                    description,
                    user,
                    nanos: nanos(n),
                })
            })
            .collect();
        influx.write_lines(&from, lines.join("\n")).await;
    }
    let mut server = empty().await;
    let ran = import(&server, &from, &[]).await;
    assert_eq!((ran.code, ran.figure("Imported")), (0, 3_600), "{ran:?}");
    server.run().await;
    let found = history(&server, "bot_memory", "s4").await;
    let names: Vec<&str> = found.iter().map(|v| &v["batch_id"].as_str().unwrap()[35..]).collect();
    let expected: Vec<&String> = versions.iter().skip(4).step_by(9).collect();
    assert_eq!(names, expected);
}
