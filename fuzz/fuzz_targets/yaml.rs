#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| segue_fuzz::property::yaml(&String::from_utf8_lossy(bytes)));
