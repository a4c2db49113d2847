//! The state of a `for` loop whose body hops.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;

/// The iterator of a `for` loop that hops in its body: it travels with the computation.
///
/// In one process the iterator itself moves. Encoded, it is the list of the items still to come; so an endless iterator
/// can cross a hop only within a process.
pub struct LoopState<I: Iterator> {
    rest: RefCell<Rest<I>>,
}

enum Rest<I: Iterator> {
    Lazy(I),
    Items(std::vec::IntoIter<I::Item>),
}

/// Branches of one computation go on with the loop from the same item.
impl<I: Iterator + Clone> Clone for LoopState<I>
where
    I::Item: Clone,
{
    fn clone(&self) -> Self {
        let rest = match &*self.rest.borrow() {
            Rest::Lazy(items) => Rest::Lazy(items.clone()),
            Rest::Items(items) => Rest::Items(items.clone()),
        };
        LoopState {
            rest: RefCell::new(rest),
        }
    }
}

impl<I: Iterator> LoopState<I> {
    /// The loop over `items`, about to begin.
    pub fn new(items: impl IntoIterator<IntoIter = I>) -> Self {
        LoopState {
            rest: RefCell::new(Rest::Lazy(items.into_iter())),
        }
    }
}

impl<I: Iterator> Iterator for LoopState<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        match self.rest.get_mut() {
            Rest::Lazy(items) => items.next(),
            Rest::Items(items) => items.next(),
        }
    }
}

impl<I: Iterator> Serialize for LoopState<I>
where
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rest = self.rest.borrow_mut();
        if let Rest::Lazy(items) = &mut *rest {
            let items: Vec<I::Item> = items.collect();
            *rest = Rest::Items(items.into_iter());
        }
        match &*rest {
            Rest::Items(items) => items.as_slice().serialize(serializer),
            Rest::Lazy(_) => unreachable!("replaced by its items above"),
        }
    }
}

impl<'de, I: Iterator> Deserialize<'de> for LoopState<I>
where
    I::Item: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<I::Item>::deserialize(deserializer)?;
        Ok(LoopState {
            rest: RefCell::new(Rest::Items(items.into_iter())),
        })
    }
}
