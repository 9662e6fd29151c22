//! Every setting as it is now, and who says so.

use super::about::about;
use super::given::{Given, Raw};
use super::settings::{ENV_PREFIX, Effect, Kind, SETTINGS};
use super::{Source, Sources, file};

/// A setting as it is now.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its environment variable.
    pub variable: String,
    /// Its place in the file, with dots.
    pub in_file: String,
    /// What it is for, in Markdown.
    pub about: &'static str,
    /// What holds where nobody says otherwise, in Markdown; nothing for what has no effect.
    pub default: Option<&'static str>,
    /// What is said, and where; nothing where the default holds. Of a secret the value is not told.
    pub said: Option<(Option<String>, Source)>,
}

/// Every setting by what the sources say, whether or not that is right.
#[must_use]
pub fn described(sources: &Sources) -> Vec<Described> {
    let mut given = Given::default();
    if let Some(path) = file::find(sources, &mut given) {
        file::read(&path, &sources.env, &mut given);
    }
    given.take_env(&sources.env);
    given.take_flags(sources);
    let describe = |setting: &super::settings::Setting| {
        let (default, about) = match setting.effect {
            Effect::Used => about(setting.name).map_or((None, ""), |(default, about)| (Some(default), about)),
            Effect::None(why) => (None, why),
        };
        let said = given.values.get(setting.name).map(|(raw, source)| {
            let value = (setting.kind != Kind::Secret).then(|| spelled(raw));
            (value, source.clone())
        });
        let in_file = setting.pointer.trim_start_matches('/').replace('/', ".");
        Described { variable: format!("{ENV_PREFIX}{}", setting.name), in_file, about, default, said }
    };
    SETTINGS.iter().map(describe).collect()
}

/// A value as an environment variable spells it.
fn spelled(raw: &Raw) -> String {
    match raw {
        Raw::Text(text) => text.clone(),
        Raw::List(texts) => texts.join(","),
        Raw::Map(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| format!("{name}={value}"));
            pairs.collect::<Vec<_>>().join(",")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::about::ABOUT;

    /// The table is what people read first.
    const README: &str = include_str!("../../../README.md");

    #[test]
    fn every_setting_is_explained_and_the_readme_explains_it_in_the_same_words() {
        for setting in SETTINGS.iter().filter(|setting| setting.effect == Effect::Used) {
            let Some((default, about)) = about(setting.name) else {
                panic!("{} is not explained", setting.name)
            };
            let in_file = setting.pointer.trim_start_matches('/').replace('/', ".");
            let about = if about.is_empty() { String::new() } else { format!("{about} ") };
            let row = format!("| `{ENV_PREFIX}{}` | `{in_file}` | {default} | {about}|\n", setting.name);
            assert!(README.contains(&row), "the README has no row {row}");
        }
        for (name, ..) in ABOUT {
            assert!(SETTINGS.iter().any(|setting| setting.name == *name), "{name} is no setting");
        }
    }

    #[test]
    fn a_setting_says_who_set_it_and_a_secret_is_not_told() {
        let variable = |name: &str, value: &str| (format!("{ENV_PREFIX}{name}"), value.to_owned());
        let env = vec![variable("API_KEY", "hunter2"), variable("LOG_LEVEL", "DEBUG")];
        let all = described(&Sources { env, ..Sources::default() });
        let of = |name: &str| all.iter().find(|one| one.variable.ends_with(name)).unwrap().said.clone();
        assert_eq!(of("_API_KEY"), Some((None, Source::Env("TRADING_STATE_API_KEY".to_owned()))));
        assert_eq!(of("_LOG_LEVEL").unwrap().0.as_deref(), Some("DEBUG"));
        assert_eq!(of("_API_HOST"), None);
    }
}
