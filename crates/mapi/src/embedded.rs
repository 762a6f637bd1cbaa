//! The message store that comes with MAPI, linked in. It is reached through its entry point and its vtables only, like any
//! other provider.

use std::path::PathBuf;

use mapi_subsystem::Config;
use mapi_subsystem::host::{BuiltIn, EntryPoints};

pub use mapi_msgstore::provider::{NAME, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};

/// The description of its message service, in the form of mapisvc.inf.
pub const SERVICE: &str = "\
[Services]
msgstore=OpenMAPI Message Store

[msgstore]
PR_DISPLAY_NAME=OpenMAPI Message Store
Providers=msgstore Provider
PR_RESOURCE_FLAGS=SERVICE_NO_PRIMARY_IDENTITY

[msgstore Provider]
PR_PROVIDER_DLL_NAME=msgstore
PR_RESOURCE_TYPE=MAPI_STORE_PROVIDER
PR_PROVIDER_DISPLAY=OpenMAPI Message Store
PR_DISPLAY_NAME=OpenMAPI Message Store
";

/// The store as the host of providers knows it.
#[must_use]
pub fn built_in() -> BuiltIn {
    BuiltIn {
        name: NAME,
        entry_points: EntryPoints {
            message_store: mapi_msgstore::built_in().message_store,
            ..EntryPoints::default()
        },
        service_entries: &[],
    }
}

/// Where profiles and stores lie unless somebody says otherwise: `$XDG_DATA_HOME/openmapi`, `~/.local/share/openmapi`,
/// `~/Library/Application Support/openmapi`, `%APPDATA%\openmapi`. `None` without a home folder.
#[must_use]
pub fn usual_data_folder() -> Option<PathBuf> {
    let variable = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    let base = if cfg!(windows) {
        variable("APPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_DATA_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".local").join("share")))
    };
    base.map(|base| base.join("openmapi"))
}

/// The usual set-up with it.
#[must_use]
pub fn config(data_folder: impl Into<PathBuf>) -> Config {
    Config {
        built_in: vec![built_in()],
        built_in_services: vec![(NAME, SERVICE)],
        ..Config::new(data_folder)
    }
}
