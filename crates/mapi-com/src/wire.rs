//! What exports and imports do with arguments: structures in and out, in the allocator that the rules of the ABI ask for.
//!
//! `..._in` reads what a caller passed (null is `None` where the reference allows it); `..._out` makes a block for the caller;
//! the types ([`TagArray`] and its kind) are arguments of our own calls, freed when the call is over; `take_...` reads what a
//! foreign object gave us and frees it.

use std::sync::Arc;

use mapi_sys::*;
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, MapiUid, NamedProp, Notification, PropTag, Property,
    Restriction, Result, Row, SortOrder,
};

use crate::alloc::{Allocator, MapiBuffer};
use crate::convert::bytes_ref;
use crate::iface::{ColumnRef, Completion, Progress, PropProblem};
use crate::marshal;
use crate::ptr::{ComPtr, guid_to_abi};
use crate::scope::Scope;
use crate::shell::{Export, Shell, export};

/// MAPI_W_ERRORS_RETURNED.
pub(crate) const WARNING: HRESULT = ErrorCode::W_ERRORS_RETURNED.hresult();
/// MAPI_W_POSITION_CHANGED.
pub(crate) const POSITION_CHANGED: HRESULT = ErrorCode::W_POSITION_CHANGED.hresult();

/// The HRESULT of a call that can succeed in several ways.
pub(crate) fn status(result: Result<HRESULT>) -> HRESULT {
    result.unwrap_or_else(|error| error.code().hresult())
}

pub(crate) fn completion(completion: Completion) -> HRESULT {
    match completion {
        Completion::Full => 0,
        Completion::Partial => ErrorCode::W_PARTIAL_COMPLETION.hresult(),
    }
}

pub(crate) fn completion_of(hr: HRESULT) -> Completion {
    if hr == ErrorCode::W_PARTIAL_COMPLETION.hresult() {
        Completion::Partial
    } else {
        Completion::Full
    }
}

/// The GetLastError slot of every object of ours: the shell remembers the last error.
pub(crate) unsafe extern "system" fn get_last_error<T: ?Sized + Export, I>(
    this: *mut I,
    hr: HRESULT,
    flags: u32,
    out: *mut LPMAPIERROR,
) -> HRESULT {
    if out.is_null() {
        return ErrorCode::INVALID_PARAMETER.hresult();
    }
    // SAFETY: `this` is a shell of T, `out` is a place for a pointer. Works after the scope has ended (OP-22).
    unsafe {
        out.write(std::ptr::null_mut());
        if let Some(error) = Shell::<T>::last_error(this.cast(), ErrorCode::from_hresult(hr)) {
            put_error(Allocator::mapi(), &error, flags, out);
        }
    }
    0
}

/// Gives an error out as a MAPIERROR; without memory there is none.
///
/// # Safety
/// `out` is null or valid for writing.
pub(crate) unsafe fn put_error(
    allocator: Allocator,
    error: &Error,
    flags: u32,
    out: *mut LPMAPIERROR,
) {
    if out.is_null() {
        return;
    }
    if let Ok(block) = marshal::write_error(allocator, error, flags) {
        // SAFETY: checked for null; by the contract above.
        unsafe { out.write(block.into_raw()) };
    }
}

/// Objects that can tell more about their last failure.
pub(crate) trait LastError {
    /// GetLastError: the text.
    fn last_error(&self, hr: HRESULT) -> Option<Error>;
}

macro_rules! last_error {
    ($($interface:ident: $($base:ident).*;)*) => {$(
        impl LastError for ComPtr<$interface> {
            fn last_error(&self, hr: HRESULT) -> Option<Error> {
                let mut out = std::ptr::null_mut();
                // SAFETY: the object lives while we hold it; `out` is a place of ours, and what is put there is ours to free.
                unsafe {
                    let answer = (self.vtbl()$(.$base)*.GetLastError)(self.as_raw().cast(), hr, MAPI_UNICODE, &raw mut out);
                    if answer < 0 { None } else { take_error(out, hr, MAPI_UNICODE) }
                }
            }
        }
    )*};
}

