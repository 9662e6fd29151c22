//! Which numbers are mirrored, and the line that a version becomes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stateloft_core::json::{Kind, Node, Pointer};
use stateloft_core::model::{StateType, Version};

use crate::store::influx::series_name;

/// What is not written as it is. The rest means nothing in line protocol or in a text of Flux, and stays legible;
/// what is written otherwise can be read back, and no two ids or pointers become one.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'_')
    .remove(b'-')
    .remove(b'.')
    .remove(b':')
    .remove(b'@')
    .remove(b'+')
    .remove(b'~');

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    pointer: Pointer,
    name: String,
}

/// Pointers to numbers, by type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorFields(BTreeMap<StateType, Vec<Field>>);

/// What became of the values of some versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Lines that were made.
    pub(super) points: u64,
    /// Values that were not there, or `null`.
    pub(super) absent: u64,
    /// Values that are no numbers of InfluxDB.
    pub(super) not_numbers: u64,
}

impl MirrorFields {
    /// Adds a pointer; `false` if the type has it already.
    pub fn add(&mut self, state_type: StateType, pointer: Pointer) -> bool {
        let fields = self.0.entry(state_type).or_default();
        let is_new = fields.iter().all(|field| field.pointer != pointer);
        if is_new {
            fields.push(Field { name: name_of(&pointer), pointer });
        }
        is_new
    }

    /// Whether nothing is mirrored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many types and how many pointers there are.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.0.len() as u64, self.0.values().map(Vec::len).sum::<usize>() as u64)
    }

    /// Adds the line of a version, if it has numbers that are mirrored. A tombstone has none.
    pub(super) fn add_line(&self, version: &Version, lines: &mut String, tally: &mut Tally) {
        let (Some(fields), Some(data)) = (self.0.get(&version.key.state_type), &version.data) else { return };
        let mut values = String::new();
        for field in fields {
            match number(data.tape().get(&field.pointer)) {
                Ok(number) => {
                    let comma = if values.is_empty() { "" } else { "," };
                    // Writing to a text cannot fail. With exponent where it is shorter; always a float to InfluxDB.
                    let _ = write!(values, "{comma}{}={number:?}", field.name);
                }
                Err(NoNumber::Absent) => tally.absent += 1,
                Err(NoNumber::Other) => tally.not_numbers += 1,
            }
        }
        if values.is_empty() {
            return;
        }
        let measurement = series_name(version.key.state_type.as_str());
        let id = safe(version.key.state_id.as_str());
        let _ = writeln!(lines, "{measurement},state_id={id} {values} {}", nanos(version));
        tally.points += 1;
    }
}

/// A version's time, which no other version has, in nanoseconds since 1970.
pub(super) fn nanos(version: &Version) -> i64 {
    version.recorded_at.micros().saturating_mul(1_000)
}

enum NoNumber {
    Absent,
    Other,
}

fn number(node: Option<Node<'_>>) -> Result<f64, NoNumber> {
    let node = node.filter(|node| !node.is_null()).ok_or(NoNumber::Absent)?;
    if node.kind() != Kind::Number {
        return Err(NoNumber::Other);
    }
    node.text().parse().ok().filter(|number: &f64| number.is_finite()).ok_or(NoNumber::Other)
}

fn safe(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE).to_string()
}

/// `/total_pnl` is called `total_pnl`, `/risk/var` `risk/var`. A name that InfluxDB or Flux keeps for itself (`time`, `_value`)
/// keeps its slash.
fn name_of(pointer: &Pointer) -> String {
    let whole = safe(pointer.as_str());
    match whole.strip_prefix('/') {
        Some(name) if !name.is_empty() && name != "time" && !name.starts_with(['_', '/']) => name.to_owned(),
        _ => whole,
    }
}

#[cfg(test)]
mod tests;
