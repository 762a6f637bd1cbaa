//! Errors: a MAPI code, who is to blame, and text for people.

use std::borrow::Cow;
use std::fmt;

use crate::code_names::NAMES;

/// Result of everything that can fail with a MAPI code.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An HRESULT / SCODE of MAPI.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct ErrorCode(pub u32);

#[allow(missing_docs)] // MAPICode.h, without its prefix MAPI_E_ or MAPI_W_
impl ErrorCode {
    pub const OK: Self = Self(0);
    pub const CALL_FAILED: Self = Self(0x8000_4005);
    pub const INTERFACE_NOT_SUPPORTED: Self = Self(0x8000_4002);
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x8007_000E);
    pub const INVALID_PARAMETER: Self = Self(0x8007_0057);
    pub const NO_ACCESS: Self = Self(0x8007_0005);
    pub const NO_SUPPORT: Self = Self(0x8004_0102);
    pub const BAD_CHARWIDTH: Self = Self(0x8004_0103);
    pub const STRING_TOO_LONG: Self = Self(0x8004_0105);
    pub const UNKNOWN_FLAGS: Self = Self(0x8004_0106);
    pub const INVALID_ENTRYID: Self = Self(0x8004_0107);
    pub const INVALID_OBJECT: Self = Self(0x8004_0108);
    pub const OBJECT_CHANGED: Self = Self(0x8004_0109);
    pub const OBJECT_DELETED: Self = Self(0x8004_010A);
    pub const BUSY: Self = Self(0x8004_010B);
    pub const NOT_ENOUGH_DISK: Self = Self(0x8004_010D);
    pub const NOT_ENOUGH_RESOURCES: Self = Self(0x8004_010E);
    pub const NOT_FOUND: Self = Self(0x8004_010F);
    pub const VERSION: Self = Self(0x8004_0110);
    pub const LOGON_FAILED: Self = Self(0x8004_0111);
    pub const SESSION_LIMIT: Self = Self(0x8004_0112);
    pub const USER_CANCEL: Self = Self(0x8004_0113);
    pub const UNABLE_TO_ABORT: Self = Self(0x8004_0114);
    pub const NETWORK_ERROR: Self = Self(0x8004_0115);
    pub const DISK_ERROR: Self = Self(0x8004_0116);
    pub const TOO_COMPLEX: Self = Self(0x8004_0117);
    pub const BAD_COLUMN: Self = Self(0x8004_0118);
    pub const EXTENDED_ERROR: Self = Self(0x8004_0119);
    pub const COMPUTED: Self = Self(0x8004_011A);
    pub const CORRUPT_DATA: Self = Self(0x8004_011B);
    pub const UNCONFIGURED: Self = Self(0x8004_011C);
    pub const FAILONEPROVIDER: Self = Self(0x8004_011D);
    pub const UNKNOWN_CPID: Self = Self(0x8004_011E);
    pub const UNKNOWN_LCID: Self = Self(0x8004_011F);
    pub const END_OF_SESSION: Self = Self(0x8004_0200);
    pub const UNKNOWN_ENTRYID: Self = Self(0x8004_0201);
    pub const MISSING_REQUIRED_COLUMN: Self = Self(0x8004_0202);
    pub const W_NO_SERVICE: Self = Self(0x0004_0203);
    pub const BAD_VALUE: Self = Self(0x8004_0301);
    pub const INVALID_TYPE: Self = Self(0x8004_0302);
    pub const TYPE_NO_SUPPORT: Self = Self(0x8004_0303);
    pub const UNEXPECTED_TYPE: Self = Self(0x8004_0304);
    pub const TOO_BIG: Self = Self(0x8004_0305);
    pub const DECLINE_COPY: Self = Self(0x8004_0306);
    pub const UNEXPECTED_ID: Self = Self(0x8004_0307);
    pub const W_ERRORS_RETURNED: Self = Self(0x0004_0380);
    pub const UNABLE_TO_COMPLETE: Self = Self(0x8004_0400);
    pub const TIMEOUT: Self = Self(0x8004_0401);
    pub const TABLE_EMPTY: Self = Self(0x8004_0402);
    pub const TABLE_TOO_BIG: Self = Self(0x8004_0403);
    pub const INVALID_BOOKMARK: Self = Self(0x8004_0405);
    pub const W_POSITION_CHANGED: Self = Self(0x0004_0481);
    pub const W_APPROX_COUNT: Self = Self(0x0004_0482);
    pub const WAIT: Self = Self(0x8004_0500);
    pub const CANCEL: Self = Self(0x8004_0501);
    pub const NOT_ME: Self = Self(0x8004_0502);
    pub const W_CANCEL_MESSAGE: Self = Self(0x0004_0580);
    pub const CORRUPT_STORE: Self = Self(0x8004_0600);
    pub const NOT_IN_QUEUE: Self = Self(0x8004_0601);
    pub const NO_SUPPRESS: Self = Self(0x8004_0602);
    pub const COLLISION: Self = Self(0x8004_0604);
    pub const NOT_INITIALIZED: Self = Self(0x8004_0605);
    pub const NON_STANDARD: Self = Self(0x8004_0606);
    pub const NO_RECIPIENTS: Self = Self(0x8004_0607);
    pub const SUBMITTED: Self = Self(0x8004_0608);
    pub const HAS_FOLDERS: Self = Self(0x8004_0609);
    pub const HAS_MESSAGES: Self = Self(0x8004_060A);
    pub const FOLDER_CYCLE: Self = Self(0x8004_060B);
    pub const W_PARTIAL_COMPLETION: Self = Self(0x0004_0680);
    pub const AMBIGUOUS_RECIP: Self = Self(0x8004_0700);

    /// From a signed HRESULT.
    #[must_use]
    pub const fn from_hresult(hr: i32) -> Self {
        Self(hr.cast_unsigned())
    }

    /// As a signed HRESULT.
    #[must_use]
    pub const fn hresult(self) -> i32 {
        self.0.cast_signed()
    }

    /// FAILED(): the severity bit is set.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & 0x8000_0000 != 0
    }

    /// The MAPI name, for example `MAPI_E_NOT_FOUND`.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .binary_search_by_key(&self.0, |(value, _)| *value)
            .ok()
            .map(|i| NAMES[i].1)
    }

    /// The code of that name, for example of `MAPI_E_NOT_FOUND`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(_, known)| *known == name);
        found.map(|(value, _)| Self(*value))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:#010x})", self.0)
    }
}

