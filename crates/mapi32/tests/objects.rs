//! Streams, tables, sinks and idle routines through the exported functions.
#![allow(clippy::unwrap_used)] // a test may fail
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)] // it plays the C client

use std::ffi::{CString, c_void};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{Receiver, Sender, channel};

use mapi_com::alloc::Allocator;
use mapi_com::iface::{AdviseSink, MapiTable, Stream, StreamOrigin};
use mapi_com::marshal::{read_row_set, write_tags};
use mapi_com::ptr::ComPtr;
use mapi_sys::*;
use mapi_types::{Notification, PropValue, Property, Row, tag};
use mapi32::*;

const UNIQUE: u32 = 0x8000_0000;
const DELETE: u32 = 0x0400_0000;
const TEMPORARY: u32 = UNIQUE | DELETE | STGM_CREATE | STGM_READWRITE;

fn temporary() -> ComPtr<IStream> {
    let mut stream = null_mut();
    let folder = CString::new(std::env::temp_dir().to_str().unwrap()).unwrap();
    let code = unsafe {
        OpenStreamOnFile(
            None,
            None,
            TEMPORARY,
            folder.as_ptr(),
            c"tst".as_ptr(),
            &raw mut stream,
        )
    };
    assert_eq!(code, 0);
    unsafe { ComPtr::from_raw(stream) }.unwrap()
}

#[test]
fn a_stream_on_a_file_reads_what_was_written_and_goes_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let name = CString::new(folder.path().to_str().unwrap()).unwrap();
    let mut raw = null_mut();
    unsafe {
        let code = OpenStreamOnFile(None, None, TEMPORARY, name.as_ptr(), null(), &raw mut raw);
        assert_eq!(code, 0);
        let stream = ComPtr::<IStream>::from_raw(raw).unwrap();
        let files: Vec<_> = folder
            .path()
            .read_dir()
            .unwrap()
            .map(|f| f.unwrap())
            .collect();
        assert_eq!(files.len(), 1);
        let file = files[0].file_name().into_string().unwrap();
        assert!(file.starts_with("SOF") && file.ends_with(".TMP") && file.len() == 11);
        stream.write(b"hello, file").unwrap();
        stream.seek(-4, StreamOrigin::End).unwrap();
        let clone = stream.clone_stream().unwrap();
        let mut word = [0; 9];
        assert_eq!(clone.read(&mut word).unwrap(), 4);
        assert_eq!(&word[..4], b"file");
        assert_eq!(stream.seek(0, StreamOrigin::Current).unwrap(), 7);
        drop(stream);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        drop(clone);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}

#[test]
fn streams_on_files_answer_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.bin");
    let name = CString::new(path.to_str().unwrap()).unwrap();
    let mut raw = null_mut();
    let mut open = |flags, name: *const i8| unsafe {
        let code = OpenStreamOnFile(None, None, flags, name, null(), &raw mut raw);
        (code, ComPtr::<IStream>::from_raw(raw))
    };
    assert_eq!(open(STGM_READ, name.as_ptr()).0, MAPI_E_NOT_FOUND);
    assert_eq!(open(STGM_CREATE, name.as_ptr()).0, MAPI_E_INVALID_PARAMETER);
    assert_eq!(open(STGM_READWRITE, null()).0, MAPI_E_INVALID_PARAMETER);
    assert_eq!(open(0x8, name.as_ptr()).0, MAPI_E_UNKNOWN_FLAGS);
    std::fs::write(&path, b"abc").unwrap();
    let (code, stream) = open(STGM_READ, name.as_ptr());
    assert_eq!(code, 0);
    let error = stream.unwrap().write(b"x").unwrap_err();
    assert_eq!(error.code().hresult(), MAPI_E_NO_ACCESS);
    let (_, stream) = open(STGM_CREATE | STGM_READWRITE, name.as_ptr());
    assert_eq!(stream.unwrap().size().unwrap(), 0, "made anew");
    assert!(path.exists());
}

