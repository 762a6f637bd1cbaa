//! Values across the ABI: from and to the structures of the headers, exactly.
//!
//! *Reading* (`read_...`) copies what a foreign pointer points to. The functions are unsafe, because nothing can be checked
//! about a pointer but that it is not null; what they do check is counts and sizes: a [`Reader`] has a budget, so that a lying
//! count cannot make it allocate without bounds. They never panic, and do not ask for aligned pointers.
//!
//! *Writing* (`write_...`) makes blocks of an [`Allocator`](crate::alloc::Allocator), by the rules of MAPI's reference: one root
//! block for everything that a call returns in one piece (GetProps, GetPropList ...), and for row sets and address lists one
//! for the set and one for each row. A block is measured, allocated once, and filled.
//!
//! What the ABI cannot carry: text ends at its first zero character; the value of a PT_OBJECT or PT_NULL.

mod names;
mod notify;
mod reader;
mod restriction;
mod rows;
mod small;
mod text;
mod value;
mod writer;

pub use names::{read_names, write_names};
pub use notify::{ErrorInfo, read_error, read_notifications, write_error, write_notifications};
pub use reader::Reader;
pub use restriction::{read_restriction, write_restriction};
pub use rows::{
    RowSet, RowSetBuilder, read_adr_list, read_row, read_row_set, update_adr_list, write_row,
};
pub use small::{
    flat_entries_from_bytes, flat_entries_to_bytes, read_entry_id, read_entry_list, read_guids,
    read_problems, read_sort_order, read_tags, read_uids, write_entry_id, write_entry_list,
    write_problems, write_sort_order, write_tags,
};
pub use text::{read_text, read_text_opt, wide, write_text};
pub use value::{read_prop, read_props, write_prop, write_props};