/// Who has to act for the error to go away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blame {
    /// The caller passed something wrong or called at the wrong time.
    Caller,
    /// A service provider broke the contract or could not do its work.
    Provider,
    /// The machine: disk, network, memory, permissions.
    System,
}

/// An error: code, blame, the part that failed and what to do about it.
///
/// Only failures become an `Error`; MAPI's warnings travel with the results they belong to.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    code: ErrorCode,
    blame: Blame,
    component: Cow<'static, str>,
    context: String,
}

impl Error {
    /// An error that the caller caused.
    #[must_use]
    pub fn caller(code: ErrorCode) -> Self {
        Self::new(code, Blame::Caller)
    }

    /// An error that a provider caused.
    #[must_use]
    pub fn provider(code: ErrorCode) -> Self {
        Self::new(code, Blame::Provider)
    }

    /// An error that the machine caused.
    #[must_use]
    pub fn system(code: ErrorCode) -> Self {
        Self::new(code, Blame::System)
    }

    /// What is not built: MAPI_E_NO_SUPPORT.
    #[must_use]
    pub fn no_support() -> Self {
        Self::caller(ErrorCode::NO_SUPPORT)
    }

    fn new(code: ErrorCode, blame: Blame) -> Self {
        Self(Box::new(Inner {
            code,
            blame,
            component: Cow::Borrowed(""),
            context: String::new(),
        }))
    }

    /// Adds text in front of what is there: what was tried, and what to do.
    #[must_use]
    pub fn context(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.0.context = if self.0.context.is_empty() {
            text
        } else {
            format!("{text}: {}", self.0.context)
        };
        self
    }

    /// Names the part that failed, for example `OpenMAPI Message Store`; the innermost name wins.
    #[must_use]
    pub fn component(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        if self.0.component.is_empty() {
            self.0.component = name.into();
        }
        self
    }

    /// The MAPI code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Who has to act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.0.blame
    }

    /// The part that failed; empty if nobody named it.
    #[must_use]
    pub fn component_name(&self) -> &str {
        &self.0.component
    }

    /// The text; empty if there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.context
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::caller(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            code,
            component,
            context,
            ..
        } = &*self.0;
        match (component.is_empty(), context.is_empty()) {
            (true, true) => write!(f, "{code}"),
            (true, false) => write!(f, "{context} ({code})"),
            (false, true) => write!(f, "{component}: {code}"),
            (false, false) => write!(f, "{component}: {context} ({code})"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [blame: {:?}]", self.0.blame)
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    /// The nearest MAPI code, with the system's text.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let code = match error.kind() {
            ErrorKind::NotFound => ErrorCode::NOT_FOUND,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorCode::NO_ACCESS,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ErrorCode::NOT_ENOUGH_DISK,
            ErrorKind::OutOfMemory => ErrorCode::NOT_ENOUGH_MEMORY,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => ErrorCode::TIMEOUT,
            ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted => ErrorCode::NETWORK_ERROR,
            _ => ErrorCode::DISK_ERROR,
        };
        Self::system(code).context(error.to_string())
    }
}
