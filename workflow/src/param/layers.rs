//! The layers that the params of a run and of an attempt are merged from, in order.

use std::sync::Arc;

use super::{Authority, Definition, Definitions, Error, Layer, Mode, Params, Source, cleanup, merge, reserved, settle};

/// What started a run, as far as its params are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The kind of step that started it (SUBWORKFLOW, FOREACH, WHILE or TEMPLATE); `None` for people and triggers.
    pub parent: Option<Source>,
    /// Whether it continues an earlier run of the instance.
    pub is_restart: bool,
}

impl Origin {
    fn source(self) -> Source {
        self.parent.unwrap_or(if self.is_restart { Source::Restart } else { Source::Launch })
    }

    /// A workflow-level layer: parents have full control over their children.
    fn layer(self, source: Source) -> Layer {
        let authority = if self.parent.is_some() { Authority::Upstream } else { Authority::User };
        Layer { source, authority, is_restart: self.is_restart }
    }

    /// The layer of the params that come with a run.
    pub fn run_layer(self) -> Layer {
        self.layer(self.source())
    }

    /// A step-level layer: the modes of step params bind parents too.
    fn step_layer(self) -> Layer {
        Layer { source: self.source(), authority: Authority::User, is_restart: self.is_restart }
    }
}

/// What the system brings along, merged; the other layers go over it.
pub fn bundled<'a>(defaults: impl IntoIterator<Item = &'a Definitions>) -> Result<Definitions, Error> {
    let mut params = Definitions::new();
    for defaults in defaults {
        merge(&mut params, defaults, Layer::of(Source::SystemDefault))?;
    }
    Ok(params)
}

/// [`bundled`] params under what a definition says, before any run.
pub fn workflow_static(bundled: &Definitions, defined: Option<&Definitions>) -> Result<Definitions, Error> {
    let mut params = bundled.clone();
    if let Some(defined) = defined {
        merge(&mut params, defined, Layer::of(Source::Definition))?;
    }
    Ok(params)
}

/// The params of a first run of an instance, over [`bundled`] ones.
pub fn workflow_first(
    bundled: &Definitions,
    defined: Option<&Definitions>,
    run: Option<&Definitions>,
    origin: Origin,
) -> Result<Definitions, Error> {
    let mut params = bundled.clone();
    if let Some(defined) = defined {
        merge(&mut params, defined, origin.layer(Source::Definition))?;
    }
    if let Some(run) = run {
        merge(&mut params, run, origin.run_layer())?;
    }
    cleanup(&params)
}

/// The params of a restarted run: neither the defaults nor the definition are merged again.
///
/// `restart` are the params of the restart request where this run is the one that it names.
pub fn workflow_restarted(
    previous: &Params,
    run: Option<&Definitions>,
    restart: Option<&Definitions>,
    origin: Origin,
) -> Result<Definitions, Error> {
    let mut params = Definitions::new();
    merge(&mut params, &settle::definitions(previous)?, Layer::of(Source::System))?;
    for layer in [run, restart].into_iter().flatten() {
        merge(&mut params, layer, origin.run_layer())?;
    }
    cleanup(&params)
}

/// Everything that the params of an attempt are merged from.
#[derive(Clone, Copy, Debug)]
pub struct StepLayers<'a> {
    /// [`bundled`] for its type.
    pub bundled: &'a Definitions,
    /// From its runtime or its job template.
    pub injected: Option<&'a Definitions>,
    /// From its definition.
    pub defined: Option<&'a Definitions>,
}

impl StepLayers<'_> {
    /// What is known before any run.
    pub fn merged_static(&self) -> Result<Definitions, Error> {
        let mut params = self.below_defined()?;
        self.merge_defined(&mut params)?;
        Ok(params)
    }

    /// The params of an attempt.
    pub fn merged(&self, overrides: &Overrides<'_>, origin: Origin) -> Result<Definitions, Error> {
        let mut params = self.below_defined()?;
        let (run, engine) = overrides.split_run();
        // Names that the definition lacks come before those that it has, so that these may refer to them.
        let mut undefined = overrides.restart.cloned().unwrap_or_default();
        undefined.extend(run.iter().flatten().map(|(name, definition)| (Arc::clone(name), Arc::clone(definition))));
        undefined.retain(|name, _| self.defined.is_none_or(|defined| !defined.contains_key(name)));
        merge(&mut params, &undefined, origin.step_layer())?;
        self.merge_defined(&mut params)?;
        for layer in [run.as_ref(), overrides.restart].into_iter().flatten() {
            merge(&mut params, layer, origin.step_layer())?;
        }
        params.extend(engine);
        cleanup(&params)
    }

    fn below_defined(&self) -> Result<Definitions, Error> {
        let mut params = self.bundled.clone();
        if let Some(injected) = self.injected {
            merge(&mut params, injected, Layer::of(Source::TemplateSchema))?;
        }
        Ok(params)
    }

    fn merge_defined(&self, params: &mut Definitions) -> Result<(), Error> {
        self.defined.map_or(Ok(()), |defined| merge(params, defined, Layer::of(Source::Definition)))
    }
}

/// Params that a run or a restart sets on one step.
#[derive(Clone, Copy, Debug)]
pub struct Overrides<'a> {
    /// Of the attempt, or else of the run.
    pub run: Option<&'a Definitions>,
    /// Of the restart request where this run is the one that it names.
    pub restart: Option<&'a Definitions>,
    /// Whether the attempt itself was restarted, so that what the engine injected before is taken over.
    pub is_attempt_restarted: bool,
}

impl Overrides<'_> {
    /// The run's params, and those among them that the engine injected and that pass as they are.
    fn split_run(&self) -> (Option<Definitions>, Definitions) {
        let Some(run) = self.run else { return (None, Definitions::new()) };
        let is_engines = |name: &str, definition: &Definition| {
            self.is_attempt_restarted
                && reserved::is_reserved(name)
                && definition.mode == Some(Mode::Constant)
                && definition.source == Some(Source::SystemInjected)
        };
        let (mut users, mut engine) = (Definitions::new(), Definitions::new());
        for (name, definition) in run {
            if is_engines(name, definition) {
                let taken = Definition { source: Some(Source::Restart), ..(**definition).clone() };
                engine.insert(Arc::clone(name), Arc::new(taken));
            } else {
                users.insert(Arc::clone(name), Arc::clone(definition));
            }
        }
        (Some(users), engine)
    }
}

/// Params as merged, not yet evaluated.
pub fn unevaluated(definitions: Definitions) -> Params {
    let params = definitions.into_iter();
    params.map(|(name, definition)| (name, Arc::new(super::Param { definition, evaluated: None }))).collect()
}
