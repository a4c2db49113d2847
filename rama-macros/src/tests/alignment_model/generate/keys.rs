//! Accesses and hops: mostly by what the computation is partitioned by.

use super::super::program::*;
use super::Generator;

impl Generator {
    pub(super) fn pstate(&mut self, partition: Partition) -> usize {
        self.pstates.push(partition);
        self.pstates.len() - 1
    }

    /// What the computation was last partitioned by, if it can still be named.
    pub(super) fn valid_witness(&self) -> Option<(Place, Type)> {
        let (place, of) = self.witness.clone()?;
        self.is_place(&place, of).then_some((place, of))
    }

    pub(super) fn is_place(&self, place: &Place, of: Type) -> bool {
        let places = self.places(Some(of), false);
        places
            .iter()
            .any(|(other, _)| other.root == place.root && other.path == place.path)
    }

    /// What the witness is a field of.
    pub(super) fn around_witness(&self) -> Option<(Place, Type)> {
        let (mut place, _) = self.valid_witness()?;
        place.path.pop()?;
        let types = [Type::Pair, Type::Inner, Type::Record];
        let of = types.into_iter().find(|of| self.is_place(&place, *of))?;
        Some((place, of))
    }

    /// A key, and how a PState is partitioned by such.
    pub(super) fn key(&mut self) -> (Expr, Partition) {
        let witness = self.valid_witness();
        if let Some(recent) = self.recent.clone()
            && self.is_place(&recent, Type::Text)
            && self.random.percent(30)
        {
            return (Expr::Place(recent), Partition::ByKey);
        }
        if let Some((place, of)) = witness
            && self.random.percent(50)
        {
            let key = Expr::Place(place);
            return match (of, self.random.below(10)) {
                (Type::Text, 0) => {
                    let other = self.expr(Type::Text, 0, false);
                    (Expr::Tuple(vec![key, other]), Partition::ByFirst)
                }
                (Type::Text, 1) => {
                    let other = self.expr(Type::Text, 0, false);
                    (Expr::Tuple(vec![other, key]), Partition::BySecond)
                }
                (Type::Pair, 0..3) => (key, Partition::ByReturn),
                (_, 3) => (Expr::Same(Same::Clone, Box::new(key)), Partition::ByKey),
                _ => (key, Partition::ByKey),
            };
        }
        match self.random.below(12) {
            0 | 1 => {
                let by = self.random.of(&[
                    Partition::ByFirst,
                    Partition::BySecond,
                    Partition::Swapped,
                    Partition::ByReturn,
                    Partition::ByKey,
                ]);
                (self.expr(Type::Pair, 1, false), by)
            }
            2 => (self.expr(Type::Inner, 1, false), Partition::ByKey),
            3 => {
                let by = self.random.of(&[Partition::ByFunction, Partition::ByCode]);
                (self.expr(Type::Text, 0, false), by)
            }
            4 => (self.expr(Type::Text, 0, false), Partition::Global),
            5 => (self.expr(Type::Text, 2, false), Partition::ByKey),
            6 => (self.expr(Type::Maybe, 1, false), Partition::ByKey),
            _ => (self.expr(Type::Text, 0, false), Partition::ByKey),
        }
    }

    pub(super) fn access(&mut self) -> Stmt {
        let (key, partition) = self.key();
        let site = self.pstate(partition);
        use Touch::*;
        Stmt::Access {
            site,
            key,
            touch: self
                .random
                .of(&[Set, Set, Set, Get, Update, Contains, Renamed, Printed, InMacro]),
        }
    }

    pub(super) fn hop(&mut self) -> Stmt {
        let hop = match self.random.below(24) {
            0..14 => {
                let places = self.places(None, false);
                let keys: Vec<_> = places
                    .into_iter()
                    .filter(|(_, of)| matches!(of, Type::Text | Type::Pair | Type::Inner | Type::Maybe))
                    .collect();
                let texts: Vec<_> = keys.iter().filter(|(_, of)| *of == Type::Text).cloned().collect();
                let mut keys = if self.random.percent(80) && !texts.is_empty() {
                    texts
                } else {
                    keys
                };
                if self.random.percent(60) {
                    // What may change later.
                    let mutable = self.places(None, true);
                    let may_change = |place: &Place| mutable.iter().any(|(other, _)| other.root == place.root);
                    let changing: Vec<_> = keys.iter().filter(|(place, _)| may_change(place)).cloned().collect();
                    if !changing.is_empty() {
                        keys = changing;
                    }
                }
                if keys.is_empty() {
                    Hop::Hash(Expr::Constant)
                } else {
                    let (place, of) = self.random.of(&keys);
                    self.witness = Some((place.clone(), of));
                    Hop::Hash(Expr::Place(place))
                }
            }
            14 => Hop::Hash(self.expr(Type::Text, 2, true)),
            15 => Hop::Hash(self.expr(Type::Pair, 1, false)),
            16 | 17 => {
                let (key, partition) = self.key();
                if let Expr::Place(place) = &key {
                    self.witness = Some((place.clone(), Type::Text));
                }
                Hop::Path(self.pstate(partition), key)
            }
            18 => Hop::Global,
            19 => Hop::Shuffle,
            20 => Hop::All,
            21 => Hop::Direct(self.random.below(2) as u32),
            22 => Hop::DirectTo(self.expr(Type::Text, 0, false)),
            _ => Hop::Custom,
        };
        Stmt::Hop(hop)
    }

    pub(super) fn target(&mut self, of: Type) -> Option<Target> {
        let place = |this: &mut Self, of| {
            let place = this.place(of, true);
            place.map_or(Target::Skip, Target::Place)
        };
        if of == Type::Pair && self.random.percent(60) {
            let target = match self.random.below(6) {
                5 => Target::Tuple(vec![None, Some(place(self, Type::Text)), Some(Target::Skip)]),
                0 => Target::Tuple(vec![None, Some(place(self, Type::Text))]),
                1 => Target::Tuple(vec![Some(place(self, Type::Text)), None]),
                2 => Target::Slice(vec![place(self, Type::Text), Target::Skip]),
                _ => Target::Tuple(vec![Some(place(self, Type::Text)), Some(Target::Skip)]),
            };
            return Some(target);
        }
        if of == Type::Inner && self.random.percent(50) {
            let member = self.random.of(&["a", "b"]);
            return Some(Target::Struct("Inner", vec![(member, place(self, Type::Text))]));
        }
        self.place(of, true).map(Target::Place)
    }
}
