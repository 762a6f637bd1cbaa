//! `mapi show`.

use anyhow::Result;
use mapi::{Message, Props as _, Store};
use mapi_types::{EntryId, NamedProp, PropName, PropTag, Property, Row, tag};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::folders::Tree;
use crate::format;
use crate::ids::{find_messages, id_of};
use crate::mail::{attachment_infos, attachment_name, body_text};
use crate::output::Style;

/// Show a message
#[derive(clap::Args, Default, Debug)]
#[command(after_help = "\
Examples:
  mapi show 3fa2                           the beginning of an ID that `mapi ls` shows
  mapi show 3fa2 --headers                 the header as it came
  mapi show 3fa2 --body > text.txt
  mapi show 3fa2 --props                   every property, named ones too")]
pub struct Args {
    /// The ID of the message
    id: String,
    /// Show the header of the mail as it came
    #[arg(long)]
    headers: bool,
    /// Show the text
    #[arg(long)]
    body: bool,
    /// Show every property
    #[arg(long)]
    props: bool,
    /// Mark it as read
    #[arg(long)]
    mark_read: bool,
}

/// Runs it.
pub fn run(context: &Context, args: Args) -> Result<Exit> {
    context.with_store(|store| {
        let tree = Tree::load(store)?;
        let ids = find_messages(store, &tree, std::slice::from_ref(&args.id), &context.stop)?;
        for id in &ids {
            let message = store.message(id)?;
            show(context, store, &tree, id, &message, &args)?;
            if args.mark_read {
                message.set_read(true)?;
            }
        }
        Ok(Exit::Ok)
    })
}

const FIELDS: [PropTag; 11] = [
    tag::PR_SUBJECT,
    tag::PR_SENT_REPRESENTING_NAME,
    tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS,
    tag::PR_SENDER_NAME,
    tag::PR_SENDER_EMAIL_ADDRESS,
    tag::PR_MESSAGE_DELIVERY_TIME,
    tag::PR_CLIENT_SUBMIT_TIME,
    tag::PR_MESSAGE_FLAGS,
    tag::PR_MESSAGE_SIZE,
    tag::PR_INTERNET_MESSAGE_ID,
    tag::PR_PARENT_ENTRYID,
];

/// Shows a message that is open.
///
/// # Errors
/// Those of the message.
pub fn show(
    context: &Context,
    store: &Store,
    tree: &Tree,
    id: &EntryId,
    message: &Message,
    args: &Args,
) -> Result<()> {
    let only = args.headers || args.body || args.props;
    let fields = Row::from(message.get(&FIELDS)?);
    let recipients = recipients(message)?;
    let attachments = attachment_infos(message)?;
    let headers = match args.headers {
        true => Some(headers(message)?),
        false => None,
    };
    let body = match args.body || !only {
        true => body_text(message)?,
        false => None,
    };
    let props = match args.props {
        true => all_props(store, message)?,
        false => Vec::new(),
    };
    if context.out.is_json() {
        let mut record = record(tree, id, &fields, &recipients, &attachments);
        if args.headers {
            record["headers"] = json!(headers);
        }
        if args.body || !only {
            record["body"] = json!(body);
        }
        if args.props {
            let props = props.iter().map(|(name, p)| (name.clone(), json_value(p)));
            record["props"] = Value::Object(props.collect::<Map<_, _>>());
        }
        return context.out.record(&record);
    }
    if !only {
        fields_as_text(context, tree, &fields, &recipients, &attachments)?;
        context.out.line("")?;
    }
    if let Some(headers) = &headers {
        context.out.line(format::clean_lines(headers))?;
    }
    if args.body || !only {
        context
            .out
            .line(format::clean_lines(&body.unwrap_or_default()))?;
    }
    for (name, property) in &props {
        let value = format::value(&property.value);
        let (tag, name) = (property.tag.raw(), format::clean(name));
        context
            .out
            .line(format!("{tag:08X}  {name:<40}  {value}"))?;
    }
    Ok(())
}

/// A recipient: kind (PR_RECIPIENT_TYPE), name, address.
type Recipient = (i32, String, String);

