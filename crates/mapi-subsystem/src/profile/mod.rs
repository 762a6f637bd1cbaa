//! Profiles: which message services a user has, and how they are set up.
//!
//! A profile is a text file ([`mod@format`]) in the user's data folder. Its sections hold properties ([`Section`], [`PropSet`]); lists in the
//! section of MAPI tie them together ([`Profile`]). What can be added to a profile is described in mapisvc.inf files
//! ([`inf`]) and copied into the profile when it is added; at run time only the profile counts (lifecycle.md, 4.6).
//!
//! - [`ProfileStore`] creates, copies, renames and deletes profiles, and changes them: one writer at a time, across processes.
//! - [`ProfileUse`] is a session's hold on its profile. What is deleted meanwhile is only marked.
//! - [`OpenSection`] is an open section: many readers or one writer.
//! - [`objects`] is all this behind the COM interfaces.
//! - Secure properties are kept apart, in a [`SecretStore`].

mod content;
mod files;
pub mod format;
pub mod inf;
mod name;
pub mod objects;
mod props;
mod secret;
mod sections;
mod services;
mod store;
mod using;
mod writing;

pub use content::{
    Flaw, GLOBAL_SECTION, INSTANCE_SECTION, MAIN_SECTION, Profile, ProviderEntry, ProviderKind,
    Section, SectionKind,
};
pub use name::ProfileName;
pub use objects::{Administration, Opener};
pub use props::{PropSet, is_secure};
pub use secret::{SecretFiles, SecretStore, Secrets};
pub use sections::{OpenSection, SectionAccess};
pub use store::{Edit, ProfileListing, ProfileStore, When};
pub use using::ProfileUse;
