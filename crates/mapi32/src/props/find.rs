//! One property of an object, or in an array.

use mapi_com::alloc::{Allocator, MapiBuffer};
use mapi_com::convert::{check, object_in};
use mapi_com::iface::MapiProp;
use mapi_sys::*;
use mapi_types::{Error, ErrorCode, PropTag, PropType};

use crate::guard::{bad, hr, or, output};

/// FPropExists: whether the object has the property; of any type, if the tag's type is PT_UNSPECIFIED.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FPropExists(object: LPMAPIPROP, tag: ULONG) -> BOOL {
    or("FPropExists", 0, || {
        // SAFETY: as the page says.
        let object = unsafe { object_in(object)? };
        let tag = PropTag::from_raw(tag);
        let wide = tag.ptype().single() == PropType::UNICODE;
        let tags = object.get_prop_list(if wide { MAPI_UNICODE } else { 0 })?;
        let wanted =
            |t: &PropTag| *t == tag || tag.ptype() == PropType::UNSPECIFIED && t.same_id(tag);
        Ok(BOOL::from(tags.iter().any(wanted)))
    })
}

/// # Safety
/// `props` is null or points to `count` property values.
unsafe fn find(
    props: LPSPropValue,
    count: ULONG,
    wanted: impl Fn(PropTag) -> bool,
) -> LPSPropValue {
    if props.is_null() {
        return std::ptr::null_mut();
    }
    // SAFETY: by the contract above.
    let mut all = (0..count as usize).map(|i| unsafe { props.add(i) });
    // SAFETY: as above.
    all.find(|p| wanted(PropTag::from_raw(unsafe { (**p).ulPropTag })))
        .unwrap_or(std::ptr::null_mut())
}

/// PpropFindProp: the value with this tag, or of this identifier if the tag's type is PT_UNSPECIFIED. NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn PpropFindProp(
    props: LPSPropValue,
    count: ULONG,
    tag: ULONG,
) -> LPSPropValue {
    or("PpropFindProp", std::ptr::null_mut(), || {
        let tag = PropTag::from_raw(tag);
        let any_type = tag.ptype() == PropType::UNSPECIFIED;
        // SAFETY: as the page says.
        Ok(unsafe { find(props, count, |t| t == tag || any_type && t.same_id(tag)) })
    })
}

/// LpValFindProp: the value whose identifier is that of the tag, whatever its type. NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LpValFindProp(
    tag: ULONG,
    count: ULONG,
    props: LPSPropValue,
) -> LPSPropValue {
    or("LpValFindProp", std::ptr::null_mut(), || {
        let tag = PropTag::from_raw(tag);
        // SAFETY: as the page says.
        Ok(unsafe { find(props, count, |t| t.same_id(tag)) })
    })
}

/// HrGetOneProp: one property in a block of its own. A PT_ERROR is no answer but its code is the result.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrGetOneProp(
    object: LPMAPIPROP,
    tag: ULONG,
    out: *mut LPSPropValue,
) -> HRESULT {
    hr("HrGetOneProp", || {
        // SAFETY: as the page says. The block is handed on as the object has made it.
        unsafe {
            output(out, std::ptr::null_mut())?;
            let object = object_in(object)?;
            let mut tags = SPropTagArray {
                cValues: 1,
                aulPropTag: [tag],
            };
            let (mut count, mut props) = (0, std::ptr::null_mut());
            let get = object.vtbl().GetProps;
            let code = get(
                object.as_raw(),
                &raw mut tags,
                0,
                &raw mut count,
                &raw mut props,
            );
            check(code, "GetProps")?;
            let block = MapiBuffer::<SPropValue>::from_raw(props, Allocator::mapi())
                .filter(|_| count == 1)
                .ok_or_else(|| {
                    Error::provider(ErrorCode::CALL_FAILED).context("GetProps gave no property")
                })?;
            let found = block.as_ptr();
            if (*found).ulPropTag & 0xFFFF == PT_ERROR {
                return Err(Error::provider(ErrorCode::from_hresult((*found).Value.err)));
            }
            out.write(block.into_raw());
        }
        Ok(())
    })
}

/// HrSetOneProp: sets one property.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn HrSetOneProp(object: LPMAPIPROP, prop: LPSPropValue) -> HRESULT {
    hr("HrSetOneProp", || {
        if prop.is_null() {
            return Err(bad("the property is NULL"));
        }
        // SAFETY: as the page says.
        unsafe {
            let object = object_in(object)?;
            let set = object.vtbl().SetProps;
            check(
                set(object.as_raw(), 1, prop, std::ptr::null_mut()),
                "SetProps",
            )
        }
    })
}

/// UlAddRef: AddRef of any object; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UlAddRef(object: LPVOID) -> ULONG {
    count(object, |vtbl| vtbl.AddRef)
}

/// UlRelease: Release of any object; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn UlRelease(object: LPVOID) -> ULONG {
    count(object, |vtbl| vtbl.Release)
}

fn count(
    object: LPVOID,
    method: impl Fn(&IUnknownVtbl) -> unsafe extern "system" fn(*mut IUnknown) -> ULONG,
) -> ULONG {
    if object.is_null() {
        return 0;
    }
    // SAFETY: not null, so it is an object, which begins with a pointer to a vtable that begins with IUnknown's.
    unsafe { method(&**object.cast::<*const IUnknownVtbl>())(object.cast()) }
}
