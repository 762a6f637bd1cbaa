//! `--sort`.

use mapi_types::{PropTag, SortKey, SortOrder, tag};

use super::names::Kind;
use super::{Field, QueryError};

/// Reads a sort order: `-date,sender`.
///
/// # Errors
/// A property that is not there, or that cannot be sorted by.
pub fn parse_sort(text: &str) -> Result<SortOrder, QueryError> {
    let mut keys = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, descending) = match part.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (part.strip_prefix('+').unwrap_or(part), false),
        };
        if name.is_empty() {
            return Err(QueryError::new("expected a property, as in -date,sender"));
        }
        keys.push(SortKey {
            tag: column(Field::find(name)?)?,
            descending,
        });
    }
    Ok(SortOrder {
        keys,
        ..SortOrder::default()
    })
}

fn column(field: Field) -> Result<PropTag, QueryError> {
    match field {
        Field::Tag(tag) => Ok(tag),
        Field::Known(known) => match &known.kind {
            Kind::Text(tags) => Ok(tags[0]),
            Kind::Time(tag) | Kind::Size(tag) | Kind::Word(tag, _) => Ok(*tag),
            Kind::Recipient(Some(1)) => Ok(tag::PR_DISPLAY_TO),
            Kind::Recipient(Some(2)) => Ok(tag::PR_DISPLAY_CC),
            Kind::Recipient(Some(3)) => Ok(tag::PR_DISPLAY_BCC),
            Kind::Recipient(_) | Kind::Attachment => Err(QueryError::new(format!(
                "messages cannot be sorted by '{}': they have several",
                known.name
            ))),
        },
    }
}
