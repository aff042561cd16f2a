//! Jobs with workers of the system and with such as come when a test says so.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::AtomicBool;
use std::panic::catch_unwind;
use std::sync::Mutex;

/// Fewer under Miri, which is slow.
const MANY: usize = if cfg!(miri) { 30 } else { 3_000 };

/// Counts how often workers are wanted, and has none.
#[derive(Default)]
struct Absent {
    wakes: AtomicUsize,
    job: Mutex<Option<Job>>,
}

impl Workers for Absent {
    fn count(&self) -> usize {
        3
    }

    fn wake(&self, _count: usize, job: &Job) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        *self.job.lock().unwrap() = Some(job.clone());
    }
}

#[test]
fn every_part_is_done_once() {
    for count in [1, 2, 3] {
        let threads = Threads::new(count);
        for cost in [0, WAKE] {
            for parts in [0, 1, 2, 17] {
                let mut done = vec![0u32; parts];
                let shared = Parts::new(&mut done);
                // SAFETY: each part writes its own element.
                threads.run(parts, cost, &|i| unsafe { shared.get(i..i + 1)[0] += 1 });
                assert!(done.iter().all(|&d| d == 1));
            }
        }
    }
}

#[test]
fn many_short_jobs_in_a_row() {
    let threads = Threads::new(4);
    let mut sums = [0usize; 7];
    for _ in 0..MANY {
        let parts = Parts::new(&mut sums);
        // SAFETY: each part writes its own element.
        threads.run(7, WAKE, &|i| unsafe { parts.get(i..i + 1)[0] += i });
    }
    assert_eq!(sums, [0, 1, 2, 3, 4, 5, 6].map(|i| i * MANY));
}

#[test]
fn many_callers_at_once() {
    let threads = Threads::new(3);
    let sum = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..MANY / 10 {
                    threads.run(5, WAKE, &|_| {
                        sum.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 4 * (MANY / 10) * 5);
}

#[test]
fn a_nested_call_runs_on_its_own_thread() {
    let threads = Threads::new(2);
    let sum = AtomicUsize::new(0);
    threads.run(4, WAKE, &|_| {
        let own = std::thread::current().id();
        threads.run(3, WAKE, &|_| {
            assert_eq!(std::thread::current().id(), own);
            sum.fetch_add(1, Ordering::Relaxed);
        });
    });
    assert_eq!(sum.into_inner(), 12);
}

#[test]
fn without_workers_the_caller_does_all() {
    let workers = Arc::new(Absent::default());
    let threads = Threads::of(workers.clone());
    let sum = AtomicUsize::new(0);
    for _ in 0..3 {
        threads.run(10, WAKE, &|i| {
            sum.fetch_add(i, Ordering::Relaxed);
        });
    }
    assert_eq!(sum.into_inner(), 3 * 45);
    assert_eq!(workers.wakes.load(Ordering::Relaxed), 3);
}

#[test]
fn a_late_worker_finds_the_job_over() {
    let workers = Arc::new(Absent::default());
    let threads = Threads::of(workers.clone());
    let calls = Arc::new(AtomicUsize::new(0));
    {
        let calls = calls.clone();
        threads.run(10, WAKE, &move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
        });
    }
    let job = workers.job.lock().unwrap().take().unwrap();
    assert!(job.is_done());
    std::thread::spawn(move || job.help(&|| panic!("nobody waits"))).join().unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 10);
}

/// A worker that comes after half of the parts, and takes one until the caller has come to its end.
#[test]
fn the_caller_waits_for_a_part_that_was_begun() {
    let workers = Arc::new(Absent::default());
    let threads = Threads::of(workers.clone());
    let (begun, ended) = (AtomicBool::new(false), AtomicUsize::new(0));
    let caller = std::thread::current().id();
    std::thread::scope(|scope| {
        let sum = AtomicUsize::new(0);
        threads.run(8, WAKE, &|i| {
            if std::thread::current().id() != caller {
                begun.store(true, Ordering::SeqCst);
                while ended.load(Ordering::SeqCst) < 7 {
                    std::thread::yield_now();
                }
            } else if i == 4 {
                let job = workers.job.lock().unwrap().clone().unwrap();
                scope.spawn(move || job.help(&|| ()));
                while !begun.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            }
            ended.fetch_add(1, Ordering::SeqCst);
            sum.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(sum.into_inner(), 8);
    });
}

/// A worker that ends its part when the caller sleeps, and a clock that says 5 ms then.
#[derive(Default)]
struct Slow {
    sleeps: AtomicBool,
}

impl Workers for Slow {
    fn count(&self) -> usize {
        1
    }

    fn wake(&self, _count: usize, job: &Job) {
        let job = job.clone();
        std::thread::spawn(move || job.help(&|| ()));
    }

    fn wait(&self, job: &Job) -> Duration {
        self.sleeps.store(true, Ordering::SeqCst);
        while !job.is_done() {
            std::thread::yield_now();
        }
        Duration::from_millis(5)
    }
}

#[test]
fn after_a_wait_without_a_reason_the_caller_works_alone_for_a_while() {
    let workers = Arc::new(Slow::default());
    let threads = Threads::of(workers.clone());
    let caller = std::thread::current().id();
    let (begun, parts) = (AtomicBool::new(false), AtomicUsize::new(0));
    threads.run(2, WAKE, &|_| {
        parts.fetch_add(1, Ordering::SeqCst);
        let own = std::thread::current().id() == caller;
        begun.fetch_or(!own, Ordering::SeqCst);
        let other = if own { &begun } else { &workers.sleeps };
        while !other.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    });
    assert_eq!(parts.into_inner(), 2);
    assert_eq!(threads.sharing(usize::MAX), 1);
    let alone = 5_000_000 * ALONE * FAST;
    threads.run(2, alone - 1, &|_| assert_eq!(std::thread::current().id(), caller));
    assert_eq!(threads.sharing(usize::MAX), 1);
    threads.run(2, 1, &|_| ());
    assert_eq!(threads.sharing(WAKE), 2);
}

#[test]
fn a_panic_in_a_part_reaches_the_caller() {
    let threads = Threads::new(2);
    let caller = std::thread::current().id();
    for callers in [true, false] {
        let panicked = AtomicBool::new(false);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            threads.run(64, WAKE, &|_| {
                if (std::thread::current().id() == caller) == callers {
                    panicked.store(true, Ordering::Relaxed);
                    panic!("a part panics");
                }
                std::thread::sleep(Duration::from_micros(200));
            });
        }));
        assert_eq!(caught.is_err(), panicked.into_inner());
    }
    // The workers live on.
    let helped = AtomicBool::new(false);
    while !helped.load(Ordering::Relaxed) {
        threads.run(2, WAKE, &|_| {
            helped.fetch_or(std::thread::current().id() != caller, Ordering::Relaxed);
            std::thread::sleep(Duration::from_micros(200));
        });
        threads.run(2, usize::MAX, &|_| ());
    }
}

