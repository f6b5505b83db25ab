//! Confluent's framing: a zero byte, the schema's id in four bytes (big-endian), then the datum.
//!
//! What an id stands for is [`crate::registry`]'s business.

use crate::error::WireError;

/// Bytes before the datum.
pub const HEADER_LENGTH: usize = 5;

/// The first byte of every framed value.
const MAGIC: u8 = 0;

/// Begins a framed value.
pub fn write_header(id: u32, out: &mut Vec<u8>) {
    out.push(MAGIC);
    out.extend_from_slice(&id.to_be_bytes());
}

/// The schema's id and the datum of a framed value.
///
/// # Errors
/// [`WireError::NotFramed`] when it does not begin as a framed value does.
pub fn split(value: &[u8]) -> Result<(u32, &[u8]), WireError> {
    let header = value.split_first_chunk::<HEADER_LENGTH>();
    let Some((&[MAGIC, a, b, c, d], datum)) = header else {
        return Err(WireError::NotFramed { length: value.len(), first_byte: value.first().copied() });
    };
    Ok((u32::from_be_bytes([a, b, c, d]), datum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_anything_else_is_refused() {
        let mut value = Vec::new();
        write_header(0x0102_0304, &mut value);
        value.push(7);
        assert_eq!(split(&value).unwrap(), (0x0102_0304, &[7][..]));
        for bad in [&b""[..], b"\0\0\0\0", b"{\"a\":1}", b"\x01\0\0\0\x01\x07"] {
            assert!(matches!(split(bad), Err(WireError::NotFramed { .. })), "{bad:?}");
        }
    }
}
