//! One call of the control API: what answers it, and what the OpenAPI document says of it.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use serde_json::{Value, json};

use crate::control::ControlState;

/// Adds something to an OpenAPI operation.
type Description = Box<dyn FnOnce(&mut Value)>;

/// A call, below `/_mock` or below a space's own base.
pub(super) struct Call {
    /// Its path, with names in braces for what varies.
    pub(super) path: &'static str,
    /// Its method as OpenAPI writes it.
    pub(super) method: &'static str,
    /// Each adds something to the OpenAPI operation. A server that starts makes none of it.
    described: Vec<Description>,
    answer: MethodRouter<Arc<ControlState>>,
}

macro_rules! methods {
    ($($method:ident)+) => {$(
        /// A call with this method, and one sentence on what it does.
        pub(super) fn $method<H, T>(
            path: &'static str,
            handler: H,
            summary: &'static str,
        ) -> Self
        where
            H: Handler<T, Arc<ControlState>>,
            T: 'static,
        {
            let answer = $method(handler);
            let call = Self { path, method: stringify!($method), described: Vec::new(), answer };
            let problem = || json!({ "$ref": "#/components/schemas/Problem" });
            call.describe(move |operation| {
                *operation = json!({ "summary": summary, "responses": {} });
            })
            .respond("4XX", "What was wrong, and what to do next.", Some(problem))
        }
    )+};
}

impl Call {
    methods! { get post put patch delete }

    /// The OpenAPI operation.
    pub(super) fn operation(self) -> Value {
        let mut operation = Value::Null;
        self.described.into_iter().for_each(|describe| describe(&mut operation));
        operation
    }

    fn describe(mut self, describe: impl FnOnce(&mut Value) + 'static) -> Self {
        self.described.push(Box::new(describe));
        self
    }

    /// Documents a query parameter.
    pub(super) fn query(
        self,
        name: &'static str,
        schema: Value,
        description: &'static str,
    ) -> Self {
        self.describe(move |operation| {
            let parameter = json!({
                "name": name,
                "in": "query",
                "required": false,
                "schema": schema,
                "description": description,
            });
            match &mut operation["parameters"] {
                Value::Array(parameters) => parameters.push(parameter),
                none => *none = json!([parameter]),
            }
        })
    }

    /// Documents the body.
    pub(super) fn takes(self, schema: impl FnOnce() -> Value + 'static) -> Self {
        self.body(true, schema)
    }

    /// Documents a body that may be left out.
    pub(super) fn may_take(self, schema: impl FnOnce() -> Value + 'static) -> Self {
        self.body(false, schema)
    }

    /// Documents an answer with a JSON body.
    pub(super) fn answers(self, status: u16, description: &'static str, schema: Value) -> Self {
        self.respond(status, description, Some(|| schema))
    }

    /// Documents an answer without a described body.
    pub(super) fn or(self, status: u16, description: &'static str) -> Self {
        self.respond(status, description, None::<fn() -> Value>)
    }

    fn body(self, required: bool, schema: impl FnOnce() -> Value + 'static) -> Self {
        self.describe(move |operation| {
            operation["requestBody"] =
                json!({ "required": required, "content": content(schema()) });
        })
    }

    fn respond(
        self,
        status: impl ToString + 'static,
        description: &'static str,
        schema: Option<impl FnOnce() -> Value + 'static>,
    ) -> Self {
        self.describe(move |operation| {
            let response = &mut operation["responses"][status.to_string()];
            *response = json!({ "description": description });
            if let Some(schema) = schema {
                response["content"] = content(schema());
            }
        })
    }
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The routes of some calls.
pub(super) fn routes(calls: Vec<Call>) -> Router<Arc<ControlState>> {
    calls.into_iter().fold(Router::new(), |router, call| router.route(call.path, call.answer))
}
