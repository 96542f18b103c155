//! One layer of params merged over another: whose value wins, and who may change what.

use std::sync::Arc;

use super::{Body, Definition, Definitions, Error, InternalMode, Literal, Mode, Source, Type, number, result};
use crate::tag::Tags;

/// The layer that is being merged over what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What its params are marked with.
    pub source: Source,
    /// Who hands it in.
    pub authority: Authority,
    /// Whether the run is a restart; fewer modes may change then.
    pub is_restart: bool,
}

/// How far a layer's author is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The engine: no mode is checked.
    System,
    /// A parent run: what it already carries with a source passes unchecked.
    Upstream,
    /// A person or a definition.
    User,
}

impl Layer {
    /// A layer whose authority follows from its source, in a fresh run.
    pub fn of(source: Source) -> Self {
        let system = [Source::System, Source::SystemDefault, Source::SystemInjected, Source::TemplateSchema];
        let authority = if system.contains(&source) { Authority::System } else { Authority::User };
        Self { source, authority, is_restart: false }
    }

    /// The modes that this layer may change.
    fn may_change(self, mode: Mode) -> bool {
        let by_source = match self.source {
            Source::OutputParameter => mode == Mode::Mutable,
            Source::Restart => mode <= Mode::MutableOnStartRestart,
            _ => mode <= Mode::MutableOnStart,
        };
        by_source && (!self.is_restart || mode <= Mode::MutableOnStartRestart)
    }
}

/// Merges `incoming` over `params`: known names keep their place, new ones are appended.
pub fn merge(params: &mut Definitions, incoming: &Definitions, layer: Layer) -> Result<(), Error> {
    merge_below(params, incoming, layer, None)
}

/// The same for the entries of a MAP, which are at least as strict as the MAP itself.
fn merge_below(
    params: &mut Definitions,
    incoming: &Definitions,
    layer: Layer,
    parent: Option<Mode>,
) -> Result<(), Error> {
    // Known names first and in their order, so that of several errors the same one is told as by Maestro.
    let known: Vec<usize> = params.keys().filter_map(|name| incoming.get_index_of(name)).collect();
    let new = (0..incoming.len()).filter(|index| !known.contains(index)).collect::<Vec<_>>();
    for (name, definition) in known.into_iter().chain(new).filter_map(|index| incoming.get_index(index)) {
        let merged = merge_one(name, definition, params.get(name).map(|known| &**known), layer, parent)?;
        params.insert(Arc::clone(name), Arc::new(merged));
    }
    Ok(())
}

/// One definition over the known one of that name.
pub(super) fn merge_one(
    name: &str,
    incoming: &Definition,
    known: Option<&Definition>,
    layer: Layer,
    parent: Option<Mode>,
) -> Result<Definition, Error> {
    let internal_mode = known.and_then(|known| known.internal_mode).or(incoming.internal_mode);
    // The incoming definition with every field but its type and value settled.
    let updated = Definition {
        kind: incoming.kind,
        body: incoming.body.clone(),
        mode: Some(mode(incoming, known, internal_mode, layer, parent)),
        internal_mode: incoming.internal_mode,
        source: incoming.source,
        validator: incoming.validator.clone().or_else(|| known.and_then(|known| known.validator.clone())),
        tags: Some(tags(incoming, known)),
        extra: serde_json::Map::new(),
    };
    // Entries of a MAP are as strict as the map was, or as a new one asks to be; the layer's default does not count.
    let entries_mode = parent.max(known.map_or(incoming.mode, |known| known.mode));
    let (body, known_body) = body(name, &updated, known, layer, entries_mode)?;
    let merged = Definition { kind: known.map_or(updated.kind, |known| known.kind), body, ..updated.clone() };
    if let Some(known) = known {
        check_modes(name, &merged, known, &known_body, internal_mode, layer)?;
    }
    let is_repeated = known.is_some_and(|known| is_same(&updated, known, &known_body));
    let source = source(name, &updated, known, is_repeated, layer)?;
    Ok(Definition { source: Some(source), internal_mode, ..merged })
}

/// The merged body, and what the known body counts as when changes are looked for.
///
/// The two differ for maps only: Maestro merges the entries into the known map before it compares, so a map as such never counts as
/// changed. New keys of a protected MAP, and any key of a protected STRING_MAP, are therefore accepted.
fn body(
    name: &str,
    updated: &Definition,
    known: Option<&Definition>,
    layer: Layer,
    entries_mode: Option<Mode>,
) -> Result<(Body, Body), Error> {
    let is_expression = matches!(updated.body, Body::Expression(_));
    match (updated.kind, &updated.body) {
        (Type::Map, _) if !is_expression => {
            let mut entries = match known.map(|known| map_body(name, Type::Map, known)).transpose()?.flatten() {
                Some(Literal::Map(entries)) => (**entries).clone(),
                _ => Definitions::new(),
            };
            if let Body::Literal(Literal::Map(incoming)) = &updated.body {
                merge_below(&mut entries, incoming, layer, entries_mode)?;
            }
            let body = Body::Literal(Literal::Map(Arc::new(entries)));
            Ok((body.clone(), body))
        }
        (Type::StringMap, _) if !is_expression => {
            let known = known.map(|known| map_body(name, Type::StringMap, known)).transpose()?.flatten();
            let body = match (known, &updated.body) {
                (Some(Literal::StringMap(known)), Body::Literal(Literal::StringMap(incoming))) => {
                    let mut entries = (**known).clone();
                    entries.extend(incoming.iter().map(|(key, value)| (Arc::clone(key), value.clone())));
                    Body::Literal(Literal::StringMap(Arc::new(entries)))
                }
                (Some(known), _) => Body::Literal(known.clone()),
                (None, body) => body.clone(),
            };
            Ok((body.clone(), body))
        }
        (_, body) => {
            let body = match (known, body) {
                (Some(known), Body::Literal(literal)) if known.kind != updated.kind => {
                    Body::Literal(convert(name, literal, updated.kind, known.kind)?)
                }
                _ => body.clone(),
            };
            Ok((body, known.map_or(Body::Absent, |known| known.body.clone())))
        }
    }
}

