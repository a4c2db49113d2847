use super::*;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde::Deserialize;
use serde::de::{self, EnumAccess, IgnoredAny, SeqAccess, VariantAccess, Visitor};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};

/// All kinds of variants, in each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Shape {
    Unit,
    Newtype(Box<Shape>),
    Tuple(Option<String>, i16),
    Struct { inner: Vec<Shape>, tail: u8 },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Account {
    owner: Name,
    nothing: (),
    parts: [Option<u8>; 2],
    limits: BTreeMap<String, i8>,
    open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Name(String);

/// Bytes through `serialize_bytes`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Blob;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// The enum with every index a variant can have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wide(u32, u8);

impl Serialize for Wide {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant("Wide", self.0, "any", &self.1)
    }
}

impl<'de> Deserialize<'de> for Wide {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Wide;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a variant")
            }
            fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Wide, A::Error> {
                struct Index;
                impl Visitor<'_> for Index {
                    type Value = u32;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an index")
                    }
                    fn visit_u32<E>(self, index: u32) -> Result<u32, E> {
                        Ok(index)
                    }
                }
                impl<'de> de::DeserializeSeed<'de> for Index {
                    type Value = u32;
                    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
                        deserializer.deserialize_identifier(self)
                    }
                }
                let (index, variant) = access.variant_seed(Index)?;
                Ok(Wide(index, variant.newtype_variant()?))
            }
        }
        deserializer.deserialize_enum("Wide", &[], Any)
    }
}

/// As deep as its bytes say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

fn tree(depth: u8) -> Tree {
    (1..depth).fold(Tree(Vec::new()), |inner, _| Tree(vec![inner]))
}

fn bytes<K: Serialize + ?Sized>(key: &K) -> Vec<u8> {
    let mut out = Vec::new();
    encode(key, &mut out).unwrap();
    out
}

fn whole<K: DeserializeOwned>(mut bytes: &[u8]) -> Result<K, OrderError> {
    let key = decode(&mut bytes)?;
    assert!(bytes.is_empty(), "{bytes:?} is left");
    Ok(key)
}

/// The bytes that matter are frequent.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0), Just(1), Just(2), Just(0xFE), Just(0xFF), any::<u8>()]
}

fn blob() -> impl Strategy<Value = Vec<u8>> {
    vec(byte(), 0..6)
}

fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        Just('\0'),
        Just('\u{1}'),
        Just('\u{2}'),
        Just('a'),
        Just('\u{ff}'),
        any::<char>()
    ];
    vec(char, 0..6).prop_map(String::from_iter)
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        (proptest::option::of(text()), -2..2i16).prop_map(|(text, number)| Shape::Tuple(text, number)),
    ];
    leaf.prop_recursive(4, 20, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Shape::Newtype(Box::new(inner))),
            (vec(inner, 0..3), byte()).prop_map(|(inner, tail)| Shape::Struct { inner, tail }),
        ]
    })
}

fn account() -> impl Strategy<Value = Account> {
    let part = || proptest::option::of(byte());
    let limits = proptest::collection::btree_map(text(), any::<i8>(), 0..3);
    (text(), part(), part(), limits, any::<bool>()).prop_map(|(owner, first, second, limits, open)| Account {
        owner: Name(owner),
        nothing: (),
        parts: [first, second],
        limits,
        open,
    })
}

/// All that is promised of two keys.
fn holds_by<K: Serialize + DeserializeOwned + Debug>(
    a: &K,
    b: &K,
    compare: impl Fn(&K, &K) -> Ordering,
    tail: &[u8],
) -> TestCaseResult {
    let order = compare(a, b);
    let (first, second) = (bytes(a), bytes(b));
    prop_assert_eq!(first.cmp(&second), order, "{:?} {:?}", a, b);
    if order != Ordering::Equal {
        prop_assert!(
            !first.starts_with(&second) && !second.starts_with(&first),
            "{:?} {:?}",
            a,
            b
        );
    }
    for (key, encoded) in [(a, &first), (b, &second)] {
        let long = [encoded, tail].concat();
        let mut input = &long[..];
        let decoded: K = decode(&mut input).unwrap();
        prop_assert_eq!(compare(&decoded, key), Ordering::Equal, "{:?} {:?}", decoded, key);
        prop_assert_eq!(input, tail);
        for end in 0..encoded.len() {
            let mut input = &encoded[..end];
            prop_assert_eq!(decode::<K>(&mut input).unwrap_err(), OrderError::Short);
            prop_assert_eq!(input.len(), end);
        }
    }
    Ok(())
}

