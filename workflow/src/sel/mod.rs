//! The expression language: lexer, parser, evaluator with a budget.
