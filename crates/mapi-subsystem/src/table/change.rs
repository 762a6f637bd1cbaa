//! Changes of rows, one by one, and what the sinks of a view are told about them.

use mapi_types::{PropValue, Property, Row, RowChange, TableEvent, tag};

use super::cursor::Followed;
use super::instance::Instance;
use super::rows::{RowId, Rows};
use super::view::View;

/// A line of a row that is about to change or to go.
pub(super) struct Located {
    line: Instance,
    at: usize,
    /// PR_INSTANCE_KEY.
    key: Property,
}

impl View {
    /// The lines of a row, by place.
    pub fn locate(&self, rows: &Rows, id: RowId) -> Vec<Located> {
        let mut members = 1;
        if self.is_expanded() {
            members = self.instances(rows, id).map_or(0, |all| {
                all.map(|(line, _)| line.member + 1).max().unwrap_or(0)
            });
        }
        let lines = (0..members).map(|member| Instance { row: id, member });
        let mut located: Vec<Located> = lines
            .filter_map(|line| {
                Some(Located {
                    line,
                    at: self.find_line(rows, line)?,
                    key: self.shown(rows, line).instance_key(),
                })
            })
            .collect();
        located.sort_unstable_by_key(|located| located.at);
        located
    }

    /// A row has come.
    pub fn row_inserted(&mut self, rows: &Rows, id: RowId) {
        self.row_changed(rows, id, &[]);
    }

    /// A row is about to go.
    pub fn row_removed(&mut self, rows: &Rows, id: RowId) {
        let lines = self.locate(rows, id);
        for located in lines.iter().rev() {
            self.take_out(located);
        }
        for located in &lines {
            self.tell_deleted(located);
        }
    }

    /// A row has changed; `was` is what [`View::locate`] found before.
    pub fn row_changed(&mut self, rows: &Rows, id: RowId, was: &[Located]) {
        if self.stays_in_place(rows, id, was) {
            self.tell(rows, was[0].at, TableEvent::RowModified);
            return;
        }
        // Out with all of them first: the list is in order again before anything is searched in it.
        let followed: Vec<(u32, Vec<Followed>)> = (was.iter().rev())
            .map(|located| (located.line.member, self.take_out(located)))
            .collect();
        let now: Vec<_> = (self.instances(rows, id)).map_or(Vec::new(), Iterator::collect);
        for located in was {
            if !now.iter().any(|(line, _)| *line == located.line) {
                self.tell_deleted(located);
            }
        }
        let now: Vec<Instance> = now
            .into_iter()
            .map(|(line, overlay)| {
                self.overlays.extend(overlay.map(|overlay| (line, overlay)));
                let at = self.place_of(rows, line);
                self.lines.insert(at, line);
                self.marks.inserted(at);
                let marks = followed.iter().find(|(member, _)| *member == line.member);
                if let Some((_, marks)) = marks {
                    self.marks.follow(marks, at);
                }
                line
            })
            .collect();
        self.tell_in_order(rows, &now, was);
    }

    /// Whether the row was and is shown on one line, whose neighbours are still the right ones.
    fn stays_in_place(&self, rows: &Rows, id: RowId, was: &[Located]) -> bool {
        let ([located], false) = (was, self.is_expanded()) else {
            return false;
        };
        let visible = self
            .instances(rows, id)
            .is_ok_and(|mut all| all.next().is_some());
        let neighbour = |at: Option<usize>| at.and_then(|at| self.lines.get(at));
        let line = located.line;
        visible
            && neighbour(located.at.checked_sub(1))
                .is_none_or(|before| self.compare(rows, *before, line).is_lt())
            && neighbour(located.at.checked_add(1))
                .is_none_or(|after| self.compare(rows, line, *after).is_lt())
    }

    /// Takes a line out of the list: the marks that stayed with it.
    fn take_out(&mut self, located: &Located) -> Vec<Followed> {
        self.lines.remove(located.at);
        self.overlays.remove(&located.line);
        self.marks.removed(located.at)
    }

    /// Lines that have come or changed, in the order in which they can be understood.
    fn tell_in_order(&mut self, rows: &Rows, now: &[Instance], was: &[Located]) {
        if !self.is_heard() {
            return;
        }
        let mut places: Vec<(usize, TableEvent)> = now
            .iter()
            .map(|line| {
                let modified = was.iter().any(|located| located.line == *line);
                let event = if modified {
                    TableEvent::RowModified
                } else {
                    TableEvent::RowAdded
                };
                (self.place_of(rows, *line), event)
            })
            .collect();
        places.sort_unstable_by_key(|(at, _)| *at);
        for (at, event) in places {
            self.tell(rows, at, event);
        }
    }

    /// HrNotify: the row has changed, or may have.
    pub fn tell_modified(&mut self, rows: &Rows, id: RowId) {
        for located in self.locate(rows, id) {
            self.tell(rows, located.at, TableEvent::RowModified);
        }
    }

    /// Whether somebody wants to know of single rows.
    fn is_heard(&self) -> bool {
        !self.sinks.is_empty() && !self.muted
    }

    /// Something happened to a line.
    fn tell(&mut self, rows: &Rows, at: usize, event: TableEvent) {
        if !self.is_heard() {
            return;
        }
        let before = at.checked_sub(1).and_then(|at| self.lines.get(at));
        let shown = self.shown(rows, self.lines[at]);
        let change = RowChange {
            event,
            index: shown.instance_key(),
            prior: before.map_or_else(none, |line| self.shown(rows, *line).instance_key()),
            row: shown.project(&self.columns),
        };
        self.news.push(change);
    }

    fn tell_deleted(&mut self, located: &Located) {
        if self.is_heard() {
            self.news.push(RowChange {
                event: TableEvent::RowDeleted,
                index: located.key.clone(),
                prior: none(),
                row: Row::default(),
            });
        }
    }

    /// Something happened to the table as a whole.
    pub fn tell_all(&mut self, event: TableEvent) {
        if !self.sinks.is_empty() {
            self.news.push(RowChange {
                event,
                index: none(),
                prior: none(),
                row: Row::default(),
            });
        }
    }
}

/// PR_NULL.
fn none() -> Property {
    Property::new(tag::PR_NULL, PropValue::Null)
}
