//! All message services that are described anywhere.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use mapi_types::{Error, ErrorCode, MapiUid, PropTag, Result, tag};

use super::super::content::ProviderKind;
use super::super::props::{PropSet, is_secure};
use super::parse::{InfEntry, InfFile, InfSection, folded, same_name};
use super::value::{bytes, items, property};
use super::{Problem, Problems, SearchPath, parse};

/// A message service, as it is described.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceInfo {
    /// PR_SERVICE_NAME: the name of its section.
    pub name: String,
    /// What `[Services]` calls it.
    pub title: String,
    /// The properties of its section.
    pub props: PropSet,
    /// Its providers.
    pub providers: Vec<ProviderInfo>,
    /// Its extra sections.
    pub sections: Vec<ExtraInfo>,
    /// The file that describes it; a built-in one has a name in angle brackets.
    pub file: PathBuf,
}

/// A service provider, as it is described.
#[derive(Clone, PartialEq, Debug)]
pub struct ProviderInfo {
    /// The name of its section.
    pub name: String,
    /// Its properties.
    pub props: PropSet,
}

/// A section that a service needs beside its own.
#[derive(Clone, PartialEq, Debug)]
pub struct ExtraInfo {
    /// The name of its section.
    pub name: String,
    /// The identifier that it must have in the profile.
    pub uid: Option<MapiUid>,
    /// Its properties.
    pub props: PropSet,
}

/// The message services of all mapisvc.inf files in use, and the built-in ones.
///
/// The built-in ones come first, then the files in their order. A section is taken whole from where it stands first; later
/// files add sections and services.
#[derive(Default, Debug)]
pub struct ServiceCatalog {
    /// By folded name.
    sections: HashMap<String, Placed>,
    services: Vec<Listed>,
    defaults: Vec<Listed>,
    files: Vec<PathBuf>,
    problems: Problems,
}

#[derive(Debug)]
struct Placed {
    section: InfSection,
    file: PathBuf,
}

/// A line of [Services] or [Default Services].
#[derive(Debug)]
struct Listed {
    entry: InfEntry,
    file: PathBuf,
}

const SERVICES: &str = "Services";
const DEFAULTS: &str = "Default Services";
const HELP: &str = "Help File Mappings";

impl ServiceCatalog {
    /// Reads the files of `path`. `built_in` are the descriptions of the built-in services: a name and a text in the form
    /// of mapisvc.inf.
    #[must_use]
    pub fn load(built_in: &[(&str, &str)], path: &SearchPath) -> Self {
        let built_in = built_in
            .iter()
            .map(|(name, text)| parse(text.as_bytes(), &PathBuf::from(format!("<{name}>"))));
        let built_in: Vec<InfFile> = built_in.collect();
        let mut catalog = Self::default();
        for file in built_in {
            catalog.add(file);
        }
        for file in path.read() {
            catalog.files.push(file.path.clone());
            catalog.add(file);
        }
        catalog.check();
        catalog
    }

    /// From files that have been read.
    #[must_use]
    pub fn from_files(files: impl IntoIterator<Item = InfFile>) -> Self {
        let mut catalog = Self::default();
        for file in files {
            catalog.files.push(file.path.clone());
            catalog.add(file);
        }
        catalog.check();
        catalog
    }

    fn add(&mut self, file: InfFile) {
        file.problems
            .into_iter()
            .for_each(|p| self.problems.push(p));
        for section in file.sections {
            let list = if same_name(&section.name, SERVICES) {
                &mut self.services
            } else if same_name(&section.name, DEFAULTS) {
                &mut self.defaults
            } else if same_name(&section.name, HELP) {
                continue;
            } else {
                self.place(section, &file.path);
                continue;
            };
            for entry in section.entries {
                if list.iter().all(|l| !same_name(&l.entry.key, &entry.key)) {
                    let file = file.path.clone();
                    list.push(Listed { entry, file });
                }
            }
        }
    }

    fn place(&mut self, section: InfSection, file: &Path) {
        let key = folded(&section.name);
        if let Some(first) = self.sections.get(&key) {
            let text = format!(
                "the section [{}] of {} counts, not this one",
                section.name,
                first.file.display()
            );
            self.problems
                .push(Problem::warning(file, section.line, text));
            return;
        }
        let file = file.to_owned();
        self.sections.insert(key, Placed { section, file });
    }

