#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| segue_fuzz::property::sel(&String::from_utf8_lossy(bytes)));
