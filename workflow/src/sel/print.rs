//! A program as text again: parsing what was printed gives the same tree.

use std::fmt::{self, Display, Formatter, Write};

use super::syntax::{
    Declaration, Expression, ExpressionKind, ForInit, Literal, Statement, StatementKind, Suffix, Tree, TypeName,
};

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for import in &self.imports {
            let word = if import.is_static { "import static" } else { "import" };
            write!(f, "{word} {}{}; ", import.path.join("."), if import.is_wildcard { ".*" } else { "" })?;
        }
        let printer = Printer { tree: self };
        for (index, statement) in self.body.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            printer.statement(f, statement)?;
        }
        Ok(())
    }
}

struct Printer<'a> {
    tree: &'a Tree,
}

impl Printer<'_> {
    fn name(&self, slot: u32) -> &str {
        &self.tree.names[slot as usize]
    }

    fn statement(&self, f: &mut Formatter<'_>, statement: &Statement) -> fmt::Result {
        match &statement.kind {
            StatementKind::Declare(declaration) => self.declaration(f, declaration)?,
            StatementKind::Evaluate(expression) => self.expression(f, expression)?,
            StatementKind::Break => f.write_str("break")?,
            StatementKind::Continue => f.write_str("continue")?,
            StatementKind::Return(value) => {
                f.write_str("return ")?;
                self.expression(f, value)?;
            }
            StatementKind::Throw(value) => {
                f.write_str("throw ")?;
                self.expression(f, value)?;
            }
            StatementKind::Block(statements) => {
                f.write_str("{ ")?;
                for inner in statements {
                    self.statement(f, inner)?;
                    f.write_char(' ')?;
                }
                return f.write_char('}');
            }
            StatementKind::If { arms, otherwise } => return self.if_chain(f, arms, otherwise.as_deref()),
            StatementKind::While { condition, body } => {
                f.write_str("while (")?;
                self.expression(f, condition)?;
                f.write_str(") ")?;
                return self.statement(f, body);
            }
            StatementKind::For(parts) => {
                f.write_str("for (")?;
                match &parts.init {
                    Some(ForInit::Declare(declaration)) => self.declaration(f, declaration)?,
                    Some(ForInit::Evaluate(expression)) => self.expression(f, expression)?,
                    None => {}
                }
                for part in [&parts.condition, &parts.update] {
                    f.write_str("; ")?;
                    part.iter().try_for_each(|part| self.expression(f, part))?;
                }
                f.write_str(") ")?;
                return self.statement(f, &parts.body);
            }
        }
        f.write_char(';')
    }

    fn if_chain(
        &self,
        f: &mut Formatter<'_>,
        arms: &[(Expression, Statement)],
        otherwise: Option<&Statement>,
    ) -> fmt::Result {
        for (index, (condition, then)) in arms.iter().enumerate() {
            f.write_str(if index == 0 { "if (" } else { " else if (" })?;
            self.expression(f, condition)?;
            f.write_str(") ")?;
            self.statement(f, then)?;
        }
        otherwise.iter().try_for_each(|otherwise| {
            f.write_str(" else ")?;
            self.statement(f, otherwise)
        })
    }

    fn declaration(&self, f: &mut Formatter<'_>, declaration: &Declaration) -> fmt::Result {
        type_name(f, &declaration.declared)?;
        for (index, declarator) in declaration.declarators.iter().enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            f.write_str(self.name(declarator.target))?;
            if let Some(value) = &declarator.value {
                f.write_str(" = ")?;
                self.expression(f, value)?;
            }
        }
        Ok(())
    }

    fn expression(&self, f: &mut Formatter<'_>, expression: &Expression) -> fmt::Result {
        match &expression.kind {
            ExpressionKind::Literal(index) => literal(f, &self.tree.literals[*index as usize]),
            ExpressionKind::Name(slot) => f.write_str(self.name(*slot)),
            ExpressionKind::Paren(inner) => {
                f.write_char('(')?;
                self.expression(f, inner)?;
                f.write_char(')')
            }
            ExpressionKind::Unary(operators, operand) => {
                // A space between signs, because `--` is one token.
                operators.iter().try_for_each(|operator| write!(f, "{} ", operator.symbol()))?;
                self.expression(f, operand)
            }
            ExpressionKind::Binary(first, rest) => {
                self.expression(f, first)?;
                rest.iter().try_for_each(|(operator, operand)| {
                    write!(f, " {} ", operator.symbol())?;
                    self.expression(f, operand)
                })
            }
            ExpressionKind::Conditional(arms, otherwise) => {
                for (condition, then) in arms {
                    self.expression(f, condition)?;
                    f.write_str(" ? ")?;
                    self.expression(f, then)?;
                    f.write_str(" : ")?;
                }
                self.expression(f, otherwise)
            }
            ExpressionKind::Assign(assign) => {
                f.write_str(self.name(assign.target))?;
                if let Some(index) = &assign.index {
                    f.write_char('[')?;
                    self.expression(f, index)?;
                    f.write_char(']')?;
                }
                write!(f, " {} ", assign.operator.symbol())?;
                self.expression(f, &assign.value)
            }
            ExpressionKind::Access(base, suffixes) => {
                self.expression(f, base)?;
                suffixes.iter().try_for_each(|suffix| self.suffix(f, suffix))
            }
            ExpressionKind::NewArray { element, size } => {
                write!(f, "new {}[", element.name)?;
                self.expression(f, size)?;
                f.write_char(']')
            }
            ExpressionKind::NewArrayOf { element, items } => {
                write!(f, "new {}[]{{", element.name)?;
                self.list(f, items)?;
                f.write_char('}')
            }
            ExpressionKind::New { class, arguments } => {
                write!(f, "new {}(", class.name)?;
                self.list(f, arguments)?;
                f.write_char(')')
            }
        }
    }

    fn suffix(&self, f: &mut Formatter<'_>, suffix: &Suffix) -> fmt::Result {
        match suffix {
            Suffix::Index(index) => {
                f.write_char('[')?;
                self.expression(f, index)?;
                f.write_char(']')
            }
            Suffix::Field(name, _) => write!(f, ".{name}"),
            Suffix::Call(name, _, arguments) => {
                write!(f, ".{name}(")?;
                self.list(f, arguments)?;
                f.write_char(')')
            }
        }
    }

    fn list(&self, f: &mut Formatter<'_>, items: &[Expression]) -> fmt::Result {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            self.expression(f, item)?;
        }
        Ok(())
    }
}

fn type_name(f: &mut Formatter<'_>, name: &TypeName) -> fmt::Result {
    write!(f, "{}{}", name.name, if name.is_array { "[]" } else { "" })
}

fn literal(f: &mut Formatter<'_>, literal: &Literal) -> fmt::Result {
    match literal {
        Literal::Long(value) => write!(f, "{value}"),
        // The only literal that no finite digits print.
        Literal::Double(value) if value.is_infinite() => f.write_str("1e999"),
        Literal::Double(value) => write!(f, "{value:?}"),
        Literal::Boolean(value) => write!(f, "{value}"),
        Literal::Null => f.write_str("null"),
        Literal::String(text) => {
            f.write_char('\'')?;
            for character in text.chars() {
                match character {
                    '\u{8}' => f.write_str("\\b")?,
                    '\n' => f.write_str("\\n")?,
                    '\t' => f.write_str("\\t")?,
                    '\u{c}' => f.write_str("\\f")?,
                    '\r' => f.write_str("\\r")?,
                    '\\' => f.write_str("\\\\")?,
                    '\'' => f.write_str("\\'")?,
                    _ => f.write_char(character)?,
                }
            }
            f.write_char('\'')
        }
    }
}
