//! From tokens to the tree: expressions, by precedence.

use super::{
    Error,
    error::{Class, Kind},
    parser::Parser,
    syntax::{
        Assign, AssignOperator, BinaryOperator, Expression, ExpressionKind, Literal, Suffix, TypeName, UnaryOperator,
    },
    token::Token,
};

impl Parser {
    pub(super) fn expression(&mut self) -> Result<Expression, Error> {
        self.nested(Self::assignment)
    }

    /// `name = …`, `name[index] = …`, or anything that is no assignment.
    fn assignment(&mut self) -> Result<Expression, Error> {
        let left = self.conditional()?;
        if self.assign_operator().is_none() {
            return Ok(left);
        }
        self.assignment_to(left)
    }

    fn assignment_to(&mut self, left: Expression) -> Result<Expression, Error> {
        let start = left.span;
        let target = match left.kind {
            ExpressionKind::Name(target) => Some((target, None)),
            ExpressionKind::Access(base, mut suffixes) => match (base.kind, suffixes.pop()) {
                (ExpressionKind::Name(target), Some(Suffix::Index(index))) if suffixes.is_empty() => {
                    Some((target, Some(index)))
                }
                _ => None,
            },
            _ => None,
        };
        let (Some((target, index)), Some(operator)) = (target, self.assign_operator()) else {
            return Err(self.unexpected("\";\""));
        };
        self.advance();
        let value = self.expression()?;
        let kind = ExpressionKind::Assign(Box::new(Assign { target, index, operator, value }));
        Ok(Expression { kind, span: self.since(start) })
    }

    fn assign_operator(&self) -> Option<AssignOperator> {
        let Token::Sign(sign) = self.peek() else { return None };
        Some(match *sign {
            "=" => AssignOperator::Set,
            "+=" => AssignOperator::Add,
            "-=" => AssignOperator::Subtract,
            "*=" => AssignOperator::Multiply,
            "/=" => AssignOperator::Divide,
            "%=" => AssignOperator::Remainder,
            _ => return None,
        })
    }

    fn conditional(&mut self) -> Result<Expression, Error> {
        let start = self.span();
        let mut condition = self.binary(0)?;
        let mut arms = Vec::new();
        while self.take_sign("?") {
            let then = self.expression()?;
            self.expect_sign(":")?;
            arms.push((condition, then));
            condition = self.binary(0)?;
            // What follows `:` may be an assignment; it then ends the chain.
            if self.assign_operator().is_some() {
                condition = self.assignment_to(condition)?;
                break;
            }
        }
        if arms.is_empty() {
            return Ok(condition);
        }
        let kind = ExpressionKind::Conditional(arms, Box::new(condition));
        Ok(Expression { kind, span: self.since(start) })
    }

    fn binary_operator(&self) -> Option<BinaryOperator> {
        let Token::Sign(sign) = self.peek() else { return None };
        Some(match *sign {
            "||" => BinaryOperator::Or,
            "&&" => BinaryOperator::And,
            "==" => BinaryOperator::Equal,
            "!=" => BinaryOperator::NotEqual,
            "<" => BinaryOperator::Less,
            ">" => BinaryOperator::Greater,
            "<=" => BinaryOperator::LessOrEqual,
            ">=" => BinaryOperator::GreaterOrEqual,
            "+" => BinaryOperator::Add,
            "-" => BinaryOperator::Subtract,
            "*" => BinaryOperator::Multiply,
            "/" => BinaryOperator::Divide,
            "%" => BinaryOperator::Remainder,
            _ => return None,
        })
    }

