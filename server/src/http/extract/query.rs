//! Query parameters, read strictly: what is nearly right was meant to be something, and is refused.

use std::borrow::Cow;
use std::collections::HashSet;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use stateloft_core::model::whole_number;

use crate::http::failure::{Answer, Failure};

/// The query parameters, none of them there twice. That all of them are known is held before any route is reached
/// (`guard/query.rs`).
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        read(parts.uri.query().unwrap_or_default()).map(Self).map_err(|error| refused(&error))
    }
}

/// The names of the parameters of a query.
pub(crate) fn names(query: &str) -> Answer<Vec<String>> {
    split(query).map(|(name, _)| decoded(name)).collect::<Result<_, _>>().map_err(|error| refused(&error))
}

fn refused(error: &Error) -> Failure {
    Failure::parameter(format!("wrong query parameter: {error}"))
}

/// The items of a list that is separated by commas.
pub(crate) fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    let mut seen = HashSet::new();
    let mut pairs = Vec::new();
    for (name, value) in split(query) {
        let (name, text) = (decoded(name)?, decoded(value)?);
        if !seen.insert(name.clone()) {
            return Err(Error::custom(format!("{name} is there more than once")));
        }
        pairs.push((name.clone(), Value { name, text }));
    }
    T::deserialize(MapDeserializer::new(pairs.into_iter()))
}

fn split(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The text that a part of a query stands for. A `%` that begins no byte, and bytes that are no UTF-8, are no text.
fn decoded(part: &str) -> Result<String, Error> {
    let wrong = || Error::custom(format!("{part:?} is not percent-encoded UTF-8"));
    let mut rest = part;
    while let Some((_, after)) = rest.split_once('%') {
        if !after.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit)) {
            return Err(wrong());
        }
        rest = after;
    }
    let spaced = part.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| wrong())
}

/// The value of one parameter, and whose it is.
struct Value {
    name: String,
    text: String,
}

impl Value {
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number =
            whole_number(&self.text).ok_or_else(|| self.wrong("a whole number, written in digits"))?;
        let name = self.name;
        visitor.visit_u64(number).map_err(|error: Error| Error::custom(format!("{name}: {error}")))
    }

    fn wrong(&self, wanted: &str) -> Error {
        Error::custom(format!("{} must be {wanted}, not {:?}", self.name, self.text))
    }
}

impl IntoDeserializer<'_> for Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text)
    }

    numbers! { deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text.as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let name = self.name;
        let word = IntoDeserializer::<Error>::into_deserializer(self.text);
        visitor.visit_enum(word).map_err(|error| Error::custom(format!("{name}: {error}")))
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        Up,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Asked {
        limit: usize,
        small: Option<u32>,
        data: bool,
        text: Option<String>,
        word: Option<Word>,
    }

    fn error(query: &str) -> String {
        read::<Asked>(query).unwrap_err().to_string()
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let asked: Asked =
            read("limit=007&small=4294967295&data=true&text=a%2Fb+%C3%A9%2B=&word=up&").unwrap();
        let text = Some("a/b é+=".to_owned());
        assert_eq!(asked, Asked { limit: 7, small: Some(u32::MAX), data: true, text, word: Some(Word::Up) });
        assert_eq!(read::<Asked>("").unwrap(), Asked::default());
        assert_eq!(read::<Asked>("text").unwrap().text.as_deref(), Some(""));
    }

    #[test]
    fn a_number_is_digits_and_nothing_else() {
        for number in
            ["%2B5", "+5", "-5", "", " 5", "5 ", "5.0", "5e1", "0x5", "٥", "18446744073709551616", "1_0"]
        {
            assert!(
                error(&format!("limit={number}")).starts_with("limit must be a whole number"),
                "{number}"
            );
        }
        assert!(error("small=4294967296").starts_with("small: "));
    }

    #[test]
    fn what_is_there_twice_or_no_text_is_refused() {
        assert_eq!(error("limit=1&limit=2"), "limit is there more than once");
        assert_eq!(error("limit=1&l%69mit=1"), "limit is there more than once");
        assert_eq!(error("data=yes"), "data must be true or false, not \"yes\"");
        assert!(error("word=down").starts_with("word: unknown variant `down`"));
        for text in ["%", "%2", "%zz", "a%FFb", "%C3", "%ED%A0%80"] {
            assert!(error(&format!("text={text}")).ends_with("is not percent-encoded UTF-8"), "{text}");
        }
    }
}
