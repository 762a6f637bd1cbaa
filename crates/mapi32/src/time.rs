//! Arithmetic with FILETIMEs as plain 64-bit numbers, modulo 2^64.

use mapi_sys::{DWORD, FILETIME, WORD};

fn number(time: FILETIME) -> u64 {
    u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)
}

#[allow(clippy::cast_possible_truncation)] // each half of 64 bits is 32 bits
fn filetime(number: u64) -> FILETIME {
    FILETIME {
        dwLowDateTime: number as u32,
        dwHighDateTime: (number >> 32) as u32,
    }
}

/// FtAddFt: the sum.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtAddFt(a: FILETIME, b: FILETIME) -> FILETIME {
    filetime(number(a).wrapping_add(number(b)))
}

/// FtAdcFt: the sum, with the carry bit.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtAdcFt(a: FILETIME, b: FILETIME, carry: *mut WORD) -> FILETIME {
    let (sum, over) = number(a).overflowing_add(number(b));
    // SAFETY: the output is a place or null.
    unsafe { mapi_com::convert::put(carry, u16::from(over)) };
    filetime(sum)
}

/// FtSubFt: the difference.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtSubFt(a: FILETIME, b: FILETIME) -> FILETIME {
    filetime(number(a).wrapping_sub(number(b)))
}

/// FtMulDw: a FILETIME times a number.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtMulDw(factor: DWORD, time: FILETIME) -> FILETIME {
    filetime(number(time).wrapping_mul(u64::from(factor)))
}

/// FtMulDwDw: the product of two numbers.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtMulDwDw(a: DWORD, b: DWORD) -> FILETIME {
    filetime(u64::from(a) * u64::from(b))
}

/// FtNegFt: the two's complement.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn FtNegFt(time: FILETIME) -> FILETIME {
    filetime(number(time).wrapping_neg())
}
