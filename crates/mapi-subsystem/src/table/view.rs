//! What one view shows.

use std::cmp::Ordering;
use std::collections::HashMap;

use mapi_com::iface::{Bookmark, RowSink};
use mapi_types::{
    Error, ErrorCode, Matcher, PropLookup, PropTag, PropType, Restriction, Result, RowChange,
    SortOrder,
};

use super::cursor::{Anchor, Marks};
use super::instance::{Instance, Overlay, Projection, Shown, expand};
use super::rows::{RowId, Rows};
use super::sort::{compare_values, sort};

/// The state of a view. All methods take the rows of its table.
pub(super) struct View {
    pub columns: Vec<PropTag>,
    pub order: SortOrder,
    filter: Option<Matcher>,
    /// The columns and sort keys with MV_INSTANCE: lists in them are shown member by member.
    expanded: Vec<PropTag>,
    /// What is shown, in the order of the view.
    pub(super) lines: Vec<Instance>,
    /// Of the lines that show a list member by member.
    pub(super) overlays: HashMap<Instance, Overlay>,
    pub marks: Marks,
    /// The connections of its sinks.
    pub sinks: Vec<usize>,
    /// What the sinks have not been told yet.
    pub news: Vec<RowChange>,
    /// What happens to single rows is not told.
    pub muted: bool,
}

/// The most sort keys; more are MAPI_E_TOO_COMPLEX.
const MAX_SORT_KEYS: usize = 32;

impl View {
    pub fn new(rows: &Rows, columns: Vec<PropTag>, order: SortOrder) -> Result<Self> {
        let mut view = Self {
            columns,
            order: SortOrder::default(),
            filter: None,
            expanded: Vec::new(),
            lines: Vec::new(),
            overlays: HashMap::new(),
            marks: Marks::default(),
            sinks: Vec::new(),
            news: Vec::new(),
            muted: false,
        };
        view.sort(rows, order)?;
        Ok(view)
    }

