//! `mapi service`.

use anyhow::Result;
use clap::Subcommand;
use mapi::embedded::{self, PR_MSGSTORE_CREATE, PR_MSGSTORE_PATH};
use mapi::profiles::{ProfileName, Profiles, ProviderKind, Service};
use mapi_types::{MapiUid, PropTag, PropType, PropValue, Property, hex, tag};
use serde_json::{Value, json};

use crate::args::Confirm;
use crate::context::{Context, store_settings};
use crate::exit::{Exit, Failure};
use crate::format;
use crate::query::Field;

/// Message services: what a profile leads to
///
/// A message service is a set of service providers: a message store, an address book. What can be added is described in
/// mapisvc.inf files; the embedded message store is `msgstore`.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Add a message service to a profile
    #[command(after_help = "\
Examples:
  mapi service add --name Archive                          a second store, in the data folder
  mapi service add msgstore --name Old path=/mnt/old.mapistore
  mapi -p Work service add MyService PR_DISPLAY_NAME='My mail' 66000003=0x1F

A SETTING is NAME=VALUE: path= of the embedded store, a MAPI name, or a tag as eight hexadecimal digits.")]
    Add {
        /// The service, as `mapi service list --available` names it
        #[arg(default_value = embedded::NAME)]
        service: String,
        /// How it is called [default: as its description says]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// How it is set up
        #[arg(value_name = "SETTING", value_parser = parse_setting)]
        settings: Vec<Property>,
        /// Make its store the default store of the profile
        #[arg(long)]
        default: bool,
    },
    /// List the message services of a profile, or those that could be added
    #[command(
        visible_alias = "ls",
        after_help = "\
Examples:
  mapi service list
  mapi service list --available"
    )]
    List {
        /// Those that could be added
        #[arg(long)]
        available: bool,
    },
    /// Change how a message service is set up
    #[command(after_help = "\
Examples:
  mapi service set Archive path=/mnt/big/archive.mapistore
  mapi service set Archive PR_DISPLAY_NAME='Old mail'
  mapi service set Archive --default

Changes act on the next session. Values of secure properties (67F0 to 67FF) are kept apart and never shown.")]
    Set {
        /// Its display name, its service name or the beginning of its UID
        service: String,
        /// What to change
        #[arg(value_name = "SETTING", value_parser = parse_setting)]
        settings: Vec<Property>,
        /// Make its store the default store of the profile
        #[arg(long)]
        default: bool,
    },
    /// Remove a message service from a profile; the store it leads to stays
    #[command(
        visible_alias = "rm",
        after_help = "\
Examples:
  mapi service remove Archive --yes"
    )]
    Remove {
        /// Its display name, its service name or the beginning of its UID
        service: String,
        #[command(flatten)]
        confirm: Confirm,
    },
}

/// Runs it.
pub fn run(context: &Context, command: Command) -> Result<Exit> {
    if let Command::List { available: true } = command {
        return list_available(context);
    }
    context.with_mapi(|mapi, data| {
        let profiles = mapi.profiles();
        let profile = context.choose_profile(&profiles, data)?;
        match command {
            Command::Add {
                service,
                name,
                mut settings,
                default,
            } => {
                let embedded = service.eq_ignore_ascii_case(embedded::NAME);
                if embedded && !settings.iter().any(|s| s.tag == PR_MSGSTORE_PATH) {
                    let stem = ProfileName::new(name.as_deref().unwrap_or(&service))?.file_stem();
                    let path = free_path(data, &profile, &stem)?;
                    settings.extend(store_settings(&path));
                } else if embedded && !settings.iter().any(|s| s.tag == PR_MSGSTORE_CREATE) {
                    settings.push(Property::new(PR_MSGSTORE_CREATE, true));
                }
                let uid = profiles.add_service(&profile, &service, name.as_deref(), &settings)?;
                if default {
                    profiles.set_default_store(&profile, &uid)?;
                }
                told(context, &profiles, &profile, &uid, "added")
            }
            Command::List { .. } => list(context, &profiles, &profile),
            Command::Set {
                service,
                settings,
                default,
            } => {
                let uid = find(&profiles, &profile, &service)?.uid;
                profiles.set_service(&profile, &uid, &settings)?;
                if default {
                    profiles.set_default_store(&profile, &uid)?;
                }
                told(context, &profiles, &profile, &uid, "changed")
            }
            Command::Remove { service, confirm } => {
                let found = find(&profiles, &profile, &service)?;
                let what = format!(
                    "Remove the message service '{}' from the profile '{profile}'",
                    found.display_name
                );
                context.confirm(confirm, &what)?;
                profiles.remove_service(&profile, &found.uid)?;
                context
                    .out
                    .record(&json!({ "profile": profile, "removed": hex::encode(&found.uid.0) }))?;
                context.note(format!("removed '{}'", found.display_name));
                Ok(Exit::Ok)
            }
        }
    })
}

