//! Whatever is done to a profile, its parts fit together.

use std::collections::HashSet;

use proptest::prelude::*;

use super::common::*;
use mapi_subsystem::profile::*;
use mapi_types::*;

#[derive(Clone, Debug)]
enum Step {
    Add(&'static str),
    Delete(usize),
    Copy(usize),
    AddProvider(usize),
    AddTemporary,
    DeleteProvider(usize),
    PublishLast,
    Begin,
    End,
    Identity(usize),
    DefaultStore(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Add("MAIL")),
        Just(Step::Add("BOOK")),
        (0..4_usize).prop_map(Step::Delete),
        (0..4_usize).prop_map(Step::Copy),
        (0..4_usize).prop_map(Step::AddProvider),
        Just(Step::AddTemporary),
        (0..6_usize).prop_map(Step::DeleteProvider),
        Just(Step::PublishLast),
        Just(Step::Begin),
        Just(Step::End),
        (0..4_usize).prop_map(Step::Identity),
        (0..6_usize).prop_map(Step::DefaultStore),
    ]
}

const SECRET: PropTag = PropTag::from_raw(0x67F1_001F);

struct Run {
    it: Fixture,
    sessions: Vec<ProfileUse>,
    last_temporary: Option<MapiUid>,
}

impl Run {
    /// Errors are for those steps that do not fit the state; what matters is what is left.
    fn step(&mut self, step: &Step) {
        let profile = self.it.read();
        let service = |n: usize| profile.services().nth(n).map(|s| s.uid);
        let provider = |n: usize| profile.all_providers().nth(n).map(|s| s.uid);
        let _ = self.it.store.clone().update("Work", |edit| {
            let (in_use, profile) = (edit.in_use, &mut edit.profile);
            match step {
                Step::Add(name) => {
                    let uid = profile.add_service(&catalog().service(name)?, None)?;
                    let secret = Property::new(SECRET, "secret");
                    edit.secrets()?.set(&uid, secret);
                }
                Step::Delete(n) => {
                    let uid = service(*n).ok_or(ErrorCode::NOT_FOUND)?;
                    profile.delete_service(&uid, in_use)?;
                }
                Step::Copy(n) => {
                    let uid = service(*n).ok_or(ErrorCode::NOT_FOUND)?;
                    let source = profile.clone();
                    profile.copy_service(&source, &uid)?;
                }
                Step::AddProvider(n) => {
                    let uid = service(*n).ok_or(ErrorCode::NOT_FOUND)?;
                    let info = catalog().provider("MAIL", "MAIL STORE")?;
                    profile.add_provider(&uid, &info, &[])?;
                }
                Step::AddTemporary => {
                    let kind = Property::new(tag::PR_RESOURCE_TYPE, 33);
                    let name = Property::new(tag::PR_PROVIDER_DISPLAY, "t");
                    let library = Property::new(tag::PR_PROVIDER_DLL_NAME, "t");
                    let uid = profile.add_temporary_provider(&[kind, name, library]);
                    self.last_temporary = Some(uid);
                }
                Step::DeleteProvider(n) => {
                    let uid = provider(*n).ok_or(ErrorCode::NOT_FOUND)?;
                    profile.delete_provider(&uid, in_use)?;
                }
                Step::PublishLast => {
                    let uid = self.last_temporary.take().ok_or(ErrorCode::NOT_FOUND)?;
                    profile.publish_provider(&uid)?;
                }
                Step::Identity(n) => profile.set_primary_identity(service(*n).as_ref())?,
                Step::DefaultStore(n) => {
                    let uid = provider(*n).ok_or(ErrorCode::NOT_FOUND)?;
                    profile.set_default_store(&uid)?;
                }
                Step::Begin | Step::End => {}
            }
            Ok(())
        });
        match step {
            Step::Begin => self.sessions.push(self.it.store.begin_use("Work").unwrap()),
            Step::End if !self.sessions.is_empty() => self.sessions.remove(0).end().unwrap(),
            _ => {}
        }
    }

    fn check(&self) {
        let profile = self.it.read();
        assert_eq!(profile.flaws(), []);
        let main = profile.section(&MAIN_SECTION).unwrap();
        let listed = |list| -> Vec<MapiUid> { main.uids(list).collect() };
        let mut seen = HashSet::new();
        for kind in ProviderKind::ALL {
            for uid in listed(kind.list()) {
                let section = profile.section(&uid).unwrap();
                assert!(seen.insert(uid) && !section.deleted);
                assert_eq!(section.provider_kind(), Some(kind));
                if let Some(service) = section.uid_prop(tag::PR_SERVICE_UID) {
                    let service = profile.service(&service).unwrap();
                    assert!(service.uids(kind.list()).any(|u| u == uid));
                }
            }
        }
        for service in profile.services() {
            assert!(!service.deleted);
            let all = profile.providers_of(&service.uid).count();
            let own: usize = ProviderKind::ALL
                .iter()
                .map(|k| service.uids(k.list()).count())
                .sum();
            assert_eq!(all, own);
            for extra in service.uids(tag::PR_SERVICE_EXTRA_UIDS) {
                assert!(!profile.section(&extra).unwrap().deleted);
            }
        }
        let with = |flag: u32, kind| {
            let stores = profile.providers(kind);
            stores
                .filter(|s| s.props.bits(tag::PR_RESOURCE_FLAGS) & flag != 0)
                .count()
        };
        assert!(with(mapi_sys::STATUS_DEFAULT_STORE, ProviderKind::Store) <= 1);
        let identities = profile.services().filter(|s| {
            s.props.bits(tag::PR_RESOURCE_FLAGS) & mapi_sys::SERVICE_PRIMARY_IDENTITY != 0
        });
        assert!(identities.count() <= 1);
        if self.sessions.is_empty() {
            assert!(profile.sections.iter().all(|s| !s.deleted));
        }
        let secrets = self.it.store.read_secrets("Work").unwrap();
        for (uid, _) in secrets.iter() {
            assert!(profile.section(uid).is_some(), "a secret of nobody");
        }
        for session in &self.sessions {
            for entry in session.profile().provider_entries() {
                assert!(
                    profile.section(&entry.uid).is_some(),
                    "gone under a session"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_parts_of_a_profile_fit_together(steps in prop::collection::vec(step(), 1..25)) {
        let mut run = Run { it: Fixture::with_profile(), sessions: Vec::new(), last_temporary: None };
        for step in &steps {
            run.step(step);
            run.check();
        }
        while !run.sessions.is_empty() {
            run.step(&Step::End);
            run.check();
        }
    }
}
