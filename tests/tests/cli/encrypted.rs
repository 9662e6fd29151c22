//! Bundles that are encrypted with age, for a recipient and by its key.

use std::io::{Read as _, Write as _};
use std::path::Path;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use stateloft_tests::server::Server;

use super::bundles::{fill, log};
use super::{done, folder, run};

/// A key, in a file as age-keygen writes it.
fn key(here: &Path, name: &str) -> Identity {
    let key = Identity::generate();
    let text = format!("# public key: {}\n\n{}\n", key.to_public(), key.to_string().expose_secret());
    std::fs::write(here.join(name), text).unwrap();
    key
}

fn opened(file: &Path, key: &Identity) -> String {
    let sealed = age::Decryptor::new(std::fs::File::open(file).unwrap()).unwrap();
    let opened = sealed.decrypt(std::iter::once(key as &dyn age::Identity)).unwrap();
    let mut text = String::new();
    MultiGzDecoder::new(opened).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn an_encrypted_bundle_is_read_with_each_of_its_keys_and_by_age_itself() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 10, 30_000).await;
    let (ann, bob) = (key(here.path(), "ann.key"), key(here.path(), "bob.key"));
    std::fs::write(here.path().join("desk.txt"), format!("# the desk\n{}\n", bob.to_public())).unwrap();
    let (origin, to) = (server.origin(), ann.to_public().to_string());
    let flags = ["--encrypt-to", &to, "--encrypt-to", "desk.txt", "--server", &origin];
    done(here.path(), &[&["export", "--out", "book"], &flags[..]].concat()).await;
    let text = opened(&here.path().join("book"), &ann);
    assert_eq!(text.lines().count(), 13);
    assert_eq!(text, opened(&here.path().join("book"), &bob));
    for (key, store) in [("ann.key", "ann.db"), ("bob.key", "bob.db")] {
        let taken = done(here.path(), &["import", "book", "--identity", key, "--store", store]).await.out;
        assert!(taken.contains("whole: all 10 versions"), "{taken}");
        assert_eq!(log(here.path(), ["--store", store]).await, log(here.path(), ["--server", &origin]).await);
    }
    // A backup, into a folder.
    let made = done(here.path(), &[&["backup", "--json"], &flags[..]].concat()).await.out;
    let made: Value = serde_json::from_str(&made).unwrap();
    let file = made["file"].as_str().unwrap();
    assert!(file.ends_with(".stateloft.age") && made["encrypted"] == true, "{made}");
    let looked = done(here.path(), &["import", "--dry-run", file, "--identity", "bob.key"]).await.out;
    assert!(looked.contains("10 versions, 1 snapshot,"), "{looked}");
}

