//! Arbitrary documents, and documents made from others by the edits that trading programs make.
use proptest::prelude::*;

/// A document as its parts, spelled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Leaf(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Array(elements) => {
                format!("[{}]", elements.iter().map(Value::text).collect::<Vec<_>>().join(","))
            }
            Self::Object(members) => {
                let members: Vec<_> =
                    members.iter().map(|(key, value)| format!("{key}:{}", value.text())).collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-0.0",
    "1",
    "1.0",
    "1.00",
    "1e0",
    "0.8",
    "0.80",
    "8e-1",
    "1e22",
    "-9.712999283548708",
    "123456789012345678901234567890",
    "9007199254740993",
    "1.0771",
    "1.0790",
    "38071120",
    "1e-400",
];
const TEXTS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"\\u0061\"",
    "\"EURUSD\"",
    "\"GBPUSD\"",
    "\"x/y~z\"",
    "\"é漢🙂\"",
    "\"\\\"\\\\\\n\"",
    "\"2025-03-01T09:30:00+00:00\"",
    "\"2025-03-01T09:45:00+00:00\"",
    "\"[],{}:\"",
];
const KEYS: &[&str] = &[
    "a",
    "b",
    "c",
    "",
    "d/e",
    "~f",
    "legs",
    "symbol",
    "volume",
    "index",
    "values",
    "type",
    "é",
    "last_price",
    "ticket1",
    "quantity",
    "é\\n",
    "k1",
    "k2",
    "k3",
    "k4",
    "k5",
    "k6",
    "k7",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just("null"),
        Just("true"),
        Just("false"),
        proptest::sample::select(NUMBERS),
        proptest::sample::select(TEXTS),
    ]
    .prop_map(|text| Value::Leaf(text.to_owned()))
}

/// A key as JSON text, now and then with an escape that need not be.
fn spell(key: &str, escaped: bool) -> String {
    match key.strip_prefix('a') {
        Some(rest) if escaped => format!("\"\\u0061{rest}\""),
        _ => format!("\"{key}\""),
    }
}

fn object(members: Vec<(&'static str, bool, Value)>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let members = members.into_iter().filter(|(key, ..)| seen.insert(*key));
    Value::Object(members.map(|(key, escaped, value)| (spell(key, escaped), value)).collect())
}

/// Names, some of them the same one in another spelling.
const NAMES: &[&str] = &[
    "\"A\"",
    "\"\\u0041\"",
    "\"B\"",
    "\"C\"",
    "\"D/E\"",
    "1",
    "1.0",
    "10e-1",
    "2",
    "\"1\"",
    "\"2025-03-01T09:30:00Z\"",
    "\"2025-03-01T09:30:00.000+00:00\"",
    "\"2025-03-01 10:30:00+0100\"",
    "\"2025-03-01T09:30:00\"",
    "null",
];

/// Elements with a name that some lack and others share, under a key that a schema may or may not know: in rows with
/// other members around it, or as lists.
fn table() -> impl Strategy<Value = Value> {
    let name = prop::option::weighted(0.9, proptest::sample::select(NAMES));
    let row = (name, proptest::sample::select(NAMES), leaf());
    let rows = proptest::collection::vec(row, 0..9);
    (rows, proptest::sample::select(&["symbol", "t", "id"][..]), 0..3u8).prop_map(|(rows, key, shape)| {
        let row = |(name, second, value): (Option<&str>, &str, Value)| {
            let named = name.map(|name| (format!("\"{key}\""), Value::Leaf(name.to_owned())));
            let members =
                [("\"a\"".to_owned(), value), ("\"side\"".to_owned(), Value::Leaf(second.to_owned()))];
            match shape {
                0 => Value::Object(named.into_iter().chain(members).collect()),
                1 => Value::Array(
                    named.into_iter().map(|(_, name)| name).chain(members.map(|(_, value)| value)).collect(),
                ),
                _ => named.map_or(Value::Leaf(second.to_owned()), |(_, name)| name),
            }
        };
        Value::Object(vec![("\"legs\"".to_owned(), Value::Array(rows.into_iter().map(row).collect()))])
    })
}

/// Elements with an identity, as in a position's legs.
fn legs() -> impl Strategy<Value = Value> {
    let leg = (proptest::sample::select(&["\"A\"", "\"B\"", "\"C\"", "\"D/E\"", "1", "1.0"][..]), leaf());
    proptest::collection::vec(leg, 0..6).prop_map(|legs| {
        let mut seen = std::collections::HashSet::new();
        let legs = legs.into_iter().filter(|(name, _)| seen.insert(*name)).map(|(name, volume)| {
            Value::Object(vec![
                ("\"symbol\"".to_owned(), Value::Leaf(name.to_owned())),
                ("\"volume\"".to_owned(), volume),
            ])
        });
        Value::Array(legs.collect())
    })
}

/// A window of a longer series.
fn series() -> impl Strategy<Value = Value> {
    (0..12usize, 0..10usize, any::<bool>(), 0..20usize).prop_map(|(start, len, typed, odd)| {
        let point = |at: usize| match (odd % 4, (at + odd).is_multiple_of(3)) {
            (0, _) => format!("\"t{at}\""),
            (1, true) => format!("{at}.0"),
            (1, false) => at.to_string(),
            (_, true) => format!("\"2025-03-01T09:{at:02}:00Z\""),
            (_, false) => format!("\"2025-03-01T09:{at:02}:00+00:00\""),
        };
        let index = (start..start + len).map(|at| Value::Leaf(point(at))).collect();
        let values = (start..start + len)
            .map(|at| Value::Leaf(if at == odd { "0.5".to_owned() } else { format!("{at}.5") }))
            .collect();
        let mut members = vec![
            ("\"index\"".to_owned(), Value::Array(index)),
            ("\"values\"".to_owned(), Value::Array(values)),
        ];
        if typed {
            members.insert(0, ("\"type\"".to_owned(), Value::Leaf("\"series\"".to_owned())));
        }
        Value::Object(members)
    })
}

/// Any document.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let small = prop_oneof![4 => leaf(), 1 => legs(), 1 => table(), 1 => series()];
    small.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::vec(
                (proptest::sample::select(KEYS), prop::bool::weighted(0.1), inner),
                0..14
            )
            .prop_map(object),
        ]
    })
}

