//! One row as a view shows it.

use std::borrow::Cow;

use mapi_com::iface::ColumnRef;
use mapi_types::{
    Error, ErrorCode, PropLookup, PropTag, PropType, PropValue, Property, Result, Row,
    UnicodeString, tag,
};

use super::rows::{RowId, instance_key};

/// One line of a view: a row, or with MV_INSTANCE columns one combination of the members of its lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Instance {
    pub row: RowId,
    /// Which combination; 0 if there is only one.
    pub member: u32,
}

/// What an instance shows in place of the lists of its row, and its own PR_INSTANCE_KEY.
pub(super) type Overlay = Box<[Property]>;

/// The most instances one row may have: lists come from outside, and combinations multiply.
const MAX_INSTANCES: usize = 1 << 16;

/// The overlays of all instances of a row for the columns with MV_INSTANCE; empty if it is shown once and as it is.
///
/// # Errors
/// MAPI_E_TABLE_TOO_BIG for too many.
pub(super) fn expand(row: &Row, columns: &[PropTag]) -> Result<Vec<Overlay>> {
    let lists: Vec<(PropTag, &PropValue)> = (columns.iter())
        .filter_map(|column| Some((*column, row.get(*column)?)))
        .filter(|(_, value)| value.ptype().is_multi())
        .collect();
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let count = (lists.iter()).try_fold(1, |count: usize, (_, list)| {
        (count.checked_mul(list.member_count().max(1))).filter(|count| *count <= MAX_INSTANCES)
    });
    let count = count.ok_or_else(|| {
        Error::caller(ErrorCode::TABLE_TOO_BIG)
            .context("the lists of one row have too many combinations")
    })?;
    Ok((0..count)
        .map(|member| overlay(row, &lists, member))
        .collect())
}

fn overlay(row: &Row, lists: &[(PropTag, &PropValue)], member: usize) -> Overlay {
    let mut rest = member;
    let mut overlay: Vec<Property> = (lists.iter())
        .map(|(column, list)| {
            let count = list.member_count().max(1);
            let at = rest % count;
            rest /= count;
            // An empty list shows as no value.
            let missing = || Property::error(*column, ErrorCode::NOT_FOUND);
            (list.member(at)).map_or_else(missing, |value| Property::new(*column, value))
        })
        .collect();
    // The first instance keeps the key of the row: it is the same line when a list comes or goes.
    if member > 0 {
        let number = u32::try_from(member).unwrap_or(u32::MAX).to_be_bytes();
        let key = [instance_key(row), &number].concat();
        overlay.push(Property::new(tag::PR_INSTANCE_KEY, key));
    }
    overlay.into()
}

/// An instance with its values.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub row: &'a Row,
    pub overlay: &'a [Property],
}

impl PropLookup for Shown<'_> {
    fn prop(&self, tag: PropTag) -> Option<&PropValue> {
        if self.overlay.is_empty() {
            return self.row.get(tag);
        }
        self.value(tag, &mut 0)
    }
}

/// What a column without a value shows.
static NOT_FOUND: PropValue = PropValue::Error(ErrorCode::NOT_FOUND);
static EMPTY: PropValue = PropValue::Null;