fn wrapped(stream: &ComPtr<IStream>, flags: u32) -> Result<ComPtr<IStream>, i32> {
    let mut out = null_mut();
    let code = unsafe { WrapCompressedRTFStream(stream.as_raw(), flags, &raw mut out) };
    unsafe { ComPtr::from_raw(out) }.ok_or(code)
}

#[test]
fn rtf_is_compressed_on_release_and_comes_back() {
    let text = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n".repeat(50);
    for flags in [0, STORE_UNCOMPRESSED_RTF] {
        let file = temporary();
        let writer = wrapped(&file, MAPI_MODIFY | flags).unwrap();
        for part in text.chunks(7) {
            assert_eq!(writer.write(part).unwrap(), part.len());
        }
        assert!(writer.seek(0, StreamOrigin::Set).is_err());
        assert_eq!(file.size().unwrap(), 0, "nothing before Commit or Release");
        drop(writer);
        let small = file.size().unwrap() < 400;
        assert_eq!(small, flags == 0);
        file.seek(0, StreamOrigin::Set).unwrap();
        let reader = wrapped(&file, 0).unwrap();
        let mut back = vec![0; text.len() + 1];
        assert_eq!(reader.read(&mut back).unwrap(), text.len());
        assert_eq!(back[..text.len()], text);
    }
    let empty = temporary();
    assert_eq!(wrapped(&empty, 0).unwrap_err(), MAPI_E_CORRUPT_DATA);
    assert_eq!(wrapped(&empty, 0x10).unwrap_err(), MAPI_E_UNKNOWN_FLAGS);
}

/// A table with `count` rows, made as C makes one.
fn table(count: i32) -> (ComPtr<ITableData>, ComPtr<IMAPITable>) {
    let (allocate, more, free) = Allocator::local().functions();
    let tags = write_tags(Allocator::local(), &[tag::PR_ROWID, tag::PR_SUBJECT]).unwrap();
    let (mut data, mut view) = (null_mut(), null_mut());
    unsafe {
        let code = CreateTable(
            &IID_IMAPITableData,
            Some(allocate),
            Some(more),
            Some(free),
            null_mut(),
            TBLTYPE_DYNAMIC,
            tag::PR_ROWID.raw(),
            tags.as_ptr(),
            &raw mut data,
        );
        assert_eq!(code, 0);
        let data = ComPtr::<ITableData>::from_raw(data).unwrap();
        for i in 0..count {
            let row = Row {
                props: vec![
                    Property::new(tag::PR_ROWID, i),
                    Property::new(tag::PR_SUBJECT, format!("row {i}")),
                ],
            };
            let block = mapi_com::marshal::write_row(Allocator::local(), &row).unwrap();
            assert_eq!((data.vtbl().HrModifyRow)(data.as_raw(), block.as_ptr()), 0);
        }
        let get = data.vtbl().HrGetView;
        assert_eq!(get(data.as_raw(), null_mut(), None, 0, &raw mut view), 0);
        (data, ComPtr::from_raw(view).unwrap())
    }
}

#[test]
fn all_rows_come_in_one_set() {
    let (_data, view) = table(3000);
    let mut rows = null_mut();
    let query = |most, rows: *mut LPSRowSet| unsafe {
        HrQueryAllRows(
            view.as_raw(),
            null_mut(),
            null_mut(),
            null_mut(),
            most,
            rows,
        )
    };
    assert_eq!(query(2999, &raw mut rows), MAPI_E_TABLE_TOO_BIG);
    assert!(rows.is_null());
    for most in [0, 3000] {
        assert_eq!(query(most, &raw mut rows), 0);
        let read = unsafe { read_row_set(rows) }.unwrap();
        assert_eq!(read.len(), 3000);
        assert_eq!(read[2999].get(tag::PR_ROWID), Some(&PropValue::Long(2999)));
        unsafe {
            assert_eq!(FBadRowSet(rows), 0);
            FreeProws(rows);
        }
    }
    assert_eq!(query(0, null_mut()), MAPI_E_INVALID_PARAMETER);
}