#[test]
fn workers_end_while_they_look_for_a_job() {
    for _ in 0..MANY / 100 + 3 {
        let threads = Threads::new(3);
        threads.run(6, WAKE, &|_| {});
        drop(threads);
    }
}

/// An implementation of [`Workers`] that panics.
struct Broken(bool);

impl Workers for Broken {
    fn count(&self) -> usize {
        1
    }

    fn wake(&self, _count: usize, job: &Job) {
        assert!(!self.0, "wake");
        let job = job.clone();
        std::thread::spawn(move || job.help(&|| ()));
    }

    fn wait(&self, _job: &Job) -> Duration {
        panic!("wait");
    }
}

#[test]
fn workers_that_panic_take_no_closure_away() {
    for wake in [true, false] {
        let threads = Threads::of(Arc::new(Broken(wake)));
        for _ in 0..3 {
            let caller = std::thread::current().id();
            let done = AtomicUsize::new(0);
            let _ = catch_unwind(AssertUnwindSafe(|| {
                threads.run(4, WAKE, &|_| {
                    let worker = std::thread::current().id() != caller;
                    std::thread::sleep(Duration::from_millis(if worker { 4 } else { 1 }));
                    done.fetch_add(1, Ordering::Relaxed);
                });
            }));
            // Whatever has been begun has ended.
            let at_end = done.load(Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(6));
            assert_eq!(done.into_inner(), at_end);
        }
    }
}

#[test]
fn a_job_may_have_too_many_parts_to_share() {
    let threads = Threads::of(Arc::new(Absent::default()));
    let stop = catch_unwind(AssertUnwindSafe(|| threads.run(usize::MAX, WAKE, &|i| assert!(i < 100))));
    assert!(stop.is_err());
    threads.run(2, WAKE, &|_| ());
}

#[test]
fn small_work_wakes_nobody() {
    use crate::{Cpu, Isa, Model};
    use rlhf_core::model::Architecture;
    use rlhf_core::random::{Key, Stream};
    use rlhf_core::roles::{Policy, Reward};
    use rlhf_core::sampling::{SamplingParams, StopCriteria};
    use rlhf_core::{Ragged, ready};

    let workers = Arc::new(Absent::default());
    let cpu = Cpu::with_workers(workers.clone(), Isa::best());
    let network = Architecture::gpt2(512, 256, 128, 2, 4);
    let mut model = Model::random(&cpu, network, 1).unwrap().with_scalar_head(0.0, 1).unwrap();
    let tokens: Vec<u32> = (0..64).collect();
    ready(model.score(Ragged::new(&tokens, &[64]).unwrap(), &mut [0.0])).unwrap().unwrap();
    assert_eq!(workers.wakes.load(Ordering::Relaxed), 0, "64 tokens scored");
    let one = Ragged::new(&tokens[..8], &[8]).unwrap();
    let stopping = StopCriteria { max_new_tokens: 100, eos: &[], stop: &[] };
    let key = Key::new(1, Stream::Sampling, 0);
    ready(model.sample(one, &SamplingParams::Greedy, &stopping, key, 0)).unwrap().unwrap();
    assert_eq!(workers.wakes.load(Ordering::Relaxed), 0, "one sequence sampled");
    // What is large does.
    let (tokens, ends) = (vec![0; 64 * 64], (1..=64).map(|i| i * 64).collect::<Vec<_>>());
    ready(model.score(Ragged::new(&tokens, &ends).unwrap(), &mut [0.0; 64])).unwrap().unwrap();
    assert!(workers.wakes.load(Ordering::Relaxed) > 0);
}
