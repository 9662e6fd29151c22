//! Which server is asked, and with which key.

use stateloft_tests::server::Server;

use super::{folder, run};

const KEY: &str = "a-key-of-sixteen-characters";

/// Arguments, and variables.
type Way<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn the_server_and_its_key_come_from_flags_from_the_environment_or_from_a_profile() {
    let server = Server::start_set(vec![("TRADING_STATE_API_KEY".to_owned(), KEY.to_owned())]).await;
    let (here, origin) = (folder(), server.origin());
    std::fs::write(here.path().join("desk.key"), format!("{KEY}\n")).unwrap();
    let profiles = format!(
        "[desk]\nserver = \"{origin}/\"\nkey = \"{KEY}\"\n\n[filed]\nserver = \"{origin}\"\nkey_file = \"{}\"\n\n[named]\nserver = \"{origin}\"\nkey_env = \"DESK_KEY\"\n",
        here.path().join("desk.key").display()
    );
    std::fs::write(here.path().join("profiles.toml"), profiles).unwrap();
    let both = [("STATELOFT_SERVER", origin.as_str()), ("STATELOFT_KEY", KEY)];
    let named = [("DESK_KEY", KEY)];
    let ways: [Way<'_>; 6] = [
        (&["list", "--server", &origin, "--key", KEY], &[]),
        (&["list"], &both),
        (&["list", "--server", &origin], &[("TRADING_STATE_API_KEY", KEY)]),
        (&["list", "--profile", "desk"], &[]),
        (&["list", "--profile", "filed"], &[]),
        (&["list", "--profile", "named"], &named),
    ];
    for (arguments, env) in ways {
        let ran = run(here.path(), arguments, env).await;
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains(KEY) && !ran.out.contains(KEY));
    }
    let open = run(here.path(), &["list", "--profile", "desk"], &[]).await;
    assert!(cfg!(not(unix)) || open.err.contains("others may read it"), "{}", open.err);
    let keyless = run(here.path(), &["list", "--server", &origin], &[]).await;
    assert_eq!(keyless.code, Some(11), "{}", keyless.err);
    for (arguments, words) in [
        (&["list", "--profile", "nobody"][..], "there is no profile \"nobody\""),
        (&["list", "--profile", "named"], "DESK_KEY"),
        (&["list", "--server", "ftp://a"], "not an address of a server"),
        (&["list", "--server", &origin, "--profile", "desk"], "--profile"),
    ] {
        let ran = run(here.path(), arguments, &[]).await;
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{words} in {}", ran.err);
    }
}

#[tokio::test]
async fn the_profile_default_is_meant_where_nothing_else_is_said() {
    let server = Server::start().await;
    let here = folder();
    let profile = format!("[default]\nserver = \"{}\"\n", server.origin());
    std::fs::write(here.path().join("profiles.toml"), profile).unwrap();
    let status = run(here.path(), &["status"], &[]).await;
    assert_eq!(status.code, Some(0), "{}", status.err);
    let other = run(here.path(), &["status"], &[("STATELOFT_SERVER", "127.0.0.1:1")]).await;
    assert_eq!(other.code, Some(10), "{}", other.err);
    std::fs::write(here.path().join("profiles.toml"), "[default]\nsrever = \"x\"\n").unwrap();
    let wrong = run(here.path(), &["status"], &[]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    assert!(wrong.err.contains("srever") && wrong.err.contains("profiles.toml"), "{}", wrong.err);
}
