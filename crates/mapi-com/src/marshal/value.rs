//! SPropValue.

use mapi_sys::{
    __UPV, CY, FILETIME, GUID, LARGE_INTEGER, SAppTimeArray, SBinary, SBinaryArray, SCurrencyArray,
    SDateTimeArray, SDoubleArray, SGuidArray, SLPSTRArray, SLargeIntegerArray, SLongArray,
    SPropValue, SRealArray, SShortArray, SWStringArray,
};
use mapi_types::{
    Error, ErrorCode, FileTime, Guid, PropTag, PropType, PropValue, Property, Result,
};

use super::reader::{Reader, not_null};
use super::writer::{Place, Writer, count_of};
use crate::alloc::{Allocator, MapiBuffer};

/// Reads one property.
///
/// # Errors
/// MAPI_E_INVALID_PARAMETER for a null pointer, MAPI_E_INVALID_TYPE for a type that has no value, MAPI_E_TOO_BIG.
///
/// # Safety
/// `prop` is null or points to an SPropValue, whose pointers are valid for what its type says they point to.
pub unsafe fn read_prop(prop: *const SPropValue) -> Result<Property> {
    not_null(prop)?;
    // SAFETY: by the contract above.
    unsafe { Reader::new().property(&prop.read_unaligned()) }
}

/// Reads an array of properties.
///
/// # Errors
/// As [`read_prop`].
///
/// # Safety
/// `props` is null or points to `count` values as in [`read_prop`].
pub unsafe fn read_props(count: u32, props: *const SPropValue) -> Result<Vec<Property>> {
    // SAFETY: by the contract above.
    unsafe { Reader::new().properties(count, props, false) }
}

/// Writes properties into one block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_props(allocator: Allocator, props: &[Property]) -> Result<MapiBuffer<SPropValue>> {
    Writer::build(allocator, |w| {
        put_props(w, props.iter().map(|p| (p.tag, &p.value))).map(drop)
    })
}

/// Writes one property into a block.
///
/// # Errors
/// MAPI_E_NOT_ENOUGH_MEMORY.
pub fn write_prop(allocator: Allocator, prop: &Property) -> Result<MapiBuffer<SPropValue>> {
    write_props(allocator, std::slice::from_ref(prop))
}

impl Reader {
    /// Reads one property.
    ///
    /// # Errors
    /// As [`read_prop`].
    ///
    /// # Safety
    /// As [`read_prop`].
    pub unsafe fn property(&mut self, prop: &SPropValue) -> Result<Property> {
        self.spend::<Property>(1)?;
        let tag = PropTag::from_raw(prop.ulPropTag);
        // SAFETY: by the contract above.
        let value = unsafe { self.value(value_type(tag), &prop.Value)? };
        Ok(Property { tag, value })
    }

    /// Reads properties. `lenient`: one of a type we have no value for becomes PT_ERROR with MAPI_E_NO_SUPPORT, as in rows
    /// of foreign tables; else it is an error.
    ///
    /// # Errors
    /// As [`read_prop`].
    ///
    /// # Safety
    /// As [`read_props`].
    pub unsafe fn properties(
        &mut self,
        count: u32,
        props: *const SPropValue,
        lenient: bool,
    ) -> Result<Vec<Property>> {
        if count == 0 {
            return Ok(Vec::new());
        }
        not_null(props)?;
        if count > Self::MAX_PROPS {
            return Err(Error::caller(ErrorCode::TOO_BIG).context("too many properties"));
        }
        let mut out = Vec::with_capacity(count as usize);
        for i in 0..count as usize {
            // SAFETY: by the contract above.
            let (prop, read) = unsafe {
                let prop = props.add(i).read_unaligned();
                (prop, self.property(&prop))
            };
            out.push(match read {
                Err(e) if lenient && e.code() == ErrorCode::INVALID_TYPE => {
                    Property::error(PropTag::from_raw(prop.ulPropTag), ErrorCode::NO_SUPPORT)
                }
                read => read?,
            });
        }
        Ok(out)
    }

    /// # Safety
    /// The pointers in `v` are valid for what `ptype` says.
    unsafe fn value(&mut self, ptype: PropType, v: &__UPV) -> Result<PropValue> {
        // SAFETY: the field read is the one that `ptype` stands for; all bits are valid for it. Pointers by the contract.
        unsafe {
            Ok(match ptype {
                PropType::NULL => PropValue::Null,
                PropType::OBJECT => PropValue::Object,
                PropType::I2 => PropValue::I2(v.i),
                PropType::LONG => PropValue::Long(v.l),
                PropType::R4 => PropValue::R4(v.flt),
                PropType::DOUBLE => PropValue::Double(v.dbl),
                PropType::CURRENCY => PropValue::Currency(v.cur.int64),
                PropType::APPTIME => PropValue::AppTime(v.at),
                PropType::ERROR => PropValue::Error(ErrorCode::from_hresult(v.err)),
                PropType::BOOLEAN => PropValue::Boolean(v.b != 0),
                PropType::I8 => PropValue::I8(v.li.QuadPart),
                PropType::SYSTIME => PropValue::SysTime(time_in(v.ft)),
                PropType::STRING8 => PropValue::String8(self.string8(v.lpszA.cast())?),
                PropType::UNICODE => PropValue::Unicode(self.unicode(v.lpszW)?),
                PropType::BINARY => PropValue::Binary(self.bytes(v.bin.lpb, v.bin.cb)?),
                PropType::CLSID => {
                    not_null(v.lpguid)?;
                    PropValue::Clsid(guid_in(v.lpguid.read_unaligned()))
                }
                _ => return self.list(ptype, v),
            })
        }
    }

