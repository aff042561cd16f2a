//! The work that a caller shares with its workers.

use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;

/// The work that a [`Cpu`](crate::Cpu) shares with its [`Workers`](crate::Workers), one job after the other.
///
/// Clones are handles to the same work. A handle may be kept for as long as one likes: a worker that comes when a
/// job is over finds nothing to do.
#[derive(Clone)]
pub struct Job(Arc<Shared>);

struct Shared {
    /// Parts that nobody has begun, above [`BEGUN`] and [`CALLER_WAITS`]. One word, so that a worker takes a part and
    /// becomes one that the caller waits for in the same instant, or not at all.
    state: AtomicUsize,
    /// The closure and how many parts it has. Written while nobody can take a part.
    work: UnsafeCell<(Work, usize)>,
    /// True if a caller has the job to itself.
    open: AtomicBool,
    /// Workers in [`Job::help`], which need no waking.
    awake: AtomicUsize,
    panicked: AtomicBool,
}

/// A closure whose lifetime is erased.
type Work = *const (dyn Fn(usize) + Sync);

// SAFETY: the closure is `Sync` and is only called, and `work` is written by the caller that has `open`, while no part
// is left or running: nobody else reads it then.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Bits of the number of parts that workers have begun and not finished.
const BEGUN_BITS: u32 = 10;
/// The greatest number of them.
const BEGUN: usize = (1 << BEGUN_BITS) - 1;
/// The caller sleeps, or is about to.
const CALLER_WAITS: usize = 1 << BEGUN_BITS;
/// The count of one part that nobody has begun.
const PART: usize = CALLER_WAITS << 1;
/// The most parts of a job.
pub(super) const MOST_PARTS: usize = usize::MAX / PART;

/// The number of times that a thread checks what it waits for before it sleeps: for about 20 µs, longer than the gaps
/// between two products of a step.
const SPINS: usize = 4_000;

/// Spins for a while, and returns whether the wait is over.
fn spin_until(over: impl Fn() -> bool) -> bool {
    (0..SPINS).any(|_| {
        core::hint::spin_loop();
        over()
    })
}

impl core::fmt::Debug for Job {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Job").field("done", &self.is_done()).finish_non_exhaustive()
    }
}

impl Job {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared {
            state: AtomicUsize::new(0),
            work: UnsafeCell::new((&|_| {}, 0)),
            open: AtomicBool::new(false),
            awake: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
        }))
    }

    /// Does parts of the job, and of those that follow soon after; returns when there has been none for about 20 µs.
    ///
    /// Calls `wake_caller` after the last part of a job if the caller waits in [`Workers::wait`](crate::Workers::wait).
    ///
    /// # Panics
    /// Panics if a part does. The caller has been told then, and the worker may help again.
    pub fn help(&self, wake_caller: &dyn Fn()) {
        let shared = &*self.0;
        loop {
            {
                let _awake = ActiveWorker::new(shared);
                loop {
                    while shared.take_part(wake_caller) {}
                    if !spin_until(|| shared.has_parts()) {
                        break;
                    }
                }
            }
            // A caller that saw this thread awake has woken nobody.
            if !shared.has_parts() {
                return;
            }
        }
    }

    /// Returns whether every part of the current job is done.
    pub fn is_done(&self) -> bool {
        self.0.state.load(Ordering::Acquire) & !CALLER_WAITS == 0
    }

    /// Workers that look for a job now.
    pub(super) fn awake(&self) -> usize {
        self.0.awake.load(Ordering::SeqCst)
    }

    /// Does a job together with the workers that come to help, and returns how long it has waited for them at its end.
    /// Returns `None`, and does nothing, while another caller has a job, or where there are too many parts.
    ///
    /// `begin` is called when parts can be taken. `wait` sleeps until [`Self::is_done`], and returns how long.
    ///
    /// # Panics
    /// Panics if a part does.
    pub(super) fn run(
        &self,
        parts: usize,
        work: &(dyn Fn(usize) + Sync),
        begin: impl FnOnce(),
        wait: impl Fn() -> Duration,
    ) -> Option<Duration> {
        let shared = &*self.0;
        if parts > MOST_PARTS || shared.open.swap(true, Ordering::Acquire) {
            return None;
        }
        shared.panicked.store(false, Ordering::Relaxed);
        // SAFETY: only the lifetime changes. `CloseGuard` lets this call end, by a panic too, only when no part is left or
        // running, and then nobody calls the closure.
        let erased: Work = unsafe { core::mem::transmute::<&(dyn Fn(usize) + Sync), Work>(work) };
        // SAFETY: this thread has `open`, and no part is left from the last job.
        unsafe { *shared.work.get() = (erased, parts) };
        let closing = CloseGuard(shared);
        // In one order with the looks of `help`, which leaves first and looks again then.
        shared.state.swap(parts * PART, Ordering::SeqCst);
        begin();
        while let Some(left) = shared.take(0) {
            work(parts - left);
        }
        let mut waited = Duration::ZERO;
        if !self.is_done() && !spin_until(|| self.is_done()) {
            shared.state.fetch_or(CALLER_WAITS, Ordering::AcqRel);
            while !self.is_done() {
                waited += wait();
            }
        }
        let panicked = shared.panicked.load(Ordering::Relaxed);
        drop(closing);
        assert!(!panicked, "a worker thread panicked");
        Some(waited)
    }
}

