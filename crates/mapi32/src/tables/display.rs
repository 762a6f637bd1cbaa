//! BuildDisplayTable, in its data form: what dialog resources would add (places, titles) is not there off Windows. Places are 0,
//! titles empty; whoever wants them changes the rows in the table data object, as the page says.

use mapi_com::alloc::Allocator;
use mapi_com::convert::put;
use mapi_com::iface::TableDataObject;
use mapi_com::marshal::{read_text_opt, wide};
use mapi_subsystem::table::TableType;
use mapi_sys::*;
use mapi_types::{PropTag, PropValue, Property, Result, Row, tag};

use super::create::table_data;
use crate::guard::{bad, hr, known_flags, output};

/// More pages or controls than any dialog has.
const MOST: u32 = 0x1_0000;

/// BuildDisplayTable: a row for each control of each page.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn BuildDisplayTable(
    allocate: LPALLOCATEBUFFER,
    more: LPALLOCATEMORE,
    free: LPFREEBUFFER,
    _malloc: LPMALLOC,
    _instance: HINSTANCE,
    page_count: UINT,
    pages: LPDTPAGE,
    flags: ULONG,
    table: *mut LPMAPITABLE,
    table_out: *mut LPTABLEDATA,
) -> HRESULT {
    hr("BuildDisplayTable", || {
        // SAFETY: as the page says.
        unsafe {
            output(table, std::ptr::null_mut())?;
            put(table_out, std::ptr::null_mut());
            known_flags(flags, MAPI_UNICODE)?;
            if page_count > MOST || page_count > 0 && pages.is_null() {
                return Err(bad("no pages"));
            }
            let allocator = Allocator::from_raw(allocate, more, free)?;
            let (data, object) =
                table_data(allocator, TableType::Dynamic, tag::PR_ROWID, &COLUMNS)?;
            let mut number = 0;
            for i in 0..page_count as usize {
                let page = &*pages.add(i);
                if page.cctl > MOST || page.cctl > 0 && page.lpctl.is_null() {
                    return Err(bad("a page without controls"));
                }
                for j in 0..page.cctl as usize {
                    let row = control_row(number, page, &*page.lpctl.add(j), flags)?;
                    data.modify_row(row)?;
                    number += 1;
                }
            }
            let view = data.get_view(None, None)?;
            if !table_out.is_null() {
                put(table_out, object.into_raw());
            }
            table.write(view.into_raw());
        }
        Ok(())
    })
}

const COLUMNS: [PropTag; 9] = [
    tag::PR_ROWID,
    tag::PR_XPOS,
    tag::PR_DELTAX,
    tag::PR_YPOS,
    tag::PR_DELTAY,
    tag::PR_CONTROL_TYPE,
    tag::PR_CONTROL_FLAGS,
    tag::PR_CONTROL_STRUCTURE,
    tag::PR_CONTROL_ID,
];

/// # Safety
/// The pointers of page and control are what their structures say.
unsafe fn control_row(number: i32, page: &DTPAGE, control: &DTCTL, flags: u32) -> Result<Row> {
    let notify = control.lpbNotif.cast_const();
    // SAFETY: by the contract above.
    let (id, structure) = unsafe {
        let id = mapi_com::convert::bytes_ref(notify, control.cbNotif)?.to_vec();
        (id, structure(page, control, flags)?)
    };
    let long = |n: u32| PropValue::Long(n.cast_signed());
    let values = [
        PropValue::Long(number),
        long(0),
        long(0),
        long(0),
        long(0),
        long(control.ulCtlType),
        long(control.ulCtlFlags),
        PropValue::Binary(structure),
        PropValue::Binary(id),
    ];
    let props = COLUMNS.into_iter().zip(values);
    Ok(Row {
        props: props.map(|(tag, value)| Property { tag, value }).collect(),
    })
}

/// PR_CONTROL_STRUCTURE: the control's own structure, with its texts behind it.
///
/// # Safety
/// As [`control_row`].
unsafe fn structure(page: &DTPAGE, control: &DTCTL, flags: u32) -> Result<Vec<u8>> {
    // The size, and where the structure says where its texts are.
    let (size, texts): (usize, &[usize]) = match control.ulCtlType {
        DTCT_LABEL => (size_of::<DTBLLABEL>(), &[0]),
        DTCT_EDIT => (size_of::<DTBLEDIT>(), &[0]),
        DTCT_LBX => (size_of::<DTBLLBX>(), &[]),
        DTCT_COMBOBOX => (size_of::<DTBLCOMBOBOX>(), &[0]),
        DTCT_DDLBX => (size_of::<DTBLDDLBX>(), &[]),
        DTCT_CHECKBOX => (size_of::<DTBLCHECKBOX>(), &[0]),
        DTCT_GROUPBOX => (size_of::<DTBLGROUPBOX>(), &[0]),
        DTCT_BUTTON => (size_of::<DTBLBUTTON>(), &[0]),
        DTCT_PAGE => (size_of::<DTBLPAGE>(), &[0, 8]),
        DTCT_RADIOBUTTON => (size_of::<DTBLRADIOBUTTON>(), &[0]),
        DTCT_MVLISTBOX => (size_of::<DTBLMVLISTBOX>(), &[]),
        DTCT_MVDDLBX => (size_of::<DTBLMVDDLBX>(), &[]),
        _ => return Err(bad("a control of no known type")),
    };
    // SAFETY: by the contract above: the member is a structure of that size, and the texts end.
    unsafe {
        let own = control.ctl.lpv.cast::<u8>().cast_const();
        let size = u32::try_from(size).map_err(|_| bad("size"))?;
        let mut bytes = mapi_com::convert::bytes_ref(own, size)?.to_vec();
        for place in texts {
            let text = match (control.ulCtlType, *place) {
                (DTCT_PAGE, 8) => page.anonymous.lpszComponent,
                (DTCT_EDIT | DTCT_COMBOBOX, 0) => control.lpszFilter,
                _ => std::ptr::null_mut(),
            };
            let text = read_text_opt(text, flags)?.unwrap_or_default();
            let at = u32::try_from(bytes.len()).map_err(|_| bad("size"))?;
            bytes[*place..*place + 4].copy_from_slice(&at.to_ne_bytes());
            if flags & MAPI_UNICODE != 0 {
                let units = wide(&text);
                bytes.extend(units.into_iter().flat_map(u16::to_ne_bytes));
            } else {
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0);
            }
        }
        Ok(bytes)
    }
}
