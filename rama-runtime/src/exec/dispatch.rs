//! The launch option that makes one process behave as several: hops between tasks are encoded and decoded.

use crate::topology::{EventError, Out, Wire};

/// Replaces each hop between tasks by what the receiver would decode.
#[cold]
pub(super) fn check_wire<H: Wire>(out: &mut Out<H>) -> Result<(), EventError> {
    let mut bytes = Vec::new();
    for (_, hop) in &mut out.hops {
        bytes.clear();
        hop.encode(&mut bytes)?;
        let mut input = bytes.as_slice();
        *hop = H::decode(&mut input)?;
        if !input.is_empty() {
            return Err(EventError::new(format!(
                "{} bytes of a hop were not decoded",
                input.len()
            )));
        }
    }
    Ok(())
}