last_error! {
    IMAPIProp:; IMAPIStatus: base; IMAPIContainer: base; IABContainer: base.base; IDistList: base.base;
    IMAPIFolder: base.base; IMsgStore: base; IMessage: base; IAddrBook: base; IMAPITable:; IMAPISession:; IMAPISupport:;
    IMSLogon:; IABLogon:; IProfAdmin:; IMsgServiceAdmin:; IProviderAdmin:;
}

macro_rules! no_last_error {
    ($($interface:path),*) => {$(
        impl LastError for ComPtr<$interface> {
            fn last_error(&self, _hr: HRESULT) -> Option<Error> {
                None
            }
        }
    )*};
}

no_last_error!(
    IMAPIProgress,
    crate::iface::IOpenMapiCensus,
    IMAPIClientShutdown,
    IMAPIProviderShutdown,
    ITableData
);

/// A failing HRESULT of a foreign object as an error, with the object's own words where it has some.
pub(crate) fn check_last(object: &impl LastError, hr: HRESULT, call: &str) -> Result<()> {
    if hr >= 0 {
        return Ok(());
    }
    let error = object
        .last_error(hr)
        .unwrap_or_else(|| Error::provider(ErrorCode::from_hresult(hr)));
    Err(if error.text().is_empty() {
        error.context(call)
    } else {
        error
    })
}

/// Reads and frees a MAPIERROR; `None` for null.
///
/// # Safety
/// `error` is null or a MAPIERROR that is ours to free.
pub(crate) unsafe fn take_error(error: LPMAPIERROR, hr: HRESULT, flags: u32) -> Option<Error> {
    // SAFETY: by the contract above.
    unsafe {
        let block = foreign(error)?;
        let info = marshal::read_error(block.as_ptr(), flags).ok()??;
        let error = Error::provider(ErrorCode::from_hresult(hr))
            .component(info.component.unwrap_or_default());
        Some(error.context(info.text.unwrap_or_default()))
    }
}

/// A block that a foreign object gave us.
///
/// # Safety
/// `block` is null or a root block of MAPI's allocator that is ours to free.
unsafe fn foreign<T>(block: *mut T) -> Option<MapiBuffer<T>> {
    // SAFETY: by the contract above.
    unsafe { MapiBuffer::from_raw(block, Allocator::mapi()) }
}

// Arguments of callers.

/// ADRLIST.
pub(crate) use marshal::read_adr_list as rows_in;
/// Interface lists.
pub(crate) use marshal::read_guids as guids_in;
/// SPropValue array.
pub(crate) use marshal::read_props as props_in;
/// LPTSTR that may not be null.
pub(crate) use marshal::read_text as text_in;
/// LPTSTR that may be null.
pub(crate) use marshal::read_text_opt as opt_text_in;

/// ENTRYLIST.
pub(crate) use marshal::read_entry_list as entries_in;
/// NOTIFICATIONs.
pub(crate) use marshal::read_notifications as notifications_in;
/// SRestriction.
pub(crate) use marshal::read_restriction as restriction_in;
/// SSortOrderSet.
pub(crate) use marshal::read_sort_order as sort_in;
/// SPropTagArray.
pub(crate) use marshal::read_tags as tags_in;
/// UTF-16 with its zero.
pub(crate) use marshal::wide;

/// # Safety
/// `notification` is null or a NOTIFICATION.
pub(crate) unsafe fn notification_in(notification: *const NOTIFICATION) -> Result<Notification> {
    // SAFETY: by the contract above.
    let mut list = unsafe { notifications_in(1, notification.cast_mut()) }?;
    list.pop()
        .ok_or_else(|| ErrorCode::INVALID_PARAMETER.into())
}

/// MAPINAMEIDs; none of them may be missing.
///
/// # Safety
/// As [`marshal::read_names`].
pub(crate) unsafe fn names_in(count: u32, names: *const LPMAPINAMEID) -> Result<Vec<NamedProp>> {
    // SAFETY: by the contract above.
    let names: Option<Vec<NamedProp>> = unsafe { marshal::read_names(count, names) }?
        .into_iter()
        .collect();
    names.ok_or_else(|| Error::caller(ErrorCode::INVALID_PARAMETER).context("a name is NULL"))
}

