//! xxh3 of up to 16 bytes that are in registers.
//!
//! The library takes bytes from memory, where a key's encoding would first have to be written: piece by piece, and then read
//! in other pieces, for which the processor waits until all are written. Measured by `perf` on 64-bit keys through one hop, that wait
//! was a fifth of all that a record costs up to its hop. The tests hold this to the library.

/// The beginning of xxh3's default secret.
const SECRET: [u64; 7] = [
    u64::from_le_bytes([0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe]),
    u64::from_le_bytes([0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c]),
    u64::from_le_bytes([0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb]),
    u64::from_le_bytes([0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f]),
    u64::from_le_bytes([0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78]),
    u64::from_le_bytes([0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21]),
    u64::from_le_bytes([0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e]),
];

/// The hash of the lowest `length` bytes of `bytes` (1 to 16), the lowest first. Those above are zero.
// The casts cut off what the algorithm cuts off.
#[inline]
pub(super) fn xxh3_64(bytes: u128, length: u32) -> u64 {
    match length {
        9.. => from_9(bytes as u64, (bytes >> (8 * (length - 8))) as u64, u64::from(length)),
        _ => upto_8(bytes as u64, length),
    }
}

/// The hash of 9 to 16 bytes, of which these are the first eight and the last eight.
#[inline]
pub(super) fn from_9(first: u64, last: u64, length: u64) -> u64 {
    let low = first ^ SECRET[3] ^ SECRET[4];
    let high = last ^ SECRET[5] ^ SECRET[6];
    let product = u128::from(low) * u128::from(high);
    let folded = product as u64 ^ (product >> 64) as u64;
    avalanche(
        length
            .wrapping_add(low.swap_bytes())
            .wrapping_add(high)
            .wrapping_add(folded),
    )
}

/// The hash of the lowest `length` bytes of `bytes` (1 to 8). Those above are zero.
#[inline]
pub(super) fn upto_8(bytes: u64, length: u32) -> u64 {
    if length >= 4 {
        let first = bytes & 0xFFFF_FFFF;
        let last = (bytes >> (8 * (length - 4))) & 0xFFFF_FFFF;
        let mut hash = last.wrapping_add(first << 32) ^ SECRET[1] ^ SECRET[2];
        hash ^= hash.rotate_left(49) ^ hash.rotate_left(24);
        hash = hash.wrapping_mul(0x9FB2_1C65_1E98_DF25);
        hash ^= (hash >> 35).wrapping_add(u64::from(length));
        hash = hash.wrapping_mul(0x9FB2_1C65_1E98_DF25);
        return hash ^ (hash >> 28);
    }
    let byte = |at: u32| (bytes >> (8 * at)) & 0xFF;
    let combined = byte(0) << 16 | byte(length >> 1) << 24 | byte(length.saturating_sub(1)) | u64::from(length) << 8;
    let mut hash = combined ^ ((SECRET[0] ^ (SECRET[0] >> 32)) & 0xFFFF_FFFF);
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0x1656_67B1_9E37_79F9);
    hash ^ (hash >> 32)
}

#[inline]
fn avalanche(mut hash: u64) -> u64 {
    hash ^= hash >> 37;
    hash = hash.wrapping_mul(0x1656_6791_9E37_79F9);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_xxh3(bytes in proptest::collection::vec(any::<u8>(), 1..=16)) {
            let mut padded = [0; 16];
            padded[..bytes.len()].copy_from_slice(&bytes);
            let ours = super::xxh3_64(u128::from_le_bytes(padded), bytes.len() as u32);
            prop_assert_eq!(ours, xxhash_rust::xxh3::xxh3_64(&bytes));
        }
    }
}
