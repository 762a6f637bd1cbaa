//! The notification engine (lifecycle.md, 5.5).
//!
//! Who has events to tell keeps an [`AdviseScope`]: a session handle (its session sinks and those of the tables opened through it),
//! a support object (what its provider subscribed). The scopes share the one [`Engine`] of the process, which lives from the first
//! MAPIInitialize to the last MAPIUninitialize and calls the sinks one after another:
//!
//! - on its own thread, if the first MAPIInitialize had MAPI_MULTITHREAD_NOTIFICATIONS;
//! - otherwise on the thread of that call, whenever it calls [`Engine::dispatch`].
//!
//! A sink registered with NOTIFY_SYNC is called by [`AdviseScope::notify`] itself; it belongs to a provider, never to a client.
//!
//! What holds for every sink (LIFE-MEM-001 to 003):
//! - OnNotify never runs inside the call that caused the event.
//! - No lock is held while a sink is called or released (LIFE-LOGOFF-017).
//! - A sink is released exactly once: at Unadvise, or at the latest when its scope is closed; not while its OnNotify runs.
//! - No OnNotify begins after Unadvise or [`AdviseScope::close`] has returned.
//!
//! Whoever ends a registration waits for an OnNotify of it that is running. Inside an OnNotify nobody waits, so that a sink may
//! Unadvise itself or another, and log off (OP-46): then the sink is released when its OnNotify returns.

mod engine;
mod registry;
mod scope;

pub use engine::{Delivery, Engine};
pub use scope::AdviseScope;
