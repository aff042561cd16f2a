//! Puts the model's sizes and the pairs of a file into the program.

use rlhf_scorer::{Buffer, Model};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let model = file("RLHF_MODEL", &here.join("model.rlhf"));
    let bytes = Buffer::from(&fs::read(&model).unwrap_or_else(|e| panic!("{}: {e}", model.display()))[..]);
    let shape = Model::new(&bytes).unwrap_or_else(|e| panic!("{}: {e}", model.display())).shape();
    let pairs = file("RLHF_PAIRS", &here.join("pairs.jsonl"));
    let text = fs::read_to_string(&pairs).unwrap_or_else(|e| panic!("{}: {e}", pairs.display()));
    let mut source = format!(
        "const SHAPE: Shape = {{ use rlhf_scorer::{{Family::*, WeightFormat::*}}; {shape:?} }};\n\
         static MODEL: &[u8] = rlhf_scorer::include_model!({:?});\n\
         static PAIRS: &[[&str; 3]] = &[\n",
        model.canonicalize().unwrap()
    );
    for (line, text) in (1..).zip(text.lines().filter(|text| !text.trim().is_empty())) {
        let row: serde_json::Value =
            serde_json::from_str(text).unwrap_or_else(|e| panic!("{}, line {line}: {e}", pairs.display()));
        let [prompt, chosen, rejected] = ["prompt", "chosen", "rejected"].map(|field| {
            let text = row[field].as_str();
            text.unwrap_or_else(|| panic!("{}, line {line}: want a text {field:?}", pairs.display()))
        });
        source += &format!("    [{prompt:?}, {chosen:?}, {rejected:?}],\n");
    }
    fs::write(out.join("given.rs"), source + "];\n").unwrap();

    // Where a linker looks for it.
    let arm = env::var("CARGO_CFG_TARGET_ARCH").unwrap() == "arm";
    let memory = here.join(if arm { "arm.x" } else { "riscv.x" });
    fs::copy(&memory, out.join("memory.x")).unwrap();
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed={}", memory.display());
    println!("cargo:rerun-if-changed=build.rs");
}

/// A file that a variable names, or this one.
fn file(variable: &str, or: &Path) -> PathBuf {
    println!("cargo:rerun-if-env-changed={variable}");
    let path = env::var_os(variable).map_or(or.into(), PathBuf::from);
    println!("cargo:rerun-if-changed={}", path.display());
    path
}
