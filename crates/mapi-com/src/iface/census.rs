//! IOpenMAPICensus: what a support object is beyond Microsoft's interface. It is ours, documented in docs/report.md.
//!
//! IMAPISupport::MakeInvalid tells MAPI the number of an object's methods and nothing else. A provider that knows more asks its
//! support object for this interface; where it is missing (another MAPI), IMAPISupport::MakeInvalid does.

use std::ffi::CStr;
use std::time::Duration;

use mapi_sys::*;
use mapi_types::{Error, ErrorCode, Guid, Result};

use super::*;
use crate::ptr::{ComPtr, guid_from_abi};
use crate::scope::ShellBlock;
use crate::shell::{Export, Shell, hresult};
use crate::wire::*;

/// {32DBB518-260F-4AC9-8FE2-B682391A0FD6}
pub const IID_IOPEN_MAPI_CENSUS: GUID = GUID {
    Data1: 0x32db_b518,
    Data2: 0x260f,
    Data3: 0x4ac9,
    Data4: [0x8f, 0xe2, 0xb6, 0x82, 0x39, 0x1a, 0x0f, 0xd6],
};

/// The 5 slots of [`IOpenMapiCensus`].
#[allow(missing_docs, non_snake_case)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct IOpenMapiCensusVtbl {
    pub base: IUnknownVtbl,
    pub GetStacks: unsafe extern "system" fn(*mut IOpenMapiCensus, *mut u32) -> HRESULT,
    pub MakeInvalid:
        unsafe extern "system" fn(*mut IOpenMapiCensus, *const OPENMAPILEFT) -> HRESULT,
}

/// The interface: see docs/report.md.
#[allow(missing_docs, non_snake_case)]
#[repr(C)]
pub struct IOpenMapiCensus {
    pub lpVtbl: *const IOpenMapiCensusVtbl,
}

/// One object that is to become MAPI's, and what its provider knows of it.
#[allow(missing_docs, non_snake_case)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct OPENMAPILEFT {
    /// The three arguments of IMAPISupport::MakeInvalid.
    pub lpObject: LPVOID,
    pub ulRefCount: u32,
    pub cMethods: u32,
    /// The interface of the object; null: not said.
    pub lpInterface: *const GUID,
    /// Since when it is open, in microseconds.
    pub ullAge: u64,
    /// The stack that made it, UTF-8, one frame or place in a line; null: not kept.
    pub lpszStack: *const std::ffi::c_char,
}

// SAFETY: the struct is a vtable pointer.
unsafe impl Interface for IOpenMapiCensus {
    type Vtbl = IOpenMapiCensusVtbl;
    const IID: GUID = IID_IOPEN_MAPI_CENSUS;
    const NAME: &'static str = "IOpenMAPICensus";
    const SLOTS: &'static [&'static str] = &[
        "QueryInterface",
        "AddRef",
        "Release",
        "GetStacks",
        "MakeInvalid",
    ];
}
// SAFETY: IOpenMapiCensusVtbl starts with IUnknownVtbl.
unsafe impl Inherits<IUnknown> for IOpenMapiCensus {}

/// What MAPI learns of an object that has become its own.
#[derive(Clone, Debug)]
pub struct LeftShell {
    /// How many methods it has.
    pub methods: u32,
    /// Its interface, if the provider says so.
    pub interface: Option<Guid>,
    /// How long it has been open.
    pub age: Duration,
    /// The stack that made it, if the provider keeps it.
    pub stack: Option<String>,
}

/// IOpenMAPICensus.
pub trait Census: ComObject {
    /// GetStacks: whether stacks are asked for (level `trace`).
    ///
    /// # Errors
    /// MAPI_E_INVALID_OBJECT after the end of the support object.
    fn stacks(&self) -> Result<bool>;

    /// MakeInvalid: as IMAPISupport::MakeInvalid, and tells what the object was. The export answers it itself; a provider calls
    /// it through the import.
    ///
    /// # Errors
    /// As [`MapiSupport::make_invalid`].
    fn make_invalid(&self, shell: &ShellBlock) -> Result<()> {
        let _ = shell;
        Err(Error::no_support())
    }

    /// An object has become MAPI's.
    fn made_invalid(&self, left: LeftShell) {
        let _ = left;
    }
}

type This = Shell<dyn Census>;

// SAFETY: the functions of the vtable expect a Shell<dyn Census>; the interface is IOpenMapiCensus.
unsafe impl Export for dyn Census {
    type Interface = IOpenMapiCensus;
    const VTBL: &'static IOpenMapiCensusVtbl = &IOpenMapiCensusVtbl {
        base: This::UNKNOWN,
        GetStacks: get_stacks,
        MakeInvalid: make_invalid,
    };
    const INTERFACES: &'static [GUID] = &[IID_IOPEN_MAPI_CENSUS];
}

unsafe extern "system" fn get_stacks(this: *mut IOpenMapiCensus, out: *mut u32) -> HRESULT {
    // SAFETY: `this` is our shell; `out` is null or a place for a number.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let out = out
                .as_mut()
                .ok_or_else(|| Error::caller(ErrorCode::INVALID_PARAMETER))?;
            *out = u32::from(o.stacks()?);
            Ok(())
        })
    })
}

unsafe extern "system" fn make_invalid(
    this: *mut IOpenMapiCensus,
    left: *const OPENMAPILEFT,
) -> HRESULT {
    // SAFETY: `this` is our shell; `left` is null or complete. The provider says that the object is its own and that nobody is
    // inside, and that identifier and text are null or whole.
    hresult(unsafe {
        This::enter(this.cast(), |o| {
            let left = left
                .as_ref()
                .ok_or_else(|| Error::caller(ErrorCode::INVALID_PARAMETER))?;
            crate::invalid::make_invalid(left.lpObject, left.ulRefCount, left.cMethods)?;
            let stack = (!left.lpszStack.is_null()).then(|| {
                CStr::from_ptr(left.lpszStack)
                    .to_string_lossy()
                    .into_owned()
            });
            o.made_invalid(LeftShell {
                methods: left.cMethods,
                interface: left.lpInterface.as_ref().map(guid_from_abi),
                age: Duration::from_micros(left.ullAge),
                stack,
            });
            Ok(())
        })
    })
}

impl Census for ComPtr<IOpenMapiCensus> {
    fn stacks(&self) -> Result<bool> {
        let mut out = 0;
        // SAFETY: the object lives while we hold it; `out` is a place of ours.
        let hr = unsafe { (self.vtbl().GetStacks)(self.as_raw(), &raw mut out) };
        check_last(self, hr, "IOpenMAPICensus::GetStacks")?;
        Ok(out != 0)
    }

    fn make_invalid(&self, shell: &ShellBlock) -> Result<()> {
        let stack = shell
            .trace
            .as_deref()
            .and_then(|trace| std::ffi::CString::new(trace).ok());
        let left = OPENMAPILEFT {
            lpObject: shell.object,
            ulRefCount: shell.references,
            cMethods: shell.methods,
            lpInterface: &raw const shell.interface,
            ullAge: u64::try_from(shell.age.as_micros()).unwrap_or(u64::MAX),
            lpszStack: stack.as_ref().map_or(std::ptr::null(), |s| s.as_ptr()),
        };
        // SAFETY: the object lives while we hold it, `left` and what it points to as long as the call; only a shell of ours
        // makes a ShellBlock, of itself.
        let hr = unsafe { (self.vtbl().MakeInvalid)(self.as_raw(), &raw const left) };
        check_last(self, hr, "IOpenMAPICensus::MakeInvalid")
    }
}
