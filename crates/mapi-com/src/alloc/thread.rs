//! The two questions the ledger asks about threads.

pub(super) use platform::{current, is_gone};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    /// A number that no other living thread of the process has; not 0.
    pub fn current() -> u32 {
        // SAFETY: no arguments, no effects.
        let id = unsafe { libc::syscall(libc::SYS_gettid) };
        u32::try_from(id).unwrap_or(u32::MAX)
    }

    /// Whether the thread has ended. In doubt it has not.
    pub fn is_gone(thread: u32) -> bool {
        // SAFETY: signal 0 is never delivered, the call only asks whether the thread is there.
        unsafe {
            libc::syscall(libc::SYS_tgkill, libc::getpid(), thread, 0) == -1
                && *libc::__errno_location() == libc::ESRCH
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::ffi::c_void;

    const THREAD_QUERY_LIMITED_INFORMATION: u32 = 0x0800;
    const STILL_ACTIVE: u32 = 259;
    const ERROR_INVALID_PARAMETER: u32 = 87;

    unsafe extern "system" {
        fn GetCurrentThreadId() -> u32;
        fn OpenThread(access: u32, inherit: i32, thread: u32) -> *mut c_void;
        fn GetExitCodeThread(thread: *mut c_void, code: *mut u32) -> i32;
        fn CloseHandle(handle: *mut c_void) -> i32;
        fn GetLastError() -> u32;
    }

    /// A number that no other living thread of the process has; not 0.
    pub fn current() -> u32 {
        // SAFETY: no arguments, no effects.
        unsafe { GetCurrentThreadId() }
    }

    /// Whether the thread has ended. In doubt it has not.
    pub fn is_gone(thread: u32) -> bool {
        // SAFETY: plain queries; the handle is closed where it was opened.
        unsafe {
            let handle = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, 0, thread);
            if handle.is_null() {
                return GetLastError() == ERROR_INVALID_PARAMETER;
            }
            let mut code = STILL_ACTIVE;
            let known = GetExitCodeThread(handle, &raw mut code) != 0;
            CloseHandle(handle);
            known && code != STILL_ACTIVE
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
mod platform {
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A number that no other living thread of the process has; not 0.
    pub fn current() -> u32 {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether the thread has ended: not known here, so threads beyond the number of shards share one.
    pub fn is_gone(_thread: u32) -> bool {
        false
    }
}
