//! FPropCompareProp, FPropContainsProp, LPropCompareProp, FEqualNames.

use std::cmp::Ordering;

use mapi_com::marshal::{read_prop, read_restriction};
use mapi_sys::*;
use mapi_types::{Property, Result, Row};

use crate::guard::or;

/// Both properties as values.
///
/// # Safety
/// Each is null or a property value.
unsafe fn both(a: LPSPropValue, b: LPSPropValue) -> Result<(Property, Property)> {
    // SAFETY: by the contract above.
    unsafe { Ok((read_prop(a)?, read_prop(b)?)) }
}

/// FPropCompareProp: whether `a RELOP b`. Values of different types, and RELOP_RE, never match.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FPropCompareProp(
    a: LPSPropValue,
    relation: ULONG,
    b: LPSPropValue,
) -> BOOL {
    or("FPropCompareProp", 0, || {
        // SAFETY: as the page says.
        let (a, b) = unsafe { both(a, b)? };
        if a.tag.ptype() != b.tag.ptype() {
            return Ok(0);
        }
        let Some(order) = a.value.compare(&b.value) else {
            return Ok(0);
        };
        Ok(BOOL::from(match relation {
            RELOP_LT => order.is_lt(),
            RELOP_LE => order.is_le(),
            RELOP_GT => order.is_gt(),
            RELOP_GE => order.is_ge(),
            RELOP_EQ => order.is_eq(),
            RELOP_NE => order.is_ne(),
            _ => false,
        }))
    })
}

/// FPropContainsProp: whether text or bytes contain others, as the fuzzy level says.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FPropContainsProp(
    container: LPSPropValue,
    content: LPSPropValue,
    fuzzy: ULONG,
) -> BOOL {
    or("FPropContainsProp", 0, || {
        // SAFETY: as the page says.
        let (container, wanted) = unsafe { both(container, content)? };
        if container.tag.ptype() != wanted.tag.ptype() || wanted.tag.ptype().is_multi() {
            return Ok(0);
        }
        let question = SRestriction {
            rt: RES_CONTENT,
            res: SRestriction_res {
                resContent: SContentRestriction {
                    ulFuzzyLevel: fuzzy,
                    ulPropTag: wanted.tag.raw(),
                    lpProp: content,
                },
            },
        };
        // SAFETY: the restriction points to the caller's property.
        let Some(question) = (unsafe { read_restriction(&raw const question)? }) else {
            return Ok(0);
        };
        // The identifiers need not agree.
        let row = Row {
            props: vec![Property {
                tag: wanted.tag,
                value: container.value,
            }],
        };
        question.matches(&row).map(BOOL::from)
    })
}

/// LPropCompareProp: below zero, zero, or above, as the first value is smaller, equal, or greater. Values of different types
/// are ordered by type; what cannot be read counts as smaller.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn LPropCompareProp(a: LPSPropValue, b: LPSPropValue) -> LONG {
    or("LPropCompareProp", 0, || {
        // SAFETY: as the page says.
        let (a, b) = unsafe { (read_prop(a), read_prop(b)) };
        let order = match (a, b) {
            (Ok(a), Ok(b)) => a.value.compare_any(&b.value),
            (a, b) => a.is_ok().cmp(&b.is_ok()),
        };
        Ok(match order {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })
    })
}

/// FEqualNames: whether two names of named properties are the same: set, kind, and number or text (with its case).
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FEqualNames(a: LPMAPINAMEID, b: LPMAPINAMEID) -> BOOL {
    or("FEqualNames", 0, || {
        // SAFETY: as the page says.
        let names = unsafe { mapi_com::marshal::read_names(2, [a, b].as_ptr())? };
        Ok(BOOL::from(
            names[0].is_some() && names[1].is_some() && names[0] == names[1],
        ))
    })
}
