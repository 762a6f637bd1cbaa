//! CopyTo and CopyProps: from an author's object to any object, also one of another store.

use std::sync::Arc;

use mapi_com::iface::{
    CopyTarget, MapiFolder, MapiProp, Message as _, PropProblem, RecipientChange,
};
use mapi_com::ptr::{ComPtr, guid_from_abi};
use mapi_sys::{
    ATTACH_EMBEDDED_MSG, IID_IMAPIProp, IID_IMessage, IID_IStream, IMAPIFolder, IMAPIProp,
    IMessage, IStream, MAPI_ASSOCIATED, MAPI_CREATE, MAPI_MODIFY, MAPI_MOVE, MAPI_NOREPLACE,
    OPEN_IF_EXISTS,
};
use mapi_types::{
    EntryId, Error, ErrorCode, Guid, PropTag, PropType, PropValue, Property, Result, Row, tag,
};

use super::home::Home;
use super::prop::{LARGE_BYTES, PropHost, open_stream};
use super::stream::pump;
use crate::{Access, Attachment, Folder, Message, Opened, PropObject, StreamMode, TableSource};

/// Properties read and set at a time.
const BATCH: usize = 32;

/// Messages in messages that are followed; a mail nested deeper than this is an attack.
const MAX_DEPTH: u32 = 64;

/// What an object consists of beside its properties.
pub(crate) enum Parts {
    None,
    Message(Arc<dyn Message>),
    Attachment(Arc<dyn Attachment>),
    Folder(Arc<dyn Folder>),
}

/// What is to be copied.
pub(crate) enum Selection<'a> {
    AllBut(&'a [Guid], &'a [PropTag]),
    Only(&'a [PropTag]),
}

impl Selection<'_> {
    const ALL: Selection<'static> = Selection::AllBut(&[], &[]);

    fn wants(&self, tag: PropTag) -> bool {
        match self {
            Self::AllBut(_, tags) => !tags.iter().any(|t| t.same_id(tag)),
            Self::Only(tags) => tags.iter().any(|t| t.same_id(tag)),
        }
    }

    /// The index by which a problem names its property: in the client's list, where it gave one.
    fn index(&self, tag: PropTag) -> u32 {
        match self {
            Self::AllBut(..) => 0,
            Self::Only(tags) => {
                let place = tags.iter().position(|t| t.same_id(tag)).unwrap_or(0);
                u32::try_from(place).unwrap_or(u32::MAX)
            }
        }
    }
}

/// Identity, place and counts of an object: the target has its own.
const OWN_TO_THE_OBJECT: [PropTag; 26] = [
    tag::PR_ENTRYID,
    tag::PR_OBJECT_TYPE,
    tag::PR_STORE_ENTRYID,
    tag::PR_STORE_RECORD_KEY,
    tag::PR_RECORD_KEY,
    tag::PR_MAPPING_SIGNATURE,
    tag::PR_ACCESS_LEVEL,
    tag::PR_ACCESS,
    tag::PR_INSTANCE_KEY,
    tag::PR_PARENT_ENTRYID,
    tag::PR_MDB_PROVIDER,
    tag::PR_PROVIDER_DISPLAY,
    tag::PR_MESSAGE_SIZE,
    tag::PR_HASATTACH,
    tag::PR_ATTACH_NUM,
    tag::PR_ATTACH_SIZE,
    tag::PR_DISPLAY_TO,
    tag::PR_DISPLAY_CC,
    tag::PR_DISPLAY_BCC,
    tag::PR_CONTENT_COUNT,
    tag::PR_CONTENT_UNREAD,
    tag::PR_ASSOC_CONTENT_COUNT,
    tag::PR_SUBFOLDERS,
    tag::PR_FOLDER_TYPE,
    tag::PR_DEPTH,
    tag::PR_ROWID,
];

