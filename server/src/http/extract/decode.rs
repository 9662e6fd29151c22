//! Bodies that come compressed (`Content-Encoding`).
//!
//! What is unpacked is bounded like a body that was sent as it is, while it is unpacked: of a few bytes that stand for
//! gigabytes no more is made than may be.

use std::io::{self, Read};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use stateloft_core::api::Code;

use super::body::UNCOUNTED;
use crate::budget::{self, Class};
use crate::heavy;
use crate::http::failure::{Answer, Failure};

/// What a body may be encoded with, as a header says it.
pub(crate) const ACCEPTED: &str = "gzip, br, deflate";

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
    Brotli,
    /// The zlib format (RFC 9110 8.4.1.2).
    Deflate,
}

/// How the body of a request with these headers is encoded.
pub(super) fn encoding(headers: &HeaderMap) -> Answer<Encoding> {
    let mut found = Encoding::Plain;
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = value.to_str().map_err(|_| unknown("something that is no text"))?;
        for coding in text.split(',').map(str::trim).filter(|coding| !coding.is_empty()) {
            let next = match coding.to_ascii_lowercase().as_str() {
                "identity" => continue,
                "gzip" | "x-gzip" => Encoding::Gzip,
                "br" => Encoding::Brotli,
                "deflate" => Encoding::Deflate,
                _ => return Err(unknown(coding)),
            };
            if found != Encoding::Plain {
                return Err(unknown(text));
            }
            found = next;
        }
    }
    Ok(found)
}

fn unknown(what: &str) -> Failure {
    let detail =
        format!("the header Content-Encoding says {what}; send the body as it is, or with one of {ACCEPTED}");
    Failure::new(Code::UnsupportedEncoding, detail)
}

/// The body itself.
pub(super) async fn plain(encoding: Encoding, body: Bytes, most: usize) -> Answer<Bytes> {
    // A request that says how its body is encoded and has none has none.
    if encoding == Encoding::Plain || body.is_empty() {
        return Ok(body);
    }
    let unpacked = heavy::work(body.len(), || match encoding {
        Encoding::Plain => Ok(Some(body.to_vec())),
        Encoding::Gzip => read(MultiGzDecoder::new(&*body), most),
        Encoding::Deflate => read(ZlibDecoder::new(&*body), most),
        Encoding::Brotli => read(brotli_decompressor::Decompressor::new(&*body, 4096), most),
    });
    match unpacked {
        Ok(Some(plain)) => {
            // How large it would be could not be known before.
            if plain.len() > UNCOUNTED {
                budget::hold(Class::Bodies, plain.len()).await?;
            }
            Ok(plain.into())
        }
        Ok(None) => {
            let detail = format!("unpacked, the body is larger than {} MiB", most >> 20);
            Err(Failure::new(Code::BodyTooLarge, detail))
        }
        Err(error) => Err(Failure::parameter(format!("the body is not what Content-Encoding says: {error}"))),
    }
}

/// Everything that there is to read; `None` when it is more than may be.
fn read(packed: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    packed.take(most as u64 + 1).read_to_end(&mut plain)?;
    Ok((plain.len() <= most).then_some(plain))
}
