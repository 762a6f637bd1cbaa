//! ScCountNotifications, ScCopyNotifications, ScRelocNotifications: as their brothers for properties, over the same walk.

#![allow(non_upper_case_globals)] // MAPI's names of events, in patterns

use mapi_com::convert::put;
use mapi_sys::*;
use mapi_types::Result;

use crate::guard::{bad, hr};
use crate::props::{
    Copier, Counter, Measure, Relocator, aligned, block, narrow_len, pointees, text, wide_len,
};

fn count_of(count: i32, notifications: LPNOTIFICATION) -> Result<usize> {
    if notifications.is_null() || count <= 0 {
        return Err(bad("no notifications"));
    }
    usize::try_from(count).map_err(|_| bad("no notifications"))
}

/// # Safety
/// `notifications` points to `count` of them.
unsafe fn measure(count: usize, notifications: LPNOTIFICATION) -> Result<Counter> {
    let mut counter = Counter::default();
    counter.add(count.saturating_mul(size_of::<NOTIFICATION>()))?;
    // SAFETY: by the contract above; the walk of a Counter writes nothing.
    (0..count).try_for_each(|i| unsafe { walk(notifications.add(i), &mut counter) })?;
    Ok(counter)
}

/// ScCountNotifications: the bytes that ScCopyNotifications needs.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScCountNotifications(
    count: i32,
    notifications: LPNOTIFICATION,
    size: *mut ULONG,
) -> SCODE {
    hr("ScCountNotifications", || {
        let count = count_of(count, notifications)?;
        // SAFETY: as the page says.
        unsafe { put(size, measure(count, notifications)?.total()) };
        Ok(())
    })
}

/// ScCopyNotifications: a copy in one piece.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScCopyNotifications(
    count: i32,
    notifications: LPNOTIFICATION,
    to: LPVOID,
    size: *mut ULONG,
) -> SCODE {
    hr("ScCopyNotifications", || {
        let count = count_of(count, notifications)?;
        if to.is_null() {
            return Err(bad("no room for the copy"));
        }
        // SAFETY: as the page says: there is room for what was counted.
        unsafe {
            let counted = measure(count, notifications)?;
            let copies = to.cast::<NOTIFICATION>();
            copies.copy_from_nonoverlapping(notifications, count);
            let behind = aligned(count * size_of::<NOTIFICATION>());
            let mut copier = Copier {
                next: to.cast::<u8>().add(behind),
            };
            (0..count).try_for_each(|i| walk(copies.add(i), &mut copier))?;
            put(size, counted.total());
        }
        Ok(())
    })
}

/// ScRelocNotifications: makes the pointers of a copy right for another address.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn ScRelocNotifications(
    count: i32,
    notifications: LPNOTIFICATION,
    base_old: LPVOID,
    base_new: LPVOID,
    size: *mut ULONG,
) -> SCODE {
    hr("ScRelocNotifications", || {
        let count = count_of(count, notifications)?;
        let mut moved = Relocator::new(
            notifications.expose_provenance(),
            base_old.expose_provenance(),
            base_new.expose_provenance(),
        );
        moved.counter.add(count * size_of::<NOTIFICATION>())?;
        // SAFETY: as the page says.
        unsafe {
            (0..count).try_for_each(|i| walk(notifications.add(i), &mut moved))?;
            put(size, moved.counter.total());
        }
        Ok(())
    })
}

