//! Reading a plan, with every mistake reported.

use serde_json::Value;

use super::contradiction::contradictions;
use super::effect::{Effect, Side};
use super::plan::FaultPlan;
use super::rate::Rate;
use super::target::Target;
use super::window::Window;
use crate::document::{Form, Language, Node, Problem, member, read};
use crate::form;

impl Language for FaultPlan {
    fn forms() -> Vec<Form> {
        let own = [Form::of::<Target>(), Form::of::<Window>(), Form::of::<Rate>()];
        form::FORMS.into_iter().chain(own).collect()
    }

    fn problems(&self, node: &Node) -> Vec<Problem> {
        let each = self.faults.iter().enumerate().map(|(index, fault)| {
            let (node, place) = fault_node(node, index);
            let contradictions = contradictions(fault).into_iter();
            let problems = contradictions.map(|(key, message, hint)| {
                let key = key.filter(|key| node.is_some_and(|node| node.get(key).is_some()));
                let pointer = key.map_or_else(|| place.clone(), |key| member(&place, key));
                Problem::value(pointer, message).hint(hint)
            });
            problems.collect::<Vec<_>>()
        });
        each.flatten().collect()
    }
}

/// The object of a fault in the plan's tree, with the pointer to it: a single fault is not in a list.
fn fault_node(plan: &Node, index: usize) -> (Option<&Node>, String) {
    match plan.items().get(index) {
        Some(item) => (Some(item), format!("/{index}")),
        None => (Some(plan), String::new()),
    }
}

impl FaultPlan {
    /// Reads a plan: one fault, or a list of them.
    ///
    /// # Errors
    ///
    /// All mistakes at once, in the order of the plan, each with a JSON pointer into `value`.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_mock_server::fault::FaultPlan;
    ///
    /// let errors = FaultPlan::parse(&serde_json::json!([
    ///     { "at": "since#2", "stauts": 503 },
    ///     { "at": "list/0", "reset": true },
    /// ]))
    /// .unwrap_err();
    /// assert_eq!(errors[0].pointer, "/0/stauts");
    /// assert_eq!(errors[0].hint.as_deref(), Some("did you mean `status`?"));
    /// assert_eq!(errors[1].pointer, "/1/at");
    /// ```
    pub fn parse(value: &Value) -> Result<Self, Vec<Problem>> {
        read(&Node::from_value(value))
    }

    /// Reads a plan that a server is to carry out: as [`FaultPlan::parse`], but what only virtual
    /// time can do is refused too.
    ///
    /// # Errors
    ///
    /// All mistakes at once, each with a JSON pointer into `value`.
    pub fn parse_for_server(value: &Value) -> Result<Self, Vec<Problem>> {
        let node = Node::from_value(value);
        let plan: Self = read(&node)?;
        let problems = plan.beyond_a_server(&node);
        if problems.is_empty() { Ok(plan) } else { Err(problems) }
    }

    /// What only virtual time can do: a server does not move the clock of its client.
    #[must_use]
    pub fn beyond_a_server(&self, node: &Node) -> Vec<Problem> {
        let clients = self.faults.iter().enumerate();
        let clients =
            clients.filter(|(_, fault)| matches!(fault.effect, Effect::Clock(Side::Client)));
        let problem = |(index, _)| {
            let (_, place) = fault_node(node, index);
            Problem::value(
                member(&place, "clock"),
                "a server cannot move the clock of its client",
            )
            .hint(
                "`clock: client` works in virtual time only (replay, check); `clock: server` with \
                 the opposite sign looks much the same to the client",
            )
        };
        clients.map(problem).collect()
    }
}
