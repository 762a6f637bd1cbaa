//! Table rows (SRow) and what happens to them.

use crate::{PropTag, PropValue, Property};

/// A row of a table: its columns in the order that was asked for (SRow).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
    /// The columns; one that has no value is PT_ERROR with MAPI_E_NOT_FOUND.
    pub props: Vec<Property>,
}

impl Row {
    /// The value of a column, by identifier; `None` if it is not there or has no value.
    #[must_use]
    pub fn get(&self, tag: PropTag) -> Option<&PropValue> {
        let found = self.props.iter().find(|p| p.tag.same_id(tag))?;
        if let PropValue::Error(_) = found.value {
            None
        } else {
            Some(&found.value)
        }
    }
}

impl From<Vec<Property>> for Row {
    fn from(props: Vec<Property>) -> Self {
        Self { props }
    }
}

/// What a table notification says (TABLE_NOTIFICATION.ulTableEvent).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableEvent {
    /// TABLE_CHANGED: much has changed, read again.
    Changed,
    /// TABLE_ERROR.
    Error,
    /// TABLE_ROW_ADDED.
    RowAdded,
    /// TABLE_ROW_DELETED.
    RowDeleted,
    /// TABLE_ROW_MODIFIED.
    RowModified,
    /// TABLE_SORT_DONE.
    SortDone,
    /// TABLE_RESTRICT_DONE.
    RestrictDone,
    /// TABLE_SETCOL_DONE.
    SetColDone,
    /// TABLE_RELOAD.
    Reload,
}

/// One change of a table, as a sink is told (TABLE_NOTIFICATION).
#[derive(Clone, PartialEq, Debug)]
pub struct RowChange {
    /// What happened.
    pub event: TableEvent,
    /// PR_INSTANCE_KEY of the row (propIndex); PT_NULL if none.
    pub index: Property,
    /// PR_INSTANCE_KEY of the row before it (propPrior); PT_NULL if it is the first.
    pub prior: Property,
    /// The row in the view's columns; empty for a removal.
    pub row: Row,
}