/// The literal of a known map that another map is merged over.
fn map_body<'a>(name: &str, kind: Type, known: &'a Definition) -> Result<Option<&'a Literal>, Error> {
    if known.kind != kind {
        return Err(Error::NotAMap { name: name.to_owned(), wanted: kind, got: known.kind });
    }
    match &known.body {
        Body::Expression(expression) => {
            Err(Error::NotALiteral { kind, name: name.to_owned(), expression: Arc::clone(expression) })
        }
        Body::Literal(literal) => Ok(Some(literal)),
        Body::Absent => Ok(None),
    }
}

/// A literal in another type, by the same rules as a result in its declared type.
pub(super) fn convert(name: &str, literal: &Literal, from: Type, to: Type) -> Result<Literal, Error> {
    if let (Literal::Long(value), Type::Double) = (literal, to) {
        return Ok(Literal::Double(number::with_point(&(*value).into())));
    }
    let mismatch = |because| Error::TypeMismatch { name: name.to_owned(), from, to, because: Box::new(because) };
    let unsayable =
        || Error::InvalidResult { name: name.to_owned(), value: super::write::literal(literal).to_string() };
    let value = result::of_literal(literal).ok_or_else(|| mismatch(unsayable()))?;
    let (value, _) = result::fit(name, to, value).map_err(mismatch)?;
    result::to_literal(to, &value).ok_or_else(|| mismatch(unsayable()))
}

fn mode(
    incoming: &Definition,
    known: Option<&Definition>,
    internal_mode: Option<InternalMode>,
    layer: Layer,
    parent: Option<Mode>,
) -> Mode {
    let known = known.and_then(|known| known.mode);
    let asked = incoming.mode.or(known).unwrap_or(Mode::Mutable);
    let implied = if internal_mode == Some(InternalMode::Reserved) { Mode::Constant } else { Mode::Mutable };
    let kept = known.filter(|_| layer.authority == Authority::Upstream).unwrap_or(Mode::Mutable);
    asked.max(implied).max(kept).max(parent.unwrap_or(Mode::Mutable))
}

/// Both sets of tags, known ones first.
fn tags(incoming: &Definition, known: Option<&Definition>) -> Tags {
    let mut tags = known.and_then(|known| known.tags.clone()).unwrap_or_default();
    for tag in incoming.tags.iter().flatten() {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// Whether nothing differs that counts as a change: metadata and source do not.
fn is_same(new: &Definition, known: &Definition, known_body: &Body) -> bool {
    new.kind == known.kind
        && new.body == *known_body
        && new.mode == known.mode
        && new.validator == known.validator
        && new.tags == known.tags
}

fn check_modes(
    name: &str,
    merged: &Definition,
    known: &Definition,
    known_body: &Body,
    internal_mode: Option<InternalMode>,
    layer: Layer,
) -> Result<(), Error> {
    let is_trusted = match layer.authority {
        Authority::System => true,
        Authority::Upstream => merged.source.is_some_and(|source| source != Source::Definition),
        Authority::User => false,
    };
    if is_trusted || is_same(merged, known, known_body) {
        return Ok(());
    }
    let name = || name.to_owned();
    let mode = merged.mode.unwrap_or(Mode::Mutable);
    if !layer.may_change(mode) {
        return Err(Error::Protected { mode, name: name() });
    }
    if let Some(from) = known.mode.filter(|from| mode < *from) {
        return Err(Error::LessStrict { name: name(), from, to: mode });
    }
    if merged.internal_mode.is_some() {
        return Err(Error::InternalModeGiven { name: name() });
    }
    if internal_mode == Some(InternalMode::Reserved) {
        return Err(Error::InternalModeProtected { mode: InternalMode::Reserved, name: name() });
    }
    Ok(())
}

fn source(
    name: &str,
    updated: &Definition,
    known: Option<&Definition>,
    is_repeated: bool,
    layer: Layer,
) -> Result<Source, Error> {
    let is_user = layer.authority == Authority::User;
    if is_user && known.is_some() && !is_repeated && updated.source.is_some() {
        return Err(Error::SourceGiven { name: name.to_owned() });
    }
    let kept = match known {
        Some(known) => known.source.filter(|_| is_repeated && !is_user),
        // Params of the run before come with their sources.
        None => updated.source.filter(|_| layer.authority == Authority::System),
    };
    Ok(kept.unwrap_or(layer.source))
}
