//! A bundle as it comes from whoever is asked.

use std::io::{self, Write};

use stateloft_core::bundle::{Fault, Wrong};

use super::Sealing;
use super::{Checking, Found, Recipients};
use crate::cli::client::{Client, Query, next_piece};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Progress;

/// Asks for a bundle and writes it as it comes, each piece once it was looked at: what is written of one that is not whole lacks
/// its last line.
/// With recipients only those can read it.
pub(in crate::cli) async fn receive<W: Write>(
    client: &Client,
    query: &Query,
    out: W,
    to: Option<&Recipients>,
) -> Result<(Found, W), Failure> {
    let written = |error: io::Error| format!("the bundle cannot be written: {error}");
    let mut body = client.download("/export", query).await?;
    let mut out = Sealing::begin(out, to).map_err(written)?;
    let (mut checking, progress) = (Checking::default(), Progress::new());
    let broken = |why: String| {
        let place = client.place();
        Failure::new(Exit::Unavailable, format!("the bundle of {place} broke off, and is not whole: {why}"))
    };
    let bent =
        |fault: Fault| Failure::from(format!("what {} sends is not a whole bundle: {fault}", client.place()));
    while let Some(piece) = next_piece(&mut body).await.map_err(broken)? {
        checking.feed(&piece).map_err(bent)?;
        out.write_all(&piece).map_err(written)?;
        if let Some((passed, of)) = checking.passed() {
            progress.is_at("exported", passed, of, "versions");
        }
    }
    let found = checking.finish().map_err(|fault| match fault.wrong {
        Wrong::NotABundle => bent(fault),
        _ => broken(fault.to_string()),
    })?;
    Ok((found, out.finish().map_err(written)?))
}
