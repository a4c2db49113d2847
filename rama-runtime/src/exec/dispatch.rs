//! The launch option that makes one process behave as several: hops between tasks are encoded and decoded.

use crate::topology::{Emit, EventError, Out, Route, Wire};

/// Replaces each hop between tasks by what the receiver would decode.
pub(super) fn check_wire<H: Wire>(out: &mut Out<H>) -> Result<(), EventError> {
    let emits = std::mem::take(&mut out.emits);
    let mut bytes = Vec::new();
    for emit in emits {
        let emit = match emit {
            Emit::Hop {
                route: route @ Route::Task(_),
                hop,
            } => {
                bytes.clear();
                hop.encode(&mut bytes)?;
                let mut input = bytes.as_slice();
                let hop = H::decode(&mut input)?;
                if !input.is_empty() {
                    return Err(EventError::new(format!(
                        "{} bytes of a hop were not decoded",
                        input.len()
                    )));
                }
                Emit::Hop { route, hop }
            }
            other => other,
        };
        out.push(emit);
    }
    Ok(())
}