#[tokio::test]
async fn an_encrypted_bundle_is_what_a_restore_goes_back_to_for_who_has_the_key() {
    let (here, server) = (folder(), Server::start().await);
    server.save("strategy", "grid", r#"{"stop":1.50}"#, "ann", "").await;
    let (ann, _) = (key(here.path(), "ann.key"), key(here.path(), "other.key"));
    let (origin, to) = (server.origin(), ann.to_public().to_string());
    done(here.path(), &["export", "--out", "book", "--encrypt-to", &to, "--server", &origin]).await;
    server.save("strategy", "grid", r#"{"stop":1.75}"#, "ann", "").await;
    let restore = ["restore", "--file", "book", "--reason", "x", "--yes", "--server", &origin];
    let other = run(here.path(), &[&restore[..], &["--identity", "other.key"]].concat(), &[]).await;
    assert!(other.code == Some(11) && other.err.contains("not for a key in other.key"), "{}", other.err);
    let done = done(here.path(), &[&restore[..], &["--identity", "ann.key"]].concat()).await.out;
    assert!(done.contains("wrote 1 state: 1 changed"), "{done}");
    let (_, state) = server.get("/states/grid?state_type=strategy").await;
    assert_eq!((&state["version"], &state["data"]["stop"]), (&3.into(), &1.5.into()), "{state}");
}

#[tokio::test]
async fn without_the_key_or_with_another_nothing_is_written_and_what_to_do_is_said() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 2, 20).await;
    let (ann, _) = (key(here.path(), "ann.key"), key(here.path(), "other.key"));
    let (origin, to) = (server.origin(), ann.to_public().to_string());
    done(here.path(), &["export", "--out", "book", "--encrypt-to", &to, "--server", &origin]).await;
    let bytes = std::fs::read(here.path().join("book")).unwrap();
    std::fs::write(here.path().join("head"), &bytes[..100]).unwrap();
    std::fs::write(here.path().join("armor"), "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n").unwrap();
    std::fs::write(here.path().join("old.json"), r#"{"active_positions": {}}"#).unwrap();
    std::fs::write(here.path().join("empty.key"), "# nothing\n").unwrap();
    std::fs::write(here.path().join("ssh.key"), "ssh-ed25519 AAAA\n").unwrap();
    std::fs::write(here.path().join("letter"), sealed(&ann, b"no bundle at all")).unwrap();
    for (arguments, code, words) in [
        (&["book"][..], 2, "book is encrypted with age: name the file with your key with --identity FILE"),
        (&["book", "--identity", "other.key"], 11, "it is encrypted, and not for a key in other.key"),
        (&["book", "--identity", "gone.key"], 2, "gone.key"),
        (&["book", "--identity", "empty.key"], 2, "there is no key in empty.key"),
        (&["book", "--identity", "ssh.key"], 2, "ssh.key, line 1: it is no X25519 key of age"),
        (&["head", "--identity", "ann.key"], 11, "head: "),
        (&["armor", "--identity", "ann.key"], 11, "age -d -i KEY armor > FILE"),
        (&["letter", "--identity", "ann.key"], 11, "what is encrypted in letter is no bundle"),
        (&["old.json", "--identity", "ann.key"], 2, "--identity is for bundles"),
    ] {
        let refused = run(here.path(), &[&["import", "--db", "new.db"], arguments].concat(), &[]).await;
        assert_eq!(refused.code, Some(code), "{arguments:?}: {}{}", refused.out, refused.err);
        assert!(refused.err.contains(words), "{words} in {}", refused.err);
        assert!(!refused.err.contains("AGE-SECRET-KEY"), "{}", refused.err);
        assert!(!here.path().join("new.db").exists(), "{arguments:?} made a store");
    }
    for (to, words) in [
        ("age1nobody", "it is no X25519 key of age"),
        ("ann.key", "ann.key, line 3: it is a secret key"),
        ("empty.key", "there is no recipient in the file"),
    ] {
        let refused =
            run(here.path(), &["export", "--out", "x", "--encrypt-to", to, "--server", &origin], &[]).await;
        assert_eq!(refused.code, Some(2), "{}", refused.err);
        assert!(refused.err.contains(words) && !refused.err.contains("AGE-SECRET-KEY-1"), "{}", refused.err);
        assert!(!here.path().join("x").exists());
    }
}

fn sealed(key: &Identity, text: &[u8]) -> Vec<u8> {
    let recipient = key.to_public();
    let sealing =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut out = sealing.wrap_output(Vec::new()).unwrap();
    out.write_all(text).unwrap();
    out.finish().unwrap()
}

#[tokio::test]
async fn an_encrypted_bundle_that_was_cut_or_changed_brings_in_what_is_whole_and_says_the_line() {
    let (here, server) = (folder(), Server::start().await);
    fill(&server, 12, 40_000).await;
    let ann = key(here.path(), "ann.key");
    let (origin, to) = (server.origin(), ann.to_public().to_string());
    done(here.path(), &["export", "--out", "book", "--encrypt-to", &to, "--server", &origin]).await;
    let whole = std::fs::read(here.path().join("book")).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() * 3 / 4] ^= 1;
    for (name, bytes) in
        [("cut", &whole[..whole.len() / 2]), ("changed", &changed), ("end", &whole[..whole.len() - 1])]
    {
        std::fs::write(here.path().join(name), bytes).unwrap();
        let store = format!("{name}.db");
        let ran = run(here.path(), &["import", name, "--identity", "ann.key", "--store", &store], &[]).await;
        assert_eq!(ran.code, Some(4), "{name}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(&format!("{name}: ")) && ran.err.contains("line "), "{}", ran.err);
        let again =
            done(here.path(), &["import", "book", "--identity", "ann.key", "--store", &store]).await.out;
        assert!(!again.contains("There already   0 versions") && again.contains("whole: all 12"), "{again}");
    }
}