    /// # Safety
    /// As [`Reader::value`].
    unsafe fn list(&mut self, ptype: PropType, v: &__UPV) -> Result<PropValue> {
        use PropValue as V;
        // SAFETY: as in `value`.
        unsafe {
            Ok(match ptype {
                PropType::MV_I2 => V::MvI2(self.array(v.MVi.lpi, v.MVi.cValues, |n| n)?),
                PropType::MV_LONG => V::MvLong(self.array(v.MVl.lpl, v.MVl.cValues, |n| n)?),
                PropType::MV_R4 => V::MvR4(self.array(v.MVflt.lpflt, v.MVflt.cValues, |n| n)?),
                PropType::MV_DOUBLE => {
                    V::MvDouble(self.array(v.MVdbl.lpdbl, v.MVdbl.cValues, |n| n)?)
                }
                PropType::MV_CURRENCY => {
                    V::MvCurrency(self.array(v.MVcur.lpcur, v.MVcur.cValues, |n| n.int64)?)
                }
                PropType::MV_APPTIME => {
                    V::MvAppTime(self.array(v.MVat.lpat, v.MVat.cValues, |n| n)?)
                }
                PropType::MV_I8 => {
                    V::MvI8(self.array(v.MVli.lpli, v.MVli.cValues, |n| n.QuadPart)?)
                }
                PropType::MV_SYSTIME => {
                    V::MvSysTime(self.array(v.MVft.lpft, v.MVft.cValues, time_in)?)
                }
                PropType::MV_CLSID => {
                    V::MvClsid(self.array(v.MVguid.lpguid, v.MVguid.cValues, guid_in)?)
                }
                PropType::MV_STRING8 => {
                    let pointers = self.array(v.MVszA.lppszA, v.MVszA.cValues, |p| p)?;
                    let texts = pointers.into_iter().map(|p| self.string8(p.cast()));
                    V::MvString8(texts.collect::<Result<_>>()?)
                }
                PropType::MV_UNICODE => {
                    let pointers = self.array(v.MVszW.lppszW, v.MVszW.cValues, |p| p)?;
                    let texts = pointers.into_iter().map(|p| self.unicode(p));
                    V::MvUnicode(texts.collect::<Result<_>>()?)
                }
                PropType::MV_BINARY => {
                    let members = self.array(v.MVbin.lpbin, v.MVbin.cValues, |b| b)?;
                    let bytes = members.into_iter().map(|b| self.bytes(b.lpb, b.cb));
                    V::MvBinary(bytes.collect::<Result<_>>()?)
                }
                other => {
                    return Err(Error::caller(ErrorCode::INVALID_TYPE)
                        .context(format!("property type {:#06x} has no value", other.0)));
                }
            })
        }
    }
}

/// The type of the value under a tag: with MV_INSTANCE it is one member of the list.
fn value_type(tag: PropTag) -> PropType {
    let ptype = tag.ptype();
    if ptype.0 & PropType::MV_INSTANCE != 0 {
        ptype.single()
    } else {
        ptype
    }
}

/// Writes properties; the answer is where they begin.
pub(super) fn put_props<'a>(
    w: &mut Writer,
    props: impl ExactSizeIterator<Item = (PropTag, &'a PropValue)>,
) -> Result<*mut SPropValue> {
    let place: Place<SPropValue> = w.reserve(props.len())?;
    for (i, (tag, value)) in props.enumerate() {
        place.set(i, put_prop(w, tag, value)?);
    }
    Ok(place.pointer())
}

/// One SPropValue, what it points to in the block. Whatever the tag says of the type, what is written is that of the value:
/// the reader goes by it.
pub(super) fn put_prop(w: &mut Writer, tag: PropTag, value: &PropValue) -> Result<SPropValue> {
    let tag = if value_type(tag) == value.ptype() {
        tag
    } else {
        tag.with_type(value.ptype())
    };
    Ok(SPropValue {
        ulPropTag: tag.raw(),
        dwAlignPad: 0,
        Value: put_value(w, value)?,
    })
}

