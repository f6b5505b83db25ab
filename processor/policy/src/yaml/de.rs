//! From tree to typed values, by serde: each scalar as the text it was written as, each fault with
//! the node at which it came up.

use super::shape::Required;
use super::{Entry, Node, Scalar, Value, spanned};
use serde::de::value::UsizeDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use std::fmt;

/// Why a tree is not what was asked for.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) place: Option<Place>,
}

/// What is wrong.
#[derive(Debug)]
pub(crate) enum FaultKind {
    /// A key that the mapping does not have.
    UnknownField { name: String, known: &'static [&'static str] },
    /// A word that is none of those known.
    UnknownWord { word: String, known: &'static [&'static str] },
    /// Keys that must be there.
    Missing(Vec<String>),
    /// Anything else. A second line says what would be right.
    Wrong(String),
}

/// Where a fault lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// At the key whose value is this node.
    KeyOf(usize),
    /// At this node.
    Node(usize),
}

impl Fault {
    fn wrong(message: String) -> Self {
        Self { kind: FaultKind::Wrong(message), place: None }
    }

    /// The fault, placed here unless it came up further in.
    fn at(self, place: Place) -> Self {
        Self { place: self.place.or(Some(place)), ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::wrong(message.to_string())
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Self { kind: FaultKind::UnknownField { name: name.to_owned(), known }, place: None }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self { kind: FaultKind::UnknownWord { word: word.to_owned(), known }, place: None }
    }

    fn missing_field(name: &'static str) -> Self {
        Self { kind: FaultKind::Missing(vec![name.to_owned()]), place: None }
    }
}

/// A node to be read.
#[derive(Clone, Copy)]
pub(crate) struct De<'de> {
    node: &'de Node,
    required: &'de Required,
}

type Read<T> = Result<T, Fault>;

impl<'de> De<'de> {
    pub(crate) fn new(node: &'de Node, required: &'de Required) -> Self {
        Self { node, required }
    }

    fn inner(self, node: &'de Node) -> Self {
        Self { node, ..self }
    }

    fn here<T>(self, read: Read<T>) -> Read<T> {
        read.map_err(|fault| fault.at(Place::Node(self.node.id)))
    }

    fn unexpected<T>(self, wanted: &str) -> Read<T> {
        self.here(Err(Fault::wrong(format!("{wanted} is wanted here, not {}", self.node.described()))))
    }

    fn scalar(self, wanted: &str) -> Read<&'de Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) if !scalar.is_null() => Ok(scalar),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => self.unexpected(wanted),
        }
    }

    fn number<T: std::str::FromStr>(self) -> Read<T> {
        let scalar = self.scalar("a whole number")?;
        match scalar.text.parse() {
            Ok(number) => Ok(number),
            Err(_) => self.unexpected("a whole number"),
        }
    }

    fn map(self) -> Read<&'de [Entry]> {
        match &self.node.value {
            Value::Map(entries) => Ok(entries),
            Value::Scalar(_) | Value::List(_) => self.unexpected("a mapping"),
        }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            self.here(visitor.$visit(self.number()?))
        }
    )+};
}

macro_rules! texts {
    ($($method:ident),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
            let scalar = self.scalar("a value")?;
            self.here(visitor.visit_borrowed_str(&scalar.text))
        }
    )+};
}

macro_rules! not_in_files {
    ($($method:ident($($argument:ty),*)),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, $(_: $argument,)* _: V) -> Read<V::Value> {
            Err(Fault::wrong(concat!("the formats use no ", stringify!($method)).to_owned()))
        }
    )+};
}

