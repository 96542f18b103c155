//! Changes of a workflow's properties and of its tags.

use serde_json::{Value as Json, json};

use super::Workflow;
use crate::{
    definition::{
        self, Properties, Rule,
        rules::{self, Limits, Rules},
    },
    life::{Turn, author, refused},
    port::{Answer, Caller, Reason, Refusal},
    problem::{Path, Problem},
    tag::{self, Namespace},
    wire::change::Change,
};

/// Tags of properties change by calls of their own.
pub(super) const TAGS_REFUSED: &str =
    "Cannot set workflow property tags (also known as dynamic tags) here. Please use the tag endpoints instead.";

impl Workflow {
    /// Changes what the body names.
    pub(super) fn update_properties(
        &mut self,
        caller: &Caller,
        body: &Json,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        let update = definition::read::properties_update(body).accepted().map_err(|problems| refused(&problems))?;
        let limits = Limits::standard();
        let mut rules = Rules::new(&limits, turn.now);
        rules::properties(&mut rules, &Path::Root.key("properties"), &update.properties);
        let problems = rules.into_problems();
        if problems.iter().any(Problem::refuses) {
            return Err(refused(&problems));
        }
        if update.properties.tags.is_some() {
            return Err(Refusal::new(Reason::BadRequest, TAGS_REFUSED));
        }
        self.exists_to_change()?;
        let after = update.apply(&self.properties());
        self.check_strategy_change(&after)?;
        self.change_properties(&author, after, "Changed workflow properties", turn)
    }

    /// Adds a tag, or replaces the one of its name.
    pub(super) fn add_tag(&mut self, caller: &Caller, body: &Json, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        let mut problems = Vec::new();
        let read = tag::read(&json!([body]), "tag", &mut problems).pop();
        let Some(mut tag) = read.filter(|_| !problems.iter().any(Problem::refuses)) else {
            return Err(refused(&problems));
        };
        self.exists_to_change()?;
        tag.namespace = Some(Namespace::Platform);
        tag.attributes.insert("creator".to_owned(), Json::from(&*author.name));
        tag.attributes.insert("created_at_milli".to_owned(), Json::from(turn.now.0));
        let mut after = self.properties();
        let tags = after.tags.get_or_insert_default();
        tags.retain(|known| known.name != tag.name);
        let message = format!("Added workflow tag [{}]", tag.name);
        tags.push(tag);
        self.change_properties(&author, after, &message, turn)
    }

    /// Removes a tag; one that is not there is removed already.
    pub(super) fn remove_tag(&mut self, caller: &Caller, tag: &str, turn: &mut Turn<'_>) -> Result<Answer, Refusal> {
        let author = author(caller)?;
        self.exists_to_change()?;
        let mut after = self.properties();
        if let Some(tags) = &mut after.tags {
            tags.retain(|known| &*known.name != tag);
        }
        after.tags = after.tags.filter(|tags| !tags.is_empty());
        self.change_properties(&author, after, &format!("Removed workflow tag [{tag}]"), turn)
    }

    fn exists_to_change(&self) -> Result<(), Refusal> {
        if self.known().is_ok() {
            return Ok(());
        }
        let message = format!("Cannot update workflow properties while the workflow [{}] does not exist", self.id);
        Err(Refusal::new(Reason::BadRequest, message))
    }

    fn change_properties(
        &mut self,
        author: &crate::user::User,
        after: Properties,
        message: &str,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refusal> {
        self.put_properties(author, after, turn);
        let number = self.tell(author, message, turn);
        self.publish(Change::Properties { snapshot_id: turn.now.0 }, author, number, turn);
        self.follow_triggers(turn);
        self.dequeue_soon(turn);
        Ok(Answer::ok(self.known()?.properties.clone()))
    }

    /// Refuses a run strategy that the runs of now do not allow.
    pub(super) fn check_strategy_change(&self, after: &Properties) -> Result<(), Refusal> {
        let (before, after) = (self.properties().run_strategy_or_default().rule, after.run_strategy_or_default().rule);
        let refuse = |because: &str| {
            let message = format!(
                "Cannot update run strategy of workflow [{}] from [{}] to [{}] as {because}",
                self.id,
                before.word(),
                after.word()
            );
            Err(Refusal::new(Reason::PreconditionFailed, message))
        };
        if before == after {
            return Ok(());
        }
        let [queued, running, failed] = self.queue.counts();
        match after {
            Rule::FirstOnly | Rule::LastOnly if queued + running > 1 => {
                refuse("there are more than one nonterminal workflow instances")
            }
            Rule::StrictSequential if failed > 0 => {
                refuse("there are failed workflow instances: unblock or restart them first")
            }
            _ => Ok(()),
        }
    }
}
