//! What a file is, by what is in it, unpacked where it is packed.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use stateloft_core::bundle::{Kind, is_bundle};

/// Bytes of a file that say what it is.
pub(in crate::cli) const START: usize = 64 << 10;
/// More than how a bundle begins, unpacked.
const LOOKED_AT: u64 = 1 << 10;

/// What a file is, by its first bytes, [`START`] of them or all that there are.
pub(in crate::cli) fn kind_of(start: &[u8]) -> Kind {
    let kind = Kind::begins(start);
    if kind != Kind::Gzip {
        return kind;
    }
    let mut unpacked = Vec::new();
    // What cannot be unpacked any more is behind what was read.
    let _ = MultiGzDecoder::new(&start[..start.len().min(START)]).take(LOOKED_AT).read_to_end(&mut unpacked);
    if is_bundle(&unpacked) { Kind::Bundle } else { kind }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::GzEncoder;

    use super::*;

    const HEADER: &[u8] = br#"{"line":"header","format":"stateloft-bundle","format_version":7,"and":"more"}"#;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_file_is_what_is_in_it() {
        for (bytes, kind) in [
            (HEADER.to_vec(), Kind::Bundle),
            (packed(HEADER), Kind::Bundle),
            (packed(&[HEADER, &vec![b'x'; 1 << 20]].concat())[..200].to_vec(), Kind::Bundle),
            (packed(b"{\"active_positions\": {}}"), Kind::Gzip),
            (vec![0x1f, 0x8b], Kind::Gzip),
            (b"age-encryption.org/v1\n-> X25519 ".to_vec(), Kind::Encrypted),
            (b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl".to_vec(), Kind::Armored),
            (b"{\"line\":\"header\"}".to_vec(), Kind::Other),
            (Vec::new(), Kind::Other),
        ] {
            assert_eq!(kind_of(&bytes), kind, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
