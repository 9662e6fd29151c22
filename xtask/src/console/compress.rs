//! The compressed form of each file, made once here instead of at every request.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};

use super::files;

/// What is appended to a file's name for its brotli form.
pub(crate) const COMPRESSED_SUFFIX: &str = "br";

/// The largest window that browsers accept.
const WINDOW_BITS: u32 = 24;

/// Writes `<name>.br` beside each file below `stage`, at one of brotli's levels.
pub(super) fn all(stage: &Path, quality: u32) -> Result<()> {
    let names = files::files_below(stage)?;
    std::thread::scope(|scope| {
        let work: Vec<_> =
            names.iter().map(|name| scope.spawn(move || one(&stage.join(name), quality))).collect();
        work.into_iter().try_for_each(|thread| thread.join().map_err(|_| anyhow!("compressing panicked"))?)
    })
}

fn one(file: &Path, quality: u32) -> Result<()> {
    let packed =
        brotli(&files::read(file)?, quality).with_context(|| format!("compressing {}", file.display()))?;
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(COMPRESSED_SUFFIX);
    files::write(Path::new(&name), &packed)
}

fn brotli(content: &[u8], quality: u32) -> std::io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality, WINDOW_BITS);
    writer.write_all(content)?;
    writer.flush()?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use crate::finish::Finish;

    #[test]
    fn what_is_compressed_comes_back() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        for finish in [Finish::Quick, Finish::Shipped] {
            let packed = super::brotli(&content, finish.brotli_quality()).unwrap();
            assert!(packed.len() < content.len() / 4);
            let mut back = Vec::new();
            brotli::Decompressor::new(packed.as_slice(), 4096).read_to_end(&mut back).unwrap();
            assert_eq!(back, content);
        }
    }
}
