//! CreateTable.

use std::sync::{Arc, LazyLock};

use mapi_com::alloc::Allocator;
use mapi_com::convert::{guid_in, put_object};
use mapi_com::iface::TableDataObject;
use mapi_com::marshal::read_tags;
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_com::scope::Scope;
use mapi_com::shell::export;
use mapi_subsystem::notify::{AdviseScope, Delivery, Engine};
use mapi_subsystem::table::{TableData, TableDataHandle, TableType};
use mapi_sys::*;
use mapi_types::{Error, ErrorCode, PropTag, Result};

use crate::guard::{hr, output};

/// Where sinks of tables live that are made before MAPIInitialize. Nothing is ever told there.
static ALONE: LazyLock<Option<Engine>> =
    LazyLock::new(|| Engine::start(Delivery::FirstThread).ok());

fn sinks() -> Result<Arc<AdviseScope>> {
    match mapi_subsystem::current() {
        Ok(subsystem) => Ok(subsystem.sinks()),
        Err(error) => ALONE.as_ref().map(Engine::scope).ok_or(error),
    }
}

/// Refuses an interface that is not `I`; NULL is the usual one.
///
/// # Safety
/// `interface` is null or a GUID.
pub(crate) unsafe fn only<I: Interface>(interface: LPCIID) -> Result<()> {
    // SAFETY: by the contract above.
    match unsafe { guid_in(interface) } {
        Some(other) if other != guid_from_abi(&I::IID) => {
            Err(Error::caller(ErrorCode::INTERFACE_NOT_SUPPORTED)
                .context(format!("{other} is not {}", I::NAME)))
        }
        _ => Ok(()),
    }
}

/// A table of one's own with its object.
pub(crate) fn table_data(
    allocator: Allocator,
    kind: TableType,
    index: PropTag,
    columns: &[PropTag],
) -> Result<(Arc<TableDataHandle>, ComPtr<ITableData>)> {
    let scope = Scope::new("CreateTable", allocator);
    let data = TableData::new(kind, index, columns)?;
    let handle = TableDataHandle::new(data, Arc::clone(&scope), sinks()?);
    let object = export(&scope, Arc::clone(&handle) as Arc<dyn TableDataObject>)?;
    Ok((handle, object))
}

/// CreateTable: rows in memory, and as many views of them as wanted.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn CreateTable(
    interface: LPCIID,
    allocate: Option<ALLOCATEBUFFER>,
    more: Option<ALLOCATEMORE>,
    free: Option<FREEBUFFER>,
    _reserved: LPVOID,
    kind: ULONG,
    index: ULONG,
    columns: LPSPropTagArray,
    table: *mut LPTABLEDATA,
) -> SCODE {
    hr("CreateTable", || {
        // SAFETY: as the page says.
        unsafe {
            output(table, std::ptr::null_mut())?;
            only::<ITableData>(interface)?;
            let allocator = Allocator::from_raw(allocate, more, free)?;
            let columns = read_tags(columns)?.unwrap_or_default();
            let (_, made) = table_data(
                allocator,
                TableType::from_raw(kind)?,
                PropTag::from_raw(index),
                &columns,
            )?;
            put_object(table, made);
        }
        Ok(())
    })
}
