//! Properties and notifications through the exported functions: counting, copying, relocating, comparing, finding.
#![allow(clippy::unwrap_used)] // a test may fail
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)] // it plays the C client, with blocks that it has just made

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use mapi_com::alloc::Allocator;
use mapi_com::marshal::{read_notifications, read_props, write_notifications, write_props};
use mapi_sys::*;
use mapi_types::{
    EntryId, FileTime, Guid, Notification, PropTag, PropType, PropValue, Property, tag,
};
use mapi32::*;
use proptest::prelude::*;

fn props() -> Vec<Property> {
    let any = |ptype, value| Property {
        tag: PropTag::new(0x6601, PropType(ptype)),
        value,
    };
    vec![
        Property::new(tag::PR_SUBJECT, "Grüße"),
        any(0x1E, PropValue::String8(b"narrow".to_vec())),
        any(0x0102, PropValue::Binary(vec![1, 2, 3])),
        any(0x0102, PropValue::Binary(Vec::new())),
        any(0x48, PropValue::Clsid(Guid([9; 16]))),
        any(0x101F, PropValue::MvUnicode(vec!["a".into(), "bc".into()])),
        any(0x101E, PropValue::MvString8(vec![b"x".to_vec()])),
        any(0x1102, PropValue::MvBinary(vec![vec![1], vec![2, 3]])),
        any(0x1003, PropValue::MvLong(vec![1, -1])),
        any(0x1048, PropValue::MvClsid(vec![Guid([1; 16])])),
        any(0x40, PropValue::SysTime(FileTime(7))),
        any(0x0003, PropValue::Long(-5)),
    ]
}

fn count(props: &[Property]) -> i32 {
    i32::try_from(props.len()).unwrap()
}

#[test]
fn a_copy_is_as_long_as_counted_and_equal() {
    let values = props();
    let block = write_props(Allocator::local(), &values).unwrap();
    let n = count(&values);
    unsafe {
        let (mut counted, mut copied) = (0, 0);
        assert_eq!(ScCountProps(n, block.as_ptr(), &raw mut counted), 0);
        let mut room = vec![0xEE_u8; counted as usize + 16];
        let to = room.as_mut_ptr();
        let to = to.add(to.align_offset(8));
        assert_eq!(
            ScCopyProps(n, block.as_ptr(), to.cast(), &raw mut copied),
            0
        );
        assert_eq!(counted, copied);
        assert_eq!(to.add(counted as usize).read(), 0xEE, "not a byte more");
        let copy = read_props(n.cast_unsigned(), to.cast()).unwrap();
        assert_eq!(copy, values);
    }
}

#[test]
fn a_copy_survives_a_disk() {
    let values = props();
    let block = write_props(Allocator::local(), &values).unwrap();
    let n = count(&values);
    unsafe {
        let mut size = 0;
        ScCountProps(n, block.as_ptr(), &raw mut size);
        let mut first = vec![0_u64; size as usize / 8];
        let base: LPVOID = first.as_mut_ptr().cast();
        ScCopyProps(n, block.as_ptr(), base, null_mut());
        // Before writing: from where it is to the standard value 0.
        assert_eq!(
            ScRelocProps(n, base.cast(), base, null_mut(), &raw mut size),
            0
        );
        let mut second = first.clone();
        first.fill(u64::MAX);
        let base: LPVOID = second.as_mut_ptr().cast();
        let mut again = 0;
        assert_eq!(
            ScRelocProps(n, base.cast(), null_mut(), base, &raw mut again),
            0
        );
        assert_eq!(size, again);
        assert_eq!(read_props(n.cast_unsigned(), base.cast()).unwrap(), values);
    }
}

#[test]
fn duplicates_and_single_copies_belong_to_their_block() {
    let values = props();
    let block = write_props(Allocator::local(), &values).unwrap();
    let (allocate, more, _) = Allocator::local().functions();
    let n = count(&values);
    unsafe {
        let mut copy = null_mut();
        assert_eq!(
            ScDupPropset(n, block.as_ptr(), Some(allocate), &raw mut copy),
            0
        );
        assert_eq!(read_props(n.cast_unsigned(), copy).unwrap(), values);
        assert_eq!(MAPIFreeBuffer(copy.cast()), 0);

        let mut room = null_mut();
        let size = u32::try_from(values.len() * size_of::<SPropValue>()).unwrap();
        assert_eq!(MAPIAllocateBuffer(size, &raw mut room), 0);
        for i in 0..values.len() {
            let to = room.cast::<SPropValue>().add(i);
            assert_eq!(PropCopyMore(to, block.as_ptr().add(i), Some(more), room), 0);
        }
        assert_eq!(read_props(n.cast_unsigned(), room.cast()).unwrap(), values);
        assert_eq!(MAPIFreeBuffer(room), 0);
    }
}