impl Shared {
    fn has_parts(&self) -> bool {
        self.state.load(Ordering::SeqCst) >= PART
    }

    /// Takes a part, and counts `begun` of them as begun by workers. Returns how many there were.
    fn take(&self, begun: usize) -> Option<usize> {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state < PART || (state & BEGUN) + begun > BEGUN {
                return None;
            }
            let next = state - PART + begun;
            match self.state.compare_exchange_weak(state, next, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(state / PART),
                Err(now) => state = now,
            }
        }
    }

    /// Does one part of the job, if one is left.
    fn take_part(&self, wake_caller: &dyn Fn()) -> bool {
        let Some(left) = self.take(1) else { return false };
        let mut part = RunningPart { shared: self, wake_caller, panics: true };
        // SAFETY: `take` has read what the caller wrote when it opened the job, and the caller neither writes again nor
        // lets the closure go while this part is among the begun ones.
        unsafe {
            let (work, parts) = *self.work.get();
            (*work)(parts - left);
        }
        part.panics = false;
        true
    }
}

/// A part that a worker has begun.
struct RunningPart<'a> {
    shared: &'a Shared,
    wake_caller: &'a dyn Fn(),
    panics: bool,
}

impl Drop for RunningPart<'_> {
    fn drop(&mut self) {
        if self.panics {
            self.shared.panicked.store(true, Ordering::Relaxed);
        }
        // The closure may be gone from here on.
        if self.shared.state.fetch_sub(1, Ordering::Release) == CALLER_WAITS + 1 {
            (self.wake_caller)();
        }
    }
}

/// Ends a job: nobody can begin a part any more, and none is running.
struct CloseGuard<'a>(&'a Shared);

impl Drop for CloseGuard<'_> {
    fn drop(&mut self) {
        // Only where the caller's own part, or `Workers`, has panicked is there anything left. Sleeping is not to be
        // relied on then.
        self.0.state.fetch_and(BEGUN, Ordering::AcqRel);
        while self.0.state.load(Ordering::Acquire) != 0 {
            core::hint::spin_loop();
        }
        self.0.open.store(false, Ordering::Release);
    }
}

/// Counts a worker among those that are awake.
struct ActiveWorker<'a>(&'a Shared);

impl<'a> ActiveWorker<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.awake.fetch_add(1, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for ActiveWorker<'_> {
    fn drop(&mut self) {
        self.0.awake.fetch_sub(1, Ordering::SeqCst);
    }
}