    /// The number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// SetColumns. Bookmarks are lost if lists are shown in another way than before.
    pub fn set_columns(&mut self, rows: &Rows, columns: &[PropTag]) -> Result<()> {
        if columns.is_empty() {
            return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                .context("a table shows one column at least"));
        }
        let expanded = expanded(columns, &self.order);
        if expanded != self.expanded {
            let before = std::mem::replace(&mut self.expanded, expanded);
            self.rebuild(rows).inspect_err(|_| self.expanded = before)?;
            self.marks.reset();
        }
        self.columns = columns.to_vec();
        Ok(())
    }

    /// Restrict. Bookmarks are lost, the cursor goes to the beginning.
    pub fn restrict(&mut self, rows: &Rows, restriction: Option<&Restriction>) -> Result<()> {
        let filter = restriction.map(compile).transpose()?;
        let before = std::mem::replace(&mut self.filter, filter);
        self.rebuild(rows).inspect_err(|_| self.filter = before)?;
        self.marks.reset();
        Ok(())
    }

    /// SortTable. Bookmarks are lost, the cursor goes to the beginning.
    pub fn sort(&mut self, rows: &Rows, order: SortOrder) -> Result<()> {
        if order.categories != 0 {
            return Err(Error::no_support().context("tables in memory have no categories"));
        }
        let unsortable = |tag: PropTag| {
            matches!(
                tag.ptype(),
                PropType::OBJECT | PropType::NULL | PropType::ERROR
            )
        };
        if order.keys.len() > MAX_SORT_KEYS || order.keys.iter().any(|key| unsortable(key.tag)) {
            return Err(Error::caller(ErrorCode::TOO_COMPLEX)
                .context("too many sort keys, or one that has no order"));
        }
        let expanded = expanded(&self.columns, &order);
        let before = (
            std::mem::replace(&mut self.order, order),
            std::mem::replace(&mut self.expanded, expanded),
        );
        self.rebuild(rows)
            .inspect_err(|_| (self.order, self.expanded) = before)?;
        self.marks.reset();
        Ok(())
    }

    /// Makes the list of lines anew. If it fails nothing has changed.
    fn rebuild(&mut self, rows: &Rows) -> Result<()> {
        let mut lines = Vec::with_capacity(rows.len());
        let mut overlays = HashMap::new();
        for id in rows.order() {
            if self.expanded.is_empty() {
                let line = Instance {
                    row: *id,
                    member: 0,
                };
                lines.extend(self.passes(rows.get(*id)).then_some(line));
                continue;
            }
            for (line, overlay) in self.instances(rows, *id)? {
                lines.push(line);
                overlays.extend(overlay.map(|overlay| (line, overlay)));
            }
        }
        self.overlays = overlays;
        let keys = &self.order.keys;
        let mut values = Vec::with_capacity(lines.len() * keys.len());
        let mut hints = vec![0; keys.len()];
        for line in lines.iter().filter(|_| !keys.is_empty()) {
            let shown = self.shown(rows, *line);
            let keys = keys.iter().zip(&mut hints);
            values.extend(keys.map(|(key, hint)| shown.value(key.tag, hint)));
        }
        self.lines = sort(lines, keys, &values);
        Ok(())
    }

    /// As [`View::rebuild`] after many rows have changed; cursor and bookmarks stay with their lines.
    pub fn rebuild_in_place(&mut self, rows: &Rows) -> Result<()> {
        let before: Vec<_> = (self.marks.anchors(self.lines.len()).into_iter())
            .map(|(id, anchor)| {
                let line = match anchor {
                    Anchor::Line(at) | Anchor::After(at) => self.lines.get(at).copied(),
                    _ => None,
                };
                (id, anchor, line)
            })
            .collect();
        self.rebuild(rows)?;
        let len = self.lines.len();
        for (id, anchor, line) in before {
            let found = line.and_then(|line| self.find_line(rows, line));
            let at = match anchor {
                Anchor::Beginning => Some(0),
                Anchor::End => Some(len),
                Anchor::Line(_) => found,
                Anchor::After(_) => Some(found.map_or(len, |at| at + 1)),
            };
            self.marks.settle(id, at, len);
        }
        Ok(())
    }

    /// What is shown of a row, in the order of members: nothing if the restriction hides it.
    pub(super) fn instances(
        &self,
        rows: &Rows,
        id: RowId,
    ) -> Result<impl Iterator<Item = (Instance, Option<Overlay>)>> {
        let row = rows.get(id);
        let overlays = if self.expanded.is_empty() {
            Vec::new()
        } else {
            expand(row, &self.expanded)?
        };
        let plain = overlays.is_empty().then_some(None);
        let all = plain.into_iter().chain(overlays.into_iter().map(Some));
        Ok((0..).zip(all).filter_map(move |(member, overlay)| {
            let shown = Shown {
                row,
                overlay: overlay.as_deref().unwrap_or_default(),
            };
            let visible = self.passes(&shown);
            visible.then_some((Instance { row: id, member }, overlay))
        }))
    }

    /// Whether the restriction lets it through.
    fn passes(&self, row: &dyn PropLookup) -> bool {
        // Without sub-objects, which `compile` refuses, matching cannot fail.
        (self.filter.as_ref()).is_none_or(|filter| filter.matches(row).unwrap_or(false))
    }

    /// Whether a row could be shown if it came.
    ///
    /// # Errors
    /// MAPI_E_TABLE_TOO_BIG if its lists have too many combinations.
    pub fn check(&self, row: &mapi_types::Row) -> Result<()> {
        expand(row, &self.expanded).map(drop)
    }

    pub(super) fn is_expanded(&self) -> bool {
        !self.expanded.is_empty()
    }

    /// A line with its values.
    pub(super) fn shown<'a>(&'a self, rows: &'a Rows, line: Instance) -> Shown<'a> {
        let overlay = (!self.overlays.is_empty()).then(|| self.overlays.get(&line));
        Shown {
            row: rows.get(line.row),
            overlay: overlay.flatten().map_or(&[], |overlay| overlay),
        }
    }

    /// The order of two lines: no two are equal.
    pub(super) fn compare(&self, rows: &Rows, a: Instance, b: Instance) -> Ordering {
        let by_keys = || {
            let (shown_a, shown_b) = (self.shown(rows, a), self.shown(rows, b));
            (self.order.keys.iter())
                .map(|key| {
                    let a = shown_a.value(key.tag, &mut 0);
                    compare_values(key, a, shown_b.value(key.tag, &mut 0))
                })
                .find(|order| order.is_ne())
        };
        let by_keys = (!self.order.keys.is_empty()).then(by_keys).flatten();
        by_keys.unwrap_or_else(|| {
            let place = |line: Instance| (rows.rank(line.row), line.member);
            place(a).cmp(&place(b))
        })
    }

    /// The place that a line has or would have.
    pub(super) fn place_of(&self, rows: &Rows, line: Instance) -> usize {
        (self.lines).partition_point(|other| self.compare(rows, *other, line).is_lt())
    }

    /// The place of a line of a row that is in the table, if the view shows it.
    pub(super) fn find_line(&self, rows: &Rows, line: Instance) -> Option<usize> {
        if !rows.contains(line.row) {
            return None;
        }
        let at = self.place_of(rows, line);
        (self.lines.get(at) == Some(&line)).then_some(at)
    }

    /// SeekRow: the lines moved, and whether the bookmark has lost its line.
    pub fn seek(&mut self, origin: Bookmark, count: i32) -> Result<(i32, bool)> {
        let len = self.lines.len();
        let (from, lost) = self.marks.resolve(origin, len)?;
        let distance = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let to = if count < 0 {
            from.saturating_sub(distance)
        } else {
            from.saturating_add(distance).min(len)
        };
        if count == 0 && origin.0 > Bookmark::END.0 && to < len {
            self.marks.put_cursor_on(to);
        } else {
            self.marks.move_cursor(to);
        }
        let moved = i32::try_from(from.abs_diff(to)).unwrap_or(i32::MAX);
        Ok((if to < from { -moved } else { moved }, lost))
    }

    /// FindRow: puts the cursor on the first line that satisfies the restriction; whether the bookmark had lost its line.
    pub fn find(
        &mut self,
        rows: &Rows,
        restriction: &Restriction,
        origin: Bookmark,
        backward: bool,
    ) -> Result<bool> {
        let wanted = compile(restriction)?;
        let (from, lost) = self.marks.resolve(origin, self.lines.len())?;
        let matches = |line: &Instance| wanted.matches(&self.shown(rows, *line)).unwrap_or(false);
        let found = if backward {
            self.lines[..from].iter().rposition(matches)
        } else {
            let found = self.lines[from..].iter().position(matches);
            found.map(|at| from + at)
        };
        let found = found.ok_or_else(|| {
            Error::caller(ErrorCode::NOT_FOUND).context("no row satisfies the restriction")
        })?;
        self.marks.put_cursor_on(found);
        Ok(lost)
    }

    /// QueryRows: hands `count` lines from the cursor on to `sink`; with a negative count those before the cursor, in the order of
    /// the table. Then the cursor stands behind the last of them, or with `advance` false before the first.
    pub fn read(
        &mut self,
        rows: &Rows,
        count: i32,
        advance: bool,
        sink: &mut RowSink<'_>,
    ) -> Result<()> {
        let (cursor, len) = (self.marks.cursor(), self.lines.len());
        let distance = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let (from, to) = if count < 0 {
            (cursor.saturating_sub(distance), cursor)
        } else {
            (cursor, cursor.saturating_add(distance).min(len))
        };
        let mut projection = Projection::new(&self.columns);
        for line in &self.lines[from..to] {
            projection.read(self.shown(rows, *line), sink)?;
        }
        let at = if advance { to } else { from };
        if at != cursor {
            self.marks.move_cursor(at);
        }
        Ok(())
    }
}

/// The tags among columns and sort keys whose lists are shown member by member.
fn expanded(columns: &[PropTag], order: &SortOrder) -> Vec<PropTag> {
    let tags = columns.iter().copied();
    let tags = tags.chain(order.keys.iter().map(|key| key.tag));
    let mut expanded: Vec<PropTag> = Vec::new();
    for tag in tags.filter(|tag| tag.ptype().0 & PropType::MV_INSTANCE != 0) {
        if !expanded.iter().any(|known| known.same_id(tag)) {
            expanded.push(tag);
        }
    }
    expanded
}

/// A restriction that rows in memory can be asked.
fn compile(restriction: &Restriction) -> Result<Matcher> {
    let matcher = restriction.compile()?;
    if matcher.needs_sub_objects() {
        return Err(Error::caller(ErrorCode::TOO_COMPLEX)
            .context("the rows of this table have no recipients and no attachments"));
    }
    Ok(matcher)
}
