//! Headers that hold lists.

use axum::http::{HeaderMap, HeaderName};

/// The items of a header that is a list, wherever it is split over several lines. Items that are not text are left out.
pub(crate) fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
}
