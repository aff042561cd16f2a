//! A few threads that run one closure together.

/// Threads that share work by index. Work is claimed as threads get free; which thread does what
/// never moves a result, since threads split outputs and never sums.
pub(crate) struct Threads {
    #[cfg(feature = "std")]
    pool: Option<std::sync::Arc<pool::Pool>>,
}

impl Clone for Threads {
    fn clone(&self) -> Self {
        Self {
            #[cfg(feature = "std")]
            pool: self.pool.clone(),
        }
    }
}

impl Threads {
    /// `count` threads, the caller's included; without the `std` feature always one.
    pub(crate) fn new(count: usize) -> Self {
        #[cfg(not(feature = "std"))]
        let _ = count;
        Self {
            #[cfg(feature = "std")]
            pool: (count > 1).then(|| pool::Pool::start(count - 1)),
        }
    }

    /// How many threads there are.
    pub(crate) fn count(&self) -> usize {
        #[cfg(feature = "std")]
        if let Some(pool) = &self.pool {
            return pool.workers() + 1;
        }
        1
    }

    /// Calls `work(i)` once for every `i` below `parts`, on all threads, and returns when all are
    /// done. A call from within a call runs on the calling thread alone.
    pub(crate) fn run(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        #[cfg(feature = "std")]
        if let Some(pool) = &self.pool
            && parts > 1
        {
            return pool.run(parts, work);
        }
        (0..parts).for_each(work);
    }
}

#[cfg(feature = "std")]
mod pool {
    use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::boxed::Box;
    use std::sync::{Arc, Condvar, Mutex};
    use std::vec::Vec;

    type Work = *const (dyn Fn(usize) + Sync);

    /// What is being run.
    #[derive(Clone, Copy)]
    struct Job {
        /// The closure, its lifetime erased.
        work: Work,
        parts: usize,
    }
    // SAFETY: the closure is `Sync`, and `Pool::run` keeps it alive until no worker holds it.
    unsafe impl Send for Job {}

    struct Shared {
        job: Mutex<Option<Job>>,
        wake: Condvar,
        /// Rises with every job, so that waiting workers need not lock to look.
        generation: AtomicUsize,
        next: AtomicUsize,
        /// Workers that have not yet finished with the current job.
        busy: AtomicUsize,
        panicked: AtomicBool,
        stop: AtomicBool,
    }

    pub(super) struct Pool {
        shared: Arc<Shared>,
        running: Mutex<()>,
        threads: Vec<std::thread::JoinHandle<()>>,
    }

    /// Looks that a waiting thread takes before it sleeps: about 20 µs, longer than the gaps
    /// between two products of a step.
    const LOOKS: usize = 4_000;

    impl Pool {
        pub(super) fn start(workers: usize) -> Arc<Self> {
            let shared = Arc::new(Shared {
                job: Mutex::new(None),
                wake: Condvar::new(),
                generation: AtomicUsize::new(0),
                next: AtomicUsize::new(0),
                busy: AtomicUsize::new(0),
                panicked: AtomicBool::new(false),
                stop: AtomicBool::new(false),
            });
            let threads = (0..workers)
                .filter_map(|_| {
                    let shared = shared.clone();
                    // A thread that cannot be had is done without: results do not depend on it.
                    std::thread::Builder::new().name("rlhf-cpu".into()).spawn(move || shared.serve()).ok()
                })
                .collect();
            Arc::new(Self { shared, running: Mutex::new(()), threads })
        }

        pub(super) fn workers(&self) -> usize {
            self.threads.len()
        }

