//! Many nodes over one store.
//!
//! Every group has one owner at a time, by a lease that a node keeps with its heartbeat (`member`). A node tells machines of others
//! by letters (`letter`) on links that keep their order and handle each once (`link`, `peers`, `door`). Nothing travels before what it
//! follows from is durable. When a group changes hands, or letters were lost, all machines ask again for what they wait for; so no
//! letter has to be stored, and a node that dies takes with it only what is asked for again.
//!
//! A node that loses a group without having given it up stops as a whole, since its other groups may have heard of decisions that
//! were never written. Its process starts again as another node.

mod door;
mod letter;
pub(crate) mod link;
mod member;
pub(crate) mod outlook;
mod peers;
mod share;

pub(crate) use door::{Door, serve};
pub(crate) use letter::Letter;
pub use member::Membership;
pub(crate) use member::{Member, attend};
pub(crate) use peers::{Peers, tag, tag_of};
