//! Records as texts that InfluxDB can hold: compressed, in base64 (so that nothing needs escaping), in parts below the
//! size up to which its text fields are good.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::store::{Result, StoreError};

/// Letters of one part at most.
const PART: usize = 56_000;

/// The parts of a record: never none.
pub(super) fn parts(bytes: &[u8]) -> Result<Vec<String>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    let packed = packed.map_err(|error| StoreError::Unavailable(format!("compressing a record: {error}")))?;
    let text = URL_SAFE_NO_PAD.encode(packed);
    if text.is_empty() {
        return Ok(vec![text]);
    }
    // Base64 is ASCII: every cut is between letters.
    let cuts = (0..text.len()).step_by(PART);
    Ok(cuts.map(|start| text[start..text.len().min(start + PART)].to_owned()).collect())
}

/// The record of these parts; `None` if they are not what [`parts`] makes.
pub(super) fn join(parts: &[&str]) -> Option<Vec<u8>> {
    let packed = URL_SAFE_NO_PAD.decode(parts.concat()).ok()?;
    let mut bytes = Vec::with_capacity(packed.len() * 3);
    DeflateDecoder::new(packed.as_slice()).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(bytes: &[u8]) -> usize {
        let parts = parts(bytes).unwrap();
        for part in &parts {
            assert!(part.len() <= PART);
            assert!(part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{part}");
        }
        let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
        assert_eq!(join(&texts).unwrap(), bytes);
        parts.len()
    }

    #[test]
    fn anything_comes_back_and_needs_no_escaping() {
        assert_eq!(round(b""), 1);
        assert_eq!(round("a,b=c \"d\" \\ \n ${x} é\0".as_bytes()), 1);
        let mut state = 1_u64;
        let noise: Vec<u8> = (0..200_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_le_bytes()[7]
            })
            .collect();
        assert!(round(&noise) > 4);
    }

    #[test]
    fn what_is_missing_or_changed_is_noticed() {
        assert_eq!(join(&["!"]), None);
        let whole = parts(&[7; 1_000]).unwrap().concat();
        assert_eq!(join(&[&whole[..whole.len() - 4]]), None);
    }
}
