//! The evaluator: walks the tree with a budget.

mod budget;
mod datum;
mod exchange;
mod expression;
mod operator;
mod statement;
mod text;
mod variable;

use std::{cell::RefCell, rc::Rc};

use super::{
    Environment, Error, Kind, Limits, Moment, Program, Refusal, Scope, Value, Zone, builtin::Patterns, error::Class,
    syntax::Tree,
};
pub(super) use budget::Budget;
pub(super) use datum::{Array, Datum, Item, Map, Operand, Shared, Text};
use statement::Flow;
pub(super) use text::{java_double, plain as plain_text};
use variable::Variable;

/// One evaluation.
pub(super) struct Machine<'a> {
    program: &'a Program,
    tree: &'a Tree,
    scope: &'a mut dyn Scope,
    now: Moment,
    ids: &'a mut dyn crate::id::Ids,
    pub budget: Budget<'a>,
    /// By slot.
    variables: Vec<Variable>,
    /// The boxes of literals that somebody shares, by literal. Filled when the first of them is.
    literals: Vec<Option<Shared>>,
    /// Operands that wait for others.
    pending: usize,
    /// All maps, so that those that hold each other are taken apart at the end.
    maps: Vec<Rc<RefCell<Map>>>,
    pub patterns: Patterns,
}

/// Runs a program: the value of its last statement, or of the `return` that stopped it.
///
/// A `throw` ends with [`Kind::Thrown`] and the thrown text as its message.
pub fn evaluate(
    program: &Program,
    scope: &mut dyn Scope,
    limits: &Limits,
    environment: &mut Environment<'_>,
) -> Result<Value, Error> {
    Program::check_length(program.text(), limits)?;
    let tree = program.tree();
    let mut machine = Machine {
        program,
        tree,
        scope,
        now: Moment { instant_ms: environment.now.0, zone: Zone::UTC },
        budget: Budget::new(limits, environment.deadline),
        ids: &mut *environment.ids,
        variables: vec![Variable::Unread; tree.names.len()],
        literals: Vec::new(),
        pending: 0,
        maps: Vec::new(),
        patterns: Patterns::default(),
    };
    machine.run()
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        // Every map is still held by the list while its entries go: no chain of maps is dropped recursively.
        self.maps.iter().for_each(|map| map.borrow_mut().clear());
    }
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Value, Error> {
        let tree = self.tree;
        let mut last = Flow::Done(None);
        for statement in &tree.body {
            // A jump without a loop is forgotten when a statement follows.
            last = self.statement(statement)?;
            if let Flow::Return(_) = last {
                break;
            }
        }
        match last {
            Flow::Done(None) => Ok(Value::Void),
            Flow::Done(Some(operand)) | Flow::Return(operand) => {
                let datum = self.read(&operand);
                self.value_of(&datum)
            }
            Flow::Break | Flow::Continue => {
                let word = if matches!(last, Flow::Break) { "break" } else { "continue" };
                let kind = word.to_uppercase();
                Err(Error::argument(format!("Invalid expression : {word} ;  with wrong return type: {kind}")))
            }
        }
    }

    /// The moment that the evaluation happens at, in the default zone.
    pub(super) fn now(&self) -> &Moment {
        &self.now
    }

    pub(super) fn ids(&mut self) -> &mut dyn crate::id::Ids {
        self.ids
    }

    pub(super) fn scope(&mut self) -> &mut dyn Scope {
        self.scope
    }

    /// Whether the engine runs this program, which adds its own functions.
    pub(super) fn has_engine_functions(&self) -> bool {
        self.program.is_prepared()
    }

    pub(super) fn new_map(&mut self) -> Result<Datum, Error> {
        self.budget.value()?;
        let map = Rc::new(RefCell::new(Map::default()));
        self.maps.push(Rc::clone(&map));
        Ok(Datum::Map(map))
    }

    /// The text of a value, maps included.
    pub(super) fn displayed(&mut self, datum: &Datum) -> Result<String, Error> {
        let mut out = String::new();
        text::write(datum, &mut out, &mut self.budget)?;
        Ok(out)
    }

    /// A new text.
    pub(super) fn text(&mut self, text: impl Into<String>) -> Result<Datum, Error> {
        let text = text.into();
        self.budget.text(Text::units(&text))?;
        Ok(Datum::from(text))
    }
}

/// The failure of an evaluation whose scope refused something.
pub(super) fn refused(refusal: Refusal, attempted: &str) -> Error {
    match refusal {
        Refusal::Pending => Error::new(Kind::Pending, Class::IllegalState, format!("{attempted} is not known yet")),
        Refusal::Failed(text) => Error::new(Kind::Evaluation, Class::IllegalState, text),
        Refusal::UnknownFunction | Refusal::NoFunctions => Error::unsupported(format!("{attempted} is not supported")),
    }
}
