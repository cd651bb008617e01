//! Shapes that many documents use, as helpers for `#[serde(with = "…")]`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that is written in another form than its own type has: `#[serde(with = "As::<Span>")]`
/// on a `Duration`.
#[derive(Debug)]
pub struct As<F>(PhantomData<F>);

impl<F> As<F> {
    /// Writes the value in its form.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<T: Clone + Into<F>, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        F: Serialize,
    {
        value.clone().into().serialize(serializer)
    }

    /// Reads the form as a value.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, T: From<F>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error>
    where
        F: Deserialize<'de>,
    {
        F::deserialize(deserializer).map(T::from)
    }
}

/// The same for an `Option`: `#[serde(with = "Maybe::<Span>", default)]`.
#[derive(Debug)]
pub struct Maybe<F>(PhantomData<F>);

impl<F> Maybe<F> {
    /// Writes the value in its form, if there is one.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<T: Clone + Into<F>, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        F: Serialize,
    {
        value.clone().map(Into::into).serialize(serializer)
    }

    /// Reads the form as a value.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, T: From<F>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error>
    where
        F: Deserialize<'de>,
    {
        Ok(Option::<F>::deserialize(deserializer)?.map(T::from))
    }
}

/// A map whose order counts, read into a `Vec` of pairs: `#[serde(with = "Pairs::<K, V>")]`. The
/// pairs hold `K` and `V` themselves or what these are forms of.
#[derive(Debug)]
pub struct Pairs<K, V>(PhantomData<(K, V)>);

impl<K, V> Pairs<K, V> {
    /// Writes the pairs as a map.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<A, B, S: Serializer>(
        pairs: &[(A, B)],
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        A: Clone + Into<K>,
        B: Clone + Into<V>,
        K: Serialize,
        V: Serialize,
    {
        let mut map = serializer.serialize_map(Some(pairs.len()))?;
        for (key, value) in pairs.iter().cloned() {
            map.serialize_entry(&key.into(), &value.into())?;
        }
        map.end()
    }

    /// Reads a map as pairs.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, A, B, D>(deserializer: D) -> Result<Vec<(A, B)>, D::Error>
    where
        D: Deserializer<'de>,
        A: From<K>,
        B: From<V>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
    {
        let pairs: Vec<(K, V)> = deserializer.deserialize_map(InOrder(PhantomData))?;
        Ok(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

struct InOrder<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for InOrder<K, V> {
    type Value = Vec<(K, V)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// One value or a list of them, read into a `Vec`: `#[serde(with = "OneOrMany::<F>")]`.
#[derive(Debug)]
pub struct OneOrMany<F>(PhantomData<F>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Either<F> {
    One(F),
    Many(Vec<F>),
}

impl<F> OneOrMany<F> {
    /// Writes a single value without brackets.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<T: Clone + Into<F>, S: Serializer>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error>
    where
        F: Serialize,
    {
        match values {
            [one] => one.clone().into().serialize(serializer),
            many => serializer.collect_seq(many.iter().cloned().map(Into::into)),
        }
    }

    /// Reads one value or a list.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    pub fn deserialize<'de, T: From<F>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error>
    where
        F: Deserialize<'de>,
    {
        Ok(match Either::deserialize(deserializer)? {
            Either::One(one) => vec![T::from(one)],
            Either::Many(many) => many.into_iter().map(T::from).collect(),
        })
    }
}

/// The schema of a helper is that of the forms it reads.
macro_rules! schema {
    ($helper:ident<$($form:ident),+>, $generator:ident => $schema:expr) => {
        impl<$($form: JsonSchema),+> JsonSchema for $helper<$($form),+> {
            fn schema_name() -> Cow<'static, str> {
                [stringify!($helper).into(), $($form::schema_name()),+].concat().into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema!(As<F>, generator => generator.subschema_for::<F>());
schema!(Maybe<F>, generator => generator.subschema_for::<F>());
schema!(Pairs<K, V>, generator => json_schema!({
    "type": "object",
    "propertyNames": generator.subschema_for::<K>(),
    "additionalProperties": generator.subschema_for::<V>(),
}));
schema!(OneOrMany<F>, generator => {
    let one = generator.subschema_for::<F>();
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
});

/// The value of a switch that is written `hang: true`: there is no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct True;

impl Serialize for True {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for True {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(D::Error::custom("`false` has no meaning here")),
        }
    }
}

impl JsonSchema for True {
    fn schema_name() -> Cow<'static, str> {
        "True".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "const": true,
            "x-name": "`true`",
            "x-hint": "write `{key}: true`, or leave the key out",
        })
    }
}
