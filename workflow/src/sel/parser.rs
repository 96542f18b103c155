//! From tokens to the tree: statements. Expressions stand in [`super::parser_expression`].

use std::sync::Arc;

use indexmap::IndexSet;

use super::{
    Error, Span,
    syntax::{
        Declaration, Declarator, Expression, ExpressionKind, For, ForInit, Import, Literal, Slot, Statement,
        StatementKind, Tree, TypeName,
    },
    token::{self, Lexeme, Token},
};

/// Statements, parentheses, arguments, operations and right sides may stand this deep within each other: deep enough for what people and
/// generators write, shallow enough for a thread's stack in a debug build.
const NESTING_MAX: usize = 200;

const PRIMITIVES: [&str; 5] = ["boolean", "int", "long", "float", "double"];

/// Parses a complete program.
pub(super) fn parse(text: &str) -> Result<Tree, Error> {
    let mut parser =
        Parser { lexemes: token::tokens(text)?, at: 0, depth: 0, names: IndexSet::new(), literals: vec![] };
    let mut imports = Vec::new();
    while parser.is_word("import") {
        imports.push(parser.import()?);
    }
    let mut body = Vec::new();
    while *parser.peek() != Token::End {
        body.push(parser.block_statement()?);
    }
    Ok(Tree { imports, body, names: parser.names.into_iter().collect(), literals: parser.literals })
}

