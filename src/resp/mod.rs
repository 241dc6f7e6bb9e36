//! The protocol layer: RESP2 and RESP3 between an argv and bytes, and between bytes and a flat reply.
//!
//! Pure computation without I/O, locks or clocks: whichever thread holds a connection's writer or reader role runs it.
//! It never interprets a command or a reply; what they mean is for the layers above.
//!
//! | file | owns |
//! |---|---|
//! | `encode` | a command's bytes, and back |
//! | `decode` | the resumable decoder: bytes in any pieces to replies |
//! | `unfinished` | what has come of a reply so far, and how a reply is made of it |
//! | `token` | one header line: which type, which number or text |
//! | `number` | decimal numbers on a header line |
//! | `fault` | what was wrong with a server's bytes |
//! | `reply` | the reply: a node array and one payload |
//! | `node` | one value of a reply |
//! | `value` | the view through which a reply is read |

mod decode;
mod encode;
mod fault;
mod node;
mod number;
mod reply;
mod token;
mod unfinished;
mod value;

pub use decode::{DIRECT, Decoder, Limits, Progress};
pub use encode::{decode_command, encode, encode_argument, encode_header, encoded_len};
pub use fault::ProtocolError;
pub use node::{Kind, Node};
pub use reply::Reply;
pub use value::{Iter, Value};
