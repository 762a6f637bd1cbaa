//! NOTIFICATION and MAPIERROR.

use mapi_sys as sys;
use mapi_sys::{
    ERROR_NOTIFICATION, EXTENDED_NOTIFICATION, LPENTRYID, MAPI_UNICODE, MAPIERROR,
    NEWMAIL_NOTIFICATION, NOTIFICATION, NOTIFICATION_info, OBJECT_NOTIFICATION, SRow,
    STATUS_OBJECT_NOTIFICATION, TABLE_NOTIFICATION,
};
use mapi_types::{
    EntryId, Error, ErrorCode, Notification, PropTag, PropType, PropValue, Property, Result, Row,
    RowChange, TableEvent,
};

use super::reader::{Reader, not_null};
use super::small::{put_tags, read_tags};
use super::text::{put_text, read_text_opt};
use super::value::{put_prop, put_props};
use super::writer::{Place, Writer, count_of};
use crate::alloc::{Allocator, MapiBuffer};

/// What a MAPIERROR tells beside the code.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ErrorInfo {
    /// lpszError.
    pub text: Option<String>,
    /// lpszComponent.
    pub component: Option<String>,
    /// ulLowLevelError.
    pub low_level: u32,
    /// ulContext.
    pub context: u32,
}

/// Reads a MAPIERROR; null is `None`.
///
/// # Errors
/// MAPI_E_TOO_BIG.
///
/// # Safety
/// `error` is null or points to a MAPIERROR whose strings are as `flags` say.
pub unsafe fn read_error(error: *const MAPIERROR, flags: u32) -> Result<Option<ErrorInfo>> {
    if error.is_null() {
        return Ok(None);
    }
    // SAFETY: by the contract above.
    unsafe {
        let error = error.read_unaligned();
        Ok(Some(ErrorInfo {
            text: read_text_opt(error.lpszError, flags)?,
            component: read_text_opt(error.lpszComponent, flags)?,
            low_level: error.ulLowLevelError,
            context: error.ulContext,
        }))
    }
}

/// Writes a MAPIERROR with the text and component of `error` into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_error(
    allocator: Allocator,
    error: &Error,
    flags: u32,
) -> Result<MapiBuffer<MAPIERROR>> {
    Writer::build(allocator, |w| put_error(w, error, flags).map(drop))
}

fn put_error(w: &mut Writer, error: &Error, flags: u32) -> Result<*mut MAPIERROR> {
    let place: Place<MAPIERROR> = w.reserve(1)?;
    let text = if error.text().is_empty() {
        error.code().to_string()
    } else {
        error.text().to_owned()
    };
    let component = if error.component_name().is_empty() {
        std::ptr::null_mut()
    } else {
        put_text(w, error.component_name(), flags)?
    };
    place.set(
        0,
        MAPIERROR {
            ulVersion: sys::MAPI_ERROR_VERSION,
            lpszError: put_text(w, &text, flags)?,
            lpszComponent: component,
            ulLowLevelError: 0,
            ulContext: 0,
        },
    );
    Ok(place.pointer())
}

/// Reads what a sink is told.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for null pointers and unknown events, MAPI_E_TOO_BIG.
///
/// # Safety
/// `notifications` is null or points to `count` NOTIFICATIONs whose pointers are valid.
pub unsafe fn read_notifications(
    count: u32,
    notifications: *const NOTIFICATION,
) -> Result<Vec<Notification>> {
    if count > 0 {
        not_null(notifications)?;
    }
    let mut reader = Reader::new();
    let mut out = Vec::new();
    for i in 0..count as usize {
        reader.spend::<Notification>(1)?;
        // SAFETY: by the contract above.
        out.push(unsafe { read_one(&mut reader, &notifications.add(i).read_unaligned())? });
    }
    Ok(out)
}

