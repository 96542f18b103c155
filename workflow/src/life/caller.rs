//! Who asks, where an answer needs to know.

use crate::{
    port::{Caller, Reason, Refusal},
    user::User,
};

/// The user whose name is stored with what is asked for; such requests are refused without one.
pub(crate) fn author(caller: &Caller) -> Result<User, Refusal> {
    let missing = || Refusal::new(Reason::BadRequest, "the header `user` is missing: it names who asks");
    caller.user.clone().ok_or_else(missing)
}
