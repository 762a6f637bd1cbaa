//! What is not built: it answers its refusal and touches nothing. `docs/coverage.md` lists it with the reason, which is the
//! first line of its page here.

use mapi_sys::*;
use mapi_types::ErrorCode;

/// What a function answers that does nothing.
trait Refusal {
    const REFUSED: Self;
}

impl Refusal for () {
    const REFUSED: Self = ();
}

impl Refusal for i32 {
    /// MAPI_E_NO_SUPPORT.
    const REFUSED: Self = ErrorCode::NO_SUPPORT.hresult();
}

impl Refusal for u32 {
    /// MAPI_E_NOT_SUPPORTED of Simple MAPI.
    const REFUSED: Self = MAPI_E_NOT_SUPPORTED;
}

impl<T> Refusal for *mut T {
    const REFUSED: Self = std::ptr::null_mut();
}

macro_rules! refused {
    ($($(#[$doc:meta])* fn $name:ident($(_: $param:ty),*) $(-> $answer:ty)?;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name($(_: $param),*) $(-> $answer)? {
            Refusal::REFUSED
        }
    )*};
}

refused! {
    /// Needs TNEF.
    fn GetTnefStreamCodepage(_: LPSTREAM, _: *mut ULONG, _: *mut ULONG) -> HRESULT;
    /// Needs TNEF.
    fn OpenTnefStream(_: LPVOID, _: LPSTREAM, _: LPTSTR, _: ULONG, _: LPMESSAGE, _: WORD, _: *mut LPITNEF) -> HRESULT;
    /// Needs TNEF.
    fn OpenTnefStreamEx(_: LPVOID, _: LPSTREAM, _: LPTSTR, _: ULONG, _: LPMESSAGE, _: WORD, _: LPADRBOOK, _: *mut LPITNEF) -> HRESULT;
    /// Needs messages on IStorage.
    fn CloseIMsgSession(_: LPMSGSESS);
    /// Needs messages on IStorage.
    fn GetAttribIMsgOnIStg(_: LPVOID, _: LPSPropTagArray, _: *mut LPSPropAttrArray) -> HRESULT;
    /// Needs messages on IStorage.
    fn HrIStorageFromStream(_: LPUNKNOWN, _: LPCIID, _: ULONG, _: *mut LPSTORAGE) -> HRESULT;
    /// Needs messages on IStorage.
    fn OpenIMsgOnIStg(_: LPMSGSESS, _: LPALLOCATEBUFFER, _: LPALLOCATEMORE, _: LPFREEBUFFER, _: LPMALLOC, _: LPVOID, _: LPSTORAGE, _: Option<MSGCALLRELEASE>, _: ULONG, _: ULONG, _: *mut LPMESSAGE) -> SCODE;
    /// Needs messages on IStorage.
    fn OpenIMsgSession(_: LPMALLOC, _: ULONG, _: *mut LPMSGSESS) -> SCODE;
    /// Needs messages on IStorage.
    fn SetAttribIMsgOnIStg(_: LPVOID, _: LPSPropTagArray, _: LPSPropAttrArray, _: *mut LPSPropProblemArray) -> HRESULT;
    /// Needs forms.
    fn MAPIOpenFormMgr(_: LPMAPISESSION, _: *mut LPMAPIFORMMGR) -> HRESULT;
    /// Needs forms.
    fn MAPIOpenLocalFormContainer(_: *mut LPMAPIFORMCONTAINER) -> HRESULT;
    /// Needs a dialog.
    fn LAUNCHWIZARD(_: HWND, _: ULONG, _: *mut LPCTSTR, _: ULONG, _: LPTSTR) -> HRESULT;
    /// Needs a dialog.
    fn LaunchWizard(_: HWND, _: ULONG, _: *mut LPCTSTR, _: ULONG, _: LPTSTR) -> HRESULT;
    /// Needs a dialog.
    fn MAPIAddress(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: ULONG, _: LPSTR, _: ULONG, _: lpMapiRecipDesc, _: FLAGS, _: ULONG, _: LPULONG, _: *mut lpMapiRecipDesc) -> ULONG;
    /// Needs a dialog.
    fn MAPIDetails(_: LHANDLE, _: ULONG_PTR, _: lpMapiRecipDesc, _: FLAGS, _: ULONG) -> ULONG;
    /// Needs Windows: its installer, its shares, or the stack of x86.
    fn ScLocalPathFromUNC(_: LPSTR, _: LPSTR, _: UINT) -> SCODE;
    /// Needs Windows: its installer, its shares, or the stack of x86.
    fn ScUNCFromLocalPath(_: LPSTR, _: LPSTR, _: UINT) -> SCODE;
    /// Needs Windows: its installer, its shares, or the stack of x86.
    fn __CPPValidateParameters(_: METHODS, _: LPVOID) -> HRESULT;
    /// Needs Windows: its installer, its shares, or the stack of x86.
    fn __ValidateParameters(_: METHODS, _: LPVOID) -> HRESULT;
    /// Needs the spooler.
    fn MAPISendDocuments(_: ULONG_PTR, _: LPSTR, _: LPSTR, _: LPSTR, _: ULONG) -> ULONG;
    /// Needs the spooler.
    fn MAPISendMail(_: LHANDLE, _: ULONG_PTR, _: lpMapiMessage, _: FLAGS, _: ULONG) -> ULONG;
    /// Needs the spooler.
    fn MAPISendMailW(_: ULONG_PTR, _: ULONG_PTR, _: lpMapiMessageW, _: ULONG, _: ULONG) -> ULONG;
    /// To be built.
    fn CreateIProp(_: LPCIID, _: Option<ALLOCATEBUFFER>, _: Option<ALLOCATEMORE>, _: Option<FREEBUFFER>, _: LPVOID, _: *mut LPPROPDATA) -> SCODE;
    /// To be built.
    fn HrValidateIPMSubtree(_: LPMDB, _: ULONG, _: *mut ULONG, _: *mut LPSPropValue, _: *mut LPMAPIERROR) -> HRESULT;
    /// To be built.
    fn MAPIDeleteMail(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG) -> ULONG;
    /// To be built.
    fn MAPIFindNext(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: LPSTR, _: FLAGS, _: ULONG, _: LPSTR) -> ULONG;
    /// To be built.
    fn MAPIReadMail(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG, _: *mut lpMapiMessage) -> ULONG;
    /// To be built.
    fn MAPIResolveName(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG, _: *mut lpMapiRecipDesc) -> ULONG;
    /// To be built.
    fn MAPISaveMail(_: LHANDLE, _: ULONG_PTR, _: lpMapiMessage, _: FLAGS, _: ULONG, _: LPSTR) -> ULONG;
}

/// The same for those whose failure is 0: FALSE, or no characters.
macro_rules! failing {
    ($($(#[$doc:meta])* fn $name:ident($(_: $param:ty),*) -> $answer:ty;)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name($(_: $param),*) -> $answer {
            0
        }
    )*};
}

failing! {
    /// Needs Windows: its installer, its shares, or the stack of x86.
    fn FGetComponentPath(_: LPTSTR, _: LPTSTR, _: LPTSTR, _: DWORD, _: BOOL) -> BOOL;
    /// To be built.
    fn MNLS_CompareStringW(_: LCID, _: DWORD, _: LPCWSTR, _: i32, _: LPCWSTR, _: i32) -> i32;
    /// To be built.
    fn MNLS_MultiByteToWideChar(_: UINT, _: DWORD, _: LPCSTR, _: i32, _: LPWSTR, _: i32) -> i32;
    /// To be built.
    fn MNLS_WideCharToMultiByte(_: UINT, _: DWORD, _: LPCWSTR, _: i32, _: LPSTR, _: i32, _: LPCSTR, _: *mut BOOL) -> i32;
}
