//! Whether a record follows from the ones before it.

use super::record::Header;

/// Where in the log a reader is, as far as the next record must follow from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain {
    log: u64,
    /// The commit that the next record belongs to.
    pub(super) commit: u64,
    /// Which part of it the next record is.
    part: u32,
    /// How many parts it has, if it has begun.
    parts: u32,
    /// The hash of the last record; none is known of what was trimmed.
    hash: Option<u64>,
    /// The epoch of the last record.
    pub(super) epoch: u64,
    /// The last commit that is known to be durable.
    pub(super) durable: u64,
}

impl Chain {
    /// A reader in front of that commit.
    pub(super) fn before(log: u64, commit: u64) -> Self {
        Chain {
            log,
            commit,
            part: 0,
            parts: 0,
            hash: (commit == 1).then_some(0),
            epoch: 0,
            durable: 0,
        }
    }

    /// Takes the next record, whose hash is given, or says why it cannot be the next one. `true` if its commit is whole now.
    pub(super) fn follow(&mut self, header: &Header, hash: u64) -> Result<bool, &'static str> {
        let reason = if header.log != self.log {
            Some("a record of another log")
        } else if header.commit != self.commit {
            Some("a record of another commit than the next one")
        } else if self.hash.is_some_and(|hash| hash != header.previous) {
            Some("a record that was written behind another one than stands before it")
        } else if header.epoch < self.epoch {
            Some("a record of an older epoch than the one before it")
        } else if header.part != self.part || header.part >= header.parts {
            Some("a record that is another part of its commit than the next one")
        } else if self.part > 0 && (header.parts != self.parts || header.epoch != self.epoch) {
            Some("a record that does not belong to the parts before it")
        } else if header.durable < self.durable || header.durable >= header.commit {
            Some("a record that contradicts what was durable before it")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(reason);
        }
        (self.hash, self.epoch, self.durable) = (Some(hash), header.epoch, header.durable);
        (self.part, self.parts) = (header.part + 1, header.parts);
        if self.part < self.parts {
            return Ok(false);
        }
        (self.part, self.parts) = (0, 0);
        // The number after the last one of all is never reached by counting.
        self.commit = self.commit.checked_add(1).ok_or("the last commit number of all")?;
        Ok(true)
    }

    /// Whether no commit has begun that is not whole.
    pub(super) fn at_boundary(&self) -> bool {
        self.part == 0
    }

    /// The number of the last whole commit.
    pub(super) fn last(&self) -> u64 {
        self.commit.saturating_sub(1)
    }

    /// What the next record has to name as the one before it.
    pub(super) fn previous(&self) -> u64 {
        self.hash.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_all_right_by_itself_must_also_follow() {
        let next = Header {
            log: 7,
            epoch: 3,
            commit: 5,
            durable: 4,
            previous: 99,
            part: 1,
            parts: 3,
            length: 0,
        };
        let mut chain = Chain::before(7, 5);
        let first = Header {
            previous: 1_234,
            part: 0,
            ..next
        };
        assert_eq!(chain.follow(&first, 99), Ok(false), "what was before is not known");
        let wrong = [
            Header { log: 8, ..next },
            Header { epoch: 2, ..next },
            Header { epoch: 4, ..next },
            Header { commit: 4, ..next },
            Header { commit: 6, ..next },
            Header { durable: 3, ..next },
            Header { durable: 5, ..next },
            Header { previous: 98, ..next },
            Header { part: 0, ..next },
            Header { part: 2, ..next },
            Header { parts: 1, ..next },
            Header { parts: 4, ..next },
        ];
        for header in wrong {
            let mut chain = chain;
            assert!(chain.follow(&header, 100).is_err(), "{header:?}");
        }
        assert_eq!(chain.follow(&next, 100), Ok(false));
        assert!(!chain.at_boundary());
        let last = Header {
            previous: 100,
            part: 2,
            ..next
        };
        assert_eq!(chain.follow(&last, 101), Ok(true));
        assert_eq!((chain.last(), chain.previous(), chain.epoch), (5, 101, 3));
        let single = Header {
            commit: 6,
            previous: 101,
            part: 0,
            parts: 1,
            ..next
        };
        let none = Header { parts: 0, ..single };
        let older = Header { epoch: 2, ..single };
        assert!(chain.follow(&none, 102).is_err() && chain.follow(&older, 102).is_err());
        assert_eq!(chain.follow(&single, 102), Ok(true));
    }

    #[test]
    fn the_first_record_of_all_has_none_before_it() {
        let first = Header {
            log: 7,
            epoch: 1,
            commit: 1,
            durable: 0,
            previous: 0,
            part: 0,
            parts: 1,
            length: 0,
        };
        let another = Header { previous: 1, ..first };
        assert!(Chain::before(7, 1).follow(&another, 9).is_err());
        assert_eq!(Chain::before(7, 1).follow(&first, 9), Ok(true));
    }
}
