//! The header is what cbindgen makes of the source: `BLESS=1 cargo test` writes it.

use std::path::Path;

#[test]
fn the_header_is_that_of_the_source() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(here.join("cbindgen.toml")).unwrap();
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_src(here.join("src/lib.rs"))
        .with_src(here.join("src/code.rs"))
        .with_config(config)
        .generate()
        .unwrap()
        .write(&mut header);
    let path = here.join("include/rlhf_scorer.h");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, header).unwrap();
    } else {
        assert_eq!(String::from_utf8(header).unwrap(), std::fs::read_to_string(path).unwrap());
    }
}
