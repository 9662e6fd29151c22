//! From files to a plan.

use super::draft::{self, Draft};
use super::packed::packed;
use super::python;
use super::report::Report;
use super::rules::{OptionError, Rules};
use super::shapes;
use crate::api::{ImportOptions, ImportPlan, QuarantineCode, Shape};
use crate::hash::RequestHash;
use crate::json::Limits;

/// A file: what it is called, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Such as `states/trading_state.json`.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// Files larger than this are not read.
pub const FILE_MAX_BYTES: usize = 512 << 20;

/// Works out what the files hold.
///
/// # Errors
/// An option cannot be understood, or does not go with another.
pub fn plan(files: &[File<'_>], options: &ImportOptions) -> Result<ImportPlan, OptionError> {
    let rules = Rules::of(options)?;
    let mut report = Report::default();
    let mut files = files.to_vec();
    files.sort_by_key(|file| file.name);
    for file in &files {
        read(*file, &rules, &mut report);
    }
    let mut plan = report.finish(&files);
    plan.hash = hash(&plan, options);
    Ok(plan)
}

fn read(file: File<'_>, rules: &Rules, report: &mut Report) {
    if let Some(packed) = packed(file.bytes) {
        return report.unreadable(file.name, packed);
    }
    let limits = Limits { max_bytes: FILE_MAX_BYTES, ..Limits::default() };
    for piece in python::pieces(file.bytes, &limits) {
        match &piece.read {
            Ok(reading) => {
                let mut draft = Draft::new(file.name, piece.line, rules);
                let shape = shapes::recognise(&mut draft, reading.document.root());
                report.take(file.name, shape, draft.finish(reading));
            }
            Err(diagnosis) => {
                report.damaged(file.name, &piece, diagnosis);
                if let Some(line) = piece.line {
                    let source = draft::source(file.name, Some(line), "");
                    report.quarantine(source, QuarantineCode::NotJson, &diagnosis.to_string(), piece.bytes);
                    report.shape(file.name, Shape::Unknown);
                }
            }
        }
    }
}

/// Binds everything that the plan says.
fn hash(plan: &ImportPlan, options: &ImportOptions) -> String {
    let text = |json: Result<Vec<u8>, serde_json::Error>| json.unwrap_or_default();
    // Both are made of texts, numbers and documents: writing them cannot fail.
    RequestHash::of(&[&text(serde_json::to_vec(options)), &text(serde_json::to_vec(plan))]).to_string()
}
