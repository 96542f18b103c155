//! Taking runs in: one or several at once, all or none.

use std::{collections::BTreeSet, sync::Arc};

use super::{Arrival, At, Because, Decided, Decision, Error, Past, Queue, Run, Stop, Target, arrival::rule_name};
use crate::{
    definition::{Rule, RunStrategy},
    id::RunKey,
};

/// An arrival that is no duplicate: its index and its run.
struct Distinct {
    index: usize,
    run: Run,
}

impl Queue {
    /// Takes several runs in, in order. Repeated request ids are duplicates after the first; on an error nothing has changed.
    pub fn start_batch(
        &mut self,
        strategy: RunStrategy,
        arrivals: &[Arrival],
        past: &dyn Past,
    ) -> Result<Decided, Error> {
        self.check_room(arrivals.len())?;
        let fresh = self.fresh(arrivals, past);
        if fresh.is_empty() {
            return Ok(Decided { decisions: vec![Decision::Duplicated; arrivals.len()], ..Decided::default() });
        }
        self.check_restarts(arrivals, &fresh, past)?;
        if fresh.iter().any(|&index| !arrivals[index].is_failed) {
            self.check_alone(strategy.rule)?;
        }
        let mut decided = Decided { decisions: vec![Decision::Duplicated; arrivals.len()], ..Decided::default() };
        let mut startable = Vec::with_capacity(fresh.len());
        for index in fresh {
            let at = self.place(arrivals[index].target, past);
            if arrivals[index].is_failed {
                self.block(at);
                decided.decisions[index] = Decision::Failed(at);
            } else {
                startable.push(Distinct { index, run: Run { at, uuid: Arc::clone(&arrivals[index].uuid) } });
            }
        }
        if startable.is_empty() {
            return Ok(decided);
        }
        match strategy.rule {
            Rule::Sequential | Rule::StrictSequential | Rule::Parallel => self.take_all(&startable, &mut decided),
            Rule::FirstOnly => self.take_first(&startable, &mut decided),
            Rule::LastOnly => self.take_last(&startable, &mut decided),
            Rule::SerialLatestOnly => self.take_latest(&startable, &mut decided),
        }
        Ok(decided)
    }

    /// The indices of arrivals that nobody has asked for before.
    fn fresh(&self, arrivals: &[Arrival], past: &dyn Past) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut is_new =
            |uuid: &Arc<str>| !self.uuids.contains(uuid) && !past.knows(uuid) && seen.insert(Arc::clone(uuid));
        (0..arrivals.len()).filter(|&index| is_new(&arrivals[index].uuid)).collect()
    }

    /// An instance that is still alive, or restarted twice in one batch, refuses the whole batch.
    fn check_restarts(&self, arrivals: &[Arrival], fresh: &[usize], past: &dyn Past) -> Result<(), Error> {
        let mut restarted = BTreeSet::new();
        for &index in fresh {
            let Target::Restart(instance) = arrivals[index].target else { continue };
            let alive = self.live_run(instance).map(|at| at.run);
            let twice = || (!restarted.insert(instance)).then(|| past.latest_run(instance).unwrap_or_default().next());
            if let Some(run) = alive.or_else(twice) {
                return Err(Error::StillAlive(RunKey { workflow: self.workflow.clone(), instance, run }));
            }
        }
        Ok(())
    }

    /// FIRST_ONLY and LAST_ONLY cannot choose among several live runs.
    fn check_alone(&self, rule: Rule) -> Result<(), Error> {
        let refuse = |what, run| Err(Error::TooManyAlive { what, beside: run, rule: rule_name(rule) });
        match rule {
            Rule::FirstOnly if self.live_count() > 1 => {
                self.first_alive().map_or(Ok(()), |run| refuse("non-terminal runs", run))
            }
            Rule::LastOnly if self.queued.len() > 1 => {
                self.first_queued().map_or(Ok(()), |run| refuse("pending runs", run))
            }
            Rule::LastOnly if self.running.len() > 1 => {
                self.first_running().map_or(Ok(()), |run| refuse("running instances", run))
            }
            _ => Ok(()),
        }
    }

    fn take_all(&mut self, new: &[Distinct], decided: &mut Decided) {
        for Distinct { index, run } in new {
            self.enqueue(run.at, &run.uuid);
            decided.decisions[*index] = Decision::Queued(run.at);
        }
    }

    /// Keeps whichever is alive already, else the first new one.
    fn take_first(&mut self, new: &[Distinct], decided: &mut Decided) {
        let mut alive = self.first_alive();
        for Distinct { index, run } in new {
            decided.decisions[*index] = if let Some(alive) = &alive {
                Decision::Stopped(run.at, Because::Alive(alive.clone()))
            } else {
                self.enqueue(run.at, &run.uuid);
                self.promised.insert(run.at);
                alive = Some(run.clone());
                Decision::Queued(run.at)
            };
        }
    }

    /// Stops whichever is alive; the last new one starts when that has ended.
    fn take_last(&mut self, new: &[Distinct], decided: &mut Decided) {
        self.drop_queued(decided, |_| Because::Replaced);
        let running = self.first_running();
        let Some((last, earlier)) = new.split_last() else { return };
        for Distinct { index, run } in earlier {
            // The reference tells them the wording of FIRST_ONLY; its timeline texts are compared by programs.
            decided.decisions[*index] = Decision::Stopped(run.at, Because::Alive(last.run.clone()));
        }
        self.enqueue(last.run.at, &last.run.uuid);
        self.promised.insert(last.run.at);
        decided.decisions[last.index] = Decision::Queued(last.run.at);
        decided.stop = running.map(|run| Stop { run, then: last.run.at });
    }

    /// Only the last new one stays queued; what runs is left alone.
    fn take_latest(&mut self, new: &[Distinct], decided: &mut Decided) {
        let Some((last, earlier)) = new.split_last() else { return };
        self.drop_queued(decided, |_| Because::Overtaken(last.run.at));
        for Distinct { index, run } in earlier {
            decided.decisions[*index] = Decision::Stopped(run.at, Because::Overtaken(last.run.at));
        }
        self.enqueue(last.run.at, &last.run.uuid);
        decided.decisions[last.index] = Decision::Queued(last.run.at);
    }

    fn drop_queued(&mut self, decided: &mut Decided, because: impl Fn(At) -> Because) {
        for (at, uuid) in std::mem::take(&mut self.queued) {
            self.uuids.remove(&uuid);
            decided.stopped.push((Run { at, uuid }, because(at)));
        }
        self.promised.clear();
    }

    fn first_queued(&self) -> Option<Run> {
        self.queued.first_key_value().map(|(at, uuid)| Run { at: *at, uuid: Arc::clone(uuid) })
    }

    fn first_running(&self) -> Option<Run> {
        self.running.first_key_value().map(|(at, uuid)| Run { at: *at, uuid: Arc::clone(uuid) })
    }

    fn first_alive(&self) -> Option<Run> {
        let both = [self.first_queued(), self.first_running()];
        both.into_iter().flatten().min_by_key(|run| run.at)
    }
}
