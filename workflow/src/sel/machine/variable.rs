//! Names: variables, inputs and classes.

use std::rc::Rc;

use super::{Datum, Machine, Operand, Shared, operator, refused};
use crate::sel::{
    Error,
    syntax::{AssignOperator, Expression, ExpressionKind, Literal, Slot},
    value::Type,
};

/// What is known of a name.
#[derive(Clone, Debug)]
pub(super) enum Variable {
    /// Nobody asked yet.
    Unread,
    /// It is no input either.
    Absent,
    Here(Shared),
}

impl Machine<'_> {
    /// The box of a variable or input.
    fn variable(&mut self, slot: Slot) -> Result<Option<Shared>, Error> {
        let index = slot as usize;
        match &self.variables[index] {
            Variable::Here(shared) => return Ok(Some(Rc::clone(shared))),
            Variable::Absent => return Ok(None),
            Variable::Unread => {}
        }
        let name = &self.tree.names[index];
        let may_read = self.program.is_readable(slot) && Type::of_class(name).is_none() && **name != *"params";
        let value = if may_read { self.scope.value(name).map_err(|refusal| refused(refusal, name))? } else { None };
        let Some(value) = value else {
            self.variables[index] = Variable::Absent;
            return Ok(None);
        };
        let shared = self.datum_of(&value)?.shared();
        self.variables[index] = Variable::Here(Rc::clone(&shared));
        Ok(Some(shared))
    }

    pub(super) fn name(&mut self, slot: Slot) -> Result<Operand, Error> {
        if let Some(shared) = self.variable(slot)? {
            return Ok(Operand::Shared(shared));
        }
        let name = &self.tree.names[slot as usize];
        let class = if **name == *"params" { Some(Type::Params) } else { Type::of_class(name) };
        Ok(Operand::Own(class.map_or(Datum::Null, Datum::Unset)))
    }

    /// A typed declaration: the variable shares the box.
    pub(super) fn declare(&mut self, slot: Slot, kind: Type, value: Option<Operand>) -> Result<(), Error> {
        let shared = match value {
            None => self.initial(kind)?.shared(),
            Some(operand) => {
                let found = self.read(&operand).kind();
                if found != kind {
                    return Err(operator::mismatch(kind, found));
                }
                self.share(operand)
            }
        };
        self.variables[slot as usize] = Variable::Here(shared);
        Ok(())
    }

    /// The value of a declaration without one.
    fn initial(&mut self, kind: Type) -> Result<Datum, Error> {
        self.budget.value()?;
        let element = match kind {
            Type::StringArray => Type::String,
            Type::LongArray => Type::Long,
            Type::DoubleArray => Type::Double,
            Type::BooleanArray => Type::Boolean,
            kind => return Ok(Datum::initial(kind)),
        };
        Ok(super::Array::of(element, Vec::new()).map_or(Datum::Null, Datum::Array))
    }

    /// An untyped assignment: the content is copied into the variable's own box.
    pub(super) fn assign(&mut self, slot: Slot, operator: AssignOperator, value: &Operand) -> Result<Operand, Error> {
        if let Some(done) = self.assign_long(slot, operator, value)? {
            return Ok(done);
        }
        let value = self.read(value);
        if let Some(shared) = self.variable(slot)? {
            // The value may hold this very box, and is read while it is assigned.
            let mut content = shared.borrow().clone();
            operator::assign(&mut content, operator, &value, &mut self.budget)?;
            shared.replace(content);
            return Ok(Operand::Shared(shared));
        }
        let name = &self.tree.names[slot as usize];
        let is_class = Type::of_class(name).is_some() || **name == *"params";
        if operator != AssignOperator::Set {
            let kind = if is_class { "A class" } else { "NULL" };
            let symbol = operator.symbol();
            return Err(Error::unsupported(format!("{kind} DO NOT support assignment operation {symbol}")));
        }
        let kind = value.kind();
        if matches!(kind, Type::Null | Type::Void) {
            return Err(Error::argument(format!("Not support creating an empty object for type {}", kind.name())));
        }
        self.budget.value()?;
        let mut content = Datum::Unset(kind);
        operator::assign(&mut content, operator, &value, &mut self.budget)?;
        let shared = content.shared();
        self.variables[slot as usize] = Variable::Here(Rc::clone(&shared));
        Ok(Operand::Shared(shared))
    }

    /// The same for a variable that holds a LONG and gets one, which is what loops do.
    #[inline]
    fn assign_long(&mut self, slot: Slot, operator: AssignOperator, value: &Operand) -> Result<Option<Operand>, Error> {
        let (Variable::Here(shared), Some(value)) = (&self.variables[slot as usize], self.long(value)) else {
            return Ok(None);
        };
        let mut content = shared.borrow_mut();
        let Datum::Long(before) = *content else { return Ok(None) };
        *content = match operator.arithmetic() {
            None => Datum::Long(value),
            Some(arithmetic) => operator::long(arithmetic, before, value)?,
        };
        drop(content);
        Ok(Some(Operand::Shared(Rc::clone(shared))))
    }

    /// The LONG that an expression stands for which is no more than a variable or a literal.
    #[inline]
    pub(super) fn plain_long(&self, expression: &Expression) -> Option<i64> {
        match &expression.kind {
            ExpressionKind::Name(slot) => match &self.variables[*slot as usize] {
                Variable::Here(shared) => match &*shared.borrow() {
                    Datum::Long(value) => Some(*value),
                    _ => None,
                },
                _ => None,
            },
            ExpressionKind::Literal(index) => self.long(&Operand::Literal(*index)),
            _ => None,
        }
    }

    /// Whether a variable holds a LONG.
    #[inline]
    pub(super) fn has_long(&self, slot: Slot) -> bool {
        matches!(&self.variables[slot as usize], Variable::Here(shared) if matches!(&*shared.borrow(), Datum::Long(_)))
    }

    /// What a box holds, where it is a LONG.
    #[inline]
    pub(super) fn long(&self, operand: &Operand) -> Option<i64> {
        match operand {
            Operand::Own(Datum::Long(value)) => Some(*value),
            Operand::Own(_) => None,
            Operand::Shared(shared) => match &*shared.borrow() {
                Datum::Long(value) => Some(*value),
                _ => None,
            },
            Operand::Literal(index) if self.literals.is_empty() => match &self.tree.literals[*index as usize] {
                Literal::Long(value) => Some(*value),
                _ => None,
            },
            Operand::Literal(_) => None,
        }
    }

    /// `name[index] = value`: the content is copied into the element's box.
    pub(super) fn assign_element(
        &mut self,
        slot: Slot,
        index: &Operand,
        operator: AssignOperator,
        value: &Operand,
    ) -> Result<Operand, Error> {
        let array = self.name(slot)?;
        let (array, index, value) = (self.read(&array), self.read(index), self.read(value));
        let Datum::Array(array) = array else {
            let symbol = operator.symbol();
            let message = format!("{} DO NOT support assignment operation {symbol}", array.kind().name());
            return Err(Error::unsupported(message));
        };
        let Datum::Long(at) = index else {
            return Err(Error::cast(index.kind().name(), Type::Long.name()));
        };
        let element = usize::try_from(at).ok().and_then(|at| array.shared(at));
        let element = element.ok_or_else(|| out_of_bounds(at, array.len()))?;
        // The value may hold this very element, and is read while it is assigned.
        let mut content = element.borrow().clone();
        operator::assign(&mut content, operator, &value, &mut self.budget)?;
        element.replace(content);
        Ok(Operand::Shared(element))
    }

    /// The content of an operand's box as it is now.
    pub(in crate::sel) fn read(&self, operand: &Operand) -> Datum {
        match operand {
            Operand::Own(datum) => datum.clone(),
            Operand::Shared(shared) => shared.borrow().clone(),
            Operand::Literal(index) => match self.literals.get(*index as usize) {
                Some(Some(shared)) => shared.borrow().clone(),
                _ => self.literal(*index),
            },
        }
    }

    /// The box of an operand, to be held by somebody else too.
    pub(in crate::sel) fn share(&mut self, operand: Operand) -> Shared {
        match operand {
            Operand::Own(datum) => datum.shared(),
            Operand::Shared(shared) => shared,
            Operand::Literal(index) => {
                let fresh = self.literal(index);
                if self.literals.is_empty() {
                    self.literals.resize(self.tree.literals.len(), None);
                }
                Rc::clone(self.literals[index as usize].get_or_insert_with(|| fresh.shared()))
            }
        }
    }
}

pub(super) fn out_of_bounds(index: i64, length: usize) -> Error {
    Error::index(format!("Index {index} out of bounds for length {length}"))
}