/// CopyTo and CopyProps.
pub(crate) fn copy<H: PropHost + ?Sized>(
    host: &H,
    what: Selection<'_>,
    target: &CopyTarget<'_>,
    flags: u32,
) -> Result<Vec<PropProblem>> {
    if flags & MAPI_MOVE != 0 {
        return Err(Error::no_support()
            .context("moving by CopyTo is not built; copy, then delete, or use CopyMessages"));
    }
    if let Selection::AllBut(interfaces, _) = what
        && interfaces.contains(&guid_from_abi(&IID_IMAPIProp))
    {
        return Err(Error::caller(ErrorCode::INTERFACE_NOT_SUPPORTED)
            .context("without IMAPIProp nothing is left to copy"));
    }
    let copier = Copier {
        home: host.home(),
        replace: flags & MAPI_NOREPLACE == 0,
        depth: 0,
    };
    let target: ComPtr<IMAPIProp> = target.object.query()?;
    let problems = copier.props(&host.object(), &what, &target)?;
    match host.parts() {
        Parts::None => {}
        Parts::Message(message) => copier.message_parts(&*message, &what, &target.query()?)?,
        Parts::Attachment(attachment) if what.wants(tag::PR_ATTACH_DATA_OBJ) => {
            copier.embedded(&*attachment, &target)?;
        }
        Parts::Attachment(_) => {}
        Parts::Folder(folder) => copier.folder_parts(&*folder, &what, &target.query()?)?,
    }
    Ok(problems)
}

/// Copies one message into a new message of `target`, which is saved.
pub(crate) fn copy_message(
    home: &Arc<Home>,
    entry_id: &EntryId,
    target: &ComPtr<IMAPIFolder>,
    flags: u32,
) -> Result<()> {
    let copier = Copier {
        home,
        replace: true,
        depth: 0,
    };
    match home.store()?.open_entry(entry_id, Access::ReadOnly)? {
        Opened::Message(message) => copier.new_message(&Arc::from(message), target, flags),
        Opened::Folder(_) => Err(ErrorCode::NOT_FOUND.into()),
    }
}

/// Copies one folder into a new folder of `target`; with `subfolders` all that is below.
pub(crate) fn copy_folder(
    home: &Arc<Home>,
    entry_id: &EntryId,
    target: &ComPtr<IMAPIFolder>,
    new_name: Option<&str>,
    subfolders: bool,
) -> Result<()> {
    let copier = Copier {
        home,
        replace: true,
        depth: 0,
    };
    copier.new_folder(entry_id, target, new_name, subfolders)
}

struct Copier<'a> {
    home: &'a Arc<Home>,
    /// Whether what the target has already is replaced.
    replace: bool,
    depth: u32,
}

