//! Named properties: each name has one identifier per store, from 0x8000 up.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use mapi_types::{ErrorCode, Guid, NamedProp, PropName, Result};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Store;
use super::sql::{Tried, corrupt, refused};
use super::tx::Durability;

/// The first identifier of a named property,
pub(crate) const FIRST: i64 = 0x8000;
/// and the last.
const LAST: i64 = 0xFFFE;

/// PS_MAPI: names in it are the identifiers below 0x8000 themselves.
const PS_MAPI: Guid = Guid::ole(0x0002_0328);

/// What is known already. Mappings never change once they exist.
#[derive(Default)]
pub(crate) struct Names(RwLock<Known>);

#[derive(Default)]
struct Known {
    ids: HashMap<NamedProp, u16>,
    names: HashMap<u16, NamedProp>,
}

impl Names {
    fn id(&self, name: &NamedProp) -> Option<u16> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.ids.get(name).copied()
    }

    fn name(&self, id: u16) -> Option<NamedProp> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.names.get(&id).cloned()
    }

    fn learn(&self, id: u16, name: &NamedProp) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.ids.insert(name.clone(), id);
        known.names.insert(id, name.clone());
    }

    /// Forgets all; they are read again when asked for.
    pub(crate) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
    }
}

impl Store {
    /// GetIDsFromNames: an identifier for each name; `None` for one that has none and is not to be `create`d.
    ///
    /// # Errors
    /// MAPI_E_TOO_BIG when all 32,767 identifiers are used up; errors of the file.
    pub fn ids_from_names(&self, names: &[NamedProp], create: bool) -> Result<Vec<Option<u16>>> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            let id = match own_id(name).or_else(|| self.0.names.id(name)) {
                Some(id) => Some(id),
                None => self.look_up(name, create)?,
            };
            ids.push(id);
        }
        Ok(ids)
    }

    fn look_up(&self, name: &NamedProp, create: bool) -> Result<Option<u16>> {
        let found = if create && !self.is_read_only() {
            // Committed at once: an identifier in memory must never be of a name that is lost.
            self.write(Durability::Now, |tx| match find(tx.conn(), name)? {
                Some(id) => Ok(Some(id)),
                None => insert(tx.conn(), name).map(Some),
            })?
        } else {
            self.read(|conn| find(conn, name))?
        };
        if let Some(id) = found {
            self.0.names.learn(id, name);
        }
        Ok(found)
    }

    /// GetNamesFromIDs: the name of each identifier; `None` for one that has no name.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn names_from_ids(&self, ids: &[u16]) -> Result<Vec<Option<NamedProp>>> {
        let mut names = Vec::with_capacity(ids.len());
        for &id in ids {
            let name = match self.0.names.name(id) {
                Some(name) => Some(name),
                None => {
                    let found = self.read(|conn| find_name(conn, id))?;
                    if let Some(name) = &found {
                        self.0.names.learn(id, name);
                    }
                    found
                }
            };
            names.push(name);
        }
        Ok(names)
    }

    /// All names of the store with their identifiers, in order of the identifiers.
    ///
    /// # Errors
    /// Errors of the file.
    pub fn all_names(&self) -> Result<Vec<(u16, NamedProp)>> {
        self.read(|conn| {
            let mut query = conn
                .prepare_cached("SELECT id, guid, kind, num, name FROM named ORDER BY id")
                .tried("reading named properties")?;
            let mut rows = query.query([]).tried("reading named properties")?;
            let mut all = Vec::new();
            while let Some(row) = rows.next().tried("reading named properties")? {
                let id: u16 = row.get(0).tried("reading named properties")?;
                all.push((id, read_name(row)?));
            }
            Ok(all)
        })
    }
}

/// The identifier of a name in PS_MAPI.
fn own_id(name: &NamedProp) -> Option<u16> {
    match name.name {
        PropName::Id(id) if name.set == PS_MAPI => {
            u16::try_from(id).ok().filter(|id| i64::from(*id) < FIRST)
        }
        _ => None,
    }
}

/// How a name is kept: kind, number, text.
fn columns(name: &NamedProp) -> (i64, i64, &str) {
    match &name.name {
        PropName::Id(id) => (0, i64::from(*id), ""),
        PropName::Name(text) => (1, 0, text),
    }
}

fn find(conn: &Connection, name: &NamedProp) -> Result<Option<u16>> {
    let (kind, num, text) = columns(name);
    conn.prepare_cached(
        "SELECT id FROM named WHERE guid = ?1 AND kind = ?2 AND num = ?3 AND name = ?4",
    )
    .and_then(|mut s| {
        s.query_row(params![name.set.0.as_slice(), kind, num, text], |row| {
            row.get(0)
        })
        .optional()
    })
    .tried("reading named properties")
}

fn insert(conn: &Connection, name: &NamedProp) -> Result<u16> {
    let (kind, num, text) = columns(name);
    let next: i64 = conn
        .query_row(
            "SELECT COALESCE(MAX(id) + 1, ?1) FROM named",
            [FIRST],
            |row| row.get(0),
        )
        .tried("reading named properties")?;
    if next > LAST {
        return Err(refused(
            ErrorCode::TOO_BIG,
            "the store has no identifier left for another named property",
        ));
    }
    conn.execute(
        "INSERT INTO named (id, guid, kind, num, name) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![next, name.set.0.as_slice(), kind, num, text],
    )
    .tried("saving a named property")?;
    u16::try_from(next).map_err(|_| corrupt("a named property has a wrong identifier"))
}

fn find_name(conn: &Connection, id: u16) -> Result<Option<NamedProp>> {
    let mut query = conn
        .prepare_cached("SELECT id, guid, kind, num, name FROM named WHERE id = ?1")
        .tried("reading named properties")?;
    let mut rows = query.query([id]).tried("reading named properties")?;
    match rows.next().tried("reading named properties")? {
        Some(row) => read_name(row).map(Some),
        None => Ok(None),
    }
}

fn read_name(row: &Row<'_>) -> Result<NamedProp> {
    let bad = |_| corrupt("a named property is damaged");
    let set: Vec<u8> = row.get(1).tried("reading named properties")?;
    let set = Guid(
        set.try_into()
            .map_err(|_| corrupt("a named property is damaged"))?,
    );
    let kind: i64 = row.get(2).tried("reading named properties")?;
    let name = if kind == 0 {
        PropName::Id(row.get(3).map_err(bad)?)
    } else {
        PropName::Name(row.get(4).map_err(bad)?)
    };
    Ok(NamedProp { set, name })
}
