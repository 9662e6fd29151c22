//! What this page takes.

/// Bytes of all files together that are read here.
pub const FILES_MAX: u64 = 200_000_000;
/// Bytes of what is sent at most: what the server takes of an import.
pub const BODY_MAX: u64 = 48 << 20;

/// What is said of more.
pub const TOO_MUCH: &str = "Nothing was sent; use the command.";

/// Endings of files that are looked at in folders; a file that is given itself may have any.
const ENDINGS: [&str; 3] = [".json", ".jsonl", ".ndjson"];

/// Whether a file of a folder is one to look at: the same ones that the command takes.
#[must_use]
pub fn is_wanted(name: &str) -> bool {
    let ending = name.rfind('.').map(|at| name[at..].to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The name of a file of a folder: within the folder, so that the same folder gives the same names wherever it is.
#[must_use]
pub fn within(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split_once('/').map_or(path, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_give_the_files_that_the_command_takes_under_the_same_names() {
        assert!(is_wanted("a.json") && is_wanted("b/LOG.JSONL") && is_wanted("c.ndjson"));
        assert!(!is_wanted("a.json.bak") && !is_wanted("notes.txt") && !is_wanted("json"));
        assert_eq!(within("/bots/a/state.json"), "a/state.json");
        assert_eq!(within("bots/state.json"), "state.json");
        assert_eq!(within("state.json"), "state.json");
    }
}