fn put_value(w: &mut Writer, value: &PropValue) -> Result<__UPV> {
    // SAFETY: all zeros is a valid value of every member.
    let mut v: __UPV = unsafe { std::mem::zeroed() };
    match value {
        PropValue::Null | PropValue::Object => {}
        PropValue::I2(n) => v.i = *n,
        PropValue::Long(n) => v.l = *n,
        PropValue::R4(n) => v.flt = *n,
        PropValue::Double(n) => v.dbl = *n,
        PropValue::Currency(n) => v.cur = CY { int64: *n },
        PropValue::AppTime(n) => v.at = *n,
        PropValue::Error(code) => v.err = code.hresult(),
        PropValue::Boolean(b) => v.b = u16::from(*b),
        PropValue::I8(n) => v.li = LARGE_INTEGER { QuadPart: *n },
        PropValue::SysTime(time) => v.ft = time_out(time),
        PropValue::String8(text) => v.lpszA = w.string8(text)?.cast(),
        PropValue::Unicode(text) => v.lpszW = w.unicode(text)?,
        PropValue::Clsid(guid) => v.lpguid = w.convert(&[*guid], guid_out)?,
        PropValue::Binary(bytes) => v.bin = put_binary(w, bytes)?,
        list => put_list(w, list, &mut v)?,
    }
    Ok(v)
}

fn put_list(w: &mut Writer, list: &PropValue, v: &mut __UPV) -> Result<()> {
    use PropValue as V;
    macro_rules! put {
        ($field:ident = $array:ident { $pointer:ident: $values:ident, $written:expr }) => {
            v.$field = $array {
                cValues: count_of($values)?,
                $pointer: $written,
            }
        };
    }
    match list {
        V::MvI2(n) => put!(MVi = SShortArray { lpi: n, w.copy(n)? }),
        V::MvLong(n) => put!(MVl = SLongArray { lpl: n, w.copy(n)? }),
        V::MvR4(n) => put!(MVflt = SRealArray { lpflt: n, w.copy(n)? }),
        V::MvDouble(n) => put!(MVdbl = SDoubleArray { lpdbl: n, w.copy(n)? }),
        V::MvAppTime(n) => put!(MVat = SAppTimeArray { lpat: n, w.copy(n)? }),
        V::MvCurrency(n) => put!(MVcur = SCurrencyArray {
            lpcur: n, w.convert(n, |n| CY { int64: *n })?
        }),
        V::MvI8(n) => put!(MVli = SLargeIntegerArray {
            lpli: n, w.convert(n, |n| LARGE_INTEGER { QuadPart: *n })?
        }),
        V::MvSysTime(n) => put!(MVft = SDateTimeArray { lpft: n, w.convert(n, time_out)? }),
        V::MvClsid(n) => put!(MVguid = SGuidArray { lpguid: n, w.convert(n, guid_out)? }),
        V::MvString8(n) => {
            let place: Place<*mut i8> = w.reserve(n.len())?;
            for (i, text) in n.iter().enumerate() {
                place.set(i, w.string8(text)?);
            }
            put!(MVszA = SLPSTRArray { lppszA: n, place.pointer().cast() });
        }
        V::MvUnicode(n) => {
            let place: Place<*mut u16> = w.reserve(n.len())?;
            for (i, text) in n.iter().enumerate() {
                place.set(i, w.unicode(text)?);
            }
            put!(MVszW = SWStringArray { lppszW: n, place.pointer() });
        }
        V::MvBinary(n) => {
            let place: Place<SBinary> = w.reserve(n.len())?;
            for (i, bytes) in n.iter().enumerate() {
                place.set(i, put_binary(w, bytes)?);
            }
            put!(MVbin = SBinaryArray { lpbin: n, place.pointer() });
        }
        _ => {}
    }
    Ok(())
}

pub(super) fn put_binary(w: &mut Writer, bytes: &[u8]) -> Result<SBinary> {
    Ok(SBinary {
        cb: count_of(bytes)?,
        lpb: w.copy(bytes)?,
    })
}

pub(super) fn guid_in(guid: GUID) -> Guid {
    Guid::from_fields(guid.Data1, guid.Data2, guid.Data3, guid.Data4)
}

pub(super) fn guid_out(guid: &Guid) -> GUID {
    let b = guid.0;
    GUID {
        Data1: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        Data2: u16::from_le_bytes([b[4], b[5]]),
        Data3: u16::from_le_bytes([b[6], b[7]]),
        Data4: [b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]],
    }
}

fn time_in(time: FILETIME) -> FileTime {
    FileTime(u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime))
}

fn time_out(time: &FileTime) -> FILETIME {
    let b = time.0.to_le_bytes();
    FILETIME {
        dwLowDateTime: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
        dwHighDateTime: u32::from_le_bytes([b[4], b[5], b[6], b[7]]),
    }
}