/// A document and one made from it by a few edits.
pub(crate) fn edited() -> impl Strategy<Value = (Value, Value)> {
    let edits = proptest::collection::vec(
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..9u8, value()),
        0..6,
    );
    (value(), edits).prop_map(|(old, edits)| {
        let mut new = old.clone();
        for (place, within, kind, replacement) in edits {
            let mut count = 0;
            visit(&mut new, &mut |_| count += 1);
            let chosen = place.index(count);
            let mut at = 0;
            visit(&mut new, &mut |value| {
                if at == chosen {
                    edit(value, within, kind, &replacement);
                }
                at += 1;
            });
        }
        (old, new)
    })
}

fn visit(value: &mut Value, each: &mut impl FnMut(&mut Value)) {
    each(value);
    match value {
        Value::Leaf(_) => {}
        Value::Array(elements) => elements.iter_mut().for_each(|element| visit(element, each)),
        Value::Object(members) => members.iter_mut().for_each(|(_, value)| visit(value, each)),
    }
}

/// Another spelling of a leaf, if it has one.
fn respell(text: &mut String) {
    if text.starts_with('"') {
        *text = text.replace('A', "\\u0041").replace("\\u0061", "a").replace("+00:00", "Z");
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.push_str(".0");
    }
}

fn edit(value: &mut Value, within: prop::sample::Index, kind: u8, replacement: &Value) {
    if kind == 8 {
        visit(value, &mut |value| {
            if let Value::Leaf(text) = value {
                respell(text);
            }
        });
        return;
    }
    match value {
        Value::Array(elements) if kind < 7 && !elements.is_empty() => {
            let at = within.index(elements.len());
            match kind {
                0 => drop(elements.remove(at)),
                1 => elements.insert(at, replacement.clone()),
                2 => elements.rotate_left(at),
                3 => {
                    elements.remove(0);
                    elements.push(replacement.clone());
                }
                4 => elements.reverse(),
                5 => elements.extend(vec![replacement.clone(); 2]),
                _ => elements.truncate(at),
            }
        }
        Value::Object(members) if kind < 6 && !members.is_empty() => {
            let at = within.index(members.len());
            match kind {
                0 => drop(members.remove(at)),
                1 => members.rotate_left(at),
                2 => members.reverse(),
                3 => members[at].0 = members[at].0.replace("\"a", "\"\\u0061"),
                4 => members.insert(at, (format!("\"new{at}\""), replacement.clone())),
                _ => members.push((format!("\"new{at}\""), replacement.clone())),
            }
            let mut seen = std::collections::HashSet::new();
            members.retain(|(key, _)| seen.insert(key.replace("\\u0061", "a")));
        }
        _ => *value = replacement.clone(),
    }
}