#[test]
fn new_columns_come_first() {
    let (_data, view) = table(1);
    let wanted = write_tags(Allocator::local(), &[tag::PR_BODY, tag::PR_SUBJECT]).unwrap();
    let code = unsafe { HrAddColumns(view.as_raw(), wanted.as_ptr(), None, None) };
    assert_eq!(code, 0);
    let columns = view.query_columns(0).unwrap();
    assert_eq!(columns[..3], [tag::PR_BODY, tag::PR_SUBJECT, tag::PR_ROWID]);
}

#[test]
fn a_display_table_has_a_row_for_each_control() {
    let mut edit = DTBLEDIT {
        ulbLpszCharsAllowed: 0,
        ulFlags: 0,
        ulNumCharsAllowed: 10,
        ulPropTag: tag::PR_SUBJECT.raw(),
    };
    let mut id = *b"edit";
    let mut control = DTCTL {
        ulCtlType: DTCT_EDIT,
        ulCtlFlags: DT_EDITABLE,
        lpbNotif: id.as_mut_ptr(),
        cbNotif: 4,
        lpszFilter: c"*".as_ptr().cast_mut(),
        ulItemID: 7,
        ctl: DTCTL_ctl {
            lpedit: &raw mut edit,
        },
    };
    let page_control = &raw mut control;
    let mut page = DTPAGE {
        cctl: 1,
        lpszResourceName: null_mut(),
        anonymous: DTPAGE_anonymous { ulItemID: 1 },
        lpctl: page_control,
    };
    let (allocate, more, free) = Allocator::local().functions();
    let mut build = |flags| {
        let mut view = null_mut();
        let code = unsafe {
            BuildDisplayTable(
                Some(allocate),
                Some(more),
                Some(free),
                null_mut(),
                null_mut(),
                1,
                &raw mut page,
                flags,
                &raw mut view,
                null_mut(),
            )
        };
        unsafe { ComPtr::<IMAPITable>::from_raw(view) }.ok_or(code)
    };
    let rows = build(0).unwrap().query_rows(9, 0).unwrap();
    assert_eq!(rows.len(), 1);
    let structure = rows[0].get(tag::PR_CONTROL_STRUCTURE).unwrap();
    let structure = structure.as_bytes().unwrap();
    assert_eq!(structure[..4], 16_u32.to_ne_bytes(), "where the filter is");
    assert_eq!(&structure[16..], b"*\0");
    assert_eq!(build(1).unwrap_err(), MAPI_E_UNKNOWN_FLAGS);
    unsafe { (*page_control).ulCtlType = 99 };
    assert_eq!(build(0).unwrap_err(), MAPI_E_INVALID_PARAMETER);
}

unsafe extern "system" fn told(
    context: *mut c_void,
    count: u32,
    _notifications: LPNOTIFICATION,
) -> i32 {
    let sender = unsafe { &*context.cast::<Sender<(u32, std::thread::ThreadId)>>() };
    sender.send((count, std::thread::current().id())).unwrap();
    0
}

