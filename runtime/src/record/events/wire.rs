//! Records and their content.

use crc::{CRC_32_ISCSI, Crc};
use prost::Message;
use std::fs::File;
use std::io::{self, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// A record: the event's length, the length's checksum, the event, its checksum.
pub(super) fn record(file: &mut File, event: &Event) -> io::Result<()> {
    let event = event.encode_to_vec();
    let length = (event.len() as u64).to_le_bytes();
    let checksums = [masked(&length), masked(&event)].map(u32::to_le_bytes);
    file.write_all(&[&length[..], &checksums[0], &event, &checksums[1]].concat())
}

/// CRC-32C, rotated and shifted, so that the checksum of data with checksums in it differs from them.
fn masked(bytes: &[u8]) -> u32 {
    const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
    CRC.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// `event.proto` of TensorFlow, as much of it as scalars need.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(string, optional, tag = "3")]
    pub file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    pub session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub tag: String,
    /// The value, in a oneof, so that 0 is written too: without it TensorBoard sees no value.
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub status: i32,
}

impl SessionLog {
    pub const START: i32 = 1;
}

impl Event {
    pub fn at(step: u64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64());
        Self { wall_time: now, step: step.try_into().unwrap_or(i64::MAX), ..Self::default() }
    }
}
