//! Copying out of foreign memory.

use mapi_types::{Error, ErrorCode, Result, UnicodeString};

/// Copies out of foreign memory, up to a limit.
#[derive(Debug)]
pub struct Reader {
    left: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            left: Self::MAX_BYTES,
        }
    }
}

impl Reader {
    /// What one call may copy, in bytes.
    pub const MAX_BYTES: usize = 1 << 30;
    /// Properties in one array.
    pub const MAX_PROPS: u32 = 1 << 16;

    /// A reader for one call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes `count` values of `T` off the budget.
    pub(super) fn spend<T>(&mut self, count: usize) -> Result<()> {
        let bytes = size_of::<T>().checked_mul(count);
        let left = bytes.and_then(|bytes| self.left.checked_sub(bytes));
        self.left = left.ok_or_else(|| {
            Error::caller(ErrorCode::TOO_BIG).context("a count or size is out of bounds")
        })?;
        Ok(())
    }

    /// Copies an array and converts its members.
    ///
    /// # Errors
    /// MAPI_E_INVALID_PARAMETER for a null pointer with a count; MAPI_E_TOO_BIG; MAPI_E_NOT_ENOUGH_MEMORY.
    ///
    /// # Safety
    /// `array` is null or valid for reading `count` values.
    pub unsafe fn array<T: Copy, U>(
        &mut self,
        array: *const T,
        count: u32,
        convert: impl Fn(T) -> U,
    ) -> Result<Vec<U>> {
        let count = count as usize;
        if count == 0 {
            return Ok(Vec::new());
        }
        not_null(array)?;
        self.spend::<T>(count)?;
        self.spend::<U>(count)?;
        let mut out = Vec::new();
        out.try_reserve_exact(count)
            .map_err(|_| ErrorCode::NOT_ENOUGH_MEMORY)?;
        // SAFETY: by the contract above.
        out.extend((0..count).map(|i| convert(unsafe { array.add(i).read_unaligned() })));
        Ok(out)
    }

    /// Copies bytes.
    ///
    /// # Errors
    /// As [`Reader::array`].
    ///
    /// # Safety
    /// `bytes` is null or valid for reading `size` bytes.
    pub unsafe fn bytes(&mut self, bytes: *const u8, size: u32) -> Result<Vec<u8>> {
        if size == 0 {
            return Ok(Vec::new());
        }
        not_null(bytes)?;
        self.spend::<u8>(size as usize)?;
        let mut out = Vec::new();
        out.try_reserve_exact(size as usize)
            .map_err(|_| ErrorCode::NOT_ENOUGH_MEMORY)?;
        // SAFETY: by the contract above.
        out.extend_from_slice(unsafe { std::slice::from_raw_parts(bytes, size as usize) });
        Ok(out)
    }

    /// Copies a zero-terminated string of 8-bit characters.
    ///
    /// # Errors
    /// As [`Reader::array`].
    ///
    /// # Safety
    /// `text` is null or points to a string that ends with a zero.
    pub unsafe fn string8(&mut self, text: *const i8) -> Result<Vec<u8>> {
        not_null(text)?;
        let text = text.cast::<u8>();
        // SAFETY: the string ends with a zero, and no byte behind it is read.
        unsafe {
            let length = self.length(|i| text.add(i).read() == 0)?;
            self.bytes(text, u32::try_from(length).unwrap_or(u32::MAX))
        }
    }

    /// Copies a zero-terminated string of UTF-16 units.
    ///
    /// # Errors
    /// As [`Reader::array`].
    ///
    /// # Safety
    /// As [`Reader::string8`].
    pub unsafe fn unicode(&mut self, text: *const u16) -> Result<UnicodeString> {
        not_null(text)?;
        // SAFETY: the string ends with a zero, and no unit behind it is read.
        unsafe {
            let length = self.length(|i| text.add(i).read_unaligned() == 0)?;
            self.spend::<u16>(length)?;
            if text.is_aligned() {
                Ok(UnicodeString::from_utf16(std::slice::from_raw_parts(
                    text, length,
                )))
            } else {
                let units: Vec<u16> = (0..length).map(|i| text.add(i).read_unaligned()).collect();
                Ok(UnicodeString::from_utf16(&units))
            }
        }
    }

    fn length(&self, is_end: impl Fn(usize) -> bool) -> Result<usize> {
        (0..self.left)
            .find(|i| is_end(*i))
            .ok_or_else(|| ErrorCode::TOO_BIG.into())
    }
}

/// Refuses a null pointer.
pub(super) fn not_null<T>(pointer: *const T) -> Result<()> {
    if pointer.is_null() {
        return Err(Error::caller(ErrorCode::INVALID_PARAMETER).context("a pointer is NULL"));
    }
    Ok(())
}
