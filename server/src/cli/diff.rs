//! `stateloft diff`: what changed between two versions, two moments or two files.

use std::path::PathBuf;

use clap::Args;
use stateloft_core::api::{DiffView, StateRow, VersionView};
use stateloft_core::diff::{Effort, diff_within};
use stateloft_core::json::Document;
use stateloft_core::model::{StateId, StateKey, StateType, whole_number};
use stateloft_core::schema::path_rules;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::named::{moment, state_id, state_type};
use super::output::{Sides, print_answer, print_json};
use super::reach::{Intent, ReachOrStore};
use super::save::document;
use super::{Done, asking};

/// Say what changed in a state: in its last version, between two versions, or between two moments. Numbers are compared by
/// their value, arrays by what their elements are.
#[derive(Debug, Args)]
pub(super) struct DiffOf {
    #[command(flatten)]
    reach: ReachOrStore,
    /// The kind of state. With --files its rules say what is noise and what names an element.
    #[arg(value_name = "TYPE", value_parser = state_type, required_unless_present = "files")]
    state_type: Option<StateType>,
    /// Its name.
    #[arg(value_name = "ID", value_parser = state_id, required_unless_present = "files")]
    state_id: Option<StateId>,
    /// The older side: a version's number (0 is nothing), or a moment. Without it the version before the newer side.
    #[arg(value_name = "FROM", value_parser = side)]
    from: Option<String>,
    /// The newer side, likewise. Without it the last version.
    #[arg(value_name = "TO", value_parser = side)]
    to: Option<String>,
    /// Compare two files in place of versions; `-` is standard input.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["state_id", "store", "server"])]
    files: Option<Vec<PathBuf>>,
    /// Both sides as lines, with some lines around each difference.
    #[arg(long, conflicts_with = "json")]
    text: bool,
    /// Show what is noise by its schema, too.
    #[arg(long)]
    all: bool,
    /// Print the answer of the API; with --files its member `diff`.
    #[arg(long)]
    json: bool,
}

/// A version's number, or a moment.
fn side(text: &str) -> Result<String, String> {
    if whole_number(text).is_none() {
        moment(text).map_err(|error| format!("neither a version's number nor a moment: {error}"))?;
    }
    Ok(text.to_owned())
}

impl DiffOf {
    pub(super) async fn run(self) -> Done {
        let Self { reach, state_type, state_id, from, to, files, text, all, json } = self;
        if let Some([old, new]) = files.as_deref() {
            return of_files(old, new, state_type.as_ref(), (text, all, json)).map(Into::into);
        }
        let (Some(state_type), Some(state_id)) = (state_type, state_id) else {
            return Err(Failure::usage("name a state, or two files with --files"));
        };
        let key = StateKey { state_type, state_id };
        asking(reach.client(Intent::Read).await?, async |client| {
            let query = Query::of(&key).and("from", from).and("to", to);
            let (answer, view) = client.read_of::<DiffView>(&key, "/states/-/diff", &query).await?;
            if json {
                print_answer(&answer);
            } else if text {
                let (old, new) =
                    (data_of(client, view.from.as_ref()).await?, data_of(client, Some(&view.to)).await?);
                Sides::of(view.from.as_ref(), &view.to).print_lines(
                    &old,
                    &new,
                    path_rules(key.state_type.as_str()),
                );
            } else {
                Sides::of(view.from.as_ref(), &view.to).print_changes(&view.diff, all);
            }
            Ok(Exit::Done)
        })
        .await
    }
}

/// The data of one side; nothing, and what was deleted, is an empty object.
async fn data_of(client: &Client, version: Option<&VersionView>) -> Result<Document, Failure> {
    let empty = || "{}".parse().map_err(|error| format!("{error}").into());
    let Some(version) = version.filter(|version| version.content_hash.is_some()) else { return empty() };
    let key = StateKey { state_type: version.state_type.clone(), state_id: version.state_id.clone() };
    let query = Query::of(&key).with("version", version.version);
    let (_, row) = client.read_of::<StateRow>(&key, "/states/-", &query).await?;
    row.stored().and_then(|stored| stored.data).map_or_else(empty, Ok)
}

fn of_files(
    old: &std::path::Path,
    new: &std::path::Path,
    state_type: Option<&StateType>,
    (text, all, json): (bool, bool, bool),
) -> Result<Exit, Failure> {
    let rules = path_rules(state_type.map_or("", StateType::as_str));
    let (before, after) = (document(old)?, document(new)?);
    let sides = Sides::new(old.display().to_string(), new.display().to_string());
    if text {
        sides.print_lines(&before, &after, rules);
        return Ok(Exit::Done);
    }
    let diff = diff_within(&before, &after, rules, Effort::default()).map_err(|_| {
        Failure::new(Exit::Refused, "the two files differ in too many places; --text compares their lines")
    })?;
    if json {
        print_json(&diff)?;
    } else {
        sides.print_changes(&diff, all);
    }
    Ok(Exit::Done)
}
