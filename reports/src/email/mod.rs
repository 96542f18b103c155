//! A report by mail: composed once, sent by SMTP, and never said to be sent when it was not.

mod error;
mod layout;
mod letter;
mod post;
mod secret;
mod server;
mod session;

pub use error::{Error, Refusal, Step};
pub use layout::layout;
pub use letter::{Letter, subject};
pub use post::{Receipt, send};
pub use secret::Secret;
pub use server::{Login, Security, Server};
