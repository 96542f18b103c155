//! Whether a run whose started steps have all ended is over, and which steps it can still reach.

use std::collections::VecDeque;

use super::{Dag, Error};
use crate::id::StepId;

impl Dag {
    /// Whether nothing of this DAG can still be started.
    ///
    /// `ended` says by position how a step ended: `Some(true)` opens gates, `Some(false)` closes them for good. `restarted` is the
    /// step that the run restarts, if it restarts one: other roots that have not ended are placeholders and lead nowhere.
    pub fn is_done(&self, ended: &[Option<bool>], restarted: Option<&StepId>) -> Result<bool, Error> {
        let mut ended: Vec<Option<bool>> = (0..self.len()).map(|step| ended.get(step).copied().flatten()).collect();
        let (mut pending, mut cut) = self.cut_placeholders(|step| ended[step].is_some(), restarted)?;
        let mut waiting: Vec<usize> = self.nodes().map(|(_, node)| node.predecessors.len()).collect();
        let mut visited = vec![false; self.len()];
        while let Some(step) = pending.pop_front() {
            visited[step] = true;
            match ended[step].take() {
                None => return Ok(false),
                Some(false) => self.cut_from(VecDeque::from([step]), |step| ended[step].is_some(), &mut cut)?,
                Some(true) => {
                    for next in self.node(step).successors.iter().map(|edge| edge.to).filter(|&next| !cut[next]) {
                        waiting[next] -= 1;
                        if waiting[next] == 0 {
                            pending.push_back(next);
                        }
                    }
                }
            }
        }
        let stray = self.named(|step| ended[step].is_some());
        if let Some(steps) = stray {
            return Err(Error::Stray { steps });
        }
        match self.named(|step| !visited[step] && !cut[step]) {
            Some(steps) => Err(Error::Unreached { steps }),
            None => Ok(true),
        }
    }

    /// Positions of the steps that a run restarting `restarted` can reach, where `is_known` says which have a status.
    pub fn reachable(
        &self,
        is_known: impl Fn(usize) -> bool,
        restarted: Option<&StepId>,
    ) -> Result<impl Iterator<Item = usize>, Error> {
        let (_, cut) = self.cut_placeholders(is_known, restarted)?;
        Ok(cut.into_iter().enumerate().filter(|(_, cut)| !cut).map(|(step, _)| step))
    }

    /// Positions of the roots that a run restarting `restarted` does not start by itself.
    pub fn placeholders(&self, restarted: Option<&StepId>) -> Result<Vec<usize>, Error> {
        let mut roots: Vec<usize> = self.roots().collect();
        if let Some(step) = restarted {
            let root = self.position(step).and_then(|position| roots.iter().position(|&root| root == position));
            roots.remove(root.ok_or_else(|| Error::NotARoot { step: step.clone() })?);
        }
        Ok(roots)
    }

    /// The roots to walk from, and by position whether a step is cut off.
    fn cut_placeholders(
        &self,
        is_known: impl Fn(usize) -> bool,
        restarted: Option<&StepId>,
    ) -> Result<(VecDeque<usize>, Vec<bool>), Error> {
        let mut cut = vec![false; self.len()];
        let Some(step) = restarted else {
            return Ok((self.roots().collect(), cut));
        };
        let named = self.position(step).filter(|_| self.is_root(step));
        let named = named.ok_or_else(|| Error::NotAStart { step: step.clone() })?;
        let (live, idle): (Vec<_>, Vec<_>) = self.roots().partition(|&root| root == named || is_known(root));
        self.cut_from(idle.into(), is_known, &mut cut)?;
        Ok((live.into(), cut))
    }

    /// Cuts the given steps and all that follow them.
    fn cut_from(
        &self,
        mut pending: VecDeque<usize>,
        is_known: impl Fn(usize) -> bool,
        cut: &mut [bool],
    ) -> Result<(), Error> {
        for &step in &pending {
            cut[step] = true;
        }
        while let Some(step) = pending.pop_front() {
            if is_known(step) {
                return Err(Error::Unexpected { step: self.id(step).clone() });
            }
            for edge in &self.node(step).successors {
                if !std::mem::replace(&mut cut[edge.to], true) {
                    pending.push_back(edge.to);
                }
            }
        }
        Ok(())
    }

    /// The steps of which something holds, as text; `None` when there is none.
    fn named(&self, holds: impl Fn(usize) -> bool) -> Option<String> {
        let found: Vec<&str> = (0..self.len()).filter(|&step| holds(step)).map(|step| self.id(step).as_str()).collect();
        (!found.is_empty()).then(|| format!("[{}]", found.join(", ")))
    }
}
