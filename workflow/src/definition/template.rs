//! Job templates: params that steps of a sub type start from.

use std::{fmt::Write, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::{Kind, Step, StepType};
use crate::{
    param::{self, Authority, Definitions, Layer, Source},
    tag::Tags,
    user::User,
};

/// The version that is looked up when none is named.
pub const DEFAULT_VERSION: &str = "default";

/// The workflow param that names a version for all steps.
pub const VERSION_PARAM: &str = "job_template_version";

/// The most levels of inheritance.
const LEVELS_MAX: usize = 64;

/// A stored template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Its name: the `sub_type` of steps.
    pub job_type: Arc<str>,
    /// Which runtime executes its steps.
    pub step_type: StepType,
    /// Its version.
    pub version: Arc<str>,
    /// Free text.
    pub description: Option<Arc<str>>,
    /// Labels of every attempt.
    pub tags: Option<Tags>,
    /// Parents with their versions; `None` when not written.
    pub inherit_from: Option<IndexMap<Arc<str>, Arc<str>>>,
    /// What it brings.
    pub params: Definitions,
}

/// A template with who answers for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Who owns it.
    pub owner: Option<User>,
    /// How mature it is.
    pub status: Option<Arc<str>>,
    /// Whom to ask.
    pub support: Option<Arc<str>>,
    /// Workflows that try it out.
    pub test_workflows: Option<Vec<Arc<str>>>,
    /// Where the source lies.
    pub git_info: Option<Json>,
    /// The template.
    pub definition: Option<Arc<Template>>,
    /// What else the request carried.
    pub extra: Map<String, Json>,
}

/// Where templates are found.
pub trait Templates {
    /// The template of a name and a version.
    fn template(&self, job_type: &str, version: &str) -> Option<Arc<Template>>;
}

/// An installation without job templates.
#[derive(Clone, Copy, Debug)]
pub struct NoTemplates;

impl Templates for NoTemplates {
    fn template(&self, _: &str, _: &str) -> Option<Arc<Template>> {
        None
    }
}

/// What a step gets from its template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolved {
    /// Of the template and its parents, with the workflow's params of the same names merged in.
    pub params: Definitions,
    /// Of the template.
    pub tags: Option<Tags>,
}

/// A template cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// It is for steps of another type.
    #[error("Job template definition step type [{template}] does not match the current step type [{step}]")]
    StepType {
        /// Of the template.
        template: StepType,
        /// Of the step.
        step: StepType,
    },
    /// It inherits from itself.
    #[error("Cyclic dependency detected for step [{step}]: {chain}")]
    Cycle {
        /// The step.
        step: String,
        /// Template after template.
        chain: String,
    },
    /// The workflow's params do not go with it.
    #[error(transparent)]
    Params(#[from] param::Error),
}

/// What a step gets from its template; `None` for a step without one, or whose template is not stored.
pub fn resolve(
    step: &Step,
    workflow_params: &Definitions,
    version_param: Option<&str>,
    templates: &dyn Templates,
) -> Result<Option<Resolved>, Error> {
    let Kind::Typed { step_type, sub_type: Some(sub_type), sub_type_version, .. } = &step.kind else { return Ok(None) };
    if !matches!(step_type, StepType::Http | StepType::Kubernetes | StepType::Notebook) {
        return Ok(None);
    }
    let version = sub_type_version.as_deref().or(version_param).filter(|version| !version.is_empty());
    let Some(template) = templates.template(sub_type, version.unwrap_or(DEFAULT_VERSION)) else { return Ok(None) };
    let mut params = Definitions::new();
    inherit(step, *step_type, &template, templates, &mut Vec::new(), &mut params)?;
    let same_names = workflow_params.iter().filter(|(name, _)| params.contains_key(*name));
    let same_names: Definitions = same_names.map(|(name, param)| (Arc::clone(name), Arc::clone(param))).collect();
    let layer = Layer { source: Source::WorkflowParameter, authority: Authority::Upstream, is_restart: false };
    param::merge(&mut params, &same_names, layer)?;
    Ok(Some(Resolved { params, tags: template.tags.clone() }))
}

/// Parents first; a child's param replaces its parent's as a whole.
fn inherit(
    step: &Step,
    step_type: StepType,
    template: &Arc<Template>,
    templates: &dyn Templates,
    path: &mut Vec<(Arc<str>, Arc<str>)>,
    params: &mut Definitions,
) -> Result<(), Error> {
    if template.step_type != step_type {
        return Err(Error::StepType { template: template.step_type, step: step_type });
    }
    let own = (Arc::clone(&template.job_type), Arc::clone(&template.version));
    let is_cycle = path.contains(&own) || path.len() >= LEVELS_MAX;
    path.push(own);
    if is_cycle {
        let mut chain = String::new();
        for (job_type, version) in path.iter() {
            let arrow = if chain.is_empty() { "" } else { " -> " };
            write!(chain, "{arrow}{job_type}:{version}").expect("writing to a text does not fail");
        }
        return Err(Error::Cycle { step: step.id.to_string(), chain });
    }
    for (job_type, version) in template.inherit_from.iter().flatten() {
        if let Some(parent) = templates.template(job_type, version) {
            inherit(step, step_type, &parent, templates, path, params)?;
        }
    }
    path.pop();
    for (name, param) in &template.params {
        params.insert(Arc::clone(name), Arc::clone(param));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{definition::read, param::write};

    struct Stored(Vec<Arc<Template>>);

    impl Templates for Stored {
        fn template(&self, job_type: &str, version: &str) -> Option<Arc<Template>> {
            let is_it = |template: &&Arc<Template>| &*template.job_type == job_type && &*template.version == version;
            self.0.iter().find(is_it).cloned()
        }
    }

    fn template(job_type: &str, parents: &[&str], params: serde_json::Value) -> Arc<Template> {
        let parents = parents.iter().map(|parent| (Arc::from(*parent), Arc::from(DEFAULT_VERSION)));
        Arc::new(Template {
            job_type: job_type.into(),
            step_type: StepType::Notebook,
            version: DEFAULT_VERSION.into(),
            description: None,
            tags: None,
            inherit_from: Some(parents.collect()),
            params: param::read::partial_definitions(&params, "", &mut Vec::new()),
        })
    }

    fn resolved(stored: Vec<Arc<Template>>) -> Result<Option<Resolved>, Error> {
        let step = json!({"step": {"id": "s", "type": "Notebook", "sub_type": "child"}});
        let step = read::step(&step).accepted().unwrap();
        resolve(&step, &Definitions::new(), None, &Stored(stored))
    }

    #[test]
    fn a_childs_param_replaces_its_parents_as_a_whole() {
        let text = |value: &str| json!({"value": value, "type": "STRING"});
        let parent = template("parent", &[], json!({"a": text("parent"), "b": text("parent")}));
        let child = template("child", &["parent"], json!({"b": text("child")}));
        let params = write::definitions(&resolved(vec![parent, child]).unwrap().unwrap().params);
        assert_eq!(params["a"]["value"], "parent");
        assert_eq!(params["b"]["value"], "child");
    }

    #[test]
    fn a_template_that_inherits_from_itself_is_refused() {
        let (one, two) = (template("child", &["two"], json!({})), template("two", &["child"], json!({})));
        let error = resolved(vec![one, two]).unwrap_err().to_string();
        assert!(error.starts_with("Cyclic dependency detected for step [s]"), "{error}");
    }

    #[test]
    fn a_template_that_is_not_stored_is_ignored() {
        assert_eq!(resolved(Vec::new()).unwrap(), None);
    }
}
