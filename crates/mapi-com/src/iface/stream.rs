//! IStream.

use std::ffi::c_void;

use mapi_sys::{
    DWORD, GUID, HRESULT, IID_ISequentialStream, IID_IStream, ISequentialStream,
    ISequentialStreamVtbl, IStream, IStreamVtbl, LARGE_INTEGER, STATSTG, ULARGE_INTEGER, ULONG,
};
use mapi_types::{Error, ErrorCode, Result};

use super::ComObject;
use crate::convert::{bytes_mut, bytes_ref, check, preset, put, required, take};
use crate::ptr::{ComPtr, ComRef};
use crate::shell::{Export, Shell, hresult};

/// STREAM_SEEK_.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // the names say it
pub enum StreamOrigin {
    Set,
    Current,
    End,
}

/// IStream: the bytes of a large property.
pub trait Stream: ComObject {
    /// Read: fewer bytes than asked for mean the end.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_OBJECT_DELETED.
    fn read(&self, buffer: &mut [u8]) -> Result<usize>;

    /// Write.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NOT_ENOUGH_DISK.
    fn write(&self, bytes: &[u8]) -> Result<usize>;

    /// Seek: the new position in bytes.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER before the beginning.
    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64>;

    /// SetSize.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS.
    fn set_size(&self, size_bytes: u64) -> Result<()>;

    /// CopyTo another stream: bytes read and written. The default copies through a buffer.
    ///
    /// # Errors
    /// Those of both streams.
    fn copy_to(&self, target: &ComPtr<mapi_sys::IStream>, size_bytes: u64) -> Result<(u64, u64)>;

    /// Commit.
    ///
    /// # Errors
    /// MAPI_E_NO_ACCESS, MAPI_E_NOT_ENOUGH_DISK.
    fn commit(&self) -> Result<()>;

    /// Revert: forgets what was not committed.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn revert(&self) -> Result<()> {
        Err(Error::no_support())
    }

    /// Stat: the size in bytes.
    ///
    /// # Errors
    /// Only those of the storage.
    fn size(&self) -> Result<u64>;

    /// Clone: another cursor on the same bytes.
    ///
    /// # Errors
    /// MAPI_E_NO_SUPPORT.
    fn clone_stream(&self) -> Result<ComPtr<mapi_sys::IStream>> {
        Err(Error::no_support())
    }
}

// Export.

// SAFETY: every function of the vtable expects a Shell<dyn Stream>, and the interfaces are IStream's ancestors.
unsafe impl Export for dyn Stream {
    type Interface = IStream;
    const VTBL: &'static IStreamVtbl = &IStreamVtbl {
        base: ISequentialStreamVtbl {
            base: Shell::<dyn Stream>::UNKNOWN,
            Read: read,
            Write: write,
        },
        Seek: seek,
        SetSize: set_size,
        CopyTo: copy_to,
        Commit: commit,
        Revert: revert,
        LockRegion: lock_region,
        UnlockRegion: lock_region,
        Stat: stat,
        Clone: clone,
    };
    const INTERFACES: &'static [GUID] = &[IID_ISequentialStream, IID_IStream];
}

type This = Shell<dyn Stream>;

unsafe extern "system" fn read(
    this: *mut ISequentialStream,
    bytes: *mut c_void,
    size: ULONG,
    done: *mut ULONG,
) -> HRESULT {
    // SAFETY: the caller passes `size` writable bytes and keeps the object alive.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            preset(done, 0);
            let read = stream.read(bytes_mut(bytes.cast(), size)?)?;
            put(done, u32::try_from(read).unwrap_or(size));
            Ok(())
        })
    })
}

unsafe extern "system" fn write(
    this: *mut ISequentialStream,
    bytes: *const c_void,
    size: ULONG,
    done: *mut ULONG,
) -> HRESULT {
    // SAFETY: the caller passes `size` readable bytes and keeps the object alive.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            preset(done, 0);
            let written = stream.write(bytes_ref(bytes.cast(), size)?)?;
            put(done, u32::try_from(written).unwrap_or(size));
            Ok(())
        })
    })
}

unsafe extern "system" fn seek(
    this: *mut IStream,
    offset: LARGE_INTEGER,
    origin: DWORD,
    position: *mut ULARGE_INTEGER,
) -> HRESULT {
    // SAFETY: both halves of the union are the same 64 bits; `position` is a place for a number or null.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            let origin = match origin {
                0 => StreamOrigin::Set,
                1 => StreamOrigin::Current,
                2 => StreamOrigin::End,
                _ => return Err(ErrorCode::INVALID_PARAMETER.into()),
            };
            let at = stream.seek(offset.QuadPart, origin)?;
            put(position, ULARGE_INTEGER { QuadPart: at });
            Ok(())
        })
    })
}

unsafe extern "system" fn set_size(this: *mut IStream, size: ULARGE_INTEGER) -> HRESULT {
    // SAFETY: both halves of the union are the same 64 bits.
    hresult(unsafe { This::enter(this.cast(), |stream| stream.set_size(size.QuadPart)) })
}

unsafe extern "system" fn copy_to(
    this: *mut IStream,
    target: *mut IStream,
    size: ULARGE_INTEGER,
    read: *mut ULARGE_INTEGER,
    written: *mut ULARGE_INTEGER,
) -> HRESULT {
    // SAFETY: `target` is a stream that lives for the length of the call, or null; the outputs are places or null.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            let target = ComRef::from_raw(target).ok_or(ErrorCode::INVALID_PARAMETER)?;
            let (r, w) = stream.copy_to(&target, size.QuadPart)?;
            put(read, ULARGE_INTEGER { QuadPart: r });
            put(written, ULARGE_INTEGER { QuadPart: w });
            Ok(())
        })
    })
}

