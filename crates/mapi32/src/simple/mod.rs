//! Simple MAPI: sessions under a number. Its messages are still to be built (see [`crate::unbuilt`]).

mod session;

pub use session::*;
