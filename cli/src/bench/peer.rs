//! The same expressions in another language, so that our figures have something beside them.
//!
//! The peer is no part of the product: the feature `peer`, on by default, brings it, and builds without it print `-`.

/// The inputs of the expressions.
pub(super) const COUNT: i64 = 21;
pub(super) const LIMIT: i64 = 40;
pub(super) const TEXT: &str = "daily";

#[cfg(feature = "peer")]
pub(super) use rhai_peer::{NAME, Peer};
#[cfg(not(feature = "peer"))]
pub(super) use without_peer::{NAME, Peer};

#[cfg(feature = "peer")]
mod rhai_peer {
    use std::hint::black_box;

    use rhai::{AST, Dynamic, Engine, Scope};

    use super::{COUNT, LIMIT, TEXT};

    /// Who it is.
    pub(in crate::bench) const NAME: &str = "rhai";

    /// A program of the peer, read.
    pub(in crate::bench) struct Peer {
        engine: Engine,
        program: AST,
        text: &'static str,
    }

    impl Peer {
        /// Reads a program.
        pub(in crate::bench) fn new(text: &'static str) -> anyhow::Result<Option<Self>> {
            let engine = Engine::new();
            let program = engine.compile(text)?;
            Ok(Some(Self { engine, program, text }))
        }

        /// Reads it again.
        pub(in crate::bench) fn parse(&self) {
            drop(black_box(self.engine.compile(self.text)));
        }

        /// Runs it.
        pub(in crate::bench) fn run(&self) {
            drop(black_box(self.value()));
        }

        /// What it comes to.
        pub(in crate::bench) fn answer(&self) -> String {
            self.value().map_or_else(|error| error.to_string(), |value| value.to_string())
        }

        fn value(&self) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
            let mut scope = Scope::new();
            scope.push("count", COUNT).push("limit", LIMIT).push("name", TEXT);
            self.engine.eval_ast_with_scope(&mut scope, &self.program)
        }
    }
}

#[cfg(not(feature = "peer"))]
mod without_peer {
    /// Nobody.
    pub(in crate::bench) const NAME: &str = "-";

    /// A peer that is not there.
    pub(in crate::bench) enum Peer {}

    impl Peer {
        /// There is none.
        pub(in crate::bench) fn new(_: &'static str) -> anyhow::Result<Option<Self>> {
            Ok(None)
        }

        /// Nothing.
        pub(in crate::bench) fn parse(&self) {
            match *self {}
        }

        /// Nothing.
        pub(in crate::bench) fn run(&self) {
            match *self {}
        }

        /// Nothing.
        pub(in crate::bench) fn answer(&self) -> String {
            match *self {}
        }
    }
}
