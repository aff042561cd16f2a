//! Memory stays flat, in a process of its own that counts what it holds.

mod shared;

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicIsize, Ordering};
use rlhf_core::model::Architecture;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Error, Needs, Objective, ready};
use shared::backend::{Device, EngineError, Model};
use shared::texts::{Everything, Texts};
use shared::{devices, gpt2, is_processor, weights};
use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// One test at a time holds something.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = layout.size() as isize;
        PEAK.fetch_max(HELD.fetch_add(size, Ordering::Relaxed) + size, Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Less than the graphs of a few passes: what leaks, leaks a thousand. Beside a card the process keeps tables of
/// its kernels and pages, which grew by a hundred kilobytes on lavapipe; graphs lost would be many times that.
fn slack(device: &Device) -> isize {
    if is_processor(device) { 50_000 } else { 1_000_000 }
}

/// One device alone: each takes its minutes, and all share the count.
fn device() -> Device {
    devices().swap_remove(0)
}

/// Refuses what it is shown.
struct Refuses;

impl Objective for Refuses {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn tokens(
        &mut self,
        _: &[usize],
        _: &[f32],
        _: &[f32],
        _: &mut [f32],
        _: &mut [f32],
    ) -> Result<f64, Error> {
        Err(Error::TooFew { name: "objective", need: 1, got: 0 })
    }
}

/// Bytes held by this process, and by a card's allocator: a processor's tensors are the process's own.
fn held(device: &Device) -> [isize; 2] {
    [HELD.load(Ordering::Relaxed), device.reserved().unwrap_or(0) as isize]
}

/// No more is held than before.
fn flat(device: &Device, before: [isize; 2], after: [isize; 2]) {
    let grown = [after[0] - before[0], after[1] - before[1]];
    assert!(grown[0] < slack(device), "{before:?} bytes were held, then {after:?}");
    // A card's allocator takes whole pages, and goes on with those it has.
    assert!(grown[1] <= 0, "{before:?} bytes were held, then {after:?}");
}

/// Rollouts, scores, passes that are pulled and passes that fail.
#[test]
fn a_thousand_iterations_hold_what_fifty_do() {
    let _alone = alone();
    let device = device();
    // One layer leaks as two would.
    let a = Architecture { layers: 1, ..gpt2() }.with_scalar();
    let mut model = Model::from_weights(&device, a.clone(), &weights(&a, 1)).unwrap();
    let texts = Texts::random(&[3, 12, 7], a.vocabulary, 1);
    let mut objective = Everything { tokens: 22.0, scalar: true };
    let update = Update { learning_rate: 1e-3, adam: Adam::default(), max_grad_norm: Some(1.0) };
    let stopping = StopCriteria { max_new_tokens: 4, eos: &[], stop: &[] };
    let mut out = vec![0.0; texts.tokens.len()];
    let mut iterate = |step: u32| {
        let key = Key::new(1, Stream::Sampling, step);
        let prompts = texts.sequences();
        ready(model.sample(prompts, &SamplingParams::at_temperature(1.0), &stopping, key, 0))
            .unwrap()
            .unwrap();
        ready(model.log_probs(texts.batch(), &mut out)).unwrap().unwrap();
        let refused = ready(model.accumulate(texts.batch(), &mut Refuses)).unwrap().unwrap_err();
        assert!(matches!(refused, EngineError::Core(Error::TooFew { .. })));
        ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
        ready(model.step(&update)).unwrap().unwrap();
        held(&device)
    };
    let most = |a: [isize; 2], b: [isize; 2]| [a[0].max(b[0]), a[1].max(b[1])];
    let after_fifty = (0..50).map(&mut iterate).reduce(most).unwrap();
    let after_all = (50..1000).map(&mut iterate).last().unwrap();
    flat(&device, after_fifty, after_all);
    // Nor do passes that fail wait for one that does not.
    for _ in 0..100 {
        ready(model.accumulate(texts.batch(), &mut Refuses)).unwrap().unwrap_err();
    }
    flat(&device, after_fifty, held(&device));
}

/// The most that a pass forward and back holds beyond what was held before it, in bytes.
fn peak_of_learning(layers: usize, time: usize) -> isize {
    let a = Architecture::gpt2(17, time, 8, layers, 2);
    let mut model = Model::from_weights(&device(), a.clone(), &weights(&a, 1)).unwrap();
    let texts = Texts::random(&[time], 17, 1);
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut objective = Everything { tokens: time as f32, scalar: false };
    ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
    PEAK.load(Ordering::Relaxed) - before
}

/// Attention's scores are `[heads, time, time]` in one layer's graph, and there is one such graph at a time.
#[test]
fn a_deeper_network_holds_no_more_attention_scores() {
    let _alone = alone();
    let time = 256;
    let scores = (2 * time * time * 4) as isize;
    let (shallow, deep) = (peak_of_learning(1, time), peak_of_learning(9, time));
    assert!(shallow > scores, "{shallow}");
    assert!(deep - shallow < scores, "{shallow} bytes at one layer, {deep} at nine");
}

/// More rows than any address space has room for: asked of a role that reads and of one that learns.
#[test]
fn what_does_not_fit_is_an_error_and_no_panic() {
    let _alone = alone();
    let a = Architecture::gpt2(17, 1 << 20, 8, 1, 2);
    for device in devices() {
        let mut model = Model::from_weights(&device, a.clone(), &vec![0.1; a.parameters()]).unwrap();
        let lengths: Vec<usize> = (0..1 << 20).map(|i| if i == 0 { a.context } else { 1 }).collect();
        let texts = Texts::random(&lengths, 17, 1);
        let mut out = vec![0.0; texts.tokens.len()];
        let read = ready(model.log_probs(texts.batch(), &mut out)).unwrap().unwrap_err();
        let mut objective = Everything { tokens: 1.0, scalar: false };
        let learned = ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap_err();
        for error in [read, learned] {
            assert!(error.to_string().contains("make batches smaller"), "{error}");
        }
        // A smaller one goes on.
        let texts = Texts::random(&[5, 3], 17, 1);
        ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
    }
}