/// # Safety
/// The pointers of the member that ulEventType stands for are valid.
unsafe fn read_one(reader: &mut Reader, notification: &NOTIFICATION) -> Result<Notification> {
    let info = &notification.info;
    // SAFETY: by the contract above.
    unsafe {
        Ok(match notification.ulEventType {
            sys::fnevCriticalError => {
                let err = info.err;
                let told = read_error(err.lpMAPIError, err.ulFlags)?.unwrap_or_default();
                let error = Error::provider(ErrorCode::from_hresult(err.scode))
                    .context(told.text.unwrap_or_default())
                    .component(told.component.unwrap_or_default());
                Notification::CriticalError {
                    entry_id: entry_in(reader, err.cbEntryID, err.lpEntryID)?,
                    error,
                    flags: err.ulFlags,
                }
            }
            sys::fnevNewMail => {
                let mail = info.newmail;
                let class = read_text_opt(mail.lpszMessageClass, mail.ulFlags)?;
                Notification::NewMail {
                    message: entry_in(reader, mail.cbEntryID, mail.lpEntryID)?,
                    folder: entry_in(reader, mail.cbParentID, mail.lpParentID)?,
                    class: class.unwrap_or_default(),
                    message_flags: mail.ulMessageFlags,
                }
            }
            event @ (sys::fnevObjectCreated
            | sys::fnevObjectDeleted
            | sys::fnevObjectModified
            | sys::fnevObjectMoved
            | sys::fnevObjectCopied
            | sys::fnevSearchComplete) => {
                let object = info.obj;
                Notification::Object {
                    event,
                    object_type: object.ulObjType,
                    entry_id: entry_in(reader, object.cbEntryID, object.lpEntryID)?,
                    parent: entry_in(reader, object.cbParentID, object.lpParentID)?,
                    old_entry_id: entry_in(reader, object.cbOldID, object.lpOldID)?,
                    old_parent: entry_in(reader, object.cbOldParentID, object.lpOldParentID)?,
                    changed: read_tags(object.lpPropTagArray)?.unwrap_or_default(),
                }
            }
            sys::fnevTableModified => Notification::Table(table_in(reader, &info.tab)?),
            sys::fnevExtended => Notification::Extended {
                event: info.ext.ulEvent,
                data: reader.bytes(info.ext.pbEventParameters, info.ext.cb)?,
            },
            sys::fnevStatusObjectModified => {
                let status = info.statobj;
                Notification::StatusObject {
                    entry_id: entry_in(reader, status.cbEntryID, status.lpEntryID)?,
                    props: reader.properties(status.cValues, status.lpPropVals, true)?,
                }
            }
            _ => {
                return Err(Error::caller(ErrorCode::INVALID_PARAMETER)
                    .context("a notification of an unknown event"));
            }
        })
    }
}

unsafe fn entry_in(reader: &mut Reader, size: u32, entry: LPENTRYID) -> Result<EntryId> {
    // SAFETY: the identifier is valid for `size` bytes.
    unsafe { reader.bytes(entry.cast(), size) }.map(EntryId::from)
}

/// Keys and row are only there for events about a row; what stands in their place otherwise is not looked at.
///
/// # Safety
/// As [`read_one`].
unsafe fn table_in(reader: &mut Reader, table: &TABLE_NOTIFICATION) -> Result<RowChange> {
    let event = match table.ulTableEvent {
        sys::TABLE_CHANGED => TableEvent::Changed,
        sys::TABLE_ERROR => TableEvent::Error,
        sys::TABLE_ROW_ADDED => TableEvent::RowAdded,
        sys::TABLE_ROW_DELETED => TableEvent::RowDeleted,
        sys::TABLE_ROW_MODIFIED => TableEvent::RowModified,
        sys::TABLE_SORT_DONE => TableEvent::SortDone,
        sys::TABLE_RESTRICT_DONE => TableEvent::RestrictDone,
        sys::TABLE_SETCOL_DONE => TableEvent::SetColDone,
        sys::TABLE_RELOAD => TableEvent::Reload,
        _ => {
            return Err(
                Error::caller(ErrorCode::INVALID_PARAMETER).context("an unknown table event")
            );
        }
    };
    let has_row = matches!(event, TableEvent::RowAdded | TableEvent::RowModified);
    let has_key = has_row || event == TableEvent::RowDeleted;
    let null = || Property::new(PropTag::from_raw(0), PropValue::Null);
    // SAFETY: by the contract above.
    unsafe {
        Ok(RowChange {
            event,
            index: if has_key {
                reader.property(&table.propIndex)?
            } else {
                null()
            },
            prior: if has_row {
                reader.property(&table.propPrior)?
            } else {
                null()
            },
            row: if has_row {
                Row::from(reader.properties(table.row.cValues, table.row.lpProps, true)?)
            } else {
                Row::default()
            },
        })
    }
}

/// Writes what a sink is told into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_notifications(
    allocator: Allocator,
    notifications: &[Notification],
) -> Result<MapiBuffer<NOTIFICATION>> {
    Writer::build(allocator, |w| {
        let place: Place<NOTIFICATION> = w.reserve(notifications.len())?;
        for (i, one) in notifications.iter().enumerate() {
            let info = put_info(w, one)?;
            place.set(
                i,
                NOTIFICATION {
                    ulEventType: one.event(),
                    ulAlignPad: 0,
                    info,
                },
            );
        }
        Ok(())
    })
}

