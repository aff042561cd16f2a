//! Threads of the system.

use super::job::Job;
use super::workers::Workers;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use std::vec::Vec;

/// Threads that are joined when it is dropped.
pub(super) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    calls: Mutex<Calls>,
    called: Condvar,
    /// The lock that a caller holds from its last look at the job until it sleeps.
    caller: Mutex<()>,
    done: Condvar,
}

#[derive(Default)]
struct Calls {
    /// Workers that are yet to come.
    wanted: usize,
    stop: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// Starts `count` threads, which help with `job`.
    pub(super) fn start(count: usize, job: &Job) -> Self {
        let shared = Arc::new(Shared {
            calls: Mutex::default(),
            called: Condvar::new(),
            caller: Mutex::new(()),
            done: Condvar::new(),
        });
        let threads = (0..count)
            .filter_map(|_| {
                let (shared, job) = (shared.clone(), job.clone());
                // A thread that cannot be had is done without: results do not depend on it.
                std::thread::Builder::new().name("rlhf-cpu".into()).spawn(move || shared.serve(&job)).ok()
            })
            .collect();
        Self { shared, threads }
    }
}

impl Workers for Pool {
    fn count(&self) -> usize {
        self.threads.len()
    }

    fn wake(&self, count: usize, _job: &Job) {
        lock(&self.shared.calls).wanted = count;
        for _ in 0..count {
            self.shared.called.notify_one();
        }
    }

    fn wait(&self, job: &Job) -> Duration {
        let start = Instant::now();
        let mut caller = lock(&self.shared.caller);
        while !job.is_done() {
            caller = self.shared.done.wait(caller).unwrap_or_else(PoisonError::into_inner);
        }
        start.elapsed()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        lock(&self.shared.calls).stop = true;
        self.shared.called.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn serve(&self, job: &Job) {
        while self.is_called() {
            // The caller hears of a panic; the thread lives on.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                job.help(&|| {
                    drop(lock(&self.caller));
                    self.done.notify_one();
                });
            }));
        }
    }

    /// Sleeps until a worker is wanted. Returns false when none will be any more.
    fn is_called(&self) -> bool {
        let mut calls = lock(&self.calls);
        while calls.wanted == 0 && !calls.stop {
            calls = self.called.wait(calls).unwrap_or_else(PoisonError::into_inner);
        }
        calls.wanted = calls.wanted.saturating_sub(1);
        !calls.stop
    }
}