/// # Safety
/// `key` is null or a NOTIFKEY, valid during `'a`.
pub(crate) unsafe fn key_in<'a>(key: *const NOTIFKEY) -> Result<&'a [u8]> {
    if key.is_null() {
        return Err(
            Error::caller(ErrorCode::INVALID_PARAMETER).context("the notification key is NULL")
        );
    }
    // SAFETY: by the contract above: a count and as many bytes.
    unsafe { bytes_ref((&raw const (*key).ab).cast(), (*key).cb) }
}

/// Puts changed rows back into a caller's ADRLIST.
///
/// # Safety
/// `list` is the ADRLIST that `before` was read from.
pub(crate) unsafe fn replace_rows(list: LPADRLIST, before: &[Row], after: &[Row]) -> Result<()> {
    // SAFETY: by the contract above; the caller's blocks are MAPI's.
    unsafe { marshal::update_adr_list(list, before, after, Allocator::mapi()) }
}

// Blocks for callers.

pub(crate) fn count_of<T>(list: &[T]) -> Result<u32> {
    u32::try_from(list.len()).map_err(|_| ErrorCode::TOO_BIG.into())
}

pub(crate) fn props_out(allocator: Allocator, props: &[Property]) -> Result<LPSPropValue> {
    marshal::write_props(allocator, props).map(MapiBuffer::into_raw)
}

pub(crate) fn tags_out(allocator: Allocator, tags: &[PropTag]) -> Result<LPSPropTagArray> {
    marshal::write_tags(allocator, tags).map(MapiBuffer::into_raw)
}

pub(crate) fn sort_out(allocator: Allocator, order: &SortOrder) -> Result<LPSSortOrderSet> {
    marshal::write_sort_order(allocator, order).map(MapiBuffer::into_raw)
}

/// An array of texts, in one chain.
pub(crate) fn texts_out(allocator: Allocator, texts: &[String], flags: u32) -> Result<*mut LPTSTR> {
    let pointers: MapiBuffer<LPTSTR> =
        MapiBuffer::zeroed(allocator, texts.len() * size_of::<LPTSTR>())?;
    for (index, text) in texts.iter().enumerate() {
        let bytes: Vec<u8> = if flags & MAPI_UNICODE != 0 {
            wide(text)
                .iter()
                .flat_map(|unit| unit.to_ne_bytes())
                .collect()
        } else {
            text.bytes().filter(|b| *b != 0).chain([0]).collect()
        };
        // SAFETY: the root block is ours and has a place for each pointer; the new block is as long as the bytes.
        unsafe {
            let root = std::ptr::NonNull::new_unchecked(pointers.as_ptr().cast());
            let block = allocator.allocate_more(bytes.len(), root)?;
            block
                .as_ptr()
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            pointers.as_ptr().add(index).write(block.as_ptr().cast());
        }
    }
    Ok(pointers.into_raw())
}

/// Problems, if there are any and somebody wants them.
///
/// # Safety
/// `out` is null or valid for writing.
pub(crate) unsafe fn put_problems(
    allocator: Allocator,
    problems: &[PropProblem],
    out: *mut LPSPropProblemArray,
) -> Result<()> {
    if !out.is_null()
        && let Some(block) = marshal::write_problems(allocator, problems)?
    {
        // SAFETY: checked for null; by the contract above.
        unsafe { out.write(block.into_raw()) };
    }
    Ok(())
}

/// The row set of QueryRows, row by row.
pub(crate) struct RowWriter(marshal::RowSetBuilder);

impl RowWriter {
    pub fn new(allocator: Allocator) -> Self {
        Self(marshal::RowSetBuilder::new(allocator))
    }

