//! One file for each command: its arguments, and `run`.

pub mod completions;
pub mod cp;
pub mod demo;
pub mod export;
pub mod folders;
pub mod import;
pub mod ls;
pub mod man;
pub mod mkdir;
pub mod mv;
pub mod profile;
pub mod provider;
pub mod report;
pub mod rm;
pub mod save_attachments;
pub mod service;
pub mod show;
pub mod status;
pub mod store;
