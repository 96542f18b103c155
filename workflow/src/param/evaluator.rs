//! Params evaluated by need: in their order, each once, what one refers to before it.
//!
//! An evaluation that needs another run's rows ends with [`Error::Pending`]; what was evaluated until then is kept, and the same call
//! goes on from there once the context has the answer.

use std::sync::Arc;

use super::{
    Body, Cache, Context, Definition, Error, Evaluated, Literal, Name, Param, Params, Type, Value,
    context::Step,
    expression::{self, Inputs},
    functions::{self, Refused},
    interpolate,
    reference::{self, Reference},
    result, size,
};
use crate::{id::Ids, sel, time::Timestamp};

/// How many params may wait for one another, entries of maps included: each takes some kilobytes of stack.
const CHAIN_MAX: usize = 128;

/// The name by which an expression asks for all params.
const ALL: &str = "params";

/// Everything that evaluations take from outside.
pub struct Evaluator<'a> {
    /// The run around the params.
    pub context: &'a dyn Context,
    /// Where programs are kept.
    pub cache: &'a Cache,
    /// What one expression may use.
    pub limits: sel::Limits,
    /// The longest JSON of all params together, see [`size::JSON_MAX`].
    pub json_max: usize,
    /// Now.
    pub now: Timestamp,
    /// Where fresh uuids and numbers come from.
    pub ids: &'a mut dyn Ids,
    /// Says that the time is up; bounds one expression.
    pub deadline: Option<&'a dyn Fn() -> bool>,
}

impl std::fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluator").field("now", &self.now).finish_non_exhaustive()
    }
}

/// The params that a step's own params may refer to, and its own.
#[derive(Clone, Copy, Debug)]
pub struct StepLevel<'p> {
    /// The step.
    pub id: &'p str,
    /// The workflow's params, evaluated.
    pub workflow: &'p Params,
    /// The step's.
    pub own: &'p Params,
}

impl Evaluator<'_> {
    /// Evaluates all params of a workflow instance.
    pub fn workflow_params(&mut self, params: &mut Params) -> Result<(), Error> {
        let names: Vec<Name> = params.keys().cloned().collect();
        let mut session = self.session(Level::Workflow(Shelf::Open(params)));
        for name in names {
            session.own(&name)?;
        }
        size::check(params, self.json_max)
    }

    /// Evaluates all params of an attempt.
    pub fn step_params(&mut self, step: &str, workflow: &Params, params: &mut Params) -> Result<(), Error> {
        let names: Vec<Name> = params.keys().cloned().collect();
        let mut session = self.session(Level::Step { id: step, workflow, own: Shelf::Open(params) });
        for name in names {
            session.own(&name)?;
        }
        size::check(params, self.json_max)
    }

    /// Evaluates one more definition at workflow level: a trigger's param, a setting.
    pub fn at_workflow(&mut self, name: &str, definition: &Definition, workflow: &Params) -> Result<Evaluated, Error> {
        self.session(Level::Workflow(Shelf::Fixed(workflow))).definition(name, definition)
    }

    /// Evaluates one more definition at step level: a condition, a signal's params as a MAP.
    pub fn at_step(&mut self, name: &str, definition: &Definition, level: StepLevel<'_>) -> Result<Evaluated, Error> {
        let StepLevel { id, workflow, own } = level;
        self.session(Level::Step { id, workflow, own: Shelf::Fixed(own) }).definition(name, definition)
    }

    /// Whether a condition holds: a successor's, a while step's. The texts `true` and `false` count as well.
    pub fn holds(&mut self, name: &str, condition: &Arc<str>, level: StepLevel<'_>) -> Result<bool, Error> {
        let definition = Definition::expression(Type::Boolean, Arc::clone(condition));
        let evaluated = self.at_step(name, &definition, level)?;
        // Fitting to BOOLEAN gives nothing else.
        Ok(evaluated.value == Value::Boolean(true))
    }

    /// The text that an expression comes to at step level, as an http step's `state_expr` does.
    pub fn text(&mut self, name: &str, expression: &Arc<str>, level: StepLevel<'_>) -> Result<Arc<str>, Error> {
        let definition = Definition::expression(Type::String, Arc::clone(expression));
        let evaluated = self.at_step(name, &definition, level)?;
        Ok(result::text(&evaluated.value).into())
    }

    /// A setting's text (a timeout, a retry limit, a signal's name) with the workflow's params put in.
    pub fn setting(&mut self, name: &str, text: &Arc<str>, workflow: &Params) -> Result<Arc<str>, Error> {
        let definition = Definition::literal(Type::String, Literal::String(Arc::clone(text)));
        match self.attribute(name, &definition, workflow)?.value {
            Value::String(text) => Ok(text),
            other => Ok(result::text(&other).into()),
        }
    }

    /// Evaluates an attribute of a definition at workflow level; failures say which attribute of which workflow.
    pub fn attribute(&mut self, name: &str, definition: &Definition, workflow: &Params) -> Result<Evaluated, Error> {
        let id = self.context.instance().workflow_id.to_owned();
        self.at_workflow(name, definition, workflow).map_err(|because| {
            if !because.is_of_maestro() {
                return because;
            }
            Error::Attribute { name: name.to_owned(), workflow: id, because: Box::new(because) }
        })
    }

    fn session<'s>(&'s mut self, level: Level<'s>) -> Session<'s> {
        Session {
            context: self.context,
            cache: self.cache,
            limits: self.limits,
            now: self.now,
            ids: self.ids,
            deadline: self.deadline,
            level,
            waiting: Vec::new(),
            depth: 0,
        }
    }
}