/// A file for a further store that no other uses.
fn free_path(
    data: &crate::data::DataFolder,
    profile: &str,
    stem: &str,
) -> Result<std::path::PathBuf> {
    let profile = ProfileName::new(profile)?.file_stem();
    for n in 1_u32.. {
        let number = if n == 1 {
            String::new()
        } else {
            format!("-{n}")
        };
        let path = data.store_path(&format!("{profile}-{stem}{number}"))?;
        if !path.exists() {
            return Ok(path);
        }
    }
    unreachable!("the loop has no end")
}

fn told(
    context: &Context,
    profiles: &Profiles<'_>,
    profile: &str,
    uid: &MapiUid,
    what: &str,
) -> Result<Exit> {
    let services = profiles.services(profile)?;
    if let Some(service) = services.iter().find(|s| s.uid == *uid) {
        context.out.record(&service_record(service))?;
        context.note(format!("{what} '{}'", service.display_name));
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, profiles: &Profiles<'_>, profile: &str) -> Result<Exit> {
    let services = profiles.services(profile)?;
    for service in &services {
        context.out.record(&service_record(service))?;
    }
    if services.is_empty() {
        context.note(format!("the profile '{profile}' has no message service"));
    }
    let (header, rows) = service_rows(&services);
    context.out.table(&header, rows)?;
    Ok(Exit::Ok)
}

fn list_available(context: &Context) -> Result<Exit> {
    context.with_mapi(|mapi, _| {
        let mut rows = Vec::new();
        for service in mapi.profiles().available_services() {
            let file = service.file.display().to_string();
            context.out.record(&json!({
                "service": service.name, "title": service.title, "file": file,
            }))?;
            rows.push(vec![service.name, service.title, file]);
        }
        context.out.table(&["SERVICE", "TITLE", "FROM"], rows)?;
        Ok(Exit::Ok)
    })
}

/// The service that a text names.
fn find(profiles: &Profiles<'_>, profile: &str, wanted: &str) -> Result<Service> {
    let services = profiles.services(profile)?;
    let named = |s: &&Service| {
        s.display_name.eq_ignore_ascii_case(wanted) || s.name.eq_ignore_ascii_case(wanted)
    };
    let lower = wanted.to_ascii_lowercase();
    let by_uid = |s: &&Service| lower.len() >= 4 && hex::encode(&s.uid.0).starts_with(&lower);
    let mut found: Vec<&Service> = services.iter().filter(named).collect();
    if found.is_empty() {
        found = services.iter().filter(by_uid).collect();
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::error(
            Exit::NotFound,
            format!("the profile '{profile}' has no message service '{wanted}'"),
        )),
        _ => Err(Failure::error(
            Exit::NotFound,
            format!("'{wanted}' names several message services; write the beginning of a UID"),
        )),
    }
}

/// A service as JSON.
pub fn service_record(service: &Service) -> Value {
    let providers = service.providers.iter().map(|p| {
        json!({
            "uid": hex::encode(&p.uid.0),
            "kind": p.kind.map(kind_name),
            "name": p.display_name,
            "library": p.library,
            "default_store": p.is_default_store,
            "settings": p.settings.iter().filter(|s| is_setting(s)).map(|s| (
                s.tag.to_string(), Value::from(format::value(&s.value)),
            )).collect::<serde_json::Map<_, _>>(),
        })
    });
    json!({
        "uid": hex::encode(&service.uid.0),
        "service": service.name,
        "name": service.display_name,
        "providers": providers.collect::<Vec<_>>(),
    })
}

