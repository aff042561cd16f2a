#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rlhf_tests::fuzz::scorer_file(bytes));
