//! Tells the tests whether this machine has the data that some of them need.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shared_data)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RLHF_DATA");
    let data = std::env::var("RLHF_DATA").unwrap_or_else(|_| "../../shared/data".into());
    let wanted = ["models/stories260K.bin", "models/tok512.bin", "models/gpt2_tokenizer", "demonstrations"];
    if wanted.iter().all(|name| Path::new(&data).join(name).exists()) {
        println!("cargo::rustc-cfg=shared_data");
    }
}
