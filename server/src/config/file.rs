//! `config.json`.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::given::{Given, Raw};
use super::settings::{self, Kind, SETTINGS};
use super::{Source, Sources};

const DEFAULT_FILE: &str = "config.json";
const SECTIONS: [&str; 3] = ["/database", "/api", "/cache"];

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
        Ok(root) => Reader { path, env, given }.object("", &root),
        Err(problem) => given.wrong(
            Source::File { path: path.to_owned(), pointer: String::new() },
            problem,
            "one JSON object in UTF-8",
        ),
    }
}

fn parse(path: &Path) -> Result<Map<String, Value>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read ({error})"))?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| format!("is not JSON ({error})"))?;
    match value {
        Value::Object(root) => Ok(root),
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

    fn object(&mut self, parent: &str, object: &Map<String, Value>) {
        for (key, value) in object {
            let pointer = format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"));
            match (settings::by_pointer(&pointer), value) {
                (_, Value::Null) => {}
                (Some(setting), value) => {
                    if let Some(raw) = self.raw(&pointer, value, setting.kind) {
                        self.given.put(setting, raw, self.source(&pointer));
                    }
                }
                (None, Value::Object(section)) if SECTIONS.contains(&pointer.as_str()) => {
                    self.object(&pointer, section);
                }
                (None, _) if SECTIONS.contains(&pointer.as_str()) => {
                    self.given.wrong(self.source(&pointer), "is not an object", "an object");
                }
                (None, _) => self.unknown(&pointer),
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

    fn raw(&mut self, pointer: &str, value: &Value, kind: Kind) -> Option<Raw> {
        match (value, kind) {
            (Value::Array(items), Kind::List) => {
                let texts = items.iter().map(|item| self.text(pointer, item)).collect::<Option<_>>()?;
                Some(Raw::List(texts))
            }
            (Value::Object(entries), Kind::Modes) => {
                let texts = entries
                    .iter()
                    .map(|(key, value)| Some((key.clone(), self.text(&format!("{pointer}/{key}"), value)?)))
                    .collect::<Option<_>>()?;
                Some(Raw::Map(texts))
            }
            (value, _) => self.text(pointer, value).map(Raw::Text),
        }
    }

    fn text(&mut self, pointer: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => self.expand(pointer, text),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.given.wrong(self.source(pointer), "is not a single value", "a text, a number or a boolean");
                None
            }
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
                self.given.wrong(self.source(pointer), problem, "${NAME} where NAME is set, or the value itself");
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
