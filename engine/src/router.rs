//! Which group an address belongs to, and the way there.

use std::sync::OnceLock;

use workflow::life::{Address, Message};

use crate::{
    actor::{Handle, Refused},
    group::ToGroup,
    store::GroupId,
};

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// Whom it is for.
    pub(crate) to: Address,
    /// The machine that said it, if one did; told to ask again if the message is lost by a fault of the receiver.
    pub(crate) from: Option<Address>,
    /// What it says.
    pub(crate) message: Message,
}

/// The mailboxes of all groups of this node.
#[derive(Debug, Default)]
pub(crate) struct Router {
    groups: OnceLock<Vec<Handle<ToGroup>>>,
}

impl Router {
    /// Sets the way to the groups, by their numbers; once.
    pub(crate) fn connect(&self, groups: Vec<Handle<ToGroup>>) {
        let _set_before = self.groups.set(groups);
    }

    /// From inside: always taken. After the end of a group its messages are lost, as in a crash.
    pub(crate) fn tell(&self, envelope: Envelope) {
        if let Some(group) = self.group(&envelope.to) {
            let _shut_down = group.tell(ToGroup::Deliver(Box::new(envelope)));
        }
    }

    /// From outside: comes back if the group has too much to do, or is gone.
    pub(crate) fn offer(&self, envelope: Envelope) -> Result<(), Refused<ToGroup>> {
        match self.group(&envelope.to) {
            Some(group) => group.offer(ToGroup::Deliver(Box::new(envelope))),
            None => Err(Refused::Gone(ToGroup::Deliver(Box::new(envelope)))),
        }
    }

    /// A machine that may leave has lingered long enough.
    pub(crate) fn idle(&self, address: Address) {
        if let Some(group) = self.group(&address) {
            let _shut_down = group.tell(ToGroup::Idle(address));
        }
    }

    /// Everybody in memory asks again for what they wait for.
    pub(crate) fn ask_again(&self) {
        for group in self.groups.get().into_iter().flatten() {
            let _shut_down = group.tell(ToGroup::AskAgain);
        }
    }

    fn group(&self, address: &Address) -> Option<&Handle<ToGroup>> {
        let groups = self.groups.get()?;
        groups.get(group_of(address, groups.len()).0 as usize)
    }
}

/// The group of an address among `count`. Runs are spread as in the reference (flow-engine.md §3.7), so that all places compute the same.
pub(crate) fn group_of(address: &Address, count: usize) -> GroupId {
    let hash = match address {
        Address::Run(key) => hash(&format!("[{}][{}][{}]", key.workflow, key.instance, key.run)),
        Address::Workflow(workflow) => hash(workflow),
        Address::Permits | Address::Signals | Address::Library => 0,
    };
    let count = i32::try_from(count).unwrap_or(i32::MAX).max(1);
    GroupId(hash.rem_euclid(count).unsigned_abs())
}

/// Java's hash of a text.
fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use workflow::id::{InstanceId, RunId, RunKey};

    use super::*;

    #[test]
    fn runs_are_spread_as_the_reference_spreads_them() {
        for (workflow, instance, run, of_three, of_nine) in [
            ("sample-dag-test-1", 1, 1, 1, 1),
            ("sample-dag-test-1", 2, 1, 2, 5),
            ("sample-dag-test-1", 1, 2, 2, 5),
            ("etl", 42, 3, 2, 8),
        ] {
            let key = RunKey { workflow: workflow.into(), instance: InstanceId(instance), run: RunId(run) };
            let address = Address::Run(key);
            assert_eq!((group_of(&address, 3).0, group_of(&address, 9).0), (of_three, of_nine), "{address}");
        }
    }
}
