//! A schema as rules, in Ajv's order.

use std::collections::HashSet;

use serde_json::Value;

use super::inherited::is_function;
use crate::schema::ecma::Matcher;
use crate::schema::format::Check;

/// A type of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Number,
    Integer,
    String,
    Array,
    Object,
    Boolean,
    Null,
}

impl Type {
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "integer" => Self::Integer,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            "boolean" => Self::Boolean,
            "null" => Self::Null,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
            Self::Boolean => "boolean",
            Self::Null => "null",
        }
    }

    pub fn fits(self, value: &Value) -> bool {
        if is_function(value) {
            return false;
        }
        match self {
            Self::Number => value.is_number(),
            Self::Integer => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Self::String => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Boolean => value.is_boolean(),
            Self::Null => value.is_null(),
        }
    }
}

/// A subschema.
pub(super) enum Node {
    /// `false`
    Never,
    /// `true`, or nothing that could refuse a value
    Always,
    Rules(Box<Ordered>),
}

/// The rules of a subschema.
#[derive(Default)]
pub(super) struct Ordered {
    /// The types, where they are looked at before all rules
    pub types_first: Option<Vec<Type>>,
    /// Groups of rules; each runs if those before it found nothing
    pub groups: Vec<Group>,
}

/// Rules for one type, or for any.
pub(super) struct Group {
    pub of: Option<Type>,
    /// Whether a value of another type is a failure
    pub demands_type: bool,
    pub rules: Vec<Rule>,
}

/// A place among the nodes.
pub(super) type At = usize;

/// A limit with what is said of it: `>= 5`.
pub(super) struct Limit {
    pub is_maximum: bool,
    pub exclusive: bool,
    pub value: f64,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Characters,
    Items,
    Properties,
}

/// What has to be there when a property is.
pub(super) enum Dependency {
    Properties(Vec<String>),
    Schema(At),
}

/// What becomes of properties that nothing else names.
pub(super) enum Additional {
    Allowed,
    Refused,
    Schema(At),
}

pub(super) struct Properties {
    /// Declared properties, whether each is required, and their schemas
    pub named: Vec<(String, bool, Option<At>)>,
    /// Their names
    pub names: HashSet<String>,
    /// Properties by pattern
    pub matching: Vec<(Matcher, Option<At>)>,
    pub additional: Additional,
}

pub(super) enum Items {
    /// One schema for all
    All(At),
    /// A schema for each, and what becomes of more
    Each { schemas: Vec<Option<At>>, most: Option<usize>, more: Option<At> },
}

/// One rule.
pub(super) enum Rule {
    Limit(Limit),
    MultipleOf(f64),
    Most(Counted, f64),
    Least(Counted, f64),
    Pattern {
        matcher: Matcher,
        source: String,
    },
    Format {
        check: Check,
        name: String,
    },
    Items(Items),
    Contains(Option<At>),
    /// Whether the items are plain: Ajv then looks for equal ones in another order
    UniqueItems {
        plain: Option<Vec<Type>>,
    },
    /// Required properties that `properties` does not look at
    Required(Vec<String>),
    Dependencies(Vec<(String, Dependency)>),
    PropertyNames(At),
    Properties(Properties),
    /// `inline`: it is part of the schema that refers to it, not a function of its own
    Reference {
        to: At,
        inline: bool,
    },
    Const(Value),
    Enum(Vec<Value>),
    Not(Option<At>),
    AnyOf(Vec<At>),
    OneOf(Vec<Option<At>>),
    AllOf(Vec<At>),
    If {
        condition: At,
        then: Option<At>,
        otherwise: Option<At>,
    },
}
