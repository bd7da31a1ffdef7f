//! Between lines of JSON and the types of the SDK.

use std::collections::HashMap;

use aws_sdk_kms::error::BuildError;
use aws_sdk_kms::primitives::{Blob, DateTime};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde_json::{json, Map, Value};

/// Why a request cannot be made.
pub enum Trouble {
    /// This version of the SDK has no such operation or member.
    Unknown(String),
    Wrong(String),
}

fn wrong<T>(value: &Value, wanted: &str) -> Result<T, Trouble> {
    Err(Trouble::Wrong(format!("{value} is no {wanted}")))
}

pub fn object(value: Value) -> Result<Map<String, Value>, Trouble> {
    match value {
        Value::Object(members) => Ok(members),
        other => wrong(&other, "object"),
    }
}

/// What is left of a request when every member the SDK has was taken.
pub fn rest(members: Map<String, Value>) -> Result<(), Trouble> {
    match members.keys().next() {
        Some(name) => Err(Trouble::Unknown(format!("member {name}"))),
        None => Ok(()),
    }
}

pub fn put(members: &mut Map<String, Value>, name: &str, value: &impl ToJson) {
    let value = value.to();
    if !value.is_null() {
        members.insert(name.to_string(), value);
    }
}

/// What build() of a builder gives: the structure, or a word about what it lacks.
pub trait Finish<T> {
    fn finish(self) -> Result<T, Trouble>;
}

impl<T> Finish<T> for T {
    fn finish(self) -> Result<T, Trouble> {
        Ok(self)
    }
}

impl<T> Finish<T> for Result<T, BuildError> {
    fn finish(self) -> Result<T, Trouble> {
        self.map_err(|lack| Trouble::Wrong(lack.to_string()))
    }
}

pub trait FromJson: Sized {
    fn read(value: Value) -> Result<Self, Trouble>;
}

pub trait ToJson {
    /// Null is absent.
    fn to(&self) -> Value;
}

impl FromJson for String {
    fn read(value: Value) -> Result<Self, Trouble> {
        match value {
            Value::String(text) => Ok(text),
            other => wrong(&other, "string"),
        }
    }
}

impl FromJson for bool {
    fn read(value: Value) -> Result<Self, Trouble> {
        value.as_bool().map_or_else(|| wrong(&value, "boolean"), Ok)
    }
}

impl FromJson for i32 {
    fn read(value: Value) -> Result<Self, Trouble> {
        let number = value.as_i64().and_then(|n| i32::try_from(n).ok());
        number.map_or_else(|| wrong(&value, "integer"), Ok)
    }
}

impl FromJson for Blob {
    fn read(value: Value) -> Result<Self, Trouble> {
        let raw = value["$b64"].as_str().and_then(|text| STANDARD.decode(text).ok());
        raw.map_or_else(|| wrong(&value, "blob"), |raw| Ok(Blob::new(raw)))
    }
}

impl FromJson for DateTime {
    fn read(value: Value) -> Result<Self, Trouble> {
        let seconds = value["$time"].as_f64();
        seconds
            .map_or_else(|| wrong(&value, "time"), |s| Ok(DateTime::from_secs_f64(s)))
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(value: Value) -> Result<Self, Trouble> {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            other => wrong(&other, "list"),
        }
    }
}

impl<T: FromJson> FromJson for HashMap<String, T> {
    fn read(value: Value) -> Result<Self, Trouble> {
        let pairs = object(value)?.into_iter();
        pairs.map(|(name, item)| Ok((name, T::read(item)?))).collect()
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to)
    }
}

impl ToJson for String {
    fn to(&self) -> Value {
        json!(self)
    }
}

impl ToJson for bool {
    fn to(&self) -> Value {
        json!(self)
    }
}

impl ToJson for i32 {
    fn to(&self) -> Value {
        json!(self)
    }
}

impl ToJson for Blob {
    fn to(&self) -> Value {
        json!({"$b64": STANDARD.encode(self)})
    }
}

impl ToJson for DateTime {
    fn to(&self) -> Value {
        json!({"$time": self.as_secs_f64()})
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to(&self) -> Value {
        self.iter().map(T::to).collect()
    }
}

impl<T: ToJson> ToJson for HashMap<String, T> {
    fn to(&self) -> Value {
        let pairs = self.iter();
        Value::Object(pairs.map(|(name, item)| (name.clone(), item.to())).collect())
    }
}

/// An enumeration takes any word, so that the service can refuse one.
#[macro_export]
macro_rules! enumeration {
    ($name:ident) => {
        impl FromJson for types::$name {
            fn read(value: Value) -> Result<Self, Trouble> {
                let word: String = FromJson::read(value)?;
                Ok(types::$name::from(word.as_str()))
            }
        }
        impl ToJson for types::$name {
            fn to(&self) -> Value {
                json!(self.as_str())
            }
        }
    };
}