fn holds<K: Serialize + DeserializeOwned + Debug + Ord>(pair: &(K, K), tail: &[u8]) -> TestCaseResult {
    holds_by(&pair.0, &pair.1, K::cmp, tail)
}

fn twice<S: Strategy>(strategy: impl Fn() -> S) -> impl Strategy<Value = (S::Value, S::Value)> {
    (strategy(), strategy())
}

proptest! {
    #[test]
    fn unsigned_numbers_hold(small in twice(byte), a: (u16, u32, u64, u128), b: (u16, u32, u64, u128), shift in 0..64u32, tail in blob()) {
        holds(&small, &tail)?;
        holds(&(a.0, b.0), &tail)?;
        holds(&(a.1, b.1), &tail)?;
        holds(&(a.2 >> shift, b.2 >> shift), &tail)?;
        holds(&(a.3 >> shift, b.3), &tail)?;
        holds(&(a, b), &tail)?;
    }

    #[test]
    fn signed_numbers_hold(a: (i8, i16, i32, i64, i128), b: (i8, i16, i32, i64, i128), shift in 0..64u32, tail in blob()) {
        holds(&(a.0, b.0), &tail)?;
        holds(&(a.1, b.1), &tail)?;
        holds(&(a.2, b.2), &tail)?;
        holds(&(a.3 >> shift, b.3 >> shift), &tail)?;
        holds(&(a.4 >> shift, b.4 >> shift), &tail)?;
        holds(&(a, b), &tail)?;
    }

    #[test]
    fn floats_hold_in_total_order(a: u64, b: u64, tail in blob()) {
        let special = [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MIN_POSITIVE, -1.0];
        for a in special.into_iter().chain([f64::from_bits(a)]) {
            for b in special.into_iter().chain([f64::from_bits(b)]) {
                holds_by(&a, &b, f64::total_cmp, &tail)?;
                holds_by(&(a as f32), &(b as f32), f32::total_cmp, &tail)?;
            }
        }
        holds_by(&f32::from_bits(a as u32), &f32::from_bits(b as u32), f32::total_cmp, &tail)?;
    }

    #[test]
    fn chars_bools_and_options_hold(chars: (char, char), bools: (bool, bool), a: Option<i32>, b: Option<i32>, tail in blob()) {
        holds(&chars, &tail)?;
        holds(&bools, &tail)?;
        holds(&(a, b), &tail)?;
        holds(&(Some(a), b.map(Some)), &tail)?;
    }

    #[test]
    fn texts_and_bytes_hold(texts in twice(text), blobs in twice(blob), long in twice(|| vec(text(), 0..40)), tail in blob()) {
        holds(&texts, &tail)?;
        holds(&blobs, &tail)?;
        holds(&(Blob(blobs.0), Blob(blobs.1)), &tail)?;
        holds(&(long.0.concat(), long.1.concat()), &tail)?;
    }

    #[test]
    fn sequences_sets_and_maps_hold(
        texts in twice(|| vec(text(), 0..4)),
        sets in twice(|| btree_set(byte(), 0..4)),
        maps in twice(|| proptest::collection::btree_map(text(), byte(), 0..4)),
        units in twice(|| vec(Just(()), 0..4)),
        tail in blob(),
    ) {
        holds(&texts, &tail)?;
        holds(&sets, &tail)?;
        holds(&maps, &tail)?;
        holds(&units, &tail)?;
    }

    #[test]
    fn tuples_hold(numbers in twice(|| (0..3u64, text())), blobs in twice(|| (blob(), byte())), arrays: ([i8; 3], [i8; 3]), tail in blob()) {
        holds(&numbers, &tail)?;
        holds(&blobs, &tail)?;
        holds(&arrays, &tail)?;
        holds(&((), ()), &tail)?;
    }

    #[test]
    fn structs_and_enums_hold(accounts in twice(account), shapes in twice(shape), indexes in twice(|| (250..260u32, byte())), far: (u32, u32), tail in blob()) {
        holds(&accounts, &tail)?;
        holds(&shapes, &tail)?;
        holds(&(Wide(indexes.0.0, indexes.0.1), Wide(indexes.1.0, indexes.1.1)), &tail)?;
        holds(&(Wide(far.0, 0), Wide(far.1, 0)), &tail)?;
    }

    #[test]
    fn one_behind_the_other_they_are_the_tuple(pair in twice(|| (text(), blob(), shape(), 0..2u8))) {
        let joined = |key: &(String, Vec<u8>, Shape, u8)| [bytes(&key.0), bytes(&key.1), bytes(&key.2), bytes(&key.3)].concat();
        prop_assert_eq!(joined(&pair.0), bytes(&pair.0));
        prop_assert_eq!(joined(&pair.0).cmp(&joined(&pair.1)), pair.0.cmp(&pair.1));
    }

    #[test]
    fn any_bytes_are_a_key_or_an_error(input in vec(prop_oneof![4 => 0..4u8, 1 => byte()], 0..40)) {
        fn one<K: Serialize + DeserializeOwned>(input: &[u8], canonical: bool) -> TestCaseResult {
            let mut rest = input;
            match decode::<K>(&mut rest) {
                // Whatever is decoded has these bytes and no others.
                Ok(key) if canonical => prop_assert_eq!(bytes(&key), &input[..input.len() - rest.len()]),
                Ok(_) => {}
                Err(_) => prop_assert_eq!(rest, input),
            }
            Ok(())
        }
        one::<bool>(&input, true)?;
        one::<char>(&input, true)?;
        one::<(u8, i16, u32, i64)>(&input, true)?;
        one::<i128>(&input, true)?;
        one::<(f64, f32)>(&input, true)?;
        one::<(u64, String)>(&input, true)?;
        one::<Vec<String>>(&input, true)?;
        one::<Vec<Vec<()>>>(&input, true)?;
        one::<Blob>(&input, true)?;
        one::<Option<Option<u8>>>(&input, true)?;
        one::<Shape>(&input, true)?;
        one::<Wide>(&input, true)?;
        one::<Tree>(&input, true)?;
        // Elements may come in any order, and twice.
        one::<Account>(&input, false)?;
        one::<BTreeSet<u8>>(&input, false)?;
    }

    #[test]
    fn behind_a_prefix_is_the_end_of_its_range(prefix in blob(), other in blob()) {
        let end = behind(&prefix);
        let below = end.as_ref().is_none_or(|end| other < *end);
        prop_assert_eq!(other.starts_with(&prefix), other >= prefix && below);
        let beyond = [&prefix[..], &[0xFF; 9]].concat();
        prop_assert!(end.is_none_or(|end| beyond < end));
    }
}