#[test]
fn what_cannot_be_counted_is_refused() {
    let bad = MAPI_E_INVALID_PARAMETER;
    let mut prop = std::mem::MaybeUninit::<SPropValue>::zeroed();
    let p = prop.as_mut_ptr();
    unsafe {
        assert_eq!(ScCountProps(1, null_mut(), null_mut()), bad);
        assert_eq!(ScCountProps(-1, p, null_mut()), bad);
        for (tag, what) in [
            (0x0000_0003, "PROP_ID_NULL"),
            (0xFFFF_0003, "PROP_ID_INVALID"),
            (0x6600_1003, "a list without members"),
            (0x6600_001F, "a text that is NULL"),
            (0x6600_0048, "a GUID that is NULL"),
            (0x6600_0099, "no type"),
        ] {
            (*p).ulPropTag = tag;
            assert_eq!(ScCountProps(1, p, null_mut()), bad, "{what}");
            assert_eq!(PropCopyMore(p, null_mut(), None, null_mut()), bad);
        }
        (*p).ulPropTag = 0x6600_1048;
        (*p).Value.MVl.cValues = u32::MAX;
        (*p).Value.MVl.lpl = p.cast();
        assert_eq!(
            ScCountProps(1, p, null_mut()),
            bad,
            "a count that overflows"
        );
        (*p).ulPropTag = 0x6600_0102;
        (*p).Value.bin.cb = u32::MAX;
        (*p).Value.bin.lpb = p.cast();
        assert_eq!(ScCountProps(1, p, null_mut()), bad, "more than 2 GB");
        assert_eq!(ScCountProps(i32::MAX, p, null_mut()), bad);
        let mut out = p;
        assert_eq!(ScDupPropset(1, p, None, &raw mut out), bad);
        assert!(out.is_null());
    }
}

#[test]
fn sizes_are_those_of_the_values() {
    let block = write_props(Allocator::local(), &props()).unwrap();
    let sizes = [12, 7, 3, 0, 16, 10, 2, 3, 8, 16, 8, 4];
    for (i, size) in sizes.into_iter().enumerate() {
        assert_eq!(unsafe { UlPropSize(block.as_ptr().add(i)) }, size, "{i}");
    }
    assert_eq!(unsafe { UlPropSize(null_mut()) }, 0);
}

#[test]
fn values_compare_as_tables_sort() {
    let values = [
        Property::new(tag::PR_SUBJECT, "abc"),
        Property::new(tag::PR_SUBJECT, "ABD"),
        Property::new(tag::PR_IMPORTANCE, 1),
    ];
    let block = write_props(Allocator::local(), &values).unwrap();
    let at = |i| unsafe { block.as_ptr().add(i) };
    unsafe {
        for (relation, holds) in [
            (RELOP_LT, 1),
            (RELOP_LE, 1),
            (RELOP_GT, 0),
            (RELOP_GE, 0),
            (RELOP_EQ, 0),
            (RELOP_NE, 1),
            (RELOP_RE, 0),
            (99, 0),
        ] {
            assert_eq!(FPropCompareProp(at(0), relation, at(1)), holds);
        }
        assert_eq!(FPropCompareProp(at(0), RELOP_NE, at(2)), 0, "types differ");
        assert_eq!(FPropCompareProp(null_mut(), RELOP_EQ, at(2)), 0);
        assert_eq!(LPropCompareProp(at(0), at(1)), -1);
        assert_eq!(LPropCompareProp(at(1), at(0)), 1);
        assert_eq!(LPropCompareProp(at(1), at(1)), 0);
        assert_ne!(LPropCompareProp(at(1), at(2)), 0);
    }
}

