//! A row being asked whether it satisfies a restriction.

use mapi_types::{PropLookup, PropTag, PropValue, Property, Result, Row, tag};
use rusqlite::Connection;

use crate::engine::message::computed::{ATTACHMENT, attachment_computed};
use crate::engine::message::data::{AttachData, Body};
use crate::engine::props::PropSet;

/// The columns of a row, and the way to its recipients and attachments.
pub(crate) struct Candidate<'a> {
    pub conn: &'a Connection,
    pub message: i64,
    pub row: Row,
}

impl PropLookup for Candidate<'_> {
    fn prop(&self, tag: PropTag) -> Option<&PropValue> {
        self.row.get(tag)
    }

    fn any_sub_object(
        &self,
        which: PropTag,
        test: &mut dyn FnMut(&dyn PropLookup) -> Result<bool>,
    ) -> Result<bool> {
        let Some(mut body) = Body::load(self.conn, self.message)? else {
            return Ok(false);
        };
        if which.same_id(tag::PR_MESSAGE_RECIPIENTS) {
            for recipient in body.recipients.iter() {
                if test(&shown(self.conn, &recipient.props, Vec::new())?)? {
                    return Ok(true);
                }
            }
        } else if which.same_id(tag::PR_MESSAGE_ATTACHMENTS) {
            for entry in body.know_attachments(self.conn)? {
                let Some(row) = entry.row else { continue };
                let data = AttachData::load(self.conn, row)?;
                let computed = ATTACHMENT
                    .iter()
                    .filter_map(|t| attachment_computed(entry, entry.size, *t))
                    .collect();
                if test(&shown(self.conn, &data.props, computed)?)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

fn shown(conn: &Connection, set: &PropSet, mut props: Vec<Property>) -> Result<Row> {
    for tag in set.tags() {
        props.extend(set.table_value(conn, tag)?);
    }
    Ok(Row { props })
}
