//! Rules that go into objects and arrays.

use serde_json::{Map, Value};

use super::{Frame, Outcome, Run, finished};
use crate::schema::ajv::inherited::{has, member};
use crate::schema::ajv::path::Path;
use crate::schema::ajv::rule::{Additional, At, Dependency, Items, Properties};
use crate::schema::ajv::value::members;

impl<'n> Run<'n> {
    pub(super) fn properties(
        &mut self,
        rule: &'n Properties,
        map: &Map<String, Value>,
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        if !matches!(rule.additional, Additional::Allowed)
            && !self.additional(rule, map, path, frame)?
        {
            return Ok(false);
        }
        for (name, required, at) in &rule.named {
            let Some(at) = at else {
                continue;
            };
            let fits = match member(map, name) {
                Some(value) => self.schema(*at, value, &path.named(name), frame)?,
                None if *required => {
                    self.fail(path, frame, &|| format!("should have required property '{name}'"))?
                }
                None => true,
            };
            if !fits {
                return Ok(false);
            }
        }
        for (matcher, at) in &rule.matching {
            let Some(at) = at else {
                continue;
            };
            for (name, value) in members(map) {
                let path = path.met(name);
                if finished(matcher.is_match(name), &path)?
                    && !self.schema(*at, value, &path, frame)?
                {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn additional(
        &mut self,
        rule: &'n Properties,
        map: &Map<String, Value>,
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        for (name, value) in members(map) {
            let met = path.met(name);
            let mut declared = rule.names.contains(name);
            for (matcher, _) in &rule.matching {
                declared = declared || finished(matcher.is_match(name), &met)?;
            }
            if declared {
                continue;
            }
            let fits = match rule.additional {
                Additional::Allowed => true,
                Additional::Schema(at) => self.schema(at, value, &met, frame)?,
                Additional::Refused => {
                    self.fail(path, frame, &|| "should NOT have additional properties".to_owned())?
                }
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn dependencies(
        &mut self,
        all: &'n [(String, Dependency)],
        (map, value): (&Map<String, Value>, &Value),
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        for (name, wanted) in all.iter().filter(|(name, _)| has(map, name)) {
            let fits = match wanted {
                Dependency::Schema(at) => self.schema(*at, value, path, frame)?,
                Dependency::Properties(wanted) if wanted.iter().all(|one| has(map, one)) => true,
                Dependency::Properties(wanted) => self.fail(path, frame, &|| {
                    let noun = if wanted.len() == 1 { "property" } else { "properties" };
                    let wanted = wanted.join(", ");
                    format!("should have {noun} {wanted} when property {name} is present")
                })?,
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn property_names(
        &mut self,
        at: At,
        map: &Map<String, Value>,
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        for (name, _) in members(map) {
            let value = Value::from(name.as_str());
            if !self.schema(at, &value, path, frame.as_branch())? {
                return self
                    .fail_besides(path, frame, &|| format!("property name '{name}' is invalid"));
            }
        }
        Ok(true)
    }

    pub(super) fn items(
        &mut self,
        rule: &'n Items,
        all: &[Value],
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        let (each, most, more): (&[Option<At>], _, _) = match rule {
            Items::All(at) => (&[], None, Some(*at)),
            Items::Each { schemas, most, more } => (schemas, *most, *more),
        };
        if let Some(most) = most.filter(|most| all.len() > *most) {
            return self.fail(path, frame, &|| format!("should NOT have more than {most} items"));
        }
        for (index, item) in all.iter().enumerate() {
            let at = each.get(index).copied().unwrap_or(more);
            if let Some(at) = at
                && !self.schema(at, item, &path.item(index), frame)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn contains(
        &mut self,
        at: Option<At>,
        all: &[Value],
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        let mark = self.report.mark();
        // Outside of branches only the failure of the whole is told.
        let inner = Frame { silent: frame.silent || !frame.branch, ..frame.as_branch() };
        let mut found = at.is_none() && !all.is_empty();
        if let Some(at) = at {
            for (index, item) in all.iter().enumerate() {
                if self.schema(at, item, &path.item(index), inner)? {
                    found = true;
                    break;
                }
            }
        }
        if !found {
            return self.fail(path, frame, &|| "should contain a valid item".to_owned());
        }
        self.report.reset(mark);
        Ok(true)
    }
}