    pub fn add(&mut self, columns: &[ColumnRef<'_>]) -> Result<()> {
        self.0.push(columns.iter().map(|c| (c.tag, c.value)))
    }

    pub fn finish(self) -> Result<LPSRowSet> {
        self.0.finish().map(marshal::RowSet::into_raw)
    }
}

pub(crate) fn rows_out(allocator: Allocator, rows: &[Row]) -> Result<LPSRowSet> {
    marshal::RowSet::write(allocator, rows).map(marshal::RowSet::into_raw)
}

// Arguments of our own calls.

macro_rules! argument {
    ($(#[$doc:meta] $name:ident($abi:ty) from $value:ty, $write:path;)*) => {$(
        #[$doc]
        pub(crate) struct $name(MapiBuffer<$abi>);

        impl $name {
            pub fn new(value: $value) -> Result<Self> {
                $write(Allocator::mapi(), value).map(Self)
            }

            pub fn as_ptr(&self) -> *mut $abi {
                self.0.as_ptr()
            }
        }
    )*};
}

argument! {
    /// SRestriction.
    RestrictionBlock(SRestriction) from &Restriction, marshal::write_restriction;
    /// SSortOrderSet.
    SortBlock(SSortOrderSet) from &SortOrder, marshal::write_sort_order;
    /// SRow.
    RowBlock(SRow) from &Row, marshal::write_row;
    /// SPropValue.
    PropBlock(SPropValue) from &Property, marshal::write_prop;
    /// ENTRYLIST.
    EntryList(SBinaryArray) from &[EntryId], marshal::write_entry_list;
}

/// SPropTagArray: no block is needed.
pub(crate) struct TagArray(Vec<u32>);

impl TagArray {
    pub fn new(tags: &[PropTag]) -> Self {
        let count = u32::try_from(tags.len()).unwrap_or(u32::MAX);
        Self(
            [count]
                .into_iter()
                .chain(tags.iter().map(|t| t.raw()))
                .collect(),
        )
    }

    pub fn as_ptr(&self) -> LPSPropTagArray {
        self.0.as_ptr().cast_mut().cast()
    }
}

/// SPropValue array.
pub(crate) struct PropArray(MapiBuffer<SPropValue>, u32);

impl PropArray {
    pub fn new(props: &[Property]) -> Result<Self> {
        Ok(Self(
            marshal::write_props(Allocator::mapi(), props)?,
            count_of(props)?,
        ))
    }

    pub fn len(&self) -> u32 {
        self.1
    }

    pub fn as_ptr(&self) -> LPSPropValue {
        self.0.as_ptr()
    }
}

/// MAPINAMEID pointer array.
pub(crate) struct NameArray(MapiBuffer<LPMAPINAMEID>, u32);

impl NameArray {
    pub fn new(names: &[NamedProp]) -> Result<Self> {
        Ok(Self(
            marshal::write_names(Allocator::mapi(), names.iter().map(Some))?,
            count_of(names)?,
        ))
    }

    pub fn len(&self) -> u32 {
        self.1
    }

    pub fn as_ptr(&self) -> *mut LPMAPINAMEID {
        self.0.as_ptr()
    }
}

/// NOTIFICATION array.
pub(crate) struct NotificationArray(MapiBuffer<NOTIFICATION>, u32);

impl NotificationArray {
    pub fn new(notifications: &[Notification]) -> Result<Self> {
        Ok(Self(
            marshal::write_notifications(Allocator::mapi(), notifications)?,
            count_of(notifications)?,
        ))
    }

    pub fn len(&self) -> u32 {
        self.1
    }

    pub fn as_ptr(&self) -> LPNOTIFICATION {
        self.0.as_ptr()
    }
}

/// ADRLIST (and SRowSet, which has the same layout): the callee may replace its rows.
pub(crate) struct AdrList(marshal::RowSet);

impl AdrList {
    pub fn new(rows: &[Row]) -> Result<Self> {
        marshal::RowSet::write(Allocator::mapi(), rows).map(Self)
    }

    pub fn as_ptr(&self) -> LPADRLIST {
        self.0.as_adr_list()
    }

    /// The rows, as the call left them.
    pub fn rows(&self) -> Result<Vec<Row>> {
        // SAFETY: the list is ours; who changed it has followed the rules of ADRLIST.
        unsafe { rows_in(self.as_ptr()) }
    }
}

/// A progress object of the caller's as IMAPIProgress, for the length of one call.
pub(crate) struct ProgressShell<'a> {
    object: Option<ComPtr<IMAPIProgress>>,
    scope: Arc<Scope>,
    lent: std::marker::PhantomData<&'a ()>,
}

