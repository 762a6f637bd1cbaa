//! Owners, and the functions by which they are told apart.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mapi_sys::{LPVOID, SCODE, ULONG};
use mapi_types::ErrorCode;

use super::ledger::{self, OWNERS, Usage};
use super::{Allocator, block};

/// One owner of blocks: MAPI and its clients, a provider library, or all for whom no place was left.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner(u8);

impl Owner {
    /// MAPI itself and the clients.
    pub const MAPI: Self = Self(0);
    /// Everybody for whom no place was left.
    pub const OTHERS: Self = Self(63);

    pub(super) const fn index(self) -> u8 {
        self.0
    }

    pub(super) const fn from_index(index: u8) -> Self {
        Self(index)
    }

    /// The three functions that allocate for this owner, as its entry point gets them.
    #[must_use]
    pub fn allocator(self) -> Allocator {
        Allocator::ours(self, ALLOCATE[self.0 as usize], allocate_more, free_buffer)
    }

    /// Whose function this is, if it is one of ours.
    pub(super) fn of(allocate: mapi_sys::ALLOCATEBUFFER) -> Option<Self> {
        let found = ALLOCATE
            .iter()
            .position(|ours| std::ptr::fn_addr_eq(*ours, allocate))?;
        u8::try_from(found).ok().map(Self)
    }

    /// The name it was reserved under.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::MAPI => "MAPI and clients".to_owned(),
            Self::OTHERS => "others".to_owned(),
            Self(index) => match &places()[index as usize] {
                Place::Free => "nobody".to_owned(),
                Place::Reserved(name) | Place::Returned(name) => name.clone(),
            },
        }
    }

    /// What it has not freed yet.
    #[must_use]
    pub fn usage(self) -> Usage {
        ledger::usage(self.0)
    }

    /// All owners that have a name or still have blocks.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let reserved: Vec<bool> = places().iter().map(|p| !matches!(p, Place::Free)).collect();
        (0..OWNERS)
            .filter_map(|i| Some((u8::try_from(i).ok().map(Self)?, reserved[i])))
            .filter(|(owner, reserved)| *reserved || owner.usage().blocks > 0)
            .map(|(owner, _)| owner)
            .collect()
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Owner({}: {})", self.0, self.name())
    }
}

/// A reserved [`Owner`]; dropping it returns the place.
///
/// The functions stay callable for ever. A place whose owner has left blocks behind is not given to anybody else before
/// the last of them has been freed.
#[derive(Debug)]
pub struct OwnerSlot(Owner);

impl OwnerSlot {
    /// Reserves a place; [`Owner::OTHERS`], which several share, if there is none.
    #[must_use]
    pub fn reserve(name: impl Into<String>) -> Self {
        let mut places = places();
        let index = (1..OWNERS - 1)
            .find(|i| matches!(places[*i], Place::Free))
            .or_else(|| (1..OWNERS - 1).find(|i| places[*i].can_be_reused(*i)));
        let Some(index) = index else {
            return Self(Owner::OTHERS);
        };
        places[index] = Place::Reserved(name.into());
        Self(u8::try_from(index).map_or(Owner::OTHERS, Owner))
    }

    /// The owner: a plain number that may be kept after the place was returned, to ask what was left behind.
    #[must_use]
    pub fn owner(&self) -> Owner {
        self.0
    }
}

impl Drop for OwnerSlot {
    fn drop(&mut self) {
        if self.0 == Owner::OTHERS {
            return;
        }
        let place = &mut places()[self.0.0 as usize];
        if let Place::Reserved(name) = place {
            *place = Place::Returned(std::mem::take(name));
        }
    }
}

enum Place {
    Free,
    Reserved(String),
    Returned(String),
}

impl Place {
    fn can_be_reused(&self, index: usize) -> bool {
        let owner = u8::try_from(index).unwrap_or(u8::MAX);
        matches!(self, Self::Returned(_)) && ledger::usage(owner).blocks == 0
    }
}

static PLACES: Mutex<[Place; OWNERS]> = Mutex::new([const { Place::Free }; OWNERS]);

fn places() -> MutexGuard<'static, [Place; OWNERS]> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// MAPIAllocateBuffer of one owner.
unsafe extern "system" fn allocate_buffer<const OWNER: u8>(size: ULONG, out: *mut LPVOID) -> SCODE {
    if out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    let block = block::allocate(OWNER, size);
    // SAFETY: `out` is not null, so it is a place for a pointer (the caller's contract).
    unsafe { out.write(block.cast()) };
    if block.is_null() {
        return ErrorCode::NOT_ENOUGH_MEMORY.hresult();
    }
    0
}

/// MAPIAllocateMore: the chain belongs to whom its root belongs to.
unsafe extern "system" fn allocate_more(size: ULONG, root: LPVOID, out: *mut LPVOID) -> SCODE {
    if out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    // SAFETY: the caller passes a root block and a place for a pointer.
    unsafe { block::more(root.cast(), size, out.cast()) }.hresult()
}

/// MAPIFreeBuffer.
unsafe extern "system" fn free_buffer(root: LPVOID) -> ULONG {
    // SAFETY: the caller passes null or a root block that nobody uses any more.
    unsafe { block::free(root.cast()) }.0
}

macro_rules! functions {
    ($($owner:literal)*) => {
        [$(allocate_buffer::<$owner>),*]
    };
}

static ALLOCATE: [mapi_sys::ALLOCATEBUFFER; OWNERS] = functions!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
    32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
);
