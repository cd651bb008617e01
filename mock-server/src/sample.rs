//! temporary
use crate::schema::SettingsSchema;
#[allow(missing_docs)]
pub struct SettingsGenerator;
impl SettingsGenerator {
    /// x
    pub fn new(_: &SettingsSchema) -> Self {
        Self
    }
    /// x
    pub fn settings(&self, _: u64, n: u32) -> Option<serde_json::Value> {
        Some(serde_json::json!({"message": format!("hello {n}")}))
    }
}
/// x
pub struct W {
    /// x
    pub plan: P,
    /// x
    pub price: u16,
}
/// x
pub struct P {
    /// x
    pub id: uuid::Uuid,
    /// x
    pub name: &'static str,
    /// x
    pub trialing: bool,
}
/// x
pub fn website(_: u64, _: u32) -> W {
    W {
        plan: P {
            id: crate::id::derive_uuid(&["plan", "Free"]),
            name: "Free",
            trialing: false,
        },
        price: 0,
    }
}
