//! Threads that run one closure together.
//!
//! A job is a closure and a number of parts. Its caller does parts itself, and workers help, if and when they come:
//!
//! - Parts that are left and parts that workers have begun are counted in one atomic word. A worker takes a part only
//!   in the instant in which it becomes one that the caller waits for, so a late one finds nothing and touches
//!   nothing. The caller waits for parts that were begun, never for a worker.
//! - Whoever waits looks for about 20 µs, then sleeps: workers for the next job, the caller for the last part, whose
//!   worker may need this processor.
//! - Waking takes a system call here and a change of threads there. Callers say what a job costs: below [`SHARE`] it
//!   is theirs alone, below [`WAKE`] workers that still look may help, beyond that others are woken.
//! - Where others use the processors, a worker may lose its own in the midst of a part, for as long as the system's
//!   scheduler lets another run: milliseconds. After such a wait the caller works alone for [`ALONE`] times as long, so
//!   that waits stay a small share of the time whatever the machine does.
//!
//! The distribution of work never changes a result, since threads split outputs and never sums.

mod job;
#[cfg(feature = "std")]
mod pool;
mod workers;

pub use job::Job;
pub use workers::Workers;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

/// The least work worth another thread that is awake, in multiplications of a product: 2 µs or more. Handing it over
/// takes about 0.3 µs.
pub(crate) const SHARE: usize = 100_000;

/// The least work worth waking a thread, in multiplications of a product: 100 µs or more. Waking takes 5 to 50 µs, and
/// what comes next seldom is as large.
pub(crate) const WAKE: usize = 5_000_000;

/// The cost of an element in a norm, an activation or an optimizer's step, in multiplications of a product.
pub(crate) const ELEMENT: usize = 16;

/// The cost of a weight that is read from memory for a few multiplications only, in multiplications of a product.
pub(crate) const WEIGHT: usize = 16;

/// The time that the caller works alone after an unexplained wait, as a multiple of that wait. On a virtual machine waits come from
/// its host too: with 16, a training step took 1.45 times as long as without, with 2, 1.1 times, and with both
/// processors busy two threads are as fast either way.
const ALONE: usize = 2;
/// Multiplications of a product in a nanosecond, about, on a fast processor and on a slow one.
const FAST: usize = 32;
const SLOW: usize = 8;
/// A wait that needs no explanation: waking takes as long.
const SHORT: usize = 500_000;

/// Threads that share work by index.
#[derive(Clone)]
pub(crate) struct Threads(Option<Arc<Shared>>);

struct Shared {
    job: Job,
    workers: Arc<dyn Workers>,
    /// Multiplications that the caller does alone before it shares work again.
    alone: AtomicUsize,
}

impl Threads {
    /// `count` threads, the caller's included; without the `std` feature always one.
    pub(crate) fn new(count: usize) -> Self {
        #[cfg(feature = "std")]
        if count > 1 {
            let job = Job::new();
            let pool = pool::Pool::start(count - 1, &job);
            return Self::with(job, Arc::new(pool));
        }
        let _ = count;
        Self(None)
    }

    /// The calling thread and `workers`.
    pub(crate) fn of(workers: Arc<dyn Workers>) -> Self {
        Self::with(Job::new(), workers)
    }

    fn with(job: Job, workers: Arc<dyn Workers>) -> Self {
        Self(Some(Arc::new(Shared { job, workers, alone: AtomicUsize::new(0) })))
    }

    /// The number of threads.
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |shared| shared.workers.count() + 1)
    }

    /// Returns the number of threads that would share work of this cost now.
    pub(crate) fn sharing(&self, cost: usize) -> usize {
        self.0.as_ref().map_or(1, |shared| shared.helpers(cost) + 1)
    }

    /// Notes that the caller has done work of this cost alone.
    pub(crate) fn pay(&self, cost: usize) {
        if let Some(shared) = &self.0 {
            shared.pay(cost);
        }
    }

    /// Calls `work(i)` once for every `i` below `parts`, on as many threads as the work is worth, and returns when all
    /// are done. `cost` is that of all parts, in multiplications of a product. A call from within a call, or while
    /// another thread has the workers, runs on the calling thread alone.
    pub(crate) fn run(&self, parts: usize, cost: usize, work: &(dyn Fn(usize) + Sync)) {
        match &self.0 {
            Some(shared) if shared.run(parts, cost, work) => {}
            _ => (0..parts).for_each(work),
        }
    }
}

impl Shared {
    /// Returns the number of workers that are worth their help.
    fn helpers(&self, cost: usize) -> usize {
        if cost < SHARE || self.alone.load(Ordering::Relaxed) > 0 {
            0
        } else if cost < WAKE {
            self.job.awake().min(self.workers.count())
        } else {
            self.workers.count()
        }
    }

    /// Does a job with helpers, or returns false where it is not worth any.
    fn run(&self, parts: usize, cost: usize, work: &(dyn Fn(usize) + Sync)) -> bool {
        let helpers = self.helpers(cost).min(parts.saturating_sub(1));
        if helpers == 0 {
            self.pay(cost);
            return false;
        }
        let begin = || {
            let asleep = helpers.saturating_sub(self.job.awake());
            if cost >= WAKE && asleep > 0 {
                self.workers.wake(asleep, &self.job);
            }
        };
        let Some(waited) = self.job.run(parts, work, begin, || self.workers.wait(&self.job)) else {
            return false;
        };
        self.judge(waited, cost / parts);
        true
    }

    /// Counts work that the caller does alone.
    fn pay(&self, cost: usize) {
        let alone = self.alone.load(Ordering::Relaxed);
        if alone > 0 {
            self.alone.store(alone.saturating_sub(cost), Ordering::Relaxed);
        }
    }

    /// Leaves workers alone for a while after a wait that one part's cost does not explain.
    fn judge(&self, waited: Duration, part: usize) {
        let waited = usize::try_from(waited.as_nanos()).unwrap_or(usize::MAX);
        if waited > SHORT + part / SLOW {
            self.alone.store(waited.saturating_mul(ALONE * FAST), Ordering::Relaxed);
        }
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
mod tests;
