//! Which names a program reads from its scope.
//!
//! A name is read from the scope when its first occurrence, in tree order with the target of an assignment before its right side, is
//! a read. Names of classes are never read from the scope.

use std::sync::Arc;

use super::{
    Type,
    syntax::{Declaration, Expression, ExpressionKind, ForInit, Slot, Statement, StatementKind, Suffix, Tree},
};

/// The slots of the names read from the scope, in first-use order.
pub(super) fn inputs(tree: &Tree) -> Vec<Slot> {
    let mut walk = Walk { names: &tree.names, seen: vec![false; tree.names.len()], inputs: Vec::new() };
    tree.body.iter().for_each(|statement| walk.statement(statement));
    walk.inputs
}

struct Walk<'a> {
    names: &'a [Arc<str>],
    seen: Vec<bool>,
    inputs: Vec<Slot>,
}

impl Walk<'_> {
    fn write(&mut self, slot: Slot) {
        self.seen[slot as usize] = true;
    }

    fn read(&mut self, slot: Slot) {
        let index = slot as usize;
        if !self.seen[index] && Type::of_class(&self.names[index]).is_none() {
            self.inputs.push(slot);
        }
        self.seen[index] = true;
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Declare(declaration) => self.declaration(declaration),
            StatementKind::Block(statements) => {
                for inner in statements {
                    self.statement(inner);
                }
            }
            StatementKind::Evaluate(value) | StatementKind::Return(value) | StatementKind::Throw(value) => {
                self.expression(value);
            }
            StatementKind::If { arms, otherwise } => {
                for (condition, then) in arms {
                    self.expression(condition);
                    self.statement(then);
                }
                if let Some(otherwise) = otherwise {
                    self.statement(otherwise);
                }
            }
            StatementKind::While { condition, body } => {
                self.expression(condition);
                self.statement(body);
            }
            StatementKind::For(parts) => {
                match &parts.init {
                    Some(ForInit::Declare(declaration)) => self.declaration(declaration),
                    Some(ForInit::Evaluate(expression)) => self.expression(expression),
                    None => {}
                }
                parts.condition.iter().chain(&parts.update).for_each(|part| self.expression(part));
                self.statement(&parts.body);
            }
            StatementKind::Break | StatementKind::Continue => {}
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        for declarator in &declaration.declarators {
            self.write(declarator.target);
            declarator.value.iter().for_each(|value| self.expression(value));
        }
    }

    fn expression(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Literal(_) => {}
            ExpressionKind::Name(slot) => self.read(*slot),
            ExpressionKind::Paren(inner) | ExpressionKind::Unary(_, inner) => self.expression(inner),
            ExpressionKind::Binary(first, rest) => {
                self.expression(first);
                for (_, operand) in rest {
                    self.expression(operand);
                }
            }
            ExpressionKind::Conditional(arms, otherwise) => {
                for (condition, then) in arms {
                    self.expression(condition);
                    self.expression(then);
                }
                self.expression(otherwise);
            }
            ExpressionKind::Assign(assign) => {
                self.write(assign.target);
                assign.index.iter().for_each(|index| self.expression(index));
                self.expression(&assign.value);
            }
            ExpressionKind::Access(base, suffixes) => {
                self.expression(base);
                for suffix in suffixes {
                    match suffix {
                        Suffix::Index(index) => self.expression(index),
                        Suffix::Field(..) => {}
                        Suffix::Call(_, _, arguments) => {
                            for argument in arguments {
                                self.expression(argument);
                            }
                        }
                    }
                }
            }
            ExpressionKind::NewArray { size, .. } => self.expression(size),
            ExpressionKind::NewArrayOf { items, .. } | ExpressionKind::New { arguments: items, .. } => {
                for item in items {
                    self.expression(item);
                }
            }
        }
    }
}
