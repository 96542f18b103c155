//! What runs were told to do and have not done yet.
//!
//! A caller is answered when the workflow has decided, not when the run has ended. So the order is a row until the run says that it
//! ended, and is given again after a crash; otherwise a stop that was answered could be lost between two commits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Workflow;
use crate::{
    id::{InstanceId, RunId, WorkflowId},
    life::{Address, Note, Row, RowKey, Rows, Scan, Table, Turn, Unreadable, note::Starts, row},
    port::InstanceAction,
    status::InstanceStatus,
    strategy::At,
    user::User,
};

/// What a run has to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Order {
    /// End without ever going.
    EndQueued { status: InstanceStatus, event: Json, starts: Starts },
    /// Stop everything.
    Act { action: InstanceAction, user: User, reason: String },
}

/// Orders by run.
pub(super) type Orders = BTreeMap<At, Order>;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    order: Order,
}

fn table(workflow: &WorkflowId) -> RowKey {
    // No workflow id has a slash, so this name is nobody else's.
    RowKey::named(Table::Other, &format!("order/{workflow}"))
}

fn key(workflow: &WorkflowId, at: At) -> RowKey {
    RowKey { first: at.instance.0, second: at.run.0, ..table(workflow) }
}

/// The orders that are stored.
pub(super) fn load(workflow: &WorkflowId, rows: &dyn Rows) -> Result<Orders, Unreadable> {
    let mut orders = Orders::new();
    Scan::named(table(workflow)).each(rows, |key, body| {
        let stored: Stored = row::parse(&key, body)?;
        orders.insert(At { instance: InstanceId(key.first), run: RunId(key.second) }, stored.order);
        Ok(())
    })?;
    Ok(orders)
}

impl From<Order> for Note {
    fn from(order: Order) -> Self {
        match order {
            Order::EndQueued { status, event, starts } => Self::EndQueued { status, event, starts },
            Order::Act { action, user, reason } => Self::Act { action, user, reason },
        }
    }
}

impl Workflow {
    /// Tells a run what to do, until it has ended. A later order replaces an earlier one.
    pub(super) fn order(&mut self, at: At, order: Order, turn: &mut Turn<'_>) {
        let stored = Stored { version: 1, order: order.clone() };
        turn.save(Row::settled(key(&self.id, at), &stored));
        turn.send(Address::Run(self.run_key(at)), order.clone().into());
        self.orders.insert(at, order);
        self.is_changed = true;
    }

    /// A run has ended and does nothing more.
    pub(super) fn forget_order(&mut self, at: At, turn: &mut Turn<'_>) {
        if self.orders.remove(&at).is_some() {
            turn.forget(key(&self.id, at));
            self.is_changed = true;
        }
    }

    /// Gives all orders again.
    pub(super) fn order_again(&self, turn: &mut Turn<'_>) {
        for (at, order) in &self.orders {
            turn.send(Address::Run(self.run_key(*at)), order.clone().into());
        }
    }
}