impl Copier<'_> {
    /// Copies properties; what the target computes itself is no problem.
    fn props(
        &self,
        source: &Arc<dyn PropObject>,
        what: &Selection<'_>,
        target: &ComPtr<IMAPIProp>,
    ) -> Result<Vec<PropProblem>> {
        let keeps = if self.replace {
            Vec::new()
        } else {
            target.get_prop_list(0)?
        };
        let mut tags = source.prop_tags()?;
        tags.retain(|tag| {
            what.wants(*tag)
                && tag.ptype() != PropType::OBJECT
                && !OWN_TO_THE_OBJECT.iter().any(|own| own.same_id(*tag))
                && !keeps.iter().any(|kept| kept.same_id(*tag))
        });
        let names = self.renaming(&tags, target)?;
        let mut problems = Vec::new();
        for batch in tags.chunks(BATCH) {
            let mut props = Vec::with_capacity(batch.len());
            for (prop, asked) in source.get_props(batch, LARGE_BYTES)?.into_iter().zip(batch) {
                let Some(to) = names.of(*asked) else { continue };
                match prop.value {
                    PropValue::Error(ErrorCode::NOT_ENOUGH_MEMORY) => {
                        large(source, *asked, to, target)?;
                    }
                    PropValue::Error(_) | PropValue::Object => {}
                    value => props.push(Property::new(to, value)),
                }
            }
            if !props.is_empty() {
                let refused = target.set_props(&props)?;
                problems.extend(
                    refused
                        .into_iter()
                        .filter(|p| p.code != ErrorCode::COMPUTED),
                );
            }
        }
        for problem in &mut problems {
            problem.index = what.index(problem.tag);
        }
        Ok(problems)
    }

    /// Named properties have another number in another store.
    fn renaming(&self, tags: &[PropTag], target: &ComPtr<IMAPIProp>) -> Result<Renaming> {
        let ids: Vec<u16> = tags
            .iter()
            .filter(|t| t.is_named())
            .map(|t| t.id())
            .collect();
        let Ok(store) = self.home.store() else {
            return Ok(Renaming::Same);
        };
        if ids.is_empty() {
            return Ok(Renaming::Same);
        }
        let signature = target.get_props(Some(&[tag::PR_MAPPING_SIGNATURE]), 0)?;
        if signature.first().and_then(|p| p.value.as_bytes()) == Some(&store.record_key()[..]) {
            return Ok(Renaming::Same);
        }
        let (mut from, mut names) = (Vec::new(), Vec::new());
        for (id, name) in ids.iter().zip(store.names_from_ids(&ids)?) {
            if let Some(name) = name {
                from.push(*id);
                names.push(name);
            }
        }
        if names.is_empty() {
            return Ok(Renaming::To(Vec::new()));
        }
        let to = target.get_ids_from_names(&names, MAPI_CREATE)?;
        let known = |to: &PropTag| to.ptype() != PropType::ERROR;
        Ok(Renaming::To(
            from.into_iter()
                .zip(to)
                .filter(|(_, to)| known(to))
                .map(|(from, to)| (from, to.id()))
                .collect(),
        ))
    }

    fn message_parts(
        &self,
        source: &dyn Message,
        what: &Selection<'_>,
        target: &ComPtr<IMessage>,
    ) -> Result<()> {
        if what.wants(tag::PR_MESSAGE_RECIPIENTS) {
            let recipients = recipients_of(source)?;
            if !recipients.is_empty() {
                let change = if self.replace {
                    RecipientChange::Replace
                } else {
                    RecipientChange::Add
                };
                target.modify_recipients(change, &recipients)?;
            }
        }
        if what.wants(tag::PR_MESSAGE_ATTACHMENTS) {
            for number in attachment_numbers(source)? {
                let attachment = source.open_attachment(number, Access::ReadOnly)?;
                self.new_attachment(&Arc::from(attachment), target)?;
            }
        }
        Ok(())
    }

    fn new_attachment(
        &self,
        source: &Arc<dyn Attachment>,
        target: &ComPtr<IMessage>,
    ) -> Result<()> {
        let (_, attachment) = target.create_attach(None, 0)?;
        let attachment: ComPtr<IMAPIProp> = attachment.upcast();
        let props: Arc<dyn PropObject> = Arc::clone(source) as _;
        self.props(&props, &Selection::ALL, &attachment)?;
        self.embedded(&**source, &attachment)?;
        attachment.save_changes(0)
    }

    fn embedded(&self, source: &dyn Attachment, target: &ComPtr<IMAPIProp>) -> Result<()> {
        let method = source.get_props(&[tag::PR_ATTACH_METHOD], LARGE_BYTES)?;
        let method = method.first().and_then(|p| p.value.as_long());
        if method != Some(ATTACH_EMBEDDED_MSG.cast_signed()) {
            return Ok(());
        }
        let inner: Arc<dyn Message> = Arc::from(source.open_message(Access::ReadOnly, false)?);
        let object = target.open_property(
            tag::PR_ATTACH_DATA_OBJ,
            &guid_from_abi(&IID_IMessage),
            0,
            MAPI_CREATE | MAPI_MODIFY,
        )?;
        self.deeper()?.fill(&inner, &object.query()?)
    }

    fn new_message(
        &self,
        source: &Arc<dyn Message>,
        target: &ComPtr<IMAPIFolder>,
        flags: u32,
    ) -> Result<()> {
        let message = target.create_message(None, flags & MAPI_ASSOCIATED)?;
        self.fill(source, &message)
    }

    /// Properties and parts of a message into a new one, which is saved.
    fn fill(&self, source: &Arc<dyn Message>, target: &ComPtr<IMessage>) -> Result<()> {
        let props: Arc<dyn PropObject> = Arc::clone(source) as _;
        let as_props = target.clone().upcast();
        self.props(&props, &Selection::ALL, &as_props)?;
        self.message_parts(&**source, &Selection::ALL, target)?;
        as_props.save_changes(0)
    }

    fn folder_parts(
        &self,
        source: &dyn Folder,
        what: &Selection<'_>,
        target: &ComPtr<IMAPIFolder>,
    ) -> Result<()> {
        let contents = [
            (tag::PR_CONTAINER_CONTENTS, false, 0),
            (tag::PR_FOLDER_ASSOCIATED_CONTENTS, true, MAPI_ASSOCIATED),
        ];
        for (part, associated, flags) in contents {
            if what.wants(part) {
                for message in entries(&mut *source.contents(associated)?)? {
                    copy_message(self.home, &message, target, flags)?;
                }
            }
        }
        if what.wants(tag::PR_CONTAINER_HIERARCHY) {
            for folder in entries(&mut *source.hierarchy(false)?)? {
                self.deeper()?.new_folder(&folder, target, None, true)?;
            }
        }
        Ok(())
    }

    fn new_folder(
        &self,
        entry_id: &EntryId,
        target: &ComPtr<IMAPIFolder>,
        new_name: Option<&str>,
        subfolders: bool,
    ) -> Result<()> {
        let Opened::Folder(folder) = self.home.store()?.open_entry(entry_id, Access::ReadOnly)?
        else {
            return Err(ErrorCode::NOT_FOUND.into());
        };
        let folder: Arc<dyn Folder> = Arc::from(folder);
        let props: Arc<dyn PropObject> = Arc::clone(&folder) as _;
        let own_name = props.get_props(&[tag::PR_DISPLAY_NAME], LARGE_BYTES)?;
        let own_name = own_name.first().and_then(|p| p.value.as_str());
        let name = new_name.map(str::to_owned).or(own_name.map(String::from));
        let made = target.create_folder(
            mapi_sys::FOLDER_GENERIC,
            &name.unwrap_or_default(),
            None,
            None,
            if new_name.is_some() {
                0
            } else {
                OPEN_IF_EXISTS
            },
        )?;
        let skip = [tag::PR_DISPLAY_NAME, tag::PR_CONTAINER_HIERARCHY];
        let what = Selection::AllBut(&[], if subfolders { &skip[..1] } else { &skip });
        self.props(&props, &what, &made.clone().upcast())?;
        self.folder_parts(&*folder, &what, &made)
    }

    fn deeper(&self) -> Result<Self> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::caller(ErrorCode::TOO_COMPLEX)
                .context(format!("objects nested more than {MAX_DEPTH} deep")));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..*self
        })
    }
}

