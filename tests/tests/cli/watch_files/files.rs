//! Files: when a change is a version, and when it is none.

use serde_json::json;
use stateloft_tests::server::Server;

use super::super::folder;
use super::{Sidecar, head, once, replace, until_data, versions};

/// Memory of a bot, each file a state.
const MEMORY: [&str; 4] = ["json", "state/*.json", "--type", "bot_memory"];

fn bot() -> tempfile::TempDir {
    let here = folder();
    std::fs::create_dir(here.path().join("state")).unwrap();
    here
}

#[tokio::test]
async fn each_change_is_a_version_by_the_sidecar_with_the_time_of_the_file() {
    let (server, here) = (Server::start().await, bot());
    let file = here.path().join("state/btc grid.json");
    std::fs::write(&file, "{ \"losses\": 0, \"peak\": 100.50 }\n").unwrap();
    let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
    let first = sidecar.next().await;
    let named = (&first["state_type"], &first["state_id"], &first["version"], &first["operation"]);
    assert_eq!(named, (&json!("bot_memory"), &json!("btc grid"), &json!(1), &json!("create")));
    replace(&file, r#"{"losses":1,"peak":100.50}"#);
    assert_eq!(sidecar.next().await["version"], 2);
    // Written again as it was, otherwise laid out: no version. A new file: found.
    replace(&file, "{\n  \"losses\": 1,\n  \"peak\": 100.50\n}");
    std::fs::write(here.path().join("state/eth.json"), r#"{"losses":9}"#).unwrap();
    assert_eq!(sidecar.next().await["state_id"], "eth");
    let head = head(&server, "bot_memory", "btc grid").await;
    assert_eq!((&head["version"], &head["user_id"]), (&json!(2), &json!("watch-files")));
    let (status, raw) = server.get("/states/-/raw?state_type=bot_memory&state_id=btc%20grid").await;
    assert_eq!((status.as_u16(), raw.to_string().as_str()), (200, r#"{"losses":1,"peak":100.5}"#));
    let written = sidecar_time(&first);
    let described = versions_described(&server, "btc grid").await;
    assert_eq!(described[0], format!("btc grid.json as of {written}"));
    let (code, said) = sidecar.stop().await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("3 versions written"), "{said}");
}

fn sidecar_time(line: &serde_json::Value) -> &str {
    line["written"].as_str().unwrap()
}

async fn versions_described(server: &Server, id: &str) -> Vec<String> {
    let path = format!("/states/-/history?state_type=bot_memory&state_id={}", super::encoded(id));
    let (_, history) = server.get(&path).await;
    let mut all: Vec<_> = history["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| version["description"].as_str().unwrap().to_owned())
        .collect();
    all.reverse();
    all
}

#[tokio::test]
async fn of_a_burst_of_a_hundred_changes_the_order_is_kept_and_the_last_one_is_there() {
    let (server, here) = (Server::start().await, bot());
    let file = here.path().join("state/counter.json");
    replace(&file, r#"{"n":0}"#);
    let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
    sidecar.next().await;
    for n in 1..=100 {
        replace(&file, &format!("{{\"n\":{n}}}"));
    }
    until_data(&server, "bot_memory", "counter", &json!({"n": 100})).await;
    let seen: Vec<u64> = versions(&server, "bot_memory", "counter")
        .await
        .iter()
        .map(|data| data["n"].as_u64().unwrap())
        .collect();
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}

#[tokio::test]
async fn a_file_that_is_half_written_is_waited_for_and_never_sent() {
    let (server, here) = (Server::start().await, bot());
    let file = here.path().join("state/slow.json");
    let whole = format!("{{\"n\":2,\"pad\":\"{}\"}}", "x".repeat(9000));
    std::fs::write(&file, r#"{"n":1}"#).unwrap();
    let mut sidecar = Sidecar::start(&server, here.path(), &MEMORY);
    sidecar.next().await;
    // Cut in place, and part of the new text: nothing is said of it until it lasts.
    std::fs::write(&file, &whole[..4000]).unwrap();
    let said = sidecar.until_said("is not whole").await;
    assert!(said.contains("slow.json") && said.contains("stays"), "{said}");
    std::fs::write(&file, "").unwrap();
    std::fs::write(here.path().join("state/other.json"), r#"{"n":7}"#).unwrap();
    assert_eq!(sidecar.next().await["state_id"], "other", "it holds nothing up");
    assert_eq!(head(&server, "bot_memory", "slow").await["data"], json!({"n": 1}));
    std::fs::write(&file, &whole).unwrap();
    let next = sidecar.next().await;
    assert_eq!((&next["state_id"], &next["version"]), (&json!("slow"), &json!(2)));
    assert_eq!(head(&server, "bot_memory", "slow").await["data"]["n"], 2);
}

#[tokio::test]
async fn what_python_writes_is_read_as_an_import_reads_it() {
    let (server, here) = (Server::start().await, bot());
    let write = |name: &str, text: &str| std::fs::write(here.path().join("state").join(name), text).unwrap();
    write("bom.json", "\u{feff}{\"rate\": NaN, \"big\": 12345678901234567890, \"d\": 0.10}");
    let large = format!("{{\"list\":[{}1.50]}}", format!("\"{}\",", "x".repeat(10 << 10)).repeat(1 << 10));
    write("large.json", &large);
    write("list.json", "[1, 2]");
    let (made, said) = once(&server, here.path(), &MEMORY, 4).await;
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(said.contains("left alone: list.json") && said.contains("a state is an object"), "{said}");
    let nan = json!({"$stateloft": "float", "value": "NaN"});
    assert_eq!(head(&server, "bot_memory", "bom").await["data"]["rate"], nan);
    let (_, list) = server.get("/states?state_type=bot_memory").await;
    let sizes: Vec<_> = list["states"].as_array().unwrap().iter().map(|state| &state["size"]).collect();
    assert!(sizes.contains(&&json!(large.len())), "{sizes:?}");
    // A second look finds everything there.
    let (made, said) = once(&server, here.path(), &MEMORY, 4).await;
    assert!(made.is_empty() && said.contains("0 versions written, 2 there already"), "{said}");
}

#[tokio::test]
async fn the_members_of_a_file_are_states_and_what_goes_is_deleted_only_where_that_is_asked() {
    let (server, here) = (Server::start().await, bot());
    let file = here.path().join("positions.json");
    let each = [
        "json",
        "positions.json",
        "--type",
        "ccxt_position",
        "--each",
        "",
        "--id-from",
        "/symbol",
        "--prefix",
        "a/",
    ];
    let of = |symbols: &[&str]| {
        let all: Vec<_> = symbols
            .iter()
            .map(|symbol| json!({"symbol": symbol, "side": "long", "contracts": "1.0"}))
            .collect();
        json!(all).to_string()
    };
    replace(&file, &of(&["BTC/USDT", "ETH/USDT"]));
    let mut sidecar = Sidecar::start(&server, here.path(), &each);
    assert_eq!(sidecar.next().await["state_id"], "a/BTC/USDT");
    assert_eq!(sidecar.next().await["state_id"], "a/ETH/USDT");
    replace(&file, &of(&["BTC/USDT"]));
    let said = sidecar.until_said("is gone from").await;
    assert!(said.contains("a/ETH/USDT") && said.contains("--delete"), "{said}");
    assert_eq!(head(&server, "ccxt_position", "a/ETH/USDT").await["verdict"]["status"], "valid");
    sidecar.stop().await;

    replace(&file, &of(&["BTC/USDT", "ETH/USDT"]));
    let mut sidecar = Sidecar::start(&server, here.path(), &[&each[..], &["--delete"]].concat());
    sidecar.until_said("watching 1 file").await;
    replace(&file, &of(&["BTC/USDT", "SOL/USDT"]));
    let (one, other) = (sidecar.next().await, sidecar.next().await);
    let told: Vec<_> =
        [&one, &other].iter().map(|line| (line["state_id"].clone(), line["operation"].clone())).collect();
    assert!(told.contains(&(json!("a/ETH/USDT"), json!("delete"))), "{told:?}");
    assert!(told.contains(&(json!("a/SOL/USDT"), json!("create"))), "{told:?}");
    // A file that is away for good takes its states along.
    std::fs::remove_file(&file).unwrap();
    let gone = [sidecar.next().await, sidecar.next().await];
    assert!(gone.iter().all(|line| line["operation"] == "delete"), "{gone:?}");
    let (_, list) = server.get("/states?state_type=ccxt_position").await;
    assert_eq!(list["total"], 0, "{list}");
}

#[tokio::test]
async fn a_file_of_a_known_shape_needs_no_type_and_one_of_none_is_named() {
    let (server, here) = (Server::start().await, bot());
    let text = r#"{"active_positions": {"AAA-BBB": {"symbol1": "AAA", "symbol2": "BBB", "direction": "long",
        "entry_time": "2026-03-01T10:00:00Z", "quantity": 1.0, "entry_price": 10.5}}, "pair_states": {}}"#;
    std::fs::write(here.path().join("state/trading.json"), text).unwrap();
    std::fs::write(here.path().join("state/odd.json"), r#"{"x":1}"#).unwrap();
    let (made, said) = once(&server, here.path(), &["json", "state"], 4).await;
    assert!(made.iter().any(|line| line["state_type"] == "position"), "{made:?}");
    assert!(said.contains("odd.json") && said.contains("no known shape"), "{said}");
    let (nothing, _) = once(&server, here.path(), &["json", "nowhere/*.json"], 8).await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_sent_and_sends_nothing() {
    let (server, here) = (Server::start().await, bot());
    std::fs::write(here.path().join("state/a.json"), r#"{"n":1}"#).unwrap();
    once(&server, here.path(), &MEMORY, 0).await;
    std::fs::write(here.path().join("state/b.json"), r#"{"n":2}"#).unwrap();
    let (told, said) = once(&server, here.path(), &[&MEMORY[..], &["--dry-run"]].concat(), 0).await;
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0]["state_id"], &told[0]["operation"]), (&json!("b"), &json!("create")));
    assert!(said.contains("1 version would be written, 1 there already"), "{said}");
    assert_eq!(server.get("/states?state_type=bot_memory").await.1["total"], 1);
}

#[tokio::test]
async fn strategies_of_vnpy_and_objects_of_lean_are_states() {
    let (server, here) = (Server::start().await, bot());
    let write = |name: &str, text: &str| {
        let path = here.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        ".vntrader/cta_strategy_data.json",
        "{\n    \"dbl\": {\"inited\": true, \"trading\": true, \"pos\": -2}\n}",
    );
    write(
        ".vntrader/cta_strategy_setting.json",
        r#"{"dbl": {"class_name": "Dbl", "vt_symbol": "IF99.CFFEX", "setting": {"fast": 10}}}"#,
    );
    write(".vntrader/vt_setting.json", r#"{"font.size": 12}"#);
    let (made, _) = once(&server, here.path(), &["vnpy", "."], 0).await;
    let told: Vec<_> = made.iter().map(|line| (&line["state_type"], &line["state_id"])).collect();
    assert_eq!(
        told,
        [
            (&json!("strategy"), &json!("cta_strategy/dbl")),
            (&json!("configuration"), &json!("cta_strategy/dbl"))
        ]
    );
    write("storage/17/model.json", r#"{"weights":[0.1,0.25]}"#);
    write("storage/17/prices.csv", "time,close\n1,2\n");
    let (made, said) = once(&server, here.path(), &["lean", "storage"], 0).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["state_id"], "17/model.json");
    assert!(said.contains("left alone: 17/prices.csv"), "{said}");
}
