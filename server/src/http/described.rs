//! What the description of the API says of a route, for what is decided before a request gets there.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::Method;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use super::openapi;

/// What one method of a path takes besides the path and the body.
pub(super) struct Described {
    path: String,
    /// Names of its query parameters, as the description lists them.
    pub(super) query: Vec<String>,
    headers: Vec<String>,
}

impl Described {
    /// Whether it takes this header, spelled as in the description.
    pub(super) fn takes_header(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header == name)
    }

    fn new(path: &str, operation: &Operation) -> Self {
        let named = |place: &ParameterIn| {
            let parameters = operation.parameters.iter().flatten();
            let names = parameters.filter_map(|parameter| match parameter {
                RefOr::T(parameter) if parameter.parameter_in == *place => Some(parameter.name.clone()),
                _ => None,
            });
            names.collect()
        };
        Self {
            path: path.to_owned(),
            query: named(&ParameterIn::Query),
            headers: named(&ParameterIn::Header),
        }
    }
}

/// By method and number of segments; of those that fit a path the first is the one that answers.
static ROUTES: LazyLock<HashMap<(Method, usize), Vec<Described>>> = LazyLock::new(|| {
    let mut routes: HashMap<_, Vec<Described>> = HashMap::new();
    for (path, item) in openapi::document().paths.paths {
        let operations = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let place = (method, path.split('/').count());
            routes.entry(place).or_default().push(Described::new(&path, operation));
        }
    }
    for routes in routes.values_mut() {
        routes.sort_by_key(|route| route.path.matches('{').count());
    }
    routes
});

/// The route that answers a method at a path, if one does.
pub(super) fn at(method: &Method, path: &str) -> Option<&'static Described> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let routes = ROUTES.get(&(method.clone(), path.split('/').count()))?;
    routes.iter().find(|route| fits(&route.path, path))
}

fn fits(template: &str, path: &str) -> bool {
    template.split('/').zip(path.split('/')).all(|(part, have)| part.starts_with('{') || part == have)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_route_that_answers_it() {
        for (method, path, route) in [
            (Method::GET, "/api/v1/states/a%2Fb", "/api/v1/states/{state_id}"),
            (Method::HEAD, "/states/-", "/states/{state_id}"),
            (Method::DELETE, "/api/v1/snapshots/eod", "/api/v1/snapshots/{snapshot_id}"),
            (Method::GET, "/api/v1/fallback/pending", "/api/v1/fallback/pending"),
        ] {
            assert_eq!(at(&method, path).map(|found| &*found.path), Some(route), "{method} {path}");
        }
        for (method, path) in [(Method::PATCH, "/states"), (Method::GET, "/states/a/b/c"), (Method::GET, "/")]
        {
            assert!(at(&method, path).is_none(), "{method} {path}");
        }
    }
}