impl<'de> Deserializer<'de> for De<'de> {
    type Error = Fault;

    numbers! {
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32,
        deserialize_i64 visit_i64, deserialize_u8 visit_u8, deserialize_u16 visit_u16,
        deserialize_u32 visit_u32, deserialize_u64 visit_u64,
    }
    texts!(deserialize_str, deserialize_string, deserialize_identifier);
    not_in_files! {
        deserialize_f32(), deserialize_f64(), deserialize_char(), deserialize_bytes(),
        deserialize_byte_buf(), deserialize_unit(), deserialize_unit_struct(&'static str),
        deserialize_tuple(usize), deserialize_tuple_struct(&'static str, usize),
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match &self.node.value {
            Value::Scalar(_) => self.deserialize_str(visitor),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.scalar("true or false")?.text.as_str() {
            "true" => self.here(visitor.visit_bool(true)),
            "false" => self.here(visitor.visit_bool(false)),
            _ => self.unexpected("true or false"),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match &self.node.value {
            Value::Scalar(scalar) if scalar.is_null() => self.here(visitor.visit_none()),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => self.here(visitor.visit_some(self)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Read<V::Value> {
        if name != spanned::NAME {
            return self.here(visitor.visit_newtype_struct(self));
        }
        let span = self.node.span;
        let damaged = usize::from(self.node.is_damaged());
        let numbers = [span.line, span.column, span.start, span.length, damaged].into_iter();
        self.here(visitor.visit_seq(Parts { numbers, value: Some(Part::Node(self)) }))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match &self.node.value {
            Value::List(items) => self.here(visitor.visit_seq(Items { of: self, items: items.iter() })),
            Value::Scalar(_) | Value::Map(_) => self.unexpected("a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let entries = self.map()?.iter();
        self.here(visitor.visit_map(Entries { of: self, entries, value: None }))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        let entries = self.map()?.iter();
        let read = visitor.visit_map(Entries { of: self, entries, value: None });
        self.here(read.map_err(|fault| match fault {
            Fault { kind: FaultKind::Missing(fields), place: None } => {
                Fault { kind: FaultKind::Missing(self.required.absent(name, self.node, fields)), place: None }
            }
            other => other,
        }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match &self.node.value {
            Value::Scalar(_) => {
                let word = &self.scalar("a word")?.text;
                self.here(visitor.visit_enum(Choice {
                    of: self,
                    word,
                    place: Place::Node(self.node.id),
                    content: None,
                }))
            }
            Value::Map(entries) => match entries.as_slice() {
                [Entry { key, value, .. }] => {
                    let place = Place::KeyOf(value.id);
                    self.here(visitor.visit_enum(Choice { of: self, word: key, place, content: Some(value) }))
                }
                _ => {
                    let known = words.join("`, `");
                    self.here(Err(Fault::wrong(format!("one key is wanted here, one of `{known}`"))))
                }
            },
            Value::List(_) => self.unexpected("one value"),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_unit()
    }
}

/// A key, whose faults lie at itself.
struct KeyDe<'de> {
    entry: &'de Entry,
}

impl<'de> KeyDe<'de> {
    fn here<T>(&self, read: Read<T>) -> Read<T> {
        read.map_err(|fault| fault.at(Place::KeyOf(self.entry.value.id)))
    }
}

impl<'de> Deserializer<'de> for KeyDe<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.here(visitor.visit_borrowed_str(&self.entry.key))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Read<V::Value> {
        if name != spanned::NAME {
            return visitor.visit_newtype_struct(self);
        }
        let span = self.entry.key_span;
        let numbers = [span.line, span.column, span.start, span.length, 0].into_iter();
        self.here(visitor.visit_seq(Parts { numbers, value: Some(Part::Key(self.entry)) }))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A place in numbers and whether it is damaged, then the value that lies there: what [`super::Spanned`] reads.
struct Parts<'de> {
    numbers: std::array::IntoIter<usize, 5>,
    value: Option<Part<'de>>,
}

enum Part<'de> {
    Node(De<'de>),
    Key(&'de Entry),
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if let Some(number) = self.numbers.next() {
            let number: UsizeDeserializer<Fault> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        match self.value.take() {
            Some(Part::Node(de)) => seed.deserialize(de).map(Some),
            Some(Part::Key(entry)) => seed.deserialize(KeyDe { entry }).map(Some),
            None => Ok(None),
        }
    }
}

struct Items<'de> {
    of: De<'de>,
    items: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let de = self.of.inner(item);
        de.here(seed.deserialize(de)).map(Some)
    }
}

struct Entries<'de> {
    of: De<'de>,
    entries: std::slice::Iter<'de, Entry>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.value);
        let place = Place::KeyOf(entry.value.id);
        seed.deserialize(KeyDe { entry }).map(Some).map_err(|fault| fault.at(place))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        let Some(node) = self.value.take() else {
            return Err(Fault::wrong("a value is read before its key".to_owned()));
        };
        let de = self.of.inner(node);
        de.here(seed.deserialize(de))
    }
}

/// One of several words, with what is said of it.
struct Choice<'de> {
    of: De<'de>,
    word: &'de str,
    place: Place,
    content: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Self)> {
        let word: de::value::BorrowedStrDeserializer<'_, Fault> =
            de::value::BorrowedStrDeserializer::new(self.word);
        let variant = seed.deserialize(word).map_err(|fault| fault.at(self.place))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Read<()> {
        match self.content {
            None => Ok(()),
            Some(_) => {
                Err(Fault::wrong(format!("`{}` stands alone, nothing follows it", self.word)).at(self.place))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        let Some(node) = self.content else {
            return Err(Fault::wrong(format!("`{}` needs its fields: `{}: {{ … }}`", self.word, self.word))
                .at(self.place));
        };
        let de = self.of.inner(node);
        de.here(seed.deserialize(de))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Read<V::Value> {
        self.struct_variant(&[], visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Read<V::Value> {
        Err(Fault::wrong("the formats use no such variants".to_owned()))
    }
}
