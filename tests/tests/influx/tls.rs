//! InfluxDB over TLS.

use std::path::Path;
use std::process::Command;

use stateloft_server::store::influx::{InfluxOptions, InfluxStore};
use stateloft_server::store::{Admin as _, StoreError};
use stateloft_tests::importing::empty;
use stateloft_tests::influx::Influx;
use stateloft_tests::server::Server;

use crate::importing::import;
use crate::{commit, save, verified};

/// Makes an authority `ca.pem`, and a certificate that it signed for this name: `<name>.pem` and `<name>.key`.
fn certify(folder: &Path, authority: &str, name: &str, subject: &str) {
    let script = format!(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={authority} -keyout {authority}.key -out {authority}.pem \
         -addext basicConstraints=critical,CA:TRUE && \
         openssl req -newkey rsa:2048 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr && \
         printf 'subjectAltName={subject}\nbasicConstraints=CA:FALSE\n' > {name}.ext && \
         openssl x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days 2 \
         -extfile {name}.ext -out {name}.pem"
    );
    let made = Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

async fn refused(options: &InfluxOptions) -> String {
    let error = InfluxStore::open(options).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Refused(_)), "{error}");
    error.to_string()
}

#[tokio::test]
async fn influxdb_over_tls_must_show_a_certificate_that_somebody_trusted_signed() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path(), "ca", "server", "IP:127.0.0.1");
    certify(folder.path(), "stranger", "elsewhere", "DNS:influx.example.com");
    let file = |name: &str| folder.path().join(name);
    let mut influx = Influx::start().await;
    let (plain, older) = (influx.bucket().await, influx.bucket().await);
    let point = r#"trading_state,state_id=a,state_type=position,operation=update,version_id=v checksum="0",description="",data="{}" 1"#;
    influx.write_lines(&older, point.to_owned()).await;
    influx.kill().await;
    influx.run_with_tls(file("server.pem"), file("server.key")).await;
    let url = influx.url();
    let to = |authority: Option<&str>| InfluxOptions {
        url: url.clone(),
        root_certificate: authority.map(file),
        ..plain.clone()
    };
    for (options, why) in
        [(to(None), "nobody trusted signed it"), (to(Some("stranger.pem")), "somebody else signed it")]
    {
        let text = refused(&options).await;
        assert!(text.to_lowercase().contains("certificate"), "{why}: {text}");
    }
    let text = refused(&plain).await;
    assert!(text.contains("InfluxDB answered 400"), "without TLS: {text}");
    let text = refused(&to(Some("server.key"))).await;
    assert!(text.contains("server.key cannot be used: there are none"), "{text}");

    let store = InfluxStore::open(&to(Some("ca.pem"))).await.unwrap();
    commit(&store, vec![save("a", r#"{"n":1}"#)]).await.unwrap();
    assert_eq!(verified(&store).await.0, 1);
    store.close().await;

    // The program, as it is configured, and its mirror.
    let mut variables = Influx::variables(&to(None));
    let mut series = to(None);
    series.bucket = "first".into();
    variables.extend(Influx::mirror_variables(&series, "position=/n"));
    let authority = file("ca.pem").display().to_string();
    variables.push(("TRADING_STATE_INFLUXDB_SSLROOTCERT".into(), authority));
    let server = Server::start_in(variables).await;
    server.save("position", "a", r#"{"n":2}"#, "bot", "").await;
    let status = server.until_status(|status| status["mirror"]["points"] == 2).await;
    assert_eq!(status["seq"], 2, "{status}");
    // An import from there; the bucket has no points of an older system.
    drop(server);

    // An import from there.
    let older = InfluxOptions { url: url.clone(), ..older };
    let target = empty().await;
    for (authority, code, word) in
        [("ca.pem", 0, "1 rows"), ("stranger.pem", 1, "certificate"), ("nowhere.pem", 1, "nowhere.pem")]
    {
        let authority = file(authority).display().to_string();
        let ran = import(&target, &older, &["--influx-sslrootcert", &authority]).await;
        assert_eq!(ran.code, code, "{ran:?}");
        ran.says(word);
    }

    influx.kill().await;
    influx.run_with_tls(file("elsewhere.pem"), file("elsewhere.key")).await;
    let text = refused(&to(Some("stranger.pem"))).await;
    assert!(text.to_lowercase().contains("certificate"), "it is for another name: {text}");
}
