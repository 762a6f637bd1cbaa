//! IMAPIProgress.

use mapi_sys::*;
use mapi_types::Result;

use super::*;
use crate::convert::*;
use crate::ptr::ComPtr;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// IMAPIProgress: how far a long operation is (imapiprogressiunknown.md).
pub trait Progress: ComObject {
    /// Progress.
    ///
    /// # Errors
    /// MAPI_E_USER_CANCEL: stop.
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()>;

    /// GetFlags: MAPI_TOP_LEVEL.
    ///
    /// # Errors
    /// None of its own.
    fn get_flags(&self) -> Result<u32>;

    /// GetMin and GetMax.
    ///
    /// # Errors
    /// None of its own.
    fn get_limits(&self) -> Result<(u32, u32)>;

    /// SetLimits; `None` leaves a number as it is.
    ///
    /// # Errors
    /// None of its own.
    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()>;
}

// Export.

// SAFETY: the functions of the vtable expect a Shell<dyn Progress>; the interfaces are IMAPIProgress and its ancestors.
unsafe impl Export for dyn Progress {
    type Interface = IMAPIProgress;
    const VTBL: &'static IMAPIProgressVtbl = &IMAPIProgressVtbl {
        base: Shell::<dyn Progress>::UNKNOWN,
        Progress: progress,
        GetFlags: get_flags,
        GetMax: get_max,
        GetMin: get_min,
        SetLimits: set_limits,
    };
    const INTERFACES: &'static [GUID] = &[IID_IMAPIProgress];
}

unsafe extern "system" fn progress(
    this: *mut IMAPIProgress,
    ul_value: u32,
    ul_count: u32,
    ul_total: u32,
) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Progress>::enter(this.cast(), |o| o.progress(ul_value, ul_count, ul_total))
    })
}

unsafe extern "system" fn get_flags(this: *mut IMAPIProgress, lpul_flags: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Progress>::enter(this.cast(), |o| {
            required(lpul_flags)?;
            put(lpul_flags, o.get_flags()?);
            Ok(())
        })
    })
}

unsafe extern "system" fn get_max(this: *mut IMAPIProgress, out: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell; the caller's pointers are what the reference says, or null.
    hresult(unsafe {
        Shell::<dyn Progress>::enter(this.cast(), |o| {
            required(out)?;
            put(out, o.get_limits()?.1);
            Ok(())
        })
    })
}

unsafe extern "system" fn get_min(this: *mut IMAPIProgress, out: *mut u32) -> HRESULT {
    // SAFETY: as in `get_max`.
    hresult(unsafe {
        Shell::<dyn Progress>::enter(this.cast(), |o| {
            required(out)?;
            put(out, o.get_limits()?.0);
            Ok(())
        })
    })
}

unsafe extern "system" fn set_limits(
    this: *mut IMAPIProgress,
    min: *mut u32,
    max: *mut u32,
    flags: *mut u32,
) -> HRESULT {
    // SAFETY: as in `get_max`.
    hresult(unsafe {
        Shell::<dyn Progress>::enter(this.cast(), |o| {
            o.set_limits(
                min.as_ref().copied(),
                max.as_ref().copied(),
                flags.as_ref().copied(),
            )
        })
    })
}

// Import.

impl Progress for ComPtr<IMAPIProgress> {
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()> {
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().Progress)(self.as_raw(), value, count, total);
            check_last(self, hr, "IMAPIProgress::Progress")
        }
    }

    fn get_flags(&self) -> Result<u32> {
        let mut out = Default::default();
        // SAFETY: the object lives while we hold it; the arguments live as long as the call, outputs are places of ours.
        unsafe {
            let hr = (self.vtbl().GetFlags)(self.as_raw(), &raw mut out);
            check_last(self, hr, "IMAPIProgress::GetFlags")?;
            Ok(out)
        }
    }

    fn get_limits(&self) -> Result<(u32, u32)> {
        let (mut min, mut max) = (0, 0);
        // SAFETY: the object lives while we hold it; outputs are places of ours.
        unsafe {
            check(
                (self.vtbl().GetMin)(self.as_raw(), &raw mut min),
                "IMAPIProgress::GetMin",
            )?;
            check(
                (self.vtbl().GetMax)(self.as_raw(), &raw mut max),
                "IMAPIProgress::GetMax",
            )?;
        }
        Ok((min, max))
    }

    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()> {
        let (mut min, mut max, mut flags) = (min, max, flags);
        let place =
            |n: &mut Option<u32>| n.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
        // SAFETY: as in `get_limits`.
        let hr = unsafe {
            (self.vtbl().SetLimits)(
                self.as_raw(),
                place(&mut min),
                place(&mut max),
                place(&mut flags),
            )
        };
        check(hr, "IMAPIProgress::SetLimits")
    }
}
