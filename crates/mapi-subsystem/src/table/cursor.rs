//! Cursor and bookmarks: places in a view that survive its changes.

use std::collections::HashMap;

use mapi_com::iface::Bookmark;
use mapi_types::{Error, ErrorCode, Result};

/// A place before a line of the view.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Mark {
    at: usize,
    /// Its line has gone since the mark was used last (MAPI_W_POSITION_CHANGED).
    lost: bool,
}

/// Which mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum MarkId {
    Cursor,
    Bookmark(usize),
}

/// A mark that stayed with a line, and whether it had been lost before.
pub(super) struct Followed {
    id: MarkId,
    lost: bool,
}

/// What a mark holds on to while its view is built anew: lines by their old places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Beginning,
    Line(usize),
    After(usize),
    End,
}

/// The cursor and the bookmarks of a view.
///
/// A bookmark stays with its line, wherever that goes. The cursor does so once FindRow or a bookmark has put it on a line. After
/// reading it is a place between two lines: what is inserted there is read next, and a line that moves away does not take it
/// along, so that reading on leaves nothing out.
#[derive(Debug, Default)]
pub(super) struct Marks {
    cursor: Mark,
    on_line: bool,
    bookmarks: HashMap<usize, Mark>,
    last_bookmark: usize,
}

/// The most bookmarks of one view (imapitable-createbookmark.md asks for a limit).
const MAX_BOOKMARKS: usize = 1024;

impl Marks {
    pub fn cursor(&self) -> usize {
        self.cursor.at
    }

    /// Puts the cursor to a place between lines.
    pub fn move_cursor(&mut self, at: usize) {
        self.cursor = Mark { at, lost: false };
        self.on_line = false;
    }

    /// Puts the cursor on a line.
    pub fn put_cursor_on(&mut self, at: usize) {
        self.move_cursor(at);
        self.on_line = true;
    }

    /// Forgets all bookmarks; the cursor goes to the beginning.
    pub fn reset(&mut self) {
        self.bookmarks.clear();
        self.move_cursor(0);
    }

    pub fn create(&mut self) -> Result<Bookmark> {
        if self.bookmarks.len() >= MAX_BOOKMARKS {
            return Err(Error::caller(ErrorCode::UNABLE_TO_COMPLETE)
                .context("the table has too many bookmarks; free some"));
        }
        self.last_bookmark += 1;
        let mark = Mark {
            at: self.cursor.at,
            lost: false,
        };
        self.bookmarks.insert(self.last_bookmark, mark);
        Ok(Bookmark(self.last_bookmark + Bookmark::END.0))
    }

    pub fn free(&mut self, bookmark: Bookmark) -> Result<()> {
        let Some(id) = bookmark.0.checked_sub(Bookmark::END.0 + 1) else {
            return Ok(()); // the predefined ones
        };
        let freed = self.bookmarks.remove(&(id + 1));
        freed.map(drop).ok_or_else(invalid_bookmark)
    }

    /// The place of a bookmark in a view of `len` lines, and whether its line has gone since it was used last.
    pub fn resolve(&mut self, bookmark: Bookmark, len: usize) -> Result<(usize, bool)> {
        let mark = match bookmark {
            Bookmark::BEGINNING => return Ok((0, false)),
            Bookmark::END => return Ok((len, false)),
            Bookmark::CURRENT => &mut self.cursor,
            Bookmark(id) => {
                (self.bookmarks.get_mut(&(id - Bookmark::END.0))).ok_or_else(invalid_bookmark)?
            }
        };
        Ok((mark.at, std::mem::take(&mut mark.lost)))
    }

    /// A line has come at `at`.
    pub fn inserted(&mut self, at: usize) {
        if at < self.cursor.at || at == self.cursor.at && self.on_line {
            self.cursor.at += 1;
        }
        for mark in self.bookmarks.values_mut().filter(|mark| at <= mark.at) {
            mark.at += 1;
        }
    }

    /// The line at `at` has gone. The answer are the marks that stayed with it, in case it comes again elsewhere.
    pub fn removed(&mut self, at: usize) -> Vec<Followed> {
        let mut with_it = Vec::new();
        let on_line = self.on_line;
        for (id, mark) in self.all_mut() {
            if at < mark.at {
                mark.at -= 1;
            } else if at == mark.at {
                let lost = std::mem::replace(&mut mark.lost, true);
                if id != MarkId::Cursor || on_line {
                    with_it.push(Followed { id, lost });
                }
            }
        }
        with_it
    }

    /// The line that these marks stayed with is at `at` now.
    pub fn follow(&mut self, marks: &[Followed], at: usize) {
        for followed in marks {
            if let Some(mark) = self.get_mut(followed.id) {
                *mark = Mark {
                    at,
                    lost: followed.lost,
                };
            }
        }
    }

    /// What each mark holds on to in a view of `len` lines that is about to be built anew.
    pub fn anchors(&self, len: usize) -> Vec<(MarkId, Anchor)> {
        let bookmarks = self.bookmarks.iter();
        let bookmarks = bookmarks.map(|(id, mark)| {
            let anchor = if mark.at < len {
                Anchor::Line(mark.at)
            } else {
                Anchor::End
            };
            (MarkId::Bookmark(*id), anchor)
        });
        let cursor = match self.cursor.at {
            0 if !self.on_line => Anchor::Beginning,
            at if at < len => Anchor::Line(at),
            at => at.checked_sub(1).map_or(Anchor::Beginning, Anchor::After),
        };
        bookmarks.chain([(MarkId::Cursor, cursor)]).collect()
    }

    /// After building anew: where the mark is now; `None`: its line is not there any more. The view has `len` lines.
    pub fn settle(&mut self, id: MarkId, at: Option<usize>, len: usize) {
        if let Some(mark) = self.get_mut(id) {
            mark.lost |= at.is_none();
            mark.at = at.unwrap_or(mark.at).min(len);
        }
    }

    fn get_mut(&mut self, id: MarkId) -> Option<&mut Mark> {
        match id {
            MarkId::Cursor => Some(&mut self.cursor),
            MarkId::Bookmark(id) => self.bookmarks.get_mut(&id),
        }
    }

    fn all_mut(&mut self) -> impl Iterator<Item = (MarkId, &mut Mark)> {
        let bookmarks = self.bookmarks.iter_mut();
        let bookmarks = bookmarks.map(|(id, mark)| (MarkId::Bookmark(*id), mark));
        bookmarks.chain([(MarkId::Cursor, &mut self.cursor)])
    }
}

fn invalid_bookmark() -> Error {
    Error::caller(ErrorCode::INVALID_BOOKMARK).context("the table has no such bookmark (any more)")
}
