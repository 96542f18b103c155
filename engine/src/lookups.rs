//! What machines ask of the rows of others: questions that one row answers are answered together.
//!
//! Every job that ends asks for its output data; a read of its own for each would cost more than the step's other work.

use std::{sync::Arc, time::Duration};

use workflow::{
    life::{Address, Message, RowKey, Rows, Unreadable},
    port::{Found, Lookup},
};

use crate::{
    node::Node,
    router::Envelope,
    together::{Together, read_each},
};

/// Questions that are answered by one read: few enough for one not to wait long for the others.
const QUESTIONS_MAX: usize = 16;
/// Such reads under way at once.
const READS_MAX: usize = 4;
/// How long to wait before a lookup that failed is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Who asks what.
pub(crate) type Question = (Address, Lookup);

pub(crate) fn lookups() -> Together<Question> {
    Together::new(QUESTIONS_MAX, READS_MAX)
}

/// The answer to a question of one row, where reading it keeps nobody waiting.
pub(crate) fn at_once(node: &Node, lookup: &Lookup) -> Option<Found> {
    let mut found = None;
    let mut look = |rows: &dyn Rows| found = node.lives.find(lookup, rows).ok();
    node.lives.row_of(lookup).and_then(|_| node.store.view_at_once(&mut look))?.ok()?;
    found
}

/// Finds what a machine asks for and tells it.
pub(crate) fn fetch(node: &Arc<Node>, to: Address, lookup: Lookup) {
    if node.lives.row_of(&lookup).is_none() {
        let node = Arc::clone(node);
        node.runtime.clone().spawn(async move {
            let (lives, asked) = (Arc::clone(&node.lives), lookup.clone());
            let found = node.read(move |rows| lives.find(&asked, rows)).await.and_then(|found| found);
            tell(&node, (to, lookup), found);
        });
    } else if node.lookups.add((to, lookup)) {
        let node = Arc::clone(node);
        node.runtime.clone().spawn_blocking(move || answer_all(&node));
    }
}

fn answer_all(node: &Arc<Node>) {
    node.lookups.each(|questions| {
        let keys: Vec<RowKey> = questions.iter().filter_map(|(_, lookup)| node.lives.row_of(lookup)).collect();
        read_each(
            questions,
            |look| node.store.view_rows(&keys, look),
            |(_, lookup), rows| node.lives.find(lookup, rows),
            |question, found| tell(node, question, found),
        );
    });
}

/// Whoever asked asks again when it is told to.
fn tell(node: &Arc<Node>, (to, lookup): Question, found: Result<Found, Unreadable>) {
    match found {
        Ok(found) => node.router.tell(Envelope { to, from: None, message: Message::Found { lookup, found } }),
        Err(error) => {
            tracing::warn!(%error, machine = %to, "a lookup failed and will be asked again");
            let node = Arc::clone(node);
            node.runtime.clone().spawn(async move {
                tokio::time::sleep(AGAIN).await;
                node.router.tell(Envelope { to, from: None, message: Message::AskAgain });
            });
        }
    }
}
