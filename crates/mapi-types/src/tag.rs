use crate::PropTag;
#[allow(missing_docs)]
pub const PR_SUBJECT: PropTag = PropTag::from_raw(0x0037_001F);
