//! A bounded queue between the web server and the workers.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A first-in, first-out queue that refuses what it has no room for.
#[derive(Debug)]
pub struct Queue<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

/// The reason why a queue took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// As much waits as may.
    Full,
    /// The queue was closed.
    Closed,
}

impl<T> Queue<T> {
    /// Creates an empty queue in which at most `capacity` elements wait.
    pub fn new(capacity: NonZeroUsize) -> Self {
        let state = State { waiting: VecDeque::new(), closed: false };
        Self { capacity: capacity.get(), state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Appends an element, without waiting.
    ///
    /// # Errors
    /// [`PushError`]; the element is dropped.
    pub fn push(&self, element: T) -> Result<(), PushError> {
        let mut state = self.lock();
        if state.closed {
            return Err(PushError::Closed);
        }
        if state.waiting.len() >= self.capacity {
            return Err(PushError::Full);
        }
        state.waiting.push_back(element);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Takes the oldest element, and waits for one; `None` once the queue is closed and empty.
    pub fn pop(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(element) = state.waiting.pop_front() {
                return Some(element);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes no more elements. Those that wait are still given out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Returns the number of elements that wait.
    pub fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Returns whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of elements that may wait.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Nothing panics while the state is locked, so that what a poisoned lock holds is whole.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(capacity: usize) -> Queue<u32> {
        Queue::new(NonZeroUsize::new(capacity).unwrap())
    }

    #[test]
    fn it_is_bounded_and_in_order() {
        let queue = queue(2);
        assert_eq!([1, 2, 3].map(|n| queue.push(n)), [Ok(()), Ok(()), Err(PushError::Full)]);
        assert_eq!((queue.pop(), queue.len()), (Some(1), 1));
        assert_eq!(queue.push(4), Ok(()));
        assert_eq!([queue.pop(), queue.pop()], [Some(2), Some(4)]);
    }

    #[test]
    fn closed_it_gives_out_what_waits_and_wakes_everyone() {
        let queue = queue(2);
        queue.push(1).unwrap();
        std::thread::scope(|scope| {
            let waiting = [(); 3].map(|()| scope.spawn(|| queue.pop()));
            queue.close();
            let mut given = waiting.map(|thread| thread.join().unwrap());
            given.sort();
            assert_eq!(given, [None, None, Some(1)]);
        });
        assert_eq!(queue.push(2), Err(PushError::Closed));
    }
}
