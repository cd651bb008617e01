//! A run of the rules over settings.

mod members;
mod plain;

use serde_json::Value;

use super::path::Path;
use super::report::{Mark, Report};
use super::rule::{At, Node, Rule, Type};
use super::{Failure, Unfit};
use crate::schema::ecma::OutOfSteps;

/// Holds settings against the rules; the first node is the whole schema.
pub(super) fn run(nodes: &[Node], settings: &Value) -> Result<(), Failure> {
    let mut run = Run { nodes, report: Report::default() };
    let frame = Frame { base: run.report.mark(), branch: false, silent: false };
    match run.schema(0, settings, &Path::WHOLE, frame) {
        Err(Stop::Unfinished(pointer)) => Err(Failure::Unfinished { pointer }),
        Ok(true) => Ok(()),
        Ok(false) | Err(Stop::Returned) => {
            let (text, pointer) = run.report.told();
            Err(Failure::Unfit(Unfit { text, pointer }))
        }
    }
}

/// How a schema is run.
#[derive(Clone, Copy)]
struct Frame {
    /// Where the failures of this function start: Ajv has one for the whole and one for what is
    /// referred to
    base: Mark,
    /// Whether this is a branch of `anyOf` and the like, whose failures do not end the function
    branch: bool,
    /// Whether its failures are forgotten whatever comes
    silent: bool,
}

impl Frame {
    fn as_branch(self) -> Self {
        Self { branch: true, ..self }
    }

    fn as_condition(self) -> Self {
        Self { branch: true, silent: true, ..self }
    }
}

/// Why a run does not go on.
enum Stop {
    /// The function ends with its first failure
    Returned,
    /// A match was given up at this place
    Unfinished(String),
}

/// Whether a value fits.
type Outcome = Result<bool, Stop>;

struct Run<'n> {
    nodes: &'n [Node],
    report: Report,
}

impl<'n> Run<'n> {
    /// A failure that ends the function and stands alone, except in a branch.
    fn fail(&mut self, path: &Path<'_>, frame: Frame, words: &dyn Fn() -> String) -> Outcome {
        if !frame.branch {
            self.report.reset(frame.base);
        }
        self.fail_besides(path, frame, words)
    }

    /// A failure that ends the function and stands with those before it.
    fn fail_besides(
        &mut self,
        path: &Path<'_>,
        frame: Frame,
        words: &dyn Fn() -> String,
    ) -> Outcome {
        self.report.add(path, Some(words).filter(|_| !frame.silent));
        if frame.branch { Ok(false) } else { Err(Stop::Returned) }
    }

    fn schema(&mut self, at: At, value: &Value, path: &Path<'_>, frame: Frame) -> Outcome {
        let nodes = self.nodes;
        let ordered = match &nodes[at] {
            Node::Always => return Ok(true),
            Node::Never => {
                return self.fail(path, frame, &|| "boolean schema is false".to_owned());
            }
            Node::Rules(ordered) => ordered,
        };
        let start = self.report.mark();
        if let Some(types) = &ordered.types_first
            && !types.iter().any(|kind| kind.fits(value))
        {
            self.wrong_type(types, path, frame)?;
        }
        for (number, group) in ordered.groups.iter().enumerate() {
            // A branch goes on with the first group even where the type is wrong.
            if number > 0 && self.report.has_more_than(start) {
                break;
            }
            if group.of.is_none_or(|of| of.fits(value)) {
                for rule in &group.rules {
                    if !self.rule(rule, value, path, frame)? {
                        break;
                    }
                }
            } else if group.demands_type {
                self.wrong_type(group.of.as_slice(), path, frame)?;
            }
        }
        Ok(!self.report.has_more_than(start))
    }

    fn wrong_type(&mut self, types: &[Type], path: &Path<'_>, frame: Frame) -> Outcome {
        self.fail(path, frame, &|| {
            let names: Vec<_> = types.iter().map(|kind| kind.name()).collect();
            format!("should be {}", names.join(","))
        })
    }

    /// Whether a value keeps a rule; false without a failure stops the group as well.
    fn rule(&mut self, rule: &'n Rule, value: &Value, path: &Path<'_>, frame: Frame) -> Outcome {
        match (rule, value) {
            (Rule::Reference { to, inline: true }, _) => self.schema(*to, value, path, frame),
            (Rule::Reference { to, inline: false }, _) => {
                let base = self.report.mark();
                match self.schema(*to, value, path, Frame { base, branch: false, ..frame }) {
                    Err(Stop::Returned) => Ok(false),
                    other => other,
                }
            }
            (Rule::AllOf(all), _) => {
                for at in all {
                    if !self.schema(*at, value, path, frame)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Rule::AnyOf(all), _) => {
                let mark = self.report.mark();
                for at in all {
                    if self.schema(*at, value, path, frame.as_branch())? {
                        self.report.reset(mark);
                        return Ok(true);
                    }
                }
                self.fail_besides(path, frame, &|| "should match some schema in anyOf".to_owned())
            }
            (Rule::OneOf(all), _) => self.one_of(all, value, path, frame),
            (Rule::Not(at), _) => self.not(*at, value, path, frame),
            (Rule::If { condition, then, otherwise }, _) => {
                let mark = self.report.mark();
                let holds = self.schema(*condition, value, path, frame.as_condition())?;
                self.report.reset(mark);
                let (clause, at) = if holds { ("then", then) } else { ("else", otherwise) };
                match at {
                    Some(at) if !self.schema(*at, value, path, frame)? => {
                        self.fail_besides(path, frame, &|| {
                            format!("should match \"{clause}\" schema")
                        })
                    }
                    _ => Ok(true),
                }
            }
            (Rule::Properties(properties), Value::Object(map)) => {
                self.properties(properties, map, path, frame)
            }
            (Rule::Dependencies(all), Value::Object(map)) => {
                self.dependencies(all, (map, value), path, frame)
            }
            (Rule::PropertyNames(at), Value::Object(map)) => {
                self.property_names(*at, map, path, frame)
            }
            (Rule::Items(items), Value::Array(all)) => self.items(items, all, path, frame),
            (Rule::Contains(at), Value::Array(all)) => self.contains(*at, all, path, frame),
            _ => self.plain(rule, value, path, frame),
        }
    }

    fn one_of(
        &mut self,
        all: &[Option<At>],
        value: &Value,
        path: &Path<'_>,
        frame: Frame,
    ) -> Outcome {
        let mark = self.report.mark();
        let mut fitting = 0;
        for at in all {
            let fits = match at {
                Some(at) => self.schema(*at, value, path, frame.as_branch())?,
                None => true,
            };
            fitting += usize::from(fits);
            if fitting > 1 {
                break;
            }
        }
        if fitting == 1 {
            self.report.reset(mark);
            return Ok(true);
        }
        self.fail_besides(path, frame, &|| "should match exactly one schema in oneOf".to_owned())
    }

    fn not(&mut self, at: Option<At>, value: &Value, path: &Path<'_>, frame: Frame) -> Outcome {
        let words = || "should NOT be valid".to_owned();
        let Some(at) = at else {
            // Ajv notes this one and goes on.
            self.report.add(path, (!frame.silent).then_some(&words));
            return Ok(false);
        };
        let mark = self.report.mark();
        if self.schema(at, value, path, frame.as_condition())? {
            return self.fail(path, frame, &words);
        }
        self.report.reset(mark);
        Ok(true)
    }
}

/// A match that was given up ends the run.
fn finished(found: Result<bool, OutOfSteps>, path: &Path<'_>) -> Outcome {
    found.map_err(|OutOfSteps| Stop::Unfinished(path.pointer()))
}
