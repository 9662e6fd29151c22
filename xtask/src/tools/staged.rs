//! Making a folder of the cache: once, whole, and by one process at a time.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::progress;

/// Makes the folder `home`, unless `is_good` says that what is there is what is wanted. `make` fills the staging folder
/// it is given and names the folder in it that becomes `home`.
///
/// Work happens in a staging folder under a lock, and only the finished result is renamed to `home`: a second,
/// simultaneous call waits and finds the folder there, and an interrupted one leaves nothing that counts.
pub(crate) fn make(
    home: &Path,
    is_good: impl Fn(&Path) -> bool,
    make: impl FnOnce(&Path) -> Result<std::path::PathBuf>,
) -> Result<()> {
    let cache = home.parent().context("the cache folder has no parent")?;
    let name = home.file_name().context("the cache folder has no name")?.to_string_lossy();
    std::fs::create_dir_all(cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = cache.join(format!(".{name}.lock"));
    let lock = File::create(&lock).with_context(|| format!("creating {}", lock.display()))?;
    if lock.try_lock().is_err() {
        progress::note("another process is installing it; waiting for that one");
        lock.lock().context("waiting for the other installation")?;
    }
    if is_good(home) {
        return Ok(());
    }
    let staging = cache.join(format!(".{name}.staging"));
    // What an interrupted installation left behind.
    let _ = std::fs::remove_dir_all(&staging);
    std::fs::create_dir_all(&staging).with_context(|| format!("creating {}", staging.display()))?;
    let result = make(&staging).and_then(|made| publish(&made, home, is_good));
    // Failing to remove it harms nobody: the next installation starts by removing it.
    let _ = std::fs::remove_dir_all(&staging);
    result
}

fn publish(made: &Path, home: &Path, is_good: impl Fn(&Path) -> bool) -> Result<()> {
    if !is_good(made) {
        bail!("what was installed is not the version that was wanted");
    }
    if home.exists() {
        // What stands there was found not to be what is wanted.
        std::fs::remove_dir_all(home).with_context(|| format!("removing the damaged {}", home.display()))?;
    }
    std::fs::rename(made, home).with_context(|| format!("moving what was made to {}", home.display()))
}
