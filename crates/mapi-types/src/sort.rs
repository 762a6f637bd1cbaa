//! Sort orders (SSortOrderSet).

use crate::PropTag;

/// One column of a sort order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SortKey {
    /// The column.
    pub tag: PropTag,
    /// TABLE_SORT_DESCEND.
    pub descending: bool,
}

/// A sort order: the first key decides, later ones break ties. Categories are not built.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SortOrder {
    /// The keys.
    pub keys: Vec<SortKey>,
    /// cCategories; a table answers MAPI_E_NO_SUPPORT if it is not 0.
    pub categories: u32,
    /// cExpanded.
    pub expanded: u32,
}

impl SortOrder {
    /// By one column, ascending.
    #[must_use]
    pub fn by(tag: PropTag) -> Self {
        Self {
            keys: vec![SortKey {
                tag,
                descending: false,
            }],
            ..Self::default()
        }
    }

    /// By one column, descending.
    #[must_use]
    pub fn by_descending(tag: PropTag) -> Self {
        Self {
            keys: vec![SortKey {
                tag,
                descending: true,
            }],
            ..Self::default()
        }
    }
}
