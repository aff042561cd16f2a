//! Where the program begins on a microcontroller, what it prints to, and its clock.

use super::{ARENA, score_pairs};
use semihosting::{println, process};

static mut MEMORY: [u8; ARENA] = [0; ARENA];

#[cfg(target_arch = "arm")]
#[cortex_m_rt::entry]
fn main() -> ! {
    let mut time = arm::Time::start();
    run(|| time.instructions())
}

#[cfg(target_arch = "riscv32")]
#[riscv_rt::entry]
fn main() -> ! {
    run(|| 0)
}

fn run(clock: impl FnMut() -> u64) -> ! {
    // SAFETY: the program has one thread, which comes here once.
    let arena = unsafe { &mut *(&raw mut MEMORY) };
    match score_pairs(arena, |line| println!("{line}"), clock) {
        Ok(()) => process::exit(0),
        Err(error) => {
            println!("{}", error.message());
            process::exit(1)
        }
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    process::exit(2)
}

#[cfg(target_arch = "arm")]
mod arm {
    use cortex_m::peripheral::syst::SystClkSource;
    use cortex_m::peripheral::{Peripherals, SYST};

    /// Instructions of a tick: one takes a nanosecond (`-icount shift=0`), and the board's clock has 25 MHz.
    const EACH: u64 = 40;
    const MOST: u32 = 0x00ff_ffff;

    /// The board's timer, which counts down.
    pub struct Time {
        timer: SYST,
        last: u32,
        ticks: u64,
    }

    impl Time {
        pub fn start() -> Self {
            // SAFETY: nobody else has the peripherals.
            let mut timer = unsafe { Peripherals::steal() }.SYST;
            timer.set_clock_source(SystClkSource::Core);
            timer.set_reload(MOST);
            timer.clear_current();
            timer.enable_counter();
            Self { timer, last: MOST, ticks: 0 }
        }

        /// Instructions since the start; 671 million between two calls, at most.
        pub fn instructions(&mut self) -> u64 {
            let _ = &self.timer;
            let now = SYST::get_current();
            self.ticks += u64::from(self.last.wrapping_sub(now) & MOST);
            self.last = now;
            self.ticks * EACH
        }
    }
}
