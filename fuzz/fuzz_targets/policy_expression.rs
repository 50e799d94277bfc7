#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_properties::policy_expression(data));
