//! IMAPIClientShutdown and IMAPIProviderShutdown.

use mapi_types::Result;

use super::ComObject;

/// IMAPIClientShutdown: fast shutdown, the client's side (imapiclientshutdowniunknown.md, lifecycle.md 6.6).
pub trait ClientShutdown: ComObject {
    /// QueryFastShutdown: whether nobody objects.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: log off instead (LIFE-FAST-002..004).
    fn query_fast_shutdown(&self) -> Result<()>;

    /// NotifyProcessShutdown: the process is about to end.
    ///
    /// # Errors
    /// None; errors of providers are logged (LIFE-FAST-005).
    fn notify_process_shutdown(&self) -> Result<()>;

    /// DoFastShutdown: data is safe when it returns, and no MAPI call may follow.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT without a positive query before it (LIFE-FAST-006).
    fn do_fast_shutdown(&self) -> Result<()>;
}

/// IMAPIProviderShutdown: fast shutdown, the provider's side (imapiprovidershutdowniunknown.md).
pub trait ProviderShutdown: ComObject {
    /// QueryFastShutdown.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT: this provider needs a normal shutdown.
    fn query_fast_shutdown(&self) -> Result<()>;

    /// NotifyProcessShutdown.
    ///
    /// # Errors
    /// Logged, nothing else.
    fn notify_process_shutdown(&self) -> Result<()>;

    /// DoFastShutdown: data survives a kill when it returns S_OK (LIFE-FAST-008).
    ///
    /// # Errors
    /// Logged, nothing else.
    fn do_fast_shutdown(&self) -> Result<()>;
}
