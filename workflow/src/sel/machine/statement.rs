//! Statements.

use super::{Datum, Machine, Operand};
use crate::sel::{
    Error, Kind,
    error::Class,
    syntax::{Declaration, Expression, For, ForInit, Statement, StatementKind, TypeName},
    value::Type,
};

/// What a statement came to.
#[derive(Debug)]
pub(super) enum Flow {
    /// It is done; an expression leaves its value.
    Done(Option<Operand>),
    Break,
    Continue,
    Return(Operand),
}

impl Machine<'_> {
    pub(super) fn statement(&mut self, statement: &Statement) -> Result<Flow, Error> {
        self.budget.visit().map_err(|error| error.at(statement.span))?;
        match &statement.kind {
            StatementKind::Evaluate(expression) => Ok(Flow::Done(Some(self.expression(expression)?))),
            StatementKind::Declare(declaration) => self.declaration(declaration).map(|()| Flow::Done(None)),
            StatementKind::Block(statements) => self.block(statements),
            StatementKind::If { arms, otherwise } => self.branch(arms, otherwise.as_deref()),
            StatementKind::While { condition, body } => self.repeat(Some(condition), None, body),
            StatementKind::For(parts) => self.count(parts),
            StatementKind::Break => Ok(Flow::Break),
            StatementKind::Continue => Ok(Flow::Continue),
            StatementKind::Return(value) => Ok(Flow::Return(self.expression(value)?)),
            StatementKind::Throw(value) => Err(self.thrown(value)),
        }
    }

    fn block(&mut self, statements: &[Statement]) -> Result<Flow, Error> {
        let mut last = None;
        for statement in statements {
            match self.statement(statement)? {
                Flow::Done(value) => last = value,
                jump => return Ok(jump),
            }
        }
        Ok(Flow::Done(last))
    }

    /// The chosen branch; it never leaves a value.
    fn branch(&mut self, arms: &[(Expression, Statement)], otherwise: Option<&Statement>) -> Result<Flow, Error> {
        for (condition, then) in arms {
            if self.condition(condition)? {
                return self.statement(then).map(Self::without_value);
            }
        }
        otherwise.map_or(Ok(Flow::Done(None)), |otherwise| self.statement(otherwise).map(Self::without_value))
    }

    fn without_value(flow: Flow) -> Flow {
        if let Flow::Done(_) = flow { Flow::Done(None) } else { flow }
    }

    fn count(&mut self, parts: &For) -> Result<Flow, Error> {
        match &parts.init {
            Some(ForInit::Declare(declaration)) => self.declaration(declaration)?,
            Some(ForInit::Evaluate(expression)) => drop(self.expression(expression)?),
            None => {}
        }
        self.repeat(parts.condition.as_ref(), parts.update.as_ref(), &parts.body)
    }

    fn repeat(
        &mut self,
        condition: Option<&Expression>,
        update: Option<&Expression>,
        body: &Statement,
    ) -> Result<Flow, Error> {
        let limit = self.budget.limits().loops;
        let mut completed = 0;
        loop {
            if let Some(condition) = condition
                && !self.condition(condition)?
            {
                return Ok(Flow::Done(None));
            }
            match self.statement(body)? {
                Flow::Done(_) | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Done(None)),
                Flow::Return(value) => return Ok(Flow::Return(value)),
            }
            if let Some(update) = update {
                self.expression(update)?;
            }
            completed += 1;
            if completed >= limit {
                let message = format!("Loop execution aborted as the iteration is over the loop limit {limit}");
                return Err(Error::limit(Class::IllegalState, message).at(body.span));
            }
        }
    }

    pub(super) fn condition(&mut self, condition: &Expression) -> Result<bool, Error> {
        let operand = self.expression(condition)?;
        if let Operand::Own(Datum::Boolean(holds)) = operand {
            return Ok(holds);
        }
        match self.read(&operand) {
            Datum::Boolean(holds) => Ok(holds),
            other => Err(Error::cast(other.kind().name(), Type::Boolean.name()).at(condition.span)),
        }
    }

    fn declaration(&mut self, declaration: &Declaration) -> Result<(), Error> {
        let kind = declared(&declaration.declared).map_err(|error| error.at(declaration.declared.span))?;
        self.occupy()?;
        for declarator in &declaration.declarators {
            self.budget.visit().map_err(|error| error.at(declarator.span))?;
            let value = declarator.value.as_ref().map(|value| self.expression(value)).transpose()?;
            self.declare(declarator.target, kind, value).map_err(|error| error.at(declarator.span))?;
        }
        self.release();
        Ok(())
    }

    fn thrown(&mut self, value: &Expression) -> Error {
        let operand = match self.expression(value) {
            Ok(operand) => operand,
            Err(error) => return error,
        };
        match self.read(&operand) {
            Datum::Text(message) => Error::new(Kind::Thrown, Class::InvalidExpression, &*message).at(value.span),
            other => {
                let shown = super::text::plain(&other);
                let message = format!("Can only throw a string error message. Invalid thrown object {shown}");
                Error::argument(message).at(value.span)
            }
        }
    }
}

/// The type that a declaration names.
fn declared(name: &TypeName) -> Result<Type, Error> {
    let kind = Type::declared(&name.name).ok_or_else(|| unknown_class(&name.name))?;
    if !name.is_array {
        return Ok(kind);
    }
    kind.array().ok_or_else(|| Error::unsupported(format!("Cannot create an array of {}", name.name)))
}

pub(in crate::sel) fn unknown_class(name: &str) -> Error {
    Error::unsupported(format!("Please check the manual for supported classes, which does not include class:  {name}"))
}