unsafe extern "system" fn commit(this: *mut IStream, _flags: DWORD) -> HRESULT {
    // SAFETY: the caller keeps the object alive.
    hresult(unsafe { This::enter(this.cast(), |stream| stream.commit()) })
}

unsafe extern "system" fn revert(this: *mut IStream) -> HRESULT {
    // SAFETY: the caller keeps the object alive.
    hresult(unsafe { This::enter(this.cast(), |stream| stream.revert()) })
}

/// Regions are not built; a stream of MAPI belongs to one caller.
unsafe extern "system" fn lock_region(
    this: *mut IStream,
    _offset: ULARGE_INTEGER,
    _size: ULARGE_INTEGER,
    _kind: DWORD,
) -> HRESULT {
    // SAFETY: the caller keeps the object alive.
    hresult(unsafe { This::enter(this.cast(), |_| Err(Error::no_support())) })
}

unsafe extern "system" fn stat(this: *mut IStream, out: *mut STATSTG, _flags: DWORD) -> HRESULT {
    // SAFETY: `out` is a place for a STATSTG or null; all zeros is a valid one.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            let mut stat: STATSTG = std::mem::zeroed();
            stat.r#type = STGTY_STREAM;
            stat.cbSize = ULARGE_INTEGER {
                QuadPart: stream.size()?,
            };
            required(out)?;
            put(out, stat);
            Ok(())
        })
    })
}

unsafe extern "system" fn clone(this: *mut IStream, out: *mut *mut IStream) -> HRESULT {
    // SAFETY: `out` is a place for a pointer or null.
    hresult(unsafe {
        This::enter(this.cast(), |stream| {
            required(out)?;
            put(out, std::ptr::null_mut());
            put(out, stream.clone_stream()?.into_raw());
            Ok(())
        })
    })
}

/// STGTY_STREAM of the platform's headers.
const STGTY_STREAM: u32 = 2;

// Import.

impl Stream for ComPtr<IStream> {
    fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        let size = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let mut done = 0;
        // SAFETY: the object lives while we hold it; the buffer is `size` bytes long.
        let hr = unsafe {
            (self.vtbl().base.Read)(
                self.as_raw().cast(),
                buffer.as_mut_ptr().cast(),
                size,
                &raw mut done,
            )
        };
        check(hr, "IStream::Read")?;
        Ok(done.min(size) as usize)
    }

    fn write(&self, bytes: &[u8]) -> Result<usize> {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let mut done = 0;
        // SAFETY: the object lives while we hold it; the buffer is `size` bytes long.
        let hr = unsafe {
            (self.vtbl().base.Write)(
                self.as_raw().cast(),
                bytes.as_ptr().cast(),
                size,
                &raw mut done,
            )
        };
        check(hr, "IStream::Write")?;
        Ok(done.min(size) as usize)
    }

    fn seek(&self, offset: i64, origin: StreamOrigin) -> Result<u64> {
        let origin = match origin {
            StreamOrigin::Set => 0,
            StreamOrigin::Current => 1,
            StreamOrigin::End => 2,
        };
        let mut at = ULARGE_INTEGER { QuadPart: 0 };
        // SAFETY: the object lives while we hold it; `at` is a place for the position.
        unsafe {
            let offset = LARGE_INTEGER { QuadPart: offset };
            check(
                (self.vtbl().Seek)(self.as_raw(), offset, origin, &raw mut at),
                "IStream::Seek",
            )?;
            Ok(at.QuadPart)
        }
    }

    fn set_size(&self, size_bytes: u64) -> Result<()> {
        let size = ULARGE_INTEGER {
            QuadPart: size_bytes,
        };
        // SAFETY: the object lives while we hold it.
        check(
            unsafe { (self.vtbl().SetSize)(self.as_raw(), size) },
            "IStream::SetSize",
        )
    }

    fn copy_to(&self, target: &ComPtr<IStream>, size_bytes: u64) -> Result<(u64, u64)> {
        let size = ULARGE_INTEGER {
            QuadPart: size_bytes,
        };
        let mut read = ULARGE_INTEGER { QuadPart: 0 };
        let mut written = ULARGE_INTEGER { QuadPart: 0 };
        // SAFETY: both objects live while we hold them; the outputs are places for numbers.
        unsafe {
            let copy = self.vtbl().CopyTo;
            check(
                copy(
                    self.as_raw(),
                    target.as_raw(),
                    size,
                    &raw mut read,
                    &raw mut written,
                ),
                "IStream::CopyTo",
            )?;
            Ok((read.QuadPart, written.QuadPart))
        }
    }

    fn commit(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it.
        check(
            unsafe { (self.vtbl().Commit)(self.as_raw(), 0) },
            "IStream::Commit",
        )
    }

    fn revert(&self) -> Result<()> {
        // SAFETY: the object lives while we hold it.
        check(
            unsafe { (self.vtbl().Revert)(self.as_raw()) },
            "IStream::Revert",
        )
    }

    fn size(&self) -> Result<u64> {
        // SAFETY: the object lives while we hold it; all zeros is a valid STATSTG; STATFLAG_NONAME: no name to free.
        unsafe {
            let mut stat: STATSTG = std::mem::zeroed();
            check(
                (self.vtbl().Stat)(self.as_raw(), &raw mut stat, 1),
                "IStream::Stat",
            )?;
            Ok(stat.cbSize.QuadPart)
        }
    }

    fn clone_stream(&self) -> Result<ComPtr<IStream>> {
        let mut out = std::ptr::null_mut();
        // SAFETY: the object lives while we hold it; on success `out` is a stream whose reference is ours.
        unsafe {
            check(
                (self.vtbl().Clone)(self.as_raw(), &raw mut out),
                "IStream::Clone",
            )?;
            take(out, "IStream::Clone")
        }
    }
}
