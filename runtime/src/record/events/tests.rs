//! Event files, read back by hand.

use super::*;
use crc::{CRC_32_ISCSI, Crc};

/// CRC-32C bit by bit, and the mask, as TFRecord's description has them.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    let crc = !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| (c >> 1) ^ if c & 1 == 1 { 0x82f6_3b78 } else { 0 })
    });
    crc.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// Steps with their scalars, read by hand: field numbers and wire types, not our own types.
fn read(path: &Path) -> Vec<(u64, Vec<(String, f32)>)> {
    let bytes = std::fs::read(path).unwrap();
    let (mut rest, mut events) = (&bytes[..], vec![]);
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        assert_eq!(rest[8..12], checksum(&rest[..8]));
        let event = &rest[12..12 + length];
        assert_eq!(rest[12 + length..16 + length], checksum(event));
        rest = &rest[16 + length..];
        let (mut step, mut scalars) = (0, vec![]);
        for (field, value) in fields(event) {
            match (field, value) {
                (2, Wire::Number(n)) => step = n,
                (5, Wire::Bytes(summary)) => scalars.extend(fields(&summary).into_iter().map(scalar)),
                (1, Wire::Number(time)) => assert!(f64::from_bits(time) > 1.7e9),
                (3, Wire::Bytes(version)) => assert_eq!(version, b"brain.Event:2"),
                (7, Wire::Bytes(log)) => assert_eq!(log, [8, 1], "status: START"),
                (field, _) => panic!("field {field}"),
            }
        }
        events.push((step, scalars));
    }
    events
}

fn scalar((field, value): (u64, Wire)) -> (String, f32) {
    let Wire::Bytes(value) = value else { panic!() };
    assert_eq!(field, 1);
    match &fields(&value)[..] {
        [(1, Wire::Bytes(tag)), (2, Wire::Number(x))] => {
            (String::from_utf8(tag.clone()).unwrap(), f32::from_bits(*x as u32))
        }
        other => panic!("{} fields", other.len()),
    }
}

enum Wire {
    Number(u64),
    Bytes(Vec<u8>),
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Wire)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let length = bytes.iter().position(|b| b & 0x80 == 0).unwrap() + 1;
        let (number, rest) = bytes.split_at(length);
        *bytes = rest;
        number.iter().rev().fold(0, |n, b| n << 7 | u64::from(b & 0x7f))
    }
    let mut out = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let fixed = |bytes: &mut &[u8], n: usize| {
            let (number, rest) = bytes.split_at(n);
            *bytes = rest;
            Wire::Number(number.iter().rev().fold(0, |x, b| x << 8 | u64::from(*b)))
        };
        let value = match key & 7 {
            0 => Wire::Number(varint(&mut bytes)),
            1 => fixed(&mut bytes, 8),
            5 => fixed(&mut bytes, 4),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (inner, rest) = bytes.split_at(length);
                bytes = rest;
                Wire::Bytes(inner.to_vec())
            }
            wire => panic!("wire type {wire}"),
        };
        out.push((key >> 3, value));
    }
    out
}

fn line(step: u64) -> Line {
    let figures = [("reward".to_string(), step as f64 / 4.0), ("kl".into(), -0.0)].into();
    Line { phase: Phase::Ppo, step, total: 300, figures, seconds: 1.0, warnings: vec![] }
}

#[test]
fn every_figure_is_a_scalar_and_a_resume_goes_on_in_a_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut events = Events::create(folder.path()).unwrap();
    (1..=300).for_each(|step| events.write(&line(step)).unwrap());
    events.write(&Line { phase: Phase::Evaluate, ..line(1) }).unwrap();
    Events::create(folder.path()).unwrap().write(&line(201)).unwrap();
    let ppo = std::fs::read_dir(folder.path().join("ppo")).unwrap();
    let mut files: Vec<_> = ppo.map(|f| f.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|f| f.to_str().unwrap().contains("tfevents")), "what TensorBoard looks for");
    let scalars = |step: u64| vec![("ppo/kl".to_string(), 0.0), ("ppo/reward".into(), step as f32 / 4.0)];
    let first = read(&files[0]);
    assert_eq!(first[..2], [(0, vec![]), (1, vec![])]);
    assert!(first[2..].iter().zip(1..).all(|(event, step)| *event == (step, scalars(step))));
    assert_eq!(first.len(), 302);
    assert_eq!(read(&files[1]), [(0, vec![]), (201, vec![]), (201, scalars(201))]);
    assert!(folder.path().join("evaluate").is_dir());
    if let Some(kept) = std::env::var_os("RLHF_EVENTS") {
        std::fs::rename(folder.keep(), kept).unwrap();
    }
}

#[test]
fn the_checksum_is_the_published_one() {
    // RFC 3720, B.4: 32 bytes of 0.
    assert_eq!(Crc::<u32>::new(&CRC_32_ISCSI).checksum(&[0; 32]), 0x8a91_36aa);
}