/// The format: these bytes never change.
#[test]
fn the_bytes_are_those_of_the_test_vectors() {
    let shape = Shape::Struct {
        inner: vec![Shape::Newtype(Box::new(Shape::Unit)), Shape::Tuple(None, -1)],
        tail: 9,
    };
    let account = Account {
        owner: Name("bo".into()),
        nothing: (),
        parts: [Some(5), None],
        limits: BTreeMap::from([("x".into(), -1), (String::new(), 1)]),
        open: true,
    };
    let vectors: &[(&str, Vec<u8>, &[u8])] = &[
        ("false", bytes(&false), &[0]),
        ("true", bytes(&true), &[1]),
        ("200u8", bytes(&200u8), &[200]),
        ("300u16", bytes(&300u16), &[1, 0x2C]),
        ("300u32", bytes(&300u32), &[0, 0, 1, 0x2C]),
        ("300u64", bytes(&300u64), &[0, 0, 0, 0, 0, 0, 1, 0x2C]),
        ("300usize", bytes(&300usize), &[0, 0, 0, 0, 0, 0, 1, 0x2C]),
        (
            "300u128",
            bytes(&300u128),
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x2C],
        ),
        ("-1i8", bytes(&-1i8), &[0x7F]),
        ("-2i16", bytes(&-2i16), &[0x7F, 0xFE]),
        ("0i32", bytes(&0i32), &[0x80, 0, 0, 0]),
        ("300i64", bytes(&300i64), &[0x80, 0, 0, 0, 0, 0, 1, 0x2C]),
        ("i64::MIN", bytes(&i64::MIN), &[0; 8]),
        (
            "0i128",
            bytes(&0i128),
            &[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        ("1.0f32", bytes(&1.0f32), &[0xBF, 0x80, 0, 0]),
        ("-1.0f32", bytes(&-1.0f32), &[0x40, 0x7F, 0xFF, 0xFF]),
        ("0.0f64", bytes(&0.0f64), &[0x80, 0, 0, 0, 0, 0, 0, 0]),
        (
            "-0.0f64",
            bytes(&-0.0f64),
            &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ),
        ("char", bytes(&'\u{1F600}'), &[1, 0xF6, 0]),
        ("empty text", bytes(""), &[0]),
        ("be", bytes("be"), &[b'b', b'e', 0]),
        ("text with low bytes", bytes("\0a\u{1}\u{2}"), &[1, 1, b'a', 1, 2, 2, 0]),
        ("bytes", bytes(&Blob(vec![0xFF, 0, 1, 7])), &[0xFF, 1, 1, 1, 2, 7, 0]),
        ("Vec<u8>", bytes(&vec![0u8, 0xFF]), &[1, 0, 1, 0xFF, 0]),
        ("empty sequence", bytes(&Vec::<u64>::new()), &[0]),
        ("None", bytes(&None::<u8>), &[0]),
        ("Some(7)", bytes(&Some(7u8)), &[1, 7]),
        ("unit", bytes(&()), &[]),
        ("(be, 7)", bytes(&("be", 7u8)), &[b'b', b'e', 0, 7]),
        ("[u8; 2]", bytes(&[0u8, 1]), &[0, 1]),
        (
            "map",
            bytes(&BTreeMap::from([(1u8, "a"), (2, "")])),
            &[1, 1, b'a', 0, 1, 2, 0, 0],
        ),
        ("variant 254", bytes(&Wide(254, 5)), &[254, 5]),
        ("variant 255", bytes(&Wide(255, 5)), &[255, 0, 0, 0, 255, 5]),
        ("enum", bytes(&shape), &[3, 1, 1, 0, 1, 2, 0, 0x7F, 0xFF, 0, 9]),
        (
            "struct",
            bytes(&account),
            &[b'b', b'o', 0, 1, 5, 0, 1, 0, 0x81, 1, b'x', 0, 0x7F, 0, 1],
        ),
    ];
    for (name, bytes, expected) in vectors {
        assert_eq!(bytes, expected, "{name}");
    }
    assert_eq!(whole(&bytes(&shape)), Ok(shape));
    assert_eq!(whole(&bytes(&account)), Ok(account));
}

#[test]
fn what_borrows_a_key_has_its_bytes() {
    assert_eq!(bytes("to be"), bytes(&String::from("to be")));
    assert_eq!(bytes(&[1u8, 2][..]), bytes(&vec![1u8, 2]));
    assert_eq!(bytes(&Box::new(7u64)), bytes(&&7u64));
}

#[test]
fn bytes_that_are_no_encoding_are_refused() {
    assert_eq!(whole::<bool>(&[2]), Err(OrderError::Malformed("a bool")));
    assert_eq!(whole::<Option<u8>>(&[2, 0]), Err(OrderError::Malformed("an option")));
    assert_eq!(whole::<char>(&[0, 0xD8, 0]), Err(OrderError::Malformed("a char")));
    assert_eq!(whole::<char>(&[0xFF; 3]), Err(OrderError::Malformed("a char")));
    assert_eq!(whole::<String>(&[0xFF, 0]), Err(OrderError::Malformed("a text")));
    assert_eq!(whole::<String>(&[1, 0]), Err(OrderError::Malformed("an escaped byte")));
    assert_eq!(
        whole::<String>(&[1, 3, 0]),
        Err(OrderError::Malformed("an escaped byte"))
    );
    assert_eq!(whole::<Vec<u8>>(&[2]), Err(OrderError::Malformed("a sequence or map")));
    assert_eq!(
        whole::<Wide>(&[0xFF, 0, 0, 0, 7, 0]),
        Err(OrderError::Malformed("a variant's index"))
    );
    assert!(matches!(whole::<Shape>(&[4]), Err(OrderError::Key(_))));
    assert!(matches!(whole::<std::num::NonZeroU8>(&[0]), Err(OrderError::Key(_))));
}

#[test]
fn depth_is_bounded() {
    let deepest = tree(DEPTH);
    assert_eq!(whole(&bytes(&deepest)), Ok(deepest));
    let mut out = vec![7];
    assert_eq!(encode(&tree(DEPTH + 1), &mut out), Err(OrderError::Deep));
    assert_eq!(out, [7]);
    assert_eq!(whole::<Tree>(&[1; 1_000_000]), Err(OrderError::Deep));
    assert_eq!(whole::<Shape>(&[1; 1_000_000]), Err(OrderError::Deep));
}

/// What the decoder says of how many elements or fields come; none is read. A sequence if `FIELDS` is 0, else a tuple.
#[derive(Debug, PartialEq)]
struct Hint<const FIELDS: usize>(Option<usize>);

impl<'de, const FIELDS: usize> Deserialize<'de> for Hint<FIELDS> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Asks<const FIELDS: usize>;
        impl<'de, const FIELDS: usize> Visitor<'de> for Asks<FIELDS> {
            type Value = Hint<FIELDS>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence or tuple")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
                Ok(Hint(elements.size_hint()))
            }
        }
        if FIELDS == 0 {
            deserializer.deserialize_seq(Asks)
        } else {
            deserializer.deserialize_tuple(FIELDS, Asks)
        }
    }
}

