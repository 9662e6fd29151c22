//! Which files are watched, and by which names.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::cli::files::{has_ending, slashed, walk};

/// How the files end that vn.py writes of its strategies.
pub(super) const VNPY_DATA: &str = "_strategy_data.json";
pub(super) const VNPY_SETTING: &str = "_strategy_setting.json";
/// Where it writes them, in the folder that it is started in, or at home.
const VNPY_FOLDER: &str = ".vntrader";

/// Which files are watched.
#[derive(Debug)]
pub(super) struct Which(Vec<Part>);

#[derive(Debug)]
enum Part {
    /// A file, or the files with known endings in a folder: what it is shows when it is there.
    Named(PathBuf),
    /// Files whose paths are like this; the folder is that before the first wild card.
    Like { folder: PathBuf, pattern: String },
    /// Files of vn.py's right in a folder.
    Vnpy(PathBuf),
    /// Every file in a folder and those in it.
    Whole(PathBuf),
}

/// A folder in which a change may come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) deep: bool,
}

impl Place {
    /// A folder; the empty one is that in which the program runs.
    pub(super) fn of(folder: &Path, deep: bool) -> Self {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Self { folder: folder.to_owned(), deep }
    }
}

/// The files that there are now, by name.
pub(super) type Now = BTreeMap<String, PathBuf>;

impl Which {
    /// Files, folders and patterns.
    ///
    /// # Errors
    /// One of them is no pattern.
    pub(super) fn of_patterns(patterns: &[String]) -> Result<Self, String> {
        patterns.iter().map(|pattern| part(pattern)).collect::<Result<_, _>>().map(Self)
    }

    /// What vn.py writes of its strategies, whether the folder is its own or the one that it is in.
    pub(super) fn vnpy(folder: &Path) -> Self {
        Self(vec![Part::Vnpy(folder.join(VNPY_FOLDER)), Part::Vnpy(folder.to_owned())])
    }

    /// All that is in a folder.
    pub(super) fn whole(folder: PathBuf) -> Self {
        Self(vec![Part::Whole(folder)])
    }

    /// The folders to watch for changes.
    pub(super) fn places(&self) -> Vec<Place> {
        self.0.iter().map(Part::place).collect()
    }

    /// The files that there are now. Names start at the folder, so that the same files have the same names wherever they are; two
    /// of one name are told apart by their whole paths.
    ///
    /// # Errors
    /// A folder cannot be read, or changed while it was.
    pub(super) fn now(&self) -> Result<Now, String> {
        let mut now = Now::new();
        for part in &self.0 {
            let folder = part.folder();
            for path in part.files()? {
                let name = slashed(path.strip_prefix(folder).unwrap_or(&path));
                match now.get(&name) {
                    Some(there) if *there != path => now.insert(slashed(&path), path),
                    _ => now.insert(name, path),
                };
            }
        }
        Ok(now)
    }
}

fn part(pattern: &str) -> Result<Part, String> {
    let path = PathBuf::from(pattern);
    let is_wild = |text: &str| text.contains(['*', '?', '[']);
    if !is_wild(pattern) || path.exists() {
        return Ok(Part::Named(path));
    }
    glob::Pattern::new(pattern).map_err(|error| format!("{pattern}: {error}"))?;
    let plain = |part: &Component<'_>| !is_wild(&part.as_os_str().to_string_lossy());
    let folder = path.components().take_while(plain).collect();
    Ok(Part::Like { folder, pattern: pattern.to_owned() })
}

impl Part {
    /// Where names of files start.
    fn folder(&self) -> &Path {
        match self {
            Self::Named(path) if !path.is_dir() => path.parent().unwrap_or(path),
            Self::Named(folder) | Self::Vnpy(folder) | Self::Whole(folder) | Self::Like { folder, .. } => {
                folder
            }
        }
    }

    fn place(&self) -> Place {
        let deep = match self {
            Self::Named(path) => path.is_dir(),
            Self::Like { folder, pattern } => {
                Path::new(pattern).components().count() > folder.components().count() + 1
            }
            Self::Vnpy(_) => false,
            Self::Whole(_) => true,
        };
        Place::of(self.folder(), deep)
    }

    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let mut files = Vec::new();
        match self {
            Self::Named(path) if path.is_dir() => walk(path, 0, has_ending, &mut files)?,
            Self::Named(path) if path.is_file() => files.push(path.clone()),
            Self::Like { pattern, .. } => {
                let found = glob::glob(pattern).map_err(|error| format!("{pattern}: {error}"))?;
                files.extend(found.filter_map(Result::ok).filter(|path| path.is_file()));
            }
            Self::Vnpy(folder) if folder.is_dir() => {
                let entries = std::fs::read_dir(folder);
                let entries = entries.map_err(|error| format!("{}: {error}", folder.display()))?;
                files.extend(
                    entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_vnpy(path)),
                );
            }
            Self::Whole(folder) if folder.is_dir() => walk(folder, 0, |_| true, &mut files)?,
            Self::Named(_) | Self::Vnpy(_) | Self::Whole(_) => {}
        }
        Ok(files)
    }
}

fn is_vnpy(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    (name.ends_with(VNPY_DATA) || name.ends_with(VNPY_SETTING)) && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(which: &Which) -> Vec<String> {
        which.now().unwrap().into_keys().collect()
    }

    #[test]
    fn names_start_at_the_folder_and_new_files_are_found() {
        let here = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = here.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "{}").unwrap();
        };
        let at = |name: &str| here.path().join(name).display().to_string();
        let patterns = [at("state/*.json"), at("other"), at("one.state")];
        let which = Which::of_patterns(&patterns).unwrap();
        assert_eq!(names(&which), [""; 0]);
        for file in ["state/b.json", "state/deep/c.json", "other/x/a.json", "other/a.json.tmp", "one.state"] {
            write(file);
        }
        assert_eq!(names(&which), ["b.json", "one.state", "x/a.json"]);
        write("other/b.json");
        let twice = names(&which);
        assert!(twice.contains(&"b.json".to_owned()) && twice.contains(&at("other/b.json")), "{twice:?}");
        let places = which.places();
        assert_eq!(places.iter().map(|place| place.deep).collect::<Vec<_>>(), [false, true, false]);
        assert_eq!(places[2].folder, here.path());
        assert_eq!(names(&Which::of_patterns(&[at("**/c.json")]).unwrap()), ["state/deep/c.json"]);
        assert!(Which::of_patterns(&[at("a[")]).is_err());
    }

    #[test]
    fn of_vnpys_folder_only_what_is_of_strategies_is_read() {
        let here = tempfile::tempdir().unwrap();
        std::fs::create_dir(here.path().join(VNPY_FOLDER)).unwrap();
        for name in ["cta_strategy_data.json", "cta_strategy_setting.json", "vt_setting.json", "log.txt"] {
            std::fs::write(here.path().join(VNPY_FOLDER).join(name), "{}").unwrap();
        }
        let found = ["cta_strategy_data.json", "cta_strategy_setting.json"];
        assert_eq!(names(&Which::vnpy(here.path())), found);
        assert_eq!(names(&Which::vnpy(&here.path().join(VNPY_FOLDER))), found);
    }
}
