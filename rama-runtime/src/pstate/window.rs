//! Which part of an ordered collection a read is about.

use std::ops::{Bound, RangeBounds};

/// A part of an ordered collection: a range, at most so many, from the front or from the back.
#[derive(Debug, Clone, Copy)]
pub struct Window<K> {
    from: Bound<K>,
    to: Bound<K>,
    limit: usize,
    backwards: bool,
}

impl<K> Window<K> {
    /// Everything.
    pub(super) fn all() -> Self {
        Window {
            from: Bound::Unbounded,
            to: Bound::Unbounded,
            limit: usize::MAX,
            backwards: false,
        }
    }

    /// What lies within `bounds`.
    pub(super) fn within(bounds: &impl RangeBounds<K>) -> Self
    where
        K: Clone,
    {
        Window {
            from: bounds.start_bound().cloned(),
            to: bounds.end_bound().cloned(),
            ..Window::all()
        }
    }

    /// At most `limit` of it.
    pub(super) fn limited(self, limit: usize) -> Self {
        Window {
            limit: self.limit.min(limit),
            ..self
        }
    }

    /// The same, last one first.
    pub(super) fn reversed(self) -> Self {
        Window {
            backwards: !self.backwards,
            ..self
        }
    }

    /// The bounds, unless they are inside out (which selects nothing).
    pub(super) fn proper(&self) -> Option<(Bound<&K>, Bound<&K>)>
    where
        K: Ord,
    {
        use Bound::{Excluded, Included, Unbounded};
        let (from, to) = (self.from.as_ref(), self.to.as_ref());
        let inside_out = match (from, to) {
            (Unbounded, _) | (_, Unbounded) => false,
            (Included(a), Included(b)) => a > b,
            (Included(a) | Excluded(a), Included(b) | Excluded(b)) => a >= b,
        };
        (!inside_out).then_some((from, to))
    }

    /// Whether the last one comes first.
    pub(super) fn is_backwards(&self) -> bool {
        self.backwards
    }

    /// How many are wanted at most.
    pub(super) fn most(&self) -> usize {
        self.limit
    }

    /// All that lies within the bounds, in the wanted order.
    pub(super) fn in_order<'i, T: 'i>(
        &self,
        within: impl DoubleEndedIterator<Item = T> + 'i,
    ) -> Box<dyn Iterator<Item = T> + 'i> {
        if self.backwards {
            Box::new(within.rev())
        } else {
            Box::new(within)
        }
    }

    /// The part of `sorted` whose keys are within the bounds.
    pub(super) fn of_sorted<'s, T>(&self, sorted: &'s [T], key: impl Fn(&T) -> Option<&'s K>) -> &'s [T]
    where
        K: Ord + 's,
    {
        let below = |item: &T, bound: &Bound<K>, end: bool| match (key(item), bound) {
            (Some(key), Bound::Included(edge)) => key < edge || (end && key == edge),
            (Some(key), Bound::Excluded(edge)) => key < edge || (!end && key == edge),
            (_, Bound::Unbounded) | (None, _) => end,
        };
        let start = sorted.partition_point(|item| below(item, &self.from, false));
        let end = sorted.partition_point(|item| below(item, &self.to, true));
        sorted.get(start..end).unwrap_or(&[])
    }

    /// Takes from what lies within the bounds as many as wanted, from the wanted end.
    pub(super) fn walk<T, C: FromIterator<T>>(&self, within: impl DoubleEndedIterator<Item = T>) -> C {
        if self.backwards {
            within.rev().take(self.limit).collect()
        } else {
            within.take(self.limit).collect()
        }
    }
}

impl Window<usize> {
    /// The part of a list whose positions are within the bounds. Positions beyond the list select nothing.
    pub(super) fn of_list<'s, T>(&self, list: &'s [T]) -> &'s [T] {
        let start = match self.from {
            Bound::Included(at) => at,
            Bound::Excluded(at) => at.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match self.to {
            Bound::Included(at) => at.saturating_add(1),
            Bound::Excluded(at) => at,
            Bound::Unbounded => list.len(),
        };
        list.get(start..end.min(list.len())).unwrap_or(&[])
    }
}