fn put_info(w: &mut Writer, notification: &Notification) -> Result<NOTIFICATION_info> {
    // SAFETY: all zeros is a valid value of every member.
    let mut info: NOTIFICATION_info = unsafe { std::mem::zeroed() };
    match notification {
        Notification::CriticalError {
            entry_id,
            error,
            flags,
        } => {
            info.err = ERROR_NOTIFICATION {
                cbEntryID: count_of(entry_id.as_bytes())?,
                lpEntryID: w.copy(entry_id.as_bytes())?.cast(),
                scode: error.code().hresult(),
                ulFlags: flags | MAPI_UNICODE,
                lpMAPIError: put_error(w, error, MAPI_UNICODE)?,
            };
        }
        Notification::NewMail {
            message,
            folder,
            class,
            message_flags,
        } => {
            info.newmail = NEWMAIL_NOTIFICATION {
                cbEntryID: count_of(message.as_bytes())?,
                lpEntryID: w.copy(message.as_bytes())?.cast(),
                cbParentID: count_of(folder.as_bytes())?,
                lpParentID: w.copy(folder.as_bytes())?.cast(),
                ulFlags: MAPI_UNICODE,
                lpszMessageClass: put_text(w, class, MAPI_UNICODE)?,
                ulMessageFlags: *message_flags,
            };
        }
        Notification::Object { .. } => info.obj = put_object(w, notification)?,
        Notification::Table(change) => info.tab = put_table(w, change)?,
        Notification::Extended { event, data } => {
            info.ext = EXTENDED_NOTIFICATION {
                ulEvent: *event,
                cb: count_of(data)?,
                pbEventParameters: w.copy(data)?,
            };
        }
        Notification::StatusObject { entry_id, props } => {
            info.statobj = STATUS_OBJECT_NOTIFICATION {
                cbEntryID: count_of(entry_id.as_bytes())?,
                lpEntryID: w.copy(entry_id.as_bytes())?.cast(),
                cValues: count_of(props)?,
                lpPropVals: put_props(w, props.iter().map(|p| (p.tag, &p.value)))?,
            };
        }
    }
    Ok(info)
}

fn put_object(w: &mut Writer, notification: &Notification) -> Result<OBJECT_NOTIFICATION> {
    // SAFETY: all zeros is a valid value.
    let mut obj: OBJECT_NOTIFICATION = unsafe { std::mem::zeroed() };
    if let Notification::Object {
        event: _,
        object_type,
        entry_id,
        parent,
        old_entry_id,
        old_parent,
        changed,
    } = notification
    {
        let mut put = |id: &EntryId| -> Result<(u32, LPENTRYID)> {
            Ok((count_of(id.as_bytes())?, w.copy(id.as_bytes())?.cast()))
        };
        obj.ulObjType = *object_type;
        (obj.cbEntryID, obj.lpEntryID) = put(entry_id)?;
        (obj.cbParentID, obj.lpParentID) = put(parent)?;
        (obj.cbOldID, obj.lpOldID) = put(old_entry_id)?;
        (obj.cbOldParentID, obj.lpOldParentID) = put(old_parent)?;
        if !changed.is_empty() {
            obj.lpPropTagArray = put_tags(w, count_of(changed)?, changed)?;
        }
    }
    Ok(obj)
}

fn put_table(w: &mut Writer, change: &RowChange) -> Result<TABLE_NOTIFICATION> {
    let event = match change.event {
        TableEvent::Changed => sys::TABLE_CHANGED,
        TableEvent::Error => sys::TABLE_ERROR,
        TableEvent::RowAdded => sys::TABLE_ROW_ADDED,
        TableEvent::RowDeleted => sys::TABLE_ROW_DELETED,
        TableEvent::RowModified => sys::TABLE_ROW_MODIFIED,
        TableEvent::SortDone => sys::TABLE_SORT_DONE,
        TableEvent::RestrictDone => sys::TABLE_RESTRICT_DONE,
        TableEvent::SetColDone => sys::TABLE_SETCOL_DONE,
        TableEvent::Reload => sys::TABLE_RELOAD,
    };
    let result = match change.event {
        TableEvent::Error => ErrorCode::CALL_FAILED.hresult(),
        _ => 0,
    };
    let key = |w: &mut Writer, key: &Property| {
        // No key is PR_NULL, not an identifier with PT_NULL.
        let tag = match key.value {
            PropValue::Null => PropTag::new(0, PropType::NULL),
            _ => key.tag,
        };
        put_prop(w, tag, &key.value)
    };
    Ok(TABLE_NOTIFICATION {
        ulTableEvent: event,
        hResult: result,
        propIndex: key(w, &change.index)?,
        propPrior: key(w, &change.prior)?,
        row: SRow {
            ulAdrEntryPad: 0,
            cValues: count_of(&change.row.props)?,
            lpProps: put_props(w, change.row.props.iter().map(|p| (p.tag, &p.value)))?,
        },
        ulPad: 0,
    })
}
