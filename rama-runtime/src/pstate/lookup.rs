//! Keys, as a caller gives them and as a path holds them.

use super::schema::Key;
use std::any::{Any, TypeId};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::Hash;

/// A form in which a key of type `K` may be given: `str` for `String`, `[T]` for `Vec<T>`, `K` for every `K`.
///
/// Implemented for all `Q` with `K: Borrow<Q>` and `Q: ToOwned<Owned = K> + Hash + Ord`; never by hand.
#[diagnostic::on_unimplemented(
    message = "[RM0010] `{Self}` is not a key here: the keys are `{K}`",
    label = "expected `&{K}`, or what `{K}` borrows as"
)]
pub trait Lookup<K>: Hash + Ord + ToOwned<Owned = K> {
    /// The form of `key`.
    fn of(key: &K) -> &Self;

    /// What `tree` holds for it.
    fn find<'t, V>(&self, tree: &'t BTreeMap<K, V>) -> Option<&'t V>;

    /// What `tree` holds for it.
    fn find_mut<'t, V>(&self, tree: &'t mut BTreeMap<K, V>) -> Option<&'t mut V>;

    /// Takes it out of `tree`.
    fn take<V>(&self, tree: &mut BTreeMap<K, V>) -> Option<(K, V)>;
}

#[diagnostic::do_not_recommend]
impl<K, Q> Lookup<K> for Q
where
    K: Ord + Borrow<Q>,
    Q: Hash + Ord + ToOwned<Owned = K> + ?Sized,
{
    fn of(key: &K) -> &Q {
        key.borrow()
    }

    fn find<'t, V>(&self, tree: &'t BTreeMap<K, V>) -> Option<&'t V> {
        tree.get(self)
    }

    fn find_mut<'t, V>(&self, tree: &'t mut BTreeMap<K, V>) -> Option<&'t mut V> {
        tree.get_mut(self)
    }

    fn take<V>(&self, tree: &mut BTreeMap<K, V>) -> Option<(K, V)> {
        tree.remove_entry(self)
    }
}

/// What an event to come will probably look up: a key, or anything else, which is no use then.
pub trait Foreseen {
    /// It, if it is a `K`.
    fn as_key<K: 'static>(&self) -> Option<&K>;

    /// It, if it is a text and `K` is, too.
    fn as_form_of<K: 'static>(&self) -> Option<&str>;
}

impl<T: 'static> Foreseen for T {
    #[inline(always)]
    fn as_key<K: 'static>(&self) -> Option<&K> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    #[inline(always)]
    fn as_form_of<K: 'static>(&self) -> Option<&str> {
        None
    }
}

impl Foreseen for str {
    #[inline(always)]
    fn as_key<K: 'static>(&self) -> Option<&K> {
        None
    }

    #[inline(always)]
    fn as_form_of<K: 'static>(&self) -> Option<&str> {
        (TypeId::of::<K>() == TypeId::of::<String>()).then_some(self)
    }
}

/// A key as a path holds it: borrowed (`&Q`) where the path is used at once, [`Owned`] where it travels.
pub trait HeldKey<K: Key> {
    /// What it is found by.
    type Form: Lookup<K> + ?Sized;

    /// What it is found by.
    fn form(&self) -> &Self::Form;

    /// The key itself. Cost: a borrowed one is cloned.
    fn into_key(self) -> K;
}

impl<K: Key, Q: Lookup<K> + ?Sized> HeldKey<K> for &Q {
    type Form = Q;

    fn form(&self) -> &Q {
        self
    }

    fn into_key(self) -> K {
        self.to_owned()
    }
}

/// A key that a path owns.
#[derive(Debug, Clone, Copy)]
pub struct Owned<K>(pub K);

impl<K: Key> HeldKey<K> for Owned<K> {
    type Form = K;

    fn form(&self) -> &K {
        &self.0
    }

    fn into_key(self) -> K {
        self.0
    }
}