/// Walks over the pointers of a notification.
///
/// # Safety
/// As [`pointees`], for the member that the event stands for.
unsafe fn walk<M: Measure>(notification: *mut NOTIFICATION, m: &mut M) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        let info = &raw mut (*notification).info;
        match (*notification).ulEventType {
            fnevCriticalError => {
                let err = &raw mut (*info).err;
                bytes(m, (*err).cbEntryID, (&raw mut (*err).lpEntryID).cast())?;
                error(m, &raw mut (*err).lpMAPIError, (*err).ulFlags)
            }
            fnevNewMail => {
                let mail = &raw mut (*info).newmail;
                bytes(m, (*mail).cbEntryID, (&raw mut (*mail).lpEntryID).cast())?;
                bytes(m, (*mail).cbParentID, (&raw mut (*mail).lpParentID).cast())?;
                let class = &raw mut (*mail).lpszMessageClass;
                string(m, class, (*mail).ulFlags)
            }
            fnevObjectCreated | fnevObjectDeleted | fnevObjectModified | fnevObjectMoved
            | fnevObjectCopied | fnevSearchComplete => {
                let obj = &raw mut (*info).obj;
                bytes(m, (*obj).cbEntryID, (&raw mut (*obj).lpEntryID).cast())?;
                bytes(m, (*obj).cbParentID, (&raw mut (*obj).lpParentID).cast())?;
                bytes(m, (*obj).cbOldID, (&raw mut (*obj).lpOldID).cast())?;
                bytes(
                    m,
                    (*obj).cbOldParentID,
                    (&raw mut (*obj).lpOldParentID).cast(),
                )?;
                tags(m, &raw mut (*obj).lpPropTagArray)
            }
            fnevTableModified => {
                let tab = &raw mut (*info).tab;
                props(m, 1, &raw mut (*tab).propIndex)?;
                props(m, 1, &raw mut (*tab).propPrior)?;
                let row = &raw mut (*tab).row;
                list(m, (*row).cValues, &raw mut (*row).lpProps)
            }
            fnevExtended => {
                let ext = &raw mut (*info).ext;
                bytes(m, (*ext).cb, &raw mut (*ext).pbEventParameters)
            }
            fnevStatusObjectModified => {
                let stat = &raw mut (*info).statobj;
                bytes(m, (*stat).cbEntryID, (&raw mut (*stat).lpEntryID).cast())?;
                list(m, (*stat).cValues, &raw mut (*stat).lpPropVals)
            }
            _ => Err(bad("a notification of no known event")),
        }
    }
}

/// # Safety
/// As [`walk`].
unsafe fn bytes<M: Measure>(m: &mut M, count: u32, place: *mut *mut u8) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        if count == 0 || place.read().is_null() {
            return Ok(());
        }
        block(m, place, count as usize).map(drop)
    }
}

/// # Safety
/// As [`walk`].
unsafe fn string<M: Measure>(m: &mut M, place: *mut LPTSTR, flags: u32) -> Result<()> {
    let length = if flags & MAPI_UNICODE != 0 {
        wide_len
    } else {
        narrow_len
    };
    // SAFETY: by the contract above.
    unsafe {
        if place.read().is_null() {
            return Ok(());
        }
        text(m, place.cast(), length)
    }
}

/// # Safety
/// As [`walk`].
unsafe fn error<M: Measure>(m: &mut M, place: *mut LPMAPIERROR, flags: u32) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        if place.read().is_null() {
            return Ok(());
        }
        let error = block(m, place.cast(), size_of::<MAPIERROR>())?.cast::<MAPIERROR>();
        string(m, &raw mut (*error).lpszError, flags)?;
        string(m, &raw mut (*error).lpszComponent, flags)
    }
}

/// # Safety
/// As [`walk`].
unsafe fn tags<M: Measure>(m: &mut M, place: *mut LPSPropTagArray) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        let array = place.read();
        if array.is_null() {
            return Ok(());
        }
        let count = (*m.readable(array.cast()).cast::<SPropTagArray>()).cValues as usize;
        block(
            m,
            place.cast(),
            4 + count.saturating_mul(4).min(i32::MAX as usize),
        )
        .map(drop)
    }
}

/// # Safety
/// As [`walk`].
unsafe fn list<M: Measure>(m: &mut M, count: u32, place: *mut LPSPropValue) -> Result<()> {
    // SAFETY: by the contract above.
    unsafe {
        if count == 0 {
            return Ok(());
        }
        let size = (count as usize).saturating_mul(size_of::<SPropValue>());
        let first = block(m, place.cast(), size.min(i32::MAX as usize))?;
        props(m, count, first.cast())
    }
}

/// A table leaves the properties that an event does not use without type.
///
/// # Safety
/// As [`walk`].
unsafe fn props<M: Measure>(m: &mut M, count: u32, first: *mut SPropValue) -> Result<()> {
    for i in 0..count as usize {
        // SAFETY: by the contract above.
        unsafe {
            let prop = first.add(i);
            if (*prop).ulPropTag & 0xFFFF != PT_UNSPECIFIED {
                pointees(prop, m)?;
            }
        }
    }
    Ok(())
}