fn recipients(message: &Message) -> Result<Vec<Recipient>> {
    const COLUMNS: [PropTag; 4] = [
        tag::PR_RECIPIENT_TYPE,
        tag::PR_DISPLAY_NAME,
        tag::PR_EMAIL_ADDRESS,
        tag::PR_ADDRTYPE,
    ];
    let mut all = Vec::new();
    for row in message.recipients()?.columns(&COLUMNS)?.rows() {
        let row = row?;
        let kind = row.get(tag::PR_RECIPIENT_TYPE).and_then(|v| v.as_long());
        let name = row_text(&row, tag::PR_DISPLAY_NAME).unwrap_or_default();
        let address = row_text(&row, tag::PR_EMAIL_ADDRESS).unwrap_or_default();
        all.push((kind.unwrap_or(1), name, address));
    }
    Ok(all)
}

fn row_text(row: &Row, tag: PropTag) -> Option<String> {
    row.get(tag)
        .and_then(|v| v.as_str())
        .map(|s| s.into_owned())
}

fn headers(message: &Message) -> Result<String> {
    Ok(message
        .get_text(tag::PR_TRANSPORT_MESSAGE_HEADERS)?
        .unwrap_or_default())
}

/// Who it is from: the author, else the sender.
fn author(fields: &Row) -> (String, String) {
    let pair = |name, address| {
        let name = row_text(fields, name).filter(|s| !s.is_empty());
        let address = row_text(fields, address).filter(|s| !s.is_empty());
        (name.is_some() || address.is_some())
            .then(|| (name.unwrap_or_default(), address.unwrap_or_default()))
    };
    pair(
        tag::PR_SENT_REPRESENTING_NAME,
        tag::PR_SENT_REPRESENTING_EMAIL_ADDRESS,
    )
    .or_else(|| pair(tag::PR_SENDER_NAME, tag::PR_SENDER_EMAIL_ADDRESS))
    .unwrap_or_default()
}

fn address_text(name: &str, address: &str) -> String {
    match (name.is_empty() || name == address, address.is_empty()) {
        (true, _) => address.to_owned(),
        (false, true) => name.to_owned(),
        (false, false) => format!("{name} <{address}>"),
    }
}

const KINDS: [(i32, &str, &str); 3] = [(1, "to", "To"), (2, "cc", "Cc"), (3, "bcc", "Bcc")];

fn fields_as_text(
    context: &Context,
    tree: &Tree,
    fields: &Row,
    recipients: &[Recipient],
    attachments: &[Row],
) -> Result<()> {
    let field = |name: &str, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        let name = context.out.paint(Style::Dim, &format!("{name:<12}"));
        context.out.line(format!("{name}{}", format::clean(value)))
    };
    let (name, address) = author(fields);
    field("From", &address_text(&name, &address))?;
    for (kind, _, title) in KINDS {
        let of_kind = recipients.iter().filter(|r| r.0 == kind);
        let texts: Vec<String> = of_kind.map(|(_, n, a)| address_text(n, a)).collect();
        field(title, &texts.join(", "))?;
    }
    let time = |tag| {
        let time = fields.get(tag).and_then(|v| v.as_time());
        time.map_or_else(String::new, format::time_local)
    };
    field("Sent", &time(tag::PR_CLIENT_SUBMIT_TIME))?;
    field("Received", &time(tag::PR_MESSAGE_DELIVERY_TIME))?;
    let subject = row_text(fields, tag::PR_SUBJECT).unwrap_or_default();
    field("Subject", &subject)?;
    field("Folder", &folder(tree, fields).unwrap_or_default())?;
    for row in attachments {
        let name = attachment_name(row).unwrap_or_else(|| "(no name)".to_owned());
        let size = row.get(tag::PR_ATTACH_SIZE).and_then(|v| v.as_long());
        let size = u64::try_from(size.unwrap_or(0)).unwrap_or(0);
        field("Attachment", &format!("{name} ({})", format::size(size)))?;
    }
    Ok(())
}