pub(super) struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
    depth: usize,
    names: IndexSet<Arc<str>>,
    literals: Vec<Literal>,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.lexemes[self.at].token
    }

    /// The token `ahead` places further; the end stays the end.
    pub(super) fn peek_at(&self, ahead: usize) -> &Token {
        &self.lexemes[(self.at + ahead).min(self.lexemes.len() - 1)].token
    }

    pub(super) fn span(&self) -> Span {
        self.lexemes[self.at].span
    }

    /// The span from `start` to the last token taken.
    pub(super) fn since(&self, start: Span) -> Span {
        start.to(self.lexemes[self.at.saturating_sub(1)].span)
    }

    pub(super) fn advance(&mut self) -> Lexeme {
        let lexeme = self.lexemes[self.at].clone();
        if self.at + 1 < self.lexemes.len() {
            self.at += 1;
        }
        lexeme
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(found) if *found == sign)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Reserved(found) if *found == word)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        if found {
            self.advance();
        }
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), Error> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("\"{sign}\""))) }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Error {
        let found = match self.peek() {
            Token::Identifier(name) => format!("\"{name}\""),
            Token::Reserved(word) | Token::Sign(word) => format!("\"{word}\""),
            Token::Integer(digits) => format!("\"{digits}\""),
            Token::Double(value) => format!("\"{value}\""),
            Token::String(_) => "a text".to_owned(),
            Token::End => "<EOF>".to_owned(),
        };
        Error::parse(format!("Encountered {found}, was expecting {wanted}"), self.span())
    }

    /// Runs `inner` one level deeper.
    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == NESTING_MAX {
            let message = format!("the expression is nested deeper than {NESTING_MAX} levels");
            return Err(Error::parse(message, self.span()));
        }
        self.depth += 1;
        let parsed = inner(self);
        self.depth -= 1;
        parsed
    }

    pub(super) fn identifier(&mut self) -> Result<(Arc<str>, Span), Error> {
        let Token::Identifier(name) = self.peek().clone() else {
            return Err(self.unexpected("a name"));
        };
        Ok((name, self.advance().span))
    }

    pub(super) fn slot(&mut self, name: Arc<str>) -> Slot {
        let (index, _) = self.names.insert_full(name);
        u32::try_from(index).expect("a text has fewer names than bytes, and bytes are counted in 32 bits")
    }

    pub(super) fn literal(&mut self, literal: Literal) -> ExpressionKind {
        self.literals.push(literal);
        let index = u32::try_from(self.literals.len() - 1);
        ExpressionKind::Literal(index.expect("a text has fewer literals than bytes, and bytes are counted in 32 bits"))
    }

    fn import(&mut self) -> Result<Import, Error> {
        self.advance();
        let is_static = self.take_word("static");
        let mut path = vec![self.identifier()?.0];
        let mut is_wildcard = false;
        while !is_wildcard && self.take_sign(".") {
            is_wildcard = self.take_sign("*");
            if !is_wildcard {
                path.push(self.identifier()?.0);
            }
        }
        self.expect_sign(";")?;
        Ok(Import { is_static, path, is_wildcard })
    }

    fn block_statement(&mut self) -> Result<Statement, Error> {
        if !self.is_declaration() {
            return self.statement();
        }
        let start = self.span();
        let declaration = self.declaration()?;
        self.expect_sign(";")?;
        Ok(Statement { kind: StatementKind::Declare(declaration), span: self.since(start) })
    }

    fn is_primitive(&self) -> bool {
        matches!(self.peek(), Token::Reserved(word) if PRIMITIVES.contains(word))
    }

    fn is_declaration(&self) -> bool {
        if self.is_primitive() {
            return true;
        }
        let is_name = |token: &Token| matches!(token, Token::Identifier(_));
        let is_sign = |token: &Token, sign: &str| matches!(token, Token::Sign(found) if *found == sign);
        let brackets = is_sign(self.peek_at(1), "[") && is_sign(self.peek_at(2), "]");
        is_name(self.peek()) && (is_name(self.peek_at(1)) || (brackets && is_name(self.peek_at(3))))
    }

    /// A class or primitive name, without brackets.
    pub(super) fn class_name(&mut self) -> Result<TypeName, Error> {
        if self.is_primitive() {
            let lexeme = self.advance();
            let Token::Reserved(word) = lexeme.token else { unreachable!("primitives are reserved words") };
            return Ok(TypeName { name: word.into(), is_array: false, span: lexeme.span });
        }
        let (name, span) = self.identifier()?;
        Ok(TypeName { name, is_array: false, span })
    }

    fn declaration(&mut self) -> Result<Declaration, Error> {
        let mut declared = self.class_name()?;
        if self.take_sign("[") {
            self.expect_sign("]")?;
            declared.is_array = true;
        }
        let mut declarators = Vec::new();
        loop {
            let (name, span) = self.identifier()?;
            let target = self.slot(name);
            let value = if self.take_sign("=") { Some(self.expression()?) } else { None };
            declarators.push(Declarator { target, span, value });
            if !self.take_sign(",") {
                return Ok(Declaration { declared, declarators });
            }
        }
    }

    fn statement(&mut self) -> Result<Statement, Error> {
        self.nested(|parser| {
            let start = parser.span();
            let kind = parser.statement_kind()?;
            Ok(Statement { kind, span: parser.since(start) })
        })
    }

    fn statement_kind(&mut self) -> Result<StatementKind, Error> {
        let kind = match self.peek() {
            Token::Sign("{") => return self.block(),
            Token::Reserved("if") => return self.if_chain(),
            Token::Reserved("while") => return self.while_loop(),
            Token::Reserved("for") => return self.for_loop(),
            Token::Reserved("break") => {
                self.advance();
                StatementKind::Break
            }
            Token::Reserved("continue") => {
                self.advance();
                StatementKind::Continue
            }
            Token::Reserved("return") => {
                self.advance();
                StatementKind::Return(self.expression()?)
            }
            Token::Reserved("throw") => {
                self.advance();
                StatementKind::Throw(self.expression()?)
            }
            _ => StatementKind::Evaluate(self.expression()?),
        };
        self.expect_sign(";")?;
        Ok(kind)
    }

    fn block(&mut self) -> Result<StatementKind, Error> {
        self.advance();
        let mut statements = Vec::new();
        while !self.take_sign("}") {
            statements.push(self.block_statement()?);
        }
        Ok(StatementKind::Block(statements))
    }

    fn condition(&mut self) -> Result<Expression, Error> {
        self.expect_sign("(")?;
        let condition = self.expression()?;
        self.expect_sign(")")?;
        Ok(condition)
    }

    fn if_chain(&mut self) -> Result<StatementKind, Error> {
        let mut arms = Vec::new();
        loop {
            self.advance();
            let condition = self.condition()?;
            arms.push((condition, self.statement()?));
            if !self.take_word("else") {
                return Ok(StatementKind::If { arms, otherwise: None });
            }
            if !self.is_word("if") {
                let otherwise = Some(Box::new(self.statement()?));
                return Ok(StatementKind::If { arms, otherwise });
            }
        }
    }

    fn while_loop(&mut self) -> Result<StatementKind, Error> {
        self.advance();
        let condition = self.condition()?;
        Ok(StatementKind::While { condition, body: Box::new(self.statement()?) })
    }

    fn for_loop(&mut self) -> Result<StatementKind, Error> {
        self.advance();
        self.expect_sign("(")?;
        let init = match self.peek() {
            Token::Sign(";") => None,
            _ if self.is_declaration() => Some(ForInit::Declare(self.declaration()?)),
            _ => Some(ForInit::Evaluate(self.for_expression()?)),
        };
        self.expect_sign(";")?;
        let condition = if self.is_sign(";") { None } else { Some(self.expression()?) };
        self.expect_sign(";")?;
        let update = if self.is_sign(")") { None } else { Some(self.for_expression()?) };
        self.expect_sign(")")?;
        Ok(StatementKind::For(Box::new(For { init, condition, update, body: self.statement()? })))
    }

    /// An assignment or a primary: the only expressions that may stand at the start and end of a `for` head.
    fn for_expression(&mut self) -> Result<Expression, Error> {
        let expression = self.expression()?;
        match expression.kind {
            ExpressionKind::Unary(..) | ExpressionKind::Binary(..) | ExpressionKind::Conditional(..) => {
                Err(Error::parse("Encountered an operation, was expecting an assignment", expression.span))
            }
            _ => Ok(expression),
        }
    }
}
