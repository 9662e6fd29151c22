//! Files in parts that a request takes. What speaks of the same state stays together: only then is it known which of its versions
//! is newer, and that one of them is there already.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stateloft_core::api::{ImportFile, ImportOptions, ImportRequest};
use stateloft_core::import::{File, plan};
use stateloft_core::model::StateKey;

use crate::cli::failure::Failure;
use crate::http::IMPORT_MAX;
use crate::service::ImportFiles;

/// What a request has besides its files, at most about.
const AROUND: usize = 64 << 10;

/// Files that are sent in one request.
pub(super) struct Part {
    pub(super) files: Vec<ImportFile>,
    pub(super) options: ImportOptions,
    /// Bytes of the files.
    pub(super) bytes: u64,
}

impl Part {
    pub(super) fn request(&self) -> ImportRequest {
        ImportRequest { files: self.files.clone(), options: self.options.clone() }
    }
}

/// Makes parts of at most so many bytes as a request takes.
pub(super) fn parts(files: &ImportFiles) -> Result<Vec<Part>, Failure> {
    within(files, IMPORT_MAX - AROUND)
}

pub(super) fn within(files: &ImportFiles, most: usize) -> Result<Vec<Part>, Failure> {
    let ImportFiles { files, options } = files;
    // A text does not become shorter on its way.
    if let Some(large) = files.iter().find(|(_, bytes)| bytes.len() > most) {
        return Err(too_large(&[large.0.as_str()], most));
    }
    let mut parts: Vec<(usize, Part)> = Vec::new();
    for group in groups(files, options)? {
        let sent: Vec<ImportFile> = group.iter().map(|place| as_sent(&files[*place])).collect();
        let mut size = 0;
        for file in &sent {
            size += serde_json::to_vec(file).map_err(|error| error.to_string())?.len() + 1;
        }
        if size > most {
            let names: Vec<&str> = sent.iter().map(|file| file.name.as_str()).collect();
            return Err(too_large(&names, most));
        }
        let bytes = group.iter().map(|place| files[*place].1.len() as u64).sum::<u64>();
        match parts.last_mut() {
            Some((before, part)) if *before + size <= most => {
                *before += size;
                part.bytes += bytes;
                part.files.extend(sent);
            }
            _ => parts.push((size, Part { files: sent, options: options.clone(), bytes })),
        }
    }
    Ok(parts.into_iter().map(|(_, part)| part).collect())
}

fn too_large(files: &[&str], most: usize) -> Failure {
    let what = match files {
        [one] => format!("{one} is"),
        several => format!(
            "{} and {} others have versions of the same states, and are together",
            several[0],
            several.len() - 1
        ),
    };
    Failure::usage(format!(
        "{what} more than the {} MiB that a request takes: stop the server, and import into its store (--store); nothing was written",
        most.div_ceil(1 << 20)
    ))
}

/// The places of files that speak of the same states, in the order of the first of each group.
fn groups(files: &[(String, Vec<u8>)], options: &ImportOptions) -> Result<Vec<Vec<usize>>, Failure> {
    let read: Vec<File<'_>> = files.iter().map(|(name, bytes)| File { name, bytes }).collect();
    let found = plan(&read, options).map_err(|error| error.to_string())?;
    let places: HashMap<&str, usize> =
        files.iter().enumerate().map(|(place, (name, _))| (name.as_str(), place)).collect();
    let mut first: Vec<usize> = (0..files.len()).collect();
    let mut of_state: HashMap<StateKey, usize> = HashMap::new();
    for item in &found.items {
        for source in std::iter::once(&item.source).chain(&item.also) {
            let Some(place) = places.get(source.file.as_str()) else { continue };
            let other = *of_state.entry(item.key()).or_insert(*place);
            join(&mut first, *place, other);
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
    for place in 0..files.len() {
        let root = root(&first, place);
        groups[root].push(place);
    }
    groups.retain(|group| !group.is_empty());
    Ok(groups)
}

fn root(first: &[usize], mut place: usize) -> usize {
    while first[place] != place {
        place = first[place];
    }
    place
}

fn join(first: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(first, one), root(first, other));
    first[one.max(other)] = one.min(other);
}

fn as_sent((name, bytes): &(String, Vec<u8>)) -> ImportFile {
    let text = std::str::from_utf8(bytes).ok().map(str::to_owned);
    let base64 = text.is_none().then(|| STANDARD.encode(bytes));
    ImportFile { name: name.clone(), text, base64 }
}

#[cfg(test)]
mod tests {
    use stateloft_core::model::StateType;

    use super::*;

    fn files(texts: &[(&str, &str)]) -> ImportFiles {
        let files = texts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
        let options = ImportOptions {
            state_type: Some(StateType::new("bot_memory").unwrap()),
            each: Some(String::new()),
            ..ImportOptions::default()
        };
        ImportFiles { files: files.collect(), options }
    }

    fn names(parts: &[Part]) -> Vec<Vec<&str>> {
        parts.iter().map(|part| part.files.iter().map(|file| file.name.as_str()).collect()).collect()
    }

    #[test]
    fn what_speaks_of_the_same_states_stays_together() {
        let a = format!(r#"{{"x":{{"n":"{}"}}}}"#, "a".repeat(100));
        let b = format!(r#"{{"y":{{"n":"{}"}}}}"#, "b".repeat(100));
        let both = r#"{"x":{"n":1},"z":{"n":1}}"#;
        let given = files(&[("1.json", &a), ("2.json", &b), ("3.json", both), ("4.json", "not json")]);
        let parts = within(&given, 300).unwrap();
        assert_eq!(names(&parts), [vec!["1.json", "3.json"], vec!["2.json", "4.json"]]);
        let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        assert_eq!(bytes, (a.len() + b.len() + both.len() + 8) as u64);
        assert_eq!(names(&within(&given, 10_000).unwrap()), [["1.json", "3.json", "2.json", "4.json"]]);
        let Err(refused) = within(&given, 200) else { panic!("it is too large") };
        assert!(refused.message.contains("1.json and 1 others"), "{}", refused.message);
    }

    #[test]
    fn what_is_no_text_is_sent_as_it_is() {
        let sent = as_sent(&("a".to_owned(), vec![0xff, 0xfe]));
        assert_eq!((sent.text, sent.base64.as_deref()), (None, Some("//4=")));
    }
}
