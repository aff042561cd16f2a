//! The peak memory of the process.

/// The most memory that this process has held since this was made.
pub(super) struct Peak {
    since: bool,
}

impl Peak {
    /// Starts to measure.
    pub fn start() -> Self {
        // 5 forgets the peak so far; see proc_pid_clear_refs(5).
        Self { since: std::fs::write("/proc/self/clear_refs", "5").is_ok() }
    }

    /// Returns the bytes, where the system counts them and can begin anew.
    pub fn bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        self.since.then(|| peak(&status)).flatten()
    }
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found() {
        assert_eq!(peak("VmPeak:\t  9 kB\nVmHWM:\t     812 kB\n"), Some(812 * 1024));
        assert_eq!(peak("VmPeak: 9 kB"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_given_back_is_forgotten() {
        const SIZE: usize = 256 << 20;
        let before = Peak::start();
        let held = core::hint::black_box(vec![1u8; SIZE]);
        let with = before.bytes().unwrap();
        drop(held);
        let after = Peak::start().bytes().unwrap();
        // Tests beside this one hold some too.
        assert!(with > SIZE as u64 && after + (SIZE as u64) / 2 < with, "{with} {after}");
    }
}