    /// The names of the services, in the order of `[Services]`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|l| l.entry.key.as_str())
    }

    /// The names of the services of [Default Services].
    pub fn default_names(&self) -> impl Iterator<Item = &str> {
        self.defaults.iter().map(|l| l.entry.key.as_str())
    }

    /// The folders of the files in use: libraries are looked for there too (lifecycle.md, 4.3).
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in self.files.iter().filter_map(|f| f.parent()) {
            if !folders.iter().any(|f| f == folder) {
                folders.push(folder.to_owned());
            }
        }
        folders
    }

    /// What is wrong with the files: errors, whose lines do not count, and warnings.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems.list
    }

    /// The description of a service; case does not count.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if no `[Services]` section names it, or if it has no section of its own.
    pub fn service(&self, name: &str) -> Result<ServiceInfo> {
        let missing = |text: String| Error::caller(ErrorCode::NOT_FOUND).context(text);
        let mut listed = self.services.iter();
        let listed = listed
            .find(|l| same_name(&l.entry.key, name))
            .ok_or_else(|| missing(format!("no mapisvc.inf file names a service '{name}'")))?;
        let name = &listed.entry.key;
        let placed = self.placed(name).ok_or_else(|| {
            let file = listed.file.display();
            missing(format!("{file} has no section [{name}]"))
        })?;
        let mut quiet = Problems::default();
        Ok(ServiceInfo {
            name: name.clone(),
            title: listed.entry.value.clone(),
            props: props(placed, Role::Service, &mut quiet),
            providers: self
                .linked(placed, PROVIDERS)
                .map(|p| provider(p, &mut quiet))
                .collect(),
            sections: self
                .linked(placed, SECTIONS)
                .map(|p| extra(p, &mut quiet))
                .collect(),
            file: placed.file.clone(),
        })
    }

    /// The description of a provider of a service; case does not count.
    ///
    /// # Errors
    /// MAPI_E_NOT_FOUND if the service has no such provider.
    pub fn provider(&self, service: &str, name: &str) -> Result<ProviderInfo> {
        let info = self.service(service)?;
        let mut providers = info.providers.into_iter();
        let found = providers.find(|p| same_name(&p.name, name));
        found.ok_or_else(|| {
            let text = format!("the service '{service}' has no provider '{name}'");
            Error::caller(ErrorCode::NOT_FOUND).context(text)
        })
    }

    fn placed(&self, name: &str) -> Option<&Placed> {
        self.sections.get(&folded(name))
    }

    /// The sections that an entry of a section names, each once.
    fn linked<'a>(&'a self, from: &'a Placed, key: &str) -> impl Iterator<Item = &'a Placed> {
        let names = from.section.entry(key).map_or("", |e| &e.value);
        let mut seen = HashSet::new();
        items(names)
            .filter(move |name| seen.insert(folded(name)))
            .filter_map(|name| self.placed(name))
    }
}

const PROVIDERS: &str = "Providers";
const SECTIONS: &str = "Sections";
const UID: &str = "UID";

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Service,
    Provider,
    Extra,
}

impl Role {
    fn keyword(self, key: &str) -> bool {
        match self {
            Self::Service => same_name(key, PROVIDERS) || same_name(key, SECTIONS),
            Self::Provider => false,
            Self::Extra => same_name(key, UID),
        }
    }
}

fn provider(placed: &Placed, problems: &mut Problems) -> ProviderInfo {
    ProviderInfo {
        name: placed.section.name.clone(),
        props: props(placed, Role::Provider, problems),
    }
}

fn extra(placed: &Placed, problems: &mut Problems) -> ExtraInfo {
    let uid = placed.section.entry(UID).and_then(|entry| {
        let uid = bytes(&entry.value).and_then(|b| {
            b.try_into()
                .map_err(|_| "32 hexadecimal digits are expected".to_owned())
        });
        uid.map(MapiUid)
            .map_err(|text| {
                let text = format!("UID: {text}");
                problems.push(Problem::error(&placed.file, entry.line, text));
            })
            .ok()
    });
    ExtraInfo {
        name: placed.section.name.clone(),
        uid,
        props: props(placed, Role::Extra, problems),
    }
}

