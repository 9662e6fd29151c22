//! `stateloft save`: a state from a file.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use hyper::Method;
use stateloft_core::api::{ClientOperation, SaveRequest, StateView};
use stateloft_core::json::{Diagnosis, Document, Limits};
use stateloft_core::model::StateKey;

use super::client::Written;
use super::exit::Exit;
use super::failure::Failure;
use super::named::{Authored, Named};
use super::output::{print_answer, print_json, verdict_words};
use super::reach::{Intent, ReachOrStore};
use super::say::{answer, remark};
use super::{Done, asking};

/// Save a state: an object in JSON, from a file or from standard input. It is kept exactly, apart from white space.
#[derive(Debug, Args)]
pub(super) struct Save {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(flatten)]
    named: Named,
    /// The file; `-` or nothing reads standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Only if the state is at this version now; 0: only if there never was one.
    #[arg(long, value_name = "N")]
    if_version: Option<u64>,
    /// Only if there is no such state, or it is deleted.
    #[arg(long, conflicts_with = "if_version")]
    if_absent: bool,
    #[command(flatten)]
    by: Authored,
    /// Print the answer of the API.
    #[arg(long)]
    json: bool,
}

impl Save {
    pub(super) async fn run(self) -> Done {
        let Self { reach, named, file, if_version, if_absent, by, json } = self;
        let key = named.key();
        let request = SaveRequest {
            state_id: key.state_id.clone(),
            state_type: key.state_type.clone(),
            data: document(&file)?,
            operation: if if_absent { ClientOperation::Create } else { ClientOperation::Update },
            user_id: by.author,
            description: by.reason,
            run_id: by.origin.run_id,
            correlation_id: by.origin.correlation_id,
            causation_id: by.origin.causation_id,
            expected_version: if_version,
            epoch: None,
        };
        asking(reach.client(Intent::Begin).await?, async |client| {
            match client.write(Method::POST, "/states", Some(&request)).await? {
                Written::Stored(said) => {
                    let saved = client.understood_of::<StateView>(&key, &said)?;
                    remarks(&saved);
                    if json { print_answer(&said) } else { print(&key, &saved) }
                }
                Written::Waits(pending) => {
                    remark!("stateloft: the store is away: {key} is safe in the server's journal and will be written when it is back");
                    if json {
                        print_json(&pending)?;
                    } else {
                        answer!("{key}: waits, {}", pending.pending_id);
                    }
                }
            }
            Ok(Exit::Done)
        })
        .await
    }
}

/// The JSON of a file, or of standard input.
pub(super) fn document(path: &Path) -> Result<Document, Failure> {
    let is_input = path.as_os_str() == "-";
    let place = if is_input { "standard input".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let most = Limits::default().max_bytes as u64 + 1;
    let read = if is_input {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failed };
        Failure::new(exit, format!("{place}: {error}"))
    })?;
    Document::parse_bytes(&bytes, &Limits::default()).map_err(|error| {
        let found = Diagnosis::of(error, &bytes);
        let hint = found.hint.map(|hint| format!("\n  {hint}")).unwrap_or_default();
        Failure::new(Exit::Refused, format!("{place}: {found}{hint}"))
    })
}

fn print(key: &StateKey, saved: &StateView) {
    let version = &saved.version;
    let what = if saved.unchanged { "unchanged at" } else { "saved as" };
    answer!(
        "{key}: {what} version {}, seq {}, {}",
        version.version,
        version.seq,
        verdict_words(&version.verdict)
    );
}

/// What whoever saves will want to know, though it is saved.
fn remarks(saved: &StateView) {
    for violation in saved.version.verdict.violations() {
        remark!("stateloft: breaks a rule at {}: {}", violation.pointer, violation.message);
    }
    for notice in &saved.notices {
        remark!("stateloft: {}", notice.message);
    }
}
