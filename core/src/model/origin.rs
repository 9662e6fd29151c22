//! Where a version comes from: which run of a program wrote it, and what made it write.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest text of an origin, in bytes.
pub const ORIGIN_MAX_BYTES: usize = 128;

/// What a writer says of where its writes come from. Each is a text of 1 to [`ORIGIN_MAX_BYTES`] bytes without control
/// characters, and the hash chain covers it.
///
/// The names are those of message headers: things that belong together share a correlation id, and each names what
/// caused it. A [`traceparent`](Origin::of_traceparent) says both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Origin {
    /// One start of one program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub run_id: Option<Arc<str>>,
    /// What this belongs to, together with others: an order, a request, a trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub correlation_id: Option<Arc<str>>,
    /// What made the writer write: a message, an event, a span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub causation_id: Option<Arc<str>>,
}

/// A text of an origin cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// It is empty.
    #[error("{0} is empty: leave it out, or say null")]
    Empty(&'static str),
    /// It is too long.
    #[error("{0} is {1} bytes long, more than {ORIGIN_MAX_BYTES}")]
    TooLong(&'static str, usize),
    /// It holds a control character.
    #[error("{0} holds the control character U+{1:04X}")]
    Control(&'static str, u32),
}

impl OriginError {
    /// Which member of a body it is.
    #[must_use]
    pub fn member(&self) -> &'static str {
        match self {
            Self::Empty(name) | Self::TooLong(name, _) | Self::Control(name, _) => name,
        }
    }

    /// A stable word for what is wrong.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty(_) => "min_length",
            Self::TooLong(..) => "max_length",
            Self::Control(..) => "control_character",
        }
    }
}

impl Origin {
    /// The members of an origin, in the order in which they are hashed.
    pub const MEMBERS: [&'static str; 3] = ["run_id", "correlation_id", "causation_id"];

    /// Itself, if each of its texts may stand.
    ///
    /// # Errors
    /// The first that may not.
    pub fn checked(self) -> Result<Self, OriginError> {
        for (name, text) in Self::MEMBERS.into_iter().zip(self.texts()) {
            let Some(text) = text else { continue };
            check(name, text)?;
        }
        Ok(self)
    }

    /// Its texts, in the order of [`Self::MEMBERS`].
    #[must_use]
    pub fn texts(&self) -> [Option<&str>; 3] {
        [self.run_id.as_deref(), self.correlation_id.as_deref(), self.causation_id.as_deref()]
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts() == [None; 3]
    }

    /// As versions carry it: nothing where it says nothing.
    #[must_use]
    pub fn shared(self) -> Option<Arc<Self>> {
        (!self.is_empty()).then(|| Arc::new(self))
    }

    /// What is not said is taken from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            run_id: self.run_id.or(other.run_id),
            correlation_id: self.correlation_id.or(other.correlation_id),
            causation_id: self.causation_id.or(other.causation_id),
        }
    }

    /// The trace as correlation and the caller's span as cause, of a `traceparent` header (W3C Trace Context, level 2,
    /// section 3.2); `None` where it is not one. As that says, a header of a later version is read by what this one
    /// knows, and one that cannot be read is as good as none.
    #[must_use]
    pub fn of_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.trim_matches([' ', '\t']).splitn(4, '-');
        let version = parts.next().filter(|text| is_hex(text, 2) && *text != "ff")?;
        let trace = parts.next().filter(|text| is_hex(text, 32) && text.contains(|c| c != '0'))?;
        let parent = parts.next().filter(|text| is_hex(text, 16) && text.contains(|c| c != '0'))?;
        let rest = parts.next()?;
        let flags = if version == "00" { rest } else { rest.split('-').next()? };
        is_hex(flags, 2).then(|| Self {
            run_id: None,
            correlation_id: Some(trace.into()),
            causation_id: Some(parent.into()),
        })
    }
}

fn check(name: &'static str, text: &str) -> Result<(), OriginError> {
    if text.is_empty() {
        return Err(OriginError::Empty(name));
    }
    if text.len() > ORIGIN_MAX_BYTES {
        return Err(OriginError::TooLong(name, text.len()));
    }
    text.chars().find(|c| c.is_control()).map_or(Ok(()), |c| Err(OriginError::Control(name, c.into())))
}

/// Lower case only, as the specification says.
fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_says_trace_and_span() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for header in [
            format!("00-{trace}-00f067aa0ba902b7-01"),
            format!(" 00-{trace}-00f067aa0ba902b7-00\t"),
            format!("cc-{trace}-00f067aa0ba902b7-01-what-the-future-brings"),
        ] {
            let origin = Origin::of_traceparent(&header).unwrap();
            assert_eq!(origin.texts(), [None, Some(trace), Some("00f067aa0ba902b7")], "{header}");
        }
    }

    #[test]
    fn what_is_no_traceparent_says_nothing() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for wrong in [
            String::new(),
            good.to_uppercase(),
            good.replace("00-4", "ff-4"),
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace("00f067", "00F067"),
            format!("{good}-more"),
            good[..52].to_owned(),
            good.replace('-', "_"),
            good.replace("4bf9", "4bé"),
        ] {
            assert_eq!(Origin::of_traceparent(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn texts_are_held_to_their_limits() {
        let of = |text: String| Origin { correlation_id: Some(text.into()), ..Origin::default() }.checked();
        assert!(of("é/ a".into()).is_ok());
        assert!(of("x".repeat(ORIGIN_MAX_BYTES)).is_ok());
        for (text, code) in [
            (String::new(), "min_length"),
            ("é".repeat(65), "max_length"),
            ("a\u{7}".into(), "control_character"),
            ("a\u{85}".into(), "control_character"),
        ] {
            let error = of(text).unwrap_err();
            assert_eq!((error.member(), error.code()), ("correlation_id", code), "{error}");
        }
    }
}