/// The properties that a section sets.
fn props(placed: &Placed, role: Role, problems: &mut Problems) -> PropSet {
    let mut props = PropSet::default();
    let mut refuse = |entry: &InfEntry, text: String| {
        let text = format!("{}: {text}", entry.key);
        problems.push(Problem::error(&placed.file, entry.line, text));
    };
    for entry in &placed.section.entries {
        if role.keyword(&entry.key) {
            continue;
        }
        match property(&entry.key, &entry.value) {
            None => refuse(entry, "this is no property".to_owned()),
            Some(Err(text)) => refuse(entry, text),
            Some(Ok(prop)) if is_secure(prop.tag) => {
                refuse(entry, "passwords have no place in such a file".to_owned());
            }
            Some(Ok(prop)) if props.get(prop.tag).is_some() => {
                refuse(
                    entry,
                    "there is a value for this property already".to_owned(),
                );
            }
            Some(Ok(prop)) => props.set(prop),
        }
    }
    props
}

// The validator.

impl ServiceCatalog {
    fn check(&mut self) {
        let mut problems = Problems::default();
        let mut done = HashSet::new();
        for listed in &self.services {
            match self.placed(&listed.entry.key) {
                Some(service) => self.check_service(service, &mut done, &mut problems),
                None => {
                    let text = format!("there is no section [{}]", listed.entry.key);
                    let line = listed.entry.line;
                    problems.push(Problem::error(&listed.file, line, text));
                }
            }
        }
        for listed in &self.defaults {
            if self.names().all(|n| !same_name(n, &listed.entry.key)) {
                let text = format!("[Services] does not name '{}'", listed.entry.key);
                problems.push(Problem::error(&listed.file, listed.entry.line, text));
            }
        }
        problems
            .list
            .into_iter()
            .for_each(|p| self.problems.push(p));
    }

    fn check_service<'a>(
        &'a self,
        service: &'a Placed,
        done: &mut HashSet<(String, Role)>,
        problems: &mut Problems,
    ) {
        if !done.insert((folded(&service.section.name), Role::Service)) {
            return;
        }
        let set = props(service, Role::Service, problems);
        let has = |tag| set.get(tag).is_some();
        if has(tag::PR_SERVICE_DLL_NAME) != has(tag::PR_SERVICE_ENTRY_NAME) {
            let text = "of PR_SERVICE_DLL_NAME and PR_SERVICE_ENTRY_NAME there are both, or none";
            problems.push(service.warning(text));
        }
        for key in [PROVIDERS, SECTIONS] {
            self.check_links(service, key, problems);
        }
        if self.linked(service, PROVIDERS).next().is_none() {
            problems.push(service.warning("the service has no provider"));
        }
        for placed in self.linked(service, PROVIDERS) {
            if done.insert((folded(&placed.section.name), Role::Provider)) {
                check_provider(placed, problems);
            }
        }
        for placed in self.linked(service, SECTIONS) {
            if done.insert((folded(&placed.section.name), Role::Extra)) {
                extra(placed, problems);
            }
        }
    }

    fn check_links(&self, service: &Placed, key: &str, problems: &mut Problems) {
        let Some(entry) = service.section.entry(key) else {
            return;
        };
        let mut seen = HashSet::new();
        for name in items(&entry.value) {
            let problem = if self.placed(name).is_none() {
                Problem::error
            } else if !seen.insert(folded(name)) {
                Problem::warning
            } else {
                continue;
            };
            let text = format!("{key}: there is no section [{name}], or it is named twice");
            problems.push(problem(&service.file, entry.line, text));
        }
    }
}

fn check_provider(placed: &Placed, problems: &mut Problems) {
    let set = provider(placed, problems).props;
    let required: [PropTag; 4] = [
        tag::PR_DISPLAY_NAME,
        tag::PR_PROVIDER_DISPLAY,
        tag::PR_PROVIDER_DLL_NAME,
        tag::PR_RESOURCE_TYPE,
    ];
    for tag in required {
        if set.get(tag).is_none() {
            problems.push(placed.warning(&format!("the provider has no {tag}, which it needs")));
        }
    }
    let kind = set.bits(tag::PR_RESOURCE_TYPE);
    if set.get(tag::PR_RESOURCE_TYPE).is_some() && ProviderKind::from_resource_type(kind).is_none()
    {
        problems.push(placed.warning("its PR_RESOURCE_TYPE is no kind of provider"));
    }
}

impl Placed {
    fn warning(&self, text: &str) -> Problem {
        let text = format!("[{}]: {text}", self.section.name);
        Problem::warning(&self.file, self.section.line, text)
    }
}
