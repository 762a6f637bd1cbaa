//! Values to call with and to answer: nothing, the usual, and the awkward.

use mapi_com::iface::PropProblem;
use mapi_types::*;

#[derive(Clone)]
pub struct Sample {
    pub props: Vec<Property>,
    pub tags: Vec<PropTag>,
    pub id: EntryId,
    pub ids: Vec<EntryId>,
    pub rows: Vec<Row>,
    pub restriction: Restriction,
    pub order: SortOrder,
    pub text: String,
    pub guid: Guid,
    pub uid: MapiUid,
    pub problems: Vec<PropProblem>,
    pub names: Vec<NamedProp>,
    pub notifications: Vec<Notification>,
}

pub fn all() -> Vec<Sample> {
    vec![empty(), usual(), awkward()]
}

fn empty() -> Sample {
    Sample {
        props: vec![],
        tags: vec![],
        id: EntryId::default(),
        ids: vec![],
        rows: vec![],
        restriction: Restriction::And(vec![]),
        order: SortOrder::default(),
        text: String::new(),
        guid: Guid::default(),
        uid: MapiUid::default(),
        problems: vec![],
        names: vec![],
        notifications: vec![],
    }
}

pub fn usual() -> Sample {
    let props = vec![
        Property::new(tag::PR_SUBJECT, "Hello"),
        Property::new(tag::PR_MESSAGE_FLAGS, 3),
        Property::new(tag::PR_ENTRYID, vec![1u8, 2, 3]),
    ];
    let uid = MapiUid(*b"0123456789abcdef");
    Sample {
        tags: props.iter().map(|p| p.tag).collect(),
        id: EntryId::new(uid, b"folder"),
        ids: vec![EntryId::new(uid, b"one"), EntryId::new(uid, b"two")],
        rows: vec![Row::from(props.clone()), Row::from(props[..1].to_vec())],
        restriction: Restriction::Exist(tag::PR_SUBJECT),
        order: SortOrder::by_descending(tag::PR_MESSAGE_DELIVERY_TIME),
        text: "Inbox".into(),
        guid: Guid::ole(0x0002_0303),
        uid,
        problems: vec![PropProblem {
            index: 1,
            tag: tag::PR_SUBJECT,
            code: ErrorCode::NO_ACCESS,
        }],
        names: vec![NamedProp {
            set: Guid::ole(0x0002_0329),
            name: PropName::Name("Keywords".into()),
        }],
        notifications: vec![Notification::NewMail {
            message: EntryId::new(uid, b"new"),
            folder: EntryId::new(uid, b"folder"),
            class: "IPM.Note".into(),
            message_flags: 1,
        }],
        props,
    }
}

fn awkward() -> Sample {
    let usual = usual();
    let props = vec![
        Property::new(
            tag::PR_SUBJECT,
            UnicodeString::from_utf16(&[0xD800, 0x41, 0xDC00]),
        ),
        Property::error(tag::PR_BODY, ErrorCode::NOT_FOUND),
        Property::new(
            PropTag::from_raw(0x8001_101E),
            PropValue::MvString8(vec![vec![0xFF], vec![]]),
        ),
        Property::new(
            PropTag::from_raw(0x8002_1102),
            PropValue::MvBinary(vec![vec![], vec![0; 3]]),
        ),
    ];
    Sample {
        tags: vec![PropTag::from_raw(0xFFFF_000A), PropTag::from_raw(0)],
        id: EntryId::from(vec![7]),
        ids: vec![EntryId::default(), EntryId::from(vec![0; 300])],
        rows: vec![Row::default(), Row::from(props.clone())],
        restriction: Restriction::Not(Box::new(Restriction::Or(vec![Restriction::Content {
            fuzzy: FuzzyLevel {
                part: FuzzyMatch::Prefix,
                ignore_case: true,
                ignore_nonspace: true,
                loose: false,
            },
            tag: tag::PR_SUBJECT,
            value: props[0].clone(),
        }]))),
        order: SortOrder {
            keys: vec![],
            categories: 1,
            expanded: 0,
        },
        text: "Gr\u{fc}\u{df}e \u{1F600}".into(),
        guid: Guid([0xFF; 16]),
        uid: MapiUid([0xFF; 16]),
        problems: usual.problems.repeat(3),
        names: vec![NamedProp {
            set: Guid([1; 16]),
            name: PropName::Id(u32::MAX),
        }],
        notifications: vec![
            Notification::Table(RowChange {
                event: TableEvent::RowModified,
                index: Property::new(tag::PR_INSTANCE_KEY, vec![1u8]),
                prior: Property::new(PropTag::from_raw(0), PropValue::Null),
                row: Row::from(props.clone()),
            }),
            Notification::Extended {
                event: u32::MAX,
                data: vec![],
            },
        ],
        props,
    }
}
