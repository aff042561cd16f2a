//! `rlhf-bindgen MODULE FOLDER`: writes `FOLDER/NAME.js` and `FOLDER/NAME_bg.wasm` for the module `NAME.wasm`.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, module, folder] = &arguments[..] else {
        eprintln!("usage: rlhf-bindgen MODULE FOLDER");
        return ExitCode::FAILURE;
    };
    let written = Bindgen::new()
        .input_path(module)
        .web(true)
        // The package passes the module's address itself.
        .map(|bindgen| {
            bindgen
                .omit_default_module_path(false)
                .typescript(false)
                .remove_name_section(true)
                .remove_producers_section(true)
        })
        .and_then(|bindgen| bindgen.generate(folder));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rlhf-bindgen: {error:?}");
            ExitCode::FAILURE
        }
    }
}
