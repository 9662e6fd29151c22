//! `stateloft export` and `stateloft import` with bundles: out of a server or a stopped store, and into one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use stateloft_tests::cut::Cut;
use stateloft_tests::server::Server;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;

use super::{command, done, folder, run};

/// Text that does not pack well.
pub(super) fn noise(seed: usize, bytes: usize) -> String {
    let mut state = seed as u64 + 1;
    let words = (0..bytes / 16).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    });
    words.collect()
}

/// Saves so many versions of so many bytes, and names the moment after them.
pub(super) async fn fill(server: &Server, versions: usize, bytes: usize) {
    for n in 0..versions {
        let data = format!(r#"{{"n":{n},"exact":1.50,"x":"{}"}}"#, noise(n, bytes));
        let state_type = if n % 2 == 0 { "position" } else { "session" };
        server.save(state_type, &format!("s{}/é", n % 5), &data, "bot", "because").await;
    }
    assert_eq!(server.post("/snapshots", r#"{"snapshot_id":"end"}"#).await.0, 201);
}

/// A stopped server with five versions, of which the third is not as it was written.
pub(super) async fn damaged() -> Server {
    let mut server = Server::start().await;
    fill(&server, 5, 20).await;
    server.stop().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.database());
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    sqlx::raw_sql(r#"UPDATE versions SET data = '{"n":9}' WHERE seq = 3"#).execute(&mut other).await.unwrap();
    sqlx::Connection::close(other).await.unwrap();
    server
}

pub(super) fn text(path: &Path) -> String {
    let mut text = String::new();
    MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn lines(path: &Path) -> Vec<Value> {
    text(path).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// A command whose standard output is a file, as after `>`.
async fn to_file(here: &Path, arguments: &[&str], file: &str) -> (Option<i32>, String) {
    let mut command = command(here, arguments, &[]);
    command.stdout(File::create(here.join(file)).unwrap()).stderr(Stdio::piped());
    let ended = command.spawn().unwrap().wait_with_output().await.unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

/// Every line of a store's bundle but the first and the last, without its sum, which covers the first one, too.
pub(super) async fn log(here: &Path, of: [&str; 2]) -> Vec<String> {
    let elsewhere = folder();
    let out = elsewhere.path().join("log");
    done(here, &["export", of[0], of[1], "--out", out.to_str().unwrap()]).await;
    let text = text(&out);
    let lines = text.lines().filter(|line| !line.contains(r#""line":"trailer""#)).skip(1);
    lines.map(|line| line.split_at(line.len() - 26).0.to_owned()).collect()
}

fn names(here: &TempDir) -> Vec<String> {
    let entries = here.path().read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_server_gives_makes_the_same_store_and_the_same_bundle_again() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 20, 200).await;
    let origin = server.origin();
    let (code, said) = to_file(here.path(), &["export", "--server", &origin], "book.stateloft").await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("20 versions, 1 snapshot and 0 restores, of seq 1 to 20"), "{said}");
    let found = lines(&here.path().join("book.stateloft"));
    let kinds: Vec<_> = found.iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[20], kinds[21], kinds[22]), ("header", "version", "snapshot", "trailer"));

    let taken = done(here.path(), &["import", "book.stateloft", "--store", "new.db"]).await;
    for part in [
        "Bundle          book.stateloft\n",
        "Imported        20 versions, 1 snapshot, 0 restores\n",
        "There already   0 versions\n",
        "Ends with       seq 20, chain hash ",
        "whole: all 20 versions are as they were written\n",
    ] {
        assert!(taken.out.contains(part), "{part} in {}", taken.out);
    }
    assert_eq!(log(here.path(), ["--store", "new.db"]).await, log(here.path(), ["--server", &origin]).await);
    let snapshots = done(here.path(), &["snapshot", "list", "--json", "--store", "new.db"]).await.out;
    assert_eq!(snapshots, done(here.path(), &["snapshot", "list", "--json", "--server", &origin]).await.out);
    // Out of the stopped store, under a name.
    done(here.path(), &["export", "--store", "new.db", "--out", "again"]).await;

    let again = done(here.path(), &["import", "again", "--json", "--store", "new.db"]).await.out;
    let again: Vec<Value> = again.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&again[0]["versions"], &again[0]["passed_over"]), (&0.into(), &20.into()), "{again:?}");
    assert_eq!((&again[1]["whole"], &again[1]["seq"]), (&true.into(), &20.into()), "{again:?}");
}

#[tokio::test]
async fn an_export_is_of_the_part_that_was_asked_for() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 12, 20).await;
    let origin = server.origin();
    for (flags, seqs) in [
        (vec!["--types", "session"], vec![2, 4, 6, 8, 10, 12]),
        (vec!["--types", "session,position", "--prefix", "s1/"], vec![2, 7, 12]),
        (vec!["--from", "4", "--to", "6"], vec![4, 5, 6]),
        (vec!["--from", "11", "--to", "snapshot:end"], vec![11, 12]),
        (vec!["--without-history", "--types", "position"], vec![3, 5, 7, 9, 11]),
    ] {
        std::fs::remove_file(here.path().join("part")).ok();
        done(here.path(), &[&["export", "--server", &origin, "--out", "part"], &flags[..]].concat()).await;
        let found = lines(&here.path().join("part"));
        let versions = found.iter().filter(|line| line["line"] == "version");
        let found: Vec<u64> = versions.map(|line| line["seq"].as_u64().unwrap()).collect();
        assert_eq!(found, seqs, "{flags:?}");
    }
    let wrong =
        run(here.path(), &["export", "--server", &origin, "--from", "99", "--out", "none"], &[]).await;
    assert_eq!(wrong.code, Some(11), "{}", wrong.err);
    assert!(wrong.err.contains("there is nothing from seq 99 on"), "{}", wrong.err);
    let wrong = ["export", "--server", &origin, "--to", "snapshot:x", "--out", "none"];
    assert_eq!(run(here.path(), &wrong, &[]).await.code, Some(8));
    assert_eq!(names(&here), ["part"], "what failed leaves nothing");
}

