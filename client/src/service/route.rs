//! Which addresses there are.

use http::{Method, StatusCode};

use super::problem::Problem;
use crate::WebsiteId;

/// What a request asks for, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Websites,
    Settings,
    Website(WebsiteId),
    Save(WebsiteId),
    Changes,
    Status,
    Health,
    Ready,
    Metrics,
}

/// The names of all routes, as figures have them; the last one stands for an address that is none.
pub(super) const NAMES: [&str; 10] = [
    "websites", "settings", "website", "save", "changes", "status", "healthz", "readyz", "metrics",
    "none",
];

impl Route {
    pub(super) fn of(path: &str) -> Result<Self, Problem> {
        match path {
            "/websites" => return Ok(Self::Websites),
            "/settings" => return Ok(Self::Settings),
            "/changes" => return Ok(Self::Changes),
            "/status" => return Ok(Self::Status),
            "/healthz" => return Ok(Self::Health),
            "/readyz" => return Ok(Self::Ready),
            "/metrics" => return Ok(Self::Metrics),
            _ => {}
        }
        let Some(below) = path.strip_prefix("/websites/") else {
            let path: String = path.chars().take(80).collect();
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no_such_address",
                format!("there is nothing at `{path}`"),
                "there are /websites, /settings, /changes, /status, /healthz, /readyz and /metrics",
            ));
        };
        let (id, saves) = match below.strip_suffix("/settings") {
            Some(id) => (id, true),
            None => (below, false),
        };
        let id = id.parse().map_err(|error: crate::InvalidId| {
            let hint = "write /websites/ID, or /websites/ID/settings to save";
            Problem::new(StatusCode::BAD_REQUEST, "no_website_id", error.to_string(), hint)
        })?;
        Ok(if saves { Self::Save(id) } else { Self::Website(id) })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Websites => "websites",
            Self::Settings => "settings",
            Self::Website(_) => "website",
            Self::Save(_) => "save",
            Self::Changes => "changes",
            Self::Status => "status",
            Self::Health => "healthz",
            Self::Ready => "readyz",
            Self::Metrics => "metrics",
        }
    }

    /// Whether it is answered without a token: it says nothing of any website.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Health | Self::Ready)
    }

    /// The method, if the route has it.
    pub(super) fn method<'a>(&self, method: &'a Method) -> Result<&'a Method, Problem> {
        let (is_allowed, allowed) = match self {
            Self::Save(_) => (matches!(*method, Method::PUT | Method::PATCH), "PUT, PATCH"),
            _ => (matches!(*method, Method::GET | Method::HEAD), "GET, HEAD"),
        };
        if is_allowed { Ok(method) } else { Err(Problem::method(allowed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_name_among_the_names() {
        let id = WebsiteId::from_number(1);
        for path in ["/websites", "/settings", "/changes", "/status", "/healthz", "/metrics"] {
            let name = Route::of(path).unwrap().name();
            assert!(NAMES.contains(&name) && path == format!("/{name}"));
        }
        assert_eq!(Route::of(&format!("/websites/{id}")).unwrap(), Route::Website(id));
        assert_eq!(Route::of(&format!("/websites/{id}/settings")).unwrap(), Route::Save(id));
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for path in ["", "/", "/websites/", "/websites/w1", "/websites/w1/settings", "/Status"] {
            assert!(Route::of(path).is_err(), "{path}");
        }
        let route = Route::of("/websites").unwrap();
        assert!(route.method(&Method::HEAD).is_ok());
        assert!(route.method(&Method::POST).is_err());
    }
}
