//! Examples that save a first state.

use stateloft_core::model::Timestamp;

use super::age;

/// A language with an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// A shell.
    Curl,
    /// Python, standard library only.
    Python,
    /// JavaScript, as in Node and browsers.
    JavaScript,
}

impl Language {
    /// In the order of the tabs.
    pub const ALL: &'static [Self] = &[Self::Curl, Self::Python, Self::JavaScript];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
        }
    }
}

/// The example against a server at `origin`; with a key header if one is needed.
#[must_use]
pub fn example(language: Language, origin: &str, key: bool, now: Timestamp) -> String {
    let hour_ago = Timestamp::from_micros(now.micros() - 3_600_000_000);
    let entry = format!("{}Z", age::to_second(hour_ago).trim_end_matches(" UTC").replace(' ', "T"));
    match language {
        Language::Curl => curl(origin, key, &entry),
        Language::Python => python(origin, key, &entry),
        Language::JavaScript => javascript(origin, key, &entry),
    }
}

fn data(indent: &str, entry: &str) -> String {
    [
        r#""symbol1": "EURUSD", "symbol2": "GBPUSD","#.to_owned(),
        r#""direction": "long", "quantity": 1.20,"#.to_owned(),
        r#""entry_price": 1.0874, "stop_loss": 1.0832,"#.to_owned(),
        format!(r#""entry_time": "{entry}""#),
    ]
    .map(|line| format!("{indent}{line}"))
    .join("\n")
}

fn curl(origin: &str, key: bool, entry: &str) -> String {
    let header = if key { "  -H 'Authorization: Bearer YOUR_KEY' \\\n" } else { "" };
    let data = data("      ", entry);
    format!(
        "curl -X POST {origin}/api/v1/states \\\n{header}  -H 'Content-Type: application/json' \\\n  -d '{{\n    \
         \"state_type\": \"position\",\n    \"state_id\": \"EURUSD/GBPUSD\",\n    \"data\": {{\n{data}\n    }},\n    \
         \"user_id\": \"me\",\n    \"description\": \"my first state\"\n  }}'"
    )
}

fn python(origin: &str, key: bool, entry: &str) -> String {
    let header = if key { ", \"Authorization\": \"Bearer YOUR_KEY\"" } else { "" };
    let data = data("        ", entry);
    format!(
        "import json, urllib.request\n\nbody = {{\n    \"state_type\": \"position\",\n    \"state_id\": \
         \"EURUSD/GBPUSD\",\n    \"data\": {{\n{data}\n    }},\n    \"user_id\": \"me\",\n    \"description\": \"my \
         first state\"\n}}\nrequest = urllib.request.Request(\n    \"{origin}/api/v1/states\",\n    \
         data=json.dumps(body).encode(),\n    headers={{\"Content-Type\": \
         \"application/json\"{header}}},\n)\nprint(urllib.request.urlopen(request).read().decode())"
    )
}

fn javascript(origin: &str, key: bool, entry: &str) -> String {
    let header = if key { ", \"Authorization\": \"Bearer YOUR_KEY\"" } else { "" };
    let data = data("      ", entry);
    format!(
        "const answer = await fetch(\"{origin}/api/v1/states\", {{\n  method: \"POST\",\n  headers: {{ \
         \"Content-Type\": \"application/json\"{header} }},\n  body: JSON.stringify({{\n    \"state_type\": \
         \"position\",\n    \"state_id\": \"EURUSD/GBPUSD\",\n    \"data\": {{\n{data}\n    }},\n    \"user_id\": \
         \"me\",\n    \"description\": \"my first state\"\n  }})\n}});\nconsole.log(await answer.text());"
    )
}

#[cfg(test)]
mod tests {
    use stateloft_core::api::SaveRequest;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-21T09:12:44Z").unwrap()
    }

    #[test]
    fn the_command_sends_what_the_server_takes() {
        let text = example(Language::Curl, "http://127.0.0.1:8000", false, now());
        assert!(text.starts_with("curl -X POST http://127.0.0.1:8000/api/v1/states \\\n  -H 'Content-Type"));
        let body = text.split_once("-d '").and_then(|(_, rest)| rest.strip_suffix('\'')).unwrap();
        let request: SaveRequest = serde_json::from_str(body).unwrap();
        assert_eq!(request.state_id.as_str(), "EURUSD/GBPUSD");
        assert!(request.data.text().contains(r#""quantity":1.20"#));
        assert!(request.data.text().contains(r#""entry_time":"2026-11-21T08:12:44Z""#));
    }

    #[test]
    fn every_language_sends_the_key_when_one_is_needed() {
        for language in Language::ALL {
            let with = example(*language, "http://x", true, now());
            assert!(with.contains("Bearer YOUR_KEY") && with.contains("http://x/api/v1/states"), "{with}");
            assert!(!example(*language, "http://x", false, now()).contains("YOUR_KEY"));
        }
    }
}