#[tokio::test]
async fn a_bundle_never_goes_to_a_terminal_and_never_over_a_file() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 2, 20).await;
    let program = stateloft_tests::server::program();
    let shell = format!("{} export --server {}", program.display(), server.origin());
    let terminal = tokio::process::Command::new("script")
        .args(["-qec", &shell, "/dev/null"])
        .current_dir(here.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&terminal.stdout);
    assert_eq!(terminal.status.code(), Some(2), "{said}");
    assert!(said.contains("a bundle is not for a terminal: say > FILE or --out FILE"), "{said}");

    std::fs::write(here.path().join("mine"), "precious").unwrap();
    let refused = run(here.path(), &["export", "--server", &server.origin(), "--out", "mine"], &[]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("mine exists already"), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(here.path().join("mine")).unwrap(), "precious");
    assert_eq!(names(&here), ["mine"]);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_an_error_and_leaves_nothing_that_looks_whole() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 6, 200_000).await;
    let cut = async || format!("http://{}", Cut::after(&server.origin(), 300_000).await.address);
    let named = run(here.path(), &["export", "--out", "book", "--server", &cut().await], &[]).await;
    assert_eq!(named.code, Some(10), "{}", named.err);
    assert!(named.err.contains("broke off"), "{}", named.err);
    assert_eq!(names(&here), [""; 0], "no file, and none half made");
    let (code, said) = to_file(here.path(), &["export", "--server", &cut().await], "book").await;
    assert_eq!(code, Some(10), "{said}");
    let looked = run(here.path(), &["import", "--dry-run", "book"], &[]).await;
    assert_eq!(looked.code, Some(11), "{}", looked.out);
    assert!(looked.err.contains("it was cut"), "{}", looked.err);
    // Somebody on the way who ends a stream early as if that were all.
    done(here.path(), &["export", "--server", &server.origin(), "--out", "whole"]).await;
    let whole = std::fs::read(here.path().join("whole")).unwrap();
    for (body, code) in
        [(&whole[..whole.len() - 9], 10), (&whole[..whole.len() / 2], 10), (&b"<html>"[..], 1)]
    {
        let origin = answering(body.to_vec()).await;
        let bent = run(here.path(), &["export", "--out", "bent", "--server", &origin], &[]).await;
        assert_eq!(bent.code, Some(code), "{}", bent.err);
        assert!(!here.path().join("bent").exists());
    }
}

