//! PR_CONVERSATION_INDEX (MS-OXOMSG, 2.2.1.3): a header of 22 bytes, and five for each answer.

use crate::FileTime;

const HEADER: usize = 22;
const ANSWER: usize = 5;

/// The index of a message that answers the one with the index `parent`, at `now`; of a new conversation, named by `guid`, if
/// `parent` is no index.
#[must_use]
pub fn conversation_index(parent: &[u8], now: FileTime, guid: [u8; 16]) -> Vec<u8> {
    if parent.len() < HEADER {
        // 0x01, then bits 55 to 16 of the time, whose highest byte is that 0x01.
        let mut index = vec![1];
        index.extend_from_slice(&now.0.to_be_bytes()[1..6]);
        index.extend_from_slice(&guid);
        return index;
    }
    let began = FileTime(from_be(&parent[1..6]) << 16 | now.0 & (0xFF << 56));
    let passed = now.0.saturating_sub(began.0);
    // A short answer is told exactly, one after years roughly: the first bit says which.
    const SHORT: u64 = 1 << 49;
    let delta = if passed < SHORT {
        passed >> 18 & 0x7FFF_FFFF
    } else {
        passed >> 23 & 0x7FFF_FFFF | 0x8000_0000
    };
    let mut index = parent.to_vec();
    index.truncate(HEADER + (parent.len() - HEADER) / ANSWER * ANSWER);
    index.extend_from_slice(&delta.to_be_bytes()[4..]);
    // A random and a count in four bits each: what tells two answers of one moment apart.
    index.push(guid[0]);
    index
}

fn from_be(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_behind_what_it_answers() {
        let begun = FileTime(0x01DC_1234_5678_9ABC);
        let first = conversation_index(&[], begun, [7; 16]);
        assert_eq!(first.len(), HEADER);
        assert_eq!(&first[..6], [0x01, 0xDC, 0x12, 0x34, 0x56, 0x78]);
        let later = FileTime(begun.0 + (1 << 20));
        let answer = conversation_index(&first, later, [9; 16]);
        assert_eq!(answer.len(), HEADER + ANSWER);
        assert!(answer.starts_with(&first));
        // The parent's time has lost its low 16 bits.
        assert_eq!(answer[22..26], [0, 0, 0, 4]);
        let damaged = &answer[..24];
        assert_eq!(
            conversation_index(damaged, later, [9; 16]).len(),
            HEADER + ANSWER
        );
    }
}
