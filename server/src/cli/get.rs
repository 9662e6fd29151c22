//! `stateloft get`: the exact text of a state.

use clap::Args;
use stateloft_core::api::{Moment, StateRow};
use stateloft_core::json::{Document, Node, Pointer, writer};
use stateloft_core::model::StateKey;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::named::{Named, moment};
use super::output::{print_answer, style};
use super::reach::{Intent, ReachOrStore};
use super::say::{remark, write_bytes};
use super::{Done, asking};

/// Print the data of a state, byte for byte as it is kept: `stateloft get TYPE ID | sha256sum` is its `content_hash`.
#[derive(Debug, Args)]
pub(super) struct Get {
    #[command(flatten)]
    reach: ReachOrStore,
    #[command(flatten)]
    named: Named,
    /// As it was at this moment: a time with zone, `seq:N` or `snapshot:NAME`.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    at: Option<Moment>,
    /// Its version of this number.
    #[arg(long, value_name = "N", conflicts_with = "at")]
    version: Option<u64>,
    /// Over lines, two spaces a level; numbers and the order of keys stay as they are.
    #[arg(long)]
    pretty: bool,
    /// Only what these JSON pointers name, separated by commas: of one its value alone, of several an object.
    #[arg(long, value_name = "/POINTER,...")]
    fields: Option<String>,
    /// Print the whole answer of the API: the version with author, time, hashes and data.
    #[arg(long, conflicts_with_all = ["pretty", "fields"])]
    json: bool,
}

impl Get {
    pub(super) async fn run(self) -> Done {
        let Self { reach, named, at, version, pretty, fields, json } = self;
        let key = named.key();
        let fields = fields.as_deref().map(pointers).transpose()?;
        asking(reach.client(Intent::Read).await?, async |client| {
            let query = Query::of(&key).and("at", at).and("version", version);
            let (answer, row) = client.read_of::<StateRow>(&key, "/states/-", &query).await?;
            if json {
                print_answer(&answer);
                return Ok(Exit::Done);
            }
            let data = data_of(&key, row, client)?;
            let data = match fields {
                Some(fields) => selected(&key, &data, &fields)?,
                None => data,
            };
            print(&data, pretty);
            Ok(Exit::Done)
        })
        .await
    }
}

fn data_of(key: &StateKey, row: StateRow, client: &Client) -> Result<Document, Failure> {
    let (data, what) = match row {
        StateRow::Stored(summary) => (summary.data, format!("version {} of {key}", summary.version.version)),
        StateRow::Pending(pending) => {
            let place = client.place();
            remark!(
                "stateloft: this waits in the journal of {place} and has no version yet ({})",
                pending.pending_id
            );
            (pending.data, format!("the last write to {key}"))
        }
    };
    data.ok_or_else(|| Failure::new(Exit::NotFound, format!("{what} deletes it: there is no data")))
}

/// Without a line feed behind it, which is no part of the data, except where somebody looks at it.
fn print(data: &Document, pretty: bool) {
    let laid_out;
    let text = if pretty {
        laid_out = writer::pretty(data.root());
        laid_out.as_str()
    } else {
        data.text()
    };
    if style::is_terminal() {
        write_bytes(style::seen_json(text).as_bytes());
    } else {
        write_bytes(text.as_bytes());
    }
    if pretty || style::is_terminal() {
        write_bytes(b"\n");
    }
}

/// Pointers, separated by the comma in front of a slash.
fn pointers(text: &str) -> Result<Vec<Pointer>, Failure> {
    let rest = text.strip_prefix('/');
    let rest = rest.ok_or_else(|| Failure::usage(format!("--fields: {text:?} does not begin with /")))?;
    rest.split(",/")
        .map(|part| {
            Pointer::parse(&format!("/{part}")).map_err(|error| Failure::usage(format!("--fields: {error}")))
        })
        .collect()
}

fn selected(key: &StateKey, data: &Document, fields: &[Pointer]) -> Result<Document, Failure> {
    let mut found = Vec::new();
    for pointer in fields {
        let value = pointer.tokens().try_fold(data.root(), |node: Node<'_>, token| node.child(&token));
        let absent = || Failure::new(Exit::NotFound, format!("{key} has nothing at {}", pointer.as_str()));
        found.push((pointer, value.ok_or_else(absent)?));
    }
    if let [(_, value)] = found.as_slice() {
        return Ok(value.to_document());
    }
    let members =
        found.iter().map(|(pointer, value)| format!("{}:{}", writer::quote(pointer.as_str()), value.text()));
    let object = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    object.parse().map_err(|error| format!("--fields: {error}").into())
}
