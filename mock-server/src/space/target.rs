//! The route, the stub or the refusal that a request leads to.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use crate::api::{self, Match, Refused, Route, TurnedAway};
use crate::id::WebsiteId;
use crate::operation::Operation;
use crate::rtm::{self, EngineIo, HandshakeRefusal};
use crate::stub::FileStub;

/// Where every route of the API starts.
pub(super) const BASE: &str = "/v1/";

/// What a request asks for, before it is carried out.
pub(super) struct Target {
    pub(super) operation: Operation,
    pub(super) page: Option<u32>,
    pub(super) website: Option<WebsiteId>,
    pub(super) found: Found,
}

pub(super) enum Found {
    Route(&'static Route, Vec<(&'static str, String)>),
    Stub(Arc<FileStub>),
    /// A handshake of the RTM API, from which frames follow.
    Socket(EngineIo),
    /// One from which none can.
    NoSocket(HandshakeRefusal),
    Refused(Refused),
}

impl Target {
    pub(super) fn of(request: &Request<Bytes>, stubs: &[Arc<FileStub>]) -> Self {
        if let Some(TurnedAway { status, reason, why }) = request.extensions().get() {
            return Self::refused(Refused::new(status.as_u16(), reason).explain(why.clone()));
        }
        let (method, path) = (request.method(), request.uri().path());
        if rtm::space_of(path).is_some() {
            let found = rtm::read(request).map_or_else(Found::NoSocket, Found::Socket);
            return Self { operation: Operation::Rtm, page: None, website: None, found };
        }
        let below = path.strip_prefix(BASE);
        match below.map_or(Match::Nothing, |below| api::route(method, below)) {
            Match::Route(route, params) => Self::routed(route, params),
            Match::OtherMethods(methods) => {
                let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
                // HEAD works wherever GET does; the explanation leaves it out as noise.
                let mut allowed = methods.clone();
                if let Some(get) = methods.iter().position(|method| *method == "GET") {
                    allowed.insert(get + 1, "HEAD");
                }
                let refused = Refused::new(405, "method_not_allowed")
                    .header("allow", allowed.join(", "))
                    .explain(format!("this route takes {}", methods.join(" and ")));
                Self::refused(refused)
            }
            Match::Nothing => {
                let stub = below
                    .and_then(|below| stubs.iter().find(|stub| stub.stub.matches(method, below)));
                stub.map_or_else(
                    || Self::refused(not_found(path)),
                    |stub| Self {
                        operation: Operation::Stub,
                        page: None,
                        website: None,
                        found: Found::Stub(Arc::clone(stub)),
                    },
                )
            }
        }
    }

    fn routed(route: &'static Route, params: Vec<(&'static str, String)>) -> Self {
        let param =
            |name| params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let page = match route.operation {
            Operation::List => {
                Some(param("page").map_or(1, |page| page.parse().unwrap_or(1).max(1)))
            }
            _ => None,
        };
        let website =
            param("website").and_then(|text| uuid::Uuid::try_parse(text).ok()).map(WebsiteId::from);
        Self { operation: route.operation, page, website, found: Found::Route(route, params) }
    }

    fn refused(refused: Refused) -> Self {
        Self {
            operation: Operation::Unmatched,
            page: None,
            website: None,
            found: Found::Refused(refused),
        }
    }
}

fn not_found(path: &str) -> Refused {
    let below = path.strip_prefix(BASE);
    let nearest = below.and_then(api::nearest_route);
    let hint = match (below, nearest) {
        (Some(below), _) if below.starts_with('/') || below.contains("//") => {
            "there are two slashes in a row: does the base URL end in one already?".to_owned()
        }
        (None, _) => "routes start with /v1/: is the base URL set to the host alone?".to_owned(),
        (_, Some(nearest)) => format!("the nearest route is {nearest}"),
        _ => "it is outside the plugin area; `--stub \"METHOD PATH=STATUS\"` or `--stub-file` can answer it"
            .to_owned(),
    };
    Refused::no_route().explain(format!("no such route; {hint}"))
}
