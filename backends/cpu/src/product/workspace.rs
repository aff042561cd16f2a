//! The memory that products pack into. Threads keep it from one product to the next.

use super::panels::Panels;

macro_rules! room {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub(super) fn $name<R>(len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
            #[cfg(feature = "std")]
            {
                std::thread_local! {
                    static ROOM: core::cell::RefCell<Panels> = core::cell::RefCell::default();
                }
                ROOM.with(|room| match room.try_borrow_mut() {
                    Ok(mut room) => f(room.room(len)),
                    Err(_) => f(Panels::default().room(len)),
                })
            }
            #[cfg(not(feature = "std"))]
            f(Panels::default().room(len))
        }
    };
}

room! {
    /// Lends space for `len` numbers of the left-hand matrix, which are old ones or 0.
    with_left
}
room! {
    /// Lends space for `len` numbers of the right-hand matrix, which are old ones or 0.
    with_right
}