#[test]
fn no_length_is_told_and_nothing_is_left_unread() {
    assert_eq!(whole(&bytes(&[0u8; 0][..])), Ok(Hint::<0>(None)));
    assert_eq!(
        whole::<Hint<0>>(&bytes(&[7u8][..])),
        Err(OrderError::Malformed("a sequence"))
    );
    assert_eq!(
        whole::<Hint<2>>(&bytes(&[7u8, 8])),
        Err(OrderError::Malformed("a tuple"))
    );
}

#[test]
fn types_without_an_encoding_are_refused() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Gaps {
        before: u8,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<u8>,
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u8),
    }
    let mut out = vec![7];
    assert_eq!(
        encode(&Gaps { before: 1, maybe: None }, &mut out),
        Err(OrderError::LeftOut("maybe"))
    );
    assert_eq!(out, [7]);
    let encoded = bytes(&Gaps {
        before: 1,
        maybe: Some(2),
    });
    let Gaps {
        before: 1,
        maybe: Some(2),
    } = whole(&encoded).unwrap()
    else {
        panic!("another value")
    };
    let untold = whole::<Either>(&bytes(&Either::Number(1))).unwrap_err();
    assert_eq!(untold, OrderError::Untold("deserialize_any"));
    assert_eq!(
        whole::<IgnoredAny>(&[0]),
        Err(OrderError::Untold("deserialize_ignored_any"))
    );
}
