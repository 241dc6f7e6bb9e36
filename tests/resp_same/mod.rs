//! What it means that the decoder and the oracle, the `redis` crate's parser, read the same. The tests and the fuzzer
//! share it.

use redis::{PushKind, VerbatimFormat};
use resilient_redis::resp::{Kind, Value};

/// The first value of `bytes` as the oracle reads it.
pub fn oracle(bytes: &[u8]) -> redis::RedisResult<redis::Value> {
    redis::Parser::new().parse_value(bytes)
}

/// Are they the same? The oracle has its text made valid UTF-8, and an error's code cut off.
pub fn same(ours: Value<'_>, theirs: &redis::Value) -> bool {
    let text = || String::from_utf8_lossy(ours.as_bytes().unwrap_or_default()).into_owned();
    let all = |ours: &mut dyn Iterator<Item = Value<'_>>, theirs: &mut dyn Iterator<Item = &redis::Value>| loop {
        match (ours.next(), theirs.next()) {
            (None, None) => break true,
            (Some(ours), Some(theirs)) if same(ours, theirs) => {}
            _ => break false,
        }
    };
    let pairs = |pairs: &'_ [(redis::Value, redis::Value)]| {
        pairs.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect::<Vec<_>>()
    };
    match (ours.kind(), theirs) {
        (Kind::Nil, redis::Value::Nil) => true,
        (Kind::Integer, redis::Value::Int(value)) => ours.as_integer() == Some(*value),
        (Kind::Double, redis::Value::Double(value)) => ours.as_double().map(f64::to_bits) == Some(value.to_bits()),
        (Kind::Boolean, redis::Value::Boolean(value)) => ours.as_boolean() == Some(*value),
        (Kind::Status, redis::Value::Okay) => text() == "OK",
        (Kind::Status, redis::Value::SimpleString(theirs)) => text() == *theirs,
        (Kind::Bulk, redis::Value::BulkString(theirs)) => ours.as_bytes() == Some(theirs),
        (Kind::BigNumber, redis::Value::BigNumber(theirs)) => ours.as_bytes() == Some(theirs),
        (Kind::Verbatim, redis::Value::VerbatimString { format, text }) => {
            let format = match format {
                VerbatimFormat::Text => "txt",
                VerbatimFormat::Markdown => "mkd",
                VerbatimFormat::Unknown(format) => format,
                _ => return false,
            };
            let ours = [&ours.format().unwrap_or_default()[..], b":", ours.as_bytes().unwrap_or_default()].concat();
            String::from_utf8_lossy(&ours) == format!("{format}:{text}")
        }
        (Kind::Error, redis::Value::ServerError(theirs)) => {
            let details = theirs.details().map(|details| format!(" {details}")).unwrap_or_default();
            text() == format!("{}{details}", theirs.code())
        }
        (Kind::Array, redis::Value::Array(theirs)) | (Kind::Set, redis::Value::Set(theirs)) => {
            all(&mut ours.iter(), &mut theirs.iter())
        }
        (Kind::Map, redis::Value::Map(theirs)) => all(&mut ours.iter(), &mut pairs(theirs).iter()),
        (Kind::Attribute, redis::Value::Attribute { data, attributes }) => {
            ours.get(0).is_some_and(|ours| same(ours, data))
                && all(&mut ours.iter().skip(1), &mut pairs(attributes).iter())
        }
        (Kind::Push, redis::Value::Push { kind, data }) => {
            let first = ours.get(0).and_then(|kind| kind.as_bytes()).map(String::from_utf8_lossy);
            let kind = if let PushKind::Other(kind) = kind { kind.clone() } else { kind.to_string() };
            first.unwrap_or_default() == kind && all(&mut ours.iter().skip(1), &mut data.iter())
        }
        _ => false,
    }
}