#[test]
fn a_sink_calls_its_function_and_a_wrapped_one_only_on_its_thread() {
    let (sender, receiver) = channel::<(u32, std::thread::ThreadId)>();
    let context = std::ptr::from_ref(&sender).cast_mut().cast();
    let (mut raw, mut one) = (null_mut(), null_mut());
    let data = tempfile::tempdir().unwrap();
    // SAFETY: no other thread of this test reads the environment now; the others do not use the data folder.
    unsafe {
        assert_eq!(HrDispatchNotifications(0), MAPI_E_NOT_INITIALIZED);
        std::env::set_var("MAPI_DATA_DIR", data.path());
        assert_eq!(MAPIInitialize(null_mut()), 0);
        assert_eq!(
            HrAllocAdviseSink(None, null_mut(), &raw mut raw),
            MAPI_E_INVALID_PARAMETER
        );
        assert_eq!(HrAllocAdviseSink(Some(told), context, &raw mut raw), 0);
        assert_eq!(HrThisThreadAdviseSink(raw, &raw mut one), 0);
        let sink = ComPtr::<IMAPIAdviseSink>::from_raw(raw).unwrap();
        let one = ComPtr::<IMAPIAdviseSink>::from_raw(one).unwrap();
        let event = || Notification::Extended {
            event: 1,
            data: vec![1],
        };
        let here = std::thread::current().id();
        sink.on_notify(&[event(), event()]);
        assert_eq!(receiver.recv().unwrap(), (2, here));
        let other = one.clone();
        std::thread::spawn(move || other.on_notify(&[event()]))
            .join()
            .unwrap();
        assert!(receiver.try_recv().is_err(), "it waits for its thread");
        assert_eq!(HrDispatchNotifications(1), MAPI_E_UNKNOWN_FLAGS);
        assert_eq!(HrDispatchNotifications(0), 0);
        assert_eq!(receiver.try_recv().unwrap(), (1, here));
        one.on_notify(&[event()]);
        assert_eq!(receiver.try_recv().unwrap(), (1, here));
        MAPIUninitialize();
    }
}

struct Idle {
    calls: Sender<std::thread::ThreadId>,
    tag: std::sync::Mutex<usize>,
}

unsafe extern "system" fn idle(context: LPVOID) -> BOOL {
    let idle = unsafe { &*context.cast::<Idle>() };
    let _ = idle.calls.send(std::thread::current().id());
    0
}

unsafe extern "system" fn once(context: LPVOID) -> BOOL {
    let idle = unsafe { &*context.cast::<Idle>() };
    let tag = *idle.tag.lock().unwrap();
    unsafe { DeregisterIdleRoutine(std::ptr::without_provenance_mut(tag)) };
    let _ = idle.calls.send(std::thread::current().id());
    0
}

#[test]
fn idle_routines_are_called_until_they_are_taken_out() {
    let new = || -> (Idle, Receiver<_>) {
        let (calls, receiver) = channel();
        let tag = std::sync::Mutex::default();
        (Idle { calls, tag }, receiver)
    };
    let (mut often, often_calls) = new();
    let (mut single, single_calls) = new();
    let (mut never, never_calls) = new();
    let context = |idle: &mut Idle| std::ptr::from_mut(idle).cast();
    let disabled = u16::try_from(FIRODISABLED).unwrap();
    unsafe {
        assert!(FtgRegisterIdleRoutine(Some(idle), null_mut(), 1, 0, 0).is_null());
        assert_eq!(MAPIInitIdle(null_mut()), 0);
        assert_eq!(MAPIInitIdle(null_mut()), 0);
        let off = FtgRegisterIdleRoutine(Some(idle), context(&mut never), 9, 0, disabled);
        let on = FtgRegisterIdleRoutine(Some(idle), context(&mut often), 1, 0, 0);
        assert!(!on.is_null() && !off.is_null());
        assert_ne!(often_calls.recv().unwrap(), std::thread::current().id());
        often_calls.recv().unwrap();
        {
            // Locked until the tag is known: the routine may be called before this returns.
            let pointer: LPVOID = context(&mut single);
            let mut tag = (*pointer.cast::<Idle>()).tag.lock().unwrap();
            let registered = FtgRegisterIdleRoutine(Some(once), pointer, 5, 0, 0);
            *tag = registered.addr();
        }
        single_calls.recv().unwrap();
        EnableIdleRoutine(off, 1);
        never_calls.recv().unwrap();
        EnableIdleRoutine(off, 0);
        DeregisterIdleRoutine(on);
        while often_calls.try_recv().is_ok() {}
        MAPIDeinitIdle();
        EnableIdleRoutine(off, 1);
        never_calls.recv().unwrap();
        MAPIDeinitIdle();
        MAPIDeinitIdle();
        while never_calls.try_recv().is_ok() {}
        assert!(often_calls.try_recv().is_err(), "it is not called any more");
        assert!(single_calls.try_recv().is_err());
        DeregisterIdleRoutine(on);
    }
}
