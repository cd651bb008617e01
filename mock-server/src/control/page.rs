//! The page `/_mock/ui`, for people: files that call the control API as any other program does.

use axum::response::{IntoResponse, Response};
use http::HeaderName;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

use crate::control::error::ControlError;
use crate::control::extract::Names;
use crate::ui;

/// No script but the page's own, no address but the server's own. Settings pages of plugins are framed,
/// wherever they are.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; frame-src http: https:; form-action 'none'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Whether a path below `/_mock` is the page's or one of its files'.
pub(super) fn is_of_the_page(path: &str) -> bool {
    let file = path.strip_prefix("/ui/");
    path == "/ui" || file.is_some_and(|name| name.is_empty() || ui::file(name).is_some())
}

/// `GET /_mock/ui`
pub async fn index() -> Response {
    answer("text/html; charset=utf-8", ui::INDEX)
}

/// `GET /_mock/ui/{file}`
pub async fn file(names: Names) -> Result<Response, ControlError> {
    let name = names.get("file");
    ui::file(name).map(|(kind, text)| answer(kind, text)).ok_or_else(|| {
        ControlError::not_found(format!("the page has no file `{name}`"), "open /_mock/ui")
    })
}

fn answer(kind: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 6] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        // Another version of the program may be started at the same address.
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, text).into_response()
}