/// Services as a table.
pub fn service_rows(services: &[Service]) -> ([&'static str; 5], Vec<Vec<String>>) {
    let mut rows = Vec::new();
    for service in services {
        for (i, provider) in service.providers.iter().enumerate() {
            let first = |text: &str| {
                if i == 0 {
                    text.to_owned()
                } else {
                    String::new()
                }
            };
            let path = provider.settings.iter().find(|s| s.tag == PR_MSGSTORE_PATH);
            let default = if provider.is_default_store {
                ", default"
            } else {
                ""
            };
            rows.push(vec![
                first(&service.display_name),
                first(&service.name),
                format!("{}{default}", provider.kind.map_or("?", kind_name)),
                path.map_or_else(|| provider.library.clone(), |p| format::value(&p.value)),
                first(&hex::encode(&service.uid.0)[..8]),
            ]);
        }
    }
    (["NAME", "SERVICE", "KIND", "LEADS TO", "UID"], rows)
}

/// What somebody set, not what MAPI keeps in the section for itself.
fn is_setting(prop: &Property) -> bool {
    const OWN: [PropTag; 4] = [
        tag::PR_PROVIDER_UID,
        tag::PR_SERVICE_UID,
        tag::PR_RESOURCE_TYPE,
        tag::PR_PROVIDER_DLL_NAME,
    ];
    !OWN.iter().any(|own| own.same_id(prop.tag))
}

fn kind_name(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::AddressBook => "address book",
        ProviderKind::Store => "store",
        ProviderKind::Transport => "transport",
        ProviderKind::Hook => "hook",
    }
}

/// `path=/a/b`, `PR_DISPLAY_NAME=x`, `66000003=12`.
fn parse_setting(text: &str) -> Result<Property, String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not NAME=VALUE"))?;
    if name.eq_ignore_ascii_case("path") {
        let path = std::path::absolute(value).map_err(|e| e.to_string())?;
        return Ok(Property::new(
            PR_MSGSTORE_PATH,
            path.to_string_lossy().into_owned(),
        ));
    }
    if name.eq_ignore_ascii_case("create") {
        let truth = crate::query::truth(value).map_err(|e| e.to_string())?;
        return Ok(Property::new(PR_MSGSTORE_CREATE, truth));
    }
    let Ok(Field::Tag(tag)) = Field::find(name) else {
        return Err(format!(
            "'{name}' is neither path, create, a MAPI name nor a tag of eight hexadecimal digits"
        ));
    };
    let number = || crate::query::number(value).map_err(|e| e.to_string());
    let value = match tag.ptype() {
        PropType::UNICODE | PropType::STRING8 => PropValue::from(value),
        PropType::BOOLEAN => crate::query::truth(value)
            .map_err(|e| e.to_string())?
            .into(),
        PropType::LONG => {
            let n = number()?;
            let n = i32::try_from(n).or_else(|_| u32::try_from(n).map(u32::cast_signed));
            PropValue::Long(n.map_err(|_| format!("{value} does not fit 32 bits"))?)
        }
        PropType::I2 => i16::try_from(number()?)
            .map_err(|_| format!("{value} does not fit 16 bits"))?
            .into(),
        PropType::I8 => number()?.into(),
        PropType::BINARY => crate::query::bytes(value)
            .map_err(|e| e.to_string())?
            .into(),
        _ => {
            return Err(format!(
                "a property of the type of {tag} cannot be set here"
            ));
        }
    };
    Ok(Property::new(tag, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings() {
        assert_eq!(
            parse_setting("path=/a/b").unwrap(),
            Property::new(PR_MSGSTORE_PATH, "/a/b")
        );
        assert_eq!(
            parse_setting("66000003=0xFFFFFFFF").unwrap().value,
            PropValue::Long(-1)
        );
        assert_eq!(
            parse_setting("PR_DISPLAY_NAME=a=b").unwrap(),
            Property::new(tag::PR_DISPLAY_NAME, "a=b")
        );
        for bad in ["path", "colour=red", "66000003=x", "66000102=abc"] {
            assert!(parse_setting(bad).is_err(), "{bad}");
        }
    }
}
