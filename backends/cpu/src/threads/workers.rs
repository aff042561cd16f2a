//! The source of threads.

use super::job::Job;
use core::time::Duration;

/// Threads that help the one that calls the engine.
///
/// With the `std` feature, [`Cpu::new`](crate::Cpu::new) starts threads of the system. Others, such as a browser's web
/// workers, come from an implementation of this trait, by [`Cpu::with_workers`](crate::Cpu::with_workers).
///
/// Nothing depends on the workers but speed: a job whose workers never come is done by its caller, one whose workers
/// come late ends without them. Only a worker that stops in the midst of a part keeps the caller waiting.
///
/// ```
/// use rlhf_cpu::{Cpu, Isa, Job, Workers};
/// use std::sync::{Arc, Mutex, mpsc};
///
/// /// One worker, to which handles of jobs are sent. Its caller never sleeps.
/// struct Channel(Mutex<mpsc::Sender<Job>>);
///
/// impl Workers for Channel {
///     fn count(&self) -> usize {
///         1
///     }
///
///     fn wake(&self, _count: usize, job: &Job) {
///         // Without its worker, the caller does the job.
///         let _ = self.0.lock().unwrap().send(job.clone());
///     }
/// }
///
/// let (sender, jobs) = mpsc::channel::<Job>();
/// std::thread::spawn(move || jobs.iter().for_each(|job| job.help(&|| ())));
/// let cpu = Cpu::with_workers(Arc::new(Channel(Mutex::new(sender))), Isa::best());
/// assert_eq!(cpu.threads(), 2);
/// ```
pub trait Workers: Send + Sync {
    /// Returns how many workers there are, without the caller.
    fn count(&self) -> usize;

    /// Has `count` workers that are not in [`Job::help`] call it soon, and returns at once.
    ///
    /// Called only for work that is worth it, and not for workers that still look for the next job.
    fn wake(&self, count: usize, job: &Job);

    /// Sleeps until [`Job::is_done`], and returns how long it took, or zero where there is no clock.
    ///
    /// Whoever sleeps here is woken by what workers give to [`Job::help`] as `wake_caller`, which is called after the
    /// job is done: look again with the lock in hand, or by whatever else no wake gets lost with. It may return early;
    /// it is called again then. After waits that the work does not explain, the engine leaves workers asleep for a
    /// while: others need the processor.
    ///
    /// Unless implemented, it returns at once, so that the caller looks all the time: a browser's main thread must
    /// not sleep.
    fn wait(&self, job: &Job) -> Duration {
        let _ = job;
        core::hint::spin_loop();
        Duration::ZERO
    }
}
