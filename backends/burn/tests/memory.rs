//! Memory stays flat, in a process of its own that counts what it holds.

mod shared;

use rlhf_burn::{BurnError, Device, Model};
use rlhf_core::maths::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Sampling, Stopping};
use rlhf_core::{Error, Needs, Objective, ready};
use shared::texts::{Everything, Texts};
use shared::{gpt2, weights};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

struct Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
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

/// Less than one graph of the network below.
const SLACK: isize = 50_000;

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

/// A thousand iterations: rollouts, scores, passes that are pulled and passes that fail.
#[test]
fn a_thousand_iterations_hold_what_fifty_do() {
    let a = gpt2().with_scalar();
    let device = Device::named("flex").unwrap();
    let mut model = Model::from_weights(&device, a.clone(), &weights(&a, 1)).unwrap();
    let texts = Texts::random(&[3, 12, 7], a.vocabulary, 1);
    let mut objective = Everything { tokens: 22.0, scalar: true };
    let update = Update { learning_rate: 1e-3, adam: Adam::default(), max_grad_norm: Some(1.0) };
    let stopping = Stopping { max_new_tokens: 4, eos: None, stop: &[] };
    let mut out = vec![0.0; texts.tokens.len()];
    let mut iterate = |step: u32| {
        let key = Key::new(1, Stream::Sampling, step);
        let prompts = texts.sequences();
        ready(model.sample(prompts, &Sampling::at_temperature(1.0), &stopping, key, 0)).unwrap().unwrap();
        ready(model.log_probs(texts.batch(), &mut out)).unwrap().unwrap();
        let refused = ready(model.accumulate(texts.batch(), &mut Refuses)).unwrap().unwrap_err();
        assert!(matches!(refused, BurnError::Core(Error::TooFew { .. })));
        ready(model.accumulate(texts.batch(), &mut objective)).unwrap().unwrap();
        ready(model.step(&update)).unwrap().unwrap();
        HELD.load(Ordering::Relaxed)
    };
    let after_fifty = (0..50).map(&mut iterate).max().unwrap();
    let after_all = (50..1000).map(&mut iterate).last().unwrap();
    assert!(after_all < after_fifty + SLACK, "{after_fifty} bytes were held, then {after_all}");
    // Nor do passes that fail wait for one that does not.
    for _ in 0..100 {
        ready(model.accumulate(texts.batch(), &mut Refuses)).unwrap().unwrap_err();
    }
    let after_failures = HELD.load(Ordering::Relaxed);
    assert!(after_failures < after_fifty + SLACK, "{after_fifty} bytes were held, then {after_failures}");
}
