//! Names out of paths. They arrive percent-encoded; an id may hold `/`, `?`, `#`, `%` and anything else but control
//! characters.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use stateloft_core::model::{StateId, StateKey, StateType};

use crate::http::failure::{Answer, Failure};

/// The decoded text of the one parameter of a path.
pub(crate) struct PathText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let wrong = |_| Failure::parameter("the path is not percent-encoded UTF-8");
        Path::<String>::from_request_parts(parts, state).await.map(|Path(text)| Self(text)).map_err(wrong)
    }
}

/// The decoded texts of the two parameters of a path.
pub(crate) struct PathTexts(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathTexts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let wrong = |_| Failure::parameter("the path is not percent-encoded UTF-8");
        let texts = Path::<(String, String)>::from_request_parts(parts, state).await;
        texts.map(|Path((first, second))| Self(first, second)).map_err(wrong)
    }
}

/// The id that a path names. Browsers take `.` and `..` out of every path, encoded or not: for these the path says `-`
/// and the parameter `state_id` says the id.
pub(crate) fn state_id(path: &PathText, parameter: Option<&str>) -> Answer<StateId> {
    let text = match parameter {
        None => &path.0,
        Some(id) if path.0 == "-" || path.0 == id => id,
        Some(_) => {
            let message = "the path and the parameter state_id name different states; in the path say -";
            return Err(Failure::parameter(message));
        }
    };
    StateId::new(text).map_err(|error| Failure::parameter(error.to_string()))
}

/// The type that a parameter names.
pub(crate) fn state_type(text: &str) -> Answer<StateType> {
    StateType::new(text).map_err(|error| Failure::parameter(error.to_string()))
}

/// The state that a path and its parameters name.
pub(crate) fn state_key(path: &PathText, id: Option<&str>, kind: Option<&str>) -> Answer<StateKey> {
    let missing = || Failure::parameter("the parameter state_type is missing; ids are unique within a type");
    Ok(StateKey { state_id: state_id(path, id)?, state_type: state_type(kind.ok_or_else(missing)?)? })
}
