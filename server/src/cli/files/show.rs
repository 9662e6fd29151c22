//! What an import finds and writes, in words.

use stateloft_core::api::{AppliedImport, ImportItem, ImportPreview, ImportStanding, Standing};

use super::super::output::counted;
use super::super::say::{answer, remark};

/// Lines of one kind that are shown; of more only the number.
const LINES: usize = 200;

/// Items that are not written and not there.
pub(super) fn left<'p>(
    preview: &'p ImportPreview,
    chosen: &'p [String],
) -> impl Iterator<Item = (&'p ImportItem, &'p ImportStanding)> {
    let pairs = preview.found.items.iter().zip(&preview.standings);
    pairs.filter(move |(item, standing)| {
        let open = matches!(standing.status, Standing::Different | Standing::Unordered);
        open && !chosen.contains(&item.source.to_string())
    })
}

/// What would be written, on standard error: it is talk, whatever is printed besides.
pub(super) fn preview(preview: &ImportPreview, chosen: &[String]) {
    let ImportPreview { found, counts, held_by, .. } = preview;
    remark!("Files                {} ({} damaged)", found.files.len(), counts.damaged_files);
    remark!("New                  {}", counts.new);
    remark!("There already        {}", counts.unchanged);
    remark!("Different            {}", counts.different);
    remark!("Of unknown order     {}", counts.unordered);
    remark!("Break rules          {} (they are kept with their verdict)", counts.invalid);
    remark!("Kept in quarantine   {}", counts.quarantined);
    lines(held_by.iter().map(|run| {
        format!(
            "live: {} holds some of what differs, and would write its own over it with its next save",
            run.run_id
        )
    }));
    lines(found.errors.iter().map(|error| format!("damaged: {}: {}", error.file, error.message)));
    lines(found.quarantine.iter().map(|held| format!("quarantine: {}: {}", held.source, held.reason)));
    lines(left(preview, chosen).map(|(item, standing)| match standing.status {
        Standing::Unordered => format!(
            "left: {}: other files hold other versions of {} {}, and nothing says which is newer; to write it: --choose '{}'",
            item.source, item.state_type, item.state_id, item.source
        ),
        _ => format!(
            "left: {}: the store holds something else as {} {}; to write it: --choose '{}'; to put it into the history and keep what \
             is there: --history-only '{}'",
            item.source, item.state_type, item.state_id, item.source, item.source
        ),
    }));
    let noted = found.items.iter().flat_map(|item| item.flags.iter().map(move |flag| (item, flag)));
    lines(noted.map(|(item, flag)| {
        format!("noted: {}{}: {} ({})", item.source, flag.pointer, flag.message, flag.code)
    }));
}

fn lines(all: impl Iterator<Item = String>) {
    let mut more = 0_usize;
    for (nth, line) in all.enumerate() {
        if nth < LINES {
            remark!("{line}");
        } else {
            more += 1;
        }
    }
    if more > 0 {
        remark!("... and {more} more");
    }
}

/// What was written.
pub(super) fn applied(applied: &AppliedImport) {
    let AppliedImport { import_id, before, seq, versions, counts, .. } = applied;
    match import_id {
        Some(import_id) => {
            answer!("Imported             {}, as {import_id}", counted(versions.len() as u64, "version"));
            answer!("Log                  from seq {before} to {seq}: a restore to seq:{before} undoes it");
        }
        None => answer!("Imported             nothing: all of it is there already"),
    }
    let open = counts.different + counts.unordered;
    let all = counts.new + counts.unchanged + open;
    answer!("Migration Report     {} of {all} items are in the store", counts.new + counts.unchanged);
}