#[test]
fn text_and_bytes_contain_others() {
    let values = [
        Property::new(tag::PR_SUBJECT, "The quick fox"),
        Property::new(tag::PR_BODY, "QUICK"),
        Property::new(tag::PR_BODY, "The "),
        Property::new(tag::PR_ENTRYID, vec![1_u8, 2, 3]),
        Property::new(tag::PR_RECORD_KEY, vec![2_u8, 3]),
    ];
    let block = write_props(Allocator::local(), &values).unwrap();
    let contains = |a, b, fuzzy| unsafe {
        FPropContainsProp(block.as_ptr().add(a), block.as_ptr().add(b), fuzzy)
    };
    assert_eq!(contains(0, 1, FL_SUBSTRING), 0);
    assert_eq!(contains(0, 1, FL_SUBSTRING | FL_IGNORECASE), 1);
    assert_eq!(contains(0, 2, FL_PREFIX), 1);
    assert_eq!(contains(0, 2, FL_FULLSTRING), 0);
    assert_eq!(contains(3, 4, FL_SUBSTRING), 1);
    assert_eq!(contains(3, 4, FL_PREFIX), 0);
    assert_eq!(contains(0, 4, FL_SUBSTRING), 0, "types differ");
    assert_eq!(contains(0, 1, 0x77), 0, "no such level");
}

#[test]
fn properties_are_found_by_tag_and_by_identifier() {
    let values = props();
    let block = write_props(Allocator::local(), &values).unwrap();
    let n = u32::try_from(values.len()).unwrap();
    let p = block.as_ptr();
    unsafe {
        assert_eq!(PpropFindProp(p, n, 0x6601_0102), p.add(2));
        assert_eq!(PpropFindProp(p, n, 0x6601_0000), p.add(1));
        assert!(PpropFindProp(p, n, 0x0037_001E).is_null());
        assert_eq!(LpValFindProp(0x0037_001E, n, p), p);
        assert!(LpValFindProp(0x7777_001E, n, p).is_null());
        assert!(PpropFindProp(null_mut(), n, 0x0037_001E).is_null());
    }
}

#[test]
fn notifications_are_copied_and_moved_like_properties() {
    let id = |n| EntryId::from(vec![n; 24]);
    let told = vec![
        Notification::NewMail {
            message: id(1),
            folder: id(2),
            class: "IPM.Note".to_owned(),
            message_flags: 4,
        },
        Notification::Extended {
            event: 3,
            data: vec![1, 2, 3],
        },
    ];
    let block = write_notifications(Allocator::local(), &told).unwrap();
    let n = i32::try_from(told.len()).unwrap();
    unsafe {
        let mut size = 0;
        assert_eq!(ScCountNotifications(n, block.as_ptr(), &raw mut size), 0);
        let mut first = vec![0_u64; size as usize / 8];
        let base: LPVOID = first.as_mut_ptr().cast();
        let mut copied = 0;
        assert_eq!(
            ScCopyNotifications(n, block.as_ptr(), base, &raw mut copied),
            0
        );
        assert_eq!(size, copied);
        let read = |at: LPVOID| {
            let read = read_notifications(n.cast_unsigned(), at.cast()).unwrap();
            format!("{read:?}")
        };
        let told = format!("{told:?}");
        assert_eq!(read(base), told);
        let moved: LPVOID = first.clone().leak().as_mut_ptr().cast();
        assert_eq!(
            ScRelocNotifications(n, moved.cast(), base, moved, null_mut()),
            0
        );
        first.fill(0);
        assert_eq!(read(moved), told);
        let bad = MAPI_E_INVALID_PARAMETER;
        let mut odd = block.as_ptr().read();
        odd.ulEventType = 0x123;
        assert_eq!(ScCountNotifications(1, &raw mut odd, null_mut()), bad);
        assert_eq!(ScCountNotifications(0, block.as_ptr(), null_mut()), bad);
    }
}