/// A server that answers this to one request, properly.
async fn answering(body: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let _ = client.read(&mut request).await;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let _ = client.write_all(&[head.as_bytes(), &body].concat()).await;
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_damaged_store_is_exported_with_its_damage_told() {
    let (here, server) = (folder(), damaged().await);
    let database = server.database().display().to_string();
    let ran = run(here.path(), &["export", "--db", &database, "--out", "book"], &[]).await;
    assert_eq!(ran.code, Some(6), "{}", ran.err);
    assert!(ran.err.contains("1 version is damaged in the store"), "{}", ran.err);
    let found = lines(&here.path().join("book"));
    assert_eq!((&found[3]["line"], &found[3]["seq"]), (&"damaged".into(), &3.into()));
    assert_eq!(found.last().unwrap()["whole"], false);
    let taken = run(here.path(), &["import", "book", "--store", "new.db"], &[]).await;
    assert_eq!(taken.code, Some(4), "{}", taken.err);
    assert!(taken.err.contains("line 4"), "{}", taken.err);
}

#[tokio::test]
async fn a_bundle_goes_into_a_server_and_one_that_is_damaged_or_cut_says_its_line_and_goes_on_when_it_is_mended()
 {
    let (here, server, other) = (folder(), Server::start().await, Server::start().await);
    fill(&server, 12, 40_000).await;
    done(here.path(), &["export", "--server", &server.origin(), "--out", "book"]).await;
    let (whole, origin) = (std::fs::read(here.path().join("book")).unwrap(), other.origin());
    let taken = async |bytes: &[u8]| {
        std::fs::write(here.path().join("given"), bytes).unwrap();
        run(here.path(), &["import", "given", "--server", &origin], &[]).await
    };
    let cut = taken(&whole[..whole.len() / 2]).await;
    assert_eq!(cut.code, Some(4), "{}", cut.err);
    let there = other.get("/status").await.1["seq"].as_u64().unwrap();
    assert!(0 < there && there < 12, "{there}");
    assert!(cut.err.contains(&format!("given: line {}: ", there + 2)), "{there} are in: {}", cut.err);
    assert!(cut.err.contains(&format!("{there} versions, up to seq {there}")), "{}", cut.err);
    let mut damaged = whole.clone();
    damaged[whole.len() * 4 / 5] ^= 4;
    let damaged = taken(&damaged).await;
    assert_eq!(damaged.code, Some(4), "{}", damaged.err);
    let there = other.get("/status").await.1["seq"].as_u64().unwrap();
    assert!(there >= 6, "{there}");
    // Unpacked it is the same bundle.
    let mended = taken(text(&here.path().join("book")).as_bytes()).await;
    assert_eq!(mended.code, Some(0), "{}", mended.err);
    assert!(mended.out.contains(&format!("There already   {there} versions")), "{}", mended.out);
    assert!(mended.out.contains("whole: all 12 versions are as they were written"), "{}", mended.out);
    assert_eq!(
        log(here.path(), ["--server", &origin]).await,
        log(here.path(), ["--server", &server.origin()]).await
    );
}

#[tokio::test]
async fn an_import_whose_server_is_killed_says_that_it_may_be_repeated_and_goes_on() {
    let (here, server, mut other) = (folder(), Server::start().await, Server::start().await);
    fill(&server, 40, 200_000).await;
    done(here.path(), &["export", "--server", &server.origin(), "--out", "book"]).await;
    let whole = std::fs::read(here.path().join("book")).unwrap();
    let mut child = importing(here.path(), &other.origin());
    let mut input = child.stdin.take().unwrap();
    input.write_all(&whole[..whole.len() * 9 / 10]).await.unwrap();
    other.until_status(|status| status["seq"].as_u64() > Some(10)).await;
    other.kill().await;
    let _ = input.write_all(&whole[whole.len() * 9 / 10..]).await;
    drop(input);
    let ended = child.wait_with_output().await.unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(12), "{said}");
    assert!(said.contains("send it again to go on"), "{said}");
    other.run().await;
    let again = done(here.path(), &["import", "book", "--server", &other.origin()]).await.out;
    assert!(!again.contains("There already   0 versions"), "{again}");
    assert!(again.contains("whole: all 40 versions"), "{again}");
}

