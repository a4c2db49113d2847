//! Writes by a client. They exist for their message: only the topology that owns a PState writes it.

use super::{ListCursor, MapCursor, SetCursor, ValueCursor};
use crate::client::ClientsWrite;
use crate::module::Module;
use crate::pstate::{Keyed, Path, Plain, Remote, Schema, Sequence};

macro_rules! refused {
    ($($cursor:ident<$target:ident: $kind:path> { $($write:ident($($argument:ident: $ty:ty),*)),* $(,)? })*) => {
        $(
            #[allow(missing_docs, clippy::should_implement_trait)]
            impl<M, S, P, $target> $cursor<Remote<M, S>, P>
            where
                M: Module,
                S: Schema,
                P: Path<Root = S, Target = $target>,
                $target: $kind,
            {
                $(
                    #[doc(hidden)]
                    pub fn $write(self, $($argument: $ty),*) -> std::future::Ready<crate::Result<()>>
                    where
                        M: ClientsWrite,
                    {
                        $(drop($argument);)*
                        std::future::ready(Err(crate::Error::ShutDown))
                    }
                )*
            }
        )*
    };
}

refused! {
    ValueCursor<T: Plain> { set(value: T), update(change: impl FnOnce(&mut T)), remove(), next() }
    MapCursor<C: Keyed> { set(value: C::Value), clear() }
    SetCursor<C: Keyed> { set(value: C::Value), insert(element: C::Key), clear() }
    ListCursor<L: Sequence> { set(value: L::Value), push(item: super::super::ItemOf<L>), pop(), clear() }
}