impl<'a> Shown<'a> {
    /// A value by identifier. `hint` is where it was in the row before: rows of a table look alike.
    pub fn value(&self, tag: PropTag, hint: &mut usize) -> Option<&'a PropValue> {
        let found = self.overlay.iter().find(|p| p.tag.same_id(tag));
        let found = found.or_else(|| {
            let props = &self.row.props;
            let there = props.get(*hint).filter(|p| p.tag.same_id(tag));
            there.or_else(|| {
                *hint = props.iter().position(|p| p.tag.same_id(tag))?;
                props.get(*hint)
            })
        });
        (found.map(|p| &p.value)).filter(|value| !matches!(value, PropValue::Error(_)))
    }

    /// PR_INSTANCE_KEY.
    pub fn instance_key(&self) -> Property {
        let key = self
            .prop(tag::PR_INSTANCE_KEY)
            .and_then(PropValue::as_bytes);
        Property::new(tag::PR_INSTANCE_KEY, key.unwrap_or_default())
    }

    /// What a column shows, with the tag it is shown under.
    fn cell(&self, column: PropTag, hint: &mut usize) -> (PropTag, Cow<'a, PropValue>) {
        let wanted = column.ptype();
        if wanted == PropType::NULL {
            return (column, Cow::Borrowed(&EMPTY));
        }
        let shown = (self.value(column, hint)).and_then(|value| in_type(value, wanted));
        let value = shown.unwrap_or(Cow::Borrowed(&NOT_FOUND));
        (column.with_type(value.ptype()), value)
    }

    /// The row in these columns, owned.
    pub fn project(&self, columns: &[PropTag]) -> Row {
        let mut hint = 0;
        let cells = columns.iter().map(|column| {
            let (tag, value) = self.cell(*column, &mut hint);
            hint += 1;
            Property {
                tag,
                value: value.into_owned(),
            }
        });
        Row {
            props: cells.collect(),
        }
    }
}

/// Reads many rows in the same columns, without a copy of what they hold.
pub(super) struct Projection<'a> {
    columns: &'a [PropTag],
    /// Where each column was in the row before.
    hints: Vec<usize>,
    cells: Vec<ColumnRef<'a>>,
}

impl<'a> Projection<'a> {
    pub fn new(columns: &'a [PropTag]) -> Self {
        Self {
            columns,
            hints: (0..columns.len()).collect(),
            cells: Vec::with_capacity(columns.len()),
        }
    }

    /// Hands one row to `sink`.
    pub fn read(
        &mut self,
        shown: Shown<'a>,
        sink: &mut dyn FnMut(&[ColumnRef<'_>]) -> Result<()>,
    ) -> Result<()> {
        self.cells.clear();
        for (column, hint) in self.columns.iter().zip(&mut self.hints) {
            // Nearly always: the property is where it was in the row before, and of the type that is wanted.
            let there = shown.row.props.get(*hint).filter(|p| p.tag == *column);
            if let (Some(property), []) = (there, shown.overlay) {
                self.cells.push(ColumnRef {
                    tag: property.tag,
                    value: &property.value,
                });
                continue;
            }
            let (tag, value) = shown.cell(*column, hint);
            let Cow::Borrowed(value) = value else {
                // A text in another width has to be converted: this row goes the long way.
                let row = shown.project(self.columns);
                let cells = row.props.iter().map(|p| ColumnRef {
                    tag: p.tag,
                    value: &p.value,
                });
                return sink(&cells.collect::<Vec<_>>());
            };
            self.cells.push(ColumnRef { tag, value });
        }
        sink(&self.cells)
    }
}

/// A value as a column of type `wanted` shows it: as it is, or a text in the other width. `None` if it is of another type.
fn in_type(value: &PropValue, wanted: PropType) -> Option<Cow<'_, PropValue>> {
    let has = value.ptype();
    let wanted = PropType(wanted.0 & !PropType::MV_INSTANCE);
    let single_of_list = wanted.is_multi() && has == wanted.single();
    if wanted == PropType::UNSPECIFIED || has == wanted || single_of_list {
        return Some(Cow::Borrowed(value));
    }
    let text = |bytes: &[u8]| UnicodeString::from(String::from_utf8_lossy(bytes).into_owned());
    let bytes = |text: &UnicodeString| text.to_str().into_owned().into_bytes();
    let wide = wanted.single() == PropType::UNICODE;
    Some(Cow::Owned(match value {
        PropValue::String8(b) if wide => PropValue::Unicode(text(b)),
        PropValue::Unicode(t) if wanted.is_string() => PropValue::String8(bytes(t)),
        PropValue::MvString8(list) if wide => {
            PropValue::MvUnicode(list.iter().map(|b| text(b)).collect())
        }
        PropValue::MvUnicode(list) if wanted.is_string() => {
            PropValue::MvString8(list.iter().map(bytes).collect())
        }
        _ => return None,
    }))
}