fn folder(tree: &Tree, fields: &Row) -> Option<String> {
    let parent = fields.get(tag::PR_PARENT_ENTRYID)?.as_bytes()?;
    let folder = tree.by_id(&EntryId::from(parent))?;
    Some(folder.path_text())
}

fn record(
    tree: &Tree,
    id: &EntryId,
    fields: &Row,
    recipients: &[Recipient],
    attachments: &[Row],
) -> Value {
    let (name, address) = author(fields);
    let time = |tag| {
        let time = fields.get(tag).and_then(|v| v.as_time());
        time.and_then(format::time_utc)
    };
    let number = |row: &Row, tag| row.get(tag).and_then(|v| v.as_long()).unwrap_or(0);
    let flags = number(fields, tag::PR_MESSAGE_FLAGS).cast_unsigned();
    let mut record = json!({
        "id": id_of(id),
        "entry_id": id.to_string(),
        "folder": folder(tree, fields),
        "subject": row_text(fields, tag::PR_SUBJECT),
        "from": { "name": name, "address": address },
        "date": time(tag::PR_MESSAGE_DELIVERY_TIME),
        "sent": time(tag::PR_CLIENT_SUBMIT_TIME),
        "message_id": row_text(fields, tag::PR_INTERNET_MESSAGE_ID),
        "size": number(fields, tag::PR_MESSAGE_SIZE),
        "read": flags & 1 != 0,
    });
    for (kind, key, _) in KINDS {
        let of_kind = recipients.iter().filter(|r| r.0 == kind);
        let list = of_kind.map(|(_, name, address)| json!({ "name": name, "address": address }));
        record[key] = list.collect();
    }
    record["attachments"] = attachments
        .iter()
        .map(|row| {
            json!({
                "number": number(row, tag::PR_ATTACH_NUM),
                "name": attachment_name(row),
                "size": number(row, tag::PR_ATTACH_SIZE),
                "type": row_text(row, tag::PR_ATTACH_MIME_TAG),
                "is_message": number(row, tag::PR_ATTACH_METHOD) == 5,
            })
        })
        .collect();
    record
}

/// Every property with its name; a large value is shown as the error that says so.
fn all_props(store: &Store, message: &Message) -> Result<Vec<(String, Property)>> {
    let mut props = message.get_all()?;
    props.sort_by_key(|p| p.tag.raw());
    let named: Vec<PropTag> = props
        .iter()
        .map(|p| p.tag)
        .filter(|t| t.is_named())
        .collect();
    let names = if named.is_empty() {
        Vec::new()
    } else {
        store.names_of(&named)?
    };
    let name_of = |tag: PropTag| {
        let at = named.iter().position(|t| *t == tag)?;
        names.get(at)?.as_ref().map(name_text)
    };
    Ok(props
        .into_iter()
        .map(|p| (name_of(p.tag).unwrap_or_else(|| p.tag.to_string()), p))
        .collect())
}

fn name_text(name: &NamedProp) -> String {
    match &name.name {
        PropName::Id(id) => format!("{}/{id:#06x}", name.set),
        PropName::Name(text) => format!("{}/{text}", name.set),
    }
}

/// A property as JSON: numbers and truth as they are, lists as lists, all else as text; bytes in hexadecimal.
fn json_value(property: &Property) -> Value {
    use mapi_types::PropValue as V;
    fn one(value: &V) -> Value {
        match value {
            V::I2(n) => json!(n),
            V::Long(n) => json!(n),
            V::I8(n) | V::Currency(n) => json!(n),
            V::R4(n) => json!(n),
            V::Double(n) | V::AppTime(n) => json!(n),
            V::Boolean(b) => json!(b),
            V::Null | V::Object => Value::Null,
            V::Error(code) => json!({ "error": code.to_string() }),
            V::Binary(bytes) => json!(mapi_types::hex::encode(bytes)),
            V::Unicode(_) | V::String8(_) => json!(value.as_str()),
            V::SysTime(_) | V::Clsid(_) => json!(format::value(value)),
            list => (0..list.member_count())
                .filter_map(|i| list.member(i))
                .map(|member| one(&member))
                .collect(),
        }
    }
    one(&property.value)
}
