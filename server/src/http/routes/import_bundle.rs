//! `POST /import/bundle`: a bundle taken in as it comes.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_ENCODING;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use stateloft_core::api::{BundleImported, Code};
use utoipa::IntoParams;

use crate::budget::{self, Class};
use crate::http::app::App;
use crate::http::extract::{Params, Pieces, throw_away};
use crate::http::failure::{Answer, Failure};
use crate::http::openapi::Writing;
use crate::http::reply;
use crate::service::{BundleImport, BundleInto};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Bring what the store does not have into a store that has versions of its own. Without it such a store is left alone.
    #[serde(default)]
    merge: bool,
}

/// Takes in a bundle (`GET /export`) exactly as it is: the same seqs, times and hashes. The store must be empty, or hold the
/// beginning of the bundle's log: what is there already is passed over, so that an import that was interrupted is sent again.
/// Nobody else may write meanwhile. With `merge=true` the store may have versions of its own: states that it never had come in with
/// their history, those that the bundle continues are continued, and those that went on differently are listed and left as they
/// are. The body is the file, packed with gzip or as it is, of any size; it is written as it comes. A
/// bundle that is damaged or cut is answered with the line (`line`); what was whole before it is in then.
#[utoipa::path(post, path = "/import/bundle", tag = "server",
    params(Parameters), request_body(content = Vec<u8>, content_type = "application/gzip"),
    responses((status = 200, body = BundleImported), Writing))]
pub(crate) async fn import_bundle(
    State(app): State<App>,
    Params(asked): Params<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    // The file is packed itself: where a client says so besides, it is still the same bytes.
    let encoded =
        headers.get(CONTENT_ENCODING).filter(|said| !matches!(said.as_bytes(), b"gzip" | b"identity"));
    if encoded.is_some() {
        return Err(Failure::new(Code::UnsupportedEncoding, "send the bundle as the file that it is"));
    }
    let mut pieces = Pieces::new(body, &app);
    let into = if asked.merge { BundleInto::Merged } else { BundleInto::Same };
    let mut import = app.service.import_bundle(into);
    match take(&mut import, &mut pieces).await {
        Ok(()) => reply::json(StatusCode::OK, &import.finish().await?),
        Err(failure) => {
            throw_away(pieces.into_rest());
            Err(failure)
        }
    }
}

async fn take(import: &mut BundleImport<'_>, pieces: &mut Pieces<'_>) -> Answer<()> {
    let mut counted = 0;
    while let Some(piece) = pieces.next().await? {
        import.feed(&piece).await?;
        let weight = import.weight();
        if weight > counted {
            budget::hold(Class::Bodies, weight - counted).await?;
        } else {
            budget::let_go(Class::Bodies, counted - weight);
        }
        counted = weight;
    }
    Ok(())
}
