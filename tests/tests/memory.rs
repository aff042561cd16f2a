//! The memory of a training step, in a process of its own, since peak memory is measured per process.

use rlhf_core::loss::CrossEntropy;
use rlhf_core::model::Architecture;
use rlhf_core::optim::Update;
use rlhf_core::roles::{Learner, Reference};
use rlhf_core::{Batch, Ragged, ready};
use rlhf_cpu::{Cpu, Isa, Model};
use rlhf_tests::process::in_own_process;

/// The most memory that this process has held so far, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap() / 1024.0
}

/// Row 4 of `../shared/reference/PAIN.md`: trl#3678, trl#3456, trl#4585, trl#2709, verl#2186,
/// verl#2656, open-r1#615, OpenRLHF#1047 ran out of memory from logits of every token.
#[test]
fn row_04_memory_does_not_grow_with_tokens_times_vocabulary() {
    if !in_own_process() {
        return;
    }
    let (vocabulary, tokens) = (40_000, 4096);
    let logits = (vocabulary * tokens * 4) as f64 / f64::from(1 << 20);
    let cpu = Cpu::new(2, Isa::best());
    let mut model = Model::random(&cpu, Architecture::gpt2(vocabulary, 256, 8, 1, 2), 1).unwrap();
    let text: Vec<u32> = (0..tokens as u32).map(|t| t * 7919 % vocabulary as u32).collect();
    let ends: Vec<usize> = (1..=16).map(|i| i * 256).collect();
    let loss_mask: Vec<bool> = (0..tokens).map(|t| t % 256 != 0).collect();
    let batch = Batch::new(Ragged::new(&text, &ends).unwrap(), &loss_mask).unwrap();
    let before = peak();
    let mut out = vec![0.0; tokens];
    ready(model.log_probs(batch, &mut out)).unwrap().unwrap();
    let mut objective = CrossEntropy::new(tokens as f64).unwrap();
    ready(model.accumulate(batch, &mut objective)).unwrap().unwrap();
    let update = Update { learning_rate: 1e-3, adam: Default::default(), max_grad_norm: None };
    ready(model.step(&update)).unwrap().unwrap();
    let took = peak() - before;
    assert!(took < logits / 4.0, "{took:.0} MiB, the logits alone would be {logits:.0}");
}
