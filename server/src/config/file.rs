//! `config.json`.

use std::path::{Path, PathBuf};

use stateloft_core::json::{Diagnosis, Document, Kind as Json, Limits, Node, pointer};

use super::given::{Given, Raw};
use super::settings::{self, Kind, SETTINGS};
use super::{Source, Sources};

const DEFAULT_FILE: &str = "config.json";
const SECTIONS: [&str; 6] = ["/database", "/api", "/cache", "/circuit_breaker", "/limits", "/mirror"];

/// The file to read: the one named, which must exist, else `config.json` if it is there.
pub(super) fn find(sources: &Sources, given: &mut Given) -> Option<PathBuf> {
    match &sources.file {
        Some(path) if path.is_file() => Some(path.clone()),
        Some(path) => {
            let problem = format!("{} is not a file that can be read", path.display());
            given.wrong(Source::Flag("--config"), problem, "the path of a JSON file");
            None
        }
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file()),
    }
}

/// Takes every key of the file.
pub(super) fn read(path: &Path, env: &[(String, String)], given: &mut Given) {
    match parse(path) {
        Ok(document) => Reader { path, env, given }.object("", document.root()),
        Err(problem) => given.wrong(
            Source::File { path: path.to_owned(), pointer: String::new() },
            problem,
            "one JSON object in UTF-8",
        ),
    }
}

fn parse(path: &Path) -> Result<Document, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    let document = Document::parse_bytes(&bytes, &Limits::default())
        .map_err(|error| format!("is not JSON: {}", Diagnosis::of(error, &bytes).in_one_line()))?;
    match document.root().kind() {
        Json::Object => Ok(document),
        _ => Err("does not hold an object".to_owned()),
    }
}

struct Reader<'a> {
    path: &'a Path,
    env: &'a [(String, String)],
    given: &'a mut Given,
}

impl Reader<'_> {
    fn source(&self, pointer: &str) -> Source {
        Source::File { path: self.path.to_owned(), pointer: pointer.to_owned() }
    }

    fn object(&mut self, parent: &str, object: Node<'_>) {
        for member in object.members() {
            let mut at = format!("{parent}/");
            pointer::escape_into(&mut at, &member.key.decoded());
            let section = SECTIONS.contains(&at.as_str());
            match (settings::by_pointer(&at), member.value.kind()) {
                (_, Json::Null) => {}
                (Some(setting), _) => {
                    if let Some(raw) = self.raw(&at, member.value, setting.kind) {
                        self.given.put(setting, raw, self.source(&at));
                    }
                }
                (None, Json::Object) if section => self.object(&at, member.value),
                (None, _) if section => self.given.wrong(self.source(&at), "is not an object", "an object"),
                (None, _) => self.unknown(&at),
            }
        }
    }

    fn unknown(&mut self, pointer: &str) {
        let known = SETTINGS.iter().map(|setting| setting.pointer).chain(SECTIONS);
        let hint = settings::nearest(pointer, known)
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        let source = self.source(pointer);
        self.given.warnings.push(format!("{source} is not known and has no effect{hint}"));
    }

    fn raw(&mut self, at: &str, value: Node<'_>, kind: Kind) -> Option<Raw> {
        match (value.kind(), kind) {
            (Json::Array, Kind::List) => {
                let texts = value.elements().map(|item| self.text(at, item)).collect::<Option<_>>()?;
                Some(Raw::List(texts))
            }
            (Json::Object, Kind::Modes) => {
                let texts = value
                    .members()
                    .map(|entry| Some((entry.key.decoded().into_owned(), self.text(at, entry.value)?)))
                    .collect::<Option<_>>()?;
                Some(Raw::Map(texts))
            }
            (Json::Object, Kind::Pointers) => {
                let mut texts = Vec::new();
                for entry in value.members() {
                    let of_type = entry.key.decoded().into_owned();
                    for pointer in self.one_or_more(at, entry.value)? {
                        texts.push((of_type.clone(), pointer));
                    }
                }
                Some(Raw::Map(texts))
            }
            _ => self.text(at, value).map(Raw::Text),
        }
    }

    fn one_or_more(&mut self, at: &str, value: Node<'_>) -> Option<Vec<String>> {
        match value.kind() {
            Json::Array => value.elements().map(|item| self.text(at, item)).collect(),
            _ => Some(vec![self.text(at, value)?]),
        }
    }

    fn text(&mut self, at: &str, value: Node<'_>) -> Option<String> {
        match (value.kind(), value.as_str()) {
            (_, Some(text)) => self.expand(at, &text),
            (Json::Array | Json::Object | Json::Null, None) => {
                self.given.wrong(self.source(at), "is not a single value", "a text, a number or a boolean");
                None
            }
            // A number's or a boolean's own spelling.
            (_, None) => Some(value.text().to_owned()),
        }
    }

    /// Puts the environment's values in place of `${NAME}`.
    fn expand(&mut self, pointer: &str, text: &str) -> Option<String> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, from) = rest.split_at(start);
            let Some(end) = from.find('}') else { break };
            let name = &from[2..end];
            let Some((_, value)) = self.env.iter().find(|(known, value)| known == name && !value.is_empty())
            else {
                let problem = format!("names the environment variable {name:?}, which is not set");
                self.given.wrong(
                    self.source(pointer),
                    problem,
                    "${NAME} where NAME is set, or the value itself",
                );
                return None;
            };
            expanded.push_str(before);
            expanded.push_str(value);
            rest = &from[end + 1..];
        }
        expanded.push_str(rest);
        Some(expanded)
    }
}