/// Numbers of named properties here and at the target.
enum Renaming {
    Same,
    To(Vec<(u16, u16)>),
}

impl Renaming {
    /// The tag at the target; `None`: it has none.
    fn of(&self, from: PropTag) -> Option<PropTag> {
        match self {
            Self::To(ids) if from.is_named() => {
                let (_, to) = ids.iter().find(|(id, _)| *id == from.id())?;
                Some(PropTag::new(*to, from.ptype()))
            }
            _ => Some(from),
        }
    }
}

/// A property too large for GetProps, through two streams.
fn large(
    source: &Arc<dyn PropObject>,
    from: PropTag,
    to: PropTag,
    target: &ComPtr<IMAPIProp>,
) -> Result<()> {
    use mapi_com::iface::Stream as _;
    let mut bytes = open_stream(source, from, StreamMode::Read)?;
    let stream = target.open_property(
        to,
        &guid_from_abi(&IID_IStream),
        0,
        MAPI_CREATE | MAPI_MODIFY,
    )?;
    let stream: ComPtr<IStream> = stream.query()?;
    stream.set_size(0)?;
    pump(&mut *bytes, &stream)
}

/// All recipients with all their columns, ready for ModifyRecipients.
pub(crate) fn recipients_of(source: &dyn Message) -> Result<Vec<Row>> {
    let mut table = source.recipients()?;
    let columns = table.all_columns()?;
    table.set_columns(&columns)?;
    let mut rows = all_rows(&mut *table)?;
    for row in &mut rows {
        row.props.retain(|p| {
            p.value.as_error().is_none() && !OWN_TO_THE_OBJECT[1..].iter().any(|t| t.same_id(p.tag))
        });
    }
    Ok(rows)
}

/// PR_ATTACH_NUM of all attachments.
pub(crate) fn attachment_numbers(source: &dyn Message) -> Result<Vec<u32>> {
    let mut table = source.attachments()?;
    table.set_columns(&[tag::PR_ATTACH_NUM])?;
    let rows = all_rows(&mut *table)?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(tag::PR_ATTACH_NUM)?.as_long())
        .map(i32::cast_unsigned)
        .collect())
}

/// PR_ENTRYID of all rows.
fn entries(table: &mut dyn TableSource) -> Result<Vec<EntryId>> {
    table.set_columns(&[tag::PR_ENTRYID])?;
    let rows = all_rows(table)?;
    Ok(rows
        .iter()
        .filter_map(|row| row.get(tag::PR_ENTRYID)?.as_bytes().map(EntryId::from))
        .collect())
}

fn all_rows(table: &mut dyn TableSource) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    loop {
        let more = table.next_rows(1000)?;
        if more.is_empty() {
            return Ok(rows);
        }
        rows.extend(more);
    }
}