#[test]
fn names_are_equal_with_set_kind_and_value() {
    let mut set = PS_PUBLIC_STRINGS;
    let mut other = PS_MAPI;
    let mut text: Vec<u16> = "Keywords\0".encode_utf16().collect();
    let mut upper: Vec<u16> = "KEYWORDS\0".encode_utf16().collect();
    let name = |set: &mut GUID, text: &mut Vec<u16>| MAPINAMEID {
        lpguid: set,
        ulKind: MNID_STRING,
        Kind: MAPINAMEID_Kind {
            lpwstrName: text.as_mut_ptr(),
        },
    };
    let mut a = name(&mut set, &mut text);
    let mut b = name(&mut set, &mut upper);
    let mut c = name(&mut other, &mut text);
    unsafe {
        assert_eq!(FEqualNames(&raw mut a, &raw mut a), 1);
        assert_eq!(FEqualNames(&raw mut a, &raw mut b), 0);
        assert_eq!(FEqualNames(&raw mut a, &raw mut c), 0);
        assert_eq!(FEqualNames(&raw mut a, null_mut()), 0);
        assert_eq!(FEqualNames(null_mut(), null_mut()), 0);
    }
}

#[test]
fn filetimes_are_64_bit_numbers() {
    let time = |n: u64| FILETIME {
        dwLowDateTime: u32::try_from(n & 0xFFFF_FFFF).unwrap(),
        dwHighDateTime: u32::try_from(n >> 32).unwrap(),
    };
    let (a, b) = (0xFFFF_FFFF_FFFF_FFF0, 0x1_0000_0020);
    unsafe {
        assert_eq!(FtAddFt(time(a), time(b)), time(0x1_0000_0010));
        let mut carry = 7;
        assert_eq!(
            FtAdcFt(time(a), time(b), &raw mut carry),
            time(0x1_0000_0010)
        );
        assert_eq!(carry, 1);
        assert_eq!(FtSubFt(time(b), time(0x21)), time(0xFFFF_FFFF));
        assert_eq!(FtNegFt(time(1)), time(u64::MAX));
        assert_eq!(FtMulDw(3, time(b)), time(3 * b));
        assert_eq!(FtMulDwDw(u32::MAX, u32::MAX), time(0xFFFF_FFFE_0000_0001));
    }
}

#[test]
fn validation_sees_what_cannot_be() {
    let values = props();
    let block = write_props(Allocator::local(), &values).unwrap();
    unsafe {
        for i in 0..values.len() {
            assert_eq!(FBadProp(block.as_ptr().add(i)), 0, "{i}");
        }
        let mut row = SRow {
            ulAdrEntryPad: 0,
            cValues: u32::try_from(values.len()).unwrap(),
            lpProps: block.as_ptr(),
        };
        assert_eq!(FBadRow(&raw mut row), 0);
        (*block.as_ptr()).ulPropTag = 0x0037_0099;
        assert_eq!(FBadProp(block.as_ptr()), 1);
        assert_eq!(FBadRow(&raw mut row), 1);
        assert_eq!(FBadRow(null_mut()), 1);
        assert_eq!(FBadRowSet(null_mut()), 1);
        for (tag, bad) in [
            (0x0037_001F, 0),
            (0x0037_101F, 0),
            (0x0037_100B, 1),
            (0x0037_0077, 1),
        ] {
            assert_eq!(FBadPropTag(tag), bad, "{tag:#x}");
        }
        let mut columns = SPropTagArray {
            cValues: 1,
            aulPropTag: [0x0037_000A],
        };
        assert_eq!(FBadColumnSet(&raw mut columns), 1);
        columns.aulPropTag = [0x0037_0001];
        assert_eq!(FBadColumnSet(&raw mut columns), 0);
        columns.cValues = u32::MAX;
        assert_eq!(FBadColumnSet(&raw mut columns), 1);
        let mut order = SSortOrderSet {
            cSorts: 1,
            cCategories: 0,
            cExpanded: 0,
            aSort: [SSortOrder {
                ulPropTag: 0x0037_001F,
                ulOrder: TABLE_SORT_DESCEND,
            }],
        };
        assert_eq!(FBadSortOrderSet(&raw mut order), 0);
        order.cCategories = 2;
        assert_eq!(FBadSortOrderSet(&raw mut order), 1);
        let mut restriction: SRestriction = std::mem::zeroed();
        restriction.rt = 77;
        assert_eq!(FBadRestriction(&raw mut restriction), 1);
        restriction.rt = RES_EXIST;
        assert_eq!(FBadRestriction(&raw mut restriction), 0);
        assert_eq!(FBadEntryList(null_mut()), 1);
        let mut text = vec![u16::from(b'a'), 0];
        let mut texts = [text.as_mut_ptr(), null_mut()];
        assert_eq!(FBadRglpszW(texts.as_mut_ptr(), 1), 0);
        assert_eq!(FBadRglpszW(texts.as_mut_ptr(), 2), 1);
        assert_eq!(FBadRglpNameID(null_mut(), 1), 1);
    }
}

