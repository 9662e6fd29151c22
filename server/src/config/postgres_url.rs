//! `postgresql://user:password@host:port,host:port/database?sslmode=...`

use percent_encoding::percent_decode_str;

use super::read_postgres::TLS_MODES;
use crate::store::postgres::{Password, PostgresHost, PostgresSettings, Tls};

/// What such an address looks like.
pub(super) const SHAPE: &str = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with several HOST:PORT separated by commas, \
                                and perhaps ?sslmode=MODE&sslrootcert=FILE; special characters as %XX";

/// Takes what the address says. The problem never quotes the address, which may hold the password.
pub(super) fn read(url: &str, settings: &mut PostgresSettings) -> Result<(), String> {
    let rest = url.strip_prefix("postgresql://").or_else(|| url.strip_prefix("postgres://"));
    let rest = rest.ok_or("does not begin with postgresql://")?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (who, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    if !user.is_empty() {
        settings.user = decoded(user)?;
    }
    if !password.is_empty() {
        settings.password = Some(Password::new(decoded(password)?));
    }
    if !database.is_empty() {
        settings.database = decoded(database)?;
    }
    if !hosts.is_empty() {
        settings.hosts = hosts.split(',').map(host).collect::<Result<_, _>>()?;
    }
    query.split('&').filter(|pair| !pair.is_empty()).try_for_each(|pair| parameter(pair, settings))
}

fn host(text: &str) -> Result<PostgresHost, String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':').unwrap_or(port)),
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let port = if port.is_empty() { Some(5432) } else { port.parse().ok().filter(|port| *port > 0) };
    let port = port.ok_or("has a port that is not a whole number from 1 to 65535")?;
    let host = decoded(host)?;
    if host.is_empty() { Err("names no host".to_owned()) } else { Ok(PostgresHost { host, port }) }
}

fn parameter(pair: &str, settings: &mut PostgresSettings) -> Result<(), String> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let value = decoded(value)?;
    match name {
        "sslmode" => {
            let mode = Tls::from_name(&value);
            settings.tls = Some(mode.ok_or(format!("has an sslmode that is not {TLS_MODES}"))?);
        }
        "sslrootcert" => settings.root_certificate = Some(value.into()),
        // The server that accepts writes is looked for in any case.
        "target_session_attrs" if value == "read-write" || value == "primary" || value == "any" => {}
        _ => {
            return Err(
                "has a parameter other than sslmode, sslrootcert and target_session_attrs=read-write".into(),
            );
        }
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "holds bytes that are not UTF-8")?;
    if text.contains('\0') { Err("holds a NUL".into()) } else { Ok(text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Result<PostgresSettings, String> {
        let mut settings = PostgresSettings::default();
        read(url, &mut settings).map(|()| settings)
    }

    #[test]
    fn every_part_is_taken() {
        let url = "postgresql://bot%40x:p%3Aw%2F@db1:6432,[::1]:7000,%2Frun%2Fpg/trading%20states?sslmode=verify-ca";
        let found = settings(url).unwrap();
        assert_eq!(found.to_string(), "bot@x@db1:6432,[::1]:7000,/run/pg:5432/trading states");
        assert_eq!(found.password, Some(Password::new("p:w/")));
        assert_eq!(found.tls, Some(Tls::VerifyCa));
        assert_eq!(settings("postgres://").unwrap(), PostgresSettings::default());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, words) in [
            ("mysql://me:hunter2@db/x", "does not begin"),
            ("postgres://me:hunter2@db:0/x", "a port"),
            ("postgres://me:hunter2@,db/x", "names no host"),
            ("postgres://me:hunter2@db/x?sslmode=maybe", "sslmode"),
            ("postgres://me:hunter2@db/x?password=hunter2", "a parameter other than"),
            ("postgres://me:hunter2%FF@db/x", "not UTF-8"),
        ] {
            let problem = settings(url).unwrap_err();
            assert!(problem.contains(words) && !problem.contains("hunter2"), "{problem}");
        }
    }
}
