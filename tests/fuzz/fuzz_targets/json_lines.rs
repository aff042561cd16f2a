#![no_main]

use std::sync::Once;

static HOOK: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A panic inside the library is caught and becomes the file's error; libFuzzer's hook would end the
    // process before that. One that nobody catches still does.
    HOOK.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    rlhf_tests::fuzz::json_lines(bytes);
});
