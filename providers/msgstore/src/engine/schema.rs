//! The layout of the file and its numbered migrations.

use mapi_types::Result;
use rusqlite::Connection;

use super::open;
use super::sql::Tried;

/// PRAGMA application_id: "OMSG".
pub(crate) const APPLICATION_ID: u32 = 0x4F4D_5347;
/// PRAGMA user_version of a file that is up to date.
pub(crate) const VERSION: u32 = 1;
/// Bytes per page.
pub(crate) const PAGE_SIZE: u32 = 8192;

/// What brings a file from layout n to n + 1.
const MIGRATIONS: [fn(&Connection) -> Result<()>; VERSION as usize] = [first];

fn first(conn: &Connection) -> Result<()> {
    conn.execute_batch(include_str!("migrations/0001_first.sql"))
        .tried("creating the tables")?;
    open::first_rows(conn)
}

fn version(conn: &Connection) -> Result<u32> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
        .tried("reading the layout version")
}

/// Runs the migrations that the file has not seen, each in a transaction of its own.
pub(crate) fn migrate(conn: &Connection) -> Result<()> {
    if version(conn)? >= VERSION {
        return Ok(());
    }
    for (to, migration) in (1..).zip(MIGRATIONS) {
        conn.execute_batch("BEGIN IMMEDIATE")
            .tried("updating the layout")?;
        // Another process may have done it in the meantime.
        let step = if version(conn)? < to {
            migration(conn).and_then(|()| {
                conn.execute_batch(&format!(
                    "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {to};"
                ))
                .tried("updating the layout")
            })
        } else {
            Ok(())
        };
        match step.and_then(|()| conn.execute_batch("COMMIT").tried("updating the layout")) {
            Ok(()) => {}
            Err(e) => {
                // The connection is closed after this error, which rolls back as well.
                let _ = conn.execute_batch("ROLLBACK");
                return Err(e);
            }
        }
    }
    Ok(())
}
