//! One call of the control API: what answers it, and what the OpenAPI document says of it.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use serde_json::{Value, json};

use crate::control::ControlState;

/// A call, below `/_mock` or below a space's own base.
pub(super) struct Call {
    /// Its path, with names in braces for what varies.
    pub(super) path: &'static str,
    /// Its method as OpenAPI writes it.
    pub(super) method: &'static str,
    /// The OpenAPI operation.
    pub(super) operation: Value,
    answer: MethodRouter<Arc<ControlState>>,
}

macro_rules! methods {
    ($($method:ident)+) => {$(
        /// A call with this method, and one sentence on what it does.
        pub(super) fn $method<H, T>(path: &'static str, handler: H, summary: &str) -> Self
        where
            H: Handler<T, Arc<ControlState>>,
            T: 'static,
        {
            let problem = json!({ "$ref": "#/components/schemas/Problem" });
            let operation = json!({ "summary": summary, "responses": {} });
            Self { path, method: stringify!($method), operation, answer: $method(handler) }
                .respond("4XX", "What was wrong, and what to do next.", Some(problem))
        }
    )+};
}

impl Call {
    methods! { get post put patch delete }

    /// Documents a query parameter.
    pub(super) fn query(mut self, name: &str, schema: Value, description: &str) -> Self {
        let parameter = json!({
            "name": name,
            "in": "query",
            "required": false,
            "schema": schema,
            "description": description,
        });
        match &mut self.operation["parameters"] {
            Value::Array(parameters) => parameters.push(parameter),
            none => *none = json!([parameter]),
        }
        self
    }

    /// Documents the body.
    pub(super) fn takes(mut self, schema: Value) -> Self {
        self.operation["requestBody"] = json!({ "required": true, "content": content(schema) });
        self
    }

    /// Documents a body that may be left out.
    pub(super) fn may_take(mut self, schema: Value) -> Self {
        self.operation["requestBody"] = json!({ "required": false, "content": content(schema) });
        self
    }

    /// Documents an answer with a JSON body.
    pub(super) fn answers(self, status: u16, description: &str, schema: Value) -> Self {
        self.respond(&status.to_string(), description, Some(schema))
    }

    /// Documents an answer without a described body.
    pub(super) fn or(self, status: u16, description: &str) -> Self {
        self.respond(&status.to_string(), description, None)
    }

    fn respond(mut self, status: &str, description: &str, schema: Option<Value>) -> Self {
        let response = &mut self.operation["responses"][status];
        *response = json!({ "description": description });
        if let Some(schema) = schema {
            response["content"] = content(schema);
        }
        self
    }
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The routes of some calls.
pub(super) fn routes(calls: Vec<Call>) -> Router<Arc<ControlState>> {
    calls.into_iter().fold(Router::new(), |router, call| router.route(call.path, call.answer))
}