/// A borrowed progress that has become an object; the borrow is over when its scope is.
struct Lent(*const (dyn Progress + 'static));

// SAFETY: Progress objects are Send and Sync; the pointer is used while `ProgressShell` keeps the borrow alive.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    fn get(&self) -> &dyn Progress {
        // SAFETY: the scope of this object is closed and drained before the borrow ends, and every call enters the scope.
        unsafe { &*self.0 }
    }
}

impl crate::iface::ComObject for Lent {}

impl Progress for Lent {
    fn progress(&self, value: u32, count: u32, total: u32) -> Result<()> {
        self.get().progress(value, count, total)
    }

    fn get_flags(&self) -> Result<u32> {
        self.get().get_flags()
    }

    fn get_limits(&self) -> Result<(u32, u32)> {
        self.get().get_limits()
    }

    fn set_limits(&self, min: Option<u32>, max: Option<u32>, flags: Option<u32>) -> Result<()> {
        self.get().set_limits(min, max, flags)
    }
}

impl<'a> ProgressShell<'a> {
    pub fn new(progress: Option<&'a dyn Progress>) -> Result<Self> {
        let scope = Scope::new("progress", Allocator::mapi());
        let object = progress
            .map(|p| {
                // SAFETY: only the lifetime is forgotten; see `Lent::get`.
                let lent = Lent(unsafe {
                    std::mem::transmute::<&'a dyn Progress, &'static dyn Progress>(p)
                });
                export::<dyn Progress>(&scope, Arc::new(lent))
            })
            .transpose()?;
        Ok(Self {
            object,
            scope,
            lent: std::marker::PhantomData,
        })
    }

    pub fn as_ptr(&self) -> LPMAPIPROGRESS {
        self.object
            .as_ref()
            .map_or(std::ptr::null_mut(), ComPtr::as_raw)
    }
}

impl Drop for ProgressShell<'_> {
    fn drop(&mut self) {
        self.scope.close();
        self.scope.wait_idle(0, None);
    }
}

/// A NOTIFKEY: count and bytes, aligned as a number.
pub(crate) fn key_block(key: &[u8]) -> Vec<u32> {
    let mut block = vec![u32::try_from(key.len()).unwrap_or(u32::MAX)];
    for chunk in key.chunks(4) {
        let mut word = [0u8; 4];
        word[..chunk.len()].copy_from_slice(chunk);
        block.push(u32::from_ne_bytes(word));
    }
    block
}

pub(crate) fn guids_block(guids: &[Guid]) -> Vec<GUID> {
    guids.iter().map(guid_to_abi).collect()
}

pub(crate) fn size_of_list<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

pub(crate) fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

pub(crate) fn id_ptr(id: &EntryId) -> LPENTRYID {
    if id.is_empty() {
        std::ptr::null_mut()
    } else {
        id.as_bytes().as_ptr().cast_mut().cast()
    }
}

pub(crate) fn guid_ptr(guid: Option<&GUID>) -> *const GUID {
    guid.map_or(std::ptr::null(), std::ptr::from_ref)
}

pub(crate) fn uid_ptr(uid: Option<&MapiUid>) -> LPMAPIUID {
    uid.map_or(std::ptr::null_mut(), |uid| uid.0.as_ptr().cast_mut().cast())
}

pub(crate) fn wide_ptr(text: Option<&mut Vec<u16>>) -> LPTSTR {
    text.map_or(std::ptr::null_mut(), |text| text.as_mut_ptr().cast())
}

// What foreign objects give us.

/// # Safety
/// `id` is null or a block of `size` bytes that is ours to free.
pub(crate) unsafe fn take_entry_id(size: u32, id: LPENTRYID) -> Result<EntryId> {
    // SAFETY: by the contract above.
    unsafe {
        match foreign(id) {
            Some(block) => Ok(EntryId::from(bytes_ref(block.as_ptr().cast(), size)?)),
            None => Ok(EntryId::default()),
        }
    }
}

