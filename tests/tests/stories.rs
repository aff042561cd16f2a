//! A real model, `stories260K.bin` of llama2.c, through our loader, tokenizer and sampler.
//!
//! Wants `../shared/data/models`, or the folder of `RLHF_DATA`; is reported as skipped without it.

mod oracle;
mod run;