/// Params that may be completed in place, or only be read.
enum Shelf<'s> {
    Open(&'s mut Params),
    Fixed(&'s Params),
}

impl Shelf<'_> {
    fn get(&self, name: &str) -> Option<&Arc<Param>> {
        match self {
            Self::Open(params) => params.get(name),
            Self::Fixed(params) => params.get(name),
        }
    }

    fn keep(&mut self, name: &str, evaluated: &Evaluated) {
        if let Self::Open(params) = self
            && let Some(param) = params.get_mut(name)
        {
            Arc::make_mut(param).evaluated = Some(evaluated.clone());
        }
    }
}

/// Whose names are looked up.
enum Level<'s> {
    Workflow(Shelf<'s>),
    Step { id: &'s str, workflow: &'s Params, own: Shelf<'s> },
}

impl Level<'_> {
    fn own(&self) -> &Shelf<'_> {
        match self {
            Self::Workflow(own) | Self::Step { own, .. } => own,
        }
    }
}

/// One evaluation with all that it pulls in.
struct Session<'s> {
    context: &'s dyn Context,
    cache: &'s Cache,
    limits: sel::Limits,
    now: Timestamp,
    ids: &'s mut dyn Ids,
    deadline: Option<&'s dyn Fn() -> bool>,
    level: Level<'s>,
    /// Params that wait for one another, outermost first.
    waiting: Vec<Name>,
    depth: usize,
}

