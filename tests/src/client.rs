//! A plain HTTP client: answers are kept as texts, so that nothing is rounded on the way.

use std::net::SocketAddr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

/// Talks to one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Reply {
    /// The body as JSON. Numbers are rounded: for the API's own fields, not for documents.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's text; empty when it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// Checks the status.
    #[track_caller]
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Checks that this is a problem document of that status and code.
    #[track_caller]
    #[must_use]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.text);
        let problem = reply.json();
        assert_eq!(problem["code"], code, "{}", reply.text);
        assert_eq!(problem["status"], status, "{}", reply.text);
        assert_eq!(problem["type"], format!("urn:stateloft:problem:{code}"), "{}", reply.text);
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", reply.text);
        reply
    }
}

impl Client {
    /// A client of the server at this address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, base: format!("http://{address}") }
    }

    /// A request, to be refined and then [`send`](Self::send).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, text: response.text().await.expect("a body of text") }
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// `POST path` with a JSON text.
    pub async fn post(&self, path: &str, body: impl Into<String>) -> Reply {
        self.send(self.with_json(Method::POST, path, body)).await
    }

    /// `PUT path` with a JSON text.
    pub async fn put(&self, path: &str, body: impl Into<String>) -> Reply {
        self.send(self.with_json(Method::PUT, path, body)).await
    }

    /// A request with a JSON text, to be refined and then [`send`](Self::send).
    pub fn with_json(&self, method: Method, path: &str, body: impl Into<String>) -> RequestBuilder {
        self.request(method, path).header(CONTENT_TYPE, "application/json").body(body.into())
    }

    /// Saves a state and checks that it was saved.
    pub async fn save(&self, state_type: &str, state_id: &str, data: &str) -> Reply {
        let reply = self.post("/api/v1/states", save_body(state_type, state_id, data)).await;
        assert!(reply.status.is_success(), "{}", reply.text);
        reply
    }
}

/// The body of a save. `data` goes in as it is.
#[must_use]
pub fn save_body(state_type: &str, state_id: &str, data: &str) -> String {
    let id = serde_json::to_string(state_id).expect("a text");
    format!(r#"{{"state_type":"{state_type}","state_id":{id},"data":{data},"user_id":"tester"}}"#)
}

/// A path segment for an id, whatever is in it.
#[must_use]
pub fn encoded(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}
