//! Expressions.

use super::{Array, Datum, Machine, Operand, operator, statement::unknown_class, variable::out_of_bounds};
use crate::sel::{
    Error, builtin,
    error::Class,
    syntax::{Assign, BinaryOperator, Expression, ExpressionKind, Literal, Suffix, TypeName, UnaryOperator},
    value::Type,
};

impl Machine<'_> {
    pub(super) fn expression(&mut self, expression: &Expression) -> Result<Operand, Error> {
        let result = match self.budget.visit() {
            Ok(()) => self.dispatch(expression),
            Err(error) => Err(error),
        };
        result.map_err(|error| error.at(expression.span))
    }

    fn dispatch(&mut self, expression: &Expression) -> Result<Operand, Error> {
        match &expression.kind {
            ExpressionKind::Literal(index) => self.room().map(|()| Operand::Literal(*index)),
            ExpressionKind::Name(slot) => {
                self.room()?;
                self.name(*slot)
            }
            ExpressionKind::Paren(inner) => self.expression(inner),
            ExpressionKind::Unary(operators, operand) => self.unary(operators, operand),
            ExpressionKind::Binary(first, rest) => self.chain(first, rest),
            ExpressionKind::Conditional(arms, otherwise) => self.conditional(arms, otherwise),
            ExpressionKind::Assign(assign) => self.assignment(assign),
            ExpressionKind::Access(base, suffixes) => self.access(base, suffixes),
            ExpressionKind::NewArray { element, size } => self.new_array(element, size),
            ExpressionKind::NewArrayOf { element, items } => self.new_array_of(element, items),
            ExpressionKind::New { class, arguments } => self.new_object(class, arguments),
        }
    }

    /// Fails when one more operand would not fit.
    fn room(&self) -> Result<(), Error> {
        let limit = self.budget.limits().stack;
        if self.pending < limit {
            return Ok(());
        }
        let message = format!("Index {limit} out of bounds for length {limit}");
        Err(Error::limit(Class::IndexOutOfBounds, message))
    }

    /// Takes a place on the operand stack.
    pub(super) fn occupy(&mut self) -> Result<(), Error> {
        self.room()?;
        self.pending += 1;
        Ok(())
    }

    pub(super) fn release(&mut self) {
        self.pending -= 1;
    }

    /// The value of a literal that nobody wrote to.
    pub(super) fn literal(&self, index: u32) -> Datum {
        match &self.tree.literals[index as usize] {
            Literal::Long(value) => Datum::Long(*value),
            Literal::Double(value) => Datum::Double(*value),
            Literal::Boolean(value) => Datum::Boolean(*value),
            Literal::String(text) => Datum::Text(super::Text::Whole(text.clone())),
            Literal::Null => Datum::Null,
        }
    }

    fn unary(&mut self, operators: &[UnaryOperator], operand: &Expression) -> Result<Operand, Error> {
        let operand = self.expression(operand)?;
        let mut value = self.read(&operand);
        for operator in operators.iter().rev() {
            self.budget.visit()?;
            value = operator::unary(*operator, &value)?;
            self.budget.value()?;
        }
        Ok(Operand::Own(value))
    }

    fn chain(&mut self, first: &Expression, rest: &[(BinaryOperator, Expression)]) -> Result<Operand, Error> {
        if let [(operator, second)] = rest
            && let (Some(a), Some(b)) = (self.plain_long(first), self.plain_long(second))
            && self.pending + 1 < self.budget.limits().stack
        {
            // Nothing can happen between the two reads: they are only paid for.
            self.budget.visit()?;
            self.budget.visit()?;
            let result = operator::long(*operator, a, b)?;
            self.budget.value()?;
            return Ok(Operand::Own(result));
        }
        let mut left = self.expression(first)?;
        for (index, (operator, right)) in rest.iter().enumerate() {
            if index > 0 {
                self.budget.visit()?;
            }
            self.occupy()?;
            let right = self.expression(right)?;
            self.release();
            // The left operand is a box: it is read only now, after the right side ran.
            if let (Some(a), Some(b)) = (self.long(&left), self.long(&right)) {
                let result = operator::long(*operator, a, b)?;
                self.budget.value()?;
                left = Operand::Own(result);
                continue;
            }
            let (a, b) = (self.read(&left), self.read(&right));
            left = Operand::Own(operator::binary(*operator, &a, &b, &mut self.budget)?);
        }
        Ok(left)
    }

    fn conditional(&mut self, arms: &[(Expression, Expression)], otherwise: &Expression) -> Result<Operand, Error> {
        for (condition, then) in arms {
            if self.condition(condition)? {
                return self.expression(then);
            }
        }
        self.expression(otherwise)
    }

    fn assignment(&mut self, assign: &Assign) -> Result<Operand, Error> {
        let Some(index) = &assign.index else {
            if let Some(value) = self.plain_long(&assign.value)
                && self.pending < self.budget.limits().stack
                && self.has_long(assign.target)
            {
                self.budget.visit()?;
                return self.assign(assign.target, assign.operator, &Operand::Own(Datum::Long(value)));
            }
            let value = self.expression(&assign.value)?;
            return self.assign(assign.target, assign.operator, &value);
        };
        let index = self.expression(index)?;
        self.occupy()?;
        let value = self.expression(&assign.value)?;
        self.release();
        self.assign_element(assign.target, &index, assign.operator, &value)
    }

    fn access(&mut self, base: &Expression, suffixes: &[Suffix]) -> Result<Operand, Error> {
        let mut receiver = self.expression(base)?;
        for suffix in suffixes {
            self.budget.visit()?;
            self.occupy()?;
            receiver = match suffix {
                Suffix::Index(index) => {
                    let index = self.expression(index)?;
                    self.element(&receiver, &index)?
                }
                Suffix::Field(name, span) => {
                    self.room()?;
                    let datum = self.read(&receiver);
                    builtin::field(self, &datum, name).map_err(|error| error.at(*span))?
                }
                Suffix::Call(name, span, arguments) => {
                    self.occupy()?;
                    let arguments = self.arguments(arguments)?;
                    self.release();
                    let datum = self.read(&receiver);
                    builtin::call(self, &datum, name, arguments).map_err(|error| error.at(*span))?
                }
            };
            self.release();
        }
        Ok(receiver)
    }

    /// The arguments' boxes; the list itself counts as a node, twice.
    fn arguments(&mut self, arguments: &[Expression]) -> Result<Vec<Operand>, Error> {
        self.budget.visit()?;
        self.budget.visit()?;
        let mut operands = Vec::with_capacity(arguments.len());
        for argument in arguments {
            operands.push(self.expression(argument)?);
            self.pending += 1;
        }
        self.pending -= operands.len();
        Ok(operands)
    }

    fn element(&mut self, receiver: &Operand, index: &Operand) -> Result<Operand, Error> {
        let receiver = self.read(receiver);
        match (self.read(index), &receiver) {
            (Datum::Long(index), Datum::Array(array)) => {
                let shared = usize::try_from(index).ok().and_then(|index| array.shared(index));
                shared.map(Operand::Shared).ok_or_else(|| out_of_bounds(index, array.len()))
            }
            (Datum::Text(name), Datum::Unset(Type::Params)) => builtin::field(self, &receiver, &name),
            (Datum::Long(_), _) => Err(Error::cast(receiver.kind().name(), "an array")),
            (Datum::Text(_), _) => Err(Error::cast(receiver.kind().name(), Type::Params.name())),
            (other, _) => Err(Error::argument(format!("Invalid index type: {}", other.kind().name()))),
        }
    }

    fn new_array(&mut self, element: &TypeName, size: &Expression) -> Result<Operand, Error> {
        let size_operand = self.expression(size)?;
        let kind = element_type(element)?;
        let Datum::Long(size) = self.read(&size_operand) else {
            let found = self.read(&size_operand).kind();
            return Err(Error::cast(found.name(), Type::Long.name()));
        };
        let length = usize::try_from(size).map_err(|_| Error::argument(format!("Negative array size: {size}")))?;
        self.array_length(length)?;
        let items = vec![Datum::initial(kind); length];
        Ok(Operand::Own(Array::of(kind, items).map_or(Datum::Null, Datum::Array)))
    }

    fn new_array_of(&mut self, element: &TypeName, items: &[Expression]) -> Result<Operand, Error> {
        let kind = element_type(element)?;
        self.occupy()?;
        let operands = self.arguments(items)?;
        self.release();
        self.array_length(operands.len())?;
        let mut data = Vec::with_capacity(operands.len());
        for operand in &operands {
            let datum = self.read(operand);
            if datum.kind() != kind {
                return Err(operator::mismatch(kind, datum.kind()));
            }
            data.push(datum);
        }
        Ok(Operand::Own(Array::of(kind, data).map_or(Datum::Null, Datum::Array)))
    }

    /// Checks and pays for an array of a program.
    pub(in crate::sel) fn array_length(&mut self, length: usize) -> Result<(), Error> {
        let limit = self.budget.limits().array;
        if length >= limit {
            let message = format!("New array size is over the limit: {limit} vs length: {length}");
            return Err(Error::limit(Class::IllegalArgument, message));
        }
        self.budget.values(length + 1)
    }

    fn new_object(&mut self, class: &TypeName, arguments: &[Expression]) -> Result<Operand, Error> {
        self.occupy()?;
        let arguments = self.arguments(arguments)?;
        self.release();
        let kind = Type::declared(&class.name).ok_or_else(|| unknown_class(&class.name))?;
        builtin::construct(self, kind, &class.name, &arguments).map(Operand::Own)
    }
}

fn element_type(name: &TypeName) -> Result<Type, Error> {
    let kind = Type::declared(&name.name).ok_or_else(|| unknown_class(&name.name))?;
    if kind.array().is_some() {
        return Ok(kind);
    }
    let message = format!("NOT support creating an array with the element type {}", kind.name());
    Err(Error::unsupported(message))
}