/// An import of a bundle that comes on standard input.
fn importing(here: &Path, origin: &str) -> Child {
    let mut command = command(here, &["import", "-", "--server", origin], &[]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn a_file_is_what_is_in_it_whatever_it_is_called_and_what_does_not_go_together_is_refused() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 4, 20).await;
    done(here.path(), &["export", "--server", &server.origin(), "--out", "old.json"]).await;
    std::fs::write(here.path().join("named.stateloft"), r#"{"active_positions": {}}"#).unwrap();
    std::fs::write(here.path().join("other.gz"), packed("{\"active_positions\": {}}")).unwrap();
    std::fs::create_dir(here.path().join("many")).unwrap();
    let unpacked = text(&here.path().join("old.json"));
    std::fs::write(here.path().join("many/a.ndjson"), unpacked).unwrap();
    let origin = server.origin();
    for (arguments, code, words) in [
        (&["old.json", "named.stateloft"][..], 2, "old.json is a bundle, and named.stateloft is not"),
        (&["old.json", "many"], 2, "import one after the other"),
        (
            &["old.json", "--type", "position"],
            2,
            "--type is for files of older programs, and old.json is a bundle",
        ),
        (&["old.json", "--archive", "done"], 2, "--archive is for files"),
        (&["other.gz"], 11, "other.gz is packed with gzip and is no bundle: unpack it first"),
        (&["many", "--yes"], 1, "many/a.ndjson is a bundle"),
        (&["-"], 11, "standard input is no bundle"),
        (&["gone.stateloft"], 1, "gone.stateloft"),
        (
            &["--from-postgres", "postgresql://a@b/c", "--server", &origin],
            2,
            "the history of an older system is",
        ),
    ] {
        let refused = run(here.path(), &[&["import"], arguments].concat(), &[]).await;
        assert_eq!(refused.code, Some(code), "{arguments:?}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains(words), "{words} in {}", refused.err);
        assert!(!here.path().join("data").exists(), "{arguments:?} made a store");
    }
    // A name that promises a bundle, and a file of an older program.
    let looked = done(here.path(), &["import", "named.stateloft", "--dry-run"]).await;
    assert!(looked.err.contains("Files                1"), "{}", looked.err);
    // A name that promises JSON, and a bundle.
    let looked = done(here.path(), &["import", "old.json", "--dry-run"]).await.out;
    assert!(
        looked.contains("Range           seq 1 to 4") && looked.contains("nothing was imported"),
        "{looked}"
    );
    let looked = done(here.path(), &["import", "old.json", "--dry-run", "--json"]).await.out;
    let looked: Value = serde_json::from_str(&looked).unwrap();
    assert_eq!((&looked["versions"], &looked["whole"]), (&4.into(), &true.into()), "{looked}");
    assert!(!here.path().join("data").exists());
    done(here.path(), &["import", "old.json"]).await;
    assert!(here.path().join("data/stateloft.db").exists(), "the configured store");
}

#[tokio::test]
async fn a_store_that_is_served_is_imported_into_through_its_server() {
    let (here, server, other) = (folder(), Server::start().await, Server::start().await);
    fill(&server, 3, 20).await;
    done(here.path(), &["export", "--server", &server.origin(), "--out", "book"]).await;
    let database = other.database().display().to_string();
    let refused = run(here.path(), &["import", "book", "--db", &database], &[]).await;
    assert_eq!(refused.code, Some(10), "{}", refused.err);
    assert!(refused.err.contains("in use") && refused.err.contains("--server URL"), "{}", refused.err);
    let env = [("STATELOFT_SERVER", other.origin())];
    let env: Vec<_> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let taken = run(here.path(), &["import", "book"], &env).await;
    assert_eq!(taken.code, Some(0), "{}", taken.err);
    assert_eq!(other.get("/status").await.1["seq"], 3);
}

/// A process's largest size in memory so far, in bytes.
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_megabytes_pass_through_a_command_in_little_memory() {
    const MIB: u64 = 1 << 20;
    // Each is read while it cannot end: it has more to write, or to read.
    let (here, server, other) = (folder(), Server::start().await, Server::start().await);
    for n in 0..100 {
        let data = format!(r#"{{"x":"{}"}}"#, noise(n, 1 << 20));
        server.save("session", &format!("s{n}"), &data, "bot", "").await;
    }
    let mut out = command(here.path(), &["export", "--server", &server.origin()], &[]);
    let mut out = out.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut bundle, mut stdout) = (Vec::new(), out.stdout.take().unwrap());
    let mut piece = vec![0; 1 << 16];
    while bundle.len() < 50 << 20 {
        let count = stdout.read(&mut piece).await.unwrap();
        assert!(count > 0, "it ended after {} bytes", bundle.len());
        bundle.extend_from_slice(&piece[..count]);
    }
    let grown = peak(&out);
    assert!(grown < 128 * MIB, "{} MiB to write a bundle", grown / MIB);
    stdout.read_to_end(&mut bundle).await.unwrap();
    assert!(out.wait().await.unwrap().success());

    let mut taking = importing(here.path(), &other.origin());
    let mut input = taking.stdin.take().unwrap();
    let (most, rest) = bundle.split_at(bundle.len() - 100);
    input.write_all(most).await.unwrap();
    let grown = peak(&taking);
    assert!(grown < 64 * MIB, "{} MiB to send a bundle", grown / MIB);
    input.write_all(rest).await.unwrap();
    drop(input);
    let ended = taking.wait_with_output().await.unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("whole: all 100 versions"), "{said}");
    // One that is refused at its first line is not sent to its end, and the answer is heard all the same.
    std::fs::write(here.path().join("book"), &bundle).unwrap();
    let third = Server::start().await;
    third.save("position", "mine", "{}", "ann", "").await;
    let refused = run(here.path(), &["import", "book", "--server", &third.origin()], &[]).await;
    assert_eq!(refused.code, Some(9), "{}", refused.err);
    assert!(refused.err.contains("book: line "), "{}", refused.err);
    assert_eq!(third.get("/status").await.1["seq"], 1);
}

#[tokio::test]
async fn a_bundle_is_merged_into_a_store_that_has_states_and_what_differs_is_listed_and_left() {
    let (here, theirs, ours) = (folder(), Server::start().await, Server::start().await);
    for (id, data) in [("only theirs", "1"), ("both", "1"), ("both", "2")] {
        theirs.save("session", id, &format!(r#"{{"n":{data}}}"#), "bot", "theirs").await;
    }
    ours.save("session", "both", r#"{"n":7}"#, "bot", "ours").await;
    let (from, into) = (theirs.origin(), ours.origin());
    done(here.path(), &["export", "--server", &from, "--out", "book"]).await;

    let refused = run(here.path(), &["import", "book", "--server", &into], &[]).await;
    assert_eq!(refused.code, Some(9), "{}{}", refused.out, refused.err);
    let merged = run(here.path(), &["import", "book", "--merge", "--server", &into], &[]).await;
    assert_eq!(merged.code, Some(4), "{}{}", merged.out, merged.err);
    for part in [
        "Imported        1 version,",
        "States          1 new, 0 continued, 0 unchanged, 1 in conflict\n",
        "    conflict    session both: unrelated\n",
        "whole: all 2 versions",
    ] {
        assert!(merged.out.contains(part), "{part} in {}", merged.out);
    }
    let kept = done(here.path(), &["get", "session", "both", "--server", &into]).await;
    assert_eq!(kept.out, r#"{"n":7}"#);
    let came = done(here.path(), &["get", "session", "only theirs", "--server", &into]).await;
    assert_eq!(came.out, r#"{"n":1}"#);

    let older = run(here.path(), &["import", "book", "--merge", "--dry-run", "--server", &into], &[]).await;
    assert_eq!(older.code, Some(2), "{}{}", older.out, older.err);
    std::fs::write(here.path().join("a.json"), r#"{"a":1}"#).unwrap();
    let other = run(here.path(), &["import", "a.json", "--merge", "--server", &into], &[]).await;
    assert_eq!(other.code, Some(2), "{}{}", other.out, other.err);
}