        pub(super) fn run(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
            let Ok(_running) = self.running.try_lock() else {
                // Nested, or another thread's call: this thread does its own.
                return (0..parts).for_each(work);
            };
            let shared = &self.shared;
            // SAFETY: only the lifetime changes; this call does not return before `busy` is 0, and
            // then no worker holds the closure.
            let erased: Work = unsafe { core::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work) };
            shared.next.store(0, Ordering::Relaxed);
            shared.busy.store(self.threads.len(), Ordering::Relaxed);
            {
                let mut job = shared.job.lock().unwrap_or_else(|e| e.into_inner());
                *job = Some(Job { work: erased, parts });
                shared.generation.fetch_add(1, Ordering::Release);
            }
            shared.wake.notify_all();
            let mine = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
                shared.claim(parts, work);
            }));
            let mut looks = 0;
            while shared.busy.load(Ordering::Acquire) > 0 {
                looks += 1;
                if looks % LOOKS == 0 { std::thread::yield_now() } else { core::hint::spin_loop() }
            }
            if let Err(panic) = mine {
                std::panic::resume_unwind(panic);
            }
            assert!(!shared.panicked.swap(false, Ordering::Relaxed), "a worker thread panicked");
        }
    }

    impl Drop for Pool {
        fn drop(&mut self) {
            self.shared.stop.store(true, Ordering::Release);
            {
                let _job = self.shared.job.lock().unwrap_or_else(|e| e.into_inner());
                self.shared.generation.fetch_add(1, Ordering::Release);
            }
            self.shared.wake.notify_all();
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }

    impl Shared {
        fn claim(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
            loop {
                let part = self.next.fetch_add(1, Ordering::Relaxed);
                if part >= parts {
                    return;
                }
                work(part);
            }
        }

        fn serve(&self) {
            let mut seen = 0;
            loop {
                let mut looks = 0;
                while self.generation.load(Ordering::Acquire) == seen && looks < LOOKS {
                    core::hint::spin_loop();
                    looks += 1;
                }
                let job = {
                    let mut job = self.job.lock().unwrap_or_else(|e| e.into_inner());
                    while self.generation.load(Ordering::Acquire) == seen {
                        job = self.wake.wait(job).unwrap_or_else(|e| e.into_inner());
                    }
                    seen = self.generation.load(Ordering::Acquire);
                    *job
                };
                if self.stop.load(Ordering::Acquire) {
                    return;
                }
                if let Some(job) = job {
                    let done = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
                        // SAFETY: `Pool::run` waits for `busy` before its closure goes.
                        self.claim(job.parts, unsafe { &*job.work });
                    }));
                    if done.is_err() {
                        self.panicked.store(true, Ordering::Relaxed);
                    }
                    self.busy.fetch_sub(1, Ordering::Release);
                }
            }
        }
    }

    #[allow(dead_code)]
    fn is_send_and_sync(pool: Pool) -> Box<dyn Send + Sync> {
        Box::new(pool)
    }
}

/// A mutable slice that threads write disjoint parts of.
pub(crate) struct Parts<'a, T> {
    start: *mut T,
    len: usize,
    slice: core::marker::PhantomData<&'a mut [T]>,
}

// SAFETY: parts are handed out as exclusive slices; `Parts::get`'s callers keep them disjoint.
unsafe impl<T: Send> Sync for Parts<'_, T> {}

impl<'a, T> Parts<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: core::marker::PhantomData }
    }

    /// The first element, for writes that are disjoint but not in whole ranges.
    pub(crate) fn start(&self) -> *mut T {
        self.start
    }

    /// The elements in `range`.
    ///
    /// # Safety
    /// No two live results overlap.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn get(&self, range: core::ops::Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside the slice; disjoint by the caller's promise.
        unsafe { core::slice::from_raw_parts_mut(self.start.add(range.start), range.end - range.start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_part_is_done_once() {
        for count in [1, 2, 3] {
            let threads = Threads::new(count);
            for parts in [0, 1, 2, 17] {
                let mut done = alloc::vec![0u32; parts];
                let shared = Parts::new(&mut done);
                // SAFETY: each part writes its own element.
                threads.run(parts, &|i| unsafe { shared.get(i..i + 1)[0] += 1 });
                assert!(done.iter().all(|&d| d == 1));
            }
        }
    }

    #[test]
    fn a_nested_call_runs_on_its_own_thread() {
        let threads = Threads::new(2);
        let sum = AtomicUsize::new(0);
        threads.run(4, &|_| {
            threads.run(3, &|_| {
                sum.fetch_add(1, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.load(Ordering::Relaxed), 12);
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_panic_in_a_part_reaches_the_caller() {
        let threads = Threads::new(2);
        let caught = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
            threads.run(8, &|i| assert!(i < 4, "part {i}"));
        }));
        assert!(caught.is_err());
        threads.run(2, &|_| {});
    }
}