impl Session<'_> {
    /// The value of a param of the level's own, evaluated now unless it was before.
    fn own(&mut self, name: &str) -> Result<Option<Value>, Error> {
        let Some(param) = self.level.own().get(name) else { return Ok(None) };
        if let Some(value) = param.value() {
            return Ok(Some(value.clone()));
        }
        let definition = Arc::clone(&param.definition);
        let evaluated = self.definition(name, &definition)?;
        match &mut self.level {
            Level::Workflow(own) | Level::Step { own, .. } => own.keep(name, &evaluated),
        }
        Ok(Some(evaluated.value))
    }

    /// A definition's value in its declared type.
    fn definition(&mut self, name: &str, definition: &Definition) -> Result<Evaluated, Error> {
        if self.waiting.iter().any(|waiting| **waiting == *name) {
            let param = name.to_owned();
            return Err(match &self.level {
                Level::Workflow(_) => {
                    Error::CycleInWorkflow { workflow: self.context.instance().workflow_id.to_owned(), param }
                }
                Level::Step { id, .. } => Error::CycleInStep { step: (*id).to_owned(), param },
            });
        }
        self.waiting.push(Arc::from(name));
        let value = self.body(name, definition);
        self.waiting.pop();
        let (value, note) = result::fit(name, definition.kind, value?)?;
        Ok(Evaluated { value, at: self.now, note })
    }

    /// What a definition comes to before it is fitted to its type; entries of a MAP never are.
    fn body(&mut self, name: &str, definition: &Definition) -> Result<Value, Error> {
        if self.depth >= CHAIN_MAX {
            return Err(Error::TooDeep { param: name.to_owned(), most: CHAIN_MAX });
        }
        self.depth += 1;
        let value = match &definition.body {
            Body::Expression(expression) => self.expression(name, expression),
            Body::Literal(Literal::Map(entries)) => {
                let entry = |(key, entry): (&Name, &Arc<Definition>)| Ok((Arc::clone(key), self.body(key, entry)?));
                entries.iter().map(entry).collect::<Result<_, Error>>().map(|values| Value::Map(Arc::new(values)))
            }
            Body::Literal(literal) => self.literal(name, definition, literal),
            Body::Absent => Err(Error::Required { name: name.to_owned(), kind: definition.kind }),
        };
        self.depth -= 1;
        value
    }

    fn literal(&mut self, name: &str, definition: &Definition, literal: &Literal) -> Result<Value, Error> {
        let names = interpolate::literal_names(definition);
        let mut values = Vec::with_capacity(names.len());
        for reference in names {
            // At step level `params` stands for all of them, which no text can show.
            if *reference == *ALL && matches!(self.level, Level::Step { .. }) {
                continue;
            }
            let value = self.reference(name, &reference)?;
            values.push((reference, value));
        }
        let value = |text: &str, name: &str| match values.iter().find(|(known, _)| **known == *name) {
            Some((_, value)) => Ok(result::text(value)),
            None => Err(Error::NotInterpolated { text: text.to_owned(), name: name.to_owned() }),
        };
        let text = || super::write::literal(literal).to_string();
        interpolate::literal(literal, value)?.ok_or_else(|| Error::NotADecimal { name: name.to_owned(), text: text() })
    }

    fn expression(&mut self, name: &str, text: &Arc<str>) -> Result<Value, Error> {
        let program = self.cache.program(text).map_err(|because| expression::unreadable(text, because))?;
        let mut inputs = Inputs::default();
        for reference in program.inputs() {
            if **reference != *ALL {
                let value = self.reference(name, reference)?;
                inputs.values.push((Arc::clone(reference), value));
            } else if let Level::Step { workflow, .. } = &self.level {
                // At workflow level only the names that the same expression reads can be asked for.
                inputs.all = Some(*workflow);
            }
        }
        let world = expression::World {
            context: self.context,
            limits: &self.limits,
            now: self.now,
            ids: self.ids,
            deadline: self.deadline,
        };
        expression::evaluate(&program, &inputs, world)
    }

    /// The value that a name stands for where `asking` uses it.
    fn reference(&mut self, asking: &str, name: &str) -> Result<Value, Error> {
        match &self.level {
            Level::Workflow(_) => self.reference_at_workflow(asking, name),
            Level::Step { workflow, own, .. } => {
                if name.contains(self.context.separator()) {
                    return self.reference_to_step(asking, name);
                }
                // A param of the step that is still to be evaluated stands behind the workflow's of the same name.
                if let Some(value) = own.get(name).and_then(|param| param.value()) {
                    return Ok(value.clone());
                }
                if let Some(param) = workflow.get(name) {
                    let missing = || Error::NotEvaluatedYet { text: asking.to_owned(), name: name.to_owned() };
                    return param.value().cloned().ok_or_else(missing);
                }
                let step = self.step_id();
                self.own(name)?.ok_or_else(|| Error::UnknownInStep { reference: name.to_owned(), step })
            }
        }
    }

    fn reference_at_workflow(&mut self, asking: &str, name: &str) -> Result<Value, Error> {
        if let Some(value) = self.own(name)? {
            return Ok(value);
        }
        match reference::split(name, self.context.separator(), |_| false)? {
            Some(reference) => self.signal(name, reference),
            None => Err(Error::UnknownInWorkflow {
                param: asking.to_owned(),
                reference: name.to_owned(),
                workflow: self.context.instance().workflow_id.to_owned(),
            }),
        }
    }

    /// `step__param`: the step's own, a finished step's, or a signal's.
    fn reference_to_step(&mut self, asking: &str, name: &str) -> Result<Value, Error> {
        let context = self.context;
        let is_step = |id: &str| !matches!(context.step(id), Step::Unknown);
        let step = self.step_id();
        let unknown = || Error::UnknownInStep { reference: name.to_owned(), step: step.clone() };
        let reference = reference::split(name, context.separator(), is_step)?.ok_or_else(unknown)?;
        if reference.step == step {
            let unknown =
                || Error::UnknownOwn { param: asking.to_owned(), reference: name.to_owned(), step: step.clone() };
            return self.own(reference.param)?.ok_or_else(unknown);
        }
        let upstream = reference.step.to_owned();
        match context.step(reference.step) {
            Step::Unknown => self.signal(name, reference),
            Step::NotStarted => {
                Err(Error::NotStarted { param: asking.to_owned(), step, upstream, reference: name.to_owned() })
            }
            Step::Started(attempt) => {
                let param = reference.param.to_owned();
                match attempt.params.get(reference.param) {
                    None => Err(Error::UnknownInUpstream { name: param, step: upstream }),
                    Some(found) => found.value().cloned().ok_or(Error::NotEvaluated { name: param, step: upstream }),
                }
            }
        }
    }

    fn signal(&self, name: &str, reference: Reference<'_>) -> Result<Value, Error> {
        functions::from_signal(self.context, reference.step, reference.param).map_err(|refused| match refused {
            Refused::Failed(because) => Error::UnknownSignal { reference: name.to_owned(), because },
            Refused::Pending(lookup) => Error::Pending(Box::new(lookup)),
            Refused::Unknown => Error::UnknownSignal { reference: name.to_owned(), because: String::new() },
        })
    }

    fn step_id(&self) -> String {
        match &self.level {
            Level::Workflow(_) => String::new(),
            Level::Step { id, .. } => (*id).to_owned(),
        }
    }
}

/// Evaluates what refers to nothing else, so that many runs may share the results.
pub fn evaluate_plain(params: &mut Params, now: Timestamp) {
    for (name, param) in params.iter_mut() {
        let definition = &param.definition;
        let Body::Literal(literal) = &definition.body else { continue };
        if param.evaluated.is_some() || !is_plain(literal) {
            continue;
        }
        let fitted = result::of_literal(literal).map(|value| result::fit(name, definition.kind, value));
        if let Some(Ok((value, note))) = fitted {
            Arc::make_mut(param).evaluated = Some(Evaluated { value, at: now, note });
        }
    }
}

fn is_plain(literal: &Literal) -> bool {
    match literal {
        Literal::String(text) => interpolate::is_plain(text),
        Literal::StringArray(array) => array.iter().flatten().all(|text| interpolate::is_plain(text)),
        Literal::StringMap(map) => {
            let mut texts = map.keys().chain(map.values().flatten());
            texts.all(|text| interpolate::is_plain(text))
        }
        Literal::Map(_) => false,
        _ => true,
    }
}
