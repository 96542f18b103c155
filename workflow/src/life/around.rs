//! What machines may look at without asking.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    definition::{
        Step,
        template::{Template, Templates},
    },
    id::{StepId, WorkflowId},
    life::{Body, Decisions, RowKey, Rows, Scan, Settings, Surroundings, Table, Unreadable, library},
};
use serde_json::Value as Json;

/// Breakpoints of one step: where each is stored, and its document.
type Set = Vec<(RowKey, Json)>;

/// Job templates by type and version.
type Stored = HashMap<(Arc<str>, Arc<str>), Arc<Template>>;

/// Which steps are replaced by a placeholder.
pub type StandsIn = fn(&Step) -> bool;

/// Settings, decisions, and the breakpoints and job templates that are durable.
pub struct Around {
    settings: Settings,
    decisions: Arc<dyn Decisions>,
    stands_in: StandsIn,
    breakpoints: RwLock<HashMap<(WorkflowId, StepId), Set>>,
    templates: RwLock<Stored>,
}

impl fmt::Debug for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Around {
    /// Without breakpoints and templates yet.
    pub fn new(settings: Settings, decisions: Arc<dyn Decisions>, stands_in: StandsIn) -> Self {
        Self { settings, decisions, stands_in, breakpoints: RwLock::default(), templates: RwLock::default() }
    }

    /// Whether rows of a table are kept here.
    pub fn keeps(table: Table) -> bool {
        matches!(table, Table::Breakpoint | Table::Template)
    }

    /// Reads the breakpoints and templates that are stored.
    pub fn read(&self, rows: &dyn Rows) -> Result<(), Unreadable> {
        for table in [Table::Breakpoint, Table::Template] {
            Scan::table(table).each(rows, |key, body| {
                self.change(&key, Some(body));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// A row is durable, or gone; only those of breakpoints and templates matter.
    pub fn change(&self, key: &RowKey, body: Option<&Body>) {
        match key.table {
            Table::Breakpoint => self.change_breakpoint(key, body),
            Table::Template => self.change_template(key, body),
            _ => {}
        }
    }

    fn change_template(&self, key: &RowKey, body: Option<&Body>) {
        let place = (Arc::clone(&key.name), Arc::clone(&key.part));
        let mut templates = self.templates.write().unwrap_or_else(PoisonError::into_inner);
        match body.and_then(|body| library::Template::parse(body)) {
            Some(template) => drop(templates.insert(place, template)),
            None => drop(templates.remove(&place)),
        }
    }

    fn change_breakpoint(&self, key: &RowKey, body: Option<&Body>) {
        let place = (WorkflowId::from(&*key.name), StepId::from(&*key.part));
        let mut breakpoints = self.breakpoints.write().unwrap_or_else(PoisonError::into_inner);
        let of_step = breakpoints.entry(place.clone()).or_default();
        of_step.retain(|(set, _)| set != key);
        if let Some(document) = body.and_then(|body| serde_json::from_slice(body).ok()) {
            of_step.push((key.clone(), document));
        }
        if of_step.is_empty() {
            breakpoints.remove(&place);
        }
    }
}

impl Surroundings for Around {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn decisions(&self) -> &dyn Decisions {
        &*self.decisions
    }

    fn breakpoints(&self, workflow: &WorkflowId, step: &StepId) -> Vec<Json> {
        let breakpoints = self.breakpoints.read().unwrap_or_else(PoisonError::into_inner);
        if breakpoints.is_empty() {
            return Vec::new();
        }
        let of_step = breakpoints.get(&(workflow.clone(), step.clone()));
        of_step.map_or_else(Vec::new, |set| set.iter().map(|(_, document)| document.clone()).collect())
    }

    fn templates(&self) -> &dyn Templates {
        self
    }

    fn stands_in(&self, step: &Step) -> bool {
        (self.stands_in)(step)
    }
}

impl Templates for Around {
    fn template(&self, job_type: &str, version: &str) -> Option<Arc<Template>> {
        let templates = self.templates.read().unwrap_or_else(PoisonError::into_inner);
        if templates.is_empty() {
            return None;
        }
        templates.get(&(Arc::from(job_type), Arc::from(version))).cloned()
    }
}