    /// An operation whose operators bind at least as tightly as `level`: precedence climbing, one chain a level.
    fn binary(&mut self, level: u8) -> Result<Expression, Error> {
        let start = self.span();
        let mut left = self.unary()?;
        while let Some(first) = self.binary_operator().filter(|operator| operator.level() >= level) {
            let own = first.level();
            let mut rest = Vec::new();
            while let Some(operator) = self.binary_operator().filter(|operator| operator.level() == own) {
                self.advance();
                rest.push((operator, self.nested(|parser| parser.binary(own + 1))?));
            }
            left = Expression { kind: ExpressionKind::Binary(Box::new(left), rest), span: self.since(start) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, Error> {
        let start = self.span();
        let mut operators = Vec::new();
        loop {
            operators.push(match self.peek() {
                Token::Sign("-") => UnaryOperator::Minus,
                Token::Sign("+") => UnaryOperator::Plus,
                Token::Sign("!") => UnaryOperator::Not,
                _ => break,
            });
            self.advance();
        }
        let operand = self.primary()?;
        if operators.is_empty() {
            return Ok(operand);
        }
        Ok(Expression { kind: ExpressionKind::Unary(operators, Box::new(operand)), span: self.since(start) })
    }

    fn primary(&mut self) -> Result<Expression, Error> {
        let start = self.span();
        let kind = self.prefix()?;
        let base = Expression { kind, span: self.since(start) };
        let mut suffixes = Vec::new();
        loop {
            if self.take_sign("[") {
                suffixes.push(Suffix::Index(self.expression()?));
                self.expect_sign("]")?;
            } else if self.take_sign(".") {
                let (name, span) = self.identifier()?;
                let is_call = self.take_sign("(");
                suffixes.push(if is_call {
                    Suffix::Call(name, span, self.arguments()?)
                } else {
                    Suffix::Field(name, span)
                });
            } else {
                break;
            }
        }
        if suffixes.is_empty() {
            return Ok(base);
        }
        Ok(Expression { kind: ExpressionKind::Access(Box::new(base), suffixes), span: self.since(start) })
    }

    /// What stands after an opening parenthesis of a call, up to and with the closing one.
    fn arguments(&mut self) -> Result<Vec<Expression>, Error> {
        let mut arguments = Vec::new();
        if self.take_sign(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.take_sign(",") {
                self.expect_sign(")")?;
                return Ok(arguments);
            }
        }
    }

    fn prefix(&mut self) -> Result<ExpressionKind, Error> {
        let literal = match self.peek() {
            Token::Integer(digits) => {
                let value = digits.parse().map_err(|_| {
                    let message = format!("For input string: \"{digits}\"");
                    Error::new(Kind::Parse, Class::NumberFormat, message).at(self.span())
                })?;
                Literal::Long(value)
            }
            Token::Double(value) => Literal::Double(*value),
            Token::String(text) => Literal::String(text.clone()),
            Token::Reserved("true") => Literal::Boolean(true),
            Token::Reserved("false") => Literal::Boolean(false),
            Token::Reserved("null") => Literal::Null,
            Token::Identifier(name) => {
                let name = name.clone();
                self.advance();
                return Ok(ExpressionKind::Name(self.slot(name)));
            }
            Token::Reserved("new") => {
                self.advance();
                return self.allocation();
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect_sign(")")?;
                return Ok(ExpressionKind::Paren(Box::new(inner)));
            }
            _ => return Err(self.unexpected("an expression")),
        };
        self.advance();
        Ok(self.literal(literal))
    }

    fn allocation(&mut self) -> Result<ExpressionKind, Error> {
        let is_class = matches!(self.peek(), Token::Identifier(_));
        let class = self.class_name()?;
        if is_class && self.take_sign("(") {
            return Ok(ExpressionKind::New { class, arguments: self.arguments()? });
        }
        self.expect_sign("[")?;
        if !self.take_sign("]") {
            let size = Box::new(self.expression()?);
            self.expect_sign("]")?;
            return Ok(ExpressionKind::NewArray { element: class, size });
        }
        self.array_items(class)
    }

    fn array_items(&mut self, element: TypeName) -> Result<ExpressionKind, Error> {
        self.expect_sign("{")?;
        let mut items = Vec::new();
        if self.is_sign(",") {
            self.advance();
            self.expect_sign("}")?;
            return Ok(ExpressionKind::NewArrayOf { element, items });
        }
        while !self.take_sign("}") {
            items.push(self.expression()?);
            if !self.take_sign(",") {
                self.expect_sign("}")?;
                break;
            }
        }
        Ok(ExpressionKind::NewArrayOf { element, items })
    }
}
