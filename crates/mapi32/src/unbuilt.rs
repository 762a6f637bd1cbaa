//! What is not built: it answers its refusal, and `docs/coverage.md` lists it.
#![allow(missing_docs)] // the pages of the reference say what they would do

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
    /// CloseIMsgSession.
    fn CloseIMsgSession(_: LPMSGSESS);
    /// CreateIProp.
    fn CreateIProp(_: LPCIID, _: Option<ALLOCATEBUFFER>, _: Option<ALLOCATEMORE>, _: Option<FREEBUFFER>, _: LPVOID, _: *mut LPPROPDATA) -> SCODE;
    /// FGetComponentPath.
    fn FGetComponentPath(_: LPTSTR, _: LPTSTR, _: LPTSTR, _: DWORD, _: BOOL) -> BOOL;
    /// GetAttribIMsgOnIStg.
    fn GetAttribIMsgOnIStg(_: LPVOID, _: LPSPropTagArray, _: *mut LPSPropAttrArray) -> HRESULT;
    /// GetTnefStreamCodepage.
    fn GetTnefStreamCodepage(_: LPSTREAM, _: *mut ULONG, _: *mut ULONG) -> HRESULT;
    /// HrIStorageFromStream.
    fn HrIStorageFromStream(_: LPUNKNOWN, _: LPCIID, _: ULONG, _: *mut LPSTORAGE) -> HRESULT;
    /// HrValidateIPMSubtree.
    fn HrValidateIPMSubtree(_: LPMDB, _: ULONG, _: *mut ULONG, _: *mut LPSPropValue, _: *mut LPMAPIERROR) -> HRESULT;
    /// LAUNCHWIZARD.
    fn LAUNCHWIZARD(_: HWND, _: ULONG, _: *mut LPCTSTR, _: ULONG, _: LPTSTR) -> HRESULT;
    /// LaunchWizard.
    fn LaunchWizard(_: HWND, _: ULONG, _: *mut LPCTSTR, _: ULONG, _: LPTSTR) -> HRESULT;
    /// MAPIAddress.
    fn MAPIAddress(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: ULONG, _: LPSTR, _: ULONG, _: lpMapiRecipDesc, _: FLAGS, _: ULONG, _: LPULONG, _: *mut lpMapiRecipDesc) -> ULONG;
    /// MAPIDeleteMail.
    fn MAPIDeleteMail(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG) -> ULONG;
    /// MAPIDetails.
    fn MAPIDetails(_: LHANDLE, _: ULONG_PTR, _: lpMapiRecipDesc, _: FLAGS, _: ULONG) -> ULONG;
    /// MAPIFindNext.
    fn MAPIFindNext(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: LPSTR, _: FLAGS, _: ULONG, _: LPSTR) -> ULONG;
    /// MAPILogoff.
    fn MAPILogoff(_: LHANDLE, _: ULONG_PTR, _: FLAGS, _: ULONG) -> ULONG;
    /// MAPILogon.
    fn MAPILogon(_: ULONG_PTR, _: LPSTR, _: LPSTR, _: FLAGS, _: ULONG, _: LPLHANDLE) -> ULONG;
    /// MAPIOpenFormMgr.
    fn MAPIOpenFormMgr(_: LPMAPISESSION, _: *mut LPMAPIFORMMGR) -> HRESULT;
    /// MAPIOpenLocalFormContainer.
    fn MAPIOpenLocalFormContainer(_: *mut LPMAPIFORMCONTAINER) -> HRESULT;
    /// MAPIReadMail.
    fn MAPIReadMail(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG, _: *mut lpMapiMessage) -> ULONG;
    /// MAPIResolveName.
    fn MAPIResolveName(_: LHANDLE, _: ULONG_PTR, _: LPSTR, _: FLAGS, _: ULONG, _: *mut lpMapiRecipDesc) -> ULONG;
    /// MAPISaveMail.
    fn MAPISaveMail(_: LHANDLE, _: ULONG_PTR, _: lpMapiMessage, _: FLAGS, _: ULONG, _: LPSTR) -> ULONG;
    /// MAPISendDocuments.
    fn MAPISendDocuments(_: ULONG_PTR, _: LPSTR, _: LPSTR, _: LPSTR, _: ULONG) -> ULONG;
    /// MAPISendMail.
    fn MAPISendMail(_: LHANDLE, _: ULONG_PTR, _: lpMapiMessage, _: FLAGS, _: ULONG) -> ULONG;
    /// MAPISendMailW.
    fn MAPISendMailW(_: ULONG_PTR, _: ULONG_PTR, _: lpMapiMessageW, _: ULONG, _: ULONG) -> ULONG;
    /// MNLS_CompareStringW.
    fn MNLS_CompareStringW(_: LCID, _: DWORD, _: LPCWSTR, _: i32, _: LPCWSTR, _: i32) -> i32;
    /// MNLS_IsBadStringPtrW.
    fn MNLS_IsBadStringPtrW(_: LPCWSTR, _: UINT) -> BOOL;
    /// MNLS_MultiByteToWideChar.
    fn MNLS_MultiByteToWideChar(_: UINT, _: DWORD, _: LPCSTR, _: i32, _: LPWSTR, _: i32) -> i32;
    /// MNLS_WideCharToMultiByte.
    fn MNLS_WideCharToMultiByte(_: UINT, _: DWORD, _: LPCWSTR, _: i32, _: LPSTR, _: i32, _: LPCSTR, _: *mut BOOL) -> i32;
    /// MNLS_lstrcmpW.
    fn MNLS_lstrcmpW(_: LPCWSTR, _: LPCWSTR) -> i32;
    /// MNLS_lstrcpyW.
    fn MNLS_lstrcpyW(_: LPWSTR, _: LPCWSTR) -> LPWSTR;
    /// MNLS_lstrlenW.
    fn MNLS_lstrlenW(_: LPCWSTR) -> i32;
    /// MapStorageSCode.
    fn MapStorageSCode(_: SCODE) -> SCODE;
    /// OpenIMsgOnIStg.
    fn OpenIMsgOnIStg(_: LPMSGSESS, _: LPALLOCATEBUFFER, _: LPALLOCATEMORE, _: LPFREEBUFFER, _: LPMALLOC, _: LPVOID, _: LPSTORAGE, _: Option<MSGCALLRELEASE>, _: ULONG, _: ULONG, _: *mut LPMESSAGE) -> SCODE;
    /// OpenIMsgSession.
    fn OpenIMsgSession(_: LPMALLOC, _: ULONG, _: *mut LPMSGSESS) -> SCODE;
    /// OpenTnefStream.
    fn OpenTnefStream(_: LPVOID, _: LPSTREAM, _: LPTSTR, _: ULONG, _: LPMESSAGE, _: WORD, _: *mut LPITNEF) -> HRESULT;
    /// OpenTnefStreamEx.
    fn OpenTnefStreamEx(_: LPVOID, _: LPSTREAM, _: LPTSTR, _: ULONG, _: LPMESSAGE, _: WORD, _: LPADRBOOK, _: *mut LPITNEF) -> HRESULT;
    /// ScLocalPathFromUNC.
    fn ScLocalPathFromUNC(_: LPSTR, _: LPSTR, _: UINT) -> SCODE;
    /// ScMAPIXFromSMAPI.
    fn ScMAPIXFromSMAPI(_: LHANDLE, _: ULONG, _: LPCIID, _: *mut LPMAPISESSION) -> SCODE;
    /// ScUNCFromLocalPath.
    fn ScUNCFromLocalPath(_: LPSTR, _: LPSTR, _: UINT) -> SCODE;
    /// SetAttribIMsgOnIStg.
    fn SetAttribIMsgOnIStg(_: LPVOID, _: LPSPropTagArray, _: LPSPropAttrArray, _: *mut LPSPropProblemArray) -> HRESULT;
    /// __CPPValidateParameters.
    fn __CPPValidateParameters(_: METHODS, _: LPVOID) -> HRESULT;
    /// __ValidateParameters.
    fn __ValidateParameters(_: METHODS, _: LPVOID) -> HRESULT;
}
