//! The per-user folder in which installed tools are kept.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// `<the user's cache folder>/stateloft/tools`.
pub(crate) fn tools_dir() -> Result<PathBuf> {
    let base = cache_dir(std::env::consts::OS, |name| std::env::var_os(name).map(PathBuf::from)).context(
        "no cache folder: neither XDG_CACHE_HOME nor HOME (Windows: LOCALAPPDATA) is set to an absolute path",
    )?;
    Ok(base.join("stateloft").join("tools"))
}

/// `XDG_CACHE_HOME` wins everywhere; otherwise the system's own custom decides. Relative paths are ignored, as
/// the XDG specification asks.
fn cache_dir(system: &str, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| match system {
        "windows" => absolute("LOCALAPPDATA"),
        "macos" => absolute("HOME").map(|home| home.join("Library").join("Caches")),
        _ => absolute("HOME").map(|home| home.join(".cache")),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::PathBuf;

    use super::cache_dir;

    fn with(variables: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<PathBuf> {
        move |name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))
    }

    #[test]
    fn each_system_has_its_custom() {
        let home = with(&[("HOME", "/home/ada"), ("LOCALAPPDATA", "/local")]);
        assert_eq!(cache_dir("linux", &home), Some("/home/ada/.cache".into()));
        assert_eq!(cache_dir("macos", &home), Some("/home/ada/Library/Caches".into()));
        assert_eq!(cache_dir("windows", &home), Some("/local".into()));
    }

    #[test]
    fn xdg_wins_unless_it_is_relative() {
        let absolute = with(&[("XDG_CACHE_HOME", "/cache"), ("HOME", "/home/ada")]);
        assert_eq!(cache_dir("macos", absolute), Some("/cache".into()));
        let relative = with(&[("XDG_CACHE_HOME", "cache"), ("HOME", "/home/ada")]);
        assert_eq!(cache_dir("linux", relative), Some("/home/ada/.cache".into()));
    }

    #[test]
    fn without_any_variable_there_is_none() {
        assert_eq!(cache_dir("linux", with(&[])), None);
    }
}
