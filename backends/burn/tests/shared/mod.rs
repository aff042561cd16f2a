//! Small networks that both backends can be given, and the devices to try them on.
#![allow(dead_code)]

pub mod table;
pub mod texts;
pub mod tolerance;

/// The backend under test. Each package that includes these tests has its own.
pub mod backend {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backend/mod.rs"));
}

use backend::{Device, PROCESSORS};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::random::{Key, Stream};
use rlhf_cpu::Cpu;

/// The devices that this build opens on any machine; a graphics card's is asked for by name in
/// `RLHF_BURN_DEVICE`, and is then the only one.
pub fn devices() -> Vec<Device> {
    if let Ok(name) = std::env::var("RLHF_BURN_DEVICE") {
        return vec![Device::named(&name).unwrap()];
    }
    let processors = Device::built().into_iter().filter(|name| PROCESSORS.contains(name));
    processors.map(|name| Device::named(name).unwrap()).collect()
}

/// The networks to try on a device. A graphics card takes one operation after another from all threads, so that
/// it tries those that have every part, and what the others do they do too.
pub fn networks(device: &Device) -> Vec<(&'static str, Architecture)> {
    let mut all = vec![
        ("GPT-2 with a scalar head", gpt2().with_scalar()),
        ("Llama with a scalar head", llama().with_scalar()),
    ];
    if is_processor(device) {
        all.extend([("GPT-2", gpt2()), ("Llama", llama())]);
    }
    all
}

pub fn is_processor(device: &Device) -> bool {
    PROCESSORS.contains(&device.name())
}

pub fn gpt2() -> Architecture {
    Architecture::gpt2(17, 20, 24, 2, 3)
}

/// Grouped heads, a head of its own.
pub fn llama() -> Architecture {
    Architecture {
        family: Family::Llama,
        width: 32,
        heads: 4,
        kv_heads: 2,
        head_width: 8,
        hidden: 52,
        tied: false,
        ..gpt2()
    }
}

/// Random weights, with biases and a scalar head that are not 0.
pub fn weights(architecture: &Architecture, seed: u64) -> Vec<f32> {
    let base = rlhf_cpu::Model::random(&Cpu::default(), architecture.clone(), seed).unwrap();
    let key = Key::new(seed, Stream::Data, 9);
    let noise = (0..).map(|i| 0.1 * key.normal(0, i) as f32);
    base.weights().iter().zip(noise).map(|(w, n)| w + n).collect()
}