/// # Safety
/// `bytes` is null or a block of `size` bytes that is ours to free.
pub(crate) unsafe fn take_bytes(size: u32, bytes: *mut u8) -> Result<Vec<u8>> {
    // SAFETY: by the contract above.
    unsafe { take_entry_id(size, bytes.cast()) }.map(EntryId::into_bytes)
}

macro_rules! take {
    ($($name:ident($abi:ty) -> $value:ty, $read:path;)*) => {$(
        /// # Safety
        /// The pointer is null or a block that is ours to free.
        pub(crate) unsafe fn $name(block: *mut $abi) -> Result<$value> {
            // SAFETY: by the contract above.
            unsafe {
                let block = foreign(block);
                let read = $read(block.as_ref().map_or(std::ptr::null(), |b| b.as_ptr().cast_const()))?;
                read.ok_or_else(|| {
                    Error::provider(ErrorCode::CALL_FAILED).context("a success came without its result")
                })
            }
        }
    )*};
}

take! {
    take_tags(SPropTagArray) -> Vec<PropTag>, marshal::read_tags;
    take_sort(SSortOrderSet) -> SortOrder, marshal::read_sort_order;
    take_restriction(SRestriction) -> Restriction, marshal::read_restriction;
    take_entries(SBinaryArray) -> Vec<EntryId>, marshal::read_entry_list;
}

/// No problems are a null pointer.
///
/// # Safety
/// The pointer is null or a block that is ours to free.
pub(crate) unsafe fn take_problems(block: LPSPropProblemArray) -> Result<Vec<PropProblem>> {
    // SAFETY: by the contract above.
    unsafe {
        foreign(block).map_or(Ok(Vec::new()), |block| {
            marshal::read_problems(block.as_ptr())
        })
    }
}

/// # Safety
/// `props` is null or a block of `count` properties that is ours to free.
pub(crate) unsafe fn take_props(count: u32, props: LPSPropValue) -> Result<Vec<Property>> {
    // SAFETY: by the contract above.
    unsafe {
        let block = foreign(props);
        props_in(
            count,
            block
                .as_ref()
                .map_or(std::ptr::null(), |b| b.as_ptr().cast_const()),
        )
    }
}

/// # Safety
/// `rows` is null or a row set that is ours to free.
pub(crate) unsafe fn take_rows(rows: LPSRowSet) -> Result<Vec<Row>> {
    // SAFETY: by the contract above; the set frees its rows.
    unsafe {
        let set = marshal::RowSet::from_raw(rows, Allocator::mapi());
        set.map_or(Ok(Vec::new()), |set| set.read())
    }
}

/// # Safety
/// `names` is null or a block of `count` names that is ours to free; a name may be missing.
pub(crate) unsafe fn take_names(
    count: u32,
    names: *mut LPMAPINAMEID,
) -> Result<Vec<Option<NamedProp>>> {
    // SAFETY: by the contract above.
    unsafe {
        let block = foreign(names);
        marshal::read_names(
            count,
            block
                .as_ref()
                .map_or(std::ptr::null(), |b| b.as_ptr().cast_const()),
        )
    }
}

/// # Safety
/// `text` is null or a block that is ours to free.
pub(crate) unsafe fn take_text(text: LPTSTR, flags: u32) -> Result<Option<String>> {
    // SAFETY: by the contract above.
    unsafe {
        let block = foreign(text);
        opt_text_in(
            block
                .as_ref()
                .map_or(std::ptr::null_mut(), MapiBuffer::as_ptr),
            flags,
        )
    }
}

/// # Safety
/// `texts` is null or a block of `count` texts that is ours to free.
pub(crate) unsafe fn take_texts(count: u32, texts: *mut LPTSTR, flags: u32) -> Result<Vec<String>> {
    // SAFETY: by the contract above.
    unsafe {
        let Some(block) = foreign(texts) else {
            return Ok(Vec::new());
        };
        (0..count as usize)
            .map(|i| text_in(block.as_ptr().add(i).read(), flags))
            .collect()
    }
}