#[test]
fn bytes_become_text_and_come_back() {
    unsafe {
        let mut text = [0_i8; 9];
        let mut bytes = [0x0A_u8, 0xFF, 0x00, 0x7E];
        HexFromBin(bytes.as_mut_ptr(), 4, text.as_mut_ptr());
        assert_eq!(CStr::from_ptr(text.as_ptr()), c"0AFF007E");
        let mut back = [0_u8; 4];
        assert_eq!(FBinFromHex(text.as_mut_ptr(), back.as_mut_ptr()), 1);
        assert_eq!(back, bytes);
        assert_eq!(
            ScBinFromHexBounded(text.as_mut_ptr(), back.as_mut_ptr(), 4),
            0
        );
        let failed = MAPI_E_CALL_FAILED;
        assert_eq!(
            ScBinFromHexBounded(text.as_mut_ptr(), back.as_mut_ptr(), 3),
            failed
        );
        for odd in [c"0", c"0G", c"é"] {
            assert_eq!(FBinFromHex(odd.as_ptr().cast_mut(), back.as_mut_ptr()), 0);
        }
        let (mut size, mut id) = (0, null_mut());
        assert_eq!(
            HrEntryIDFromSz(text.as_mut_ptr(), &raw mut size, &raw mut id),
            0
        );
        assert_eq!(size, 4);
        let mut again = null_mut();
        assert_eq!(HrSzFromEntryID(size, id, &raw mut again), 0);
        assert_eq!(CStr::from_ptr(again), c"0AFF007E");
        MAPIFreeBuffer(id.cast());
        MAPIFreeBuffer(again.cast());
        let odd = c"xyz".as_ptr().cast_mut();
        assert_eq!(
            HrEntryIDFromSz(odd, &raw mut size, &raw mut id),
            MAPI_E_INVALID_ENTRYID
        );
        assert!(id.is_null() && size == 0);
    }
}

#[test]
fn text_is_searched_and_read_as_numbers() {
    let text = c"mapi32.dll";
    let t = text.as_ptr();
    unsafe {
        assert_eq!(SzFindCh(t, u16::from(b'l')), t.add(8).cast_mut());
        assert_eq!(SzFindLastCh(t, u16::from(b'l')), t.add(9).cast_mut());
        assert!(SzFindCh(t, u16::from(b'x')).is_null());
        assert_eq!(SzFindSz(t, c"32".as_ptr()), t.add(4).cast_mut());
        assert!(SzFindSz(t, c"DLL".as_ptr()).is_null());
        assert!(SzFindSz(t, null()).is_null());
        assert_eq!(UFromSz(c"5a5b".as_ptr()), 5);
        assert_eq!(UFromSz(c"a5".as_ptr()), 0);
        assert_eq!(UlFromSzHex(c"5g5h".as_ptr()), 5);
        assert_eq!(UlFromSzHex(c"5a".as_ptr()), 90);
        assert_eq!(UlFromSzHex(null()), 0);
        assert_eq!(IsBadBoundedStringPtr(t.cast(), 11), 0);
        assert_eq!(IsBadBoundedStringPtr(t.cast(), 5), 1);
        assert_eq!(IsBadBoundedStringPtr(null(), 5), 1);
    }
}

proptest! {
    #[test]
    fn any_bytes_survive_the_way_through_text(bytes in prop::collection::vec(any::<u8>(), 1..40)) {
        let mut source = bytes.clone();
        let size = u32::try_from(source.len()).unwrap();
        unsafe {
            let (mut text, mut back, mut length) = (null_mut(), null_mut(), 0);
            prop_assert_eq!(HrSzFromEntryID(size, source.as_mut_ptr().cast(), &raw mut text), 0);
            prop_assert_eq!(HrEntryIDFromSz(text, &raw mut length, &raw mut back), 0);
            let read = std::slice::from_raw_parts(back.cast::<u8>(), length as usize);
            prop_assert_eq!(read, &bytes[..]);
            MAPIFreeBuffer(text.cast());
            MAPIFreeBuffer(back.cast());
        }
    }
}
