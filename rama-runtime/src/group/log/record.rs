//! The format of a record.
//!
//! A record is a header and a payload. A commit is one record, or, if it is larger than a record may be, several that follow each
//! other. All numbers are little endian.
//!
//! | byte | size | field |
//! |---|---|---|
//! | 0 | 4 | magic, `RaLr` |
//! | 4 | 4 | format version, 1 |
//! | 8 | 8 | log id: a record of another log is no record |
//! | 16 | 8 | epoch: the fencing epoch of who wrote it, never lower than before |
//! | 24 | 8 | commit number, dense, from 1 |
//! | 32 | 8 | the last commit that was durable when this was written |
//! | 40 | 8 | hash of the record before, 0 if none is known |
//! | 48 | 4 | which part of the commit this is, from 0 |
//! | 52 | 4 | how many parts the commit has |
//! | 56 | 4 | length of the payload |
//! | 60 | 8 | checksum: xxh3-64, seed 0, of bytes 0 to 59 and the payload; it is also the record's hash |
//! | 68 | | payload |
//!
//! The durable commit is what tells damage from a crash. What was not synced may be lost in any choice, so a commit that
//! cannot be read, with good ones behind it, may be as a crash left it. But not if one of those says that it was durable.

use xxhash_rust::xxh3::Xxh3;

/// What a record begins with.
pub(super) const MAGIC: [u8; 4] = *b"RaLr";

/// The version that is written.
const VERSION: u32 = 1;

/// How many bytes a header has.
pub(super) const HEADER: usize = 68;

/// Where in it the checksum stands.
const CHECKSUM: usize = 60;

/// A header, without what is the same in each and without the checksum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Header {
    pub(super) log: u64,
    pub(super) epoch: u64,
    pub(super) commit: u64,
    pub(super) durable: u64,
    pub(super) previous: u64,
    pub(super) part: u32,
    pub(super) parts: u32,
    pub(super) length: u32,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Invalid {
    /// The file ends before the record does.
    Short,
    /// It does not begin as one.
    Magic,
    /// Another version, whose fields mean something else.
    Version(u32),
    /// The checksum is another one.
    Checksum,
}

impl Invalid {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Invalid::Short => "a record is cut off",
            Invalid::Magic => "no record begins here",
            Invalid::Version(_) => "a record of an unknown format version",
            Invalid::Checksum => "a record's checksum is wrong",
        }
    }
}

/// A record's hash, of its header up to the checksum and its payload.
fn hash_of(fields: &[u8], payload: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(fields);
    hasher.update(payload);
    hasher.digest()
}

/// Writes the record into the buffer, in place of what it held. Returns its hash.
pub(super) fn encode(header: &Header, payload: &[u8], buffer: &mut Vec<u8>) -> u64 {
    buffer.clear();
    buffer.extend_from_slice(&MAGIC);
    buffer.extend_from_slice(&VERSION.to_le_bytes());
    for field in [header.log, header.epoch, header.commit, header.durable, header.previous] {
        buffer.extend_from_slice(&field.to_le_bytes());
    }
    for field in [header.part, header.parts, header.length] {
        buffer.extend_from_slice(&field.to_le_bytes());
    }
    let hash = hash_of(buffer, payload);
    buffer.extend_from_slice(&hash.to_le_bytes());
    buffer.extend_from_slice(payload);
    hash
}

/// Takes numbers off the front of bytes.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Invalid> {
        let (field, rest) = self.0.split_first_chunk().ok_or(Invalid::Short)?;
        self.0 = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Invalid> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Result<u64, Invalid> {
        Ok(u64::from_le_bytes(self.take()?))
    }
}

/// Reads a header. Nothing of it is certain before [`hash`] is.
pub(super) fn decode(header: &[u8]) -> Result<Header, Invalid> {
    let mut fields = Fields(header);
    if fields.take()? != MAGIC {
        return Err(Invalid::Magic);
    }
    match fields.u32()? {
        VERSION => {}
        // The disk had room for it, and no more.
        0 => return Err(Invalid::Magic),
        other => return Err(Invalid::Version(other)),
    }
    Ok(Header {
        log: fields.u64()?,
        epoch: fields.u64()?,
        commit: fields.u64()?,
        durable: fields.u64()?,
        previous: fields.u64()?,
        part: fields.u32()?,
        parts: fields.u32()?,
        length: fields.u32()?,
    })
}

/// The record's hash, if its checksum is right.
pub(super) fn hash(header: &[u8], payload: &[u8]) -> Result<u64, Invalid> {
    let (fields, checksum) = header.split_at_checked(CHECKSUM).ok_or(Invalid::Short)?;
    let hash = hash_of(fields, payload);
    if *checksum == hash.to_le_bytes() {
        return Ok(hash);
    }
    Err(Invalid::Checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_it_was() {
        let header = Header {
            log: 0x0102_0304_0506_0708,
            epoch: 2,
            commit: 3,
            durable: 1,
            previous: 4,
            part: 5,
            parts: 6,
            length: 2,
        };
        let mut record = vec![9; 100];
        let hash_of_record = encode(&header, b"be", &mut record);
        assert_eq!(record.len(), HEADER + 2);
        assert_eq!(record[..8], *b"RaLr\x01\0\0\0");
        assert_eq!(record[8..16], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(record[60..68], hash_of_record.to_le_bytes());
        let contiguous = [&record[..60], b"be"].concat();
        assert_eq!(hash_of_record, xxhash_rust::xxh3::xxh3_64(&contiguous));
        assert_eq!(hash_of_record, PINNED, "logs that exist can no longer be read");
        assert_eq!(decode(&record), Ok(header));
        assert_eq!(hash(&record[..HEADER], b"be"), Ok(hash_of_record));
        assert_eq!(hash(&record[..HEADER], b"bd"), Err(Invalid::Checksum));
        record[4] = 2;
        assert_eq!(decode(&record), Err(Invalid::Version(2)));
    }

    const PINNED: u64 = 1_599_143_341_855_490_543;
}
