//! Which steps come into being, and in which order.

use super::flow::{Aim, Flow, LeafStop};
use crate::{life::Turn, port::InstanceAction, user::User};

impl Flow {
    /// Creates every step whose gate is open, then sees whether the run is over.
    pub(super) fn decide(&mut self, turn: &mut Turn<'_>) {
        self.will_decide = false;
        if !self.goes() {
            return;
        }
        if self.leaf_stop == LeafStop::Due {
            self.leaf_stop = LeafStop::Done;
            let user = User::named("MAESTRO_TASK");
            self.act_on_all(InstanceAction::Stop, &user, "The workflow has too many leaf steps.", Aim::Run, turn);
        }
        // A step may end as soon as it is created and open further gates; a DAG has no cycle, so this ends.
        while !self.opened.is_empty() {
            for at in std::mem::take(&mut self.opened) {
                if self.is_timed_out || self.steps[at].attempt.is_some() {
                    continue;
                }
                self.create(at, turn);
            }
        }
        self.conclude(turn);
    }

    /// Notes that a step is complete.
    pub(super) fn step_completed(&mut self, at: usize, turn: &mut Turn<'_>) {
        let seed = std::sync::Arc::clone(&self.seed);
        let dag = &seed.body.dag;
        let opened = self.progress.complete(dag, at);
        for edge in &dag.node(at).successors {
            let is_open = self.progress.is_gate_open(edge.to) && opened.contains(&edge.to);
            let step = dag.id(edge.to);
            let is_open = turn.surroundings.decisions().gate_is_open(&seed.key, step, is_open);
            if is_open && self.steps[edge.to].attempt.is_none() && !self.opened.contains(&edge.to) {
                self.opened.push(edge.to);
            }
        }
        self.decide_soon(turn);
    }

    /// Notes that a step failed, and that the system does not try it again.
    pub(super) fn step_failed(&mut self, at: usize, turn: &mut Turn<'_>) {
        self.progress.fail(&self.seed.body.dag, at);
        self.decide_soon(turn);
    }
}
