//! Many small byte strings in few pieces of memory.

use bytes::{Bytes, BytesMut};

/// What is allocated at once. A string that is kept for long keeps all of its piece.
const PIECE_BYTES: usize = 64 << 10;

/// From here on a string gets memory of its own, since it would leave too much of a piece unused.
const LARGE_BYTES: usize = PIECE_BYTES / 4;

/// Copies byte strings that come and go by the thousand: of a batch, of a fetch. None of them is allocated
/// by itself, and a piece is freed with the last of its strings.
#[derive(Debug, Default)]
pub struct Pieces {
    piece: BytesMut,
}

impl Pieces {
    /// A copy.
    pub fn copy(&mut self, bytes: &[u8]) -> Bytes {
        if bytes.len() >= LARGE_BYTES {
            return Bytes::copy_from_slice(bytes);
        }
        if self.piece.capacity().saturating_sub(self.piece.len()) < bytes.len() {
            self.piece = BytesMut::with_capacity(PIECE_BYTES);
        }
        self.piece.extend_from_slice(bytes);
        self.piece.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_any_size_are_what_was_copied_and_small_ones_share_a_piece() {
        let mut pieces = Pieces::default();
        let mut kept = Vec::new();
        for length in [0, 1, 300, LARGE_BYTES - 1, LARGE_BYTES, PIECE_BYTES * 3, 7].repeat(20) {
            let bytes: Vec<u8> = (0..=250).cycle().take(length).collect();
            kept.push((pieces.copy(&bytes), bytes));
        }
        for (copy, bytes) in &kept {
            assert_eq!(copy, bytes);
        }
        let (one, next) = (pieces.copy(b"one"), pieces.copy(b"next"));
        assert_eq!(one.as_ptr().wrapping_add(3), next.as_ptr());
    }
}
