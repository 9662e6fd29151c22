//! What a value is, whatever its spelling, as a hash: `1` and `1.0` have the same, and so have `"A"` and `"\u0041"`,
//! and two objects whose members stand in another order.
use super::node::Node;
use super::number::Decimal;
use super::tape::Kind;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Stirs more into a hash.
#[must_use]
#[inline]
pub(crate) fn mixed(hash: u64, more: u64) -> u64 {
    let product = u128::from(hash ^ more ^ 0xa076_1d64_78bd_642f) * u128::from(MULTIPLIER);
    #[allow(clippy::cast_possible_truncation, reason = "both halves are taken")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high.rotate_left(23)
}

/// A hash of all bytes.
#[must_use]
#[inline]
pub(crate) fn text_hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(bytes.len() as u64, |hash, word| mixed(hash, u64::from_le_bytes(*word)));
    mixed(hash, rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)))
}

/// Equal for equal values. Of unequal ones two are hardly ever equal by chance; who goes by it alone must be right
/// either way.
#[must_use]
pub(crate) fn value_hash(node: Node<'_>) -> u64 {
    match node.kind() {
        Kind::Null | Kind::Bool => text_hash(node.bytes()),
        Kind::Number => node.as_decimal().map_or_else(|| text_hash(node.bytes()), number_hash),
        Kind::String => node.as_str().map_or(0, |text| mixed(1, text_hash(text.as_bytes()))),
        Kind::Array => node.elements().fold(2, |hash, element| mixed(hash, value_hash(element))),
        Kind::Object => {
            // A sum, so that the order of the members makes no difference.
            let member = |key: &[u8], value| mixed(text_hash(key), value_hash(value));
            let members = node.members().map(|m| member(m.key.decoded().as_bytes(), m.value));
            mixed(3, members.fold(node.len() as u64, u64::wrapping_add))
        }
    }
}

fn number_hash(number: Decimal<'_>) -> u64 {
    let (negative, digits, power) = number.normal();
    mixed(mixed(4, digits), power.cast_unsigned().wrapping_mul(2) | u64::from(negative))
}

/// Whether no other text is the same value, as far as can be told without decoding it: so it is with most texts, and
/// numbers without an exponent or needless zeros.
#[must_use]
pub(crate) fn plainly_spelled(node: Node<'_>) -> bool {
    let bytes = node.bytes();
    match node.kind() {
        Kind::Null | Kind::Bool => true,
        Kind::Number => {
            let (mut point, mut exponent) = (false, false);
            for byte in bytes {
                point |= *byte == b'.';
                exponent |= byte | 0x20 == b'e';
            }
            !exponent && !(bytes.ends_with(b"0") && (point || bytes.starts_with(b"-0")))
        }
        Kind::String => !bytes.contains(&b'\\'),
        Kind::Array | Kind::Object => false,
    }
}
